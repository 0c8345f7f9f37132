//! `iam-rs`: the policy parsed, the request made. It says the decision, not the statements, which is
//! its quicker way.

use crate::{Case, POLICY, PRINCIPAL, VPC};
use ::iam_rs::{Arn, Context, Decision, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use anyhow::{Context as _, Result};

pub(crate) fn prepare(case: &Case) -> Result<Box<dyn Fn() -> bool>> {
    let evaluator = PolicyEvaluator::with_policies(vec![serde_json::from_str(POLICY)?]);
    let context = Context::new()
        .with_string("aws:SourceVpc", VPC)
        .with_string("aws:VpcSourceIp", case.address);
    let request = IAMRequest::new_with_context(
        Principal::Aws(PrincipalId::String(PRINCIPAL.to_owned())),
        case.action,
        Arn::parse(case.resource).ok().context("the resource")?,
        context,
    );
    let expected = match case.name {
        "allowed" => Decision::Allow,
        "denied" => Decision::Deny,
        _ => Decision::NotApplicable,
    };
    Ok(Box::new(move || {
        evaluator.evaluate(&request).is_ok_and(|result| result.decision == expected)
    }))
}
