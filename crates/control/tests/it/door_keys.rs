//! Our own keys.

use crate::door::{House, idp_key, metadata, metadata_of, ports, settings};
use crate::world::{MAP, START, World};
use control::door::{Door, DoorError, DoorSettings, KeyStatus};
use saml_sp::ServiceProviderKey;
use std::collections::BTreeMap;

fn key(pem: &str) -> ServiceProviderKey {
    ServiceProviderKey::from_pem(pem).unwrap()
}

/// The key that signs, and the next one.
fn keys() -> Vec<ServiceProviderKey> {
    vec![
        key(include_str!("../../../saml-sp/tests/fixtures/sp.pem")),
        key(include_str!("../../../saml-sp/tests/fixtures/sp-next.pem")),
    ]
}

fn with_keys() -> DoorSettings {
    DoorSettings { keys: keys(), ..settings() }
}

/// `MAP` with more said of `corp`.
fn map_with(more: &str) -> String {
    MAP.replace("corp: { metadata: corp.xml }", &format!("corp: {{ metadata: corp.xml, {more} }}"))
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_signed_needs_a_key() {
    let signing = map_with("sign_requests: true");
    let world = World::of(&[]);
    let door = Door::new(world.plane(&signing), ports(&world), settings(), BTreeMap::new());
    assert_eq!(door.unwrap_err(), DoorError::NoSigningKey(idp_key("corp")));
    Door::new(world.plane(&signing), ports(&world), with_keys(), BTreeMap::new()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_ends_of_all_certificates_are_told() {
    let house = House::with(World::of(&[]), MAP, with_keys(), [metadata("corp")]);
    let ours = house.door.keys();
    let expected: Vec<_> = keys()
        .iter()
        .map(|key| KeyStatus {
            fingerprint: key.fingerprint().to_owned(),
            not_after: key.not_after(),
        })
        .collect();
    assert_eq!(ours, expected);
    assert!(ours.iter().all(|key| key.not_after.is_some()));
    let corp = metadata_of(house.corp);
    let theirs = &house.door.trust()[0].keys;
    assert_eq!(theirs[0].fingerprint, corp.keys[0].fingerprint());
    assert_eq!(theirs[0].not_after, corp.keys[0].not_after());
    assert!(theirs[0].not_after > START.parse().ok());
}
