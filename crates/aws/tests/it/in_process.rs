//! AWS without a network, in tokio's paused time.

use crate::support::{BASE, region, target};
use async_trait::async_trait;
use aws::{Aws, InProcess, Lost, Simulator};
use control::ports::{Clock, FailureKind, Observe as _, ProfileScope};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Faults, Sandbox, Seed};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// A clock that tokio's time moves.
#[derive(Debug, Clone, Copy)]
struct Virtual(Instant);

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

/// The sandbox, and when each request reached it; the first requests are lost.
#[derive(Debug)]
pub(crate) struct Plugged {
    sandbox: Mutex<Sandbox>,
    clock: Virtual,
    lost: Mutex<Vec<Lost>>,
    signed: Mutex<Vec<(u128, String)>>,
    /// When requests arrived, with the service that they were signed for.
    services: Mutex<Vec<(u128, String)>>,
}

#[async_trait]
impl InProcess for Plugged {
    async fn call(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Lost> {
        let date = request.headers()["x-amz-date"].to_str().unwrap().to_owned();
        let at = self.clock.0.elapsed().as_millis();
        self.signed.lock().unwrap().push((at, date));
        // `Credential=KEY/DATE/REGION/SERVICE/aws4_request`
        let authorization = request.headers()["authorization"].to_str().unwrap();
        let service = authorization.split('/').nth(3).unwrap_or_default().to_owned();
        self.services.lock().unwrap().push((at, service));
        match self.lost.lock().unwrap().pop() {
            Some(lost) => Err(lost),
            None => Ok(self.sandbox.lock().unwrap().handle(self.clock.now(), &request)),
        }
    }
}

impl Plugged {
    /// How often an operation was called (`sagemaker:ListApps`).
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.sandbox.lock().unwrap().call_counts().get(operation).copied().unwrap_or(0)
    }

    /// When requests to these services arrived, in milliseconds since the start.
    pub(crate) fn arrivals_of(&self, services: &[&str]) -> Vec<u128> {
        let all = self.services.lock().unwrap();
        let wanted = all.iter().filter(|(_, service)| services.contains(&service.as_str()));
        wanted.map(|(at, _)| *at).collect()
    }

    /// When requests arrived, in milliseconds since the start.
    pub(crate) fn arrivals(&self) -> Vec<u128> {
        self.signed.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }
}

fn plugged(lost: Vec<Lost>) -> (Aws, Arc<Plugged>) {
    in_process(BASE, "{}", lost)
}

/// AWS in process, with what exists and what goes wrong.
pub(crate) fn in_process(seed: &str, faults: &str, lost: Vec<Lost>) -> (Aws, Arc<Plugged>) {
    let faults = Faults::from_yaml(faults).unwrap();
    let sandbox = Sandbox::new(Seed::from_yaml(seed).unwrap(), faults).unwrap();
    let clock = Virtual(Instant::now());
    let plug = Arc::new(Plugged {
        sandbox: Mutex::new(sandbox),
        clock,
        lost: Mutex::new(lost),
        signed: Mutex::default(),
        services: Mutex::default(),
    });
    let simulator = Simulator {
        // The limits that AWS publishes hold for its own hosts.
        url: "http://sandbox.amazonaws.com".to_owned(),
        region: region(),
        access_key_id: "AKIASANDBOX".to_owned(),
        secret_access_key: "secret".to_owned(),
    };
    (Aws::in_process(&simulator, plug.clone(), Arc::new(clock)), plug)
}

#[tokio::test(start_paused = true)]
async fn requests_are_signed_by_the_given_clock_and_repeated_in_paused_time() {
    let (aws, plug) = plugged(vec![Lost::Unanswered, Lost::Unsent]);
    let caller = aws.caller().await.unwrap();
    assert_eq!(caller.account, "111122223333");
    let date = "20261121T080000Z".to_owned();
    let expected = [0, 500, 1500].map(|at| (at, date.clone()));
    assert_eq!(*plug.signed.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_always_lost_is_an_error_after_six_attempts() {
    let (aws, plug) = plugged(vec![Lost::Unsent; 10]);
    let error = aws.caller().await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (FailureKind::Unreachable, "cannot connect"));
    assert_eq!(plug.signed.lock().unwrap().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_domain_is_read_through_the_handler() {
    let (aws, plug) = plugged(vec![]);
    let seen = aws.studio().domain(&target(), &ProfileScope::All).await.unwrap();
    assert!(seen.profiles.is_empty());
    assert_eq!(plug.calls("sagemaker:ListUserProfiles"), 1);
}
