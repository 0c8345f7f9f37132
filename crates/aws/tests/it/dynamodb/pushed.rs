//! What was pushed, when whoever deletes it dies halfway.

use super::faults::behind_a_proxy;
use super::proxy::Fate;
use access::entitlement::WantedGroups;
use access::ids::{DirectoryName, GroupId, PersonId};
use aws::DynamoStore;
use control::directory::Pushed;
use control::ports::{
    ALL_MEMBERS, AuditEntry, AuditEvent, Clock, Directory as _, RecordChange, RecordKey,
    RecordKind, RecordMember, RecordStart, RecordWritten, ScimRecord, ScimRecords as _,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store_contract::micros;

const CORP: &str = "corp";

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        micros(50)
    }
}

async fn write(store: &DynamoStore, change: &RecordChange) -> RecordWritten {
    let entry = AuditEntry::new(micros(1), AuditEvent::DirectoryPush, "pushed");
    store.scim_write(CORP, change, &entry).await.unwrap()
}

fn record(kind: RecordKind, id: &str, body: &str) -> ScimRecord {
    let key = match kind {
        RecordKind::User => RecordKey::UserName,
        RecordKind::Group => RecordKey::DisplayName,
    };
    ScimRecord {
        kind,
        id: id.to_owned(),
        version: 1,
        created: micros(10),
        changed: micros(10),
        keys: [(key, id.to_owned())].into(),
        body: body.to_owned(),
    }
}

async fn create(store: &DynamoStore, kind: RecordKind, id: &str, members: &[RecordMember]) {
    let body = match kind {
        RecordKind::User => format!("{{\"userName\":\"{id}\"}}"),
        RecordKind::Group => format!("{{\"displayName\":\"{id}\"}}"),
    };
    let record = record(kind, id, &body);
    let change = RecordChange::Create { record, members: members.iter().cloned().collect() };
    assert_eq!(write(store, &change).await, RecordWritten::Done);
}

fn member(kind: RecordKind, id: &str) -> RecordMember {
    RecordMember { id: id.to_owned(), kind }
}

/// Who is in the group `outer`: when everybody is read, when Ada is, and when the group is.
async fn read(store: &DynamoStore) -> [BTreeSet<String>; 3] {
    let name = DirectoryName::parse(CORP).unwrap();
    let directory = Pushed::new(Arc::new(store.clone()), Arc::new(Stopped), name);
    let names = BTreeSet::from(["outer".to_owned()]);
    let wanted = WantedGroups { names, ..WantedGroups::default() };
    let outer = GroupId::parse("outer").unwrap();
    let ada = BTreeSet::from([PersonId::parse("ada").unwrap()]);
    let everybody = directory.everybody(&wanted).await.unwrap().snapshot.groups;
    let some = directory.people(&ada, &wanted).await.unwrap().snapshot.groups;
    let members = directory.members(&outer).await.unwrap().unwrap();
    let of = |groups: &BTreeMap<GroupId, access::snapshot::Group>| {
        let members = groups.get(&outer).map(|group| group.members.clone());
        members.into_iter().flatten().map(|person| person.to_string()).collect()
    };
    let listed = members.values().map(PersonId::to_string).collect();
    [of(&everybody), of(&some), listed]
}

#[tokio::test]
async fn a_group_whose_deletion_stopped_halfway_gives_no_rights_and_is_deleted_by_asking_again() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    create(&direct, RecordKind::User, "ada", &[]).await;
    create(&direct, RecordKind::Group, "inner", &[member(RecordKind::User, "ada")]).await;
    create(&direct, RecordKind::Group, "outer", &[member(RecordKind::Group, "inner")]).await;
    let ada = BTreeSet::from(["ada".to_owned()]);
    assert_eq!(read(&direct).await, [ada.clone(), ada.clone(), ada]);
    let mut is_deleted = false;
    proxy.set(move |call| match call {
        _ if is_deleted => Fate::Lost,
        "transactwriteitems" => {
            is_deleted = true;
            Fate::Pass
        }
        _ => Fate::Pass,
    });
    let change = RecordChange::Delete {
        kind: RecordKind::Group,
        id: "inner".to_owned(),
        over: 1,
        at: micros(30),
    };
    let entry = AuditEntry::new(micros(30), AuditEvent::DirectoryPush, "deleted");
    store.scim_write(CORP, &change, &entry).await.unwrap_err();
    let left = direct.scim_groups_of(CORP, "ada").await.unwrap();
    assert_eq!(left, ["inner".to_owned()].into(), "memberships outlive the record");
    assert_eq!(read(&direct).await, [const { BTreeSet::new() }; 3]);
    assert_eq!(write(&direct, &change).await, RecordWritten::Stale);
    for who in ["ada", "inner"] {
        assert_eq!(direct.scim_groups_of(CORP, who).await, Ok(BTreeSet::new()), "{who}");
    }
    for group in ["inner", "outer"] {
        let members = direct.scim_members(CORP, group, ALL_MEMBERS).await;
        assert_eq!(members, Ok(BTreeSet::new()), "{group}");
    }
}

fn crowd(count: usize) -> BTreeSet<RecordMember> {
    (0..count).map(|n| member(RecordKind::User, &format!("u{n:03}"))).collect()
}

fn changed(
    at: i64,
    over: u64,
    added: &BTreeSet<RecordMember>,
    removed: &BTreeSet<String>,
) -> RecordChange {
    let group = record(RecordKind::Group, "big", "{\"displayName\":\"big\"}");
    RecordChange::Update {
        record: ScimRecord { version: over + 1, changed: micros(at), ..group },
        over,
        added: added.clone(),
        removed: removed.clone(),
    }
}

/// Who is in the group `big`: by its own rows, and by those of each of the people.
async fn both_ways(store: &DynamoStore, people: &BTreeSet<RecordMember>) -> [BTreeSet<String>; 2] {
    let by_group = store.scim_members(CORP, "big", ALL_MEMBERS).await.unwrap();
    let mut by_member = BTreeSet::new();
    for person in people {
        if !store.scim_groups_of(CORP, &person.id).await.unwrap().is_empty() {
            by_member.insert(person.id.clone());
        }
    }
    [by_group.into_iter().map(|member| member.id).collect(), by_member]
}

const MINUTE: i64 = 60_000_000;

#[tokio::test]
async fn a_big_change_that_broke_off_left_no_half_membership_and_is_done_by_asking_again() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let people = crowd(120);
    for person in &people {
        create(&direct, RecordKind::User, &person.id, &[]).await;
    }
    create(&direct, RecordKind::Group, "big", &[]).await;
    let nobody = BTreeSet::new();
    let ids: BTreeSet<String> = people.iter().map(|person| person.id.clone()).collect();
    let cut_after_one_part = || {
        let mut writes = 0;
        proxy.set(move |call| {
            writes += usize::from(matches!(call, "transactwriteitems" | "batchwriteitem"));
            if writes > 2 { Fate::Lost } else { Fate::Pass }
        });
    };
    let entry = AuditEntry::new(micros(1), AuditEvent::DirectoryPush, "pushed");

    cut_after_one_part();
    let comes = changed(20, 1, &people, &BTreeSet::new());
    store.scim_write(CORP, &comes, &entry).await.unwrap_err();
    let [by_group, by_member] = both_ways(&direct, &people).await;
    assert_eq!(by_group, by_member);
    assert!((1..120).contains(&by_group.len()), "a part came: {}", by_group.len());
    // The mark of whoever died has run out.
    let again = changed(20 + 2 * MINUTE, 2, &people, &BTreeSet::new());
    proxy.set(|_| Fate::Pass);
    assert_eq!(write(&store, &again).await, RecordWritten::Done);
    assert_eq!(both_ways(&direct, &people).await, [ids.clone(), ids.clone()]);

    cut_after_one_part();
    let goes = changed(30 + 2 * MINUTE, 3, &nobody, &ids);
    store.scim_write(CORP, &goes, &entry).await.unwrap_err();
    let [by_group, by_member] = both_ways(&direct, &people).await;
    assert_eq!(by_group, by_member);
    assert!((1..120).contains(&by_group.len()), "a part went: {}", by_group.len());
    let again = changed(30 + 4 * MINUTE, 4, &nobody, &by_group);
    proxy.set(|_| Fate::Pass);
    assert_eq!(write(&store, &again).await, RecordWritten::Done);
    assert_eq!(both_ways(&direct, &people).await, [const { BTreeSet::new() }; 2]);
}

#[tokio::test]
async fn a_part_that_was_held_up_writes_nothing_over_what_came_later() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let people = crowd(60);
    for person in &people {
        create(&direct, RecordKind::User, &person.id, &[]).await;
    }
    create(&direct, RecordKind::Group, "big", &[]).await;
    let mut is_made = false;
    proxy.set(move |call| match call {
        _ if is_made => Fate::Lost,
        call => {
            is_made = call == "transactwriteitems";
            Fate::Pass
        }
    });
    // Two processes that append one and the same entry at one place take it for one.
    let entry = AuditEntry::new(micros(2), AuditEvent::DirectoryPush, "pushed");
    let comes = changed(20, 1, &people, &BTreeSet::new());
    store.scim_write(CORP, &comes, &entry).await.unwrap_err();
    // Two minutes later somebody is taken out elsewhere; then the first part arrives.
    let goes = changed(20 + 2 * MINUTE, 2, &BTreeSet::new(), &["u007".to_owned()].into());
    assert_eq!(write(&direct, &goes).await, RecordWritten::Done);
    proxy.again().await;
    assert_eq!(both_ways(&direct, &people).await, [const { BTreeSet::new() }; 2]);
}

#[tokio::test]
async fn a_group_of_hundreds_waits_for_nobody_once_it_is_written() {
    let (_peer, _proxy, _store, direct) = behind_a_proxy().await;
    // More than are written under one mark.
    let people = crowd(600);
    for person in &people {
        create(&direct, RecordKind::User, &person.id, &[]).await;
    }
    let all: Vec<RecordMember> = people.iter().cloned().collect();
    create(&direct, RecordKind::Group, "big", &all).await;
    let goes = changed(20, 1, &BTreeSet::new(), &["u007".to_owned()].into());
    assert_eq!(write(&direct, &goes).await, RecordWritten::Done);
    let members = direct.scim_members(CORP, "big", ALL_MEMBERS).await.unwrap();
    assert_eq!(members.len(), 599);
}

#[tokio::test]
async fn a_far_page_holds_no_more_than_a_page() {
    const PEOPLE: u64 = 40;
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    // So long that a query gives a part of them at a time.
    let body = format!("{{\"userName\":\"{}\"}}", "x".repeat(50_000));
    for n in 0..PEOPLE {
        let id = format!("u{n:02}");
        let record = record(RecordKind::User, &id, &body);
        let change = RecordChange::Create { record, members: BTreeSet::new() };
        assert_eq!(write(&direct, &change).await, RecordWritten::Done);
    }
    let page = async |skip: u64, most: u32| -> Vec<String> {
        let start = RecordStart::Skip(skip);
        let page = store.scim_page(CORP, RecordKind::User, &start, most).await.unwrap();
        page.into_iter().map(|record| record.id).collect()
    };
    assert_eq!(page(35, 2).await, ["u35", "u36"]);
    assert_eq!(page(PEOPLE - 1, 2).await, ["u39"]);
    for behind in [PEOPLE, PEOPLE + 1, u64::MAX] {
        assert_eq!(page(behind, 2).await, [""; 0]);
    }
    let longest = proxy.longest_answer();
    assert!((100_000..110_000).contains(&longest), "two people: {longest} bytes");
}

#[tokio::test]
async fn a_change_that_was_made_is_told_as_made_though_its_time_is_not_written() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let mut is_made = false;
    proxy.set(move |call| match call {
        "putitem" if is_made => Fate::Throttled,
        call => {
            is_made |= call == "transactwriteitems";
            Fate::Pass
        }
    });
    create(&store, RecordKind::User, "ada", &[]).await;
    let counts = direct.scim_counts(CORP).await.unwrap();
    assert_eq!((counts.users, counts.changed), (1, None));
}
