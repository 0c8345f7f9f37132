//! A directory in memory to mirror into.

use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{Mark, MirrorPerson, TargetGroup, TargetReading, TargetUser};
use async_trait::async_trait;
use control::ports::{CallError, FailureKind, MirrorTarget};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// A directory in memory that refuses what is named.
#[derive(Debug, Default)]
pub(crate) struct Target {
    kept: Mutex<TargetReading>,
    /// Operations that fail, with how.
    faults: Mutex<BTreeMap<&'static str, FailureKind>>,
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
        match kind {
            None => Ok(self.kept()),
            Some(kind) => Err(CallError {
                service: "identitystore",
                operation,
                kind,
                aws_code: None,
                message: "no".into(),
            }),
        }
    }

    pub(crate) fn fail(&self, operation: &'static str, kind: FailureKind) {
        self.faults.lock().unwrap().insert(operation, kind);
    }

    pub(crate) fn heal(&self) {
        self.faults.lock().unwrap().clear();
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
    ) -> Result<(), CallError> {
        let join = |members: &mut BTreeSet<MirrorUserId>| members.extend(users.iter().cloned());
        join(self.call("AddMembers")?.members_of(group));
        self.answer("AddMembers").await;
        Ok(())
    }

    async fn remove_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), CallError> {
        let leave =
            |members: &mut BTreeSet<MirrorUserId>| members.retain(|who| !users.contains(who));
        leave(self.call("RemoveMembers")?.members_of(group));
        self.answer("RemoveMembers").await;
        Ok(())
    }
}

trait MembersOf {
    fn members_of(&mut self, group: &MirrorGroupId) -> &mut BTreeSet<MirrorUserId>;
}

impl MembersOf for TargetReading {
    fn members_of(&mut self, group: &MirrorGroupId) -> &mut BTreeSet<MirrorUserId> {
        self.groups.get_mut(group).unwrap().members.as_mut().unwrap()
    }
}

/// The end of a call, also of one that is dropped.
struct Ends<'a>(&'a Mutex<(usize, usize)>);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}
