//! Answers of the identity provider that must not be accepted, and what is left of them: nothing.

use crate::house::{House, Ids, identity_provider};
use crate::world::{BEN, settled};
use demo_idp::{DemoResponse, Signing};
use jiff::SignedDuration;

#[test]
fn what_is_not_a_fresh_signed_answer_for_this_door_is_refused_and_leaves_no_trace() {
    let house = House::open(&settled());
    let ids = Ids::new();
    let genuine = house.response("ben", Some("fraud"), &ids);
    let issue = |response: &DemoResponse<'_>| house.idp.issue_response(response).unwrap();
    let hour_ago = genuine.issued_at - SignedDuration::from_hours(1);
    let attempts = [
        (
            issue(&DemoResponse { signing: Signing::Nothing, ..genuine.clone() }),
            "signature-missing",
        ),
        (identity_provider().issue_response(&genuine).unwrap(), "signature-invalid"),
        (issue(&DemoResponse { issued_at: hour_ago, ..genuine.clone() }), "expired"),
        (
            issue(&DemoResponse { audience: "https://other.example", ..genuine.clone() }),
            "audience-mismatch",
        ),
        (
            issue(&DemoResponse { acs_url: "https://other.example/acs", ..genuine.clone() }),
            "destination-mismatch",
        ),
        (
            issue(&DemoResponse { in_response_to: Some("_never"), ..genuine.clone() }),
            "unknown-login",
        ),
        ("PHNhbWxwOlJlc3BvbnNl".to_owned(), "xml-malformed"),
        ("no base64 at all!".to_owned(), "base64-malformed"),
    ];
    let browser = house.browser();
    for (count, (response, code)) in attempts.iter().enumerate() {
        let page = browser.post("/saml/acs", &[("SAMLResponse", response)]);
        page.assert_refused(code);
        assert_eq!(browser.cookie("__Host-stagedoor"), "", "{code}");
        house.has_answered(count + 1);
        for (place, text) in [("page", page.body), ("log", house.log())] {
            assert_none_of_it(&text, response, &format!("{place} of {code}"));
        }
        assert!(house.log().contains(&format!("\"code\":\"{code}\"")), "{}", house.log());
    }
    assert_eq!(house.cloud().look().presigned_count(), 0);
    assert_eq!(house.world.store().matches("sign-in").count(), 0);
}

/// Nothing of the assertion: neither what it says nor how it was sent.
#[track_caller]
fn assert_none_of_it(text: &str, response: &str, place: &str) {
    let middle = response.get(response.len() / 2..).and_then(|r| r.get(..16));
    let begin = response.get(..16);
    let parts = [Some("ben@example.com"), Some("samlp:"), Some("saml:"), begin, middle];
    for part in parts.into_iter().flatten() {
        assert!(!text.contains(part), "{part} in {place}: {text}");
    }
}

#[test]
fn a_used_answer_is_refused_also_by_a_server_that_was_restarted() {
    let mut house = House::open(&settled());
    let ids = Ids::new();
    let response = house.idp.issue_response(&house.response("ben", None, &ids)).unwrap();
    let form = [("SAMLResponse", response.as_str())];
    assert_eq!(house.browser().post("/saml/acs", &form).status, 303);
    let thief = house.browser();
    thief.post("/saml/acs", &form).assert_refused("replayed");
    house.restart();
    let thief = thief.moved(&house.base);
    let page = thief.post("/saml/acs", &form);
    page.assert_refused("replayed");
    assert_eq!(thief.cookie("__Host-stagedoor"), "");
    assert!(!page.body.contains(BEN) && !page.body.contains("ben@example.com"), "{}", page.body);
    assert_none_of_it(&house.log(), &response, "log");
}

#[test]
fn a_person_whom_the_directory_does_not_know_is_not_let_in() {
    let seed = settled();
    let ghost = seed.lines().filter(|line| !line.contains("user_name: cleo")).collect::<Vec<_>>();
    let house = House::open(&format!("{}\n", ghost.join("\n")));
    let browser = house.browser();
    house.tile(&browser, "cleo", Some("fraud")).assert_refused("person-unknown");
    assert_eq!(browser.cookie("__Host-stagedoor"), "");
    assert!(!house.log().contains("cleo@example.com"), "{}", house.log());
}
