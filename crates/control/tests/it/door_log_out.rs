//! Sessions that an identity provider ends: which, on whose word, and what it is told.

use crate::door::{Answer, DOOR, House, answer, idp, idp_key, metadata, metadata_of, settings};
use crate::world::{Fault, MAP, START, World, team};
use access::network::Origin;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control::door::{DoorSettings, LoggedOut, LogoutMessage, Refusal, RefusalKind, SessionToken};
use demo_idp::{DemoIdp, DemoLogout};
use flate2::read::DeflateDecoder;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use saml_sp::{IdentityProvider, ServiceProviderKey};
use std::io::Read;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

const SLO: &str = "https://idp.example/slo?tenant=1";

fn start() -> Timestamp {
    START.parse().unwrap()
}

/// What a provider says of itself, log-out included.
fn with_slo(key: &str) -> IdentityProvider {
    IdentityProvider { slo_redirect_url: Some(SLO.into()), ..metadata(key).1 }
}

fn house_of(world: Arc<World>, settings: DoorSettings, tiles: IdentityProvider) -> House {
    let providers = [(idp_key("corp"), with_slo("corp")), (idp_key("tiles"), tiles)];
    House::with(world, MAP, settings, providers)
}

pub(crate) fn house() -> House {
    house_of(World::of(&["ada", "bob"]), settings(), with_slo("tiles"))
}

/// The order to end all of Ada's sessions.
pub(crate) fn all_of_ada() -> DemoLogout<'static> {
    DemoLogout {
        name_id: "ada",
        session_index: None,
        destination: "https://door.example.com/saml/logout",
        id: "_out1",
        issued_at: start(),
        relay_state: None,
    }
}

pub(crate) async fn log_out(
    house: &House,
    by: &DemoIdp,
    logout: &DemoLogout<'_>,
) -> Result<LoggedOut, Refusal> {
    let query = by.logout_query(logout).unwrap();
    house.door.log_out(LogoutMessage::Query(&query), &Origin::default()).await
}

/// Signs in by `tiles`; the session's index is this.
async fn sign_in(house: &House, name: &str, index: &str) -> SessionToken {
    let response = Answer { assertion: index, ..answer(name) }.by(house.tiles);
    house.accept(&response, None).await.unwrap().token
}

/// The same by an assertion that was issued a second later than any order of this page.
async fn sign_in_anew(house: &House, name: &str, index: &str) -> SessionToken {
    let at = start() + SignedDuration::from_secs(1);
    let response = Answer { assertion: index, at, ..answer(name) }.by(house.tiles);
    house.accept(&response, None).await.unwrap().token
}

async fn sign_in_by_corp(house: &House, name: &str, index: &str) -> SessionToken {
    let (id, browser) = house.begin().await;
    let response = Answer { to: Some(&id), assertion: index, ..answer(name) }.by(house.corp);
    house.accept(&response, Some(&browser)).await.unwrap().token
}

/// Which of the sessions are still open.
async fn open(house: &House, sessions: &[&SessionToken]) -> Vec<bool> {
    let mut open = Vec::new();
    for token in sessions {
        let opening = house.door.open(token, &team("fraud"), &Origin::default()).await;
        open.push(opening.is_ok());
    }
    open
}

/// The parameters of an answer's address, and its message.
fn answered(location: &str) -> (Vec<(String, String)>, String) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let (_, query) = location.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
    let (_, message) = pairs.iter().find(|(name, _)| name == "SAMLResponse").unwrap();
    let deflated = STANDARD.decode(message).unwrap();
    let mut xml = String::new();
    DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
    (pairs, xml)
}

/// It is refused so, which is written down, and this many sessions are open as before.
#[track_caller]
fn refused(
    house: &House,
    outcome: Result<LoggedOut, Refusal>,
    kind: RefusalKind,
    code: &str,
    sessions: usize,
) {
    let refusal = outcome.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (kind, code));
    assert_eq!(house.world.state().sessions.len(), sessions);
    assert_eq!(house.world.audited("log-out"), [""; 0]);
    assert_eq!(house.world.audited("refused"), [code]);
    assert_eq!(house.door.counts().logged_out, 0);
}

#[tokio::test(start_paused = true)]
async fn a_provider_ends_the_session_it_names_and_no_other() {
    let house = house();
    let (first, second) =
        (sign_in(&house, "ada", "_s1").await, sign_in(&house, "ada", "_s2").await);
    let bob = sign_in(&house, "bob", "_s3").await;
    let by_corp = sign_in_by_corp(&house, "ada", "_s1").await;
    let all = [&first, &second, &bob, &by_corp];
    assert_eq!(open(&house, &all).await, [true; 4]);

    let named = DemoLogout { session_index: Some("_s1"), ..all_of_ada() };
    log_out(&house, house.tiles, &named).await.unwrap();
    assert_eq!(open(&house, &all).await, [false, true, true, true]);
    // Nobody has this index, and `corp` has no session of Bob's.
    let unknown = DemoLogout { id: "_out2", session_index: Some("_s9"), ..all_of_ada() };
    log_out(&house, house.tiles, &unknown).await.unwrap();
    let others = DemoLogout { id: "_out3", name_id: "bob", ..all_of_ada() };
    log_out(&house, house.corp, &others).await.unwrap();
    assert_eq!(open(&house, &all).await, [false, true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn without_an_index_all_sessions_of_the_person_end() {
    let house = house();
    let ada = [sign_in(&house, "ada", "_s1").await, sign_in(&house, "ada", "_s2").await];
    let bob = sign_in(&house, "bob", "_s3").await;
    let by_corp = sign_in_by_corp(&house, "ada", "_s1").await;
    log_out(&house, house.tiles, &all_of_ada()).await.unwrap();
    let [first, second] = &ada;
    assert_eq!(open(&house, &[first, second, &bob, &by_corp]).await, [false, false, true, true]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_issued_before_a_log_out_opens_nothing_after_it() {
    // As another replica has it that takes the answer in while this one is told to log out.
    let orders = [None, Some("_s1")];
    for session_index in orders {
        let house = house();
        let named = DemoLogout { session_index, ..all_of_ada() };
        log_out(&house, house.tiles, &named).await.unwrap();
        let response = Answer { assertion: "_s1", ..answer("ada") }.by(house.tiles);
        let refusal = house.accept(&response, None).await.unwrap_err();
        assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, "logged-out-meanwhile"));
        assert!(house.world.state().sessions.is_empty());
        assert_eq!(house.world.audited("refused"), ["logged-out-meanwhile"]);
        let entry = house.world.state().audit.last().unwrap().clone();
        assert_eq!(entry.person.as_deref(), Some("p-ada"));
        // The same person by another provider, another person, and whoever signs in after it.
        let by_corp = sign_in_by_corp(&house, "ada", "_s1").await;
        let bob = sign_in(&house, "bob", "_s2").await;
        let anew = sign_in_anew(&house, "ada", "_s3").await;
        assert_eq!(open(&house, &[&by_corp, &bob, &anew]).await, [true; 3]);
    }
    // Another session of hers was not ended.
    let house = house();
    let named = DemoLogout { session_index: Some("_s9"), ..all_of_ada() };
    log_out(&house, house.tiles, &named).await.unwrap();
    let ada = sign_in(&house, "ada", "_s1").await;
    assert_eq!(open(&house, &[&ada]).await, [true]);
}

/// The order to end all of Ada's sessions is given by a node of the provider whose clock is so many seconds
/// ahead; what it says is in whole seconds.
async fn sign_in_around_a_log_out(ahead: i64, asked_after: bool) -> Result<(), &'static str> {
    let house = house();
    let issued_at = start() + SignedDuration::from_secs(ahead);
    let order = DemoLogout { issued_at, ..all_of_ada() };
    let half_a_second = Duration::from_millis(500);
    let (id, browser) = if asked_after {
        log_out(&house, house.corp, &order).await.unwrap();
        tokio::time::advance(half_a_second).await;
        house.begin().await
    } else {
        let begun = house.begin().await;
        tokio::time::advance(half_a_second).await;
        log_out(&house, house.corp, &order).await.unwrap();
        begun
    };
    let response = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    let outcome = house.accept(&response, Some(&browser)).await;
    assert_eq!(house.world.state().sessions.len(), usize::from(outcome.is_ok()));
    outcome.map(drop).map_err(|refusal| refusal.code)
}

#[tokio::test(start_paused = true)]
async fn whoever_begins_to_sign_in_after_a_log_out_is_let_in_whatever_the_providers_clocks_say() {
    for ahead in [0, 30] {
        assert_eq!(sign_in_around_a_log_out(ahead, true).await, Ok(()), "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_asked_for_before_a_log_out_of_the_same_second_is_refused() {
    for ahead in [0, 30] {
        let refused = Err("logged-out-meanwhile");
        assert_eq!(sign_in_around_a_log_out(ahead, false).await, refused, "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_while_it_cannot_be_seen_who_was_logged_out() {
    let house = house();
    house.world.break_down(Fault::LogOuts);
    let response = Answer { assertion: "_s1", ..answer("ada") }.by(house.tiles);
    let refusal = house.accept(&response, None).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Unavailable, "unavailable"));
    assert!(house.world.state().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_log_out_is_remembered_as_of_its_own_time_for_longer_than_an_assertion_is_taken() {
    let house = house();
    let issued_at = start() - SignedDuration::from_mins(2);
    log_out(&house, house.tiles, &DemoLogout { issued_at, ..all_of_ada() }).await.unwrap();
    let remembered = house.world.state().logged_out.clone();
    let [logout] = remembered.as_slice() else { panic!("{remembered:?}") };
    assert_eq!((logout.as_of, logout.indexes.len()), (issued_at, 0));
    let longest = saml_sp::MAX_AGE + saml_sp::ClockSkew::MAX.as_duration() * 2;
    assert_eq!(logout.until, start() + SignedDuration::from_hours(25));
    assert!(logout.until > start() + longest);
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_index_nobody_told_us_ends_with_any() {
    let house = house();
    let ada = sign_in(&house, "ada", "_s1").await;
    house.world.state().sessions.values_mut().next().unwrap().idp_session.index = None;
    let named = DemoLogout { session_index: Some("_s9"), ..all_of_ada() };
    log_out(&house, house.tiles, &named).await.unwrap();
    assert_eq!(open(&house, &[&ada]).await, [false]);
}

#[tokio::test(start_paused = true)]
async fn a_form_of_the_provider_ends_sessions_too() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    let saml_request = house.tiles.logout_form(&all_of_ada()).unwrap();
    let form = LogoutMessage::Form { saml_request: &saml_request, relay_state: Some("theirs") };
    let ended = house.door.log_out(form, &Origin::default()).await.unwrap();
    assert!(house.world.state().sessions.is_empty());
    let (pairs, _) = answered(&ended.location.unwrap());
    assert!(pairs.contains(&("RelayState".into(), "theirs".into())), "{pairs:?}");
    // By query it is the same request.
    let again = log_out(&house, house.tiles, &all_of_ada()).await.unwrap_err();
    assert_eq!((again.kind, again.code), (RefusalKind::Denied, "replayed"));
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_signed_and_names_the_request_its_result_and_the_relay_state() {
    let key = include_str!("../../../saml-sp/tests/fixtures/sp.pem");
    let keys = vec![ServiceProviderKey::from_pem(key).unwrap()];
    let with_key = DoorSettings { keys, ..settings() };
    let house = house_of(World::of(&["ada"]), with_key, with_slo("tiles"));
    let asked = DemoLogout { relay_state: Some("https://idp.example/?a=b&c"), ..all_of_ada() };
    let location = log_out(&house, house.tiles, &asked).await.unwrap().location.unwrap();
    assert!(location.starts_with(&format!("{SLO}&SAMLResponse=")), "{location}");
    let (pairs, xml) = answered(&location);
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tenant", "SAMLResponse", "RelayState", "SigAlg", "Signature"]);
    assert_eq!(pairs[2].1, "https://idp.example/?a=b&c");
    assert_eq!(pairs[3].1, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    assert_eq!(STANDARD.decode(&pairs[4].1).unwrap().len(), 256);
    for part in [
        "<samlp:LogoutResponse ",
        " Destination=\"https://idp.example/slo?tenant=1\"",
        " InResponseTo=\"_out1\"",
        " IssueInstant=\"2026-11-21T09:00:00Z\"",
        &format!(">{DOOR}/saml/metadata</saml:Issuer>"),
        "\"urn:oasis:names:tc:SAML:2.0:status:Success\"",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    assert!(!xml.contains("NameID"), "{xml}");

    // Without a key it goes as it is.
    let plain = self::house();
    let location = log_out(&plain, plain.tiles, &all_of_ada()).await.unwrap().location.unwrap();
    let (pairs, _) = answered(&location);
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tenant", "SAMLResponse"]);
}

#[tokio::test(start_paused = true)]
async fn the_answer_goes_to_the_address_for_answers_if_there_is_one_or_nowhere() {
    let tiles = with_slo("tiles");
    let elsewhere = "https://idp.example/slo/answers";
    let two = IdentityProvider { slo_response_url: Some(elsewhere.into()), ..tiles.clone() };
    let house = house_of(World::of(&["ada"]), settings(), two);
    let location = log_out(&house, house.tiles, &all_of_ada()).await.unwrap().location.unwrap();
    assert!(location.starts_with(&format!("{elsewhere}?SAMLResponse=")), "{location}");
    assert!(answered(&location).1.contains(&format!(" Destination=\"{elsewhere}\"")));

    let none = IdentityProvider { slo_redirect_url: None, ..tiles };
    let house = house_of(World::of(&["ada"]), settings(), none);
    sign_in(&house, "ada", "_s1").await;
    assert_eq!(log_out(&house, house.tiles, &all_of_ada()).await, Ok(LoggedOut { location: None }));
    assert!(house.world.state().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_relay_state_comes_back_up_to_a_kilobyte_and_a_longer_one_keeps_the_answer() {
    let house = house();
    let long = "x".repeat(1_024);
    let fits = DemoLogout { relay_state: Some(&long), ..all_of_ada() };
    let location = log_out(&house, house.tiles, &fits).await.unwrap().location.unwrap();
    assert_eq!(answered(&location).0.last().unwrap().1, long);
    sign_in_anew(&house, "ada", "_s1").await;
    let longer = format!("{long}x");
    let too_long = DemoLogout { id: "_out2", relay_state: Some(&longer), ..all_of_ada() };
    let ended = log_out(&house, house.tiles, &too_long).await;
    assert_eq!(ended, Ok(LoggedOut { location: None }));
    assert!(house.world.state().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_log_out_is_written_down_and_counted_without_a_name() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    sign_in(&house, "ada", "_s2").await;
    house.world.state().audit.clear();
    log_out(&house, house.tiles, &all_of_ada()).await.unwrap();
    assert_eq!(house.door.counts().logged_out, 1);
    let audit = house.world.state().audit.clone();
    let [entry] = audit.as_slice() else { panic!("{audit:?}") };
    assert_eq!((entry.event.as_str(), entry.code.as_str()), ("log-out", "logged-out"));
    assert_eq!((entry.person.as_ref(), entry.team.as_ref()), (None, None));
    let details: Vec<_> = entry.details.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(details, [("issuer", "https://tiles.example/metadata"), ("sessions", "2")]);
}

#[tokio::test(start_paused = true)]
async fn a_forged_order_to_log_out_ends_nothing() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    let forged = log_out(&house, &idp("https://tiles.example"), &all_of_ada()).await;
    refused(&house, forged, RefusalKind::Denied, "signature-invalid", 1);
    // It used nothing up.
    log_out(&house, house.tiles, &all_of_ada()).await.unwrap();
    assert!(house.world.state().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_no_provider_to_log_anybody_out() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    let outcome = log_out(&house, &idp("https://stranger.example"), &all_of_ada()).await;
    refused(&house, outcome, RefusalKind::Denied, "unknown-idp", 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_to_log_out_is_taken_once() {
    let house = house();
    log_out(&house, house.tiles, &all_of_ada()).await.unwrap();
    sign_in_anew(&house, "ada", "_s1").await;
    let again = log_out(&house, house.tiles, &all_of_ada()).await.unwrap_err();
    assert_eq!((again.kind, again.code), (RefusalKind::Denied, "replayed"));
    assert_eq!(house.world.state().sessions.len(), 1);
    assert_eq!(house.world.audited("log-out"), ["logged-out"]);
    // Another provider's IDs are its own.
    log_out(&house, house.corp, &all_of_ada()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_is_logged_out_on_metadata_that_has_ended_or_is_not_there() {
    let end = start() + SignedDuration::from_mins(1);
    let ending = IdentityProvider { valid_until: Some(end), ..with_slo("tiles") };
    let house = house_of(World::of(&["ada"]), settings(), ending);
    sign_in(&house, "ada", "_s1").await;
    tokio::time::advance(Duration::from_mins(1)).await;
    let outcome = log_out(&house, house.tiles, &all_of_ada()).await;
    refused(&house, outcome, RefusalKind::Denied, "idp-metadata-expired", 1);

    let entity = metadata_of(house.tiles).entity_id;
    let map = MAP.replace("tiles.xml\n", &format!("tiles.xml\n    entity_id: {entity}\n"));
    let house = House::with(World::of(&[]), &map, settings(), [metadata("corp")]);
    let outcome = log_out(&house, house.tiles, &all_of_ada()).await;
    refused(&house, outcome, RefusalKind::Unavailable, "idp-metadata-missing", 0);
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_told_when_its_sessions_could_not_be_ended() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    house.world.break_down(Fault::Sessions);
    let location = log_out(&house, house.tiles, &all_of_ada()).await.unwrap().location.unwrap();
    let (_, xml) = answered(&location);
    assert!(xml.contains("\"urn:oasis:names:tc:SAML:2.0:status:Responder\""), "{xml}");
    assert!(!xml.contains("status:Success"), "{xml}");
    assert_eq!(house.world.audited("log-out"), [""; 0]);
    assert_eq!(house.door.counts().logged_out, 0);
    assert_eq!(house.world.state().sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_could_not_be_followed_is_followed_when_it_comes_again() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    house.world.break_down(Fault::Sessions);
    log_out(&house, house.tiles, &all_of_ada()).await.unwrap();
    assert_eq!(house.world.state().sessions.len(), 1);
    house.world.mend(Fault::Sessions);
    let location = log_out(&house, house.tiles, &all_of_ada()).await.unwrap().location.unwrap();
    assert!(answered(&location).1.contains("status:Success"));
    assert!(house.world.state().sessions.is_empty());
    assert_eq!(house.world.audited("log-out"), ["logged-out"]);
    let again = log_out(&house, house.tiles, &all_of_ada()).await.unwrap_err();
    assert_eq!((again.kind, again.code), (RefusalKind::Denied, "replayed"));
}

#[tokio::test(start_paused = true)]
async fn whether_an_order_was_used_before_must_be_known() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    house.world.break_down(Fault::Replay);
    let outcome = log_out(&house, house.tiles, &all_of_ada()).await;
    refused(&house, outcome, RefusalKind::Unavailable, "unavailable", 1);
}

#[tokio::test(start_paused = true)]
async fn a_log_out_that_cannot_be_written_down_happens_all_the_same() {
    let house = house();
    sign_in(&house, "ada", "_s1").await;
    house.world.break_down(Fault::Audit);
    let location = log_out(&house, house.tiles, &all_of_ada()).await.unwrap().location.unwrap();
    assert!(answered(&location).1.contains("status:Success"));
    assert!(house.world.state().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn orders_to_log_out_count_as_requests_of_their_address() {
    let few = DoorSettings { sign_ins_per_minute: NonZeroU32::new(2).unwrap(), ..settings() };
    let house = house_of(World::of(&["ada"]), few, with_slo("tiles"));
    let here = Origin { address: Some("192.0.2.9".parse().unwrap()), ..Origin::default() };
    for _ in 0..2 {
        let refusal = house.door.log_out(LogoutMessage::Query(""), &here).await.unwrap_err();
        assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, "query-malformed"));
    }
    let genuine = house.tiles.logout_query(&all_of_ada()).unwrap();
    let refusal = house.door.log_out(LogoutMessage::Query(&genuine), &here).await.unwrap_err();
    let kind = RefusalKind::TooManyRequests { retry_after_seconds: 30 };
    assert_eq!((refusal.kind, refusal.code), (kind, "too-many-requests"));
    tokio::time::advance(Duration::from_secs(30)).await;
    house.door.log_out(LogoutMessage::Query(&genuine), &here).await.unwrap();
}
