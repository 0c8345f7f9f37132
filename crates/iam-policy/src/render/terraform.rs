//! Terraform: one module, whose caller gives it a provider for each account.

use super::File;
use super::hcl::{Hcl, Value, quoted};
use super::tree::Tree;
use crate::bundle::{Bundle, EndpointPolicy, NamedPolicy, PermissionSet, Role};
use std::collections::{BTreeMap, BTreeSet};

/// The files of the module: `versions.tf` with the providers it asks for, a file for each account
/// with roles, one for the organization, and one for VPC endpoints.
pub fn terraform_files(bundle: &Bundle) -> Vec<File> {
    let mut module = Module::default();
    let accounts: BTreeSet<&String> = bundle.roles.iter().map(|role| &role.account_id).collect();
    for account in accounts {
        let mut hcl = Hcl::default();
        let provider = module.provider(&format!("account_{account}"));
        for role in bundle.roles.iter().filter(|role| role.account_id == *account) {
            module.role(&mut hcl, &provider, role);
        }
        module.files.push(File::new(format!("account_{account}.tf"), &hcl.text()));
    }
    if !bundle.scps.is_empty() || !bundle.permission_sets.is_empty() {
        let mut hcl = Hcl::default();
        let provider = module.provider("organization");
        for policy in &bundle.scps {
            let arguments = vec![
                ("provider", Some(provider.clone())),
                ("name", Some(Value::from(&policy.name))),
                ("description", Some(Value::from(&policy.description))),
                ("type", Some(Value::from("SERVICE_CONTROL_POLICY"))),
                ("content", Some(Value::Json(Tree::from(&policy.document)))),
            ];
            let label =
                module.resource(&mut hcl, "aws_organizations_policy", &policy.name, arguments);
            for account in &policy.accounts {
                let policy_id = format!("aws_organizations_policy.{label}.id");
                let arguments = vec![
                    ("provider", Some(provider.clone())),
                    ("policy_id", Some(Value::Expression(policy_id))),
                    ("target_id", Some(Value::from(account))),
                ];
                let name = format!("{}_{account}", policy.name);
                module.resource(&mut hcl, "aws_organizations_policy_attachment", &name, arguments);
            }
        }
        for set in &bundle.permission_sets {
            module.permission_set(&mut hcl, &provider, set);
        }
        module.files.push(File::new("organization.tf", &hcl.text()));
    }
    if !bundle.endpoint_policies.is_empty() {
        let mut hcl = Hcl::default();
        for policy in &bundle.endpoint_policies {
            module.endpoint(&mut hcl, policy);
        }
        module.files.push(File::new("endpoints.tf", &hcl.text()));
    }
    module.finish()
}

/// What a module asks for and holds.
#[derive(Default)]
struct Module {
    files: Vec<File>,
    providers: BTreeSet<String>,
    variables: BTreeMap<String, String>,
    labels: BTreeSet<(String, String)>,
}

impl Module {
    /// The reference of a provider that the caller gives.
    fn provider(&mut self, alias: &str) -> Value {
        let reference = format!("aws.{alias}");
        self.providers.insert(reference.clone());
        Value::Expression(reference)
    }

    fn variable(&mut self, name: &str, description: &str) -> Value {
        self.variables.insert(name.to_owned(), description.to_owned());
        Value::Expression(format!("var.{name}"))
    }

    /// Adds a resource under a label made of the name, and gives the label.
    fn resource(
        &mut self,
        hcl: &mut Hcl,
        kind: &str,
        name: &str,
        arguments: Vec<(&str, Option<Value>)>,
    ) -> String {
        let plain = label(name);
        // Two names can have the same letters.
        let mut labels = (1..).map(|n| if n == 1 { plain.clone() } else { format!("{plain}_{n}") });
        let free = |label: &String| !self.labels.contains(&(kind.to_owned(), label.clone()));
        let label = labels.find(free).unwrap_or_default();
        self.labels.insert((kind.to_owned(), label.clone()));
        hcl.block(&format!("resource \"{kind}\" \"{label}\""), arguments);
        label
    }

    fn role(&mut self, hcl: &mut Hcl, provider: &Value, role: &Role) {
        let tags = role.tags.iter().map(|(key, value)| (key.clone(), Tree::from(value)));
        let tags = Tree::Object(tags.collect());
        let arguments = vec![
            ("provider", Some(provider.clone())),
            ("name", Some(Value::from(&role.name))),
            ("path", Some(Value::from(&role.path))),
            ("description", Some(Value::from(&role.description))),
            (
                "max_session_duration",
                Some(Value::from(Tree::Number(role.max_session_seconds.into()))),
            ),
            ("permissions_boundary", role.boundary.as_ref().map(Value::from)),
            ("assume_role_policy", Some(Value::Json(Tree::from(&role.trust)))),
            ("tags", (!role.tags.is_empty()).then(|| Value::from(tags))),
        ];
        let name = format!("{}_{}", role.account_id, role.name);
        let id = self.resource(hcl, "aws_iam_role", &role_label(&name), arguments);
        let role_name = Value::Expression(format!("aws_iam_role.{id}.name"));
        for policy in &role.inline {
            let arguments = vec![
                ("provider", Some(provider.clone())),
                ("name", Some(Value::from(&policy.name))),
                ("role", Some(role_name.clone())),
                ("policy", Some(Value::Json(Tree::from(&policy.document)))),
            ];
            self.resource(hcl, "aws_iam_role_policy", &format!("{id}_{}", policy.name), arguments);
        }
        for policy in &role.managed {
            self.managed(hcl, provider, (role, &id, &role_name), policy);
        }
    }

    fn managed(
        &mut self,
        hcl: &mut Hcl,
        provider: &Value,
        (role, id, role_name): (&Role, &str, &Value),
        policy: &NamedPolicy,
    ) {
        let name = format!("{id}_{}", policy.name);
        let arguments = vec![
            ("provider", Some(provider.clone())),
            ("name", Some(Value::from(&policy.name))),
            ("path", Some(Value::from(&role.path))),
            ("description", Some(Value::from(&policy.description))),
            ("policy", Some(Value::Json(Tree::from(&policy.document)))),
        ];
        let label = self.resource(hcl, "aws_iam_policy", &name, arguments);
        let arguments = vec![
            ("provider", Some(provider.clone())),
            ("role", Some(role_name.clone())),
            ("policy_arn", Some(Value::Expression(format!("aws_iam_policy.{label}.arn")))),
        ];
        self.resource(hcl, "aws_iam_role_policy_attachment", &name, arguments);
    }

    fn permission_set(&mut self, hcl: &mut Hcl, provider: &Value, set: &PermissionSet) {
        let instance = self
            .variable("identity_center_instance_arn", "ARN of the IAM Identity Center instance.");
        let duration = format!("PT{}M", set.session_seconds / 60);
        let arguments = vec![
            ("provider", Some(provider.clone())),
            ("instance_arn", Some(instance.clone())),
            ("name", Some(Value::from(&set.name))),
            ("description", Some(Value::from(&set.description))),
            ("session_duration", Some(Value::from(duration.as_str()))),
        ];
        let label = self.resource(hcl, "aws_ssoadmin_permission_set", &set.name, arguments);
        let arn = Value::Expression(format!("aws_ssoadmin_permission_set.{label}.arn"));
        let arguments = vec![
            ("provider", Some(provider.clone())),
            ("instance_arn", Some(instance.clone())),
            ("permission_set_arn", Some(arn.clone())),
            ("inline_policy", Some(Value::Json(Tree::from(&set.inline)))),
        ];
        let kind = "aws_ssoadmin_permission_set_inline_policy";
        self.resource(hcl, kind, &set.name, arguments);
        for policy in &set.managed {
            let arguments = vec![
                ("provider", Some(provider.clone())),
                ("instance_arn", Some(instance.clone())),
                ("permission_set_arn", Some(arn.clone())),
                ("managed_policy_arn", Some(Value::from(policy))),
            ];
            let name = policy.rsplit('/').next().unwrap_or(policy);
            let name = format!("{}_{name}", set.name);
            self.resource(hcl, "aws_ssoadmin_managed_policy_attachment", &name, arguments);
        }
    }

    fn endpoint(&mut self, hcl: &mut Hcl, policy: &EndpointPolicy) {
        let provider = self.provider(&format!("endpoints_{}", label(&policy.region)));
        let name = format!("{}_endpoint_id", label(&policy.name));
        let id = self.variable(&name, &format!("Id of the VPC endpoint of {}.", policy.service));
        let arguments = vec![
            ("provider", Some(provider)),
            ("vpc_endpoint_id", Some(id)),
            ("policy", Some(Value::Json(Tree::from(&policy.document)))),
        ];
        self.resource(hcl, "aws_vpc_endpoint_policy", &policy.name, arguments);
    }

    fn finish(mut self) -> Vec<File> {
        if !self.variables.is_empty() {
            let mut hcl = Hcl::default();
            for (name, description) in &self.variables {
                let arguments = vec![
                    ("description", Some(Value::from(description))),
                    ("type", Some(Value::Expression("string".to_owned()))),
                ];
                hcl.block(&format!("variable {}", quoted(name)), arguments);
            }
            self.files.push(File::new("variables.tf", &hcl.text()));
        }
        if !self.files.is_empty() {
            self.files.push(File::new("versions.tf", &versions(&self.providers)));
        }
        self.files.sort();
        self.files
    }
}

/// What the module asks of its caller. Written out by hand: the block is nested.
fn versions(providers: &BTreeSet<String>) -> String {
    let aliases: Vec<String> =
        providers.iter().map(|alias| format!("        {alias},\n")).collect();
    let aliases = aliases.concat();
    format!(
        "terraform {{\n  required_version = \">= 1.3\"\n\n  required_providers {{\n    aws = {{\n      \
         source  = \"hashicorp/aws\"\n      version = \">= 5.0\"\n      configuration_aliases = [\n\
         {aliases}      ]\n    }}\n  }}\n}}\n"
    )
}

fn role_label(name: &str) -> String {
    format!("role_{name}")
}

/// A label of the language: letters, digits and underscores.
fn label(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    letters.collect::<String>().to_ascii_lowercase()
}
