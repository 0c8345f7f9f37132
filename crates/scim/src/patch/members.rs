//! What a PATCH does to the members of a group, as its net effect (RFC 7644 section 3.5.2).

use std::collections::{BTreeMap, BTreeSet};

use crate::bounds::MAX_MEMBERS;
use crate::error::ScimError;
use crate::resource::{Member, ResourceKind};

/// The net effect of a row of operations on the members of a group.
///
/// If `replace` holds, the group has exactly `add` afterwards, and `remove` is empty. Otherwise `remove` is taken away and `add` put in; nobody is in
/// both. Who is to be added and is a member, or to be removed and is none, stays so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberChanges {
    /// Whether what was there before goes.
    pub replace: bool,
    /// Who is a member afterwards, with what the client says that it is.
    pub add: BTreeMap<String, Option<ResourceKind>>,
    /// Who is none afterwards.
    pub remove: BTreeSet<String>,
}

impl MemberChanges {
    /// Whether nothing changes, whoever is in the group.
    pub fn is_empty(&self) -> bool {
        !self.replace && self.add.is_empty() && self.remove.is_empty()
    }

    /// Changes a set of ids.
    pub fn apply_to(&self, members: &mut BTreeSet<String>) {
        if self.replace {
            members.clear();
        }
        members.retain(|id| !self.remove.contains(id));
        members.extend(self.add.keys().cloned());
    }

    pub(super) fn add(&mut self, members: Vec<Member>) -> Result<(), ScimError> {
        for member in members {
            self.remove.remove(&member.id);
            self.add.insert(member.id, member.kind);
        }
        self.check()
    }

    pub(super) fn remove(&mut self, ids: Vec<String>) -> Result<(), ScimError> {
        for id in ids {
            self.add.remove(&id);
            if !self.replace {
                self.remove.insert(id);
            }
        }
        self.check()
    }

    pub(super) fn remove_all(&mut self) {
        *self = Self { replace: true, ..Self::default() };
    }

    pub(super) fn replace(&mut self, members: Vec<Member>) -> Result<(), ScimError> {
        self.remove_all();
        self.add(members)
    }

    fn check(&self) -> Result<(), ScimError> {
        if self.add.len() + self.remove.len() > MAX_MEMBERS {
            let detail = format!("a request may name {MAX_MEMBERS} members");
            return Err(ScimError::too_many(detail));
        }
        Ok(())
    }
}
