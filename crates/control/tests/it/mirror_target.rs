//! A directory in memory to mirror into.

use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{Mark, MirrorPerson, TargetGroup, TargetReading, TargetUser};
use async_trait::async_trait;
use control::ports::{CallError, FailureKind, MembersLeft, MirrorTarget};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// A directory in memory that refuses what is named.
#[derive(Debug, Default)]
pub(crate) struct Target {
    kept: Mutex<TargetReading>,
    /// Operations that fail, with how.
    faults: Mutex<BTreeMap<&'static str, FailureKind>>,
    /// The user who can be put into no group, and taken out of none.
    stuck: Mutex<Option<MirrorUserId>>,
    made: Mutex<usize>,
    /// Changes that were made, by operation, in order.
    pub(crate) changes: Mutex<Vec<&'static str>>,
    /// How long each call takes, after it has taken effect.
    pub(crate) takes: Mutex<Duration>,
    /// Calls under way, and the most at once.
    under_way: Mutex<(usize, usize)>,
}

impl Target {
    pub(crate) fn kept(&self) -> MutexGuard<'_, TargetReading> {
        self.kept.lock().unwrap()
    }

    fn call(&self, operation: &'static str) -> Result<MutexGuard<'_, TargetReading>, CallError> {
        let kind = self.faults.lock().unwrap().get(operation).copied();
        kind.map_or_else(|| Ok(self.kept()), |kind| Err(failed(operation, kind)))
    }

    /// Changes the members of a group, by all who can be.
    async fn change(
        &self,
        operation: &'static str,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
        change: fn(&mut BTreeSet<MirrorUserId>, &MirrorUserId),
    ) -> Result<(), MembersLeft> {
        let stuck = self.stuck.lock().unwrap().clone();
        let can_change = |user: &&MirrorUserId| Some(*user) != stuck.as_ref();
        {
            let called = self.call(operation);
            let mut kept = called.map_err(|error| MembersLeft { users: users.to_vec(), error })?;
            let members = kept.groups.get_mut(group).unwrap().members.as_mut().unwrap();
            users.iter().filter(can_change).for_each(|user| change(members, user));
        }
        self.answer(operation).await;
        let users: Vec<_> = users.iter().filter(|user| !can_change(user)).cloned().collect();
        let error = failed(operation, FailureKind::NotFound);
        if users.is_empty() { Ok(()) } else { Err(MembersLeft { users, error }) }
    }

    /// Lets this user be put into no group, and taken out of none.
    pub(crate) fn stick(&self, user: &str) {
        *self.stuck.lock().unwrap() = Some(self.id_of(user));
    }

    pub(crate) fn id_of(&self, user: &str) -> MirrorUserId {
        let kept = self.kept();
        let (id, _) = kept.users.iter().find(|(_, it)| it.person.user_name == user).unwrap();
        id.clone()
    }

    pub(crate) fn fail(&self, operation: &'static str, kind: FailureKind) {
        self.faults.lock().unwrap().insert(operation, kind);
    }

    pub(crate) fn heal(&self) {
        self.faults.lock().unwrap().clear();
        *self.stuck.lock().unwrap() = None;
    }

    /// The most calls that were under way at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.under_way.lock().unwrap().1
    }

    /// The time that a call takes. Whoever is dropped meanwhile never learns of its effect.
    async fn answer(&self, operation: &'static str) {
        if operation != "ListUsers" {
            self.changes.lock().unwrap().push(operation);
        }
        let takes = *self.takes.lock().unwrap();
        {
            let mut under_way = self.under_way.lock().unwrap();
            under_way.0 += 1;
            under_way.1 = under_way.1.max(under_way.0);
        }
        let _ends = Ends(&self.under_way);
        tokio::time::sleep(takes).await;
    }

    fn id(&self) -> String {
        let mut made = self.made.lock().unwrap();
        *made += 1;
        format!("t{made}")
    }

    /// Members of the mirrored groups, by names.
    pub(crate) fn members(&self) -> BTreeMap<String, Vec<String>> {
        let kept = self.kept();
        let name = |id: &MirrorUserId| kept.users[id].person.user_name.clone();
        let groups = kept.groups.values().map(|group| {
            let members: BTreeSet<String> = group.members.iter().flatten().map(name).collect();
            (group.display_name.clone(), members.into_iter().collect())
        });
        groups.collect()
    }
}

#[async_trait]
impl MirrorTarget for Target {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    async fn reach(&self) -> Result<(), CallError> {
        self.call("ListGroups").map(drop)
    }

    async fn read(&self, _: &Mark) -> Result<TargetReading, CallError> {
        let read = self.call("ListUsers")?.clone();
        self.answer("ListUsers").await;
        Ok(read)
    }

    async fn create_user(
        &self,
        person: &MirrorPerson,
        mark: &str,
    ) -> Result<MirrorUserId, CallError> {
        let id = MirrorUserId::parse(self.id()).unwrap();
        let user = TargetUser { person: person.clone(), mark: Some(mark.to_owned()) };
        self.call("CreateUser")?.users.insert(id.clone(), user);
        self.answer("CreateUser").await;
        Ok(id)
    }

    async fn update_user(
        &self,
        user: &MirrorUserId,
        _: &MirrorPerson,
        to: &MirrorPerson,
    ) -> Result<(), CallError> {
        self.call("UpdateUser")?.users.get_mut(user).unwrap().person = to.clone();
        self.answer("UpdateUser").await;
        Ok(())
    }

    async fn delete_user(&self, user: &MirrorUserId) -> Result<(), CallError> {
        self.call("DeleteUser")?.users.remove(user);
        self.answer("DeleteUser").await;
        Ok(())
    }

    async fn create_group(&self, name: &str, mark: &str) -> Result<MirrorGroupId, CallError> {
        let id = MirrorGroupId::parse(self.id()).unwrap();
        let group = TargetGroup {
            display_name: name.to_owned(),
            mark: Some(mark.to_owned()),
            members: Some(BTreeSet::new()),
        };
        self.call("CreateGroup")?.groups.insert(id.clone(), group);
        self.answer("CreateGroup").await;
        Ok(id)
    }

    async fn rename_group(&self, group: &MirrorGroupId, to: &str) -> Result<(), CallError> {
        self.call("UpdateGroup")?.groups.get_mut(group).unwrap().display_name = to.to_owned();
        self.answer("UpdateGroup").await;
        Ok(())
    }

    async fn delete_group(&self, group: &MirrorGroupId) -> Result<(), CallError> {
        self.call("DeleteGroup")?.groups.remove(group);
        self.answer("DeleteGroup").await;
        Ok(())
    }

    async fn add_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        let join = |members: &mut BTreeSet<_>, user: &MirrorUserId| {
            members.insert(user.clone());
        };
        self.change("AddMembers", group, users, join).await
    }

    async fn remove_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        let leave = |members: &mut BTreeSet<_>, user: &MirrorUserId| {
            members.remove(user);
        };
        self.change("RemoveMembers", group, users, leave).await
    }
}

fn failed(operation: &'static str, kind: FailureKind) -> CallError {
    let message = "no".to_owned();
    CallError { service: "identitystore", operation, kind, aws_code: None, message }
}

/// The end of a call, also of one that is dropped.
struct Ends<'a>(&'a Mutex<(usize, usize)>);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}
