//! What is asked of AWS, and by whom.

mod principal;

pub use principal::{Principal, PrincipalKind};

pub(crate) use principal::segments;

use crate::service_reference::carries_resource_account;
use std::collections::BTreeMap;

/// A request, with everything that policies can ask about it.
///
/// Context keys are not case-sensitive. These are derived where the context does not give them,
/// from the principal and the resource:
///
/// | key | value | for |
/// |---|---|---|
/// | `aws:PrincipalArn` | ARN of the user, the federated user, the root user or the role; of a session the ARN of its role, as far as it can be told (without path) | principals with an ARN |
/// | `aws:PrincipalAccount` | account of the principal | where it is known |
/// | `aws:PrincipalType` | `User`, `AssumedRole`, `FederatedUser`, `Account` (the root user), `Anonymous` | those |
/// | `aws:username` | last part of the user's ARN | IAM users |
/// | `aws:PrincipalIsAWSService` | `true` or `false` | all but anonymous ones |
/// | `aws:PrincipalServiceName` | the name of the service | services |
/// | `aws:ResourceAccount` | account of the resource | where it is known, of actions that carry it |
///
/// A key that is given without a value is missing, also one that would be derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    principal: Principal,
    action: String,
    folded_action: String,
    resource: String,
    resource_account: Option<String>,
    context: BTreeMap<String, Vec<String>>,
    derived: Vec<(&'static str, String)>,
}

/// The keys that can be derived, in lower case.
const DERIVABLE: [&str; 7] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principaltype",
    "aws:username",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:resourceaccount",
];

impl Request {
    /// A request of a principal: see [`Principal::parse`] for what it may be.
    ///
    /// `resource` is an ARN, or `*` for actions that are about no particular one. Its account is the
    /// one that stands in the ARN, if one does.
    pub fn new(principal: impl Into<Principal>, action: &str, resource: &str) -> Self {
        let mut request = Self {
            principal: principal.into(),
            action: action.to_owned(),
            folded_action: action.to_ascii_lowercase(),
            resource: resource.to_owned(),
            resource_account: account_of(resource).map(str::to_owned),
            context: BTreeMap::new(),
            derived: Vec::new(),
        };
        request.derive();
        request
    }

    /// Says which account the resource belongs to, where its ARN does not say it.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.resource_account = Some(account.to_owned());
        self.derive();
        self
    }

    /// Gives a context key its values, in place of those it had. Without any, the key is missing.
    #[must_use]
    pub fn with<T: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        let key = key.to_lowercase();
        if values.is_empty() && !DERIVABLE.contains(&key.as_str()) {
            self.context.remove(&key);
        } else {
            self.context.insert(key, values);
        }
        self
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The action, such as `sagemaker:CreateApp`.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The action in lower case.
    pub(crate) fn folded_action(&self) -> &str {
        &self.folded_action
    }

    /// An ARN or `*`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The account of the resource, if it is known.
    pub fn resource_account(&self) -> Option<&str> {
        self.resource_account.as_deref()
    }

    /// What was given of the context: keys in lower case. One without values is missing, though it
    /// would be derived.
    pub fn context(&self) -> &BTreeMap<String, Vec<String>> {
        &self.context
    }

    /// Keys that were derived, in lower case, whether the context gives them or not.
    pub fn derived(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.derived.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The values of a key in lower case, given or derived.
    pub fn values(&self, key: &str) -> Option<&[String]> {
        if let Some(given) = self.context.get(key) {
            return Some(given.as_slice()).filter(|given| !given.is_empty());
        }
        let found = self.derived.iter().find(|(derived, _)| *derived == key)?;
        Some(std::slice::from_ref(&found.1))
    }

    /// What a policy variable is replaced with: the value of a key that has exactly one.
    pub(crate) fn variable(&self, key: &str) -> Option<&str> {
        match self.values(key)? {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Whether the principal's account is not the resource's. What is not known is not another one.
    pub fn crosses_accounts(&self) -> bool {
        match (self.principal.account(), self.resource_account()) {
            (Some(principal), Some(resource)) => principal != resource,
            _ => false,
        }
    }

    fn derive(&mut self) {
        self.derived.clear();
        let mut derived = self.principal.keys();
        let account = self.resource_account.as_ref();
        if let Some(account) = account.filter(|_| carries_resource_account(&self.folded_action)) {
            derived.push(("aws:resourceaccount", account.clone()));
        }
        self.derived = derived;
    }
}

/// The account in an ARN: twelve digits in its fifth segment.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    let account = arn.strip_prefix("arn:")?.split(':').nth(3)?;
    is_account(account).then_some(account)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/studio/ana";

    fn derived(request: &Request) -> Vec<String> {
        request.derived().map(|(key, value)| format!("{key}={value}")).collect()
    }

    #[test]
    fn keys_are_derived_from_principal_and_resource() {
        for (principal, expected) in [
            (
                SESSION,
                vec![
                    "aws:principalarn=arn:aws:iam::111122223333:role/studio",
                    "aws:principalaccount=111122223333",
                    "aws:principaltype=AssumedRole",
                    "aws:principalisawsservice=false",
                ],
            ),
            (
                "arn:aws-cn:iam::111122223333:role/a/b",
                vec![
                    "aws:principalarn=arn:aws-cn:iam::111122223333:role/a/b",
                    "aws:principalaccount=111122223333",
                    "aws:principaltype=AssumedRole",
                    "aws:principalisawsservice=false",
                ],
            ),
            (
                "arn:aws:iam::111122223333:user/a/ana",
                vec![
                    "aws:principalarn=arn:aws:iam::111122223333:user/a/ana",
                    "aws:principalaccount=111122223333",
                    "aws:principaltype=User",
                    "aws:username=ana",
                    "aws:principalisawsservice=false",
                ],
            ),
            (
                "arn:aws:iam::111122223333:root",
                vec![
                    "aws:principalarn=arn:aws:iam::111122223333:root",
                    "aws:principalaccount=111122223333",
                    "aws:principaltype=Account",
                    "aws:principalisawsservice=false",
                ],
            ),
            (
                "sagemaker.amazonaws.com",
                vec![
                    "aws:principalisawsservice=true",
                    "aws:principalservicename=sagemaker.amazonaws.com",
                ],
            ),
            ("*", vec!["aws:principaltype=Anonymous"]),
            ("ana", vec!["aws:principalisawsservice=false"]),
        ] {
            assert_eq!(derived(&Request::new(principal, "s3:GetObject", "*")), expected);
        }
        let request = Request::new("*", "sns:Publish", "arn:aws:sns:eu-west-1:444455556666:t");
        assert_eq!(request.values("aws:resourceaccount").unwrap(), ["444455556666"]);
    }

    #[test]
    fn a_federated_user_goes_by_the_name_of_the_session() {
        let arn = "arn:aws:sts::111122223333:federated-user/ana";
        let principal = Principal::parse(arn).with_identity("arn:aws:iam::111122223333:user/bo");
        let request = Request::new(principal, "s3:GetObject", "*");
        assert_eq!(request.values("aws:principalarn").unwrap(), [arn]);
        assert_eq!(request.values("aws:principaltype").unwrap(), ["FederatedUser"]);
        assert_eq!(request.values("aws:username"), None);
    }

    #[test]
    fn what_the_context_gives_is_not_derived() {
        let request = Request::new(SESSION, "s3:GetObject", "arn:aws:s3:::b/k")
            .with("AWS:PrincipalArn", ["arn:aws:iam::111122223333:role/team/studio"])
            .with("aws:TagKeys", ["a", "b"])
            .with("aws:SourceVpc", Vec::<String>::new());
        assert_eq!(
            request.values("aws:principalarn").unwrap(),
            ["arn:aws:iam::111122223333:role/team/studio"]
        );
        assert_eq!(request.variable("aws:principalaccount"), Some("111122223333"));
        assert_eq!(request.variable("aws:tagkeys"), None);
        assert_eq!(request.values("aws:sourcevpc"), None);
        assert_eq!(request.values("aws:resourceaccount"), None);
        assert_eq!(request.with("aws:tagkeys", ["c"]).variable("aws:tagkeys"), Some("c"));
    }

    #[test]
    fn a_derived_key_without_values_is_missing() {
        let there = "arn:aws:sns:eu-west-1:444455556666:t";
        let keys = Request::new("arn:aws:iam::111122223333:user/ana", "sns:Publish", there);
        let service = Request::new("sagemaker.amazonaws.com", "sns:Publish", there);
        for request in [keys, service] {
            let derived: Vec<&str> = request.derived().map(|(key, _)| key).collect();
            for key in derived {
                assert!(request.values(key).is_some());
                let without = request.clone().with(key, Vec::<String>::new());
                assert_eq!(without.values(key), None, "{key}");
                assert_eq!(without.in_account("111122223333").values(key), None, "{key}");
            }
        }
    }

    #[test]
    fn actions_that_carry_no_resource_account_derive_none() {
        let snapshot = "arn:aws:ec2:eu-west-1::snapshot/snap-1";
        let of = |action: &str| {
            let request = Request::new(SESSION, action, snapshot).in_account("111122223333");
            request.values("aws:resourceaccount").map(<[String]>::to_vec)
        };
        assert_eq!(of("ec2:CopySnapshot"), None);
        assert_eq!(of("ebs:PutSnapshotBlock"), None);
        assert_eq!(of("ec2:DeleteSnapshot"), Some(vec!["111122223333".to_owned()]));
    }

    #[test]
    fn accounts_differ_only_if_both_are_known() {
        let request = Request::new(SESSION, "s3:GetObject", "arn:aws:s3:::b/k");
        assert!(!request.crosses_accounts());
        assert!(!request.clone().in_account("111122223333").crosses_accounts());
        assert!(request.in_account("444455556666").crosses_accounts());
        let there = "arn:aws:sns:eu-west-1:444455556666:t";
        assert!(Request::new(SESSION, "sns:Publish", there).crosses_accounts());
        assert!(!Request::new("ana", "sns:Publish", there).crosses_accounts());
    }
}
