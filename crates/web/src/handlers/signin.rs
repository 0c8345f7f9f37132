//! Signing in and out.

use super::opening::{go, redirect};
use crate::cookies::Cookie;
use crate::form::Fields;
use crate::pages::{self, SignedOutPage};
use crate::provenance;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::visit::Visit;
use access::ids::{IdpKey, TeamKey};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::door::{Accepted, Departure, RefusalKind};
use saml_sp::MetadataFlavour;

/// `GET /login/{idp}?team=`: to the identity provider, with a cookie that binds its answer to this
/// browser.
pub(crate) async fn login(
    State(portal): State<Portal>,
    visit: Visit,
    idp: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let idp = idp
        .ok()
        .and_then(|Path(idp)| IdpKey::parse(idp).ok())
        .ok_or_else(|| Refused::new(&portal, Problem::NotFound))?;
    let team = match Fields::of_query(&portal, query.as_deref())?.get("team") {
        Some(team) => {
            Some(TeamKey::parse(team).map_err(|_| Refused::new(&portal, Problem::NoTeam))?)
        }
        None => None,
    };
    let begun =
        portal.door.begin(&idp, team.as_ref(), &visit.origin).await.map_err(Refused::by_door)?;
    let cookie = Cookie::Login
        .set(portal.door.secure_cookies(), &begun.browser, begun.expires_seconds)
        .ok_or_else(|| Refused::new(&portal, Problem::Defect))?;
    let Departure::Redirect(location) = &begun.departure else {
        return Err(Refused::new(&portal, Problem::Defect));
    };
    let mut answer = redirect(&portal, StatusCode::SEE_OTHER, location)?;
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(answer)
}

/// `POST /saml/acs`: the identity provider's answer. It comes from another site by its nature, so
/// neither form key nor `Origin` is asked for; the door judges the response and the login cookie.
///
/// A refused answer leaves the login cookie alone: anybody can make a browser post nonsense here,
/// and that must not end the sign-in that is really under way.
pub(crate) async fn assertion_consumer(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let fields = Fields::of_body(&portal, &headers, body)?;
    let response =
        fields.get("SAMLResponse").ok_or_else(|| Refused::new(&portal, Problem::NoResponse))?;
    let (relay_state, browser) = (fields.get("RelayState"), visit.login.as_ref());
    let accepted = portal
        .door
        .accept(response, relay_state, browser, &visit.origin)
        .await
        .map_err(Refused::by_door)?;

    let secure = portal.door.secure_cookies();
    let session = Cookie::Session
        .set(secure, &accepted.token, accepted.expires_seconds)
        .ok_or_else(|| Refused::new(&portal, Problem::Defect))?;
    // Whoever is refused the team is signed in all the same, and can choose another.
    let mut answer =
        first_stop(&portal, &visit, &accepted).await.unwrap_or_else(IntoResponse::into_response);
    answer.headers_mut().append(header::SET_COOKIE, session);
    if let Some(used) = Cookie::Login.clear(secure) {
        answer.headers_mut().append(header::SET_COOKIE, used);
    }
    Ok(answer)
}

/// Straight to the team that was wanted, else to *My work*.
async fn first_stop(
    portal: &Portal,
    visit: &Visit,
    accepted: &Accepted,
) -> Result<Response, Refused> {
    let Some(team) = &accepted.team else {
        return redirect(portal, StatusCode::SEE_OTHER, "/");
    };
    match portal.door.open(&accepted.token, team, &visit.origin).await {
        Ok(opening) => go(portal, &accepted.token, team, &opening),
        Err(refusal) => Err(Refused::by_door(refusal).on_the_way_to(team)),
    }
}

/// `GET /saml/metadata`.
pub(crate) async fn metadata(State(portal): State<Portal>) -> Response {
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    ([(header::CONTENT_TYPE, kind)], portal.door.sp_metadata(MetadataFlavour::default()))
        .into_response()
}

/// `POST /sign-out`. Who is signed out already is simply told so.
pub(crate) async fn sign_out(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    if !provenance::is_ours(&headers, &portal.config.public_origin) {
        return Err(Refused::new(&portal, Problem::ForeignForm));
    }
    let fields = Fields::of_body(&portal, &headers, body)?;
    if let Some(session) = &visit.session {
        if !provenance::key_fits(&portal, session, provenance::SIGN_OUT, fields.get("key")) {
            return Err(Refused::new(&portal, Problem::FormKey));
        }
        match portal.door.sign_out(session).await {
            Ok(()) => {}
            Err(refusal) if refusal.kind == RefusalKind::SignedOut => {}
            Err(refusal) => return Err(Refused::by_door(refusal)),
        }
    }
    let mut answer = redirect(&portal, StatusCode::SEE_OTHER, "/signed-out")?;
    Visit::forget_session(&portal, &mut answer);
    if let Some(unused) = Cookie::Login.clear(portal.door.secure_cookies()) {
        answer.headers_mut().append(header::SET_COOKIE, unused);
    }
    Ok(answer)
}

/// `GET /signed-out`.
pub(crate) async fn signed_out() -> Response {
    pages::answer(&SignedOutPage)
}
