//! Permission sets for people who work in the AWS console: none of them opens Studio.
//!
//! Whoever administers Stagedoor is not who administers `SageMaker`, neither is a user of Studio, and
//! the auditor changes nothing.

use super::reach::execution_roles;
use crate::map::AccessMap;
use crate::observed::TAG_KEYS;
use crate::what_if::REMOTE;
use iam_policy::bundle::{PermissionSet, Role};
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// How long a session in the console lasts, in seconds.
const WORKDAY: u32 = 8 * 3600;
/// How long an administrator's session lasts, in seconds.
const SHORT: u32 = 3600;

/// What signs somebody in to Studio, `MLflow`, a partner's app or a notebook, by a link or by remote
/// access to a running app. Links are denied by what their names have in common: there are new kinds
/// every year.
const WAYS_IN: [&str; 3] =
    ["sagemaker:CreatePartnerAppPresignedUrl", "sagemaker:CreatePresigned*", REMOTE];

/// What reading `SageMaker` is.
const READ: [&str; 5] = [
    "sagemaker:BatchDescribe*",
    "sagemaker:Describe*",
    "sagemaker:List*",
    "sagemaker:QueryLineage",
    "sagemaker:Search",
];

/// All of them, if the map says what the hub is.
pub(super) fn sets(map: &AccessMap, roles: &[Role]) -> Vec<PermissionSet> {
    let Some(hub) = &map.hub else { return Vec::new() };
    let partition = hub.role.partition();
    let domains: BTreeMap<_, _> = map.domains.iter().collect();
    let executed: BTreeSet<String> =
        execution_roles(map, &domains).iter().map(ToString::to_string).collect();
    let managed: BTreeSet<String> = roles.iter().map(Role::arn).chain(executed.clone()).collect();
    let policies: BTreeSet<String> = roles
        .iter()
        .flat_map(|role| role.managed.iter().map(|policy| role.policy_arn(policy)))
        .collect();
    let mut boundaries: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for role in roles {
        if let Some(boundary) = &role.boundary {
            boundaries.entry(boundary).or_default().insert(role.arn());
        }
    }
    let accounts: BTreeSet<&str> = map.domains.values().map(|d| d.account_id.as_str()).collect();
    let everything: Vec<String> =
        accounts.iter().map(|account| format!("arn:{partition}:sagemaker:*:{account}:*")).collect();
    let set = |name: &str, description: &str, session_seconds, statements: Vec<Statement>| {
        PermissionSet {
            name: name.to_owned(),
            description: description.to_owned(),
            session_seconds,
            managed: Vec::new(),
            inline: Document::new(statements),
        }
    };
    vec![
        set(
            "StagedoorAdmin",
            "Rolls out the roles of the access map, and opens nothing",
            SHORT,
            admin(&managed, &policies, &boundaries),
        ),
        set(
            "StagedoorAuditor",
            "Reads what the roles of the access map are and what was done with them",
            WORKDAY,
            auditor(&managed),
        ),
        set(
            "StagedoorDataScientist",
            "Looks at jobs, models and metrics in the console; Studio is entered by the door",
            WORKDAY,
            scientist(partition, &accounts),
        ),
        set(
            "StagedoorSageMakerAdmin",
            "Administers SageMaker and opens nobody's Studio; its jobs may run as any team's role",
            SHORT,
            sagemaker_admin(everything, &executed),
        ),
    ]
}

/// No way into Studio, whatever else somebody is allowed.
fn no_way_in() -> Statement {
    Statement::deny("StudioOnlyByTheDoor").actions(WAYS_IN).resources(["*"])
}

fn read_roles(roles: &BTreeSet<String>) -> Statement {
    Statement::allow("ReadRolesOfTheMap")
        .actions([
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:ListRoleTags",
        ])
        .resources(roles)
}

/// `boundaries`: which of the roles have which permissions boundary.
fn admin(
    roles: &BTreeSet<String>,
    policies: &BTreeSet<String>,
    boundaries: &BTreeMap<&str, BTreeSet<String>>,
) -> Vec<Statement> {
    let mut statements = vec![
        read_roles(roles),
        Statement::allow("RollOutRolesOfTheMap")
            .actions([
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ])
            .resources(roles),
    ];
    if !policies.is_empty() {
        statements.push(
            Statement::allow("RollOutPoliciesOfTheMap")
                .actions([
                    "iam:CreatePolicy",
                    "iam:CreatePolicyVersion",
                    "iam:DeletePolicyVersion",
                    "iam:GetPolicy",
                    "iam:GetPolicyVersion",
                    "iam:ListPolicyVersions",
                ])
                .resources(policies),
        );
        statements.push(
            Statement::allow("AttachPoliciesOfTheMap")
                .actions(["iam:AttachRolePolicy", "iam:DetachRolePolicy"])
                .resources(roles)
                .when("ArnEquals", "iam:PolicyARN", policies),
        );
    }
    if !boundaries.is_empty() {
        statements.push(
            Statement::allow("BoundRolesOfTheMap")
                .actions(["iam:PutRolePermissionsBoundary"])
                .resources(boundaries.values().flatten()),
        );
    }
    statements.extend(boundaries.iter().enumerate().map(|(number, (boundary, roles))| {
        Statement::deny(format!("NoOtherBoundary{}", number + 1))
            .actions(["iam:CreateRole", "iam:PutRolePermissionsBoundary"])
            .resources(roles)
            .when("StringNotEquals", "iam:PermissionsBoundary", [*boundary])
    }));
    statements.extend([
        Statement::allow("ReadSageMaker").actions(READ).resources(["*"]),
        Statement::deny("AssumesNoRoleOfTheMap").actions(["sts:AssumeRole"]).resources(roles),
        no_way_in(),
    ]);
    statements
}

fn auditor(roles: &BTreeSet<String>) -> Vec<Statement> {
    vec![
        read_roles(roles),
        Statement::allow("ReadSageMaker").actions(READ).resources(["*"]),
        Statement::allow("ReadWhatWasDone").actions(["cloudtrail:LookupEvents"]).resources(["*"]),
        no_way_in(),
    ]
}

fn scientist(partition: &str, accounts: &BTreeSet<&str>) -> Vec<Statement> {
    let logs = accounts
        .iter()
        .map(|account| format!("arn:{partition}:logs:*:{account}:log-group:/aws/sagemaker/*"));
    vec![
        Statement::allow("ReadSageMaker").actions(READ).resources(["*"]),
        Statement::allow("ReadMetrics")
            .actions(["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"])
            .resources(["*"]),
        Statement::allow("ReadLogsOfJobs")
            .actions(["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"])
            .resources(logs),
        no_way_in(),
    ]
}

fn sagemaker_admin(everything: Vec<String>, executed: &BTreeSet<String>) -> Vec<Statement> {
    let mut statements = vec![
        Statement::allow("ReadSageMaker").actions(READ).resources(["*"]),
        Statement::allow("AdministerSageMaker").actions(["sagemaker:*"]).resources(everything),
        Statement::allow("ChooseNetworksAndKeys")
            .actions([
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "iam:ListRoles",
                "kms:ListAliases",
            ])
            .resources(["*"]),
    ];
    if !executed.is_empty() {
        statements.push(
            Statement::allow("PassExecutionRolesToSageMaker")
                .actions(["iam:PassRole"])
                .resources(executed)
                .when("StringEquals", "iam:PassedToService", ["sagemaker.amazonaws.com"]),
        );
    }
    statements.push(
        Statement::deny("ProfilesOnlyByStagedoor")
            .actions(["sagemaker:CreateUserProfile", "sagemaker:UpdateUserProfile"])
            .resources(["*"]),
    );
    statements.push(
        Statement::deny("StagedoorTagsOnlyByStagedoor")
            .actions(["sagemaker:AddTags", "sagemaker:DeleteTags"])
            .resources(["*"])
            .when("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", TAG_KEYS),
    );
    statements.push(no_way_in());
    statements
}
