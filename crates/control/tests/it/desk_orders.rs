//! Orders whose givers go away before they are carried out.

use crate::desk::refused;
use crate::reconciler::{Running, pass};
use crate::temporary::{ask, by, desk, glass, house, order};
use crate::world::{MAP, World, person_id};
use access::reason::ReasonCode;
use control::desk::{Agreement, Caller, Desk, Leave, RequestState, Return};
use control::ports::{AccessRequests as _, AuditLog as _, Switch as _, TemporaryGrants as _};
use futures::FutureExt as _;

fn admin() -> Caller {
    Caller::at_the_command_line("root")
}

/// Has it begun, and waits no more once it is.
async fn begun_and_left<T>(desk: &Desk, order: impl Future<Output = T>) {
    let errands = desk.errands();
    let begun = async {
        while errands.work_ended().now_or_never().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = order => panic!("it was done before anybody could go away"),
        () = begun => {}
    }
    errands.work_ended().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_admin_ordered_is_done_and_written_down_though_nobody_waits_for_it() {
    let world = World::of(&["ada", "bob"]);
    let running = Running::start(&world, MAP);
    pass(60).await;
    let desk = Desk::new(running.plane.clone(), world.store.clone());
    let written = async || world.store.newest(1).await.unwrap().remove(0).event;

    let ada = person_id("ada").to_string();
    let leave = Leave { person: ada.clone(), team: None, skip_hold: false, why: "left".into() };
    begun_and_left(&desk, desk.offboard(&admin(), &leave)).await;
    assert_eq!(world.leaving(), ["ada--fraud"]);
    assert_eq!(world.audited("person-offboarded"), ["offboarded"]);
    begun_and_left(&desk, desk.restore(&admin(), &Return { person: ada, team: None })).await;
    assert!(world.leaving().is_empty());
    assert_eq!(world.audited("person-restored"), ["returned"]);

    begun_and_left(&desk, desk.freeze(&admin(), "an audit")).await;
    assert!(world.store.frozen().await.unwrap().is_some());
    assert_eq!(written().await, "frozen");
    begun_and_left(&desk, desk.thaw(&admin())).await;
    assert_eq!(world.store.frozen().await, Ok(None));
    assert_eq!(written().await, "thawed");
    pass(60).await;

    begun_and_left(&desk, desk.sync(&admin(), None)).await;
    assert_eq!(written().await, "sync-requested");
    begun_and_left(&desk, desk.replay(&admin(), &[serde_json::json!({})])).await;
    assert_eq!(written().await, "events-replayed");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_agreed_to_is_honoured_though_nobody_waits_for_it() {
    let (world, running, desk) = refused().await;
    let removals = desk.reading().await.unwrap().plan.removals_digest().unwrap();
    let agreement = Agreement { removals, number: 3, why: String::new() };
    begun_and_left(&desk, desk.approve(&admin(), &agreement)).await;
    pass(60).await;
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud", "cem--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn access_for_a_time_is_given_and_taken_though_nobody_waits_for_it() {
    let house = house();
    let (world, desk) = (&house.world, &desk(&house.world));
    let grants = async || world.store.temporary_grants(None).await.unwrap();
    let request = async || world.store.requests(None).await.unwrap().pop().unwrap();

    begun_and_left(desk, desk.grant(&admin(), &order("bob", "fraud", 2))).await;
    let given = grants().await.remove(0);
    assert_eq!(world.audited("temporary-granted"), ["temporary-granted"]);
    begun_and_left(desk, desk.revoke(&admin(), &given.id, None, false)).await;
    assert!(grants().await[0].ended.is_some());
    assert_eq!(world.audited("temporary-revoked"), ["temporary-revoked"]);

    begun_and_left(desk, desk.ask(&by("bob"), &ask("trials", 1))).await;
    assert_eq!(world.audited("access-requested"), ["access-requested"]);
    begun_and_left(desk, desk.withdraw(&by("bob"), &request().await.id)).await;
    desk.ask(&by("bob"), &ask("trials", 1)).await.unwrap();
    let asked = desk.my_requests(&by("bob")).await.unwrap().own;
    let open = asked.iter().find(|one| one.state == RequestState::Open).unwrap();
    begun_and_left(desk, desk.decide(&by("eva"), &open.id, true, None)).await;
    assert_eq!(world.audited("access-decided"), ["request-withdrawn", "request-approved"]);
    assert_eq!(world.audited("temporary-granted"), ["temporary-granted", "request-approved"]);
    assert_eq!(grants().await.len(), 2);

    begun_and_left(desk, desk.break_glass(&by("carol"), &glass("fraud"))).await;
    assert_eq!(world.audited("break-glass-opened"), ["break-glass"]);
    let broken = grants().await.into_iter().find(|grant| grant.person == person_id("carol"));
    begun_and_left(desk, desk.after_note(&admin(), &broken.unwrap().id, "restarted it")).await;
    assert_eq!(world.audited("after-note"), ["after-note-written"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_offboarded_whom_the_directory_takes_for_somebody_else() {
    let world = World::of(&["ada"]);
    let desk = Desk::new(world.plane(MAP), world.store.clone());
    let of = |name: &str| Leave {
        person: name.to_owned(),
        team: None,
        skip_hold: false,
        why: String::new(),
    };
    let refused = desk.offboard(&admin(), &of("adá")).await.unwrap_err();
    assert_eq!(refused.code, ReasonCode::PersonUnknown);
    assert!(desk.offboard(&admin(), &of("ADA")).await.is_ok());
}
