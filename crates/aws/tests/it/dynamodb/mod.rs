//! The store for several replicas, against dynoxide over HTTP.

mod audit;
mod faults;
mod ports;
mod proxy;
mod pushed;
mod races;
mod table;

use access::ids::Region;
use aws::{Aws, DynamoStore, Simulator};
use dynamodb_peer::Peer;

const TABLE: &str = "stagedoor";

/// A handle of its own, as another process would have it.
fn handle(endpoint: &str) -> DynamoStore {
    named(endpoint, TABLE)
}

fn named(endpoint: &str, table: &str) -> DynamoStore {
    Aws::simulated(&Simulator {
        url: endpoint.to_owned(),
        region: Region::parse("eu-west-1").unwrap(),
        access_key_id: "AKIATEST".to_owned(),
        secret_access_key: "secret".to_owned(),
    })
    .store(table)
}

/// An empty table, ready for use.
async fn fresh_table() -> (Peer, DynamoStore) {
    let peer = dynamodb_peer::start().unwrap();
    let store = handle(&peer.endpoint);
    store.create_table().await.unwrap();
    store.prepare().await.unwrap();
    (peer, store)
}
