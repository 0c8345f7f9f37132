//! How far a person's profiles are on their way out, for people who look.
//!
//! Read off a plan and what AWS says, like everything about offboarding: nothing of it is stored.

use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::map::AccessMap;
use crate::observed::{
    AppStatus, Observed, ObservedProfile, ObservedSpace, Ownership, ProfileStatus,
};
use crate::offboarding::{self, Stage};
use crate::plan::{Plan, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Hold, Snapshot};
use serde::Serialize;
use std::collections::BTreeSet;

/// One profile of a person, and how far it is on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileStanding {
    /// The domain's key in the map.
    pub domain: DomainKey,
    /// The profile.
    pub profile: ProfileName,
    /// The team it is for.
    pub team: TeamKey,
    /// How far it is.
    #[serde(flatten)]
    pub standing: Standing,
    /// Since when it is on its way out.
    pub leaving_since: Option<jiff::Timestamp>,
    /// What AWS is deleting just now: `app type/name`, `space name`, `profile`.
    pub deleting: BTreeSet<Deleting>,
    /// What failed to be deleted and is deleted again, written alike.
    pub failed: BTreeSet<Deleting>,
}

/// How far a profile is on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Standing {
    /// The person is to have it.
    InUse,
    /// The person has no right to it, and nothing was begun yet.
    ToBegin {
        /// Why it goes.
        reason: ReasonCode,
    },
    /// Something is stopped, handed over or deleted.
    Leaving {
        /// What is next.
        stage: Stage,
    },
    /// Nothing runs any more; it is deleted when the hold is over.
    OnHold {
        /// When that is; absent: beyond all calendars.
        until: Option<jiff::Timestamp>,
    },
    /// An admin has to look.
    Waits {
        /// Why.
        reason: ReasonCode,
        /// More, for people.
        detail: Option<String>,
    },
}

/// Something that AWS deletes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Deleting {
    /// An app.
    App {
        /// The space it is in; absent: in the profile itself.
        space: Option<String>,
        /// API `AppType`.
        app_type: String,
        /// Its name.
        app_name: String,
    },
    /// A space.
    Space {
        /// Its name.
        space: String,
    },
    /// The profile itself.
    Profile,
}

/// How far the profiles of a person are, by domain and name.
pub fn standings(
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    plan: &Plan,
    person: &PersonId,
) -> Vec<ProfileStanding> {
    let mut all = Vec::new();
    for (domain, found) in &observed.domains {
        for profile in found.profiles.values() {
            let Ownership::Ours { person: owner, team } = profile.ownership(&map.instance) else {
                continue;
            };
            if owner != person {
                continue;
            }
            let hold = match snapshot.offboarded_from(person, team) {
                Some(Hold::Skipped) => 0,
                Some(Hold::AsMapped) | None => map.offboarding.hold_seconds,
            };
            all.push(ProfileStanding {
                standing: standing(plan, domain, profile, hold),
                domain: domain.clone(),
                profile: profile.name.clone(),
                team: team.clone(),
                leaving_since: profile.leaving_since(),
                deleting: deleting(profile, ProfileStatus::Deleting),
                failed: deleting(profile, ProfileStatus::DeleteFailed),
            });
        }
    }
    all
}

fn standing(plan: &Plan, domain: &DomainKey, profile: &ObservedProfile, hold: u64) -> Standing {
    let is_it = |key: &DomainKey, name: &ProfileName| {
        key == domain && name.folded() == profile.name.folded()
    };
    let action = plan.actions.iter().find(|action| is_it(&action.domain, &action.profile));
    if let Some(action) = action {
        return match &action.step {
            Step::Hold { new: true, .. } | Step::Remove { new: true, .. } => {
                Standing::ToBegin { reason: action.reason }
            }
            Step::Hold { .. } => match offboarding::stop_apps(profile) {
                Some(advance) => Standing::Leaving { stage: advance.stage },
                None => on_hold(profile, hold),
            },
            Step::Remove { hand_over, .. } => {
                Standing::Leaving { stage: offboarding::advance(profile, hand_over).stage }
            }
            Step::Create { .. }
            | Step::Adopt { .. }
            | Step::StopApps { .. }
            | Step::Update { .. } => Standing::InUse,
        };
    }
    let kept = plan
        .kept
        .iter()
        .find(|kept| kept.profile.as_ref().is_some_and(|name| is_it(&kept.domain, name)));
    match kept.map(|kept| (kept.reason, kept.detail.clone())) {
        Some((ReasonCode::OnHold, _)) => on_hold(profile, hold),
        Some((ReasonCode::Busy, _)) if profile.status == ProfileStatus::Deleting => {
            Standing::Leaving { stage: Stage::Profile }
        }
        Some((reason, detail)) if reason.needs_admin() || reason == ReasonCode::PartialSnapshot => {
            Standing::Waits { reason, detail }
        }
        _ => Standing::InUse,
    }
}

fn on_hold(profile: &ObservedProfile, hold: u64) -> Standing {
    let hold = i64::try_from(hold).map(jiff::SignedDuration::from_secs).ok();
    let until =
        profile.leaving_since().zip(hold).and_then(|(since, hold)| since.checked_add(hold).ok());
    Standing::OnHold { until }
}

/// What of the profile and its own spaces is in this state. Apps only ever are being deleted.
fn deleting(profile: &ObservedProfile, status: ProfileStatus) -> BTreeSet<Deleting> {
    let mut all = BTreeSet::new();
    let mut apps = |space: Option<&ObservedSpace>| {
        let apps = space.map_or(&profile.apps, |space| &space.apps);
        let going = apps.iter().filter(|app| app.status == AppStatus::Deleting);
        all.extend(going.map(|app| Deleting::App {
            space: space.map(|space| space.name.clone()),
            app_type: app.app_type.clone(),
            app_name: app.name.clone(),
        }));
    };
    if status == ProfileStatus::Deleting {
        apps(None);
        profile.private_spaces().for_each(|space| apps(Some(space)));
    }
    let spaces = profile.spaces.iter().filter(|space| space.status == status);
    all.extend(spaces.map(|space| Deleting::Space { space: space.name.clone() }));
    if profile.status == status {
        all.insert(Deleting::Profile);
    }
    all
}
