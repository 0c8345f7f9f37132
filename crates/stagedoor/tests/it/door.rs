//! Coming through the door: sign-in, portal, *Open Studio*, and losing the right to it.

use crate::browser::Browser;
use crate::cloud::until;
use crate::house::House;
use crate::world::{ANA, SEED, settled};

/// The secret of a presigned URL.
#[track_caller]
fn token(link: &str) -> &str {
    link.split_once("token=").unwrap().1.split('&').next().unwrap()
}

/// Follows a link into simulated Studio and returns its page.
fn studio(link: &str) -> String {
    let page = Browser::at("").get(link);
    assert_eq!(page.status, 200, "{}", page.body);
    page.body
}

#[test]
fn a_tile_leads_straight_to_studio_and_the_link_is_kept_nowhere() {
    let house = House::open(&settled());
    let browser = house.browser();
    let answer = house.tile(&browser, "ana", Some("fraud"));
    assert_eq!(answer.status, 302, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body, "");
    let link = answer.location();
    assert!(link.starts_with(&format!("{}/studio/d-research/auth?token=", house.cloud().url)));
    let page = studio(link);
    for fact in [
        "data-profile=\"ana--fraud\"",
        "data-role-arn=\"arn:aws:iam::111122223333:role/studio-fraud\"",
        &format!("data-person=\"{ANA}\""),
    ] {
        assert!(page.contains(fact), "{fact}: {page}");
    }
    assert_eq!(Browser::at("").get(link).status, 403, "the link works once");

    house.has_answered(1);
    let session = browser.cookie("__Host-stagedoor");
    assert!(session.len() >= 32);
    let store = house.world.store();
    assert!(store.contains("open-studio"));
    for (place, text) in [("log", house.log()), ("store", store)] {
        for secret in [token(link), &session, "ana@example.com", "SECRET-ACCESS-KEY"] {
            assert!(!text.contains(secret), "{secret} in {place}");
        }
    }
}

#[test]
fn the_portal_shows_the_teams_of_the_person_and_no_others() {
    let house = House::open(&settled());
    let browser = house.browser();
    let portal = house.sign_in(&browser, "ana");
    assert!(portal.body.contains("Ana Diaz"));
    // Demand is hers too, but not from here.
    assert_eq!(portal.teams(), ["fraud"]);
    assert!(portal.body.contains("Use the office network or the VPN."), "{}", portal.body);
    let opened = browser.open("fraud", &portal.key("fraud"));
    assert_eq!(opened.status, 302, "{}", opened.body);
    assert!(studio(opened.location()).contains("data-profile=\"ana--fraud\""));
}

#[test]
fn who_leaves_the_group_is_refused_at_the_next_opening() {
    let house = House::open(&settled());
    let browser = house.browser();
    let portal = house.sign_in(&browser, "ana");
    let key = portal.key("fraud");
    house.cloud().leave("ana", "ml-fraud");
    browser.open("fraud", &key).assert_refused("not-entitled");
    assert_eq!(browser.get("/").teams(), [""; 0]);
    assert_eq!(house.cloud().look().presigned_count(), 0);
}

#[test]
fn who_is_disabled_is_refused_with_a_session_that_was_open_and_loses_it() {
    let house = House::open(&settled());
    let browser = house.browser();
    let portal = house.sign_in(&browser, "ana");
    house.cloud().disable("ana");
    browser.open("fraud", &portal.key("fraud")).assert_refused("person-disabled");
    assert!(browser.get("/").body.contains("Sign in with Corp"));
    house.tile(&house.browser(), "ana", Some("fraud")).assert_refused("person-disabled");
    assert_eq!(house.cloud().look().presigned_count(), 0);
}

#[test]
fn a_tile_selects_among_entitlements_and_grants_none() {
    let house = House::open(&settled());
    let browser = house.browser();
    house.tile(&browser, "ben", Some("fraud")).assert_refused("not-entitled");
    // He is signed in all the same, and sees what is his.
    assert!(browser.get("/").body.contains("Ben Okafor"));
    assert_eq!(house.cloud().look().presigned_count(), 0);
}

#[test]
fn a_network_that_is_not_the_teams_is_refused_with_the_maps_own_words() {
    let house = House::open(&settled());
    let browser = house.browser();
    let page = house.tile(&browser, "ben", Some("demand"));
    page.assert_refused("network-refused");
    assert!(page.body.contains("Use the office network or the VPN."), "{}", page.body);
    assert!(page.body.contains("127.0.0.1"), "{}", page.body);
    assert_eq!(house.cloud().look().presigned_count(), 0);
}

#[test]
fn behind_a_trusted_proxy_the_network_is_that_of_the_client() {
    let house = House::with(&settled(), &["--trusted-proxy", "127.0.0.1"]);
    let office = house.browser().forwarded_for("10.100.10.7");
    let answer = house.tile(&office, "ben", Some("demand"));
    assert_eq!(answer.status, 302, "{}", answer.body);

    // Claiming the office's address from elsewhere does not help.
    let elsewhere = house.browser().forwarded_for("10.100.10.7, 198.51.100.4");
    let page = house.tile(&elsewhere, "ben", Some("demand"));
    page.assert_refused("network-refused");
    assert!(page.body.contains("<code>198.51.100.4</code>"), "{}", page.body);
    assert!(page.body.contains("X-Forwarded-For of a trusted proxy"), "{}", page.body);
    assert_eq!(house.cloud().look().presigned_count(), 1);
}

#[test]
fn a_proxy_that_was_not_named_is_told_once() {
    const TOLD: &str =
        "X-Forwarded-For is not heeded: it came from somebody who is no trusted proxy";
    let house = House::open(&settled());
    let office = house.browser().forwarded_for("10.100.10.7");
    house.tile(&office, "ben", Some("demand")).assert_refused("network-refused");
    assert_eq!(office.get("/").status, 200);
    let log = house.log();
    assert_eq!(log.matches(TOLD).count(), 1, "{log}");
    assert!(log.contains("proxy-not-trusted") && log.contains("--trusted-proxy"), "{log}");
}

#[test]
fn a_first_sign_in_waits_for_the_profile_without_javascript() {
    let house = House::open(&format!("{SEED}timing: {{ profile_create: 1 }}\n"));
    // The pass at the start makes what it finds; Cleo comes later.
    until("the first pass is over", || (house.cloud().names().len() == 3).then_some(()));
    house.cloud().join("cleo", "ml-fraud");
    let browser = house.browser();
    let answer = house.tile(&browser, "cleo", Some("fraud"));
    assert_eq!(answer.status, 303, "{}", answer.body);
    let waiting = answer.location().to_owned();
    assert!(waiting.starts_with("/opening/fraud?key="), "{waiting}");
    let page = browser.get(&waiting);
    assert_eq!(page.status, 200);
    // The header is for browsers whose script does not get through; without any, the page asks again.
    assert!(page.header("refresh").starts_with("20; url=/opening/fraud?key="), "{page:?}");
    let meta = "<noscript><meta http-equiv=\"refresh\" content=\"2; url=/opening/fraud?key=";
    assert!(page.body.contains(meta), "{}", page.body);
    let link = until("the profile is ready", || {
        let page = browser.get(&waiting);
        assert!(page.status == 200 || page.status == 302, "{page:?}");
        (page.status == 302).then(|| page.location().to_owned())
    });
    assert!(studio(&link).contains("data-profile=\"cleo--fraud\""));
    assert_eq!(house.cloud().profile("cleo--fraud").tags["CostCenter"], "42");
    assert!(!house.log().contains(token(&link)));
    assert!(!house.world.store().contains(token(&link)));
}

#[test]
fn an_admin_ends_sessions_without_offboarding_anybody() {
    let house = House::open(&settled());
    let signed_in = |names: [&str; 2]| {
        names.map(|name| {
            let browser = house.browser();
            house.sign_in(&browser, name);
            browser
        })
    };
    let is_in = |browser: &Browser| !browser.get("/").body.contains("Sign in with Corp");
    let end = |whose: &[&str]| {
        let run = house.world.run(&[&["sessions", "end", "--by", "olga"][..], whose].concat());
        run.exits(0).stdout
    };
    let [ana, ben] = signed_in(["ana", "ben"]);
    assert_eq!(end(&["--person", "ana"]), "Ended 1 session. Whoever may sign in does so again.\n");
    assert_eq!([&ana, &ben].map(is_in), [false, true]);
    house.sign_in(&ana, "ana");
    let other = house.world.run(&["sessions", "end", "--by", "olga", "--idp", "other"]).exits(0);
    assert!(other.stdout.starts_with("Ended 0 sessions."), "{}", other.stdout);
    other.says(&["note: the map has no identity provider `other`; it has `corp`"]);
    assert!(end(&["--idp", "corp"]).starts_with("Ended 2 sessions."));
    assert_eq!([&ana, &ben].map(is_in), [false, false]);
    let [ana, ben] = signed_in(["ana", "ben"]);
    let told = house.world.run(&["sessions", "end", "--all", "--output", "json"]).exits(0).json();
    assert_eq!((&told["kind"], &told["ended"]), (&"SessionsEnded".into(), &2.into()));
    assert_eq!([&ana, &ben].map(is_in), [false, false]);
    for wrong in [&[][..], &["--all", "--idp", "corp"]] {
        house.world.run(&[&["sessions", "end"][..], wrong].concat()).exits(3);
    }

    let entries = house.world.audit().into_iter().filter(|e| e.event == "sessions-ended");
    let told: Vec<_> = entries
        .map(|e| {
            (e.code, e.person, e.details.get("idp").cloned(), e.details["sessions_ended"].clone())
        })
        .collect();
    let entry = |person: Option<&str>, idp: Option<&str>, ended: &str| {
        (
            "sessions-revoked".to_owned(),
            person.map(str::to_owned),
            idp.map(str::to_owned),
            ended.to_owned(),
        )
    };
    let by_time = [
        entry(Some(ANA), None, "1"),
        entry(None, Some("other"), "0"),
        entry(None, Some("corp"), "2"),
        entry(None, None, "2"),
    ];
    assert_eq!(told.into_iter().rev().collect::<Vec<_>>(), by_time);
}

#[test]
fn sessions_survive_a_restart() {
    let mut house = House::open(&settled());
    let browser = house.browser();
    let portal = house.sign_in(&browser, "ana");
    house.restart();
    let browser = browser.moved(&house.base);
    assert_eq!(browser.get("/").teams(), ["fraud"]);
    assert_eq!(browser.open("fraud", &portal.key("fraud")).status, 302);
    // Without the cookie nobody is anybody.
    assert!(house.browser().get("/").body.contains("Sign in with Corp"));
}
