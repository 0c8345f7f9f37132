//! A sandbox on a port of its own, and what tests say to it.

use access::ids::{AccountId, DomainId, DomainKey, ProfileName, Region, RoleArn};
use access::map::AssumeRole;
use aws::{Aws, Simulator};
use control::ports::{CallError, DomainTarget, FailureKind};
use sandbox::{Faults, Sandbox, Seed, SharedSandbox, serve, share};
use std::sync::MutexGuard;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const DOMAIN: &str = "d-research";

/// One IAM-mode domain and two roles.
pub(crate) const BASE: &str = r#"
random: 1
region: eu-west-1
default_account: "111122223333"
roles:
  - { name: studio-fraud, trust: sagemaker }
  - { name: studio-risk, trust: sagemaker }
domains:
  - { id: d-research, auth_mode: IAM, default_execution_role: "arn:aws:iam::111122223333:role/studio-risk" }
timing: { fast: true }
"#;

/// A simulated AWS that ends with the test.
pub(crate) struct Cloud {
    pub(crate) aws: Aws,
    pub(crate) url: String,
    sandbox: SharedSandbox,
    _stop: oneshot::Sender<()>,
}

impl Cloud {
    pub(crate) async fn with(seed: &str) -> Self {
        Self::failing(seed, "{}").await
    }

    /// With what goes wrong, in the words of a fault file.
    pub(crate) async fn failing(seed: &str, faults: &str) -> Self {
        Self::at(seed, faults, now).await
    }

    /// With a clock that is an hour behind: credentials of assumed roles have lapsed, by the clock
    /// of whoever is given them, when they arrive.
    pub(crate) async fn an_hour_behind(seed: &str) -> Self {
        Self::at(seed, "{}", || now() - jiff::SignedDuration::from_hours(1)).await
    }

    async fn at(seed: &str, faults: &str, clock: fn() -> jiff::Timestamp) -> Self {
        let faults = Faults::from_yaml(faults).unwrap();
        let sandbox = share(Sandbox::new(Seed::from_yaml(seed).unwrap(), faults).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = sandbox.clone();
        tokio::spawn(serve(listener, served, clock, async move {
            let _ = stopped.await;
        }));
        Self { aws: connect(&url, "AKIASANDBOX"), url, sandbox, _stop: stop }
    }

    /// The same AWS for another access key.
    pub(crate) fn as_key(&self, access_key_id: &str) -> Aws {
        connect(&self.url, access_key_id)
    }

    /// The sandbox, after everything that is due has happened.
    pub(crate) fn look(&self) -> MutexGuard<'_, Sandbox> {
        let mut sandbox = self.sandbox.lock().unwrap();
        sandbox.settle(now());
        sandbox
    }

    /// How often an operation was called (`sagemaker:ListApps`).
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.look().call_counts().get(operation).copied().unwrap_or(0)
    }

    /// What a browser does that opens a page of the simulated Studio.
    pub(crate) fn visit(&self, page: &str) {
        let request = http::Request::get(page).body(Vec::new()).unwrap();
        let answer = self.look().handle(now(), &request);
        assert!(answer.status().is_success(), "{page}: {}", answer.status());
    }

    pub(crate) fn go_wrong(&self, faults: &str) {
        self.look().set_faults(Faults::from_yaml(faults).unwrap(), now());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the SDK judges by the system's clock when assumed credentials lapse"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

pub(crate) fn connect(url: &str, access_key_id: &str) -> Aws {
    Aws::simulated(&Simulator {
        url: url.to_owned(),
        region: region(),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: "secret".to_owned(),
    })
}

/// An HTTP server that gives one answer to everything, and the requests it saw.
pub(crate) async fn answering(
    status: &str,
    body: &str,
) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let (saw, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        // Ends when the test drops its receiver, at the latest with the test's runtime.
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            if saw.send(request).is_err() {
                break;
            }
        }
    });
    (url, seen)
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&chunk[..read]));
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        assert_ne!(read, 0, "the request broke off: {text}");
    }
}

pub(crate) fn region() -> Region {
    Region::parse(REGION).unwrap()
}

pub(crate) fn name(text: &str) -> ProfileName {
    ProfileName::parse(text).unwrap()
}

pub(crate) fn role(name: &str) -> RoleArn {
    RoleArn::parse(format!("arn:aws:iam::{ACCOUNT}:role/{name}")).unwrap()
}

/// The domain of [`BASE`].
pub(crate) fn target() -> DomainTarget {
    DomainTarget {
        key: DomainKey::parse("research").unwrap(),
        domain_id: DomainId::parse(DOMAIN).unwrap(),
        account_id: AccountId::parse(ACCOUNT).unwrap(),
        region: region(),
        assume_role: None,
        presign_role: None,
        change: None,
    }
}

/// A domain of another account, behind a role.
pub(crate) fn spoke(domain: &str, account: &str, external_id: Option<&str>) -> DomainTarget {
    DomainTarget {
        domain_id: DomainId::parse(domain).unwrap(),
        account_id: AccountId::parse(account).unwrap(),
        assume_role: Some(AssumeRole {
            arn: RoleArn::parse(format!("arn:aws:iam::{account}:role/StagedoorSpoke")).unwrap(),
            external_id: external_id.map(str::to_owned),
            source_identity: false,
        }),
        ..target()
    }
}

/// The failure, as service, operation, kind and code.
#[track_caller]
pub(crate) fn failure<T: std::fmt::Debug>(
    answer: Result<T, CallError>,
) -> (&'static str, &'static str, FailureKind, Option<String>) {
    let error = answer.unwrap_err();
    (error.service, error.operation, error.kind, error.aws_code)
}
