//! Whether a first map does what it says: nothing now, and no harm later.

use super::{Existing, FirstMap};
use crate::ids::{DomainKey, ProfileName};
use crate::map::{AccessMap, Diagnostics, Source, parse};
use crate::observed::Observed;
use crate::plan::{Plan, Step};
use crate::planner::plan;
use crate::reason::ReasonCode;
use std::collections::BTreeSet;

/// What came of a first map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The map, read back.
    pub map: AccessMap,
    /// The first plan.
    pub first: Plan,
    /// How many people would get a profile if every team were enforced.
    pub to_make: usize,
    /// How many groups would be assigned to applications of SSO-mode domains.
    pub to_assign: usize,
    /// What would happen to people that the map does not say: a sentence each. Empty if the map
    /// describes what there is.
    pub surprises: Vec<String>,
}

/// Reads the map back and plans with it: as it is, as if every team were enforced, and once more
/// after everything was taken over.
///
/// # Errors
/// The text is no map: something that exists cannot be said in one.
pub fn verify(
    existing: &Existing,
    first: &FirstMap,
    now: jiff::Timestamp,
) -> Result<Verification, Diagnostics> {
    let source = Source { name: "access.yaml".into(), text: first.text.clone() };
    let map = parse(&[source])?;
    let mut observed = existing.observed(first);
    let plan_now = plan(&map, &existing.snapshot, &observed, now);
    let mut surprises: Vec<String> =
        plan_now.actions.iter().map(|action| format!("now: {}", told(action))).collect();
    surprises.extend(
        plan_now.assignments.iter().map(|a| format!("now: group {} is assigned", a.group_name)),
    );

    let mut enforced = map.clone();
    enforced.rollout.enforce = None;
    let plan_then = plan(&enforced, &existing.snapshot, &observed, now);
    surprises.extend(unexpected(&plan_then, first));
    let to_assign = plan_then.assignments.len();

    take_over(&mut observed, &plan_then);
    let plan_after = plan(&enforced, &existing.snapshot, &observed, now);
    surprises.extend(unexpected(&plan_after, first));
    // A name that is taken over for somebody else is free for nobody before.
    let to_make = made(&plan_after);
    surprises.sort();
    surprises.dedup();
    Ok(Verification { map, first: plan_now, to_make, to_assign, surprises })
}

impl Existing {
    /// What there is, by the keys of its first map.
    pub fn observed(&self, first: &FirstMap) -> Observed {
        let domains = self.domains.iter().map(|domain| domain.observed.clone());
        Observed {
            domains: first.domains.iter().cloned().zip(domains).collect(),
            roles: self.roles.clone(),
            ..Observed::default()
        }
    }
}

/// Everything but taking over what is listed, making what is missing, and giving profiles by name
/// the role that they have.
fn unexpected(plan: &Plan, first: &FirstMap) -> Vec<String> {
    let is_listed = |domain: &DomainKey, profile: &ProfileName, list: &BTreeSet<_>| {
        list.contains(&(domain.clone(), profile.clone()))
    };
    let surprising = plan.actions.iter().filter(|action| match &action.step {
        Step::Create { .. } => false,
        Step::Adopt { .. } => !is_listed(&action.domain, &action.profile, &first.adopted),
        Step::Update { old_role: None, user_settings: None, set_tags, .. } => {
            !set_tags.is_empty() || !is_listed(&action.domain, &action.profile, &first.inheriting)
        }
        Step::Update { .. } | Step::StopApps { .. } | Step::Hold { .. } | Step::Remove { .. } => {
            true
        }
    });
    let mut found: Vec<String> = surprising.map(told).collect();
    let planned: BTreeSet<(&DomainKey, &ProfileName)> =
        plan.actions.iter().map(|action| (&action.domain, &action.profile)).collect();
    let agreeing = plan.kept.iter().filter(|kept| kept.reason == ReasonCode::InAgreement);
    let agreeing: BTreeSet<_> =
        agreeing.filter_map(|kept| Some((&kept.domain, kept.profile.as_ref()?))).collect();
    let lost = first.adopted.iter().filter(|(domain, profile)| {
        let place = (domain, profile);
        !planned.contains(&place) && !agreeing.contains(&place) && !held_up(plan, domain, profile)
    });
    found.extend(lost.map(|(domain, profile)| format!("{profile} in {domain} is not taken over")));
    found
}

/// Whether the plan says itself why it leaves the profile alone: its role cannot be given to it.
fn held_up(plan: &Plan, domain: &DomainKey, profile: &ProfileName) -> bool {
    plan.kept.iter().any(|kept| {
        kept.domain == *domain
            && kept.profile.as_ref() == Some(profile)
            && matches!(
                kept.reason,
                ReasonCode::RoleMissing | ReasonCode::RoleUntrusted | ReasonCode::RoleUnreadable
            )
    })
}

fn told(action: &crate::plan::Action) -> String {
    let what = match action.step {
        Step::Create { .. } => "made",
        Step::Adopt { .. } => "taken over",
        Step::Update { .. } => "changed",
        Step::StopApps { .. } => "stopped",
        Step::Hold { .. } => "put on hold",
        Step::Remove { .. } => "removed",
    };
    format!("{} in {} would be {what} ({})", action.profile, action.domain, action.reason)
}

fn made(plan: &Plan) -> usize {
    plan.actions.iter().filter(|action| matches!(action.step, Step::Create { .. })).count()
}

/// Gives profiles the tags that the plan says.
fn take_over(observed: &mut Observed, plan: &Plan) {
    for action in &plan.actions {
        let Step::Adopt { tags } = &action.step else { continue };
        let domain = observed.domains.get_mut(&action.domain);
        if let Some(profile) =
            domain.and_then(|domain| domain.profiles.get_mut(action.profile.folded().as_str()))
        {
            profile.tags.extend(tags.clone());
        }
    }
}
