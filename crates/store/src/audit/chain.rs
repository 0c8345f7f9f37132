//! Sealing.

use super::{CHAIN, COLUMNS, entry, json};
use crate::microseconds;
use access::reason::ReasonCode;
use control::audit::{ChainKey, Head, KeyRing, STORE_KEY, fresh_key, not_given, seal, trimmed};
use control::ports::{AuditEntry, AuditEvent, ChainId, Seal};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Rows that one transaction removes: the file is locked that long.
const FORGOTTEN_AT_ONCE: i64 = 5_000;

/// Why an entry cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsealable {
    #[error("{}", not_given(.0))]
    OtherKey(String),
    #[error("the machine has no randomness to draw a key from")]
    NoRandomness,
    #[error("a digest is no hexadecimal text")]
    NotHex,
}

impl From<Unsealable> for rusqlite::Error {
    fn from(why: Unsealable) -> Self {
        Self::ToSqlConversionFailure(Box::new(why))
    }
}

/// The last entry that is sealed.
pub(super) struct Last {
    pub(super) head: Head,
    key: String,
}

pub(super) fn last(connection: &Connection) -> rusqlite::Result<Option<Last>> {
    connection
        .prepare_cached(
            "SELECT id, hash, key FROM audit WHERE mac IS NOT NULL ORDER BY id DESC LIMIT 1",
        )?
        .query_row([], |row| {
            let (seq, hash): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let seq = u64::try_from(seq).unwrap_or(0);
            Ok(Last { head: Head { seq, hash: hex::encode(hash) }, key: row.get(2)? })
        })
        .optional()
}

/// Whether there are only entries of a version that did not seal. Where one is sealed, nothing else is
/// ever sealed after the fact: whoever can write the file could put anything there.
pub(super) fn is_unsealed(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM audit WHERE mac IS NULL)
                AND NOT EXISTS (SELECT 1 FROM audit WHERE mac IS NOT NULL)",
        )?
        .query_row([], |row| row.get(0))
}

/// The last entry that is sealed, as the next one is linked to it, after all rows that there are.
fn end(transaction: &Transaction<'_>, keys: &KeyRing) -> rusqlite::Result<Option<Last>> {
    let newest = transaction
        .prepare_cached(
            "SELECT id, mac IS NOT NULL, hash, key FROM audit ORDER BY id DESC LIMIT 1",
        )?
        .query_row([], |row| {
            let id: i64 = row.get(0)?;
            let seal =
                if row.get(1)? { Some((row.get::<_, Vec<u8>>(2)?, row.get(3)?)) } else { None };
            Ok((u64::try_from(id).unwrap_or(0), seal))
        })
        .optional()?;
    match newest {
        None => Ok(None),
        // Nearly always: then one is sealed, and it is the last.
        Some((seq, Some((hash, key)))) => {
            Ok(Some(Last { head: Head { seq, hash: hex::encode(hash) }, key }))
        }
        Some((newest, None)) => {
            seal_old(transaction, Some(keys))?;
            // A row that somebody put there is left where it is, for verifying to find.
            Ok(last(transaction)?.map(|mut last| {
                last.head.seq = last.head.seq.max(newest);
                last
            }))
        }
    }
}

/// The id of the key of the last entry, where it is none of those that there are.
pub(super) fn foreign_key(
    connection: &Connection,
    given: Option<&KeyRing>,
) -> rusqlite::Result<Option<String>> {
    let Some(Last { key, .. }) = last(connection)? else { return Ok(None) };
    let kept = kept_key(connection)?.map(KeyRing::new);
    let is_ours = given.or(kept.as_ref()).is_some_and(|keys| keys.get(&key).is_some());
    Ok((!is_ours).then_some(key))
}

/// Appends an entry.
pub(crate) fn append(
    transaction: &Transaction<'_>,
    entry: &AuditEntry,
    given: Option<&KeyRing>,
) -> rusqlite::Result<()> {
    let drawn;
    let keys = if let Some(keys) = given {
        keys
    } else {
        drawn = KeyRing::new(drawn_key(transaction)?);
        &drawn
    };
    let mut head = match end(transaction, keys)? {
        None => Head::empty(),
        Some(last) if keys.get(&last.key).is_none() => {
            return Err(Unsealable::OtherKey(last.key).into());
        }
        Some(last) => last.head,
    };
    let entry = AuditEntry { at: trimmed(entry.at), ..entry.clone() };
    let seal = seal(&entry, &ChainId(CHAIN.to_owned()), &mut head, keys.current());
    insert(transaction, &entry, &seal)
}

/// Seals what a version left that did not, and writes down that it was found so.
pub(super) fn seal_old(
    transaction: &Transaction<'_>,
    given: Option<&KeyRing>,
) -> rusqlite::Result<()> {
    if !is_unsealed(transaction)? {
        return Ok(());
    }
    let key = match given {
        Some(keys) => keys.current().clone(),
        None => drawn_key(transaction)?,
    };
    let chain = ChainId(CHAIN.to_owned());
    let (mut head, mut count, mut at) = (Head::empty(), 0_u64, jiff::Timestamp::UNIX_EPOCH);
    let mut select = transaction
        .prepare(&format!("SELECT {COLUMNS} FROM audit WHERE id > ?1 ORDER BY id LIMIT 1"))?;
    let mut update = transaction
        .prepare("UPDATE audit SET prev = ?2, hash = ?3, key = ?4, mac = ?5 WHERE id = ?1")?;
    let mut id = i64::MIN;
    while let Some((next, old)) =
        select.query_row([id], |row| Ok((row.get::<_, i64>(0)?, entry(row)?))).optional()?
    {
        // A number that is missing stays missing: it is found when the log is verified.
        head.seq = u64::try_from(next).unwrap_or(0).saturating_sub(1);
        let seal = seal(&old, &chain, &mut head, &key);
        update.execute(params![
            next,
            bytes(&seal.prev)?,
            bytes(&seal.hash)?,
            seal.key,
            bytes(&seal.mac)?
        ])?;
        (id, at) = (next, at.max(old.at));
        count += 1;
    }
    let told = AuditEntry::new(at, AuditEvent::AuditSealed, ReasonCode::AuditSealed.as_str())
        .with("entries", count);
    let seal = seal(&told, &chain, &mut head, &key);
    insert(transaction, &told, &seal)
}

/// Removes some of what may go, and says how much it was. The last entry stays: the next is linked to it.
pub(super) fn forget(transaction: &Transaction<'_>, through: i64) -> rusqlite::Result<u64> {
    transaction
        .prepare_cached("UPDATE audit_floor SET through = max(through, ?1)")?
        .execute([through])?;
    let gone = transaction
        .prepare_cached(
            "DELETE FROM audit WHERE id IN (
                 SELECT id FROM audit WHERE id <= ?1 AND id < (SELECT max(id) FROM audit)
                 ORDER BY id LIMIT ?2)",
        )?
        .execute([through, FORGOTTEN_AT_ONCE])?;
    Ok(u64::try_from(gone).unwrap_or(0))
}

/// The key that is kept in the file itself, if one was drawn.
fn kept_key(connection: &Connection) -> rusqlite::Result<Option<ChainKey>> {
    let kept: Option<[u8; 32]> = connection
        .prepare_cached("SELECT value FROM secret WHERE name = ?1")?
        .query_row([STORE_KEY], |row| row.get(0))
        .optional()?;
    Ok(kept.map(|kept| ChainKey::new(&kept)))
}

/// The key that is kept in the file itself, drawn the first time.
fn drawn_key(transaction: &Transaction<'_>) -> rusqlite::Result<ChainKey> {
    if let Some(kept) = kept_key(transaction)? {
        return Ok(kept);
    }
    let fresh = fresh_key().ok_or(Unsealable::NoRandomness)?;
    transaction
        .prepare_cached("INSERT INTO secret (name, value) VALUES (?1, ?2)")?
        .execute(params![STORE_KEY, fresh])?;
    Ok(ChainKey::new(&fresh))
}

fn insert(transaction: &Transaction<'_>, entry: &AuditEntry, seal: &Seal) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            // `FAIL`: with the default SQLite keeps what the statement changed, to undo it alone. It is one
            // row, and where it fails the transaction ends.
            "INSERT OR FAIL INTO audit (id, at, event, code, actor, person, team, change, before, after,
                                details, prev, hash, key, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            i64::try_from(seal.seq).unwrap_or(i64::MAX),
            microseconds::floor(entry.at),
            entry.event,
            entry.code,
            entry.actor.to_string(),
            entry.person,
            entry.team,
            entry.change,
            json(&entry.before)?,
            json(&entry.after)?,
            json(&entry.details)?,
            bytes(&seal.prev)?,
            bytes(&seal.hash)?,
            seal.key,
            bytes(&seal.mac)?,
        ])?;
    Ok(())
}

fn bytes(digest: &str) -> rusqlite::Result<Vec<u8>> {
    hex::decode(digest).map_err(|_| Unsealable::NotHex.into())
}
