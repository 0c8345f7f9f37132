//! Requests of the gateways, and answers as they want them.

mod answer;

pub(crate) use answer::write;

use crate::payload::Gateway;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What cannot stand in the path of a URI. `%` is left alone: what is escaped stays so.
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// Headers that tell how the body came to the gateway. It comes to us otherwise.
const OF_THE_CONNECTION: [HeaderName; 3] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// The gateway's payload is one in form, and its request cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} of the request cannot be read")]
pub(crate) struct Unreadable(&'static str);

type Many = BTreeMap<String, Vec<String>>;
type One = BTreeMap<String, String>;

/// Payload 1.0, and the load balancer's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V1 {
    http_method: String,
    path: Option<String>,
    headers: Option<One>,
    multi_value_headers: Option<Many>,
    query_string_parameters: Option<One>,
    multi_value_query_string_parameters: Option<Many>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
    resource: Option<String>,
    path_parameters: Option<One>,
}

/// Payload 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V2 {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    headers: One,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
    path_parameters: Option<One>,
}

#[derive(Deserialize)]
struct Context {
    stage: Option<String>,
    http: Option<ContextHttp>,
}

#[derive(Deserialize)]
struct ContextHttp {
    method: String,
}

/// How the gateway wants several values of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `multiValueHeaders`.
    Lists,
    /// `headers`, and `cookies` besides.
    Cookies,
    /// `headers` and nothing else: a load balancer without multi-value headers.
    Single,
}

impl Form {
    /// The form of an answer to a request that cannot be read.
    pub(crate) const fn usual(gateway: Gateway) -> Self {
        match gateway {
            Gateway::Rest | Gateway::HttpV1 => Self::Lists,
            Gateway::HttpV2 => Self::Cookies,
            Gateway::LoadBalancer => Self::Single,
        }
    }
}

/// The request of a payload, and the form of its answer.
pub(crate) fn read(gateway: Gateway, payload: &[u8]) -> Result<(Request, Form), Unreadable> {
    match gateway {
        Gateway::Rest | Gateway::HttpV1 | Gateway::LoadBalancer => {
            let event = serde_json::from_slice(payload).map_err(|_| Unreadable("the payload"))?;
            read_v1(gateway, event)
        }
        Gateway::HttpV2 => {
            let event = serde_json::from_slice(payload).map_err(|_| Unreadable("the payload"))?;
            Ok((read_v2(event)?, Form::Cookies))
        }
    }
}

fn read_v1(gateway: Gateway, event: V1) -> Result<(Request, Form), Unreadable> {
    let is_single = gateway == Gateway::LoadBalancer && event.multi_value_headers.is_none();
    let form = if is_single { Form::Single } else { Form::Lists };
    // An API decodes the query; a load balancer hands it on as it came.
    let encode = |text: &str| match gateway {
        Gateway::LoadBalancer => text.to_owned(),
        _ => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
    };
    let query: Vec<String> =
        pairs(event.multi_value_query_string_parameters, event.query_string_parameters)
            .map(|(name, value)| format!("{}={}", encode(&name), encode(&value)))
            .collect();
    let stage = event.request_context.stage.filter(|_| gateway == Gateway::HttpV1);
    let path = match event.resource.as_deref() {
        // Whatever stands before it is a base path.
        Some("/") => "/",
        _ => event.path.as_deref().unwrap_or("/"),
    };
    let path = asked_for(path, event.path_parameters.as_ref(), stage.as_deref());
    let mut request = Request::new(body(event.body, event.is_base64_encoded)?);
    *request.method_mut() = method(&event.http_method)?;
    *request.uri_mut() = uri(path, &query.join("&"))?;
    *request.headers_mut() = headers(pairs(event.multi_value_headers, event.headers))?;
    Ok((request, form))
}

fn read_v2(event: V2) -> Result<Request, Unreadable> {
    let Context { stage, http } = event.request_context;
    let http = http.ok_or(Unreadable("the method"))?;
    let mut request = Request::new(body(event.body, event.is_base64_encoded)?);
    *request.method_mut() = method(&http.method)?;
    let path = asked_for(&event.raw_path, event.path_parameters.as_ref(), stage.as_deref());
    *request.uri_mut() = uri(path, &event.raw_query_string)?;
    let cookies = (!event.cookies.is_empty())
        .then(|| (header::COOKIE.as_str().to_owned(), event.cookies.join("; ")));
    // They stand in one place only.
    let others = event.headers.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
    *request.headers_mut() = headers(others.chain(cookies))?;
    Ok(request)
}

/// The lists if there are any, else the single values: an API sends both.
fn pairs(many: Option<Many>, one: Option<One>) -> impl Iterator<Item = (String, String)> {
    let one = if many.is_none() { one } else { None };
    let many = many
        .unwrap_or_default()
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
    many.chain(one.unwrap_or_default())
}

fn method(text: &str) -> Result<Method, Unreadable> {
    Method::from_bytes(text.as_bytes()).map_err(|_| Unreadable("the method"))
}

/// The path that was asked for, without what stands before it: the stage, or the base path of a custom
/// domain name. The API says what its `{proxy+}` stands for, which is neither.
fn asked_for<'a>(path: &'a str, parameters: Option<&One>, stage: Option<&str>) -> &'a str {
    let proxy = parameters.and_then(|parameters| parameters.get("proxy"));
    let below = proxy.and_then(|proxy| {
        let below = path.get(path.len().checked_sub(proxy.len() + 1)?..)?;
        (below.strip_prefix('/') == Some(proxy.as_str())).then_some(below)
    });
    below.or_else(|| without_stage(path, stage?)).unwrap_or(path)
}

/// Path and query.
fn uri(path: &str, query: &str) -> Result<axum::http::Uri, Unreadable> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let path = utf8_percent_encode(path, NOT_IN_PATH);
    let mark = if query.is_empty() { "" } else { "?" };
    let query = utf8_percent_encode(query, NOT_IN_PATH);
    format!("{slash}{path}{mark}{query}").parse().map_err(|_| Unreadable("the path"))
}

fn without_stage<'a>(path: &'a str, stage: &str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(stage)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

fn headers(pairs: impl Iterator<Item = (String, String)>) -> Result<HeaderMap, Unreadable> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().map_err(|_| Unreadable("a header"))?;
        let value =
            HeaderValue::from_bytes(value.as_bytes()).map_err(|_| Unreadable("a header"))?;
        headers.try_append(name, value).map_err(|_| Unreadable("a header"))?;
    }
    for name in &OF_THE_CONNECTION {
        headers.remove(name);
    }
    Ok(headers)
}

fn body(text: Option<String>, is_base64: bool) -> Result<Body, Unreadable> {
    let text = text.unwrap_or_default();
    if !is_base64 {
        return Ok(Body::from(text));
    }
    STANDARD.decode(text).map(Body::from).map_err(|_| Unreadable("the body"))
}

#[cfg(test)]
mod tests;
