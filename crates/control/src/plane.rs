//! The plane: the access map and everything it takes to make AWS agree with it.

use crate::askers::Askers;
use crate::desk::Readings;
use crate::errands::Errands;
use crate::event::EventCounter;
use crate::meter::Meter;
use crate::ports::{
    Actor, Approvals, AuditEntry, AuditLog, ChangeId, Chronicle, Claims, Clock, Departures,
    Directory, DomainTarget, Entropy, MembershipIndex, MirrorRecords, MirrorTarget, Observe,
    ProfileIndex, Provision, Sessions, Switch, TemporaryGrants, WorkQueue,
};
use access::ids::DomainKey;
use access::map::AccessMap;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;

/// The access map and the ports that planning and applying need.
#[derive(Debug, Clone)]
pub struct Plane {
    /// What each group gets. A pass, a sign-in or an opening works by it to its end.
    pub map: Arc<AccessMap>,
    /// The map that was put in force since, if one was: [`Self::current`] works by it.
    pub live: LiveMap,
    /// Where people and groups are read.
    pub directory: Arc<dyn Directory>,
    /// Where groups are mirrored to, if the map says so. Fixed for the process.
    pub mirror: Option<Arc<dyn MirrorTarget>>,
    /// Where Studio is read.
    pub observe: Arc<dyn Observe>,
    /// Where Studio is changed.
    pub provision: Arc<dyn Provision>,
    /// Who is signed in.
    pub sessions: Arc<dyn Sessions>,
    /// What is to be read again.
    pub queue: Arc<dyn WorkQueue>,
    /// Which pass is at whom.
    pub claims: Arc<dyn Claims>,
    /// Whether anything may be changed.
    pub switch: Arc<dyn Switch>,
    /// Which profiles each person has, as far as is known without asking.
    pub index: Arc<dyn ProfileIndex>,
    /// Rings when there is something in the queue, so that the loop of this process need not wait
    /// for its next look.
    pub bell: Bell,
    /// What the loop of this process did.
    pub meter: Meter,
    /// What the last full pass of this process read, for whoever asks.
    pub readings: Readings,
    /// Who has something read in the directory now.
    pub askers: Askers,
    /// What goes on beside the answers of this process.
    pub errands: Errands,
    /// Whether this process reads and plans, and changes nothing.
    pub observe_only: bool,
    /// When others take over what a process was at that died.
    pub takeover: Takeover,
    /// Who was in which group, for events that do not say.
    pub memberships: Arc<dyn MembershipIndex>,
    /// What is remembered of events and profiles over the days.
    pub chronicle: Arc<dyn Chronicle>,
    /// What came of events.
    pub events: Arc<EventCounter>,
    /// Whom an admin offboarded by command.
    pub departures: Arc<dyn Departures>,
    /// For whom this process works: what the audit log names as the doer of its passes.
    pub actor: Actor,
    /// Who has a team for a time.
    pub temporary: Arc<dyn TemporaryGrants>,
    /// What somebody agreed to that the guard had refused.
    pub approvals: Arc<dyn Approvals>,
    /// What the last run that mirrored groups left to be told.
    pub mirror_records: Arc<dyn MirrorRecords>,
    /// Where it is written down.
    pub audit: Arc<dyn AuditLog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where unpredictable bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

/// The map in force while the process runs, once another one took the place of that of the start.
/// Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct LiveMap(Arc<RwLock<Option<Arc<AccessMap>>>>);

impl LiveMap {
    /// Puts a map in force: whatever begins from now on works by it.
    pub fn replace(&self, map: Arc<AccessMap>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(map);
    }

    /// The map that took the place of the first one; `None` while the first one is in force.
    pub fn replaced(&self) -> Option<Arc<AccessMap>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long what a process is at stays its own without a sign of life. All processes on one store
/// should agree; longer than their clocks may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takeover {
    /// Work of the queue.
    pub work: SignedDuration,
    /// People whose profiles are being changed. Shorter, for whoever runs a killed command again
    /// waits for it.
    pub claim: SignedDuration,
}

impl Default for Takeover {
    fn default() -> Self {
        Self::after(SignedDuration::from_mins(1))
    }
}

impl Takeover {
    /// Work is taken over after so long, people after a third of it.
    pub fn after(work: SignedDuration) -> Self {
        Self { work, claim: work / 3 }
    }

    /// Waits until it is time to prolong a hold of this length, and says until when: two may fail
    /// before it ends.
    pub(crate) async fn prolonged(hold: SignedDuration, clock: &dyn Clock) -> Timestamp {
        tokio::time::sleep(hold.unsigned_abs() * 3 / 10).await;
        clock.now().checked_add(hold).unwrap_or(Timestamp::MAX)
    }
}

/// Tells the loop of this process that there is something to do. Clones are the same bell.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Rings>);

#[derive(Debug, Default)]
struct Rings {
    rung: Notify,
    /// Whether a ring was about somebody who may have changed.
    is_change: AtomicBool,
}

impl Bell {
    /// Rings it.
    pub fn ring(&self) {
        self.0.rung.notify_one();
    }

    /// Rings it for somebody who may have changed.
    pub(crate) fn ring_for_change(&self) {
        self.0.is_change.store(true, Ordering::Relaxed);
        self.ring();
    }

    /// Whether it rang for somebody who may have changed since this was last asked.
    pub(crate) fn take_change(&self) -> bool {
        self.0.is_change.swap(false, Ordering::Relaxed)
    }

    /// Waits until it rings, or returns at once if it has rung since.
    pub(crate) async fn rung(&self) {
        self.0.rung.notified().await;
    }
}

impl Plane {
    /// An id for a pass that begins now.
    pub fn new_change(&self) -> ChangeId {
        ChangeId::new(self.clock.now(), self.entropy.bytes())
    }

    /// The same plane by the map that is in force now.
    #[must_use]
    pub fn current(&self) -> Self {
        Self { map: self.current_map(), ..self.clone() }
    }

    /// The map that is in force now.
    pub fn current_map(&self) -> Arc<AccessMap> {
        self.live.replaced().unwrap_or_else(|| Arc::clone(&self.map))
    }

    /// How to reach a domain of the map; `None` for a key the map does not have.
    pub fn target(&self, key: &DomainKey) -> Option<DomainTarget> {
        self.map.domains.get(key).map(|domain| DomainTarget::of(key, domain))
    }

    /// How to reach every domain of the map.
    pub fn targets(&self) -> BTreeMap<DomainKey, DomainTarget> {
        self.map.domains.keys().filter_map(|k| self.target(k).map(|t| (k.clone(), t))).collect()
    }

    /// Writes an audit entry. A store that fails is logged and never swallows the event itself.
    pub async fn record(&self, entry: AuditEntry) {
        if let Err(error) = self.audit.append(&entry).await {
            tracing::error!(event = %entry.event, code = %entry.code, %error, "audit entry lost");
        }
    }
}
