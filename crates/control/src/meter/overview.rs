//! What a full pass saw, in numbers: no names of people.

use crate::plane::Plane;
use crate::survey::Survey;
use access::drift::drift;
use access::ids::{AccountId, DomainKey, Region, TeamKey};
use access::observed::{AppStatus, ObservedApp, ObservedDomain, Ownership};
use access::offboarding::{self, Stage};
use access::places::places;
use access::plan::{Plan, Step};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What the last full pass saw and planned. Domains that could not be read are missing from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// This installation's profiles.
    pub profiles: BTreeMap<(DomainKey, TeamKey), u64>,
    /// How many profiles the account of a domain may have in its Region, where AWS says so.
    pub limits: BTreeMap<DomainKey, u32>,
    /// How many profiles each account has in a Region, whoever made them, also in domains that the map lacks.
    pub used: BTreeMap<(AccountId, Region), u64>,
    /// What is not as the map says, by reason code.
    pub drift: BTreeMap<&'static str, u64>,
    /// What the plan would change, by what it does.
    pub changes: BTreeMap<&'static str, u64>,
    /// Profiles on their way out, by stage: `held`, or how far a removal is.
    pub leaving: BTreeMap<&'static str, u64>,
    /// Apps that run in this installation's profiles, by the instance type that AWS tells.
    pub apps: BTreeMap<(TeamKey, String), u64>,
    /// When each domain was last read in full.
    pub read_at: BTreeMap<DomainKey, Timestamp>,
    /// Whether each domain could be read.
    pub readable: BTreeMap<DomainKey, bool>,
}

/// Every name of a change, so that a number is there before the first one.
pub const CHANGES: [&str; 7] =
    ["create", "adopt", "stop-apps", "update", "hold", "remove", "assign"];

/// Every name of a stage.
pub const STAGES: [&str; 6] =
    ["held", "space-apps", "profile-apps", "hand-over", "spaces", "profile"];

impl Overview {
    /// Of a full survey and its plan. `before` tells when domains were read that cannot be now.
    pub(crate) fn of(plane: &Plane, survey: &Survey, plan: &Plan, before: Option<&Self>) -> Self {
        let mut seen = Self::default();
        for (key, domain) in &survey.observed.domains {
            seen.read_at.insert(key.clone(), survey.begun);
            if let Some(limit) = domain.profile_quota {
                seen.limits.insert(key.clone(), limit);
            }
            seen.count(plane, key, domain);
        }
        for ((account, region), place) in places(&plane.map, &survey.observed) {
            let used = u64::try_from(place.profiles()).unwrap_or(u64::MAX);
            seen.used.insert((account.clone(), region.clone()), used);
        }
        for key in plane.map.domains.keys() {
            seen.readable.insert(key.clone(), survey.observed.domains.contains_key(key));
            let known = before.and_then(|before| before.read_at.get(key));
            if let Some(at) = known {
                seen.read_at.entry(key.clone()).or_insert(*at);
            }
        }
        for found in drift(&plane.map, &survey.observed, plan) {
            *seen.drift.entry(found.code.as_str()).or_default() += 1;
        }
        for action in &plan.actions {
            *seen.changes.entry(kind(&action.step)).or_default() += 1;
            let Step::Remove { hand_over, .. } = &action.step else { continue };
            let domain = survey.observed.domains.get(&action.domain);
            let profile = domain.and_then(|d| d.profiles.get(&action.profile.folded()));
            if let Some(profile) = profile {
                let stage = stage(offboarding::advance(profile, hand_over).stage);
                *seen.leaving.entry(stage).or_default() += 1;
                if profile.leaving_since().is_some() {
                    // It was counted as held before it was known what becomes of it.
                    seen.leaving.entry("held").and_modify(|held| *held = held.saturating_sub(1));
                }
            }
        }
        seen.changes.insert("assign", u64::try_from(plan.assignments.len()).unwrap_or(u64::MAX));
        seen
    }

    fn count(&mut self, plane: &Plane, key: &DomainKey, domain: &ObservedDomain) {
        for profile in domain.profiles.values() {
            let Ownership::Ours { team, .. } = profile.ownership(&plane.map.instance) else {
                continue;
            };
            *self.profiles.entry((key.clone(), team.clone())).or_default() += 1;
            if profile.leaving_since().is_some() {
                *self.leaving.entry("held").or_default() += 1;
            }
            let spaces = profile.spaces.iter().flat_map(|space| &space.apps);
            for app in profile.apps.iter().chain(spaces).filter(|app| runs(app)) {
                let kind = app.instance_type.clone().unwrap_or_else(|| "unknown".to_owned());
                *self.apps.entry((team.clone(), kind)).or_default() += 1;
            }
        }
    }
}

fn runs(app: &ObservedApp) -> bool {
    app.status == AppStatus::InService
}

fn kind(step: &Step) -> &'static str {
    match step {
        Step::Create { .. } => "create",
        Step::Adopt { .. } => "adopt",
        Step::StopApps { .. } => "stop-apps",
        Step::Update { .. } => "update",
        Step::Hold { .. } => "hold",
        Step::Remove { .. } => "remove",
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::SpaceApps => "space-apps",
        Stage::ProfileApps => "profile-apps",
        Stage::HandOver => "hand-over",
        Stage::Spaces => "spaces",
        Stage::Profile => "profile",
    }
}
