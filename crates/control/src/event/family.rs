//! The families of events: who tells of a change of the directory.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who told of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The console, Active Directory and older SCIM, recorded by `CloudTrail`.
    SsoDirectory,
    /// The Identity Store API, recorded by `CloudTrail`.
    #[serde(rename = "identitystore")]
    IdentityStore,
    /// SCIM, recorded by `CloudTrail` with every value hidden.
    #[serde(rename = "identitystore-scim")]
    Scim,
    /// The Identity Store itself, without `CloudTrail`.
    Notification,
    /// Nobody who tells of a directory.
    Other,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] =
        [Self::SsoDirectory, Self::IdentityStore, Self::Scim, Self::Notification, Self::Other];

    /// Every family that tells of a directory.
    pub const DIRECTORY: [Self; 4] =
        [Self::SsoDirectory, Self::IdentityStore, Self::Scim, Self::Notification];

    /// The families whose events `CloudTrail` records.
    pub const CLOUDTRAIL: [Self; 3] = [Self::SsoDirectory, Self::IdentityStore, Self::Scim];

    /// Its name, in metrics and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SsoDirectory => "sso-directory",
            Self::IdentityStore => "identitystore",
            Self::Scim => "identitystore-scim",
            Self::Notification => "notification",
            Self::Other => "other",
        }
    }

    /// `eventSource` of its `CloudTrail` records.
    pub const fn event_source(self) -> Option<&'static str> {
        match self {
            Self::SsoDirectory => Some("sso-directory.amazonaws.com"),
            Self::IdentityStore => Some("identitystore.amazonaws.com"),
            Self::Scim => Some("identitystore-scim.amazonaws.com"),
            Self::Notification | Self::Other => None,
        }
    }

    /// `source` of its `EventBridge` envelopes. That of SCIM is known by convention only.
    pub const fn bus_source(self) -> Option<&'static str> {
        match self {
            Self::SsoDirectory => Some("aws.sso-directory"),
            Self::IdentityStore | Self::Notification => Some("aws.identitystore"),
            Self::Scim => Some("aws.identitystore-scim"),
            Self::Other => None,
        }
    }

    pub(super) fn of_event_source(source: &str) -> Option<Self> {
        Self::CLOUDTRAIL.into_iter().find(|family| family.event_source() == Some(source))
    }

    pub(super) fn of_bus_source(source: &str) -> Option<Self> {
        Self::CLOUDTRAIL.into_iter().find(|family| family.bus_source() == Some(source))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
