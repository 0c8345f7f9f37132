//! The AWS JSON protocol, version 1.1.

use super::channel::{Channel, Encoded};
use control::ports::{CallError, FailureKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Calls `<prefix>.<operation>`.
pub(crate) async fn call<O: DeserializeOwned>(
    channel: &Channel,
    prefix: &str,
    operation: &'static str,
    request: &(impl Serialize + Sync),
) -> Result<O, CallError> {
    let unusable = |kind, message: String| CallError {
        service: channel.service_name(),
        operation,
        kind,
        aws_code: None,
        message,
    };
    let body = serde_json::to_string(request)
        .map_err(|e| unusable(FailureKind::Rejected, format!("cannot write the request: {e}")))?;
    let request = Encoded {
        content_type: "application/x-amz-json-1.1",
        target: Some(format!("{prefix}.{operation}")),
        body,
        rest: None,
    };
    let reply = channel.send(operation, request).await?.0;
    // Operations without output answer with an empty body.
    let reply: &[u8] = if reply.is_empty() { b"{}" } else { &reply };
    // serde_json's message tells a place and an expected type, and may quote what it found; only
    // the place is kept, for a reply can hold a presigned URL.
    serde_json::from_slice(reply).map_err(|e| {
        let message = format!("cannot read the answer at line {} column {}", e.line(), e.column());
        unusable(FailureKind::Service, message)
    })
}
