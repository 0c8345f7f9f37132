//! Problems: refusals as JSON (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::desk;
use serde::Serialize;

/// What is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// What kind it is: `urn:stagedoor:reason:` and the code.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What happened, in a few words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// Why, as a sentence.
    pub(crate) detail: String,
    /// Why, as a code of the table of reason codes.
    pub(crate) code: String,
    /// What would work, as a sentence.
    pub(crate) remedy: String,
    /// A number that the log has, too.
    pub(crate) reference: String,
}

impl ProblemDocument {
    /// The answer that is sent.
    pub(crate) fn into_answer(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut answer = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static("Bearer realm=\"stagedoor\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        answer
    }
}

/// What the desk refused, on its way to the frame, which knows how to tell it.
#[derive(Debug, Clone)]
pub(crate) struct Failed(pub(crate) desk::Refused);

impl From<desk::Refused> for Failed {
    fn from(refused: desk::Refused) -> Self {
        Self(refused)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        // The frame finds it there.
        let mut answer = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}
