//! Telling payloads apart.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// The longest payload that is looked at. Lambda hands over 6 MB at most.
pub(crate) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Types of `detail-type` by which a scheduler tells that it is time.
const SCHEDULED: &str = "Scheduled Event";

/// What a payload is.
#[derive(Debug)]
pub(crate) enum Payload<'a> {
    /// A request, from whichever gateway, with its context as JSON text.
    Request(Gateway, &'a str),
    /// Messages of a queue.
    Messages(Vec<Record>),
    /// It is time to look.
    Tick,
    /// An event, as JSON text.
    Event(&'a str),
}

/// Who sends requests, in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// REST API, private or not: payload 1.0.
    Rest,
    /// HTTP API that was told to send payload 1.0.
    HttpV1,
    /// HTTP API or function URL: payload 2.0.
    HttpV2,
    /// Application Load Balancer.
    LoadBalancer,
}

/// Why a payload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayloadError {
    /// Longer than Lambda's own limit.
    #[error("the payload is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// Nothing that Stagedoor is invoked by.
    #[error(
        "the payload is no request of an API Gateway, function URL or load balancer, no batch of \
         SQS, no event of EventBridge and no tick"
    )]
    Unknown,
}

/// A message of SQS, as Lambda hands it over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) message_id: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attributes: RecordAttributes,
    #[serde(rename = "eventSource")]
    event_source: String,
    #[serde(rename = "eventSourceARN")]
    pub(crate) event_source_arn: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RecordAttributes {
    /// Of a FIFO queue.
    pub(crate) message_group_id: Option<String>,
}

/// The members by which payloads are told apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(borrow)]
    request_context: Option<&'a RawValue>,
    version: Option<&'a RawValue>,
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    stagedoor: Option<&'a RawValue>,
    #[serde(rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
    detail: Option<&'a RawValue>,
    event_source: Option<&'a RawValue>,
}

/// The members by which request contexts are told apart.
#[derive(Deserialize)]
struct ContextShape<'a> {
    #[serde(borrow)]
    elb: Option<&'a RawValue>,
    http: Option<&'a RawValue>,
    identity: Option<&'a RawValue>,
}

impl<'a> Payload<'a> {
    /// What these bytes are.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        if bytes.len() > MOST_BYTES {
            return Err(PayloadError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PayloadError::Unknown)?;
        let shape: Shape<'a> = serde_json::from_str(text).map_err(|_| PayloadError::Unknown)?;
        if let Some(context) = shape.request_context {
            let gateway = gateway(context, shape.version).ok_or(PayloadError::Unknown)?;
            return Ok(Self::Request(gateway, context.get()));
        }
        if let Some(records) = shape.records {
            let are_messages = records.iter().all(|record| record.event_source == "aws:sqs");
            return are_messages.then_some(Self::Messages(records)).ok_or(PayloadError::Unknown);
        }
        if let Some(what) = shape.stagedoor {
            return (string(what).as_deref() == Some("tick"))
                .then_some(Self::Tick)
                .ok_or(PayloadError::Unknown);
        }
        if shape.detail_type.and_then(string).as_deref() == Some(SCHEDULED) {
            return Ok(Self::Tick);
        }
        let is_event =
            shape.detail_type.is_some() || shape.detail.is_some() || shape.event_source.is_some();
        is_event.then_some(Self::Event(text)).ok_or(PayloadError::Unknown)
    }
}

fn gateway(context: &RawValue, version: Option<&RawValue>) -> Option<Gateway> {
    let context: ContextShape<'_> = serde_json::from_str(context.get()).ok()?;
    let version = version.and_then(string);
    match (context.elb, context.identity, context.http, version.as_deref()) {
        (Some(_), None, None, None) => Some(Gateway::LoadBalancer),
        (None, Some(_), None, None) => Some(Gateway::Rest),
        (None, Some(_), None, Some("1.0")) => Some(Gateway::HttpV1),
        (None, None, Some(_), Some("2.0")) => Some(Gateway::HttpV2),
        _ => None,
    }
}

fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A queue of SQS: its account and name, which its URL and its ARN agree in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueName {
    account: String,
    name: String,
}

/// The text is not the URL of a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the URL of a queue, as https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")]
pub struct InvalidQueueUrl(String);

impl QueueName {
    /// The queue with this URL.
    ///
    /// # Errors
    /// The URL does not end with an account and a name.
    pub fn of_url(url: &str) -> Result<Self, InvalidQueueUrl> {
        let mut parts = url.rsplit('/');
        match (url.contains("://"), parts.next(), parts.next()) {
            (true, Some(name), Some(account)) if !name.is_empty() && is_account(account) => {
                Ok(Self { account: account.to_owned(), name: name.to_owned() })
            }
            _ => Err(InvalidQueueUrl(url.to_owned())),
        }
    }

    /// Whether this ARN is that queue's.
    pub(crate) fn is_of_arn(&self, arn: &str) -> bool {
        let mut parts = arn.rsplit(':');
        parts.next() == Some(&self.name) && parts.next() == Some(&self.account)
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.name)
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(payload: &str, expected: &str) {
        let read = Payload::read(payload.as_bytes());
        let shown = match read {
            Ok(Payload::Request(gateway, context)) => format!("{gateway:?} {context}"),
            Ok(Payload::Messages(records)) => format!("{} messages", records.len()),
            Ok(Payload::Tick) => "tick".to_owned(),
            Ok(Payload::Event(text)) => format!("event of {} bytes", text.len()),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(shown, expected, "{payload}");
    }

    #[test]
    fn payloads_are_told_apart_by_what_is_in_them() {
        is(r#"{"requestContext":{"elb":{}}}"#, r#"LoadBalancer {"elb":{}}"#);
        is(r#"{"requestContext":{"identity":{}}}"#, r#"Rest {"identity":{}}"#);
        is(r#"{"version":"1.0","requestContext":{"identity":{}}}"#, r#"HttpV1 {"identity":{}}"#);
        is(r#"{"version":"2.0","requestContext":{"http":{}}}"#, r#"HttpV2 {"http":{}}"#);
        is(r#"{"Records":[]}"#, "0 messages");
        is(r#"{"stagedoor":"tick"}"#, "tick");
        is(r#"{"detail-type":"Scheduled Event","source":"aws.scheduler","detail":"{}"}"#, "tick");
        is(r#"{"detail-type":"x","detail":{}}"#, "event of 31 bytes");
        is(r#"{"eventSource":"sso.amazonaws.com"}"#, "event of 35 bytes");
    }

    #[test]
    fn what_is_none_of_them_is_refused() {
        for bad in [
            "",
            "[]",
            "null",
            "{}",
            r#"{"stagedoor":"tock"}"#,
            r#"{"requestContext":{}}"#,
            r#"{"requestContext":null}"#,
            r#"{"requestContext":{"identity":{},"http":{}}}"#,
            r#"{"requestContext":{"identity":{},"elb":{}}}"#,
            r#"{"version":"3.0","requestContext":{"http":{}}}"#,
            r#"{"requestContext":{"http":{}}}"#,
            r#"{"Records":[{"eventSource":"aws:s3"}]}"#,
            r#"{"requestContext":{"elb":{}},"requestContext":{"identity":{}}}"#,
        ] {
            is(bad, "Unknown");
        }
        assert_eq!(Payload::read(&vec![b' '; MOST_BYTES + 1]).unwrap_err(), PayloadError::TooLong);
    }

    #[test]
    fn a_queue_is_known_by_account_and_name() {
        let queue = QueueName::of_url("https://sqs.eu-west-1.amazonaws.com/111122223333/work.fifo")
            .unwrap();
        assert_eq!(queue.to_string(), "111122223333/work.fifo");
        assert!(queue.is_of_arn("arn:aws:sqs:eu-west-1:111122223333:work.fifo"));
        assert!(!queue.is_of_arn("arn:aws:sqs:eu-west-1:111122223333:work"));
        assert!(!queue.is_of_arn("arn:aws:sqs:eu-west-1:999922223333:work.fifo"));
        for bad in [
            "",
            "work.fifo",
            "https://sqs.eu-west-1.amazonaws.com/work.fifo",
            "https://x/111122223333/",
        ] {
            assert_eq!(QueueName::of_url(bad), Err(InvalidQueueUrl(bad.to_owned())));
        }
    }
}
