//! The items of a group.

use crate::dynamodb::change::Record;
use crate::dynamodb::item::{Damaged, Item};
use crate::dynamodb::keys::{AT, Key, LOOKUP, PK, SK};
use access::ids::{GroupId, MembershipId, PersonId};
use control::ports::{GroupReading, KEPT_DAYS};
use jiff::{SignedDuration, Timestamp};

/// The partition of all groups.
pub(super) const GROUPS: &str = "groups";

const GROUP: &str = "group#";

/// A group as the last complete reading found it, or that an event told of (without a name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) name: Option<String>,
    pub(super) was_read: bool,
    /// Since when it has been missing, in microseconds.
    pub(super) gone: Option<i64>,
    /// Its partition may hold memberships.
    pub(super) has_members: bool,
}

impl Group {
    pub(super) fn told(id: &GroupId) -> Self {
        Self { id: id.clone(), name: None, was_read: false, gone: None, has_members: true }
    }

    pub(super) fn found(old: Option<&Self>, id: &GroupId, reading: &GroupReading) -> Self {
        Self {
            id: id.clone(),
            name: Some(reading.display_name.clone()),
            was_read: reading.members.is_some(),
            gone: None,
            has_members: reading.members.is_some() || old.is_some_and(|old| old.has_members),
        }
    }
}

impl Record for Group {
    fn read(item: &Item) -> Result<Self, Damaged> {
        Ok(Self {
            id: item.parsed(SK, GroupId::parse)?,
            name: item.opt_text("name").map(str::to_owned),
            was_read: item.flag("was-read"),
            gone: item.opt_number("gone")?,
            has_members: item.flag("has-members"),
        })
    }

    fn write(&self) -> Item {
        Item::at(&group_key(&self.id))
            .with_opt_text("name", self.name.as_deref())
            .with_flag("was-read", self.was_read)
            .with_opt_number("gone", self.gone)
            .with_flag("has-members", self.has_members)
    }
}

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) group: GroupId,
    pub(super) id: MembershipId,
    pub(super) person: PersonId,
    /// No complete reading has found it yet.
    pub(super) told: bool,
    /// Since when complete readings have not found it, in microseconds.
    pub(super) gone: Option<i64>,
}

impl Record for Member {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let group = item.text(PK)?.strip_prefix(GROUP);
        let group = group.and_then(|group| GroupId::parse(group).ok());
        Ok(Self {
            group: group.ok_or(Damaged { attribute: PK })?,
            id: item.parsed(SK, MembershipId::parse)?,
            person: item.parsed("person", PersonId::parse)?,
            told: item.flag("told"),
            gone: item.opt_number("gone")?,
        })
    }

    fn write(&self) -> Item {
        let item = Item::at(&member_key(&self.group, &self.id))
            .with_text("person", self.person.as_str())
            .with_flag("told", self.told)
            .with_opt_number("gone", self.gone)
            .with_text(LOOKUP, lookup(&self.id))
            .with_number(AT, 0_i64);
        // Should no reading come to forget it.
        let gone = self.gone.and_then(|gone| Timestamp::from_microsecond(gone).ok());
        let kept = SignedDuration::from_hours(24 * (KEPT_DAYS + 1));
        match gone.and_then(|gone| gone.checked_add(kept).ok()) {
            Some(until) => item.with_ttl(until),
            None => item,
        }
    }
}

pub(super) fn group_key(group: &GroupId) -> Key {
    Key::new(GROUPS, group.as_str())
}

pub(super) fn partition(group: &GroupId) -> String {
    format!("{GROUP}{group}")
}

pub(super) fn member_key(group: &GroupId, id: &MembershipId) -> Key {
    Key::new(partition(group), id.as_str())
}

/// The partition of the index in which a membership is found.
pub(super) fn lookup(id: &MembershipId) -> String {
    format!("membership#{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_as_they_are_written() {
        let id = GroupId::parse("g1").unwrap();
        let told = Group::told(&id);
        let named =
            Group { name: Some(String::new()), was_read: true, gone: Some(-1), ..told.clone() };
        for group in [told, named] {
            assert_eq!(Group::read(&group.write()), Ok(group));
        }
        let (id, person) = (MembershipId::parse("m1").unwrap(), PersonId::parse("ada").unwrap());
        let member =
            Member { group: GroupId::parse("g1").unwrap(), id, person, told: true, gone: Some(7) };
        assert_eq!(Member::read(&member.write()), Ok(member));
    }
}
