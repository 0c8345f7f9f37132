//! Answers of a real identity provider: how they are signed, who asked for them, and how often.

use super::{Door, response};
use crate::peers::simplesamlphp::{Settings, follow};

/// Signs Ana in with answers signed so, and opens Studio.
fn signed_in_with(sign_response: bool, sign_assertion: bool) {
    let settings = Settings { sign_response, sign_assertion, ..Settings::default() };
    let door = Door::open(&settings, "", &[]);
    let browser = door.browser();
    let form = door.answer(&browser, "ana", "fraud");
    let signed = response(&form).matches("<ds:Signature ").count();
    assert_eq!(signed, usize::from(sign_response) + usize::from(sign_assertion));
    door.assert_in_studio(&door.submit(&browser, &form), "ana--fraud");
}

#[test]
fn an_answer_whose_response_is_signed_leads_into_studio() {
    signed_in_with(true, false);
}

#[test]
fn an_answer_whose_assertion_is_signed_leads_into_studio() {
    signed_in_with(false, true);
}

#[test]
fn an_answer_signed_twice_leads_into_studio() {
    signed_in_with(true, true);
}

#[test]
fn a_tile_of_the_identity_provider_leads_to_my_work_and_from_there_into_studio() {
    let door = Door::open(&Settings::default(), ", allow_unsolicited: true", &[]);
    let browser = door.browser();
    let form = door.idp.sign_in(&browser, &door.tile(), "ben");
    let answer = door.submit(&browser, &form);
    assert_eq!((answer.status, answer.location()), (303, "/"), "{}", answer.body);
    let portal = browser.get("/");
    assert_eq!(portal.teams(), ["demand"]);
    door.assert_in_studio(&browser.open("demand", &portal.key("demand")), "ben--demand");
}

#[test]
fn a_tile_is_refused_where_the_map_does_not_allow_it() {
    let door = Door::open(&Settings::default(), "", &[]);
    let browser = door.browser();
    let form = door.idp.sign_in(&browser, &door.tile(), "ben");
    door.submit(&browser, &form).assert_refused("unsolicited-refused");
    assert_eq!(browser.cookie("__Host-stagedoor"), "");
}

#[test]
fn an_answer_is_taken_once() {
    let door = Door::open(&Settings::default(), ", allow_unsolicited: true", &[]);
    let browser = door.browser();
    let form = door.answer(&browser, "ana", "fraud");
    let login = browser.clone();
    door.assert_in_studio(&door.submit(&browser, &form), "ana--fraud");
    // Had the browser kept the cookie of the sign-in: the request was answered.
    door.submit(&login, &form).assert_refused("unknown-login");
    // Nobody asked for this one, so the answer itself is remembered.
    let browser = door.browser();
    let form = door.idp.sign_in(&browser, &door.tile(), "ben");
    assert_eq!(door.submit(&browser, &form).status, 303);
    door.submit(&browser, &form).assert_refused("replayed");
    door.submit(&door.browser(), &form).assert_refused("replayed");
}

#[test]
fn windows_of_one_browser_that_sign_in_at_once_all_come_in() {
    let door = Door::open(&Settings::default(), "", &[]);
    let browser = door.browser();
    let first = door.answer(&browser, "ana", "fraud");
    // The identity provider knows her by now.
    let (page, answer) = follow(&browser, &door.login("fraud"));
    let second = door.idp.form(&page, &answer, "SAMLResponse");
    for form in [first, second] {
        door.assert_in_studio(&door.submit(&browser, &form), "ana--fraud");
    }
}

#[test]
fn an_answer_is_taken_from_the_browser_that_asked() {
    let door = Door::open(&Settings::default(), "", &[]);
    let form = door.answer(&door.browser(), "ana", "fraud");
    door.submit(&door.browser(), &form).assert_refused("other-browser");
    // One that is in the middle of a sign-in of its own is another one as well.
    let form = door.answer(&door.browser(), "ana", "fraud");
    let other = door.browser();
    door.answer(&other, "ben", "demand");
    door.submit(&other, &form).assert_refused("other-browser");
}

#[test]
fn the_debugger_accepts_a_genuine_answer_and_names_what_is_wrong_with_a_changed_one() {
    let door = Door::open(&Settings::default(), "", &[]);
    let form = door.answer(&door.browser(), "ana", "fraud");
    let genuine = response(&form);
    let (_, request) = genuine.split_once("InResponseTo=\"").unwrap();
    let request = request.split('"').next().unwrap();
    let verify = |response: &str| {
        door.world.write("response.xml", response);
        let (entity, acs) =
            (format!("{}/saml/metadata", door.base), format!("{}/saml/acs", door.base));
        let run = door.world.run(&[
            "saml",
            "verify",
            "--idp-metadata",
            "corp.xml",
            "--entity-id",
            &entity,
            "--acs-url",
            &acs,
            "--in-response-to",
            request,
            "--output",
            "json",
            "response.xml",
        ]);
        let document = run.json();
        (run.code, document["verdict"].clone(), document["code"].clone(), document)
    };
    let (code, verdict, _, document) = verify(&genuine);
    assert_eq!((code, verdict), (Some(0), "accepted".into()), "{document}");
    assert_eq!(document["attributes"]["mail"][0], "ana@example.com", "{document}");
    let changed = genuine.replace("ana@example.com", "ben@example.com");
    let (code, verdict, reason, document) = verify(&changed);
    assert_eq!(
        (code, verdict, reason),
        (Some(5), "rejected".into(), "digest-mismatch".into()),
        "{document}"
    );
}
