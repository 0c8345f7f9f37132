//! From events to the people who are read again.

use crate::reconciler::{Running, pass, people};
use crate::world::{Fault, MAP, World, person_id};
use access::ids::{GroupId, MembershipId, PersonId};
use control::event::{Concern, Family, Membership, Outcome, Wake};
use control::reconciler::MOST_PEOPLE;
use control::survey::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn group(name: &str) -> Concern {
    Concern::Group(GroupId::parse(name).unwrap())
}

fn membership(group: &str, name: &str) -> MembershipId {
    MembershipId::parse(format!("{group}:{}", person_id(name))).unwrap()
}

/// Whom an event wakes once everything was read.
async fn woken(world: &Arc<World>, concern: &Concern) -> Wake {
    world.plane(MAP).resolve(concern).await
}

async fn read_everything(world: &Arc<World>) {
    world.plane(MAP).survey(&Scope::Everything).await.unwrap();
    world.state().reads.clear();
}

#[tokio::test]
async fn a_group_concerns_who_is_in_it_and_who_was() {
    let world = World::of(&["ada", "bob", "cyd"]);
    world.leave("cyd", "ml-fraud");
    read_everything(&world).await;
    world.leave("bob", "ml-fraud");
    world.join("cyd", "ml-fraud");
    assert_eq!(woken(&world, &group("ml-fraud")).await, people(&["ada", "bob", "cyd"]));
    assert_eq!(world.state().reads, ["name of ml-fraud", "members of ml-fraud"]);
}

#[tokio::test]
async fn a_group_that_is_gone_concerns_who_was_in_it() {
    let world = World::of(&["ada", "bob"]);
    read_everything(&world).await;
    world.state().groups.remove("ml-fraud");
    assert_eq!(woken(&world, &group("ml-fraud")).await, people(&["ada", "bob"]));
}

#[tokio::test]
async fn a_group_that_gives_no_rights_and_gave_none_concerns_nobody() {
    let world = World::of(&["ada"]);
    world.join("ada", "chess-club");
    read_everything(&world).await;
    assert!(woken(&world, &group("chess-club")).await.is_nobody());
    assert_eq!(world.state().reads, ["name of chess-club"]);
}

#[tokio::test]
async fn who_got_rights_by_a_reading_of_their_own_is_found_when_they_leave() {
    let world = World::of(&["ada", "bob"]);
    world.leave("bob", "ml-fraud");
    read_everything(&world).await;
    // Bob joins, is read by himself (a sign-in, an event), and leaves before the next full reading.
    world.join("bob", "ml-fraud");
    let bob = Scope::People(BTreeSet::from([person_id("bob")]));
    world.plane(MAP).survey(&bob).await.unwrap();
    world.leave("bob", "ml-fraud");
    assert_eq!(woken(&world, &group("ml-fraud")).await, people(&["ada", "bob"]));
}

#[tokio::test]
async fn a_group_that_came_into_the_map_later_is_not_known_as_it_was() {
    let world = World::of(&["ada"]);
    world.join("ada", "ml-late");
    read_everything(&world).await;
    let map = MAP.replace("group: ml-trials", "group: ml-late");
    let wake = world.plane(&map).resolve(&group("ml-late")).await;
    assert_eq!(wake, Wake::Everything);
}

#[tokio::test]
async fn what_nobody_knows_has_everything_read() {
    let world = World::of(&["ada"]);
    let unknown = Concern::Membership(membership("ml-fraud", "ada"));
    // The index is empty: it was lost, or nothing was read yet.
    assert_eq!(woken(&world, &group("ml-fraud")).await, Wake::Everything);
    assert_eq!(woken(&world, &unknown).await, Wake::Everything);
    read_everything(&world).await;
    assert_eq!(woken(&world, &unknown).await, people(&["ada"]));
    world.break_down(Fault::Directory);
    assert_eq!(woken(&world, &group("ml-fraud")).await, Wake::Everything);
    assert_eq!(woken(&world, &Concern::Everybody).await, Wake::Everything);
}

#[tokio::test]
async fn a_large_group_is_not_listed_twice() {
    let names: Vec<String> = (0..=MOST_PEOPLE).map(|n| format!("p{n}")).collect();
    let world = World::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    read_everything(&world).await;
    assert_eq!(woken(&world, &group("ml-fraud")).await, Wake::Everything);
    assert_eq!(world.state().reads, Vec::<String>::new());
}

#[tokio::test]
async fn a_membership_is_known_after_its_person_has_gone() {
    let world = World::of(&["ada", "bob"]);
    read_everything(&world).await;
    world.state().people.remove(&person_id("ada"));
    world.leave("ada", "ml-fraud");
    let ended = Concern::Membership(membership("ml-fraud", "ada"));
    assert_eq!(woken(&world, &ended).await, people(&["ada"]));
}

const ANA: &str = "94482488-3041-7026-18f3-b45837182f07";
const GROUP: &str = "64a8f4c8-6021-70d2-5a3e-1d2a0c4b7e95";
const MEMBERSHIP: &str = "b4b8c418-50f1-70c2-a3a2-0e5c1d7f2a66";

fn recorded(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events");
    std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()
}

fn ana() -> Wake {
    Wake::People(BTreeSet::from([PersonId::parse(ANA).unwrap()]))
}

#[tokio::test]
async fn events_are_heard_and_counted() {
    let world = World::of(&[]);
    let plane = world.plane(MAP);
    let hear = async |text: &str| plane.hear(text).await;
    assert_eq!(hear(&recorded("sso-directory-add-member")).await, Some(ana()));
    // Nobody knows the membership; then an event tells of it.
    let removed = recorded("identitystore-remove-member");
    assert_eq!(hear(&removed).await, Some(Wake::Everything));
    assert_eq!(hear(&recorded("identitystore-add-member")).await, Some(ana()));
    assert_eq!(hear(&removed).await, Some(ana()));
    assert_eq!(hear(&recorded("scim-failed-patch")).await, None);
    assert_eq!(hear("{").await, Some(Wake::Everything));
    assert_eq!(hear("{}").await, Some(Wake::Everything));
    assert_eq!(hear(&json!({"source": "aws.s3"}).to_string()).await, None);
    let counts = plane.events.read();
    let expected = [
        ((Family::SsoDirectory, Outcome::Person), 1),
        ((Family::IdentityStore, Outcome::Person), 2),
        ((Family::IdentityStore, Outcome::Everything), 1),
        ((Family::Scim, Outcome::FailedCall), 1),
        ((Family::Other, Outcome::Ignored), 1),
        ((Family::Other, Outcome::Unknown), 1),
        ((Family::Other, Outcome::Malformed), 1),
    ];
    assert_eq!(counts, expected.into());
}

#[tokio::test]
async fn an_event_cannot_take_a_known_membership_from_its_person() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    let real = Membership {
        id: MembershipId::parse(MEMBERSHIP).unwrap(),
        group: GroupId::parse("ml-fraud").unwrap(),
        person: person_id("ada"),
    };
    plane.memberships.learn(&real).await.unwrap();
    let mut forged: Value = serde_json::from_str(&recorded("identitystore-add-member")).unwrap();
    forged["detail"]["requestParameters"]["groupId"] = GROUP.into();
    plane.hear(&forged.to_string()).await;
    let woken = plane.hear(&recorded("identitystore-remove-member")).await;
    assert_eq!(woken, Some(people(&["ada"])));
}

/// The events of one change, told by every family.
const REMOVALS: [&str; 6] = [
    "sso-directory-remove-member",
    "identitystore-remove-member",
    "scim-remove-member",
    "sso-directory-delete-group",
    "notification-update-user",
    "notification-delete-group",
];

/// Ana in the recorded group, which gives fraud, with a profile.
fn recorded_world() -> Arc<World> {
    let world = World::of(&[]);
    world.enrol(ANA, "ana");
    world.state().groups.insert(GROUP.into(), BTreeSet::from([PersonId::parse(ANA).unwrap()]));
    world
}

fn recorded_map() -> String {
    MAP.replace("group: ml-fraud", &format!("group: {GROUP}"))
}

#[tokio::test(start_paused = true)]
async fn each_family_converges_to_the_same_state_also_lost_doubled_and_late() {
    for lost in REMOVALS {
        let world = recorded_world();
        let map = recorded_map();
        let plane = world.plane(&map);
        let running = Running::start(&world, &map);
        pass(10).await;
        assert_eq!(world.profile_names(), ["ana--fraud"]);
        world.state().groups.clear();
        // All but one arrive, twice, the last one first.
        for name in REMOVALS.iter().rev().filter(|name| **name != lost) {
            for _ in 0..2 {
                running.wake(plane.hear(&recorded(name)).await.unwrap()).await;
            }
        }
        pass(60).await;
        assert_eq!(world.leaving(), ["ana--fraud"], "without {lost}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn any_one_family_alone_is_enough_and_none_only_costs_time() {
    for told in REMOVALS.iter().map(Some).chain([None]) {
        let world = recorded_world();
        let map = recorded_map();
        let plane = world.plane(&map);
        let running = Running::start(&world, &map);
        pass(10).await;
        world.state().groups.clear();
        world.state().reads.clear();
        if let Some(name) = told {
            running.wake(plane.hear(&recorded(name)).await.unwrap()).await;
            pass(60).await;
            assert_eq!(world.leaving(), ["ana--fraud"], "{name}");
        } else {
            pass(60).await;
            assert!(world.leaving().is_empty());
            pass(900).await;
            assert_eq!(world.leaving(), ["ana--fraud"]);
        }
        running.stop().await;
    }
}
