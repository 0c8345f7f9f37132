//! SCIM over HTTP: who pushes, how much and how often, and answers with their headers. What is
//! answered, [`control::scim`] says.

use crate::api::{ApiLimits, Failed, holder};
use crate::origin::Sighting;
use crate::refused::{AsItIs, Coded, Problem, Refused};
use crate::routes::Portal;
use crate::table::{Row, Who};
use access::reason::ReasonCode;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::ToStrError;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodFilter;
use control::desk::{self, Caller, Right};
use control::limits::TooMany;
use control::scim::{MAX_BODY_BYTES, ROOT, Room, ScimAnswer, ScimMethod, ScimRequest, Toll};
use jiff::Timestamp;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The longest body: a full push of the largest group.
pub(crate) const BODY_BYTES: usize = MAX_BODY_BYTES;

/// So many requests a minute one token may make, if nobody says otherwise. Entra ID makes some 25 a
/// second, Okta as many as it is let.
pub(crate) const A_MINUTE: NonZeroU32 = match NonZeroU32::new(6_000) {
    Some(requests) => requests,
    None => NonZeroU32::MIN,
};

/// The type of bodies (RFC 7644 section 3.1).
const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");

/// The methods, each with a row of the table of addresses.
const METHODS: [(&str, MethodFilter); 5] = [
    ("GET", MethodFilter::GET),
    ("POST", MethodFilter::POST),
    ("PUT", MethodFilter::PUT),
    ("PATCH", MethodFilter::PATCH),
    ("DELETE", MethodFilter::DELETE),
];

/// The addresses of the server. What is below them is SCIM's own business.
pub(crate) fn rows() -> Vec<Row> {
    let may = Who::May(Right::Scim);
    let of = |path| METHODS.map(move |method| Row::on(method, path, may, push));
    ["/scim/v2", "/scim/v2/", "/scim/v2/{*path}"].into_iter().flat_map(of).collect()
}

/// Whether a path is one of the server's.
pub(crate) fn is_below(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whoever pushes. A session is no help: identity providers have none.
#[derive(Debug)]
struct Pushing(Caller);

impl FromRequestParts<Portal> for Pushing {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Response> {
        let refuse = |refused: desk::Refused| Failed(refused).into_response();
        let sighting = parts.extensions.get::<Sighting>().cloned().unwrap_or_default();
        let limits = &portal.scim_limits;
        let now = portal.desk.time();
        limits.address(sighting.origin.counted_as(), now).map_err(refuse)?;
        let shown = parts.headers.get(header::AUTHORIZATION);
        let shown = shown.ok_or_else(|| refuse(desk::Refused::token()))?;
        let caller = holder(portal, shown).await.map_err(refuse)?;
        limits.caller(&caller, now).map_err(refuse)?;
        caller.require(Right::Scim).map_err(refuse)?;
        Ok(Self(caller))
    }
}

/// Counts the requests of a caller who asks for several in one.
#[derive(Debug)]
struct Counted {
    limits: Arc<ApiLimits>,
    caller: Caller,
    now: Timestamp,
}

impl Toll for Counted {
    fn pay(&self, requests: u32) -> Result<(), TooMany> {
        self.limits.several(&self.caller, requests, self.now)
    }
}

async fn push(
    State(portal): State<Portal>,
    Pushing(caller): Pushing,
    request: Request,
) -> Result<Response, Response> {
    let refuse = |refused: desk::Refused| Failed(refused).into_response();
    let uri = request.uri().clone();
    let below = uri.path().strip_prefix(ROOT).unwrap_or_default();
    let found = portal.desk.scim(&caller, &portal.config.public_origin, below);
    let (tenant, path) = found.map_err(refuse)?;
    let method = method_of(request.method())
        .ok_or_else(|| Refused::new(&portal, Problem::WrongMethod).into_response())?;
    let headers = request.headers();
    let is_scim = is_scim(headers);
    let [if_match, if_none_match] =
        [header::IF_MATCH, header::IF_NONE_MATCH].map(|name| tags(headers, name));
    let mut room = match method {
        ScimMethod::Get => None,
        _ => Some(tenant.room(most_bytes(&request)).map_err(told)?),
    };
    let body = Bytes::from_request(request, &portal).await.map_err(|rejection| {
        let is_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let problem = if is_large { Problem::TooLarge } else { Problem::NoForm };
        Refused::new(&portal, problem).into_response()
    })?;
    if let Some(room) = &mut room {
        room.shrink_to(body.len());
    }
    // Whoever sends nothing says of no type what it is; SCIM says what is missing.
    if !body.is_empty() && !is_scim {
        return Err(unsupported());
    }
    let if_match = if_match.map_err(|_| bad_header())?;
    let if_none_match = if_none_match.map_err(|_| bad_header())?;
    let (path, query) = (path.to_owned(), uri.query().unwrap_or_default().to_owned());
    let (limits, now) = (Arc::clone(&portal.scim_limits), portal.desk.time());
    let toll = Counted { limits, caller, now };
    let sent = Sent { method, path, query, body, if_match, if_none_match, toll, _room: room };
    if !sent.request().may_change() {
        return Ok(told(tenant.answer(&sent.request()).await));
    }
    // A change is carried through to waking the loop, even if its client hangs up.
    let answer = async move { tenant.answer(&sent.request()).await };
    let answer = portal.desk.errands().run(answer).await;
    answer.map(told).map_err(|_| Refused::new(&portal, Problem::Defect).into_response())
}

/// A request that came whole.
#[derive(Debug)]
struct Sent {
    method: ScimMethod,
    path: String,
    query: String,
    body: Bytes,
    if_match: Option<String>,
    if_none_match: Option<String>,
    toll: Counted,
    _room: Option<Room>,
}

/// How long the body is at most.
fn most_bytes(request: &Request) -> usize {
    let told = request.body().size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
    told.unwrap_or(BODY_BYTES).min(BODY_BYTES)
}

impl Sent {
    fn request(&self) -> ScimRequest<'_> {
        ScimRequest {
            method: self.method,
            path: &self.path,
            query: &self.query,
            body: &self.body,
            if_match: self.if_match.as_deref(),
            if_none_match: self.if_none_match.as_deref(),
            toll: &self.toll,
        }
    }
}

/// All entity tags of a header. One that cannot be read must not look like none.
fn tags(headers: &HeaderMap, name: HeaderName) -> Result<Option<String>, ToStrError> {
    let tags = headers.get_all(name).iter().map(HeaderValue::to_str);
    let tags: Vec<&str> = tags.collect::<Result<_, _>>()?;
    Ok((!tags.is_empty()).then(|| tags.join(", ")))
}

fn bad_header() -> Response {
    let why = "An entity tag is not readable text.";
    let code = ReasonCode::RequestInvalid.as_str();
    let body = control::scim::refusal(400, why, code);
    coded((StatusCode::BAD_REQUEST, body).into_response(), code)
}

fn method_of(method: &Method) -> Option<ScimMethod> {
    Some(match *method {
        // What is not wanted of the answer is left out on the way.
        Method::GET | Method::HEAD => ScimMethod::Get,
        Method::POST => ScimMethod::Post,
        Method::PUT => ScimMethod::Put,
        Method::PATCH => ScimMethod::Patch,
        Method::DELETE => ScimMethod::Delete,
        _ => return None,
    })
}

/// Whether the body is of a type that SCIM takes.
fn is_scim(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        ["application/scim+json", "application/json"]
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
    })
}

fn unsupported() -> Response {
    let why = "The body is not of the type `application/scim+json`.";
    let code = ReasonCode::RequestInvalid.as_str();
    let body = control::scim::refusal(415, why, code);
    coded((StatusCode::UNSUPPORTED_MEDIA_TYPE, body).into_response(), code)
}

/// The answer over HTTP.
fn told(answer: ScimAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match answer.body {
        Some(body) => (status, body).into_response(),
        None => status.into_response(),
    };
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, SCIM_JSON);
    }
    let version = answer.version.map(|version| version.to_string());
    let values = [
        (header::LOCATION, answer.location),
        (header::ETAG, version),
        (header::ALLOW, answer.allow.map(str::to_owned)),
        (header::RETRY_AFTER, answer.retry_after.map(|seconds| seconds.to_string())),
    ];
    for (name, value) in values {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    match answer.code {
        Some(code) => coded(response, code),
        None => response,
    }
}

/// A refusal that is worded already.
fn coded(mut response: Response, code: &'static str) -> Response {
    response.headers_mut().insert(header::CONTENT_TYPE, SCIM_JSON);
    response.extensions_mut().insert(AsItIs);
    response.extensions_mut().insert(Coded(code));
    response
}

/// What is said of a refusal of the frame's to a program that pushes: pages and buttons are not for it.
pub(crate) const fn words(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::NotFound => {
            ("There is nothing at this address.", "Users and groups are below `/scim/v2`.")
        }
        Problem::WrongMethod => ("The address does not take this method.", ""),
        Problem::TooLarge => ("The body is longer than 8 MiB.", "Send it in parts."),
        Problem::NoForm => ("The body did not arrive whole.", "Send it again."),
        Problem::TooSlow => {
            ("The answer took too long; a change that was begun is carried through.", "Ask again.")
        }
        _ => ("The server failed.", "Ask again; its log says more."),
    }
}

/// A refusal of the frame's, as SCIM words it.
pub(crate) fn refusal(status: StatusCode, why: &str, remedy: &str, code: &str) -> Response {
    let said = format!("{why} {remedy}");
    let body = control::scim::refusal(status.as_u16(), said.trim(), code);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, SCIM_JSON);
    if status == StatusCode::UNAUTHORIZED {
        let how = HeaderValue::from_static("Bearer realm=\"stagedoor\"");
        headers.insert(header::WWW_AUTHENTICATE, how);
    }
    response
}
