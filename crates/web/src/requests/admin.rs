//! `/admin/requests`: requests, access for a time and broken glass, for whoever has a role.

use super::pages::Row as Line;
use super::{Form, Me, id_of, purpose};
use crate::handlers::opening::redirect;
use crate::pages::{Here, Moment, Who, answer};
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::{Language, Requests};
use crate::visit::Visit;
use crate::{assets, strings};
use access::snapshot::Person;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use control::desk::{Caller, Emergency, Page, RequestView, Right, TemporaryView, spoken};
use jiff::SignedDuration;

/// The page. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "admin_requests.html")]
struct AdminRequestsPage {
    language: Language,
    texts: &'static Requests,
    who: Who,
    may_act: bool,
    emergencies: Vec<Alarm>,
    to_decide: Vec<Line>,
    requests: Vec<Line>,
    grants: Vec<Given>,
}

/// Glass that is broken, or of which nobody told what was done.
struct Alarm {
    line: Line,
    /// How long it lasts still; absent: it is over.
    left: Option<String>,
    until: Moment,
}

/// A grant with the form that ends it.
struct Given {
    line: Line,
    revoke_key: Option<String>,
}

/// `GET /admin/requests`.
pub(super) async fn page(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
) -> Result<Response, Refused> {
    let caller = portal.caller(&visit).await?;
    let by_desk = |refused| Refused::by_desk(&portal, refused);
    let me = Me::of(&portal, visit).await?;
    let emergencies = portal.desk.emergencies(&caller).await.map_err(by_desk)?;
    let requests = portal.desk.requests(&caller, &Page::default()).await.map_err(by_desk)?;
    let grants = portal.desk.temporary_grants(&caller, None, false, &Page::default()).await;
    let grants = grants.map_err(by_desk)?;
    let facts = (emergencies.as_slice(), requests.items.as_slice(), grants.items.as_slice());
    let person = Person {
        id: me.person.clone(),
        user_name: caller.name().to_owned(),
        display_name: String::new(),
        enabled: true,
    };
    let page = AdminRequestsPage::new(&caller, &person, facts, language, me.keys(&portal));
    Ok(answer(&page))
}

/// `POST /admin/grants/{id}/revoke`.
pub(super) async fn revoke(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Refused> {
    let caller = portal.caller(&form.visit).await?;
    // Whoever may not is told so, whatever else is wrong with the form.
    caller.require(Right::Act).map_err(|refused| Refused::by_desk(&portal, refused))?;
    let id = id_of(&portal, &id)?;
    let (_, fields) = form.sent(&portal, "revoke", id.as_str()).await?;
    // The box that says so is required; whoever sends the form without it has not been asked.
    if fields.get("sure") != Some("yes") {
        return Err(Refused::new(&portal, Problem::NoForm));
    }
    let revoked = portal.desk.revoke(&caller, &id, fields.get("why"), false).await;
    revoked.map_err(|refused| Refused::by_desk(&portal, refused))?;
    redirect(&portal, StatusCode::SEE_OTHER, "/admin/requests")
}

impl AdminRequestsPage {
    fn new(
        caller: &Caller,
        person: &Person,
        (emergencies, requests, grants): (&[Emergency], &[RequestView], &[TemporaryView]),
        language: Language,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let key = |what: &'static str| {
            let form_key = &form_key;
            move |id: &str| form_key(&purpose(what, id))
        };
        let may_act = caller.may(Right::Act);
        let (to_decide, requests): (Vec<_>, Vec<_>) =
            requests.iter().partition(|request| request.may_decide);
        let line = |one: &&RequestView| Line::of_request(one, language, key("decide"));
        Self {
            language,
            texts: language.requests(),
            who: Who::new(person, language, Here::Requests, &form_key).who_administers(true),
            may_act,
            emergencies: emergencies
                .iter()
                .map(|one| Alarm {
                    line: Line::of_grant(&one.grant, language, key("note")),
                    left: left(one.seconds_left),
                    until: Moment::at(one.grant.ends, language),
                })
                .collect(),
            to_decide: to_decide.iter().map(line).collect(),
            requests: requests.iter().map(line).collect(),
            grants: grants
                .iter()
                .map(|one| Given {
                    line: Line::of_grant(one, language, key("note")),
                    revoke_key: may_act.then(|| form_key(&purpose("revoke", one.id.as_str()))),
                })
                .collect(),
        }
    }
}

fn left(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    Some(spoken(SignedDuration::from_secs(seconds)))
}
