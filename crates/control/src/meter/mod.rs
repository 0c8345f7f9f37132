//! What the loop did since the start, as plain numbers for metrics and health.

mod histogram;
mod mirror;
mod overview;

pub use histogram::Histogram;
pub use mirror::MirrorSeen;
pub use overview::{CHANGES, Overview, STAGES};

use crate::audit::{AuditWatched, Verdict};
use crate::plane::Plane;
use crate::ports::{Freeze, QueueStatus, StoreError};
use crate::survey::Survey;
use access::plan::Plan;
use access::temporary::{TemporaryGrant, TemporaryKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassOutcome {
    /// AWS agrees, as far as Stagedoor can make it.
    Settled,
    /// Something changed or is under way; the loop looks again.
    Unfinished,
    /// Something could not be read, written or changed.
    Failed,
    /// The plan, or a part of it, was refused.
    Refused,
    /// Nothing may be changed now: it is frozen, or the process only observes.
    Halted,
    /// A defect ended it.
    Panicked,
}

impl PassOutcome {
    /// Its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Unfinished => "unfinished",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Halted => "halted",
            Self::Panicked => "panicked",
        }
    }
}

/// Passes by what they read (`everything`, `people`) and how they ended.
pub type PassCounts = BTreeMap<(&'static str, PassOutcome), u64>;

/// What the loop of this process did and saw since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopCounts {
    /// Passes.
    pub passes: PassCounts,
    /// How long passes took, by what they read.
    pub durations: BTreeMap<&'static str, Histogram>,
    /// Plans that the guard objected to.
    pub guard_trips: u64,
    /// How often glass was broken.
    pub break_glass: u64,
    /// From the end of a leaving profile's hold, or from its mark where nothing is held, to its deletion, as AWS
    /// accepted it.
    pub revocations: Histogram,
    /// From a change in the directory to the event of it that was heard.
    pub event_lag: Histogram,
    /// What the last full pass saw; `None` before the first.
    pub overview: Option<Overview>,
    /// When a pass last read the directory.
    pub directory_read: Option<Timestamp>,
    /// When a pass last failed to, if none succeeded since.
    pub directory_failed: Option<Timestamp>,
    /// What this process found when it last looked whether the audit log holds; `None`: it never did.
    pub audit: Option<AuditSeen>,
    /// When the last checkpoint of the audit log was made that this process knows of.
    pub audit_anchored: Option<Timestamp>,
    /// What this process's last look at the audit log came to, after what the store knew of those before.
    pub audit_watched: Option<AuditWatched>,
    /// What came of this process's last run that mirrored groups; `None`: it made none.
    pub mirror: Option<MirrorSeen>,
}

/// What was found of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSeen {
    /// When.
    pub at: Timestamp,
    /// Up to which entry it was looked, of all chains together.
    pub reached: u64,
    /// The first thing that did not hold; `None`: all did.
    pub fault: Option<String>,
}

impl Default for LoopCounts {
    fn default() -> Self {
        Self {
            passes: BTreeMap::new(),
            durations: BTreeMap::new(),
            guard_trips: 0,
            break_glass: 0,
            revocations: Histogram::of_ways_out(),
            event_lag: Histogram::of_events(),
            overview: None,
            directory_read: None,
            directory_failed: None,
            audit: None,
            audit_anchored: None,
            audit_watched: None,
            mirror: None,
        }
    }
}

/// Counts. Clones are the same counter.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<LoopCounts>>);

impl Meter {
    /// The counts so far.
    pub fn read(&self) -> LoopCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut LoopCounts)) {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn passed(&self, scope: &'static str, outcome: PassOutcome, took: Duration) {
        self.count(|counts| {
            *counts.passes.entry((scope, outcome)).or_default() += 1;
            counts.durations.entry(scope).or_insert_with(Histogram::of_passes).observe(took);
        });
    }

    /// What a full pass saw.
    pub(crate) fn saw(&self, plane: &Plane, survey: &Survey, plan: &Plan) {
        self.count(|counts| {
            let seen = Overview::of(plane, survey, plan, counts.overview.as_ref());
            counts.overview = Some(seen);
        });
    }

    /// Somebody looked whether the audit log holds.
    pub(crate) fn audit_verified(&self, at: Timestamp, verdict: &Verdict) {
        let fault = verdict.bad.first().map(ToString::to_string);
        let seen = AuditSeen { at, reached: verdict.reached(), fault };
        self.count(|counts| counts.audit = Some(seen));
    }

    /// The audit log was anchored.
    pub(crate) fn audit_anchored(&self, at: Timestamp) {
        self.count(|counts| counts.audit_anchored = Some(at));
    }

    /// A look at the audit log ended.
    pub(crate) fn audit_watched(&self, watched: &AuditWatched) {
        self.count(|counts| counts.audit_watched = Some(watched.clone()));
    }

    /// What came of reading the directory for a pass.
    pub(crate) fn directory(&self, at: Timestamp, is_read: bool) {
        self.count(|counts| {
            if is_read {
                (counts.directory_read, counts.directory_failed) = (Some(at), None);
            } else {
                counts.directory_failed = Some(at);
            }
        });
    }
}

/// How the loop is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopStatus {
    /// What waits, for all replicas.
    pub queue: QueueStatus,
    /// Why nothing may be changed, if so.
    pub frozen: Option<Freeze>,
    /// Whether this process changes nothing on principle.
    pub observe_only: bool,
    /// How many break-glass grants are in force.
    pub emergencies: u64,
}

impl Plane {
    /// How the loop is now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn loop_status(&self) -> Result<LoopStatus, StoreError> {
        let now = self.clock.now();
        let grants = self.temporary.temporary_grants(None).await?;
        let is_open = |grant: &&TemporaryGrant| {
            grant.kind == TemporaryKind::BreakGlass && grant.is_in_force(now)
        };
        Ok(LoopStatus {
            queue: self.queue.status(now).await?,
            frozen: self.switch.frozen().await?,
            observe_only: self.observe_only,
            emergencies: u64::try_from(grants.iter().filter(is_open).count()).unwrap_or(u64::MAX),
        })
    }
}
