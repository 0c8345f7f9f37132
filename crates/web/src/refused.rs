//! Refusals: the door's, and those that are decided before the door is asked. Handlers return
//! them; the frame makes a page or JSON of them.

use crate::api::{Failed, ProblemDocument};
use crate::origin::Sighting;
use crate::pages::{self, RefusedPage, Whereabouts};
use crate::routes::Portal;
use crate::scim;
use crate::strings::{InOtherWords, Language};
use access::ids::TeamKey;
use access::reason::ReasonCode;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::desk::RefusedKind;
use control::door::{Refusal, RefusalKind, SessionToken};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// When to ask again after a 503, in seconds: long enough for a throttled service to recover.
const RETRY_AFTER_SECONDS: u32 = 10;

/// What is refused without asking the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No such address.
    NotFound,
    /// The address does not take this method.
    WrongMethod,
    /// The body is larger than any form there is.
    TooLarge,
    /// The body is not a form, or did not arrive whole.
    NoForm,
    /// A field twice, or too many fields.
    FieldTwice,
    /// `POST /saml/acs` without `SAMLResponse`.
    NoResponse,
    /// `?team=` is not a team's key.
    NoTeam,
    /// `?for=` is no flavour of our metadata.
    NoFlavour,
    /// No session cookie.
    SignedOut,
    /// The form comes from another site.
    ForeignForm,
    /// A part of a page asks for what only a person's browser window may.
    PagePart,
    /// The form key is missing or does not fit the session.
    FormKey,
    /// The time is up.
    TooSlow,
    /// An answer that could not be put into headers or a page. A defect.
    Defect,
}

/// A refusal on its way to the browser.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    status: StatusCode,
    said: Said,
    pub(crate) code: &'static str,
    words: Box<Words>,
    /// The team that was wanted; signing in can lead there.
    team: Option<TeamKey>,
    /// Whether whoever is refused the team may ask for it.
    may_ask: bool,
    /// Whether it is about a request of whoever reads it: of those the desk's sentences have other languages.
    is_own: bool,
    /// After how many seconds to ask again, where it will do then.
    retry_after_seconds: Option<u32>,
}

/// Who refused, and how: the sentences in another language hang on it.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// These pages, before the door was asked.
    Here(Problem),
    /// The door.
    ByDoor(RefusalKind),
    /// The desk.
    ByDesk(RefusedKind),
}

/// The sentences, boxed so that results stay small.
#[derive(Debug, Clone)]
struct Words {
    why: String,
    remedy: String,
    reference: String,
}

/// How a refusal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a page, to a person.
    Page,
    /// As JSON, to a script of a page.
    Json,
    /// As a problem, to whoever asks the API.
    Problem,
    /// As SCIM's error, to an identity provider that pushes.
    Scim,
}

/// Who gets the refusal, as far as its form depends on it.
#[derive(Debug)]
pub(crate) struct Asker {
    /// Where from.
    pub(crate) sighting: Sighting,
    /// How a refusal is told.
    pub(crate) form: Form,
    /// The language of the page; JSON is in English.
    pub(crate) language: Language,
    /// Whether a session cookie was shown.
    pub(crate) session_shown: bool,
}

/// Marks an answer that stays as it is, whatever its status: a probe's, which no person reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

/// The reason code of a refusal that stays as it is, for the access log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coded(pub(crate) &'static str);

impl Refused {
    pub(crate) fn new(portal: &Portal, problem: Problem) -> Self {
        let (status, code) = problem.status_and_code();
        let [_, why, remedy] = Language::English.problem(problem);
        Self {
            status,
            said: Said::Here(problem),
            code,
            words: Box::new(Words {
                why: why.to_owned(),
                remedy: remedy.to_owned(),
                reference: portal.references.next(),
            }),
            team: None,
            may_ask: false,
            is_own: false,
            retry_after_seconds: retry_after(status),
        }
    }

    /// What the door said.
    pub(crate) fn by_door(refusal: Refusal) -> Self {
        let limit = match refusal.kind {
            RefusalKind::TooManyRequests { retry_after_seconds } => Some(retry_after_seconds),
            _ => None,
        };
        let status = match refusal.kind {
            RefusalKind::BadRequest => StatusCode::BAD_REQUEST,
            RefusalKind::SignedOut => StatusCode::UNAUTHORIZED,
            RefusalKind::Denied => StatusCode::FORBIDDEN,
            RefusalKind::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self {
            status,
            said: Said::ByDoor(refusal.kind),
            code: refusal.code,
            words: Box::new(Words {
                why: refusal.why,
                remedy: refusal.remedy,
                reference: refusal.reference,
            }),
            team: None,
            may_ask: false,
            is_own: false,
            retry_after_seconds: limit.or(retry_after(status)),
        }
    }

    /// What the desk said.
    pub(crate) fn by_desk(portal: &Portal, refused: control::desk::Refused) -> Self {
        let status = match refused.kind {
            RefusedKind::Invalid => StatusCode::BAD_REQUEST,
            RefusedKind::Unknown => StatusCode::UNAUTHORIZED,
            RefusedKind::Denied => StatusCode::FORBIDDEN,
            RefusedKind::NotFound => StatusCode::NOT_FOUND,
            RefusedKind::Conflict => StatusCode::CONFLICT,
            RefusedKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RefusedKind::Unwritten => StatusCode::INTERNAL_SERVER_ERROR,
            RefusedKind::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
        };
        let limit = match refused.kind {
            RefusedKind::TooOften { retry_after_seconds } => Some(retry_after_seconds),
            _ => None,
        };
        Self {
            status,
            said: Said::ByDesk(refused.kind),
            code: refused.code.as_str(),
            words: Box::new(Words {
                why: refused.why,
                remedy: refused.remedy,
                reference: portal.references.next(),
            }),
            team: None,
            may_ask: false,
            is_own: false,
            retry_after_seconds: limit.or(retry_after(status)),
        }
    }

    /// What the desk said to somebody of a request or grant of their own.
    pub(crate) fn by_desk_of_own(portal: &Portal, refused: control::desk::Refused) -> Self {
        Self { is_own: true, ..Self::by_desk(portal, refused) }
    }

    /// What the door said of a team to somebody with this session. The way to ask for it is offered
    /// only to whom the map lets ask; who that is must be read, and where it cannot be, nothing is
    /// offered.
    pub(crate) async fn of_team(
        portal: &Portal,
        refusal: Refusal,
        session: &SessionToken,
        team: &TeamKey,
    ) -> Self {
        let mut refused = Self::by_door(refusal).on_the_way_to(team);
        if refused.code == ReasonCode::NotEntitled.as_str()
            && let Ok(who) = portal.door.who(session).await
            && let Ok(form) = portal.desk.request_form(&who, team).await
        {
            refused.may_ask = form.request.is_some() || form.break_glass.is_some();
        }
        refused
    }

    /// Remembers which team was wanted.
    #[must_use]
    pub(crate) fn on_the_way_to(mut self, team: &TeamKey) -> Self {
        self.team = Some(team.clone());
        self
    }

    /// The number to quote.
    pub(crate) fn reference(&self) -> &str {
        &self.words.reference
    }

    /// The refusal that an answer carries; one made up for a bare error of the framework, such as
    /// an unknown route.
    pub(crate) fn found_in(portal: &Portal, mut answer: Response) -> (Response, Option<Self>) {
        if answer.extensions_mut().remove::<AsItIs>().is_some() {
            return (answer, None);
        }
        if let Some(Failed(refused)) = answer.extensions_mut().remove::<Failed>() {
            return (answer, Some(Self::by_desk(portal, refused)));
        }
        let found = answer.extensions_mut().remove::<Self>().or_else(|| {
            let problem = match answer.status() {
                StatusCode::NOT_FOUND => Problem::NotFound,
                StatusCode::METHOD_NOT_ALLOWED => Problem::WrongMethod,
                StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
                status if status.is_client_error() => Problem::NoForm,
                status if status.is_server_error() => Problem::Defect,
                _ => return None,
            };
            Some(Self::new(portal, problem))
        });
        (answer, found)
    }

    /// The answer that is sent. Cookies and `Allow` of the handler's answer stay.
    pub(crate) fn render(&self, portal: &Portal, answer: &Response, asker: &Asker) -> Response {
        let mut rendered = match asker {
            Asker { form: Form::Scim, .. } => {
                let (why, remedy) = match self.said {
                    Said::Here(problem) => scim::words(problem),
                    _ => (self.words.why.as_str(), self.words.remedy.as_str()),
                };
                scim::refusal(self.status, why, remedy, self.code)
            }
            Asker { form: Form::Problem, .. } => self.as_problem(),
            Asker { form: Form::Json, .. } => self.as_json(asker),
            _ => self.as_page(portal, asker),
        };
        *rendered.status_mut() = self.status;
        for name in [header::SET_COOKIE, header::ALLOW] {
            for value in answer.headers().get_all(&name) {
                rendered.headers_mut().append(name.clone(), value.clone());
            }
        }
        rendered
            .headers_mut()
            .insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
        if let Some(seconds) = self.retry_after_seconds {
            rendered.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        rendered
    }

    fn as_problem(&self) -> Response {
        ProblemDocument {
            kind: format!("urn:stagedoor:reason:{}", self.code),
            title: self.headline(Language::English).to_owned(),
            status: self.status.as_u16(),
            detail: self.words.why.clone(),
            code: self.code.to_owned(),
            remedy: self.words.remedy.clone(),
            reference: self.words.reference.clone(),
        }
        .into_answer()
    }

    fn as_json(&self, asker: &Asker) -> Response {
        let mut refusal = serde_json::json!({
            "code": self.code,
            "why": self.words.why,
            "remedy": self.words.remedy,
            "reference": self.words.reference,
        });
        let seen = self.whereabouts(asker, Language::English);
        if let (Some(seen), Some(fields)) = (seen, refusal.as_object_mut()) {
            let seen = serde_json::json!({
                "address": seen.address,
                "vpce": seen.vpce,
                "how": seen.how,
            });
            fields.insert("origin".to_owned(), seen);
        }
        Json(refusal).into_response()
    }

    /// What an admin needs to mend a network rule or a list of proxies: who is refused is told where
    /// he was seen, and how.
    fn whereabouts(&self, asker: &Asker, language: Language) -> Option<Whereabouts> {
        (self.status == StatusCode::FORBIDDEN).then(|| Whereabouts {
            address: asker.sighting.origin.address.map(|address| address.to_string()),
            vpce: asker.sighting.origin.vpce.clone(),
            how: language.refusal().seen(&asker.sighting.seen),
        })
    }

    fn as_page(&self, portal: &Portal, asker: &Asker) -> Response {
        let signed_out = self.status == StatusCode::UNAUTHORIZED;
        let language = asker.language;
        let texts = language.refusal();
        let said = self.in_words_of(language);
        // What door and desk said in their own words is English, whatever the page is in.
        let is_foreign = said.is_none() && language != Language::English;
        let (headline, other) = said.unwrap_or_else(|| (self.headline(language), None));
        pages::answer(&RefusedPage {
            language,
            texts,
            headline,
            why: other.map_or(&self.words.why, |other| other.why),
            why_in: is_foreign.then_some(Language::English),
            remedy: other.and_then(|other| other.remedy).unwrap_or(&self.words.remedy),
            reference: &self.words.reference,
            code: self.code,
            whereabouts: self.whereabouts(asker, language),
            request: self.way_to_ask(),
            back: if asker.session_shown { texts.back } else { texts.to_start },
            sign_ins: if signed_out {
                let idps = portal.door.identity_providers();
                pages::sign_ins(language, &idps, self.team.as_ref())
            } else {
                Vec::new()
            },
        })
    }

    /// Headline and sentences in a language; `None` where only the door's own words are there.
    fn in_words_of(&self, language: Language) -> Option<(&'static str, Option<InOtherWords>)> {
        match self.said {
            Said::Here(problem) => {
                let [headline, why, remedy] = language.problem(problem);
                Some((headline, Some(InOtherWords { why, remedy: Some(remedy) })))
            }
            Said::ByDesk(_) if !self.is_own => None,
            Said::ByDesk(_) => {
                let other = language.refusal_at_desk(self.code)?;
                Some((self.headline(language), Some(other)))
            }
            Said::ByDoor(_) => {
                let other = language.refusal_by_code(self.code)?;
                Some((self.headline(language), Some(other)))
            }
        }
    }

    fn headline(&self, language: Language) -> &'static str {
        let texts = language.refusal();
        match self.said {
            Said::Here(problem) => {
                let [headline, ..] = language.problem(problem);
                headline
            }
            Said::ByDoor(RefusalKind::BadRequest) | Said::ByDesk(RefusedKind::Invalid) => {
                texts.bad_request
            }
            Said::ByDoor(RefusalKind::SignedOut) | Said::ByDesk(RefusedKind::Unknown) => {
                texts.signed_out
            }
            Said::ByDoor(RefusalKind::Denied) | Said::ByDesk(RefusedKind::Denied) => texts.denied,
            Said::ByDoor(RefusalKind::TooManyRequests { .. })
            | Said::ByDesk(RefusedKind::TooOften { .. }) => texts.too_many_requests,
            Said::ByDoor(RefusalKind::Unavailable) | Said::ByDesk(RefusedKind::Unavailable) => {
                texts.unavailable
            }
            Said::ByDesk(RefusedKind::NotFound) => texts.not_found,
            Said::ByDesk(RefusedKind::Conflict) => texts.conflict,
            Said::ByDesk(RefusedKind::Unwritten) => texts.unwritten,
        }
    }

    /// Where whoever may asks for the team that no group gives them.
    fn way_to_ask(&self) -> Option<String> {
        let team = self.team.as_ref().filter(|_| self.may_ask)?;
        Some(format!("/request/{team}"))
    }
}

fn retry_after(status: StatusCode) -> Option<u32> {
    (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut answer = self.status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

impl Problem {
    const fn status_and_code(self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
            Self::NoForm => (StatusCode::BAD_REQUEST, "form-unreadable"),
            Self::FieldTwice => (StatusCode::BAD_REQUEST, "form-ambiguous"),
            Self::NoResponse => (StatusCode::BAD_REQUEST, "saml-response-missing"),
            Self::NoTeam => (StatusCode::BAD_REQUEST, "team-malformed"),
            Self::NoFlavour => (StatusCode::BAD_REQUEST, "metadata-flavour-unknown"),
            Self::SignedOut => (StatusCode::UNAUTHORIZED, ReasonCode::SignedOut.as_str()),
            Self::ForeignForm => (StatusCode::FORBIDDEN, "form-foreign"),
            Self::PagePart => (StatusCode::FORBIDDEN, "page-part"),
            Self::FormKey => (StatusCode::FORBIDDEN, ReasonCode::FormKey.as_str()),
            Self::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, ReasonCode::Unavailable.as_str()),
            Self::Defect => (StatusCode::INTERNAL_SERVER_ERROR, "internal-error"),
        }
    }
}

/// Reference numbers of refusals that the door does not know. They stand in the access log; unique
/// for this process, and with the process's random hash key hardly the same in another. Not secret.
#[derive(Debug, Default)]
pub(crate) struct References {
    key: RandomState,
    count: AtomicU64,
}

impl References {
    fn next(&self) -> String {
        let hash = self.key.hash_one(self.count.fetch_add(1, Ordering::Relaxed));
        // Ten digits, as the door's.
        format!("{:010x}", hash & 0xFF_FFFF_FFFF)
    }
}
