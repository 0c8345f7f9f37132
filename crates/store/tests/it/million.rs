//! A log of a million entries: `cargo test --release -p store million -- --ignored --nocapture`.

use control::audit::{ChainKey, KeyRing, STORE_KEY, verify_log};
use control::ports::{Actor, AuditEntry, AuditEvent, AuditLog, Secrets};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use std::fs;
use std::io::Write;
use std::time::Instant;
use store::SqliteStore;

const ENTRIES: i64 = 1_000_000;

/// The most memory that this process had, in KiB, since it was last asked.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    // 5: forget the peak.
    let _ = fs::write("/proc/self/clear_refs", "5");
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn entry(number: i64) -> AuditEntry {
    let at = Timestamp::from_microsecond(number * 1_000).unwrap();
    let entry = AuditEntry::new(at, AuditEvent::CreatingProfile, "entitled")
        .by(Actor::System)
        .with("domain", "research")
        .with("profile", format!("person-{}--fraud", number % 5_000))
        .with("role", "arn:aws:iam::111122223333:role/studio-fraud")
        .with("grant", "access.yaml:30");
    AuditEntry {
        person: Some(format!("906716eb24-{:08}", number % 5_000)),
        team: Some("fraud".to_owned()),
        change: Some(format!("20261121T090000Z-{:012x}", number / 50)),
        ..entry
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute and a gigabyte"]
async fn a_million_entries_are_verified_in_one_pass_with_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("audit.db")).unwrap();
    let begun = Instant::now();
    stream::iter(0..ENTRIES)
        .map(|number| {
            let store = store.clone();
            async move { store.append(&entry(number)).await }
        })
        .buffer_unordered(256)
        .try_collect::<Vec<()>>()
        .await
        .unwrap();
    let appended = begun.elapsed();
    let keys = KeyRing::new(ChainKey::new(&store.get_or_create(STORE_KEY, [0; 32]).await.unwrap()));
    peak();
    let (first, begun) = (peak(), Instant::now());
    let verdict = verify_log(&store, &keys, &[], &|_| {}).await.unwrap();
    let (took, most) = (begun.elapsed(), peak());
    assert!(verdict.ok && verdict.entries == 1_000_000, "{verdict:?}");
    let a_second = |took: std::time::Duration| f64::from(1_000_000_u32) / took.as_secs_f64();
    let _ = writeln!(
        std::io::stderr(),
        "appended {:.0} entries/s, verified {:.0} entries/s in {took:.1?}; memory {} MiB before, at \
         most {} MiB; file {} MiB",
        a_second(appended),
        a_second(took),
        first / 1_024,
        most / 1_024,
        fs::metadata(folder.path().join("audit.db")).unwrap().len() / 1_048_576,
    );
    // Flat: a page of entries, whatever the log.
    assert!(most < first + 64 * 1_024, "{first} KiB, then {most} KiB");
}
