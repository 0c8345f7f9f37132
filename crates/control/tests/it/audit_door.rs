//! What the door writes down: each check of a sign-in, every end of a session, and never a secret.

use crate::door::{Answer, House, answer};
use crate::world::{person_id, team, written};
use access::network::Origin;
use access::snapshot::Hold;
use control::audit::{ChainKey, Head, json_line, ocsf, seal};
use control::door::Opening;
use control::ports::{Actor, AuditEntry, ChainId, Departure, SealedEntry};
use proptest::prelude::*;

fn last(house: &House) -> AuditEntry {
    house.world.state().audit.last().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_is_written_down_with_each_check() {
    let house = House::new();
    let response = answer("ada").by(house.tiles);
    house.accept(&response, None).await.unwrap();
    let entry = last(&house);
    assert_eq!(entry.actor, Actor::Person(person_id("ada")));
    let checks: Vec<&str> = entry.details["checks"].split(' ').collect();
    assert!(
        checks.len() > 10 && checks.iter().all(|check| check.ends_with("=passed")),
        "{checks:?}"
    );
    for check in ["signature=passed", "audience=passed", "replay=passed", "session=passed"] {
        assert!(checks.contains(&check), "{check}: {checks:?}");
    }

    house.accept(&response, None).await.unwrap_err();
    let entry = last(&house);
    assert_eq!((entry.event.as_str(), entry.code.as_str()), ("refused", "replayed"));
    let checks = &entry.details["checks"];
    assert!(checks.contains("signature=passed") && checks.ends_with(" replay=failed"), "{checks}");

    let forged = answer("eve").by(house.tiles).replacen('A', "B", 1);
    house.accept(&forged, None).await.unwrap_err();
    let entry = last(&house);
    assert_eq!(entry.actor, Actor::Anonymous);
    assert!(entry.details["checks"].ends_with("=failed"), "{:?}", entry.details);
    // What is no sign-in has no checks.
    let again = Answer { assertion: "_a2", ..answer("ada") }.by(house.tiles);
    let token = house.accept(&again, None).await.unwrap().token;
    house.door.open(&token, &team("nothing"), &Origin::default()).await.unwrap_err();
    assert_eq!(last(&house).details.get("checks"), None);
}

/// Where somebody was turned away, or let in, is what whoever helps them asks first.
#[tokio::test(start_paused = true)]
async fn where_a_request_came_from_is_written_down_whatever_came_of_it() {
    let house = House::new();
    let from = |address: &str, vpce: Option<&str>| Origin {
        address: Some(address.parse().unwrap()),
        vpce: vpce.map(str::to_owned),
        ..Origin::default()
    };
    let place = |entry: &AuditEntry| {
        let detail = |name: &str| entry.details.get(name).cloned().unwrap_or_default();
        [entry.event.clone(), detail("from"), detail("vpce")]
    };
    let office = from("::ffff:192.0.2.7", None);
    let response = answer("ada").by(house.tiles);
    let accepted = house.door.accept(&response, None, &[], &office).await.unwrap();
    assert_eq!(place(&last(&house)), ["sign-in", "192.0.2.7", ""]);
    house.door.accept(&response, None, &[], &from("2001:db8::1", None)).await.unwrap_err();
    assert_eq!(place(&last(&house)), ["refused", "2001:db8::1", ""]);
    let inside = from("10.100.10.7", Some("vpce-0abc"));
    house.door.open(&accepted.token, &team("nothing"), &inside).await.unwrap_err();
    assert_eq!(place(&last(&house)), ["refused", "10.100.10.7", "vpce-0abc"]);
    house.door.look(&accepted.token, &team("nothing"), &office).await.unwrap_err();
    assert_eq!(place(&last(&house)), ["refused", "192.0.2.7", ""]);
    house.door.open(&accepted.token, &team("nothing"), &Origin::default()).await.unwrap_err();
    assert_eq!(place(&last(&house)), ["refused", "", ""]);
    let opened = house.door.open(&accepted.token, &team("fraud"), &inside).await.unwrap();
    assert!(matches!(opened, Opening::Ready(_)), "{opened:?}");
    assert_eq!(place(&last(&house)), ["open-studio", "10.100.10.7", "vpce-0abc"]);
}

#[tokio::test(start_paused = true)]
async fn who_signs_out_is_written_down_once() {
    let house = House::new();
    let token = house.sign_in("ada").await;
    house.door.sign_out(&token).await.unwrap();
    house.door.sign_out(&token).await.unwrap();
    assert_eq!(house.world.audited("sign-out"), ["logged-out"]);
    assert_eq!(last(&house).person.as_deref(), Some(person_id("ada").as_str()));
}

#[tokio::test(start_paused = true)]
async fn sessions_that_end_because_the_person_is_gone_are_written_down() {
    let house = House::new();
    let token = house.sign_in("ada").await;
    house.world.state().people.clear();
    house.door.open(&token, &team("fraud"), &Origin::default()).await.unwrap_err();
    let state = house.world.state();
    let ended = state.audit.iter().find(|entry| entry.event == "sessions-ended").unwrap();
    assert_eq!(ended.details["sessions_ended"], "1");
}

/// Everything that an entry is ever shown as.
pub(crate) fn shown(entries: &[AuditEntry]) -> String {
    let (chain, key, mut head) =
        (ChainId("main".to_owned()), ChainKey::new(&[1; 32]), Head::empty());
    let shown = entries.iter().map(|entry| {
        let seal = seal(entry, &chain, &mut head, &key);
        let sealed = SealedEntry { entry: entry.clone(), seal };
        format!("{entry:?} {} {}", json_line(&sealed), ocsf(&sealed))
    });
    shown.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Secrets are planted wherever one can be, and each kind of entry is made from them.
    #[test]
    fn no_entry_holds_a_secret(
        assertion in "_[a-f0-9]{32}",
        display_name in "[A-Z][a-z]{14} [A-Z][a-z]{14}",
        why in "[a-z]{8,20}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let house = House::new();
            let (id, browser) = house.begin().await;
            let response = Answer {
                to: Some(&id),
                assertion: &assertion,
                display_name: &display_name,
                ..answer("ada")
            }
            .by(house.corp);
            let token = house.accept(&response, Some(&browser)).await.unwrap().token;
            // Used twice, broken, by nobody, from another browser, unknown: each is refused.
            house.accept(&response, Some(&browser)).await.unwrap_err();
            house.accept(&response.replacen('A', "B", 1), Some(&browser)).await.unwrap_err();
            let strange = Answer { assertion: &assertion, ..answer("zed") }.by(house.tiles);
            house.accept(&strange, None).await.unwrap_err();
            let opening = house.door.open(&token, &team("fraud"), &Origin::default()).await.unwrap();
            let Opening::Ready(url) = opening else { panic!("the profile is ready") };
            house.door.sign_out(&token).await.unwrap();
            let plane = house.world.plane(crate::world::MAP);
            let departure = Departure {
                person: person_id("ada"),
                team: None,
                user_name: Some("ada".to_owned()),
                since: crate::world::START.parse().unwrap(),
                hold: Hold::AsMapped,
                by: "olga".to_owned(),
                why: Some(why.clone()),
            };
            written(plane.depart(&departure).await);
            written(plane.rejoin(&person_id("ada"), None, "olga").await);
            let shown = shown(&house.world.state().audit);
            // The reason is an admin's own word and stays.
            assert!(shown.contains(&why));
            for secret in [
                token.reveal(), browser.reveal(), response.as_str(), strange.as_str(),
                url.reveal(), assertion.as_str(), display_name.as_str(), id.as_str(),
            ] {
                assert!(!shown.contains(secret), "{secret}");
            }
        });
    }
}
