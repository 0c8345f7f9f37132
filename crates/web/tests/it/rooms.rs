//! The rooms of the administration: what is on them, for whom, and what they refuse.

use crate::admin::{assert_says, leaver, text};
use crate::house::{House, cookie, get, post};
use access::ids::{DomainId, DomainKey, IdpKey, PersonId, RoleArn, TeamKey};
use access::live_role::LiveRole;
use access::map::AccessMap;
use access::observed::{AuthMode, ProfileStatus};
use access::reason::ReasonCode;
use async_trait::async_trait;
use axum::body::Body;
use control::audit::{ChainKey, KeyRing, STORE_KEY, Verification};
use control::desk::{Clinic, Right};
use control::doctor::{Around, StoreState, Surroundings};
use control::event::{Family, Outcome};
use control::ports::{
    AppNetwork, Attempt, Attempts, AuditEntry, AuditEvent, AuditLog, CallError, CallerIdentity,
    CheckRow, Chronicle, DomainFacts, DomainTarget, Found, Heard, Inspect, KeyFacts, NetworkFacts,
    Note, Noted, RoleFacts, RoleIdentity, RowState, Secrets, WorkQueue,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ADA: &str = "906716eb24-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

/// Pages that whoever has a role may see.
const OPEN: [(&str, &str); 5] = [
    ("/admin/teams", "Teams and domains"),
    ("/admin/teams/fraud", "Fraud models"),
    ("/admin/network", "Network"),
    ("/admin/events", "Events and drift"),
    ("/admin/health", "Health"),
];

/// Pages for auditors and admins.
const AUDITED: [(&str, &str); 2] = [("/admin/sign-ins", "Sign-ins"), ("/admin/audit", "Audit")];

/// Forms that only admins may send, each with the purpose of its key.
const FORMS: [(&str, &str, &str); 2] = [
    ("/admin/events/heal", "admin:heal", "person=ada@example.com"),
    ("/admin/events/replay", "admin:replay", "from=2026-11-21T08:00&until=2026-11-21T10:00"),
];

/// AWS as a healthy installation finds it, but for source identities.
#[derive(Debug)]
struct Facts;

#[async_trait]
impl Inspect for Facts {
    async fn caller(&self, _: &DomainTarget) -> Result<CallerIdentity, CallError> {
        let arn = "arn:aws:iam::111122223333:role/Stagedoor".to_owned();
        Ok(CallerIdentity { account: "111122223333".to_owned(), arn })
    }

    async fn domain_facts(&self, _: &DomainTarget) -> Result<DomainFacts, CallError> {
        Ok(DomainFacts {
            name: None,
            auth_mode: AuthMode::Iam,
            status: ProfileStatus::InService,
            failure_reason: None,
            network: AppNetwork::VpcOnly,
            role_identity: RoleIdentity::Disabled,
            application_arn: None,
            home_file_system: None,
            url: None,
            default_execution_role: None,
            space_execution_role: None,
            vpc: None,
            subnets: Vec::new(),
            security_groups: Vec::new(),
            kms_key: None,
        })
    }

    async fn network_facts(&self, _: &DomainTarget, vpc: &str) -> Result<NetworkFacts, CallError> {
        panic!("nobody reads {vpc}")
    }

    async fn key_facts(&self, _: &DomainTarget, key: &str) -> Result<KeyFacts, CallError> {
        panic!("nobody reads {key}")
    }

    async fn role_facts(&self, _: &DomainTarget, _: &RoleArn) -> Result<RoleFacts, CallError> {
        Ok(RoleFacts::Found { assumed_by_sagemaker: true, source_identity: false })
    }

    async fn live_role(&self, _: &DomainTarget, role: &RoleArn) -> Result<LiveRole, CallError> {
        Ok(LiveRole {
            arn: role.to_string(),
            trust: r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(),
            max_session_seconds: 3_600,
            boundary: None,
            tags: BTreeMap::new(),
            attached: Vec::new(),
            inline: BTreeMap::new(),
        })
    }
}

#[async_trait]
impl Surroundings for Facts {
    async fn look(&self, _: &AccessMap) -> Around {
        Around {
            ahead_seconds: Some(0),
            store: ("in memory".to_owned(), StoreState::Usable),
            grants: None,
            providers: Vec::new(),
            now: now(),
            queue: None,
            invariants: None,
            cautions: Vec::new(),
        }
    }
}

/// What looks after the health of a house.
pub(crate) fn clinic() -> Clinic {
    Clinic::new(Arc::new(Facts), Arc::new(Facts))
}

fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

fn before(minutes: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_mins(minutes)).unwrap()
}

fn event(minutes_ago: i64, people: Option<&[&str]>) -> Note {
    let heard = Heard {
        family: Family::SsoDirectory,
        name: Some("RemoveMemberFromGroup".into()),
        event_id: Some("e-1".into()),
        happened: Some(before(minutes_ago + 1)),
        outcome: Outcome::Person,
        people: people.map(|ids| ids.iter().map(|id| PersonId::parse(*id).unwrap()).collect()),
    };
    Note { at: before(minutes_ago), noted: Noted::Heard(heard) }
}

fn missed(minutes_ago: i64) -> Note {
    let found = Found {
        person: PersonId::parse(ADA).unwrap(),
        team: TeamKey::parse("fraud").unwrap(),
        domain: DomainKey::parse("research").unwrap(),
        gives: false,
        reason: ReasonCode::EntitlementLost,
    };
    Note { at: before(minutes_ago), noted: Noted::Found(found) }
}

fn attempt(reference: &str, failed: Option<&str>) -> Attempt {
    let row = |check: &str, state, code: Option<&str>| CheckRow {
        check: check.into(),
        state,
        code: code.map(Into::into),
    };
    let (audience, replay) = match failed {
        Some(_) => (RowState::Failed, RowState::NotRun),
        None => (RowState::Passed, RowState::Passed),
    };
    Attempt {
        at: now(),
        reference: reference.into(),
        idp: IdpKey::parse("corp").ok(),
        person: failed.is_none().then(|| PersonId::parse(ADA).unwrap()),
        accepted: failed.is_none(),
        code: failed.unwrap_or("signed-in").into(),
        rows: vec![
            row("signature", RowState::Passed, None),
            row("audience", audience, failed),
            row("replay", replay, None),
        ],
    }
}

#[tokio::test]
async fn a_room_is_open_to_those_with_its_right_and_to_nobody_else() {
    let stranger = House::new();
    for (page, _) in OPEN.into_iter().chain(AUDITED) {
        stranger.visit(page).await.assert_refused(403, "right-missing", "Not allowed");
        stranger.get(page).await.assert_refused(401, "signed-out", "Please sign in");
    }
    let reader = House::administered_by("reader");
    for (page, headline) in OPEN {
        let answer = reader.visit(page).await;
        assert_eq!((answer.status.as_u16(), answer.headline().as_str()), (200, headline));
        assert!(!answer.body.contains("method=\"post\" action=\"/admin/"), "{}", answer.body);
    }
    for (page, _) in AUDITED {
        reader.visit(page).await.assert_refused(403, "right-missing", "Not allowed");
    }
    let export = reader.visit("/admin/audit/export").await;
    export.assert_refused(403, "right-missing", "Not allowed");
    let auditor = House::administered_by("auditor");
    for (page, headline) in OPEN.into_iter().chain(AUDITED) {
        let answer = auditor.visit(page).await;
        assert_eq!((answer.status.as_u16(), answer.headline().as_str()), (200, headline));
        assert!(answer.body.len() < 100_000, "{page}: {}", answer.body.len());
    }
}

#[tokio::test]
async fn only_admins_act_and_only_from_a_page_of_ours() {
    for role in ["reader", "auditor"] {
        let house = House::administered_by(role);
        for (form, purpose, fields) in FORMS {
            let form_key = format!("{fields}&key={}", house.key(purpose));
            let answer = house.submit(form, &form_key).await;
            answer.assert_refused(403, "right-missing", "Not allowed");
        }
    }
    let house = House::administered_by("admin");
    for (form, purpose, fields) in FORMS {
        let no_key = house.submit(form, fields).await;
        no_key.assert_refused(403, "form-key", "Not allowed");
        let form_key = format!("{fields}&key={}", house.key(purpose));
        let foreign =
            post(form).header("cookie", cookie()).header("origin", "https://evil.example");
        let answer = house.send(foreign.body(form_key.into()).unwrap()).await;
        answer.assert_refused(403, "form-foreign", "Not allowed");
    }
}

#[tokio::test]
async fn teams_and_domains_tell_what_is_full_and_where_it_is_written() {
    let house = House::administered_by("reader");
    house.has_profile(leaver("u-gone", Some("2026-11-20T09:00:00Z")));
    let domain = DomainId::parse("d-abcdefghijkl").unwrap();
    for (day, profiles) in [(1, 3), (8, 2), (15, 1)] {
        let counts = BTreeMap::from([(domain.clone(), profiles)]);
        house.store.count_profiles(date(2026, 11, day), &counts).await.unwrap();
    }
    let page = house.visit("/admin/teams").await;
    assert_says(
        &page,
        &[
            "111122223333 · eu-west-1 quota not known",
            "Service Quotas does not tell how many there may be.",
            "15 November 2026 1",
            "research IAM healthy",
            "Domain d-abcdefghijkl",
            "Profiles 1, 1 on their way out",
            "In git: access.yaml:8",
            "Fraud models ana@example.com no persona anywhere research 1 1 1 on their way out access.yaml:12",
            "stagedoor doctor --only DOM,QUO",
        ],
    );
    assert!(page.body.contains("<polyline class=\"trend-line\" points=\"30.0,"), "{}", page.body);
    let team = house.visit("/admin/teams/fraud").await;
    assert_says(
        &team,
        &[
            "Owner ana@example.com access.yaml:12",
            "AL Ada Lovelace (ada@example.com) ml-fraud access.yaml:26 open-ended none yet",
            "research role-trusted arn:aws:iam::111122223333:role/studio-fraud",
            "u-gone--fraud (research) u-gone: The profile is kept, apps stopped, until its hold is over.",
            "stagedoor who-can fraud",
        ],
    );
    for nobody in ["/admin/teams/nobody", "/admin/teams/%20"] {
        assert_eq!(house.visit(nobody).await.status, 404);
    }
}

#[tokio::test]
async fn the_network_says_who_gets_in_from_somewhere_and_what_decides() {
    let house = House::administered_by("reader");
    let page = house.visit("/admin/network").await;
    assert_says(
        &page,
        &[
            "Persona anywhere office no persona 1 person 2 teams 1 person 1 team",
            "Ask from somewhere to see what would happen to each of these teams.",
            "stagedoor policy simulate --person PERSON --team TEAM",
        ],
    );
    let outside = house.visit("/admin/network?address=192.0.2.1&network=office").await;
    assert_says(
        &outside,
        &[
            "The door lets nobody in from 192.0.2.1, into none of 1 team.",
            "office does not admit it 10.100.10.0/24, vpce-0abc Use the office network or the VPN.",
            "refused research network office does not admit it: 10.100.10.0/24 or vpce-0abc",
            "Network rule, at the door – failed",
            "the map does not say as what Stagedoor asks for links into research",
            "--from 192.0.2.1",
        ],
    );
    assert!(outside.body.contains("name=\"network\" value=\"office\""), "{}", outside.body);
    let office = house.visit("/admin/network?vpce=vpce-0abc").await;
    assert_says(
        &office,
        &["The door lets people in from vpce-0abc, into all of 3 teams.", "cannot be said"],
    );
    let wrong = house.visit("/admin/network?address=office").await;
    assert_eq!(wrong.status, 200);
    assert_says(&wrong, &["That is no IP address."]);
    let nobody = house.visit("/admin/network?address=192.0.2.1&person=u-nobody").await;
    assert_eq!(nobody.status, 404, "{}", nobody.body);
}

#[tokio::test]
async fn the_first_red_check_of_a_sign_in_is_explained() {
    let house = House::administered_by("auditor");
    house.store.record(&attempt("11111", None)).await.unwrap();
    house.store.record(&attempt("22222", Some("audience-mismatch"))).await.unwrap();
    let page = house.visit("/admin/sign-ins").await;
    assert_says(
        &page,
        &[
            "Kept 2 the newest answers Accepted 1 Refused 1",
            "audience-mismatch 1 An audience restriction does not name this service provider.",
            "somebody unknown audience-mismatch 21 Nov 2026, 09:00 UTC · corp · Reference 22222",
            "audience: An audience restriction does not name this service provider. audience-mismatch \
         Enter our entity id as the audience at the provider ( stagedoor saml setup prints it).",
            "passed: signature failed: audience not run: replay",
            "All 3 checks passed",
            "stagedoor saml attempts --limit 200",
        ],
    );
    let accepted = house.visit("/admin/sign-ins?outcome=accepted").await;
    assert!(!text(&accepted).contains("22222"), "{}", accepted.body);
    let by_code = house.visit("/admin/sign-ins?code=audience-mismatch").await;
    assert!(!text(&by_code).contains("11111"), "{}", by_code.body);
    let nobody = house.visit("/admin/sign-ins?person=%3Cb%3E").await;
    assert_says(&nobody, &["No sign-in is like that."]);
    assert!(nobody.body.contains("value=\"&#60;b&#62;\""), "{}", nobody.body);
}

#[tokio::test]
async fn events_show_what_arrived_what_was_missed_and_what_drifts() {
    let house = House::administered_by("admin");
    house.has_profile(leaver("u-gone", None));
    house.store.remember(&[event(30, Some(&[ADA])), event(20, None), missed(10)]).await.unwrap();
    let page = house.visit("/admin/events").await;
    assert_says(
        &page,
        &[
            "Events 2 remembered Found without an event 1 never yet",
            "sso-directory 2 21 Nov 2026, 08:40 UTC 60 s person 2",
            "Ada Lovelace loses fraud (research) No grant gives the person this team any longer. \
         entitlement-lost 21 Nov 2026, 08:50 UTC no event came",
            "RemoveMemberFromGroup sso-directory e-1 21 Nov 2026, 08:40 UTC 60 s person everybody",
            "RemoveMemberFromGroup sso-directory e-1 21 Nov 2026, 08:30 UTC 60 s person Ada Lovelace",
            "person-gone The directory does not know the person any longer. research / u-gone--fraud",
            "Heal now",
            "stagedoor drift stagedoor sync --person PERSON",
        ],
    );
    assert!(page.body.contains("class=\"lane-lost\""), "{}", page.body);
    let scim = house.visit("/admin/events?family=identitystore-scim").await;
    assert!(!text(&scim).contains("RemoveMemberFromGroup"), "{}", scim.body);
}

#[tokio::test]
async fn a_window_is_replayed_by_whoever_may_and_written_down() {
    let house = House::administered_by("admin");
    house.store.remember(&[event(30, Some(&[ADA]))]).await.unwrap();
    let key = house.key("admin:replay");
    let form = |from: &str, until: &str| format!("from={from}&until={until}&key={key}");
    let wrong = house.submit("/admin/events/replay", &form("yesterday", "")).await;
    wrong.assert_refused(400, "request-invalid", "That request could not be read");
    let empty = form("2026-11-20T08:00", "2026-11-20T09:00");
    let empty = house.submit("/admin/events/replay", &empty).await;
    empty.assert_refused(400, "request-invalid", "That request could not be read");
    let form = form("2026-11-21T08:00", "2026-11-21T09:00");
    let done = house.submit("/admin/events/replay", &form).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, "/admin/events?said=replayed")
    );
    assert_eq!(house.store.status(now()).await.unwrap().due, 1);
    let written = house.store.newest(9).await.unwrap();
    assert_eq!(
        (written[0].event.as_str(), written[0].code.as_str()),
        ("events-replayed", "events-replayed")
    );
    assert_eq!(written[0].actor.to_string(), format!("person:{ADA}"));
    let said = house.visit("/admin/events?said=replayed").await;
    assert_says(&said, &["Replayed. Whoever those events reached is read again now."]);
}

#[tokio::test]
async fn the_audit_log_is_filtered_told_apart_and_taken_along() {
    let house = House::administered_by("auditor");
    let person = PersonId::parse(ADA).unwrap();
    let sign_in = AuditEntry::new(before(5), AuditEvent::SignIn, "signed-in").about(&person);
    let role = AuditEntry::new(now(), AuditEvent::UpdatingProfile, "role-drift")
        .about(&person)
        .on(&TeamKey::parse("fraud").unwrap())
        .changing("role", Some("old"), Some("new"));
    house.store.append(&sign_in).await.unwrap();
    house.store.append(&role).await.unwrap();
    let page = house.visit("/admin/audit").await;
    assert_says(
        &page,
        &[
            "Not verified yet, not anchored yet",
            "updating-profile Ada Lovelace fraud role-drift The profile has another execution role \
         than its team. By Stagedoor role old → new",
            "sign-in Ada Lovelace signed-in The person signed in.",
            "stagedoor audit list stagedoor audit verify stagedoor audit export",
            "Export: JSON Lines Export: OCSF",
        ],
    );
    let only = house.visit("/admin/audit?event=sign-in&actor=system").await;
    assert!(!only.body.contains("<strong>updating-profile"), "{}", only.body);
    assert_says(&only, &["stagedoor audit list --event sign-in --actor system"]);
    let wrong = house.visit("/admin/audit?actor=root").await;
    wrong.assert_refused(400, "request-invalid", "That request could not be read");
    let export = house.visit("/admin/audit/export?event=sign-in").await;
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    assert_eq!(export.body.lines().count(), 1, "{}", export.body);
    assert!(export.body.contains("\"event\":\"sign-in\""), "{}", export.body);
    let people: BTreeSet<&str> = export.body.matches(ADA).collect();
    assert_eq!(people.len(), 1);
    let events = house.visit("/admin/audit/export?format=ocsf").await;
    assert_eq!(events.body.matches("\"class_uid\"").count(), 2, "{}", events.body);
    let wrong = house.visit("/admin/audit/export?format=csv").await;
    wrong.assert_refused(400, "request-invalid", "That request could not be read");
}

/// People stand in the log by ids alone, which nobody knows by heart.
#[tokio::test]
async fn who_is_named_in_the_audit_log_is_found_and_who_is_not_known_is_refused() {
    let house = House::administered_by("auditor");
    let person = PersonId::parse(ADA).unwrap();
    let refused = AuditEntry::new(before(5), AuditEvent::Refused, "network-refused").about(&person);
    house.store.append(&refused).await.unwrap();
    let gone = PersonId::parse("lovel").unwrap();
    let sign_in = AuditEntry::new(before(9), AuditEvent::SignIn, "signed-in").about(&gone);
    house.store.append(&sign_in).await.unwrap();
    let bearer = format!("Bearer {}", house.token("siem", &[Right::Audit]).await);
    for word in ["lovelace", "ADA%20LOVELACE", ADA] {
        let page = house.visit(&format!("/admin/audit?event=refused&person={word}")).await;
        assert!(page.body.contains("<strong>refused"), "{word}: {}", page.body);
        assert_says(&page, &[&format!("stagedoor audit list --event refused --person {ADA}")]);
        let export = house.visit(&format!("/admin/audit/export?person={word}")).await;
        assert_eq!(export.body.lines().count(), 1, "{word}: {}", export.body);
        let asked = format!("/api/v1/audit?person={word}");
        let request = get(&asked).header("authorization", &bearer).body(Body::empty()).unwrap();
        let answer = house.send(request).await;
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(told["entries"]["items"].as_array().unwrap().len(), 1, "{word}");
    }
    // The id of somebody gone, though it is a part of somebody's name.
    let page = house.visit("/admin/audit?person=lovel").await;
    assert!(page.body.contains("<strong>sign-in"), "{}", page.body);
    for wrong in ["person=nobody-at-all", "team=nope", "event=nope", "code=nope"] {
        for path in ["/admin/audit", "/admin/audit/export"] {
            let answer = house.visit(&format!("{path}?{wrong}")).await;
            answer.assert_refused(400, "request-invalid", "That request could not be read");
        }
        let asked = format!("/api/v1/audit?{wrong}");
        let request = get(&asked).header("authorization", &bearer).body(Body::empty()).unwrap();
        let answer = house.send(request).await;
        assert_eq!(answer.status.as_u16(), 400, "{wrong}: {}", answer.body);
    }
}

/// Whoever is refused has nothing but the number of the page to quote.
#[tokio::test]
async fn an_entry_is_found_by_the_number_that_a_refused_person_was_shown() {
    let house = House::administered_by("auditor");
    for (number, code) in [("4f0c12ab9e", "network-refused"), ("0000000001", "not-entitled")] {
        let refused = AuditEntry::new(before(5), AuditEvent::Refused, code);
        house.store.append(&refused.with("reference", number)).await.unwrap();
    }
    // As people note it.
    let page = house.visit("/admin/audit?reference=+4F0C12AB9E").await;
    assert!(page.body.contains("network-refused") && !page.body.contains("not-entitled"));
    assert_says(&page, &["Reference", "stagedoor audit list --reference 4f0c12ab9e"]);
    let bearer = format!("Bearer {}", house.token("siem", &[Right::Audit]).await);
    let asked = get("/api/v1/audit?reference=4F0C12AB9E").header("authorization", &bearer);
    let answer = house.send(asked.body(Body::empty()).unwrap()).await;
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let items = told["entries"]["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["code"]), (1, &"network-refused".into()));
    let none = house.visit("/admin/audit?reference=4f0c12ab9f").await;
    assert_says(
        &none,
        &["No entry is like that. A number that is not here is of a page that refused"],
    );
}

/// What the page and the API give away is one log in one form, and holds by itself.
#[tokio::test]
async fn what_is_exported_is_verified_whoever_exported_it() {
    let house = House::administered_by("auditor");
    for number in 0..7 {
        let entry =
            AuditEntry::new(before(number), AuditEvent::SignIn, "signed-in").with("n", number);
        house.store.append(&entry).await.unwrap();
    }
    let bearer = format!("Bearer {}", house.token("siem", &[Right::Audit]).await);
    let page = house.visit("/admin/audit/export").await.body;
    assert_eq!(page.lines().count(), 8, "seven sign-ins and a token: {page}");

    let (mut parts, mut path) = (String::new(), "/api/v1/audit/export?limit=3".to_owned());
    loop {
        let request = get(&path).header("authorization", &bearer).body(Body::empty()).unwrap();
        let part = house.send(request).await;
        assert_eq!(part.status, 200, "{}", part.body);
        assert_eq!(part.header("content-type"), "application/x-ndjson");
        assert!(part.body.lines().count() <= 3, "{}", part.body);
        parts.push_str(&part.body);
        let link = part.header("link").to_owned();
        let Some(next) = link.strip_prefix('<') else { break };
        path = next.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!(parts, page);
    for slip in ["event=sign-ins", "code=signed_in"] {
        let path = format!("/api/v1/audit/export?{slip}");
        let request = get(&path).header("authorization", &bearer).body(Body::empty()).unwrap();
        let refused = house.send(request).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.body.contains("\"code\":\"request-invalid\""), "{}", refused.body);
    }

    let key = house.store.get_or_create(STORE_KEY, [0; 32]).await.unwrap();
    let keys = KeyRing::new(ChainKey::new(&key));
    let verdict = |text: &str| {
        let mut verification = Verification::new(&keys);
        text.lines().for_each(|line| verification.take_line(line).unwrap());
        verification.finish()
    };
    let whole = verdict(&page);
    assert!(whole.ok, "{whole:?}");
    assert_eq!(whole.entries, 8);
    let forged = verdict(&page.replacen("\"n\":\"3\"", "\"n\":\"4\"", 1));
    assert_eq!(forged.bad.len(), 1, "{forged:?}");
}

/// Where an answer can only be so long, as on Lambda, nothing fails: the export comes in parts.
#[tokio::test]
async fn an_export_longer_than_an_answer_may_be_comes_in_parts_that_are_the_whole() {
    let on_lambda =
        |config: web::WebConfig| config.with_origin_source(web::OriginSource::Invocation);
    let house = House::with("https://door.example.com", on_lambda);
    house.role_is(Some("auditor"));
    for number in 0..5 {
        let entry = AuditEntry::new(before(number), AuditEvent::SignIn, "signed-in");
        let long = "x".repeat(256 * 1024);
        house.store.append(&entry.with("n", number).with("long", long)).await.unwrap();
    }
    let audit = house.visit("/admin/audit?event=frozen").await;
    let to_parts = "href=\"/admin/audit/export/parts?event=frozen\">";
    assert!(audit.body.contains(to_parts), "{}", audit.body);
    // Of what fits, the file is the answer.
    let few = house.visit("/admin/audit/export?event=frozen").await;
    assert_eq!((few.status.as_u16(), few.body.as_str()), (200, ""));
    let all = house.visit("/admin/audit/export?format=jsonl").await;
    assert_eq!(
        (all.status.as_u16(), all.header("location")),
        (303, "/admin/audit/export/parts?part=1")
    );

    let (mut whole, mut sizes) = (String::new(), Vec::new());
    let mut path = "/admin/audit/export/parts".to_owned();
    loop {
        let page = house.visit(&path).await;
        let link = |before: &str| {
            let (_, rest) = page.body.split_once(before)?;
            Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
        };
        let file = house.visit(&link("<p><a class=\"quiet\" href=\"").unwrap()).await;
        assert!(file.body.len() < 1_000_000, "{}", file.body.len());
        let name = format!("attachment; filename=\"stagedoor-audit-{:04}.jsonl\"", sizes.len() + 1);
        assert_eq!(file.header("content-disposition"), name);
        sizes.push(file.body.lines().count());
        whole.push_str(&file.body);
        match link("rel=\"next\" href=\"") {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(sizes, [3, 2]);
    let key = house.store.get_or_create(STORE_KEY, [0; 32]).await.unwrap();
    let keys = KeyRing::new(ChainKey::new(&key));
    let mut verification = Verification::new(&keys);
    whole.lines().for_each(|line| verification.take_line(line).unwrap());
    let verdict = verification.finish();
    assert!(verdict.ok && verdict.entries == 5, "{verdict:?}");
    for wrong in ["part=0", "part=x", "after=none", "format=csv"] {
        let answer = house.visit(&format!("/admin/audit/export/parts?{wrong}")).await;
        answer.assert_refused(400, "request-invalid", "That request could not be read");
    }
}

#[tokio::test]
async fn health_makes_the_checks_of_doctor_with_what_to_do() {
    let house = House::administered_by("reader");
    let page = house.visit("/admin/health").await;
    assert_says(
        &page,
        &[
            "As it should be",
            "DOM05 Source identity · domain research look",
            "CloudTrail cannot tell who used a shared execution role",
            "Why it matters:",
            "What would work",
            "stagedoor doctor",
        ],
    );
}
