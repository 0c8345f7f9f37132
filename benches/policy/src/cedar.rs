//! `cedar-policy`: the same three statements in Cedar's words, parsed; request and entities made.
//!
//! Actions of a service are a group, which is how Cedar writes `sagemaker:*`.

use crate::{Case, PRINCIPAL, VPC};
use anyhow::Result;
use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};
use serde_json::json;

const POLICY: &str = include_str!("policy.cedar");

pub(crate) fn prepare(case: &Case) -> Result<Box<dyn Fn() -> bool>> {
    let policies: PolicySet = POLICY.parse()?;
    let service = case.action.split(':').next().unwrap_or_default();
    let entities = Entities::from_json_value(
        json!([
            {"uid": {"type": "Role", "id": PRINCIPAL}, "attrs": {}, "parents": []},
            {"uid": {"type": "Action", "id": case.action}, "attrs": {},
             "parents": [{"type": "Action", "id": service}]},
            {"uid": {"type": "Resource", "id": case.resource}, "attrs": {"arn": case.resource},
             "parents": []},
        ]),
        None,
    )?;
    let context = Context::from_json_value(
        json!({"sourceVpc": VPC, "vpcSourceIp": {"__extn": {"fn": "ip", "arg": case.address}}}),
        None,
    )?;
    let uid = |kind: &str, id: &str| format!("{kind}::{id:?}").parse();
    let request = Request::new(
        uid("Role", PRINCIPAL)?,
        uid("Action", case.action)?,
        uid("Resource", case.resource)?,
        context,
        None,
    )?;
    let authorizer = Authorizer::new();
    let allowed = case.name == "allowed";
    // Cedar has one way to say no; which one it is stands in the reasons.
    let reasons = usize::from(case.name != "neither");
    Ok(Box::new(move || {
        let response = authorizer.is_authorized(&request, &policies, &entities);
        (response.decision() == Decision::Allow) == allowed
            && response.diagnostics().reason().count() == reasons
            && response.diagnostics().errors().next().is_none()
    }))
}
