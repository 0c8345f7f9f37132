//! What an access map means in IAM: roles, guardrails, endpoint policies and permission sets, as
//! data. Whoever renders, compares, simulates or proves them starts from here.

use crate::document::{Document, Limit};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that an access map means in IAM, in a fixed order: equal maps give equal bundles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    /// Roles, by account, path and name.
    pub roles: Vec<Role>,
    /// Service control policies, by name.
    pub scps: Vec<ControlPolicy>,
    /// Policies of VPC endpoints, by name.
    pub endpoint_policies: Vec<EndpointPolicy>,
    /// Permission sets of Identity Center, by name.
    pub permission_sets: Vec<PermissionSet>,
}

impl Bundle {
    /// The service control policies of an account, but for those that AWS would not take: one that is too large, and
    /// all where they are more than an account has room for beside `FullAWSAccess`, for nobody knows which of them
    /// are in force.
    pub fn scps_of<'b>(&'b self, account: &'b str) -> impl Iterator<Item = &'b ControlPolicy> {
        let limit = Limit::SERVICE_CONTROL_POLICY;
        let is_there = move |policy: &&ControlPolicy| policy.accounts.contains(account);
        let has_room = self.scps.iter().filter(is_there).count() < limit.documents;
        let there = self.scps.iter().filter(is_there);
        there.filter(move |policy| has_room && limit.fits(&policy.document))
    }
}

/// A role with everything that decides what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What the role is for.
    pub kind: RoleKind,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The account it is in, 12 digits.
    pub account_id: String,
    /// Its path: `/` or `/a/b/`.
    pub path: String,
    /// Its name, without path.
    pub name: String,
    /// What it is for, as a sentence.
    pub description: String,
    /// Who may assume it.
    pub trust: Document,
    /// Customer managed policies attached to it, each made for this role.
    pub managed: Vec<NamedPolicy>,
    /// Inline policies.
    pub inline: Vec<NamedPolicy>,
    /// ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How long a session of it may last, in seconds: 3,600 to 43,200.
    pub max_session_seconds: u32,
}

/// What a role is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleKind {
    /// The role Stagedoor itself runs as.
    Hub,
    /// Through it Stagedoor works in an account where domains are.
    Spoke,
    /// Through it Stagedoor makes links into Studio, and nothing else.
    Presign,
    /// What people's apps run as.
    Execution {
        /// The teams whose profiles have it, by key.
        teams: BTreeSet<String>,
    },
}

impl Role {
    /// What IAM counts of its inline policies ([`Limit::ROLE_INLINE`]), in characters.
    pub fn inline_size(&self) -> usize {
        self.inline.iter().map(|policy| Limit::ROLE_INLINE.size(&policy.document)).sum()
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        let Self { partition, account_id, path, name, .. } = self;
        format!("arn:{partition}:iam::{account_id}:role{path}{name}")
    }

    /// The ARN of a managed policy that is made for this role: it has the role's path.
    pub fn policy_arn(&self, policy: &NamedPolicy) -> String {
        let Self { partition, account_id, path, .. } = self;
        format!("arn:{partition}:iam::{account_id}:policy{path}{}", policy.name)
    }

    /// All its identity policies: managed ones first.
    pub fn policies(&self) -> impl Iterator<Item = &NamedPolicy> {
        self.managed.iter().chain(&self.inline)
    }
}

/// A policy with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// Its name, unique in the role or account it is for.
    pub name: String,
    /// What it is for, as a sentence.
    pub description: String,
    /// What it says.
    pub document: Document,
}

/// A service control policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlPolicy {
    /// Whether it says less than was meant, because that does not fit; the description says what it does.
    pub is_coarse: bool,
    /// Its name, unique in the organization.
    pub name: String,
    /// What it is for, as a sentence.
    pub description: String,
    /// The accounts it is meant to be attached to, 12 digits each: those where domains are.
    pub accounts: BTreeSet<String>,
    /// What it says.
    pub document: Document,
}

/// The policy of a VPC endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointPolicy {
    /// Its name: the service and the Region.
    pub name: String,
    /// What it is for, as a sentence.
    pub description: String,
    /// The service of the endpoint, as AWS names it: `com.amazonaws.eu-west-1.sagemaker.api`.
    pub service: String,
    /// The Region of the endpoint.
    pub region: String,
    /// What it says.
    pub document: Document,
}

/// A permission set of IAM Identity Center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionSet {
    /// Its name: at most 32 characters.
    pub name: String,
    /// Whom it is for, as a sentence.
    pub description: String,
    /// How long a session lasts, in seconds: 3,600 to 43,200.
    pub session_seconds: u32,
    /// ARNs of AWS managed policies.
    pub managed: Vec<String>,
    /// Its inline policy: at most 10,240 characters.
    pub inline: Document,
}
