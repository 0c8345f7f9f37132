//! Keys of a real identity provider and of ours: one follows the other, and what they protect.

use super::Door;
use crate::peers::simplesamlphp::Settings;

#[test]
fn the_identity_providers_next_key_takes_over_and_the_old_one_is_refused() {
    let first = Settings::default();
    let announced = Settings { next_key: Some("second"), ..first.clone() };
    let second = Settings { key: "second", ..first.clone() };
    let mut door = Door::open(&first, "", &[]);
    door.assert_signs_in("ana", "fraud");

    door.idp.set(&announced);
    door.restart();
    assert_eq!(
        door.world.read("corp.xml").matches("<md:KeyDescriptor use=\"signing\">").count(),
        2
    );
    door.assert_signs_in("ana", "fraud");
    door.idp.set(&second);
    door.assert_signs_in("ana", "fraud");

    door.restart();
    door.assert_signs_in("ana", "fraud");
    door.idp.set(&first);
    let browser = door.browser();
    let form = door.answer(&browser, "ana", "fraud");
    door.submit(&browser, &form).assert_refused("signature-invalid");
}
