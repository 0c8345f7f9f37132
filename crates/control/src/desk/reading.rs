//! The last full reading of everything, from which questions are answered.
//!
//! The loop keeps what its last full pass read and planned. Whoever asks gets that; only where it is
//! old is everything read again, by one task for all who wait, and never by a request itself: a
//! request that is cut off would else have it begun anew for ever.

use super::{Desk, Refused, RefusedKind};
use crate::plane::Plane;
use crate::survey::{Scope, Survey};
use access::check::{Removals, Violation};
use access::ids::{GroupId, PersonId};
use access::map::AccessMap;
use access::observed::{ObservedDomain, ObservedProfile, Ownership};
use access::plan::Plan;
use access::reason::ReasonCode;
use access::snapshot::Snapshot;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// After so long it is read again in any case: the loop of another process may have changed things.
const OLD: SignedDuration = SignedDuration::from_mins(10);

/// Where something was changed since, it is read again after this, or after [`TIMES_AS_LONG`] as
/// reading takes, if that is longer: of a large installation reading everything takes minutes, and
/// whoever looks must not take AWS's rate limits from the loop.
const SOON: SignedDuration = SignedDuration::from_secs(2);

/// See [`SOON`].
const TIMES_AS_LONG: i32 = 20;

/// After a reading that failed, nobody tries again for so long.
const AFTER_A_FAILURE: SignedDuration = SignedDuration::from_secs(30);

/// How long somebody waits for a fresh reading before an older one will do.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How long somebody waits where there is none at all, or a very old one. Under the time limit of an
/// answer.
const LONG_PATIENCE: Duration = Duration::from_secs(8);

/// Nobody has looked for so long, and no loop of this process has read: a process on Lambda can be as
/// good as asleep for hours.
const VERY_OLD: SignedDuration = SignedDuration::from_hours(1);

/// A full reading, and what was planned from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
    /// The map it was planned by.
    pub map: Arc<AccessMap>,
    /// What was read.
    pub survey: Arc<Survey>,
    /// What has to change.
    pub plan: Arc<Plan>,
    /// What speaks against carrying all of the plan out; empty: nothing.
    pub violations: Arc<Vec<Violation>>,
}

impl Reading {
    /// Whether it shows of these people what was read of them by themselves. What one of the two
    /// could not read tells nothing.
    fn shows(&self, read: &Survey, people: &BTreeSet<PersonId>) -> bool {
        let (then, now) = (&self.survey.snapshot, &read.snapshot);
        let mut known = people.iter().filter(|person| now.speaks_for(person));
        known.all(|person| standing(then, person) == standing(now, person))
            && read.observed.domains.iter().all(|(key, now)| {
                let then = self.survey.observed.domains.get(key);
                then.is_none_or(|then| self.own(then, now, people).eq(self.own(now, now, people)))
            })
    }

    /// The profiles of a domain that belong to those of these people whom `read` covers.
    fn own<'a>(
        &'a self,
        domain: &'a ObservedDomain,
        read: &'a ObservedDomain,
        people: &'a BTreeSet<PersonId>,
    ) -> impl Iterator<Item = &'a ObservedProfile> {
        domain.profiles.values().filter(|profile| match profile.ownership(&self.map.instance) {
            Ownership::Ours { person, .. } => people.contains(person) && read.seen.covers(person),
            Ownership::OtherInstance(_) | Ownership::Foreign => false,
        })
    }
}

/// All that directory and store say of a person's rights.
fn standing<'a>(snapshot: &'a Snapshot, person: &PersonId) -> impl PartialEq + use<'a> {
    let groups = snapshot.groups.values().filter(|group| group.members.contains(person));
    let groups: BTreeSet<&GroupId> = groups.map(|group| &group.id).collect();
    let (offboarded, barred) = (snapshot.offboarded.get(person), snapshot.barred.get(person));
    (snapshot.people.get(person), groups, offboarded, barred, snapshot.temporary.get(person))
}

/// Keeps the last full reading. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Readings(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    last: Option<Arc<Reading>>,
    /// Since when something is known to have changed that the reading does not show.
    changed: Option<Timestamp>,
    /// When this process last read everything and planned from it.
    passed: Option<Timestamp>,
    /// When reading last failed, if it did since.
    failed: Option<Timestamp>,
    /// Tells the end of the reading that is under way.
    under_way: Option<watch::Receiver<()>>,
}

impl Readings {
    /// The last full reading, however old.
    pub fn last(&self) -> Option<Arc<Reading>> {
        self.kept().last.clone()
    }

    /// The last full reading, unless another process has read everything since. `last_full` is when
    /// any process last read everything and planned from it.
    pub fn newest(&self, last_full: Option<Timestamp>) -> Option<Arc<Reading>> {
        let kept = self.kept();
        let last = kept.last.as_ref()?;
        let known = kept.passed.map_or(last.at, |passed| passed.max(last.at));
        last_full.is_none_or(|full| full <= known).then(|| Arc::clone(last))
    }

    /// Says that this process has read everything and planned from it.
    pub(crate) fn passed(&self, at: Timestamp) {
        self.kept().passed = Some(at);
    }

    /// Says that something was changed which the reading does not show.
    pub fn changed(&self, at: Timestamp) {
        self.kept().changed = Some(at);
    }

    /// Takes note of what was read of some people by themselves. Where the full reading shows them
    /// otherwise, it is behind, also if nothing of it was left to do: what AWS has been at ends by
    /// itself, and what the directory takes away changes nothing while all is frozen.
    pub(crate) fn compare(&self, read: &Survey, people: &BTreeSet<PersonId>, at: Timestamp) {
        if self.last().is_some_and(|last| !last.shows(read, people)) {
            self.changed(at);
        }
    }

    /// Takes over what a full pass read and planned.
    pub(crate) fn keep(&self, reading: Reading) {
        let mut kept = self.kept();
        if kept.last.as_ref().is_some_and(|last| last.at > reading.at) {
            return;
        }
        if kept.changed.is_some_and(|changed| changed < reading.at) {
            kept.changed = None;
        }
        kept.failed = None;
        kept.last = Some(Arc::new(reading));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the reading will do at `now` for this map.
    fn is_fresh(&self, now: Timestamp, map: &AccessMap) -> bool {
        let kept = self.kept();
        let Some(last) = &kept.last else { return false };
        let age = now.duration_since(last.at);
        let wait = (last.took * TIMES_AS_LONG).clamp(SOON, OLD);
        let is_behind = kept.changed.is_some() || last.map.digest != map.digest;
        age < OLD && !(is_behind && age >= wait)
    }

    /// Begins to read everything, unless that is under way; `None` where it failed a moment ago.
    fn renew(&self, plane: &Plane) -> Option<watch::Receiver<()>> {
        let now = plane.clock.now();
        let mut kept = self.kept();
        if let Some(under_way) = kept.under_way.as_ref().filter(|it| it.has_changed().is_ok()) {
            return Some(under_way.clone());
        }
        if kept.failed.is_some_and(|at| now.duration_since(at) < AFTER_A_FAILURE) {
            return None;
        }
        let (end, under_way) = watch::channel(());
        kept.under_way = Some(under_way.clone());
        let (errands, plane, readings) = (plane.errands.clone(), plane.clone(), self.clone());
        errands.look(async move {
            match plane.read_all().await {
                Ok(reading) => readings.keep(reading),
                Err(error) => {
                    tracing::warn!(%error, "everything could not be read for whoever asks");
                    readings.kept().failed = Some(plane.clock.now());
                }
            }
            drop(end);
        });
        Some(under_way)
    }
}

impl Plane {
    /// Reads everything and plans, and changes nothing.
    async fn read_all(&self) -> Result<Reading, crate::ports::CallError> {
        let survey = self.survey(&Scope::Everything).await?;
        let plan = self.plan(&survey);
        Ok(self.reading_of(survey, plan))
    }

    /// What is kept of a full pass.
    pub(crate) fn reading_of(&self, survey: Survey, plan: Plan) -> Reading {
        let checked = self.check(plan.clone(), &survey, Removals::Guarded);
        Reading {
            at: survey.begun,
            took: self.clock.now().duration_since(survey.begun),
            map: Arc::clone(&self.map),
            violations: Arc::new(checked.err().unwrap_or_default()),
            survey: Arc::new(survey),
            plan: Arc::new(plan),
        }
    }
}

impl Desk {
    /// The last full reading: at most ten minutes old where everything can be read, and younger
    /// where something changed since.
    ///
    /// # Errors
    /// `unavailable` while nothing was read yet, or could be.
    pub async fn reading(&self) -> Result<Arc<Reading>, Refused> {
        let plane = self.plane();
        let readings = &plane.readings;
        if readings.is_fresh(plane.clock.now(), &plane.map)
            && let Some(last) = readings.last()
        {
            return Ok(last);
        }
        let age = readings.last().map(|last| plane.clock.now().duration_since(last.at));
        let patience = if age.is_some_and(|age| age < VERY_OLD) { PATIENCE } else { LONG_PATIENCE };
        // What was under way already may be old at its end, if the process stood still meanwhile.
        let renewed = async {
            while !readings.is_fresh(plane.clock.now(), &plane.map) {
                let Some(mut under_way) = readings.renew(&plane) else { return };
                // The sender says nothing; it is dropped at the end.
                let _ = under_way.changed().await;
            }
        };
        let _ = tokio::time::timeout(patience, renewed).await;
        readings.last().ok_or_else(|| {
            Refused::new(
                RefusedKind::Unavailable,
                ReasonCode::Unavailable,
                "Everything is being read for the first time, or cannot be read.",
                "Try again in a moment; the log says what cannot be read.",
            )
        })
    }
}
