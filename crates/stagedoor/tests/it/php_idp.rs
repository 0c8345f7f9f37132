//! A real identity provider, SimpleSAMLphp, before the door: signing in without a browser's window.

use crate::browser::{Answer, Browser};
use crate::peers::chromium::Chromium;
use crate::peers::forms::Form;
use crate::peers::simplesamlphp::{Settings, SimpleSamlPhp};
use crate::process::Running;
use crate::world::{MAP, World, settled};

/// `stagedoor serve` with SimpleSAMLphp as its identity provider; each knows the other's metadata.
struct Door {
    world: World,
    idp: SimpleSamlPhp,
    server: Running,
    base: String,
    settings: Settings,
    args: Vec<String>,
}

impl Door {
    /// `more` are further keys of the identity provider in the map, `args` of `serve`.
    fn open(settings: &Settings, more: &str, args: &[&str]) -> Self {
        let idp = SimpleSamlPhp::start(settings);
        let map = format!("{MAP}identity_providers:\n  corp: {{ metadata: corp.xml{more} }}\n");
        let world = World::new(&settled(), &map);
        let (server, base) = serve(&world, &idp, settings, args);
        let (settings, args) = (settings.clone(), args.iter().map(|&a| a.to_owned()).collect());
        Self { world, idp, server, base, settings, args }
    }

    fn browser(&self) -> Browser {
        Browser::at(&self.base)
    }

    /// Where signing in begins at the door.
    fn login(&self, team: &str) -> String {
        format!("{}/login/corp?team={team}", self.base)
    }

    /// Where signing in begins at the identity provider.
    fn tile(&self) -> String {
        let entity = format!("{}/saml/metadata", self.base);
        self.idp.url(&format!("SSOService.php?spentityid={entity}"))
    }

    /// The identity provider's answer to a sign-in that began at the door.
    fn answer(&self, browser: &Browser, person: &str, team: &str) -> Form {
        self.idp.sign_in(browser, &self.login(team), person)
    }

    /// Submits the identity provider's form to the door.
    fn submit(&self, browser: &Browser, form: &Form) -> Answer {
        assert_eq!(form.action.as_str(), format!("{}/saml/acs", self.base));
        browser.post(form.action.as_str(), &form.fields())
    }

    /// Stops the server and starts another one, which reads the identity provider's metadata anew.
    fn restart(&mut self) {
        assert!(self.server.terminate().success(), "{}", self.server.said());
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        (self.server, self.base) = serve(&self.world, &self.idp, &self.settings, &args);
    }

    /// A sign-in that begins at the door leads into Studio.
    #[track_caller]
    fn assert_signs_in(&self, person: &str, team: &str) {
        let browser = self.browser();
        let form = self.answer(&browser, person, team);
        self.assert_in_studio(&self.submit(&browser, &form), &format!("{person}--{team}"));
    }

    /// The answer leads into Studio, as this profile.
    #[track_caller]
    fn assert_in_studio(&self, answer: &Answer, profile: &str) {
        assert_eq!(answer.status, 302, "{}\n{}", answer.body, self.server.said());
        let studio = format!("{}/studio/d-research/auth?token=", self.world.cloud.url);
        assert!(answer.location().starts_with(&studio), "{answer:?}");
        let page = Browser::default().get(answer.location());
        assert_eq!(page.status, 200);
        assert!(page.body.contains(&format!("data-profile=\"{profile}\"")), "{}", page.body);
    }
}

/// Starts the server with the identity provider's metadata as it is now.
fn serve(
    world: &World,
    idp: &SimpleSamlPhp,
    settings: &Settings,
    args: &[&str],
) -> (Running, String) {
    world.write("corp.xml", &idp.metadata());
    let args = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
    let mut server = Running::start(world.command(&args));
    let base = server.word_after("Stagedoor listens on ");
    let metadata = Browser::at(&base).get("/saml/metadata").body;
    idp.know(&if settings.sign_assertion {
        metadata
    } else {
        // Our wish would win over the setting. Who enters a service provider by hand leaves it out.
        metadata.replace(" WantAssertionsSigned=\"true\"", "")
    });
    (server, base)
}

/// The response of a form, decoded.
fn response(form: &Form) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(form.value("SAMLResponse").unwrap())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

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
