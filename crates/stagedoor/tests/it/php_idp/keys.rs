//! A real identity provider's keys: the next one is announced, takes over, and the old one is gone.

use super::Door;
use crate::cloud::until;
use crate::peers::simplesamlphp::{Settings, SimpleSamlPhp};

/// Puts the identity provider's metadata of now in place of the old, and waits until the server
/// has taken it up for the so-manieth time.
fn renew(door: &Door, times: usize) {
    door.world.write("corp.xml", &door.idp.metadata());
    until("the new metadata is in force", || {
        (door.server.said().matches("\"code\":\"idp-keys-changed\"").count() == times).then_some(())
    });
}

#[test]
fn the_next_key_takes_over_while_serving_and_the_old_one_is_refused() {
    let first = Settings::default();
    let announced = Settings { next_key: Some("second"), ..first.clone() };
    let second = Settings { key: "second", ..first.clone() };
    let door = Door::open(&first, "", &["--metadata-check", "20ms"]);
    door.assert_signs_in("ana", "fraud");

    door.idp.set(&announced);
    renew(&door, 1);
    assert_eq!(
        door.world.read("corp.xml").matches("<md:KeyDescriptor use=\"signing\">").count(),
        2
    );
    door.assert_signs_in("ana", "fraud");
    door.idp.set(&second);
    door.assert_signs_in("ana", "fraud");

    renew(&door, 2);
    door.assert_signs_in("ana", "fraud");
    door.idp.set(&first);
    let browser = door.browser();
    let form = door.answer(&browser, "ana", "fraud");
    door.submit(&browser, &form).assert_refused("signature-invalid");
}

#[test]
fn keys_come_from_the_address_where_the_identity_provider_publishes_them() {
    let settings = Settings::default();
    let idp = SimpleSamlPhp::start(&settings);
    let url = format!("metadata_url: \"{}\"", idp.url("metadata.php"));
    Door::before(idp, &settings, &url, &[]).assert_signs_in("ana", "fraud");
}
