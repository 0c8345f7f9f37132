//! Who is signed in: each session by its id, and thrice more to be found by person, by the identity
//! provider's subject, and among all there are.
//!
//! The four items are made in one transaction. They are removed one after the other, the session
//! itself first: what only finds a session that is gone does no harm, and lapses with it.

mod logged_out;

use super::DynamoStore;
use super::failure::{contended, damaged, unusable};
use super::item::{Damaged, Item, floor};
use super::keys::{Key, SK, lapse, shard};
use super::wire::{AT_ONCE, Over, Query, Sort, Step, Written};
use crate::backoff::backoff;
use access::ids::{IdpKey, PersonId, TeamKey};
use async_trait::async_trait;
use control::ports::{
    FederatedLogout, IdpSession, SESSIONS_SHOWN, Session, SessionId, Sessions, StoreError, Voucher,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// What an index item's sort key begins with.
const PREFIX: &str = "session#";

/// How long a session that is over may still be kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// How many partitions find all sessions there are. Each takes about 500 sign-ins a second.
const SHARDS: u32 = 8;

/// How often a transaction is tried that met another one.
const TRIES: u32 = 8;

fn key(id: &str) -> Key {
    Key::new(format!("{PREFIX}{id}"), "session")
}

fn of_person(person: &str) -> String {
    format!("person#{person}")
}

fn of_subject(subject: &str) -> String {
    format!("subject#{subject}")
}

fn of_shard(number: u32) -> String {
    format!("sessions#{number}")
}

#[async_trait]
impl Sessions for DynamoStore {
    async fn open(&self, session: &Session) -> Result<(), StoreError> {
        const OPERATION: &str = "remember a session";
        let SessionId(id) = &session.id;
        let IdpSession { subject, index } = &session.idp_session;
        let Voucher { idp, fingerprint } = &session.voucher;
        let item = |pk: String| {
            Item::at(&Key::new(pk, format!("{PREFIX}{id}"))).with_ttl(lapse(session.expires, KEPT))
        };
        let whole = Item::at(&key(id))
            .with_text("person", session.person.as_str())
            .with_number("begun", floor(session.begun))
            .with_number("expires", floor(session.expires))
            .with_opt_text("team", session.team.as_ref().map(TeamKey::as_str))
            .with_text("subject", subject)
            .with_opt_text("index", index.as_deref())
            .with_text("idp", idp.as_str())
            .with_text("idp_key", fingerprint)
            .with_ttl(lapse(session.expires, KEPT));
        let steps = [
            Step::Put(whole, Over::Nothing),
            Step::Put(item(of_person(session.person.as_str())), Over::Anything),
            Step::Put(
                item(of_subject(subject)).with_opt_text("index", index.as_deref()),
                Over::Anything,
            ),
            Step::Put(
                item(of_shard(shard(id, SHARDS))).with_text("idp", idp.as_str()),
                Over::Anything,
            ),
        ];
        for tried in 0..TRIES {
            if self.transact(OPERATION, &steps).await? == Written::Done {
                return Ok(());
            }
            if self.get(OPERATION, &key(id)).await?.is_some() {
                let message = format!("the table `{}` has a session of this id", self.table());
                return Err(unusable(OPERATION, message));
            }
            backoff(tried).await;
        }
        Err(contended(self.table(), OPERATION, "the session"))
    }

    async fn get(&self, id: &SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        const OPERATION: &str = "look up a session";
        let key = key(&id.0);
        let Some(item) = self.get(OPERATION, &key).await? else { return Ok(None) };
        // An older release has opened it. Nobody knows whose word that was on, so it is over.
        if item.opt_text("idp").is_none() {
            return Ok(None);
        }
        let session = read(id, &item)
            .map_err(|damage| damaged(self.table(), OPERATION, Some(&key), &damage))?;
        Ok(Some(session).filter(|session| floor(session.expires) > floor(now)))
    }

    async fn sessions_of(
        &self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        const OPERATION: &str = "look up the sessions of a person";
        let ids = self.found(OPERATION, &of_person(person.as_str()), |_| true).await?;
        let mut sessions: Vec<Session> = stream::iter(ids)
            .map(|id| async move { Sessions::get(self, &SessionId(id), now).await })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|session| async move { Ok(session) })
            .try_collect()
            .await?;
        sessions.sort_by(|a, b| b.begun.cmp(&a.begun).then_with(|| a.id.cmp(&b.id)));
        sessions.truncate(usize::try_from(SESSIONS_SHOWN).unwrap_or(usize::MAX));
        Ok(sessions)
    }

    async fn close(&self, id: &SessionId) -> Result<(), StoreError> {
        self.end("end a session", BTreeSet::from([id.0.clone()]), Vec::new()).await.map(drop)
    }

    async fn close_all(&self, person: &PersonId) -> Result<u64, StoreError> {
        const OPERATION: &str = "end the sessions of a person";
        let partition = of_person(person.as_str());
        self.end_found(OPERATION, &partition, |_| true).await
    }

    async fn close_every(&self, idp: Option<&IdpKey>) -> Result<u64, StoreError> {
        let idp = idp.map(IdpKey::as_str);
        let mut ended = 0;
        for number in 0..SHARDS {
            let is_meant = |item: &Item| idp.is_none() || item.opt_text("idp") == idp;
            ended += self.end_found("end sessions", &of_shard(number), is_meant).await?;
        }
        Ok(ended)
    }

    async fn close_federated(&self, logout: &FederatedLogout) -> Result<u64, StoreError> {
        const OPERATION: &str = "end the sessions of an identity provider";
        // Remembered first: whoever opens a session looks after that.
        logged_out::remember(self, OPERATION, logout).await?;
        let indexes = &logout.indexes;
        self.end_found(OPERATION, &of_subject(&logout.subject), |item| {
            let index = item.opt_text("index");
            indexes.is_empty() || index.is_none_or(|index| indexes.contains(index))
        })
        .await
    }

    async fn is_logged_out(
        &self,
        session: &IdpSession,
        issued: Timestamp,
        asked: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        logged_out::covers(self, session, issued, asked, now).await
    }
}

impl DynamoStore {
    /// Ends the sessions that a partition finds and `meant` means.
    async fn end_found(
        &self,
        operation: &'static str,
        partition: &str,
        meant: impl Fn(&Item) -> bool,
    ) -> Result<u64, StoreError> {
        let ids = self.found(operation, partition, meant).await?;
        // Also of sessions that are gone.
        let found = ids.iter().map(|id| Key::new(partition, format!("{PREFIX}{id}"))).collect();
        self.end(operation, ids, found).await
    }

    /// The ids of the sessions that a partition finds and `meant` means.
    async fn found(
        &self,
        operation: &'static str,
        partition: &str,
        meant: impl Fn(&Item) -> bool,
    ) -> Result<BTreeSet<String>, StoreError> {
        let query = Query { sort: Sort::Prefix(PREFIX.to_owned()), ..Query::all(partition) };
        let found = self.query(operation, query).await?;
        let meant = found.iter().filter(|item| meant(item));
        Ok(meant
            .filter_map(|item| item.opt_text(SK)?.strip_prefix(PREFIX).map(str::to_owned))
            .collect())
    }

    /// Removes sessions and what finds them, and says how many there were.
    async fn end(
        &self,
        operation: &'static str,
        ids: BTreeSet<String>,
        also: Vec<Key>,
    ) -> Result<u64, StoreError> {
        let gone: Vec<(String, Option<Item>)> = stream::iter(ids)
            .map(|id| async move {
                let item = self.remove(operation, &key(&id)).await?;
                Ok::<_, StoreError>((id, item))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut finds: BTreeSet<Key> = also.into_iter().collect();
        let mut ended = 0;
        for (id, item) in gone {
            let Some(item) = item else { continue };
            ended += 1;
            let person = item.opt_text("person").map(of_person);
            let subject = item.opt_text("subject").map(of_subject);
            let all = of_shard(shard(&id, SHARDS));
            let partitions = person.into_iter().chain(subject).chain([all]);
            finds.extend(partitions.map(|pk| Key::new(pk, format!("{PREFIX}{id}"))));
        }
        self.write_all(operation, Vec::new(), finds.into_iter().collect()).await?;
        Ok(ended)
    }
}

fn read(id: &SessionId, item: &Item) -> Result<Session, Damaged> {
    let team = match item.opt_text("team") {
        Some(_) => Some(item.parsed("team", TeamKey::parse)?),
        None => None,
    };
    Ok(Session {
        id: id.clone(),
        person: item.parsed("person", PersonId::parse)?,
        begun: item.time("begun")?,
        expires: item.time("expires")?,
        team,
        idp_session: IdpSession {
            subject: item.text("subject")?.to_owned(),
            index: item.opt_text("index").map(str::to_owned),
        },
        voucher: Voucher {
            idp: item.parsed("idp", IdpKey::parse)?,
            fingerprint: item.text("idp_key")?.to_owned(),
        },
    })
}
