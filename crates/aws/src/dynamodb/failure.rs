//! From the SDK's errors to the store's, each with what to do about it.

use super::item::Damaged;
use super::keys::Key;
use crate::failure::call_error;
use aws_sdk_dynamodb::error::BuildError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use control::ports::{CallError, FailureKind, StoreError};
use std::error::Error;

/// A call that failed for other reasons than a condition.
pub(crate) fn failed<E>(
    table: &str,
    operation: &'static str,
    action: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    of_call(table, operation, &call_error("dynamodb", action, error))
}

/// The error for a call that failed so.
pub(crate) fn of_call(table: &str, operation: &'static str, error: &CallError) -> StoreError {
    let CallError { operation: action, message: said, .. } = error;
    let message = match error.kind {
        FailureKind::Unreachable => format!(
            "DynamoDB gave no answer to {action} on the table `{table}` ({said}); check the network, \
             the VPC endpoint for DynamoDB and AWS_ENDPOINT_URL_DYNAMODB, then try again"
        ),
        FailureKind::Credentials => format!(
            "{action} on the table `{table}` has no valid credentials ({said}); check the AWS \
             credential chain (AWS_PROFILE, AWS_ACCESS_KEY_ID, the instance role)"
        ),
        FailureKind::AccessDenied => format!(
            "{action} on the table `{table}` is denied ({said}); allow `dynamodb:{action}` on the \
             table, its index and its KMS key to Stagedoor's role: `stagedoor policy render` prints it"
        ),
        FailureKind::Throttled | FailureKind::Quota => format!(
            "the table `{table}` is throttled, also after retries ({said}); an on-demand table grows \
             by itself within minutes, so try again, and raise its maximum throughput if it stays so"
        ),
        FailureKind::NotFound => format!(
            "there is no table `{table}` in this account and Region; check the name and AWS_REGION, \
             or make it with the hub's template"
        ),
        FailureKind::InUse => format!(
            "the table `{table}` is being made, changed or deleted ({said}); try again in a minute"
        ),
        FailureKind::Rejected => {
            let code = error.aws_code.as_deref().unwrap_or("no code");
            format!("DynamoDB refused {action} on the table `{table}` with {code}: {said}")
        }
        FailureKind::Service
        | FailureKind::Partial
        | FailureKind::Store
        | FailureKind::NotPushed => format!(
            "DynamoDB failed at {action} on the table `{table}` ({said}); the fault is on AWS's \
             side, try again"
        ),
    };
    StoreError { operation, message }
}

/// An item that others changed whenever it was to be changed.
pub(crate) fn contended(table: &str, operation: &'static str, why: &str) -> StoreError {
    let message = format!(
        "items of the table `{table}` were changed by others again and again ({why}); nothing is \
         damaged, try again"
    );
    StoreError { operation, message }
}

/// An item that was not written by Stagedoor.
pub(crate) fn damaged(
    table: &str,
    operation: &'static str,
    key: Option<&Key>,
    damage: &Damaged,
) -> StoreError {
    let which = key.map_or_else(|| "an item".to_owned(), |key| format!("the item {key}"));
    let message = format!(
        "{which} of the table `{table}` is not as Stagedoor writes it: {damage}; restore the table \
         to a point in time before it was changed, or delete the item"
    );
    StoreError { operation, message }
}

/// A request that cannot be put together.
pub(crate) fn unbuildable(operation: &'static str, error: &BuildError) -> StoreError {
    unusable(operation, error.to_string())
}

/// A table that cannot be used.
pub(crate) const fn unusable(operation: &'static str, message: String) -> StoreError {
    StoreError { operation, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: FailureKind) -> String {
        let error = CallError {
            service: "dynamodb",
            operation: "PutItem",
            kind,
            aws_code: Some("ValidationException".to_owned()),
            message: "it said so".to_owned(),
        };
        of_call("doors", "take work", &error).to_string()
    }

    #[test]
    fn each_failure_names_the_table_and_what_to_do() {
        use FailureKind as K;
        for (kind, what, advice) in [
            (K::Unreachable, "gave no answer", "AWS_ENDPOINT_URL_DYNAMODB"),
            (K::Credentials, "no valid credentials", "AWS_PROFILE"),
            (K::AccessDenied, "is denied", "`dynamodb:PutItem`"),
            (K::Throttled, "is throttled", "raise its maximum throughput"),
            (K::NotFound, "there is no table", "the hub's template"),
            (K::InUse, "is being made", "in a minute"),
            (K::Rejected, "refused PutItem", "ValidationException: it said so"),
            (K::Service, "failed at PutItem", "try again"),
        ] {
            let text = text(kind);
            assert!(text.starts_with("cannot take work in the store: "), "{text}");
            assert!(text.contains("`doors`"), "{text}");
            assert!(text.contains(what) && text.contains(advice), "{text}");
        }
    }
}
