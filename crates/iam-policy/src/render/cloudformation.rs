//! `CloudFormation` templates, as JSON.

use super::File;
use super::tree::Tree;
use crate::bundle::{Bundle, EndpointPolicy, NamedPolicy, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Everything in one template, for a bundle of one account or of an organization.
///
/// Roles have names, so the stack needs the capability `CAPABILITY_NAMED_IAM`.
pub fn cloudformation(bundle: &Bundle) -> String {
    let mut template = Template::default();
    for role in &bundle.roles {
        template.role(role);
    }
    template.organization(bundle);
    for policy in &bundle.endpoint_policies {
        template.endpoint(policy);
    }
    format!("{}\n", template.tree("Roles and policies that Stagedoor's access map means").to_json())
}

/// A template for each place that a stack can be in: each account with roles, the organization, and
/// each Region with VPC endpoints.
pub fn cloudformation_files(bundle: &Bundle) -> Vec<File> {
    let mut files = Vec::new();
    let accounts: BTreeSet<&String> = bundle.roles.iter().map(|role| &role.account_id).collect();
    for account in accounts {
        let mut template = Template::default();
        for role in bundle.roles.iter().filter(|role| role.account_id == *account) {
            template.role(role);
        }
        let description = format!("Roles of account {account} that Stagedoor's access map means");
        let path = format!("account-{account}.template.json");
        files.push(File::new(path, &template.tree(&description).to_json()));
    }
    if !bundle.scps.is_empty() || !bundle.permission_sets.is_empty() {
        let mut template = Template::default();
        template.organization(bundle);
        let description = "Guardrails and permission sets that Stagedoor's access map means, for \
                           the management account";
        files.push(File::new("organization.template.json", &template.tree(description).to_json()));
    }
    let regions: BTreeSet<&String> = bundle.endpoint_policies.iter().map(|p| &p.region).collect();
    for region in regions {
        let mut template = Template::default();
        for policy in bundle.endpoint_policies.iter().filter(|policy| policy.region == *region) {
            template.endpoint(policy);
        }
        let description = format!("VPC endpoints of {region} for Studio, with their policies");
        let path = format!("endpoints-{region}.template.json");
        files.push(File::new(path, &template.tree(&description).to_json()));
    }
    files
}

/// What a template holds, by logical id.
#[derive(Default)]
struct Template {
    parameters: BTreeMap<String, Tree>,
    resources: Vec<(String, Tree)>,
    outputs: Vec<(String, Tree)>,
}

impl Template {
    fn tree(self, description: &str) -> Tree {
        Tree::object([
            ("AWSTemplateFormatVersion", Tree::from("2010-09-09")),
            ("Description", Tree::from(description)),
            ("Parameters", Tree::Object(self.parameters.into_iter().collect())),
            ("Resources", Tree::Object(self.resources)),
            ("Outputs", Tree::Object(self.outputs)),
        ])
        .without_empty()
    }

    /// Adds a resource under a logical id made of the name, and gives the id.
    fn add(&mut self, kind: &str, name: &str, properties: Tree) -> String {
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let taken = |id: &str| self.resources.iter().any(|(known, _)| known == id);
        // Two names can have the same letters.
        let mut ids =
            (1..).map(|n| if n == 1 { letters.clone() } else { format!("{letters}x{n}") });
        let id = ids.find(|id| !taken(id)).unwrap_or_default();
        let resource =
            Tree::object([("Type", Tree::from(kind)), ("Properties", properties.without_empty())]);
        self.resources.push((id.clone(), resource));
        id
    }

    fn parameter(&mut self, name: &str, kind: &str, description: &str) -> Tree {
        let parameter =
            Tree::object([("Type", Tree::from(kind)), ("Description", Tree::from(description))]);
        self.parameters.insert(name.to_owned(), parameter);
        reference(name)
    }

    fn role(&mut self, role: &Role) {
        let mut managed = Vec::new();
        for policy in &role.managed {
            managed.push(reference(&self.managed_policy(role, policy)));
        }
        let inline = role.inline.iter().map(|policy| {
            Tree::object([
                ("PolicyName", Tree::from(&policy.name)),
                ("PolicyDocument", Tree::from(&policy.document)),
            ])
        });
        let tags = role.tags.iter().map(|(key, value)| {
            Tree::object([("Key", Tree::from(key)), ("Value", Tree::from(value))])
        });
        let properties = Tree::object([
            ("RoleName", Tree::from(&role.name)),
            ("Path", Tree::from(&role.path)),
            ("Description", Tree::from(&role.description)),
            ("AssumeRolePolicyDocument", Tree::from(&role.trust)),
            ("ManagedPolicyArns", Tree::List(managed)),
            ("Policies", Tree::List(inline.collect())),
            ("PermissionsBoundary", role.boundary.as_ref().map_or(Tree::from(""), Tree::from)),
            ("MaxSessionDuration", Tree::Number(role.max_session_seconds.into())),
            ("Tags", Tree::List(tags.collect())),
        ]);
        let id = self.add("AWS::IAM::Role", &format!("Role{}", role.name), properties);
        let arn = Tree::List(vec![Tree::Text(id.clone()), Tree::from("Arn")]);
        let output = Tree::object([
            ("Description", Tree::from(&role.description)),
            ("Value", Tree::object([("Fn::GetAtt", arn)])),
        ]);
        self.outputs.push((id, output));
    }

    fn managed_policy(&mut self, role: &Role, policy: &NamedPolicy) -> String {
        let properties = Tree::object([
            ("ManagedPolicyName", Tree::from(&policy.name)),
            ("Path", Tree::from(&role.path)),
            ("Description", Tree::from(&policy.description)),
            ("PolicyDocument", Tree::from(&policy.document)),
        ]);
        self.add("AWS::IAM::ManagedPolicy", &format!("Policy{}", policy.name), properties)
    }

    fn organization(&mut self, bundle: &Bundle) {
        for policy in &bundle.scps {
            let properties = Tree::object([
                ("Name", Tree::from(&policy.name)),
                ("Description", Tree::from(&policy.description)),
                ("Type", Tree::from("SERVICE_CONTROL_POLICY")),
                ("TargetIds", policy.accounts.iter().collect()),
                ("Content", Tree::from(&policy.document)),
            ]);
            self.add("AWS::Organizations::Policy", &policy.name, properties);
        }
        for set in &bundle.permission_sets {
            let instance = self.parameter(
                "IdentityCenterInstanceArn",
                "String",
                "ARN of the IAM Identity Center instance",
            );
            let properties = Tree::object([
                ("InstanceArn", instance),
                ("Name", Tree::from(&set.name)),
                ("Description", Tree::from(&set.description)),
                ("SessionDuration", Tree::Text(format!("PT{}M", set.session_seconds / 60))),
                ("ManagedPolicies", set.managed.iter().collect()),
                ("InlinePolicy", Tree::from(&set.inline)),
            ]);
            self.add("AWS::SSO::PermissionSet", &set.name, properties);
        }
    }

    fn endpoint(&mut self, policy: &EndpointPolicy) {
        let vpc = self.parameter("VpcId", "AWS::EC2::VPC::Id", "The VPC of the endpoints");
        let subnets = self.parameter(
            "SubnetIds",
            "List<AWS::EC2::Subnet::Id>",
            "The subnets of the endpoints",
        );
        let groups = self.parameter(
            "SecurityGroupIds",
            "List<AWS::EC2::SecurityGroup::Id>",
            "The security groups of the endpoints",
        );
        let properties = Tree::object([
            ("VpcEndpointType", Tree::from("Interface")),
            ("ServiceName", Tree::from(&policy.service)),
            ("VpcId", vpc),
            ("SubnetIds", subnets),
            ("SecurityGroupIds", groups),
            ("PrivateDnsEnabled", Tree::Boolean(true)),
            ("PolicyDocument", Tree::from(&policy.document)),
        ]);
        self.add("AWS::EC2::VPCEndpoint", &format!("Endpoint{}", policy.name), properties);
    }
}

fn reference(name: &str) -> Tree {
    Tree::object([("Ref", Tree::from(name))])
}
