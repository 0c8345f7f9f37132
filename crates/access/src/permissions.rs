//! What Stagedoor needs to be allowed: every AWS action it uses, what it is for and what it is done
//! to.
//!
//! [`ACTIONS`] is the one table; the roles that Stagedoor runs as are made of it. A test of the `aws`
//! crate holds it against the operations that are really called.

use crate::observed::{TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM};
use std::fmt;
use std::fmt::Write as _;

/// What an action is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`Feature::meaning` says each")]
pub enum Feature {
    Observe,
    Provision,
    Adopt,
    Deprovision,
    HandOver,
    SignIn,
    Diagnose,
    Directory,
    Mirror,
    Assign,
    Spokes,
    Events,
    Secrets,
    Store,
    Work,
    Triggers,
    Encryption,
    Function,
    AuditKey,
    Audit,
    FirstMap,
    Demo,
    Free,
}

impl Feature {
    /// Every feature: first what is done where domains are, then what the hub does by itself.
    pub const ALL: [Self; 23] = [
        Self::Observe,
        Self::Provision,
        Self::Adopt,
        Self::Deprovision,
        Self::HandOver,
        Self::SignIn,
        Self::Diagnose,
        Self::Directory,
        Self::Mirror,
        Self::Assign,
        Self::Spokes,
        Self::Events,
        Self::Secrets,
        Self::Store,
        Self::Work,
        Self::Triggers,
        Self::Encryption,
        Self::Function,
        Self::AuditKey,
        Self::Audit,
        Self::FirstMap,
        Self::Demo,
        Self::Free,
    ];

    /// What it is, as a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Observe => "Reading domains with profiles, apps, spaces and execution roles.",
            Self::Provision => "Making and changing profiles.",
            Self::Adopt => {
                "Taking over profiles that Stagedoor did not make, where the map says so."
            }
            Self::Deprovision => "Taking profiles away, with their apps and spaces.",
            Self::HandOver => "Making a leaver's shared space again under another owner.",
            Self::SignIn => "Links into Studio, for IAM-mode domains.",
            Self::Diagnose => {
                "Holding the policies of execution roles against the map, and looking at networks and \
                 keys of domains (`doctor`)."
            }
            Self::Directory => "Reading the directory.",
            Self::Mirror => {
                "Mirroring groups into an identity store, where the map says so. The store has to be \
                 the caller's own: its account, or the delegated administrator's."
            }
            Self::Assign => "Assigning groups to the applications of SSO-mode domains.",
            Self::Spokes => "Reaching domains of other accounts.",
            Self::Events => "Waking up by events.",
            Self::Secrets => "Keys that are kept in Secrets Manager or in Parameter Store.",
            Self::Store => "Keeping state in DynamoDB.",
            Self::Work => "Handing work on, between the functions on Lambda.",
            Self::Triggers => "What Lambda does as a function: reading the queues that wake it.",
            Self::Encryption => {
                "The KMS key of table, queues and secrets. Asked for by them, never called."
            }
            Self::Function => {
                "What Lambda does as a function: writing its log, and being in a VPC."
            }
            Self::AuditKey => {
                "The KMS key that the audit log is sealed with, where the map's hub names one \
                 (`docs/audit.md`)."
            }
            Self::Audit => {
                "Checkpoints of the audit log in S3, where the map's hub names their place."
            }
            Self::FirstMap => {
                "Finding the directory for a first map (`init`), once, with an admin's own credentials."
            }
            Self::Demo => {
                "The demo and trials, which make a domain and a table of their own. No real \
                 installation needs it."
            }
            Self::Free => "Needs no permission.",
        }
    }

    /// Whether it is done in the accounts where domains are, through the spoke role.
    pub const fn in_spoke(self) -> bool {
        matches!(
            self,
            Self::Observe
                | Self::Provision
                | Self::Adopt
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
    KmsKeys,
    Directory,
    DirectoryKey,
    Mirrored,
    SpokeRoles,
    Applications,
    Queue,
    Secret,
    Parameter,
    Table,
    Index,
    WorkQueues,
    Triggers,
    Key,
    Log,
    AuditKey,
    Checkpoints,
    CheckpointBucket,
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
            Self::KmsKeys => "arn:<partition>:kms:<region>:<account>:key/*",
            Self::Directory => {
                "arn:<partition>:identitystore::*:identitystore/<identity store id> and its users, \
                 groups and memberships"
            }
            Self::DirectoryKey => {
                "arn:<partition>:kms:<region>:<account>:key/<the identity store's key>"
            }
            Self::Mirrored => {
                "arn:<partition>:identitystore::*:identitystore/<mirrored identity store> and its \
                 users, groups and memberships"
            }
            Self::SpokeRoles => "arn:<partition>:iam::<account>:role/<spoke role>",
            Self::Applications => {
                "arn:<partition>:sso::<account>:application/<instance>/<application>"
            }
            Self::Queue => "arn:<partition>:sqs:<region>:<account>:<queue>",
            Self::Secret => "arn:<partition>:secretsmanager:<region>:<account>:secret:<name>",
            Self::Parameter => "arn:<partition>:ssm:<region>:<account>:parameter/<name>",
            Self::Table => "arn:<partition>:dynamodb:<region>:<account>:table/<table>",
            Self::Index => "arn:<partition>:dynamodb:<region>:<account>:table/<table>/index/*",
            Self::WorkQueues => {
                "arn:<partition>:sqs:<region>:<account>:<work queue and queue for later>"
            }
            Self::Triggers => "arn:<partition>:sqs:<region>:<account>:<queues of the function>",
            Self::Key => "arn:<partition>:kms:<region>:<account>:key/<key id>",
            Self::AuditKey => "arn:<partition>:kms:<region>:<account>:key/<audit key>",
            Self::Checkpoints => "arn:<partition>:s3:::<bucket>/<prefix>/*",
            Self::CheckpointBucket => "arn:<partition>:s3:::<bucket>",
            Self::Log => {
                "arn:<partition>:logs:*:<account>:log-group:/aws/lambda/<role of the function>:*"
            }
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
    /// The profile carries this installation's tag, and no mark that its person leaves.
    Stays,
    /// The new profile gets all of Stagedoor's own tags, with this installation's name.
    CreatedTagged,
    /// The tags are those of a profile that is just being made.
    WhileCreating,
    /// The profile has no installation's tag yet, and gets this one's.
    Untagged,
    /// The tags are those of a space that is just being made.
    WhileCreatingSpace,
    /// The identity store asks for it, to read what it keeps encrypted.
    ViaIdentityStore,
}

/// One condition of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The operator of IAM's language: `StringEquals`, `StringLike` or `Null`.
    pub operator: &'static str,
    /// The condition key.
    pub key: String,
    /// The value it is compared with.
    pub value: String,
}

impl Condition {
    /// The conditions it is in IAM's language, all of which must hold. A tag of an installation has
    /// the map's `instance` as value.
    pub fn tests(self, instance: &str) -> Vec<Test> {
        let equals = |key: &str, value: &str| Test {
            operator: "StringEquals",
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let absent =
            |key: String, absent: bool| Test { operator: "Null", key, value: absent.to_string() };
        let own = format!("aws:ResourceTag/{TAG_INSTANCE}");
        let asked = format!("aws:RequestTag/{TAG_INSTANCE}");
        match self {
            Self::None => Vec::new(),
            Self::PassedToSageMaker => {
                vec![equals("iam:PassedToService", "sagemaker.amazonaws.com")]
            }
            Self::Tagged => vec![equals(&own, instance)],
            Self::Stays => {
                vec![equals(&own, instance), absent(format!("aws:ResourceTag/{TAG_LEAVING}"), true)]
            }
            Self::CreatedTagged => vec![
                equals(&asked, instance),
                absent(format!("aws:RequestTag/{TAG_PERSON}"), false),
                absent(format!("aws:RequestTag/{TAG_TEAM}"), false),
            ],
            Self::WhileCreating => vec![
                equals("sagemaker:TaggingAction", "CreateUserProfile"),
                equals(&asked, instance),
            ],
            Self::WhileCreatingSpace => vec![equals("sagemaker:TaggingAction", "CreateSpace")],
            Self::ViaIdentityStore => {
                vec![Test { operator: "StringLike", ..equals("kms:ViaService", "identitystore.*") }]
            }
            Self::Untagged => vec![equals(&asked, instance), absent(own, true)],
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operator, key, value } = self;
        match (*operator, value.as_str()) {
            ("Null", "true") => write!(f, "`{key}` is absent"),
            ("Null", _) => write!(f, "`{key}` is there"),
            _ => write!(f, "`{key}` = `{value}`"),
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
        on(
            Condition::CreatedTagged,
            call("sagemaker:CreateUserProfile", F::Provision, R::Profiles),
        ),
        on(Condition::Tagged, call("sagemaker:UpdateUserProfile", F::Provision, R::Profiles)),
        on(Condition::Tagged, call("sagemaker:AddTags", F::Provision, R::Profiles)),
        on(Condition::WhileCreating, call("sagemaker:AddTags", F::Provision, R::Profiles)),
        on(Condition::Tagged, call("sagemaker:DeleteTags", F::Provision, R::Profiles)),
        implied(on(
            Condition::PassedToSageMaker,
            call("iam:PassRole", F::Provision, R::ExecutionRoles),
        )),
        on(Condition::Untagged, call("sagemaker:AddTags", F::Adopt, R::Profiles)),
        call("sagemaker:DeleteApp", F::Deprovision, R::Apps),
        call("sagemaker:DeleteSpace", F::Deprovision, R::Spaces),
        on(Condition::Tagged, call("sagemaker:DeleteUserProfile", F::Deprovision, R::Profiles)),
        call("sagemaker:CreateSpace", F::HandOver, R::Spaces),
        call("sagemaker:ListTags", F::HandOver, R::Spaces),
        on(Condition::WhileCreatingSpace, call("sagemaker:AddTags", F::HandOver, R::Spaces)),
        on(Condition::Stays, call("sagemaker:CreatePresignedDomainUrl", F::SignIn, R::Profiles)),
        call("iam:ListAttachedRolePolicies", F::Diagnose, R::ExecutionRoles),
        call("iam:ListRolePolicies", F::Diagnose, R::ExecutionRoles),
        call("iam:GetRolePolicy", F::Diagnose, R::ExecutionRoles),
        call("iam:GetPolicy", F::Diagnose, R::ManagedPolicies),
        call("iam:GetPolicyVersion", F::Diagnose, R::ManagedPolicies),
        call("ec2:DescribeVpcEndpoints", F::Diagnose, R::Any),
        call("ec2:DescribeSubnets", F::Diagnose, R::Any),
        call("ec2:DescribeSecurityGroups", F::Diagnose, R::Any),
        call("kms:DescribeKey", F::Diagnose, R::KmsKeys),
        call("kms:GetKeyPolicy", F::Diagnose, R::KmsKeys),
        call("identitystore:ListUsers", F::Directory, R::Directory),
        call("identitystore:ListGroups", F::Directory, R::Directory),
        call("identitystore:ListGroupMemberships", F::Directory, R::Directory),
        call("identitystore:ListGroupMembershipsForMember", F::Directory, R::Directory),
        call("identitystore:DescribeUser", F::Directory, R::Directory),
        call("identitystore:DescribeGroup", F::Directory, R::Directory),
        call("identitystore:GetUserId", F::Directory, R::Directory),
        call("identitystore:GetGroupId", F::Directory, R::Directory),
        call("identitystore:IsMemberInGroups", F::Directory, R::Directory),
        implied(on(
            Condition::ViaIdentityStore,
            call("kms:Decrypt", F::Directory, R::DirectoryKey),
        )),
        call("identitystore:ListUsers", F::Mirror, R::Mirrored),
        call("identitystore:ListGroups", F::Mirror, R::Mirrored),
        call("identitystore:ListGroupMemberships", F::Mirror, R::Mirrored),
        call("identitystore:GetGroupMembershipId", F::Mirror, R::Mirrored),
        call("identitystore:CreateUser", F::Mirror, R::Mirrored),
        call("identitystore:UpdateUser", F::Mirror, R::Mirrored),
        call("identitystore:DeleteUser", F::Mirror, R::Mirrored),
        call("identitystore:CreateGroup", F::Mirror, R::Mirrored),
        call("identitystore:UpdateGroup", F::Mirror, R::Mirrored),
        call("identitystore:DeleteGroup", F::Mirror, R::Mirrored),
        call("identitystore:CreateGroupMembership", F::Mirror, R::Mirrored),
        call("identitystore:DeleteGroupMembership", F::Mirror, R::Mirrored),
        call("sso:CreateApplicationAssignment", F::Assign, R::Applications),
        call("sso:ListApplicationAssignments", F::Assign, R::Applications),
        call("sso:DescribeApplication", F::Assign, R::Applications),
        call("sts:AssumeRole", F::Spokes, R::SpokeRoles),
        implied(call("sts:SetSourceIdentity", F::Spokes, R::SpokeRoles)),
        implied(call("sts:TagSession", F::Spokes, R::SpokeRoles)),
        call("sqs:GetQueueUrl", F::Events, R::Queue),
        call("sqs:GetQueueAttributes", F::Events, R::Queue),
        call("sqs:ReceiveMessage", F::Events, R::Queue),
        call("sqs:DeleteMessage", F::Events, R::Queue),
        call("secretsmanager:GetSecretValue", F::Secrets, R::Secret),
        call("dynamodb:DescribeTable", F::Store, R::Table),
        call("dynamodb:GetItem", F::Store, R::Table),
        call("dynamodb:BatchGetItem", F::Store, R::Table),
        call("dynamodb:Query", F::Store, R::Table),
        call("dynamodb:Query", F::Store, R::Index),
        call("dynamodb:PutItem", F::Store, R::Table),
        call("dynamodb:UpdateItem", F::Store, R::Table),
        call("dynamodb:DeleteItem", F::Store, R::Table),
        call("dynamodb:BatchWriteItem", F::Store, R::Table),
        // A transaction is allowed by what it does.
        implied(call("dynamodb:ConditionCheckItem", F::Store, R::Table)),
        call("sqs:SendMessage", F::Work, R::WorkQueues),
        call("ssm:GetParameter", F::Secrets, R::Parameter),
        implied(call("sqs:ReceiveMessage", F::Triggers, R::Triggers)),
        implied(call("sqs:DeleteMessage", F::Triggers, R::Triggers)),
        implied(call("sqs:GetQueueAttributes", F::Triggers, R::Triggers)),
        implied(call("kms:Decrypt", F::Encryption, R::Key)),
        implied(call("kms:GenerateDataKey", F::Encryption, R::Key)),
        implied(call("logs:CreateLogStream", F::Function, R::Log)),
        implied(call("logs:PutLogEvents", F::Function, R::Log)),
        implied(call("ec2:CreateNetworkInterface", F::Function, R::Any)),
        implied(call("ec2:DeleteNetworkInterface", F::Function, R::Any)),
        implied(call("ec2:DescribeNetworkInterfaces", F::Function, R::Any)),
        implied(call("ec2:DescribeSubnets", F::Function, R::Any)),
        implied(call("ec2:AssignPrivateIpAddresses", F::Function, R::Any)),
        implied(call("ec2:UnassignPrivateIpAddresses", F::Function, R::Any)),
        call("s3:PutObject", F::Audit, R::Checkpoints),
        call("s3:GetObject", F::Audit, R::Checkpoints),
        call("s3:ListBucket", F::Audit, R::CheckpointBucket),
        call("kms:GenerateMac", F::AuditKey, R::AuditKey),
        call("kms:VerifyMac", F::Audit, R::AuditKey),
        call("sso:ListInstances", F::FirstMap, R::Any),
        call("dynamodb:CreateTable", F::Demo, R::Table),
        call("dynamodb:UpdateTimeToLive", F::Demo, R::Table),
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
         `stagedoor policy render` makes roles of it, with the ARNs filled in.\n",
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
                let tests = action.condition.tests("<instance>");
                let condition: Vec<String> = tests.iter().map(Test::to_string).collect();
                let condition = condition.join(", ");
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
        let rows: BTreeSet<_> =
            ACTIONS.iter().map(|a| (a.name, a.feature, a.resource, a.condition)).collect();
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
        assert!(page.contains(
            "| `aws:RequestTag/stagedoor:instance` = `<instance>`, \
             `aws:ResourceTag/stagedoor:instance` is absent |"
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
