//! What must hold of a stack's audit log: the key that seals it and the bucket of its checkpoints.

use crate::attributes::ACCOUNT;
use crate::checks::{allows, arn_of, compiled, decide};
use crate::stack::{Finding, Resource, Stack, finding};
use iam_policy::evaluate::{Decision, Policies};
use iam_policy::request::Request;
use serde_json::json;

/// Whether a key makes MACs, and encrypts nothing.
pub(crate) fn seals(key: &Resource) -> bool {
    key.text("/KeyUsage") == "GENERATE_VERIFY_MAC"
}

/// All of it.
pub(crate) fn log(stack: &Stack) -> Vec<Finding> {
    [keys, buckets, functions].iter().flat_map(|check| check(stack)).collect()
}

fn keys(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, key) in stack.of("AWS::KMS::Key").filter(|(_, key)| seals(key)) {
        if key.text("/KeySpec") != "HMAC_256" {
            found.push(finding("audit-key-unfit", id));
        }
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        let lets = |account: &str, action: &str| {
            let who = format!("arn:aws:iam::{account}:role/any");
            let request = Request::new(who.as_str(), action, arn_of(key))
                .with("kms:CallerAccount", [account]);
            let (identity, resource) =
                (vec![compiled(&all)], Some(compiled(key.get("/KeyPolicy"))));
            Policies { identity, resource, ..Policies::default() }.decide(&request).is_allowed()
        };
        for action in ["kms:GenerateMac", "kms:VerifyMac"] {
            if !lets(ACCOUNT, action) {
                found.push(finding("key-refuses", format!("{id}: {action}")));
            }
            if lets("999999999999", action) {
                found.push(finding("key-of-everybody", format!("{id}: {action}")));
            }
        }
    }
    found
}

/// Buckets are there for what nobody may take away, change or see without a right.
fn buckets(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, bucket) in stack.of("AWS::S3::Bucket") {
        let locked = *bucket.get("/ObjectLockEnabled") == json!(true)
            && bucket.text("/ObjectLockConfiguration/ObjectLockEnabled") == "Enabled"
            && bucket.text("/VersioningConfiguration/Status") == "Enabled";
        let retention = "/ObjectLockConfiguration/Rule/DefaultRetention";
        let kept = bucket.text(&format!("{retention}/Mode")) == "COMPLIANCE"
            && bucket.number(&format!("{retention}/Days")) > 0;
        if !locked || !kept {
            found.push(finding("bucket-not-locked", id));
        }
        let blocks =
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
        let blocked = |what: &&str| {
            *bucket.get(&format!("/PublicAccessBlockConfiguration/{what}")) == json!(true)
        };
        if !blocks.iter().all(blocked) {
            found.push(finding("bucket-open", id));
        }
        let asked = |secure: &str| {
            let object = format!("{}/stagedoor/1.json", arn_of(bucket));
            Request::new("arn:aws:iam::111122223333:role/any", "s3:PutObject", &object)
                .with("aws:SecureTransport", [secure])
        };
        if decide(stack, bucket, true, &asked("false")) != Decision::ExplicitlyDenied
            || decide(stack, bucket, true, &asked("true")) != Decision::Allowed
        {
            found.push(finding("not-tls-only", id));
        }
    }
    found
}

/// What a function is told to seal with, and where to keep checkpoints, it can.
fn functions(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, function) in stack.of("AWS::Lambda::Function") {
        let set = |name: &str| function.text(&format!("/Environment/Variables/{name}"));
        let role = stack.by_arn("AWS::IAM::Role", function.text("/Role"));
        let may = |action: &str, resource: &str| {
            role.is_some_and(|(_, role)| allows(stack, role, action, resource))
        };
        let place = set("STAGEDOOR_AUDIT_CHECKPOINTS");
        let key = set("STAGEDOOR_AUDIT_KEY").strip_prefix("kms:");
        if let Some(key) = key {
            let verifies = place.is_empty() || may("kms:VerifyMac", key);
            if !may("kms:GenerateMac", key) || !verifies {
                found.push(finding("audit-key-not-reached", id));
            }
        }
        if let Some((bucket, prefix)) = place.strip_prefix("s3://").and_then(|p| p.split_once('/'))
        {
            let object = format!("arn:aws:s3:::{bucket}/{prefix}/1.json");
            let reads = may("s3:ListBucket", &format!("arn:aws:s3:::{bucket}"));
            if !reads || !may("s3:PutObject", &object) || !may("s3:GetObject", &object) {
                found.push(finding("checkpoints-not-reached", id));
            }
        } else if !place.is_empty() {
            found.push(finding("checkpoints-not-reached", id));
        }
    }
    found
}
