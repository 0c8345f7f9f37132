//! Offboarding that is killed at every call, before AWS has seen it and after: whoever runs next
//! completes it, and the audit log says everything once.

use crate::cloud::{ACCOUNT, REGION, RESEARCH};
use crate::world::{ANA, MAP, settled};
use access::check::Removals;
use access::ids::{PersonId, Region, TeamKey};
use access::map::{Source, parse};
use access::snapshot::Hold;
use async_trait::async_trait;
use aws::{Aws, InProcess, Lost, Simulator};
use control::meter::Meter;
use control::plane::{Bell, LiveMap, Plane, Takeover};
use control::ports::{Actor, AuditEntry, AuditLog, Clock, Departure, Entropy};
use control::survey::Scope;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Faults, Sandbox, Seed};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::SqliteStore;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Ana has a space with an app and an app of her own.
const WORK: &str = "\
spaces: [{ domain: d-research, name: ana-lab, owner: ana--fraud, volume_gb: 5 }]
apps:
  - { domain: d-research, space: ana-lab, type: JupyterLab, instance_type: ml.t3.medium }
  - { domain: d-research, profile: ana--fraud, type: JupyterServer }
";

/// Deletions take a while, so that every stage is met.
const SLOW: &str = "timing: { app_delete: 90, space_delete: 90, profile_delete: 90 }";

/// More passes than it can take.
const MOST_PASSES: u32 = 60;

/// A clock that tokio's time moves.
#[derive(Debug, Clone, Copy)]
struct Virtual(Instant);

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

impl Entropy for Virtual {
    fn bytes(&self) -> [u8; 32] {
        let nanos = self.0.elapsed().as_nanos().to_le_bytes();
        std::array::from_fn(|i| nanos.get(i).copied().unwrap_or(7))
    }
}

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// Before this changing call, counted from 0, reaches AWS.
    Before(u32),
    /// After AWS did what it asked, before the answer is read.
    After(u32),
}

/// Simulated AWS, and the process that dies.
#[derive(Debug)]
struct Plug {
    sandbox: Mutex<Sandbox>,
    clock: Virtual,
    death: Option<Death>,
    made: Mutex<u32>,
    died: Notify,
}

#[async_trait]
impl InProcess for Plug {
    async fn call(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Lost> {
        let target = request.headers().get("x-amz-target").map(|t| t.to_str().unwrap().to_owned());
        let operation = target.unwrap_or_default();
        let operation = operation.strip_prefix("SageMaker.").unwrap_or_default();
        let changes =
            ["Add", "Delete", "Create", "Update"].iter().any(|c| operation.starts_with(c));
        let number = {
            let mut made = self.made.lock().unwrap();
            let number = *made;
            *made += u32::from(changes);
            changes.then_some(number)
        };
        let is_now = |death: fn(u32) -> Death| number.is_some_and(|n| self.death == Some(death(n)));
        if is_now(Death::Before) {
            return self.die().await;
        }
        let answer = self.sandbox.lock().unwrap().handle(self.clock.now(), &request);
        if is_now(Death::After) {
            return self.die().await;
        }
        Ok(answer)
    }
}

impl Plug {
    async fn die(&self) -> Result<http::Response<Vec<u8>>, Lost> {
        self.died.notify_one();
        std::future::pending().await
    }
}

/// What is left when nothing moves any more.
#[derive(Debug, PartialEq, Eq)]
struct End {
    profiles: Vec<String>,
    apps: usize,
    spaces: usize,
    /// Event and text of each entry about Ana, sorted.
    audited: Vec<(String, String)>,
}

struct World {
    plug: Arc<Plug>,
    store: Arc<SqliteStore>,
}

impl World {
    fn new(death: Option<Death>) -> Self {
        let seed = format!("{}{WORK}", settled()).replace("timing: { fast: true }", SLOW);
        let sandbox = Sandbox::new(Seed::from_yaml(&seed).unwrap(), Faults::default()).unwrap();
        let plug = Plug {
            sandbox: Mutex::new(sandbox),
            clock: Virtual(Instant::now()),
            death,
            made: Mutex::default(),
            died: Notify::new(),
        };
        Self { plug: Arc::new(plug), store: Arc::new(SqliteStore::in_memory().unwrap()) }
    }

    /// A process that starts: all it knows is in AWS, the directory and the store.
    fn process(&self) -> Plane {
        let map = parse(&[Source::from_bytes("access.yaml", MAP.into()).unwrap()]).unwrap();
        let simulator = Simulator {
            url: "http://sandbox.invalid".to_owned(),
            region: Region::parse(REGION).unwrap(),
            access_key_id: "AKIASANDBOX".to_owned(),
            secret_access_key: "secret".to_owned(),
        };
        let clock = Arc::new(self.plug.clock);
        let aws = Aws::in_process(&simulator, self.plug.clone(), clock.clone());
        let (region, identity_store_id) = map.directories.identity_center().unwrap();
        let directory = Arc::new(aws.identity_center(region, identity_store_id));
        let studio = Arc::new(aws.studio());
        Plane {
            map: Arc::new(map),
            live: LiveMap::default(),
            directory,
            mirror: None,
            observe: studio.clone(),
            provision: studio,
            sessions: self.store.clone(),
            queue: self.store.clone(),
            claims: self.store.clone(),
            switch: self.store.clone(),
            index: self.store.clone(),
            bell: Bell::default(),
            meter: Meter::default(),
            readings: control::desk::Readings::default(),
            askers: control::askers::Askers::default(),
            errands: control::errands::Errands::default(),
            observe_only: false,
            takeover: Takeover::default(),
            memberships: self.store.clone(),
            events: Arc::default(),
            chronicle: self.store.clone(),
            departures: self.store.clone(),
            actor: Actor::System,
            temporary: self.store.clone(),
            approvals: self.store.clone(),
            mirror_records: self.store.clone(),
            audit: self.store.clone(),
            clock: clock.clone(),
            entropy: clock,
        }
    }

    /// Offboards Ana from fraud, by the process that dies and then by others. Says whether it died.
    async fn offboard(&self) -> bool {
        let mut died = false;
        let mut process = self.process();
        let ana = PersonId::parse(ANA).unwrap();
        let departure = Departure {
            person: ana.clone(),
            user_name: Some("ana".into()),
            team: Some(TeamKey::parse("fraud").unwrap()),
            since: process.clock.now(),
            by: "root".into(),
            why: None,
            hold: Hold::AsMapped,
        };
        assert_eq!(process.depart(&departure).await.unwrap().unwritten, None);
        for _ in 0..MOST_PASSES {
            let scope = Scope::People(BTreeSet::from([ana.clone()]));
            let pass = process.pass(&scope, Removals::Allowed(1), &|_, _| {});
            let pass = tokio::select! {
                biased;
                () = self.plug.died.notified() => None,
                pass = pass => Some(pass.unwrap()),
            };
            match pass {
                None => {
                    died = true;
                    process = self.process();
                }
                Some(pass) if pass.settled() => return died,
                Some(_) => {}
            }
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        panic!("it never ends: {:?}", self.end().await);
    }

    async fn end(&self) -> End {
        let entries = self.store.newest(1_000).await.unwrap();
        let told = |entry: &AuditEntry| {
            let what = entry.details.get("what").cloned().unwrap_or_default();
            (entry.event.clone(), what)
        };
        let of_ana = entries.iter().filter(|entry| entry.person.as_deref() == Some(ANA));
        let mut audited: Vec<_> = of_ana.map(told).collect();
        audited.sort();
        let mut sandbox = self.plug.sandbox.lock().unwrap();
        sandbox.settle(self.plug.clock.now());
        let (account, domain) = RESEARCH;
        assert_eq!(account, ACCOUNT);
        let apps = sandbox.apps(account, REGION, domain);
        End {
            profiles: sandbox
                .profiles(account, REGION, domain)
                .into_iter()
                .map(|p| p.name)
                .collect(),
            apps: apps.iter().filter(|app| !["Deleted", "Failed"].contains(&app.status)).count(),
            spaces: sandbox.spaces(account, REGION, domain).len(),
            audited,
        }
    }
}

fn expected() -> End {
    let audited = [
        ("deleting-profile", "deleting the profile"),
        ("deleting-space", "deleting space ana-lab"),
        ("offboarding-begun", ""),
        ("person-offboarded", ""),
        ("stopping-app", "stopping app JupyterLab/default of space ana-lab"),
        ("stopping-app", "stopping app JupyterServer/default"),
    ];
    End {
        profiles: vec!["ana--demand".to_owned(), "ben--demand".to_owned()],
        apps: 0,
        spaces: 0,
        audited: audited.map(|(event, what)| (event.to_owned(), what.to_owned())).into(),
    }
}

#[tokio::test(start_paused = true)]
async fn undisturbed_it_ends_with_everything_said_once() {
    let world = World::new(None);
    assert!(!world.offboard().await);
    assert_eq!(world.end().await, expected());
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_it_is_completed_and_everything_is_said_once() {
    for kind in [Death::Before, Death::After] {
        let mut deaths = 0;
        loop {
            let world = World::new(Some(kind(deaths)));
            if !world.offboard().await {
                break;
            }
            assert_eq!(world.end().await, expected(), "{:?}", kind(deaths));
            deaths += 1;
        }
        // A tag, two apps, a space and a profile.
        assert_eq!(deaths, 5);
    }
}
