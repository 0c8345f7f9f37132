//! A directory that does what a plan says, and refuses what Identity Center would.

use super::names::folded;
use super::words::{
    GroupRef, MirrorPlan, MirrorStep, Strangers, TargetGroup, TargetReading, TargetUser, UserRef,
};
use super::{MirrorPolicy, MirrorSource};
use crate::ids::{GroupId, MirrorGroupId, MirrorUserId, PersonId};
use std::collections::{BTreeMap, BTreeSet};

/// The target, and what was made in it by the plan at hand.
pub(super) struct Model<'a> {
    pub(super) target: TargetReading,
    policy: &'a MirrorPolicy,
    users: BTreeMap<PersonId, MirrorUserId>,
    groups: BTreeMap<GroupId, MirrorGroupId>,
    made: usize,
}

impl<'a> Model<'a> {
    pub(super) fn new(target: TargetReading, policy: &'a MirrorPolicy) -> Self {
        Self { target, policy, users: BTreeMap::new(), groups: BTreeMap::new(), made: 0 }
    }

    /// Carries a plan out, and calls `seen` after each step.
    pub(super) fn carry_out(&mut self, plan: &MirrorPlan, mut seen: impl FnMut(&TargetReading)) {
        (self.users, self.groups) = (BTreeMap::new(), BTreeMap::new());
        for action in &plan.actions {
            self.step(&action.step);
            self.assert_unique();
            seen(&self.target);
        }
    }

    fn new_id(&mut self) -> String {
        self.made += 1;
        format!("made-{}-{}", self.target.users.len() + self.target.groups.len(), self.made)
    }

    fn step(&mut self, step: &MirrorStep) {
        match step {
            MirrorStep::CreateUser { source, person } => {
                let id = MirrorUserId::parse(self.new_id()).unwrap();
                let mark = Some(self.policy.mark.text(source));
                let user = TargetUser { person: person.clone(), mark };
                assert!(self.target.users.insert(id.clone(), user).is_none());
                self.users.insert(source.clone(), id);
            }
            MirrorStep::EnableUser { user, .. } => self.user(user).person.enabled = true,
            MirrorStep::DisableUser { user, .. } => self.user(user).person.enabled = false,
            MirrorStep::UpdateUser { user, from, to, .. } => {
                let user = self.user(user);
                // Enabling is a step of its own, which may have come before.
                let enabled = user.person.enabled;
                assert_eq!(user.person.user_name, from.user_name);
                user.person = super::MirrorPerson { enabled, ..to.clone() };
            }
            MirrorStep::CreateGroup { source, display_name } => {
                let id = MirrorGroupId::parse(self.new_id()).unwrap();
                let group = TargetGroup {
                    display_name: display_name.clone(),
                    mark: Some(self.policy.mark.text(source)),
                    members: Some(BTreeSet::new()),
                };
                self.target.groups.insert(id.clone(), group);
                self.groups.insert(source.clone(), id);
            }
            MirrorStep::RenameGroup { group, to, .. } => {
                self.target.groups.get_mut(group).unwrap().display_name.clone_from(to);
            }
            MirrorStep::AddMembers { group, members, .. } => {
                let group = match group {
                    GroupRef::There(group) => group.clone(),
                    GroupRef::New(source) => self.groups[source].clone(),
                };
                let users = members.iter().map(|member| match member {
                    UserRef::There(user) => user.clone(),
                    UserRef::New(person) => self.users[person].clone(),
                });
                let users: Vec<_> = users.collect();
                let there = self.target.groups.get_mut(&group).unwrap();
                for user in users {
                    assert!(there.members.as_mut().unwrap().insert(user), "is a member already");
                }
            }
            MirrorStep::RemoveMembers { group, members, .. } => {
                let there = self.target.groups.get_mut(group).unwrap();
                for user in members {
                    assert!(there.members.as_mut().unwrap().remove(user), "was no member");
                }
            }
            MirrorStep::DeleteGroup { group, .. } => {
                self.target.groups.remove(group).unwrap();
            }
            MirrorStep::DeleteUser { user, .. } => {
                self.target.users.remove(user).unwrap();
                for group in self.target.groups.values_mut() {
                    group.members.as_mut().map(|members| members.remove(user));
                }
            }
        }
    }

    fn user(&mut self, id: &MirrorUserId) -> &mut TargetUser {
        self.target.users.get_mut(id).unwrap()
    }

    fn assert_unique(&self) {
        let users = self.target.users.values().map(|user| folded(&user.person.user_name));
        assert_eq!(users.collect::<BTreeSet<_>>().len(), self.target.users.len());
        let groups = self.target.groups.values().map(|group| folded(&group.display_name));
        assert_eq!(groups.collect::<BTreeSet<_>>().len(), self.target.groups.len());
    }
}

/// Who is in which mirrored group, by the ids of the source: what access follows from. A user that is
/// not the mirror's stands for the person of its name where strangers join, or for nobody whom the source
/// knows.
pub(super) fn access(
    target: &TargetReading,
    policy: &MirrorPolicy,
    source: &MirrorSource,
) -> BTreeSet<(String, String)> {
    let marked = |mark: &Option<String>| {
        mark.as_deref().and_then(|text| policy.mark.source(text)).map(str::to_owned)
    };
    let own: BTreeSet<String> = target.users.values().filter_map(|u| marked(&u.mark)).collect();
    let stranger = |name: &str| {
        let is_wanted = |id| source.groups.values().any(|group| group.members.contains(id));
        let named = source
            .people
            .iter()
            .filter(|(id, person)| is_wanted(*id) && folded(&person.user_name) == folded(name));
        match named.map(|(id, _)| id.to_string()).collect::<Vec<_>>().as_slice() {
            [one] if policy.strangers == Strangers::Join && !own.contains(one) => one.clone(),
            _ => format!("stranger {name}"),
        }
    };
    let groups = target.groups.values().filter_map(|group| Some((marked(&group.mark)?, group)));
    groups
        .flat_map(|(id, group)| group.members.iter().flatten().map(move |user| (id.clone(), user)))
        .filter_map(|(id, user)| {
            let TargetUser { person, mark } = target.users.get(user)?;
            match marked(mark) {
                Some(source) => person.enabled.then_some((id, source)),
                None => Some((id, stranger(&person.user_name))),
            }
        })
        .collect()
}

/// What the source says of that.
pub(super) fn rights(source: &MirrorSource) -> BTreeSet<(String, String)> {
    let groups = source.groups.iter();
    groups
        .flat_map(|(id, group)| {
            let people = group.members.iter();
            let enabled = people.filter(|p| source.people.get(*p).is_some_and(|p| p.enabled));
            enabled.map(move |person| (id.to_string(), person.to_string()))
        })
        .collect()
}
