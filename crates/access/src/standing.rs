//! How far a person's profiles are on their way out, for people who look.
//!
//! Read off a plan and what AWS says, like everything about offboarding: nothing of it is stored.

use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::map::AccessMap;
use crate::observed::{
    AppStatus, Observed, ObservedProfile, ObservedSpace, Ownership, ProfileStatus,
};
use crate::offboarding::{self, Stage};
use crate::plan::{Action, Kept, Plan, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Hold, Snapshot};
use arcstr::ArcStr;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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
    let said = Said::of(plan);
    let own = owned(map, observed).filter(|own| own.person == person);
    own.map(|own| own.standing(map, snapshot, &said)).collect()
}

/// Whoever has a profile that is on its way out, or is to be, with all of those: by person, then by
/// domain and name.
pub fn leavers(
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    plan: &Plan,
) -> BTreeMap<PersonId, Vec<ProfileStanding>> {
    let said = Said::of(plan);
    let mut all: BTreeMap<PersonId, Vec<ProfileStanding>> = BTreeMap::new();
    for own in owned(map, observed) {
        let standing = own.standing(map, snapshot, &said);
        if standing.leaves() {
            all.entry(own.person.clone()).or_default().push(standing);
        }
    }
    all
}

impl ProfileStanding {
    /// Whether the profile is on its way out, or is to be.
    fn leaves(&self) -> bool {
        match &self.standing {
            Standing::InUse => false,
            Standing::ToBegin { .. } | Standing::Leaving { .. } | Standing::OnHold { .. } => true,
            // What an admin has to look at may as well be somebody's who stays.
            Standing::Waits { reason, .. } => {
                self.leaving_since.is_some()
                    || matches!(reason, ReasonCode::SharedSpace | ReasonCode::PartialSnapshot)
            }
        }
    }
}

/// A profile of this installation.
struct Owned<'a> {
    domain: &'a DomainKey,
    profile: &'a ObservedProfile,
    person: &'a PersonId,
    team: &'a TeamKey,
}

fn owned<'a>(
    map: &'a AccessMap,
    observed: &'a Observed,
) -> impl Iterator<Item = Owned<'a>> + use<'a> {
    let all = observed.domains.iter();
    let all = all.flat_map(|(key, found)| found.profiles.values().map(move |found| (key, found)));
    all.filter_map(|(domain, profile)| match profile.ownership(&map.instance) {
        Ownership::Ours { person, team } => Some(Owned { domain, profile, person, team }),
        Ownership::OtherInstance(_) | Ownership::Foreign => None,
    })
}

/// What a plan says of each profile.
struct Said<'a> {
    actions: BTreeMap<(&'a DomainKey, ArcStr), &'a Action>,
    kept: BTreeMap<(&'a DomainKey, ArcStr), &'a Kept>,
}

impl<'a> Said<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut said = Self { actions: BTreeMap::new(), kept: BTreeMap::new() };
        for action in &plan.actions {
            said.actions.entry((&action.domain, action.profile.folded())).or_insert(action);
        }
        for kept in &plan.kept {
            let Some(profile) = &kept.profile else { continue };
            said.kept.entry((&kept.domain, profile.folded())).or_insert(kept);
        }
        said
    }
}

impl Owned<'_> {
    fn standing(&self, map: &AccessMap, snapshot: &Snapshot, said: &Said<'_>) -> ProfileStanding {
        let profile = self.profile;
        let hold = match snapshot.offboarded_from(self.person, self.team) {
            Some(Hold::Skipped) => 0,
            Some(Hold::AsMapped) | None => map.offboarding.hold_seconds,
        };
        let key = (self.domain, profile.name.folded());
        let (action, kept) = (said.actions.get(&key), said.kept.get(&key));
        ProfileStanding {
            standing: standing(action.copied(), kept.copied(), profile, hold),
            domain: self.domain.clone(),
            profile: profile.name.clone(),
            team: self.team.clone(),
            leaving_since: profile.leaving_since(),
            deleting: deleting(profile, ProfileStatus::Deleting),
            failed: deleting(profile, ProfileStatus::DeleteFailed),
        }
    }
}

fn standing(
    action: Option<&Action>,
    kept: Option<&Kept>,
    profile: &ObservedProfile,
    hold: u64,
) -> Standing {
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
