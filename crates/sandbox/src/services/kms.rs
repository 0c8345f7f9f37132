//! KMS: keys of the seed with their states and policies. Nothing is encrypted, and MACs are made up:
//! the same for the same key and message, and no others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
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
    Operation {
        name: "GenerateMac",
        members: &[
            required("KeyId", any_text(1, 2048)),
            required("MacAlgorithm", any_text(1, 32)),
            required("Message", any_text(1, 8192)),
        ],
        run: generate_mac,
    },
    Operation {
        name: "VerifyMac",
        members: &[
            required("KeyId", any_text(1, 2048)),
            required("Mac", any_text(1, 8192)),
            required("MacAlgorithm", any_text(1, 32)),
            required("Message", any_text(1, 8192)),
        ],
        run: verify_mac,
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
        "KeyUsage": key.usage,
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

fn generate_mac(world: &mut World, call: &Call) -> Outcome {
    let key = mac_key(world, call)?;
    let mac = mac(key, call)?;
    Ok(json!({"Mac": mac, "MacAlgorithm": "HMAC_SHA_256", "KeyId": key.arn()}))
}

fn verify_mac(world: &mut World, call: &Call) -> Outcome {
    let key = mac_key(world, call)?;
    if mac(key, call)? != call.text("Mac") {
        return Err(ApiError::bad("KMSInvalidMacException", "The MAC is not valid."));
    }
    Ok(json!({"MacValid": true, "MacAlgorithm": "HMAC_SHA_256", "KeyId": key.arn()}))
}

fn mac_key<'w>(world: &'w World, call: &Call) -> Result<&'w KmsKey, ApiError> {
    let key = find(world, call)?;
    if key.usage != "GENERATE_VERIFY_MAC" || call.text("MacAlgorithm") != "HMAC_SHA_256" {
        let message =
            format!("{} key usage is {} which is not valid for this.", key.arn(), key.usage);
        return Err(ApiError::bad("InvalidKeyUsageException", message));
    }
    if key.state != "Enabled" {
        let message = format!("{} is {}.", key.arn(), key.state);
        return Err(ApiError::bad("KMSInvalidStateException", message));
    }
    Ok(key)
}

/// 32 bytes that only this key and this message give.
fn mac(key: &KmsKey, call: &Call) -> Result<String, ApiError> {
    let message = STANDARD.decode(call.text("Message")).map_err(|error| {
        ApiError::bad("SerializationException", format!("Message is no base64: {error}"))
    })?;
    let half = |half: u8| {
        let mut digest = Md5::new();
        digest.update(key.id.as_bytes());
        digest.update([half]);
        digest.update(&message);
        digest.finalize()
    };
    let mut both = half(0).to_vec();
    both.extend(half(1));
    Ok(STANDARD.encode(both))
}
