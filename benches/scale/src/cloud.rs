//! Simulated AWS on a port, in this process, so that it can be looked into; and its directory's
//! admin.

use crate::clock::now;
use crate::company::{ACCOUNT, DOMAIN, IDENTITY_STORE, Person, QUEUE, REGION, Team};
use crate::verdict;
use anyhow::{Context, Result, ensure};
use http::Request;
use sandbox::{AppView, CallRecord, Faults, ProfileView, Sandbox, Seed, SharedSandbox, SpaceView};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::runtime::Runtime;

/// Simulated AWS. It ends with the value.
#[derive(Debug)]
pub struct Cloud {
    sandbox: SharedSandbox,
    url: String,
    heard: Mutex<Heard>,
    _runtime: Runtime,
}

/// The calls that changed something, or tried to, in the order they came.
#[derive(Debug, Default)]
struct Heard {
    seen: u64,
    deeds: Vec<CallRecord>,
}

/// A domain as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) profiles: Vec<ProfileView>,
    pub(crate) apps: Vec<AppView>,
    pub(crate) spaces: Vec<SpaceView>,
}

impl Cloud {
    /// Starts it.
    ///
    /// # Errors
    /// The seed will not do, or there is no port.
    pub fn start(seed: &str) -> Result<Self> {
        let sandbox = Sandbox::new(Seed::from_yaml(seed)?, Faults::default())?;
        let sandbox = sandbox::share(sandbox);
        let listener = TcpListener::bind("127.0.0.1:0").context("a port for simulated AWS")?;
        listener.set_nonblocking(true).context("its listener")?;
        let url = format!("http://{}", listener.local_addr().context("its address")?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("a runtime for simulated AWS")?;
        let served = SharedSandbox::clone(&sandbox);
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            sandbox::serve(listener, served, now, std::future::pending()).await
        });
        Ok(Self { sandbox, url, heard: Mutex::default(), _runtime: runtime })
    }

    /// Its address, for AWS clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The inside, after everything that is due has happened.
    pub(crate) fn look(&self) -> MutexGuard<'_, Sandbox> {
        let mut sandbox = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        sandbox.settle(now());
        sandbox
    }

    /// Lets things go wrong from now on, in the words of a fault file; nothing, if it is empty.
    ///
    /// # Errors
    /// There is no such fault.
    pub fn go_wrong(&self, faults: &str) -> Result<()> {
        let faults = if faults.is_empty() { Faults::default() } else { Faults::from_yaml(faults)? };
        self.look().set_faults(faults, now());
        Ok(())
    }

    /// Puts somebody into a team's group.
    ///
    /// # Errors
    /// The directory refuses it.
    pub fn join(&self, person: Person, team: Team) -> Result<()> {
        self.directory("CreateGroupMembership", &membership(person, team)).map(drop)
    }

    /// Takes somebody out of a team's group.
    ///
    /// # Errors
    /// The directory refuses it.
    pub fn leave(&self, person: Person, team: Team) -> Result<()> {
        let membership = self.directory("GetGroupMembershipId", &membership(person, team))?;
        let id = membership.get("MembershipId");
        let gone = json!({"IdentityStoreId": IDENTITY_STORE, "MembershipId": id});
        self.directory("DeleteGroupMembership", &gone).map(drop)
    }

    /// A call of the directory's admin.
    fn directory(&self, operation: &str, body: &Value) -> Result<Value> {
        self.call("identitystore", &format!("AWSIdentityStore.{operation}"), body)
    }

    /// Makes a queue, a FIFO one if its name says so; its URL.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_queue(&self, name: &str) -> Result<String> {
        let is_fifo = matches!(name.rsplit_once('.'), Some((_, "fifo")));
        let attributes = if is_fifo { json!({"FifoQueue": "true"}) } else { json!({}) };
        let queue = json!({"QueueName": name, "Attributes": attributes});
        let made = self.call("sqs", "AmazonSQS.CreateQueue", &queue)?;
        let path = made.get("QueueUrl").and_then(Value::as_str).context("a queue without URL")?;
        let (_, path) = path.split_once("127.0.0.1").context("a queue elsewhere")?;
        Ok(format!("{}{path}", self.url))
    }

    /// A call of somebody else. It does not go over the network.
    fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let scope = format!("AKIASOMEBODYELSE/20261121/{REGION}/{service}/aws4_request");
        let signature = "0".repeat(64);
        let request = Request::post("/")
            .header("host", "127.0.0.1")
            .header("x-amz-date", "20261121T000000Z")
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, \
                     Signature={signature}"
                ),
            )
            .body(body.to_string())?;
        // Throttling is for Stagedoor: others ask until it is done.
        for _ in 0..1_000 {
            let answer = self.look().handle(now(), &request);
            if answer.status() == 200 {
                return Ok(serde_json::from_slice(answer.body()).unwrap_or(Value::Null));
            }
            let text = String::from_utf8_lossy(answer.body());
            ensure!(text.contains("Throttling"), "{target}: {text}");
        }
        anyhow::bail!("{target} is throttled for ever")
    }

    /// Whether the domain has a profile of this name.
    pub fn has_profile(&self, name: &str) -> bool {
        let found = self.look().profiles(ACCOUNT, REGION, DOMAIN);
        found.iter().any(|profile| profile.name == name)
    }

    /// The domain as it is.
    pub(crate) fn scene(&self) -> Scene {
        let sandbox = self.look();
        Scene {
            profiles: sandbox.profiles(ACCOUNT, REGION, DOMAIN),
            apps: sandbox.apps(ACCOUNT, REGION, DOMAIN),
            spaces: sandbox.spaces(ACCOUNT, REGION, DOMAIN),
        }
    }

    /// What of Studio does not agree with who is in which team.
    pub fn disagreement(&self, truth: &BTreeSet<(Person, Team)>) -> Vec<String> {
        verdict::disagreement(&self.scene(), truth)
    }

    /// Messages of the events queue that were not worked off yet.
    pub fn events_waiting(&self) -> usize {
        self.look().queue_depth(QUEUE)
    }

    /// Takes note of the calls since the last time: the simulator itself forgets the oldest.
    pub fn listen(&self) {
        let sandbox = self.look();
        let all: u64 = sandbox.call_counts().values().sum();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = sandbox.calls().count();
        let new = usize::try_from(all - heard.seen).unwrap_or(usize::MAX).min(kept);
        heard.seen = all;
        let changes = sandbox.calls().skip(kept - new).filter(|call| {
            let changes = ["Create", "Delete", "Update", "AddTags"];
            call.service == "sagemaker" && changes.iter().any(|c| call.operation.starts_with(c))
        });
        heard.deeds.extend(changes.cloned());
    }

    /// Calls that were made, those refused included.
    pub fn calls(&self) -> u64 {
        self.look().call_counts().values().sum()
    }

    /// How many calls changed something of Studio, or tried to, since the start.
    pub fn deeds_so_far(&self) -> usize {
        self.listen();
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).deeds.len()
    }

    /// The calls that changed something of Studio, or tried to, since the start.
    pub(crate) fn deeds(&self) -> Vec<CallRecord> {
        self.listen();
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).deeds.clone()
    }
}

fn membership(person: Person, team: Team) -> Value {
    json!({
        "IdentityStoreId": IDENTITY_STORE,
        "GroupId": team.group_id(),
        "MemberId": {"UserId": person.id()},
    })
}
