//! The world that everybody shares: simulated AWS, the truth, and who watches.

use crate::clock::TrueTime;
use crate::deed::Scene;
use crate::disk::FaultyDisk;
use crate::trace::Trace;
use crate::truth::Truth;
use crate::verdict::MadeSpace;
use crate::watch::Watch;
use crate::weather::Weather;
use crate::world::{HUB, REGION};
use control::ports::AuditLog as _;
use fastrand::Rng;
use futures::FutureExt as _;
use http::{Request, Response};
use jiff::Timestamp;
use sandbox::Sandbox;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::SqliteStore;
use tokio::sync::Notify;

/// Everything that the processes of a simulation have in common.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) time: TrueTime,
    pub(crate) sandbox: Sandbox,
    pub(crate) truth: Truth,
    pub(crate) watch: Watch,
    pub(crate) trace: Trace,
    pub(crate) weather: Weather,
    /// What is drawn for each call.
    pub(crate) random: Rng,
    pub(crate) lives: Vec<Life>,
    /// The store that all replicas share, and the disk it is on.
    pub(crate) store: SqliteStore,
    pub(crate) disk: Arc<FaultyDisk>,
    /// Spaces that people made.
    pub(crate) spaces: Vec<MadeSpace>,
    /// Account, domain and name of spaces whose apps are still to be started.
    pub(crate) starting: Vec<(String, String, String)>,
    /// Faults that happened.
    pub(crate) faults: u64,
    /// Calls to AWS.
    pub(crate) calls: u64,
}

/// How long a process has to live.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// It is killed at this many polls from now.
    pub(crate) polls: Option<u64>,
    /// It is killed at this many calls from now.
    pub(crate) calls: Option<u64>,
    /// That call has its effect first.
    pub(crate) after_effect: bool,
    /// It is killed now.
    pub(crate) struck: Arc<Notify>,
}

/// The stage as it is shared.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<(Mutex<Stage>, Notify)>);

impl Shared {
    pub(crate) fn new(stage: Stage) -> Self {
        Self(Arc::new((Mutex::new(stage), Notify::new())))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Stage> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells when there may be messages in the queue.
    pub(crate) fn mail(&self) -> &Notify {
        &self.0.1
    }
}

impl Stage {
    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    pub(crate) fn say(&mut self, line: &str) {
        let now = self.now();
        self.trace.say(now, line);
    }

    /// Counts a fault.
    pub(crate) fn fault(&mut self, what: &str) {
        self.faults += 1;
        self.say(&format!("fault: {what}"));
    }

    /// A domain as it is, by `SageMaker`'s id.
    pub(crate) fn scene(&mut self, domain: &str) -> Scene {
        let now = self.now();
        self.sandbox.settle(now);
        let known = self.truth.map.domains.iter().find(|known| known.id == domain);
        let Some((account, sso)) = known.map(|known| (known.account.as_str(), known.sso)) else {
            return Scene::default();
        };
        let people = self.truth.directory.people.keys().filter(|_| sso);
        let is_assigned =
            |person: &&String| self.sandbox.is_assigned(account, REGION, domain, person);
        Scene {
            assigned: people.filter(is_assigned).cloned().collect(),
            profiles: self.sandbox.profiles(account, REGION, domain),
            apps: self.sandbox.apps(account, REGION, domain),
            spaces: self.sandbox.spaces(account, REGION, domain),
        }
    }

    /// Reads which home directories are in the audit log.
    pub(crate) fn read_homes(&mut self) {
        let chance = self.disk.set(0);
        // A store in memory does not wait.
        let entries = self.store.newest(1_000).now_or_never().and_then(Result::ok);
        self.disk.set(chance);
        for entry in entries.unwrap_or_default() {
            let text = |key: &str| entry.details.get(key).cloned();
            if let (Some(domain), Some(profile), Some(uid)) =
                (text("domain"), text("profile"), text("home_efs_uid"))
            {
                self.watch.homes.insert((domain, profile.to_ascii_lowercase(), uid));
            }
        }
    }

    /// Somebody else than the product asks something of AWS: a person in Studio, an admin in the
    /// console. `None` if AWS refuses.
    pub(crate) fn ask(
        &mut self,
        account: &str,
        (service, target): (&str, &str),
        operation: &str,
        body: &Value,
    ) -> Option<Value> {
        // Keys that the sandbox does not know belong to the hub; of others it knows one each.
        let key = if account == HUB { "AKIAPEOPLE".to_owned() } else { format!("AKIA{account}") };
        let signature = "0".repeat(64);
        let request = Request::post("http://sandbox.invalid/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{target}.{operation}"))
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={key}/20261121/{REGION}/{service}/aws4_request, \
                     SignedHeaders=host, Signature={signature}"
                ),
            )
            .body(body.to_string().into_bytes());
        let answer = self.handle(&request.ok()?);
        let is_good = answer.status().is_success();
        self.say(&format!("people: {operation} {body} -> {}", answer.status().as_u16()));
        is_good.then(|| serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    pub(crate) fn handle(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let now = self.now();
        self.sandbox.handle(now, request)
    }
}
