//! The contract of the ports.

use super::fresh_table;
use aws::DynamoStore;
use store_contract::Fresh;

async fn fresh() -> Vec<Fresh<DynamoStore>> {
    let (peer, store) = fresh_table().await;
    vec![Fresh { store, keep: Box::new(peer) }]
}

store_contract::contract!(
    fresh: approvals, attempts, audit, audit_watch, chronicle, claims, departures, grants, logins, memberships,
    metadata_copies, mirror_records, notices, profile_index, replay, replies, scim, secrets, sessions, switch,
    temporary, tokens, work
);
