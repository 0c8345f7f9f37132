//! Systems Manager's Parameter Store: reading parameters of the seed.

use serde_json::{Value, json};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, any_text, optional, required};

pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    name: "GetParameter",
    members: &[required("Name", any_text(1, 2048)), optional("WithDecryption", Kind::Boolean)],
    run: get,
}];

/// What stands in place of a value that was not asked to be decrypted; real ones are KMS ciphertext.
const CIPHERTEXT: &str = "AQICAHencrypted";

fn get(world: &mut World, call: &Call) -> Outcome {
    let wanted = call.text("Name");
    // The service answers without a message here.
    let not_found = || ApiError::bad("ParameterNotFound", "");
    let parameter = world
        .parameters
        .iter()
        .filter(|parameter| parameter.account == call.caller.account)
        .filter(|parameter| parameter.region == call.region)
        .find(|parameter| parameter.name == wanted || parameter.arn() == wanted)
        .ok_or_else(not_found)?;
    let decrypted = call.input.get("WithDecryption").and_then(Value::as_bool) == Some(true);
    let is_shown = decrypted || !parameter.secure;
    Ok(answer([(
        "Parameter",
        Some(json!({
            "Name": parameter.name,
            "Type": if parameter.secure { "SecureString" } else { "String" },
            "Value": if is_shown { parameter.value.as_str() } else { CIPHERTEXT },
            "Version": 1,
            "LastModifiedDate": 0.0,
            "ARN": parameter.arn(),
            "DataType": "text",
        })),
    )])
    .into())
}
