//! Assertions that a real identity provider encrypts for us: AES-128-CBC, its key by RSA-OAEP.

use super::{Door, response};
use crate::browser::Browser;
use crate::peers::forms::Form;
use crate::peers::simplesamlphp::Settings;

const SP_KEY: &[&str] = &["--sp-key", "sp.pem"];

/// Ana's answer, of which nobody on the way can read whose it is.
#[track_caller]
fn answer(door: &Door, browser: &Browser) -> Form {
    let form = door.answer(browser, "ana", "fraud");
    let sent = response(&form);
    assert!(sent.contains("<saml:EncryptedAssertion"), "{sent}");
    // Neither the person nor the words around her can be read. Ciphertext is base64, in which any
    // three letters turn up by chance, but no such element.
    assert!(!sent.contains("<saml:Subject"), "{sent}");
    assert!(!sent.contains("<saml:AttributeValue"), "{sent}");
    form
}

#[test]
fn an_encrypted_assertion_in_a_signed_response_leads_into_studio_where_the_map_allows_cbc() {
    for sign_assertion in [false, true] {
        let settings = Settings { encrypt: true, sign_assertion, ..Settings::default() };
        let door = Door::open(&settings, ", allow_cbc: true", SP_KEY);
        let browser = door.browser();
        let form = answer(&door, &browser);
        door.assert_in_studio(&door.submit(&browser, &form), "ana--fraud");
    }
}

#[test]
fn cbc_is_refused_unless_the_map_allows_it_and_the_response_is_signed() {
    let outside = Settings { encrypt: true, ..Settings::default() };
    let inside = Settings { sign_response: false, ..outside.clone() };
    for (settings, map) in [(outside, ""), (inside, ", allow_cbc: true")] {
        let door = Door::open(&settings, map, SP_KEY);
        let browser = door.browser();
        let form = answer(&door, &browser);
        door.submit(&browser, &form).assert_refused("encryption-cbc-refused");
    }
}
