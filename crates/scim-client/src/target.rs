//! The endpoint as a directory to mirror into.

use crate::http::{BadEndpoint, Endpoint, Method};
use crate::words::{
    group, group_id, members, read_group, read_user, renamed, unreadable, user, user_changes,
    user_id,
};
use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{MAX_MEMBERS, Mark, MirrorPerson, TargetReading};
use async_trait::async_trait;
use control::ports::{CallError, FailureKind, KeptSecret, MembersLeft, MirrorTarget};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a segment of a path, or a value in a query, may have as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// The most pages that a list may have: a million users.
const MOST_PAGES: usize = 10_000;

/// Identity Center over SCIM.
#[derive(Debug, Clone)]
pub struct ScimTarget {
    endpoint: Endpoint,
}

impl ScimTarget {
    /// The endpoint at this address, as Identity Center's settings show it. Its token is read when it
    /// is needed first, and again where it is refused.
    ///
    /// # Errors
    /// The address will not do.
    pub fn new(address: &str, token: Arc<dyn KeptSecret>) -> Result<Self, BadEndpoint> {
        Ok(Self { endpoint: Endpoint::new(address, token)? })
    }

    /// Every resource of a list, page after page.
    async fn list(
        &self,
        operation: &'static str,
        kind: &str,
        filter: Option<&str>,
    ) -> Result<Vec<Value>, CallError> {
        let filter = filter
            .map(|filter| format!("&filter={}", utf8_percent_encode(filter, PLAIN)))
            .unwrap_or_default();
        // The first page is asked for with an empty cursor; without one there are no pages.
        let mut page = "cursor".to_owned();
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for _ in 0..MOST_PAGES {
            let path = format!("/{kind}?{page}&count=100{filter}");
            let mut answer = self.endpoint.call(operation, Method::Get, path, None).await?;
            let Some(Value::Array(resources)) = answer.get_mut("Resources").map(Value::take) else {
                return Err(unreadable(operation, "the answer has no `Resources`"));
            };
            found.extend(resources);
            let next = answer.get("nextCursor").and_then(Value::as_str).unwrap_or_default();
            if next.is_empty() {
                let total = answer.get("totalResults").and_then(Value::as_u64);
                if total.is_some_and(|total| total > found.len() as u64) {
                    return Err(unreadable(operation, "the endpoint gives only the first page"));
                }
                return Ok(found);
            }
            if !seen.insert(next.to_owned()) {
                return Err(unreadable(operation, "the same cursor came twice"));
            }
            page = format!("cursor={}", utf8_percent_encode(next, PLAIN));
        }
        Err(unreadable(operation, "the list does not end"))
    }

    async fn patch(
        &self,
        operation: &'static str,
        path: String,
        body: &Value,
    ) -> Result<(), CallError> {
        self.endpoint.call(operation, Method::Patch, path, Some(body)).await.map(drop)
    }

    async fn delete(&self, operation: &'static str, path: String) -> Result<(), CallError> {
        match self.endpoint.call(operation, Method::Delete, path, None).await {
            Err(error) if error.kind == FailureKind::NotFound => Ok(()),
            other => other.map(drop),
        }
    }

    async fn change_members(
        &self,
        op: &str,
        to: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        for (number, some) in users.chunks(MAX_MEMBERS).enumerate() {
            let patched = self.patch("PatchGroup", group_path(to), &members(op, some)).await;
            let left = || users.iter().skip(number * MAX_MEMBERS).cloned().collect();
            patched.map_err(|error| MembersLeft { users: left(), error })?;
        }
        Ok(())
    }
}

fn user_path(id: &MirrorUserId) -> String {
    format!("/Users/{}", utf8_percent_encode(id.as_str(), PLAIN))
}

fn group_path(id: &MirrorGroupId) -> String {
    format!("/Groups/{}", utf8_percent_encode(id.as_str(), PLAIN))
}

#[async_trait]
impl MirrorTarget for ScimTarget {
    fn place(&self) -> String {
        self.endpoint.address().to_owned()
    }

    async fn reach(&self) -> Result<(), CallError> {
        let path = "/Groups?cursor&count=100".to_owned();
        self.endpoint.call("ListGroups", Method::Get, path, None).await.map(drop)
    }

    async fn read(&self, mark: &Mark) -> Result<TargetReading, CallError> {
        let mut users = BTreeMap::new();
        for user in self.list("ListUsers", "Users", None).await? {
            let (id, user) = read_user("ListUsers", &user)?;
            users.insert(id, user);
        }
        let mut groups = BTreeMap::new();
        for group in self.list("ListGroups", "Groups", None).await? {
            let (id, mut group) = read_group("ListGroups", &group)?;
            if mark.is_on(group.mark.as_deref()) {
                // Groups show no members.
                let filter = format!("groups.value eq \"{id}\"");
                let members = self.list("ListUsers", "Users", Some(&filter)).await?;
                let members = members.iter().map(|user| user_id("ListUsers", user));
                group.members = Some(members.collect::<Result<_, _>>()?);
            }
            groups.insert(id, group);
        }
        Ok(TargetReading { users, groups })
    }

    async fn create_user(
        &self,
        person: &MirrorPerson,
        mark: &str,
    ) -> Result<MirrorUserId, CallError> {
        const OPERATION: &str = "CreateUser";
        let body = user(person, mark);
        let path = "/Users".to_owned();
        let made = self.endpoint.call(OPERATION, Method::Post, path, Some(&body)).await?;
        user_id(OPERATION, &made)
    }

    async fn update_user(
        &self,
        user: &MirrorUserId,
        from: &MirrorPerson,
        to: &MirrorPerson,
    ) -> Result<(), CallError> {
        match user_changes(from, to) {
            Some(changes) => self.patch("PatchUser", user_path(user), &changes).await,
            None => Ok(()),
        }
    }

    async fn delete_user(&self, user: &MirrorUserId) -> Result<(), CallError> {
        self.delete("DeleteUser", user_path(user)).await
    }

    async fn create_group(
        &self,
        display_name: &str,
        mark: &str,
    ) -> Result<MirrorGroupId, CallError> {
        const OPERATION: &str = "CreateGroup";
        let body = group(display_name, mark);
        let path = "/Groups".to_owned();
        let made = self.endpoint.call(OPERATION, Method::Post, path, Some(&body)).await?;
        group_id(OPERATION, &made)
    }

    async fn rename_group(&self, group: &MirrorGroupId, to: &str) -> Result<(), CallError> {
        self.patch("PatchGroup", group_path(group), &renamed(to)).await
    }

    async fn delete_group(&self, group: &MirrorGroupId) -> Result<(), CallError> {
        self.delete("DeleteGroup", group_path(group)).await
    }

    async fn add_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        self.change_members("add", group, users).await
    }

    async fn remove_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft> {
        self.change_members("remove", group, users).await
    }
}
