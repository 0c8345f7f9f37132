//! Fetching and reading again, for as long as the server runs.

use super::copies::Copies;
use super::{Place, Source, Unusable, fetch};
use crate::codes;
use access::ids::IdpKey;
use access::reason::ReasonCode;
use async_trait::async_trait;
use control::door::{Door, TrustStatus};
use control::plane::Plane;
use control::ports::{AuditEntry, AuditEvent, Clock};
use futures::future::join_all;
use jiff::Timestamp;
use lambda::Chores;
use saml_sp::IdentityProvider;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Keeps the door's metadata fresh.
#[derive(Debug)]
pub(crate) struct Keeper {
    tasks: Vec<Task>,
    order: Order,
    /// Has everything looked at without a wait.
    asking: watch::Sender<()>,
}

/// The order to fetch at once, which whoever shares the store can leave there.
#[derive(Debug)]
struct Order {
    clock: Arc<dyn Clock>,
    copies: Copies,
    /// How often it is looked for.
    check: Duration,
    /// The last one that was followed.
    seen: Option<Vec<u8>>,
    /// When to look for it next.
    due: Timestamp,
}

/// What keeps one provider's metadata fresh.
#[derive(Debug)]
struct Task {
    source: Source,
    door: Door,
    plane: Plane,
    copies: Copies,
    /// How often files are looked at, and the shortest time between two fetches.
    check: Duration,
    /// Failed fetches since the last good one.
    failures: u32,
    /// What the file looked like when it was last read.
    seen: Option<Stamp>,
    /// When to look next. A process on Lambda stands still between invocations, and timers with it.
    due: Timestamp,
}

/// How long a start waits for metadata of which there is no copy. A function on Lambda that has not begun
/// after ten seconds is ended, and would never let in anybody by other providers.
const AT_START: Duration = Duration::from_secs(5);

/// How long at most until an address that failed is asked again, while what is known of it is good for longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Tells whether a file is another one than before.
type Stamp = (Option<SystemTime>, u64);

impl Keeper {
    /// Puts the copies of what is to be fetched in force, and fetches at once that of which there is
    /// none: such a provider lets nobody in until it can be had, and the others do. Where there is a
    /// copy nobody waits for an address that gives no answer: a function on Lambda has ten seconds to
    /// begin. [`Keeper::run`] fetches it first of all.
    pub(crate) async fn begin(
        sources: Vec<Source>,
        door: &Door,
        plane: &Plane,
        copies: &Copies,
        check: Duration,
    ) -> Self {
        let order = Order::begin(Arc::clone(&plane.clock), copies, check).await;
        let mut beginning = JoinSet::new();
        for source in sources {
            let mut task = Task {
                source,
                door: door.clone(),
                plane: plane.clone(),
                copies: copies.clone(),
                check,
                failures: 0,
                seen: None,
                due: later(plane.clock.now(), check),
            };
            beginning.spawn(async move {
                task.begin().await;
                task
            });
        }
        Self { tasks: beginning.join_all().await, order, asking: watch::Sender::default() }
    }

    /// What has everything fetched at once while it [runs](Self::run).
    pub(crate) fn asking(&self) -> watch::Sender<()> {
        self.asking.clone()
    }

    /// Looks again and again until `end` resolves.
    pub(crate) async fn run(self, end: impl Future<Output = ()> + Send) {
        let mut tasks = JoinSet::new();
        let is_anything_fetched = self.tasks.iter().any(|task| task.source.is_fetched());
        for mut task in self.tasks {
            let mut asked = self.asking.subscribe();
            tasks.spawn(async move {
                loop {
                    tokio::select! {
                        () = until(task.due, &*task.plane.clock) => {}
                        Ok(()) = asked.changed() => {}
                    }
                    task.step().await;
                }
            });
        }
        let (mut order, asking) = (self.order, self.asking);
        if is_anything_fetched {
            tasks.spawn(async move {
                loop {
                    until(order.due, &*order.clock).await;
                    if order.is_given().await {
                        asking.send_replace(());
                    }
                }
            });
        }
        // Dropping the set ends them.
        end.await;
    }

    /// Does what is due, once.
    async fn look(&mut self) {
        if self.order.due <= self.order.clock.now() && self.order.is_given().await {
            for task in &mut self.tasks {
                task.due = Timestamp::MIN;
            }
        }
        let due = self.tasks.iter_mut().filter(|task| task.due <= task.plane.clock.now());
        join_all(due.map(Task::step)).await;
    }
}

/// Keeps the metadata of a process fresh that only runs while it is invoked.
#[derive(Debug)]
pub(crate) struct KeeperOnCall(Mutex<Keeper>);

impl From<Keeper> for KeeperOnCall {
    fn from(keeper: Keeper) -> Self {
        Self(Mutex::new(keeper))
    }
}

#[async_trait]
impl Chores for KeeperOnCall {
    async fn look(&self) {
        self.0.lock().await.look().await;
    }
}

impl Order {
    /// The order that is there was followed by whoever begins: it fetches everything.
    async fn begin(clock: Arc<dyn Clock>, copies: &Copies, check: Duration) -> Self {
        let seen = copies.order().await.unwrap_or_default();
        let due = later(clock.now(), check);
        Self { clock, copies: copies.clone(), check, seen, due }
    }

    /// Whether there is one that was not followed yet. It is from now on.
    async fn is_given(&mut self) -> bool {
        self.due = later(self.clock.now(), self.check);
        match self.copies.order().await {
            Some(order) if order != self.seen => {
                self.seen = order;
                true
            }
            _ => false,
        }
    }
}

impl Task {
    async fn begin(&mut self) {
        match &self.source.place {
            // The door has it already.
            Place::File(path) => self.seen = stamp(path),
            Place::Url { .. } => {
                let now = self.plane.clock.now();
                let copy = self.source.copy(&self.copies, now).await;
                let is_in_force =
                    copy.is_some_and(|idp| self.door.renew(&self.source.key, idp).is_ok());
                if is_in_force {
                    self.due = now;
                } else if timeout(AT_START, self.step()).await.is_err() {
                    self.failures = 1;
                    let what = format!("no answer within {} seconds", AT_START.as_secs());
                    let why = self.source.unusable(codes::IDP_METADATA_UNREACHABLE, &what);
                    self.failed(&why);
                }
            }
        }
    }

    async fn step(&mut self) {
        // It may be broken off; then it is begun anew after this.
        self.due_in(self.check);
        match self.source.place.clone() {
            Place::File(path) => {
                let now = stamp(&path);
                if now != self.seen {
                    self.seen = now;
                    match self.source.read(&path) {
                        Ok(idp) => {
                            self.take(idp).await;
                        }
                        Err(unusable) => self.failed(&unusable),
                    }
                }
            }
            Place::Url { url, refresh } => self.fetch(url, refresh).await,
        }
    }

    async fn fetch(&mut self, url: String, refresh: Duration) {
        let asked = url.clone();
        let fetched = tokio::task::spawn_blocking(move || fetch::fetch(&asked)).await;
        let fetched = fetched.map_err(anyhow::Error::new).and_then(|bytes| bytes);
        let read = fetched
            .map_err(|error| {
                self.source.unusable(codes::IDP_METADATA_UNREACHABLE, &format!("{error:#}"))
            })
            .and_then(|bytes| Ok((self.source.parse(&bytes)?, bytes)));
        let due = match read {
            Ok((idp, bytes)) => {
                let due = due(refresh, &idp, self.plane.clock.now());
                self.take(idp).await.then_some((due, bytes))
            }
            Err(unusable) => {
                self.failed(&unusable);
                None
            }
        };
        let next = if let Some((due, bytes)) = due {
            self.failures = 0;
            self.copies.put(&self.source.key, &url, &bytes).await;
            self.jittered(due)
        } else {
            self.failures = self.failures.saturating_add(1);
            let known = status(&self.door, &self.source.key);
            pause(self.check, self.failures, known.as_ref(), self.plane.clock.now()).min(refresh)
        };
        self.due_in(next.max(self.check));
    }

    fn due_in(&mut self, wait: Duration) {
        self.due = later(self.plane.clock.now(), wait);
    }

    /// A tenth earlier at most, so that replicas do not all ask at once.
    fn jittered(&self, due: Duration) -> Duration {
        let [random, ..] = self.plane.entropy.bytes();
        due.saturating_sub(due.saturating_mul(u32::from(random)) / 2_560)
    }

    /// Gives metadata to the door and writes down if other keys are believed from now on.
    async fn take(&self, idp: IdentityProvider) -> bool {
        let key = &self.source.key;
        let before = believed(&self.door, key);
        if self.door.renew(key, idp).is_err() {
            // The door has logged why.
            return false;
        }
        let after = believed(&self.door, key);
        if before.is_empty() || before == after {
            return true;
        }
        let list = |of: &BTreeSet<String>, not_in: &BTreeSet<String>| {
            of.difference(not_in).cloned().collect::<Vec<_>>().join(" ")
        };
        let (added, removed) = (list(&after, &before), list(&before, &after));
        let code = ReasonCode::IdpKeysChanged;
        tracing::warn!(idp = %key, %code, added, removed, "an identity provider has other keys");
        self.plane
            .record(
                AuditEntry::new(self.plane.clock.now(), AuditEvent::IdpKeysChanged, code.as_str())
                    .with("idp", key)
                    .with("added", added)
                    .with("removed", removed),
            )
            .await;
        true
    }

    fn failed(&self, unusable: &Unusable) {
        self.door.renewal_failed(&self.source.key, unusable.to_string());
    }
}

async fn until(due: Timestamp, clock: &dyn Clock) {
    let wait = due.duration_since(clock.now());
    tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// What the door believes of this provider.
fn status(door: &Door, key: &IdpKey) -> Option<TrustStatus> {
    door.trust().into_iter().find(|status| status.idp == *key)
}

/// Fingerprints of the keys that the door believes of this provider.
fn believed(door: &Door, key: &IdpKey) -> BTreeSet<String> {
    status(door, key)
        .into_iter()
        .flat_map(|status| status.keys)
        .map(|key| key.fingerprint)
        .collect()
}

/// When to ask an address again that failed so often: each pause is twice as long as the one before, as far as
/// nobody stays out for long once it is back. So they end where what is known of it does, and while nothing
/// good is known it is asked as often as may be.
fn pause(check: Duration, failures: u32, known: Option<&TrustStatus>, now: Timestamp) -> Duration {
    let doubled = check.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let left = match known.filter(|known| known.entity_id.is_some()) {
        None => Duration::ZERO,
        Some(TrustStatus { valid_until: None, .. }) => Duration::MAX,
        Some(TrustStatus { valid_until: Some(end), .. }) => {
            Duration::try_from(end.duration_since(now)).unwrap_or_default()
        }
    };
    doubled.min(LONGEST_PAUSE).min(left / 4).max(check)
}

/// When to fetch again: as the map says, but no later than the metadata asks for, and while half of
/// its time is left.
fn due(refresh: Duration, idp: &IdentityProvider, now: Timestamp) -> Duration {
    let half_of_the_rest = idp
        .valid_until
        .map(|end| Duration::try_from(end.duration_since(now)).unwrap_or_default() / 2);
    let cache = idp.cache_duration.and_then(|duration| Duration::try_from(duration).ok());
    [half_of_the_rest, cache].into_iter().flatten().fold(refresh, Duration::min)
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|file| (file.modified().ok(), file.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemClock;
    use control::ports::Store;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn an_order_is_followed_once_by_each_who_was_there_when_it_was_given() {
        let store: Arc<dyn Store> = Arc::new(store::SqliteStore::in_memory().unwrap());
        let copies = Copies::of(&store);
        let begin = || Order::begin(Arc::new(SystemClock), &copies, Duration::from_mins(1));
        let (mut one, mut other) = (begin().await, begin().await);
        assert!(!one.is_given().await);
        copies.order_fetching("2026-11-21T10:00:00Z".parse().unwrap()).await.unwrap();
        assert!(one.is_given().await && other.is_given().await);
        assert!(!one.is_given().await && !begin().await.is_given().await);
        // Whatever clocks say.
        copies.order_fetching("2026-11-21T09:00:00Z".parse().unwrap()).await.unwrap();
        assert!(one.is_given().await && other.is_given().await);
    }

    #[test]
    fn metadata_is_fetched_before_it_is_old() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let day = Duration::from_hours(24);
        let with = |valid_until: Option<&str>, cache: Option<i64>| IdentityProvider {
            valid_until: valid_until.map(|end| end.parse().unwrap()),
            cache_duration: cache.map(SignedDuration::from_hours),
            ..IdentityProvider::without_keys("https://idp.example".to_owned())
        };
        let hours = |valid_until, cache| due(day, &with(valid_until, cache), now).as_secs() / 3600;
        assert_eq!(hours(None, None), 24);
        assert_eq!(hours(None, Some(6)), 6);
        assert_eq!(hours(None, Some(48)), 24);
        assert_eq!(hours(Some("2026-11-21T20:00:00Z"), None), 5);
        assert_eq!(hours(Some("2026-11-21T20:00:00Z"), Some(1)), 1);
        assert_eq!(hours(Some("2027-11-21T20:00:00Z"), None), 24);
        assert_eq!(hours(Some("2026-11-21T09:00:00Z"), None), 0);
    }

    /// What is known of a provider, and until when.
    fn known_until(end: Option<&str>) -> TrustStatus {
        TrustStatus {
            idp: IdpKey::parse("corp").unwrap(),
            entity_id: Some("https://idp.example".to_owned()),
            valid_until: end.map(|end| end.parse().unwrap()),
            keys: Vec::new(),
            refresh_seconds: Some(43_200),
            taken_at: None,
            last_failure: None,
        }
    }

    /// The first time that an address is asked from `back` on, which failed at 03:00 and after that.
    fn asked_again(known: Option<&TrustStatus>, back: &str) -> String {
        let (mut now, back): (Timestamp, Timestamp) =
            ("2026-11-21T03:00:00Z".parse().unwrap(), back.parse().unwrap());
        let mut failures = 0;
        while now < back {
            failures += 1;
            now = later(now, pause(Duration::from_mins(1), failures, known, now));
        }
        now.to_string()
    }

    #[test]
    fn an_address_that_failed_is_asked_again_before_what_is_known_of_it_ends() {
        let ends = known_until(Some("2026-11-21T06:00:00Z"));
        assert_eq!(asked_again(Some(&ends), "2026-11-21T03:20:00Z"), "2026-11-21T03:30:00Z");
        assert_eq!(asked_again(Some(&ends), "2026-11-21T05:30:00Z"), "2026-11-21T05:34:41.25Z");
        let endless = known_until(None);
        assert_eq!(asked_again(Some(&endless), "2026-11-22T03:01:00Z"), "2026-11-22T03:15:00Z");
        // Nobody is let in.
        let ended = known_until(Some("2026-11-21T02:00:00Z"));
        for known in [None, Some(&ended)] {
            assert_eq!(asked_again(known, "2026-11-21T05:29:30Z"), "2026-11-21T05:30:00Z");
        }
    }
}
