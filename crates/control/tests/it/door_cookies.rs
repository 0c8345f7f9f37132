//! Cookies that are not ours never reach the store.

use crate::door::House;
use crate::world::{Fault, World, team};
use access::network::Origin;
use control::door::{CookieKeys, SessionToken};
use control::ports::Entropy;

#[tokio::test(start_paused = true)]
async fn a_cookie_that_was_not_signed_here_never_reaches_the_store() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    let (secret, mac) = ada.reveal().split_once('.').unwrap();
    let altered = format!("{}.{mac}", "00".repeat(32));
    let (_, login) = house.begin().await;
    house.world.state().looked_up = 0;
    for bad in ["made-up", secret, &altered, login.reveal()] {
        let bad = SessionToken::new(bad.to_owned());
        let refusal = house.door.open(&bad, &team("fraud"), &Origin::default()).await.unwrap_err();
        assert_eq!(refusal.code, "signed-out");
        assert_eq!(house.door.sign_out(&bad).await, Ok(()));
    }
    assert_eq!(house.world.state().looked_up, 0);
    assert_eq!(house.world.state().sessions.len(), 1);
    house.door.open(&ada, &team("fraud"), &Origin::default()).await.unwrap();
    assert_eq!(house.world.state().looked_up, 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_drawn_once_and_shared_and_roll_over() {
    let world = World::of(&[]);
    let load = |generation| CookieKeys::load(&*world, &*world, generation);
    let (first, replica) = (load(1).await.unwrap(), load(1).await.unwrap());
    assert_eq!(world.state().secrets.len(), 1);
    let sign_in = async |keys: CookieKeys| {
        let settings = control::door::DoorSettings::new(crate::door::DOOR, keys);
        let metadata = [crate::door::metadata("tiles")];
        House::with(World::of(&["ada"]), crate::world::MAP, settings, metadata)
    };
    let here = sign_in(first).await;
    let token = here.sign_in("ada").await;
    let session = here.world.state().sessions.clone();
    for (keys, good) in [
        (replica, true),
        (load(2).await.unwrap(), true),
        (load(3).await.unwrap(), false),
        (CookieKeys::new(world.bytes()), false),
    ] {
        let there = sign_in(keys).await;
        there.world.state().sessions.clone_from(&session);
        let work = there.door.my_work(&token, &Origin::default()).await;
        assert_eq!(work.is_ok(), good);
    }
    world.break_down(Fault::Secrets);
    load(1).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn neither_token_nor_name_is_kept_with_a_session() {
    let house = House::new();
    // The demo's `NameID` is the e-mail address, and its session index the assertion's id.
    let token = house.sign_in("ada").await;
    let kept = house.world.state().sessions.pop_first().unwrap().1;
    let (subject, index) = (kept.idp_session.subject, kept.idp_session.index.unwrap());
    for digest in [&subject, &index, &kept.id.0] {
        assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
        assert_ne!(*digest, token.reveal());
    }
    assert_ne!(subject, index);
}
