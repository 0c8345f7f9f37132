//! Probes for whoever watches the process.

use crate::refused::AsItIs;
use crate::routes::Portal;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// The process takes requests, and is not about to end. It says nothing of AWS: a pod that is taken
/// out because AWS is slow could not even show a page that says so.
pub(crate) async fn ready(State(portal): State<Portal>) -> Response {
    if portal.config.condition.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, Extension(AsItIs), "draining\n").into_response();
    }
    "ready\n".into_response()
}
