//! What an answer says of the pace.

use crate::client::error::ApiError;
use crate::failure::kind_of;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use control::ports::FailureKind;
use std::time::Duration;

/// What an answer says of the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The service looked at the call.
    Accepted,
    /// There were too many; come again after this time, if it says one.
    Throttled(Option<Duration>),
    /// The service is not well. That says nothing of the pace.
    Unwell,
}

/// The code of an answer whose body is in memory: `ok`, or the service's own error code.
pub(super) fn code_of(response: &HttpResponse) -> String {
    if response.status().is_success() {
        return "ok".to_owned();
    }
    let body = response.body().bytes().unwrap_or_default();
    let status = response.status().as_u16();
    let error = ApiError::read(status, response.headers().get("x-amzn-errortype"), body);
    // Whatever answers in AWS's place may write anything there.
    let is_code = |code: &&str| {
        (1..=64).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    error.code().filter(is_code).map_or_else(|| format!("http-{status}"), str::to_owned)
}

/// Reads an answer whose body is in memory.
pub(super) fn verdict(response: &HttpResponse) -> Verdict {
    let status = response.status().as_u16();
    if response.status().is_success() {
        return Verdict::Accepted;
    }
    let body = response.body().bytes().unwrap_or_default();
    let header = |name| response.headers().get(name);
    let error = ApiError::read(status, header("x-amzn-errortype"), body);
    if kind_of(error.code(), error.message().unwrap_or_default(), status) == FailureKind::Throttled
    {
        let seconds = header("retry-after").and_then(|text| text.trim().parse().ok());
        let told = seconds.or_else(|| seconds_in(body)).map(Duration::from_secs);
        let millis = header("x-amz-retry-after").and_then(|text| text.trim().parse().ok());
        return Verdict::Throttled(told.or_else(|| millis.map(Duration::from_millis)));
    }
    if status >= 500 { Verdict::Unwell } else { Verdict::Accepted }
}

/// `RetryAfterSeconds` of Identity Store's `ThrottlingException`.
fn seconds_in(body: &[u8]) -> Option<u64> {
    let fields: serde_json::Value = serde_json::from_slice(body).ok()?;
    fields.get("RetryAfterSeconds")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn of(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Verdict {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        verdict(&HttpResponse::try_from(response.body(SdkBody::from(body)).unwrap()).unwrap())
    }

    #[test]
    fn refusals_for_too_many_calls_are_known_in_every_dialect() {
        let seconds = |n| Verdict::Throttled(Some(Duration::from_secs(n)));
        let plain = Verdict::Throttled(None);
        for (expected, status, headers, body) in [
            (plain, 400, [].as_slice(), r#"{"__type":"ThrottlingException"}"#),
            (plain, 400, &[("x-amzn-errortype", "TooManyRequestsException:")], "{}"),
            (plain, 503, &[], "<E><Error><Code>SlowDown</Code></Error></E>"),
            (plain, 503, &[], "<E><Error><Code>RequestLimitExceeded</Code></Error></E>"),
            (plain, 429, &[], "too many"),
            (seconds(7), 400, &[], r#"{"__type":"ThrottlingException","RetryAfterSeconds":7}"#),
            (seconds(3), 429, &[("retry-after", "3")], ""),
            (seconds(2), 429, &[("x-amz-retry-after", "2000")], ""),
            // A date instead of seconds is not something these services send.
            (plain, 429, &[("retry-after", "Sat, 21 Nov 2026 08:00:00 GMT")], ""),
        ] {
            assert_eq!(of(status, headers, body), expected, "{status} {headers:?} {body}");
        }
    }

    #[test]
    fn answers_are_counted_by_their_codes() {
        let code = |status: u16, body: &'static str| {
            let response = http::Response::builder().status(status).body(SdkBody::from(body));
            code_of(&HttpResponse::try_from(response.unwrap()).unwrap())
        };
        assert_eq!(code(200, "{}"), "ok");
        assert_eq!(code(400, r#"{"__type":"a.b#ResourceInUse"}"#), "ResourceInUse");
        assert_eq!(code(502, "<html>"), "http-502");
        assert_eq!(code(400, r#"{"__type":"said who?"}"#), "http-400");
    }

    #[test]
    fn other_answers_say_nothing_or_that_the_call_was_taken() {
        for (expected, status, body) in [
            (Verdict::Accepted, 200, "{}"),
            (Verdict::Accepted, 400, r#"{"__type":"ResourceInUse"}"#),
            (Verdict::Accepted, 400, r#"{"__type":"ResourceLimitExceeded"}"#),
            (Verdict::Accepted, 403, ""),
            (Verdict::Unwell, 500, r#"{"__type":"InternalFailure"}"#),
            (Verdict::Unwell, 503, ""),
        ] {
            assert_eq!(of(status, &[], body), expected, "{status} {body}");
        }
    }
}
