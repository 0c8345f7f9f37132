//! Signing in: who is let in, and by which code everybody else is refused.

use crate::world::{Fault, MAP, START, World, person_id};
use access::ids::IdpKey;
use access::network::Origin;
use control::door::{
    Accepted, CookieKeys, Door, DoorPorts, DoorSettings, Refusal, RefusalKind, SessionToken,
};
use control::plane::Plane;
use control::survey::Scope;
use demo_idp::{DemoIdp, DemoIdpConfig, DemoPerson, DemoResponse, Signing};
use jiff::{SignedDuration, Timestamp};
use saml_sp::IdentityProvider;
use std::num::NonZeroU32;
use std::slice::from_ref;
use std::sync::{Arc, LazyLock};

pub(crate) const DOOR: &str = "https://door.example.com";

/// A door with two identity providers: `corp`, which must be asked, and `tiles`, which need not.
pub(crate) struct House {
    pub(crate) world: Arc<World>,
    pub(crate) door: Door,
    pub(crate) corp: &'static DemoIdp,
    pub(crate) tiles: &'static DemoIdp,
}

/// Making keys takes long; every house trusts the same two.
static CORP: LazyLock<DemoIdp> = LazyLock::new(|| idp("https://corp.example"));
static TILES: LazyLock<DemoIdp> = LazyLock::new(|| idp("https://tiles.example"));

pub(crate) fn idp(base_url: &str) -> DemoIdp {
    let config = DemoIdpConfig {
        base_url: base_url.into(),
        people: vec![],
        service_providers: vec![],
        tiles: vec![],
    };
    DemoIdp::new(config, Arc::new(|| START.parse().unwrap())).unwrap()
}

/// One answer of an identity provider.
pub(crate) struct Answer<'a> {
    pub(crate) name: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) team: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
    pub(crate) assertion: &'a str,
    pub(crate) at: Timestamp,
}

pub(crate) fn answer(name: &str) -> Answer<'_> {
    let at = START.parse().unwrap();
    Answer { name, display_name: name, team: None, to: None, assertion: "_a1", at }
}

impl Answer<'_> {
    pub(crate) fn by(&self, idp: &DemoIdp) -> String {
        let person = DemoPerson {
            user_name: self.name.into(),
            display_name: self.display_name.into(),
            user_id: format!("p-{}", self.name),
            email: self.name.into(),
            about: String::new(),
        };
        idp.issue_response(&DemoResponse {
            person: &person,
            team: self.team,
            in_response_to: self.to,
            acs_url: &format!("{DOOR}/saml/acs"),
            audience: &format!("{DOOR}/saml/metadata"),
            issued_at: self.at,
            response_id: "_r1",
            assertion_id: self.assertion,
            signing: Signing::Assertion,
        })
        .unwrap()
    }
}

pub(crate) fn settings() -> DoorSettings {
    DoorSettings::new(DOOR, CookieKeys::new([7; 32]))
}

pub(crate) fn ports(world: &Arc<World>) -> DoorPorts {
    DoorPorts {
        presign: world.clone(),
        replay: world.clone(),
        logins: world.clone(),
        attempts: world.clone(),
    }
}

pub(crate) fn idp_key(key: &str) -> IdpKey {
    IdpKey::parse(key).unwrap()
}

/// What `corp` or `tiles` says of itself.
pub(crate) fn metadata(key: &str) -> (IdpKey, IdentityProvider) {
    let idp: &DemoIdp = if key == "corp" { &CORP } else { &TILES };
    (idp_key(key), metadata_of(idp))
}

pub(crate) fn metadata_of(idp: &DemoIdp) -> IdentityProvider {
    IdentityProvider::from_metadata(idp.metadata_xml().as_bytes(), None).unwrap()
}

impl House {
    /// Ada is in `ml-fraud` and has her profile.
    pub(crate) fn new() -> Self {
        Self::over(World::of(&["ada"]))
    }

    pub(crate) fn over(world: Arc<World>) -> Self {
        Self::by(world, MAP)
    }

    /// By another map, with the metadata of both providers as far as the map has them.
    pub(crate) fn by(world: Arc<World>, map: &str) -> Self {
        Self::with(world, map, settings(), [metadata("corp"), metadata("tiles")])
    }

    pub(crate) fn with(
        world: Arc<World>,
        map: &str,
        settings: DoorSettings,
        metadata: impl IntoIterator<Item = (IdpKey, IdentityProvider)>,
    ) -> Self {
        let plane = world.plane(map);
        Self::of(world, plane, settings, metadata)
    }

    /// The door of a process that only observes.
    pub(crate) fn observing(world: Arc<World>) -> Self {
        let plane = Plane { observe_only: true, ..world.plane(MAP) };
        Self::of(world, plane, settings(), [metadata("corp"), metadata("tiles")])
    }

    /// Before another directory, or another store.
    pub(crate) fn before(world: Arc<World>, plane: Plane) -> Self {
        Self::of(world, plane, settings(), [metadata("corp"), metadata("tiles")])
    }

    fn of(
        world: Arc<World>,
        plane: Plane,
        settings: DoorSettings,
        metadata: impl IntoIterator<Item = (IdpKey, IdentityProvider)>,
    ) -> Self {
        let known = |(key, _): &(IdpKey, _)| plane.map.identity_providers.contains_key(key);
        let metadata = metadata.into_iter().filter(known).collect();
        let door = Door::new(plane, ports(&world), settings, metadata).unwrap();
        Self { world, door, corp: &CORP, tiles: &TILES }
    }

    fn with_metadata_until(world: Arc<World>, valid_until: Option<Timestamp>) -> Self {
        let metadata = ["corp", "tiles"].map(|key| {
            let (key, idp) = metadata(key);
            (key, IdentityProvider { valid_until, ..idp })
        });
        Self::with(world, MAP, settings(), metadata)
    }

    /// Reads every domain, as the loop does at its start: from then on the index tells.
    pub(crate) async fn read_in_full(&self) {
        self.world.plane(MAP).survey(&Scope::Everything).await.unwrap();
    }

    /// Begins at `corp`: the request's id and the browser's secret.
    pub(crate) async fn begin(&self) -> (String, SessionToken) {
        let begun = self.door.begin(&idp_key("corp"), None, &Origin::default()).await.unwrap();
        let id = self.world.state().logins.keys().next_back().unwrap().clone();
        (id, begun.browser)
    }

    pub(crate) async fn accept(
        &self,
        response: &str,
        browser: Option<&SessionToken>,
    ) -> Result<Accepted, Refusal> {
        let begun = browser.map(from_ref).unwrap_or_default();
        self.door.accept(response, None, begun, &Origin::default()).await
    }

    /// By a tile of `tiles`.
    pub(crate) async fn sign_in(&self, name: &str) -> SessionToken {
        self.accept(&answer(name).by(self.tiles), None).await.unwrap().token
    }

    /// The refusal is what it says, is written down, and opened no session.
    #[track_caller]
    pub(crate) fn refused(
        &self,
        outcome: Result<Accepted, Refusal>,
        kind: RefusalKind,
        code: &str,
    ) {
        let refusal = outcome.unwrap_err();
        assert_eq!((refusal.kind, refusal.code), (kind, code));
        let state = self.world.state();
        let entry = state.audit.last().unwrap();
        assert_eq!((entry.event.as_str(), entry.code.as_str()), ("refused", code));
        assert_eq!(entry.details["reference"], refusal.reference);
        assert!(state.sessions.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_our_request_in_this_browser_opens_a_session() {
    let house = House::new();
    let (id, browser) = house.begin().await;
    let response = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    let accepted = house.accept(&response, Some(&browser)).await.unwrap();
    assert_eq!(accepted.expires_seconds, 8 * 3_600);
    let state = house.world.state();
    let sessions: Vec<_> = state.sessions.values().map(|s| s.person.clone()).collect();
    assert_eq!(sessions, [person_id("ada")]);
    assert_eq!(state.audit[0].event, "sign-in");
    let secrets = [accepted.token.reveal(), browser.reveal(), &response];
    let written = format!("{:?} {:?} {:?}", state.audit, state.sessions, state.logins);
    assert!(secrets.iter().all(|secret| !written.contains(secret)));
}

#[tokio::test(start_paused = true)]
async fn unknown_idp() {
    let house = House::new();
    let nobody = house.door.begin(&idp_key("other"), None, &Origin::default()).await.unwrap_err();
    assert_eq!((nobody.kind, nobody.code), (RefusalKind::BadRequest, "unknown-idp"));
    let stranger = answer("ada").by(&idp("https://stranger.example"));
    house.refused(house.accept(&stranger, None).await, RefusalKind::Denied, "unknown-idp");
}

#[tokio::test(start_paused = true)]
async fn idp_metadata_expired() {
    let end = START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(60);
    let house = House::with_metadata_until(World::of(&["ada"]), Some(end));
    house.sign_in("ada").await;
    house.world.state().sessions.clear();
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    let at = Answer { at: end, ..answer("ada") }.by(house.tiles);
    let outcome = house.accept(&at, None).await;
    house.refused(outcome, RefusalKind::Denied, "idp-metadata-expired");
}

#[tokio::test(start_paused = true)]
async fn unknown_login() {
    let house = House::new();
    let (id, browser) = house.begin().await;
    let never = Answer { to: Some("_never"), ..answer("ada") }.by(house.corp);
    let outcome = house.accept(&never, Some(&browser)).await;
    house.refused(outcome, RefusalKind::Denied, "unknown-login");
    // It lapses after a quarter of an hour.
    tokio::time::advance(std::time::Duration::from_mins(15)).await;
    let at = START.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(15);
    let late = Answer { to: Some(&id), at, ..answer("ada") }.by(house.corp);
    let outcome = house.accept(&late, Some(&browser)).await;
    house.refused(outcome, RefusalKind::Denied, "unknown-login");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_taken_once() {
    let house = House::new();
    let (id, browser) = house.begin().await;
    let response = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    house.accept(&response, Some(&browser)).await.unwrap();
    house.world.state().sessions.clear();
    let again = house.accept(&response, Some(&browser)).await;
    house.refused(again, RefusalKind::Denied, "unknown-login");
}

#[tokio::test(start_paused = true)]
async fn other_browser() {
    let house = House::new();
    for browser in [None, Some(unsigned()), Some(house.sign_in("ada").await)] {
        house.world.state().sessions.clear();
        let (id, _) = house.begin().await;
        let response = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
        let outcome = house.accept(&response, browser.as_ref()).await;
        house.refused(outcome, RefusalKind::Denied, "other-browser");
    }
    // The secrets of other sign-ins are other secrets.
    let (_, mine) = house.begin().await;
    let (theirs, _) = house.begin().await;
    let response = Answer { to: Some(&theirs), ..answer("ada") }.by(house.corp);
    let outcome = house.door.accept(&response, None, &[mine, unsigned()], &Origin::default()).await;
    house.refused(outcome, RefusalKind::Denied, "other-browser");
}

/// A browser that opens its windows of last time again begins a sign-in in each.
#[tokio::test(start_paused = true)]
async fn windows_that_sign_in_at_once_all_come_in() {
    let house = House::new();
    let (first, second) = (house.begin().await, house.begin().await);
    let secrets = [unsigned(), first.1.clone(), second.1.clone()];
    for ((id, secret), assertion) in [(second, "_a2"), (first, "_a3")] {
        let response = Answer { to: Some(&id), assertion, ..answer("ada") }.by(house.corp);
        let accepted = house.door.accept(&response, None, &secrets, &Origin::default()).await;
        assert_eq!(accepted.unwrap().begun, Some(secret));
        let again = house.door.accept(&response, None, &secrets, &Origin::default()).await;
        assert_eq!(again.unwrap_err().code, "unknown-login");
    }
    let unasked = house.accept(&answer("ada").by(house.tiles), None).await.unwrap();
    assert_eq!(unasked.begun, None);
}

/// A secret that another made up.
fn unsigned() -> SessionToken {
    SessionToken::new("planted".into())
}

#[tokio::test(start_paused = true)]
async fn other_idp() {
    let house = House::new();
    let (id, browser) = house.begin().await;
    let response = Answer { to: Some(&id), ..answer("ada") }.by(house.tiles);
    let outcome = house.accept(&response, Some(&browser)).await;
    house.refused(outcome, RefusalKind::Denied, "other-idp");
}

#[tokio::test(start_paused = true)]
async fn unasked_answers_only_where_the_map_allows() {
    let house = House::new();
    let unasked = answer("ada").by(house.corp);
    house.refused(house.accept(&unasked, None).await, RefusalKind::Denied, "unsolicited-refused");
    house.sign_in("ada").await;
}

#[tokio::test(start_paused = true)]
async fn replayed() {
    let house = House::new();
    let response = answer("ada").by(house.tiles);
    house.accept(&response, None).await.unwrap();
    house.world.state().sessions.clear();
    house.refused(house.accept(&response, None).await, RefusalKind::Denied, "replayed");
}

#[tokio::test(start_paused = true)]
async fn what_a_forger_sends_uses_nothing_up() {
    let house = House::new();
    let (id, browser) = house.begin().await;
    let false_corp = idp("https://corp.example");
    let forged = Answer { to: Some(&id), ..answer("ada") }.by(&false_corp);
    let outcome = house.accept(&forged, Some(&browser)).await;
    house.refused(outcome, RefusalKind::Denied, "signature-invalid");
    let forged = answer("ada").by(&idp("https://tiles.example"));
    house.refused(house.accept(&forged, None).await, RefusalKind::Denied, "signature-invalid");
    assert_eq!(house.world.state().reads, [""; 0]);

    let genuine = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    house.accept(&genuine, Some(&browser)).await.unwrap();
    house.sign_in("ada").await;
}

#[tokio::test(start_paused = true)]
async fn person_unknown() {
    let house = House::new();
    let mallory = answer("mallory").by(house.tiles);
    house.refused(house.accept(&mallory, None).await, RefusalKind::Denied, "person-unknown");
}

#[tokio::test(start_paused = true)]
async fn a_person_of_another_name_is_nobody_however_loosely_the_directory_compares() {
    let house = House::over(World::of(&["ada", "kate"]));
    for (name, known) in [("adá", false), ("\u{212a}ate", false), ("ADA", true)] {
        let (id, browser) = house.begin().await;
        let answer = Answer { to: Some(&id), assertion: name, ..answer(name) }.by(house.corp);
        let outcome = house.accept(&answer, Some(&browser)).await;
        if known {
            outcome.unwrap();
        } else {
            house.refused(outcome, RefusalKind::Denied, "person-unknown");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn person_unnamed() {
    let house = House::new();
    let nameless = answer("no id at all").by(house.tiles);
    house.refused(house.accept(&nameless, None).await, RefusalKind::Denied, "person-unnamed");
}

#[tokio::test(start_paused = true)]
async fn person_disabled() {
    let house = House::new();
    house.world.state().people.get_mut(&person_id("ada")).unwrap().enabled = false;
    let ada = answer("ada").by(house.tiles);
    house.refused(house.accept(&ada, None).await, RefusalKind::Denied, "person-disabled");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_or_written_lets_nobody_in() {
    for fault in [Fault::Directory, Fault::Logins, Fault::Replay, Fault::Sessions] {
        let house = House::new();
        let (id, browser) = house.begin().await;
        house.world.break_down(fault);
        let response = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
        let outcome = house.accept(&response, Some(&browser)).await;
        house.refused(outcome, RefusalKind::Unavailable, "unavailable");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_signs_in_unwritten() {
    let house = House::new();
    house.world.break_down(Fault::Audit);
    let refusal = house.accept(&answer("ada").by(house.tiles), None).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Unavailable, "unavailable"));
    assert!(house.world.state().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_fill_the_store() {
    let often = DoorSettings { sign_ins_per_minute: NonZeroU32::MAX, ..settings() };
    let both = [metadata("corp"), metadata("tiles")];
    let house = House::with(World::of(&["ada"]), MAP, often, both);
    for _ in 0..200 {
        house.accept("bm9uc2Vuc2U=", None).await.unwrap_err();
    }
    assert_eq!(house.world.state().audit.len(), 60);
    assert_eq!(house.world.state().attempts.len(), 60);
    // Whoever is known is written down all the same.
    house.world.state().people.get_mut(&person_id("ada")).unwrap().enabled = false;
    house.accept(&answer("ada").by(house.tiles), None).await.unwrap_err();
    assert_eq!(house.world.audited("refused").last().unwrap(), "person-disabled");
    assert_eq!(house.world.state().attempts.last().unwrap().code, "person-disabled");
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    house.accept("bm9uc2Vuc2U=", None).await.unwrap_err();
    assert_eq!(house.world.state().audit.len(), 62);
}

#[tokio::test(start_paused = true)]
async fn the_tile_names_a_team_and_the_relay_state_only_where_nothing_was_asked() {
    let house = House::new();
    let team = |accepted: Accepted| accepted.team.map(|team| team.to_string());
    let tile = Answer { team: Some("trials"), ..answer("ada") }.by(house.tiles);
    assert_eq!(team(house.accept(&tile, None).await.unwrap()).as_deref(), Some("trials"));

    let plain = Answer { assertion: "_a2", ..answer("ada") }.by(house.tiles);
    let origin = Origin::default();
    let accepted = house.door.accept(&plain, Some("fraud"), &[], &origin).await.unwrap();
    assert_eq!(team(accepted).as_deref(), Some("fraud"));

    let (id, browser) = house.begin().await;
    let asked = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    let accepted =
        house.door.accept(&asked, Some("fraud"), from_ref(&browser), &origin).await.unwrap();
    assert_eq!(team(accepted), None);
}
