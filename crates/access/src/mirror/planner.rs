//! The comparison.

use super::names::{fits_group_name, fits_person, folded};
use super::words::{
    GroupRef, Leavers, MAX_MEMBERS, MirrorAction, MirrorKept, MirrorPerson, MirrorPlan,
    MirrorPolicy, MirrorSource, MirrorStep, SourceGroup, Strangers, Subject, TargetReading,
    TargetUser, UserRef,
};
use crate::ids::{GroupId, MirrorGroupId, MirrorUserId, PersonId};
use crate::reason::ReasonCode;
use std::collections::{BTreeMap, BTreeSet};

/// Plans what makes the target have what the source has.
///
/// Names that are taken are not fought for: what another user or group holds is left to it, and
/// where that one is itself to be renamed or deleted the next plan goes on from there.
pub fn plan(source: &MirrorSource, target: &TargetReading, policy: &MirrorPolicy) -> MirrorPlan {
    let mut planner = Planner::new(source, target, policy);
    planner.people();
    planner.groups();
    planner.leavers();
    planner.doubles();
    planner.finished()
}

/// Which users and groups of the target mirror what.
struct Planner<'a> {
    source: &'a MirrorSource,
    target: &'a TargetReading,
    policy: &'a MirrorPolicy,
    users: Owned<PersonId, MirrorUserId>,
    groups: Owned<GroupId, MirrorGroupId>,
    /// Whom the mirrored groups have.
    wanted: BTreeSet<&'a PersonId>,
    /// The user that stands for a person in groups.
    resolved: BTreeMap<&'a PersonId, UserRef>,
    actions: Vec<MirrorAction>,
    kept: Vec<MirrorKept>,
}

/// What carries the mark, by what it mirrors.
struct Owned<S, T> {
    by_source: BTreeMap<S, T>,
    /// Mirrored more than once. Which of them is meant, only a person can say.
    doubled: BTreeSet<S>,
}

impl<S: Ord + Clone, T> Owned<S, T> {
    fn collect(marked: impl Iterator<Item = (S, T)>) -> Self {
        let (mut by_source, mut doubled) = (BTreeMap::new(), BTreeSet::new());
        for (source, thing) in marked {
            if by_source.insert(source.clone(), thing).is_some() {
                doubled.insert(source);
            }
        }
        by_source.retain(|source, _| !doubled.contains(source));
        Self { by_source, doubled }
    }
}

impl<'a> Planner<'a> {
    fn new(source: &'a MirrorSource, target: &'a TargetReading, policy: &'a MirrorPolicy) -> Self {
        let mark = &policy.mark;
        let marked = |text: &'a Option<String>| text.as_deref().and_then(|text| mark.source(text));
        let users = target.users.iter().filter_map(|(id, user)| {
            Some((PersonId::parse(marked(&user.mark)?).ok()?, id.clone()))
        });
        let groups = target.groups.iter().filter_map(|(id, group)| {
            Some((GroupId::parse(marked(&group.mark)?).ok()?, id.clone()))
        });
        let members = source.groups.values().flat_map(|group| &group.members);
        Self {
            source,
            target,
            policy,
            users: Owned::collect(users),
            groups: Owned::collect(groups),
            wanted: members.filter(|person| source.people.contains_key(*person)).collect(),
            resolved: BTreeMap::new(),
            actions: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn act(&mut self, step: MirrorStep, reason: ReasonCode) {
        self.actions.push(MirrorAction { step, reason });
    }

    fn keep(&mut self, subject: Subject, name: &str, reason: ReasonCode, detail: &str) {
        let (name, detail) = (name.to_owned(), detail.to_owned());
        self.kept.push(MirrorKept { subject, name, reason, detail });
    }

    /// Users for everybody who is wanted.
    fn people(&mut self) {
        let held: BTreeMap<String, &MirrorUserId> =
            self.target.users.iter().map(|(id, u)| (folded(&u.person.user_name), id)).collect();
        // A name that two want is nobody's, unless one of them has it already.
        let mut claims: BTreeMap<String, usize> = BTreeMap::new();
        for person in self.wanted.iter().filter_map(|id| self.source.people.get(*id)) {
            *claims.entry(folded(&person.user_name)).or_default() += 1;
        }
        for id in self.wanted.clone() {
            let Some(person) = self.source.people.get(id) else { continue };
            let name = folded(&person.user_name);
            let is_claimed_twice = claims.get(&name).is_some_and(|claims| *claims > 1);
            let holder = held.get(&name).copied();
            match self.users.by_source.get(id).cloned() {
                Some(user) => self.known(id, person, user, holder, is_claimed_twice),
                None => self.unknown(id, person, holder, is_claimed_twice),
            }
        }
    }

    /// Somebody who is mirrored already.
    fn known(
        &mut self,
        id: &'a PersonId,
        person: &MirrorPerson,
        user: MirrorUserId,
        holder: Option<&MirrorUserId>,
        is_claimed_twice: bool,
    ) {
        self.resolved.insert(id, UserRef::There(user.clone()));
        let Some(TargetUser { person: has, .. }) = self.target.users.get(&user) else { return };
        let subject = || Subject::Person(id.clone());
        if has.enabled != person.enabled {
            let (user, source, has) = (user.clone(), id.clone(), has.clone());
            if person.enabled {
                let step = MirrorStep::EnableUser { user, source, person: has };
                self.act(step, ReasonCode::Mirrored);
            } else {
                let step = MirrorStep::DisableUser { user, source, person: has };
                self.act(step, ReasonCode::PersonDisabled);
            }
        }
        // Nothing else of a disabled user can be changed (IAM Identity Center user guide, "Disable
        // user access"): it is once the user may sign in again.
        if !person.enabled && !has.enabled {
            return;
        }
        let mut to = MirrorPerson { enabled: has.enabled, ..person.clone() };
        if to.email.is_none() {
            to.email.clone_from(&has.email);
        }
        if let Err(why) = fits_person(person) {
            return self.keep(subject(), &person.user_name, ReasonCode::MirrorUnfit, why);
        }
        let is_held = holder.is_some_and(|holder| *holder != user);
        if to.user_name != has.user_name && (is_held || (is_claimed_twice && holder.is_none())) {
            let (reason, detail) = match holder {
                Some(holder) => self.in_the_way(holder),
                None => (ReasonCode::PersonAmbiguous, "two people of the source have the name"),
            };
            self.keep(subject(), &person.user_name, reason, detail);
            to.user_name.clone_from(&has.user_name);
        }
        if to != *has {
            let (from, source) = (has.clone(), id.clone());
            self.act(MirrorStep::UpdateUser { user, source, from, to }, ReasonCode::Mirrored);
        }
    }

    /// Somebody who is not mirrored yet.
    fn unknown(
        &mut self,
        id: &'a PersonId,
        person: &MirrorPerson,
        holder: Option<&MirrorUserId>,
        is_claimed_twice: bool,
    ) {
        let reason = if self.users.doubled.contains(id) {
            Some((ReasonCode::MirrorCollision, "two users of the target carry the mark"))
        } else if is_claimed_twice {
            Some((ReasonCode::PersonAmbiguous, "two people of the source have the name"))
        } else if let Some(holder) = holder {
            let joins = self.policy.strangers == Strangers::Join && !self.is_ours(holder);
            if joins {
                // It cannot be disabled, for it is not Stagedoor's: whoever may not sign in leaves the
                // groups instead.
                if person.enabled {
                    self.resolved.insert(id, UserRef::There(holder.clone()));
                }
                return;
            }
            Some(self.in_the_way(holder))
        } else {
            fits_person(person).err().map(|why| (ReasonCode::MirrorUnfit, why))
        };
        match reason {
            Some((reason, detail)) => {
                self.keep(Subject::Person(id.clone()), &person.user_name, reason, detail);
            }
            // Who may not sign in gets no user, and is made one when they may.
            None if !person.enabled => {}
            None => {
                self.resolved.insert(id, UserRef::New(id.clone()));
                let step = MirrorStep::CreateUser { source: id.clone(), person: person.clone() };
                self.act(step, ReasonCode::Mirrored);
            }
        }
    }

    /// Whether another user carries the same mark: which of them is meant, only a person can say.
    fn is_doubled(&self, user: &MirrorUserId) -> bool {
        let mark = self.target.users.get(user).and_then(|user| user.mark.as_deref());
        let source = mark.and_then(|text| self.policy.mark.source(text));
        source
            .and_then(|id| PersonId::parse(id).ok())
            .is_some_and(|id| self.users.doubled.contains(&id))
    }

    fn is_ours(&self, user: &MirrorUserId) -> bool {
        let user = self.target.users.get(user);
        user.is_some_and(|user| self.policy.mark.is_on(user.mark.as_deref()))
    }

    /// Whether the user mirrors somebody who left, and stays. It is disabled or will be, and nothing
    /// else of it can be changed then.
    fn is_of_leaver(&self, user: &MirrorUserId) -> bool {
        let mut owned = self.users.by_source.iter();
        let source = owned.find(|(_, owned)| *owned == user).map(|(source, _)| source);
        self.policy.leavers == Leavers::Disable
            && source.is_some_and(|source| !self.wanted.contains(source))
    }

    /// Why a name is not free.
    fn in_the_way(&self, holder: &MirrorUserId) -> (ReasonCode, &'static str) {
        if self.is_of_leaver(holder) {
            (ReasonCode::MirrorNameOfLeaver, "the disabled user of somebody who left has the name")
        } else if self.is_ours(holder) {
            (ReasonCode::MirrorNameHeld, "a user that mirrors somebody else still has the name")
        } else {
            (ReasonCode::MirrorCollision, "a user that is not Stagedoor's has the name")
        }
    }

    /// Groups, and who is in them.
    fn groups(&mut self) {
        let held: BTreeMap<String, &MirrorGroupId> =
            self.target.groups.iter().map(|(id, g)| (folded(&g.display_name), id)).collect();
        let mut claims: BTreeMap<String, usize> = BTreeMap::new();
        for group in self.source.groups.values() {
            *claims.entry(folded(&group.display_name)).or_default() += 1;
        }
        for (id, group) in &self.source.groups {
            let name = folded(&group.display_name);
            let is_claimed_twice = claims.get(&name).is_some_and(|claims| *claims > 1);
            let there = self.groups.by_source.get(id).cloned();
            let holder = held.get(&name).copied().filter(|holder| Some(*holder) != there.as_ref());
            let objection = self.objection(id, group, holder, is_claimed_twice);
            let group_ref = match (there, objection) {
                (Some(there), objection) => {
                    self.rename(id, group, &there, objection);
                    GroupRef::There(there)
                }
                (None, Some((reason, detail))) => {
                    let subject = Subject::Group(id.clone());
                    self.keep(subject, &group.display_name, reason, detail);
                    continue;
                }
                (None, None) => {
                    let display_name = group.display_name.clone();
                    let step = MirrorStep::CreateGroup { source: id.clone(), display_name };
                    self.act(step, ReasonCode::Mirrored);
                    GroupRef::New(id.clone())
                }
            };
            self.members(id, group, group_ref);
        }
    }

    /// Why a group cannot have its name.
    fn objection(
        &self,
        id: &GroupId,
        group: &SourceGroup,
        holder: Option<&MirrorGroupId>,
        is_claimed_twice: bool,
    ) -> Option<(ReasonCode, &'static str)> {
        if self.groups.doubled.contains(id) {
            return Some((ReasonCode::MirrorCollision, "two groups of the target carry the mark"));
        }
        if !fits_group_name(&group.display_name) {
            return Some((ReasonCode::MirrorUnfit, "Identity Center takes no such group name"));
        }
        match holder.and_then(|holder| self.target.groups.get(holder)) {
            Some(group) if self.policy.mark.is_on(group.mark.as_deref()) => Some((
                ReasonCode::MirrorNameHeld,
                "a group that mirrors another one still has the name",
            )),
            Some(_) => {
                Some((ReasonCode::MirrorCollision, "a group that is not Stagedoor's has the name"))
            }
            None => is_claimed_twice
                .then_some((ReasonCode::MirrorCollision, "two groups of the source have the name")),
        }
    }

    fn rename(
        &mut self,
        id: &GroupId,
        group: &SourceGroup,
        there: &MirrorGroupId,
        objection: Option<(ReasonCode, &'static str)>,
    ) {
        let Some(has) = self.target.groups.get(there).map(|group| &group.display_name) else {
            return;
        };
        if *has == group.display_name {
            return;
        }
        if let Some((reason, detail)) = objection {
            self.keep(Subject::Group(id.clone()), &group.display_name, reason, detail);
            return;
        }
        let (from, to) = (has.clone(), group.display_name.clone());
        let step = MirrorStep::RenameGroup { group: there.clone(), source: id.clone(), from, to };
        self.act(step, ReasonCode::Mirrored);
    }

    fn members(&mut self, id: &GroupId, group: &SourceGroup, group_ref: GroupRef) {
        let wanted: BTreeSet<UserRef> =
            group.members.iter().filter_map(|person| self.resolved.get(person)).cloned().collect();
        let present: BTreeSet<MirrorUserId> = match &group_ref {
            GroupRef::New(_) => BTreeSet::new(),
            GroupRef::There(there) => {
                let members = self.target.groups.get(there).and_then(|g| g.members.clone());
                let Some(members) = members else {
                    let (subject, reason) =
                        (Subject::Group(id.clone()), ReasonCode::PartialSnapshot);
                    self.keep(subject, &group.display_name, reason, "its members were not read");
                    return;
                };
                members
            }
        };
        let is_there = |user: &&UserRef| match user {
            UserRef::There(user) => present.contains(user),
            UserRef::New(_) => false,
        };
        // Nor can a disabled one be put into a group.
        let may_join: BTreeSet<&UserRef> = group
            .members
            .iter()
            .filter(|person| self.source.people.get(*person).is_some_and(|it| it.enabled))
            .filter_map(|person| self.resolved.get(person))
            .collect();
        let new: Vec<UserRef> = wanted
            .iter()
            .filter(|user| !is_there(user) && may_join.contains(user))
            .cloned()
            .collect();
        for members in new.chunks(MAX_MEMBERS) {
            let (group, members) = (group_ref.clone(), members.to_vec());
            let step = MirrorStep::AddMembers { group, source: id.clone(), members };
            self.act(step, ReasonCode::GroupMember);
        }
        let GroupRef::There(there) = group_ref else { return };
        let gone: Vec<MirrorUserId> = present
            .into_iter()
            .filter(|user| !wanted.contains(&UserRef::There(user.clone())))
            .filter(|user| !self.is_doubled(user))
            .collect();
        for members in gone.chunks(MAX_MEMBERS) {
            let (group, members) = (there.clone(), members.to_vec());
            let step = MirrorStep::RemoveMembers { group, source: id.clone(), members };
            self.act(step, ReasonCode::NotAMember);
        }
    }

    /// What mirrors nothing any more.
    fn leavers(&mut self) {
        let users: Vec<(PersonId, MirrorUserId)> = self
            .users
            .by_source
            .iter()
            .filter(|(person, _)| !self.wanted.contains(person))
            .map(|(person, user)| (person.clone(), user.clone()))
            .collect();
        for (source, user) in users {
            let Some(TargetUser { person, .. }) = self.target.users.get(&user) else { continue };
            match self.policy.leavers {
                Leavers::Delete => {
                    self.act(MirrorStep::DeleteUser { user, source }, ReasonCode::MirrorEnded);
                }
                Leavers::Disable if person.enabled => {
                    let step = MirrorStep::DisableUser { user, source, person: person.clone() };
                    self.act(step, ReasonCode::MirrorEnded);
                }
                Leavers::Disable => {}
            }
        }
        let groups: Vec<(GroupId, MirrorGroupId)> = self
            .groups
            .by_source
            .iter()
            .filter(|(source, _)| !self.source.groups.contains_key(*source))
            .map(|(source, group)| (source.clone(), group.clone()))
            .collect();
        for (source, group) in groups {
            let Some(there) = self.target.groups.get(&group) else { continue };
            let members = there.members.as_ref().map_or(0, BTreeSet::len);
            let display_name = there.display_name.clone();
            let step = MirrorStep::DeleteGroup { group, source, display_name, members };
            self.act(step, ReasonCode::MirrorEnded);
        }
    }

    /// Marks that two carry and that nothing is wanted for: nobody else would report them.
    fn doubles(&mut self) {
        let users = self.users.doubled.iter().filter(|id| !self.wanted.contains(id));
        let users = users.map(|id| (Subject::Person(id.clone()), id.to_string()));
        let groups = self.groups.doubled.iter().filter(|id| !self.source.groups.contains_key(*id));
        let groups = groups.map(|id| (Subject::Group(id.clone()), id.to_string()));
        for (subject, name) in users.chain(groups).collect::<Vec<_>>() {
            let detail = "two in the target carry the mark";
            self.keep(subject, &name, ReasonCode::MirrorCollision, detail);
        }
    }

    fn finished(self) -> MirrorPlan {
        let Self { mut actions, mut kept, .. } = self;
        // Stable: within a kind the order is that of the source's ids.
        actions.sort_by_key(|action| action.step.rank());
        kept.sort();
        MirrorPlan { actions, kept }
    }
}
