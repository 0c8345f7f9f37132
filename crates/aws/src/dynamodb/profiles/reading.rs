//! What a reading of a domain makes of the index.

use super::row::{Row, Where, partition, with};
use super::{Mark, SHARDS, counted_after};
use crate::dynamodb::DynamoStore;
use crate::dynamodb::change::{Change, Manner, Record as _, Turn};
use crate::dynamodb::failure::damaged;
use crate::dynamodb::item::{Item, floor};
use crate::dynamodb::keys::Key;
use crate::dynamodb::wire::{Query, Sort};
use access::observed::AuthMode;
use control::ports::{IndexReading, IndexedProfile, StoreError, Ticket, UNDER_WAY};
use std::collections::{BTreeMap, BTreeSet};

const READ: &str = "take over a reading";

impl DynamoStore {
    pub(super) async fn take_reading(
        &self,
        reading: &IndexReading,
        ticket: &Ticket,
    ) -> Result<(), StoreError> {
        let domain = &reading.domain;
        let place = |folded: &String| Where { domain: domain.clone(), folded: folded.clone() };
        let found: BTreeMap<Key, (Where, &IndexedProfile)> = reading
            .found
            .iter()
            .map(|(folded, profile)| (place(folded), profile))
            .map(|(at, profile)| (at.key(), (at, profile)))
            .collect();
        let mut keys: BTreeSet<Key> = match &reading.asked {
            Some(asked) => {
                let asked = asked.iter().map(|folded| place(folded).key());
                asked.chain(found.keys().cloned()).collect()
            }
            None => self.differing(reading, &found, ticket).await?,
        };
        let known = self.get_all(READ, &keys).await?;
        for stays in self.staying(&known, &found, ticket).await? {
            keys.remove(&stays);
        }
        if !keys.is_empty() {
            let number = self.next(READ).await?;
            let turn = |key: &Key, old: Option<Row>| {
                let new = read(old.clone(), found.get(key), ticket, number);
                with(old.as_ref(), new, ())
            };
            self.change_found(READ, (keys, known), Manner::Together, turn).await?;
        }
        if reading.asked.is_some() {
            return Ok(());
        }
        let (at, is_sso) = (floor(ticket.at), reading.auth_mode == AuthMode::Sso);
        let key = Key::new(super::MARKS, domain.as_str());
        self.change_one(READ, key, |old: Option<Mark>| {
            let at = old.as_ref().map_or(at, |mark| mark.at.max(at));
            let mark = Mark { domain: domain.clone(), at, is_sso };
            let is_same = old.as_ref() == Some(&mark);
            Turn::alone(if is_same { Change::Keep } else { Change::Put(mark) }, ())
        })
        .await
    }

    /// The rows that a full reading changes. Most readings find what was there before.
    async fn differing(
        &self,
        reading: &IndexReading,
        found: &BTreeMap<Key, (Where, &IndexedProfile)>,
        ticket: &Ticket,
    ) -> Result<BTreeSet<Key>, StoreError> {
        let mut differing: BTreeSet<Key> = found.keys().cloned().collect();
        for shard in 0..SHARDS {
            let rows = Query {
                sort: Sort::Prefix("profile#".to_owned()),
                ..Query::all(partition(&reading.domain, shard))
            };
            for item in self.query(READ, rows).await? {
                let row = self.row(&item)?;
                let (key, number) = (row.at.key(), row.number);
                if read(Some(row.clone()), found.get(&key), ticket, number).as_ref() == Some(&row) {
                    differing.remove(&key);
                } else {
                    differing.insert(key);
                }
            }
        }
        Ok(differing)
    }

    /// Rows that were not found and stay: a pass that is at the person, or was after the reading began,
    /// may have made the profile since.
    async fn staying(
        &self,
        known: &BTreeMap<Key, Item>,
        found: &BTreeMap<Key, (Where, &IndexedProfile)>,
        ticket: &Ticket,
    ) -> Result<BTreeSet<Key>, StoreError> {
        let missed = known.iter().filter(|(key, _)| !found.contains_key(*key));
        let mut missed: Vec<Row> =
            missed.map(|(_, item)| self.row(item)).collect::<Result<_, _>>()?;
        missed.retain(|row| row.number <= ticket.number);
        let people = missed.iter().map(|row| row.person.clone()).collect();
        let claimed = self.claimed_since(READ, &people, ticket).await?;
        let staying = missed.into_iter().filter(|row| claimed.contains(&row.person));
        Ok(staying.map(|row| row.at.key()).collect())
    }

    fn row(&self, item: &Item) -> Result<Row, StoreError> {
        Row::read(item).map_err(|d| damaged(&self.table, READ, Key::of(item).as_ref(), &d))
    }
}

/// What becomes of a row by a reading that began at `ticket`.
fn read(
    old: Option<Row>,
    found: Option<&(Where, &IndexedProfile)>,
    ticket: &Ticket,
    number: u64,
) -> Option<Row> {
    if old.as_ref().is_some_and(|row| row.number > ticket.number) {
        return old;
    }
    let Some((at, profile)) = found else {
        let uncounted = floor(counted_after(ticket.at));
        return old.filter(|row| row.is_counted(uncounted)).map(|row| Row {
            gone: true,
            intent: None,
            ..row
        });
    };
    let under_way = ticket.at.checked_sub(UNDER_WAY).map_or(i64::MIN, floor);
    if let Some(row) = &old
        && row.intent.is_some()
        && row.leaving_since.is_some_and(|since| since > under_way)
        && profile.leaving_since.map(floor) < row.leaving_since
    {
        return old;
    }
    let new = Row {
        at: at.clone(),
        name: profile.name.clone(),
        person: profile.person.clone(),
        team: profile.team.clone(),
        leaving_since: profile.leaving_since.map(floor),
        agreed: profile.agreed,
        gone: false,
        intent: None,
        number,
    };
    // A row that says so already is not written again.
    old.filter(|row| Row { number: row.number, ..new.clone() } == *row).or(Some(new))
}
