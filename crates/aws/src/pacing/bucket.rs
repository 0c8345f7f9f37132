//! Calls that share one limit, in the order in which they come.

use super::answer::Verdict;
use super::pace::{Ask, Pace};
use crate::client::endpoint::is_of_aws;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Calls in flight at once: more than anything here makes, fewer than would hurt a service.
const IN_FLIGHT: usize = 32;

/// What calls count against together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The account, where a role is assumed in it; else the process's own.
    pub(super) account: Option<String>,
    pub(super) region: String,
    /// The service, as it is named in signatures.
    pub(super) service: String,
    /// The operation, where it is known to have a limit of its own.
    pub(super) operation: Option<String>,
    /// Whether AWS itself is asked: the limits that it publishes are nobody else's.
    pub(super) is_aws: bool,
}

impl Key {
    /// What the address and the headers of a signed request say. A request that is not signed has no
    /// limit that is known.
    pub(super) fn read(
        account: Option<&str>,
        uri: &str,
        authorization: Option<&str>,
        target: Option<&str>,
    ) -> Option<Self> {
        let (_, scope) = authorization?.split_once("Credential=")?;
        let mut scope = scope.split(',').next()?.trim().split('/').skip(2);
        let (region, service) = (scope.next()?.to_owned(), scope.next()?.to_owned());
        let operation = target.and_then(|target| target.rsplit('.').next());
        let operation = operation.filter(|name| has_its_own_limit(&service, name));
        let (account, operation) = (account.map(str::to_owned), operation.map(str::to_owned));
        Some(Self { account, region, service, operation, is_aws: is_of_aws(uri) })
    }

    /// What the call counts against: Identity Center has one limit for all its APIs.
    pub(super) fn shared(&self) -> Self {
        if IDENTITY_CENTER.contains(&self.service.as_str()) {
            let [service, ..] = IDENTITY_CENTER.map(str::to_owned);
            return Self { service, ..self.clone() };
        }
        self.clone()
    }

    /// How many calls of this key may be sent within any second, where AWS says so.
    fn most_a_second(&self) -> Option<usize> {
        let is_limited = self.is_aws && IDENTITY_CENTER.contains(&self.service.as_str());
        is_limited.then_some(MOST_OF_IDENTITY_CENTER)
    }
}

/// How the APIs of Identity Center are named in signatures: those of its identity store and of its
/// assignments.
const IDENTITY_CENTER: [&str; 2] = ["identitystore", "sso"];

/// "Identity Center APIs have a collective throttle of 20 transactions per second", which cannot be
/// raised.
const MOST_OF_IDENTITY_CENTER: usize = 20;

/// `SageMaker`'s lists allow one or two calls a second each, far less than all else. Identity
/// Center's calls count together.
fn has_its_own_limit(service: &str, operation: &str) -> bool {
    service == "sagemaker" && operation.starts_with("List")
}

/// The calls of one key.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Held by the call whose turn is next. Tokio's lock is fair.
    turn: tokio::sync::Mutex<()>,
    flight: Semaphore,
    pace: Mutex<Pace>,
    start: Instant,
}

/// A call that may be sent.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    bucket: &'a Bucket,
    sent: Duration,
    _in_flight: SemaphorePermit<'a>,
}

impl Bucket {
    pub(super) fn new(key: &Key) -> Self {
        let pace = key.most_a_second().map_or_else(Pace::default, Pace::at_most);
        Self {
            turn: tokio::sync::Mutex::new(()),
            flight: Semaphore::new(IN_FLIGHT),
            pace: Mutex::new(pace),
            start: Instant::now(),
        }
    }

    /// Waits for a call's turn, but not longer than until `deadline`.
    pub(super) async fn turn(&self, deadline: Instant) -> Option<Turn<'_>> {
        timeout_at(deadline, self.wait()).await.ok().flatten()
    }

    async fn wait(&self) -> Option<Turn<'_>> {
        let _next = self.turn.lock().await;
        let in_flight = self.flight.acquire().await.ok()?;
        loop {
            let now = self.start.elapsed();
            let ask = self.with_pace(|pace| pace.ask(now));
            match ask {
                Ask::Go => return Some(Turn { bucket: self, sent: now, _in_flight: in_flight }),
                Ask::WaitUntil(at) => sleep_until(self.start + at).await,
            }
        }
    }

    fn with_pace<T>(&self, f: impl FnOnce(&mut Pace) -> T) -> T {
        f(&mut self.pace.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// Learns from the answer.
    pub(super) fn ends(self, verdict: Verdict) {
        let now = self.bucket.start.elapsed();
        self.bucket.with_pace(|pace| match verdict {
            Verdict::Accepted => pace.accepted(self.sent),
            Verdict::Throttled(retry_after) => pace.throttled(self.sent, now, retry_after),
            Verdict::Unwell => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_together_is_read_off_the_signature() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIAX/20261121/eu-west-1/{service}/aws4_request, \
                 SignedHeaders=host, Signature=00"
            )
        };
        let at = "https://identitystore.eu-west-1.amazonaws.com/";
        let key = |service: &str, target| {
            let key = Key::read(Some("1"), at, Some(&signed(service)), target).unwrap();
            (key.account.unwrap(), key.region, key.service, key.operation)
        };
        let expected = |service: &str, operation: Option<&str>| {
            let (service, operation) = (service.to_owned(), operation.map(str::to_owned));
            ("1".to_owned(), "eu-west-1".to_owned(), service, operation)
        };
        assert_eq!(
            key("sagemaker", Some("SageMaker.ListApps")),
            expected("sagemaker", Some("ListApps"))
        );
        assert_eq!(
            key("sagemaker", Some("SageMaker.CreateUserProfile")),
            expected("sagemaker", None)
        );
        assert_eq!(
            key("identitystore", Some("AWSIdentityStore.ListUsers")),
            expected("identitystore", None)
        );
        assert_eq!(key("sts", None), expected("sts", None));
        let shared =
            |service: &str| Key::read(None, at, Some(&signed(service)), None).unwrap().shared();
        assert_eq!(shared("sso"), shared("identitystore"));
        assert_ne!(shared("sts"), shared("identitystore"));
        assert_eq!(shared("sso").most_a_second(), Some(20));
        assert_eq!(shared("sagemaker").most_a_second(), None);
        assert_eq!(Key::read(None, at, None, None), None);
        assert_eq!(Key::read(None, at, Some("Bearer x"), None), None);
    }

    #[test]
    fn what_aws_publishes_holds_for_aws_alone() {
        let signed =
            "AWS4-HMAC-SHA256 Credential=AKIAX/20261121/eu-west-1/identitystore/aws4_request";
        let most =
            |uri: &str| Key::read(None, uri, Some(signed), None).unwrap().shared().most_a_second();
        for uri in [
            "https://identitystore.eu-west-1.amazonaws.com/",
            "https://identitystore.cn-north-1.amazonaws.com.cn/",
            "https://vpce-0a1b.identitystore.eu-west-1.vpce.amazonaws.com/",
            "https://identitystore.eu-west-1.api.aws/",
        ] {
            assert_eq!(most(uri), Some(20), "{uri}");
        }
        for uri in ["http://127.0.0.1:4566/", "https://notamazonaws.com/", "/"] {
            assert_eq!(most(uri), None, "{uri}");
        }
    }
}
