//! What AWS answers to a request, and because of which statements.
//!
//! Written from the IAM user guide, "Policy evaluation logic" and the pages it refers to:
//!
//! 1. A `Deny` that applies, in whichever layer, decides: explicitly denied.
//! 2. Every level of service control policies must allow an identity's request, and every level of
//!    resource control policies and the policy of the VPC endpoint must allow any request, where
//!    there are such. Neither control policy concerns service-linked roles. None concerns the
//!    management account: whoever asks leaves them out there.
//! 3. Within an account, identity-based policies or the policy of the resource must allow. What the
//!    first allow, permissions boundary and session policy must allow too; to a federated user they
//!    give nothing without a session policy. What the second gives depends on whom it names:
//!    - `*`, the user, or the very session: nothing else need allow;
//!    - the session's role, or a federated user's own user: boundary and session policy must allow;
//!    - the account: it leaves the decision to identity-based policies.
//! 4. Across accounts both must allow, and boundary and session policy too.
//! 5. The policy of a KMS key and the trust policy of a role must allow in any case, if they are given.
//! 6. Services, people of identity providers without a role, and anonymous callers have only what the
//!    policy of the resource gives them. The root user needs no identity-based policy.
//!
//! Of statements:
//! - A variable without value makes what it stands in match nothing, and a negated operator with it
//!   does not hold: "any attempt to match it fails and causes the statement to be invalid".
//!   Values that are not of the operator's kind are treated alike.
//! - The operators for single values do not hold for a key with several values.
//! - `NotPrincipal` of a `Deny` spares whom it lists together with their account; a session needs
//!   its role listed. Nobody who has a permissions boundary is spared.
//! - A request for `*`, which is what actions without resource-level permissions ask for, is matched
//!   by `*` only.
//! - A statement without `Resource` and `NotResource` applies in the policies of resources only, and
//!   one without `Principal` and `NotPrincipal` everywhere else only.

mod compiled;
mod decide;
mod nearest;
mod principals;

pub use compiled::{CompileError, Compiled};

use crate::document::Effect;
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// All policies that concern a request.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Of the principal, with those of its groups: managed and inline.
    pub identity: Vec<Arc<Compiled>>,
    /// The principal's permissions boundary.
    pub boundary: Option<Arc<Compiled>>,
    /// What the session was restricted to when it began.
    pub session: Option<Arc<Compiled>>,
    /// Policy of the resource; of a role its trust policy.
    pub resource: Option<Arc<Compiled>>,
    /// Policy of the VPC endpoint that the request comes through.
    pub endpoint: Option<Arc<Compiled>>,
    /// Service control policies of the principal's account: a list for the organization's root, each
    /// organizational unit and the account. Empty where there are none.
    pub scp: Vec<Vec<Arc<Compiled>>>,
    /// Resource control policies of the resource's account, likewise. AWS attaches
    /// `RCPFullAWSAccess` at every level.
    pub rcp: Vec<Vec<Arc<Compiled>>>,
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Decision {
    /// Everything that must allow it does, and nothing denies it.
    Allowed,
    /// Something that must allow it does not.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "Allowed",
            Self::ImplicitlyDenied => "ImplicitlyDenied",
            Self::ExplicitlyDenied => "ExplicitlyDenied",
        })
    }
}

/// A kind of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the fields of `Policies` say it")]
pub enum Layer {
    Identity,
    Boundary,
    Session,
    Scp,
    Rcp,
    Resource,
    Endpoint,
}

impl Layer {
    /// Whether there is one of it for the organization, each organizational unit and the account.
    pub fn has_levels(self) -> bool {
        matches!(self, Self::Scp | Self::Rcp)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policies",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Scp => "service control policies",
            Self::Rcp => "resource control policies",
            Self::Resource => "policy of the resource",
            Self::Endpoint => "policy of the VPC endpoint",
        })
    }
}

/// A decision with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What comes of the request.
    pub decision: Decision,
    /// Of what is allowed: a statement of each layer that had to allow. Of what is denied explicitly:
    /// every statement that does. Of what is denied implicitly: the layers that do not allow.
    pub because: Vec<Because>,
}

impl Answer {
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allowed
    }

    /// The statements that decide.
    pub fn statements(&self) -> impl Iterator<Item = &DecidingStatement> {
        self.because.iter().filter_map(|because| match &because.finding {
            Finding::Statement(statement) => Some(statement),
            _ => None,
        })
    }
}

/// One thing that a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Because {
    /// The kind of policy.
    pub layer: Layer,
    /// Which level of service or resource control policies, from 0; else 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub level: usize,
    /// What there is.
    #[serde(flatten)]
    pub finding: Finding,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(level: &usize) -> bool {
    *level == 0
}

#[expect(clippy::ref_option, reason = "serde gives it so")]
fn name<S: Serializer>(sid: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    sid.as_deref().serialize(serializer)
}

/// What a layer has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "finding")]
pub enum Finding {
    /// A statement applies.
    Statement(DecidingStatement),
    /// No statement allows the request.
    NoAllow {
        /// Statements that would allow, had they not failed in something else than the action, those
        /// that failed least first. [`Policies::explain`] fills it.
        nearest: Vec<NearMiss>,
    },
    /// The root user may do anything that nothing denies.
    RootUser,
}

/// A statement that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecidingStatement {
    /// Which of the layer's documents, from 0.
    pub document: usize,
    /// Which of its statements, from 0.
    pub statement: usize,
    /// Its name.
    #[serde(serialize_with = "name", skip_serializing_if = "Option::is_none")]
    pub sid: Option<Arc<str>>,
    /// What it does.
    pub effect: Effect,
}

/// A statement that is about the action and does not apply all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// Which of the layer's documents, from 0.
    pub document: usize,
    /// Which of its statements, from 0.
    pub statement: usize,
    /// Its name.
    #[serde(serialize_with = "name", skip_serializing_if = "Option::is_none")]
    pub sid: Option<Arc<str>>,
    /// What did not match.
    pub failed: Vec<Failed>,
}

/// Something of a statement that did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Failed {
    /// Who it is about.
    Principal,
    /// Which actions.
    Action,
    /// Which resources.
    Resource,
    /// A condition.
    Condition {
        /// The operator as AWS writes it.
        operator: String,
        /// The key as the policy writes it.
        key: String,
    },
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal => f.write_str("Principal"),
            Self::Action => f.write_str("Action"),
            Self::Resource => f.write_str("Resource"),
            Self::Condition { operator, key } => write!(f, "{operator} {key}"),
        }
    }
}

#[cfg(test)]
mod tests;
