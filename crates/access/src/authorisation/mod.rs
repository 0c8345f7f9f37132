//! What the map means in IAM: the one place that says which roles and policies there are to be.

mod execution;
mod network;

use crate::map::{AccessMap, Diagnostic};
use iam_policy::bundle::Bundle;

/// Every role and policy that the map means.
///
/// A team with a persona has an execution role for each of its placements; placements with one ARN
/// share it. For a team without persona the map says only which role, so nothing is written for it.
///
/// # Errors
/// The map is valid, and still means no roles that keep teams apart, or none that IAM takes: codes
/// [`SHARED_ROLE`](crate::map::codes::SHARED_ROLE),
/// [`SHARED_TEAM_TAG`](crate::map::codes::SHARED_TEAM_TAG) and
/// [`ROLE_TOO_LARGE`](crate::map::codes::ROLE_TOO_LARGE).
pub fn authorisation(map: &AccessMap) -> Result<Bundle, Vec<Diagnostic>> {
    let roles = execution::roles(map)?;
    Ok(Bundle { roles, ..Bundle::default() })
}
