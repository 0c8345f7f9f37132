//! The demo's world: three servers on free loopback ports and a temporary folder.

use super::browser::aws_call;
use super::past::past;
use super::people::People;
use super::provider::Provider;
use crate::checkpoints::CheckpointLocation;
use crate::cli::{AnchoringArgs, DemoDirectory};
use crate::commands::{Serving, seen, serve_until, web_config};
use crate::compose::{self, Parts};
use crate::idp_metadata;
use crate::store_location::StoreLocation;
use crate::system::{SystemClock, SystemEntropy};
use access::authorisation::authorisation;
use access::ids::{PersonId, Region};
use access::map::{AccessMap, Source};
use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;
use aws::SqsQueue;
use aws::{Aws, Simulator};
use control::desk::{NewToken, Right, create_token};
use control::ports::{Actor, CallError, Clock, Delivery, PersonLookup, WakeQueue};
use control::reconciler::Rhythm;
use demo_idp::{DemoIdp, DemoIdpConfig, DemoPerson, DemoSp, DemoTile};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Faults, Sandbox, Seed, SharedSandbox};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// The Region of everything in the demo.
pub(super) const REGION: &str = "eu-west-1";
/// The account of everything in the demo.
pub(super) const ACCOUNT: &str = "111122223333";
/// The demo's domain.
pub(super) const DOMAIN_ID: &str = "d-demostudio01";
/// The queue that the directory's events arrive in.
pub(super) const QUEUE: &str = "stagedoor-events";
const IDENTITY_STORE: &str = "d-906716eb24";
/// The access key of Stagedoor itself. Any would do: the sandbox checks no signature.
const ACCESS_KEY: &str = "AKIASTAGEDOORDEMO";

/// What the demo plays with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    /// What exists in the simulated AWS at the start. `{now-26h}` is a time of 26 hours before.
    seed: &'static str,
    /// The access map.
    map: &'static str,
    /// What the identity provider's page says of people, by user name; of others, their groups.
    about: &'static [(&'static str, &'static str)],
    /// Whether it was there before the demo began: its audit log tells of that, and is verified and has
    /// checkpoints like that of a company.
    has_past: bool,
}

/// The scripted story: three people and two teams.
pub(super) const STORY: Stage = Stage {
    seed: include_str!("seed.yaml"),
    map: include_str!("access.yaml"),
    about: &[
        ("user1", "in the groups of team 1 and team 2"),
        ("user2", "in the group of team 2"),
        ("user3", "in no group yet"),
        ("admin", "administers Studio"),
    ],
    has_past: false,
};

/// A company: thirty people and six teams, and what piles up.
pub(super) const COMPANY: Stage = Stage {
    seed: include_str!("company.yaml"),
    map: include_str!("company-access.yaml"),
    about: &[
        ("ana", "administers Studio; fraud and forecast"),
        ("zoe", "audits; model platform"),
        ("ben", "looks on in the admin screens; forecast and platform"),
        ("elif", "data scientist; fraud"),
        ("chloe", "data scientist; risk, which only the office may open"),
        ("grace", "data scientist; fraud, on call"),
        ("kim", "in no group yet"),
        ("carl", "left the company: disabled"),
    ],
    has_past: true,
};

/// Everything that runs for the demo.
#[derive(Debug)]
pub(super) struct World {
    folder: TempDir,
    sandbox: SharedSandbox,
    pub(super) sandbox_url: String,
    pub(super) idp: Arc<DemoIdp>,
    pub(super) idp_url: String,
    pub(super) door_url: String,
    pub(super) parts: Parts,
    door_listener: Mutex<Option<TcpListener>>,
    queue: Arc<Tap>,
    people: People,
    cast: Cast,
    made: Vec<(String, Timestamp)>,
    has_past: bool,
    stopping: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<Result<()>>>>,
}

impl World {
    /// Starts simulated AWS and the identity provider, and reads the map. The door opens with
    /// [`World::serve`].
    pub(super) async fn start(stage: &Stage, directory: DemoDirectory) -> Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let (stopping, stopped) = watch::channel(false);
        let (sandbox_listener, sandbox_url) = listen().await?;
        let (idp_listener, idp_url) = listen().await?;
        let (door_listener, door_url) = listen().await?;
        let map_path = folder.path().join("access.yaml");
        let text = dated(stage.seed, SystemClock.now())?;
        let mut seed = Seed::from_yaml(&text).context("the demo's seed")?;
        let (people, map) = People::place(directory, stage.map, &seed, folder.path())?;
        fs::write(&map_path, &map).context("cannot write the demo's map")?;
        // As whoever keeps the map in git has it in front of them: without the folder.
        let source = Source { name: "access.yaml".into(), text: map };
        let map = access::map::parse(&[source])
            .map_err(|errors| anyhow!("the demo's map: {errors:?}"))?;
        roll_out(&map, &mut seed)?;
        let cast = cast(stage, &map, &seed);
        let made = seed.profiles.iter();
        let made = made.filter_map(|profile| Some((profile.domain.clone(), profile.made?)));
        let made = made.collect();
        let past = if stage.has_past { past(&map, &seed, SystemClock.now())? } else { Vec::new() };
        let idp = Arc::new(identity_provider(&idp_url, &door_url, cast.clone())?);
        let sandbox = sandbox::share(Sandbox::new(seed, Faults::default()).context("the sandbox")?);
        fs::write(folder.path().join("idp-metadata.xml"), idp.metadata_xml())
            .context("cannot write the identity provider's metadata")?;
        let simulator = Simulator {
            url: sandbox_url.clone(),
            region: Region::parse(REGION)?,
            access_key_id: ACCESS_KEY.to_owned(),
            secret_access_key: "not-a-secret".to_owned(),
        };
        let region = Region::parse(REGION)?;
        let aws = Aws::simulated(&simulator);
        let file = StoreLocation::File(folder.path().join("stagedoor.db"));
        let store = compose::open_store(&file, &aws).await?;
        let mut parts = compose::parts(map, aws, store).await?;
        for watch in &mut parts.watches {
            watch.every = Duration::from_millis(500);
        }
        let queue =
            Arc::new(Tap { queue: parts.aws.queue(&region, QUEUE), seen: Mutex::default() });
        let world = Self {
            folder,
            queue,
            people,
            cast,
            made,
            has_past: stage.has_past,
            sandbox: Arc::clone(&sandbox),
            sandbox_url,
            idp: Arc::clone(&idp),
            idp_url,
            door_url,
            parts,
            door_listener: Mutex::new(Some(door_listener)),
            stopping,
            tasks: Mutex::new(Vec::new()),
        };
        let end = seen(stopped.clone());
        world.spawn(async move {
            Ok(sandbox::serve(sandbox_listener, sandbox, || SystemClock.now(), end).await?)
        });
        let end = seen(stopped);
        world.spawn(async move { Ok(idp.serve(idp_listener, end).await?) });
        for entry in &past {
            world.parts.plane.audit.append(entry).await?;
        }
        world.push().await?;
        Ok(world)
    }

    /// Pushes the people by SCIM, where the map says that they are pushed: into the same server that
    /// will be behind the door, at another address and without the loop.
    async fn push(&self) -> Result<()> {
        let People::Pushed { listed, provider } = &self.people else { return Ok(()) };
        let new = NewToken {
            name: "demo-provider".to_owned(),
            scopes: [Right::Scim].into_iter().collect(),
            directory: None,
            life: SignedDuration::from_hours(24),
        };
        let (store, now) = (&*self.parts.store, SystemClock.now());
        let by = Actor::named("demo");
        let (bearer, _) = create_token(store, &SystemEntropy, &by, new, now).await?;
        let (listener, url) = listen().await?;
        let sources = idp_metadata::sources(&self.parts.plane.map, &self.map_path());
        let door = compose::door(&self.parts, &sources, &url, Vec::new()).await?;
        let desk = Arc::new(compose::desk(&self.parts, &door));
        let router = web::router(Arc::new(door), desk, web_config(&self.parts, &url)?);
        let (ending, ended) = watch::channel(false);
        let server = tokio::spawn(web::serve(listener, router, seen(ended)));
        let pushed = Provider::push(listed, &url, bearer.reveal().to_owned()).await;
        let _ = ending.send(true);
        server.await.context("the server that people were pushed to")??;
        let _ = provider.set(pushed?.at(&self.door_url));
        Ok(())
    }

    /// Opens the door: portal, loop and events.
    pub(super) async fn serve(&self) -> Result<()> {
        let listener = self
            .door_listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or_else(|| anyhow!("the door is open already"))?;
        let sources = idp_metadata::sources(&self.parts.plane.map, &self.map_path());
        let serving = Serving {
            listener,
            ops: None,
            door: compose::door(&self.parts, &sources, &self.door_url, Vec::new()).await?,
            reload: None,
            queue: Some(Arc::clone(&self.queue) as _),
            anchoring: compose::anchoring(&self.checkpoints(), &self.parts).await?,
            rhythm: self.rhythm(),
            config: web_config(&self.parts, &self.door_url)?,
            condition: web::Condition::default(),
            telling: None,
            drain_timeout: Duration::from_secs(20),
            parts: self.parts.clone(),
        };
        let end = seen(self.stopping.subscribe());
        let (tell, told) = mpsc::channel(1);
        self.spawn(async move {
            end.await;
            let _ = tell.send(Duration::ZERO).await;
            Ok(())
        });
        self.spawn(async move { serve_until(serving, told).await.map(drop) });
        Ok(())
    }

    /// The map's file, for commands in another terminal.
    pub(super) fn map_path(&self) -> PathBuf {
        self.folder.path().join("access.yaml")
    }

    /// The store's file, likewise.
    pub(super) fn store_path(&self) -> PathBuf {
        self.folder.path().join("stagedoor.db")
    }

    /// Where checkpoints of the audit log are kept.
    fn checkpoints(&self) -> AnchoringArgs {
        let file = self.folder.path().join("audit-checkpoints.jsonl");
        AnchoringArgs {
            audit_checkpoints: self.has_past.then_some(CheckpointLocation::File(file)),
            audit_checkpoint_every: Duration::from_hours(1),
            audit_retention: None,
        }
    }

    /// Whether the directory sends events: Identity Center alone does.
    pub(super) fn has_events(&self) -> bool {
        matches!(self.people, People::IdentityCenter)
    }

    /// Where the people are, for whoever wants to look.
    pub(super) fn place_of_people(&self) -> String {
        self.people.told()
    }

    /// What the directory calls somebody.
    pub(super) async fn person(&self, user_name: &str) -> Result<PersonId> {
        let named = PersonLookup::UserName(user_name.to_owned());
        let found = self.parts.plane.directory.find(&named).await?;
        found.with_context(|| format!("the demo has no {user_name}"))
    }

    /// An LDAP server need not tell what changed, and nobody at a demo waits for an hour.
    fn rhythm(&self) -> Rhythm {
        let rhythm = Rhythm { recheck: Duration::from_millis(500), ..Rhythm::default() };
        match self.people {
            People::InLdap(_) => Rhythm { resync: Duration::from_secs(3), ..rhythm },
            People::IdentityCenter | People::InFile(_) | People::Pushed { .. } => rhythm,
        }
    }

    /// The simulated Identity Center's id of somebody.
    fn user_id(&self, user_name: &str) -> Result<&str> {
        let person = self.cast.people.iter().find(|person| person.user_name == user_name);
        Ok(&person.with_context(|| format!("the demo has no {user_name}"))?.user_id)
    }

    /// The domain of each profile that was there at the start, and when it was made.
    pub(super) fn made(&self) -> &[(String, Timestamp)] {
        &self.made
    }

    /// The door's entity id.
    pub(super) fn entity_id(&self) -> String {
        format!("{}/saml/metadata", self.door_url)
    }

    /// Where the door takes answers.
    pub(super) fn acs_url(&self) -> String {
        format!("{}/saml/acs", self.door_url)
    }

    /// Somebody who claims to be the identity provider, with another key.
    pub(super) fn forger(&self) -> Result<DemoIdp> {
        identity_provider(&self.idp_url, &self.door_url, self.cast.clone())
    }

    /// The simulated AWS, to look inside.
    pub(super) fn sandbox(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bodies of the events that the door has received so far.
    pub(super) fn events(&self) -> Vec<String> {
        self.queue.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a person into a group or takes one out, as the directory's admin would.
    pub(super) async fn membership(&self, group: &str, user_name: &str, add: bool) -> Result<()> {
        if self.people.membership(group, user_name, add).await? {
            return Ok(());
        }
        let user_id = self.user_id(user_name)?;
        let unique = json!({"UniqueAttribute": {
            "AttributePath": "displayName", "AttributeValue": group
        }});
        let found = self
            .identity_store(
                "AWSIdentityStore.GetGroupId",
                json!({"IdentityStoreId": IDENTITY_STORE, "AlternateIdentifier": unique}),
            )
            .await?;
        let membership = json!({
            "IdentityStoreId": IDENTITY_STORE,
            "GroupId": found.get("GroupId"),
            "MemberId": {"UserId": user_id},
        });
        if add {
            self.identity_store("AWSIdentityStore.CreateGroupMembership", membership).await?;
            return Ok(());
        }
        let found =
            self.identity_store("AWSIdentityStore.GetGroupMembershipId", membership).await?;
        let gone = json!({
            "IdentityStoreId": IDENTITY_STORE,
            "MembershipId": found.get("MembershipId"),
        });
        self.identity_store("AWSIdentityStore.DeleteGroupMembership", gone).await?;
        Ok(())
    }

    async fn identity_store(&self, target: &'static str, body: Value) -> Result<Value> {
        aws_call(&self.sandbox_url, REGION, "identitystore", target, body).await
    }

    /// Stops every server and waits for them.
    pub(super) async fn stop(&self) {
        let _ = self.stopping.send(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A long poll of the queue may hang on for twenty seconds; nobody waits for that.
            task.abort();
            let _ = task.await;
        }
    }

    fn spawn(&self, task: impl Future<Output = Result<()>> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(tokio::spawn(task));
    }
}

/// Gives the roles of the simulated AWS what the map means: somebody has rolled them out.
fn roll_out(map: &AccessMap, seed: &mut Seed) -> Result<()> {
    let bundle = authorisation(map).map_err(|_| anyhow!("the demo's map means no roles"))?;
    for role in &bundle.roles {
        let Some(there) = seed.roles.iter_mut().find(|there| there.name == role.name) else {
            continue;
        };
        let document = serde_json::to_value(&role.trust)?;
        there.trust = sandbox::Trust::Document(sandbox::TrustDocument { document });
        there.tags.clone_from(&role.tags);
        there.max_session_seconds = Some(role.max_session_seconds);
        for policy in &role.inline {
            there.inline.insert(policy.name.clone(), serde_json::to_value(&policy.document)?);
        }
        for policy in &role.managed {
            there.attached.push(policy.name.clone());
            seed.policies.push(sandbox::SeedPolicy {
                name: policy.name.clone(),
                account: Some(role.account_id.clone()),
                path: None,
                document: serde_json::to_value(&policy.document)?,
            });
        }
    }
    Ok(())
}

/// Who can sign in, and where the tiles lead.
#[derive(Debug, Clone)]
struct Cast {
    people: Vec<DemoPerson>,
    tiles: Vec<DemoTile>,
}

/// The people of the directory and the teams of the map, for the identity provider's pages.
fn cast(stage: &Stage, map: &AccessMap, seed: &Seed) -> Cast {
    let directory = seed.directory.iter();
    let users = directory.clone().flat_map(|directory| &directory.users);
    let groups: Vec<_> = directory.flat_map(|directory| &directory.groups).collect();
    let people = users.map(|user| {
        let told = stage.about.iter().find(|(name, _)| *name == user.user_name);
        let about = told.map_or_else(
            || {
                let of = groups.iter().filter(|group| group.members.contains(&user.user_name));
                let names: Vec<&str> = of.map(|group| group.name.as_str()).collect();
                if names.is_empty() { "in no group".to_owned() } else { names.join(", ") }
            },
            |(_, about)| (*about).to_owned(),
        );
        DemoPerson {
            user_id: user.id.clone().unwrap_or_default(),
            user_name: user.user_name.clone(),
            display_name: user.display_name.clone().unwrap_or_else(|| user.user_name.clone()),
            email: format!("{}@example.com", user.user_name),
            about,
        }
    });
    let tiles = map.teams.iter().map(|(key, team)| DemoTile {
        team: key.to_string(),
        title: team.about.title.clone().unwrap_or_else(|| key.to_string()),
    });
    Cast { people: people.collect(), tiles: tiles.collect() }
}

/// The demo identity provider with a fresh key.
fn identity_provider(idp_url: &str, door_url: &str, cast: Cast) -> Result<DemoIdp> {
    let config = DemoIdpConfig {
        base_url: idp_url.to_owned(),
        people: cast.people,
        service_providers: vec![DemoSp {
            entity_id: format!("{door_url}/saml/metadata"),
            acs_url: format!("{door_url}/saml/acs"),
        }],
        tiles: cast.tiles,
    };
    DemoIdp::new(config, Arc::new(|| SystemClock.now())).context("the demo identity provider")
}

/// The seed with `{now-26h}` in it replaced by the time of so many hours before `now`.
fn dated(seed: &str, now: jiff::Timestamp) -> Result<String> {
    let mut parts = seed.split("{now-");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hours, rest) = part.split_once("h}").context("a time of the seed has no end")?;
        let hours: i64 = hours.parse().context("a time of the seed is no number of hours")?;
        let then = now.checked_sub(jiff::SignedDuration::from_hours(hours))?;
        text.push_str(&then.to_string());
        text.push_str(rest);
    }
    Ok(text)
}

/// The queue, and what came out of it.
#[derive(Debug)]
struct Tap {
    queue: SqsQueue,
    seen: Mutex<Vec<String>>,
}

#[async_trait]
impl WakeQueue for Tap {
    async fn receive(&self, wait_seconds: u32) -> Result<Vec<Delivery>, CallError> {
        let deliveries = self.queue.receive(wait_seconds).await?;
        let bodies = deliveries.iter().map(|delivery| delivery.body.clone());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(bodies);
        Ok(deliveries)
    }

    async fn done(&self, delivery: &Delivery) -> Result<(), CallError> {
        self.queue.done(delivery).await
    }
}

async fn listen() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free loopback port")?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use control::doctor;

    #[test]
    fn times_of_a_seed_are_counted_back() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let text = dated("a: {now-26h} b: {now-0h}.", now).unwrap();
        assert_eq!(text, "a: 2026-11-20T10:00:00Z b: 2026-11-21T12:00:00Z.");
        assert!(dated("{now-1d}", now).is_err());
    }

    #[tokio::test]
    async fn roles_may_do_what_the_map_says() {
        let world = World::start(&STORY, DemoDirectory::default()).await.unwrap();
        let facts = doctor::gather(&world.parts.plane, &world.parts.aws.studio(), None).await;
        let checks = doctor::judge(&world.parts.plane.map, &facts, None);
        let roles = checks.iter().filter(|check| {
            matches!(check.about, doctor::About::RoleTrust | doctor::About::RolePolicies)
        });
        let told: Vec<(&str, &str)> =
            roles.map(|check| (check.code, check.text.as_str())).collect();
        let both = [
            ("ok", "SageMaker may assume it with a source identity"),
            ("ok", "it may do what the map says, and no more"),
        ];
        assert_eq!(told, [both, both].concat());
        world.stop().await;
    }
}
