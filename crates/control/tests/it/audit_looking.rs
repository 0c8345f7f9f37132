//! Looking after the audit log by the clock, also while somebody puts an older one in its place.

use crate::world::{MAP, World};
use access::ids::PersonId;
use async_trait::async_trait;
use control::audit::{
    Anchor, Anchoring, AuditWatched, ChainKey, Checkpoint, CheckpointPlace, KeyRing, PlaceError,
};
use control::meter::{AuditSeen, Meter};
use control::plane::Plane;
use control::ports::{
    AuditEntry, AuditEvent, AuditFilter, AuditLog, AuditPage, AuditWatch, ChainHead, ChainId,
    ChainRow, StoreError,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::SqliteStore;

const HOUR: Duration = Duration::from_hours(1);

fn keys() -> KeyRing {
    KeyRing::new(ChainKey::new(&[1; 32]))
}

/// A log that can be replaced under whoever uses it.
#[derive(Debug, Clone)]
struct Log {
    kept: Arc<Mutex<SqliteStore>>,
    /// Whether entries can be read.
    shut: Arc<AtomicBool>,
    /// How many pages of a chain were read.
    pages: Arc<AtomicUsize>,
}

impl Log {
    /// With so many entries, which are the same in every log.
    async fn of(entries: usize) -> Self {
        let kept = Arc::new(Mutex::new(Self::copy(entries).await));
        let log = Self { kept, shut: Arc::default(), pages: Arc::default() };
        assert_eq!(log.chains().await.unwrap()[0].seq, entries as u64);
        log
    }

    async fn copy(entries: usize) -> SqliteStore {
        let store = SqliteStore::in_memory().unwrap().sealed_by(keys());
        for _ in 0..entries {
            let at = jiff::Timestamp::UNIX_EPOCH;
            store.append(&AuditEntry::new(at, AuditEvent::SignIn, "signed-in")).await.unwrap();
        }
        store
    }

    fn put_back(&self, older: SqliteStore) {
        *self.kept.lock().unwrap() = older;
    }

    fn now(&self) -> SqliteStore {
        self.kept.lock().unwrap().clone()
    }

    async fn events(&self) -> Vec<String> {
        self.newest(3).await.unwrap().into_iter().map(|entry| entry.event).collect()
    }
}

#[async_trait]
impl AuditLog for Log {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.now().append(entry).await
    }

    async fn foreign_key(&self) -> Result<Option<String>, StoreError> {
        self.now().foreign_key().await
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.now().newest(limit).await
    }

    async fn of_person(&self, who: &PersonId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.now().of_person(who, limit).await
    }

    async fn page(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        self.now().page(filter, cursor, limit).await
    }

    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError> {
        self.now().chains().await
    }

    async fn chain(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainRow>, StoreError> {
        self.pages.fetch_add(1, Ordering::SeqCst);
        if self.shut.load(Ordering::SeqCst) {
            return Err(StoreError { operation: "read a chain", message: "denied".to_owned() });
        }
        self.now().chain(chain, after, limit).await
    }

    async fn forget(&self, chain: &ChainId, through: u64) -> Result<u64, StoreError> {
        self.now().forget(chain, through).await
    }
}

/// A place out of reach of whoever writes the log.
#[derive(Debug, Clone, Default)]
struct Vault(Arc<Mutex<Vec<Checkpoint>>>);

/// A place that nobody may read, such as another account's bucket.
#[derive(Debug)]
struct Shut;

#[async_trait]
impl CheckpointPlace for Shut {
    async fn keep(&self, _: &Checkpoint) -> Result<(), PlaceError> {
        self.all().await.map(drop)
    }

    async fn all(&self) -> Result<Vec<Checkpoint>, PlaceError> {
        Err(PlaceError { place: "s3://theirs/stagedoor".to_owned(), message: "denied".to_owned() })
    }
}

impl Vault {
    fn entries(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|checkpoint| checkpoint.entries).collect()
    }
}

#[async_trait]
impl CheckpointPlace for Vault {
    async fn keep(&self, checkpoint: &Checkpoint) -> Result<(), PlaceError> {
        self.0.lock().unwrap().push(checkpoint.clone());
        Ok(())
    }

    async fn all(&self) -> Result<Vec<Checkpoint>, PlaceError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

fn plane(log: &Log) -> Plane {
    Plane { audit: Arc::new(log.clone()), ..World::of(&[]).plane(MAP) }
}

/// With a memory of its own.
fn anchoring(plane: &Plane, anchor: Option<Anchor>) -> Anchoring {
    remembering(plane, anchor, &Arc::new(SqliteStore::in_memory().unwrap()))
}

/// A process that finds there what those before it left.
fn remembering(plane: &Plane, anchor: Option<Anchor>, watch: &Arc<SqliteStore>) -> Anchoring {
    Anchoring::new(plane.clone(), keys(), anchor, Arc::clone(watch) as _, HOUR)
}

fn looking(plane: &Plane, vault: Option<&Vault>) -> Anchoring {
    let anchor = vault.map(|vault| Anchor {
        notary: Arc::new(keys()),
        place: Arc::new(vault.clone()),
        retention: None,
    });
    anchoring(plane, anchor)
}

/// Up to where it was looked, and what did not hold.
async fn look(looking: &Anchoring, plane: &Plane) -> (u64, Option<String>) {
    looking.once().await.unwrap();
    let seen = plane.meter.read().audit.unwrap();
    let AuditSeen { at, reached, fault } = seen;
    assert_eq!(at, plane.clock.now());
    (reached, fault)
}

/// A log of five entries that was looked at, and held.
async fn five_that_hold(vault: Option<&Vault>) -> (Log, Plane, Anchoring) {
    let log = Log::of(5).await;
    let plane = plane(&log);
    let looking = looking(&plane, vault);
    assert_eq!(look(&looking, &plane).await, (5, None));
    (log, plane, looking)
}

#[tokio::test(start_paused = true)]
async fn without_a_place_for_checkpoints_the_log_is_verified_all_the_same() {
    let log = Log::of(3).await;
    let plane = plane(&log);
    let looking = looking(&plane, None);
    assert_eq!(plane.meter.read().audit, None);
    assert_eq!(look(&looking, &plane).await, (3, None));
    log.append(&AuditEntry::new(plane.clock.now(), AuditEvent::SignOut, "x")).await.unwrap();
    assert_eq!(look(&looking, &plane).await, (4, None));
    assert_eq!(look(&looking, &plane).await, (4, None), "nothing is new");
    assert_eq!(plane.meter.read().audit_anchored, None);
    assert_eq!(log.events().await, ["sign-out", "sign-in", "sign-in"], "and nothing is written");
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_is_made_when_the_last_one_is_no_longer_fresh() {
    let log = Log::of(2).await;
    let (plane, vault) = (plane(&log), Vault::default());
    let looking = looking(&plane, Some(&vault));
    assert_eq!(look(&looking, &plane).await, (2, None));
    let first = plane.clock.now();
    tokio::time::advance(HOUR / 3).await;
    assert_eq!(look(&looking, &plane).await, (3, None), "the checkpoint is an entry itself");
    assert_eq!(plane.meter.read().audit_anchored, Some(first));
    assert_eq!(vault.entries(), [2]);
    tokio::time::advance(HOUR / 3).await;
    assert_eq!(look(&looking, &plane).await, (3, None));
    assert_eq!(plane.meter.read().audit_anchored, Some(plane.clock.now()));
    assert_eq!(vault.entries(), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_older_log_that_is_put_back_is_found_before_it_has_grown() {
    for vault in [None, Some(Vault::default())] {
        let (log, plane, looking) = five_that_hold(vault.as_ref()).await;
        log.put_back(Log::copy(3).await);
        tokio::time::advance(HOUR).await;
        let cut = "entry main/5: a checkpoint knows it, and the log ends before it";
        let found = look(&looking, &plane).await;
        assert_eq!(found, (0, Some(cut.to_owned())), "{vault:?}");
        assert_eq!(log.events().await[0], "audit-broken");
    }
}

#[tokio::test(start_paused = true)]
async fn another_log_that_has_grown_as_long_is_found_too() {
    for vault in [None, Some(Vault::default())] {
        let (log, plane, looking) = five_that_hold(vault.as_ref()).await;
        // By somebody who has the key.
        let other = Log::copy(3).await;
        for _ in 0..4 {
            let at = plane.clock.now();
            other.append(&AuditEntry::new(at, AuditEvent::SignOut, "x")).await.unwrap();
        }
        log.put_back(other);
        tokio::time::advance(HOUR).await;
        let another = "entry main/5: a checkpoint knows another entry of this number";
        assert_eq!(look(&looking, &plane).await, (7, Some(another.to_owned())), "{vault:?}");
        tokio::time::advance(HOUR).await;
        let again = look(&looking, &plane).await;
        assert_eq!(again, (8, Some(another.to_owned())), "it does not become whole by itself");
        if let Some(vault) = &vault {
            assert_eq!(vault.entries(), [5], "nothing is signed over it");
        }
        let broken = log.newest(100).await.unwrap();
        let broken = broken.iter().filter(|entry| entry.event == AuditEvent::AuditBroken);
        assert_eq!(broken.count(), 1, "it is written down once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_beginning_that_nobody_shortened_is_missed() {
    for vault in [None, Some(Vault::default())] {
        let (log, plane, looking) = five_that_hold(vault.as_ref()).await;
        log.forget(&ChainId("main".to_owned()), 2).await.unwrap();
        tokio::time::advance(HOUR).await;
        let gone =
            "entry main/1: it is gone, and the log was not shortened up to it (and all up to 2)";
        let (_, fault) = look(&looking, &plane).await;
        assert_eq!(fault.as_deref(), Some(gone), "{vault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_goes_and_the_log_holds_without_it() {
    let (log, vault) = (Log::of(5).await, Vault::default());
    let plane = plane(&log);
    let anchor = Anchor {
        notary: Arc::new(keys()),
        place: Arc::new(vault.clone()),
        retention: Some(jiff::SignedDuration::from_hours(24)),
    };
    let looking = anchoring(&plane, Some(anchor));
    assert_eq!(look(&looking, &plane).await, (5, None));
    assert_eq!(log.chain(&ChainId("main".to_owned()), 0, 9).await.unwrap()[0].seq, 5);
    assert_eq!(log.events().await, ["audit-pruned", "audit-checkpoint", "sign-in"]);
    tokio::time::advance(HOUR).await;
    assert_eq!(look(&looking, &plane).await, (7, None));
    // Somebody takes more than that.
    log.forget(&ChainId("main".to_owned()), 6).await.unwrap();
    let (_, fault) = look(&looking, &plane).await;
    let gone = "entry main/6: it is gone, and the log was not shortened up to it";
    assert_eq!(fault.as_deref(), Some(gone));
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_is_forged_does_not_hide_the_others() {
    let vault = Vault::default();
    let (log, plane, looking) = five_that_hold(Some(&vault)).await;
    let mut forged = vault.all().await.unwrap().remove(0);
    forged.chains[0].seq = 2;
    vault.keep(&forged).await.unwrap();
    log.put_back(Log::copy(3).await);
    tokio::time::advance(HOUR).await;
    let (_, fault) = look(&looking, &plane).await;
    let bad = "entry main/2: the checkpoint's own seal does not hold";
    assert!(fault.as_ref().is_some_and(|fault| fault.starts_with(bad)), "{fault:?}");
    let entry = log.newest(1).await.unwrap().remove(0);
    assert_eq!((entry.event.as_str(), entry.details["bad"].as_str()), ("audit-broken", "2"));
    assert_eq!(vault.entries().len(), 2, "nothing is signed");
}

/// Whoever can shut the place does not switch the looking off, nor has it read everything each time.
#[tokio::test(start_paused = true)]
async fn a_log_is_verified_also_where_its_checkpoints_cannot_be_read() {
    let log = Log::of(5).await;
    let plane = plane(&log);
    let looking = anchoring(&plane, Some(shut()));
    let refused = async || looking.once().await.unwrap_err().to_string();
    let why = "checkpoints of the audit log: s3://theirs/stagedoor: denied";
    let seen = || plane.meter.read().audit.map(|seen| (seen.at, seen.reached, seen.fault));
    let first = plane.clock.now();
    assert_eq!(refused().await, why);
    assert_eq!(seen(), Some((first, 5, None)));
    assert_eq!(plane.meter.read().audit_anchored, None);

    log.put_back(Log::copy(3).await);
    tokio::time::advance(HOUR / 4).await;
    assert_eq!(refused().await, why);
    assert_eq!(seen(), Some((first, 5, None)), "it was looked at just now");
    tokio::time::advance(HOUR / 4).await;
    assert_eq!(refused().await, why);
    let cut = "entry main/5: a checkpoint knows it, and the log ends before it".to_owned();
    assert_eq!(seen(), Some((plane.clock.now(), 0, Some(cut))));
    assert_eq!(log.events().await[0], "audit-broken");
}

/// As another process has it.
fn anew(plane: &Plane) -> Plane {
    Plane { meter: Meter::default(), ..plane.clone() }
}

fn shut() -> Anchor {
    Anchor { notary: Arc::new(keys()), place: Arc::new(Shut), retention: None }
}

/// On Lambda each tick may be another process, and one that is cut off before it is through tries again.
#[tokio::test(start_paused = true)]
async fn of_all_new_processes_one_an_hour_reads_the_whole_log_without_checkpoints() {
    let log = Log::of(5).await;
    let first = plane(&log);
    let watch = Arc::new(SqliteStore::in_memory().unwrap());
    let new = async || {
        let plane = anew(&first);
        let looking = remembering(&plane, Some(shut()), &watch).short_lived();
        let why = looking.once().await.unwrap_err().to_string();
        assert_eq!(why, "checkpoints of the audit log: s3://theirs/stagedoor: denied");
        plane.meter.read().audit.map(|seen| seen.reached)
    };
    assert_eq!(new().await, Some(5));
    let pages = log.pages.load(Ordering::SeqCst);
    for _ in 0..3 {
        tokio::time::advance(HOUR / 4).await;
        assert_eq!(new().await, None);
    }
    assert_eq!(log.pages.load(Ordering::SeqCst), pages);
    tokio::time::advance(HOUR / 4).await;
    assert_eq!(new().await, Some(5));

    // A time to come is nobody's: whoever can write there does not put the next reading off.
    let mut watched = watch.audit_watched().await.unwrap().unwrap();
    watched.read_whole = Some("9999-01-01T00:00:00Z".parse().unwrap());
    watch.keep_audit_watched(&watched).await.unwrap();
    assert_eq!(new().await, Some(5));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stays_reads_the_whole_log_whoever_else_did() {
    let log = Log::of(5).await;
    let first = plane(&log);
    let watch = Arc::new(SqliteStore::in_memory().unwrap());
    for _ in 0..2 {
        let plane = anew(&first);
        let looking = remembering(&plane, Some(shut()), &watch);
        looking.once().await.unwrap_err();
        let seen = plane.meter.read().audit.unwrap();
        assert_eq!((seen.at, seen.reached), (plane.clock.now(), 5));
    }
}

/// What fails is known beyond the process, from its beginning to its end.
#[tokio::test(start_paused = true)]
async fn since_when_checkpoints_or_the_log_cannot_be_had_outlives_the_process() {
    let log = Log::of(5).await;
    let first = plane(&log);
    let watch = Arc::new(SqliteStore::in_memory().unwrap());
    let began = first.clock.now();
    let look = async |anchor: Option<Anchor>| {
        let plane = anew(&first);
        let done = remembering(&plane, anchor, &watch).once().await.map_err(|e| e.to_string());
        let AuditWatched { at, unverified_since, unanchored_since, failed, .. } =
            watch.audit_watched().await.unwrap().unwrap();
        assert_eq!(plane.meter.read().audit_watched, watch.audit_watched().await.unwrap());
        assert_eq!((at, failed.as_ref()), (plane.clock.now(), done.as_ref().err()));
        (unverified_since, unanchored_since, failed)
    };
    let denied = "checkpoints of the audit log: s3://theirs/stagedoor: denied".to_owned();
    for _ in 0..3 {
        assert_eq!(look(Some(shut())).await, (None, Some(began), Some(denied.clone())));
        tokio::time::advance(HOUR).await;
    }
    log.shut.store(true, Ordering::SeqCst);
    let blind = first.clock.now();
    let unread = "cannot read a chain in the store: denied".to_owned();
    for _ in 0..2 {
        let told = look(Some(shut())).await;
        assert_eq!(told, (Some(blind), Some(began), Some(unread.clone())));
        tokio::time::advance(HOUR).await;
    }
    log.shut.store(false, Ordering::SeqCst);
    let vault = Vault::default();
    let open = Anchor { notary: Arc::new(keys()), place: Arc::new(vault.clone()), retention: None };
    assert_eq!(look(Some(open)).await, (None, None, None));
    assert_eq!(vault.entries(), [5]);
}

/// One that looks on beside it, and keeps no checkpoints, does not tell that they are well.
#[tokio::test(start_paused = true)]
async fn a_process_without_checkpoints_leaves_what_is_known_of_them_for_a_day() {
    let log = Log::of(5).await;
    let first = plane(&log);
    let watch = Arc::new(SqliteStore::in_memory().unwrap());
    let (keeping, beside) = (anew(&first), anew(&first));
    let keeping_looks = remembering(&keeping, Some(shut()), &watch);
    let beside_looks = remembering(&beside, None, &watch);
    let kept = async || {
        let kept = watch.audit_watched().await.unwrap().unwrap();
        (kept.unverified_since, kept.unanchored_since, kept.failed)
    };
    let own = |plane: &Plane| plane.meter.read().audit_watched.unwrap().unanchored_since;
    let began = first.clock.now();
    let denied = "checkpoints of the audit log: s3://theirs/stagedoor: denied".to_owned();
    for _ in 0..3 {
        keeping_looks.once().await.unwrap_err();
        beside_looks.once().await.unwrap();
        assert_eq!(kept().await, (None, Some(began), Some(denied.clone())));
        assert_eq!((own(&keeping), own(&beside)), (Some(began), None));
        tokio::time::advance(HOUR).await;
    }
    let unread = "cannot read a chain in the store: denied".to_owned();
    let blind = first.clock.now();
    log.shut.store(true, Ordering::SeqCst);
    beside_looks.once().await.unwrap_err();
    assert_eq!(kept().await, (Some(blind), Some(began), Some(unread)));
    log.shut.store(false, Ordering::SeqCst);

    // Somebody switches checkpoints off.
    tokio::time::advance(HOUR * 22).await;
    beside_looks.once().await.unwrap();
    assert_eq!(kept().await.1, Some(began));
    tokio::time::advance(HOUR).await;
    beside_looks.once().await.unwrap();
    assert_eq!(kept().await, (None, None, None));
}

#[tokio::test(start_paused = true)]
async fn a_process_tells_since_when_its_own_looks_fail_whatever_others_found() {
    let log = Log::of(5).await;
    let plane = plane(&log);
    let watch = Arc::new(SqliteStore::in_memory().unwrap());
    let looking = remembering(&plane, Some(shut()), &watch);
    let began = plane.clock.now();
    looking.once().await.unwrap_err();
    let mut well = watch.audit_watched().await.unwrap().unwrap();
    well.unanchored_since = None;
    watch.keep_audit_watched(&well).await.unwrap();
    tokio::time::advance(HOUR).await;
    looking.once().await.unwrap_err();
    let told = plane.meter.read().audit_watched.unwrap();
    let kept = watch.audit_watched().await.unwrap().unwrap();
    assert_eq!(told.unanchored_since, Some(began));
    assert_eq!(kept.unanchored_since, Some(plane.clock.now()), "others could in between");
}
