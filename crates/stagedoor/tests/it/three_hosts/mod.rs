//! The three hosts of "secure access with a SAML application": one in the authorised network, a
//! bastion that is let in by its own address, and one outside. Two replicas answer behind the proxies
//! that `deploy/proxy` configures, each process on a machine of its own.
//!
//! Needs root, so it is not run by `cargo test`: `cargo xtask netns`, a step of `cargo xtask test`.

mod net;
mod plane;
mod visitor;

use crate::browser::Answer;
use crate::world::ANA;
use plane::{ENDPOINTS, PROXIES, Plane};
use visitor::Visitor;

/// The text of a page that refuses by the network rule of the map.
const EXPLAINED: &str = "Use the office network or the bastion.";

#[test]
#[ignore = "takes root: cargo xtask netns"]
fn the_allowed_reach_studio_and_the_outside_is_refused() {
    let plane = Plane::start();
    let Plane { inside, bastion, outside, .. } = &plane;
    for (proxy, name) in PROXIES {
        for host in [inside, bastion] {
            let person = plane.visitor(host, proxy);
            let answer = plane.tile(&person, Some("fraud"), &[]);
            told(name, host, &answer);
            assert_eq!(answer.status, 302, "{}", answer.body);
            assert_eq!(answer.header("cache-control"), "no-store");
            let studio = person.get(answer.location());
            assert_eq!(studio.status, 200, "{}", studio.body);
            assert!(studio.body.contains("data-profile=\"ana--fraud\""), "{}", studio.body);
            assert!(studio.body.contains(&format!("data-person=\"{ANA}\"")), "{}", studio.body);
        }
        let refused = plane.tile(&plane.visitor(outside, proxy), Some("fraud"), &[]);
        told(name, outside, &refused);
        refused_by_network(&refused);
    }
    let counted = |result, code| plane.openings(result, code);
    let told = (counted("opened", "opened"), counted("refused", "network-refused"));
    assert_eq!(told, (4, 2), "{}", plane.metrics());
    assert_eq!(plane.audit("open-studio").len(), 4);
    let refused = plane.audit("refused");
    let of: Vec<_> = refused.iter().map(|e| (e.code.as_str(), e.team.as_deref())).collect();
    assert_eq!(of, [("network-refused", Some("fraud")); 2]);
    assert!(refused.iter().all(|entry| entry.person.as_deref() == Some(ANA)), "{refused:?}");
    assert_eq!(plane.presigned(), 4, "nobody outside was ever given a link");
}

#[test]
#[ignore = "takes root: cargo xtask netns"]
fn who_signed_in_at_one_replica_is_known_at_the_other_and_the_network_holds_at_both() {
    let plane = Plane::start();
    let inside = plane.visitor(&plane.inside, PROXIES[0].0);
    let signed_in = plane.tile(&inside, None, &[]);
    assert_eq!((signed_in.status, signed_in.location()), (303, "/"), "{}", signed_in.body);
    let key = inside.get("/").key("fraud");
    // The proxy goes from one to the other: of four requests each answers two.
    for _ in 0..4 {
        let opened = inside.post("/open/fraud", &[("key", &key)]);
        assert_eq!(opened.status, 302, "{}", opened.body);
    }
    assert!(plane.replicas().iter().all(|opened| *opened > 0), "{:?}", plane.replicas());
    // A session that was taken elsewhere opens nothing there.
    let thief = Visitor::with_cookies_of(&plane.outside, &inside);
    let page = thief.get("/");
    assert_eq!(page.teams(), [""; 0], "{}", page.body);
    for _ in 0..4 {
        refused_by_network(&thief.post("/open/fraud", &[("key", &key)]));
    }
    assert_eq!(plane.presigned(), 4);
}

#[test]
#[ignore = "takes root: cargo xtask netns"]
fn a_bastion_comes_in_by_its_vpc_endpoint_and_by_no_other() {
    let plane = Plane::start();
    let [(door, by), (other, by_other)] = ENDPOINTS;
    let person = plane.visitor(&plane.peered, door);
    let answer = plane.tile(&person, Some("fraud"), &[]);
    told(by, &plane.peered, &answer);
    assert_eq!(answer.status, 302, "{}", answer.body);
    let studio = person.get(answer.location());
    assert!(studio.body.contains("data-profile=\"ana--fraud\""), "{}", studio.body);
    // The endpoint decides, whatever the headers say; the address alone is nobody's.
    for (proxy, name) in [(other, by_other), PROXIES[0]] {
        let claim = format!("X-Amzn-Vpce-Id: {by}");
        let visitor = plane.visitor(&plane.peered, proxy);
        let refused = plane.tile(&visitor, Some("fraud"), &[claim.as_str()]);
        told(name, &plane.peered, &refused);
        refused.assert_refused("network-refused");
        assert!(refused.body.contains("10.0.31.9"), "{}", refused.body);
    }
    assert_eq!(plane.presigned(), 1);
}

#[test]
#[ignore = "takes root: cargo xtask netns"]
fn nobody_outside_passes_for_somebody_inside() {
    let plane = Plane::start();
    let office = plane.inside.address();
    let claims = [
        format!("X-Forwarded-For: {office}"),
        format!("Forwarded: for={office}"),
        format!("X-Real-IP: {office}"),
    ];
    for (proxy, _) in PROXIES {
        for claim in &claims {
            let visitor = plane.visitor(&plane.outside, proxy);
            refused_by_network(&plane.tile(&visitor, Some("fraud"), &[claim.as_str()]));
        }
    }
    // The replicas themselves are reached by the proxies alone.
    let direct = plane
        .outside
        .command("curl")
        .arg("--max-time")
        .arg("5")
        .arg("--silent")
        .args(["--show-error", &format!("http://{}:8081/", plane.door())])
        .output()
        .unwrap();
    assert!(!direct.status.success());
    assert_eq!(plane.presigned(), 0);
}

#[test]
#[ignore = "takes root: cargo xtask netns"]
fn a_push_of_almost_eight_mebibytes_passes_each_proxy() {
    let plane = Plane::start();
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.json");
    std::fs::write(&large, " ".repeat(8 * 1024 * 1024 - 1)).unwrap();
    for (proxy, name) in PROXIES {
        let answer = plane.visitor(&plane.inside, proxy).push("/scim/v2/Bulk", &large);
        // Nobody pushes here; it is Stagedoor that says so, not the proxy.
        assert_eq!(answer.status, 401, "{name}: {}", answer.body);
        assert!(answer.body.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{name}");
    }
}

#[track_caller]
fn refused_by_network(page: &Answer) {
    page.assert_refused("network-refused");
    assert!(page.body.contains(EXPLAINED), "{}", page.body);
    assert!(page.body.contains("203.0.113.50"), "{}", page.body);
}

/// One line of what `cargo xtask netns` shows.
#[expect(clippy::print_stdout, reason = "the task shows what was observed")]
fn told(proxy: &str, host: &net::Host, answer: &Answer) {
    let what = match answer.status {
        302 => "302 to Studio",
        403 => "403 network-refused",
        _ => "something else",
    };
    println!("{:<15} through {proxy:<10} → {what}", host.address().to_string());
}
