//! A real identity provider, SimpleSAMLphp, before the door.

mod encrypted;
mod keys;
mod log_out;
mod requests;
mod sign_in;
mod window;

use crate::browser::{Answer, Browser};
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
}

impl Door {
    /// `more` are further keys of the identity provider in the map, `args` of `serve`.
    fn open(settings: &Settings, more: &str, args: &[&str]) -> Self {
        let idp = SimpleSamlPhp::start(settings);
        Self::before(idp, settings, &format!("metadata: corp.xml{more}"), args)
    }

    /// `entry` is all that the map says of the identity provider. Its metadata lies in `corp.xml`; a
    /// key of our own is in `sp.pem` if `args` name that.
    fn before(idp: SimpleSamlPhp, settings: &Settings, entry: &str, args: &[&str]) -> Self {
        let map = format!("{MAP}identity_providers:\n  corp: {{ {entry} }}\n");
        let world = World::new(&settled(), &map);
        world.write("corp.xml", &idp.metadata());
        if args.contains(&"sp.pem") {
            world.run(&["saml", "key", "new", "--out", "sp.pem"]).exits(0);
        }
        let args = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
        let mut server = Running::start(world.command(&args));
        let base = server.word_after("Stagedoor listens on ");
        let metadata = Browser::at(&base).get("/saml/metadata").body;
        idp.know(&if settings.sign_assertion {
            metadata
        } else {
            // Our wish would win over the setting. Who enters us by hand leaves it out.
            metadata.replace(" WantAssertionsSigned=\"true\"", "")
        });
        Self { world, idp, server, base }
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

/// The response of a form, decoded.
fn response(form: &Form) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(form.value("SAMLResponse").unwrap())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}
