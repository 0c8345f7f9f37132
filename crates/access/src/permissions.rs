//! What Stagedoor needs to be allowed: every AWS action it uses, what it is for and what it is done
//! to.
//!
//! [`ACTIONS`] is the one table; the roles that Stagedoor runs as are made of it. A test of the `aws`
//! crate holds it against the operations that are really called.

use crate::observed::TAG_INSTANCE;
use std::fmt::Write as _;

/// What an action is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`Feature::meaning` says each")]
pub enum Feature {
    Observe,
    Provision,
    Deprovision,
    HandOver,
    SignIn,
    Diagnose,
    Directory,
    Assign,
    Spokes,
    Events,
    Secrets,
    Demo,
    Free,
}

impl Feature {
    /// Every feature: first what is done where domains are, then what the hub does by itself.
    pub const ALL: [Self; 13] = [
        Self::Observe,
        Self::Provision,
        Self::Deprovision,
        Self::HandOver,
        Self::SignIn,
        Self::Diagnose,
        Self::Directory,
        Self::Assign,
        Self::Spokes,
        Self::Events,
        Self::Secrets,
        Self::Demo,
        Self::Free,
    ];

    /// What it is, as a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Observe => "Reading domains with profiles, apps, spaces and execution roles.",
            Self::Provision => "Making and changing profiles.",
            Self::Deprovision => "Taking profiles away, with their apps and spaces.",
            Self::HandOver => "Making a leaver's shared space again under another owner.",
            Self::SignIn => "Links into Studio, for IAM-mode domains.",
            Self::Diagnose => "Holding the policies of execution roles against the map (`doctor`).",
            Self::Directory => "Reading the directory.",
            Self::Assign => "Assigning groups to the applications of SSO-mode domains.",
            Self::Spokes => "Reaching domains of other accounts.",
            Self::Events => "Waking up by events.",
            Self::Secrets => "Keys that are kept in Secrets Manager.",
            Self::Demo => "The demo, which makes its own domain. No real installation needs it.",
            Self::Free => "Needs no permission.",
        }
    }

    /// Whether it is done in the accounts where domains are, through the spoke role.
    pub const fn in_spoke(self) -> bool {
        matches!(
            self,
            Self::Observe
                | Self::Provision
                | Self::Deprovision
                | Self::HandOver
                | Self::SignIn
                | Self::Diagnose
        )
    }
}

/// What an action is done to: the pattern of ARNs that a policy limits it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`Resource::pattern` says each")]
pub enum Resource {
    Any,
    Domains,
    Profiles,
    Apps,
    Spaces,
    ExecutionRoles,
    ManagedPolicies,
    SpokeRoles,
    Applications,
    Queue,
    Secret,
}

impl Resource {
    /// The pattern, with names for what an installation fills in. `*` where IAM knows no resource
    /// for the action.
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Any => "*",
            Self::Domains => "arn:<partition>:sagemaker:<region>:<account>:domain/<domain id>",
            Self::Profiles => {
                "arn:<partition>:sagemaker:<region>:<account>:user-profile/<domain id>/*"
            }
            Self::Apps => "arn:<partition>:sagemaker:<region>:<account>:app/<domain id>/*",
            Self::Spaces => "arn:<partition>:sagemaker:<region>:<account>:space/<domain id>/*",
            Self::ExecutionRoles => "arn:<partition>:iam::<account>:role/<execution role>",
            Self::ManagedPolicies => "arn:<partition>:iam::<account>:policy/*",
            Self::SpokeRoles => "arn:<partition>:iam::<account>:role/<spoke role>",
            Self::Applications => {
                "arn:<partition>:sso::<account>:application/<instance>/<application>"
            }
            Self::Queue => "arn:<partition>:sqs:<region>:<account>:<queue>",
            Self::Secret => "arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-*",
        }
    }
}

/// What must hold besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Nothing.
    None,
    /// The role is passed to `SageMaker` and to nobody else.
    PassedToSageMaker,
    /// The profile carries this installation's tag.
    Tagged,
}

impl Condition {
    /// The condition key and the value it must have, which for a tag is the map's `instance`.
    pub fn key(self, instance: &str) -> Option<(String, String)> {
        match self {
            Self::None => None,
            Self::PassedToSageMaker => {
                Some(("iam:PassedToService".to_owned(), "sagemaker.amazonaws.com".to_owned()))
            }
            Self::Tagged => Some((format!("aws:ResourceTag/{TAG_INSTANCE}"), instance.to_owned())),
        }
    }
}

/// An action of IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// `service:Action`, as policies write it.
    pub name: &'static str,
    /// What it is needed for. An action may be needed for several things, and is then listed as
    /// often.
    pub feature: Feature,
    /// What it is done to.
    pub resource: Resource,
    /// What must hold besides.
    pub condition: Condition,
    /// Whether Stagedoor calls the operation of that name. The others are asked for by AWS while
    /// it carries out a call.
    pub called: bool,
}

const fn call(name: &'static str, feature: Feature, resource: Resource) -> Action {
    Action { name, feature, resource, condition: Condition::None, called: true }
}

const fn on(condition: Condition, action: Action) -> Action {
    Action { condition, ..action }
}

const fn implied(action: Action) -> Action {
    Action { called: false, ..action }
}

/// Every action that Stagedoor needs.
pub const ACTIONS: &[Action] = {
    use Feature as F;
    use Resource as R;
    &[
        call("sagemaker:DescribeDomain", F::Observe, R::Domains),
        call("sagemaker:DescribeUserProfile", F::Observe, R::Profiles),
        call("sagemaker:ListTags", F::Observe, R::Profiles),
        call("sagemaker:DescribeApp", F::Observe, R::Apps),
        call("sagemaker:DescribeSpace", F::Observe, R::Spaces),
        call("sagemaker:ListUserProfiles", F::Observe, R::Any),
        call("sagemaker:ListApps", F::Observe, R::Any),
        call("sagemaker:ListSpaces", F::Observe, R::Any),
        call("servicequotas:GetServiceQuota", F::Observe, R::Any),
        call("iam:GetRole", F::Observe, R::ExecutionRoles),
        call("sagemaker:CreateUserProfile", F::Provision, R::Profiles),
        call("sagemaker:UpdateUserProfile", F::Provision, R::Profiles),
        call("sagemaker:AddTags", F::Provision, R::Profiles),
        call("sagemaker:DeleteTags", F::Provision, R::Profiles),
        implied(on(
            Condition::PassedToSageMaker,
            call("iam:PassRole", F::Provision, R::ExecutionRoles),
        )),
        call("sagemaker:DeleteApp", F::Deprovision, R::Apps),
        call("sagemaker:DeleteSpace", F::Deprovision, R::Spaces),
        on(Condition::Tagged, call("sagemaker:DeleteUserProfile", F::Deprovision, R::Profiles)),
        call("sagemaker:CreateSpace", F::HandOver, R::Spaces),
        call("sagemaker:CreatePresignedDomainUrl", F::SignIn, R::Profiles),
        call("iam:ListAttachedRolePolicies", F::Diagnose, R::ExecutionRoles),
        call("iam:ListRolePolicies", F::Diagnose, R::ExecutionRoles),
        call("iam:GetRolePolicy", F::Diagnose, R::ExecutionRoles),
        call("iam:GetPolicy", F::Diagnose, R::ManagedPolicies),
        call("iam:GetPolicyVersion", F::Diagnose, R::ManagedPolicies),
        call("identitystore:ListUsers", F::Directory, R::Any),
        call("identitystore:ListGroups", F::Directory, R::Any),
        call("identitystore:ListGroupMemberships", F::Directory, R::Any),
        call("identitystore:ListGroupMembershipsForMember", F::Directory, R::Any),
        call("identitystore:DescribeUser", F::Directory, R::Any),
        call("identitystore:DescribeGroup", F::Directory, R::Any),
        call("identitystore:GetUserId", F::Directory, R::Any),
        call("identitystore:GetGroupId", F::Directory, R::Any),
        call("sso:CreateApplicationAssignment", F::Assign, R::Applications),
        call("sso:ListApplicationAssignments", F::Assign, R::Applications),
        call("sso:DescribeApplication", F::Assign, R::Applications),
        call("sts:AssumeRole", F::Spokes, R::SpokeRoles),
        implied(call("sts:SetSourceIdentity", F::Spokes, R::SpokeRoles)),
        call("sqs:GetQueueUrl", F::Events, R::Queue),
        call("sqs:ReceiveMessage", F::Events, R::Queue),
        call("sqs:DeleteMessage", F::Events, R::Queue),
        call("secretsmanager:GetSecretValue", F::Secrets, R::Secret),
        call("sagemaker:ListDomains", F::Demo, R::Any),
        call("sagemaker:CreateDomain", F::Demo, R::Domains),
        call("sagemaker:DeleteDomain", F::Demo, R::Domains),
        call("sagemaker:CreateApp", F::Demo, R::Apps),
        call("sts:GetCallerIdentity", F::Free, R::Any),
    ]
};

/// The table as a page in Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# AWS permissions\n\nEvery AWS action that Stagedoor uses, and what it needs it for. \
         `stagedoor spoke template` makes policies of the first part, with the ARNs filled in.\n",
    );
    let parts = [
        ("In the accounts where domains are", true),
        ("In the account that Stagedoor runs in", false),
    ];
    for (title, in_spoke) in parts {
        let _ = write!(out, "\n## {title}\n");
        for feature in Feature::ALL.into_iter().filter(|f| f.in_spoke() == in_spoke) {
            let _ = write!(out, "\n### {feature:?}\n\n{}\n\n", feature.meaning());
            out.push_str("| action | resource | condition |\n|---|---|---|\n");
            for action in ACTIONS.iter().filter(|action| action.feature == feature) {
                let condition = action
                    .condition
                    .key("<instance>")
                    .map_or_else(String::new, |(key, value)| format!("`{key}` = `{value}`"));
                let (name, pattern) = (action.name, action.resource.pattern());
                let _ = writeln!(out, "| `{name}` | `{pattern}` | {condition} |");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nothing_is_listed_twice_for_the_same_reason() {
        let rows: BTreeSet<_> = ACTIONS.iter().map(|a| (a.name, a.feature, a.resource)).collect();
        assert_eq!(rows.len(), ACTIONS.len());
    }

    #[test]
    fn every_action_is_on_the_page_once_for_each_of_its_reasons() {
        let page = reference();
        let rows = page.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, ACTIONS.len());
        assert!(page.contains(
            "| `sagemaker:DeleteUserProfile` | \
             `arn:<partition>:sagemaker:<region>:<account>:user-profile/<domain id>/*` | \
             `aws:ResourceTag/stagedoor:instance` = `<instance>` |"
        ));
    }

    #[test]
    fn a_role_is_only_ever_passed_to_sagemaker() {
        let passing: Vec<_> = ACTIONS.iter().filter(|a| a.name == "iam:PassRole").collect();
        assert_eq!(passing.len(), 1);
        assert_eq!(passing[0].condition, Condition::PassedToSageMaker);
        assert_eq!(passing[0].resource, Resource::ExecutionRoles);
    }
}
