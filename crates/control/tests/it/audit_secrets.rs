//! No entry of the audit log holds a secret: everything that writes one is made to, with secrets planted
//! wherever one can be.

use crate::audit_door::shown;
use crate::desk;
use crate::door::{Answer, House, answer};
use crate::door_log_out;
use crate::door_opening::open;
use crate::reconciler::pass;
use crate::temporary::{ask, by, desk as desk_of, glass, house, order};
use crate::world::{World, team};
use access::network::Origin;
use control::audit::{ChainKey, KeyRing, STORE_KEY, Taking, prune, take_checkpoint};
use control::desk::{
    Agreement, BrokenGlass, Caller, Leave, NewToken, Return, Right, create_token, revoke_token,
};
use control::door::Opening;
use control::event::Wake;
use control::ports::{Actor, AuditEntry, AuditEvent, AuditLog as _, Clock as _, Secrets as _};
use demo_idp::DemoLogout;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Events that the same lines of code write as another one that is written here.
const WRITTEN_AS: [(AuditEvent, AuditEvent); 7] = [
    (AuditEvent::AdoptingProfile, AuditEvent::UpdatingProfile),
    (AuditEvent::HandingSpaceOver, AuditEvent::StoppingApp),
    (AuditEvent::DeletingSpace, AuditEvent::StoppingApp),
    (AuditEvent::DeletingProfile, AuditEvent::StoppingApp),
    (AuditEvent::AuditSealed, AuditEvent::AuditCheckpoint),
    (AuditEvent::AuditBroken, AuditEvent::AuditCheckpoint),
    (AuditEvent::GroupAssigned, AuditEvent::AwsAnswered),
];

/// Events that need more than there is here, each with the file of tests that plants secrets for it.
const ELSEWHERE: [(AuditEvent, &str, &str); 13] = [
    (AuditEvent::DirectoryPush, "crates/web/tests/it/scim/tokens.rs", SCIM_TEST),
    (AuditEvent::Mirroring, "crates/control/tests/it/mirror.rs", MIRROR_TEST),
    (AuditEvent::MirrorTaking, "crates/control/tests/it/mirror.rs", MIRROR_TEST),
    (AuditEvent::MirrorFailed, "crates/control/tests/it/mirror.rs", MIRROR_TEST),
    (AuditEvent::MirrorApplied, "crates/control/tests/it/mirror_loop.rs", LOOP_TEST),
    (AuditEvent::MirrorRefused, "crates/control/tests/it/mirror_loop.rs", LOOP_TEST),
    (AuditEvent::GrantWritten, BINARY, BINARY_TEST),
    (AuditEvent::GrantDeleted, BINARY, BINARY_TEST),
    (AuditEvent::MapLoaded, BINARY, BINARY_TEST),
    (AuditEvent::MapReplaced, BINARY, BINARY_TEST),
    (AuditEvent::MapRefused, BINARY, BINARY_TEST),
    (AuditEvent::IdpKeysChanged, BINARY, BINARY_TEST),
    (AuditEvent::MetadataFetchOrdered, BINARY, BINARY_TEST),
];

const SCIM_TEST: &str = "what_is_pushed_leaves_no_secret_in_the_audit_log";
const MIRROR_TEST: &str = "what_is_mirrored_leaves_no_secret_in_the_audit_log";
const LOOP_TEST: &str = "what_the_loop_mirrors_leaves_no_secret_in_the_audit_log";
const BINARY: &str = "crates/stagedoor/tests/it/audit_secrets.rs";
const BINARY_TEST: &str = "what_the_server_and_the_commands_write_holds_no_secret";

/// Every event there is: a new one has no entry anywhere before somebody planted secrets for it.
#[test]
fn every_event_has_secrets_planted_for_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (event, file, test) in ELSEWHERE {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(&format!("fn {test}(")), "{event}: {file} has no {test}");
    }
}

/// The events that must be written here.
fn expected() -> impl Iterator<Item = AuditEvent> {
    let others = WRITTEN_AS.map(|(event, _)| event).into_iter();
    let others: Vec<_> = others.chain(ELSEWHERE.map(|(event, ..)| event)).collect();
    AuditEvent::ALL.iter().copied().filter(move |event| !others.contains(event))
}

/// What is planted.
#[derive(Debug, Default)]
struct Planted(Vec<String>);

impl Planted {
    fn plant(&mut self, secret: impl Into<String>) {
        self.0.push(secret.into());
    }
}

fn admin() -> Caller {
    Caller::at_the_command_line("root")
}

/// Everything that was written, by the plane and by the desk.
async fn written(world: &Arc<World>) -> Vec<AuditEntry> {
    let mut all = world.state().audit.clone();
    all.extend(world.store.newest(1_000).await.unwrap());
    all
}

/// What people do at the door and at the desk.
async fn people_and_admins(
    assertion: &str,
    display_name: &str,
    planted: &mut Planted,
) -> Vec<AuditEntry> {
    let house = house();
    house.read_in_full().await;
    for person in house.world.state().people.values_mut() {
        person.display_name = display_name.to_owned();
    }
    planted.plant(assertion);
    planted.plant(display_name);
    at_the_door(&house, assertion, display_name, planted).await;
    let desk = desk_of(&house.world);
    let world = &house.world;

    let new = NewToken {
        name: "ci".to_owned(),
        scopes: [Right::See].into(),
        life: SignedDuration::from_hours(1),
        directory: None,
    };
    let root = Actor::CommandLine("root".to_owned());
    let (bearer, token) =
        create_token(&*world.store, &**world, &root, new, world.now()).await.unwrap();
    revoke_token(&*world.store, &root, "ci", world.now()).await.unwrap();
    planted.plant(bearer.reveal());
    planted.plant(token.digest);

    desk.freeze(&admin(), "a look around").await.unwrap();
    desk.thaw(&admin()).await.unwrap();
    desk.sync(&admin(), Some("ada")).await.unwrap();
    let url = format!("https://d-x.studio.eu-west-1.sagemaker.aws/auth?token={assertion}-url");
    let event = json!({
        "source": "aws.sagemaker",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventName": "CreatePresignedDomainUrl",
            "responseElements": {"AuthorizedUrl": url},
            "userIdentity": {"sessionContext": {"token": format!("{assertion}-session")}},
        },
    });
    desk.replay(&admin(), &[event]).await.unwrap();
    planted.plant(format!("{assertion}-url"));
    planted.plant(format!("{assertion}-session"));

    let grant = desk.grant(&admin(), &order("bob", "fraud", 2)).await.unwrap();
    desk.revoke(&admin(), &grant.id, Some("done"), false).await.unwrap();
    let request = desk.ask(&by("bob"), &ask("trials", 2)).await.unwrap();
    desk.decide(&by("eva"), &request.id, true, None).await.unwrap();
    let BrokenGlass::Open(view) = desk.break_glass(&by("carol"), &glass("fraud")).await.unwrap()
    else {
        panic!("it waits");
    };
    pass(1_800).await;
    desk.after_note(&admin(), &view.id, "restarted the endpoint").await.unwrap();

    // The log loses its beginning.
    let mut all = written(world).await;
    keep_the_log(world).await;
    let leave =
        Leave { person: "ada".into(), team: None, skip_hold: false, why: "left".to_owned() };
    desk.offboard(&admin(), &leave).await.unwrap();
    desk.restore(&admin(), &Return { person: "ada".into(), team: None }).await.unwrap();
    let plane = desk.plane();
    let survey = plane.survey(&control::survey::Scope::Everything).await.unwrap();
    plane.planned(&plane.plan(&survey)).await.unwrap();
    all.extend(written(world).await);
    all
}

/// Used twice, broken, by nobody, from another browser, unknown: each is refused. Who may is let in.
async fn at_the_door(house: &House, assertion: &str, display_name: &str, planted: &mut Planted) {
    let (id, browser) = house.begin().await;
    let response =
        Answer { to: Some(&id), assertion, display_name, ..answer("ada") }.by(house.corp);
    let token = house.accept(&response, Some(&browser)).await.unwrap().token;
    house.accept(&response, Some(&browser)).await.unwrap_err();
    house.accept(&response.replacen('A', "B", 1), Some(&browser)).await.unwrap_err();
    let strange = Answer { assertion, ..answer("zed") }.by(house.tiles);
    house.accept(&strange, None).await.unwrap_err();
    let Opening::Ready(url) = open(house, &token, "fraud").await.unwrap() else {
        panic!("the profile is ready")
    };
    let origin = Origin::default();
    house.door.open(&token, &team("nothing"), &origin).await.unwrap_err();
    house.door.stop_my_apps(&token, &team("fraud")).await.unwrap();
    house.door.sign_out(&token).await.unwrap();
    let again = house.sign_in("ada").await;
    house.door.end_sessions(&again, None).await.unwrap();
    for secret in [
        token.reveal(),
        again.reveal(),
        browser.reveal(),
        response.as_str(),
        strange.as_str(),
        url.reveal(),
        id.as_str(),
    ] {
        planted.plant(secret);
    }
}

/// A checkpoint, and the end of what is old.
async fn keep_the_log(world: &World) {
    let keys =
        KeyRing::new(ChainKey::new(&world.store.get_or_create(STORE_KEY, [0; 32]).await.unwrap()));
    let now = world.now();
    let taking = Taking { at: now, actor: Actor::System, accepted: None };
    let kept = take_checkpoint(&*world.store, &keys, None, taking).await.unwrap();
    let later = now + SignedDuration::from_hours(24);
    prune(&*world.store, &kept, SignedDuration::from_hours(1), later, Actor::System).await.unwrap();
}

/// An identity provider ends sessions, with a message that is as good as a key for its minutes.
async fn ended_elsewhere(assertion: &str, planted: &mut Planted) -> Vec<AuditEntry> {
    let house = door_log_out::house();
    let response = Answer { assertion, ..answer("ada") }.by(house.tiles);
    let token = house.accept(&response, None).await.unwrap().token;
    let logout = DemoLogout { session_index: Some(assertion), ..door_log_out::all_of_ada() };
    planted.plant(house.tiles.logout_query(&logout).unwrap());
    planted.plant(token.reveal());
    planted.plant(response);
    door_log_out::log_out(&house, house.tiles, &logout).await.unwrap();
    house.world.state().audit.clone()
}

/// What the loop does, with a plan that the guard refuses until somebody agrees to it.
async fn the_loop(display_name: &str) -> Vec<AuditEntry> {
    let (world, running, desk) = desk::refused().await;
    world.state().request_id = Some("11111111-2222-4333-8444-555555555555".to_owned());
    for person in world.state().people.values_mut() {
        person.display_name = display_name.to_owned();
    }
    world.join("gil", "ml-fraud");
    running.wake(Wake::Everything).await;
    pass(60).await;
    let removals = desk.reading().await.unwrap().plan.removals_digest().unwrap();
    let agreement = Agreement { removals, number: 3, why: "the team moves".to_owned() };
    desk.approve(&admin(), &agreement).await.unwrap();
    pass(120).await;
    running.stop().await;
    written(&world).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn nothing_that_writes_an_entry_writes_a_secret(
        assertion in "_[a-f0-9]{32}",
        display_name in "[A-Z][a-z]{14} [A-Z][a-z]{14}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut planted = Planted::default();
            let mut all = people_and_admins(&assertion, &display_name, &mut planted).await;
            all.extend(the_loop(&display_name).await);
            all.extend(ended_elsewhere(&assertion, &mut planted).await);
            let events: BTreeSet<&str> = all.iter().map(|entry| entry.event.as_str()).collect();
            let missing: Vec<AuditEvent> =
                expected().filter(|event| !events.contains(event.as_str())).collect();
            assert!(missing.is_empty(), "not written: {missing:?} of {events:?}");
            let shown = shown(&all);
            for secret in planted.0 {
                assert!(!shown.contains(&secret), "{secret}");
            }
        });
    }
}
