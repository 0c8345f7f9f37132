//! Errors as AWS answers them: a code, a status, a message, and sometimes more members.

use serde_json::{Map, Value};

/// An error answer, before it is written in the protocol of the service.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// Further members, such as `RetryAfterSeconds` of the Identity Store.
    pub(crate) extra: Map<String, Value>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), extra: Map::new() }
    }

    /// HTTP 400, which is what nearly every error of these services is.
    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::bad("ValidationException", message)
    }

    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(member.to_owned(), value.into());
        self
    }
}

/// What an operation answers.
pub(crate) type Outcome = Result<Value, ApiError>;
