//! Trust that changes while the door serves.

use crate::door::{Answer, DOOR};
use crate::door::{House, answer, idp, idp_key, metadata, metadata_of, ports, settings};
use crate::world::{MAP, START, World, person_id, team};
use access::map::{Source, parse};
use access::network::Origin;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control::door::{CookieKeys, Door, DoorError, DoorSettings, RefusalKind, SessionToken};
use jiff::{SignedDuration, Timestamp};
use saml_sp::{IdentityProvider, PinnedKey, ServiceProviderKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn start() -> Timestamp {
    START.parse().unwrap()
}

/// `MAP` with more said of `tiles`.
fn map_with(more: &str) -> String {
    MAP.replace("    metadata: tiles.xml\n", &format!("    metadata: tiles.xml\n{more}"))
}

#[tokio::test(start_paused = true)]
async fn fresh_metadata_brings_a_new_key_and_takes_the_old_one_away() {
    let house = House::new();
    let next = idp("https://tiles.example");
    let early = answer("ada").by(&next);
    house.refused(house.accept(&early, None).await, RefusalKind::Denied, "signature-invalid");

    house.door.renew(&idp_key("tiles"), metadata_of(&next)).unwrap();
    house.accept(&early, None).await.unwrap();
    house.world.state().sessions.clear();
    let old = Answer { assertion: "_a2", ..answer("ada") }.by(house.tiles);
    house.refused(house.accept(&old, None).await, RefusalKind::Denied, "signature-invalid");
    // A clone of the door is the same door.
    assert_eq!(house.door.clone().trust(), house.door.trust());
}

#[tokio::test(start_paused = true)]
async fn during_a_roll_over_both_keys_are_good() {
    let house = House::new();
    let next = idp("https://tiles.example");
    let mut both = metadata("tiles").1;
    both.keys.extend(metadata_of(&next).keys);
    house.door.renew(&idp_key("tiles"), both).unwrap();
    house.accept(&answer("ada").by(house.tiles), None).await.unwrap();
    let by_next = Answer { assertion: "_a2", ..answer("ada") }.by(&next);
    house.accept(&by_next, None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn metadata_that_will_not_do_leaves_the_last_good_one() {
    let house = House::new();
    tokio::time::advance(Duration::from_mins(1)).await;
    let now = start() + SignedDuration::from_secs(60);
    let tiles = metadata("tiles").1;
    let stranger = metadata_of(&idp("https://stranger.example"));
    let key = idp_key("tiles");
    let entity = tiles.entity_id.clone();
    let cases = [
        (stranger, DoorError::OtherEntity { idp: key.clone(), expected: entity.clone() }),
        (
            IdentityProvider { valid_until: Some(now), ..tiles.clone() },
            DoorError::Expired { idp: key.clone(), end: now },
        ),
    ];
    for (bad, error) in cases {
        assert_eq!(house.door.renew(&key, bad), Err(error.clone()));
        let status = house.door.trust().pop().unwrap();
        assert_eq!((&status.idp, status.entity_id.as_ref()), (&key, Some(&entity)));
        assert_eq!((status.keys.len(), status.taken_at), (1, Some(start())));
        let failure = status.last_failure.unwrap();
        assert_eq!((failure.at, failure.message), (now, error.to_string()));
    }
    let at = Answer { at: now, ..answer("ada") };
    house.accept(&at.by(house.tiles), None).await.unwrap();

    house.door.renewal_failed(&key, "connection refused");
    let failure = house.door.trust().pop().unwrap().last_failure.unwrap();
    assert_eq!((failure.at, failure.message.as_str()), (now, "connection refused"));
    house.door.renew(&key, tiles).unwrap();
    let status = house.door.trust().pop().unwrap();
    assert_eq!((status.last_failure, status.taken_at), (None, Some(now)));
    assert_eq!(
        house.door.renew(&idp_key("other"), metadata("tiles").1),
        Err(DoorError::UnknownIdp(idp_key("other")))
    );
}

#[tokio::test(start_paused = true)]
async fn two_providers_are_never_one() {
    let world = World::of(&["ada"]);
    let twice = [idp_key("corp"), idp_key("tiles")].map(|key| (key, metadata("corp").1));
    let door = Door::new(world.plane(MAP), ports(&world), settings(), BTreeMap::from(twice));
    let error = DoorError::SameEntity(idp_key("corp"), idp_key("tiles"));
    assert_eq!(door.unwrap_err(), error);

    // Nor may a provider that comes later take the entity that the map names for another.
    let named = map_with("    entity_id: https://corp.example/metadata\n");
    let mut corp = metadata("corp").1;
    corp.entity_id = "https://corp.example/metadata".into();
    let house = House::with(world, &named, settings(), []);
    let taken = house.door.renew(&idp_key("corp"), corp);
    assert_eq!(taken, Err(DoorError::SameEntity(idp_key("tiles"), idp_key("corp"))));
}

#[tokio::test(start_paused = true)]
async fn idp_metadata_missing() {
    let entity = metadata("tiles").1.entity_id;
    let map = map_with(&format!("    entity_id: {entity}\n"));
    let house = House::with(World::of(&["ada"]), &map, settings(), [metadata("corp")]);
    let response = answer("ada").by(house.tiles);
    let outcome = house.accept(&response, None).await;
    house.refused(outcome, RefusalKind::Unavailable, "idp-metadata-missing");
    let begun = house.door.begin(&idp_key("tiles"), None, &Origin::default()).await.unwrap_err();
    assert_eq!((begun.kind, begun.code), (RefusalKind::Unavailable, "idp-metadata-missing"));
    let status = house.door.trust().pop().unwrap();
    assert_eq!((status.entity_id, status.keys, status.taken_at), (None, vec![], None));

    // The other provider works, and this one as soon as its metadata is there.
    assert_eq!(house.door.identity_providers(), [idp_key("corp")]);
    house.begin().await;
    house.door.renew(&idp_key("tiles"), metadata("tiles").1).unwrap();
    assert_eq!(house.door.identity_providers(), [idp_key("corp"), idp_key("tiles")]);
    house.accept(&response, None).await.unwrap();
}

/// The code of a session's refusal; `None`: it opens a team.
async fn code_of(house: &House, token: &SessionToken) -> Option<&'static str> {
    let opened = house.door.open(token, &team("fraud"), &Origin::default()).await;
    let refusal = opened.err()?;
    assert_eq!(refusal.kind, RefusalKind::SignedOut);
    Some(refusal.code)
}

#[tokio::test(start_paused = true)]
async fn trust_ended() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    assert_eq!(code_of(&house, &ada).await, None);
    let replace = |map: &str| {
        let source = Source::from_bytes("access.yaml", map.into()).unwrap();
        house.door.replace_map(Arc::new(parse(&[source]).unwrap())).unwrap();
    };
    let (before, rest) = MAP.split_once("  tiles:\n").unwrap();
    let after = rest.split_once("domains:").unwrap().1;
    replace(&format!("{before}domains:{after}"));
    assert_eq!(code_of(&house, &ada).await, Some("trust-ended"));
    let told = house.world.state().audit.last().unwrap().clone();
    assert_eq!((told.event.as_str(), told.code.as_str()), ("refused", "trust-ended"));
    assert_eq!(told.person, Some(person_id("ada").to_string()));
    assert_eq!(told.details["detail"], "identity provider tiles");
    let page = house.door.my_work(&ada, &Origin::default()).await.unwrap_err();
    assert_eq!(page.code, "trust-ended");

    // Nothing is known of the keys of a provider that comes back until they are read: neither that they
    // are believed nor that they are not.
    replace(MAP);
    let unknown = house.door.my_work(&ada, &Origin::default()).await.unwrap_err();
    let expected = (RefusalKind::Unavailable, "idp-metadata-missing");
    assert_eq!((unknown.kind, unknown.code), expected);
    house.door.renew(&idp_key("tiles"), metadata("tiles").1).unwrap();
    assert_eq!(code_of(&house, &ada).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_as_long_as_the_key_that_opened_it_is_believed() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    let (key, old) = metadata("tiles");
    let next = metadata_of(&idp("https://tiles.example"));
    let mut both = old;
    both.keys.extend(next.keys.clone());
    house.door.renew(&key, both).unwrap();
    assert_eq!(code_of(&house, &ada).await, None);
    house.door.renew(&key, next).unwrap();
    assert_eq!(code_of(&house, &ada).await, Some("trust-ended"));
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_its_provider_is_bound_to_another_team() {
    let bound =
        |to: &str| MAP.replace("    team_attribute: teamid\n", &format!("    team: {to}\n"));
    for (map, session, code) in [
        (MAP.to_owned(), None, None),
        (bound("fraud"), None, Some("trust-ended")),
        (bound("fraud"), Some("fraud"), None),
        (bound("trials"), Some("fraud"), Some("trust-ended")),
        (MAP.to_owned(), Some("fraud"), None),
    ] {
        let house = House::by(World::of(&["ada"]), &map);
        let before = if session.is_some() { bound("fraud") } else { MAP.to_owned() };
        let source = |map: &str| Source::from_bytes("access.yaml", map.into()).unwrap();
        let replace = |map: &str| {
            house.door.replace_map(Arc::new(parse(&[source(map)]).unwrap())).unwrap();
        };
        replace(&before);
        let ada = house.sign_in("ada").await;
        replace(&map);
        assert_eq!(code_of(&house, &ada).await, code, "{session:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_is_not_begun_with_outdated_metadata() {
    let (key, corp) = metadata("corp");
    let until = Some(start() + SignedDuration::from_secs(60));
    let corp = IdentityProvider { valid_until: until, ..corp };
    let house = House::with(World::of(&["ada"]), MAP, settings(), [(key.clone(), corp)]);
    assert_eq!(house.door.trust()[0].valid_until, until);
    house.begin().await;
    tokio::time::advance(Duration::from_mins(1)).await;
    let refusal = house.door.begin(&key, None, &Origin::default()).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, "idp-metadata-expired"));
}

#[tokio::test(start_paused = true)]
async fn only_pinned_certificates_are_believed() {
    let tiles = metadata("tiles").1;
    let pin = tiles.keys[0].fingerprint().to_owned();
    let map = map_with(&format!("    certificate_fingerprints: [ {pin} ]\n"));
    let house = House::by(World::of(&["ada"]), &map);
    let next = idp("https://tiles.example");
    let planted = IdentityProvider { keys: metadata_of(&next).keys, ..tiles.clone() };
    let key = idp_key("tiles");
    assert_eq!(house.door.renew(&key, planted.clone()), Err(DoorError::NotPinned(key.clone())));
    // Beside the pinned one, another is passed over.
    let mut both = tiles;
    both.keys.extend(planted.keys);
    house.door.renew(&key, both).unwrap();
    let trusted: Vec<_> =
        house.door.trust().pop().unwrap().keys.into_iter().map(|k| k.fingerprint).collect();
    assert_eq!(trusted, [pin]);
    let forged = answer("ada").by(&next);
    house.refused(house.accept(&forged, None).await, RefusalKind::Denied, "signature-invalid");
    house.sign_in("ada").await;
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_must_be_asked_has_an_address_for_it() {
    let (key, corp) = metadata("corp");
    let silent = IdentityProvider { sso_redirect_url: None, ..corp.clone() };
    let world = World::of(&["ada"]);
    let metadata = BTreeMap::from([(key.clone(), silent.clone())]);
    let door = Door::new(world.plane(MAP), ports(&world), settings(), metadata);
    assert_eq!(door.unwrap_err(), DoorError::NoAddress(key.clone()));
    let house = House::new();
    assert_eq!(house.door.renew(&key, silent), Err(DoorError::NoAddress(key)));
    // One that need not be asked may have none; there is then no way to begin with it.
    let quiet = IdentityProvider { sso_redirect_url: None, ..crate::door::metadata("tiles").1 };
    house.door.renew(&idp_key("tiles"), quiet).unwrap();
    assert_eq!(house.door.identity_providers(), [idp_key("corp")]);
    let refusal = house.door.begin(&idp_key("tiles"), None, &Origin::default()).await;
    assert_eq!(refusal.unwrap_err().code, "unknown-idp");
    house.sign_in("ada").await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_skew_is_the_one_of_the_map() {
    // The demo's assertions live for five minutes.
    let late = Duration::from_secs(5 * 60 + 30);
    for (skew, code) in [("0s", Some("expired")), ("29s", Some("expired")), ("31s", None)] {
        let map = map_with(&format!("    clock_skew: {skew}\n"));
        let house = House::by(World::of(&["ada"]), &map);
        let response = answer("ada").by(house.tiles);
        tokio::time::advance(late).await;
        let refused = house.accept(&response, None).await.err().map(|refusal| refusal.code);
        assert_eq!(refused, code, "{skew}");
    }
}

#[tokio::test(start_paused = true)]
async fn name_id_format() {
    // The demo names people by e-mail address.
    for (format, code) in [("persistent", Some("name-id-format")), ("email-address", None)] {
        let map = map_with(&format!("    name_id_format: {format}\n"));
        let house = House::by(World::of(&["ada"]), &map);
        let outcome = house.accept(&answer("ada").by(house.tiles), None).await;
        match code {
            Some(code) => house.refused(outcome, RefusalKind::Denied, code),
            None => drop(outcome.unwrap()),
        }
    }
}

#[test]
fn a_public_url_that_is_no_origin_is_refused() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let world = World::of(&[]);
        let settings = DoorSettings::new(format!("{DOOR}/path"), CookieKeys::new([7; 32]));
        let door = Door::new(world.plane(MAP), ports(&world), settings, BTreeMap::new());
        assert_eq!(door.unwrap_err(), DoorError::PublicUrl(format!("{DOOR}/path")));
    });
}

/// The provider of the fixtures of the SAML crate. Their audience is not that of this door: an
/// answer gets as far as that only where all before it is taken.
fn fixture_idp(pem: &str) -> IdentityProvider {
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let signer = PinnedKey::from_certificate_der(&STANDARD.decode(der).unwrap()).unwrap();
    IdentityProvider {
        entity_id: "https://idp.example/metadata".into(),
        keys: vec![signer],
        ..metadata("tiles").1
    }
}

async fn code_of_fixture(
    xml: &str,
    pem: &str,
    map: &str,
    keys: Vec<ServiceProviderKey>,
) -> &'static str {
    let known = [(idp_key("tiles"), fixture_idp(pem))];
    let settings = DoorSettings { keys, ..settings() };
    let house = House::with(World::of(&["ada"]), map, settings, known);
    tokio::time::advance(Duration::from_hours(1)).await;
    house.accept(&STANDARD.encode(xml), None).await.unwrap_err().code
}

#[tokio::test(start_paused = true)]
async fn weak_algorithms_are_taken_only_where_the_map_says_so() {
    let xml = include_str!("../../../saml-sp/tests/fixtures/weak-sha1.xml");
    let pem = include_str!("../../../saml-sp/tests/fixtures/rsa2048.crt");
    for (more, code) in [
        ("", "algorithm-weak"),
        ("    allow_weak_algorithms: false\n", "algorithm-weak"),
        ("    allow_weak_algorithms: true\n", "audience-mismatch"),
    ] {
        assert_eq!(code_of_fixture(xml, pem, &map_with(more), vec![]).await, code);
    }
}

#[tokio::test(start_paused = true)]
async fn assertions_are_decrypted_with_our_keys_and_in_cbc_only_where_the_map_says_so() {
    let gcm = include_str!("../../../saml-sp/tests/fixtures/encrypted-xmlsec-gcm256-response.xml");
    let cbc =
        include_str!("../../../saml-sp/tests/fixtures/encrypted-simplesamlphp-cbc128-response.xml");
    let idp = include_str!("../../../saml-sp/tests/fixtures/encrypted-idp.crt");
    let key = |pem| ServiceProviderKey::from_pem(pem).unwrap();
    let ours = key(include_str!("../../../saml-sp/tests/fixtures/throw-away-sp.pem"));
    let other = key(include_str!("../../../saml-sp/tests/fixtures/sp.pem"));
    let cbc_allowed = map_with("    allow_cbc: true\n");
    for (xml, map, keys, code) in [
        (gcm, MAP, vec![], "decryption-key-missing"),
        (gcm, MAP, vec![other.clone()], "decryption-failed"),
        (gcm, MAP, vec![ours.clone()], "audience-mismatch"),
        // The key that signs is the next one already, and somebody still encrypts for the old one.
        (gcm, MAP, vec![other, ours.clone()], "audience-mismatch"),
        (cbc, MAP, vec![ours.clone()], "encryption-cbc-refused"),
        (cbc, &cbc_allowed, vec![ours], "audience-mismatch"),
    ] {
        assert_eq!(code_of_fixture(xml, idp, map, keys).await, code);
    }
}
