//! One line an answer. Never a query, a cookie, a body or a `Location`: each can hold a secret.

use axum::http::{Method, StatusCode};
use std::time::Instant;

/// Writes the line. `route` is the template (`/open/{team}`), absent where none matched; the path
/// itself is the caller's text and stays out. `refused` is the reason code and its reference.
pub(crate) fn write(
    method: &Method,
    route: Option<&str>,
    status: StatusCode,
    refused: Option<(&str, &str)>,
    started: Instant,
) {
    // A method is any token a client likes to send; only known ones are worth a log line's space.
    let method = match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::OPTIONS
        | Method::PATCH => method.as_str(),
        _ => "other",
    };
    tracing::info!(
        method,
        route = route.unwrap_or("-"),
        status = status.as_u16(),
        code = refused.map_or("ok", |(code, _)| code),
        reference = refused.map_or("-", |(_, reference)| reference),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
}
