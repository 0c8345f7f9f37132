//! Secrets Manager: reading secrets of the seed.

use serde_json::{Value, json};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{SecretVersion, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{any_text, optional, required};

pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    name: "GetSecretValue",
    members: &[
        required("SecretId", any_text(1, 2048)),
        optional("VersionId", any_text(32, 64)),
        optional("VersionStage", any_text(1, 256)),
    ],
    run: get_value,
}];

fn not_found(what: &str) -> ApiError {
    let message = format!("Secrets Manager can't find the specified {what}.");
    ApiError::bad("ResourceNotFoundException", message)
}

fn get_value(world: &mut World, call: &Call) -> Outcome {
    let wanted = call.text("SecretId");
    let secret = world
        .secrets
        .values()
        .filter(|secret| secret.account == call.caller.account && secret.region == call.region)
        .find(|secret| secret.name == wanted || secret.arn == wanted)
        .ok_or_else(|| not_found("secret"))?;
    let id = call.input.find_text("VersionId");
    let stage = call.input.find_text("VersionStage");
    let fits = |version: &&SecretVersion| match (id, stage) {
        (None, None) => version.stage == "AWSCURRENT",
        _ => id.is_none_or(|id| version.id == id) && stage.is_none_or(|s| version.stage == s),
    };
    let version = secret.versions.iter().find(fits).ok_or_else(|| match (id, stage) {
        (None, Some(stage)) => not_found(&format!("secret value for staging label: {stage}")),
        _ => not_found("secret value"),
    })?;
    Ok(answer([
        ("ARN", Some(secret.arn.clone().into())),
        ("Name", Some(secret.name.clone().into())),
        ("VersionId", Some(version.id.clone().into())),
        ("SecretString", Some(version.text.clone().into())),
        ("VersionStages", Some(json!([version.stage]))),
        ("CreatedDate", Some(Value::from(0.0))),
    ])
    .into())
}
