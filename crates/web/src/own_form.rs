//! Forms by which people change what is their own.

use crate::form::Fields;
use crate::provenance;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use control::door::SessionToken;

/// A form of a page of ours, sent by the browser that the page was made for.
#[derive(Debug)]
pub(crate) struct OwnForm {
    pub(crate) session: SessionToken,
    pub(crate) fields: Fields,
}

impl OwnForm {
    /// Reads it, if its key is for this session and purpose and nothing says that it comes from
    /// elsewhere.
    pub(crate) fn read(
        portal: &Portal,
        visit: &Visit,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
        purpose: &str,
    ) -> Result<Self, Refused> {
        if !provenance::is_ours(headers, &portal.config.public_origin) {
            return Err(Refused::new(portal, Problem::ForeignForm));
        }
        let fields = Fields::of_body(portal, headers, body)?;
        let Some(session) = visit.session.clone() else {
            return Err(Refused::new(portal, Problem::SignedOut));
        };
        if !provenance::key_fits(portal, &session, purpose, fields.get("key")) {
            return Err(Refused::new(portal, Problem::FormKey));
        }
        Ok(Self { session, fields })
    }
}

impl Visit {
    /// The session that the browser shows, not yet believed, or the refusal that asks to sign in.
    pub(crate) fn shown_session(&self, portal: &Portal) -> Result<&SessionToken, Refused> {
        self.session.as_ref().ok_or_else(|| Refused::new(portal, Problem::SignedOut))
    }
}
