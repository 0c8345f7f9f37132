//! What people see and change of their own: running apps, tools, sessions.

use crate::door::{Answer, House, answer};
use crate::door_opening::open;
use crate::world::{Fault, World, person_id, team};
use access::network::Origin;
use access::observed::{AppStatus, ObservedApp, ObservedSpace, ProfileStatus};
use control::door::{LastOpened, MyWork, Opening, Running, SessionToken, Tool};
use control::ports::{Claims, Clock, Freeze, Switch};
use std::time::Duration;

async fn work(house: &House, token: &SessionToken) -> MyWork {
    house.door.my_work(token, &Origin::default()).await.unwrap()
}

/// App types of the first card; `None`: unread.
async fn running(house: &House, token: &SessionToken) -> Option<Vec<String>> {
    match &work(house, token).await.teams[0].running {
        Running::Unread => None,
        Running::Apps(apps, _) => Some(apps.iter().map(|app| app.app_type.clone()).collect()),
    }
}

fn space(name: &str, app_type: &str, shared: bool) -> ObservedSpace {
    let app = ObservedApp {
        app_type: app_type.into(),
        name: "default".into(),
        status: AppStatus::InService,
        instance_type: None,
        since: None,
    };
    let status = ProfileStatus::InService;
    ObservedSpace { name: name.into(), status, shared, volume_gib: None, apps: vec![app] }
}

#[tokio::test(start_paused = true)]
async fn running_apps_are_read_once_in_a_while_and_of_the_person_alone() {
    let house = House::over(World::of(&["ada", "bob"]));
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    house.world.state().domain_reads.clear();
    for _ in 0..5 {
        assert_eq!(running(&house, &ada).await, Some(vec!["JupyterLab".to_owned()]));
    }
    assert_eq!(house.world.state().domain_reads, ["ada--fraud"]);
    tokio::time::advance(Duration::from_secs(31)).await;
    running(&house, &ada).await;
    assert_eq!(house.world.state().domain_reads.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_takes_long_is_unread_at_first_and_known_the_next_time() {
    let house = House::new();
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    house.world.state().domain_takes = Duration::from_secs(3);
    let before = tokio::time::Instant::now();
    assert_eq!(running(&house, &ada).await, None);
    assert!(before.elapsed() < Duration::from_secs(1));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(running(&house, &ada).await, Some(vec!["JupyterLab".to_owned()]));
    // An older reading is shown while the next one takes long.
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(running(&house, &ada).await, Some(vec!["JupyterLab".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_to_be_unread() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    // No full reading has told which profiles there are.
    assert_eq!(running(&house, &ada).await, None);
    house.read_in_full().await;
    house.world.state().faults.insert(Fault::Domain);
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(running(&house, &ada).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_last_opening_is_told() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    assert_eq!(work(&house, &ada).await.teams[0].opened, LastOpened::NotLately);
    open(&house, &ada, "fraud").await.unwrap();
    let then = house.world.now();
    assert_eq!(work(&house, &ada).await.teams[0].opened, LastOpened::At(then));
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_opened_in_the_space_of_ones_own_in_which_it_runs() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    let spaces = vec![
        space("shared", "CodeEditor", true),
        space("b-mine", "CodeEditor", false),
        space("a-mine", "CodeEditor", false),
    ];
    house.world.state().profiles.values_mut().next().unwrap().spaces = spaces;
    let ask = async |tool| {
        let opening = house.door.open_with(&ada, &team("fraud"), tool, &Origin::default()).await;
        assert!(matches!(opening, Ok(Opening::Ready(_))));
        let asked = house.world.state().presigned.pop().unwrap();
        (asked.landing.map(|uri| uri.to_string()), asked.space.map(|space| space.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(ask(Tool::CodeEditor).await, (some("app:CodeEditor:"), some("a-mine")));
    assert_eq!(ask(Tool::JupyterLab).await, (some("app:JupyterLab:"), None));
    assert_eq!(ask(Tool::Studio).await, (None, None));
}

#[tokio::test(start_paused = true)]
async fn tools_that_the_team_hides_are_not_offered() {
    let hidden = "role/fraud\", user_settings: { StudioWebPortalSettings: { HiddenAppTypes: \
                  [CodeEditor] } },";
    let map = crate::world::MAP.replace("role/fraud\",", hidden);
    let house = House::by(World::of(&["ada"]), &map);
    let ada = house.sign_in("ada").await;
    assert_eq!(work(&house, &ada).await.teams[0].tools, [Tool::JupyterLab]);
    let ada = House::new();
    let token = ada.sign_in("ada").await;
    assert_eq!(work(&ada, &token).await.teams[0].tools, Tool::STRAIGHT);
}

async fn stop(house: &House, token: &SessionToken) -> Result<usize, &'static str> {
    let stopped = house.door.stop_my_apps(token, &team("fraud")).await;
    stopped.map_err(|refusal| refusal.code)
}

#[tokio::test(start_paused = true)]
async fn ones_own_apps_stop_and_those_of_others_run_on() {
    let house = House::over(World::of(&["ada", "bob"]));
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    let profile = "ada--fraud";
    let spaces = vec![space("mine", "CodeEditor", false), space("ours", "JupyterLab", true)];
    {
        let mut state = house.world.state();
        let mut profiles = state.profiles.values_mut();
        profiles.find(|own| own.name.as_str() == profile).unwrap().spaces = spaces;
    }
    let apps = house.door.my_apps(&ada, &team("fraud")).await.unwrap();
    let shown: Vec<_> = apps.iter().map(|app| (&*app.app_type, app.space.as_deref())).collect();
    assert_eq!(shown, [("JupyterLab", None), ("CodeEditor", Some("mine"))]);
    house.world.state().changes.clear();
    assert_eq!(stop(&house, &ada).await, Ok(2));
    let changes = house.world.state().changes.clone();
    assert_eq!(changes, ["stop JupyterLab of ada--fraud", "stop CodeEditor of space mine"]);
    assert_eq!(house.world.audited("stopping-own-app"), ["own-apps", "own-apps"]);
}

/// Ada has an app in her profile and one in a space of her own.
async fn with_two_apps() -> (House, SessionToken) {
    let house = House::new();
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    let mut state = house.world.state();
    state.profiles.values_mut().next().unwrap().spaces = vec![space("mine", "CodeEditor", false)];
    state.changes.clear();
    drop(state);
    (house, ada)
}

#[tokio::test(start_paused = true)]
async fn no_further_app_stops_once_everything_is_frozen() {
    let (house, ada) = with_two_apps().await;
    house.world.break_down(Fault::FreezesMeanwhile);
    assert_eq!(stop(&house, &ada).await, Err("frozen"));
    assert_eq!(house.world.state().changes, ["stop JupyterLab of ada--fraud"]);
    assert_eq!(house.world.audited("stopping-own-app"), ["own-apps"]);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_stopped_keeps_no_other_running() {
    let (house, ada) = with_two_apps().await;
    house.world.break_down(Fault::StopApp);
    assert_eq!(stop(&house, &ada).await, Err("unavailable"));
    assert_eq!(house.world.state().changes, ["stop CodeEditor of space mine"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_stops_unwritten_frozen_or_while_another_pass_is_at_it() {
    let house = House::new();
    house.read_in_full().await;
    let ada = house.sign_in("ada").await;
    house.world.state().changes.clear();
    house.world.state().faults.insert(Fault::Audit);
    assert_eq!(stop(&house, &ada).await, Err("unavailable"));
    house.world.state().faults.clear();

    let freeze = Freeze { by: "root".into(), reason: "audit".into(), at: house.world.now() };
    house.world.store.freeze(&freeze).await.unwrap();
    assert_eq!(stop(&house, &ada).await, Err("frozen"));
    assert!(house.world.store.thaw(&freeze).await.unwrap());

    let now = house.world.now();
    let other = control::ports::ChangeId::new(now, [1; 32]);
    let ticket = house.world.store.ticket(now).await.unwrap();
    let one = [person_id("ada")].into();
    let hold = jiff::SignedDuration::from_mins(1);
    house.world.store.claim(&other, &one, &ticket, now, hold).await.unwrap();
    assert_eq!(stop(&house, &ada).await, Err("unavailable"));
    assert_eq!(house.world.state().changes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn my_access_tells_own_grants_and_sessions_only() {
    let house = House::over(World::of(&["ada", "bob"]));
    let ada = house.sign_in("ada").await;
    let own = house.door.my_access(&ada, &Origin::default()).await.unwrap();
    let teams: Vec<_> = own.why.teams.iter().map(|t| (t.team.as_str(), t.granted)).collect();
    assert_eq!(teams, [("fraud", true)]);
    assert!(own.from_here.contains(&team("fraud")));
    let sessions = own.sessions.unwrap();
    assert_eq!(sessions.len(), 1);
    assert!(sessions[0].is_this && sessions[0].begun == house.world.now());
    let history = own.history.unwrap();
    assert_eq!(history.first().map(|entry| entry.event.as_str()), Some("sign-in"));

    // Somebody else's handle ends nothing.
    let response = Answer { assertion: "_a2", ..answer("bob") }.by(house.tiles);
    let bob = house.accept(&response, None).await.unwrap().token;
    let ended = house.door.end_sessions(&bob, Some(&sessions[0].handle)).await.unwrap();
    assert_eq!((ended.number, ended.this_too), (0, false));
    let ended = house.door.end_sessions(&ada, Some(&sessions[0].handle)).await.unwrap();
    assert_eq!((ended.number, ended.this_too), (1, true));
    let refusal = house.door.my_access(&ada, &Origin::default()).await.unwrap_err();
    assert_eq!(refusal.code, "signed-out");
    house.door.my_access(&bob, &Origin::default()).await.unwrap();
    assert_eq!(house.world.audited("sessions-ended"), ["own-sessions"]);
}
