//! Who may see and do what in the admin screens and in the API: which groups have which role.

use super::check::Item;
use super::decode::Known;
use super::diagnostic::Reporter;
use super::named_group::named_group;
use super::{AccessMap, NamedGroup, Place};
use crate::ids::PersonId;
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A group whose people have a role in the admin screens and in the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administration {
    /// Which group.
    pub group: NamedGroup,
    /// What its people may see and do.
    pub role: AdminRole,
    /// Where the map says so.
    pub place: Place,
}

/// What somebody may see and do in the admin screens and in the API. Each has what those before it
/// have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminRole {
    /// Sees who has what, the plan and the state of everything.
    Reader,
    /// Sees the audit log, sign-ins and what people did, too.
    Auditor,
    /// Does everything that changes something, too.
    Admin,
}

impl AdminRole {
    /// Every one with its name in the map.
    pub const ALL: [(&'static str, Self); 3] =
        [("reader", Self::Reader), ("auditor", Self::Auditor), ("admin", Self::Admin)];

    /// Its name in the map.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for AdminRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AccessMap {
    /// The role that a person's groups give, by a reading that speaks for that person: of several
    /// the one that may most.
    pub fn role_in(&self, snapshot: &Snapshot, person: &PersonId) -> Option<AdminRole> {
        let is_in = |group: &NamedGroup| group.has(&self.directories, snapshot, person);
        let given = self.administration.iter().filter(|given| is_in(&given.group));
        given.map(|given| given.role).max()
    }
}

/// Decodes the groups in their order. One is absent only if something of it was reported.
pub(super) fn administration(
    items: &[Item],
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Vec<Administration> {
    let one = |item: &Item| {
        let role = item.field("role")?.text()?;
        Some(Administration {
            group: named_group(item.field("group")?, item.field("directory"), known, reporter)?,
            role: AdminRole::ALL.iter().find(|(name, _)| *name == role)?.1,
            place: reporter.place(item.at),
        })
    };
    items.iter().filter_map(one).collect()
}
