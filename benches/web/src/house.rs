//! A portal over a company of some size, and somebody who is signed in.

use access::map::AccessMap;
use anyhow::{Context, Result, anyhow, ensure};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use control::desk::{Clinic, Desk};
use control::doctor::{Around, Surroundings};
use control::door::{CookieKeys, Door, DoorPorts, DoorSettings};
use control::ports::{PersonLookup, Store};
use control::survey::Scope;
use demo_idp::{DemoIdp, DemoIdpConfig, DemoPerson, DemoResponse, Signing};
use saml_sp::IdentityProvider;
use std::collections::BTreeMap;
use std::sync::Arc;
use sync_bench::{Company, Installation};
use tower::ServiceExt as _;
use web::WebConfig;

const DOOR: &str = "https://door.example.com";

/// People among whom the teams' members are; all others are in the directory alone.
const AT_WORK: usize = 100;

/// Teams in each domain, and people in each team: the same, however large the directory is. Nobody of
/// a hundred people is in two of them.
const TEAMS: usize = 4;
const MEMBERS: usize = 12;

/// What the map has besides the company: a way in, and whoever is in the first team's group looks
/// after everything.
const WAY_IN: &str = "identity_providers:
  corp: { metadata: corp.xml, allow_unsolicited: true }
administration:
  - { group: ml-hub0, role: admin }
";

/// A portal, and the cookie of somebody who is signed in to it.
#[derive(Debug)]
pub(crate) struct House {
    router: Router,
    cookie: String,
    /// The directory id of whoever is signed in.
    pub(crate) person: String,
}

/// A machine whose clock is right and whose store can be read.
#[derive(Debug)]
struct Machine;

#[async_trait]
impl Surroundings for Machine {
    async fn look(&self, _: &AccessMap) -> Around {
        Around {
            ahead_seconds: Some(0),
            store: ("in memory".to_owned(), control::doctor::StoreState::Usable),
            grants: None,
            providers: Vec::new(),
            now: jiff::Timestamp::UNIX_EPOCH,
            queue: None,
            invariants: None,
            cautions: Vec::new(),
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl House {
    /// A portal over a company of so many people, where AWS agrees with the map.
    pub(crate) async fn of(people: usize) -> Result<Self> {
        let others = people.saturating_sub(AT_WORK);
        let company = Company {
            people: AT_WORK,
            hub_teams: TEAMS,
            spoke_teams: TEAMS,
            members: MEMBERS,
            other_groups: 2 * TEAMS,
        };
        // The one who is signed in is in every other group, and so in every team.
        let domains = ["hub", "spoke"].into_iter().enumerate();
        let grants: Vec<String> = domains
            .flat_map(|(n, domain)| (0..TEAMS).map(move |team| (n * TEAMS + team, domain, team)))
            .map(|(group, domain, team)| {
                format!("  - {{ group: other{group}, team: {domain}{team} }}\n")
            })
            .collect();
        let it = Installation::among(
            company.map_with(WAY_IN, &grants.concat())?,
            &company.seed()?,
            others,
        )?;
        let removals = access::check::Removals::Guarded;
        let pass = it.plane.pass(&Scope::Everything, removals, &|_, _| {}).await?;
        let profiles = 2 * TEAMS * MEMBERS + 2 * TEAMS - 1;
        ensure!(pass.report.changed == profiles, "{} profiles", pass.report.changed);
        let idp = idp(&it)?;
        let door = door(&it, &idp)?;
        let token = sign_in(&it, &door, &idp, "p0").await?;
        let config = WebConfig::new(&DOOR.parse()?, &[])?;
        let desk = Desk::new(it.plane.clone(), Arc::clone(&it.store) as Arc<dyn Store>);
        let clinic = Clinic::new(Arc::new(it.aws.studio()), Arc::new(Machine));
        let desk = desk.with_door(door.clone()).with_clinic(clinic);
        let router = web::router(Arc::new(door), Arc::new(desk), config);
        let name = PersonLookup::UserName("p0".to_owned());
        let person = it.plane.directory.find(&name).await?.context("the person")?.to_string();
        Ok(Self { router, person, cookie: format!("__Host-stagedoor={token}") })
    }

    /// What a browser that is signed in gets.
    pub(crate) async fn visit(&self, path: &str) -> Result<Answer> {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::empty())?).await
    }

    /// What a browser that is not signed in gets.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Request::get(path).body(Body::empty())?).await
    }

    async fn send(&self, request: Request<Body>) -> Result<Answer> {
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 22).await?;
        Ok(Answer { status, body: String::from_utf8(body.to_vec())? })
    }
}

fn idp(it: &Installation) -> Result<DemoIdp> {
    let config = DemoIdpConfig {
        base_url: "https://corp.example".to_owned(),
        people: Vec::new(),
        service_providers: Vec::new(),
        tiles: Vec::new(),
    };
    let now = it.plane.clock.now();
    DemoIdp::new(config, Arc::new(move || now)).map_err(|error| anyhow!("{error}"))
}

fn door(it: &Installation, idp: &DemoIdp) -> Result<Door> {
    let ports = DoorPorts {
        presign: Arc::new(it.aws.studio()),
        replay: Arc::clone(&it.store) as _,
        logins: Arc::clone(&it.store) as _,
        attempts: Arc::clone(&it.store) as _,
    };
    let metadata = IdentityProvider::from_metadata(idp.metadata_xml().as_bytes(), None)
        .map_err(|error| anyhow!("{error:?}"))?;
    let key = it.plane.map.identity_providers.keys().next().context("a provider")?.clone();
    let settings = DoorSettings::new(DOOR, CookieKeys::new([7; 32]));
    Ok(Door::new(it.plane.clone(), ports, settings, BTreeMap::from([(key, metadata)]))?)
}

async fn sign_in(it: &Installation, door: &Door, idp: &DemoIdp, name: &str) -> Result<String> {
    let person = DemoPerson {
        user_name: name.to_owned(),
        display_name: name.to_owned(),
        user_id: String::new(),
        email: name.to_owned(),
        about: String::new(),
    };
    let answer = idp
        .issue_response(&DemoResponse {
            person: &person,
            team: None,
            in_response_to: None,
            acs_url: &format!("{DOOR}/saml/acs"),
            audience: &format!("{DOOR}/saml/metadata"),
            issued_at: it.plane.clock.now(),
            response_id: "_r1",
            assertion_id: "_a1",
            signing: Signing::Assertion,
        })
        .map_err(|error| anyhow!("{error}"))?;
    let accepted = door
        .accept(&answer, None, &[], &access::network::Origin::default())
        .await
        .map_err(|refusal| anyhow!("{refusal}"))?;
    Ok(accepted.token.reveal().to_owned())
}
