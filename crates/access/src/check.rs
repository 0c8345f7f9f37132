//! Checks of a plan, written without the planner's code, run in its tests and before every apply.
//!
//! A plan can only be carried out as a [`CheckedPlan`], and only [`check`] makes one.

use crate::entitlement::entitlements;
use crate::ids::{AccountId, DomainKey, PersonId, Region, RoleArn, TeamKey};
use crate::map::AccessMap;
use crate::observed::{
    AuthMode, Observed, ObservedDomain, ObservedProfile, ObservedRole, Ownership, ProfileStatus,
    TAG_AGREED, TAG_LEAVING, TAG_PREFIX,
};
use crate::plan::{Action, Plan, Step};
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// How far back the guard remembers removals that were begun: a day, in which somebody looks.
const GUARD_MEMORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A plan that breaks no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPlan {
    plan: Plan,
    agreed: bool,
}

impl CheckedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether somebody agreed to the number of removals, so that the guard need not count them
    /// against later plans.
    pub fn is_agreed(&self) -> bool {
        self.agreed
    }
}

/// A rule that a plan breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `guard-tripped`, `plan-stale` or `plan-invalid`.
    pub code: ReasonCode,
    /// What is wrong, and with whom.
    pub message: String,
}

/// How many removals somebody has explicitly agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals {
    /// As many as the map's guard allows.
    Guarded,
    /// The same, after this many in the last 24 hours whose profiles are gone by now: with a short
    /// hold their tags cannot be counted any more.
    GuardedAfter(u32),
    /// Up to this number, whatever the guard says.
    Allowed(u32),
}

/// Checks the plan against the facts it was made from.
pub fn check(
    plan: Plan,
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    removals: Removals,
) -> Result<CheckedPlan, Vec<Violation>> {
    let mut found = Vec::new();
    if plan.map_digest != map.digest {
        found.push(Violation {
            code: ReasonCode::PlanStale,
            message: "the plan was made from another version of the map".into(),
        });
    }
    let rights: BTreeSet<(PersonId, TeamKey)> =
        entitlements(map, snapshot, plan.now).of.into_keys().collect();
    let facts = Facts { map, snapshot, observed, rights, now: plan.now };
    for action in &plan.actions {
        if let Some(message) = facts.objection(action) {
            let subject = format!("{} in {}", action.profile, action.domain);
            found.push(Violation {
                code: ReasonCode::PlanInvalid,
                message: format!("{subject}: {message}"),
            });
        }
    }
    found.extend(duplicates(&plan));
    found.extend(over_quota(&plan, map, observed));
    found.extend(facts.guard(&plan, removals));
    let agreed = matches!(removals, Removals::Allowed(_));
    if found.is_empty() { Ok(CheckedPlan { plan, agreed }) } else { Err(found) }
}

/// The most profiles that one plan may take away under the map's guard.
pub fn guard_limit(map: &AccessMap, owned: usize) -> usize {
    let count = as_count(map.guard.max_removals);
    let percent = as_count(map.guard.max_removals_percent);
    let share = if percent == 0 { 0 } else { (owned.saturating_mul(percent) / 100).max(1) };
    count.min(share)
}

struct Facts<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    observed: &'a Observed,
    rights: BTreeSet<(PersonId, TeamKey)>,
    now: jiff::Timestamp,
}

/// What is wrong with an action, as a clause about its profile.
type Objection = Option<&'static str>;

impl Facts<'_> {
    fn objection(&self, action: &Action) -> Objection {
        let Some(domain) = self.observed.domains.get(&action.domain) else {
            return Some("its domain was not read");
        };
        if domain.auth_mode != AuthMode::Iam {
            return Some("its domain is not in IAM mode");
        }
        if !domain.in_service {
            return Some("its domain is not in service");
        }
        match &action.step {
            Step::Create { execution_role, tags, .. } => self
                .create(action, domain)
                .or_else(|| self.role(action, execution_role))
                .or_else(|| {
                    (Ownership::of(tags, &self.map.instance) != ours(action))
                        .then_some("its tags do not say whose it is")
                }),
            Step::Update { new_role, set_tags, remove_tags, .. } => {
                if self.own_profile(action, domain).is_none() || !self.entitled_here(action) {
                    return Some("it is not the entitled person's own profile");
                }
                if set_tags.keys().any(|key| key.starts_with(TAG_PREFIX))
                    || remove_tags.iter().any(|key| key != TAG_LEAVING && key != TAG_AGREED)
                {
                    return Some("the update would change whose it is");
                }
                new_role.as_ref().and_then(|role| self.role(action, role))
            }
            Step::Hold { new, .. } => self.removal(action, domain, *new).or_else(|| {
                (action.reason == ReasonCode::ProfileFailed)
                    .then_some("a failed profile is replaced, not held")
            }),
            Step::Remove { new, .. } => self.removal(action, domain, *new),
        }
    }

    fn create(&self, action: &Action, domain: &ObservedDomain) -> Objection {
        if domain.profiles.contains_key(&action.profile.folded()) {
            return Some("a profile of that name exists");
        }
        if !domain.complete {
            return Some("the domain was not read completely");
        }
        if !self.entitled_here(action) {
            return Some("the person is not entitled to the team");
        }
        domain
            .profiles
            .values()
            .any(|profile| profile.ownership(&self.map.instance) == ours(action))
            .then_some("the person has a profile for the team")
    }

    fn removal(&self, action: &Action, domain: &ObservedDomain, new: bool) -> Objection {
        let Some(profile) = self.own_profile(action, domain) else {
            return Some("it is not Stagedoor's, or not this person's");
        };
        let failed = matches!(profile.status, ProfileStatus::Failed | ProfileStatus::DeleteFailed);
        let first = profile.leaving_since().is_none();
        if action.reason == ReasonCode::ProfileFailed {
            if !failed {
                return Some("it has not failed");
            }
            if !profile.spaces.is_empty() {
                return Some("spaces stand on it");
            }
            return new.then_some("it is counted as what it does not take away");
        }
        if !self.snapshot.speaks_for(&action.person) {
            return Some("the directory was not read far enough to remove it");
        }
        if self.entitled_here(action) {
            return Some("the person is entitled to it");
        }
        if new != first {
            return Some("it is not counted as what it takes away");
        }
        let is_removal = matches!(action.step, Step::Remove { .. });
        if is_removal && profile.shared_spaces().next().is_some() {
            return Some("others work in a space of it");
        }
        let hollow = failed && profile.spaces.is_empty();
        (is_removal && !hollow && !self.hold_is_over(profile)).then_some("its hold is not over")
    }

    fn hold_is_over(&self, profile: &ObservedProfile) -> bool {
        let hold = self.map.offboarding.hold_seconds;
        match (profile.leaving_since(), i64::try_from(hold).map(jiff::SignedDuration::from_secs)) {
            (Some(since), Ok(hold)) => since.checked_add(hold).is_ok_and(|end| end <= self.now),
            (Some(_), Err(_)) => false,
            (None, _) => hold == 0,
        }
    }

    /// The profile, if it is what the action says: this installation's, this person's, this team's.
    fn own_profile<'d>(
        &self,
        action: &Action,
        domain: &'d ObservedDomain,
    ) -> Option<&'d ObservedProfile> {
        let profile = domain.profiles.get(&action.profile.folded())?;
        (profile.ownership(&self.map.instance) == ours(action)).then_some(profile)
    }

    fn entitled_here(&self, action: &Action) -> bool {
        let here =
            self.map.teams.get(&action.team).is_some_and(|team| team.domain == action.domain);
        here && self.rights.contains(&(action.person.clone(), action.team.clone()))
    }

    /// Whether the plan takes away too much. What earlier plans began counts too, or the loop could
    /// take everybody away, a few in each pass.
    fn guard(&self, plan: &Plan, removals: Removals) -> Option<Violation> {
        let (taken, owned) = (plan.new_removals(), owned(self.map, self.observed));
        let gone = match removals {
            Removals::Guarded => 0,
            Removals::GuardedAfter(gone) => as_count(gone),
            Removals::Allowed(number) => {
                return (taken > as_count(number)).then(|| tripped(taken, owned, 0, number));
            }
        };
        let before = self.begun_lately().saturating_add(gone);
        let daily = self.map.guard.max_removals;
        if taken > guard_limit(self.map, owned) {
            return Some(tripped(taken, owned, 0, guard_limit(self.map, owned)));
        }
        (taken > 0 && taken.saturating_add(before) > as_count(daily))
            .then(|| tripped(taken, owned, before, daily))
    }

    /// How many profiles were put on their way out in the last 24 hours, nobody having agreed to
    /// it, and are still there. Whoever came back is not counted.
    fn begun_lately(&self) -> usize {
        let is_lately = |since: jiff::Timestamp| self.now.duration_since(since) < GUARD_MEMORY;
        let domains = plannable(self.observed);
        domains
            .flat_map(|(key, domain)| domain.profiles.values().map(move |profile| (key, profile)))
            .filter(|(_, profile)| !profile.tags.contains_key(TAG_AGREED))
            .filter(|(_, profile)| profile.leaving_since().is_some_and(is_lately))
            .filter(|(key, profile)| match profile.ownership(&self.map.instance) {
                Ownership::Ours { person, team } => {
                    let here = self.map.teams.get(&team).is_some_and(|team| &team.domain == *key);
                    !(here && self.rights.contains(&(person, team)))
                }
                _ => false,
            })
            .count()
    }

    fn role(&self, action: &Action, role: &RoleArn) -> Objection {
        let account = self.map.domains.get(&action.domain).map(|d| d.account_id.as_str());
        if account != Some(role.account()) {
            return Some("its role is not in the domain's account");
        }
        if self.map.teams.get(&action.team).is_none_or(|team| &team.execution_role != role) {
            return Some("its role is not the team's");
        }
        // A role that was not looked at is left to AWS, which refuses what it cannot pass.
        let state = self.observed.roles.get(role).unwrap_or(&ObservedRole::Trusted);
        (*state != ObservedRole::Trusted).then_some("its role cannot be given to a profile")
    }
}

fn ours(action: &Action) -> Ownership {
    Ownership::Ours { person: action.person.clone(), team: action.team.clone() }
}

/// How many profiles this installation has in the domains that can be planned for. The plan says
/// so too, but a guard does not take the word of what it guards against.
fn owned(map: &AccessMap, observed: &Observed) -> usize {
    plannable(observed)
        .flat_map(|(_, domain)| domain.profiles.values())
        .filter(|profile| matches!(profile.ownership(&map.instance), Ownership::Ours { .. }))
        .count()
}

fn plannable(observed: &Observed) -> impl Iterator<Item = (&DomainKey, &ObservedDomain)> {
    observed
        .domains
        .iter()
        .filter(|(_, domain)| domain.auth_mode == AuthMode::Iam && domain.in_service)
}

fn duplicates(plan: &Plan) -> Vec<Violation> {
    let mut seen: BTreeSet<(&DomainKey, String)> = BTreeSet::new();
    plan.actions
        .iter()
        .filter(|action| !seen.insert((&action.domain, action.profile.folded())))
        .map(|action| Violation {
            code: ReasonCode::PlanInvalid,
            message: format!("{} in {}: more than one action", action.profile, action.domain),
        })
        .collect()
}

/// The quota is an account's in a Region: its domains share it.
fn over_quota(plan: &Plan, map: &AccessMap, observed: &Observed) -> Vec<Violation> {
    let mut places: BTreeMap<(&AccountId, &Region), Vec<(&DomainKey, &ObservedDomain)>> =
        BTreeMap::new();
    for (key, domain) in &observed.domains {
        if let Some(config) = map.domains.get(key) {
            let at = (&config.account_id, &config.region);
            places.entry(at).or_default().push((key, domain));
        }
    }
    let mut found = Vec::new();
    for ((account, region), domains) in places {
        let quota = domains.iter().filter_map(|(_, domain)| domain.profile_quota).min();
        let Some(quota) = quota.and_then(|quota| usize::try_from(quota).ok()) else { continue };
        let is_here = |action: &Action| domains.iter().any(|(key, _)| **key == action.domain);
        let made = plan
            .actions
            .iter()
            .filter(|action| matches!(action.step, Step::Create { .. }) && is_here(action))
            .count();
        let there: usize = domains.iter().map(|(_, domain)| domain.profiles.len()).sum();
        if made > 0 && there + made > quota {
            found.push(Violation {
                code: ReasonCode::PlanInvalid,
                message: format!(
                    "{made} new profiles would exceed the quota of {quota} of account {account} \
                     in {region}"
                ),
            });
        }
    }
    found
}

fn as_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn tripped(taken: usize, owned: usize, before: usize, limit: impl Display) -> Violation {
    let after = match before {
        0 => String::new(),
        before => format!(", after {before} in the last 24 hours"),
    };
    Violation {
        code: ReasonCode::GuardTripped,
        message: format!(
            "the plan takes away {taken} of {owned} profiles{after}; at most {limit} are allowed"
        ),
    }
}
