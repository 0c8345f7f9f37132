//! [`GrantTable`].

use crate::race::{RACERS, micros, race};
use access::ids::{GroupId, RoleArn, TeamKey};
use access::map::{Gives, GroupRef, TableGrant};
use control::ports::{GrantReading, GrantTable};
use std::sync::Arc;

fn row(group: &str, team: &str) -> TableGrant {
    TableGrant {
        group: GroupRef::Name(group.to_owned()),
        gives: Gives::Team(TeamKey::parse(team).unwrap()),
        priority: 0,
        from: None,
        until: None,
        by: "root".to_owned(),
        at: micros(1_000),
        why: None,
    }
}

fn role(name: &str) -> Gives {
    Gives::Role(RoleArn::parse(format!("arn:aws:iam::111122223333:role/{name}")).unwrap())
}

pub async fn a_row_comes_back_as_it_was_written(table: &impl GrantTable) {
    assert_eq!(table.grants_version().await, Ok(0));
    assert_eq!(table.grants().await, Ok(GrantReading::default()));
    let full = TableGrant {
        group: GroupRef::Id(GroupId::parse("906716eb24-77").unwrap()),
        gives: role("path/studio"),
        priority: -7,
        from: Some(micros(5)),
        until: Some(micros(9_000_000)),
        why: Some("\"Grüße\"\n'; DROP TABLE grant_row; --".to_owned()),
        ..row("", "fraud")
    };
    let long = row(&"Größe ".repeat(170), "fraud");
    for row in [&full, &long] {
        assert_eq!(table.put_grant(row).await, Ok(None));
    }
    assert_eq!(table.grants_version().await, Ok(2));
    // By name before by id.
    assert_eq!(table.grants().await, Ok(GrantReading { version: 2, rows: vec![long, full] }));
}

pub async fn a_row_is_known_by_its_group_and_what_it_gives(table: &impl GrantTable) {
    let by_id =
        TableGrant { group: GroupRef::Id(GroupId::parse("ml").unwrap()), ..row("", "fraud") };
    let by_role = TableGrant { gives: role("fraud"), ..row("ml", "fraud") };
    let all = [row("ml", "churn"), row("ml", "fraud"), by_role, row("nlp", "fraud"), by_id];
    for row in all.iter().rev() {
        assert_eq!(table.put_grant(row).await, Ok(None));
    }
    assert_eq!(table.grants().await.unwrap().rows, all);
    let higher = TableGrant { priority: 9, by: "eva".to_owned(), ..row("ml", "churn") };
    assert_eq!(table.put_grant(&higher).await, Ok(Some(row("ml", "churn"))));
    let reading = table.grants().await.unwrap();
    assert_eq!((reading.version, reading.rows.len()), (6, 5));
    assert_eq!(reading.rows.first(), Some(&higher));
}

pub async fn a_row_is_taken_away_once(table: &impl GrantTable) {
    let (churn, fraud) = (row("ml", "churn"), row("ml", "fraud"));
    table.put_grant(&churn).await.unwrap();
    table.put_grant(&fraud).await.unwrap();
    assert_eq!(table.delete_grant(&churn.group, &role("churn")).await, Ok(None));
    assert_eq!(table.grants_version().await, Ok(2), "nothing was changed");
    let taken = table.delete_grant(&churn.group, &churn.gives).await;
    assert_eq!(taken, Ok(Some(churn.clone())));
    assert_eq!(table.delete_grant(&churn.group, &churn.gives).await, Ok(None));
    assert_eq!(table.grants().await, Ok(GrantReading { version: 3, rows: vec![fraud.clone()] }));
    table.delete_grant(&fraud.group, &fraud.gives).await.unwrap();
    // Not the version of a table that was never written.
    assert_eq!(table.grants().await, Ok(GrantReading { version: 4, rows: vec![] }));
}

pub async fn every_racing_change_raises_the_version(table: Arc<impl GrantTable + 'static>) {
    let number = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let written = race(|| {
        let (table, number) = (Arc::clone(&table), Arc::clone(&number));
        async move {
            let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            table.put_grant(&row(&format!("group {number:02}"), "fraud")).await.unwrap().is_none()
        }
    });
    assert_eq!(written.await, RACERS);
    let reading = table.grants().await.unwrap();
    assert_eq!((reading.version, reading.rows.len()), (RACERS as u64, RACERS));
}
