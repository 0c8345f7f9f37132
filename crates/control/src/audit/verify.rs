//! Verifying a log in one pass over each chain, with memory that does not grow with it.
//!
//! Each entry is looked at by itself (its content is what was sealed, by a key of ours), and in its
//! place (its number follows, and it names the hash of the entry before). Checkpoints tell what was
//! there at some time, so that a log which was cut at its end, or written anew by somebody who has
//! the key, is found as well.

use super::checkpoint::Checkpoint;
use super::export::json_line;
use super::keeping::pruned;
use super::key::KeyRing;
use super::seal::{Broken, Head, check};
use crate::ports::{AuditEvent, ChainHead, ChainId, ChainRow, SealedEntry};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The most findings of a chain that are kept. The first are what matters.
pub(super) const MOST_FINDINGS: usize = 20;

/// What is said of a line of an export that has more than an entry and its seal.
const UNSEALED: &str = "the line says something that was not sealed";

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The store holds something there that is no entry.
    Unreadable,
    /// It was sealed with a key that was not given, or by nobody.
    UnknownKey,
    /// It is not what was sealed.
    Changed,
    /// It does not follow the entry before it: something was put in, taken out or moved here.
    Unlinked,
    /// It is in a place that is not its own: another chain's, or a number that was there before.
    Misplaced,
    /// It is gone, and the log was not shortened up to it.
    Missing,
    /// A checkpoint knows another entry of this number.
    NotAsAnchored,
    /// A checkpoint knows it, and the chain ends before it: the end was cut off.
    CutOff,
    /// A checkpoint whose own seal does not hold.
    BadCheckpoint,
}

impl Fault {
    /// One sentence.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Unreadable => "the store holds something there that is no sealed entry",
            Self::UnknownKey => {
                "it was sealed with a key that was not given: name former keys too, or it is forged"
            }
            Self::Changed => "it is not what was sealed: it was changed, or is forged",
            Self::Unlinked => {
                "it does not follow the entry before it: an entry was put in, taken out or moved"
            }
            Self::Misplaced => "it stands in a place that is not its own",
            Self::Missing => "it is gone, and the log was not shortened up to it",
            Self::NotAsAnchored => "a checkpoint knows another entry of this number",
            Self::CutOff => "a checkpoint knows it, and the log ends before it",
            Self::BadCheckpoint => "the checkpoint's own seal does not hold",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain())
    }
}

/// An entry with which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadEntry {
    /// Its chain.
    pub chain: ChainId,
    /// Its number there. Of several that are missing the first.
    pub seq: u64,
    /// What is wrong.
    pub fault: Fault,
    /// More, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl fmt::Display for BadEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}/{}: {}", self.chain, self.seq, self.fault)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

/// What was found in one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Which.
    pub chain: ChainId,
    /// How many entries were looked at.
    pub entries: u64,
    /// The first that is there; 0: none.
    pub first: u64,
    /// The last that is there; 0: none.
    pub last: u64,
    /// The hash of the last.
    pub hash: String,
    /// Up to which entry a checkpoint that was given agrees with it.
    pub anchored: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether nothing was found.
    pub ok: bool,
    /// How many entries were looked at.
    pub entries: u64,
    /// How many checkpoints they were held against.
    pub checkpoints: u64,
    /// Each chain.
    pub chains: Vec<ChainReport>,
    /// What is wrong, the first of each chain first; at most twenty of each, and twenty more for which the key
    /// was not given.
    pub bad: Vec<BadEntry>,
}

impl Verdict {
    /// Up to which entry it was looked, those of all chains together, also of a removed beginning.
    pub fn reached(&self) -> u64 {
        self.chains.iter().map(|chain| chain.last).sum()
    }
}

/// Entries that are not there.
#[derive(Debug, Clone, Copy)]
struct Gap {
    first: u64,
    last: u64,
}

/// The number before the one that a checkpoint knows.
pub(super) fn before(head: &ChainHead) -> u64 {
    head.seq.saturating_sub(1)
}

/// One chain, as far as it was read.
#[derive(Debug)]
struct Chain {
    head: Head,
    first: u64,
    entries: u64,
    gaps: Vec<Gap>,
    found: Vec<BadEntry>,
    anchored: Option<u64>,
}

/// What a checkpoint says of a chain.
type Anchors = BTreeMap<u64, String>;

/// A verification under way.
#[derive(Debug)]
pub struct Verification<'k> {
    keys: &'k KeyRing,
    anchors: BTreeMap<ChainId, Anchors>,
    checkpoints: u64,
    chains: BTreeMap<ChainId, Chain>,
    /// Up to which entry each chain was shortened, as sealed entries say.
    pruned: BTreeMap<ChainId, u64>,
    bad_checkpoints: Vec<BadEntry>,
}

impl<'k> Verification<'k> {
    /// A verification by these keys.
    pub fn new(keys: &'k KeyRing) -> Self {
        Self {
            keys,
            anchors: BTreeMap::new(),
            checkpoints: 0,
            chains: BTreeMap::new(),
            pruned: BTreeMap::new(),
            bad_checkpoints: Vec::new(),
        }
    }

    /// Has the log held against a checkpoint whose own seal holds.
    pub fn anchor(&mut self, checkpoint: &Checkpoint) {
        self.checkpoints += 1;
        for head in &checkpoint.chains {
            let anchors = self.anchors.entry(head.chain.clone()).or_default();
            match anchors.insert(head.seq, head.hash.clone()) {
                Some(other) if other != head.hash => {
                    let detail = Some("two checkpoints contradict each other".to_owned());
                    self.bad_checkpoints.push(BadEntry {
                        chain: head.chain.clone(),
                        seq: head.seq,
                        fault: Fault::NotAsAnchored,
                        detail,
                    });
                }
                _ => {}
            }
        }
    }

    /// Begins at the entries that a checkpoint knows: only they and what follows are to be taken. They
    /// are held against it, so that a log which ends before them is found.
    pub fn begin_at(&mut self, checkpoint: &Checkpoint) {
        self.anchor(checkpoint);
        for head in &checkpoint.chains {
            let chain = self.chains.entry(head.chain.clone()).or_insert_with(Chain::empty);
            // What the entry itself follows is not looked at.
            chain.head = Head { seq: before(head), hash: String::new() };
        }
    }

    /// Tells of a checkpoint whose own seal does not hold.
    pub fn bad_checkpoint(&mut self, checkpoint: &Checkpoint) {
        let head = checkpoint.chains.first();
        self.bad_checkpoints.push(BadEntry {
            chain: head.map_or_else(|| ChainId("-".to_owned()), |head| head.chain.clone()),
            seq: head.map_or(0, |head| head.seq),
            fault: Fault::BadCheckpoint,
            detail: Some(format!("made {}", checkpoint.at)),
        });
    }

    /// Takes the next row of a chain. Rows come in the order in which the store has them.
    pub fn take(&mut self, chain: &ChainId, row: &ChainRow) {
        let anchor = self.anchors.get(chain).and_then(|anchors| anchors.get(&row.seq));
        let known = self.chains.entry(chain.clone()).or_insert_with(Chain::empty);
        let whole = known.take(chain, row, self.keys, anchor);
        // Only what holds by itself may say that entries went.
        if let (true, Ok(sealed)) = (whole, &row.entry)
            && sealed.entry.event == AuditEvent::AuditPruned
        {
            for (chain, through) in pruned(&sealed.entry) {
                let known = self.pruned.entry(chain).or_default();
                *known = through.max(*known);
            }
        }
    }

    /// Takes the next line of an export without a filter.
    ///
    /// # Errors
    /// The line is no sealed entry.
    pub fn take_line(&mut self, line: &str) -> Result<(), serde_json::Error> {
        let sealed: SealedEntry = serde_json::from_str(line)?;
        let chain = sealed.seal.chain.clone();
        let seq = sealed.seal.seq;
        // Members that no entry has were not sealed.
        let whole: Value = serde_json::from_str(&json_line(&sealed))?;
        let same = serde_json::from_str::<Value>(line)? == whole;
        let entry = if same { Ok(sealed) } else { Err(UNSEALED.to_owned()) };
        self.take(&chain, &ChainRow { seq, entry });
        Ok(())
    }

    /// What came of it, once every chain was read to its end.
    pub fn finish(mut self) -> Verdict {
        // A chain that a checkpoint knows and the store does not.
        for chain in self.anchors.keys().chain(self.pruned.keys()) {
            self.chains.entry(chain.clone()).or_insert_with(Chain::empty);
        }
        let (mut chains, mut bad) = (Vec::new(), self.bad_checkpoints);
        for (id, chain) in self.chains {
            let through = self.pruned.get(&id).copied().unwrap_or(0);
            let nothing = Anchors::new();
            let anchors = self.anchors.get(&id).unwrap_or(&nothing);
            bad.extend(chain.faults(&id, through, anchors));
            chains.push(ChainReport {
                entries: chain.entries,
                first: chain.first,
                last: if chain.entries == 0 { 0 } else { chain.head.seq },
                hash: chain.head.hash,
                anchored: chain.anchored,
                chain: id,
            });
        }
        let entries = chains.iter().map(|chain| chain.entries).sum();
        Verdict { ok: bad.is_empty(), entries, checkpoints: self.checkpoints, chains, bad }
    }
}

impl Chain {
    fn empty() -> Self {
        Self {
            head: Head::empty(),
            first: 0,
            entries: 0,
            gaps: Vec::new(),
            found: Vec::new(),
            anchored: None,
        }
    }

    fn find(&mut self, chain: &ChainId, seq: u64, fault: Fault, detail: Option<String>) {
        // A key that was forgotten must not hide what else is found.
        let is_alike =
            |bad: &&BadEntry| (bad.fault == Fault::UnknownKey) == (fault == Fault::UnknownKey);
        if self.found.iter().filter(is_alike).count() < MOST_FINDINGS {
            self.found.push(BadEntry { chain: chain.clone(), seq, fault, detail });
        }
    }

    /// Takes a row; whether it holds by itself.
    fn take(
        &mut self,
        chain: &ChainId,
        row: &ChainRow,
        keys: &KeyRing,
        anchor: Option<&String>,
    ) -> bool {
        let seq = row.seq;
        self.entries += 1;
        if self.entries == 1 {
            self.first = seq;
        }
        if seq <= self.head.seq {
            self.find(chain, seq, Fault::Misplaced, None);
            return false;
        }
        let next = self.head.seq + 1;
        let follows = seq == next;
        if !follows && self.gaps.len() < MOST_FINDINGS {
            self.gaps.push(Gap { first: next, last: seq - 1 });
        }
        let sealed = match &row.entry {
            Ok(sealed) => sealed,
            Err(why) => {
                self.find(chain, seq, Fault::Unreadable, Some(why.clone()));
                // The next one cannot be held against it.
                self.head = Head { seq, hash: String::new() };
                return false;
            }
        };
        let seal = &sealed.seal;
        let whole = if seal.seq != seq || seal.chain != *chain {
            self.find(chain, seq, Fault::Misplaced, Some(format!("it is {}", sealed.number())));
            false
        } else if let Err(broken) = check(sealed, keys) {
            let fault = match broken {
                Broken::UnknownKey => Fault::UnknownKey,
                Broken::Changed => Fault::Changed,
            };
            let detail = (broken == Broken::UnknownKey).then(|| format!("key {}", seal.key));
            self.find(chain, seq, fault, detail);
            false
        } else {
            // What comes after a gap is linked to what is not there.
            if follows && !self.head.hash.is_empty() && seal.prev != self.head.hash {
                self.find(chain, seq, Fault::Unlinked, None);
            }
            true
        };
        match anchor {
            Some(hash) if *hash != seal.hash => {
                self.find(chain, seq, Fault::NotAsAnchored, None);
            }
            Some(_) if whole => self.anchored = Some(seq),
            _ => {}
        }
        self.head = Head { seq, hash: seal.hash.clone() };
        whole
    }

    /// What is wrong, in order, given up to which entry the chain was shortened.
    fn faults(&self, chain: &ChainId, through: u64, anchors: &Anchors) -> Vec<BadEntry> {
        let mut found = self.found.clone();
        let bad = |seq, fault, detail| BadEntry { chain: chain.clone(), seq, fault, detail };
        for gap in self.gaps.iter().filter(|gap| gap.last > through) {
            let first = gap.first.max(through + 1);
            let detail = (gap.last > first).then(|| format!("and all up to {}", gap.last));
            found.push(bad(first, Fault::Missing, detail));
        }
        let end = self.head.seq.max(through);
        let next = end.saturating_add(1);
        if let Some((seq, _)) = anchors.range(next..).next_back() {
            let detail = (*seq > next).then(|| format!("and all up to {seq}"));
            found.push(bad(next, Fault::CutOff, detail));
        }
        found.sort_by_key(|entry| entry.seq);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_not_given_hides_nothing_else() {
        let (id, mut chain) = (ChainId("main".into()), Chain::empty());
        for seq in 1..=30 {
            chain.find(&id, seq, Fault::UnknownKey, None);
        }
        chain.find(&id, 31, Fault::Changed, None);
        let found: Vec<(u64, Fault)> = chain.found.iter().map(|bad| (bad.seq, bad.fault)).collect();
        assert_eq!(found.len(), MOST_FINDINGS + 1);
        assert_eq!(found.last(), Some(&(31, Fault::Changed)));
    }
}
