//! KMS: keys of the seed with their states and policies. Nothing is encrypted.

use serde_json::{Value, json};

use crate::call::{Call, Operation};
use crate::state::{KmsKey, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{any_text, optional, required, text};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeKey",
        members: &[required("KeyId", any_text(1, 2048))],
        run: describe,
    },
    Operation {
        name: "GetKeyPolicy",
        members: &[
            required("KeyId", any_text(1, 2048)),
            optional("PolicyName", text(Pattern::KmsPolicyName, 1, 128)),
        ],
        run: policy,
    },
];

/// A key by its id or ARN, in the caller's account and the call's Region, or elsewhere by ARN.
fn find<'w>(world: &'w World, call: &Call) -> Result<&'w KmsKey, ApiError> {
    let wanted = call.text("KeyId");
    let is_here = |key: &KmsKey| key.account == call.caller.account && key.region == call.region;
    let found = world.kms_keys.iter().find(|key| {
        (key.id == wanted && is_here(key)) || (key.arn() == wanted && key.region == call.region)
    });
    found.ok_or_else(|| {
        let arn = if wanted.starts_with("arn:") {
            wanted.to_owned()
        } else {
            format!("arn:aws:kms:{}:{}:key/{wanted}", call.region, call.caller.account)
        };
        ApiError::bad("NotFoundException", format!("Key '{arn}' does not exist"))
    })
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let key = find(world, call)?;
    Ok(json!({"KeyMetadata": {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn(),
        "CreationDate": epoch_seconds(jiff::Timestamp::UNIX_EPOCH),
        "Enabled": key.state == "Enabled",
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state,
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    }}))
}

fn policy(world: &mut World, call: &Call) -> Outcome {
    let key = find(world, call)?;
    Ok(json!({"Policy": key.policy.to_string(), "PolicyName": Value::from("default")}))
}
