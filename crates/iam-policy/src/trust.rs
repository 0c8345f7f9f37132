//! Whom a role's trust policy lets in.

use crate::document::{Document, Effect, PolicyError, Statement};

/// Condition keys under which an `Allow` still counts: they only say on whose behalf the service
/// may come, which is how AWS tells people to guard against the confused deputy.
const SOURCE_KEYS: [&str; 2] = ["aws:sourceaccount", "aws:sourcearn"];

/// What it takes to assume a role.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";
/// What it takes besides to name a source identity for the session.
pub const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

/// Whether the trust policy surely lets this service (`sagemaker.amazonaws.com`) do this with the
/// role, mostly [`ASSUME_ROLE`].
///
/// "Surely", because nothing here knows the request that will be made:
/// - an `Allow` counts if it lists the service by name; `"*"` does not, since it is about AWS
///   principals. If it carries conditions, they may only use `aws:SourceAccount` and
///   `aws:SourceArn`;
/// - a `Deny` counts whatever its conditions are, and wins.
pub fn allows_service(document: &str, service: &str, action: &str) -> Result<bool, PolicyError> {
    let document = Document::parse(document)?;
    let concerned = |s: &&Statement| s.covers_action(action);
    let denied = document
        .statements
        .iter()
        .filter(concerned)
        .any(|s| s.effect == Effect::Deny && may_concern(s, service));
    let allowed = document.statements.iter().filter(concerned).any(|s| {
        s.effect == Effect::Allow
            && s.principal.as_ref().is_some_and(|p| p.lists_service(service))
            && only_source_conditions(s)
    });
    Ok(allowed && !denied)
}

/// Whether a `Deny` could hit the service.
fn may_concern(statement: &Statement, service: &str) -> bool {
    match (&statement.principal, &statement.not_principal) {
        (Some(principal), _) => principal.lists_service(service) || principal.is_everybody(),
        (None, Some(spared)) => !spared.lists_service(service),
        (None, None) => false,
    }
}

fn only_source_conditions(statement: &Statement) -> bool {
    statement
        .condition
        .values()
        .flat_map(|keys| keys.keys())
        .all(|key| SOURCE_KEYS.contains(&key.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAGEMAKER: &str = "sagemaker.amazonaws.com";

    fn allowed(statements: &str) -> bool {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
        allows_service(&document, SAGEMAKER, ASSUME_ROLE).unwrap()
    }

    #[test]
    fn the_usual_trust_policy_lets_the_service_in() {
        assert!(allowed(
            r#"[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]"#
        ));
        assert!(allowed(
            r#"{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","sagemaker.amazonaws.com"]},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}"#
        ));
        assert!(allowed(
            r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:*"}"#
        ));
    }

    #[test]
    fn other_principals_and_other_actions_do_not() {
        for statement in [
            r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:TagSession"}"#,
            r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"NotAction":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*"}"#,
            r#"{"Effect":"Allow","NotPrincipal":{"Service":"ec2.amazonaws.com"},"Action":"*"}"#,
            r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com.cn"},"Action":"sts:AssumeRole"}"#,
            "[]",
        ] {
            assert!(!allowed(statement), "{statement}");
        }
    }

    #[test]
    fn a_deny_wins_with_and_without_conditions() {
        let allow = r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        for deny in [
            r#"{"Effect":"Deny","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:Assume*","Condition":{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}}"#,
            r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*"}"#,
            r#"{"Effect":"Deny","NotPrincipal":{"Service":"ec2.amazonaws.com"},"Action":"*"}"#,
        ] {
            assert!(!allowed(&format!("[{allow},{deny}]")), "{deny}");
        }
        for other in [
            r#"{"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com"},"Action":"*"}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}"#,
            r#"{"Effect":"Deny","NotPrincipal":{"Service":"sagemaker.amazonaws.com"},"Action":"*"}"#,
        ] {
            assert!(allowed(&format!("[{allow},{other}]")), "{other}");
        }
    }

    #[test]
    fn the_action_asked_for_decides() {
        let with = |actions: &str, asked: &str| {
            let document = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{{"Service":"sagemaker.amazonaws.com"}},"Action":{actions}}}}}"#
            );
            allows_service(&document, SAGEMAKER, asked).unwrap()
        };
        let both = r#"["sts:AssumeRole","sts:SetSourceIdentity"]"#;
        assert!(with(both, ASSUME_ROLE) && with(both, SET_SOURCE_IDENTITY));
        let one = r#""sts:AssumeRole""#;
        assert!(with(one, ASSUME_ROLE) && !with(one, SET_SOURCE_IDENTITY));
        assert!(with(r#""sts:*""#, SET_SOURCE_IDENTITY));
    }

    #[test]
    fn only_source_conditions_keep_an_allow_sure() {
        let with = |condition: &str| {
            allowed(&format!(
                r#"{{"Effect":"Allow","Principal":{{"Service":"sagemaker.amazonaws.com"}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
            ))
        };
        assert!(with(
            r#"{"StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"AWS:SourceArn":["arn:aws:sagemaker:*:111122223333:*"]}}"#
        ));
        assert!(!with(r#"{"StringEquals":{"sts:ExternalId":"x"}}"#));
        assert!(!with(
            r#"{"StringEquals":{"aws:SourceAccount":"1"},"Bool":{"aws:SecureTransport":true}}"#
        ));
    }

    #[test]
    fn text_that_is_no_policy_is_an_error_not_a_no() {
        assert!(allows_service("%7B%22Version%22", SAGEMAKER, ASSUME_ROLE).is_err());
        let statement = r#"{"Statement":[{"Effect":"Allow"}]}"#;
        assert!(allows_service(statement, SAGEMAKER, ASSUME_ROLE).is_err());
    }
}
