//! The row of a profile, and what follows from it.

use super::SHARDS;
use crate::dynamodb::change::{Change, Record, Turn};
use crate::dynamodb::claims::kept;
use crate::dynamodb::item::{Damaged, Item};
use crate::dynamodb::keys::{Key, PK, SK, shard};
use crate::dynamodb::wire::{Over, Step};
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use control::ports::{IndexedProfile, Intent, Leaving};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;

/// The partition of what the guard counts.
pub(super) const LEAVING: &str = "leaving";

/// How many rows a shard has.
pub(super) const OWNED: &str = "number";

/// Which rows a person may have: a set of places.
pub(super) const ROWS: &str = "rows";

const PROFILE: &str = "profile#";

/// A profile by domain and case-folded name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Where {
    pub(super) domain: DomainId,
    pub(super) folded: String,
}

impl Where {
    pub(super) fn new(domain: &DomainId, name: &ProfileName) -> Self {
        Self { domain: domain.clone(), folded: name.folded().to_string() }
    }

    pub(super) fn of(intent: &Intent) -> Self {
        Self::new(&intent.domain, &intent.profile)
    }

    /// Reads what `Display` wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (domain, folded) = text.split_once('#')?;
        Some(Self { domain: DomainId::parse(domain).ok()?, folded: folded.to_owned() })
    }

    pub(super) fn shard(&self) -> u32 {
        shard(&self.folded, SHARDS)
    }

    pub(super) fn key(&self) -> Key {
        Key::new(partition(&self.domain, self.shard()), format!("{PROFILE}{}", self.folded))
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.domain, self.folded)
    }
}

/// The partition of a shard of a domain.
pub(super) fn partition(domain: &DomainId, shard: u32) -> String {
    format!("profiles#{domain}#{shard}")
}

/// Where it is counted how many rows the shard has.
pub(super) fn owned_key(domain: &DomainId, shard: u32) -> Key {
    Key::new(partition(domain, shard), "owned")
}

/// Where it says which rows a person may have.
pub(super) fn person_key(person: &PersonId) -> Key {
    Key::new(format!("person#{person}"), "profiles")
}

/// A profile of ours. Times in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) at: Where,
    pub(super) name: ProfileName,
    pub(super) person: PersonId,
    pub(super) team: TeamKey,
    pub(super) leaving_since: Option<i64>,
    pub(super) agreed: bool,
    /// It is gone, and stays as long as the guard counts it.
    pub(super) gone: bool,
    /// The pass that is about to put it on its way out.
    pub(super) intent: Option<String>,
    /// Of the last change.
    pub(super) number: u64,
}

impl Row {
    /// The row with what the intent knows.
    pub(super) fn known(old: Option<Self>, intent: &Intent, number: u64) -> Self {
        let Intent { profile: name, person, team, .. } = intent.clone();
        let number = old.as_ref().map_or(number, |row| row.number.max(number));
        match old {
            Some(row) => Self { name, person, team, gone: false, number, ..row },
            None => Self {
                at: Where::of(intent),
                name,
                person,
                team,
                leaving_since: None,
                agreed: false,
                gone: false,
                intent: None,
                number,
            },
        }
    }

    /// Whether the guard counts it that has forgotten what began until then.
    pub(super) fn is_counted(&self, uncounted: i64) -> bool {
        !self.agreed && self.leaving_since.is_some_and(|since| since > uncounted)
    }

    pub(super) fn indexed(self) -> IndexedProfile {
        let since = self.leaving_since.and_then(|since| Timestamp::from_microsecond(since).ok());
        IndexedProfile {
            name: self.name,
            person: self.person,
            team: self.team,
            leaving_since: since,
            agreed: self.agreed,
        }
    }

    /// The entry of the guard's list, if it has one.
    fn entry(&self) -> Option<Item> {
        let since = self.leaving_since.filter(|_| !self.agreed)?;
        let until = Timestamp::from_microsecond(since).map_or(Timestamp::MAX, kept);
        Some(
            Item::at(&Key::new(LEAVING, self.at.to_string()))
                .with_text("domain", self.at.domain.as_str())
                .with_text("name", self.name.as_str())
                .with_number("since", since)
                .with_flag("gone", self.gone)
                .with_ttl(until),
        )
    }
}

/// An entry of the guard's list, with its time in microseconds.
pub(super) fn counted(item: &Item) -> Result<(i64, Leaving), Damaged> {
    let leaving = Leaving {
        domain: item.parsed("domain", DomainId::parse)?,
        profile: item.parsed("name", ProfileName::parse)?,
        since: item.time("since")?,
        gone: item.flag("gone"),
    };
    Ok((item.number("since")?, leaving))
}

impl Record for Row {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let domain = item.text(PK)?.split('#').nth(1).and_then(|id| DomainId::parse(id).ok());
        let folded = item.text(SK)?.strip_prefix(PROFILE);
        let at = Where {
            domain: domain.ok_or(Damaged { attribute: PK })?,
            folded: folded.ok_or(Damaged { attribute: SK })?.to_owned(),
        };
        Ok(Self {
            at,
            name: item.parsed("name", ProfileName::parse)?,
            person: item.parsed("person", PersonId::parse)?,
            team: item.parsed("team", TeamKey::parse)?,
            leaving_since: item.opt_number("leaving-since")?,
            agreed: item.flag("agreed"),
            gone: item.flag("gone"),
            intent: item.opt_text("intent").map(str::to_owned),
            number: item.number("number")?,
        })
    }

    fn write(&self) -> Item {
        Item::at(&self.at.key())
            .with_text("name", self.name.as_str())
            .with_text("person", self.person.as_str())
            .with_text("team", self.team.as_str())
            .with_opt_number("leaving-since", self.leaving_since)
            .with_flag("agreed", self.agreed)
            .with_flag("gone", self.gone)
            .with_opt_text("intent", self.intent.as_deref())
            .with_number("number", self.number)
    }
}

/// The change from `old` to `new`, with what follows from it.
pub(super) fn with<O>(old: Option<&Row>, new: Option<Row>, outcome: O) -> Turn<Row, O> {
    if old == new.as_ref() {
        return Turn::alone(Change::Keep, outcome);
    }
    let mut along = Vec::new();
    let Some(at) = old.or(new.as_ref()).map(|row| row.at.clone()) else {
        return Turn::alone(Change::Keep, outcome);
    };
    let is_there = |row: Option<&Row>| i64::from(row.is_some_and(|row| !row.gone));
    let more = is_there(new.as_ref()) - is_there(old);
    if more != 0 {
        along.push(Step::Count(owned_key(&at.domain, at.shard()), OWNED, more));
    }
    let person = new.as_ref().map(|row| &row.person);
    if let Some(person) = person.filter(|person| old.map(|row| &row.person) != Some(*person)) {
        let places = BTreeSet::from([at.to_string()]);
        along.push(Step::AddTexts(person_key(person), ROWS, places));
    }
    let (before, after) = (old.and_then(Row::entry), new.as_ref().and_then(Row::entry));
    if before != after {
        along.push(match after {
            Some(entry) => Step::Put(entry, Over::Anything),
            None => Step::Delete(Key::new(LEAVING, at.to_string()), Over::Anything),
        });
    }
    let change = new.map_or(Change::Delete, Change::Put);
    Turn { change, along, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(leaving_since: Option<i64>) -> Row {
        let name = ProfileName::parse("Ada--fraud").unwrap();
        Row {
            at: Where::new(&DomainId::parse("d-research").unwrap(), &name),
            name,
            person: PersonId::parse("ada").unwrap(),
            team: TeamKey::parse("fraud").unwrap(),
            leaving_since,
            agreed: false,
            gone: false,
            intent: Some("pass".into()),
            number: 7,
        }
    }

    #[test]
    fn rows_and_places_are_read_as_they_are_written() {
        for row in [row(None), Row { intent: None, gone: true, ..row(Some(-5)) }] {
            assert_eq!(Row::read(&row.write()), Ok(row.clone()));
            assert_eq!(Where::parse(&row.at.to_string()), Some(row.at));
        }
    }

    #[test]
    fn what_follows_from_a_row_changes_with_it_and_not_else() {
        let along = |old: Option<&Row>, new: Option<Row>| with(old, new, ()).along.len();
        assert_eq!(along(None, Some(row(None))), 2, "counted, and found by person");
        assert_eq!(along(None, Some(row(Some(1)))), 3, "and in the guard's list");
        assert_eq!(along(Some(&row(None)), Some(row(Some(1)))), 1);
        assert_eq!(along(Some(&row(Some(1))), Some(Row { agreed: true, ..row(Some(1)) })), 1);
        assert_eq!(along(Some(&row(None)), Some(Row { number: 8, ..row(None) })), 0);
        assert_eq!(along(Some(&row(Some(1))), None), 2);
        assert_eq!(with(Some(&row(None)), Some(row(None)), ()).change, Change::Keep);
    }
}
