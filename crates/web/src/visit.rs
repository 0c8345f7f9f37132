//! What a request says about the browser and where it is.

use crate::cookies::{self, Cookie};
use crate::origin::Sighting;
use crate::routes::Portal;
use access::network::Origin;
use access::reason::ReasonCode;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use control::door::SessionToken;
use std::convert::Infallible;

/// The browser's cookies and address.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The session it shows, not yet believed.
    pub(crate) session: Option<SessionToken>,
    /// The sign-ins it began, oldest first.
    pub(crate) logins: Vec<SessionToken>,
    /// Where it is.
    pub(crate) origin: Origin,
}

impl FromRequestParts<Portal> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Infallible> {
        let secure = portal.door.secure_cookies();
        Ok(Self {
            session: cookies::session(secure, &parts.headers),
            logins: cookies::logins(secure, &parts.headers),
            // The frame has put it there; without it the origin is unknown.
            origin: parts.extensions.get::<Sighting>().cloned().unwrap_or_default().origin,
        })
    }
}

impl Visit {
    pub(crate) fn session_of(portal: &Portal, headers: &HeaderMap) -> Option<SessionToken> {
        cookies::session(portal.door.secure_cookies(), headers)
    }

    /// Has the browser forget a session that opens nothing any more; but one whose trust ended another
    /// replica may know to be good.
    pub(crate) fn forget_refused(portal: &Portal, code: &str, answer: &mut Response) {
        if code != ReasonCode::TrustEnded.as_str() {
            Self::forget_session(portal, answer);
        }
    }

    /// Has the browser forget sign-ins that it began.
    pub(crate) fn forget_logins<'a>(
        portal: &Portal,
        logins: impl IntoIterator<Item = &'a SessionToken>,
        answer: &mut Response,
    ) {
        for secret in logins {
            if let Some(cookie) = Cookie::Login(secret).clear(portal.door.secure_cookies()) {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
    }

    pub(crate) fn forget_session(portal: &Portal, answer: &mut Response) {
        if let Some(cookie) = Cookie::Session.clear(portal.door.secure_cookies()) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}
