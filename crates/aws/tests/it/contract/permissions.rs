//! The table of actions against the operations that are really called.

use super::model::Models;
use access::permissions::ACTIONS;
use aws::client::{ec2, iam, sagemaker};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Services the SDK speaks to: botocore's name and the prefix of their actions.
const SDK: [(&str, &str); 5] = [
    ("dynamodb", "dynamodb"),
    ("identitystore", "identitystore"),
    ("sso-admin", "sso"),
    ("sqs", "sqs"),
    ("sts", "sts"),
];

/// Operations that IAM knows only by what they do.
const WITHOUT_ACTION: [&str; 1] = ["dynamodb:TransactWriteItems"];

/// Services this crate's own client speaks to, and what it calls there.
const OWN: [&str; 10] = [
    "servicequotas:GetServiceQuota",
    "secretsmanager:GetSecretValue",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "ssm:GetParameter",
    "s3:PutObject",
    "s3:GetObject",
    // `ListObjectsV2` in the API.
    "s3:ListBucket",
    "kms:GenerateMac",
    "kms:VerifyMac",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .collect()
}

/// Every operation of the SDK that a source file names as the SDK spells it: `.assume_role()`.
fn asked_of_the_sdk() -> BTreeSet<String> {
    let models = Models::read();
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let named = |method: &str| texts.iter().any(|text| text.contains(&format!(".{method}()")));
    SDK.iter()
        .flat_map(|(service, prefix)| {
            let operations = models.operation_names(service).iter();
            operations
                .filter(|(_, method)| named(method))
                .map(move |(name, _)| format!("{prefix}:{name}"))
        })
        .collect()
}

#[test]
fn every_call_has_its_line_and_every_line_its_call() {
    let mut called = asked_of_the_sdk();
    // Whoever may send one may send several at once.
    if called.remove("sqs:SendMessageBatch") {
        called.insert("sqs:SendMessage".to_owned());
    }
    assert!(called.contains("identitystore:ListUsers"), "the sources were searched: {called:?}");
    called.extend(sagemaker::OPERATIONS.iter().map(|name| format!("sagemaker:{name}")));
    called.extend(iam::OPERATIONS.map(|operation| format!("iam:{}", operation.name)));
    called.extend(ec2::OPERATIONS.map(|name| format!("ec2:{name}")));
    called.extend(OWN.map(str::to_owned));
    called.retain(|name| !WITHOUT_ACTION.contains(&name.as_str()));
    let listed: BTreeSet<String> =
        ACTIONS.iter().filter(|action| action.called).map(|a| a.name.to_owned()).collect();
    assert_eq!(listed, called);
}
