//! What a process that is called sees of the grant table, and when.

use super::*;
use crate::ports::{GrantReading, StoreError};
use access::ids::TeamKey;
use access::map::{Gives, GroupRef, Source, TableGrant, parse};
use async_trait::async_trait;
use std::sync::Mutex;

const MAP: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains:
  research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 }
teams:
  fraud: { domain: research, network: anywhere, execution_role: "arn:aws:iam::111122223333:role/fraud" }
  churn: { domain: research, network: anywhere, execution_role: "arn:aws:iam::111122223333:role/churn" }
grants_from: store
"#;

/// A table as a test wants it; counts how often it was read whole.
#[derive(Debug, Default)]
struct Table(Mutex<(Option<GrantReading>, u32)>);

impl Table {
    fn holds(&self, version: u64, teams: &[&str]) {
        let row = |team: &&str| TableGrant {
            group: GroupRef::Name(format!("ml-{team}")),
            gives: Gives::Team(TeamKey::parse(*team).unwrap()),
            priority: 0,
            from: None,
            until: None,
            by: "root".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            why: None,
        };
        let rows = teams.iter().map(row).collect();
        self.0.lock().unwrap().0 = Some(GrantReading { version, rows });
    }

    fn readings(&self) -> u32 {
        self.0.lock().unwrap().1
    }

    fn reading(&self) -> Result<GrantReading, StoreError> {
        self.0.lock().unwrap().0.clone().ok_or_else(|| StoreError {
            operation: "read the grant table",
            message: "it is away".to_owned(),
        })
    }
}

#[async_trait]
impl GrantTable for Table {
    async fn grants_version(&self) -> Result<u64, StoreError> {
        Ok(self.reading()?.version)
    }

    async fn grants(&self) -> Result<GrantReading, StoreError> {
        self.0.lock().unwrap().1 += 1;
        self.reading()
    }

    async fn put_grant(&self, _: &TableGrant) -> Result<Option<TableGrant>, StoreError> {
        Ok(None)
    }

    async fn delete_grant(
        &self,
        _: &GroupRef,
        _: &Gives,
    ) -> Result<Option<TableGrant>, StoreError> {
        Ok(None)
    }
}

fn map() -> AccessMap {
    parse(&[Source { name: "access.yaml".into(), text: MAP.into() }]).unwrap()
}

async fn watch(table: &Arc<Table>, live: &LiveMap) -> GrantWatch {
    let in_force = with_grants(map(), &**table).await.unwrap();
    let table = Arc::clone(table) as _;
    GrantWatch::new(map(), &in_force, table, live.clone(), None).unwrap()
}

/// The groups that grants of the map in force give, if another one than the first is.
fn given(live: &LiveMap) -> Option<Vec<String>> {
    live.replaced().map(|map| map.grants.iter().map(|grant| grant.group.clone()).collect())
}

#[tokio::test]
async fn the_table_is_read_whole_only_when_it_changed() {
    let (table, live) = (Arc::new(Table::default()), LiveMap::default());
    table.holds(1, &["fraud"]);
    let watch = watch(&table, &live).await;
    for _ in 0..3 {
        watch.look().await;
    }
    assert_eq!((table.readings(), given(&live)), (1, None), "once at the start");
    table.holds(2, &["fraud", "churn"]);
    watch.look().await;
    watch.look().await;
    assert_eq!(table.readings(), 2);
    assert_eq!(given(&live).unwrap(), ["ml-fraud", "ml-churn"]);
    table.holds(3, &[]);
    watch.look().await;
    assert_eq!(given(&live).unwrap(), [""; 0], "emptied knowingly is empty");
}

#[tokio::test]
async fn what_cannot_be_read_or_does_not_fit_leaves_the_last_good_grants() {
    let (table, live) = (Arc::new(Table::default()), LiveMap::default());
    table.holds(1, &["fraud"]);
    let watch = watch(&table, &live).await;
    table.holds(2, &["churn"]);
    watch.look().await;
    table.0.lock().unwrap().0 = None;
    watch.look().await;
    assert_eq!(given(&live).unwrap(), ["ml-churn"]);
    table.holds(3, &["churn", "no-such-team"]);
    let readings = table.readings();
    watch.look().await;
    watch.look().await;
    assert_eq!(given(&live).unwrap(), ["ml-churn"]);
    assert_eq!(table.readings(), readings + 1, "a bad table is read once");
    // A store that was lost looks as if the table was never written.
    table.holds(0, &[]);
    watch.look().await;
    assert_eq!(given(&live).unwrap(), ["ml-churn"]);
    table.holds(4, &["fraud"]);
    watch.look().await;
    assert_eq!(given(&live).unwrap(), ["ml-fraud"]);
}

#[tokio::test]
async fn a_map_with_grants_of_its_own_is_not_watched() {
    let text = MAP.replace("grants_from: store", "grants:\n  - { group: ml-fraud, team: fraud }");
    let map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    let table: Arc<dyn GrantTable> = Arc::new(Table::default());
    assert!(GrantWatch::new(map.clone(), &map, table, LiveMap::default(), None).is_none());
}
