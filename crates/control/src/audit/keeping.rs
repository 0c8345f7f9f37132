//! Looking after the log: checkpoints, shortening, verifying.

use super::checkpoint::{Checkpoint, CheckpointPlace, Notary, PlaceError};
use super::key::KeyRing;
use super::seal::{Broken, check, is_whole};
use super::verify::{BadEntry, Fault, MOST_FINDINGS, Verdict, Verification, before};
use crate::ports::{
    Actor, AuditEntry, AuditEvent, AuditFilter, AuditLog, ChainHead, ChainId, StoreError, Stray,
};
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are read at a time: what verifying needs of memory.
const PAGE: u32 = 1_000;

/// Before the name of each chain, in the details of these entries.
const THROUGH: &str = "through.";

/// Why the log could not be looked after.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepingError {
    /// The log itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where checkpoints are kept, or what signs them.
    #[error("checkpoints of the audit log: {0}")]
    Place(#[from] PlaceError),
}

/// When a checkpoint is taken, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// That the log does not hold, and somebody knows.
    pub accepted: Option<Accepted>,
}

/// Something that does not hold, and why a log is signed all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The first thing that does not hold.
    pub fault: String,
    /// Why.
    pub why: String,
}

/// What was removed from the beginning of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// How many entries.
    pub entries: u64,
    /// Up to which entry of each chain.
    pub through: BTreeMap<ChainId, u64>,
}

/// Up to which entry chains may be removed, as an [`AuditEvent::AuditPruned`] entry says.
pub(super) fn pruned(entry: &AuditEntry) -> impl Iterator<Item = (ChainId, u64)> + '_ {
    entry.details.iter().filter_map(|(name, value)| {
        let chain = name.strip_prefix(THROUGH)?;
        Some((ChainId(chain.to_owned()), value.parse().ok()?))
    })
}

/// The ends of the chains that have entries.
pub(super) async fn heads(log: &dyn AuditLog) -> Result<Vec<ChainHead>, StoreError> {
    Ok(log.chains().await?.into_iter().filter(|head| head.seq > 0).collect())
}

/// Whether a chain that was read up to the number `after` can be read on behind `seq`: what is in none
/// of our places would come again and again.
pub(super) const fn rises(after: u64, seq: u64) -> bool {
    seq > after && seq < u64::MAX
}

/// Signs how far the log goes, has it kept outside, and writes that down.
///
/// # Errors
/// The log cannot be read or written; the checkpoint cannot be signed or kept.
pub async fn take_checkpoint(
    log: &dyn AuditLog,
    notary: &dyn Notary,
    place: Option<&dyn CheckpointPlace>,
    Taking { at, actor, accepted }: Taking,
) -> Result<Checkpoint, KeepingError> {
    let mut checkpoint = Checkpoint::of(at, heads(log).await?, notary.key());
    checkpoint.signature = notary.sign(&checkpoint.signed_bytes()).await?;
    if let Some(place) = place {
        place.keep(&checkpoint).await?;
    }
    let entry =
        AuditEntry::new(at, AuditEvent::AuditCheckpoint, ReasonCode::AuditCheckpoint.as_str())
            .by(actor)
            .with("entries", checkpoint.entries)
            .with("key", &checkpoint.key)
            .with("kept", if place.is_some() { "outside" } else { "here" });
    let entry = match accepted {
        Some(Accepted { fault, why }) => entry.with("accepted", fault).with("why", why),
        None => entry,
    };
    let named = |entry: AuditEntry, head: &ChainHead| {
        entry.with(&format!("head.{}", head.chain), format!("{} {}", head.seq, head.hash))
    };
    log.append(&checkpoint.chains.iter().fold(entry, named)).await?;
    Ok(checkpoint)
}

/// The checkpoints that are kept, each with whether its signature holds.
///
/// # Errors
/// They cannot be read or judged.
pub async fn judged(
    place: &dyn CheckpointPlace,
    notary: &dyn Notary,
) -> Result<Vec<(Checkpoint, bool)>, PlaceError> {
    let mut judged = Vec::new();
    for checkpoint in place.all().await? {
        let holds = checkpoint.holds(notary).await?;
        judged.push((checkpoint, holds));
    }
    Ok(judged)
}

/// Verifies the whole log, a page at a time, and the histories of the people it is about. `progress`
/// hears how many entries were looked at.
///
/// # Errors
/// The log cannot be read. What is wrong with it is no error, but the answer.
pub async fn verify_log(
    log: &dyn AuditLog,
    keys: &KeyRing,
    checkpoints: &[(Checkpoint, bool)],
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Verdict, StoreError> {
    let mut verification = Verification::new(keys);
    for (checkpoint, holds) in checkpoints {
        if *holds {
            verification.anchor(checkpoint);
        } else {
            verification.bad_checkpoint(checkpoint);
        }
    }
    let heads = log.chains().await?;
    let all = heads.into_iter().map(|head| (head.chain, 0)).collect();
    let people = read(log, all, &mut verification, progress).await?;
    let mut verdict = verification.finish();
    let strays = log.strays(&people).await?;
    verdict.ok &= strays.is_empty();
    verdict.bad.extend(strays.iter().take(MOST_FINDINGS).map(|stray| told(stray, keys)));
    Ok(verdict)
}

/// What is wrong with what stands in the history of a person.
fn told(stray: &Stray, keys: &KeyRing) -> BadEntry {
    let Stray { person, place, entry } = stray;
    let stands = format!("in the history of {person}, at {place}");
    match entry {
        Err(why) => {
            let detail = Some(format!("{stands}: {why}"));
            BadEntry { chain: ChainId("-".to_owned()), seq: 0, fault: Fault::Unreadable, detail }
        }
        Ok(sealed) => {
            let fault = match check(sealed, keys) {
                Err(Broken::UnknownKey) => Fault::UnknownKey,
                Err(Broken::Changed) => Fault::Changed,
                Ok(()) => Fault::Misplaced,
            };
            let seal = &sealed.seal;
            BadEntry { chain: seal.chain.clone(), seq: seal.seq, fault, detail: Some(stands) }
        }
    }
}

/// Verifies what was appended since a checkpoint, that the log still has what it knows, and that no
/// chain begins later than the log was shortened.
///
/// # Errors
/// The log cannot be read.
pub async fn verify_since(
    log: &dyn AuditLog,
    keys: &KeyRing,
    checkpoint: &Checkpoint,
) -> Result<Verdict, StoreError> {
    let mut verification = Verification::new(keys);
    verification.begin_at(checkpoint);
    let heads = log.chains().await?;
    let after = |chain: &ChainId| checkpoint.head(chain).map_or(0, before);
    let all: Vec<_> =
        heads.into_iter().map(|head| (head.chain.clone(), after(&head.chain))).collect();
    let begins = gone(log, keys, all.iter().map(|(chain, _)| chain)).await?;
    read(log, all, &mut verification, &|_| {}).await?;
    let mut verdict = verification.finish();
    verdict.ok &= begins.is_empty();
    verdict.bad.extend(begins);
    Ok(verdict)
}

/// Beginnings of chains that are gone though the log was never shortened so far.
async fn gone(
    log: &dyn AuditLog,
    keys: &KeyRing,
    chains: impl Iterator<Item = &ChainId>,
) -> Result<Vec<BadEntry>, StoreError> {
    let mut begins = Vec::new();
    for chain in chains {
        let first = log.chain(chain, 0, 1).await?;
        begins.extend(first.first().filter(|row| row.seq > 1).map(|row| (chain, row.seq - 1)));
    }
    if begins.is_empty() {
        return Ok(Vec::new());
    }
    let shortened = shortened(log, keys).await?;
    let bad = begins.into_iter().filter_map(|(chain, last)| {
        let first = shortened.get(chain).map_or(1, |through| through.saturating_add(1));
        let detail = (last > first).then(|| format!("and all up to {last}"));
        let chain = chain.clone();
        (last >= first).then_some(BadEntry { chain, seq: first, fault: Fault::Missing, detail })
    });
    Ok(bad.collect())
}

/// Up to which entry each chain was shortened, as the newest sealed entry about that says.
async fn shortened(
    log: &dyn AuditLog,
    keys: &KeyRing,
) -> Result<BTreeMap<ChainId, u64>, StoreError> {
    let event = Some(AuditEvent::AuditPruned.to_string());
    let filter = AuditFilter { event, ..AuditFilter::default() };
    let mut cursor = None::<String>;
    loop {
        let page = log.page(&filter, cursor.as_deref(), 1).await?;
        if let Some(sealed) = page.items.iter().find(|sealed| is_whole(sealed, keys)) {
            return Ok(pruned(&sealed.entry).collect());
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(BTreeMap::new());
        }
    }
}

/// Reads chains to their ends, and says whom they are about.
async fn read(
    log: &dyn AuditLog,
    chains: Vec<(ChainId, u64)>,
    verification: &mut Verification<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<BTreeSet<String>, StoreError> {
    let (mut count, mut people) = (0, BTreeSet::new());
    for (chain, mut after) in chains {
        loop {
            let rows = log.chain(&chain, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            for row in &rows {
                verification.take(&chain, row);
                count += 1;
                let person = row.entry.as_ref().ok().and_then(|one| one.entry.person.as_ref());
                if let Some(person) = person.filter(|person| !people.contains(*person)) {
                    people.insert(person.clone());
                }
            }
            progress(count);
            if !rises(after, last.seq) {
                break;
            }
            after = last.seq;
        }
    }
    Ok(people)
}

/// Removes the beginning of each chain that is older than `retention`, as far as a checkpoint that is
/// kept outside goes, and writes that down before.
///
/// # Errors
/// The log cannot be read or written. What was removed before stays removed; the next time goes on.
pub async fn prune(
    log: &dyn AuditLog,
    checkpoint: &Checkpoint,
    retention: SignedDuration,
    now: Timestamp,
    actor: Actor,
) -> Result<Pruned, StoreError> {
    let Ok(oldest) = now.checked_sub(retention) else { return Ok(Pruned::default()) };
    let (mut through, mut removes) = (BTreeMap::new(), false);
    for head in &checkpoint.chains {
        let (gone, old) = old_part(log, head, oldest).await?;
        removes |= old > gone;
        if old > 0 {
            through.insert(head.chain.clone(), old);
        }
    }
    if !removes {
        return Ok(Pruned::default());
    }
    let entry = AuditEntry::new(now, AuditEvent::AuditPruned, ReasonCode::AuditPruned.as_str())
        .by(actor)
        .with("checkpoint", checkpoint.at)
        .with("older_than", oldest);
    let named = |entry: AuditEntry, (chain, through): (&ChainId, &u64)| {
        entry.with(&format!("{THROUGH}{chain}"), through)
    };
    log.append(&through.iter().fold(entry, named)).await?;
    let mut entries = 0;
    for (chain, through) in &through {
        entries += log.forget(chain, *through).await?;
    }
    Ok(Pruned { entries, through })
}

/// Up to which entry a chain is gone already, and up to which it is old.
async fn old_part(
    log: &dyn AuditLog,
    head: &ChainHead,
    oldest: Timestamp,
) -> Result<(u64, u64), StoreError> {
    let (mut gone, mut after) = (None, 0);
    loop {
        let rows = log.chain(&head.chain, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        gone = gone.or_else(|| rows.first().map(|first| first.seq.saturating_sub(1)));
        // An entry that cannot be read stays, and all after it. So does the last one that the
        // checkpoint knows: what is appended next is linked to the last.
        let is_old = |entry: &AuditEntry| entry.at < oldest;
        let stays = rows.iter().find(|row| {
            row.seq >= head.seq || !row.entry.as_ref().is_ok_and(|sealed| is_old(&sealed.entry))
        });
        if let Some(stays) = stays {
            after = stays.seq.saturating_sub(1);
            break;
        }
        after = last.seq;
    }
    let gone = gone.unwrap_or(after);
    Ok((gone, after.max(gone)))
}
