//! Whom a role's trust policy lets in.

use crate::condition::{Condition, Operator};
use crate::document::{Document, Effect, PolicyError, Statement, Values, Version};
use crate::request::Request;

/// Condition keys under which an `Allow` still counts: they only say on whose behalf the service
/// may come, which is how AWS tells people to guard against the confused deputy.
const SOURCE_KEYS: [&str; 2] = ["aws:sourceaccount", "aws:sourcearn"];

/// What it takes to assume a role.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";
/// What it takes besides to name a source identity for the session.
pub const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";
/// What it takes besides where the session gets tags, or those of the session that opens it pass on.
pub const TAG_SESSION: &str = "sts:TagSession";

/// On whose behalf a service comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnBehalf {
    /// The account, 12 digits (`aws:SourceAccount`).
    pub account: String,
    /// ARNs of what the service can work for (`aws:SourceArn`); one has to do.
    pub sources: Vec<String>,
}

/// Whether the trust policy surely lets this service (`sagemaker.amazonaws.com`) do this with the
/// role, mostly [`ASSUME_ROLE`], on behalf of this account and one of these sources.
///
/// "Surely", because nothing here knows the rest of the request that will be made:
/// - an `Allow` counts if it lists the service by name; `"*"` does not, since it is about AWS
///   principals. If it carries conditions, they may only use `aws:SourceAccount` and
///   `aws:SourceArn`, and must hold;
/// - a `Deny` counts unless such conditions do not hold, and wins.
///
/// # Errors
/// It is no policy document.
pub fn allows_service(
    document: &str,
    service: &str,
    action: &str,
    behalf: &OnBehalf,
) -> Result<bool, PolicyError> {
    let document = Document::parse(document)?;
    let variables = document.language() == Version::V2012;
    let concerned = || document.statements.iter().filter(|s| s.covers_action(action));
    let lets_in = |source: &String| {
        let request = Request::new(service, action, "*")
            .with("aws:SourceAccount", [behalf.account.as_str()])
            .with("aws:SourceArn", [source]);
        let holds = |s: &Statement| only_source_conditions(s).then(|| hold(s, &request, variables));
        let denied = concerned().any(|s| {
            s.effect == Effect::Deny && may_concern(s, service) && holds(s) != Some(false)
        });
        let allowed = concerned().any(|s| {
            s.effect == Effect::Allow
                && s.principal.as_ref().is_some_and(|p| p.lists_service(service))
                && holds(s) == Some(true)
        });
        allowed && !denied
    };
    Ok(behalf.sources.iter().any(lets_in))
}

/// Whether all conditions hold.
fn hold(statement: &Statement, request: &Request, variables: bool) -> bool {
    statement.condition.iter().all(|(name, keys)| {
        let operator = Operator::parse(name);
        operator.is_some_and(|operator| {
            let one = |(key, values): (&String, &Values)| {
                Condition::new(operator, key, &values.0, variables).holds(request)
            };
            keys.iter().all(one)
        })
    })
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
        && statement.condition.keys().all(|name| Operator::parse(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAGEMAKER: &str = "sagemaker.amazonaws.com";

    fn own() -> OnBehalf {
        let arn = |kind| format!("arn:aws:sagemaker:eu-west-1:111122223333:{kind}/d-x");
        OnBehalf {
            account: "111122223333".to_owned(),
            sources: ["domain", "user-profile"].map(arn).to_vec(),
        }
    }

    fn asked(document: &str, action: &str) -> Result<bool, PolicyError> {
        allows_service(document, SAGEMAKER, action, &own())
    }

    fn allowed(statements: &str) -> bool {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
        asked(&document, ASSUME_ROLE).unwrap()
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
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:Assume*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"StringNotEquals":{"aws:SourceAccount":"1"},"Bool":{"a:b":"true"}}}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"Unheard":{"aws:SourceAccount":"1"}}}"#,
            r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*"}"#,
            r#"{"Effect":"Deny","NotPrincipal":{"Service":"ec2.amazonaws.com"},"Action":"*"}"#,
        ] {
            assert!(!allowed(&format!("[{allow},{deny}]")), "{deny}");
        }
        for other in [
            r#"{"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com"},"Action":"*"}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sts:Assume*","Condition":{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}}"#,
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
            super::tests::asked(&document, asked).unwrap()
        };
        let both = r#"["sts:AssumeRole","sts:SetSourceIdentity"]"#;
        assert!(with(both, ASSUME_ROLE) && with(both, SET_SOURCE_IDENTITY));
        let one = r#""sts:AssumeRole""#;
        assert!(with(one, ASSUME_ROLE) && !with(one, SET_SOURCE_IDENTITY));
        assert!(with(r#""sts:*""#, SET_SOURCE_IDENTITY));
    }

    #[test]
    fn only_source_conditions_that_hold_keep_an_allow_sure() {
        let with = |condition: &str| {
            allowed(&format!(
                r#"{{"Effect":"Allow","Principal":{{"Service":"sagemaker.amazonaws.com"}},"Action":"sts:AssumeRole","Condition":{condition}}}"#
            ))
        };
        assert!(with(
            r#"{"StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"AWS:SourceArn":["arn:aws:sagemaker:*:111122223333:*"]}}"#
        ));
        assert!(with(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sagemaker:*:*:user-profile/*"}}"#));
        assert!(!with(r#"{"StringEquals":{"sts:ExternalId":"x"}}"#));
        assert!(!with(
            r#"{"StringEquals":{"aws:SourceAccount":"111122223333"},"Bool":{"aws:SecureTransport":true}}"#
        ));
        // Of somebody else.
        for condition in [
            r#"{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#,
            r#"{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sagemaker:*:444455556666:*"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sagemaker:us-east-1:111122223333:*"}}"#,
            r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sagemaker:eu-west-1:111122223333:domain/d-y"}}"#,
            r#"{"Unheard":{"aws:SourceAccount":"111122223333"}}"#,
        ] {
            assert!(!with(condition), "{condition}");
        }
    }

    #[test]
    fn text_that_is_no_policy_is_an_error_not_a_no() {
        assert!(asked("%7B%22Version%22", ASSUME_ROLE).is_err());
        let statement = r#"{"Statement":[{"Effect":"Allow"}]}"#;
        assert!(asked(statement, ASSUME_ROLE).is_err());
    }
}
