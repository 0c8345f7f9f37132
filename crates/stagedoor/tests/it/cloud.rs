//! Simulated AWS on a port of its own, in this process, so that tests can look inside.

use http::Request;
use sandbox::{AppView, Faults, ProfileView, Sandbox, Seed, SharedSandbox, SpaceView};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::MutexGuard;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const STORE: &str = "d-906716eb24";

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The place of a domain: account and id.
pub(crate) const RESEARCH: (&str, &str) = (ACCOUNT, "d-research");

/// Simulated AWS that ends with the test.
pub(crate) struct Cloud {
    pub(crate) url: String,
    sandbox: SharedSandbox,
    _stop: oneshot::Sender<()>,
}

impl Cloud {
    pub(crate) fn start(seed: &str) -> Self {
        let seed = Seed::from_yaml(seed).unwrap();
        let sandbox = sandbox::share(Sandbox::new(seed, Faults::default()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = SharedSandbox::clone(&sandbox);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let end = async move {
                    let _ = stopped.await;
                };
                sandbox::serve(listener, served, now, end).await.unwrap();
            });
        });
        Self { url, sandbox, _stop: stop }
    }

    /// The inside, after everything that is due has happened.
    pub(crate) fn look(&self) -> MutexGuard<'_, Sandbox> {
        let mut sandbox = self.sandbox.lock().unwrap();
        sandbox.settle(now());
        sandbox
    }

    pub(crate) fn go_wrong(&self, faults: &str) {
        self.look().set_faults(Faults::from_yaml(faults).unwrap(), now());
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.look().advance(by);
    }

    pub(crate) fn profiles(&self, (account, domain): (&str, &str)) -> Vec<ProfileView> {
        self.look().profiles(account, REGION, domain)
    }

    /// Names of the profiles of `d-research`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.profiles(RESEARCH).into_iter().map(|profile| profile.name).collect()
    }

    /// The profile of `d-research` with this name.
    #[track_caller]
    pub(crate) fn profile(&self, name: &str) -> ProfileView {
        self.profiles(RESEARCH).into_iter().find(|profile| profile.name == name).unwrap()
    }

    /// Apps of `d-research` that are not deleted.
    pub(crate) fn apps(&self) -> Vec<AppView> {
        let (account, domain) = RESEARCH;
        let all = self.look().apps(account, REGION, domain);
        all.into_iter().filter(|app| app.status != "Deleted").collect()
    }

    pub(crate) fn spaces(&self) -> Vec<SpaceView> {
        let (account, domain) = RESEARCH;
        self.look().spaces(account, REGION, domain)
    }

    /// How often an operation was called (`sagemaker:ListApps`).
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.look().call_counts().get(operation).copied().unwrap_or(0)
    }

    /// The calls that change something in Studio, in the order they came, successful ones only.
    pub(crate) fn changes(&self) -> Vec<&'static str> {
        self.look()
            .calls()
            .filter(|call| call.service == "sagemaker" && call.error.is_none())
            .map(|call| call.operation)
            .filter(|name| !["List", "Describe"].iter().any(|read| name.starts_with(read)))
            .collect()
    }

    /// What a browser gets that opens a page of the simulated Studio: status and text.
    pub(crate) fn visit(&self, page: &str) -> (u16, String) {
        let request = Request::get(page).body(Vec::new()).unwrap();
        let answer = self.look().handle(now(), &request);
        (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
    }

    pub(crate) fn user_id(&self, user_name: &str) -> String {
        self.look().user_id(user_name).unwrap()
    }

    pub(crate) fn group_id(&self, name: &str) -> String {
        self.look().group_id(name).unwrap()
    }

    /// Puts a person into a group, as the directory's admin.
    pub(crate) fn join(&self, user_name: &str, group: &str) {
        let membership = self.membership(user_name, group);
        self.directory("CreateGroupMembership", &membership);
    }

    /// The id of a person's membership in a group.
    pub(crate) fn membership_id(&self, user_name: &str, group: &str) -> Value {
        let membership = self.membership(user_name, group);
        self.directory("GetGroupMembershipId", &membership)["MembershipId"].clone()
    }

    /// Any change of the directory, by its admin.
    pub(crate) fn change(&self, operation: &str, mut input: Value) {
        input["IdentityStoreId"] = STORE.into();
        self.directory(operation, &input);
    }

    /// Takes a person out of a group.
    pub(crate) fn leave(&self, user_name: &str, group: &str) {
        let membership = self.membership_id(user_name, group);
        let gone = json!({"IdentityStoreId": STORE, "MembershipId": membership});
        self.directory("DeleteGroupMembership", &gone);
    }

    pub(crate) fn disable(&self, user_name: &str) {
        let change = json!({
            "IdentityStoreId": STORE,
            "UserId": self.user_id(user_name),
            "Operations": [{"AttributePath": "userStatus", "AttributeValue": "DISABLED"}],
        });
        self.directory("UpdateUser", &change);
    }

    fn membership(&self, user_name: &str, group: &str) -> Value {
        json!({
            "IdentityStoreId": STORE,
            "GroupId": self.group_id(group),
            "MemberId": {"UserId": self.user_id(user_name)},
        })
    }

    /// Queues, as Lambda's pollers use them.
    pub(crate) fn sqs(&self, operation: &str, body: &Value) -> Value {
        self.call("sqs", &format!("AmazonSQS.{operation}"), body)
    }

    pub(crate) fn directory(&self, operation: &str, body: &Value) -> Value {
        self.call("identitystore", &format!("AWSIdentityStore.{operation}"), body)
    }

    /// Studio, as a person who works in it uses it.
    pub(crate) fn sagemaker(&self, operation: &str, body: &Value) -> Value {
        self.call("sagemaker", &format!("SageMaker.{operation}"), body)
    }

    /// IAM, as its admin uses it.
    pub(crate) fn iam<T: AsRef<str>>(&self, operation: &str, members: &[(T, T)]) {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", operation).append_pair("Version", "2010-05-08");
        form.extend_pairs(members);
        let request = Self::signed("iam")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.finish())
            .unwrap();
        let answer = self.look().handle(now(), &request);
        let text = String::from_utf8_lossy(answer.body());
        assert_eq!(answer.status(), 200, "{operation}: {text}");
    }

    /// A call by somebody else than Stagedoor. It does not go over the network.
    fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let request = Self::signed(service)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .body(body.to_string())
            .unwrap();
        let answer = self.look().handle(now(), &request);
        let text = String::from_utf8_lossy(answer.body());
        assert_eq!(answer.status(), 200, "{target}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// A request that looks signed.
    fn signed(service: &str) -> http::request::Builder {
        let scope = format!("AKIASOMEBODYELSE/20261121/{REGION}/{service}/aws4_request");
        let signature = "0".repeat(64);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, \
             Signature={signature}"
        );
        Request::post("/")
            .header("host", "127.0.0.1")
            .header("x-amz-date", "20261121T000000Z")
            .header("authorization", authorization)
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary under test lives by the system's clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Looks again and again until there is something to see.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        // Lets the processor go for a moment between two looks.
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
