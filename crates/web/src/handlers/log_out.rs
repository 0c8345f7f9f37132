//! Single log-out: an identity provider ends sessions here.

use super::opening::redirect;
use crate::form::Fields;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use control::door::LogoutMessage;

/// `GET /saml/logout?SAMLRequest=…` (HTTP-Redirect). The signature is over the query as it was
/// written, so that is what the door gets.
pub(crate) async fn by_query(
    State(portal): State<Portal>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    log_out(&portal, &visit, LogoutMessage::Query(query.as_deref().unwrap_or_default())).await
}

/// `POST /saml/logout` (HTTP-POST). It comes from another site by its nature; the door judges its
/// signature.
pub(crate) async fn by_form(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let fields = Fields::of_body(&portal, &headers, body)?;
    // Without one there is nothing to verify, which the door says too.
    let saml_request = fields.get("SAMLRequest").unwrap_or_default();
    let relay_state = fields.get("RelayState");
    log_out(&portal, &visit, LogoutMessage::Form { saml_request, relay_state }).await
}

/// Back to the identity provider with the answer. The browser's cookie stays: if its session was
/// meant, the cookie opens nothing any more.
async fn log_out(
    portal: &Portal,
    visit: &Visit,
    message: LogoutMessage<'_>,
) -> Result<Response, Refused> {
    let ended = portal.door.log_out(message, &visit.origin).await.map_err(Refused::by_door)?;
    let location = ended.location.as_deref().unwrap_or("/signed-out");
    redirect(portal, StatusCode::FOUND, location)
}
