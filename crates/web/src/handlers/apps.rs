//! Stopping one's own apps: a page that says which, and the form that does it.

use super::opening::{redirect, team_of};
use crate::own_form::OwnForm;
use crate::pages::{self, StopAppsPage};
use crate::provenance::stop_purpose;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::Language;
use crate::table::{Row, Who};
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::get("/apps/{team}", Who::SignedIn, confirm),
        Row::post("/apps/{team}/stop", Who::SignedIn, stop),
    ]
}

/// `GET /apps/{team}`: what would be stopped, read now.
async fn confirm(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    team: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    let session = visit.shown_session(&portal)?;
    let apps = portal.door.my_apps(session, &team).await.map_err(Refused::by_door)?;
    let key = portal.door.form_key(session, &stop_purpose(team.as_str()));
    let (title, now) = (portal.door.title_of(team.as_str()), portal.door.time());
    let page = StopAppsPage::new(language, (team.as_str(), &title), &apps, now, key);
    Ok(pages::answer_in(&page))
}

/// `POST /apps/{team}/stop`.
async fn stop(
    State(portal): State<Portal>,
    visit: Visit,
    team: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    let purpose = stop_purpose(team.as_str());
    let form = OwnForm::read(&portal, &visit, &headers, body, &purpose)?;
    portal.door.stop_my_apps(&form.session, &team).await.map_err(Refused::by_door)?;
    redirect(&portal, StatusCode::SEE_OTHER, "/?stopped")
}
