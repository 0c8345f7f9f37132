//! Reading a log as far as it tells who had what at a time.

use super::as_of::{AsOf, History, Unknown};
use super::keeping::rises;
use crate::ports::{
    AuditEntry, AuditFilter, AuditLog, ChainHead, ChainId, OUT_OF_ORDER, StoreError,
};
use access::ids::PersonId;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Entries that are read at a time.
const PAGE: u32 = 1_000;

/// The most entries of one person that are read: a busy one has some thousand a year.
const MOST_OF_A_PERSON: u64 = 50_000;

/// Why a log does not tell who had what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is longer than whoever asks may wait for.
    #[error("the audit log has more than {most} entries up to that time")]
    TooLong {
        /// So many entries would have been read.
        most: u64,
    },
}

/// What one person had at a time.
///
/// # Errors
/// The log cannot be read, or has more of this person than is read.
pub async fn person_at(
    log: &dyn AuditLog,
    person: &PersonId,
    at: Timestamp,
) -> Result<AsOf, HistoryError> {
    let filter = AuditFilter {
        person: Some(person.to_string()),
        until: at.checked_add(SignedDuration::from_micros(1)).ok(),
        ..AuditFilter::default()
    };
    let (mut newest_first, mut cursor, mut seen) = (Vec::new(), None::<String>, 0_u64);
    loop {
        let page = log.page(&filter, cursor.as_deref(), PAGE).await?;
        seen += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
        if seen > MOST_OF_A_PERSON {
            return Err(HistoryError::TooLong { most: MOST_OF_A_PERSON });
        }
        let entries = page.items.into_iter().map(|sealed| sealed.entry);
        newest_first.extend(entries.filter(|entry| History::counts(&entry.event)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut history = History::until(at);
    newest_first.iter().rev().for_each(|entry| history.take(entry));
    let mut told = history.told();
    Reach::of(log).await?.tell(&mut told, 0);
    Ok(told)
}

/// Whether the log has such an entry. A store that looked through only a part of it does not say that it has not.
///
/// # Errors
/// The log cannot be read.
pub async fn tells_of(log: &dyn AuditLog, about: &AuditFilter) -> Result<bool, StoreError> {
    let found = log.page(about, None, 1).await?;
    Ok(!found.items.is_empty() || found.next.is_some())
}

/// Whether the log tells of a team, as [`tells_of`] does.
///
/// # Errors
/// The log cannot be read.
pub async fn tells_of_team(log: &dyn AuditLog, team: &str) -> Result<bool, StoreError> {
    let about = AuditFilter { team: Some(team.to_owned()), ..AuditFilter::default() };
    tells_of(log, &about).await
}

/// What everybody had at a time. Memory does not grow with the log; `progress` hears how many entries
/// were read.
///
/// # Errors
/// The log cannot be read, or has more than `most` entries up to that time.
pub async fn everybody_at(
    log: &dyn AuditLog,
    at: Timestamp,
    most: Option<u64>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<AsOf, HistoryError> {
    let reach = Reach::of(log).await?;
    let mut chains: Vec<Chain> = log.chains().await?.into_iter().map(Chain::of).collect();
    let mut history = History::until(at);
    let (mut read, mut unreadable) = (0_u64, 0);
    loop {
        for chain in &mut chains {
            let more = chain.fill(log, at).await?;
            unreadable += more.unreadable;
            if more.read > 0 {
                read = read.saturating_add(more.read);
                progress(read);
            }
        }
        if let Some(most) = most.filter(|most| read > *most) {
            return Err(HistoryError::TooLong { most });
        }
        // The order within a chain is certain; between chains it is that of the clocks.
        let next = chains.iter_mut().filter(|chain| !chain.waiting.is_empty());
        let Some(chain) = next.min_by_key(|chain| chain.waiting.front().map(|entry| entry.at))
        else {
            break;
        };
        if let Some(entry) = chain.waiting.pop_front() {
            history.take(&entry);
        }
    }
    let mut told = history.told();
    reach.tell(&mut told, unreadable);
    Ok(told)
}

/// A chain that is being read.
struct Chain {
    id: ChainId,
    after: u64,
    waiting: VecDeque<AuditEntry>,
    is_read: bool,
}

/// What was read of a chain.
#[derive(Default)]
struct More {
    read: u64,
    unreadable: u64,
}

impl Chain {
    fn of(head: ChainHead) -> Self {
        Self { id: head.chain, after: 0, waiting: VecDeque::new(), is_read: false }
    }

    /// Reads on until something waits that counts, or nothing follows.
    async fn fill(&mut self, log: &dyn AuditLog, at: Timestamp) -> Result<More, StoreError> {
        let mut more = More::default();
        while self.waiting.is_empty() && !self.is_read {
            let rows = log.chain(&self.id, self.after, PAGE).await?;
            let Some(last) = rows.last() else {
                self.is_read = true;
                break;
            };
            self.is_read = !rises(self.after, last.seq);
            self.after = last.seq;
            more.read += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            for row in rows {
                match row.entry {
                    Err(_) => more.unreadable += 1,
                    Ok(sealed) if sealed.entry.at.duration_since(at) > OUT_OF_ORDER => {
                        self.is_read = true;
                    }
                    Ok(sealed) if History::counts(&sealed.entry.event) && sealed.entry.at <= at => {
                        self.waiting.push_back(sealed.entry);
                    }
                    Ok(_) => {}
                }
            }
        }
        Ok(more)
    }
}

/// How far back a log goes.
struct Reach {
    /// From when on it has every entry; absent: it has none.
    since: Option<Timestamp>,
    /// Whether entries before that were removed.
    is_shortened: bool,
}

impl Reach {
    async fn of(log: &dyn AuditLog) -> Result<Self, StoreError> {
        let (mut first, mut shortened) = (None::<Timestamp>, None::<Timestamp>);
        for head in log.chains().await? {
            let rows = log.chain(&head.chain, 0, 1).await?;
            let Some(row) = rows.first() else { continue };
            let Some(at) = row.entry.as_ref().ok().map(|sealed| sealed.entry.at) else { continue };
            first = Some(first.map_or(at, |first| first.min(at)));
            if row.seq > 1 {
                shortened = shortened.max(Some(at));
            }
        }
        Ok(Self { since: shortened.or(first), is_shortened: shortened.is_some() })
    }

    /// Says so in an answer, before what no log can tell.
    fn tell(self, told: &mut AsOf, unreadable: u64) {
        let at = told.at;
        told.known_since = self.since.filter(|since| *since <= at);
        let mut unknown = Vec::new();
        match (self.since, self.is_shortened) {
            (None, _) => unknown.push(Unknown::new("no-log", "The log has no entry.")),
            (Some(since), _) if since > at => unknown.push(Unknown::new(
                "before-the-log",
                format!("The log begins at {since}, later than that: of that time it knows nothing."),
            )),
            (Some(since), true) => unknown.push(Unknown::new(
                "shortened",
                format!(
                    "Entries before {since} were removed: what somebody had before that and kept \
                     without a change does not show."
                ),
            )),
            (Some(since), false) => unknown.push(Unknown::new(
                "log-begins",
                format!(
                    "The log begins at {since}: what somebody had before that and kept without a change \
                     does not show."
                ),
            )),
        }
        if unreadable > 0 {
            unknown.push(Unknown::new(
                "unreadable",
                format!(
                    "{unreadable} entries cannot be read: `stagedoor audit verify` names them."
                ),
            ));
        }
        unknown.append(&mut told.unknown);
        told.unknown = unknown;
    }
}
