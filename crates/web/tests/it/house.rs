//! A door with one identity provider, one person and two teams, and a client for its pages.

use crate::scim::Records;
use access::entitlement::WantedGroups;
use access::ids::{
    DirectoryName, DomainId, GroupId, IdpKey, MembershipId, PersonId, RoleArn, TeamKey,
};
use access::map::{AccessMap, DirectoryKind, Source, parse};
use access::observed::{
    AppStatus, AuthMode, ObservedApp, ObservedDomain, ObservedProfile, ObservedRole, ProfileStatus,
    Seen, Unread,
};
use access::plan::SpaceHandover;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use control::desk::{NewToken, Right, create_token};
use control::directory::{Combined, Pushed};
use control::door::{CookieKeys, Door, DoorPorts, DoorSettings, SessionToken};
use control::meter::Meter;
use control::plane::{Bell, LiveMap, Plane, Takeover};
use control::ports::{
    Actor, AppOwner, Attempt, Attempts, AuditEntry, AuditFilter, AuditLog, AuditPage, CallCounts,
    CallError, CallMeter, ChainHead, ChainId, ChainRow, Clock, Directory, DirectoryReading,
    DomainTarget, Ensured, Entropy, FailureKind, FederatedLogout, IdpSession, IndexReading,
    LoginRequests, Memberships, Observe, PendingLogin, PersonLookup, Presign, PresignRequest,
    PresignedUrl, ProfileScope, ProfileSpec, ProfileUpdate, Provision, ReplayCache, Session,
    SessionId, Sessions, StoreError, Voucher,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use web::WebConfig;

pub(crate) const STUDIO_LINK: &str =
    "https://d-abcdefghijkl.studio.eu-west-1.sagemaker.aws/auth?token=LINK-SECRET";

/// The cookie value of a browser that is signed in, signed with [`COOKIE_KEY`]. The fake of
/// [`Sessions`] knows any.
pub(crate) const TOKEN: &str =
    "SESSION-SECRET.2763d14acb6bfd9f66f78e76aff71683ca7e23ec73a1eeadd7b9ee7701ceae13";

/// What the door of these tests signs cookies with.
const COOKIE_KEY: [u8; 32] = [7; 32];

const MAP: &str = r#"
version: 1
directory:
  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }
identity_providers:
  corp: { metadata: corp.xml }
domains:
  research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 }
networks:
  office: { any_of: [ { cidr: 10.100.10.0/24 }, { vpce: vpce-0abc } ], explain: "Use the office network or the VPN." }
teams:
  fraud:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: anywhere
    about: { title: Fraud models, owner: ana@example.com, data_class: confidential }
  trials:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: office
  secret:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: anywhere
grants:
  - { group: ml-fraud, team: fraud }
  - { group: ml-trials, team: trials }
  - { group: ml-secret, team: secret }
administration:
  - { group: desk-reader, role: reader }
  - { group: desk-auditor, role: auditor }
  - { group: desk-admin, role: admin }
"#;

/// How far Studio is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Studio {
    NoProfile,
    ProfileReady,
    Unreachable,
    NeverAnswers,
}

/// The outside world, as far as the ports show it.
#[derive(Debug)]
struct World {
    studio: AtomicU8,
    made: Mutex<Option<ProfileSpec>>,
    /// Profiles besides the one that a page makes.
    profiles: Mutex<Vec<ObservedProfile>>,
    /// People besides Ada, with their groups.
    people: Mutex<Vec<(Person, Vec<String>)>>,
    signed_in: AtomicU8,
    /// What Ada's role in the administration is.
    role: Mutex<Option<&'static str>>,
    /// The one team that Ada's session is for.
    only: Mutex<Option<&'static str>>,
    /// The session of the browser that was looked up last.
    looked_up: Mutex<Option<SessionId>>,
    /// Whose session of another browser there is.
    elsewhere: Mutex<Option<PersonId>>,
    /// What runs in the profile.
    apps: Mutex<Vec<ObservedApp>>,
    /// What was asked to stop.
    stopped: Mutex<Vec<String>>,
    /// Where links were asked to lead.
    landings: Mutex<Vec<String>>,
    audit: Mutex<Vec<AuditEntry>>,
    drawn: AtomicU64,
    /// Whose word sessions are opened on.
    voucher: Mutex<Voucher>,
}

impl CallMeter for World {
    fn call_counts(&self) -> BTreeMap<String, CallCounts> {
        let answered = ("CreateUserProfile".to_owned(), "ok".to_owned());
        let counts =
            CallCounts { answers: BTreeMap::from([(answered, 7)]), ..CallCounts::default() };
        BTreeMap::from([("sagemaker".to_owned(), counts)])
    }
}

impl World {
    fn studio(&self) -> u8 {
        self.studio.load(Ordering::SeqCst)
    }
}

pub(crate) struct House {
    pub(crate) door: Arc<Door>,
    pub(crate) router: Router,
    /// The second listener.
    pub(crate) ops: Router,
    pub(crate) plane: Plane,
    pub(crate) store: Arc<store::SqliteStore>,
    /// What is pushed is kept there, in the store.
    pub(crate) records: Arc<Records>,
    pub(crate) condition: web::Condition,
    world: Arc<World>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The page, which must be well-formed and have a language, a title and one headline.
    pub(crate) fn headline(&self) -> String {
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let page = roxmltree::Document::parse_with_options(&self.body, options)
            .unwrap_or_else(|error| panic!("{error}: {}", self.body));
        let language = page.root_element().attribute("lang");
        assert!(matches!(language, Some("en" | "de")), "{language:?}");
        let text = |tag: &str| -> Vec<String> {
            let nodes = page.descendants().filter(|node| node.has_tag_name(tag));
            nodes.map(|node| node.text().unwrap_or_default().to_owned()).collect()
        };
        assert!(text("title")[0].ends_with(" · Stagedoor"));
        let headlines = text("h1");
        assert_eq!(headlines.len(), 1);
        headlines[0].clone()
    }

    /// Status, reason code and headline of a refusal.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str, headline: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert!(self.body.contains(&format!("<code>{code}</code>")), "{}", self.body);
        assert_eq!(self.headline(), headline);
    }
}

impl House {
    pub(crate) fn at(public_url: &str) -> Self {
        Self::with(public_url, |config| config)
    }

    /// A house whose identity provider vouches for its metadata until then.
    pub(crate) fn whose_metadata_ends(valid_until: &str) -> Self {
        let corp = saml_sp::IdentityProvider { valid_until: valid_until.parse().ok(), ..corp() };
        Self::built("https://door.example.com", MAP, corp, |config| config)
    }

    /// A house whose identity provider is this one.
    pub(crate) fn that_trusts(corp: saml_sp::IdentityProvider) -> Self {
        Self::built("https://door.example.com", MAP, corp, |config| config)
    }

    /// A house to whose directories identity providers push: `directory` is the value of that key.
    pub(crate) fn pushed(directory: &str, change: impl FnOnce(WebConfig) -> WebConfig) -> Self {
        let read = "\n  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
        let map = MAP.replace(read, &format!(" {directory}"));
        Self::built("https://door.example.com", &map, corp(), change)
    }

    /// A house whose identity provider takes requests by HTTP-POST only.
    pub(crate) fn that_posts_to(sso_post_url: &str) -> Self {
        let map = MAP.replace("metadata: corp.xml", "metadata: corp.xml, request_binding: post");
        let corp = saml_sp::IdentityProvider {
            sso_redirect_url: None,
            sso_post_url: Some(sso_post_url.to_owned()),
            ..corp()
        };
        Self::built("https://door.example.com", &map, corp, |config| config)
    }

    /// A house in which Ada has this role in the administration.
    pub(crate) fn administered_by(role: &'static str) -> Self {
        let house = Self::new();
        house.role_is(Some(role));
        house
    }

    /// A house in which whoever is in `ml-fraud` may ask for another team, and break its glass; with Ada in
    /// this role.
    pub(crate) fn where_one_may_ask(role: Option<&'static str>) -> Self {
        let map = format!(
            "{MAP}temporary_access:\n  longest: 8h\n  requests: [ {{ group: ml-fraud, teams: [secret], \
             longest: 2h }} ]\n  break_glass: [ {{ group: ml-fraud, teams: [secret], needs: reason, \
             longest: 1h }} ]\n"
        );
        let house = Self::built("https://door.example.com", &map, corp(), |config| config);
        house.role_is(role);
        house
    }

    /// A house whose groups are mirrored into another directory, with Ada in this role.
    pub(crate) fn that_mirrors(role: &'static str) -> Self {
        let to =
            "  mirror: { identity_center: { region: eu-west-1, identity_store_id: d-1234567890 } }";
        let map = MAP.replace("identity_providers:", &format!("{to}\nidentity_providers:"));
        let house = Self::built("https://door.example.com", &map, corp(), |config| config);
        house.role_is(Some(role));
        house
    }

    /// The directory has somebody too, in these groups.
    pub(crate) fn has_person(&self, id: &str, display_name: &str, groups: &[&str]) {
        let person = Person {
            id: PersonId::parse(id).unwrap(),
            user_name: format!("{id}@example.com"),
            display_name: display_name.to_owned(),
            enabled: true,
        };
        let groups = groups.iter().map(ToString::to_string).collect();
        self.world.people.lock().unwrap().push((person, groups));
    }

    /// Studio has this profile too.
    pub(crate) fn has_profile(&self, profile: ObservedProfile) {
        self.world.profiles.lock().unwrap().push(profile);
    }

    /// A house whose settings are changed before it opens.
    pub(crate) fn with(public_url: &str, change: impl FnOnce(WebConfig) -> WebConfig) -> Self {
        Self::built(public_url, MAP, corp(), change)
    }

    fn built(
        public_url: &str,
        map: &str,
        corp: saml_sp::IdentityProvider,
        change: impl FnOnce(WebConfig) -> WebConfig,
    ) -> Self {
        crate::probes::listen();
        let world = Arc::new(World {
            studio: AtomicU8::new(Studio::NoProfile as u8),
            made: Mutex::new(None),
            profiles: Mutex::default(),
            people: Mutex::default(),
            signed_in: AtomicU8::new(1),
            role: Mutex::default(),
            looked_up: Mutex::default(),
            elsewhere: Mutex::default(),
            only: Mutex::default(),
            apps: Mutex::default(),
            stopped: Mutex::default(),
            landings: Mutex::default(),
            audit: Mutex::default(),
            drawn: AtomicU64::new(0),
            voucher: Mutex::new(Voucher {
                idp: IdpKey::parse("corp").unwrap(),
                fingerprint: corp.keys[0].fingerprint().to_owned(),
            }),
        });
        let store = Arc::new(store::SqliteStore::in_memory().unwrap());
        let plane = plane(&world, store.clone(), map);
        let door = Arc::new(door(&world, plane.clone(), public_url, corp));
        let targets = ["https://*.studio.eu-west-1.sagemaker.aws".to_owned()];
        let config = WebConfig::new(&public_url.parse().unwrap(), &targets).unwrap();
        let condition = web::Condition::default();
        let config = change(config).with_condition(condition.clone());
        let records = Arc::new(Records::of(store.clone()));
        let desk = control::desk::Desk::new(plane.clone(), store.clone())
            .with_records(records.clone())
            .with_door(door.as_ref().clone())
            .with_clinic(crate::rooms::clinic());
        let router = web::router(Arc::clone(&door), Arc::new(desk), config);
        let calls = world.clone();
        let ops = web::ops_router(
            Arc::clone(&door),
            calls,
            plane.clone(),
            store.clone(),
            condition.clone(),
        );
        Self { door, router, ops, plane, store, records, condition, world }
    }

    pub(crate) fn new() -> Self {
        Self::at("https://door.example.com")
    }

    /// Gives Ada a role in the administration, or takes hers.
    pub(crate) fn role_is(&self, role: Option<&'static str>) {
        *self.world.role.lock().unwrap() = role;
    }

    /// Makes a token of the API.
    pub(crate) async fn token(&self, name: &str, scopes: &[Right]) -> String {
        self.token_for(name, scopes, None).await
    }

    /// Makes a token with which to push to a directory.
    pub(crate) async fn token_for(
        &self,
        name: &str,
        scopes: &[Right],
        directory: Option<&str>,
    ) -> String {
        let new = NewToken {
            name: name.to_owned(),
            scopes: scopes.iter().copied().collect(),
            directory: directory.map(|name| DirectoryName::parse(name).unwrap()),
            life: jiff::SignedDuration::from_hours(1),
        };
        let by = Actor::CommandLine("root".into());
        let (now, entropy) = (self.plane.clock.now(), &*self.plane.entropy);
        let made = create_token(&*self.store, entropy, &by, new, now).await.unwrap();
        made.0.reveal().to_owned()
    }

    /// As if the loop had read the domain, and found no profile.
    pub(crate) async fn domain_is_known(&self) {
        let ticket = self.plane.claims.ticket(self.plane.clock.now()).await.unwrap();
        let reading = IndexReading {
            domain: DomainId::parse("d-abcdefghijkl").unwrap(),
            auth_mode: AuthMode::Iam,
            asked: None,
            found: BTreeMap::new(),
        };
        self.plane.index.read(&reading, &ticket).await.unwrap();
    }

    pub(crate) fn studio_is(&self, studio: Studio) {
        self.world.studio.store(studio as u8, Ordering::SeqCst);
    }

    pub(crate) fn sessions_are_over(&self) {
        self.world.signed_in.store(0, Ordering::SeqCst);
    }

    /// Sessions were opened by a certificate that is not believed here.
    pub(crate) fn trust_is_over(&self) {
        self.world.voucher.lock().unwrap().fingerprint = "another".to_owned();
    }

    /// Ada signs in again.
    pub(crate) fn sessions_begin(&self) {
        self.world.signed_in.store(1, Ordering::SeqCst);
    }

    /// Ada signed in by the application of this team alone, or by a way that is not one team's.
    pub(crate) fn session_is_of(&self, only: Option<&'static str>) {
        *self.world.only.lock().unwrap() = only;
    }

    /// Ada has another session, of another browser.
    pub(crate) fn is_signed_in_elsewhere(&self) {
        self.elsewhere_is(Some(ada().id));
    }

    /// This person has a session, of another browser than Ada's.
    pub(crate) fn elsewhere_is(&self, person: Option<PersonId>) {
        *self.world.elsewhere.lock().unwrap() = person;
    }

    /// Whose session of another browser there is.
    pub(crate) fn elsewhere(&self) -> Option<PersonId> {
        self.world.elsewhere.lock().unwrap().clone()
    }

    /// An app of this type runs in Ada's profile.
    pub(crate) fn runs(&self, app_type: &str) {
        self.world.apps.lock().unwrap().push(ObservedApp {
            app_type: app_type.into(),
            name: "default".into(),
            status: AppStatus::InService,
            instance_type: Some("ml.t3.medium".into()),
            since: None,
        });
    }

    pub(crate) fn stopped(&self) -> Vec<String> {
        self.world.stopped.lock().unwrap().clone()
    }

    pub(crate) fn landings(&self) -> Vec<String> {
        self.world.landings.lock().unwrap().clone()
    }

    /// Event and code of each audit entry.
    pub(crate) fn audited(&self) -> Vec<String> {
        let audit = self.world.audit.lock().unwrap();
        audit.iter().map(|entry| format!("{} {}", entry.event, entry.code)).collect()
    }

    /// Code of each refusal in the audit log, and from where.
    pub(crate) fn refused_from(&self) -> Vec<String> {
        let audit = self.world.audit.lock().unwrap();
        let refused = audit.iter().filter(|entry| entry.event == "refused");
        let from = |entry: &AuditEntry| entry.details.get("from").cloned().unwrap_or_default();
        refused.map(|entry| format!("{} {}", entry.code, from(entry))).collect()
    }

    pub(crate) fn key(&self, purpose: &str) -> String {
        self.door.form_key(&SessionToken::new(TOKEN.into()), purpose)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 8 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(get(path).body(Body::empty()).unwrap()).await
    }

    /// A GET by a browser that is signed in.
    pub(crate) async fn visit(&self, path: &str) -> Answer {
        self.send(get(path).header("cookie", cookie()).body(Body::empty()).unwrap()).await
    }

    /// A form sent by a browser that is signed in.
    pub(crate) async fn submit(&self, path: &str, form: &str) -> Answer {
        self.send(post(path).header("cookie", cookie()).body(form.to_owned().into()).unwrap()).await
    }
}

pub(crate) fn cookie() -> String {
    format!("__Host-stagedoor={TOKEN}")
}

pub(crate) fn get(path: &str) -> axum::http::request::Builder {
    from_peer(Request::get(path))
}

pub(crate) fn post(path: &str) -> axum::http::request::Builder {
    from_peer(Request::post(path)).header("content-type", "application/x-www-form-urlencoded")
}

fn from_peer(builder: axum::http::request::Builder) -> axum::http::request::Builder {
    builder.extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000))))
}

fn plane(world: &Arc<World>, store: Arc<store::SqliteStore>, map: &str) -> Plane {
    let source = Source::from_bytes("access.yaml", map.into()).unwrap();
    let map: AccessMap = parse(&[source]).unwrap();
    let directory: Arc<dyn Directory> = match map.directories.sources.as_slice() {
        [_] => world.clone(),
        // Several are read as one. In these tests they are pushed to, or never answer.
        several => {
            let parts = several.iter().map(|source| {
                let name = source.name.clone();
                let part: Arc<dyn Directory> = match source.kind {
                    DirectoryKind::Ldap(_) => Arc::new(crate::scim::Silent),
                    _ => Arc::new(Pushed::new(store.clone(), world.clone(), name.clone())),
                };
                (name, part)
            });
            Arc::new(Combined::new(parts.collect(), map.directories.matched_by))
        }
    };
    Plane {
        map: Arc::new(map),
        live: LiveMap::default(),
        directory,
        mirror: None,
        observe: world.clone(),
        provision: world.clone(),
        sessions: world.clone(),
        queue: store.clone(),
        chronicle: store.clone(),
        departures: store.clone(),
        temporary: store.clone(),
        approvals: store.clone(),
        mirror_records: store.clone(),
        claims: store.clone(),
        switch: store.clone(),
        index: store.clone(),
        memberships: store,
        events: Arc::default(),
        bell: Bell::default(),
        meter: Meter::default(),
        readings: control::desk::Readings::default(),
        askers: control::askers::Askers::default(),
        errands: control::errands::Errands::default(),
        observe_only: false,
        actor: Actor::System,
        takeover: Takeover::default(),
        audit: world.clone(),
        clock: world.clone(),
        entropy: world.clone(),
    }
}

fn door(
    world: &Arc<World>,
    plane: Plane,
    public_url: &str,
    corp: saml_sp::IdentityProvider,
) -> Door {
    let ports = DoorPorts {
        presign: world.clone(),
        replay: world.clone(),
        logins: world.clone(),
        attempts: world.clone(),
    };
    let metadata = BTreeMap::from([(IdpKey::parse("corp").unwrap(), corp)]);
    let key = include_str!("../../../saml-sp/tests/fixtures/sp.pem");
    let settings = DoorSettings {
        keys: vec![saml_sp::ServiceProviderKey::from_pem(key).unwrap()],
        ..DoorSettings::new(public_url, CookieKeys::new(COOKIE_KEY))
    };
    Door::new(plane, ports, settings, metadata).unwrap()
}

fn corp() -> saml_sp::IdentityProvider {
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXLsE5I5syzK7SxUCcCW+uJkH8k0YoknajReD2xGW\
                       WzrxTh26wE2UWpfsaC4leZZWLN7Slpy21jRrnvW02o6u2Q==";
    let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, KEY).unwrap();
    saml_sp::IdentityProvider {
        keys: vec![saml_sp::PinnedKey::from_public_key_der(&key).unwrap()],
        sso_redirect_url: Some("https://idp.example/sso".into()),
        ..saml_sp::IdentityProvider::without_keys("https://idp.example/metadata".into())
    }
}

fn ada() -> Person {
    Person {
        id: PersonId::parse("906716eb24-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee").unwrap(),
        user_name: "ada@example.com".into(),
        display_name: "Ada Lovelace".into(),
        enabled: true,
    }
}

impl Clock for World {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }
}

impl Entropy for World {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst) + 1;
        bytes[..8].copy_from_slice(&drawn.to_be_bytes().map(|b| b ^ 0x5a));
        bytes
    }
}

#[async_trait]
impl Directory for World {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        assert!(self.role.lock().unwrap().is_some(), "no page of Ada's own reads everybody");
        let reading = self.people(&BTreeSet::from([ada().id]), groups).await?;
        let mut snapshot = Snapshot { coverage: Coverage::Complete, ..reading.snapshot };
        for (person, groups) in self.people.lock().unwrap().iter() {
            for name in groups {
                let id = GroupId::parse(name).unwrap();
                let group = snapshot.groups.entry(id.clone()).or_insert_with(|| Group {
                    id,
                    display_name: name.clone(),
                    members: BTreeSet::new(),
                });
                group.members.insert(person.id.clone());
            }
            snapshot.people.insert(person.id.clone(), person.clone());
        }
        Ok(DirectoryReading {
            snapshot,
            memberships: Memberships::Some(Vec::new()),
            particulars: BTreeMap::new(),
            aliases: BTreeMap::new(),
        })
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        _: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let ada = ada();
        let group = |name: &str| {
            let id = GroupId::parse(name).unwrap();
            let members = BTreeSet::from([ada.id.clone()]);
            (id.clone(), Group { id, display_name: name.into(), members })
        };
        let role = self.role.lock().unwrap().map(|role| group(&format!("desk-{role}")));
        let groups = [group("ml-fraud"), group("ml-trials")].into_iter().chain(role);
        let mut groups: BTreeMap<GroupId, Group> = groups.collect();
        let mut known = BTreeMap::new();
        if people.contains(&ada.id) {
            known.insert(ada.id.clone(), ada.clone());
        }
        for (person, of) in self.people.lock().unwrap().iter() {
            if people.contains(&person.id) {
                known.insert(person.id.clone(), person.clone());
                for group in groups.values_mut().filter(|group| of.contains(&group.display_name)) {
                    group.members.insert(person.id.clone());
                }
            }
        }
        let snapshot = Snapshot {
            groups,
            people: known,
            coverage: Coverage::People(people.clone()),
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        };
        Ok(DirectoryReading {
            snapshot,
            memberships: Memberships::Some(Vec::new()),
            particulars: BTreeMap::new(),
            aliases: BTreeMap::new(),
        })
    }

    /// Whoever is sought is Ada, unless the directory has somebody else, too.
    async fn find(&self, sought: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        let is_it = |person: &Person| match sought {
            PersonLookup::Id(id) => *id == person.id,
            PersonLookup::UserName(name) => *name == person.user_name,
        };
        let people = self.people.lock().unwrap();
        if people.is_empty() {
            return Ok(Some(ada().id));
        }
        let everybody = people.iter().map(|(person, _)| person.clone()).chain([ada()]);
        Ok(everybody.into_iter().find(is_it).map(|person| person.id))
    }

    async fn find_group(&self, _: &str) -> Result<Option<GroupId>, CallError> {
        panic!("no page looks for a group")
    }

    async fn group_name(&self, _: &GroupId) -> Result<Option<String>, CallError> {
        panic!("no page reads a group")
    }

    async fn members(
        &self,
        _: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        panic!("no page reads a group")
    }
}

#[async_trait]
impl Observe for World {
    async fn domain(
        &self,
        _: &DomainTarget,
        _: &ProfileScope,
    ) -> Result<ObservedDomain, CallError> {
        let studio = self.studio();
        if studio == Studio::NeverAnswers as u8 {
            std::future::pending::<()>().await;
        }
        if studio == Studio::Unreachable as u8 {
            return Err(CallError {
                service: "sagemaker",
                operation: "DescribeDomain",
                kind: FailureKind::Unreachable,
                aws_code: None,
                message: "connection refused".into(),
            });
        }
        let made = self.made.lock().unwrap().clone();
        let status = if studio == Studio::ProfileReady as u8 {
            ProfileStatus::InService
        } else {
            ProfileStatus::Pending
        };
        let profiles = made.into_iter().map(|spec| {
            let profile = ObservedProfile {
                name: spec.name.clone(),
                status,
                execution_role: Some(spec.execution_role.as_str().into()),
                user_settings: spec.user_settings.into(),
                tags: spec.tags.into_iter().collect(),
                sso_user: spec.sso_user.map(Into::into),
                home_efs_uid: None,
                modified: None,
                apps: self.apps.lock().unwrap().clone(),
                spaces: vec![],
            };
            (spec.name.folded(), profile)
        });
        let others = self.profiles.lock().unwrap().clone();
        let others = others.into_iter().map(|profile| (profile.name.folded(), profile));
        Ok(ObservedDomain {
            auth_mode: AuthMode::Iam,
            state: access::observed::DomainState::InService,
            application: None,
            url: None,
            default_role: None,
            home_file_system: None,
            profiles: profiles.chain(others).collect(),
            seen: Seen::Everybody,
            unread: Unread::default(),
            profile_quota: None,
            elsewhere: BTreeMap::new(),
        })
    }

    async fn role(&self, _: &DomainTarget, _: &RoleArn) -> Result<ObservedRole, CallError> {
        Ok(ObservedRole::Trusted)
    }
}

#[async_trait]
impl Provision for World {
    async fn create_profile(
        &self,
        _: &DomainTarget,
        spec: &ProfileSpec,
    ) -> Result<Ensured, CallError> {
        *self.made.lock().unwrap() = Some(spec.clone());
        Ok(Ensured::Changed)
    }

    async fn update_profile(
        &self,
        _: &DomainTarget,
        name: &access::ids::ProfileName,
        _: &ProfileUpdate,
    ) -> Result<Ensured, CallError> {
        panic!("nothing to update of {name}")
    }

    async fn stop_app(
        &self,
        _: &DomainTarget,
        _: &AppOwner,
        app: &ObservedApp,
    ) -> Result<Ensured, CallError> {
        self.stopped.lock().unwrap().push(app.app_type.clone());
        Ok(Ensured::Changed)
    }

    async fn assign(
        &self,
        _: &DomainTarget,
        application: &str,
        _: &GroupId,
    ) -> Result<Ensured, CallError> {
        panic!("no page assigns to {application}")
    }

    async fn hand_over_space(
        &self,
        _: &DomainTarget,
        handover: &SpaceHandover,
    ) -> Result<Ensured, CallError> {
        panic!("no page does {handover:?}")
    }

    async fn delete_space(&self, _: &DomainTarget, space: &str) -> Result<Ensured, CallError> {
        panic!("no page deletes {space}")
    }

    async fn delete_profile(
        &self,
        _: &DomainTarget,
        name: &access::ids::ProfileName,
    ) -> Result<Ensured, CallError> {
        panic!("no page deletes {name}")
    }
}

#[async_trait]
impl Presign for World {
    async fn presign(
        &self,
        _: &DomainTarget,
        request: &PresignRequest,
    ) -> Result<PresignedUrl, CallError> {
        let landing = request.landing.as_ref().map_or("", |landing| landing.as_str());
        self.landings.lock().unwrap().push(landing.to_owned());
        Ok(PresignedUrl::new(STUDIO_LINK.into()))
    }
}

#[async_trait]
impl Sessions for World {
    async fn open(&self, _: &Session) -> Result<(), StoreError> {
        self.signed_in.store(1, Ordering::SeqCst);
        Ok(())
    }

    async fn get(
        &self,
        id: &SessionId,
        now: jiff::Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let session = Session {
            id: id.clone(),
            person: ada().id,
            begun: now,
            expires: now,
            team: self.only.lock().unwrap().map(|key| TeamKey::parse(key).unwrap()),
            idp_session: IdpSession { subject: String::new(), index: None },
            voucher: self.voucher.lock().unwrap().clone(),
        };
        *self.looked_up.lock().unwrap() = Some(id.clone());
        Ok((self.signed_in.load(Ordering::SeqCst) == 1).then_some(session))
    }

    async fn sessions_of(
        &self,
        person: &PersonId,
        now: jiff::Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let session = |id, only: Option<&str>| Session {
            id,
            person: person.clone(),
            begun: now,
            expires: now,
            team: only.map(|key| TeamKey::parse(key).unwrap()),
            idp_session: IdpSession { subject: String::new(), index: None },
            voucher: self.voucher.lock().unwrap().clone(),
        };
        let this = self.looked_up.lock().unwrap().clone();
        let this = this.map(|id| session(id, *self.only.lock().unwrap()));
        let other = SessionId("elsewhere".to_owned());
        let is_theirs = self.elsewhere.lock().unwrap().as_ref() == Some(person);
        let other = is_theirs.then(|| session(other, None));
        Ok(this.into_iter().chain(other).collect())
    }

    async fn close(&self, id: &SessionId) -> Result<(), StoreError> {
        if id.0 == "elsewhere" {
            *self.elsewhere.lock().unwrap() = None;
        } else {
            self.signed_in.store(0, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn close_all(&self, person: &PersonId) -> Result<u64, StoreError> {
        let other = self.elsewhere.lock().unwrap().take_if(|whose| whose == person);
        let this = if *person == ada().id { self.signed_in.swap(0, Ordering::SeqCst) } else { 0 };
        Ok(u64::from(this) + u64::from(other.is_some()))
    }

    async fn close_every(&self, _: Option<&IdpKey>) -> Result<u64, StoreError> {
        panic!("no page ends everybody's sessions")
    }

    async fn close_federated(&self, _: &FederatedLogout) -> Result<u64, StoreError> {
        self.signed_in.store(0, Ordering::SeqCst);
        Ok(1)
    }

    async fn is_logged_out(
        &self,
        _: &IdpSession,
        _: jiff::Timestamp,
        _: Option<jiff::Timestamp>,
        _: jiff::Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl Attempts for World {
    async fn record(&self, _: &Attempt) -> Result<(), StoreError> {
        Ok(())
    }

    async fn newest_attempts(&self, _: u32) -> Result<Vec<Attempt>, StoreError> {
        panic!("no page shows attempts")
    }
}

#[async_trait]
impl LoginRequests for World {
    async fn begin(&self, _: &PendingLogin, _: jiff::Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take(&self, _: &str, _: jiff::Timestamp) -> Result<Option<PendingLogin>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl ReplayCache for World {
    async fn claim(
        &self,
        _: &str,
        _: &str,
        _: jiff::Timestamp,
        _: jiff::Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn is_claimed(&self, _: &str, _: &str, _: jiff::Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl AuditLog for World {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.audit.lock().unwrap().push(entry.clone());
        Ok(())
    }

    async fn foreign_key(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn newest(&self, _: u32) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(vec![])
    }

    async fn of_person(&self, person: &PersonId, _: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let mut told = self.audit.lock().unwrap().clone();
        told.retain(|entry| entry.person.as_deref() == Some(person.as_str()));
        Ok(told)
    }

    async fn page(
        &self,
        _: &AuditFilter,
        _: Option<&str>,
        _: u32,
    ) -> Result<AuditPage, StoreError> {
        Ok(AuditPage::default())
    }

    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError> {
        Ok(Vec::new())
    }

    async fn chain(&self, _: &ChainId, _: u64, _: u32) -> Result<Vec<ChainRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn forget(&self, _: &ChainId, _: u64) -> Result<u64, StoreError> {
        Ok(0)
    }
}
