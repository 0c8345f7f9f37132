//! The contract, held by the store in memory and in a file.

use store::SqliteStore;
use store_contract::Fresh;

/// An empty store of either kind.
#[expect(clippy::unused_async, reason = "other stores wait for theirs")]
async fn fresh() -> Vec<Fresh<SqliteStore>> {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(folder.path().join("state.sqlite")).unwrap();
    let memory = SqliteStore::in_memory().unwrap();
    vec![Fresh { store: memory, keep: Box::new(()) }, Fresh { store: file, keep: Box::new(folder) }]
}

store_contract::contract!(
    fresh: approvals, attempts, audit, audit_watch, chronicle, claims, departures, grants, logins, memberships,
    metadata_copies, mirror_records, notices, profile_index, replay, replies, scim, secrets, sessions, switch,
    temporary, tokens, work
);
