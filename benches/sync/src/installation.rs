//! Stagedoor, put together over a sandbox in the same process.

use access::ids::Region;
use access::map::AccessMap;
use anyhow::{Context, Result};
use async_trait::async_trait;
use aws::{Aws, InProcess, Lost, Simulator};
use control::meter::Meter;
use control::plane::{Bell, LiveMap, Plane, Takeover};
use control::ports::{Actor, Clock, Entropy};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Faults, Sandbox, Seed, SeedUser};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::SqliteStore;
use tokio::time::Instant;

/// When everything begins, in seconds since 1970.
const BEGIN: i64 = 1_795_248_000;

/// Stagedoor over a sandbox.
#[derive(Debug)]
pub struct Installation {
    /// The plane.
    pub plane: Plane,
    /// AWS, as the plane sees it.
    pub aws: Arc<Aws>,
    /// What it keeps.
    pub store: Arc<SqliteStore>,
    cloud: Arc<Cloud>,
    region: Region,
}

/// The sandbox at the moment.
#[derive(Debug)]
struct Cloud {
    sandbox: Mutex<Sandbox>,
    clock: Moved,
}

impl Cloud {
    fn look(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl InProcess for Cloud {
    async fn call(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Lost> {
        Ok(self.look().handle(self.clock.now(), &request))
    }
}

/// A clock that tokio's time moves.
#[derive(Debug, Clone, Copy)]
struct Moved(Instant);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.0.elapsed()).unwrap_or(SignedDuration::MAX);
        let begin = Timestamp::from_second(BEGIN).unwrap_or(Timestamp::UNIX_EPOCH);
        begin.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// Nothing here is secret.
#[derive(Debug)]
struct Same;

impl Entropy for Same {
    fn bytes(&self) -> [u8; 32] {
        [7; 32]
    }
}

impl Installation {
    /// Puts Stagedoor together. Needs a runtime of one thread whose time is paused.
    ///
    /// # Errors
    /// Map or seed will not do.
    pub fn new(map: AccessMap, seed: &str) -> Result<Self> {
        Self::among(map, seed, 0)
    }

    /// The same with so many more people in the directory, who are in no group. A seed in YAML may
    /// not hold many more than 80,000.
    ///
    /// # Errors
    /// Map or seed will not do.
    pub fn among(map: AccessMap, seed: &str, others: usize) -> Result<Self> {
        let mut seed = Seed::from_yaml(seed)?;
        if let Some(directory) = &mut seed.directory {
            directory.users.extend((0..others).map(|n| SeedUser {
                id: None,
                user_name: format!("other{n}"),
                display_name: None,
                email: None,
                external_id: None,
                enabled: true,
            }));
        }
        fastrand::seed(1);
        let clock = Moved(Instant::now());
        let sandbox = Sandbox::new(seed, Faults::default())?;
        let cloud = Arc::new(Cloud { sandbox: Mutex::new(sandbox), clock });
        let center = map.directories.identity_center();
        let (region, identity_store_id) = center.context("the map's Identity Center")?;
        let region = region.clone();
        let simulator = Simulator {
            // The limits that AWS publishes hold for its own hosts.
            url: "http://sandbox.amazonaws.com".to_owned(),
            region: region.clone(),
            access_key_id: "AKIASANDBOX".to_owned(),
            secret_access_key: "secret".to_owned(),
        };
        let aws = Arc::new(Aws::in_process(&simulator, cloud.clone(), Arc::new(clock)));
        let store = Arc::new(SqliteStore::in_memory()?);
        let studio = Arc::new(aws.studio());
        let plane = Plane {
            directory: Arc::new(aws.identity_center(&region, identity_store_id)),
            mirror: None,
            observe: Arc::clone(&studio) as _,
            provision: studio,
            sessions: Arc::clone(&store) as _,
            queue: Arc::clone(&store) as _,
            claims: Arc::clone(&store) as _,
            switch: Arc::clone(&store) as _,
            index: Arc::clone(&store) as _,
            bell: Bell::default(),
            meter: Meter::default(),
            readings: control::desk::Readings::default(),
            askers: control::askers::Askers::default(),
            errands: control::errands::Errands::default(),
            observe_only: false,
            takeover: Takeover::default(),
            memberships: Arc::clone(&store) as _,
            events: Arc::default(),
            chronicle: Arc::clone(&store) as _,
            departures: Arc::clone(&store) as _,
            actor: Actor::System,
            temporary: Arc::clone(&store) as _,
            approvals: Arc::clone(&store) as _,
            mirror_records: Arc::clone(&store) as _,
            audit: Arc::clone(&store) as _,
            clock: Arc::new(clock),
            entropy: Arc::new(Same),
            map: Arc::new(map),
            live: LiveMap::default(),
        };
        Ok(Self { plane, aws, store, cloud, region })
    }

    /// The Region of everything.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Lets things go wrong from now on, in the words of a fault file.
    ///
    /// # Errors
    /// There is no such fault.
    pub fn go_wrong(&self, faults: &str) -> Result<()> {
        let faults = Faults::from_yaml(faults).context("faults")?;
        self.cloud.look().set_faults(faults, self.cloud.clock.now());
        Ok(())
    }

    /// How often each operation was called (`sagemaker:ListApps`).
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.cloud.look().call_counts().clone()
    }

    /// How many profiles a domain has, by its account and id.
    pub fn profiles(&self, (account, domain): (&str, &str)) -> usize {
        let mut sandbox = self.cloud.look();
        sandbox.settle(self.cloud.clock.now());
        sandbox.profiles(account, self.region().as_str(), domain).len()
    }
}
