//! How often the door may be asked.

use crate::door::{House, answer, idp_key, metadata, settings};
use crate::world::{MAP, World, team};
use access::network::Origin;
use control::door::{DoorSettings, Opening, RefusalKind};
use control::ports::Clock;
use std::num::NonZeroU32;
use std::slice::from_ref;
use std::time::Duration;

fn house() -> House {
    let few = DoorSettings {
        sign_ins_per_minute: NonZeroU32::new(3).unwrap(),
        openings_per_minute: NonZeroU32::new(2).unwrap(),
        ..settings()
    };
    House::with(World::of(&["ada", "bob"]), MAP, few, [metadata("corp"), metadata("tiles")])
}

fn from(address: &str) -> Origin {
    Origin { address: Some(address.parse().unwrap()), ..Origin::default() }
}

const LIMIT: RefusalKind = RefusalKind::TooManyRequests { retry_after_seconds: 20 };

#[tokio::test(start_paused = true)]
async fn too_many_requests_of_one_address() {
    let house = house();
    let here = from("2001:db8:1:2::7");
    // To begin and to answer count together.
    house.door.begin(&idp_key("corp"), None, &here).await.unwrap();
    for _ in 0..2 {
        let refusal = house.door.accept("bm9uc2Vuc2U=", None, &[], &here).await.unwrap_err();
        assert_eq!(refusal.code, "xml-malformed");
    }
    let genuine = answer("ada").by(house.tiles);
    let refusal = house.door.accept(&genuine, None, &[], &here).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (LIMIT, "too-many-requests"));
    let neighbour = from("2001:db8:1:2:ffff::1");
    let refusal = house.door.begin(&idp_key("corp"), None, &neighbour).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (LIMIT, "too-many-requests"));
    // Nothing was looked at, so nothing is kept of it.
    assert_eq!(house.world.state().attempts.len(), 2);

    // Others are not concerned, and after a while the address is not either.
    let other = Origin::default();
    house.door.begin(&idp_key("corp"), None, &other).await.unwrap();
    tokio::time::advance(Duration::from_secs(20)).await;
    house.door.accept(&genuine, None, &[], &here).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_asks_a_lot_from_nowhere_keeps_nobody_from_ending_a_sign_in() {
    let house = house();
    let (corp, nowhere) = (idp_key("corp"), Origin::default());
    let (request, cookie) = house.begin().await;
    // As many as twenty addresses may.
    for _ in 1..60 {
        house.door.begin(&corp, None, &nowhere).await.unwrap();
    }
    let refusal = house.door.begin(&corp, None, &nowhere).await.unwrap_err();
    let kind = RefusalKind::TooManyRequests { retry_after_seconds: 1 };
    assert_eq!((refusal.kind, refusal.code), (kind, "too-many-requests"));
    // Those with an address do not stand among them.
    house.door.begin(&corp, None, &from("192.0.2.7")).await.unwrap();
    let of = crate::door::Answer { to: Some(&request), ..answer("ada") };
    let genuine = of.by(house.corp);
    let outcome = house.door.accept(&genuine, None, &[], &nowhere).await;
    assert_eq!(outcome.unwrap_err().code, "too-many-requests");
    let forged = control::door::SessionToken::new("00".repeat(32));
    let outcome = house.door.accept(&genuine, None, from_ref(&forged), &nowhere).await;
    assert_eq!(outcome.unwrap_err().code, "too-many-requests");
    house.door.accept(&genuine, None, from_ref(&cookie), &nowhere).await.unwrap();
    // Nor is that a way to ask a lot.
    for _ in 0..9 {
        house.door.accept("bm9uc2Vuc2U=", None, from_ref(&cookie), &nowhere).await.unwrap_err();
    }
    let outcome = house.door.accept("bm9uc2Vuc2U=", None, from_ref(&cookie), &nowhere).await;
    assert_eq!(outcome.unwrap_err().code, "too-many-requests");
}

#[tokio::test(start_paused = true)]
async fn answers_from_nowhere_have_a_limit_however_many_sign_ins_were_begun() {
    let (house, nowhere) = (house(), Origin::default());
    let send = async |cookie: &control::door::SessionToken| {
        house.door.accept("bm9uc2Vuc2U=", None, from_ref(cookie), &nowhere).await.unwrap_err().code
    };
    for _ in 0..12 {
        let (_, cookie) = house.begin().await;
        for _ in 0..10 {
            assert_eq!(send(&cookie).await, "xml-malformed");
        }
        assert_eq!(send(&cookie).await, "too-many-requests");
    }
    let (_, cookie) = house.begin().await;
    assert_eq!(send(&cookie).await, "too-many-requests");
}

#[tokio::test(start_paused = true)]
async fn whoever_made_a_proxy_say_what_nobody_can_read_counts_as_the_proxy() {
    let house = house();
    let unread = Origin { mumbler: from("192.0.2.5").address, ..Origin::default() };
    let (_, cookie) = house.begin().await;
    for _ in 0..3 {
        let sent = house.door.accept("bm9uc2Vuc2U=", None, from_ref(&cookie), &unread).await;
        assert_eq!(sent.unwrap_err().code, "xml-malformed");
    }
    let refusal = house.door.begin(&idp_key("corp"), None, &unread).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (LIMIT, "too-many-requests"));
    house.door.begin(&idp_key("corp"), None, &Origin::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_fills_the_log_with_what_they_are_refused_nor_hides_another_refusal_in_it() {
    let house = House::new();
    let (ada, origin) = (house.sign_in("ada").await, Origin::default());
    house.world.state().audit.clear();
    let refuse = async |key: &str, code: &str, times: usize| {
        for _ in 0..times {
            let refusal = house.door.open(&ada, &team(key), &origin).await.unwrap_err();
            assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, code));
        }
        house.world.state().audit.len()
    };
    assert_eq!(refuse("ward", "not-entitled", 50).await, 30);
    house.world.join("ada", "ml-trials");
    assert_eq!(refuse("trials", "network-refused", 1).await, 31);
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(refuse("ward", "not-entitled", 50).await, 61);
}

#[tokio::test(start_paused = true)]
async fn too_many_openings_of_one_person() {
    let house = house();
    let (ada, bob) = (house.sign_in("ada").await, {
        let bob = crate::door::Answer { assertion: "_b1", ..answer("bob") };
        house.accept(&bob.by(house.tiles), None).await.unwrap().token
    });
    let origin = Origin::default();
    for _ in 0..2 {
        house.door.open(&ada, &team("fraud"), &origin).await.unwrap();
    }
    house.world.state().audit.clear();
    for _ in 0..100 {
        let refusal = house.door.open(&ada, &team("fraud"), &origin).await.unwrap_err();
        let kind = RefusalKind::TooManyRequests { retry_after_seconds: 30 };
        assert_eq!((refusal.kind, refusal.code), (kind, "too-many-requests"));
    }
    // They are written down, and only so many.
    let audit = house.world.state().audit.clone();
    assert_eq!(audit.len(), 60);
    assert_eq!(audit[0].person.as_deref(), Some("p-ada"));
    let opening = house.door.open(&bob, &team("fraud"), &origin).await.unwrap();
    assert!(matches!(opening, Opening::Ready(_)));
    tokio::time::advance(Duration::from_secs(30)).await;
    house.door.open(&ada, &team("fraud"), &origin).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn everything_is_counted() {
    let house = House::new();
    house.begin().await;
    let ada = house.sign_in("ada").await;
    house.accept(&answer("ada").by(house.tiles), None).await.unwrap_err();
    house.accept("bm9uc2Vuc2U=", None).await.unwrap_err();
    house.accept("bm9uc2Vuc2U=", None).await.unwrap_err();
    let origin = Origin::default();
    house.door.open(&ada, &team("fraud"), &origin).await.unwrap();
    house.door.open(&ada, &team("trials"), &origin).await.unwrap_err();
    house.world.break_down(crate::world::Fault::Presign);
    house.door.open(&ada, &team("fraud"), &origin).await.unwrap_err();
    let counts = house.door.counts();
    assert_eq!((counts.begun, counts.accepted, counts.accepted_weak), (1, 1, 0));
    let refused: Vec<_> = counts.refused.into_iter().collect();
    assert_eq!(refused, [("replayed", 1), ("xml-malformed", 2)]);
    assert_eq!((counts.opened, counts.preparing, counts.presign_failed), (1, 0, 1));
    let refused: Vec<_> = counts.openings_refused.into_iter().collect();
    assert_eq!(refused, [("not-entitled", 1), ("unavailable", 1)]);
}

#[tokio::test(start_paused = true)]
async fn pages_of_one_person_read_the_directory_one_after_the_other() {
    let house = House::new();
    let ada = house.sign_in("ada").await;
    house.world.state().directory_takes = Duration::from_secs(1);
    house.world.state().reads.clear();
    let (began, origin) = (house.world.now(), Origin::default());
    let pages = (0..200).map(|_| house.door.my_work(&ada, &origin));
    let pages = futures::future::join_all(pages).await;
    let refused: Vec<_> = pages.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 200 - 16);
    let limit = RefusalKind::TooManyRequests { retry_after_seconds: 1 };
    assert!(refused.iter().all(|it| (it.kind, it.code) == (limit, "too-many-requests")));
    assert_eq!(house.world.state().reads, vec!["p-ada"; 16]);
    assert_eq!(house.world.now().duration_since(began), jiff::SignedDuration::from_secs(16));
    // Afterwards everything is as before.
    house.door.my_work(&ada, &origin).await.unwrap();
}
