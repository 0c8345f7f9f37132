//! Rules that no plan may break, written without the planner's code.

use super::names::folded;
use super::words::{
    GroupRef, MAX_MEMBERS, MirrorPlan, MirrorPolicy, MirrorSource, MirrorStep, Strangers,
    TargetReading, UserRef,
};
use crate::check::{Removals, Violation};
use crate::ids::{GroupId, MirrorGroupId, MirrorUserId, PersonId};
use crate::map::Guard;
use crate::reason::ReasonCode;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A plan that breaks no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMirror {
    plan: MirrorPlan,
}

impl CheckedMirror {
    /// The plan.
    pub fn plan(&self) -> &MirrorPlan {
        &self.plan
    }
}

/// What the guard counts of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorCount {
    /// Memberships that the plan ends, and users that it disables or deletes.
    pub taken: usize,
    /// Mirrored users, and memberships of mirrored groups.
    pub owned: usize,
    /// The most that the plan may take away.
    pub limit: usize,
}

/// Counts what the guard counts, without judging it. `before` were taken in the last 24 hours.
pub fn count(
    plan: &MirrorPlan,
    target: &TargetReading,
    policy: &MirrorPolicy,
    before: u32,
) -> MirrorCount {
    let ours = |mark: &Option<String>| policy.mark.is_on(mark.as_deref());
    let users = target.users.values().filter(|user| ours(&user.mark)).count();
    let groups = target.groups.values().filter(|group| ours(&group.mark));
    let memberships: usize = groups.filter_map(|g| g.members.as_ref()).map(BTreeSet::len).sum();
    let owned = users.saturating_add(memberships);
    MirrorCount { taken: plan.taken(), owned, limit: limit(policy.guard, owned, before) }
}

fn limit(Guard { max_removals, max_removals_percent }: Guard, owned: usize, before: u32) -> usize {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let percent = size(max_removals_percent);
    // One is always within the share, or a group of three could never lose a member.
    let share = if percent == 0 { 0 } else { (owned.saturating_mul(percent) / 100).max(1) };
    size(max_removals).min(share).saturating_sub(size(before))
}

/// Checks the plan against the readings it was made from.
///
/// # Errors
/// What it breaks: `plan-invalid`, `guard-tripped`.
pub fn check(
    plan: MirrorPlan,
    source: &MirrorSource,
    target: &TargetReading,
    policy: &MirrorPolicy,
    removals: Removals,
) -> Result<CheckedMirror, Vec<Violation>> {
    let facts = Facts::new(source, target, policy);
    let mut found = Vec::new();
    let mut last = 0;
    for action in &plan.actions {
        let rank = action.step.rank();
        let objection = match facts.objection(&action.step) {
            None if rank < last => Some("it gives what stands after something is taken away"),
            other => other,
        };
        last = last.max(rank);
        if let Some(message) = objection {
            let message = format!("{:?}: {message}", action.step);
            found.push(Violation { code: ReasonCode::PlanInvalid, message });
        }
    }
    if Facts::claims_twice(&plan) {
        let message = "two users or two groups would get one name".to_owned();
        found.push(Violation { code: ReasonCode::PlanInvalid, message });
    }
    found.extend(facts.guard(&plan, removals));
    if found.is_empty() { Ok(CheckedMirror { plan }) } else { Err(found) }
}

struct Facts<'a> {
    source: &'a MirrorSource,
    target: &'a TargetReading,
    policy: &'a MirrorPolicy,
    /// Ids of people who have a user, as marks say.
    mirrored: BTreeSet<&'a str>,
    /// Whom the groups have, by user name.
    wanted: BTreeSet<&'a PersonId>,
    named: BTreeMap<String, BTreeSet<&'a PersonId>>,
    user_names: BTreeSet<String>,
    group_names: BTreeSet<String>,
}

const NOT_OURS: &str = "it is not this installation's";

impl<'a> Facts<'a> {
    fn new(source: &'a MirrorSource, target: &'a TargetReading, policy: &'a MirrorPolicy) -> Self {
        let members = source.groups.values().flat_map(|group| &group.members);
        let wanted: BTreeSet<&PersonId> =
            members.filter(|person| source.people.contains_key(*person)).collect();
        let mut named: BTreeMap<String, BTreeSet<&PersonId>> = BTreeMap::new();
        for id in &wanted {
            if let Some(person) = source.people.get(*id) {
                named.entry(folded(&person.user_name)).or_default().insert(id);
            }
        }
        let marks = target.users.values().filter_map(|user| user.mark.as_deref());
        Self {
            source,
            target,
            policy,
            mirrored: marks.filter_map(|text| policy.mark.source(text)).collect(),
            wanted,
            named,
            user_names: target.users.values().map(|u| folded(&u.person.user_name)).collect(),
            group_names: target.groups.values().map(|g| folded(&g.display_name)).collect(),
        }
    }

    /// What is wrong with a step, as a clause about it.
    fn objection(&self, step: &MirrorStep) -> Option<&'static str> {
        let said = |wrong: bool, what| wrong.then_some(what);
        match step {
            MirrorStep::CreateUser { source, person } => {
                said(self.has_user_of(source), "the person is mirrored already")
                    .or(said(!self.is_wanted(source), "no mirrored group has the person"))
                    .or(said(self.source.people.get(source) != Some(person), "it is somebody else"))
                    .or(said(self.is_user_name(&person.user_name), "the user name is taken"))
            }
            MirrorStep::EnableUser { user, source, .. } => {
                said(!self.owns_user(user, source), NOT_OURS)
                    .or(said(
                        !self.is_enabled(source),
                        "the source does not let the person sign in",
                    ))
                    .or(said(!self.is_wanted(source), "no mirrored group has the person"))
            }
            MirrorStep::UpdateUser { user, source, from, to } => {
                said(!self.owns_user(user, source), NOT_OURS)
                    .or(said(from.enabled != to.enabled, "it lets in or shuts out by the way"))
                    .or(said(!self.is_wanted(source), "no mirrored group has the person"))
            }
            MirrorStep::CreateGroup { source, display_name } => {
                let wanted = self.source.groups.get(source);
                said(wanted.is_none_or(|g| g.display_name != *display_name), "nobody wants it")
                    .or(said(self.is_group_name(display_name), "the name is taken"))
            }
            MirrorStep::RenameGroup { group, source, .. } => {
                said(!self.owns_group(group, source), NOT_OURS)
            }
            MirrorStep::AddMembers { group, source, members } => {
                let ours = match group {
                    GroupRef::There(group) => self.owns_group(group, source),
                    GroupRef::New(new) => new == source,
                };
                said(!ours, NOT_OURS)
                    .or(said(!(1..=MAX_MEMBERS).contains(&members.len()), "wrong number"))
                    .or(said(!members.iter().all(|m| self.belongs(m, source)), "not a member"))
            }
            MirrorStep::RemoveMembers { group, source, members } => {
                said(!self.owns_group(group, source), NOT_OURS)
                    .or(said(!(1..=MAX_MEMBERS).contains(&members.len()), "wrong number"))
                    .or(said(members.iter().any(|m| self.is_member(m, source)), "a member"))
            }
            MirrorStep::DisableUser { user, source, .. } => {
                let stays = self.is_wanted(source) && self.is_enabled(source);
                said(!self.owns_user(user, source), NOT_OURS).or(said(stays, "the person is there"))
            }
            MirrorStep::DeleteUser { user, source } => {
                said(!self.owns_user(user, source), NOT_OURS)
                    .or(said(self.is_wanted(source), "the person is there"))
            }
            MirrorStep::DeleteGroup { group, source, .. } => {
                said(!self.owns_group(group, source), NOT_OURS)
                    .or(said(self.source.groups.contains_key(source), "the group is there"))
            }
        }
    }

    fn mark_of_user(&self, user: &MirrorUserId) -> Option<&str> {
        let text = self.target.users.get(user)?.mark.as_deref()?;
        self.policy.mark.source(text)
    }

    fn owns_user(&self, user: &MirrorUserId, source: &PersonId) -> bool {
        self.mark_of_user(user) == Some(source.as_str())
    }

    fn owns_group(&self, group: &MirrorGroupId, source: &GroupId) -> bool {
        let text = self.target.groups.get(group).and_then(|group| group.mark.as_deref());
        text.and_then(|text| self.policy.mark.source(text)) == Some(source.as_str())
    }

    fn has_user_of(&self, source: &PersonId) -> bool {
        self.mirrored.contains(source.as_str())
    }

    fn is_wanted(&self, person: &PersonId) -> bool {
        self.wanted.contains(person)
    }

    fn is_enabled(&self, person: &PersonId) -> bool {
        self.source.people.get(person).is_some_and(|person| person.enabled)
    }

    fn is_user_name(&self, name: &str) -> bool {
        self.user_names.contains(&folded(name))
    }

    fn is_group_name(&self, name: &str) -> bool {
        self.group_names.contains(&folded(name))
    }

    /// Whether a user may be put into the mirror of a group.
    fn belongs(&self, user: &UserRef, group: &GroupId) -> bool {
        match user {
            UserRef::There(user) => self.is_member(user, group),
            UserRef::New(person) => {
                self.source.groups.get(group).is_some_and(|group| group.members.contains(person))
            }
        }
    }

    /// Whether the source has the person in the group for whom this user stands.
    fn is_member(&self, user: &MirrorUserId, group: &GroupId) -> bool {
        let Some(group) = self.source.groups.get(group) else { return false };
        if let Some(person) = self.mark_of_user(user) {
            return PersonId::parse(person)
                .is_ok_and(|person| self.is_wanted(&person) && group.members.contains(&person));
        }
        // Somebody else's user stands for the one person of its name who has no user of their own, for
        // as long as that person may sign in.
        if self.policy.strangers != Strangers::Join {
            return false;
        }
        let name = self.target.users.get(user).map(|user| folded(&user.person.user_name));
        let named = name.and_then(|name| self.named.get(&name));
        match named.map(|people| people.iter().copied().collect::<Vec<_>>()).as_deref() {
            Some([person]) => {
                group.members.contains(*person)
                    && self.is_enabled(person)
                    && !self.has_user_of(person)
            }
            _ => false,
        }
    }

    fn claims_twice(plan: &MirrorPlan) -> bool {
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        !plan.actions.iter().all(|action| match &action.step {
            MirrorStep::CreateUser { person, .. } => users.insert(folded(&person.user_name)),
            MirrorStep::UpdateUser { from, to, .. }
                if folded(&from.user_name) != folded(&to.user_name) =>
            {
                users.insert(folded(&to.user_name))
            }
            MirrorStep::CreateGroup { display_name: name, .. }
            | MirrorStep::RenameGroup { to: name, .. } => groups.insert(folded(name)),
            _ => true,
        })
    }

    fn guard(&self, plan: &MirrorPlan, removals: Removals) -> Option<Violation> {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let before = match removals {
            Removals::GuardedAfter(before) => before,
            Removals::Guarded | Removals::Allowed(_) => 0,
        };
        let MirrorCount { taken, owned, limit } = count(plan, self.target, self.policy, before);
        let limit = match removals {
            Removals::Allowed(number) => size(number),
            Removals::Guarded | Removals::GuardedAfter(_) => limit,
        };
        (taken > limit).then(|| Violation {
            code: ReasonCode::GuardTripped,
            message: format!(
                "the plan takes away {taken} of {owned} mirrored users and memberships, after \
                 {before} in the last 24 hours; {limit} are allowed"
            ),
        })
    }
}
