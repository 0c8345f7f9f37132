//! Presigned URLs.
//!
//! AWS answers `https://<domain-id>.studio.<region>.sagemaker.aws/auth?token=…`. The simulator has
//! one address, so its URL is `http://<host of the request>/studio/<domain-id>/auth?token=…`.

use serde_json::json;

use super::shapes::{DOMAIN_ID, NAME};
use super::{domain, find_profile, find_space};
use crate::call::{Call, Operation};
use crate::seed::AuthMode;
use crate::state::{Presigned, Status, World, later};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, any_text, optional, required};

/// Seconds a URL is good for, when the call does not say.
const DEFAULT_EXPIRY: i64 = 300;
/// Seconds a session lasts, when the call does not say: twelve hours.
const DEFAULT_SESSION: i64 = 43_200;

pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    name: "CreatePresignedDomainUrl",
    members: &[
        required("DomainId", DOMAIN_ID),
        required("UserProfileName", NAME),
        optional(
            "SessionExpirationDurationInSeconds",
            Kind::Integer { min: 1800, max: DEFAULT_SESSION },
        ),
        optional("ExpiresInSeconds", Kind::Integer { min: 5, max: DEFAULT_EXPIRY }),
        optional("SpaceName", NAME),
        optional("LandingUri", any_text(0, 1023)),
    ],
    run: create,
}];

/// Prefixes a landing page may have.
const LANDINGS: &[&str] = &[
    "studio::",
    "app:JupyterServer:",
    "app:JupyterLab:",
    "app:CodeEditor:",
    "app:RStudioServerPro:",
    "app:Canvas:",
];

fn create(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    if domain.auth_mode != AuthMode::Iam {
        return Err(ApiError::validation(
            "CreatePresignedDomainUrl can only be called when the Domain's AuthMode is IAM.",
        ));
    }
    let profile = find_profile(domain, call.text("UserProfileName"))?;
    if !matches!(profile.life.status, Status::InService | Status::Updating) {
        return Err(ApiError::validation(format!(
            "UserProfile [{}] is not in InService status. Current status: {}.",
            domain.profile_arn(&profile.name),
            profile.life.status.word()
        )));
    }
    if let Some(space) = call.input.find_text("SpaceName") {
        find_space(domain, space)?;
    }
    let landing = call.input.find_text("LandingUri");
    if landing.is_some_and(|uri| !LANDINGS.iter().any(|prefix| uri.starts_with(prefix))) {
        return Err(ApiError::validation("LandingUri is not a Studio or app landing page."));
    }
    let seconds = call.input.integer("ExpiresInSeconds").unwrap_or(DEFAULT_EXPIRY);
    let presigned = Presigned {
        domain: domain.id.clone(),
        profile: profile.name.to_lowercase(),
        space: call.input.find_text("SpaceName").map(str::to_owned),
        landing: landing.map(str::to_owned),
        expires: later(call.now, seconds.unsigned_abs()),
        session_seconds: call
            .input
            .integer("SessionExpirationDurationInSeconds")
            .unwrap_or(DEFAULT_SESSION),
        used: false,
    };
    let token = format!("{}{}", world.ids.hex(32), world.ids.alphanumeric(32));
    let url = format!("{}/studio/{}/auth?token={token}", call.base_url, presigned.domain);
    world.forget_expired(call.now);
    world.presigned_given += 1;
    world.presigned.insert(token, presigned);
    Ok(json!({"AuthorizedUrl": url}))
}
