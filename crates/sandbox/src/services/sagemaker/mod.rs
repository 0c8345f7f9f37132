//! SageMaker: domains, user profiles, apps, spaces, tags and presigned URLs.

pub(crate) mod app;
pub(crate) mod domain;
pub(crate) mod presign;
pub(crate) mod profile;
pub(crate) mod shapes;
pub(crate) mod space;
pub(crate) mod tags;

use serde_json::{Map, Value};

use crate::call::{Call, Operation};
use crate::services::trust;
use crate::state::{Domain, Profile, Space, Status, World};
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[&[Operation]] = &[
    domain::OPERATIONS,
    profile::OPERATIONS,
    app::OPERATIONS,
    space::OPERATIONS,
    tags::OPERATIONS,
    presign::OPERATIONS,
];

/// Page size of the lists when `MaxResults` is absent.
pub(crate) const DEFAULT_PAGE: usize = 10;

pub(crate) fn not_found(message: String) -> ApiError {
    ApiError::bad("ResourceNotFound", message)
}

pub(crate) fn in_use(message: String) -> ApiError {
    ApiError::bad("ResourceInUse", message)
}

pub(crate) fn limit_exceeded(what: &str, limit: usize) -> ApiError {
    ApiError::bad(
        "ResourceLimitExceeded",
        format!(
            "The account-level service limit '{what}' is {limit}, with current utilization of \
             {limit} and a request delta of 1. Please use AWS Service Quotas to request an \
             increase for this quota."
        ),
    )
}

/// The domain of a call: of its account and region only.
pub(crate) fn domain<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Domain, ApiError> {
    let id = call.text("DomainId");
    world
        .domains
        .get_mut(id)
        .filter(|domain| domain.account == call.caller.account && domain.region == call.region)
        .ok_or_else(|| not_found(format!("Domain [{id}] does not exist.")))
}

/// A domain which can take new resources.
pub(crate) fn ready_domain<'a>(
    world: &'a mut World,
    call: &Call,
) -> Result<&'a mut Domain, ApiError> {
    let domain = domain(world, call)?;
    match domain.life.status {
        Status::InService | Status::Updating => Ok(domain),
        other => Err(ApiError::validation(format!(
            "Domain [{}] is not in InService status. Current status: {}.",
            domain.id,
            other.word()
        ))),
    }
}

pub(crate) fn find_profile<'a>(domain: &'a Domain, name: &str) -> Result<&'a Profile, ApiError> {
    domain.profiles.get(&name.to_lowercase()).ok_or_else(|| {
        not_found(format!("UserProfile [{}] does not exist.", domain.profile_arn(name)))
    })
}

pub(crate) fn find_space<'a>(domain: &'a Domain, name: &str) -> Result<&'a Space, ApiError> {
    domain
        .spaces
        .get(&name.to_lowercase())
        .ok_or_else(|| not_found(format!("Space [{}] does not exist.", domain.space_arn(name))))
}

/// Domains of the account and region of a call.
pub(crate) fn domains_of<'a>(world: &'a World, call: &'a Call) -> impl Iterator<Item = &'a Domain> {
    world
        .domains
        .values()
        .filter(|domain| domain.account == call.caller.account && domain.region == call.region)
}

/// Refuses an execution role which SageMaker could not use.
pub(crate) fn check_execution_role(
    world: &World,
    call: &Call,
    settings: Option<&Value>,
) -> Result<(), ApiError> {
    let role = settings.and_then(|settings| settings.get("ExecutionRole")).and_then(Value::as_str);
    let Some(arn) = role else { return Ok(()) };
    if arn.split(':').nth(4) != Some(call.caller.account.as_str()) {
        return Err(ApiError::validation("Cross-account pass role is not allowed."));
    }
    let domain = call.input.find_text("DomainId").unwrap_or("d-new");
    let resource =
        format!("arn:aws:sagemaker:{}:{}:domain/{domain}", call.region, call.caller.account);
    let role = trust::find_role(world, arn);
    if role.is_some_and(|role| trust::trusts_sagemaker(role, &resource)) {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "Could not assume role {arn}. Please ensure that the role exists and allows principal \
         'sagemaker.amazonaws.com' to assume the role."
    )))
}

/// Puts the members of new settings over the old ones.
pub(crate) fn merge(old: &mut Map<String, Value>, new: Option<&Value>) {
    if let Some(new) = new.and_then(Value::as_object) {
        for (name, value) in new {
            old.insert(name.clone(), value.clone());
        }
    }
}

/// An answer's members; absent ones are left out, never null.
pub(crate) fn answer<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
