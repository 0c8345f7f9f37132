//! One item of the queue.

use crate::dynamodb::change::Record;
use crate::dynamodb::item::{Damaged, Item};
use crate::dynamodb::keys::{AT, Key, LOOKUP, PK, shard};
use access::ids::PersonId;
use control::ports::WorkKey;

/// Into how many partitions the index spreads the people. A partition takes a thousand writes a
/// second, and a wake-up's life costs the index five; so many are four hundred people a second for
/// each, while every look costs two queries for each.
pub(super) const SHARDS: u32 = 4;

const SK: &str = "work";
const EVERYTHING: &str = "everything";
const PERSON: &str = "work#";

/// Somebody or everything that waits to be read again. Times in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) key: WorkKey,
    pub(super) since: i64,
    pub(super) due: i64,
    pub(super) tries: u32,
    /// Who is at it.
    pub(super) lease: Option<Held>,
    /// It was pushed meanwhile.
    pub(super) again: Option<Again>,
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) number: u64,
    pub(super) owner: String,
    pub(super) until: i64,
}

/// What was pushed while somebody was at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) due: i64,
    pub(super) since: i64,
}

impl Waiting {
    /// What it is after a push; `None`: what it was.
    pub(super) fn pushed(old: Option<Self>, key: Option<&WorkKey>, due: i64) -> Option<Self> {
        let Some(old) = old else {
            let (key, since) = (key?.clone(), due);
            return Some(Self { key, since, due, tries: 0, lease: None, again: None });
        };
        // Whoever is at it has read already: it is due once more afterwards.
        let new = if old.lease.is_some() {
            let Again { due: first, since } = old.again.unwrap_or(Again { due, since: due });
            let again = Again { due: first.min(due), since: since.min(due) };
            Self { again: Some(again), ..old.clone() }
        } else {
            Self { since: old.since.min(due), due: old.due.min(due), ..old.clone() }
        };
        (new != old).then_some(new)
    }

    /// Whether it can be taken.
    pub(super) fn is_free(&self, now: i64) -> bool {
        self.due <= now && self.lease.as_ref().is_none_or(|held| held.until <= now)
    }

    /// With a lease that lasts no longer than until then, if it does.
    pub(super) fn capped(&self, until: i64) -> Option<Self> {
        let held = self.lease.clone().filter(|held| held.until > until)?;
        Some(Self { lease: Some(Held { until, ..held }), ..self.clone() })
    }
}

impl Record for Waiting {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let key = match item.text(PK)? {
            EVERYTHING => WorkKey::Everything,
            person => {
                let id = person.strip_prefix(PERSON).and_then(|id| PersonId::parse(id).ok());
                WorkKey::Person(id.ok_or(Damaged { attribute: PK })?)
            }
        };
        let lease = match item.opt_number("lease")? {
            None => None,
            Some(number) => Some(Held {
                number,
                owner: item.text("owner")?.to_owned(),
                until: item.number("until")?,
            }),
        };
        let again = match item.opt_number("again")? {
            None => None,
            Some(due) => Some(Again { due, since: item.number("again-since")? }),
        };
        Ok(Self {
            key,
            since: item.number("since")?,
            due: item.number("due")?,
            tries: item.number("tries")?,
            lease,
            again,
        })
    }

    fn write(&self) -> Item {
        let held = self.lease.as_ref();
        let item = Item::at(&key_of(&self.key))
            .with_number("since", self.since)
            .with_number("due", self.due)
            .with_number("tries", self.tries)
            .with_opt_number("lease", held.map(|held| held.number))
            .with_opt_text("owner", held.map(|held| held.owner.as_str()))
            .with_opt_number("until", held.map(|held| held.until))
            .with_opt_number("again", self.again.map(|again| again.due))
            .with_opt_number("again-since", self.again.map(|again| again.since));
        let WorkKey::Person(person) = &self.key else { return item };
        let shard = shard(person.as_str(), SHARDS);
        match held {
            Some(held) => item.with_text(LOOKUP, leased_in(shard)).with_number(AT, held.until),
            None => item.with_text(LOOKUP, waiting_in(shard)).with_number(AT, self.due),
        }
    }
}

/// Where the item is.
pub(super) fn key_of(key: &WorkKey) -> Key {
    match key {
        WorkKey::Everything => Key::new(EVERYTHING, SK),
        WorkKey::Person(person) => Key::new(format!("{PERSON}{person}"), SK),
    }
}

/// The partition of the index with the people who wait.
pub(super) fn waiting_in(shard: u32) -> String {
    format!("work#{shard}")
}

/// The partition of the index with the people whom somebody is at.
pub(super) fn leased_in(shard: u32) -> String {
    format!("leased#{shard}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(since: i64, due: i64) -> Waiting {
        let key = WorkKey::Person(PersonId::parse("ada").unwrap());
        Waiting { key, since, due, tries: 0, lease: None, again: None }
    }

    fn held(until: i64) -> Held {
        Held { number: 7, owner: "me".into(), until }
    }

    #[test]
    fn items_are_read_as_they_are_written() {
        let everything = Waiting { key: WorkKey::Everything, ..ada(1, 2) };
        let again = Some(Again { due: 3, since: 4 });
        for waiting in [everything, ada(1, 2), Waiting { lease: Some(held(9)), again, ..ada(1, 2) }]
        {
            assert_eq!(Waiting::read(&waiting.write()), Ok(waiting));
        }
    }

    #[test]
    fn the_index_has_who_waits_by_due_time_and_who_is_leased_by_its_end() {
        let lookup = |waiting: Waiting| {
            let item = waiting.write();
            (item.opt_text(LOOKUP).map(str::to_owned), item.opt_number::<i64>(AT).unwrap())
        };
        assert_eq!(lookup(ada(1, 2)), (Some("work#2".into()), Some(2)));
        let leased = Waiting { lease: Some(held(9)), ..ada(1, 2) };
        assert_eq!(lookup(leased), (Some("leased#2".into()), Some(9)));
        let everything = Waiting { key: WorkKey::Everything, ..ada(1, 2) };
        assert_eq!(lookup(everything), (None, None));
    }

    #[test]
    fn a_push_that_changes_nothing_is_no_write() {
        let key = WorkKey::Everything;
        let pushed = |old: &Waiting, due| Waiting::pushed(Some(old.clone()), Some(&key), due);
        assert_eq!(pushed(&ada(1, 5), 5), None);
        assert_eq!(pushed(&ada(1, 5), 4), Some(ada(1, 4)));
        assert_eq!(pushed(&ada(3, 1), 2), Some(ada(2, 1)));
        let leased = Waiting { lease: Some(held(9)), ..ada(1, 2) };
        let again = Waiting { again: Some(Again { due: 8, since: 8 }), ..leased.clone() };
        assert_eq!(pushed(&leased, 8), Some(again.clone()));
        assert_eq!(pushed(&again, 9), None);
    }
}
