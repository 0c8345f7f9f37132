//! For whom and on what an execution role is.

use crate::document::Values;
use std::collections::{BTreeMap, BTreeSet};

/// Operator, key, values: the conditions of one statement, all of which must hold.
pub type Conditions = BTreeMap<String, BTreeMap<String, Values>>;

/// For whom and on what an execution role is. What is empty is not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The account of the role and its domains, 12 digits.
    pub account_id: String,
    /// The domains whose profiles have the role.
    pub domains: BTreeSet<StudioDomain>,
    /// The team's key: lower-case letters, digits and single hyphens. Names that begin with it and
    /// two hyphens are the team's.
    pub team: String,
    /// The key of the tag that says whose a resource is.
    pub tag_key: String,
    /// The value of that tag on the team's resources. No two teams of an account have the same.
    pub tag_value: String,
    /// The role itself, the only one that it passes on.
    pub role_arn: String,
    /// The shared space in which all people of the team work.
    pub shared_space: Option<String>,
    /// Under which conditions people make a link into Studio for their own profile: one of these
    /// must hold. None: they make no links. One without conditions: from anywhere.
    pub own_links: Vec<Conditions>,
    /// Whether the domain names the person in the role's sessions.
    pub source_identity: bool,
    /// S3 buckets by name; `*` and `?` are wildcards.
    pub buckets: Vec<String>,
    /// ECR repositories, by name in the role's account or by ARN.
    pub repositories: Vec<String>,
    /// KMS keys. Where there are some, jobs and endpoints must use them.
    pub kms_keys: KmsKeys,
    /// Where jobs and models run. Given, they run nowhere else.
    pub vpc: Option<Vpc>,
    /// Patterns of the instance types that may be used; empty: any.
    pub instance_types: Vec<String>,
    /// Athena workgroups by name.
    pub workgroups: Vec<String>,
    /// Glue databases by name.
    pub databases: Vec<String>,
}

/// A `SageMaker` domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StudioDomain {
    /// Its Region.
    pub region: String,
    /// Its id (`d-…`).
    pub id: String,
}

/// KMS keys by ARN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KmsKeys {
    /// For what is in S3.
    pub data: Vec<String>,
    /// For the volumes of instances.
    pub volumes: Vec<String>,
}

/// Part of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vpc {
    /// Ids of subnets.
    pub subnets: Vec<String>,
    /// Ids of security groups.
    pub security_groups: Vec<String>,
}

impl Scope {
    /// The Regions of its domains.
    pub(super) fn regions(&self) -> BTreeSet<&str> {
        self.domains.iter().map(|domain| domain.region.as_str()).collect()
    }

    /// ARNs of this service in the role's account, in each of its Regions.
    pub(super) fn arns(&self, service: &str, resource: &str) -> Vec<String> {
        let Self { partition, account_id, .. } = self;
        let arn = |region| format!("arn:{partition}:{service}:{region}:{account_id}:{resource}");
        self.regions().into_iter().map(arn).collect()
    }

    /// ARNs of all `SageMaker` resources of these types.
    pub(super) fn of_types(&self, types: &[&str]) -> Vec<String> {
        types.iter().flat_map(|kind| self.arns("sagemaker", &format!("{kind}/*"))).collect()
    }

    /// ARNs below each of its domains: `app/{domain}/*`.
    pub(super) fn in_domains(&self, kind: &str) -> Vec<String> {
        let Self { partition, account_id, .. } = self;
        let arn = |StudioDomain { region, id }: &StudioDomain| {
            let below = if kind == "domain" { "" } else { "/*" };
            format!("arn:{partition}:sagemaker:{region}:{account_id}:{kind}/{id}{below}")
        };
        self.domains.iter().map(arn).collect()
    }

    /// ARNs of the team's and of everybody's resources of a type, in any account and Region, for
    /// statements that deny.
    pub(super) fn anywhere(&self, resource: &str) -> String {
        format!("arn:{}:sagemaker:*:*:{resource}", self.partition)
    }

    /// The names under which KMS knows calls of a service.
    pub(super) fn via(&self, service: &str) -> Vec<String> {
        let name = |region: &str| via_service(&self.partition, service, region);
        self.regions().into_iter().map(name).collect()
    }

    /// What the names of the team's resources begin with. A key holds no doubled hyphen, so no
    /// other team's name begins so.
    pub(super) fn prefix(&self) -> String {
        format!("{}--", self.team)
    }

    /// The condition key that is this tag of the resource.
    pub(super) fn resource_tag(&self) -> String {
        format!("aws:ResourceTag/{}", self.tag_key)
    }

    /// The condition key that is this tag in the request.
    pub(super) fn request_tag(&self) -> String {
        format!("aws:RequestTag/{}", self.tag_key)
    }
}

/// The name under which KMS knows calls of a service in a Region (condition key `kms:ViaService`).
pub fn via_service(partition: &str, service: &str, region: &str) -> String {
    let suffix = if partition == "aws-cn" { ".cn" } else { "" };
    format!("{service}.{region}.amazonaws.com{suffix}")
}
