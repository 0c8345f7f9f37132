//! A sandbox called in process, with virtual time and no network.

use http::Request;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Delay, Faults, Sandbox, Seed};
use serde_json::Value;

/// The default account.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The region of the seeds in these tests.
pub(crate) const REGION: &str = "eu-west-1";

/// A sandbox and the time of whoever calls it.
pub(crate) struct Caller {
    pub(crate) sandbox: Sandbox,
    pub(crate) now: Timestamp,
}

/// An answer: status and document.
pub(crate) type Answer = (u16, Value);

impl Caller {
    pub(crate) fn new(seed: &str, faults: &str) -> Self {
        let faults =
            if faults.is_empty() { Faults::default() } else { Faults::from_yaml(faults).unwrap() };
        let sandbox = Sandbox::new(Seed::from_yaml(seed).unwrap(), faults).unwrap();
        Self { sandbox, now: "2026-11-21T09:00:00Z".parse().unwrap() }
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Calls an operation, such as `SageMaker.ListApps`.
    pub(crate) fn call(&mut self, target: &str, input: &Value) -> Answer {
        let (status, body, _) = self.call_with_delay(target, input);
        (status, body)
    }

    pub(crate) fn call_with_delay(&mut self, target: &str, input: &Value) -> (u16, Value, Delay) {
        let service = match target.split('.').next().unwrap() {
            "SageMaker" => "sagemaker",
            "AWSIdentityStore" => "identitystore",
            "AmazonSQS" => "sqs",
            other => panic!("no such service: {other}"),
        };
        let signature = "0".repeat(64);
        let request = Request::post("http://sandbox.test/")
            .header("x-amz-target", target)
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/{REGION}/{service}/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={signature}"
                ),
            )
            .body(input.to_string())
            .unwrap();
        let response = self.sandbox.handle(self.now, &request);
        let delay = *response.extensions().get::<Delay>().unwrap();
        let body = response.body();
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() };
        (response.status().as_u16(), body, delay)
    }

    /// Calls an operation that must succeed.
    #[track_caller]
    pub(crate) fn ok(&mut self, target: &str, input: &Value) -> Value {
        let (status, body) = self.call(target, input);
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, String) {
        let request = Request::get(path).header("host", "sandbox.test").body("").unwrap();
        let response = self.sandbox.handle(self.now, &request);
        let text = String::from_utf8(response.body().clone()).unwrap();
        (response.status().as_u16(), text)
    }
}
