//! Opening Studio: entitlement, network, profile, link.

use crate::door::{Answer, House, answer};
use crate::world::{Fault, World, person_id, team};
use access::ids::ProfileName;
use access::network::Origin;
use access::observed::{ObservedApplication, ObservedSpace, ProfileStatus, TAG_PERSON};
use access::tags::Tags;
use control::door::{Opening, Preparing, Refusal, RefusalKind, SessionToken};
use control::ports::{ChangeId, Claims, Clock, Freeze, Switch, WorkQueue};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(crate) async fn open(
    house: &House,
    token: &SessionToken,
    key: &str,
) -> Result<Opening, Refusal> {
    house.door.open(token, &team(key), &Origin::default()).await
}

#[track_caller]
pub(crate) fn refused(outcome: Result<Opening, Refusal>, kind: RefusalKind, code: &str) {
    let refusal = outcome.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (kind, code));
}

#[track_caller]
fn link(outcome: Result<Opening, Refusal>) -> String {
    match outcome.unwrap() {
        Opening::Ready(url) => url.reveal().to_owned(),
        Opening::Preparing(preparing) => panic!("{preparing:?}"),
    }
}

const AGAIN: Opening = Opening::Preparing(Preparing { profile_requested: false });

/// Puts the domain into SSO mode.
fn sign_in_by_identity_center(world: &World) {
    let (arn, groups, people) = ("arn:app".to_owned(), BTreeSet::new(), BTreeSet::new());
    world.state().application = Some(ObservedApplication { arn, groups, people });
}

#[tokio::test(start_paused = true)]
async fn a_profile_in_agreement_opens_and_is_written_down() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    assert_eq!(link(open(&house, &ada, "fraud").await), "https://studio.example/ada--fraud");
    assert_eq!(house.world.audited("open-studio"), ["opened"]);
    assert!(!format!("{:?}", house.world.state().audit).contains("studio.example"));
}

#[tokio::test(start_paused = true)]
async fn a_link_is_asked_for_as_the_team_says() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    link(open(&house, &ada, "fraud").await);
    let asked = house.world.state().presigned.pop().unwrap();
    assert_eq!((asked.expires_seconds, asked.session_seconds), (5, 8 * 3_600));
    assert_eq!((asked.landing, asked.space), (None, None));

    let more = "role/fraud\", session: 2h, link: 30s, landing: \"studio::\", space: lab,";
    let map = crate::world::MAP.replace("role/fraud\",", more);
    let house = House::by(World::of(&["ada"]), &map);
    let ada = house.sign_in("ada").await;
    link(open(&house, &ada, "fraud").await);
    let asked = house.world.state().presigned.pop().unwrap();
    assert_eq!((asked.expires_seconds, asked.session_seconds), (30, 2 * 3_600));
    assert_eq!(asked.landing.unwrap().as_str(), "studio::");
    assert_eq!(asked.space.unwrap().as_str(), "lab");
}

#[tokio::test(start_paused = true)]
async fn signed_out() {
    let house = House::new();
    let stranger = SessionToken::new("made-up".into());
    refused(open(&house, &stranger, "fraud").await, RefusalKind::SignedOut, "signed-out");
    let ada = house.sign_in("ada").await;
    tokio::time::advance(Duration::from_hours(8)).await;
    refused(open(&house, &ada, "fraud").await, RefusalKind::SignedOut, "signed-out");
    let again = house.accept(&later_answer(&house), None).await.unwrap().token;
    house.door.sign_out(&again).await.unwrap();
    refused(open(&house, &again, "fraud").await, RefusalKind::SignedOut, "signed-out");
}

fn later_answer(house: &House) -> String {
    let at = crate::world::START.parse::<jiff::Timestamp>().unwrap();
    let at = at + jiff::SignedDuration::from_hours(8);
    crate::door::Answer { at, assertion: "_a2", ..crate::door::answer("ada") }.by(house.tiles)
}

#[tokio::test(start_paused = true)]
async fn not_entitled() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    for key in ["trials", "no-such-team"] {
        refused(open(&house, &ada, key).await, RefusalKind::Denied, "not-entitled");
    }
    // The directory is asked at each opening.
    house.world.leave("ada", "ml-fraud");
    refused(open(&house, &ada, "fraud").await, RefusalKind::Denied, "not-entitled");
    assert_eq!(house.world.state().changes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_user_name_that_somebody_elses_profile_signs_in_leads_to_no_domain() {
    let house = House::new();
    let signs_in = |whose: &str| {
        sign_in_by_identity_center(&house.world);
        let mut state = house.world.state();
        let (_, mut profile) = state.profiles.pop_first().unwrap();
        profile.name = ProfileName::parse("ada").unwrap();
        profile.sso_user = Some("ada".into());
        profile.tags.extend(BTreeMap::from([(TAG_PERSON.to_owned(), whose.to_owned())]));
        state.profiles.insert(profile.name.folded(), profile);
    };
    signs_in("p-old");
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    // The domain's own page would let her into the profile of who was called so before.
    refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "profile-blocked");
    signs_in("p-ada");
    house.read_in_full().await;
    refused(open(&house, &ada, "fraud").await, RefusalKind::Denied, "sso-domain");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_a_domain_that_signs_people_in_before_they_have_a_profile_there() {
    let house = House::new();
    sign_in_by_identity_center(&house.world);
    house.world.state().profiles.clear();
    let ada = house.sign_in("ada").await;
    // The store is new: who has which name there is for the loop to find out, which is woken.
    let first = open(&house, &ada, "fraud").await.unwrap();
    assert_eq!(first, Opening::Preparing(Preparing { profile_requested: false }));
    let work = house.world.store.status(house.world.now()).await.unwrap();
    assert_eq!(work.due, 1, "{work:?}");
    // Then it is made, and signs her in.
    house.read_in_full().await;
    let made = open(&house, &ada, "fraud").await.unwrap();
    assert_eq!(made, Opening::Preparing(Preparing { profile_requested: true }));
    refused(open(&house, &ada, "fraud").await, RefusalKind::Denied, "sso-domain");
}

#[tokio::test(start_paused = true)]
async fn network_refused() {
    let house = House::new();
    house.read_in_full().await;
    house.world.join("ada", "ml-trials");
    let ada = house.sign_in("ada").await;
    let from =
        |address: &str| Origin { address: Some(address.parse().unwrap()), ..Origin::default() };
    for origin in [Origin::default(), from("10.100.11.7")] {
        let refusal = house.door.open(&ada, &team("trials"), &origin).await.unwrap_err();
        assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, "network-refused"));
        assert_eq!(refusal.remedy, "Use the office network or the VPN.");
    }
    assert_eq!(house.world.state().changes, [""; 0]);
    let office = from("10.100.10.7");
    let first = house.door.open(&ada, &team("trials"), &office).await.unwrap();
    assert_eq!(first, Opening::Preparing(Preparing { profile_requested: true }));
    assert_eq!(
        link(house.door.open(&ada, &team("trials"), &office).await),
        "https://studio.example/ada--trials"
    );
}

#[tokio::test(start_paused = true)]
async fn profile_blocked() {
    let house = House::new();
    house.read_in_full().await;
    house.world.state().profiles.get_mut("ada--fraud").unwrap().tags = Tags::default();
    let ada = house.sign_in("ada").await;
    refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "profile-blocked");
    let detail = house.world.state().audit.last().unwrap().details["detail"].clone();
    assert_eq!(
        detail,
        "name-taken it is not Stagedoor's; the map can adopt it: { domain: research, profile: \
         ada--fraud, person: \"ada\", team: fraud }"
    );
}

#[tokio::test(start_paused = true)]
async fn the_door_never_deletes_somebodys_spaces() {
    let house = House::new();
    let space = ObservedSpace {
        name: "work".into(),
        status: ProfileStatus::InService,
        shared: false,
        volume_gib: None,
        apps: vec![],
    };
    {
        let mut state = house.world.state();
        let profile = state.profiles.get_mut("ada--fraud").unwrap();
        profile.status = ProfileStatus::Failed;
        profile.spaces.push(space);
    }
    let ada = house.sign_in("ada").await;
    refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "profile-blocked");
    assert_eq!(house.world.state().changes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn unavailable() {
    for fault in [Fault::Directory, Fault::Domain, Fault::Presign, Fault::Sessions, Fault::Audit] {
        let house = House::new();
        let ada = house.sign_in("ada").await;
        house.world.break_down(fault);
        refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "unavailable");
        house.world.mend(fault);
        link(open(&house, &ada, "fraud").await);
    }
}

#[tokio::test(start_paused = true)]
async fn what_aws_refuses_for_good_is_not_said_to_pass() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    house.world.break_down(Fault::LinksDenied);
    let refusal = open(&house, &ada, "fraud").await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Unavailable, "profile-blocked"));
    assert_eq!(refusal.why, "AWS does not let Stagedoor open your Studio profile.");
    assert!(refusal.remedy.starts_with("Ask your administrator"), "{refusal:?}");
}

#[tokio::test(start_paused = true)]
async fn a_team_that_another_one_outranks_is_refused_as_that() {
    let house = House::new();
    sign_in_by_identity_center(&house.world);
    house.world.state().profiles.clear();
    house.world.join("ada", "ml-trials");
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    let office = Origin { address: Some("10.100.10.7".parse().unwrap()), ..Origin::default() };
    let refusal = house.door.open(&ada, &team("trials"), &office).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, "outranked"));
}

#[tokio::test(start_paused = true)]
async fn who_is_disabled_or_gone_loses_the_session_for_good() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    let enable = |enabled| {
        house.world.state().people.get_mut(&person_id("ada")).unwrap().enabled = enabled;
    };
    enable(false);
    refused(open(&house, &ada, "fraud").await, RefusalKind::Denied, "person-disabled");
    enable(true);
    refused(open(&house, &ada, "fraud").await, RefusalKind::SignedOut, "signed-out");

    let house = House::new();
    let ada = house.sign_in("ada").await;
    let person = house.world.state().people.remove(&person_id("ada")).unwrap();
    let refusal = house.door.my_work(&ada, &Origin::default()).await.unwrap_err();
    assert_eq!(refusal.code, "person-unknown");
    house.world.state().people.insert(person.id.clone(), person);
    refused(open(&house, &ada, "fraud").await, RefusalKind::SignedOut, "signed-out");
}

#[tokio::test(start_paused = true)]
async fn of_whom_the_directory_shows_not_all_is_not_told_that_they_are_gone() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    let hide = || house.world.state().hidden.insert(person_id("ada"));
    hide();
    refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "unavailable");
    let refusal = house.door.my_work(&ada, &Origin::default()).await.unwrap_err();
    assert_eq!(refusal.code, "unavailable");
    // Her session is as it was.
    house.world.state().hidden.clear();
    link(open(&house, &ada, "fraud").await);
    assert_eq!(house.world.audited("sessions-ended"), [""; 0]);
    // And nobody is let in of whom it is not known what they may.
    hide();
    let (id, browser) = house.begin().await;
    let response = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    let refusal = house.accept(&response, Some(&browser)).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Unavailable, "unavailable"));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_openings_at_once_are_one() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    house.world.state().reads.clear();
    house.world.state().directory_takes = Duration::from_secs(1);
    let crowd = (0..100).map(|_| open(&house, &ada, "fraud"));
    let outcomes = futures::future::join_all(crowd).await;
    let again = outcomes.iter().filter(|outcome| **outcome == Ok(AGAIN)).count();
    assert_eq!(again, 99);
    assert_eq!(house.world.state().reads, ["p-ada", "p-ada"]);
    link(open(&house, &ada, "fraud").await);
}

/// The browser closes the line while SageMaker is asked.
#[tokio::test(start_paused = true)]
async fn a_browser_that_goes_away_leaves_no_turn_behind() {
    let house = House::over(World::of(&[]));
    house.read_in_full().await;
    house.world.join("ada", "ml-fraud");
    let ada = house.sign_in("ada").await;
    house.world.state().domain_takes = Duration::from_secs(5);
    let gone = tokio::time::timeout(Duration::from_secs(1), open(&house, &ada, "fraud")).await;
    assert!(gone.is_err());
    let next = open(&house, &ada, "fraud").await.unwrap();
    assert_eq!(next, Opening::Preparing(Preparing { profile_requested: true }));
    assert_eq!(house.world.audited("creating-profile"), ["entitled"]);
}

/// The store is new: nobody knows which profiles there are.
#[tokio::test(start_paused = true)]
async fn a_first_sign_in_reads_no_whole_domain() {
    let house = House::over(World::of(&["bob"]));
    house.world.join("ada", "ml-fraud");
    let ada = house.sign_in("ada").await;
    assert_eq!(open(&house, &ada, "fraud").await.unwrap(), AGAIN);
    assert_eq!(open(&house, &ada, "fraud").await.unwrap(), AGAIN);
    assert_eq!(house.world.state().changes, [""; 0]);
    assert!(house.world.state().domain_reads.iter().all(|read| read != "all"));
    let waiting = house.world.store.status(house.world.now()).await.unwrap();
    assert_eq!(waiting.due, 1);

    // The loop does the rest; the page that waits finds it.
    let running = crate::reconciler::Running::start(&house.world, crate::world::MAP);
    tokio::time::sleep(Duration::from_secs(30)).await;
    link(open(&house, &ada, "fraud").await);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whose_profile_is_known_opens_by_reading_it_alone() {
    let house = House::over(World::of(&["ada", "bob"]));
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    // She has another name now, and keeps her profile.
    house.world.state().people.get_mut(&person_id("ada")).unwrap().user_name = "augusta".into();
    house.world.state().domain_reads.clear();
    link(open(&house, &ada, "fraud").await);
    assert_eq!(house.world.state().domain_reads, ["ada--fraud"]);
}

#[tokio::test(start_paused = true)]
async fn frozen() {
    let house = House::over(World::of(&["ada"]));
    house.world.join("zoe", "ml-fraud");
    let ada = house.sign_in("ada").await;
    let answer = crate::door::Answer { assertion: "_a2", ..crate::door::answer("zoe") };
    let zoe = house.accept(&answer.by(house.tiles), None).await.unwrap().token;
    let freeze = Freeze { by: "ana".into(), reason: "an audit".into(), at: house.world.now() };
    house.world.store.freeze(&freeze).await.unwrap();
    for known in [false, true] {
        if known {
            house.read_in_full().await;
        }
        refused(open(&house, &zoe, "fraud").await, RefusalKind::Unavailable, "frozen");
        let detail = house.world.state().audit.last().unwrap().details["detail"].clone();
        let said = "nothing is changed: frozen by ana since 2026-11-21T09:00:00Z: an audit";
        assert_eq!(detail, said, "{known}");
    }
    // What is ready opens.
    link(open(&house, &ada, "fraud").await);
    assert_eq!(house.world.state().changes, [""; 0]);
    assert!(house.world.store.thaw(&freeze).await.unwrap());
    let made = open(&house, &zoe, "fraud").await.unwrap();
    assert_eq!(made, Opening::Preparing(Preparing { profile_requested: true }));
}

#[tokio::test(start_paused = true)]
async fn observe_only() {
    let house = House::observing(World::of(&[]));
    house.world.join("ada", "ml-fraud");
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    refused(open(&house, &ada, "fraud").await, RefusalKind::Unavailable, "observe-only");
    assert_eq!(house.world.state().changes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn whom_another_pass_is_at_is_left_to_it() {
    let house = House::over(World::of(&[]));
    house.read_in_full().await;
    house.world.join("ada", "ml-fraud");
    let ada = house.sign_in("ada").await;
    let (now, people) = (house.world.now(), BTreeSet::from([person_id("ada")]));
    let (claims, other) = (&house.world.store, ChangeId::new(now, [1; 32]));
    let ticket = claims.ticket(now).await.unwrap();
    let hold = jiff::SignedDuration::from_mins(5);
    claims.claim(&other, &people, &ticket, now, hold).await.unwrap();
    assert_eq!(open(&house, &ada, "fraud").await.unwrap(), AGAIN);
    assert_eq!(house.world.state().changes, [""; 0]);
    claims.release(&other, now).await.unwrap();
    let made = open(&house, &ada, "fraud").await.unwrap();
    assert_eq!(made, Opening::Preparing(Preparing { profile_requested: true }));
}
