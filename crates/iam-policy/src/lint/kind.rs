//! What a document is for.

use crate::document::{Document, Limit, Statement};

/// What a document is for: it decides what may stand in it, and what it can do harm with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A policy of a role, user, group or permission set, managed or inline.
    Identity,
    /// A policy of a resource: a bucket, a key, a queue, an API.
    Resource,
    /// A trust policy: who may assume the role.
    Trust,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// A policy of a VPC endpoint.
    Endpoint,
    /// A permissions boundary.
    Boundary,
    /// A session policy.
    Session,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Resource,
        Self::Trust,
        Self::Scp,
        Self::Rcp,
        Self::Endpoint,
        Self::Boundary,
        Self::Session,
    ];

    /// What a document is most likely for, by its principals and resources. SCPs, boundaries and
    /// session policies look like policies of identities.
    pub fn of(document: &Document) -> Self {
        let principal = |s: &Statement| s.principal.is_some() || s.not_principal.is_some();
        let resource = |s: &Statement| s.resource.is_some() || s.not_resource.is_some();
        if !document.statements.iter().any(principal) {
            Self::Identity
        } else if document.statements.iter().any(resource) {
            Self::Resource
        } else {
            Self::Trust
        }
    }

    /// As it is written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Resource => "resource",
            Self::Trust => "trust",
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Endpoint => "endpoint",
            Self::Boundary => "boundary",
            Self::Session => "session",
        }
    }

    /// Whether its Allow statements give something. Those of the others only leave something over.
    pub(super) fn gives(self) -> bool {
        matches!(self, Self::Identity | Self::Resource | Self::Trust)
    }

    /// Whether its statements name principals.
    pub(super) fn names_principals(self) -> bool {
        matches!(self, Self::Resource | Self::Trust | Self::Rcp | Self::Endpoint)
    }

    /// How many characters it may have without white space: from which number on only some places
    /// take it, and the most. Of resources, a bucket takes the least and a key the most.
    pub(super) fn limits(self) -> (usize, usize) {
        let all = |limit: Limit| (limit.characters, limit.characters);
        match self {
            Self::Identity => (Limit::MANAGED_POLICY.characters, Limit::ROLE_INLINE.characters),
            Self::Boundary => all(Limit::MANAGED_POLICY),
            Self::Trust => (Limit::TRUST_POLICY.characters, Limit::TRUST_POLICY_RAISED),
            Self::Session => all(Limit::SESSION_POLICY),
            Self::Scp => all(Limit::SERVICE_CONTROL_POLICY),
            Self::Rcp => all(Limit::RESOURCE_CONTROL_POLICY),
            Self::Endpoint => all(Limit::ENDPOINT_POLICY),
            Self::Resource => (20_480, 32_768),
        }
    }
}
