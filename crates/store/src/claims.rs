//! Who is at whom.

use crate::sqlite::SqliteStore;
use crate::{microseconds, tally};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{ChangeId, Claimed, Claims, StoreError, Ticket};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};
use std::collections::BTreeSet;

/// So long it is remembered who was at whom. No pass lasts that long.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// How many are forgotten at a time: more than one call adds in the long run.
const BATCH: u32 = 256;

#[async_trait]
impl Claims for SqliteStore {
    async fn ticket(&self, now: Timestamp) -> Result<Ticket, StoreError> {
        self.read("begin a pass", move |connection| {
            connection
                .prepare_cached("SELECT number FROM tally")?
                .query_row([], |row| Ok(Ticket { number: tally::read(row.get(0)?), at: now }))
        })
        .await
    }

    async fn claim(
        &self,
        owner: &ChangeId,
        people: &BTreeSet<PersonId>,
        ticket: &Ticket,
        now: Timestamp,
        hold_for: SignedDuration,
    ) -> Result<Claimed, StoreError> {
        let (owner, people) = (owner.to_string(), people.clone());
        let until = now.checked_add(hold_for).unwrap_or(Timestamp::MAX);
        let (now, until) = (microseconds::floor(now), microseconds::floor(until));
        let (number, at) = (tally::stored(ticket.number), microseconds::floor(ticket.at));
        self.write("claim people", move |transaction| {
            if is_forgotten(transaction, number)? {
                return Ok(Claimed::default());
            }
            let next = tally::next(transaction)?;
            // Nobody whom another pass has, or had after this one began to read.
            let mut claim = transaction.prepare_cached(
                "INSERT INTO claim (person, owner, number, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (person) DO UPDATE
                 SET owner = ?2, number = ?3, until = ?4, released = NULL
                 WHERE owner = ?2 OR (number <= ?5 AND (until IS NULL OR until <= min(?6, ?7)))",
            )?;
            let mut cap = transaction
                .prepare_cached("UPDATE claim SET until = ?2 WHERE person = ?1 AND until > ?2")?;
            let mut known = transaction.prepare_cached("SELECT 1 FROM claim WHERE person = ?1")?;
            let mut claimed = Claimed { number: tally::read(next), ..Claimed::default() };
            for person in &people {
                let is_known = known.exists([person.as_str()])?;
                cap.execute(params![person.as_str(), until])?;
                let row = params![person.as_str(), owner, next, until, number, at, now];
                if claim.execute(row)? > 0 {
                    if !is_known {
                        claimed.first.insert(person.clone());
                    }
                    claimed.people.insert(person.clone());
                }
            }
            Ok(claimed)
        })
        .await
    }

    async fn renew(&self, owner: &ChangeId, until: Timestamp) -> Result<u64, StoreError> {
        let (owner, until) = (owner.to_string(), microseconds::floor(until));
        self.write("keep people claimed", move |transaction| {
            let kept = transaction
                .prepare_cached("UPDATE claim SET until = ?2 WHERE owner = ?1 AND until NOT NULL")?
                .execute(params![owner, until])?;
            Ok(kept as u64)
        })
        .await
    }

    async fn release(&self, owner: &ChangeId, now: Timestamp) -> Result<(), StoreError> {
        let owner = owner.to_string();
        let forgotten = now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN);
        let (now, forgotten) = (microseconds::floor(now), microseconds::floor(forgotten));
        self.write("let people go", move |transaction| {
            let number = tally::next(transaction)?;
            transaction
                .prepare_cached(
                    "UPDATE claim SET until = NULL, released = ?2, number = ?3
                     WHERE owner = ?1 AND until NOT NULL",
                )?
                .execute(params![owner, now, number])?;
            forget(transaction, forgotten)
        })
        .await
    }
}

/// Whether claims may be missing that a pass with this ticket would have to know of.
fn is_forgotten(transaction: &Transaction<'_>, ticket: i64) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT forgotten > ?1 FROM tally")?
        .query_row([ticket], |row| row.get(0))
}

fn forget(transaction: &Transaction<'_>, before: i64) -> rusqlite::Result<()> {
    let numbers: Vec<i64> = transaction
        .prepare_cached(
            "DELETE FROM claim WHERE person IN
                (SELECT person FROM claim WHERE released < ?1 ORDER BY released LIMIT ?2)
             RETURNING number",
        )?
        .query_map(params![before, BATCH], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    if let Some(newest) = numbers.iter().max() {
        transaction
            .prepare_cached("UPDATE tally SET forgotten = max(forgotten, ?1)")?
            .execute([newest])?;
    }
    Ok(())
}
