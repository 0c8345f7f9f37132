//! Every AWS action, what it is for and what it is done to.

/// What an action is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Reading domains with profiles, apps, spaces and execution roles.
    Observe,
    /// Making and changing profiles.
    Provision,
    /// Taking profiles away, with their apps and spaces.
    Deprovision,
    /// Making a leaver's shared space again under another owner.
    HandOver,
    /// Links into Studio.
    SignIn,
    /// Reading the directory.
    Directory,
    /// Assigning groups to the applications of SSO-mode domains.
    Assign,
    /// Reaching other accounts.
    Spokes,
    /// Wake-ups by events.
    Events,
    /// Keys kept in Secrets Manager.
    Secrets,
    /// The demo, which makes its own domain; nothing that a real installation needs.
    Demo,
    /// Needs no permission at all.
    Free,
}

/// What an action is done to: the pattern of ARNs that a policy limits it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// `*`: IAM knows no resource for the action.
    Any,
    /// `arn:<partition>:sagemaker:<region>:<account>:domain/<domain id>`
    Domains,
    /// `arn:<partition>:sagemaker:<region>:<account>:user-profile/<domain id>/*`
    Profiles,
    /// `arn:<partition>:sagemaker:<region>:<account>:app/<domain id>/*`
    Apps,
    /// `arn:<partition>:sagemaker:<region>:<account>:space/<domain id>/*`
    Spaces,
    /// The teams' execution roles, by ARN.
    ExecutionRoles,
    /// The roles that domains are reached through, by ARN.
    SpokeRoles,
    /// `arn:<partition>:sso::<account>:application/<instance id>/<application id>`
    Applications,
    /// `arn:<partition>:sqs:<region>:<account>:<name>`
    Queue,
    /// `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-*`
    Secret,
}

/// What must hold besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Nothing.
    None,
    /// The role is passed to `SageMaker` and to nobody else (`iam:PassedToService`).
    PassedToSageMaker,
    /// The profile carries this installation's tag (`aws:ResourceTag/stagedoor:instance`).
    Tagged,
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
    fn a_role_is_only_ever_passed_to_sagemaker() {
        let passing: Vec<_> = ACTIONS.iter().filter(|a| a.name == "iam:PassRole").collect();
        assert_eq!(passing.len(), 1);
        assert_eq!(passing[0].condition, Condition::PassedToSageMaker);
        assert_eq!(passing[0].resource, Resource::ExecutionRoles);
    }
}
