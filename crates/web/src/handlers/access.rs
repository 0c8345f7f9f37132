//! *My access*: one's own reasons, sessions and history.

use super::opening::redirect;
use crate::own_form::OwnForm;
use crate::pages::{self, EndAllPage, MyAccessPage};
use crate::provenance;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::Language;
use crate::table::{Row, Who};
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// Says that a session has ended; any other query says nothing.
const ENDED: &str = "ended";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::get("/access", Who::SignedIn, my_access),
        Row::post("/access/sessions/end", Who::SignedIn, end),
        Row::get("/access/sessions/end-all", Who::SignedIn, confirm_all),
        Row::post("/access/sessions/end-all", Who::SignedIn, end_all),
    ]
}

/// `GET /access`.
async fn my_access(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let session = visit.shown_session(&portal)?;
    let own = portal.door.my_access(session, &visit.origin).await.map_err(Refused::by_door)?;
    let title = |team: &str| portal.door.title_of(team);
    let form_key = |purpose: &str| portal.door.form_key(session, purpose);
    let ended = query.as_deref() == Some(ENDED);
    let now = portal.door.time();
    Ok(pages::answer_in(&MyAccessPage::new(language, &own, now, ended, title, form_key)))
}

/// `POST /access/sessions/end`: one session of one's own, by its handle. Nothing is lost by it that a
/// sign-in does not bring back, so it is not asked twice.
async fn end(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let form = OwnForm::read(&portal, &visit, &headers, body, provenance::END_SESSION)?;
    // Without a handle nothing is meant; the door would take that for all.
    let handle = form.fields.get("session").unwrap_or("none");
    let ended =
        portal.door.end_sessions(&form.session, Some(handle)).await.map_err(Refused::by_door)?;
    if ended.this_too {
        return signed_out(&portal);
    }
    let location = if ended.number > 0 { "/access?ended" } else { "/access" };
    redirect(&portal, StatusCode::SEE_OTHER, location)
}

/// `GET /access/sessions/end-all`: are you sure?
async fn confirm_all(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
) -> Result<Response, Refused> {
    let session = visit.shown_session(&portal)?;
    portal.door.who(session).await.map_err(Refused::by_door)?;
    let key = portal.door.form_key(session, provenance::END_ALL_SESSIONS);
    Ok(pages::answer_in(&EndAllPage { language, texts: language.access(), key }))
}

/// `POST /access/sessions/end-all`.
async fn end_all(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let form = OwnForm::read(&portal, &visit, &headers, body, provenance::END_ALL_SESSIONS)?;
    portal.door.end_sessions(&form.session, None).await.map_err(Refused::by_door)?;
    signed_out(&portal)
}

fn signed_out(portal: &Portal) -> Result<Response, Refused> {
    let mut answer = redirect(portal, StatusCode::SEE_OTHER, "/signed-out")?;
    Visit::forget_session(portal, &mut answer);
    Ok(answer)
}
