//! Who is at whom: an item for each person, in a partition of their own, and a list for each pass of
//! those whom it wanted, written before or with them.
//!
//! People are claimed together in one transaction, or, where others are at some of them, each in an
//! atomic step of their own. The order of passes comes from the tally: a
//! number is drawn before the items that carry it are written, so whoever reads a ticket after that
//! is told nothing new by them, and whoever read one before meets a higher number, or still the claim.

mod holds;

pub(super) use holds::Holds;

use super::DynamoStore;
use super::change::{Change, Manner, Record, Turn};
use super::failure::damaged;
use super::item::{Damaged, Item, floor};
use super::keys::{Key, PK};
use super::wire::{Over, Query, Sort, Step, TRANSACTION, Written};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{ChangeId, Claimed, Claims, StoreError, Ticket};
use futures::future;
use holds::Held;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

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

const CLAIM: &str = "claim people";
const RELEASE: &str = "let people go";

/// Which pass is at somebody (`until`), or was the last (`released`). Times in microseconds; no
/// stamp of the pass is above that of its release. Whoever takes over from a pass that never let go
/// does so when its own clock is past `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    person: PersonId,
    owner: String,
    number: u64,
    until: Option<i64>,
    released: Option<i64>,
}

impl Claim {
    /// Whether the pass has the person still, or had after the ticket was drawn, at a time (`began`)
    /// in microseconds.
    fn is_since(&self, ticket: &Ticket, began: i64) -> bool {
        self.number > ticket.number || self.until.is_some_and(|until| until > began)
    }

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

/// Where a part of a pass's list is, and the part.
fn list_item(
    owner: &ChangeId,
    prefix: &'static str,
    (number, part): (u64, usize),
    texts: Vec<String>,
    now: Timestamp,
) -> (Key, Item) {
    let key = Key::new(pass(owner), format!("{prefix}{number:020}#{part}"));
    let item = Item::at(&key).with_texts(PEOPLE, texts).with_ttl(kept(now));
    (key, item)
}

/// People who were claimed, with whether nobody has had them before.
fn together(number: u64, all: impl IntoIterator<Item = (PersonId, bool)>) -> Claimed {
    let mut claimed = Claimed { number, ..Claimed::default() };
    for (person, is_first) in all {
        if is_first {
            claimed.first.insert(person.clone());
        }
        claimed.people.insert(person);
    }
    claimed
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
    ) -> Result<Claimed, StoreError> {
        let forgotten = now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN);
        if people.is_empty() || ticket.at < forgotten {
            return Ok(Claimed::default());
        }
        // Whoever claims people is about to write down what it does to them.
        let claiming = Box::pin(self.claim_in_turn(owner, people, ticket, (now, hold_for)));
        future::join(claiming, self.ready_to_append()).await.0
    }

    async fn renew(&self, owner: &ChangeId, until: Timestamp) -> Result<u64, StoreError> {
        const RENEW: &str = "keep people claimed";
        let until = floor(until);
        self.holds.doubt(owner);
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
        if let Some(held) = self.holds.doubt(owner)
            && !held.lists.is_empty()
            && self.release_together(&held, now).await?
        {
            self.holds.end(owner);
            return Ok(());
        }
        let (keys, lists) = self.claimed_by(RELEASE, owner).await?;
        if keys.is_empty() {
            self.holds.end(owner);
            return Ok(());
        }
        let number = self.next(RELEASE).await?;
        let released = Some(self.stamps.reached(now));
        let turn = |_: &Key, old: Option<Claim>| match old {
            Some(claim) if claim.is_held_by(owner) => {
                let claim = Claim { until: None, released, number, ..claim };
                Turn::alone(Change::Put(claim), ())
            }
            _ => Turn::alone(Change::Keep, ()),
        };
        self.change(RELEASE, keys, Manner::Together, turn).await?;
        self.write_all(RELEASE, Vec::new(), lists).await?;
        self.holds.end(owner);
        Ok(())
    }
}

/// Which pass claims, by which number of the tally, and when.
struct Begun<'a> {
    owner: &'a ChangeId,
    number: u64,
    now: Timestamp,
}

impl DynamoStore {
    /// Claims these people, as far as nobody else has them or had them since the ticket.
    async fn claim_in_turn(
        &self,
        owner: &ChangeId,
        people: &BTreeSet<PersonId>,
        ticket: &Ticket,
        (now, hold_for): (Timestamp, SignedDuration),
    ) -> Result<Claimed, StoreError> {
        let keys: BTreeSet<Key> = people.iter().map(key_of).collect();
        let (number, met) = future::try_join(self.next(CLAIM), self.get_all(CLAIM, &keys)).await?;
        let until = floor(now.checked_add(hold_for).unwrap_or(Timestamp::MAX));
        let began = floor(ticket.at).min(floor(now));
        let turn = |key: &Key, old: Option<Claim>| {
            let person = key.pk.strip_prefix(PERSON).and_then(|id| PersonId::parse(id).ok());
            let Some(person) = person else { return Turn::alone(Change::Keep, None) };
            // Nobody whom another pass has, or had after this one began to read.
            let is_refused = old.as_ref().is_some_and(|claim| {
                claim.owner != owner.as_str() && claim.is_since(ticket, began)
            });
            match &old {
                Some(claim) if is_refused && claim.until.is_some_and(|met| met > until) => {
                    Turn::alone(Change::Put(Claim { until: Some(until), ..claim.clone() }), None)
                }
                Some(_) if is_refused => Turn::alone(Change::Keep, None),
                _ => {
                    if let Some(released) = old.as_ref().and_then(|claim| claim.released) {
                        self.stamps.follow(released);
                    }
                    let owner = owner.to_string();
                    let (until, released) = (Some(until), None);
                    let is_first = old.is_none();
                    let claim = Claim { person: person.clone(), owner, number, until, released };
                    Turn::alone(Change::Put(claim), Some((person, is_first)))
                }
            }
        };
        let claim = Begun { owner, number, now };
        if let Some(claimed) = self.claim_together(&claim, (&keys, &met), &turn).await? {
            return Ok(claimed);
        }
        let texts = people.iter().map(PersonId::as_str);
        self.list(CLAIM, owner, CLAIMED, number, texts, now).await?;
        let claimed = self.change_found(CLAIM, (keys, met), Manner::Together, turn).await?;
        Ok(together(number, claimed.into_values().flatten()))
    }

    /// Claims those who were `met` so, in one transaction with the list of them; `None`: they are too
    /// many for one, or somebody else was faster.
    async fn claim_together(
        &self,
        begun: &Begun<'_>,
        (keys, met): (&BTreeSet<Key>, &BTreeMap<Key, Item>),
        turn: &(impl Fn(&Key, Option<Claim>) -> Turn<Claim, Option<(PersonId, bool)>> + Sync),
    ) -> Result<Option<Claimed>, StoreError> {
        let Begun { owner, number, now } = *begun;
        let before = self.holds.doubt(owner);
        let (mut claimed, mut held) = (Vec::new(), Held::default());
        let mut steps = Vec::new();
        for key in keys {
            let item = met.get(key);
            let claim = item.map(Claim::read).transpose();
            let claim = claim.map_err(|d| damaged(&self.table, CLAIM, Some(key), &d))?;
            let Turn { change, outcome, .. } = turn(key, claim);
            let Change::Put(claim) = change else { continue };
            let item = claim.write().with_new_version();
            steps.push(Step::PutAs(item.clone(), met.get(key).map_or(Over::Nothing, Over::of)));
            if let Some(person) = outcome {
                held.claims.insert(key.clone(), item);
                claimed.push(person);
            }
        }
        let texts = claimed.iter().map(|(person, _)| person.as_str().to_owned()).collect();
        let (list, item) = list_item(owner, CLAIMED, (number, 0), texts, now);
        steps.push(Step::Put(item, Over::Anything));
        let is_done =
            steps.len() <= TRANSACTION && self.transact(CLAIM, &steps).await? == Written::Done;
        if !is_done {
            return Ok(None);
        }
        if let Some(mut all) = before {
            all.claims.extend(held.claims);
            all.lists.push(list);
            self.holds.know(owner, all);
        }
        Ok(Some(together(number, claimed)))
    }

    /// Lets go of whom a pass has, if nobody changed that; whether nobody did.
    async fn release_together(&self, held: &Held, now: Timestamp) -> Result<bool, StoreError> {
        if held.claims.len() + held.lists.len() > TRANSACTION {
            return Ok(false);
        }
        let (number, released) = (self.next(RELEASE).await?, Some(self.stamps.reached(now)));
        let mut steps = Vec::new();
        for (key, item) in &held.claims {
            let claim = Claim::read(item);
            let claim = claim.map_err(|d| damaged(&self.table, RELEASE, Some(key), &d))?;
            let claim = Claim { until: None, released, number, ..claim };
            steps.push(Step::Put(claim.write(), Over::of(item)));
        }
        steps.extend(held.lists.iter().map(|list| Step::Delete(list.clone(), Over::Anything)));
        Ok(self.transact(RELEASE, &steps).await? == Written::Done)
    }

    /// Those at whom a pass is, or was after this ticket.
    pub(super) async fn claimed_since(
        &self,
        operation: &'static str,
        people: &BTreeSet<PersonId>,
        ticket: &Ticket,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let keys = people.iter().map(key_of).collect();
        let mut claimed = BTreeSet::new();
        for (key, item) in self.get_all(operation, &keys).await? {
            let claim = Claim::read(&item);
            let claim = claim.map_err(|d| damaged(&self.table, operation, Some(&key), &d))?;
            if claim.is_since(ticket, floor(ticket.at)) {
                claimed.insert(claim.person);
            }
        }
        Ok(claimed)
    }

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
            let (_, item) = list_item(owner, prefix, (number, part), texts.to_vec(), now);
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
