//! Requests to sign in, signed by us, before an identity provider that demands it.

use super::Door;
use crate::peers::simplesamlphp::{Settings, follow};
use url::Url;

fn demanding() -> Settings {
    Settings { demand_signed_requests: true, ..Settings::default() }
}

#[test]
fn a_signed_request_is_answered_and_a_changed_or_unsigned_one_is_not() {
    let door = Door::open(&demanding(), ", sign_requests: true", &["--sp-key", "sp.pem"]);
    door.assert_signs_in("ana", "fraud");

    let browser = door.browser();
    let request = Url::parse(browser.get("/login/corp").location()).unwrap();
    let without = |names: &[&str]| {
        let mut url = request.clone();
        let kept = request.query_pairs().filter(|(name, _)| !names.contains(&name.as_ref()));
        url.query_pairs_mut().clear().extend_pairs(kept);
        url
    };
    for (url, refusal) in [
        (without(&["SigAlg", "Signature"]), "no signature found on message"),
        (without(&["RelayState"]), "Unable to validate Signature"),
    ] {
        assert_ne!(url, request);
        let (_, page) = follow(&browser, url.as_str());
        assert_eq!(page.status, 500, "{}", page.body);
        assert!(page.body.contains(refusal), "{}", page.body);
    }
}
