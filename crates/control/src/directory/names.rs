//! Ids of several directories: those of the first as they are, those of each further one with its
//! name before them.

use crate::ports::{CallError, FailureKind};
use access::ids::{DirectoryName, GroupId, InvalidId, MembershipId, PersonId};
use sha2::{Digest, Sha256};

/// How ids of directories are told apart.
#[derive(Debug, Clone)]
pub(super) struct Names {
    names: Vec<DirectoryName>,
    /// Of each further directory what its ids begin with.
    prefixes: Vec<String>,
}

impl Names {
    pub(super) fn new(names: Vec<DirectoryName>) -> Self {
        let prefixes = names.iter().skip(1).map(|name| format!("{name}:")).collect();
        Self { names, prefixes }
    }

    /// What the directory is called.
    pub(super) fn name(&self, part: usize) -> &str {
        self.names.get(part).map_or("", DirectoryName::as_str)
    }

    /// Which directory the name is of.
    pub(super) fn part(&self, name: &DirectoryName) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Which directory an id is of, and what that one calls it.
    pub(super) fn split<'i>(&self, id: &'i str) -> (usize, &'i str) {
        let further = self.prefixes.iter().zip(1..);
        let mut own =
            further.filter_map(|(prefix, part)| Some((part, id.strip_prefix(&**prefix)?)));
        own.next().unwrap_or((0, id))
    }

    /// The directory of a person, and their id there; `None` if no directory has such ids.
    pub(super) fn person(&self, id: &PersonId) -> Option<(usize, PersonId)> {
        let (part, local) = self.split(id.as_str());
        Some((part, PersonId::parse(local).ok()?))
    }

    /// The same of a group.
    pub(super) fn group(&self, id: &GroupId) -> Option<(usize, GroupId)> {
        let (part, local) = self.split(id.as_str());
        Some((part, GroupId::parse(local).ok()?))
    }

    /// What all of Stagedoor calls a person of a directory.
    pub(super) fn of_person(&self, part: usize, id: &PersonId) -> Result<PersonId, CallError> {
        if part == 0 && self.split(id.as_str()).0 == 0 {
            return Ok(id.clone());
        }
        PersonId::parse(self.outside(part, id.as_str())?).map_err(|why| self.bad(part, &why))
    }

    /// What all of Stagedoor calls a group of a directory.
    pub(super) fn of_group(&self, part: usize, id: &GroupId) -> Result<GroupId, CallError> {
        GroupId::parse(self.outside(part, id.as_str())?).map_err(|why| self.bad(part, &why))
    }

    /// What all of Stagedoor calls a membership of a directory. It is only ever compared, so one
    /// that would be too long is hashed.
    pub(super) fn of_membership(
        &self,
        part: usize,
        id: &MembershipId,
    ) -> Result<MembershipId, CallError> {
        let outside = self.outside(part, id.as_str())?;
        if let Ok(id) = MembershipId::parse(&outside) {
            return Ok(id);
        }
        let hash = hex::encode(Sha256::digest(outside));
        let short = format!("{}:sha256:{hash}", self.name(part));
        MembershipId::parse(short).map_err(|why| self.bad(part, &why))
    }

    fn outside(&self, part: usize, id: &str) -> Result<String, CallError> {
        let Some(before) = part.checked_sub(1) else {
            return match self.split(id) {
                (0, _) => Ok(id.to_owned()),
                // It would be taken for somebody of the other directory.
                (other, _) => Err(refused(format!(
                    "the directory `{}` has the id `{id}`, which begins with the name of the \
                     directory `{}`: give that one another name in the map",
                    self.name(0),
                    self.name(other)
                ))),
            };
        };
        Ok(format!("{}{id}", self.prefixes.get(before).map_or("", String::as_str)))
    }

    fn bad(&self, part: usize, why: &InvalidId) -> CallError {
        refused(format!("the directory `{}`: {why}", self.name(part)))
    }
}

/// Several directories cannot be one.
pub(super) fn refused(message: String) -> CallError {
    CallError {
        service: "directory",
        operation: "Combine",
        kind: FailureKind::Rejected,
        aws_code: None,
        message,
    }
}
