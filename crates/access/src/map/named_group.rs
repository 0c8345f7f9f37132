//! Groups that the map names where it says who may do what with Stagedoor itself.

use super::check::Item;
use super::decode::Known;
use super::diagnostic::Reporter;
use super::{AccessMap, Directories, GroupKey, Place};
use crate::ids::PersonId;
use crate::snapshot::{Group, Snapshot};

/// A group of one directory, by its display name. Whoever keeps another directory may call a group
/// there as they like: it is not this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedGroup {
    /// Display name, compared exactly.
    pub name: String,
    /// Which directory it is of, by its place in the order of precedence.
    pub source: usize,
}

impl NamedGroup {
    /// Whether the person is admitted and in it.
    pub fn has(&self, directories: &Directories, snapshot: &Snapshot, person: &PersonId) -> bool {
        let mut groups = self.groups(directories, snapshot);
        snapshot.admits(person) && groups.any(|group| group.members.contains(person))
    }

    /// Whether its directory has it, by a reading of everybody.
    pub fn is_there(&self, directories: &Directories, snapshot: &Snapshot) -> bool {
        self.groups(directories, snapshot).next().is_some()
    }

    /// How it is looked for.
    pub fn key(&self) -> GroupKey<'_> {
        GroupKey::Name(&self.name, Some(self.source))
    }

    fn groups<'s>(
        &self,
        directories: &Directories,
        snapshot: &'s Snapshot,
    ) -> impl Iterator<Item = &'s Group> {
        snapshot.groups.values().filter(|group| self.key().fits(directories, group))
    }
}

impl AccessMap {
    /// Every group that may do something with Stagedoor itself, and where the map says so.
    pub fn named_groups(&self) -> impl Iterator<Item = (&NamedGroup, &Place)> {
        let admins = self.administration.iter().map(|it| (&it.group, &it.place));
        let requests = self.temporary_access.requests.iter().flat_map(|rule| {
            std::iter::once(&rule.group).chain(&rule.approvers).map(|group| (group, &rule.place))
        });
        let break_glass = self.temporary_access.break_glass.iter();
        admins.chain(requests).chain(break_glass.map(|rule| (&rule.group, &rule.place)))
    }
}

/// Decodes the group that one field names, of the directory that another may name: of the first, if
/// it does not.
pub(super) fn named_group(
    name: &Item,
    directory: Option<&Item>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<NamedGroup> {
    let source = match directory {
        None => 0,
        Some(item) => known.directories.place_of(item, reporter)?,
    };
    Some(NamedGroup { name: name.text()?.to_owned(), source })
}
