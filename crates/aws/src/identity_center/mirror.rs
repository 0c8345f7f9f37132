//! Writing to an identity store what is mirrored into it.
//!
//! Its API sets no `ExternalIds`, so the mark stands in the user's `ProfileUrl` and in the group's
//! `Description`.

use super::calls::{absent_as_none, call_error, lookup_error};
use super::{CONCURRENCY, IdentityCenter, SERVICE};
use crate::backoff::backoff;
use crate::failure::unreadable;
use access::ids::{GroupId, MembershipId, MirrorGroupId, MirrorUserId};
use access::mirror::{Mark, MirrorPerson, TargetGroup, TargetReading, TargetUser};
use async_trait::async_trait;
use aws_sdk_identitystore::operation::create_group_membership::CreateGroupMembershipError;
use aws_sdk_identitystore::types::{
    AttributeOperation, ConflictExceptionReason as Reason, Email, MemberId, Name, User, UserStatus,
};
use aws_smithy_types::Document;
use control::ports::{CallError, MembersLeft, MirrorTarget};
use futures::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How often it is tried to make a membership while others change the group.
const ATTEMPTS: u32 = 5;
/// Where its pauses begin among those of [`backoff`]: at some 60 ms, since a change takes Identity Center
/// that long; all of them together are about a second.
const FIRST_PAUSE: u32 = 3;

/// The members of a group, with the ids of their memberships.
type Members = BTreeMap<MirrorUserId, MembershipId>;

/// An identity store that is mirrored into.
#[derive(Debug)]
pub struct IdentityStoreMirror {
    center: IdentityCenter,
    /// Of the last reading: to end a membership one has to know its id.
    memberships: Mutex<BTreeMap<MirrorGroupId, Members>>,
}

impl IdentityCenter {
    /// The same identity store, to mirror into.
    #[must_use]
    pub fn mirror(self) -> IdentityStoreMirror {
        IdentityStoreMirror { center: self, memberships: Mutex::default() }
    }
}

impl IdentityStoreMirror {
    /// Makes a membership, unless there is one already. Somebody else's change at the same moment is in
    /// the way for no longer than that takes; of those who meet, each waits a time of its own.
    async fn join(&self, group: &MirrorGroupId, user: &MirrorUserId) -> Result<(), CallError> {
        const OPERATION: &str = "CreateGroupMembership";
        let mut attempts = 0;
        loop {
            let answer = self
                .center
                .client
                .create_group_membership()
                .identity_store_id(&self.center.store)
                .group_id(group.as_str())
                .member_id(MemberId::UserId(user.as_str().to_owned()))
                .send()
                .await;
            let Err(error) = answer else { return Ok(()) };
            let failed = call_error(OPERATION, &error);
            let Some(CreateGroupMembershipError::ConflictException(conflict)) =
                error.as_service_error()
            else {
                return Err(failed);
            };
            let is_there = conflict.reason() == Some(&Reason::UniquenessConstraintViolation);
            if is_there || self.membership_of(group, user).await?.is_some() {
                return Ok(());
            }
            attempts += 1;
            if attempts == ATTEMPTS {
                return Err(failed);
            }
            backoff(FIRST_PAUSE + attempts - 1).await;
        }
    }

    async fn leave(&self, group: &MirrorGroupId, user: &MirrorUserId) -> Result<(), CallError> {
        let known = {
            let all = self.memberships.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(group).and_then(|members| members.get(user)).cloned()
        };
        let id = match known {
            Some(id) => id.as_str().to_owned(),
            None => match self.membership_of(group, user).await? {
                Some(id) => id,
                None => return Ok(()),
            },
        };
        let answer = self
            .center
            .client
            .delete_group_membership()
            .identity_store_id(&self.center.store)
            .membership_id(id)
            .send()
            .await
            .map_err(|e| lookup_error("DeleteGroupMembership", &e));
        absent_as_none(answer).map(drop)
    }

    async fn membership_of(
        &self,
        group: &MirrorGroupId,
        user: &MirrorUserId,
    ) -> Result<Option<String>, CallError> {
        let answer = self
            .center
            .client
            .get_group_membership_id()
            .identity_store_id(&self.center.store)
            .group_id(group.as_str())
            .member_id(MemberId::UserId(user.as_str().to_owned()))
            .send()
            .await
            .map_err(|e| lookup_error("GetGroupMembershipId", &e));
        Ok(absent_as_none(answer)?.map(|found| found.membership_id))
    }
}

#[async_trait]
impl MirrorTarget for IdentityStoreMirror {
    fn place(&self) -> String {
        format!("identity store {}", self.center.store)
    }

    async fn reach(&self) -> Result<(), CallError> {
        let one = self.center.client.list_groups().identity_store_id(&self.center.store);
        let answer = one.max_results(1).send().await;
        answer.map(drop).map_err(|e| call_error("ListGroups", &e))
    }

    async fn read(&self, mark: &Mark) -> Result<TargetReading, CallError> {
        let (users, groups) =
            futures::try_join!(self.center.all_users(), self.center.list_groups())?;
        let users = users.into_iter().map(target_user).collect::<Result<_, _>>()?;
        let (mut found, mut ours) = (BTreeMap::new(), Vec::new());
        for group in groups {
            let id = mirror_group(group.group_id)?;
            if mark.is_on(group.description.as_deref()) {
                let own = GroupId::parse(id.as_str());
                ours.push(own.map_err(|e| unreadable(SERVICE, "ListGroups", e.to_string()))?);
            }
            let display_name = group.display_name.unwrap_or_default();
            found.insert(id, TargetGroup { display_name, mark: group.description, members: None });
        }
        let mut memberships = BTreeMap::new();
        for (group, members) in self.center.members_of(ours).await? {
            let members = members
                .into_iter()
                .map(|(id, person)| Ok((mirror_user("ListGroupMemberships", person.as_str())?, id)))
                .collect::<Result<Members, CallError>>()?;
            let group = mirror_group(group.as_str().to_owned())?;
            if let Some(group) = found.get_mut(&group) {
                group.members = Some(members.keys().cloned().collect());
            }
            memberships.insert(group, members);
        }
        *self.memberships.lock().unwrap_or_else(PoisonError::into_inner) = memberships;
        Ok(TargetReading { users, groups: found })
    }

    async fn create_user(
        &self,
        person: &MirrorPerson,
        mark: &str,
    ) -> Result<MirrorUserId, CallError> {
        const OPERATION: &str = "CreateUser";
        let name = Name::builder().given_name(&person.given_name).family_name(&person.family_name);
        let emails = person.email.as_ref().map(|address| {
            vec![Email::builder().value(address).r#type("work").primary(true).build()]
        });
        let answer = self
            .center
            .client
            .create_user()
            .identity_store_id(&self.center.store)
            .user_name(&person.user_name)
            .display_name(&person.display_name)
            .name(name.build())
            .set_emails(emails)
            .profile_url(mark)
            .send()
            .await
            .map_err(|e| call_error(OPERATION, &e))?;
        mirror_user(OPERATION, &answer.user_id)
    }

    async fn update_user(
        &self,
        user: &MirrorUserId,
        from: &MirrorPerson,
        to: &MirrorPerson,
    ) -> Result<(), CallError> {
        const OPERATION: &str = "UpdateUser";
        let operations = changes(from, to)
            .into_iter()
            .map(|(path, value)| set(OPERATION, path, value))
            .collect::<Result<Vec<_>, _>>()?;
        if operations.is_empty() {
            return Ok(());
        }
        self.center
            .client
            .update_user()
            .identity_store_id(&self.center.store)
            .user_id(user.as_str())
            .set_operations(Some(operations))
            .send()
            .await
            .map(drop)
            .map_err(|e| call_error(OPERATION, &e))
    }

    async fn delete_user(&self, user: &MirrorUserId) -> Result<(), CallError> {
        let answer = self
            .center
            .client
            .delete_user()
            .identity_store_id(&self.center.store)
            .user_id(user.as_str())
            .send()
            .await
            .map_err(|e| lookup_error("DeleteUser", &e));
        absent_as_none(answer).map(drop)
    }

    async fn create_group(
        &self,
        display_name: &str,
        mark: &str,
    ) -> Result<MirrorGroupId, CallError> {
        let answer = self
            .center
            .client
            .create_group()
            .identity_store_id(&self.center.store)
            .display_name(display_name)
            .description(mark)
            .send()
            .await
            .map_err(|e| call_error("CreateGroup", &e))?;
        mirror_group(answer.group_id)
    }

    async fn rename_group(&self, group: &MirrorGroupId, to: &str) -> Result<(), CallError> {
        const OPERATION: &str = "UpdateGroup";
        let name = set(OPERATION, "displayName", Document::String(to.to_owned()))?;
        self.center
            .client
            .update_group()
            .identity_store_id(&self.center.store)
            .group_id(group.as_str())
            .operations(name)
            .send()
            .await
            .map(drop)
            .map_err(|e| call_error(OPERATION, &e))
    }

    async fn delete_group(&self, group: &MirrorGroupId) -> Result<(), CallError> {
        let answer = self
            .center
            .client
            .delete_group()
            .identity_store_id(&self.center.store)
            .group_id(group.as_str())
            .send()
            .await
            .map_err(|e| lookup_error("DeleteGroup", &e));
        absent_as_none(answer).map(drop)
    }

    async fn add_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        let join = |user| async move { (user, self.join(group, user).await) };
        each(users, users.iter().map(join).collect()).await
    }

    async fn remove_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        let leave = |user| async move { (user, self.leave(group, user).await) };
        each(users, users.iter().map(leave).collect()).await
    }
}

/// Makes, or ends, memberships a few at a time: one that fails is in no other's way, unless no other
/// will fare better.
async fn each<'a, F: Future<Output = (&'a MirrorUserId, Result<(), CallError>)>>(
    users: &'a [MirrorUserId],
    calls: Vec<F>,
) -> Result<(), MembersLeft> {
    let mut left: BTreeSet<&MirrorUserId> = users.iter().collect();
    let mut failed = None;
    let mut calls = stream::iter(calls).buffer_unordered(CONCURRENCY);
    while let Some((user, ended)) = calls.next().await {
        match ended {
            Ok(()) => {
                left.remove(user);
            }
            Err(error) if error.kind.is_hopeless() => {
                failed = Some(error);
                break;
            }
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    let users = left.into_iter().cloned().collect();
    failed.map_or(Ok(()), |error| Err(MembersLeft { users, error }))
}

fn target_user(user: User) -> Result<(MirrorUserId, TargetUser), CallError> {
    let id = mirror_user("ListUsers", &user.user_id)?;
    let (given, family) =
        user.name.map_or((None, None), |name| (name.given_name, name.family_name));
    let email = user.emails.into_iter().flatten().next().and_then(|email| email.value);
    let person = MirrorPerson {
        user_name: user.user_name.unwrap_or_default(),
        display_name: user.display_name.unwrap_or_default(),
        given_name: given.unwrap_or_default(),
        family_name: family.unwrap_or_default(),
        email,
        enabled: user.user_status != Some(UserStatus::Disabled),
    };
    Ok((id, TargetUser { person, mark: user.profile_url }))
}

/// What differs, as attribute paths and values.
fn changes(from: &MirrorPerson, to: &MirrorPerson) -> Vec<(&'static str, Document)> {
    let text = |text: &str| Document::String(text.to_owned());
    let mut changes = Vec::new();
    for (path, old, new) in [
        ("userName", &from.user_name, &to.user_name),
        ("displayName", &from.display_name, &to.display_name),
        ("name.givenName", &from.given_name, &to.given_name),
        ("name.familyName", &from.family_name, &to.family_name),
    ] {
        if old != new {
            changes.push((path, text(new)));
        }
    }
    if let Some(address) = to.email.as_ref().filter(|_| from.email != to.email) {
        let email = [
            ("value".to_owned(), text(address)),
            ("type".to_owned(), text("work")),
            ("primary".to_owned(), Document::Bool(true)),
        ];
        changes.push(("emails", Document::Array(vec![Document::Object(email.into())])));
    }
    if from.enabled != to.enabled {
        let status = if to.enabled { UserStatus::Enabled } else { UserStatus::Disabled };
        changes.push(("userStatus", text(status.as_str())));
    }
    changes
}

fn set(
    operation: &'static str,
    path: &str,
    value: Document,
) -> Result<AttributeOperation, CallError> {
    AttributeOperation::builder()
        .attribute_path(path)
        .attribute_value(value)
        .build()
        .map_err(|e| unreadable(SERVICE, operation, e.to_string()))
}

fn mirror_user(operation: &'static str, id: &str) -> Result<MirrorUserId, CallError> {
    MirrorUserId::parse(id).map_err(|e| unreadable(SERVICE, operation, e.to_string()))
}

fn mirror_group(id: String) -> Result<MirrorGroupId, CallError> {
    MirrorGroupId::parse(id).map_err(|e| unreadable(SERVICE, "ListGroups", e.to_string()))
}
