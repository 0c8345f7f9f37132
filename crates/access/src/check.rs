//! Checks of a plan, written without the planner's code, run in its tests and before every apply.
//!
//! A plan can only be carried out as a [`CheckedPlan`], and only [`check`] makes one.

use crate::entitlement::entitlements;
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::map::AccessMap;
use crate::observed::{AuthMode, Observed, Ownership};
use crate::plan::{Action, Plan, Step};
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use std::collections::BTreeSet;

/// A plan that breaks no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPlan(Plan);

impl CheckedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.0
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
    let facts = Facts { map, snapshot, observed, rights };
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
    found.extend(over_quota(&plan, observed));
    found.extend(guard(&plan, map, removals));
    if found.is_empty() { Ok(CheckedPlan(plan)) } else { Err(found) }
}

/// The most profiles that one plan may take away under the map's guard.
pub fn guard_limit(map: &AccessMap, owned: usize) -> usize {
    let count = usize::try_from(map.guard.max_removals).unwrap_or(usize::MAX);
    let percent = usize::try_from(map.guard.max_removals_percent).unwrap_or(usize::MAX);
    let share = if percent == 0 { 0 } else { (owned.saturating_mul(percent) / 100).max(1) };
    count.min(share)
}

struct Facts<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    observed: &'a Observed,
    rights: BTreeSet<(PersonId, TeamKey)>,
}

impl Facts<'_> {
    fn objection(&self, action: &Action) -> Option<String> {
        let Some(domain) = self.observed.domains.get(&action.domain) else {
            return Some("its domain was not read".into());
        };
        if domain.auth_mode != AuthMode::Iam {
            return Some("its domain is not in IAM mode".into());
        }
        let right = (action.person.clone(), action.team.clone());
        let entitled_here = self.rights.contains(&right) && self.team_is_in(action);
        let profile = domain.profiles.get(&action.profile.folded());
        let ours = profile.is_some_and(|p| {
            p.ownership(&self.map.instance)
                == Ownership::Ours { person: action.person.clone(), team: action.team.clone() }
        });
        match &action.step {
            Step::Create { execution_role, .. } => {
                if profile.is_some() {
                    return Some("a profile of that name exists".into());
                }
                if !domain.complete {
                    return Some("the domain was not read completely".into());
                }
                if !entitled_here {
                    return Some("the person is not entitled to the team".into());
                }
                self.foreign_role(action, execution_role.account())
            }
            Step::Update { new_role, .. } => {
                if !ours || !entitled_here {
                    return Some("it is not the entitled person's own profile".into());
                }
                new_role.as_ref().and_then(|role| self.foreign_role(action, role.account()))
            }
            Step::Hold { .. } | Step::Remove { .. } => {
                if !ours {
                    return Some("it is not Stagedoor's, or not this person's".into());
                }
                if action.reason == ReasonCode::ProfileFailed {
                    return None;
                }
                if !self.snapshot.speaks_for(&action.person) {
                    return Some("the directory was not read far enough to remove it".into());
                }
                entitled_here.then(|| "the person is entitled to it".into())
            }
        }
    }

    fn team_is_in(&self, action: &Action) -> bool {
        self.map.teams.get(&action.team).is_some_and(|team| team.domain == action.domain)
    }

    fn foreign_role(&self, action: &Action, account: &str) -> Option<String> {
        let domain = self.map.domains.get(&action.domain)?;
        (domain.account_id.as_str() != account)
            .then(|| "its role is not in the domain's account".into())
    }
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

fn over_quota(plan: &Plan, observed: &Observed) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, domain) in &observed.domains {
        let Some(quota) = domain.profile_quota.and_then(|q| usize::try_from(q).ok()) else {
            continue;
        };
        let made = plan
            .actions
            .iter()
            .filter(|a| &a.domain == key && matches!(a.step, Step::Create { .. }))
            .count();
        if made > 0 && domain.profiles.len() + made > quota {
            found.push(Violation {
                code: ReasonCode::PlanInvalid,
                message: format!("{key}: {made} new profiles would exceed the quota of {quota}"),
            });
        }
    }
    found
}

fn guard(plan: &Plan, map: &AccessMap, removals: Removals) -> Option<Violation> {
    let taken = plan.new_removals();
    let limit = match removals {
        Removals::Guarded => guard_limit(map, plan.owned),
        Removals::Allowed(number) => usize::try_from(number).unwrap_or(usize::MAX),
    };
    (taken > limit).then(|| Violation {
        code: ReasonCode::GuardTripped,
        message: format!(
            "the plan takes away {taken} of {} profiles; at most {limit} are allowed",
            plan.owned
        ),
    })
}
