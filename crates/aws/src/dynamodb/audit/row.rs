//! An entry as an item.

use super::super::item::{Damaged, Item, floor};
use super::super::keys::{Key, SK};
use super::{history, partition, place};
use control::ports::{Actor, AuditEntry, ChainId, ChainRow, Seal, SealedEntry};
use std::collections::BTreeMap;

/// Where an entry stands in its chain.
pub(super) fn chained(seal: &Seal) -> Key {
    Key::new(partition(&seal.chain), place(seal.seq))
}

/// The items that an entry is written as: in its chain, and among what happened to the person.
pub(super) fn items(sealed: &SealedEntry, stamp: &str) -> Vec<Item> {
    let seal = &sealed.seal;
    let in_chain = chained(seal);
    let person = sealed.entry.person.as_deref();
    let copy = person.map(|person| Key::new(history(person), stamp));
    let keys = std::iter::once(in_chain).chain(copy);
    keys.map(|key| item(&key, sealed, stamp)).collect()
}

fn item(key: &Key, sealed: &SealedEntry, stamp: &str) -> Item {
    let SealedEntry { entry, seal } = sealed;
    Item::at(key)
        .with_text("stamp", stamp)
        .with_number("time", floor(entry.at))
        .with_text("event", &entry.event)
        .with_text("code", &entry.code)
        .with_text("actor", entry.actor.to_string())
        .with_opt_text("person", entry.person.as_deref())
        .with_opt_text("team", entry.team.as_deref())
        .with_opt_text("change", entry.change.as_deref())
        .with_opt_text("before", texts(&entry.before).as_deref())
        .with_opt_text("after", texts(&entry.after).as_deref())
        .with_opt_text("details", texts(&entry.details).as_deref())
        .with_text("chain", &seal.chain.0)
        .with_number("seq", seal.seq)
        .with_text("prev", &seal.prev)
        .with_opt_text("place", seal.place.as_deref())
        .with_text("hash", &seal.hash)
        .with_text("key", &seal.key)
        .with_text("mac", &seal.mac)
}

/// An entry with its seal.
pub(super) fn read(item: &Item) -> Result<SealedEntry, Damaged> {
    let text = |name| item.text(name).map(str::to_owned);
    let seal = Seal {
        chain: ChainId(text("chain")?),
        seq: item.number("seq")?,
        prev: text("prev")?,
        place: item.opt_text("place").map(str::to_owned),
        hash: text("hash")?,
        key: text("key")?,
        mac: text("mac")?,
    };
    Ok(SealedEntry { entry: read_entry(item)?, seal })
}

/// An entry, sealed or not.
pub(super) fn read_entry(item: &Item) -> Result<AuditEntry, Damaged> {
    Ok(AuditEntry {
        at: item.time("time")?,
        event: item.text("event")?.to_owned(),
        code: item.text("code")?.to_owned(),
        actor: match item.opt_text("actor") {
            Some(actor) => actor.parse().map_err(|_| Damaged { attribute: "actor" })?,
            // An entry of an older version.
            None => Actor::System,
        },
        person: item.opt_text("person").map(str::to_owned),
        team: item.opt_text("team").map(str::to_owned),
        change: item.opt_text("change").map(str::to_owned),
        before: read_texts(item, "before")?,
        after: read_texts(item, "after")?,
        details: read_texts(item, "details")?,
    })
}

/// What is in a place, entry or not. What is in none of our places comes last.
pub(super) fn read_row(item: &Item) -> ChainRow {
    let seq = item.opt_text(SK).filter(|text| text.len() == 20).and_then(|text| text.parse().ok());
    ChainRow {
        seq: seq.unwrap_or(u64::MAX),
        entry: read(item).map_err(|damage| damage.to_string()),
    }
}

/// Whether an entry stands in its own place: verifying looks at no other.
pub(super) fn is_placed(item: &Item) -> bool {
    let seq = item.number("seq").unwrap_or(0_u64);
    seq > 0 && item.opt_text(SK) == Some(&place(seq))
}

/// A JSON object; none for nothing.
fn texts(texts: &BTreeMap<String, String>) -> Option<String> {
    (!texts.is_empty()).then(|| serde_json::json!(texts).to_string())
}

fn read_texts(item: &Item, name: &'static str) -> Result<BTreeMap<String, String>, Damaged> {
    match item.opt_text(name) {
        None => Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| Damaged { attribute: name }),
    }
}
