//! Requests and answers, without HTTP.

use crate::limits::TooMany;
use crate::ports::StoreError;
use ::scim::{ScimError, ScimType, Version};
use access::reason::ReasonCode;
use serde_json::Value;
use std::fmt;

/// Counts what a caller asks for. One request is counted before it comes here.
pub trait Toll: fmt::Debug + Send + Sync {
    /// Counts so many more, as if each had come by itself: all or none.
    ///
    /// # Errors
    /// That is more than the caller may ask for now.
    fn pay(&self, requests: u32) -> Result<(), TooMany>;
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "methods of HTTP")]
pub enum ScimMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A request of somebody who may make it.
#[derive(Debug, Clone, Copy)]
pub struct ScimRequest<'r> {
    /// What is to be done.
    pub method: ScimMethod,
    /// With what: the path below the directory's address.
    pub path: &'r str,
    /// The query, percent-encoded as it came; may be empty.
    pub query: &'r str,
    /// The body.
    pub body: &'r [u8],
    /// The header `If-Match`.
    pub if_match: Option<&'r str>,
    /// The header `If-None-Match`.
    pub if_none_match: Option<&'r str>,
    /// Who counts what is asked for.
    pub toll: &'r dyn Toll,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as `application/scim+json`.
    pub body: Option<String>,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `ETag`.
    pub version: Option<Version>,
    /// The header `Allow`.
    pub allow: Option<&'static str>,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// The reason code of a refusal.
    pub code: Option<&'static str>,
}

impl ScimAnswer {
    /// An answer without a body.
    pub(super) const fn empty(status: u16) -> Self {
        Self {
            status,
            body: None,
            location: None,
            version: None,
            allow: None,
            retry_after: None,
            code: None,
        }
    }

    /// An answer that tells something.
    pub(super) fn told(status: u16, body: &Value) -> Self {
        Self { body: Some(body.to_string()), ..Self::empty(status) }
    }
}

/// The body of a refusal that was decided before a directory was asked, as SCIM words it.
pub fn refusal(status: u16, why: &str, code: &str) -> String {
    ScimError::new(status, None, format!("{why} ({code})")).to_json()
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failed {
    /// By what SCIM says.
    #[error(transparent)]
    Scim(#[from] ScimError),
    /// The method does nothing there; these do.
    #[error("the address takes {0} only")]
    Method(&'static str),
    /// It asks for more than the caller may ask for now.
    #[error("these are more operations than are left for this minute")]
    TooOften(TooMany),
    /// Too many of the directory look through all records already.
    #[error("too many questions of this directory wait that no index answers; try again")]
    Crowded(TooMany),
    /// Too much that is to be changed in the directory is held already.
    #[error(
        "too much that is to be changed in this directory waits to be carried through; try again"
    )]
    Full(TooMany),
    /// The resource was changed by somebody else again and again.
    #[error("others change the resource at the same time; try again")]
    Contended,
    /// The store cannot be read or written. What is wrong is logged, not told.
    #[error("something that the answer hangs on cannot be read or written now; try again")]
    Store(#[from] StoreError),
}

impl Failed {
    fn status(&self) -> u16 {
        match self {
            Self::Scim(error) => error.status,
            Self::Method(_) => 405,
            Self::TooOften(_) | Self::Crowded(_) | Self::Full(_) => 429,
            Self::Contended => 409,
            Self::Store(_) => 503,
        }
    }

    /// The code that says it everywhere.
    pub(super) fn code(&self) -> &'static str {
        let code = match self {
            Self::Method(_) => return "method-not-allowed",
            Self::Store(_) => ReasonCode::Unavailable,
            Self::TooOften(_) | Self::Crowded(_) | Self::Full(_) => ReasonCode::TooManyRequests,
            Self::Contended => ReasonCode::PushStale,
            Self::Scim(error) => match (error.status, error.scim_type) {
                (413, _) => return "body-too-large",
                (404, _) => ReasonCode::NotFound,
                (409, Some(ScimType::Uniqueness)) => ReasonCode::PushTaken,
                (409 | 412, _) => ReasonCode::PushStale,
                (500 | 503, _) => ReasonCode::Unavailable,
                _ => ReasonCode::RequestInvalid,
            },
        };
        code.as_str()
    }

    /// The refusal as SCIM words it, with the code at its end.
    pub(super) fn into_error(self) -> ScimError {
        if let Self::Store(error) = &self {
            tracing::warn!(code = %ReasonCode::Unavailable, %error, "SCIM cannot be answered");
        }
        let (status, code) = (self.status(), self.code());
        let scim_type = match &self {
            Self::Scim(error) => error.scim_type,
            _ => None,
        };
        ScimError::new(status, scim_type, format!("{self} ({code})"))
    }

    pub(super) fn into_answer(self) -> ScimAnswer {
        let code = self.code();
        let (allow, retry_after) = match self {
            Self::Method(allow) => (Some(allow), None),
            Self::TooOften(TooMany { retry_after_seconds })
            | Self::Crowded(TooMany { retry_after_seconds })
            | Self::Full(TooMany { retry_after_seconds }) => (None, Some(retry_after_seconds)),
            _ => (None, None),
        };
        let error = self.into_error();
        let told = ScimAnswer::told(error.status, &error.to_value());
        ScimAnswer { allow, retry_after, code: Some(code), ..told }
    }
}
