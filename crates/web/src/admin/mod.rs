//! The administration: screens for those whom the map gives a role, each with a shareable address.
//!
//! All state of a screen is in its address, so whoever gets the link sees the same, if they may. A
//! screen is [entered](enter) with the right that it needs, has a [`Frame`] round it, and says the
//! command that tells or does the same. Nothing here decides: [`control::desk::Desk`] does.
//!
//! A new screen is a template that extends `admin/layout.html` (blocks `title`, `heading`, `lead`,
//! `acts`, `body`), a page struct with a field `frame`, a handler, and a row beside the others; the
//! navigation is in `frame`.

mod deeds;
mod flow;
pub(crate) mod frame;
mod now;
mod offboarding;
pub(crate) mod parts;
mod people;
mod person;
mod person_parts;
mod person_then;
mod plan;
mod rooms;

use crate::form::Fields;
use crate::provenance;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::table::{Row, Who};
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use control::desk::{Caller, Page, Right};
use control::door::SessionToken;

/// The screens of this module.
pub(crate) fn rows() -> Vec<Row> {
    let (see, act) = (Who::May(Right::See), Who::May(Right::Act));
    let own = vec![
        Row::get("/admin", see, now::show),
        Row::post("/admin/freeze", act, deeds::freeze),
        Row::post("/admin/thaw", act, deeds::thaw),
        Row::post("/admin/sync", act, deeds::sync),
        Row::get("/admin/plan", see, plan::show),
        Row::post("/admin/plan/approve", act, deeds::approve),
        Row::get("/admin/people", see, people::show),
        Row::get("/admin/people/{id}", see, person::show),
        Row::get("/admin/people/{id}/offboard", act, person::confirm),
        Row::post("/admin/people/{id}/offboard", act, deeds::offboard),
        Row::post("/admin/people/{id}/restore", act, deeds::restore),
        Row::get("/admin/offboarding", see, offboarding::show),
    ];
    own.into_iter().chain(rooms::rows()).collect()
}

/// Somebody who has come in. No `Debug` of the session: it is a secret, and prints as such.
#[derive(Debug)]
pub(crate) struct Entered {
    /// Who, with what they may.
    pub(crate) caller: Caller,
    /// The session that form keys are made for.
    pub(crate) session: SessionToken,
}

/// Lets somebody in who has the right.
///
/// # Errors
/// Nobody is signed in, or whoever is may not.
pub(crate) async fn enter(
    portal: &Portal,
    visit: &Visit,
    right: Right,
) -> Result<Entered, Refused> {
    let caller = portal.caller(visit).await?;
    caller.require(right).map_err(|refused| Refused::by_desk(portal, refused))?;
    let session = visit.session.clone();
    let session = session.ok_or_else(|| Refused::new(portal, Problem::SignedOut))?;
    Ok(Entered { caller, session })
}

/// The same for a form that changes something: it must come from a page of ours, with the key that
/// this session was given for `purpose`. Answers with its fields.
///
/// # Errors
/// As [`enter`]; the form is foreign, unreadable, or has no key that fits.
pub(crate) async fn enter_to_act(
    portal: &Portal,
    visit: &Visit,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    purpose: &str,
) -> Result<(Entered, Fields), Refused> {
    if !provenance::is_ours(headers, &portal.config.public_origin) {
        return Err(Refused::new(portal, Problem::ForeignForm));
    }
    let entered = enter(portal, visit, Right::Act).await?;
    let fields = Fields::of_body(portal, headers, body)?;
    if !provenance::key_fits(portal, &entered.session, purpose, fields.get("key")) {
        return Err(Refused::new(portal, Problem::FormKey));
    }
    Ok((entered, fields))
}

/// Back to a screen, after something was done there.
pub(crate) fn go_to(portal: &Portal, address: &str) -> Result<Response, Refused> {
    crate::handlers::opening::redirect(portal, StatusCode::SEE_OTHER, address)
}

/// The page of a list that an address asks for, with so many items that the screen stays below
/// 100 kB.
pub(crate) fn page_of(fields: &Fields, limit: u32) -> Page {
    Page { cursor: fields.get("cursor").map(str::to_owned), limit }
}
