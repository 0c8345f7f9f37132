//! Whether the audit log is whole: what the badge of *Audit* says.
//!
//! The log is verified from its beginning by one task for all who look, and never more often than
//! every ten minutes: of a million entries that takes seconds.

use crate::audit::{AUDIT_CHECKPOINT, KeyRing, Verdict, verify_log};
use crate::desk::Desk;
use crate::ports::{AuditFilter, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use utoipa::ToSchema;

/// After so long it is verified anew.
const OLD: SignedDuration = SignedDuration::from_mins(10);

/// How long somebody waits for it before an older answer will do.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the log is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// What verifying found.
    pub state: ChainState,
    /// How many entries were verified.
    pub entries: u64,
    /// When.
    pub verified: Option<Timestamp>,
    /// When a checkpoint was last taken.
    pub anchored: Option<Timestamp>,
    /// The first thing that is wrong.
    pub fault: Option<String>,
}

/// What verifying found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainState {
    /// Nobody touched it.
    Whole,
    /// Somebody did, or it was damaged.
    Broken,
    /// It is being verified, or this process has no key of it.
    NotYet,
}

/// Verifies the log of a process. Clones are the same.
#[derive(Debug, Clone)]
pub struct Auditor {
    keys: Arc<KeyRing>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    verdict: Option<(Timestamp, Verdict)>,
    under_way: Option<watch::Receiver<()>>,
}

impl Auditor {
    /// Verifies by these keys.
    pub fn new(keys: KeyRing) -> Self {
        Self { keys: Arc::new(keys), kept: Arc::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to verify, unless that is under way.
    fn verify(&self, desk: &Desk) -> watch::Receiver<()> {
        let mut kept = self.kept();
        if let Some(under_way) = kept.under_way.as_ref().filter(|it| it.has_changed().is_ok()) {
            return under_way.clone();
        }
        let (end, under_way) = watch::channel(());
        kept.under_way = Some(under_way.clone());
        let (auditor, desk) = (self.clone(), desk.clone());
        tokio::spawn(async move {
            let now = desk.plane().clock.now();
            let log = &**desk.store();
            match verify_log(log, &auditor.keys, &[], &|_| {}).await {
                Ok(verdict) => auditor.kept().verdict = Some((now, verdict)),
                Err(error) => tracing::warn!(%error, "the audit log cannot be verified"),
            }
            drop(end);
        });
        under_way
    }
}

impl Desk {
    /// Whether the log is whole, as far as is known now.
    pub(super) async fn chain(&self) -> Result<Chain, StoreError> {
        let anchor = AuditFilter {
            event: Some(AUDIT_CHECKPOINT.to_owned()),
            ..AuditFilter::default()
        };
        let anchors = self.store().page(&anchor, None, 1).await?.items;
        let anchored = anchors.first().map(|sealed| sealed.entry.at);
        let Some(auditor) = self.auditor() else {
            return Ok(chain(None, anchored));
        };
        let now = self.plane().clock.now();
        let is_fresh = |(at, _): &(Timestamp, Verdict)| now.duration_since(*at) < OLD;
        let is_known = auditor.kept().verdict.as_ref().is_some_and(is_fresh);
        if !is_known {
            let mut under_way = auditor.verify(self);
            // The sender says nothing; it is dropped at the end.
            let _ = tokio::time::timeout(PATIENCE, under_way.changed()).await;
        }
        let kept = auditor.kept();
        Ok(chain(kept.verdict.as_ref(), anchored))
    }
}

fn chain(verdict: Option<&(Timestamp, Verdict)>, anchored: Option<Timestamp>) -> Chain {
    let Some((at, verdict)) = verdict else {
        let (state, entries) = (ChainState::NotYet, 0);
        return Chain { state, entries, verified: None, anchored, fault: None };
    };
    Chain {
        state: if verdict.ok { ChainState::Whole } else { ChainState::Broken },
        entries: verdict.entries,
        verified: Some(*at),
        anchored,
        fault: verdict.bad.first().map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{BadEntry, Fault};
    use crate::ports::ChainId;

    #[test]
    fn the_badge_names_the_first_entry_that_is_wrong() {
        let at = Timestamp::UNIX_EPOCH;
        let whole = Verdict { ok: true, entries: 7, checkpoints: 0, chains: vec![], bad: vec![] };
        let told = chain(Some(&(at, whole.clone())), Some(at));
        assert_eq!((told.state, told.entries), (ChainState::Whole, 7));
        assert_eq!((told.verified, told.anchored, told.fault), (Some(at), Some(at), None));
        let bad = BadEntry { chain: ChainId("main".into()), seq: 3, fault: Fault::BadCheckpoint, detail: None };
        let expected = Some(bad.to_string());
        let broken = Verdict { ok: false, bad: vec![bad], ..whole };
        let told = chain(Some(&(at, broken)), None);
        assert_eq!((told.state, told.fault), (ChainState::Broken, expected));
        assert_eq!(chain(None, None).state, ChainState::NotYet);
    }
}
