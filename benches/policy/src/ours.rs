//! `iam-policy`: the policy compiled, the request made; each decision says which statements decide.

use crate::{Case, POLICY, PRINCIPAL, VPC};
use anyhow::Result;
use iam_policy::evaluate::{Compiled, Decision, Policies};
use iam_policy::request::Request;
use std::sync::Arc;

pub(crate) fn prepare(case: &Case) -> Result<Box<dyn Fn() -> bool>> {
    let policies =
        Policies { identity: vec![Arc::new(Compiled::parse(POLICY)?)], ..Policies::default() };
    let request = Request::new(PRINCIPAL, case.action, case.resource)
        .with("aws:SourceVpc", [VPC])
        .with("aws:VpcSourceIp", [case.address]);
    let expected = match case.name {
        "allowed" => Decision::Allowed,
        "denied" => Decision::ExplicitlyDenied,
        _ => Decision::ImplicitlyDenied,
    };
    Ok(Box::new(move || {
        let answer = policies.decide(&request);
        answer.decision == expected && !answer.because.is_empty()
    }))
}
