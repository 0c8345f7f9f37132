//! Sending, one message or ten at once, to standard and FIFO queues.

use super::{ANY, COUNT, batch, checksum, enqueue, invalid, key, no_queue};
use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{QueueKey, World, later};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, optional, required};
use serde_json::{Value, json};

/// Longest message body, in bytes.
const MAX_BODY: usize = 1_048_576;
/// So long a deduplication id is remembered, in seconds.
const DEDUPLICATION: i64 = 300;

const SEND_ENTRY: Kind = Kind::Structure(&[
    required("Id", ANY),
    required("MessageBody", ANY),
    optional("DelaySeconds", COUNT),
    optional("MessageAttributes", Kind::Document),
    optional("MessageDeduplicationId", ANY),
    optional("MessageGroupId", ANY),
]);

pub(super) const SEND: Operation = Operation {
    name: "SendMessage",
    members: &[
        required("QueueUrl", ANY),
        required("MessageBody", ANY),
        optional("DelaySeconds", COUNT),
        optional("MessageAttributes", Kind::Document),
        optional("MessageDeduplicationId", ANY),
        optional("MessageGroupId", ANY),
    ],
    run: send,
};

pub(super) const SEND_BATCH: Operation = Operation {
    name: "SendMessageBatch",
    members: &[
        required("QueueUrl", ANY),
        required("Entries", Kind::List { item: &SEND_ENTRY, min: 0, max: usize::MAX }),
    ],
    run: send_batch,
};

fn send(world: &mut World, call: &Call) -> Outcome {
    let key = key(call)?;
    send_one(world, call, &key, &call.input.0)
}

fn send_batch(world: &mut World, call: &Call) -> Outcome {
    let entries = batch(call, "SendMessageBatchRequestEntry")?;
    let key = key(call)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = super::part(entry, "Id");
        match send_one(world, call, &key, entry) {
            Ok(mut sent) => {
                if let Some(sent) = sent.as_object_mut() {
                    sent.insert("Id".to_owned(), id.into());
                }
                done.push(sent);
            }
            Err(error) if !world.queues.contains_key(&key) => return Err(error),
            Err(error) => failed.push(json!({
                "Id": id, "SenderFault": true, "Code": error.code, "Message": error.message,
            })),
        }
    }
    Ok(json!({"Successful": done, "Failed": failed}))
}

fn send_one(world: &mut World, call: &Call, key: &QueueKey, entry: &Value) -> Outcome {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let body = text("MessageBody").unwrap_or_default().to_owned();
    if body.is_empty() || body.len() > MAX_BODY {
        return Err(invalid("The message body must be between 1 and 1048576 bytes long."));
    }
    let delay = entry.get("DelaySeconds").and_then(Value::as_i64);
    if !(0..=900).contains(&delay.unwrap_or(0)) {
        return Err(invalid(
            "Value for parameter DelaySeconds is invalid. Must be >= 0 and <= 900.",
        ));
    }
    let group = text("MessageGroupId").map(str::to_owned);
    let queue = world.queues.get_mut(key).ok_or_else(no_queue)?;
    if queue.is_fifo() {
        if group.is_none() {
            let message = "The request must contain the parameter MessageGroupId.";
            return Err(ApiError::bad("MissingParameter", message));
        }
        if delay.is_some() {
            return Err(invalid(
                "Value for parameter DelaySeconds is invalid. Reason: The request include \
                 parameter that is not valid for this queue type.",
            ));
        }
        let deduplication = text("MessageDeduplicationId").ok_or_else(|| {
            invalid(
                "The queue should either have ContentBasedDeduplication enabled or \
                 MessageDeduplicationId provided explicitly",
            )
        })?;
        let now = call.now.as_second();
        queue.sent_once.retain(|_, (at, _)| now - *at < DEDUPLICATION);
        if let Some((_, id)) = queue.sent_once.get(deduplication) {
            return Ok(json!({"MessageId": id, "MD5OfMessageBody": checksum(&body)}));
        }
    }
    let deduplication = text("MessageDeduplicationId").map(str::to_owned);
    let sum = checksum(&body);
    let visible = later(call.now, delay.unwrap_or(0).unsigned_abs());
    let id = enqueue(world, key, body, call.now, visible).ok_or_else(no_queue)?;
    let sequence = world.ids.alphanumeric(20);
    let queue = world.queues.get_mut(key).ok_or_else(no_queue)?;
    let is_fifo = queue.is_fifo();
    if let Some(message) = queue.messages.last_mut() {
        message.attributes = entry.get("MessageAttributes").cloned();
        message.group = group;
    }
    if let (true, Some(deduplication)) = (is_fifo, deduplication) {
        queue.sent_once.insert(deduplication, (call.now.as_second(), id.clone()));
    }
    let sequence = is_fifo.then(|| Value::from(sequence));
    Ok(answer([
        ("MessageId", Some(id.into())),
        ("MD5OfMessageBody", Some(sum.into())),
        ("SequenceNumber", sequence),
    ])
    .into())
}
