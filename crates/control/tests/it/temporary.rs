//! Access for a time: what the door, the loop and the desk make of it.

use crate::departures::departure;
use crate::door::House;
use crate::door_opening::{open, refused};
use crate::reconciler::{Running, pass};
use crate::world::{Fault, MAP, START, World, person_id, team, written};
use access::check::Removals;
use access::ids::TemporaryId;
use access::reason::ReasonCode;
use access::snapshot::Hold;
use access::temporary::{TemporaryGrant, TemporaryKind};
use control::desk::{
    AskOrder, BreakGlassOrder, BrokenGlass, Caller, Desk, GrantOrder, Page, Refused, RefusedKind,
    RequestState, Rights, SignedIn, TemporaryState,
};
use control::door::RefusalKind;
use control::ports::{
    AccessRequests, Actor, AuditLog as _, Clock, Departure, Switch as _, TemporaryGrants,
};
use control::reconciler::PassError;
use control::survey::Scope;
use futures::FutureExt as _;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;

/// Ada is in `ml-fraud`, bob in nothing; eva decides about `trials`; carol and dan are on call for it.
fn rules() -> String {
    format!(
        "{MAP}temporary_access:\n  longest: 8h\n  requests:\n    - {{ group: everyone, teams: [trials], \
         approvers: owners, longest: 4h }}\n  break_glass:\n    - {{ group: on-call, teams: [trials] }}\n    \
         - {{ group: on-call, teams: [fraud], needs: reason, longest: 30m }}\nadministration:\n  - {{ \
         group: studio-admins, role: admin }}\n"
    )
}

pub(crate) fn house() -> House {
    let world = World::of(&["ada"]);
    for name in ["ada", "bob"] {
        world.join(name, "everyone");
    }
    world.join("eva", "owners");
    world.join("carol", "on-call");
    world.join("dan", "on-call");
    world.join("root", "studio-admins");
    House::by(world, &rules())
}

pub(crate) fn desk(world: &Arc<World>) -> Desk {
    Desk::new(world.plane(&rules()), world.store.clone())
}

fn admin() -> Caller {
    Caller::at_the_command_line("root")
}

pub(crate) fn order(name: &str, key: &str, hours: i64) -> GrantOrder {
    GrantOrder {
        person: person_id(name),
        team: team(key),
        from: None,
        lasts: SignedDuration::from_hours(hours),
        reason: "month-end".to_owned(),
        ticket: Some("OPS-12".to_owned()),
        dry_run: false,
    }
}

pub(crate) fn ask(key: &str, hours: i64) -> AskOrder {
    AskOrder {
        team: team(key),
        lasts: SignedDuration::from_hours(hours),
        reason: "a model to repair".to_owned(),
        ticket: None,
    }
}

/// Somebody who signed in by a way that is not one team's.
pub(crate) fn by(name: &str) -> SignedIn {
    SignedIn { person: person_id(name), only: None }
}

pub(crate) fn glass(key: &str) -> BreakGlassOrder {
    BreakGlassOrder {
        team: team(key),
        reason: "the endpoint is down".to_owned(),
        ticket: None,
        second: None,
        dry_run: false,
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Refused>) -> ReasonCode {
    outcome.unwrap_err().code
}

fn given(world: &Arc<World>, name: &str, seconds: i64) -> TemporaryGrant {
    let from = world.now();
    TemporaryGrant {
        id: TemporaryId::parse("0000000000aa").unwrap(),
        person: person_id(name),
        user_name: Some(name.to_owned()),
        team: team("fraud"),
        from,
        until: from + SignedDuration::from_secs(seconds),
        kind: TemporaryKind::Grant,
        reason: "month-end".to_owned(),
        ticket: None,
        by: "root".to_owned(),
        approved_by: None,
        made: from,
        ended: None,
        note: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_opens_the_team_at_once_and_ends_at_the_door_to_the_second() {
    let house = house();
    house.world.join("bob", "everyone");
    let bob = house.sign_in("bob").await;
    refused(open(&house, &bob, "fraud").await, RefusalKind::Denied, "not-entitled");
    let view = desk(&house.world).grant(&admin(), &order("bob", "fraud", 4)).await.unwrap();
    assert_eq!(view.state, TemporaryState::InForce);
    assert_eq!(view.ends.to_string(), "2026-11-21T13:00:00Z");
    assert!(open(&house, &bob, "fraud").await.is_ok());
    pass(4 * 3600 - 1).await;
    assert!(open(&house, &bob, "fraud").await.is_ok());
    pass(1).await;
    refused(open(&house, &bob, "fraud").await, RefusalKind::Denied, "not-entitled");
    assert_eq!(house.world.audited("temporary-granted"), ["temporary-granted"]);
}

#[tokio::test(start_paused = true)]
async fn the_loop_makes_the_profile_and_is_woken_at_the_end() {
    let world = World::of(&["ada"]);
    world.join("bob", "everyone");
    let running = Running::start(&world, &rules());
    pass(5).await;
    desk(&world).grant(&admin(), &order("bob", "fraud", 1)).await.unwrap();
    running.plane.bell.ring();
    pass(30).await;
    assert_eq!(world.profile_names(), ["ada--fraud", "bob--fraud"]);
    // Everything is read each quarter of an hour; the end lies between, and is kept by itself.
    pass(3600 - 40).await;
    assert_eq!(world.leaving(), [""; 0]);
    pass(15).await;
    assert_eq!(world.leaving(), ["bob--fraud"]);
    assert_eq!(world.audited("offboarding-begun"), ["temporary-ended"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_given_while_studio_was_read_is_in_force() {
    let world = World::of(&["ada"]);
    world.join("bob", "everyone");
    world.settle("bob");
    let plane = world.plane(&rules());
    world.state().whole_domain_takes = Duration::from_mins(3);
    let given = async {
        pass(60).await;
        desk(&world).grant(&admin(), &order("bob", "fraud", 1)).await.unwrap();
    };
    let (survey, ()) = tokio::join!(plane.survey(&Scope::Everything), given);
    let survey = survey.unwrap();
    assert!(
        plane.plan(&survey).is_empty(),
        "bob keeps the profile that the grant gives a right to"
    );
    assert_eq!(survey.now.duration_since(survey.begun), SignedDuration::from_mins(3));
}

#[tokio::test(start_paused = true)]
async fn who_joins_a_group_after_its_grant_ended_gets_nothing_however_long_reading_takes() {
    let world = World::of(&["ada"]);
    let ended = "group: ml-trials, team: trials, until: 2026-11-21T09:01:00Z";
    let plane = world.plane(&MAP.replace("group: ml-trials, team: trials", ended));
    world.state().whole_domain_takes = Duration::from_mins(3);
    let joined = async {
        pass(120).await;
        world.join("ada", "ml-trials");
    };
    let (survey, ()) = tokio::join!(plane.survey(&Scope::Everything), joined);
    assert!(plane.plan(&survey.unwrap()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_end_is_kept_by_a_process_that_starts_with_an_empty_queue() {
    let world = World::of(&["ada"]);
    world.join("bob", "everyone");
    world.settle("bob");
    world.store.give(&given(&world, "bob", 600)).await.unwrap();
    let running = Running::start(&world, &rules());
    pass(590).await;
    assert_eq!(world.leaving(), [""; 0]);
    pass(20).await;
    assert_eq!(world.leaving(), ["bob--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_same_person_loses_no_end() {
    let world = World::of(&["ada"]);
    world.join("bob", "everyone");
    world.settle("bob");
    world.store.give(&given(&world, "bob", 300)).await.unwrap();
    let running = Running::start(&world, &rules());
    pass(100).await;
    running.wake(crate::reconciler::people(&["bob"])).await;
    pass(190).await;
    assert_eq!(world.leaving(), [""; 0]);
    pass(20).await;
    assert_eq!(world.leaving(), ["bob--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn many_ends_at_once_are_no_mass_removal_and_leave_the_guard_as_it_was() {
    let names = ["bob", "cleo", "dan", "eve", "fay"];
    let world = World::of(&["ada", "gil"]);
    for (number, name) in names.iter().enumerate() {
        world.join(name, "everyone");
        world.settle(name);
        let id = TemporaryId::parse(format!("{number:012x}")).unwrap();
        world.store.give(&TemporaryGrant { id, ..given(&world, name, 60) }).await.unwrap();
    }
    let running = Running::start(&world, &rules());
    pass(120).await;
    assert_eq!(world.leaving().len(), 5, "the guard allows two");
    assert_eq!(world.audited("plan-refused"), [""; 0]);
    world.leave("ada", "ml-fraud");
    running.wake(crate::reconciler::people(&["ada"])).await;
    pass(60).await;
    assert_eq!(world.leaving().len(), 6, "ends are not counted afterwards either");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_gives_nothing_and_takes_nothing() {
    let house = house();
    let desk = desk(&house.world);
    desk.grant(&admin(), &order("bob", "fraud", 4)).await.unwrap();
    let bob = house.sign_in("bob").await;
    house.world.settle("bob");
    house.world.break_down(Fault::Temporary);
    refused(open(&house, &bob, "fraud").await, RefusalKind::Unavailable, "unavailable");
    let plane = house.world.plane(&rules());
    for scope in [Scope::Everything, Scope::People([person_id("bob")].into())] {
        let error = plane.pass(&scope, Removals::Guarded, &|_, _| {}).await.unwrap_err();
        let PassError::Call(error) = error else { panic!("{error:?}") };
        assert_eq!(error.kind.code(), "store-failed");
    }
    assert_eq!(house.world.state().changes, [""; 0]);
    house.world.mend(Fault::Temporary);
    assert!(open(&house, &bob, "fraud").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_that_cannot_be_written_down() {
    let house = house();
    let desk = desk(&house.world);
    let request = desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap();
    house.world.break_down(Fault::Audit);
    let grant = desk.grant(&admin(), &order("bob", "fraud", 4)).await;
    assert_eq!(grant.unwrap_err().kind, RefusedKind::Unavailable);
    let approved = desk.decide(&by("eva"), &request.id, true, None).await;
    assert_eq!(approved.unwrap_err().kind, RefusedKind::Unavailable);
    let broken = desk.break_glass(&by("carol"), &glass("fraud")).await;
    assert_eq!(broken.unwrap_err().kind, RefusedKind::Unavailable);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn what_an_admin_may_not_give() {
    let house = house();
    let desk = desk(&house.world);
    let give = async |order: GrantOrder| code(desk.grant(&admin(), &order).await);
    assert_eq!(give(order("nobody", "fraud", 4)).await, ReasonCode::PersonUnknown);
    assert_eq!(give(order("bob", "closed", 4)).await, ReasonCode::TeamUnknown);
    assert_eq!(give(order("bob", "fraud", 9)).await, ReasonCode::TooLong);
    assert_eq!(give(order("bob", "fraud", 0)).await, ReasonCode::TooLong);
    let silent = GrantOrder { reason: "  ".to_owned(), ..order("bob", "fraud", 4) };
    assert_eq!(give(silent).await, ReasonCode::ReasonMissing);
    house.world.state().people.get_mut(&person_id("bob")).unwrap().enabled = false;
    assert_eq!(give(order("bob", "fraud", 4)).await, ReasonCode::PersonDisabled);
    let departure = Departure {
        person: person_id("ada"),
        user_name: None,
        team: None,
        since: START.parse().unwrap(),
        by: "root".into(),
        why: None,
        hold: Hold::AsMapped,
    };
    written(house.world.plane(MAP).depart(&departure).await);
    assert_eq!(give(order("ada", "trials", 4)).await, ReasonCode::Offboarded);
    let reader = Caller::with_token("ci", Rights::from([control::desk::Right::See]));
    let by_reader = desk.grant(&reader, &order("eva", "fraud", 4)).await;
    assert_eq!(code(by_reader), ReasonCode::RightMissing);
    let eva = house.world.state().people[&person_id("eva")].clone();
    let eva = Caller::with_role(&eva, access::map::AdminRole::Admin);
    let to_herself = desk.grant(&eva, &order("eva", "fraud", 4)).await;
    assert_eq!(code(to_herself), ReasonCode::OwnRequest);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
    desk.grant(&eva, &order("carol", "fraud", 4)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_gives_nothing_and_says_what_it_would() {
    let house = house();
    let desk = desk(&house.world);
    let dry = GrantOrder { dry_run: true, ..order("bob", "fraud", 4) };
    let view = desk.grant(&admin(), &dry).await.unwrap();
    assert_eq!(view.ends.to_string(), "2026-11-21T13:00:00Z");
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
    assert_eq!(house.world.audited("temporary-granted"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn revoking_ends_one_grant_and_leaves_another_of_the_same_team() {
    let house = house();
    let desk = desk(&house.world);
    let long = desk.grant(&admin(), &order("bob", "fraud", 8)).await.unwrap();
    desk.grant(&admin(), &order("bob", "fraud", 1)).await.unwrap();
    let bob = house.sign_in("bob").await;
    let revoked = desk.revoke(&admin(), &long.id, Some("not needed"), false).await.unwrap();
    assert_eq!(
        (revoked.state, revoked.revoked_by.as_deref()),
        (TemporaryState::Revoked, Some("root"))
    );
    assert!(open(&house, &bob, "fraud").await.is_ok());
    pass(3600).await;
    refused(open(&house, &bob, "fraud").await, RefusalKind::Denied, "not-entitled");
    let unknown = TemporaryId::parse("ffffffffffff").unwrap();
    assert_eq!(code(desk.revoke(&admin(), &unknown, None, false).await), ReasonCode::NoSuchGrant);
    assert_eq!(house.world.audited("temporary-revoked"), ["temporary-revoked"]);
    let listed = desk.temporary_grants(&admin(), None, true, &Page::default()).await.unwrap();
    assert_eq!(listed.items.len(), 2);
    let now = desk.temporary_grants(&admin(), None, false, &Page::default()).await.unwrap();
    assert_eq!(now.items, []);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_approved_by_an_owner_and_gives_what_was_asked_for() {
    let house = house();
    let desk = desk(&house.world);
    let (bob, eva) = (by("bob"), by("eva"));
    let form = desk.request_form(&bob, &team("trials")).await.unwrap();
    let way = form.request.unwrap();
    assert_eq!((way.groups, way.longest_seconds), (vec!["owners".to_owned()], 4 * 3600));
    assert_eq!((form.has_until, form.break_glass), (None, None));
    let request = desk.ask(&bob, &ask("trials", 2)).await.unwrap();
    assert_eq!(request.state, RequestState::Open);
    assert_eq!(code(desk.ask(&bob, &ask("trials", 1)).await), ReasonCode::RequestOpen);
    assert_eq!(desk.my_requests(&bob).await.unwrap().to_decide, [], "not one's own");
    let waiting = desk.my_requests(&eva).await.unwrap().to_decide;
    assert_eq!((waiting.len(), waiting[0].may_decide), (1, true));
    pass(60).await;
    let decided = desk.decide(&eva, &request.id, true, Some("go ahead")).await.unwrap();
    assert_eq!(
        (decided.state, decided.decided_by.as_deref()),
        (RequestState::Approved, Some("eva"))
    );
    let grants = house.world.store.temporary_grants(None).await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!(
        (grants[0].id.clone(), grants[0].kind),
        (request.id.clone(), TemporaryKind::Request)
    );
    assert_eq!(grants[0].until.to_string(), "2026-11-21T11:01:00Z", "counted from the approval");
    assert_eq!(grants[0].approved_by.as_deref(), Some("eva"));
    assert_eq!(house.world.audited("access-decided"), ["request-approved"]);
    assert_eq!(house.world.audited("temporary-granted"), ["request-approved"]);
    let again = desk.decide(&eva, &request.id, false, None).await.unwrap_err();
    assert_eq!((again.code, again.kind), (ReasonCode::RequestDecided, RefusedKind::Conflict));
    let actors: Vec<Actor> =
        house.world.state().audit.iter().map(|entry| entry.actor.clone()).collect();
    assert!(
        actors.contains(&Actor::Person(bob.person)) && actors.contains(&Actor::Person(eva.person))
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_is_refused_or_withdrawn_and_gives_nothing() {
    let house = house();
    let desk = desk(&house.world);
    let bob = by("bob");
    let request = desk.ask(&bob, &ask("trials", 2)).await.unwrap();
    let refused = desk.decide(&by("root"), &request.id, false, Some("no need")).await.unwrap();
    assert_eq!((refused.state, refused.why.as_deref()), (RequestState::Refused, Some("no need")));
    let request = desk.ask(&bob, &ask("trials", 2)).await.unwrap();
    assert_eq!(code(desk.withdraw(&by("eva"), &request.id).await), ReasonCode::NoSuchGrant);
    assert_eq!(desk.withdraw(&bob, &request.id).await.unwrap().state, RequestState::Withdrawn);
    let late = desk.decide(&by("eva"), &request.id, true, None).await;
    assert_eq!(code(late), ReasonCode::RequestDecided);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
    let states: Vec<RequestState> =
        desk.my_requests(&bob).await.unwrap().own.iter().map(|request| request.state).collect();
    assert_eq!(states.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_decides_on_their_own_request_not_even_an_admin() {
    let house = house();
    house.world.join("root", "everyone");
    let desk = desk(&house.world);
    let root = by("root");
    let request = desk.ask(&root, &ask("trials", 2)).await.unwrap();
    assert_eq!(code(desk.decide(&root, &request.id, true, None).await), ReasonCode::OwnRequest);
    let other = desk.decide(&by("ada"), &request.id, true, None).await;
    assert_eq!(code(other), ReasonCode::NotAnApprover);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
    let person = house.world.state().people[&root.person].clone();
    let admin = Caller::with_role(&person, control::desk::Role::Admin);
    let all = desk.requests(&admin, &Page::default()).await.unwrap();
    assert!(!all.items[0].may_decide, "nor does the list say so");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_ask_and_who_may_not_any_more() {
    let house = house();
    let desk = desk(&house.world);
    let bob = by("bob");
    assert_eq!(code(desk.ask(&bob, &ask("fraud", 1)).await), ReasonCode::RequestNotAllowed);
    assert_eq!(code(desk.ask(&by("dan"), &ask("trials", 1)).await), ReasonCode::RequestNotAllowed);
    assert_eq!(code(desk.ask(&bob, &ask("trials", 5)).await), ReasonCode::TooLong);
    assert_eq!(code(desk.ask(&bob, &ask("closed", 1)).await), ReasonCode::TeamUnknown);
    assert_eq!(code(desk.ask(&by("nobody"), &ask("trials", 1)).await), ReasonCode::PersonUnknown);
    let request = desk.ask(&bob, &ask("trials", 2)).await.unwrap();
    house.world.leave("bob", "everyone");
    let approved = desk.decide(&by("eva"), &request.id, true, None).await;
    assert_eq!(code(approved), ReasonCode::NotAnApprover, "no rule lets bob ask eva any more");
    let approved = desk.decide(&by("root"), &request.id, true, None).await;
    assert_eq!(code(approved), ReasonCode::RequestNotAllowed);
    house.world.state().people.get_mut(&bob.person).unwrap().enabled = false;
    let approved = desk.decide(&by("root"), &request.id, true, None).await;
    assert_eq!(code(approved), ReasonCode::PersonDisabled);
    pass(7 * 86_400).await;
    let late = desk.decide(&by("root"), &request.id, true, None).await;
    assert_eq!(code(late), ReasonCode::RequestDecided);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn who_decides_for_one_group_is_no_approver_of_anothers_request() {
    let interns = "  requests:\n    - { group: interns, teams: [trials], approvers: mentors, longest: \
                   1h }\n";
    let map = rules().replace("  requests:\n", interns);
    let house = House::by(house().world, &map);
    house.world.join("ivy", "mentors");
    let desk = Desk::new(house.world.plane(&map), house.world.store.clone());
    let way = desk.request_form(&by("bob"), &team("trials")).await.unwrap().request.unwrap();
    assert_eq!(way.groups, ["owners"]);
    let request = desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap();
    let decided = desk.decide(&by("ivy"), &request.id, true, None).await;
    assert_eq!(code(decided), ReasonCode::NotAnApprover);
    assert_eq!(desk.my_requests(&by("ivy")).await.unwrap().to_decide, []);
    desk.decide(&by("eva"), &request.id, true, None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whose_requests_wait_is_read_only_for_whom_it_decides_something() {
    let house = house();
    let desk = desk(&house.world);
    desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap();
    let reads = async |who: &str| {
        house.world.state().reads.clear();
        let mine = desk.my_requests(&by(who)).await.unwrap();
        (mine.to_decide.len(), house.world.state().reads.clone())
    };
    assert_eq!(reads("carol").await, (0, vec!["p-carol".to_owned()]));
    assert_eq!(reads("root").await, (1, vec!["p-root".to_owned()]));
    assert_eq!(reads("eva").await, (1, ["p-eva", "p-bob p-eva"].map(str::to_owned).to_vec()));
    // Of whom not all is shown, nobody knows who decides.
    house.world.state().hidden.insert(person_id("bob"));
    assert_eq!(reads("eva").await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn break_glass_by_a_reason_opens_at_once_is_loud_and_ends_by_itself() {
    let house = house();
    let desk = desk(&house.world);
    let carol = house.sign_in("carol").await;
    let BrokenGlass::Open(view) = desk.break_glass(&by("carol"), &glass("fraud")).await.unwrap()
    else {
        panic!("it waits");
    };
    assert_eq!(view.ends.to_string(), "2026-11-21T09:30:00Z");
    assert!(open(&house, &carol, "fraud").await.is_ok());
    assert_eq!(house.world.audited("break-glass-opened"), ["break-glass"]);
    assert_eq!(desk.plane().meter.read().break_glass, 1);
    let seen = desk.emergencies(&admin()).await.unwrap();
    assert_eq!((seen.len(), seen[0].seconds_left), (1, 1800));
    pass(1800).await;
    refused(open(&house, &carol, "fraud").await, RefusalKind::Denied, "not-entitled");
    let owed = desk.emergencies(&admin()).await.unwrap();
    assert_eq!((owed.len(), owed[0].seconds_left, owed[0].grant.owes_note), (1, 0, true));
    assert_eq!(
        code(desk.break_glass(&by("carol"), &glass("fraud")).await),
        ReasonCode::AfterNoteMissing
    );

    let person = |name: &str| house.world.state().people[&person_id(name)].clone();
    let dan = Caller::with_role(&person("dan"), control::desk::Role::Reader);
    let by_other = desk.after_note(&dan, &view.id, "it was not me").await;
    assert_eq!(code(by_other), ReasonCode::NoSuchGrant);
    let carol = Caller::with_role(&person("carol"), control::desk::Role::Reader);
    assert_eq!(code(desk.after_note(&carol, &view.id, " ").await), ReasonCode::ReasonMissing);
    let noted = desk.after_note(&carol, &view.id, "restarted the endpoint").await.unwrap();
    assert_eq!(noted.note.unwrap().text, "restarted the endpoint");
    assert_eq!(desk.emergencies(&admin()).await.unwrap(), []);
    assert!(desk.break_glass(&by("carol"), &glass("fraud")).await.is_ok());
    assert_eq!(house.world.audited("after-note"), ["after-note-written"]);
}

#[tokio::test(start_paused = true)]
async fn break_glass_by_two_people_waits_for_the_second_one() {
    let house = house();
    let desk = desk(&house.world);
    let BrokenGlass::Waits(request) =
        desk.break_glass(&by("carol"), &glass("trials")).await.unwrap()
    else {
        panic!("it is open");
    };
    assert!(request.break_glass);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
    let own = desk.decide(&by("carol"), &request.id, true, None).await;
    assert_eq!(code(own), ReasonCode::OwnRequest);
    let owner = desk.decide(&by("eva"), &request.id, true, None).await;
    assert_eq!(code(owner), ReasonCode::NotAnApprover, "who approves requests is not on call");
    desk.decide(&by("dan"), &request.id, true, None).await.unwrap();
    let grants = house.world.store.temporary_grants(None).await.unwrap();
    assert_eq!(
        (grants[0].kind, grants[0].approved_by.as_deref()),
        (TemporaryKind::BreakGlass, Some("dan"))
    );
    assert_eq!(house.world.audited("break-glass-opened"), ["break-glass"]);
    let BrokenGlass::Waits(late) = desk.break_glass(&by("dan"), &glass("trials")).await.unwrap()
    else {
        panic!("it is open");
    };
    pass(3600).await;
    let decided = desk.decide(&by("root"), &late.id, true, None).await;
    assert_eq!(code(decided), ReasonCode::RequestDecided, "an emergency lapses in an hour");
}

/// The order, looked at so many times and then let go, as by a browser that goes away. Whether it had ended.
async fn let_go<T>(desk: &Desk, order: impl Future<Output = T>, looks: usize) -> bool {
    let mut order = Box::pin(order);
    for _ in 0..looks {
        if order.as_mut().now_or_never().is_some() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(order);
    desk.errands().work_ended().await;
    false
}

/// Whoever cut the connection at the right moment had it open with no entry that says so.
#[tokio::test(start_paused = true)]
async fn no_glass_is_broken_and_not_written_down_whenever_the_browser_goes_away() {
    for looks in 0.. {
        let house = house();
        let desk = desk(&house.world);
        let waits = desk.break_glass(&by("carol"), &glass("trials")).await.unwrap();
        let BrokenGlass::Waits(request) = waits else { panic!("it is open") };
        let dan = by("dan");
        let has_ended = let_go(&desk, desk.decide(&dan, &request.id, true, None), looks).await;
        let grants = house.world.store.temporary_grants(None).await.unwrap().len();
        let told = house.world.audited("break-glass-opened").len();
        assert_eq!(grants, told, "after {looks} looks");
        if has_ended {
            assert_eq!(grants, 1);
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_frozen_and_not_written_down_whenever_the_browser_goes_away() {
    for looks in 0.. {
        let house = house();
        let desk = desk(&house.world);
        let root = admin();
        let has_ended = let_go(&desk, desk.freeze(&root, "an audit"), looks).await;
        let frozen = house.world.store.frozen().await.unwrap().is_some();
        let told = house.world.store.newest(10).await.unwrap();
        let told = told.iter().filter(|entry| entry.event == "frozen").count();
        assert_eq!(told, usize::from(frozen), "after {looks} looks");
        if has_ended {
            assert!(frozen);
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn break_glass_by_command_names_the_second_person() {
    let house = house();
    let desk = desk(&house.world);
    let carol = person_id("carol");
    let by =
        |second: Option<&str>| BreakGlassOrder { second: second.map(person_id), ..glass("trials") };
    let broken = async |order: BreakGlassOrder| {
        code(desk.break_glass_by_command(&admin(), &carol, &order).await)
    };
    assert_eq!(broken(by(None)).await, ReasonCode::SecondPersonNeeded);
    assert_eq!(broken(by(Some("carol"))).await, ReasonCode::OwnRequest);
    assert_eq!(broken(by(Some("bob"))).await, ReasonCode::NotAnApprover);
    let bob = desk.break_glass_by_command(&admin(), &person_id("bob"), &glass("trials")).await;
    assert_eq!(code(bob), ReasonCode::BreakGlassNotAllowed);
    let dry = BreakGlassOrder { dry_run: true, ..by(Some("dan")) };
    desk.break_glass_by_command(&admin(), &carol, &dry).await.unwrap();
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
    let view = desk.break_glass_by_command(&admin(), &carol, &by(Some("dan"))).await.unwrap();
    assert_eq!((view.approved_by.as_deref(), view.by.as_str()), (Some("dan"), "root"));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_may_ask_for_is_what_they_have_not_without_an_end() {
    let house = house();
    let desk = desk(&house.world);
    let askable = async |who: SignedIn| {
        let mine = desk.my_requests(&who).await.unwrap();
        mine.askable.into_iter().map(|one| (one.title, one.by_request)).collect::<Vec<_>>()
    };
    let (fraud, trials) = (|by| ("fraud".to_owned(), by), |by| ("trials".to_owned(), by));
    assert_eq!(askable(by("bob")).await, [trials(true)]);
    assert_eq!(askable(by("carol")).await, [fraud(false), trials(false)]);
    assert_eq!(askable(bound("trials")).await, [trials(false)], "and of no other team");
    assert_eq!(askable(by("eva")).await, []);
    // What is had for a time can be asked for again; what is had for good cannot.
    desk.grant(&admin(), &order("bob", "trials", 1)).await.unwrap();
    assert_eq!(askable(by("bob")).await, [trials(true)]);
    house.world.join("carol", "ml-fraud");
    assert_eq!(askable(by("carol")).await, [trials(false)]);
    // Whoever was offboarded from it would be refused.
    let departure = departure("bob", Some("trials"));
    written(house.world.plane(&rules()).depart(&departure).await);
    assert_eq!(askable(by("bob")).await, []);
}

/// Carol, who may break glass and administers, and signed in by the application of one team.
fn bound(key: &str) -> SignedIn {
    SignedIn { only: Some(team(key)), ..by("carol") }
}

#[tokio::test(start_paused = true)]
async fn a_session_of_one_team_has_no_role_and_decides_on_nothing() {
    let house = house();
    for group in ["studio-admins", "owners", "everyone"] {
        house.world.join("carol", group);
    }
    let desk = desk(&house.world);
    let request = desk.ask(&by("bob"), &ask("trials", 2)).await.unwrap();
    assert!(desk.caller(&by("carol")).await.is_ok());
    assert_eq!(code(desk.caller(&bound("trials")).await), ReasonCode::RightMissing);
    let decided = desk.decide(&bound("trials"), &request.id, true, None).await;
    assert_eq!(code(decided), ReasonCode::RightMissing);
    assert_eq!(desk.my_requests(&by("carol")).await.unwrap().to_decide.len(), 1);
    let mine = desk.my_requests(&bound("trials")).await.unwrap();
    assert_eq!((mine.to_decide, mine.administers), (vec![], false));
    assert!(!desk.request_form(&bound("trials"), &team("trials")).await.unwrap().administers);
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_session_of_one_team_asks_for_that_team_alone_and_knows_of_no_other() {
    let house = house();
    house.world.join("carol", "everyone");
    let desk = desk(&house.world);
    let mismatch = ReasonCode::TeamMismatch;
    let fraud = bound("fraud");
    assert_eq!(code(desk.request_form(&fraud, &team("trials")).await), mismatch);
    assert_eq!(code(desk.ask(&fraud, &ask("trials", 2)).await), mismatch);
    assert_eq!(code(desk.break_glass(&fraud, &glass("trials")).await), mismatch);
    assert_eq!(house.world.store.requests(None).await, Ok(vec![]));

    let request = desk.ask(&bound("trials"), &ask("trials", 2)).await.unwrap();
    assert_eq!(desk.my_requests(&fraud).await.unwrap().own, []);
    assert_eq!(desk.my_requests(&bound("trials")).await.unwrap().own.len(), 1);
    assert_eq!(code(desk.withdraw(&fraud, &request.id).await), mismatch);
    desk.withdraw(&bound("trials"), &request.id).await.unwrap();

    let BrokenGlass::Open(view) = desk.break_glass(&fraud, &glass("fraud")).await.unwrap() else {
        panic!("it waits");
    };
    let elsewhere = desk.my_requests(&bound("trials")).await.unwrap();
    assert_eq!(elsewhere.grants, []);
    pass(1800).await;
    assert_eq!(desk.request_form(&bound("trials"), &team("trials")).await.unwrap().owed, []);
    let note = async |who: SignedIn| desk.after_note_of(&who, &view.id, "restarted it").await;
    assert_eq!(code(note(bound("trials")).await), ReasonCode::NoSuchGrant);
    assert_eq!(note(fraud).await.unwrap().note.unwrap().by, "carol");
}

#[tokio::test(start_paused = true)]
async fn who_had_as_much_as_is_kept_may_ask_again_when_it_is_old() {
    let house = house();
    let desk = desk(&house.world);
    for _ in 0..80 {
        let request = desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap();
        desk.withdraw(&by("bob"), &request.id).await.unwrap();
    }
    assert_eq!(code(desk.ask(&by("bob"), &ask("trials", 1)).await), ReasonCode::TooManyRequests);
    pass(31 * 86_400).await;
    desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap();
    assert_eq!(house.world.store.requests(None).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_loop_forgets_what_is_over_for_long() {
    let house = house();
    let days = |number: i64| house.world.now() - SignedDuration::from_hours(24 * number);
    let over = |id: &str, ago: i64| TemporaryGrant {
        id: TemporaryId::parse(id).unwrap(),
        from: days(ago + 1),
        until: days(ago),
        made: days(ago + 1),
        ..given(&house.world, "bob", 0)
    };
    let (old, newer) = (over("0000000000a1", 31), over("0000000000a2", 29));
    for grant in [&old, &newer] {
        house.world.store.give(grant).await.unwrap();
    }
    let running = Running::start(&house.world, &rules());
    pass(60).await;
    assert_eq!(house.world.store.temporary_grants(None).await, Ok(vec![newer]));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_in_studio_does_not_outlast_what_gives_the_team() {
    let house = house();
    house.world.settle("bob");
    house.world.store.give(&given(&house.world, "bob", 45 * 60)).await.unwrap();
    let bob = house.sign_in("bob").await;
    let asked = async || {
        open(&house, &bob, "fraud").await.unwrap();
        house.world.state().presigned.pop().unwrap().session_seconds
    };
    assert_eq!(asked().await, 2700);
    pass(10 * 60).await;
    assert_eq!(asked().await, 2100);
    pass(20 * 60).await;
    assert_eq!(asked().await, 1800, "no session can be shorter");
    house.world.join("bob", "ml-fraud");
    assert_eq!(asked().await, 8 * 3600, "without an end as long as the team says");
}

#[tokio::test(start_paused = true)]
async fn broken_glass_is_not_broken_again_before_it_is_over_and_told_of() {
    let house = house();
    let desk = desk(&house.world);
    let carol = by("carol");
    desk.break_glass(&carol, &glass("fraud")).await.unwrap();
    pass(29 * 60).await;
    let again = desk.break_glass(&carol, &glass("fraud")).await.unwrap_err();
    assert_eq!((again.code, again.kind), (ReasonCode::TemporaryInForce, RefusedKind::Conflict));
    let by_command =
        desk.break_glass_by_command(&admin(), &person_id("carol"), &glass("fraud")).await;
    assert_eq!(code(by_command), ReasonCode::TemporaryInForce);
    assert_eq!(house.world.store.temporary_grants(None).await.unwrap().len(), 1);
    // Another glass is another emergency.
    assert!(desk.break_glass(&carol, &glass("trials")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nobody_agrees_to_break_glass_for_whoever_owes_a_note() {
    let house = house();
    let desk = desk(&house.world);
    let carol = by("carol");
    let waits = async || match desk.break_glass(&carol, &glass("trials")).await.unwrap() {
        BrokenGlass::Waits(request) => request.id,
        BrokenGlass::Open(view) => panic!("{view:?}"),
    };
    desk.break_glass(&carol, &glass("fraud")).await.unwrap();
    let asked = waits().await;
    pass(31 * 60).await;
    let agreed = desk.decide(&by("dan"), &asked, true, None).await;
    assert_eq!(code(agreed), ReasonCode::AfterNoteMissing);
    let owed = desk.emergencies(&admin()).await.unwrap()[0].grant.id.clone();
    desk.after_note_of(&carol, &owed, "restarted it").await.unwrap();
    assert!(desk.decide(&by("dan"), &asked, true, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_down_is_written_when_it_is_tried_again() {
    let house = house();
    let (world, desk) = (&house.world, desk(&house.world));
    let request = desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap().id;
    let withdraw = async || desk.withdraw(&by("bob"), &request).await;
    world.break_down(Fault::Audit);
    assert_eq!(code(withdraw().await), ReasonCode::Unavailable);
    world.mend(Fault::Audit);
    assert_eq!(withdraw().await.unwrap().state, RequestState::Withdrawn);
    assert_eq!(world.audited("access-decided"), ["request-withdrawn"]);

    let grant = desk.grant(&admin(), &order("bob", "fraud", 2)).await.unwrap().id;
    let revoke = async || desk.revoke(&admin(), &grant, Some("done"), false).await;
    world.break_down(Fault::Audit);
    assert_eq!(code(revoke().await), ReasonCode::Unavailable);
    world.mend(Fault::Audit);
    let revoked = world.store.temporary_grants(None).await.unwrap();
    assert!(revoked[0].ended.is_some(), "that it is written down is no condition of taking away");
    for _ in 0..2 {
        assert_eq!(revoke().await.unwrap().state, TemporaryState::Revoked);
        assert_eq!(world.audited("temporary-revoked"), ["temporary-revoked"]);
    }

    let BrokenGlass::Open(view) = desk.break_glass(&by("carol"), &glass("fraud")).await.unwrap()
    else {
        panic!("it waits");
    };
    let note = async || desk.after_note(&admin(), &view.id, "restarted it").await;
    world.break_down(Fault::Audit);
    assert_eq!(code(note().await), ReasonCode::Unavailable);
    world.mend(Fault::Audit);
    for _ in 0..2 {
        note().await.unwrap();
        assert_eq!(world.audited("after-note"), ["after-note-written"]);
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_equal_approvals_at_once_one_gives_the_access() {
    let house = house();
    let desk = desk(&house.world);
    let request = desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap().id;
    let eva = by("eva");
    let decide = || desk.decide(&eva, &request, true, None);
    let (one, other) = futures::join!(decide(), decide());
    let codes: Vec<_> =
        [one, other].into_iter().filter_map(Result::err).map(|no| no.code).collect();
    assert_eq!(codes, [ReasonCode::RequestDecided]);
    assert_eq!(house.world.audited("temporary-granted"), ["request-approved"]);
    assert_eq!(house.world.store.temporary_grants(None).await.unwrap().len(), 1);
}
