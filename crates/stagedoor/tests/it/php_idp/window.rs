//! The way of a person with a browser, through a real identity provider.

use super::Door;
use crate::peers::chromium::Chromium;
use crate::peers::simplesamlphp::Settings;

#[test]
fn a_person_with_chromium_comes_from_the_first_page_into_studio() {
    let door = Door::open(&Settings::default(), "", &[]);
    let chromium = Chromium::start();
    chromium.open(&door.base);
    assert_eq!(chromium.read("a.button"), "Sign in with Corp");
    chromium.click("a.button");
    chromium.write("input[name=username]", "ana");
    chromium.write("input[name=password]", "ana-password");
    assert!(chromium.url().starts_with(&door.idp.origin), "{}", chromium.url());
    chromium.click("form[name=f] button, form[name=f] input[type=submit]");
    assert_eq!(chromium.read(".who .name"), "Ana Diaz");
    assert_eq!(chromium.url(), format!("{}/", door.base));
    chromium.click("form[action='/open/fraud'] button");
    // The page that stands in for Studio.
    assert_eq!(chromium.attribute("#studio", "data-profile"), "ana--fraud");
    assert_eq!(
        chromium.attribute("#studio", "data-role-arn"),
        "arn:aws:iam::111122223333:role/studio-fraud"
    );
    assert!(chromium.url().starts_with(&format!("{}/studio/d-research/", door.world.cloud.url)));
}
