//! [`ScimRecords`].

use crate::audit::entry;
use crate::race::{micros, race};
use control::ports::{
    ALL_MEMBERS, AuditLog, FoundRecord, RecordChange, RecordCounts, RecordKey, RecordKind,
    RecordMember, RecordStart, RecordWritten, ScimRecord, ScimRecords,
};
use std::sync::Arc;

const CORP: &str = "corp";

fn user(id: &str, user_name: &str) -> ScimRecord {
    ScimRecord {
        kind: RecordKind::User,
        id: id.into(),
        version: 1,
        created: micros(10),
        changed: micros(10),
        keys: [
            (RecordKey::UserName, user_name.to_owned()),
            (RecordKey::ExternalId, format!("x-{user_name}")),
            (RecordKey::Email, format!("{user_name}@example.com")),
            (RecordKey::Email, format!("{user_name}@example.org")),
        ]
        .into(),
        body: format!("{{\"userName\":\"{user_name}\"}}"),
    }
}

fn group(id: &str, display_name: &str) -> ScimRecord {
    ScimRecord {
        kind: RecordKind::Group,
        keys: [(RecordKey::DisplayName, display_name.to_owned())].into(),
        body: format!("{{\"displayName\":\"{display_name}\"}}"),
        ..user(id, "")
    }
}

fn of_user(id: &str) -> RecordMember {
    RecordMember { id: id.into(), kind: RecordKind::User }
}

fn create(record: &ScimRecord, members: &[RecordMember]) -> RecordChange {
    let members = members.iter().cloned().collect();
    RecordChange::Create { record: record.clone(), members }
}

/// The next version of the record, with these who come and go.
fn update(record: &ScimRecord, added: &[&str], removed: &[&str]) -> RecordChange {
    RecordChange::Update {
        record: ScimRecord { version: record.version + 1, changed: micros(20), ..record.clone() },
        over: record.version,
        added: added.iter().map(|id| of_user(id)).collect(),
        removed: removed.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn delete(record: &ScimRecord) -> RecordChange {
    let ScimRecord { kind, version, .. } = record.clone();
    RecordChange::Delete { kind, id: record.id.clone(), over: version, at: micros(30) }
}

async fn write(store: &impl ScimRecords, change: &RecordChange) -> RecordWritten {
    store.scim_write(CORP, change, &entry(1, "pushed")).await.unwrap()
}

async fn done(store: &impl ScimRecords, change: &RecordChange) {
    assert_eq!(write(store, change).await, RecordWritten::Done, "{change:?}");
}

/// Makes people with these ids, so that they can be members.
async fn people<'i>(store: &impl ScimRecords, ids: impl IntoIterator<Item = &'i str>) {
    for id in ids {
        done(store, &create(&user(id, &format!("name-of-{id}")), &[])).await;
    }
}

async fn read(store: &impl ScimRecords, kind: RecordKind, id: &str) -> Option<ScimRecord> {
    let mut found = store.scim_records(CORP, kind, &[id.to_owned()].into()).await.unwrap();
    found.remove(id)
}

async fn found(store: &impl ScimRecords, key: RecordKey, value: &str) -> Vec<String> {
    let found = store.scim_find(CORP, RecordKind::User, key, value, 10).await.unwrap();
    for FoundRecord { record, groups } in &found {
        let Some(groups) = groups else { continue };
        assert_eq!(groups_of(store, &record.id).await, Vec::from_iter(groups.clone()));
    }
    found.into_iter().map(|found| found.record.id).collect()
}

async fn members(store: &impl ScimRecords, group: &str) -> Vec<String> {
    let members = store.scim_members(CORP, group, ALL_MEMBERS).await.unwrap();
    members.into_iter().map(|member| member.id).collect()
}

async fn groups_of(store: &impl ScimRecords, member: &str) -> Vec<String> {
    store.scim_groups_of(CORP, member).await.unwrap().into_iter().collect()
}

pub async fn a_record_comes_back_as_it_was_written(store: &impl ScimRecords) {
    let (ada, fraud) = (user("u1", "ada"), group("g1", "fraud"));
    assert_eq!(read(store, RecordKind::User, "u1").await, None);
    done(store, &create(&ada, &[])).await;
    done(store, &create(&fraud, &[of_user("u1")])).await;
    assert_eq!(read(store, RecordKind::User, "u1").await, Some(ada.clone()));
    assert_eq!(read(store, RecordKind::Group, "g1").await, Some(fraud));
    // An id is that of one kind.
    assert_eq!(read(store, RecordKind::Group, "u1").await, None);
    let some = ["u1".to_owned(), "u2".to_owned()].into();
    let some = store.scim_records(CORP, RecordKind::User, &some).await.unwrap();
    assert_eq!(some.into_values().collect::<Vec<_>>(), [ada]);
}

pub async fn a_record_is_found_by_each_key_it_has_now(store: &impl ScimRecords) {
    let ada = user("u1", "ada");
    done(store, &create(&ada, &[])).await;
    let twin = ScimRecord { keys: ada.keys.clone(), ..user("u2", "bob") };
    let twin = ScimRecord {
        keys: twin.keys.into_iter().filter(|(key, _)| *key != RecordKey::UserName).collect(),
        ..twin
    };
    done(store, &create(&twin, &[])).await;
    assert_eq!(found(store, RecordKey::UserName, "ada").await, ["u1"]);
    assert_eq!(found(store, RecordKey::ExternalId, "x-ada").await, ["u1", "u2"]);
    assert_eq!(found(store, RecordKey::Email, "ada@example.org").await, ["u1", "u2"]);
    assert_eq!(found(store, RecordKey::Email, "ada").await, [""; 0]);
    let one = store.scim_find(CORP, RecordKind::User, RecordKey::ExternalId, "x-ada", 1).await;
    assert_eq!(one.unwrap().len(), 1);
    let group = store.scim_find(CORP, RecordKind::Group, RecordKey::UserName, "ada", 10).await;
    assert_eq!(group, Ok(Vec::new()));
    let renamed = ScimRecord { keys: user("u1", "eve").keys, ..ada.clone() };
    done(store, &update(&renamed, &[], &[])).await;
    assert_eq!(found(store, RecordKey::UserName, "ada").await, [""; 0]);
    assert_eq!(found(store, RecordKey::Email, "ada@example.com").await, ["u2"]);
    assert_eq!(found(store, RecordKey::UserName, "eve").await, ["u1"]);
}

pub async fn a_unique_key_is_had_once_a_kind(store: &impl ScimRecords) {
    let (ada, fraud) = (user("u1", "ada"), group("g1", "fraud"));
    done(store, &create(&ada, &[])).await;
    done(store, &create(&fraud, &[])).await;
    let taken = RecordWritten::Taken(RecordKey::UserName);
    assert_eq!(write(store, &create(&user("u2", "ada"), &[])).await, taken);
    let taken = RecordWritten::Taken(RecordKey::DisplayName);
    assert_eq!(write(store, &create(&group("g2", "fraud"), &[])).await, taken);
    let bob = user("u2", "bob");
    done(store, &create(&bob, &[])).await;
    let as_ada = ScimRecord { keys: ada.keys.clone(), ..bob.clone() };
    let taken = RecordWritten::Taken(RecordKey::UserName);
    assert_eq!(write(store, &update(&as_ada, &[], &[])).await, taken);
    assert_eq!(read(store, RecordKind::User, "u2").await, Some(bob));
    // Its own name is no other's, and what was given up is free.
    done(store, &update(&ada, &[], &[])).await;
    let gone = ScimRecord { version: 2, ..ada };
    done(store, &delete(&gone)).await;
    done(store, &create(&user("u3", "ada"), &[])).await;
}

pub async fn a_record_is_changed_from_the_version_that_was_read(store: &impl ScimRecords) {
    let ada = user("u1", "ada");
    assert_eq!(write(store, &update(&ada, &[], &[])).await, RecordWritten::Stale);
    assert_eq!(write(store, &delete(&ada)).await, RecordWritten::Stale);
    done(store, &create(&ada, &[])).await;
    let body = "{\"active\":false}".to_owned();
    done(store, &update(&ScimRecord { body: body.clone(), ..ada.clone() }, &[], &[])).await;
    let now = ScimRecord { version: 2, changed: micros(20), body, ..ada.clone() };
    assert_eq!(read(store, RecordKind::User, "u1").await, Some(now.clone()));
    assert_eq!(write(store, &update(&ada, &[], &[])).await, RecordWritten::Stale);
    assert_eq!(write(store, &delete(&ada)).await, RecordWritten::Stale);
    assert_eq!(read(store, RecordKind::User, "u1").await, Some(now));
}

pub async fn members_are_kept_by_group_and_by_member(store: &impl ScimRecords) {
    let (fraud, all) = (group("g1", "fraud"), group("g2", "all"));
    people(store, ["u1", "u2", "u3", "u4"]).await;
    done(store, &create(&fraud, &[of_user("u1"), of_user("u2")])).await;
    let nested = RecordMember { id: "g1".into(), kind: RecordKind::Group };
    done(store, &create(&all, &[of_user("u1"), nested.clone()])).await;
    assert_eq!(members(store, "g1").await, ["u1", "u2"]);
    let of_all = store.scim_members(CORP, "g2", ALL_MEMBERS).await.unwrap();
    assert_eq!(of_all, [nested, of_user("u1")].into());
    assert_eq!(groups_of(store, "u1").await, ["g1", "g2"]);
    assert_eq!(groups_of(store, "g1").await, ["g2"]);
    // Where they are told of whoever is looked for, they are the same.
    assert_eq!(found(store, RecordKey::UserName, "name-of-u2").await, ["u2"]);
    // Who is in already stays, and who is not in does not matter.
    done(store, &update(&fraud, &["u2", "u3"], &["u1", "u9"])).await;
    assert_eq!(members(store, "g1").await, ["u2", "u3"]);
    assert_eq!(groups_of(store, "u1").await, ["g2"]);
    // What is not written changes no member.
    assert_eq!(write(store, &update(&fraud, &["u4"], &["u2"])).await, RecordWritten::Stale);
    assert_eq!(members(store, "g1").await, ["u2", "u3"]);
    assert_eq!(groups_of(store, "u4").await, [""; 0]);
}

pub async fn what_is_deleted_takes_its_memberships_along(store: &impl ScimRecords) {
    let (ada, fraud) = (user("u1", "ada"), group("g1", "fraud"));
    done(store, &create(&ada, &[])).await;
    people(store, ["u2"]).await;
    done(store, &create(&fraud, &[of_user("u1"), of_user("u2")])).await;
    done(store, &create(&group("g2", "all"), &[of_user("u1")])).await;
    done(store, &delete(&ada)).await;
    assert_eq!(read(store, RecordKind::User, "u1").await, None);
    assert_eq!(found(store, RecordKey::Email, "ada@example.com").await, [""; 0]);
    assert_eq!(
        (members(store, "g1").await, members(store, "g2").await),
        (vec!["u2".into()], vec![])
    );
    // Without u1 it is another version.
    done(store, &delete(&ScimRecord { version: 2, ..fraud })).await;
    assert_eq!(groups_of(store, "u2").await, [""; 0]);
    assert_eq!(members(store, "g1").await, [""; 0]);
}

pub async fn what_is_deleted_under_the_wrong_kind_keeps_its_memberships(
    store: &(impl ScimRecords + AuditLog),
) {
    let (ada, fraud) = (user("u1", "ada"), group("g1", "fraud"));
    done(store, &create(&ada, &[])).await;
    done(store, &create(&fraud, &[of_user("u1")])).await;
    let written = store.newest(99).await.unwrap().len();
    for over in [0, 1] {
        let as_user = ScimRecord { kind: RecordKind::User, version: over, ..fraud.clone() };
        let as_group = ScimRecord { kind: RecordKind::Group, version: over, ..ada.clone() };
        for wrong in [as_user, as_group] {
            assert_eq!(write(store, &delete(&wrong)).await, RecordWritten::Stale);
        }
    }
    assert_eq!(
        (members(store, "g1").await, groups_of(store, "u1").await),
        (vec!["u1".into()], vec!["g1".into()])
    );
    assert_eq!(read(store, RecordKind::Group, "g1").await, Some(fraud));
    assert_eq!(store.newest(99).await.unwrap().len(), written);
}

pub async fn what_is_deleted_is_no_way_to_another_group_and_is_deleted_once(
    store: &(impl ScimRecords + AuditLog),
) {
    let inner = group("g1", "inner");
    people(store, ["u1"]).await;
    done(store, &create(&inner, &[of_user("u1")])).await;
    let nested = RecordMember { id: "g1".into(), kind: RecordKind::Group };
    done(store, &create(&group("g2", "outer"), &[nested])).await;
    done(store, &delete(&inner)).await;
    let written = store.newest(99).await.unwrap().len();
    for over in [0, 1, 2] {
        let again = delete(&ScimRecord { version: over, ..inner.clone() });
        assert_eq!(write(store, &again).await, RecordWritten::Stale);
    }
    assert_eq!(store.newest(99).await.unwrap().len(), written);
    assert_eq!((members(store, "g1").await, members(store, "g2").await), (vec![], vec![]));
    assert_eq!((groups_of(store, "u1").await, groups_of(store, "g1").await), (vec![], vec![]));
    assert_eq!(read(store, RecordKind::Group, "g2").await.unwrap().version, 2);
    assert_eq!(store.scim_counts(CORP).await.unwrap().groups, 1);
}

pub async fn pages_follow_the_ids_and_hold_one_kind(store: &impl ScimRecords) {
    for n in 0..7 {
        done(store, &create(&user(&format!("u{n}"), &format!("name-{n}")), &[])).await;
    }
    done(store, &create(&group("g1", "fraud"), &[])).await;
    let page = async |start: RecordStart, most: u32| -> Vec<String> {
        let page = store.scim_page(CORP, RecordKind::User, &start, most).await.unwrap();
        page.into_iter().map(|record| record.id).collect()
    };
    assert_eq!(page(RecordStart::Skip(0), 3).await, ["u0", "u1", "u2"]);
    assert_eq!(page(RecordStart::Skip(5), 3).await, ["u5", "u6"]);
    assert_eq!(page(RecordStart::Skip(7), 3).await, [""; 0]);
    assert_eq!(page(RecordStart::After("u2".into()), 2).await, ["u3", "u4"]);
    assert_eq!(page(RecordStart::After(String::new()), 2).await, ["u0", "u1"]);
    // Whoever is gone meanwhile stops nobody.
    done(store, &delete(&user("u3", "name-3"))).await;
    assert_eq!(page(RecordStart::After("u3".into()), 2).await, ["u4", "u5"]);
    assert_eq!(page(RecordStart::After("u6".into()), 2).await, [""; 0]);
}

pub async fn what_was_pushed_is_counted(store: &impl ScimRecords) {
    let nothing = store.scim_counts(CORP).await.unwrap();
    assert_eq!(nothing, RecordCounts { users: 0, groups: 0, changed: None });
    let ada = user("u1", "ada");
    done(store, &create(&ada, &[])).await;
    done(store, &create(&user("u2", "bob"), &[])).await;
    done(store, &create(&group("g1", "fraud"), &[])).await;
    let counts = RecordCounts { users: 2, groups: 1, changed: Some(micros(10)) };
    assert_eq!(store.scim_counts(CORP).await, Ok(counts));
    assert_eq!((counts.of(RecordKind::User), counts.of(RecordKind::Group)), (2, 1));
    write(store, &create(&user("u3", "ada"), &[])).await;
    done(store, &delete(&ada)).await;
    let counts = RecordCounts { users: 1, groups: 1, changed: Some(micros(30)) };
    assert_eq!(store.scim_counts(CORP).await, Ok(counts));
}

pub async fn directories_share_nothing(store: &impl ScimRecords) {
    let ada = user("u1", "ada");
    done(store, &create(&ada, &[])).await;
    let entry = entry(1, "pushed");
    let other = user("u2", "ada");
    let written = store.scim_write("partners", &create(&other, &[]), &entry).await;
    assert_eq!(written, Ok(RecordWritten::Done));
    assert_eq!(found(store, RecordKey::UserName, "ada").await, ["u1"]);
    assert_eq!(read(store, RecordKind::User, "u2").await, None);
    assert_eq!(store.scim_counts("partners").await.unwrap().users, 1);
    assert_eq!(store.scim_counts("nobody").await.unwrap().users, 0);
}

pub async fn what_is_changed_is_written_down(store: &(impl ScimRecords + AuditLog)) {
    let ada = user("u1", "ada");
    let said = async |change: &RecordChange, code: &str| {
        store.scim_write(CORP, change, &entry(1, code)).await.unwrap()
    };
    assert_eq!(said(&create(&ada, &[]), "created").await, RecordWritten::Done);
    assert_eq!(
        said(&create(&user("u2", "ada"), &[]), "never").await,
        RecordWritten::Taken(RecordKey::UserName)
    );
    assert_eq!(
        said(&delete(&ScimRecord { version: 7, ..ada.clone() }), "nor").await,
        RecordWritten::Stale
    );
    assert_eq!(said(&delete(&ada), "deleted").await, RecordWritten::Done);
    let codes: Vec<String> = store.newest(10).await.unwrap().into_iter().map(|e| e.code).collect();
    assert_eq!(codes, ["deleted", "created"]);
}

pub async fn a_large_group_is_written_and_read_whole(store: &impl ScimRecords) {
    let ids: Vec<String> = (0..130).map(|n| format!("u{n:03}")).collect();
    people(store, ids.iter().map(String::as_str)).await;
    people(store, ["u900"]).await;
    let many: Vec<RecordMember> = ids.iter().map(|id| of_user(id)).collect();
    let fraud = group("g1", "fraud");
    done(store, &create(&fraud, &many)).await;
    assert_eq!(members(store, "g1").await.len(), 130);
    let first = store.scim_members(CORP, "g1", 3).await.unwrap();
    assert_eq!(first, ["u000", "u001", "u002"].map(of_user).into());
    let gone: Vec<&str> = many.iter().take(60).map(|member| member.id.as_str()).collect();
    done(store, &update(&fraud, &["u900"], &gone)).await;
    let left = members(store, "g1").await;
    assert_eq!((left.len(), left.first().map(String::as_str)), (71, Some("u060")));
    assert_eq!(groups_of(store, "u000").await, [""; 0]);
    done(store, &delete(&ScimRecord { version: 2, ..fraud })).await;
    assert_eq!(groups_of(store, "u100").await, [""; 0]);
}

pub async fn whoever_has_no_record_comes_into_no_group(store: &impl ScimRecords) {
    let fraud = group("g1", "fraud");
    people(store, ["u1", "u2"]).await;
    done(store, &delete(&user("u2", "name-of-u2"))).await;
    done(store, &create(&fraud, &[of_user("u1"), of_user("u2")])).await;
    assert_eq!(members(store, "g1").await, ["u1"]);
    // A person's id is no group's.
    let as_group = RecordMember { id: "u1".into(), kind: RecordKind::Group };
    done(store, &create(&group("g2", "all"), &[as_group])).await;
    assert_eq!(members(store, "g2").await, [""; 0]);
    let many: Vec<String> = (0..50).map(|n| format!("none-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["u2"]).collect();
    done(store, &update(&fraud, &many, &[])).await;
    assert_eq!(members(store, "g1").await, ["u1"]);
    assert_eq!(groups_of(store, "u2").await, [""; 0]);
}

pub async fn a_deleted_member_raises_the_versions_of_its_groups(store: &impl ScimRecords) {
    let (fraud, all) = (group("g1", "fraud"), group("g2", "all"));
    people(store, ["u1", "u2"]).await;
    done(store, &create(&fraud, &[of_user("u1"), of_user("u2")])).await;
    let nested = RecordMember { id: "g1".into(), kind: RecordKind::Group };
    done(store, &create(&all, &[nested])).await;
    done(store, &delete(&user("u1", "name-of-u1"))).await;
    let raised = ScimRecord { version: 2, changed: micros(30), ..fraud };
    assert_eq!(read(store, RecordKind::Group, "g1").await, Some(raised.clone()));
    assert_eq!(read(store, RecordKind::Group, "g2").await, Some(all.clone()));
    done(store, &delete(&raised)).await;
    let raised = ScimRecord { version: 2, changed: micros(30), ..all };
    assert_eq!(read(store, RecordKind::Group, "g2").await, Some(raised));
    assert_eq!(read(store, RecordKind::User, "u2").await.unwrap().version, 1);
}

pub async fn whoever_removes_many_waits_for_whoever_still_adds_them(
    store: Arc<impl ScimRecords + 'static>,
) {
    let ids: Vec<String> = (0..60).map(|n| format!("u{n:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let fraud = group("g1", "fraud");
    people(&*store, ids.iter().copied()).await;
    done(&*store, &create(&fraud, &[])).await;
    let (adds, change) = (Arc::clone(&store), update(&fraud, &ids, &[]));
    let adds = tokio::spawn(async move { done(&*adds, &change).await });
    let added = loop {
        let now = read(&*store, RecordKind::Group, "g1").await.unwrap();
        if now.version == 2 {
            break now;
        }
        tokio::task::yield_now().await;
    };
    done(&*store, &update(&added, &[], &ids)).await;
    adds.await.unwrap();
    assert_eq!(members(&*store, "g1").await, [""; 0]);
    assert_eq!(groups_of(&*store, "u59").await, [""; 0]);
}

pub async fn of_racing_changes_those_that_were_made_are_written_down(
    store: Arc<impl ScimRecords + AuditLog + 'static>,
) {
    let fraud = group("g1", "fraud");
    done(&*store, &create(&fraud, &[])).await;
    let made = race(|| {
        let (store, change) = (Arc::clone(&store), update(&fraud, &[], &[]));
        async move {
            let written = store.scim_write(CORP, &change, &entry(2, "changed")).await.unwrap();
            written == RecordWritten::Done
        }
    });
    assert_eq!(made.await, 1);
    let codes: Vec<String> = store.newest(99).await.unwrap().into_iter().map(|e| e.code).collect();
    assert_eq!(codes, ["changed", "pushed"]);
}

pub async fn of_racing_makers_of_a_user_name_one_wins(store: Arc<impl ScimRecords + 'static>) {
    let number = std::sync::atomic::AtomicUsize::new(0);
    let made = race(|| {
        let n = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let store = Arc::clone(&store);
        async move {
            let change = create(&user(&format!("u{n}"), "ada"), &[]);
            write(&*store, &change).await == RecordWritten::Done
        }
    });
    assert_eq!(made.await, 1);
    assert_eq!(store.scim_counts(CORP).await.unwrap().users, 1);
    assert_eq!(found(&*store, RecordKey::UserName, "ada").await.len(), 1);
}

pub async fn of_racing_changes_of_a_version_one_wins(store: Arc<impl ScimRecords + 'static>) {
    let fraud = group("g1", "fraud");
    people(&*store, ["u1"]).await;
    done(&*store, &create(&fraud, &[])).await;
    let number = std::sync::atomic::AtomicUsize::new(0);
    let made = race(|| {
        let n = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let (store, fraud) = (Arc::clone(&store), fraud.clone());
        async move {
            let body = format!("{{\"displayName\":\"fraud\",\"externalId\":\"{n}\"}}");
            let named = ScimRecord { body, ..fraud };
            write(&*store, &update(&named, &["u1"], &[])).await == RecordWritten::Done
        }
    });
    assert_eq!(made.await, 1);
    assert_eq!(members(&*store, "g1").await, ["u1"]);
    assert_eq!(read(&*store, RecordKind::Group, "g1").await.unwrap().version, 2);
}
