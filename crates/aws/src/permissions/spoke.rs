//! The role of a spoke: the least that Stagedoor needs in an account where domains are.

use access::ids::{DomainId, Region, RoleArn};
use access::permissions::{ACTIONS, Condition, Feature, Resource};
use iam_policy::document::Limit;
use iam_policy::trust::{ASSUME_ROLE, SET_SOURCE_IDENTITY};
use iam_policy::{Document, PrincipalKind, Statement};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A role of one account through which a hub reaches domains there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokeTemplate {
    /// The role to make.
    pub role: RoleArn,
    /// Who may assume it: ARN of the role or user that Stagedoor runs as.
    pub hub_principal: String,
    /// What the hub must say besides (`sts:ExternalId`); absent: nothing.
    pub external_id: Option<String>,
    /// The domains to be reached, all in the role's account.
    pub domains: BTreeMap<DomainId, Region>,
    /// The teams' execution roles, all in the role's account.
    pub execution_roles: BTreeSet<RoleArn>,
    /// The installation whose profiles may be deleted: the map's `instance`.
    pub instance: String,
}

/// A spoke role that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The hub's principal is not one that a trust policy can name.
    #[error(
        "the hub principal `{0}` is not the ARN of a role, a user or an account root \
         (arn:aws:iam::<account>:role/<name>)"
    )]
    HubPrincipal(String),
    /// A role is in another account than the spoke's.
    #[error("the execution role `{role}` is not in account {account} of the spoke role")]
    OtherAccount {
        /// The role.
        role: RoleArn,
        /// The spoke's account.
        account: String,
    },
    /// There is nothing that the role would be for.
    #[error("no domain is reached through the role `{0}`")]
    NoDomain(RoleArn),
    /// The policies do not fit into one role.
    #[error(
        "the policies of the role `{role}` would take {size} characters and IAM allows \
         {}: let fewer domains share the role", Limit::ROLE_INLINE.characters
    )]
    TooLarge {
        /// The role.
        role: RoleArn,
        /// How many characters they take, white space not counted.
        size: usize,
    },
}

/// The policies of the role, by name: one for each feature, so that an admin can leave one out.
const POLICIES: [(&str, Feature); 6] = [
    ("StagedoorObserve", Feature::Observe),
    ("StagedoorProvision", Feature::Provision),
    ("StagedoorDeprovision", Feature::Deprovision),
    ("StagedoorHandOver", Feature::HandOver),
    ("StagedoorSignIn", Feature::SignIn),
    ("StagedoorDiagnose", Feature::Diagnose),
];

/// A `CloudFormation` template, as JSON text, that makes the role.
pub fn spoke_template(spoke: &SpokeTemplate) -> Result<String, TemplateError> {
    let policies = spoke.policies()?;
    let policies: Vec<Value> = policies
        .iter()
        .map(|(name, document)| json!({"PolicyName": name, "PolicyDocument": document}))
        .collect();
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The least that Stagedoor needs in this account (stagedoor spoke template)",
        "Resources": {
            "StagedoorSpoke": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": spoke.role.role_name(),
                    "Path": path(&spoke.role),
                    "Description": "Assumed by Stagedoor to manage user profiles of Studio domains",
                    "AssumeRolePolicyDocument": spoke.trust()?,
                    "Policies": policies,
                }
            }
        },
        "Outputs": {
            "RoleArn": {
                "Description": "For assume_role in the access map",
                "Value": {"Fn::GetAtt": ["StagedoorSpoke", "Arn"]}
            }
        }
    });
    Ok(format!("{template:#}\n"))
}

impl SpokeTemplate {
    /// Whom the role lets in.
    fn trust(&self) -> Result<Document, TemplateError> {
        if !is_principal(&self.hub_principal) {
            return Err(TemplateError::HubPrincipal(self.hub_principal.clone()));
        }
        let trust = Statement::allow("StagedoorHub")
            .principals(PrincipalKind::Aws, [&self.hub_principal])
            .actions([ASSUME_ROLE, SET_SOURCE_IDENTITY]);
        Ok(Document::new([match &self.external_id {
            Some(id) => trust.when("StringEquals", "sts:ExternalId", [id]),
            None => trust,
        }]))
    }

    /// What the role may do, by policy name.
    fn policies(&self) -> Result<Vec<(&'static str, Document)>, TemplateError> {
        if self.domains.is_empty() {
            return Err(TemplateError::NoDomain(self.role.clone()));
        }
        let account = self.role.account();
        if let Some(role) = self.execution_roles.iter().find(|role| role.account() != account) {
            let account = account.to_owned();
            return Err(TemplateError::OtherAccount { role: role.clone(), account });
        }
        let policies: Vec<_> = POLICIES
            .into_iter()
            .map(|(name, feature)| (name, self.policy(feature)))
            .filter(|(_, document)| !document.statements.is_empty())
            .collect();
        let size = policies.iter().map(|(_, document)| Limit::ROLE_INLINE.size(document)).sum();
        if size > Limit::ROLE_INLINE.characters {
            return Err(TemplateError::TooLarge { role: self.role.clone(), size });
        }
        Ok(policies)
    }

    /// One statement for each kind of resource and condition.
    fn policy(&self, feature: Feature) -> Document {
        let mut grouped: BTreeMap<(Resource, Condition), Vec<String>> = BTreeMap::new();
        for action in ACTIONS.iter().filter(|action| action.feature == feature) {
            let names = grouped.entry((action.resource, action.condition)).or_default();
            names.push(action.name.to_owned());
        }
        let statements = grouped.into_iter().filter_map(|((resource, condition), actions)| {
            let resources = self.resources(resource);
            // A statement about nothing is not one that IAM takes.
            (!resources.is_empty()).then(|| {
                let statement = Statement::allow(sid(feature, resource, condition))
                    .actions(actions)
                    .resources(resources);
                match condition.key(&self.instance) {
                    Some((key, value)) => statement.when("StringEquals", key, [value]),
                    None => statement,
                }
            })
        });
        Document::new(statements)
    }

    fn resources(&self, resource: Resource) -> Vec<String> {
        let partition = self.role.as_str().split(':').nth(1).unwrap_or("aws");
        let account = self.role.account();
        let in_domains = |kind: &str, below: &str| {
            self.domains
                .iter()
                .map(|(domain, region)| {
                    format!("arn:{partition}:sagemaker:{region}:{account}:{kind}/{domain}{below}")
                })
                .collect()
        };
        match resource {
            Resource::Any => vec!["*".to_owned()],
            Resource::Domains => in_domains("domain", ""),
            Resource::Profiles => in_domains("user-profile", "/*"),
            Resource::Apps => in_domains("app", "/*"),
            Resource::Spaces => in_domains("space", "/*"),
            Resource::ExecutionRoles => {
                self.execution_roles.iter().map(|role| role.as_str().to_owned()).collect()
            }
            Resource::ManagedPolicies => vec![format!("arn:{partition}:iam::{account}:policy/*")],
            // What belongs to the hub is not in a spoke.
            Resource::SpokeRoles | Resource::Applications | Resource::Queue | Resource::Secret => {
                Vec::new()
            }
        }
    }
}

/// Sids are letters and digits.
fn sid(feature: Feature, resource: Resource, condition: Condition) -> String {
    match condition {
        Condition::None => format!("{feature:?}{resource:?}"),
        other => format!("{feature:?}{resource:?}{other:?}"),
    }
}

/// The path of a role: `/` or `/a/b/`.
fn path(role: &RoleArn) -> String {
    let path = role.as_str().split_once(":role").map_or("/", |(_, path)| path);
    path.strip_suffix(role.role_name()).unwrap_or("/").to_owned()
}

/// Whether a trust policy can name it. The ARN of a session cannot stand for its role: it lacks the
/// role's path.
fn is_principal(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, what] = parts.as_slice() else {
        return false;
    };
    let named = ["role/", "user/"].iter().any(|kind| {
        what.strip_prefix(kind).is_some_and(|name| !name.is_empty() && !name.contains('*'))
    });
    *prefix == "arn"
        && partition.starts_with("aws")
        && *service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (named || *what == "root")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str) -> RoleArn {
        RoleArn::parse(format!("arn:aws:iam::444455556666:role/{name}")).unwrap()
    }

    fn spoke() -> SpokeTemplate {
        SpokeTemplate {
            role: role("access/StagedoorSpoke"),
            hub_principal: "arn:aws:iam::111122223333:role/stagedoor".to_owned(),
            external_id: Some("7f1c".to_owned()),
            domains: BTreeMap::from([(
                DomainId::parse("d-spoke").unwrap(),
                Region::parse("eu-west-1").unwrap(),
            )]),
            execution_roles: BTreeSet::from([role("studio-fraud"), role("studio-risk")]),
            instance: "main".to_owned(),
        }
    }

    fn made(spoke: &SpokeTemplate) -> Value {
        serde_json::from_str(&spoke_template(spoke).unwrap()).unwrap()
    }

    fn properties(spoke: &SpokeTemplate) -> Value {
        made(spoke)["Resources"]["StagedoorSpoke"]["Properties"].clone()
    }

    #[test]
    fn the_role_trusts_the_hub_with_its_external_id_and_nobody_else() {
        let properties = properties(&spoke());
        assert_eq!(properties["RoleName"], "StagedoorSpoke");
        assert_eq!(properties["Path"], "/access/");
        assert_eq!(
            properties["AssumeRolePolicyDocument"],
            json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "StagedoorHub",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:role/stagedoor"},
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
                "Condition": {"StringEquals": {"sts:ExternalId": "7f1c"}}
            }]})
        );
        let bare = SpokeTemplate { external_id: None, role: role("S"), ..spoke() };
        let bare = super::tests::properties(&bare);
        assert_eq!(bare["AssumeRolePolicyDocument"]["Statement"][0]["Condition"], Value::Null);
        assert_eq!(bare["Path"], "/");
    }

    #[test]
    fn each_feature_has_a_policy_of_its_own() {
        let properties = properties(&spoke());
        let policies = properties["Policies"].as_array().unwrap();
        let names: Vec<_> = policies.iter().map(|p| p["PolicyName"].as_str().unwrap()).collect();
        assert_eq!(names, POLICIES.map(|(name, _)| name));
        let provision = &policies[1]["PolicyDocument"]["Statement"];
        assert_eq!(
            *provision,
            json!([
                {
                    "Sid": "ProvisionProfiles",
                    "Effect": "Allow",
                    "Action": [
                        "sagemaker:CreateUserProfile", "sagemaker:UpdateUserProfile",
                        "sagemaker:AddTags", "sagemaker:DeleteTags"
                    ],
                    "Resource": "arn:aws:sagemaker:eu-west-1:444455556666:user-profile/d-spoke/*"
                },
                {
                    "Sid": "ProvisionExecutionRolesPassedToSageMaker",
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": [
                        "arn:aws:iam::444455556666:role/studio-fraud",
                        "arn:aws:iam::444455556666:role/studio-risk"
                    ],
                    "Condition": {"StringEquals": {
                        "iam:PassedToService": "sagemaker.amazonaws.com"
                    }}
                }
            ])
        );
        let removal = &policies[2]["PolicyDocument"]["Statement"];
        assert_eq!(removal[0]["Sid"], "DeprovisionProfilesTagged");
        assert_eq!(
            removal[0]["Condition"],
            json!({"StringEquals": {"aws:ResourceTag/stagedoor:instance": "main"}})
        );
    }

    #[test]
    fn only_what_has_no_resource_is_allowed_on_everything() {
        let spoke = spoke();
        let policies = spoke.policies().unwrap();
        let wide: BTreeSet<String> = policies
            .iter()
            .flat_map(|(_, document)| &document.statements)
            .filter(|s| s.resource.as_ref().is_some_and(|r| r.contains(&"*".to_owned())))
            .flat_map(|s| s.action.clone().unwrap_or_default())
            .collect();
        assert_eq!(
            wide.into_iter().collect::<Vec<_>>(),
            [
                "sagemaker:ListApps",
                "sagemaker:ListSpaces",
                "sagemaker:ListUserProfiles",
                "servicequotas:GetServiceQuota"
            ]
        );
        let all = policies.iter().flat_map(|(_, d)| &d.statements);
        assert!(all.flat_map(|s| s.action.iter().flatten()).all(|a| !a.contains('*')));
    }

    #[test]
    fn a_role_that_cannot_work_is_refused() {
        let refused = |spoke: &SpokeTemplate| spoke_template(spoke).unwrap_err();
        let none = SpokeTemplate { domains: BTreeMap::new(), ..spoke() };
        assert_eq!(refused(&none), TemplateError::NoDomain(none.role.clone()));
        let foreign = RoleArn::parse("arn:aws:iam::999988887777:role/x").unwrap();
        let other = SpokeTemplate { execution_roles: BTreeSet::from([foreign.clone()]), ..spoke() };
        let account = "444455556666".to_owned();
        assert_eq!(refused(&other), TemplateError::OtherAccount { role: foreign, account });
        for principal in [
            "*",
            "111122223333",
            "arn:aws:sts::111122223333:assumed-role/stagedoor/i-0",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::1111:role/stagedoor",
            "arn:aws:iam::111122223333:role/",
        ] {
            let wrong = SpokeTemplate { hub_principal: principal.to_owned(), ..spoke() };
            assert_eq!(refused(&wrong), TemplateError::HubPrincipal(principal.to_owned()));
        }
        let many = (0..60).map(|n| (DomainId::parse(format!("d-{n}")).unwrap(), region()));
        let large = SpokeTemplate { domains: many.collect(), ..spoke() };
        assert!(matches!(refused(&large), TemplateError::TooLarge { size, .. } if size > 10_240));
    }

    fn region() -> Region {
        Region::parse("eu-west-1").unwrap()
    }

    #[test]
    fn without_execution_roles_nothing_is_passed() {
        let spoke = SpokeTemplate { execution_roles: BTreeSet::new(), ..spoke() };
        assert!(!spoke_template(&spoke).unwrap().contains("PassRole"));
    }

    #[test]
    fn the_partition_is_the_roles() {
        let role = RoleArn::parse("arn:aws-cn:iam::444455556666:role/Spoke").unwrap();
        let spoke = SpokeTemplate { role, execution_roles: BTreeSet::new(), ..spoke() };
        assert!(spoke_template(&spoke).unwrap().contains("arn:aws-cn:sagemaker:eu-west-1"));
    }
}
