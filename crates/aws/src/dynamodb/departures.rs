//! People whom an admin offboarded by command: an item for each person, spread over few partitions,
//! so that everybody's can be read too.

use super::DynamoStore;
use super::change::{Change, Record, Turn};
use super::item::{Damaged, Item};
use super::keys::{Key, shard};
use super::wire::{AT_ONCE, Query};
use access::ids::{PersonId, TeamKey};
use access::snapshot::Hold;
use async_trait::async_trait;
use control::audit::trimmed;
use control::ports::{Departure, Departures, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// A partition serves 3,000 strongly consistent reads a second; each sign-in makes one.
const SHARDS: u32 = 8;

fn partition(number: u32) -> String {
    format!("departures#{number}")
}

fn key(person: &PersonId) -> Key {
    Key::new(partition(shard(person.as_str(), SHARDS)), person.as_str())
}

/// The departures of one person; that from all teams comes first.
struct Gone {
    person: PersonId,
    by_team: BTreeMap<Option<TeamKey>, Departure>,
}

impl Record for Gone {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let person = item.parsed("person", PersonId::parse)?;
        let all: Vec<Departure> = item.parsed("departures", |text| serde_json::from_str(&text))?;
        let by_team = all.into_iter().map(|one| (one.team.clone(), one)).collect();
        Ok(Self { person, by_team })
    }

    fn write(&self) -> Item {
        let all: Vec<&Departure> = self.by_team.values().collect();
        let text = serde_json::json!(all).to_string();
        Item::at(&key(&self.person))
            .with_text("person", self.person.as_str())
            .with_text("departures", text)
    }
}

#[async_trait]
impl Departures for DynamoStore {
    async fn depart(&self, departure: &Departure) -> Result<Departure, StoreError> {
        const OPERATION: &str = "remember that a person was offboarded";
        let new = Departure { since: trimmed(departure.since), ..departure.clone() };
        self.change_one(OPERATION, key(&new.person), |gone: Option<Gone>| {
            let by_team = gone.map(|gone| gone.by_team).unwrap_or_default();
            let mut gone = Gone { person: new.person.clone(), by_team };
            let known = gone.by_team.remove(&new.team);
            let now = known.map_or_else(|| new.clone(), |known| merged(known, &new));
            gone.by_team.insert(new.team.clone(), now.clone());
            Turn::alone(Change::Put(gone), now)
        })
        .await
    }

    async fn departures(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<Departure>, StoreError> {
        const OPERATION: &str = "read who was offboarded";
        let items: Vec<Item> = if let Some(people) = people {
            let keys = people.iter().map(key).collect();
            self.get_all(OPERATION, &keys).await?.into_values().collect()
        } else {
            let read = async |number| self.query(OPERATION, Query::all(partition(number))).await;
            let read: Vec<Vec<Item>> =
                stream::iter(0..SHARDS).map(read).buffer_unordered(AT_ONCE).try_collect().await?;
            read.into_iter().flatten().collect()
        };
        let mut all: BTreeMap<PersonId, Gone> = BTreeMap::new();
        for item in &items {
            let gone = self.record::<Gone>(OPERATION, item)?;
            all.insert(gone.person.clone(), gone);
        }
        Ok(all.into_values().flat_map(|gone| gone.by_team.into_values()).collect())
    }

    async fn rejoin(
        &self,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Result<Vec<Departure>, StoreError> {
        const OPERATION: &str = "end that a person is offboarded";
        self.change_one(OPERATION, key(person), |gone: Option<Gone>| {
            let Some(mut gone) = gone else { return Turn::alone(Change::Keep, Vec::new()) };
            let ended: Vec<Departure> = match team {
                Some(team) => gone.by_team.remove(&Some(team.clone())).into_iter().collect(),
                None => std::mem::take(&mut gone.by_team).into_values().collect(),
            };
            let change = if ended.is_empty() {
                Change::Keep
            } else if gone.by_team.is_empty() {
                Change::Delete
            } else {
                Change::Put(gone)
            };
            Turn::alone(change, ended)
        })
        .await
    }
}

/// What is in force once somebody says it again.
fn merged(known: Departure, new: &Departure) -> Departure {
    let skipped = known.hold == Hold::Skipped || new.hold == Hold::Skipped;
    Departure {
        user_name: new.user_name.clone().or(known.user_name),
        by: new.by.clone(),
        why: new.why.clone().or(known.why),
        hold: if skipped { Hold::Skipped } else { Hold::AsMapped },
        ..known
    }
}
