//! Who calls, and whether they may.

use std::collections::BTreeMap;

use http::HeaderMap;
use jiff::Timestamp;

use crate::api::text_header;
use crate::call::Operation;
use crate::services::{Protocol, Service};
use crate::state::{Caller, World};
use crate::wire::error::ApiError;
use crate::wire::sigv4::{self, SignatureProblem};

/// The caller and the region of a request.
///
/// Long-lived keys which the seed does not list belong to its default account. Temporary keys
/// must have been given out by `AssumeRole`, and come with their token before they expire.
pub(crate) fn authenticate(
    world: &World,
    service: &Service,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(Caller, String), ApiError> {
    // JSON services end their codes with `Exception`; query services do not.
    let refuse = |code: &str, message: &str| {
        let suffix = if service.is_query() { "" } else { "Exception" };
        ApiError::new(403, &format!("{code}{suffix}"), message)
    };
    let scope =
        sigv4::parse(text_header(headers, "authorization")).map_err(|problem| match problem {
            SignatureProblem::Missing => {
                refuse("MissingAuthenticationToken", "Missing Authentication Token")
            }
            SignatureProblem::Incomplete(message) => refuse("IncompleteSignature", &message),
        })?;
    if scope.service != service.name {
        let message =
            format!("Credential should be scoped to correct service: '{}'.", service.name);
        let code = if service.is_query() { "SignatureDoesNotMatch" } else { "InvalidSignature" };
        return Err(refuse(code, &message));
    }
    let invalid = || {
        let code = if service.is_query() { "InvalidClientTokenId" } else { "UnrecognizedClient" };
        refuse(code, "The security token included in the request is invalid.")
    };
    let key = scope.access_key_id;
    let caller = if key.starts_with("ASIA") {
        let session = world.sessions.get(&key).ok_or_else(invalid)?;
        if text_header(headers, "x-amz-security-token") != Some(session.token.as_str()) {
            return Err(invalid());
        }
        if session.expires <= now {
            let message = "The security token included in the request is expired";
            return Err(refuse("ExpiredToken", message));
        }
        session.caller.clone()
    } else {
        world.credentials.get(&key).cloned().unwrap_or_else(|| Caller {
            account: world.default_account.clone(),
            arn: format!("arn:aws:iam::{}:user/sandbox", world.default_account),
            user_id: "AIDASANDBOXUSER000000".to_owned(),
            access_key_id: key,
            role_arn: None,
            source_identity: None,
            denied: Vec::new(),
            transitive_tags: BTreeMap::new(),
        })
    };
    Ok((caller, scope.region))
}

/// Refuses what the seed denies to the caller.
pub(crate) fn authorize(
    caller: &Caller,
    service: &Service,
    operation: &Operation,
) -> Result<(), ApiError> {
    let action = format!("{}:{}", service.name, operation.name);
    if !is_denied(caller, &action) {
        return Ok(());
    }
    let (status, code) = match service.protocol {
        Protocol::Ec2 { .. } => (403, "UnauthorizedOperation"),
        Protocol::Query { .. } => (403, "AccessDenied"),
        Protocol::Json { .. } => (400, "AccessDeniedException"),
    };
    Err(ApiError::new(
        status,
        code,
        format!(
            "User: {} is not authorized to perform: {action} because no identity-based policy \
             allows the {action} action",
            caller.arn
        ),
    ))
}

/// Whether the seed denies the action to the caller.
pub(crate) fn is_denied(caller: &Caller, action: &str) -> bool {
    caller.denied.iter().any(|denied| denies(denied, action))
}

/// Action names are not case-sensitive; a `*` at the end stands for the rest.
fn denies(denied: &str, action: &str) -> bool {
    let (denied, action) = (denied.to_lowercase(), action.to_lowercase());
    match denied.strip_suffix('*') {
        Some(prefix) => action.starts_with(prefix),
        None => denied == action,
    }
}
