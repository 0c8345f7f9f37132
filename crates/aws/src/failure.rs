//! From the SDK's errors to the words of the ports.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use control::ports::{CallError, FailureKind};
use std::error::Error;

/// Says what failed and of which kind it was.
///
/// Where the role to work under could not be assumed, the failure is that of `sts:AssumeRole`.
pub(crate) fn call_error<E>(
    service: &'static str,
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let failed = |kind, message| CallError { service, operation, kind, aws_code: None, message };
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let (code, text) = (answer.err().code(), answer.err().message());
            CallError {
                service,
                operation,
                kind: kind_of(code, text.unwrap_or_default(), status),
                aws_code: code.map(str::to_owned),
                message: text.map_or_else(
                    || format!("HTTP status {status} without an explanation"),
                    str::to_owned,
                ),
            }
        }
        SdkError::TimeoutError(_) => {
            failed(FailureKind::Unreachable, "no answer in time".to_owned())
        }
        SdkError::ResponseError(_) => {
            failed(FailureKind::Service, format!("cannot read the answer: {}", reasons(error)))
        }
        other => before_the_service(service, operation, other),
    }
}

/// An answer that arrived and cannot be understood.
pub(crate) const fn unreadable(
    service: &'static str,
    operation: &'static str,
    message: String,
) -> CallError {
    CallError { service, operation, kind: FailureKind::Service, aws_code: None, message }
}

/// Failures on the way: no credentials, no role, no connection.
fn before_the_service(
    service: &'static str,
    operation: &'static str,
    error: &(dyn Error + 'static),
) -> CallError {
    let mut kind = FailureKind::Unreachable;
    // What stands behind the error: it may be that of `AssumeRole` itself, and is not its own cause.
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
            return call_error("sts", "AssumeRole", refused);
        }
        if current.downcast_ref::<CredentialsError>().is_some() {
            kind = FailureKind::Credentials;
        }
        // The SDK goes on to print the whole request, and what is wrong may have a password in it.
        if current.to_string().starts_with("failed to apply endpoint ") {
            let message = NO_ADDRESS.to_owned();
            return CallError { service, operation, kind, aws_code: None, message };
        }
        cause = current.source();
    }
    CallError { service, operation, kind, aws_code: None, message: reasons(error) }
}

/// What is said of an endpoint that cannot be one.
const NO_ADDRESS: &str = "the endpoint that AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_… of the service or `endpoint_url` of \
     the profile names is no address: write http://HOST:PORT or https://HOST";

/// What layers of the SDK call an error that another one explains.
const LAYERS: [&str; 4] =
    ["io error", "other", "client error (Connect)", "the credential provider was not enabled"];

/// The reasons of an error on one line, outermost first, each said once.
fn reasons(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(current) = cause {
        let text = current.to_string();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // The credential chain goes on to list every place it looked in.
        let text = text.split(" Attempted:").next().unwrap_or_default().to_owned();
        if !LAYERS.contains(&text.as_str()) && !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        cause = current.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

const CREDENTIALS: [&str; 11] = [
    "AuthFailure",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClient",
];
const THROTTLED: [&str; 9] = [
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttled",
    "Throttling",
    "TooManyRequests",
];
const NOT_FOUND: [&str; 8] = [
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "NoSuchResource",
    "ParameterNotFound",
    "ParameterVersionNotFound",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "NotFound",
];
const ACCESS_DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
    "Forbidden",
];
const SERVICE: [&str; 4] =
    ["InternalFailure", "InternalServer", "InternalServerError", "ServiceUnavailable"];

/// What kind of failure a code means. Services spell the same code with and without the suffix
/// `Exception` or `Error`; the HTTP status alone says little, since `SageMaker` answers nearly
/// everything with 400.
pub(crate) fn kind_of(code: Option<&str>, message: &str, status: u16) -> FailureKind {
    let Some(code) = code else {
        return match status {
            403 => FailureKind::AccessDenied,
            429 => FailureKind::Throttled,
            _ => FailureKind::Service,
        };
    };
    let bare = code.strip_suffix("Exception").unwrap_or(code);
    let is = |list: &[&str]| list.contains(&bare) || list.contains(&code);
    if is(&CREDENTIALS) {
        FailureKind::Credentials
    } else if is(&THROTTLED) {
        FailureKind::Throttled
    } else if is(&ACCESS_DENIED) {
        FailureKind::AccessDenied
    } else if bare.ends_with("LimitExceeded") || bare == "ServiceQuotaExceeded" {
        FailureKind::Quota
    } else if is(&NOT_FOUND) {
        FailureKind::NotFound
    } else if matches!(bare, "ResourceInUse" | "Conflict" | "ConcurrentModification") {
        FailureKind::InUse
    } else if is(&SERVICE) || status >= 500 {
        FailureKind::Service
    } else if bare == "Validation" && says_not_found(message) {
        FailureKind::NotFound
    } else {
        FailureKind::Rejected
    }
}

/// `SageMaker` says of some unknown things only in words that they are not there.
fn says_not_found(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["does not exist", "doesn't exist", "not found", "could not find", "no such"]
        .iter()
        .any(|phrase| message.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_codes() {
        use FailureKind as K;
        for (code, status, kind) in [
            ("UnrecognizedClientException", 400, K::Credentials),
            ("ExpiredTokenException", 400, K::Credentials),
            ("ExpiredToken", 403, K::Credentials),
            ("InvalidClientTokenId", 403, K::Credentials),
            ("SignatureDoesNotMatch", 403, K::Credentials),
            ("AccessDeniedException", 400, K::AccessDenied),
            ("AccessDenied", 403, K::AccessDenied),
            ("ThrottlingException", 400, K::Throttled),
            ("Throttling", 400, K::Throttled),
            ("TooManyRequestsException", 429, K::Throttled),
            ("RequestLimitExceeded", 503, K::Throttled),
            ("ProvisionedThroughputExceededException", 400, K::Throttled),
            ("ResourceLimitExceeded", 400, K::Quota),
            ("ServiceQuotaExceededException", 402, K::Quota),
            ("ResourceNotFound", 400, K::NotFound),
            ("ResourceNotFoundException", 404, K::NotFound),
            ("NoSuchEntity", 404, K::NotFound),
            ("NoSuchResourceException", 400, K::NotFound),
            ("QueueDoesNotExist", 400, K::NotFound),
            ("ResourceInUse", 400, K::InUse),
            ("ConflictException", 409, K::InUse),
            ("ValidationException", 400, K::Rejected),
            ("InvalidParameterValue", 400, K::Rejected),
            ("InternalFailure", 500, K::Service),
            ("SomethingNew", 503, K::Service),
        ] {
            assert_eq!(kind_of(Some(code), "", status), kind, "{code}");
        }
    }

    #[test]
    fn validation_errors_can_mean_that_a_thing_is_not_there() {
        let kind = |message| kind_of(Some("ValidationException"), message, 400);
        assert_eq!(kind("UserProfile [x] does not exist."), FailureKind::NotFound);
        assert_eq!(kind("Domain [d-x] not found"), FailureKind::NotFound);
        assert_eq!(kind("1 validation error detected"), FailureKind::Rejected);
    }

    #[test]
    fn without_a_code_the_status_speaks() {
        assert_eq!(kind_of(None, "", 403), FailureKind::AccessDenied);
        assert_eq!(kind_of(None, "", 429), FailureKind::Throttled);
        assert_eq!(kind_of(None, "", 502), FailureKind::Service);
        assert_eq!(kind_of(None, "", 400), FailureKind::Service);
    }
}
