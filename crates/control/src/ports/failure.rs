//! How a call to AWS, to a directory or to the store fails, in words that tell what to do next.

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
    /// Only a part of the directory was read, so nothing counts as read: a limit of the server, or a
    /// reference to another one.
    Partial,
    /// Stagedoor's own store could not be read or written.
    Store,
    /// Nobody was pushed to the directory yet.
    NotPushed,
}

/// Services that are directories of somebody else's, and no services of AWS.
const DIRECTORIES: [&str; 4] = ["directory", "file", "ldap", "scim"];

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Unreachable,
        Self::Credentials,
        Self::AccessDenied,
        Self::Throttled,
        Self::Quota,
        Self::NotFound,
        Self::InUse,
        Self::Rejected,
        Self::Service,
        Self::Partial,
        Self::Store,
        Self::NotPushed,
    ];

    /// Whether such a failure may be of the one who was asked about, and then says nothing of others.
    pub const fn may_concern_one(self) -> bool {
        matches!(self, Self::AccessDenied | Self::Rejected | Self::Service)
    }

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
            Self::Partial => "directory-partial",
            Self::Store => "store-failed",
            Self::NotPushed => "directory-not-pushed",
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
            Self::Partial => "Do what the message says. Until then nothing is taken from anybody.",
            Self::Store => "Look after the store's file and its disk, then run it again.",
            Self::NotPushed => {
                "Let the identity provider push people by SCIM; until then nothing is planned."
            }
        }
    }

    /// Whether no other call will fare better.
    pub const fn is_hopeless(self) -> bool {
        matches!(self, Self::Unreachable | Self::Credentials | Self::Throttled | Self::Store)
    }

    /// The reason code where a directory that is none of AWS's failed.
    pub const fn directory_code(self) -> &'static str {
        match self {
            Self::Unreachable => "directory-unreachable",
            Self::Credentials => "directory-credentials",
            Self::AccessDenied => "directory-access-denied",
            Self::Throttled => "directory-busy",
            Self::Quota => "directory-quota",
            Self::NotFound => "directory-not-found",
            Self::InUse => "directory-in-use",
            Self::Rejected => "directory-rejected",
            Self::Service => "directory-service-error",
            Self::NotPushed => "directory-not-pushed",
            Self::Partial => "directory-partial",
            Self::Store => "store-failed",
        }
    }

    /// What to do where a directory that is none of AWS's failed.
    pub const fn directory_remedy(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "Check the addresses of `directory` in the map, the network and the certificate, then \
                 run it again."
            }
            Self::Credentials => {
                "Check the account of `directory` in the map and the secret that it names, then run it \
                 again."
            }
            Self::AccessDenied => {
                "Let the directory's account read people, groups and their members, then run it again."
            }
            Self::Throttled | Self::InUse => "The directory is busy. Run it again in a minute.",
            Self::Quota => "Ask whoever runs the directory for a higher limit, then run it again.",
            Self::NotFound => "Check what `directory` in the map names.",
            Self::Rejected => {
                "The message says what to change: in the directory, or under `directory` in the map."
            }
            Self::Service => "The directory answered what cannot be understood. Run it again.",
            Self::Partial | Self::Store | Self::NotPushed => self.remedy(),
        }
    }
}

impl CallError {
    /// Reason code shared by CLI, API, metrics and audit.
    pub fn code(&self) -> &'static str {
        if self.is_of_aws() { self.kind.code() } else { self.kind.directory_code() }
    }

    fn is_of_aws(&self) -> bool {
        !DIRECTORIES.contains(&self.service)
    }

    /// What to do about it, as a sentence for the admin.
    pub fn remedy(&self) -> &'static str {
        match (self.operation, self.kind) {
            (_, kind) if !self.is_of_aws() => kind.directory_remedy(),
            ("AssumeRole", FailureKind::AccessDenied) => {
                "Let the role's trust policy name Stagedoor's account and the map's external_id, \
                 and allow sts:AssumeRole to Stagedoor's own role."
            }
            (_, kind) => kind.remedy(),
        }
    }
}

/// A call to AWS, to a directory or to the store that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CallError {
    /// The service, as AWS's own tools name it (`sagemaker`, `identitystore`).
    pub service: &'static str,
    /// The operation (`CreateUserProfile`).
    pub operation: &'static str,
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// The service's error code, if it answered: AWS's, or the name of LDAP's result.
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

impl CallError {
    /// What failed and how, for those who show the reason code beside it.
    pub fn without_code(&self) -> String {
        let with = self.aws_code.as_ref().map(|code| format!(" with {code}")).unwrap_or_default();
        format!("{}:{} failed{with}: {}", self.service, self.operation, self.message)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.without_code(), self.code())
    }
}
