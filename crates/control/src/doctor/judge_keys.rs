//! What follows from the facts about a domain's key. Pure.

use super::facts::DomainReading;
use super::{About, Check, Finding, State};
use crate::ports::{CallError, FailureKind, KeyFacts};
use access::live_role::LiveRole;
use access::map::Domain;
use iam_policy::evaluate::{Compiled, Policies};
use iam_policy::persona::via_service;
use iam_policy::request::Request;
use serde_json::Value;
use std::sync::Arc;

/// What an app with an encrypted volume asks KMS for with its execution role: the volume is read and
/// written by the grant.
const USES: [&str; 2] = ["kms:CreateGrant", "kms:DescribeKey"];

pub(super) fn of_key(
    reading: &DomainReading,
    domain: &Domain,
    subject: Option<&str>,
) -> Vec<Check> {
    let key = match &reading.key {
        None => return Vec::new(),
        Some(Ok(key)) => key,
        Some(Err(error)) => return vec![unread(error, subject)],
    };
    let mut checks = vec![state(key, subject)];
    let Some(policy) = &key.policy else { return checks };
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => {
            checks.push(unread(error, subject));
            return checks;
        }
    };
    let delegates = delegates(policy, domain.account_id.as_str());
    let live = reading.live.values().filter_map(|live| live.as_ref().ok());
    for role in live {
        checks.push(use_of(role, key, policy, delegates, domain));
    }
    if reading.live.is_empty() && !delegates {
        let text = "the key's policy does not let the account's own policies decide, and which roles \
                    it names was not looked at";
        checks.push(closed(subject, text.to_owned()));
    }
    checks
}

fn unread(error: &CallError, subject: Option<&str>) -> Check {
    let text = format!("the domain's key could not be read: {}", error.without_code());
    let (state, remedy) = match error.kind {
        FailureKind::AccessDenied => (
            State::Warning,
            "Allow Stagedoor what docs/reference/permissions.md lists under Diagnose.",
        ),
        FailureKind::NotFound => (State::Failed, About::KeyState.fix()),
        _ => (State::Warning, error.remedy()),
    };
    Check::new(About::KeyState, subject, state, error.code(), text, &[remedy])
}

fn state(key: &KeyFacts, subject: Option<&str>) -> Check {
    let text = format!("the key {} is {}", key.arn, key.state);
    if key.state == "Enabled" {
        return Check::ok(About::KeyState, subject, text);
    }
    Check::found(Finding::KeyUnusable, subject, State::Failed, text)
}

fn closed(subject: Option<&str>, text: String) -> Check {
    Check::found(Finding::KeyNotAllowed, subject, State::Warning, text)
}

/// Whether the role may use the key: by the key's policy alone, or by its own where that one lets
/// the account decide.
fn use_of(
    role: &LiveRole,
    key: &KeyFacts,
    policy: &str,
    delegates: bool,
    domain: &Domain,
) -> Check {
    let subject = format!("role {}", role.arn);
    let of_key =
        Policies { resource: Compiled::parse(policy).ok().map(Arc::new), ..Policies::default() };
    let own = role.policies().filter_map(|(_, document)| Compiled::new(&document?.ok()?).ok());
    let of_role = Policies { identity: own.map(Arc::new).collect(), ..Policies::default() };
    let partition = key.arn.split(':').nth(1).unwrap_or("aws");
    let via = via_service(partition, "sagemaker", domain.region.as_str());
    let lacking: Vec<&str> = USES
        .into_iter()
        .filter(|action| {
            let request = Request::new(role.arn.as_str(), action, &key.arn)
                .with("kms:ViaService", [via.as_str()])
                .with("kms:GrantIsForAWSResource", ["true"])
                .with("kms:CallerAccount", [domain.account_id.as_str()]);
            let by_key = of_key.decide(&request).is_allowed();
            let by_role = delegates && of_role.decide(&request).is_allowed();
            !(by_key || by_role)
        })
        .collect();
    if lacking.is_empty() {
        return Check::ok(About::KeyUse, Some(&subject), format!("it may use the key {}", key.arn));
    }
    closed(Some(&subject), format!("it may not {} with the key {}", lacking.join(", "), key.arn))
}

/// Whether the key's policy lets IAM policies of the account decide.
fn delegates(policy: &str, account: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(policy) else { return false };
    let statements = document.get("Statement").and_then(Value::as_array);
    statements.into_iter().flatten().any(|statement| {
        let named = statement.get("Principal").and_then(|principal| principal.get("AWS"));
        let is_account = |value: &Value| {
            value.as_str().is_some_and(|text| {
                text == account || (text.ends_with(":root") && text.contains(account))
            })
        };
        let names_it = named.is_some_and(|named| match named {
            Value::Array(items) => items.iter().any(is_account),
            one => is_account(one),
        });
        statement.get("Effect").and_then(Value::as_str) == Some("Allow") && names_it
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::{AccountId, DomainId, Region};
    use access::map::Unmanaged;
    use serde_json::json;

    const ROLE: &str = "arn:aws:iam::111122223333:role/studio-fraud";

    /// What is told of a role whose policy is as personas render it, for `key` and calls `via` a service.
    fn told(partition: &str, region: &str, without: &str, via: &str) -> (State, String) {
        let key = format!("arn:{partition}:kms:{region}:111122223333:key/volumes");
        let through = json!({"StringEquals": {"kms:ViaService": [via]}});
        let statements =
            ["kms:CreateGrant", "kms:DescribeKey"].into_iter().filter(|a| *a != without);
        let statements: Vec<Value> = statements
            .map(|action| {
                json!({"Effect": "Allow", "Action": action, "Resource": key, "Condition": through})
            })
            .collect();
        let own = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let role = LiveRole {
            arn: ROLE.replace("arn:aws:", &format!("arn:{partition}:")),
            trust: String::new(),
            max_session_seconds: 3_600,
            boundary: None,
            tags: std::collections::BTreeMap::new(),
            attached: Vec::new(),
            inline: [("own".to_owned(), own)].into(),
        };
        // As domain.yaml makes it: the account's own policies decide, through Studio.
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{partition}:iam::111122223333:root")},
            "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {
                "kms:CallerAccount": "111122223333", "kms:ViaService": [via]
            }},
        }]});
        let facts = KeyFacts { arn: key, state: "Enabled".to_owned(), policy: None };
        let domain = Domain {
            domain_id: DomainId::parse("d-research").unwrap(),
            account_id: AccountId::parse("111122223333").unwrap(),
            region: Region::parse(region).unwrap(),
            assume_role: None,
            presign_role: None,
            isolation: None,
            unmanaged: Unmanaged::default(),
            guard: None,
        };
        let check = use_of(&role, &facts, &policy.to_string(), true, &domain);
        (check.state, check.text)
    }
    /// Nothing else of the key is needed: neither a persona nor AWS's own policy for apps allows more.
    #[test]
    fn a_role_that_may_make_grants_and_look_at_the_key_may_use_it() {
        let studio = "sagemaker.eu-west-1.amazonaws.com";
        let key = "arn:aws:kms:eu-west-1:111122223333:key/volumes";
        let ok = (State::Ok, format!("it may use the key {key}"));
        assert_eq!(told("aws", "eu-west-1", "", studio), ok);
        for lacking in ["kms:CreateGrant", "kms:DescribeKey"] {
            let not = (State::Warning, format!("it may not {lacking} with the key {key}"));
            assert_eq!(told("aws", "eu-west-1", lacking, studio), not);
        }
        let elsewhere = told("aws", "eu-west-1", "", "sagemaker.eu-west-2.amazonaws.com");
        assert_eq!(
            elsewhere,
            (
                State::Warning,
                format!("it may not kms:CreateGrant, kms:DescribeKey with the key {key}")
            )
        );
    }

    #[test]
    fn in_china_studio_has_another_name() {
        let (region, china) = ("cn-north-1", "sagemaker.cn-north-1.amazonaws.com.cn");
        assert_eq!(told("aws-cn", region, "", china).0, State::Ok);
        let elsewhere = told("aws-cn", region, "", "sagemaker.cn-north-1.amazonaws.com");
        assert_eq!(elsewhere.0, State::Warning);
    }
}
