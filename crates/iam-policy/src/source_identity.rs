//! Telling people apart who share a role, by the source identity of their sessions.
//!
//! A domain with `ExecutionRoleIdentityConfig` `USER_PROFILE_NAME` lets `SageMaker` set the name of
//! the user profile as the source identity of the execution role's sessions. It cannot be changed
//! later and stays through role chaining, and policies see it as `aws:SourceIdentity`.

use crate::document::{Document, Statement};
use std::collections::BTreeSet;

/// The policy that denies everything to the sessions of these source identities and to no other.
///
/// Attached to a shared role it takes effect on sessions that exist already: policies are evaluated
/// anew for every request. A session without source identity is not concerned, for a key that is
/// missing matches no string. Names of profiles are not case-sensitive, so neither is this.
///
/// Without any name it denies nothing.
pub fn deny(source_identities: &BTreeSet<String>) -> Document {
    let statement = Statement::deny("StagedoorDenyPerson").actions(["*"]).resources(["*"]).when(
        "StringEqualsIgnoreCase",
        "aws:SourceIdentity",
        source_identities,
    );
    // Without any name there is nothing to deny, and IAM wants a value in each condition.
    Document::new((!source_identities.is_empty()).then_some(statement))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_document_is_the_one_that_iam_takes() {
        let text = deny(&names(&["ana--fraud"])).to_canonical_json();
        assert_eq!(
            text,
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "StagedoorDenyPerson",
      "Effect": "Deny",
      "Action": "*",
      "Resource": "*",
      "Condition": {
        "StringEqualsIgnoreCase": {
          "aws:SourceIdentity": "ana--fraud"
        }
      }
    }
  ]
}"#
        );
        assert_eq!(Document::parse(&text).unwrap(), deny(&names(&["ana--fraud"])));
    }

    #[test]
    fn several_names_are_one_statement_and_none_is_no_statement() {
        let two = deny(&names(&["ben--fraud", "ana--fraud"]));
        let values = &two.statements[0].condition["StringEqualsIgnoreCase"]["aws:SourceIdentity"];
        assert_eq!(values.0, ["ana--fraud", "ben--fraud"]);
        assert_eq!(deny(&names(&[])).statements, []);
    }
}
