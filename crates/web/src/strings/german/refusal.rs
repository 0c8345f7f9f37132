//! Refusals.

use crate::refused::Problem;
use crate::strings::{InOtherWords, Refusal};
use access::reason::ReasonCode;

pub(crate) const REFUSAL: Refusal = Refusal {
    bad_request: "Diese Anfrage ließ sich nicht lesen",
    signed_out: "Bitte melden Sie sich an",
    denied: "Nicht erlaubt",
    too_many_requests: "Zu oft",
    not_found: "Das gibt es nicht",
    conflict: "So wie die Dinge stehen, nicht",
    unavailable: "Gerade nicht möglich",
    unwritten: "Getan, aber nicht im Prüfprotokoll",
    what_would_work: "Was helfen würde",
    where_you_are: "Wo Sie sind",
    request_access: "Zugang beantragen",
    reference: "Kennzahl",
    reason: "Grund",
    address: "Ihre Adresse, von hier gesehen",
    vpce: "VPC-Endpunkt",
    how_seen: "Bekannt durch",
    quote: "Nennen Sie die Kennzahl, wenn Sie um Hilfe bitten.",
    back: "Zurück zu meiner Arbeit",
    to_start: "Zur ersten Seite",
    by_connection: "die Verbindung selbst, die von keinem vertrauten Proxy kommt",
    by_header: "{header} eines vertrauten Proxys",
    by_context: "den Anfragekontext von API Gateway",
    by_nothing: "nichts: Die Verbindung hat keine Adresse",
    header_absent: "nichts: {header} eines vertrauten Proxys fehlt",
    header_long: "nichts: {header} eines vertrauten Proxys ist länger als jede Kette von Proxys",
    header_malformed: "nichts: {header} eines vertrauten Proxys enthält etwas anderes als eine Adresse",
    header_proxies: "nichts: {header} eines vertrauten Proxys nennt nur vertraute Proxys",
    no_context: "nichts: Der Anfragekontext von API Gateway fehlt",
    bad_context: "nichts: {error}",
};

const ASK_ADMIN: Option<&str> =
    Some("Wenden Sie sich an Ihre Administration und nennen Sie die Kennzahl.");
const TRY_AGAIN: Option<&str> =
    Some("Beginnen Sie neu, im Portal oder mit der Kachel Ihres Identitätsanbieters.");

/// What the door says with this code. Codes that no person meets at the door are left to the door.
pub(crate) fn refusal_by_code(code: &str) -> Option<InOtherWords> {
    let Some(code) = ReasonCode::parse(code) else {
        // All others are SAML's own, of which the door says one and the same.
        return saml_sp::ReasonCode::ALL.iter().any(|known| known.as_str() == code).then_some(
            InOtherWords {
                why: "Die Antwort des Identitätsanbieters wurde nicht angenommen.",
                remedy: TRY_AGAIN,
            },
        );
    };
    let (why, remedy) = at_the_portal(code).or_else(|| signing_in(code))?;
    Some(InOtherWords { why, remedy })
}

/// Why, and what would work; `None`: as the door or the map says.
type Words = (&'static str, Option<&'static str>);

/// Somebody who is signed in.
fn at_the_portal(code: ReasonCode) -> Option<Words> {
    Some(match code {
        ReasonCode::SignedOut => (
            "Sie sind nicht angemeldet, oder Ihre Sitzung ist vorbei.",
            Some("Melden Sie sich wieder an."),
        ),
        ReasonCode::TrustEnded => (
            "Dem Identitätsanbieter, mit dem Sie sich angemeldet haben, wird nicht mehr wie damals vertraut.",
            Some("Melden Sie sich wieder an."),
        ),
        ReasonCode::NotEntitled => (
            "Sie sind in keiner Gruppe, die dieses Team gibt.",
            Some(
                "Bitten Sie die Leitung des Teams, Sie in seine Gruppe aufzunehmen; das gilt sofort.",
            ),
        ),
        ReasonCode::Offboarded => {
            ("Eine Administratorin oder ein Administrator hat Ihren Zugang beendet.", ASK_ADMIN)
        }
        ReasonCode::NetworkRefused => ("Dieses Team lässt sich aus Ihrem Netz nicht öffnen.", None),
        ReasonCode::SsoDomain => ("Das Studio dieses Teams meldet selbst an.", None),
        ReasonCode::Outranked => (
            "In der Studio-Domäne dieses Teams haben Sie ein einziges Profil, und ein anderes Ihrer Teams geht vor.",
            Some(
                "Öffnen Sie jenes Team; welches vorgeht, kann Ihre Administratorin oder Ihr Administrator ändern.",
            ),
        ),
        ReasonCode::Frozen | ReasonCode::ObserveOnly => (
            "Ihr Studio-Profil ist nicht bereit, und zurzeit darf nichts geändert werden.",
            ASK_ADMIN,
        ),
        ReasonCode::ProfileBlocked => {
            ("Ihr Studio-Profil lässt sich nicht vorbereiten.", ASK_ADMIN)
        }
        ReasonCode::Unavailable => (
            "Etwas, das dafür nötig ist, antwortet gerade nicht; deshalb wird niemand eingelassen.",
            Some("Versuchen Sie es in einer Minute wieder."),
        ),
        ReasonCode::TooManyRequests => (
            "Von Ihrem Ort oder in Ihrem Namen kamen zu viele Anfragen.",
            Some("Warten Sie ein wenig und versuchen Sie es dann wieder."),
        ),
        _ => return None,
    })
}

/// Somebody who is not signed in yet.
fn signing_in(code: ReasonCode) -> Option<Words> {
    Some(match code {
        ReasonCode::UnknownIdp => ("Diesen Weg zur Anmeldung gibt es hier nicht.", TRY_AGAIN),
        ReasonCode::IdpMetadataMissing => (
            "Ihr Identitätsanbieter ist hier noch nicht bekannt; niemand kann sich damit anmelden.",
            ASK_ADMIN,
        ),
        ReasonCode::IdpMetadataExpired => {
            ("Was hier über Ihren Identitätsanbieter bekannt ist, ist veraltet.", ASK_ADMIN)
        }
        ReasonCode::OtherIdp => {
            ("Diese Anmeldung wurde bei einem anderen Identitätsanbieter begonnen.", TRY_AGAIN)
        }
        ReasonCode::OtherBrowser => (
            "Diese Anmeldung wurde in einem anderen Browser begonnen, oder in diesem vor mehreren anderen.",
            TRY_AGAIN,
        ),
        ReasonCode::UnknownLogin => (
            "Diese Anmeldung wurde nicht hier begonnen, dauerte zu lange oder ist schon beantwortet.",
            TRY_AGAIN,
        ),
        ReasonCode::Replayed => {
            ("Diese Nachricht des Identitätsanbieters wurde schon einmal verwendet.", TRY_AGAIN)
        }
        ReasonCode::LoggedOutMeanwhile => {
            ("Ihr Identitätsanbieter hat Sie inzwischen abgemeldet.", TRY_AGAIN)
        }
        ReasonCode::PersonUnknown => ("Das Verzeichnis kennt Sie nicht.", ASK_ADMIN),
        ReasonCode::PersonDisabled => ("Ihr Konto ist im Verzeichnis gesperrt.", ASK_ADMIN),
        ReasonCode::TeamMismatch => (
            "Dieser Weg zur Anmeldung gehört zu einem anderen Team.",
            Some("Nehmen Sie die Kachel des Teams, das Sie öffnen möchten."),
        ),
        ReasonCode::TeamUnknown => (
            "Ihr Identitätsanbieter hat Sie zu einem Team geschickt, das hier nicht bekannt ist.",
            ASK_ADMIN,
        ),
        ReasonCode::DomainUnknown => (
            "Ihr Identitätsanbieter hat Sie zu einer Domain geschickt, die hier nicht bekannt ist.",
            ASK_ADMIN,
        ),
        _ => return None,
    })
}

/// What the desk says with this code to people about requests of their own. With some codes it says several things:
/// these, and all that approvers and admins are told, are left to the desk.
pub(crate) fn refusal_at_desk(code: &str) -> Option<InOtherWords> {
    let (why, remedy) = asking(ReasonCode::parse(code)?)?;
    Some(InOtherWords { why, remedy: Some(remedy) })
}

/// Why, and what would work.
fn asking(code: ReasonCode) -> Option<(&'static str, &'static str)> {
    const LOOK_AGAIN: &str = "Sehen Sie sich die Liste noch einmal an.";
    const OWNER: &str = "Bitten Sie die Leitung des Teams, Sie in seine Gruppe aufzunehmen.";
    const ADMIN: &str = "Wenden Sie sich an Ihre Administration.";
    Some(match code {
        ReasonCode::RequestNotAllowed => {
            ("Nach der Zugangskarte kann um dieses Team so nicht gebeten werden.", OWNER)
        }
        ReasonCode::BreakGlassNotAllowed => (
            "Die Zugangskarte lässt keine Ihrer Gruppen für dieses Team den Notzugang nehmen.",
            ADMIN,
        ),
        ReasonCode::ReasonMissing => (
            "Eine Begründung fehlt oder ist zu lang.",
            "Sagen Sie in wenigen Worten, wozu; höchstens 500 Zeichen.",
        ),
        ReasonCode::TooLong => (
            "So kurz oder so lange gibt es den Zugang nicht.",
            "Wählen Sie eine der Zeiten, die das Formular anbietet.",
        ),
        ReasonCode::RequestOpen => (
            "Ein Antrag von Ihnen für dieses Team wartet schon.",
            "Warten Sie auf die Entscheidung, oder ziehen Sie ihn vorher zurück.",
        ),
        ReasonCode::RequestDecided => {
            ("Über diesen Antrag ist schon entschieden, oder er ist verfallen.", LOOK_AGAIN)
        }
        ReasonCode::AfterNoteMissing => (
            "Zu einem früheren Notzugang ist noch nicht gesagt, was getan wurde.",
            "Das muss zuerst festgehalten werden, auf der Seite der Anträge.",
        ),
        ReasonCode::TemporaryInForce => (
            "Dieser Notzugang besteht schon.",
            "Ist er vorbei, sagen Sie, was getan wurde; dann gibt es einen neuen.",
        ),
        ReasonCode::NoSuchGrant => {
            ("Diesen Antrag oder Zugang auf Zeit gibt es nicht.", LOOK_AGAIN)
        }
        ReasonCode::TeamUnknown => {
            ("Dieses Team gibt es nicht.", "Gehen Sie von der Seite der Anträge aus.")
        }
        ReasonCode::TeamMismatch => (
            "Dieser Weg zur Anmeldung gehört zu einem anderen Team.",
            "Nehmen Sie die Kachel des Teams, das Sie möchten.",
        ),
        ReasonCode::PersonUnknown | ReasonCode::PersonDisabled => {
            ("Das Verzeichnis kennt diese Person nicht oder hat sie gesperrt.", ADMIN)
        }
        ReasonCode::Offboarded => {
            ("Eine Administratorin oder ein Administrator hat diesen Zugang beendet.", ADMIN)
        }
        ReasonCode::Unavailable => (
            "Etwas, woran die Antwort hängt, lässt sich gerade nicht lesen.",
            "Versuchen Sie es in einer Minute wieder.",
        ),
        _ => return None,
    })
}

const DENIED: &str = REFUSAL.denied;
const BAD: &str = REFUSAL.bad_request;
const FROM_WORK: &str = "Beginnen Sie bei Ihrer Arbeit; alles, was Ihnen offensteht, ist dort.";
const BACK: &str = "Gehen Sie zurück und versuchen Sie es noch einmal.";

const PAGE_PART: [&str; 3] = [
    DENIED,
    "Danach hat ein Teil einer anderen Seite gefragt, nicht Sie.",
    "Öffnen Sie das Portal in einem eigenen Fenster und melden Sie sich dort an.",
];

const FOREIGN_FORM: [&str; 3] =
    [DENIED, "Der Browser sagt, dass dies von einer fremden Seite abgeschickt wurde.", FROM_WORK];

/// What is refused without asking the door: headline, why, and what would work.
pub(crate) const fn problem(problem: Problem) -> [&'static str; 3] {
    match problem {
        Problem::NotFound => ["Hier ist nichts", "Diese Adresse hat keine Seite.", FROM_WORK],
        Problem::WrongMethod => [
            "So funktioniert diese Seite nicht",
            "Diese Adresse nimmt eine andere Art von Anfrage.",
            FROM_WORK,
        ],
        Problem::TooLarge => [
            "Das ist zu viel auf einmal",
            "Gesendet wurde mehr, als jedes Formular und jede Anmeldeantwort hier haben darf.",
            "Melden Sie sich neu an. Geschieht es wieder, bitten Sie die Betreuung Ihres \
             Identitätsanbieters, weniger Gruppen oder Attribute zu senden.",
        ],
        Problem::NoForm => {
            [BAD, "Gesendet wurde kein Formular, oder es kam nicht vollständig an.", BACK]
        }
        Problem::FieldTwice => [
            BAD,
            "Ein Feld kam mehrfach, oder es waren zu viele Felder. Welches gilt, wäre geraten.",
            BACK,
        ],
        Problem::NoResponse => [
            BAD,
            "Diese Adresse nimmt die Antwort eines Identitätsanbieters, und es kam keine.",
            "Beginnen Sie die Anmeldung auf der ersten Seite oder mit der Kachel Ihres \
             Identitätsanbieters.",
        ],
        Problem::NoTeam => {
            [BAD, "Die Adresse nennt ein Team, wie kein Team heißen kann.", FROM_WORK]
        }
        Problem::NoFlavour => [
            BAD,
            "Die Adresse verlangt Metadaten auf eine Weise, die hier nicht bekannt ist.",
            "Lassen Sie `for` weg, oder nennen Sie den Identitätsanbieter wie `stagedoor saml setup`.",
        ],
        Problem::SignedOut => [
            REFUSAL.signed_out,
            "Sie sind in diesem Browser nicht oder nicht mehr angemeldet.",
            "Melden Sie sich an und versuchen Sie es wieder.",
        ],
        Problem::PagePart => PAGE_PART,
        Problem::ForeignForm => FOREIGN_FORM,
        Problem::FormKey => [
            DENIED,
            "Die Seite, von der dies kam, wurde nicht für diese Sitzung erstellt; meist ist sie von \
             vor der letzten Anmeldung.",
            "Gehen Sie zurück zu Ihrer Arbeit, die eine frische Seite erstellt, und drücken Sie den \
             Knopf noch einmal.",
        ],
        Problem::TooSlow => [
            REFUSAL.unavailable,
            "Ein Dienst, der dafür nötig ist, antwortete nicht rechtzeitig. Begonnenes ist nicht \
             verloren.",
            "Versuchen Sie es gleich wieder.",
        ],
        Problem::Defect => [
            "Hier ist etwas kaputt",
            "Die Antwort ließ sich nicht schreiben. Das ist unser Fehler, nicht Ihrer.",
            "Versuchen Sie es wieder; bleibt es so, sagen Sie es denen, die dieses Stagedoor betreiben.",
        ],
    }
}
