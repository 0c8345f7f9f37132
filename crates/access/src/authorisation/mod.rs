//! What the map means in IAM: the one place that says which roles and policies there are to be.
//!
//! Rendering, the comparison with live roles, the what-if and the prover all start from what
//! [`authorisation`] gives, so what is shown, rolled out and proved is the same.

mod endpoints;
mod execution;
mod guardrails;
mod limits;
mod permission_sets;
mod plane;
mod reach;
mod secrets;
mod spared;
mod ways;

pub use limits::too_large;
pub use plane::{asks_networks, is_principal, spoke};

pub(crate) use execution::{buckets, execution_role};

use crate::map::{AccessMap, Diagnostic};
use iam_policy::bundle::Bundle;

/// Every role and policy that the map means, in a fixed order.
///
/// A team with a persona has an execution role for each of its placements; placements with one ARN
/// share it. For a team without persona the map says only which role, so nothing is written for it.
/// Without `hub` in the map there are no roles of Stagedoor's own, and nothing that closes other ways
/// in. Of those, what AWS would not take for its size is there as well: [`too_large`] tells.
///
/// # Errors
/// The map is valid, and still means no roles that IAM takes: codes
/// [`ROLE_TOO_LARGE`](crate::map::codes::ROLE_TOO_LARGE),
/// [`SHARED_ROLE`](crate::map::codes::SHARED_ROLE) of Stagedoor's own and
/// [`HUB_ACCOUNT`](crate::map::codes::HUB_ACCOUNT).
pub fn authorisation(map: &AccessMap) -> Result<Bundle, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut roles = execution::roles(map).unwrap_or_else(|problems| {
        wrong.extend(problems);
        Vec::new()
    });
    roles.extend(plane::roles(map, &mut wrong));
    roles.sort_by(|a, b| (&a.account_id, &a.path, &a.name).cmp(&(&b.account_id, &b.path, &b.name)));
    let bundle = Bundle {
        permission_sets: permission_sets::sets(map, &roles),
        roles,
        scps: guardrails::policies(map),
        endpoint_policies: endpoints::policies(map),
    };
    if wrong.is_empty() { Ok(bundle) } else { Err(wrong) }
}
