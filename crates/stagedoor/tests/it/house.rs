//! A door with an identity provider: `stagedoor serve` as a process, and what comes through it.

use crate::browser::{Answer, Browser};
use crate::cloud::{Cloud, now, until};
use crate::process::Running;
use crate::world::{ANA, BEN, CLEO, MAP, World};
use demo_idp::{DemoIdp, DemoIdpConfig, DemoPerson, DemoResponse, Signing};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The address people know. The process listens elsewhere, as behind a load balancer.
pub(crate) const PUBLIC: &str = "https://door.example.com";
pub(crate) const ENTITY: &str = "https://door.example.com/saml/metadata";
pub(crate) const ACS: &str = "https://door.example.com/saml/acs";

/// Fraud from anywhere, demand from the office only, and an identity provider.
pub(crate) fn map() -> String {
    format!(
        "{}\nnetworks:\n  office: {{ any_of: [{{ cidr: 10.100.10.0/24 }}], explain: \"Use the \
         office network or the VPN.\" }}\nidentity_providers:\n  corp:\n    metadata: corp.xml\n    \
         person: {{ attribute: ssouserid, matches: id }}\n    team_attribute: teamid\n    \
         allow_unsolicited: true\n",
        MAP.replace(
            "studio-{team}\"\n    network: anywhere\n\ngrants",
            "studio-{team}\"\n    network: office\n\ngrants"
        )
    )
}

pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) idp: DemoIdp,
    pub(crate) server: Running,
    pub(crate) base: String,
    flags: &'static [&'static str],
    /// What earlier servers of this house said.
    earlier: String,
}

impl House {
    /// Opens a house over this simulated AWS. The loop looks for itself once, at the start, and
    /// logs everything it can.
    pub(crate) fn open(seed: &str) -> Self {
        Self::with(seed, &[])
    }

    /// Opens a house with more flags for its server.
    pub(crate) fn with(seed: &str, flags: &'static [&'static str]) -> Self {
        let world = World::new(seed, &map());
        let idp = identity_provider();
        world.write("corp.xml", &idp.metadata_xml());
        Self::serving(world, idp, flags, &[])
    }

    /// Opens a house whose world is ready.
    pub(crate) fn over(world: World, idp: DemoIdp) -> Self {
        Self::serving(world, idp, &[], &[])
    }

    /// Opens a house which trusts these certificates of web servers, rather than the system's.
    pub(crate) fn trusting(world: World, idp: DemoIdp, certificates: &str) -> Self {
        Self::serving(world, idp, &[], &[("SSL_CERT_FILE", certificates)])
    }

    /// Opens a house whose server finds these variables in its environment.
    pub(crate) fn within(seed: &str, environment: &[(&str, &str)]) -> Self {
        let world = World::new(seed, &map());
        let idp = identity_provider();
        world.write("corp.xml", &idp.metadata_xml());
        Self::serving(world, idp, &[], environment)
    }

    fn serving(
        world: World,
        idp: DemoIdp,
        flags: &'static [&'static str],
        environment: &[(&str, &str)],
    ) -> Self {
        let (server, base) = serve(&world, flags, environment);
        Self { world, idp, server, base, flags, earlier: String::new() }
    }

    /// Another server over the same store; and where it listens.
    pub(crate) fn replica(&self) -> (Running, String) {
        serve(&self.world, self.flags, &[])
    }

    pub(crate) fn cloud(&self) -> &Cloud {
        &self.world.cloud
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.base)
    }

    /// Stops the server and starts another one over the same store, elsewhere.
    pub(crate) fn restart(&mut self) {
        assert!(self.server.terminate().success(), "{}", self.server.said());
        self.earlier.push_str(&self.server.said());
        let (server, base) = serve(&self.world, self.flags, &[]);
        (self.server, self.base) = (server, base);
    }

    /// Everything the servers logged.
    pub(crate) fn log(&self) -> String {
        format!("{}{}", self.earlier, self.server.said())
    }

    /// Waits until the door has logged that it answered so often.
    pub(crate) fn has_answered(&self, times: usize) {
        until("the answer is logged", || {
            (self.log().matches("\"answered\"").count() >= times).then_some(())
        });
    }

    /// An answer of the identity provider, to be changed at will.
    pub(crate) fn response<'a>(
        &'a self,
        user_name: &str,
        team: Option<&'a str>,
        ids: &'a Ids,
    ) -> DemoResponse<'a> {
        DemoResponse {
            person: self.idp.person(user_name).unwrap(),
            team,
            in_response_to: None,
            acs_url: ACS,
            audience: ENTITY,
            issued_at: ids.at,
            response_id: &ids.response,
            assertion_id: &ids.assertion,
            signing: Signing::Assertion,
        }
    }

    /// Clicks a tile at the identity provider.
    pub(crate) fn tile(&self, browser: &Browser, user_name: &str, team: Option<&str>) -> Answer {
        let ids = Ids::new();
        let response = self.idp.issue_response(&self.response(user_name, team, &ids)).unwrap();
        browser.post("/saml/acs", &[("SAMLResponse", &response)])
    }

    /// Signs in and returns the portal's page.
    #[track_caller]
    pub(crate) fn sign_in(&self, browser: &Browser, user_name: &str) -> Answer {
        let answer = self.tile(browser, user_name, None);
        assert_eq!((answer.status, answer.location()), (303, "/"), "{}", answer.body);
        let portal = browser.get("/");
        assert_eq!(portal.status, 200);
        portal
    }
}

fn serve(world: &World, flags: &[&str], environment: &[(&str, &str)]) -> (Running, String) {
    let usual = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        PUBLIC,
        "--recheck",
        "50ms",
        "--metadata-check",
        "50ms",
        "--log",
        "trace",
    ];
    let mut command = world.command(&[&usual, flags].concat());
    command.envs(environment.iter().copied());
    let mut server = Running::start(command);
    let base = server.word_after("Stagedoor listens on ");
    (server, base)
}

/// The identity provider of the people of the seed, each time with a key of its own.
pub(crate) fn identity_provider() -> DemoIdp {
    let people =
        [(ANA, "ana", "Ana Diaz"), (BEN, "ben", "Ben Okafor"), (CLEO, "cleo", "Cleo Lind")].map(
            |(id, user_name, display_name)| DemoPerson {
                user_id: id.to_owned(),
                user_name: user_name.to_owned(),
                display_name: display_name.to_owned(),
                email: format!("{user_name}@example.com"),
                about: String::new(),
            },
        );
    let config = DemoIdpConfig {
        base_url: "http://127.0.0.1:9".to_owned(),
        people: people.to_vec(),
        service_providers: Vec::new(),
        tiles: Vec::new(),
    };
    DemoIdp::new(config, Arc::new(now)).unwrap()
}

/// Ids and time of one answer.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) response: String,
    pub(crate) assertion: String,
    pub(crate) at: Timestamp,
}

impl Ids {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { response: format!("_r{number}"), assertion: format!("_a{number}"), at: now() }
    }
}
