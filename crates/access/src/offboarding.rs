//! Taking a profile away, one step at a time.
//!
//! The stage is never stored: it is read off what AWS says. So a killed process, a lost store or a
//! second replica costs nothing but another reading.

use crate::observed::{AppStatus, ObservedApp, ObservedProfile, ObservedSpace, ProfileStatus};
use crate::plan::SpaceHandover;
use serde::Serialize;

/// How far a removal has come. Stages follow each other in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Apps of the spaces that the profile owns are being stopped.
    SpaceApps,
    /// Apps of the profile itself are being stopped.
    ProfileApps,
    /// Spaces in which others work are being made anew for their heir; their apps stop afterwards.
    HandOver,
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
    /// Make a shared space anew for somebody else.
    HandOver(&'a SpaceHandover),
    /// Stop an app of a space.
    StopSpaceApp(&'a str, &'a ObservedApp),
    /// Stop an app of the profile itself.
    StopProfileApp(&'a ObservedApp),
    /// Delete a space.
    DeleteSpace(&'a str),
    /// Delete the profile.
    DeleteProfile,
}

/// Works out what to ask next so that the profile goes: the apps of its private spaces, its own
/// apps, the handing over of its shared spaces and then their apps, its spaces, itself. A stage begins when nothing of the one before is left. Shared spaces are only
/// deleted once they are handed over, and as long as there is another one the profile stays.
pub fn advance<'a>(profile: &'a ObservedProfile, hand_over: &'a [SpaceHandover]) -> Advance<'a> {
    if profile.status == ProfileStatus::Deleting {
        return Advance { stage: Stage::Profile, calls: Vec::new() };
    }
    // What is the person's own stops first: whoever waits for a new space must not keep it running.
    if let Some(apps) = stop_apps(profile) {
        return apps;
    }
    if hand_over.iter().any(|handover| !handover.done) {
        let undone = hand_over.iter().filter(|handover| !handover.done);
        return Advance { stage: Stage::HandOver, calls: undone.map(Call::HandOver).collect() };
    }
    let goes = |space: &ObservedSpace| {
        let name = &space.name;
        !space.shared || hand_over.iter().any(|h| h.space.as_str().eq_ignore_ascii_case(name))
    };
    if let Some(apps) = stop_apps_of(profile, goes) {
        return apps;
    }
    if !profile.spaces.is_empty() {
        let calls = profile
            .spaces
            .iter()
            .filter(|space| goes(space) && !is_busy(space.status))
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
    stop_apps_of(profile, |space| !space.shared)
}

/// The same, of the spaces that `goes` tells and the profile itself.
fn stop_apps_of(
    profile: &ObservedProfile,
    goes: impl Fn(&ObservedSpace) -> bool,
) -> Option<Advance<'_>> {
    let of_spaces = || {
        let spaces = profile.spaces.iter().filter(|space| goes(space));
        spaces.flat_map(|space| space.apps.iter().map(move |app| (space.name.as_str(), app)))
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
