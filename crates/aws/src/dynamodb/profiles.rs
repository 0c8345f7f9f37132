//! Which profiles of ours each person has.
//!
//! A row for each profile, in one of [`SHARDS`] partitions of its domain. What follows from rows is
//! written in their transactions: how many a domain has, which rows a person may have, and the list
//! of what the guard counts.
//!
//! The guard's count over everybody takes no lock: a pass first writes what it is about to do, then
//! reads the whole list, strongly consistent. Of two passes at once, the one that reads last reads
//! what the other has written; it may be that each reads the other's, and both wait.

mod reading;
mod row;

use super::DynamoStore;
use super::change::{Change, Manner, Record, Turn};
use super::failure::damaged;
use super::item::{Item, floor};
use super::keys::Key;
use super::wire::Query;
use access::ids::{DomainId, PersonId, ProfileName};
use access::observed::AuthMode;
use async_trait::async_trait;
use control::ports::{
    ChangeId, IndexCount, IndexMark, IndexReading, IndexView, Intent, Leaving, ProfileIndex,
    StoreError, Ticket,
};
use futures::future;
use jiff::{SignedDuration, Timestamp};
use row::{LEAVING, OWNED, ROWS, Row, Where, counted, owned_key, person_key, with};
use std::collections::{BTreeMap, BTreeSet};

/// Into how many partitions a domain's rows are spread: a first reading writes them all at once.
const SHARDS: u32 = 8;

/// How far back the guard looks.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

const MARKS: &str = "marks";
const LOOK: &str = "look into the profile index";
const COUNT: &str = "count profiles";

#[async_trait]
impl ProfileIndex for DynamoStore {
    async fn look(
        &self,
        people: &BTreeSet<PersonId>,
        domains: &BTreeSet<DomainId>,
    ) -> Result<IndexView, StoreError> {
        let (marks, profiles) =
            future::try_join(self.marks(LOOK, domains), self.profiles_of(LOOK, people)).await?;
        let mut view = IndexView { marks, profiles: BTreeMap::new() };
        for row in profiles {
            view.profiles.entry(row.at.domain.clone()).or_default().push(row.indexed());
        }
        Ok(view)
    }

    async fn owners(
        &self,
        profile: &ProfileName,
        domains: &BTreeSet<DomainId>,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        const OWNERS: &str = "look whose a profile is";
        let keys = domains.iter().map(|domain| Where::new(domain, profile).key()).collect();
        let found = self.get_all(OWNERS, &keys).await?;
        let person = |(key, item): (&Key, &Item)| {
            let row = Row::read(item);
            row.map(|row| row.person).map_err(|d| damaged(&self.table, OWNERS, Some(key), &d))
        };
        found.iter().map(person).collect()
    }

    async fn count(
        &self,
        domains: &BTreeSet<DomainId>,
        now: Timestamp,
    ) -> Result<IndexCount, StoreError> {
        let (owned, leaving) =
            future::try_join(self.owned(COUNT, domains), self.counted(COUNT, now)).await?;
        Ok(IndexCount { owned, leaving })
    }

    async fn read(&self, reading: &IndexReading, ticket: &Ticket) -> Result<(), StoreError> {
        self.take_reading(reading, ticket).await
    }

    async fn making(&self, profiles: &[Intent], number: u64) -> Result<(), StoreError> {
        const MAKING: &str = "remember new profiles";
        let intents = by_key(profiles);
        let keys: BTreeSet<Key> = intents.keys().cloned().collect();
        // Mostly no row is there yet; one that is, is met when it is written.
        let rows = BTreeMap::new();
        let turn = |key: &Key, old: Option<Row>| match intents.get(key) {
            Some(intent) => with(old.as_ref(), Some(Row::known(old.clone(), intent, number)), ()),
            None => Turn::alone(Change::Keep, ()),
        };
        self.change_found(MAKING, (keys, rows), Manner::Together, turn).await?;
        Ok(())
    }

    async fn leaving(
        &self,
        owner: &ChangeId,
        profiles: &[Intent],
        agreed: bool,
        now: Timestamp,
    ) -> Result<Vec<Leaving>, StoreError> {
        const LEAVE: &str = "remember who is about to leave";
        let number = self.next(LEAVE).await?;
        let intents = by_key(profiles);
        let places: Vec<String> =
            profiles.iter().map(|intent| Where::of(intent).to_string()).collect();
        let places = places.iter().map(String::as_str);
        self.list(LEAVE, owner, "leaving#", number, places, now).await?;
        let uncounted = floor(counted_after(now));
        let turn = |key: &Key, old: Option<Row>| {
            let Some(intent) = intents.get(key) else { return Turn::alone(Change::Keep, false) };
            let was_counted = old.as_ref().is_some_and(|row| row.is_counted(uncounted));
            let row = Row::known(old.clone(), intent, number);
            // What another pass said of the same profile stays as it is: it may be under way.
            let row = if row.is_counted(uncounted) {
                row
            } else {
                let (leaving_since, intent) = (Some(floor(now)), Some(owner.to_string()));
                Row { leaving_since, agreed, intent, ..row }
            };
            with(old.as_ref(), Some(row), !was_counted)
        };
        let keys: BTreeSet<Key> = intents.keys().cloned().collect();
        let told = match self.change(LEAVE, keys, Manner::Together, turn).await {
            Ok(told) => told,
            Err(error) => {
                // Part of it may be told. If it cannot be taken back, the guard counts it until the
                // profiles are read again.
                let taken_back = self.forget(LEAVE, owner, &BTreeSet::new()).await;
                tracing::debug!(?taken_back, "what was about to leave was told in part");
                return Err(error);
            }
        };
        let mine: BTreeSet<Key> =
            told.into_iter().filter(|(_, is_mine)| *is_mine).map(|(key, _)| key).collect();
        let all = self.counted(LEAVE, now).await?;
        let is_others = |leaving: &Leaving| {
            !mine.contains(&Where::new(&leaving.domain, &leaving.profile).key())
        };
        Ok(all.into_iter().filter(is_others).collect())
    }

    async fn left(
        &self,
        owner: &ChangeId,
        begun: &BTreeSet<(DomainId, ProfileName)>,
        agreed: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const LEFT: &str = "remember who is leaving";
        let number = self.next(LEFT).await?;
        let keys: BTreeSet<Key> =
            begun.iter().map(|(domain, name)| Where::new(domain, name).key()).collect();
        // Whoever said it first: a pass that did not get to it may have taken its word back.
        let turn = |_: &Key, old: Option<Row>| {
            let row = old.clone().map(|row| Row {
                intent: None,
                number: row.number.max(number),
                agreed: if row.leaving_since.is_none() { agreed } else { row.agreed },
                leaving_since: row.leaving_since.or(Some(floor(now))),
                ..row
            });
            with(old.as_ref(), row, ())
        };
        self.change(LEFT, keys.clone(), Manner::Together, turn).await?;
        self.forget(LEFT, owner, &keys).await
    }
}

impl DynamoStore {
    /// Forgets what the pass said that it was about to do, apart from `begun`.
    async fn forget(
        &self,
        operation: &'static str,
        owner: &ChangeId,
        begun: &BTreeSet<Key>,
    ) -> Result<(), StoreError> {
        let (places, lists) = self.listed(operation, owner, "leaving#").await?;
        let keys = places.iter().filter_map(|place| Where::parse(place)).map(|at| at.key());
        let keys: BTreeSet<Key> = keys.filter(|key| !begun.contains(key)).collect();
        if !keys.is_empty() {
            let number = self.next(operation).await?;
            let turn = |_: &Key, old: Option<Row>| {
                let is_mine = |row: &&Row| row.intent.as_deref() == Some(owner.as_str());
                let Some(row) = old.as_ref().filter(is_mine) else {
                    return Turn::alone(Change::Keep, ());
                };
                let number = row.number.max(number);
                let (leaving_since, intent) = (None, None);
                let row = Row { leaving_since, agreed: false, intent, number, ..row.clone() };
                with(old.as_ref(), Some(row), ())
            };
            self.change(operation, keys, Manner::Together, turn).await?;
        }
        self.write_all(operation, Vec::new(), lists).await
    }

    /// What the guard counts.
    async fn counted(
        &self,
        operation: &'static str,
        now: Timestamp,
    ) -> Result<Vec<Leaving>, StoreError> {
        let after = floor(counted_after(now));
        let items = self.query(operation, Query::all(LEAVING)).await?;
        let mut all = Vec::with_capacity(items.len());
        for item in &items {
            let (since, leaving) = counted(item)
                .map_err(|d| damaged(&self.table, operation, Key::of(item).as_ref(), &d))?;
            if since > after {
                all.push(leaving);
            }
        }
        Ok(all)
    }

    async fn marks(
        &self,
        operation: &'static str,
        domains: &BTreeSet<DomainId>,
    ) -> Result<BTreeMap<DomainId, IndexMark>, StoreError> {
        let keys = domains.iter().map(|domain| Key::new(MARKS, domain.as_str())).collect();
        let items = self.get_all(operation, &keys).await?;
        let read = |item: &Item| {
            let Mark { domain, at, is_sso } = Mark::read(item)?;
            let auth_mode = if is_sso { AuthMode::Sso } else { AuthMode::Iam };
            let at = Timestamp::from_microsecond(at).unwrap_or(Timestamp::MIN);
            Ok((domain, IndexMark { at, auth_mode }))
        };
        let marks = items.iter().map(|(key, item)| {
            read(item).map_err(|d| damaged(&self.table, operation, Some(key), &d))
        });
        marks.collect()
    }

    /// How many rows of profiles that are there each of these domains has.
    async fn owned(
        &self,
        operation: &'static str,
        domains: &BTreeSet<DomainId>,
    ) -> Result<BTreeMap<DomainId, u64>, StoreError> {
        let keys: BTreeMap<Key, DomainId> = domains
            .iter()
            .flat_map(|domain| (0..SHARDS).map(|shard| (owned_key(domain, shard), domain.clone())))
            .collect();
        let mut owned: BTreeMap<DomainId, u64> = BTreeMap::new();
        let found = self.get_all(operation, &keys.keys().cloned().collect()).await?;
        for (key, item) in found {
            let number: i64 =
                item.number(OWNED).map_err(|d| damaged(&self.table, operation, Some(&key), &d))?;
            if let (Some(domain), Ok(number @ 1..)) = (keys.get(&key), u64::try_from(number)) {
                *owned.entry(domain.clone()).or_default() += number;
            }
        }
        Ok(owned)
    }

    /// The rows of these people, in the order of people, domains and names.
    async fn profiles_of(
        &self,
        operation: &'static str,
        people: &BTreeSet<PersonId>,
    ) -> Result<Vec<Row>, StoreError> {
        let pointers = self.get_all(operation, &people.iter().map(person_key).collect()).await?;
        let places = pointers.values().flat_map(|item| item.texts(ROWS));
        let keys = places.filter_map(|place| Where::parse(&place)).map(|at| at.key()).collect();
        let mut rows = Vec::new();
        for (key, item) in self.get_all(operation, &keys).await? {
            let row =
                Row::read(&item).map_err(|d| damaged(&self.table, operation, Some(&key), &d))?;
            // A pointer may be older than its row.
            if people.contains(&row.person) && !row.gone {
                rows.push(row);
            }
        }
        rows.sort_by(|a, b| (&a.person, &a.at).cmp(&(&b.person, &b.at)));
        Ok(rows)
    }
}

/// When a domain was read in full.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    domain: DomainId,
    at: i64,
    is_sso: bool,
}

impl Record for Mark {
    fn read(item: &Item) -> Result<Self, super::item::Damaged> {
        Ok(Self {
            domain: item.parsed(super::keys::SK, DomainId::parse)?,
            at: item.number("read")?,
            is_sso: item.flag("sso"),
        })
    }

    fn write(&self) -> Item {
        Item::at(&Key::new(MARKS, self.domain.as_str()))
            .with_number("read", self.at)
            .with_flag("sso", self.is_sso)
    }
}

fn by_key(intents: &[Intent]) -> BTreeMap<Key, &Intent> {
    intents.iter().map(|intent| (Where::of(intent).key(), intent)).collect()
}

/// The guard has forgotten what began until then.
fn counted_after(now: Timestamp) -> Timestamp {
    now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN)
}
