//! Answers in the form that a gateway wants.

use super::Form;
use crate::payload::Gateway;
use axum::http::response::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest body. Lambda answers with 6 MB at most, and base64 takes a third more.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The longest answer as JSON, in bytes: what Lambda hands on, and of that what a load balancer takes
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>). From
/// a longer one it would make an error of its own.
const fn longest(gateway: Gateway) -> usize {
    match gateway {
        Gateway::LoadBalancer => 1_000_000,
        Gateway::Rest | Gateway::HttpV1 | Gateway::HttpV2 => 6_000_000,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

/// The answer as JSON. One that cannot be told, for it is too long, becomes an error of the server.
pub(crate) async fn write(response: Response, gateway: Gateway, form: Form) -> Vec<u8> {
    let (mut parts, body) = response.into_parts();
    match axum::body::to_bytes(body, MOST_BYTES).await {
        Ok(body) => {
            let told = told(&parts, &body, form);
            if told.len() <= longest(gateway) {
                return told;
            }
            let bytes = told.len();
            tracing::error!(bytes, ?gateway, "an answer is longer than the gateway takes");
        }
        Err(error) => tracing::error!(%error, "an answer cannot be handed to the gateway"),
    }
    parts.status = StatusCode::INTERNAL_SERVER_ERROR;
    parts.headers.clear();
    told(&parts, &[], form)
}

fn told(parts: &Parts, body: &[u8], form: Form) -> Vec<u8> {
    let (body, is_base64_encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    let mut answer = Answer {
        status_code: parts.status.as_u16(),
        status_description: None,
        multi_value_headers: None,
        headers: None,
        cookies: Vec::new(),
        body,
        is_base64_encoded,
    };
    match form {
        Form::Lists => answer.multi_value_headers = Some(lists(&parts.headers)),
        Form::Cookies => {
            let mut lists = lists(&parts.headers);
            answer.cookies = lists.remove(header::SET_COOKIE.as_str()).unwrap_or_default();
            answer.headers = Some(joined(lists));
        }
        Form::Single => {
            let mut lists = lists(&parts.headers);
            let cookies = lists.remove(header::SET_COOKIE.as_str()).unwrap_or_default();
            let mut headers = joined(lists);
            headers.extend(spelt_apart(cookies));
            answer.headers = Some(headers);
            answer.status_description = Some(parts.status.to_string());
        }
    }
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn lists(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        lists.entry(name.as_str().to_owned()).or_default().push(value);
    }
    lists
}

fn joined(lists: BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    lists.into_iter().map(|(name, values)| (name, values.join(", "))).collect()
}

/// Cookies must not be joined, and an object has one member of a name: a load balancer tells names
/// in other capitals apart, a browser does not.
fn spelt_apart(cookies: Vec<String>) -> impl Iterator<Item = (String, String)> {
    cookies.into_iter().enumerate().map(|(number, cookie)| {
        let spelt = header::SET_COOKIE.as_str().char_indices().map(|(place, c)| {
            let is_capital = number.checked_shr(u32::try_from(place).unwrap_or(u32::MAX));
            if is_capital.unwrap_or(0) & 1 == 1 { c.to_ascii_uppercase() } else { c }
        });
        (spelt.collect(), cookie)
    })
}
