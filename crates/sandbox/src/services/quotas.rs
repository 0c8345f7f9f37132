//! Service Quotas: those of Studio, per account and region.

use serde_json::{Value, json};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, any_text, optional, required, text};

const SERVICE: Kind = text(Pattern::QuotaService, 1, 63);
const CODE: Kind = text(Pattern::QuotaCode, 1, 128);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "GetServiceQuota",
        members: &[required("ServiceCode", SERVICE), required("QuotaCode", CODE)],
        run: get,
    },
    Operation {
        name: "ListServiceQuotas",
        members: &[
            required("ServiceCode", SERVICE),
            optional("NextToken", any_text(0, 2048)),
            optional("MaxResults", Kind::Integer { min: 1, max: 100 }),
        ],
        run: list,
    },
];

fn quotas(world: &World, call: &Call) -> Vec<Value> {
    let limits = world.limits;
    [
        ("L-B683BCB0", "Total domains", limits.domains),
        (
            "L-AC46C40F",
            "Maximum number of Studio user profiles allowed per account",
            limits.user_profiles,
        ),
        ("L-8E5333B4", "Maximum number of Studio spaces allowed per account", limits.spaces),
    ]
    .into_iter()
    .map(|(code, name, value)| {
        json!({
            "ServiceCode": "sagemaker",
            "ServiceName": "Amazon SageMaker",
            "QuotaArn": format!(
                "arn:aws:servicequotas:{}:{}:sagemaker/{code}", call.region, call.caller.account
            ),
            "QuotaCode": code,
            "QuotaName": name,
            "Value": f64::from(u32::try_from(value).unwrap_or(u32::MAX)),
            "Unit": "None",
            "Adjustable": true,
            "GlobalQuota": false,
            "QuotaAppliedAtLevel": "ACCOUNT",
        })
    })
    .collect()
}

fn check_service(call: &Call) -> Result<(), ApiError> {
    if call.text("ServiceCode") == "sagemaker" {
        return Ok(());
    }
    Err(ApiError::bad("NoSuchResourceException", "The service code is not known to the sandbox."))
}

fn get(world: &mut World, call: &Call) -> Outcome {
    check_service(call)?;
    let code = call.text("QuotaCode");
    let quota = quotas(world, call)
        .into_iter()
        .find(|quota| quota.get("QuotaCode").is_some_and(|is| is == code));
    match quota {
        Some(quota) => Ok(json!({"Quota": quota})),
        None => Err(ApiError::bad(
            "NoSuchResourceException",
            "The request failed because the specified service quota does not exist.",
        )),
    }
}

fn list(world: &mut World, call: &Call) -> Outcome {
    check_service(call)?;
    let quotas = quotas(world, call).into_iter().zip(0..).map(|(quota, i)| ((0, i), quota));
    let (page, token) = call.page(quotas.collect(), call.input.page_size(100), &[])?;
    Ok(answer([("Quotas", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}
