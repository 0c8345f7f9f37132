//! Signing in and out.

use super::opening::{go, redirect};
use crate::config::WebConfig;
use crate::cookies::{self, MOST_LOGINS};
use crate::form::Fields;
use crate::headers::OwnPolicy;
use crate::pages::{self, DeparturePage, SignedOutPage};
use crate::provenance;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::Language;
use crate::visit::Visit;
use access::ids::{IdpKey, TeamKey};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::door::{Accepted, Departure, RefusalKind, SessionToken, Tool};
use saml_sp::MetadataFlavour;

/// `GET /login/{idp}?team=`: to the identity provider, with a cookie that binds its answer to this
/// browser.
pub(crate) async fn login(
    State(portal): State<Portal>,
    visit: Visit,
    idp: Result<Path<String>, PathRejection>,
    language: Language,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    if !provenance::is_navigation(&headers) {
        return Err(Refused::new(&portal, Problem::PagePart));
    }
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
    let secure = portal.door.secure_cookies();
    let cookie = cookies::set_login(secure, &begun.browser, begun.expires_seconds)
        .ok_or_else(|| Refused::new(&portal, Problem::Defect))?;
    let mut answer = match begun.departure {
        Departure::Redirect(location) => redirect(&portal, StatusCode::SEE_OTHER, &location)?,
        Departure::Post(form) => departure(&portal, language, form.action, form.fields)?,
    };
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    // With the one that begins now.
    let surplus = (visit.logins.len() + 1).saturating_sub(MOST_LOGINS);
    Visit::forget_logins(&portal, visit.logins.iter().take(surplus), &mut answer);
    Ok(answer)
}

/// The page whose form goes to the identity provider, with the policy that lets it go there.
fn departure(
    portal: &Portal,
    language: Language,
    action: String,
    fields: Vec<(&'static str, String)>,
) -> Result<Response, Refused> {
    let policy = WebConfig::departure_policy(&action)
        .ok_or_else(|| Refused::new(portal, Problem::Defect))?;
    let mut answer =
        pages::answer_in(&DeparturePage { language, texts: language.entry(), action, fields });
    answer.extensions_mut().insert(OwnPolicy(policy));
    Ok(answer)
}

/// `POST /saml/acs`: the identity provider's answer. It comes from another site by its nature, so
/// neither form key nor `Origin` is asked for; the door judges the response and the login cookies.
///
/// A refused answer leaves login cookies alone: anybody can make a browser post nonsense here, and
/// that must not end the sign-ins that are really under way.
pub(crate) async fn assertion_consumer(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    if !provenance::is_navigation(&headers) {
        return Err(Refused::new(&portal, Problem::PagePart));
    }
    let fields = Fields::of_body(&portal, &headers, body)?;
    let response =
        fields.get("SAMLResponse").ok_or_else(|| Refused::new(&portal, Problem::NoResponse))?;
    let (relay_state, begun) = (fields.get("RelayState"), newest(&visit.logins));
    let accepted = portal
        .door
        .accept(response, relay_state, begun, &visit.origin)
        .await
        .map_err(Refused::by_door)?;

    let secure = portal.door.secure_cookies();
    let session = cookies::set_session(secure, &accepted.token, accepted.expires_seconds)
        .ok_or_else(|| Refused::new(&portal, Problem::Defect))?;
    // Whoever is refused the team is signed in all the same, and can choose another.
    let mut answer =
        first_stop(&portal, &visit, &accepted).await.unwrap_or_else(IntoResponse::into_response);
    answer.headers_mut().append(header::SET_COOKIE, session);
    Visit::forget_logins(&portal, &accepted.begun, &mut answer);
    Ok(answer)
}

/// Those that may still be answered: of more, the oldest are forgotten.
fn newest(logins: &[SessionToken]) -> &[SessionToken] {
    logins.get(logins.len().saturating_sub(MOST_LOGINS)..).unwrap_or_default()
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
        Ok(opening) => go(portal, &accepted.token, team, Tool::Studio, &opening),
        Err(refusal) => Err(Refused::of_team(portal, refusal, &accepted.token, team).await),
    }
}

/// `GET /saml/metadata?for=`: what identity providers are told of us; `for` names one that needs it
/// written another way, as `stagedoor saml setup` does.
pub(crate) async fn metadata(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let flavour = match Fields::of_query(&portal, query.as_deref())?.get("for") {
        Some(name) => {
            MetadataFlavour::parse(name).ok_or_else(|| Refused::new(&portal, Problem::NoFlavour))?
        }
        None => MetadataFlavour::default(),
    };
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    Ok(([(header::CONTENT_TYPE, kind)], portal.door.sp_metadata(flavour)).into_response())
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
    Visit::forget_logins(&portal, &visit.logins, &mut answer);
    Ok(answer)
}

/// `GET /signed-out`.
pub(crate) async fn signed_out(language: Language) -> Response {
    pages::answer_in(&SignedOutPage { language, texts: language.entry() })
}
