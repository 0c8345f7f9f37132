//! Answers on the wire, in the protocol of their service.

use http::Response;
use serde_json::Value;

use crate::services::{Protocol, Service};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::xml;

/// Writes an answer in the protocol of its service.
pub(crate) fn write(
    protocol: Protocol,
    named: Option<(&Service, &str)>,
    outcome: &Outcome,
    request_id: &str,
) -> Response<Vec<u8>> {
    let service = named.map(|(service, _)| service);
    let status = outcome.as_ref().err().map_or(200, |error| error.status);
    let mut builder = Response::builder().status(status).header("x-amzn-requestid", request_id);
    if let (Err(error), Some("sqs")) = (outcome, service.map(|service| service.name)) {
        builder = builder.header("x-amzn-query-error", sqs_query_error(error));
    }
    let (content_type, body) = match protocol {
        Protocol::Json { version, .. } => {
            let capital = service.is_some_and(|service| service.capital_message);
            (format!("application/x-amz-json-{version}"), json_answer(outcome, capital))
        }
        Protocol::Ec2 { namespace } => (
            "text/xml".to_owned(),
            ec2_answer(outcome, named.map_or("", |(_, name)| name), namespace, request_id),
        ),
        Protocol::Query { namespace } => (
            "text/xml".to_owned(),
            xml_answer(outcome, named.map_or("", |(_, name)| name), namespace, request_id),
        ),
    };
    builder.header("content-type", content_type).body(body).unwrap_or_default()
}

fn json_answer(outcome: &Outcome, capital_message: bool) -> Vec<u8> {
    match outcome {
        Ok(Value::Null) => Vec::new(),
        Ok(answer) => answer.to_string().into_bytes(),
        Err(error) => {
            let mut members = error.extra.clone();
            let message = if capital_message { "Message" } else { "message" };
            members.insert("__type".to_owned(), error.code.clone().into());
            members.insert(message.to_owned(), error.message.clone().into());
            Value::Object(members).to_string().into_bytes()
        }
    }
}

/// SQS tells older clients the code which its query protocol had.
fn sqs_query_error(error: &ApiError) -> String {
    let code = match error.code.as_str() {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        other => other,
    };
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    format!("{code};{fault}")
}

fn ec2_answer(outcome: &Outcome, operation: &str, namespace: &str, request_id: &str) -> Vec<u8> {
    let text = match outcome {
        Ok(answer) => format!(
            "<{operation}Response xmlns=\"{namespace}\"><requestId>{request_id}</requestId>{}\
             </{operation}Response>",
            xml::content(answer, "item")
        ),
        Err(error) => format!(
            "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors>\
             <RequestID>{request_id}</RequestID></Response>",
            xml::escape(&error.code),
            xml::escape(&error.message)
        ),
    };
    text.into_bytes()
}

fn xml_answer(outcome: &Outcome, operation: &str, namespace: &str, request_id: &str) -> Vec<u8> {
    let text = match outcome {
        Ok(answer) => {
            let result = match answer {
                Value::Null => String::new(),
                answer => {
                    format!(
                        "<{operation}Result>{}</{operation}Result>",
                        xml::content(answer, "member")
                    )
                }
            };
            format!(
                "<{operation}Response xmlns=\"{namespace}\">{result}<ResponseMetadata>\
                 <RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
            )
        }
        Err(error) => {
            let fault = if error.status < 500 { "Sender" } else { "Receiver" };
            format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>{}</Code>\
                 <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                xml::escape(&error.code),
                xml::escape(&error.message)
            )
        }
    };
    text.into_bytes()
}
