//! Another map takes the place of the one that is in force.

use crate::door::{House, answer, idp, idp_key, metadata, metadata_of, settings};
use crate::reconciler::{Running, pass, people, secs};
use crate::world::{MAP, World, team};
use access::map::{AccessMap, Source, parse};
use access::network::Origin;
use control::door::{DoorError, Opening, RefusalKind, SessionToken};
use control::event::Wake;
use saml_sp::{IdentityProvider, ServiceProviderKey};
use std::collections::BTreeMap;
use std::sync::Arc;

fn map(text: &str) -> Arc<AccessMap> {
    Arc::new(parse(&[Source::from_bytes("access.yaml", text.into()).unwrap()]).unwrap())
}

/// `MAP`, where the group of one team gets the other one.
fn trials() -> String {
    MAP.replace("group: ml-fraud, team: fraud", "group: ml-fraud, team: trials")
}

async fn teams(house: &House, token: &SessionToken) -> Vec<String> {
    let work = house.door.my_work(token, &Origin::default()).await.unwrap();
    work.teams.iter().map(|card| card.team.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_door_and_its_clones_go_by_the_new_map_at_once() {
    let house = House::new();
    let clone = house.door.clone();
    let token = house.sign_in("ada").await;
    assert_eq!(teams(&house, &token).await, ["fraud"]);
    let known = house.door.trust();

    house.door.replace(map(&trials()), vec![], BTreeMap::new()).unwrap();
    assert_eq!(teams(&house, &token).await, ["trials"]);
    // What is known of identity providers is kept, and when it was learned.
    assert_eq!(clone.trust(), known);
    house.begin().await;
    let counts = clone.counts();
    assert_eq!((counts.begun, counts.accepted), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn trust_follows_the_map() {
    let house = House::new();
    let alone = MAP.replace("  corp: { metadata: corp.xml }\n", "");
    house.door.replace(map(&alone), vec![], BTreeMap::new()).unwrap();
    let refusal = house.door.begin(&idp_key("corp"), None, &Origin::default()).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::BadRequest, "unknown-idp"));
    assert_eq!(house.door.identity_providers(), [idp_key("tiles")]);

    // Metadata from another place is another matter: nothing is known of it until it is read.
    let moved = MAP.replace("corp.xml", "other.xml");
    house.door.replace(map(&moved), vec![], BTreeMap::new()).unwrap();
    assert_eq!(house.door.identity_providers(), [idp_key("tiles")]);
    let read = BTreeMap::from([metadata("corp")]);
    house.door.replace(map(&moved), vec![], read).unwrap();
    assert_eq!(house.door.identity_providers(), [idp_key("corp"), idp_key("tiles")]);
}

#[tokio::test(start_paused = true)]
async fn a_map_that_contradicts_what_is_known_changes_nothing() {
    let house = House::new();
    let token = house.sign_in("ada").await;
    let known = house.door.trust();
    let fingerprint = metadata_of(&idp("https://other.example")).keys[0].fingerprint().to_owned();
    let pinned = trials().replace(
        "metadata: tiles.xml\n",
        &format!("metadata: tiles.xml\n    certificate_fingerprints: [ {fingerprint} ]\n"),
    );
    let signed = trials().replace(
        "corp: { metadata: corp.xml }",
        "corp: { metadata: corp.xml, sign_requests: true }",
    );
    for (bad, error) in [
        (pinned, DoorError::NotPinned(idp_key("tiles"))),
        (signed, DoorError::NoSigningKey(idp_key("corp"))),
    ] {
        assert_eq!(house.door.replace(map(&bad), vec![], BTreeMap::new()), Err(error));
        assert_eq!(teams(&house, &token).await, ["fraud"]);
        assert_eq!(house.door.trust(), known);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pin_that_is_exchanged_ends_the_trust_in_what_was_fetched_before() {
    let (key, old) = metadata("tiles");
    let next = idp("https://tiles.example");
    let pinning = |metadata: &IdentityProvider, entity_id: &str| {
        let pin = metadata.keys[0].fingerprint();
        let fetched = format!(
            "    metadata_url: https://tiles.example/metadata\n    entity_id: {entity_id}\n    \
             certificate_fingerprints: [ {pin} ]\n"
        );
        MAP.replace("    metadata: tiles.xml\n", &fetched)
    };
    let entity_id = old.entity_id.clone();
    let (before, after) = (pinning(&old, &entity_id), pinning(&metadata_of(&next), &entity_id));
    let moved = pinning(&old, "https://moved.example");
    let pinned = DoorError::NotPinned(key.clone()).to_string();
    let other =
        DoorError::OtherEntity { idp: key.clone(), expected: "https://moved.example".into() };
    for (new, why) in [(&after, pinned), (&moved, other.to_string())] {
        for read in [BTreeMap::new(), BTreeMap::from([(key.clone(), old.clone())])] {
            let house = House::by(World::of(&["ada"]), &before);
            assert_eq!(
                house.door.renew(&key, metadata_of(&next)),
                Err(DoorError::NotPinned(key.clone()))
            );
            house.door.replace(map(new), vec![], read).unwrap();
            let status = house.door.trust().pop().unwrap();
            assert_eq!((status.idp, status.keys), (key.clone(), vec![]));
            assert_eq!(status.last_failure.map(|failure| failure.message), Some(why.clone()));
            assert_eq!(house.door.identity_providers(), [idp_key("corp")]);
        }
    }

    let house = House::by(World::of(&["ada"]), &before);
    house.door.replace(map(&after), vec![], BTreeMap::from([(key.clone(), old)])).unwrap();
    let stolen = answer("ada").by(house.tiles);
    let outcome = house.accept(&stolen, None).await;
    house.refused(outcome, RefusalKind::Unavailable, "idp-metadata-missing");
    house.door.renew(&key, metadata_of(&next)).unwrap();
    house.refused(house.accept(&stolen, None).await, RefusalKind::Denied, "signature-invalid");
    house.accept(&answer("ada").by(&next), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_opening_ends_by_the_map_it_began_with() {
    let house = House::new();
    house.read_in_full().await;
    let token = house.sign_in("ada").await;
    house.world.state().directory_takes = secs(10);
    let (door, shown) = (house.door.clone(), token.clone());
    let opening =
        tokio::spawn(async move { door.open(&shown, &team("fraud"), &Origin::default()).await });
    pass(5).await;
    house.door.replace(map(&trials()), vec![], BTreeMap::new()).unwrap();
    assert!(matches!(opening.await.unwrap(), Ok(Opening::Ready(_))));

    let again = house.door.open(&token, &team("fraud"), &Origin::default()).await.unwrap_err();
    assert_eq!(again.code, "not-entitled");
}

#[tokio::test(start_paused = true)]
async fn a_pass_ends_by_the_map_it_began_with_and_the_next_goes_by_the_new_one() {
    let world = World::of(&[]);
    world.join("ada", "ml-fraud");
    world.state().directory_takes = secs(10);
    let running = Running::start(&world, MAP);
    pass(5).await;
    running.plane.live.replace(map(&trials()));
    pass(7).await;
    assert_eq!(world.profile_names(), ["ada--fraud"]);
    running.wake(Wake::Everything).await;
    pass(60).await;
    assert_eq!(world.profile_names(), ["ada--fraud", "ada--trials"]);
    assert_eq!(world.leaving(), ["ada--fraud"]);

    // Passes for people go by it too.
    world.join("bob", "ml-fraud");
    running.wake(people(&["bob"])).await;
    pass(60).await;
    assert!(world.profile_names().contains(&"bob--trials".to_owned()));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn keys_of_our_own_are_replaced_with_the_map() {
    let house = House::with(World::of(&["ada"]), MAP, settings(), [metadata("corp")]);
    assert_eq!(house.door.keys(), []);
    let pem = include_str!("../../../saml-sp/tests/fixtures/sp.pem");
    let key = ServiceProviderKey::from_pem(pem).unwrap();
    house.door.replace(map(MAP), vec![key.clone()], BTreeMap::new()).unwrap();
    assert_eq!(house.door.keys()[0].fingerprint, key.fingerprint());
}
