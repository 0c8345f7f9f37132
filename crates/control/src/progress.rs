//! How far profiles are on their way out, and what does not get on.

use crate::receipt::Receipt;
use access::standing::{Deleting, ProfileStanding};
use jiff::Timestamp;
use serde::Serialize;

/// AWS takes up to some twenty minutes to delete an app; what takes longer than this is stuck.
const STUCK_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

/// How far one profile is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// How far it is.
    #[serde(flatten)]
    pub standing: ProfileStanding,
    /// What AWS has been deleting for longer than it usually takes.
    pub stuck: Vec<Stuck>,
}

/// Something that AWS does not finish deleting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stuck {
    /// What.
    #[serde(flatten)]
    pub what: Deleting,
    /// When Stagedoor asked for it; absent: it did not.
    pub since: Option<Timestamp>,
}

/// Joins how far profiles are with what the audit log says of when it was asked for.
pub fn progress(
    standings: Vec<ProfileStanding>,
    receipt: &Receipt,
    now: Timestamp,
) -> Vec<Progress> {
    standings
        .into_iter()
        .map(|standing| {
            let stuck = standing
                .deleting
                .iter()
                .map(|what| Stuck { what: what.clone(), since: asked(&standing, what, receipt) })
                .filter(|it| it.since.is_none_or(|since| now.duration_since(since) >= STUCK_AFTER))
                .collect();
            Progress { standing, stuck }
        })
        .collect()
}

/// When the deletion was asked for last, by the audit log.
fn asked(standing: &ProfileStanding, what: &Deleting, receipt: &Receipt) -> Option<Timestamp> {
    let profile = receipt.profiles.iter().rev().find(|profile| {
        profile.domain == standing.domain.as_str() && profile.profile == standing.profile.as_str()
    })?;
    match what {
        Deleting::App { space, app_type, app_name } => profile
            .apps
            .iter()
            .filter(|app| (&app.space, &app.app_type, &app.app_name) == (space, app_type, app_name))
            .map(|app| app.stopped)
            .max(),
        Deleting::Space { space } => {
            profile.spaces.iter().filter(|it| &it.space == space).map(|it| it.deleted).max()
        }
        Deleting::Profile => profile.deleted,
    }
}
