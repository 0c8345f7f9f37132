//! What a request brings: who asks, the query, the body, and an idempotency key.

use super::problem::Failed;
use crate::origin::Sighting;
use crate::provenance;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::table::{Address, Who};
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::desk::{self, Bearer, Caller, MOST_ITEMS, Once, Page, Right};
use control::ports::Reply;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Asking(pub(crate) Caller);

impl FromRequestParts<Portal> for Asking {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Response> {
        let sighting = parts.extensions.get::<Sighting>().cloned().unwrap_or_default();
        let limits = &portal.api_limits;
        let now = portal.desk.time();
        limits.address(sighting.origin.counted_as(), now).map_err(answer)?;
        let caller = match parts.headers.get(header::AUTHORIZATION) {
            Some(shown) => holder(portal, shown).await.map_err(answer)?,
            None => signed_in(portal, parts).await.map_err(IntoResponse::into_response)?,
        };
        limits.caller(&caller, now).map_err(answer)?;
        // The desk looks, too; here nobody who may not learns what a body should have been.
        if let Some(Address { who: Who::May(right), .. }) = parts.extensions.get::<Address>() {
            caller.require(*right).map_err(answer)?;
        }
        Ok(Self(caller))
    }
}

fn answer(refused: desk::Refused) -> Response {
    Failed(refused).into_response()
}

/// Whoever holds the token of this header.
pub(crate) async fn holder(portal: &Portal, shown: &HeaderValue) -> Result<Caller, desk::Refused> {
    let bearer = shown.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Bearer::parse(token.trim()))?
    });
    let bearer = bearer.ok_or_else(desk::Refused::token)?;
    portal.desk.holder(&bearer).await
}

async fn signed_in(portal: &Portal, parts: &mut Parts) -> Result<Caller, Refused> {
    let is_safe = parts.method == Method::GET || parts.method == Method::HEAD;
    if !is_safe && !comes_from_us(&parts.headers, &portal.config.public_origin) {
        return Err(Refused::new(portal, Problem::ForeignForm));
    }
    let Ok(visit) = Visit::from_request_parts(parts, portal).await;
    portal.caller(&visit).await
}

/// Whether the browser *says* that a page of ours sends this. Whoever says nothing is no browser and
/// has no business with a session: tokens are for programs.
fn comes_from_us(headers: &HeaderMap, public_origin: &str) -> bool {
    let says = |name: &str, what: &str| headers.get(name).is_some_and(|value| value == what);
    let said = says("sec-fetch-site", "same-origin") || says("origin", public_origin);
    said && provenance::is_ours(headers, public_origin)
}

/// The longest value of a query, in characters. The document says it, too.
const LONGEST_VALUE: usize = 1024;

/// A query. What it does not know it refuses: a mistyped filter would else list everything.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Portal> for Asked<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &Portal) -> Result<Self, Failed> {
        let query = parts.uri.query().unwrap_or_default();
        let is_long = |value: &str| value.chars().count() > LONGEST_VALUE;
        if url::form_urlencoded::parse(query.as_bytes()).any(|(_, value)| is_long(&value)) {
            let why = format!("A value of the query has more than {LONGEST_VALUE} characters.");
            return Err(desk::Refused::invalid(why, "Say it in fewer.").into());
        }
        let read = Query::<T>::try_from_uri(&parts.uri).map_err(|rejection| {
            let why = format!("The query cannot be read: {}.", rejection.body_text());
            desk::Refused::invalid(why, "The document at /api/v1/openapi.json says what it takes.")
        })?;
        Ok(Self(read.0))
    }
}

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    pub(crate) body: T,
    /// As it came.
    pub(crate) bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<Portal> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Response> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, portal)
            .await
            .map_err(|rejection| too_large(portal, &rejection).into_response())?;
        let refused = |why: String| {
            let remedy = "The document at /api/v1/openapi.json says what it takes.";
            answer(desk::Refused::invalid(why, remedy))
        };
        if !is_json {
            return Err(refused("The body is not of the type `application/json`.".to_owned()));
        }
        let body = serde_json::from_slice(&bytes)
            .map_err(|error| refused(format!("The body cannot be read: {error}.")))?;
        Ok(Self { body, bytes })
    }
}

fn too_large(portal: &Portal, rejection: &BytesRejection) -> Refused {
    let is_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
    Refused::new(portal, if is_large { Problem::TooLarge } else { Problem::NoForm })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    })
}

/// The name of the header, and of the one that says that an answer is given again.
const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";

/// A request that may come with an idempotency key.
#[derive(Debug)]
pub(crate) struct Attempt {
    key: Option<String>,
    path: String,
}

impl FromRequestParts<Portal> for Attempt {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &Portal) -> Result<Self, Failed> {
        let mut keys = parts.headers.get_all(KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => None,
            // What is no text is refused where keys are.
            (Some(key), None) => Some(key.to_str().unwrap_or_default().to_owned()),
            (Some(_), Some(_)) => {
                let why = "There is more than one idempotency key.";
                return Err(desk::Refused::invalid(why, "Send one.").into());
            }
        };
        Ok(Self { key, path: parts.uri.path().to_owned() })
    }
}

impl Attempt {
    /// Does it, unless it was done before, and answers with what came of it.
    pub(crate) async fn done_once<T: Serialize>(
        &self,
        portal: &Portal,
        caller: &Caller,
        bytes: &[u8],
        work: impl Future<Output = Result<T, desk::Refused>>,
    ) -> Result<Response, Failed> {
        // Whoever may not act any more is not told what came of it when they might.
        caller.require(Right::Act)?;
        let Some(key) = &self.key else { return Ok(json(&work.await?)) };
        let asked = [b"POST".as_slice(), self.path.as_bytes(), bytes];
        let turn = match portal.desk.begin_once(caller, key, &asked).await? {
            Once::Now(turn) => turn,
            Once::Answered(Reply { status, body }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                let mut answer = (status, body).into_response();
                let headers = answer.headers_mut();
                let kind = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, kind);
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
                return Ok(answer);
            }
        };
        let done = work.await;
        let reply = done.as_ref().ok().and_then(|told| serde_json::to_string(told).ok());
        let reply = reply.map(|body| Reply { status: 200, body });
        portal.desk.end_once(&turn, reply.as_ref()).await;
        Ok(json(&done?))
    }
}

fn json<T: Serialize>(told: &T) -> Response {
    axum::Json(told).into_response()
}

/// Which page of a list.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

impl PageQuery {
    /// The page.
    ///
    /// # Errors
    /// `request-invalid` for a limit that is none.
    pub(crate) fn page(self) -> Result<Page, desk::Refused> {
        page(self.cursor, self.limit)
    }
}

/// The page that a query asks for.
///
/// # Errors
/// `request-invalid` for a limit that is none.
pub(crate) fn page(cursor: Option<String>, limit: Option<u32>) -> Result<Page, desk::Refused> {
    let limit = limit.unwrap_or(desk::DEFAULT_LIMIT);
    if limit == 0 || limit > MOST_ITEMS {
        let why = format!("The limit is not between 1 and {MOST_ITEMS}.");
        return Err(desk::Refused::invalid(why, "Leave it out, or ask for several pages."));
    }
    Ok(Page { cursor, limit })
}
