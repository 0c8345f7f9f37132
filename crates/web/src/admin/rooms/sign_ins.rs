//! *Sign-ins*: the last answers of identity providers, check by check.

use super::address;
use crate::admin::enter;
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::{Stamp, command, in_path};
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::code as filters;
use crate::strings::rooms as say;
use crate::strings::{Admin, Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use access::ids::IdpKey;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{Page, RefusalCount, Right, SignIn, SignInFilter, SignIns};

/// Sign-ins on one page: with all their checks some 3 kB each.
const PAGE: u32 = 20;

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/sign_ins.html")]
struct SignInsPage {
    t: &'static Admin,
    r: &'static Rooms,
    frame: Frame,
    kept: String,
    accepted: String,
    refused: String,
    refusals: Vec<RefusalText>,
    chosen: Chosen,
    providers: Vec<(String, bool)>,
    outcomes: [(&'static str, &'static str, bool); 3],
    rows: Vec<SignInText>,
    next: Option<String>,
    clear: bool,
}

/// What stands in the address.
#[derive(Debug, Default)]
struct Chosen {
    person: String,
    provider: String,
    outcome: String,
    code: String,
}

struct RefusalText {
    code: String,
    meaning: String,
    times: String,
    href: String,
    current: bool,
}

struct SignInText {
    id: String,
    at: Stamp,
    reference: String,
    who: String,
    who_href: Option<String>,
    provider: String,
    accepted: bool,
    code: String,
    all_passed: Option<String>,
    checks: Vec<CheckText>,
    stopped: Option<StoppedText>,
}

struct CheckText {
    class: &'static str,
    state: &'static str,
    name: String,
}

struct StoppedText {
    check: String,
    meaning: String,
    code: String,
    remedy: Option<String>,
}

/// `GET /admin/sign-ins?person=&provider=&outcome=&code=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::Audit).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let chosen = Chosen::of(&fields);
    let page = Page { cursor: fields.get("cursor").map(str::to_owned), limit: PAGE };
    let told = portal.desk.sign_ins(&entered.caller, &chosen.filter(), &page).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let commands = vec![command(&["saml", "attempts", "--limit", "200"])];
    let frame = Frame::new(&portal, &entered, language, Screen::SignIns, commands).await?;
    Ok(pages::answer(&SignInsPage::new(language.rooms(), frame, chosen, told)))
}

impl Chosen {
    fn of(fields: &Fields) -> Self {
        let field = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
        Self {
            person: field("person"),
            provider: field("provider"),
            outcome: field("outcome"),
            code: field("code"),
        }
    }

    fn filter(&self) -> SignInFilter {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        SignInFilter {
            person: text(&self.person),
            provider: IdpKey::parse(self.provider.as_str()).ok(),
            accepted: match self.outcome.as_str() {
                "accepted" => Some(true),
                "refused" => Some(false),
                _ => None,
            },
            code: text(&self.code),
        }
    }

    fn with(&self, code: &str, cursor: &str) -> String {
        let chosen = [
            ("person", self.person.as_str()),
            ("provider", &self.provider),
            ("outcome", &self.outcome),
            ("code", code),
            ("cursor", cursor),
        ];
        address("/admin/sign-ins", &chosen)
    }

    fn is_empty(&self) -> bool {
        let all = [&self.person, &self.provider, &self.outcome, &self.code];
        all.into_iter().all(String::is_empty)
    }
}

impl SignInsPage {
    fn new(r: &'static Rooms, frame: Frame, chosen: Chosen, told: SignIns) -> Self {
        let refusal = |refusal: RefusalCount| RefusalText {
            href: chosen.with(&refusal.code, ""),
            current: chosen.code == refusal.code,
            times: strings::admin::grouped(refusal.times),
            code: refusal.code,
            meaning: refusal.meaning,
        };
        let provider = |key: IdpKey| (key.to_string(), chosen.provider == key.as_str());
        let outcome = |value: &'static str, name| (value, name, chosen.outcome == value);
        Self {
            t: frame.t,
            r,
            kept: strings::admin::grouped(told.kept),
            accepted: strings::admin::grouped(told.accepted),
            refused: strings::admin::grouped(told.kept.saturating_sub(told.accepted)),
            refusals: told.refusals.into_iter().map(refusal).collect(),
            providers: told.providers.into_iter().map(provider).collect(),
            outcomes: [
                outcome("", r.all),
                outcome("accepted", r.accepted),
                outcome("refused", r.refused_ones),
            ],
            rows: told.sign_ins.items.into_iter().map(|it| SignInText::new(r, it)).collect(),
            next: told.sign_ins.next.map(|next| chosen.with(&chosen.code, &next)),
            clear: !chosen.is_empty(),
            chosen,
            frame,
        }
    }
}

impl SignInText {
    fn new(r: &'static Rooms, sign_in: SignIn) -> Self {
        let check = |check: &control::desk::CheckedRow| CheckText {
            class: check.state,
            state: match check.state {
                "passed" => r.passed,
                "failed" => r.failed,
                _ => r.not_run,
            },
            name: check.check.clone(),
        };
        let id = sign_in.person.as_ref().map(ToString::to_string);
        let passed = sign_in.checks.iter().filter(|check| check.state == "passed").count();
        Self {
            id: format!("s-{}", sign_in.reference),
            at: Stamp::at(sign_in.at),
            who_href: id.as_ref().map(|id| format!("/admin/people/{}", in_path(id))),
            who: sign_in.name.or(id).unwrap_or_else(|| r.somebody.to_owned()),
            provider: sign_in
                .provider
                .map_or_else(|| r.no_provider.to_owned(), |provider| provider.to_string()),
            accepted: sign_in.accepted,
            all_passed: sign_in.accepted.then(|| say::all_passed(passed)),
            checks: sign_in.checks.iter().map(check).collect(),
            stopped: sign_in.stopped.map(|stopped| StoppedText {
                check: stopped.check,
                meaning: stopped.why.meaning,
                code: stopped.why.code,
                remedy: stopped.why.remedy,
            }),
            reference: sign_in.reference,
            code: sign_in.code,
        }
    }
}
