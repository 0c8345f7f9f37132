//! People whom an admin offboarded by command: what the door and the loop make of it.

use crate::door::{Answer, House, answer};
use crate::door_opening::{open, refused};
use crate::reconciler::{Running, pass as for_seconds};
use crate::world::{Fault, MAP, START, World, person_id, team, written};
use access::check::Removals;
use access::ids::{DirectoryName, PersonId};
use access::map::MatchKey;
use access::network::Origin;
use access::observed::{AppStatus, ObservedApp, TAG_LEAVING};
use access::snapshot::Hold;
use control::directory::Combined;
use control::door::{Accepted, Refusal, RefusalKind};
use control::pass::PassReport;
use control::plane::Plane;
use control::ports::{Departure, Directory};
use control::reconciler::PassError;
use control::survey::Scope;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) fn departure(name: &str, only: Option<&str>) -> Departure {
    Departure {
        person: person_id(name),
        user_name: Some(name.into()),
        team: only.map(team),
        since: START.parse().unwrap(),
        by: "root".into(),
        why: None,
        hold: Hold::AsMapped,
    }
}

async fn pass(plane: &Plane, name: &str) -> PassReport {
    let scope = Scope::People(BTreeSet::from([person_id(name)]));
    plane.pass(&scope, Removals::Allowed(1), &|_, _| {}).await.unwrap().report
}

fn app(instance: &str, since: &str) -> ObservedApp {
    ObservedApp {
        app_type: "JupyterServer".into(),
        name: "default".into(),
        status: AppStatus::InService,
        instance_type: Some(instance.into()),
        since: Some(since.parse().unwrap()),
    }
}

#[tokio::test(start_paused = true)]
async fn offboarded_at_sign_in() {
    let house = House::new();
    written(house.world.plane(MAP).depart(&departure("ada", None)).await);
    let outcome = house.accept(&answer("ada").by(house.tiles), None).await;
    house.refused(outcome, RefusalKind::Denied, "offboarded");
}

#[tokio::test(start_paused = true)]
async fn offboarded_while_signed_in() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    let departed = written(house.world.plane(MAP).depart(&departure("ada", None)).await);
    assert_eq!(departed.sessions_ended, 1);
    refused(open(&house, &ada, "fraud").await, RefusalKind::SignedOut, "signed-out");
    assert_eq!(house.world.state().presigned, []);
}

#[tokio::test(start_paused = true)]
async fn offboarded_at_open_where_the_session_could_not_be_ended() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    house.world.break_down(Fault::Sessions);
    let plane = house.world.plane(MAP);
    assert!(plane.depart(&departure("ada", None)).await.is_err());
    house.world.mend(Fault::Sessions);
    // It is in force all the same, and the door ends what was left open.
    refused(open(&house, &ada, "fraud").await, RefusalKind::Denied, "offboarded");
    assert!(house.world.state().sessions.is_empty());
    let portal = house.door.my_work(&ada, &Origin::default()).await.unwrap_err();
    assert_eq!(portal.code, "signed-out");
}

#[tokio::test(start_paused = true)]
async fn offboarded_from_one_team_opens_the_others() {
    let house = House::new();
    house.world.join("ada", "ml-trials");
    let ada = house.sign_in("ada").await;
    let leaves = departure("ada", Some("trials"));
    let departed = written(house.world.plane(MAP).depart(&leaves).await);
    assert_eq!(departed.sessions_ended, 0);
    refused(open(&house, &ada, "trials").await, RefusalKind::Denied, "offboarded");
    assert!(open(&house, &ada, "fraud").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_while_it_cannot_be_read_who_was_offboarded() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    house.world.break_down(Fault::Departures);
    refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "unavailable");
    // Nobody is signed out for it.
    assert_eq!(house.world.state().sessions.len(), 1);
    house.world.state().sessions.clear();
    let response = crate::door::Answer { assertion: "_a2", ..answer("ada") }.by(house.tiles);
    let outcome = house.accept(&response, None).await;
    house.refused(outcome, RefusalKind::Unavailable, "unavailable");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_planned_while_it_cannot_be_read_who_was_offboarded() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.break_down(Fault::Departures);
    let plane = world.plane(MAP);
    let error = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap_err();
    let PassError::Call(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind.code(), "store-failed");
    assert_eq!(world.state().changes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_held_although_a_group_gives_it_and_comes_back_as_it_was() {
    let world = World::of(&["ada"]);
    let before = world.state().profiles["ada--fraud"].clone();
    let plane = world.plane(MAP);
    written(plane.depart(&departure("ada", None)).await);
    pass(&plane, "ada").await;
    assert_eq!(world.leaving(), ["ada--fraud"]);
    assert_eq!(world.audited("offboarding-begun"), ["offboarded"]);
    assert_eq!(world.audited("stopping-app"), ["offboarded"]);

    let ended = written(plane.rejoin(&person_id("ada"), None, "eva").await);
    assert_eq!(ended, [departure("ada", None)]);
    pass(&plane, "ada").await;
    let after = world.state().profiles["ada--fraud"].clone();
    assert_eq!((after.tags, after.home_efs_uid), (before.tags, before.home_efs_uid));
    assert_eq!(world.audited("person-restored"), ["returned"]);
    assert_eq!(world.audited("updating-profile"), ["returned"]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_and_comes_back_does_so_also_where_it_cannot_be_written_down() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    world.break_down(Fault::Audit);
    let gone = plane.depart(&departure("ada", None)).await.unwrap();
    assert_eq!(gone.done.departure, departure("ada", None));
    assert!(gone.unwritten.is_some());
    assert_eq!(departed(&world), [person_id("ada").to_string()]);
    world.mend(Fault::Audit);
    // Said again it is written down.
    written(plane.depart(&departure("ada", None)).await);
    assert_eq!(world.audited("person-offboarded"), ["offboarded"]);

    world.break_down(Fault::Departures);
    plane.rejoin(&person_id("ada"), None, "eva").await.unwrap_err();
    world.mend(Fault::Departures);
    // Of nobody who stays away the log tells that they came back.
    assert_eq!(world.audited("person-restored"), [""; 0]);
    world.break_down(Fault::Audit);
    let back = plane.rejoin(&person_id("ada"), None, "eva").await.unwrap();
    assert_eq!(back.done, [departure("ada", None)]);
    assert!(back.unwritten.is_some() && departed(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_the_hold_of_whom_it_was_said_of_is_skipped() {
    let world = World::of(&["ada", "bob"]);
    world.leave("bob", "ml-fraud");
    let plane = world.plane(MAP);
    let skipped = Departure { hold: Hold::Skipped, ..departure("ada", None) };
    written(plane.depart(&skipped).await);
    for _ in 0..3 {
        let both = Scope::Everything;
        plane.pass(&both, Removals::Allowed(2), &|_, _| {}).await.unwrap();
    }
    let left: Vec<String> = world.state().profiles.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["bob--fraud"]);
    assert_eq!(world.leaving(), ["bob--fraud"]);
}

/// How long removals took, by what this process counted, and how many there were.
fn removals(plane: &Plane) -> (u64, u64) {
    let counted = plane.meter.read().revocations;
    (counted.count(), counted.sum().as_secs())
}

#[tokio::test(start_paused = true)]
async fn how_long_a_removal_took_is_counted_from_the_end_of_the_hold() {
    const HOLD: u64 = 7 * 86_400;
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    let plane = world.plane(MAP);
    pass(&plane, "ada").await;
    for_seconds(HOLD - 1).await;
    pass(&plane, "ada").await;
    assert_eq!((world.leaving().len(), removals(&plane)), (1, (0, 0)));
    for_seconds(121).await;
    pass(&plane, "ada").await;
    assert!(world.state().profiles.is_empty());
    assert_eq!(removals(&plane), (1, 120));
    // It is gone, and nothing is left to count.
    pass(&plane, "ada").await;
    assert_eq!(removals(&plane), (1, 120));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_takes_one_pass_is_counted_too() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.state().profiles.get_mut("ada--fraud").unwrap().apps.clear();
    let plane = world.plane(&MAP.replace("hold: 7d", "hold: 0d"));
    pass(&plane, "ada").await;
    assert!(world.state().profiles.is_empty());
    assert_eq!(removals(&plane), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_removal_whose_hold_is_skipped_is_counted_from_then() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    let plane = world.plane(MAP);
    pass(&plane, "ada").await;
    for_seconds(86_400).await;
    let since = plane.clock.now();
    let skipped = Departure { hold: Hold::Skipped, since, ..departure("ada", None) };
    written(plane.depart(&skipped).await);
    for_seconds(60).await;
    pass(&plane, "ada").await;
    assert!(world.state().profiles.is_empty());
    assert_eq!(removals(&plane), (1, 60));
}

#[tokio::test(start_paused = true)]
async fn said_twice_it_is_in_force_once_and_told_once() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    for _ in 0..2 {
        written(plane.depart(&departure("ada", None)).await);
    }
    assert_eq!(world.state().departures.len(), 1);
    assert_eq!(world.audited("person-offboarded"), ["offboarded"]);
    // Without a hold from now on: that is news.
    let skipped = Departure { hold: Hold::Skipped, ..departure("ada", None) };
    written(plane.depart(&skipped).await);
    assert_eq!(world.audited("person-offboarded"), ["offboarded"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_loop_does_what_a_command_that_died_has_left() {
    let world = World::of(&["ada"]);
    let running = Running::start(&world, MAP);
    for_seconds(60).await;
    assert_eq!(world.leaving(), [""; 0]);
    written(world.plane(MAP).depart(&departure("ada", None)).await);
    for_seconds(120).await;
    assert_eq!(world.leaving(), ["ada--fraud"]);
    written(world.plane(MAP).rejoin(&person_id("ada"), None, "eva").await);
    for_seconds(120).await;
    assert_eq!(world.leaving(), [""; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_app_that_an_open_page_starts_again_is_stopped_again_and_told_twice() {
    let world = World::of(&["ada"]);
    let start = |since: &str| {
        let mut state = world.state();
        state.profiles.get_mut("ada--fraud").unwrap().apps = vec![app("ml.t3.medium", since)];
    };
    start("2026-11-21T08:00:00Z");
    let plane = world.plane(MAP);
    written(plane.depart(&departure("ada", None)).await);
    pass(&plane, "ada").await;
    start("2026-11-21T09:30:00Z");
    pass(&plane, "ada").await;
    assert_eq!(world.state().profiles["ada--fraud"].apps, []);
    let state = world.state();
    let stopped = state.audit.iter().filter(|entry| entry.event == "stopping-app");
    let since: Vec<&str> = stopped.map(|entry| entry.details["app_since"].as_str()).collect();
    assert_eq!(since, ["2026-11-21T08:00:00Z", "2026-11-21T09:30:00Z"]);
}

#[tokio::test(start_paused = true)]
async fn without_an_audit_log_apps_are_stopped_and_nothing_is_marked_or_deleted() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    let plane = world.plane(&MAP.replace("hold: 7d", "hold: 0d"));
    world.break_down(Fault::Audit);
    for _ in 0..3 {
        plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
    }
    assert_eq!(world.state().changes, ["stop JupyterLab of ada--fraud"]);
    world.mend(Fault::Audit);
    for _ in 0..2 {
        pass(&plane, "ada").await;
    }
    assert!(world.state().profiles.is_empty());
    // What remains is written down before the profile goes, and first of all that it goes.
    let state = world.state();
    let events: Vec<&str> = state.audit.iter().map(|entry| entry.event.as_str()).collect();
    let begun = events.iter().position(|event| *event == "offboarding-begun");
    let deleting = events.iter().position(|event| *event == "deleting-profile");
    assert!(begun.is_some() && begun < deleting, "{events:?}");
    let home = state.audit.iter().find(|entry| entry.event == "deleting-profile").unwrap();
    assert_eq!(home.details["home_efs_uid"], "200042");
}

#[tokio::test(start_paused = true)]
async fn who_moves_to_another_team_keeps_the_session_and_has_the_new_profile_first() {
    let house = House::over(World::of(&["ada"]));
    let ada = house.sign_in("ada").await;
    let world: &Arc<World> = &house.world;
    world.leave("ada", "ml-fraud");
    world.join("ada", "ml-trials");
    let plane = world.plane(&MAP.replace("hold: 7d", "hold: 0d"));
    pass(&plane, "ada").await;
    let changes = world.state().changes.clone();
    assert_eq!(changes[0], "create ada--trials", "{changes:?}");
    assert!(changes.contains(&"stop JupyterLab of ada--fraud".to_owned()), "{changes:?}");
    assert_eq!(world.state().sessions.len(), 1);
    let work = house.door.my_work(&ada, &Origin::default()).await.unwrap();
    let teams: Vec<&str> = work.teams.iter().map(|card| card.team.as_str()).collect();
    assert_eq!(teams, ["trials"]);
}

#[tokio::test(start_paused = true)]
async fn who_has_a_team_by_another_group_keeps_the_profile() {
    let world = World::of(&["ada"]);
    let map = MAP
        .replace("  - { group: ml-trials, team: trials }", "  - { group: ml-trials, team: fraud }");
    assert_ne!(map, MAP);
    world.join("ada", "ml-trials");
    let plane = world.plane(&map);
    world.leave("ada", "ml-fraud");
    pass(&plane, "ada").await;
    assert_eq!(world.state().changes, [""; 0]);
    assert_eq!(world.leaving(), [""; 0]);
}

/// What entries of this event say of before and after.
fn changed(world: &World, event: &str) -> Vec<String> {
    let state = world.state();
    let entries = state.audit.iter().filter(|entry| entry.event == event);
    let told = entries.flat_map(|entry| {
        let names: BTreeSet<&String> = entry.before.keys().chain(entry.after.keys()).collect();
        names.into_iter().map(|name| {
            let says = |texts: &BTreeMap<String, String>| texts.get(name).cloned();
            let (before, after) = (says(&entry.before), says(&entry.after));
            let (before, after) = (before.unwrap_or("-".into()), after.unwrap_or("-".into()));
            format!("{name}: {before} → {after}")
        })
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn every_step_says_what_was_before_and_what_is_after() {
    let world = World::of(&["ada"]);
    let old = "arn:aws:iam::111122223333:role/old";
    world.state().profiles.get_mut("ada--fraud").unwrap().execution_role = Some(old.into());
    world.join("bob", "ml-fraud");
    let plane = world.plane(MAP);
    plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
    let new = "arn:aws:iam::111122223333:role/fraud";
    assert_eq!(changed(&world, "creating-profile"), [format!("role: - → {new}")]);
    assert_eq!(changed(&world, "updating-profile"), [format!("role: {old} → {new}")]);
    written(plane.depart(&departure("ada", None)).await);
    let since = departure("ada", None).since;
    assert_eq!(changed(&world, "person-offboarded"), [format!("offboarded since: - → {since}")]);
    pass(&plane, "ada").await;
    let marked = world.state().profiles["ada--fraud"].tags.get(TAG_LEAVING).unwrap().to_owned();
    assert_eq!(changed(&world, "offboarding-begun"), [format!("leaving since: - → {marked}")]);
    assert_eq!(changed(&world, "stopping-app"), ["app: JupyterLab/default → -"]);
    written(plane.rejoin(&person_id("ada"), None, "eva").await);
    pass(&plane, "ada").await;
    assert_eq!(changed(&world, "person-restored"), [format!("offboarded since: {since} → -")]);
    let returned = changed(&world, "updating-profile").pop().unwrap();
    assert_eq!(returned, format!("tag {TAG_LEAVING}: {marked} → -"));
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_named_before_and_not_after() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    let skipped = Departure { hold: Hold::Skipped, ..departure("ada", None) };
    written(plane.depart(&skipped).await);
    for _ in 0..3 {
        plane.pass(&Scope::Everything, Removals::Allowed(2), &|_, _| {}).await.unwrap();
    }
    assert_eq!(changed(&world, "deleting-profile"), ["profile: ada--fraud → -"]);
}

/// Two directories as one, `first` before `corp`.
fn over(first: &Arc<World>, corp: &Arc<World>) -> Plane {
    let parts: Vec<(DirectoryName, Arc<dyn Directory>)> = vec![
        (DirectoryName::parse("first").unwrap(), first.clone()),
        (DirectoryName::parse("corp").unwrap(), corp.clone()),
    ];
    let directory = Arc::new(Combined::new(parts, MatchKey::UserName));
    Plane { directory, ..first.plane(MAP) }
}

/// Somebody signs in with the provider that names people by user name.
async fn by_name(house: &House, name: &str) -> Result<Accepted, Refusal> {
    let (id, browser) = house.begin().await;
    let response = Answer { to: Some(&id), assertion: name, ..answer(name) }.by(house.corp);
    house.accept(&response, Some(&browser)).await
}

/// A map of two directories whose providers may name people of one each.
const TWO: [(&str, &str); 3] = [
    (
        "  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }",
        "  sources: [ { name: first, file: a.yaml }, { name: corp, file: b.yaml } ]",
    ),
    ("{ metadata: corp.xml }", "{ metadata: corp.xml, directories: [corp] }"),
    ("    metadata: tiles.xml", "    metadata: tiles.xml\n    directories: [first]"),
];

#[tokio::test(start_paused = true)]
async fn a_provider_names_people_of_its_directories_and_nobody_else() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["ada", "bob"]));
    let map = TWO.iter().fold(MAP.to_owned(), |map, (was, is)| map.replace(was, is));
    let bound = access::map::parse(&[access::map::Source { name: "m".into(), text: map }]);
    let plane = Plane { map: Arc::new(bound.unwrap()), ..over(&first, &corp) };
    let door = House::before(first.clone(), plane);
    // Ada is first of the other directory, whatever is said of her in this one.
    door.refused(by_name(&door, "ada").await, RefusalKind::Denied, "person-unknown");
    by_name(&door, "bob").await.unwrap();
    let people: Vec<String> = {
        let state = first.state();
        state.sessions.values().map(|session| session.person.to_string()).collect()
    };
    assert_eq!(people, ["corp:p-bob"]);
    door.sign_in("ada").await;
}

/// It was opened when any provider named anybody.
#[tokio::test(start_paused = true)]
async fn a_session_ends_whose_provider_may_not_name_its_person_any_more() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["bob"]));
    let read = |text: String| {
        let source = access::map::Source { name: "m".into(), text };
        Arc::new(access::map::parse(&[source]).unwrap())
    };
    let [sources, ..] = TWO;
    let several = MAP.replace(sources.0, sources.1);
    let plane = Plane { map: read(several.clone()), ..over(&first, &corp) };
    let door = House::before(first.clone(), plane);
    let token = by_name(&door, "ada").await.unwrap().token;
    door.door.my_work(&token, &Origin::default()).await.unwrap();
    let bound = TWO.iter().fold(several, |map, (was, is)| map.replace(was, is));
    door.door.replace_map(read(bound)).unwrap();
    let refusal = door.door.my_work(&token, &Origin::default()).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::SignedOut, "trust-ended"));
}

/// Under which ids departures are kept.
fn departed(world: &World) -> Vec<String> {
    let state = world.state();
    let mut all: Vec<String> = state.departures.iter().map(|d| d.person.to_string()).collect();
    all.sort();
    all
}

/// What a full pass finds of somebody: whether they are admitted, and whether they have a right.
async fn found(plane: &Plane, person: &str) -> (bool, bool, bool) {
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    let rights = access::entitlement::entitlements(&plane.map, &survey.snapshot, survey.now);
    let person = PersonId::parse(person).unwrap();
    let has_right = rights.teams_of(&person).iter().next().is_some();
    (survey.snapshot.people.contains_key(&person), survey.snapshot.admits(&person), has_right)
}

#[tokio::test(start_paused = true)]
async fn whoever_is_offboarded_stays_so_when_the_earlier_directory_drops_them() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["ada"]));
    let plane = over(&first, &corp);
    written(plane.depart(&departure("ada", None)).await);
    pass(&plane, "ada").await;
    assert_eq!(departed(&first), ["corp:p-ada", "p-ada"]);
    // The next day she is deleted where she was first, and is somebody of the other directory.
    first.leave("ada", "ml-fraud");
    first.state().people.clear();
    assert_eq!(found(&plane, "corp:p-ada").await, (true, false, false));
    let door = House::before(first.clone(), over(&first, &corp));
    door.refused(by_name(&door, "ada").await, RefusalKind::Denied, "offboarded");
}

#[tokio::test(start_paused = true)]
async fn who_only_looks_keeps_no_offboarding_under_further_ids() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["ada"]));
    let plane = over(&first, &corp);
    written(plane.depart(&departure("ada", None)).await);
    assert_eq!(found(&plane, "p-ada").await, (true, false, false));
    let observer = Plane { observe_only: true, ..over(&first, &corp) };
    pass(&observer, "ada").await;
    assert_eq!(departed(&first), ["p-ada"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_offboarded_stays_so_under_another_name_in_either_directory() {
    for renamed in [0, 1] {
        let (first, corp) = (World::of(&["ada"]), World::of(&["ada"]));
        let plane = over(&first, &corp);
        written(plane.depart(&departure("ada", Some("fraud"))).await);
        pass(&plane, "ada").await;
        let of = [&first, &corp][renamed];
        of.state().people.get_mut(&person_id("ada")).unwrap().user_name = "diaz".into();
        for person in ["p-ada", "corp:p-ada"] {
            assert_eq!(found(&plane, person).await, (true, true, false), "{renamed} {person}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_offboarded_stays_so_when_an_earlier_directory_takes_them_in() {
    let (first, corp) = (World::of(&[]), World::of(&["ada"]));
    let plane = over(&first, &corp);
    let person = PersonId::parse("corp:p-ada").unwrap();
    written(plane.depart(&Departure { person, ..departure("ada", None) }).await);
    first.join("ada", "ml-fraud");
    let door = House::before(first.clone(), over(&first, &corp));
    door.refused(by_name(&door, "ada").await, RefusalKind::Denied, "offboarded");
    assert_eq!(departed(&first), ["corp:p-ada"], "the door writes nothing");
    assert_eq!(found(&plane, "p-ada").await, (true, false, false));
    // Who writes the later directory says who is matched: that shuts out and leaves nothing behind.
    pass(&plane, "ada").await;
    assert_eq!(departed(&first), ["corp:p-ada"]);
    let holds = plane.departures_of(&person_id("ada")).await.unwrap();
    assert_eq!(holds.iter().map(|it| it.person.as_str()).collect::<Vec<_>>(), ["corp:p-ada"]);
    corp.state().people.get_mut(&person_id("ada")).unwrap().user_name = "eve".into();
    assert_eq!(found(&plane, "p-ada").await, (true, true, true));
    assert_eq!(found(&plane, "corp:p-ada").await, (true, false, false));
}

#[tokio::test(start_paused = true)]
async fn whom_a_later_directory_matches_with_somebody_offboarded_keeps_the_hold() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["eve"]));
    let plane = over(&first, &corp);
    let eve = PersonId::parse("corp:p-eve").unwrap();
    let skipped = Departure { person: eve, hold: Hold::Skipped, ..departure("eve", None) };
    written(plane.depart(&skipped).await);
    corp.state().people.get_mut(&person_id("eve")).unwrap().user_name = "ada".into();
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    assert_eq!(survey.snapshot.offboarded.get(&person_id("ada")), Some(&Hold::AsMapped));
    assert_eq!(departed(&first), ["corp:p-eve"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_comes_back_under_every_id() {
    for has_split in [false, true] {
        let (first, corp) = (World::of(&["ada"]), World::of(&["ada"]));
        let plane = over(&first, &corp);
        written(plane.depart(&departure("ada", None)).await);
        written(plane.depart(&departure("ada", Some("trials"))).await);
        pass(&plane, "ada").await;
        assert_eq!(departed(&first).len(), 4);
        if has_split {
            corp.state().people.get_mut(&person_id("ada")).unwrap().user_name = "diaz".into();
        }
        let ended = written(plane.rejoin(&person_id("ada"), None, "eva").await);
        assert_eq!(ended, [departure("ada", None), departure("ada", Some("trials"))]);
        assert_eq!(departed(&first), [""; 0]);
        assert_eq!(found(&plane, "p-ada").await, (true, true, true));
        assert_eq!(departed(&first), [""; 0], "nothing brings it back");
    }
}

#[tokio::test(start_paused = true)]
async fn who_somebody_is_who_comes_back_must_be_known() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["ada"]));
    let plane = over(&first, &corp);
    written(plane.depart(&departure("ada", None)).await);
    pass(&plane, "ada").await;
    corp.break_down(Fault::Directory);
    plane.rejoin(&person_id("ada"), None, "eva").await.unwrap_err();
    assert_eq!(departed(&first), ["corp:p-ada", "p-ada"]);
}

#[tokio::test(start_paused = true)]
async fn whom_all_directories_forgot_is_remembered_once() {
    let (first, corp) = (World::of(&["ada"]), World::of(&["ada"]));
    let plane = over(&first, &corp);
    written(plane.depart(&departure("ada", None)).await);
    pass(&plane, "ada").await;
    for world in [&first, &corp] {
        world.leave("ada", "ml-fraud");
        world.state().people.clear();
    }
    let named = control::people::find(&plane, "Ada").await.unwrap();
    assert_eq!((named.id, named.user_name.as_deref()), (person_id("ada"), Some("ada")));
    written(plane.rejoin(&person_id("ada"), None, "eva").await);
    assert_eq!(departed(&first), [""; 0]);
}

/// The usual order of things: whoever leaves is deleted from the directory first.
#[tokio::test(start_paused = true)]
async fn whom_the_directory_forgot_is_named_by_a_profile() {
    let world = World::of(&["ada", "bob"]);
    let plane = world.plane(MAP);
    for name in ["ada", "bob"] {
        pass(&plane, name).await;
    }
    world.leave("ada", "ml-fraud");
    world.state().people.remove(&person_id("ada"));
    let find = async |text: &str| control::people::find(&plane, text).await;
    let unknown = find("ada").await.unwrap_err();
    assert_eq!(unknown, control::people::NotFound::Unknown { text: "ada".into() });
    let named = find("Ada--fraud").await.unwrap();
    assert_eq!((&named.id, named.user_name), (&person_id("ada"), None));
    // Whom it knows is called as it says.
    let named = find("bob--fraud").await.unwrap();
    assert_eq!((&named.id, named.user_name.as_deref()), (&person_id("bob"), Some("bob")));
}
