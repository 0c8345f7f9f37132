//! Managed policies of AWS that a role should not have.

use super::{Finding, Rule};

/// How many managed policies IAM attaches to a role without being asked.
const DEFAULT_QUOTA: usize = 10;

/// Policies with which a role can give itself the rest.
const ADMINISTRATORS: [&str; 4] =
    ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess", "AWSOrganizationsFullAccess"];

/// Looks at the ARNs of the managed policies that are attached to one role. Pointers count them:
/// `/0`.
pub fn lint_attachments<T: AsRef<str>>(arns: &[T]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = arns
        .iter()
        .enumerate()
        .filter_map(|(index, arn)| attachment(index, arn.as_ref()))
        .collect();
    if arns.len() > DEFAULT_QUOTA {
        let message =
            format!("{} managed policies; the default quota is {DEFAULT_QUOTA}", arns.len());
        findings.push(Finding { rule: Rule::TooManyAttachments, pointer: String::new(), message });
    }
    findings
}

fn attachment(index: usize, arn: &str) -> Option<Finding> {
    let (partition, path) = arn.split_once(":iam::aws:policy/")?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let rule = match name {
        _ if !partition.starts_with("arn:") => return None,
        "AmazonSageMakerFullAccess" => Rule::SagemakerFullAccess,
        name if ADMINISTRATORS.contains(&name) => Rule::AdministratorAccess,
        name if name.ends_with("FullAccess") || name.ends_with("_FullAccess") => Rule::FullAccess,
        _ => return None,
    };
    Some(Finding { rule, pointer: format!("/{index}"), message: format!("`{name}` is attached") })
}
