//! The API: `/api/v1`, the desk's questions and actions as JSON.
//!
//! One table of endpoints makes the router, the `OpenAPI` document and the test of who may do what.
//! A handler takes [`Asking`] and asks the desk; the desk decides. Refusals are problems
//! (RFC 9457), which the frame makes of whatever was refused.

mod actions;
mod asking;
mod document;
mod endpoint;
mod export;
mod filter;
mod grants;
mod insight;
mod limits;
mod names;
mod problem;
mod questions;
mod rooms;
mod schemas;
mod why;

pub(crate) use asking::holder;
pub(crate) use limits::{A_MINUTE, ApiLimits};
pub(crate) use problem::{Failed, ProblemDocument};

use crate::routes::Portal;
use crate::table::Row;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use endpoint::Endpoint;
use serde_json::Value;

/// The largest body that is read: events to replay are the largest.
pub(crate) const BODY_BYTES: usize = 1024 * 1024;

/// What a handler answers with.
type Answer<T> = Result<Json<T>, Failed>;

/// Every endpoint.
fn endpoints() -> Vec<Endpoint> {
    let mut all = questions::endpoints();
    all.extend(actions::endpoints());
    all.extend(grants::endpoints());
    all.extend(rooms::endpoints());
    all.extend(insight::endpoints());
    all.extend(why::endpoints());
    all.extend(export::endpoints());
    all
}

/// The rows of the API.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    endpoints().into_iter().map(|endpoint| endpoint.row)
}

/// The `OpenAPI` 3.1 document of the API, as JSON.
///
/// # Errors
/// The name of a schema stands for two things: a mistake of the program, which its tests find.
pub fn document() -> Result<Value, String> {
    let (document, clashes) = document::document(&endpoints());
    if clashes.is_empty() { Ok(document) } else { Err(clashes.join(", ")) }
}

async fn tell_document(State(_): State<Portal>) -> impl IntoResponse {
    Json(document().unwrap_or_default())
}
