//! Logging out at a real identity provider ends the session here too.

use super::Door;
use crate::browser::{Answer, Browser};
use crate::peers::simplesamlphp::{Settings, follow};
use url::Url;

/// Ana and Ben are signed in, and Ana logs out at the identity provider, which leads her away with
/// its request. `round` takes her from there until she is back.
fn log_out(door: &Door, round: impl FnOnce(&Browser, (Url, Answer)) -> (Url, Answer)) {
    let (ana, ben) = (door.browser(), door.browser());
    for (browser, person) in [(&ana, "ana"), (&ben, "ben")] {
        let form = door.idp.sign_in(browser, &format!("{}/login/corp", door.base), person);
        assert_eq!(door.submit(browser, &form).location(), "/");
    }
    let kept = ana.clone();
    assert_eq!(kept.get("/").teams(), ["demand", "fraud"]);
    let start = door.idp.url(&format!("SingleLogoutService.php?ReturnTo={}/", door.base));
    let (url, page) = round(&ana, follow(&ana, &start));
    // It leads back here only after our answer.
    assert_eq!(url.as_str(), format!("{}/", door.base), "{}\n{}", page.body, door.idp.log());
    assert!(page.body.contains("Sign in with Corp"), "{}", page.body);
    // Not only the cookie is gone: so is the session.
    assert!(kept.get("/").body.contains("Sign in with Corp"));
    assert_eq!(ben.get("/").teams(), ["demand"]);
}

#[test]
fn logging_out_at_the_identity_provider_ends_our_session_and_no_other() {
    log_out(&Door::open(&Settings::default(), "", &[]), |_, page| page);
    // Our answer is signed.
    log_out(&Door::open(&Settings::default(), "", &["--sp-key", "sp.pem"]), |_, page| page);
}

#[test]
fn a_log_out_that_comes_by_form_does_so_too() {
    let door = Door::open(&Settings::default(), "", &[]);
    let metadata = door.browser().get("/saml/metadata").body;
    let redirect = metadata
        .split_inclusive('>')
        .find(|tag| tag.contains("SingleLogoutService") && tag.contains("bindings:HTTP-Redirect"));
    door.idp.know(&metadata.replace(redirect.unwrap(), ""));
    log_out(&door, |ana, (url, page)| {
        let form = door.idp.form(&url, &page, "SAMLRequest");
        assert_eq!(form.action.as_str(), format!("{}/saml/logout", door.base));
        let answer = ana.post(form.action.as_str(), &form.fields());
        assert_eq!(answer.status, 302, "{}", answer.body);
        follow(ana, answer.location())
    });
}
