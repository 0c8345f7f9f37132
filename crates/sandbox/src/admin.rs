//! `/_sandbox/`: what the real AWS does not have.
//!
//! For demos and tests only: moving the clock, looking inside, replacing the faults. It needs no
//! signature, so the sandbox must never listen where strangers reach it.
//!
//! - `GET state`: everything worth a look, see [`Sandbox::state`]
//! - `GET shapes`: the shapes requests are checked against, for the comparison with botocore
//! - `POST advance {"seconds": 90}`: moves the virtual clock forward, never back
//! - `POST faults <YAML>`: replaces the faults; an empty body is none
//! - `POST reset`: starts over with the seed

use std::time::Duration;

use http::{Method, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::sandbox::{Sandbox, plain};
use crate::services::SERVICES;
use crate::wire::shape;

/// Answers a request of the admin interface.
pub(crate) fn answer(
    sandbox: &mut Sandbox,
    now: Timestamp,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Response<Vec<u8>> {
    match (method.as_str(), path) {
        ("GET", "/_sandbox/state") => reply(&sandbox.state_at(now)),
        ("GET", "/_sandbox/shapes") => reply(&shapes()),
        ("POST", "/_sandbox/advance") => advance(sandbox, now, body),
        ("POST", "/_sandbox/faults") => replace_faults(sandbox, now, body),
        ("POST", "/_sandbox/reset") => match sandbox.reset() {
            Ok(()) => reply(&json!({"reset": true})),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        _ => plain(
            StatusCode::NOT_FOUND,
            "The sandbox has GET state and shapes, POST advance, faults and reset.\n",
        ),
    }
}

fn reply(value: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(value.to_string().into_bytes());
    let kind = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

/// `{"seconds": 90}`: time only goes forward.
fn advance(sandbox: &mut Sandbox, now: Timestamp, body: &[u8]) -> Response<Vec<u8>> {
    let seconds = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|body| body.get("seconds").and_then(Value::as_u64));
    let Some(seconds) = seconds else {
        return plain(StatusCode::BAD_REQUEST, "Send {\"seconds\": N}, N a whole number from 0.\n");
    };
    let then = crate::state::later(now, seconds);
    sandbox.advance(Duration::from_secs(seconds));
    sandbox.world.settle(then);
    reply(&json!({"now": then.to_string()}))
}

fn replace_faults(sandbox: &mut Sandbox, now: Timestamp, body: &[u8]) -> Response<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    // An empty body is no faults.
    let faults =
        if text.trim().is_empty() { Ok(Faults::default()) } else { Faults::from_yaml(&text) };
    match faults {
        Ok(faults) => {
            let rules = faults.rules.len();
            sandbox.replace_faults_at(faults, now);
            reply(&json!({"rules": rules}))
        }
        Err(error) => plain(StatusCode::BAD_REQUEST, &format!("{error}\n")),
    }
}

/// Every operation and the shape of its request.
fn shapes() -> Value {
    SERVICES
        .iter()
        .map(|service| {
            let operations: serde_json::Map<String, Value> = service
                .operations
                .iter()
                .copied()
                .flatten()
                .map(|operation| (operation.name.to_owned(), shape::describe(operation.members)))
                .collect();
            (service.model.to_owned(), operations.into())
        })
        .collect::<serde_json::Map<String, Value>>()
        .into()
}
