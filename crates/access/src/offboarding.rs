//! Taking a profile away, one step at a time.
//!
//! The stage is never stored: it is read off what AWS says. So a killed process, a lost store or a
//! second replica costs nothing but another reading.

use crate::observed::{AppStatus, ObservedApp, ObservedProfile, ProfileStatus};
use serde::Serialize;

/// How far a removal has come. Stages follow each other in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Apps of the spaces that the profile owns are being stopped.
    SpaceApps,
    /// Apps of the profile itself are being stopped.
    ProfileApps,
    /// The spaces are being deleted.
    Spaces,
    /// The profile is being deleted.
    Profile,
}

/// What can be asked of AWS now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance<'a> {
    /// The stage the removal is in.
    pub stage: Stage,
    /// What to ask. Empty: AWS is at it, look again later.
    pub calls: Vec<Call<'a>>,
}

/// One thing to ask of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call<'a> {
    /// Stop an app of a space.
    StopSpaceApp(&'a str, &'a ObservedApp),
    /// Stop an app of the profile itself.
    StopProfileApp(&'a ObservedApp),
    /// Delete a space.
    DeleteSpace(&'a str),
    /// Delete the profile.
    DeleteProfile,
}

/// Works out what to ask next so that the profile goes: the apps of its spaces, its own apps, its
/// spaces, itself. A stage begins when nothing of the one before is left. Shared spaces are never
/// deleted, and as long as there is one the profile stays.
pub fn advance(profile: &ObservedProfile) -> Advance<'_> {
    if profile.status == ProfileStatus::Deleting {
        return Advance { stage: Stage::Profile, calls: Vec::new() };
    }
    if let Some(apps) = stop_apps(profile) {
        return apps;
    }
    if !profile.spaces.is_empty() {
        let calls = profile
            .private_spaces()
            .filter(|space| !is_busy(space.status))
            .map(|space| Call::DeleteSpace(&space.name))
            .collect();
        return Advance { stage: Stage::Spaces, calls };
    }
    let calls = if is_busy(profile.status) { Vec::new() } else { vec![Call::DeleteProfile] };
    Advance { stage: Stage::Profile, calls }
}

/// Whether AWS is at it and would refuse to delete it now.
fn is_busy(status: ProfileStatus) -> bool {
    matches!(status, ProfileStatus::Pending | ProfileStatus::Updating | ProfileStatus::Deleting)
}

/// Works out what to ask so that nothing of the person's own runs any more; `None` when nothing
/// does. In a shared space others are at work: its apps are left alone.
pub fn stop_apps(profile: &ObservedProfile) -> Option<Advance<'_>> {
    let of_spaces = || {
        profile.private_spaces().flat_map(|s| s.apps.iter().map(move |app| (s.name.as_str(), app)))
    };
    if of_spaces().any(|(_, app)| app.status.blocks_deletion()) {
        let calls = of_spaces()
            .filter(|(_, app)| can_be_stopped(app))
            .map(|(space, app)| Call::StopSpaceApp(space, app))
            .collect();
        return Some(Advance { stage: Stage::SpaceApps, calls });
    }
    if profile.apps.iter().any(|app| app.status.blocks_deletion()) {
        let calls = profile
            .apps
            .iter()
            .filter(|app| can_be_stopped(app))
            .map(Call::StopProfileApp)
            .collect();
        return Some(Advance { stage: Stage::ProfileApps, calls });
    }
    None
}

fn can_be_stopped(app: &ObservedApp) -> bool {
    matches!(app.status, AppStatus::Pending | AppStatus::InService)
}
