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
    let sent = |changed: &dyn Fn(&str) -> bool, added: &[(&str, &str)]| {
        let mut url = request.clone();
        let kept = request.query_pairs().filter(|(name, _)| !changed(name.as_ref()));
        url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(added);
        url
    };
    for (url, refusal) in [
        (sent(&|name| name.starts_with("Sig"), &[]), "no signature found on message"),
        (
            sent(&|_| false, &[("RelayState", "elsewhere")]),
            "Unable to validate signature on query string",
        ),
    ] {
        let (_, page) = follow(&browser, url.as_str());
        assert!(page.body.contains(refusal), "{}", page.body);
    }
}
