//! How a call to AWS or to the store fails, in words that tell what to do next.

use super::StoreError;
use std::fmt;

/// What kind of failure it was; decides whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No answer: connection refused, name not resolved, time-out.
    Unreachable,
    /// There are no credentials, or they are not valid.
    Credentials,
    /// The caller may not do this.
    AccessDenied,
    /// The service asked to slow down, also after retries.
    Throttled,
    /// A quota is used up (`ResourceLimitExceeded`).
    Quota,
    /// The thing named does not exist.
    NotFound,
    /// The thing is in a state in which this cannot be done now (`ResourceInUse`).
    InUse,
    /// The request was refused as malformed or against a rule.
    Rejected,
    /// The service failed (HTTP 5xx), or answered what cannot be understood.
    Service,
    /// Stagedoor's own store could not be read or written.
    Store,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Unreachable,
        Self::Credentials,
        Self::AccessDenied,
        Self::Throttled,
        Self::Quota,
        Self::NotFound,
        Self::InUse,
        Self::Rejected,
        Self::Service,
        Self::Store,
    ];

    /// Reason code shared by CLI, API, metrics and audit.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "aws-unreachable",
            Self::Credentials => "aws-credentials",
            Self::AccessDenied => "aws-access-denied",
            Self::Throttled => "aws-throttled",
            Self::Quota => "aws-quota",
            Self::NotFound => "aws-not-found",
            Self::InUse => "aws-in-use",
            Self::Rejected => "aws-rejected",
            Self::Service => "aws-service-error",
            Self::Store => "store-failed",
        }
    }

    /// What to do about it, as a sentence for the admin.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "Check the network, the Region and AWS_ENDPOINT_URL, then run it again."
            }
            Self::Credentials => {
                "Check the AWS credential chain (AWS_PROFILE, AWS_ACCESS_KEY_ID, the instance role), then run it again."
            }
            Self::AccessDenied => "Allow this action to Stagedoor's role, then run it again.",
            Self::Throttled => "AWS asked to slow down. Run it again; what was done stays done.",
            Self::Quota => "Ask Service Quotas for a higher limit, then run it again.",
            Self::NotFound => "Check the ids in the access map.",
            Self::InUse => "AWS is still busy with it. Run it again in a minute.",
            Self::Rejected => "AWS refused the request itself; the message says why.",
            Self::Service => "The fault is on AWS's side. Run it again; what was done stays done.",
            Self::Store => "Look after the store's file and its disk, then run it again.",
        }
    }
}

impl CallError {
    /// What to do about it, as a sentence for the admin.
    pub fn remedy(&self) -> &'static str {
        match (self.operation, self.kind) {
            ("AssumeRole", FailureKind::AccessDenied) => {
                "Let the role's trust policy name Stagedoor's account and the map's external_id, \
                 and allow sts:AssumeRole to Stagedoor's own role."
            }
            (_, kind) => kind.remedy(),
        }
    }
}

/// A call to AWS, or to the store, that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CallError {
    /// The service, as AWS's own tools name it (`sagemaker`, `identitystore`).
    pub service: &'static str,
    /// The operation (`CreateUserProfile`).
    pub operation: &'static str,
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// The service's error code, if it answered.
    pub aws_code: Option<String>,
    /// The service's message, or what went wrong on the way. Never holds a secret.
    pub message: String,
}

/// What is decided by the directory and AWS is decided by the store too, where it says who was
/// offboarded: no answer is no decision.
impl From<StoreError> for CallError {
    fn from(error: StoreError) -> Self {
        Self {
            service: "store",
            operation: error.operation,
            kind: FailureKind::Store,
            aws_code: None,
            message: error.message,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} failed", self.service, self.operation)?;
        if let Some(code) = &self.aws_code {
            write!(f, " with {code}")?;
        }
        write!(f, ": {} ({})", self.message, self.kind.code())
    }
}
