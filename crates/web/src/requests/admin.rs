//! `/admin/requests`: requests, access for a time and broken glass, for whoever has a role.

use super::pages::Row as Line;
use super::{Form, id_of, purpose};
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::command;
use crate::admin::{enter, go_to};
use crate::pages::answer;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::{Language, Requests};
use crate::visit::Visit;
use crate::{assets, strings};
use access::ids::PersonId;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use control::desk::{Emergency, Page, RequestView, Right, TemporaryView};
use std::collections::BTreeMap;

/// The page. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "admin/requests.html")]
struct AdminRequestsPage {
    frame: Frame,
    texts: &'static Requests,
    /// Broken glass that is over, of which nobody told what was done. What is broken still stands in the
    /// frame's alarms.
    owed: Vec<Line>,
    to_decide: Vec<Line>,
    requests: Vec<Line>,
    grants: Vec<Given>,
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
    let entered = enter(&portal, &visit, Right::See).await?;
    let (desk, caller) = (&portal.desk, &entered.caller);
    let by_desk = |refused| Refused::by_desk(&portal, refused);
    let emergencies = desk.emergencies(caller).await.map_err(by_desk)?;
    let requests = desk.requests(caller, &Page::default()).await.map_err(by_desk)?;
    let grants = desk.temporary_grants(caller, None, false, &Page::default()).await;
    let grants = grants.map_err(by_desk)?;
    let commands = vec![command(&["grant", "list", "--all"])];
    let frame = Frame::new(&portal, &entered, language, Screen::Requests, commands).await?;
    let people = emergencies.iter().map(|it| &it.grant.person);
    let people = people.chain(requests.items.iter().map(|it| &it.person));
    let names = desk.names(people.chain(grants.items.iter().map(|it| &it.person)));
    let facts = (emergencies.as_slice(), requests.items.as_slice(), grants.items.as_slice());
    let key = |purpose: &str| portal.door.form_key(&entered.session, purpose);
    Ok(answer(&AdminRequestsPage::new(frame, facts, &names, caller.may(Right::Act), key)))
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
    go_to(&portal, "/admin/requests")
}

impl AdminRequestsPage {
    fn new(
        frame: Frame,
        (emergencies, requests, grants): (&[Emergency], &[RequestView], &[TemporaryView]),
        names: &BTreeMap<PersonId, String>,
        may_act: bool,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        // As the administration round it.
        let language = Language::English;
        let key = |what: &'static str| {
            let form_key = &form_key;
            move |id: &str| form_key(&purpose(what, id))
        };
        let (to_decide, requests): (Vec<_>, Vec<_>) =
            requests.iter().partition(|request| request.may_decide);
        let line = |one: &&RequestView| {
            Line::of_request(one, language, key("decide")).named(names.get(&one.person))
        };
        let grant = |one: &TemporaryView| {
            Line::of_grant(one, language, key("note")).named(names.get(&one.person))
        };
        let owed = emergencies.iter().filter(|one| may_act && one.grant.owes_note);
        Self {
            frame,
            texts: language.requests(),
            owed: owed.map(|one| grant(&one.grant)).collect(),
            to_decide: to_decide.iter().map(line).collect(),
            requests: requests.iter().map(line).collect(),
            grants: grants
                .iter()
                .map(|one| Given {
                    line: grant(one),
                    revoke_key: may_act.then(|| form_key(&purpose("revoke", one.id.as_str()))),
                })
                .collect(),
        }
    }
}
