//! [`MembershipIndex`].

use crate::race::{RACERS, micros, race};
use access::ids::{GroupId, MembershipId, PersonId};
use control::event::Membership;
use control::ports::{FormerGroup, GroupReading, MembershipIndex, Memberships};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

fn id(text: &str) -> MembershipId {
    MembershipId::parse(text).unwrap()
}

fn group(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

fn person(text: &str) -> PersonId {
    PersonId::parse(text).unwrap()
}

fn membership(of: &str, member: &str) -> Membership {
    let id = id(&format!("{of}-{member}"));
    Membership { id, group: group(of), person: person(member) }
}

/// A complete reading: groups by id and name, with their members or unread.
fn complete(groups: &[(&str, &str, Option<&[&str]>)]) -> Memberships {
    let read = |of: &str, members: &[&str]| {
        members.iter().map(|who| (membership(of, who).id, person(who))).collect()
    };
    Memberships::Complete(
        groups
            .iter()
            .map(|(of, name, members)| {
                let members = members.map(|members| read(of, members));
                (group(of), GroupReading { display_name: (*name).into(), members })
            })
            .collect(),
    )
}

async fn members(index: &impl MembershipIndex, of: &str) -> Vec<String> {
    let group = index.group(&group(of)).await.unwrap();
    group.into_iter().flat_map(|group| group.members).map(|id| id.to_string()).collect()
}

async fn present(index: &impl MembershipIndex, of: &str) -> Vec<String> {
    let group = index.group(&group(of)).await.unwrap();
    group.into_iter().flat_map(|group| group.present).map(|id| id.to_string()).collect()
}

pub async fn an_empty_index_knows_nobody(index: &impl MembershipIndex) {
    assert_eq!(index.group(&group("g1")).await, Ok(None));
    assert_eq!(index.membership(&id("g1-ana")).await, Ok(None));
}

pub async fn a_complete_reading_is_found_again(index: &impl MembershipIndex) {
    let found = complete(&[("g1", "ml-fraud", Some(&["ana", "bob"])), ("g2", "chess", None)]);
    index.take_over(&found, micros(1)).await.unwrap();
    index.take_over(&found, micros(2)).await.unwrap();
    let (display_name, was_read) = ("ml-fraud".to_owned(), true);
    let members: BTreeSet<PersonId> = [person("ana"), person("bob")].into();
    let fraud = FormerGroup { display_name, was_read, present: members.clone(), members };
    assert_eq!(index.group(&group("g1")).await, Ok(Some(fraud)));
    let (display_name, was_read) = ("chess".to_owned(), false);
    let nobody = BTreeSet::new();
    let chess = FormerGroup { display_name, was_read, present: nobody.clone(), members: nobody };
    assert_eq!(index.group(&group("g2")).await, Ok(Some(chess)));
    let ana = membership("g1", "ana");
    assert_eq!(index.membership(&ana.id).await, Ok(Some(ana)));
}

pub async fn a_complete_reading_replaces_the_one_before(index: &impl MembershipIndex) {
    index.take_over(&complete(&[("g1", "old", None)]), micros(1)).await.unwrap();
    let renamed = complete(&[("g1", "new", Some(&["ana"])), ("g2", "other", None)]);
    index.take_over(&renamed, micros(2)).await.unwrap();
    let (display_name, was_read) = ("new".to_owned(), true);
    let members: BTreeSet<PersonId> = [person("ana")].into();
    let expected = FormerGroup { display_name, was_read, present: members.clone(), members };
    assert_eq!(index.group(&group("g1")).await, Ok(Some(expected)));
}

pub async fn who_was_missing_is_remembered_for_a_week(index: &impl MembershipIndex) {
    let without_bob = complete(&[("g1", "ml-fraud", Some(&["ana"]))]);
    let with_bob = complete(&[("g1", "ml-fraud", Some(&["ana", "bob"]))]);
    index.take_over(&with_bob, micros(1)).await.unwrap();
    index.take_over(&without_bob, micros(2)).await.unwrap();
    index.take_over(&without_bob, micros(7 * DAY + 2)).await.unwrap();
    assert_eq!(members(index, "g1").await, ["ana", "bob"]);
    assert_eq!(present(index, "g1").await, ["ana"]);
    assert!(index.membership(&id("g1-bob")).await.unwrap().is_some());
    index.take_over(&without_bob, micros(7 * DAY + 3)).await.unwrap();
    assert_eq!(members(index, "g1").await, ["ana"]);
    assert_eq!(index.membership(&id("g1-bob")).await, Ok(None));
    // Whoever comes back is not forgotten.
    index.take_over(&with_bob, micros(8 * DAY)).await.unwrap();
    index.take_over(&without_bob, micros(9 * DAY)).await.unwrap();
    index.take_over(&with_bob, micros(10 * DAY)).await.unwrap();
    index.take_over(&with_bob, micros(90 * DAY)).await.unwrap();
    assert_eq!(members(index, "g1").await, ["ana", "bob"]);
}

pub async fn a_group_that_was_missing_is_remembered_for_a_week(index: &impl MembershipIndex) {
    let found = complete(&[("g1", "ml-fraud", Some(&["ana"]))]);
    index.take_over(&found, micros(1)).await.unwrap();
    index.take_over(&complete(&[]), micros(2)).await.unwrap();
    assert_eq!(members(index, "g1").await, ["ana"]);
    index.take_over(&complete(&[]), micros(8 * DAY)).await.unwrap();
    assert_eq!(index.group(&group("g1")).await, Ok(None));
    assert_eq!(index.membership(&id("g1-ana")).await, Ok(None));
}

pub async fn a_reading_of_some_people_only_adds(index: &impl MembershipIndex) {
    let found = complete(&[("g1", "ml-fraud", Some(&["ana"]))]);
    index.take_over(&found, micros(1)).await.unwrap();
    let bob = Memberships::Some(vec![membership("g1", "bob")]);
    index.take_over(&bob, micros(2)).await.unwrap();
    index.take_over(&Memberships::Some(vec![]), micros(3)).await.unwrap();
    assert_eq!(members(index, "g1").await, ["ana", "bob"]);
    // A group that only some people's reading saw is not known as it was.
    let stray = Memberships::Some(vec![membership("g9", "bob")]);
    index.take_over(&stray, micros(4)).await.unwrap();
    assert_eq!(index.group(&group("g9")).await, Ok(None));
}

pub async fn what_an_event_tells_never_replaces_what_was_read(index: &impl MembershipIndex) {
    let ana = membership("g1", "ana");
    let found = complete(&[("g1", "ml-fraud", Some(&["ana"]))]);
    index.take_over(&found, micros(1)).await.unwrap();
    let told = Membership { person: person("mallory"), ..ana.clone() };
    index.learn(&told).await.unwrap();
    assert_eq!(index.membership(&ana.id).await, Ok(Some(ana.clone())));
    // A reading puts right what an event told wrongly before.
    let other = membership("g1", "bob");
    index.learn(&Membership { person: person("mallory"), ..other.clone() }).await.unwrap();
    let found = complete(&[("g1", "ml-fraud", Some(&["ana", "bob"]))]);
    index.take_over(&found, micros(2)).await.unwrap();
    assert_eq!(index.membership(&other.id).await, Ok(Some(other)));
}

pub async fn what_only_events_tell_is_forgotten_after_a_week(index: &impl MembershipIndex) {
    let found = complete(&[("g1", "ml-fraud", Some(&["ana"])), ("g2", "chess", None)]);
    let told = [membership("g1", "eve"), membership("g2", "eve"), membership("g9", "eve")];
    for membership in &told {
        index.learn(membership).await.unwrap();
    }
    index.take_over(&found, micros(2)).await.unwrap();
    index.take_over(&found, micros(7 * DAY + 2)).await.unwrap();
    for membership in &told {
        assert_eq!(index.membership(&membership.id).await, Ok(Some(membership.clone())));
    }
    index.take_over(&found, micros(7 * DAY + 3)).await.unwrap();
    for membership in &told {
        assert_eq!(index.membership(&membership.id).await, Ok(None));
    }
    assert_eq!(members(index, "g1").await, ["ana"]);
}

pub async fn readings_may_race(index: Arc<impl MembershipIndex + 'static>) {
    let number = std::sync::atomic::AtomicI64::new(0);
    let done = race(|| {
        let (index, n) =
            (Arc::clone(&index), number.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        async move {
            let who = if n % 2 == 0 { "ana" } else { "bob" };
            let found = complete(&[("g1", "ml-fraud", Some(&[who]))]);
            index.take_over(&found, micros(n)).await.is_ok()
        }
    });
    assert_eq!(done.await, RACERS);
    assert_eq!(members(&*index, "g1").await, ["ana", "bob"]);
}

pub async fn a_large_directory_is_taken_over_whole(index: &impl MembershipIndex) {
    let people: Vec<String> = (0..300).map(|n| format!("p{n}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let groups: Vec<String> = (0..60).map(|n| format!("g{n}")).collect();
    let groups: Vec<_> =
        groups.iter().map(|id| (id.as_str(), id.as_str(), Some(people.as_slice()))).collect();
    index.take_over(&complete(&groups), micros(1)).await.unwrap();
    for group in ["g0", "g31", "g59"] {
        assert_eq!(members(index, group).await.len(), 300, "{group}");
    }
}
