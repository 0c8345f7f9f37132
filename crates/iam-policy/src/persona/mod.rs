//! Execution roles: what the people of a team may do, as policy.
//!
//! A persona is a set of [activities](Activity), those of `SageMaker`'s role manager. [`statements`]
//! makes policy of them for one team; [`team_wall`] keeps that role to the team's own resources,
//! [`instance_limits`] to some instance types, and [`trust`] says who assumes it. What differs from
//! the role manager, and why, is [`DIFFERENCES`].

mod activity;
mod grants;
mod limits;
mod reference;
mod role_manager;
mod scope;
mod trust;
mod wall;

pub use activity::{Activity, Need, READY_MADE, ReadyMade};
pub use limits::instance_limits;
pub use reference::reference;
pub use role_manager::{DIFFERENCES, Difference, TEMPLATES, Template, UNWALLED, Unwalled, Variant};
pub use scope::{Conditions, KmsKeys, Scope, StudioDomain, Vpc, via_service};
pub use trust::{SAGEMAKER, trust};
pub use wall::team_wall;

use crate::document::Statement;

/// What people with these activities may do, in the order of [`Activity::ALL`], each statement once.
///
/// It says what, and not on whose resources: a role that has these has the [wall](team_wall) too.
pub fn statements(activities: &[Activity], scope: &Scope) -> Vec<Statement> {
    let wanted = Activity::ALL.iter().filter(|(_, activity)| activities.contains(activity));
    let mut statements = Vec::new();
    for (_, activity) in wanted {
        for statement in grants::of(*activity, scope) {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
    let besides = grants::besides(&statements, scope);
    statements.extend(besides);
    statements
}

#[cfg(test)]
mod grants_tests;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod wall_tests;
