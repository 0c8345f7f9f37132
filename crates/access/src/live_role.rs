//! A role as IAM has it, with everything that decides what it may do.

mod compare;

pub(crate) use compare::instance;
pub use compare::{Difference, compare};

use iam_policy::{Document, Effect, PolicyError};
use std::collections::BTreeMap;

/// AWS's policies that give everything in `SageMaker`, and with it every team's resources.
const GIVES_EVERYTHING: [&str; 3] =
    ["AmazonSageMakerFullAccess", "AdministratorAccess", "PowerUserAccess"];

/// A role that was read. Documents are the texts that IAM gives, which nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRole {
    /// Its ARN, with its path.
    pub arn: String,
    /// Who may assume it.
    pub trust: String,
    /// How long a session of it may last, in seconds: 3,600 to 43,200.
    pub max_session_seconds: u32,
    /// ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Managed policies attached to it, in the order of their ARNs.
    pub attached: Vec<AttachedPolicy>,
    /// Inline policies: documents by name.
    pub inline: BTreeMap<String, String>,
}

impl LiveRole {
    /// Whether none of its policies allows anything. What policies of AWS say is not known; they are
    /// taken to allow something.
    pub fn is_powerless(&self) -> bool {
        self.policies().all(|(_, document)| {
            matches!(document, Some(Ok(document))
                if document.statements.iter().all(|statement| statement.effect == Effect::Deny))
        })
    }

    /// Its identity policies: what each is called in texts, and what it says. Of a policy of AWS that is
    /// not known.
    pub fn policies(
        &self,
    ) -> impl Iterator<Item = (String, Option<Result<Document, PolicyError>>)> {
        let attached = self.attached.iter().map(|policy| {
            let document = policy.document.as_deref().map(Document::parse);
            (format!("managed policy {}", policy.name()), document)
        });
        let inline = self.inline.iter();
        let inline = inline
            .map(|(name, text)| (format!("inline policy {name}"), Some(Document::parse(text))));
        attached.chain(inline)
    }

    /// Its policies that cannot be understood, as clauses for people.
    pub fn unknown(&self) -> Vec<String> {
        let trust = Document::parse(&self.trust).err();
        let trust = trust.map(|error| not_understood("trust policy", &error));
        let odd = self
            .policies()
            .filter_map(|(name, document)| Some(not_understood(&name, &document?.err()?)));
        trust.into_iter().chain(odd).collect()
    }

    /// The policies of AWS of which nothing is known but the name: all that do not give everything.
    pub fn not_judged(&self) -> impl Iterator<Item = &AttachedPolicy> {
        self.attached
            .iter()
            .filter(|policy| policy.document.is_none() && !policy.gives_everything())
    }
}

/// That a policy makes no sense, as a clause about its role.
fn not_understood(name: &str, error: &PolicyError) -> String {
    format!("its {name} cannot be understood: {error}")
}

/// A managed policy that is attached to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// Its ARN.
    pub arn: String,
    /// What the version in force says. Absent for policies of AWS: AWS changes them whenever it
    /// likes, so that only their names say something.
    pub document: Option<String>,
}

impl AttachedPolicy {
    /// Its name, without path.
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is one of AWS's own.
    pub fn is_of_aws(&self) -> bool {
        is_of_aws(&self.arn)
    }

    /// Whether it is one of those of AWS that give everything in `SageMaker`.
    pub fn gives_everything(&self) -> bool {
        self.is_of_aws() && GIVES_EVERYTHING.contains(&self.name())
    }
}

/// Whether the ARN of a managed policy is that of one of AWS's own.
pub fn is_of_aws(arn: &str) -> bool {
    arn.split(':').nth(4) == Some("aws")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_powerless_if_nothing_of_it_surely_allows_anything() {
        let with = |inline: &[&str], attached: &[Option<&str>]| {
            let attached = attached.iter().map(|text| AttachedPolicy {
                arn: "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
                document: text.map(str::to_owned),
            });
            let inline = inline.iter().enumerate();
            LiveRole {
                arn: "arn:aws:iam::111122223333:role/spaces".to_owned(),
                trust: String::new(),
                max_session_seconds: 3600,
                boundary: None,
                tags: BTreeMap::new(),
                attached: attached.collect(),
                inline: inline.map(|(at, text)| (at.to_string(), (*text).to_owned())).collect(),
            }
            .is_powerless()
        };
        let deny = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
        let allow = r#"{"Statement":{"Effect":"Allow","Action":"s3:List*","Resource":"*"}}"#;
        assert!(with(&[], &[]) && with(&[deny], &[Some(deny)]));
        assert!(!with(&[deny, allow], &[]) && !with(&[], &[Some(allow)]));
        assert!(!with(&[], &[None]) && !with(&["{"], &[]));
    }

    #[test]
    fn policies_of_aws_are_told_from_those_of_an_account() {
        let of = |arn: &str| AttachedPolicy { arn: arn.to_owned(), document: None };
        let full = of("arn:aws-cn:iam::aws:policy/service-role/Full");
        assert!(full.is_of_aws());
        assert_eq!(full.name(), "Full");
        assert!(!of("arn:aws:iam::111122223333:policy/aws").is_of_aws());
    }
}
