//! The API: `/api/v1`, the desk's questions and actions as JSON.

use crate::refused::Refused;
use crate::routes::Portal;
use crate::visit::Visit;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use control::desk::Right;
use serde::Serialize;

/// The routes of the API.
pub(crate) fn routes() -> Router<Portal> {
    Router::new().route("/api/v1/me", get(me))
}

/// Who asks, and what they may.
#[derive(Debug, Clone, Serialize)]
struct Me {
    name: String,
    rights: Vec<Right>,
}

async fn me(State(portal): State<Portal>, visit: Visit) -> Result<Json<Me>, Refused> {
    let caller = portal.caller(&visit).await?;
    let rights = caller.rights().iter().copied().collect();
    Ok(Json(Me { name: caller.name().to_owned(), rights }))
}
