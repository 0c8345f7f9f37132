//! Who is at whom: an item for each person, in a partition of their own, and a list for each pass of
//! those whom it wanted, written before.
//!
//! Each person is claimed in an atomic step of their own. The order of passes comes from the tally: a
//! number is drawn before the items that carry it are written, so whoever reads a ticket after that
//! is told nothing new by them, and whoever read one before meets a higher number, or still the claim.

use super::DynamoStore;
use super::change::{Change, Manner, Record, Turn};
use super::item::{Damaged, Item, floor};
use super::keys::{Key, PK};
use super::wire::{Over, Query, Sort};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{ChangeId, Claims, StoreError, Ticket};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// So long it is remembered who was at whom. No pass lasts that long, and none that does gets
/// anybody.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// So much longer `DynamoDB` keeps it: clocks of replicas may differ.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// How many people one item of a pass lists. An item holds 400 KB.
const LISTED: usize = 2_000;

const PERSON: &str = "claim#";
const PEOPLE: &str = "people";
const CLAIMED: &str = "claimed#";

/// Which pass is at somebody (`until`), or was the last (`released`). Times in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    person: PersonId,
    owner: String,
    number: u64,
    until: Option<i64>,
    released: Option<i64>,
}

impl Claim {
    fn is_held_by(&self, owner: &ChangeId) -> bool {
        self.owner == owner.as_str() && self.until.is_some()
    }
}

impl Record for Claim {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let person = item.text(PK)?.strip_prefix(PERSON);
        let person = person.and_then(|person| PersonId::parse(person).ok());
        Ok(Self {
            person: person.ok_or(Damaged { attribute: PK })?,
            owner: item.text("owner")?.to_owned(),
            number: item.number("number")?,
            until: item.opt_number("until")?,
            released: item.opt_number("released")?,
        })
    }

    fn write(&self) -> Item {
        let last = self.until.max(self.released).unwrap_or_default();
        let last = Timestamp::from_microsecond(last).unwrap_or(Timestamp::MAX);
        Item::at(&key_of(&self.person))
            .with_text("owner", self.owner.as_str())
            .with_number("number", self.number)
            .with_opt_number("until", self.until)
            .with_opt_number("released", self.released)
            .with_ttl(kept(last))
    }
}

fn key_of(person: &PersonId) -> Key {
    Key::new(format!("{PERSON}{person}"), "claim")
}

/// Until when something of `time` is kept.
pub(super) fn kept(time: Timestamp) -> Timestamp {
    time.checked_add(KEPT).unwrap_or(Timestamp::MAX)
}

/// The partition of a pass.
pub(super) fn pass(owner: &ChangeId) -> String {
    format!("pass#{owner}")
}

#[async_trait]
impl Claims for DynamoStore {
    async fn ticket(&self, now: Timestamp) -> Result<Ticket, StoreError> {
        Ok(Ticket { number: self.now("begin a pass").await?, at: now })
    }

    async fn claim(
        &self,
        owner: &ChangeId,
        people: &BTreeSet<PersonId>,
        ticket: &Ticket,
        now: Timestamp,
        hold_for: SignedDuration,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        const CLAIM: &str = "claim people";
        let forgotten = now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN);
        if people.is_empty() || ticket.at < forgotten {
            return Ok(BTreeSet::new());
        }
        let number = self.next(CLAIM).await?;
        self.list(CLAIM, owner, CLAIMED, number, people.iter().map(PersonId::as_str), now).await?;
        let until = floor(now.checked_add(hold_for).unwrap_or(Timestamp::MAX));
        let began = floor(ticket.at).min(floor(now));
        let turn = |key: &Key, old: Option<Claim>| {
            let person = key.pk.strip_prefix(PERSON).and_then(|id| PersonId::parse(id).ok());
            let Some(person) = person else { return Turn::alone(Change::Keep, None) };
            // Nobody whom another pass has, or had after this one began to read.
            let is_refused = old.as_ref().is_some_and(|claim| {
                claim.owner != owner.as_str()
                    && (claim.number > ticket.number
                        || claim.until.is_some_and(|until| until > began))
            });
            match old {
                Some(claim) if is_refused && claim.until.is_some_and(|met| met > until) => {
                    Turn::alone(Change::Put(Claim { until: Some(until), ..claim }), None)
                }
                Some(_) if is_refused => Turn::alone(Change::Keep, None),
                _ => {
                    let owner = owner.to_string();
                    let (until, released) = (Some(until), None);
                    let claim = Claim { person: person.clone(), owner, number, until, released };
                    Turn::alone(Change::Put(claim), Some(person))
                }
            }
        };
        let keys = people.iter().map(key_of).collect();
        let claimed = self.change(CLAIM, keys, Manner::Each, turn).await?;
        Ok(claimed.into_values().flatten().collect())
    }

    async fn renew(&self, owner: &ChangeId, until: Timestamp) -> Result<u64, StoreError> {
        const RENEW: &str = "keep people claimed";
        let until = floor(until);
        let (keys, _) = self.claimed_by(RENEW, owner).await?;
        let turn = |_: &Key, old: Option<Claim>| match old {
            Some(claim) if claim.is_held_by(owner) => {
                Turn::alone(Change::Put(Claim { until: Some(until), ..claim }), 1)
            }
            _ => Turn::alone(Change::Keep, 0),
        };
        Ok(self.change(RENEW, keys, Manner::Each, turn).await?.into_values().sum())
    }

    async fn release(&self, owner: &ChangeId, now: Timestamp) -> Result<(), StoreError> {
        const RELEASE: &str = "let people go";
        let (keys, lists) = self.claimed_by(RELEASE, owner).await?;
        if keys.is_empty() {
            return Ok(());
        }
        let number = self.next(RELEASE).await?;
        let released = Some(floor(now));
        let turn = |_: &Key, old: Option<Claim>| match old {
            Some(claim) if claim.is_held_by(owner) => {
                let claim = Claim { until: None, released, number, ..claim };
                Turn::alone(Change::Put(claim), ())
            }
            _ => Turn::alone(Change::Keep, ()),
        };
        self.change(RELEASE, keys, Manner::Each, turn).await?;
        self.write_all(RELEASE, Vec::new(), lists).await
    }
}

impl DynamoStore {
    /// Writes down, for the pass, what it is about to touch.
    pub(super) async fn list(
        &self,
        operation: &'static str,
        owner: &ChangeId,
        prefix: &'static str,
        number: u64,
        texts: impl Iterator<Item = &str> + Send,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let texts: Vec<String> = texts.map(str::to_owned).collect();
        for (part, texts) in texts.chunks(LISTED).enumerate() {
            let key = Key::new(pass(owner), format!("{prefix}{number:020}#{part}"));
            let item = Item::at(&key).with_texts(PEOPLE, texts.to_vec()).with_ttl(kept(now));
            self.put(operation, item, Over::Anything).await?;
        }
        Ok(())
    }

    /// What the pass wrote down, and where.
    pub(super) async fn listed(
        &self,
        operation: &'static str,
        owner: &ChangeId,
        prefix: &'static str,
    ) -> Result<(BTreeSet<String>, Vec<Key>), StoreError> {
        let sort = Sort::Prefix(prefix.to_owned());
        let items = self.query(operation, Query { sort, ..Query::all(pass(owner)) }).await?;
        let texts = items.iter().flat_map(|item| item.texts(PEOPLE)).collect();
        Ok((texts, items.iter().filter_map(Key::of).collect()))
    }

    /// Those whom the pass wanted to claim.
    async fn claimed_by(
        &self,
        operation: &'static str,
        owner: &ChangeId,
    ) -> Result<(BTreeSet<Key>, Vec<Key>), StoreError> {
        let (people, lists) = self.listed(operation, owner, CLAIMED).await?;
        let people = people.iter().filter_map(|id| PersonId::parse(id.as_str()).ok());
        Ok((people.map(|person| key_of(&person)).collect(), lists))
    }
}
