//! SQS: standard and FIFO queues with visibility timeouts.

mod sending;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{Message, Queue, QueueKey, World, later};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, any_text, optional, required};

const ANY: Kind = any_text(0, usize::MAX);
const COUNT: Kind = Kind::Integer { min: i64::MIN, max: i64::MAX };
const NAMES: Kind = Kind::List { item: &ANY, min: 0, max: usize::MAX };
const DELETE_ENTRY: Kind = Kind::Structure(&[required("Id", ANY), required("ReceiptHandle", ANY)]);

/// Seconds a received message stays hidden, when neither call nor queue says.
const DEFAULT_VISIBILITY: u64 = 30;
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateQueue",
        members: &[
            required("QueueName", ANY),
            optional("Attributes", Kind::Document),
            optional("tags", Kind::Document),
        ],
        run: create,
    },
    Operation {
        name: "GetQueueUrl",
        members: &[required("QueueName", ANY), optional("QueueOwnerAWSAccountId", ANY)],
        run: get_url,
    },
    sending::SEND,
    sending::SEND_BATCH,
    Operation {
        name: "ReceiveMessage",
        members: &[
            required("QueueUrl", ANY),
            optional("AttributeNames", NAMES),
            optional("MessageSystemAttributeNames", NAMES),
            optional("MessageAttributeNames", NAMES),
            optional("MaxNumberOfMessages", COUNT),
            optional("VisibilityTimeout", COUNT),
            optional("WaitTimeSeconds", COUNT),
        ],
        run: receive,
    },
    Operation {
        name: "DeleteMessage",
        members: &[required("QueueUrl", ANY), required("ReceiptHandle", ANY)],
        run: delete,
    },
    Operation {
        name: "DeleteMessageBatch",
        members: &[
            required("QueueUrl", ANY),
            required("Entries", Kind::List { item: &DELETE_ENTRY, min: 0, max: usize::MAX }),
        ],
        run: delete_batch,
    },
    Operation {
        name: "GetQueueAttributes",
        members: &[required("QueueUrl", ANY), optional("AttributeNames", NAMES)],
        run: attributes,
    },
    Operation { name: "PurgeQueue", members: &[required("QueueUrl", ANY)], run: purge },
];

fn no_queue() -> ApiError {
    ApiError::bad("QueueDoesNotExist", "The specified queue does not exist.")
}

fn invalid(message: &str) -> ApiError {
    ApiError::bad("InvalidParameterValue", message)
}

/// The queue's URL is on the host the request came to.
fn url(call: &Call, name: &str) -> Value {
    json!({"QueueUrl": format!("{}/{}/{name}", call.base_url, call.caller.account)})
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("QueueName");
    let given: BTreeMap<String, String> = call
        .input
        .get("Attributes")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let is_fifo = given.get("FifoQueue").is_some_and(|value| value == "true");
    let stem = if is_fifo { name.strip_suffix(".fifo").unwrap_or_default() } else { name };
    let well_named = (1..=80).contains(&name.len())
        && !stem.is_empty()
        && stem.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !well_named {
        return Err(invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    let key = (call.caller.account.clone(), call.region.clone(), name.to_owned());
    if let Some(queue) = world.queues.get(&key) {
        if given.iter().any(|(name, value)| queue.attributes.get(name) != Some(value)) {
            return Err(ApiError::bad(
                "QueueNameExists",
                "A queue already exists with the same name and a different value for an attribute.",
            ));
        }
    } else {
        let queue = Queue {
            attributes: given,
            messages: Vec::new(),
            created: call.now,
            sent_once: BTreeMap::new(),
        };
        world.queues.insert(key, queue);
    }
    Ok(url(call, name))
}

fn get_url(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("QueueName");
    let owner = call.input.find_text("QueueOwnerAWSAccountId").unwrap_or(&call.caller.account);
    let key = (call.caller.account.clone(), call.region.clone(), name.to_owned());
    if owner == call.caller.account && world.queues.contains_key(&key) {
        Ok(url(call, name))
    } else {
        Err(no_queue())
    }
}

/// The key of the queue in `QueueUrl`; queues of other accounts are not shared here.
fn key(call: &Call) -> Result<QueueKey, ApiError> {
    let mut parts = call.text("QueueUrl").rsplit('/');
    let (name, account) = (parts.next(), parts.next());
    match (name, account) {
        (Some(name), Some(account)) if account == call.caller.account => {
            Ok((account.to_owned(), call.region.clone(), name.to_owned()))
        }
        _ => Err(no_queue()),
    }
}

fn queue<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Queue, ApiError> {
    world.queues.get_mut(&key(call)?).ok_or_else(no_queue)
}

/// Puts a message into a queue, to be received from `visible` on.
pub(crate) fn enqueue(
    world: &mut World,
    key: &QueueKey,
    body: String,
    now: Timestamp,
    visible: Timestamp,
) -> Option<String> {
    let id = world.ids.uuid();
    let queue = world.queues.get_mut(key)?;
    queue.messages.push(Message {
        id: id.clone(),
        body,
        attributes: None,
        group: None,
        sent: now,
        visible,
        receipt: None,
        received: 0,
        first_received: None,
    });
    Some(id)
}

fn checksum(body: &str) -> String {
    hex::encode(Md5::digest(body.as_bytes()))
}

fn receive(world: &mut World, call: &Call) -> Outcome {
    let most = call.input.integer("MaxNumberOfMessages").unwrap_or(1);
    if !(1..=10).contains(&most) {
        return Err(invalid(
            "Value for parameter MaxNumberOfMessages is invalid. Must be between 1 and 10.",
        ));
    }
    let wait = call.input.integer("WaitTimeSeconds").unwrap_or(0);
    if !(0..=20).contains(&wait) {
        return Err(invalid(
            "Value for parameter WaitTimeSeconds is invalid. Must be >= 0 and <= 20.",
        ));
    }
    let mut receipts: Vec<String> = (0..most).map(|_| world.ids.alphanumeric(64)).collect();
    let queue = queue(world, call)?;
    let hidden = call.input.integer("VisibilityTimeout").map_or_else(
        || {
            let own = queue.attributes.get("VisibilityTimeout").and_then(|text| text.parse().ok());
            own.unwrap_or(DEFAULT_VISIBILITY)
        },
        i64::unsigned_abs,
    );
    let is_fifo = queue.is_fifo();
    let mut ready: Vec<&mut Message> = Vec::new();
    let mut held: BTreeSet<String> = BTreeSet::new();
    for message in &mut queue.messages {
        // The order of a group holds, and while somebody is at it, nobody else gets of it.
        let is_ready =
            message.visible <= call.now && message.group.as_ref().is_none_or(|g| !held.contains(g));
        if is_ready {
            ready.push(message);
        } else {
            held.extend(message.group.clone());
        }
    }
    if !is_fifo {
        ready.sort_by_key(|message| message.visible);
    }
    let mut messages = Vec::new();
    for message in ready {
        let Some(receipt) = receipts.pop() else { break };
        message.visible = later(call.now, hidden);
        message.received += 1;
        message.first_received.get_or_insert(call.now);
        message.receipt = Some(receipt);
        messages.push(received(message, call));
    }
    // An empty queue answers without the list.
    let messages = (!messages.is_empty()).then(|| messages.into());
    Ok(answer([("Messages", messages)]).into())
}

fn received(message: &Message, call: &Call) -> Value {
    let wanted = |name: &str| {
        ["AttributeNames", "MessageSystemAttributeNames"]
            .iter()
            .any(|list| call.input.list(list).iter().any(|item| item == "All" || *item == name))
    };
    let first = message.first_received.unwrap_or(call.now);
    let attributes: Map<String, Value> = [
        ("SenderId", call.caller.account.clone()),
        ("SentTimestamp", message.sent.as_millisecond().to_string()),
        ("ApproximateReceiveCount", message.received.to_string()),
        ("ApproximateFirstReceiveTimestamp", first.as_millisecond().to_string()),
    ]
    .into_iter()
    .chain(message.group.clone().map(|group| ("MessageGroupId", group)))
    .filter(|(name, _)| wanted(name))
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    let custom = message.attributes.clone().filter(|_| call.input.has("MessageAttributeNames"));
    answer([
        ("MessageId", Some(message.id.clone().into())),
        ("ReceiptHandle", message.receipt.clone().map(Value::from)),
        ("MD5OfBody", Some(checksum(&message.body).into())),
        ("Body", Some(message.body.clone().into())),
        ("Attributes", (!attributes.is_empty()).then(|| attributes.into())),
        ("MessageAttributes", custom),
    ])
    .into()
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let receipt = call.text("ReceiptHandle");
    let queue = queue(world, call)?;
    if receipt.is_empty() {
        let message = "The input receipt handle is invalid.";
        return Err(ApiError::bad("ReceiptHandleIsInvalid", message));
    }
    queue.messages.retain(|message| message.receipt.as_deref() != Some(receipt));
    Ok(Value::Null)
}

/// The entries of a batch: one to ten, each with an id of its own.
fn batch<'a>(call: &'a Call, entry_name: &str) -> Result<&'a [Value], ApiError> {
    let entries = call.input.list("Entries");
    if entries.is_empty() {
        let message = format!("There should be at least one {entry_name} in the request.");
        return Err(ApiError::bad("EmptyBatchRequest", &message));
    }
    if entries.len() > 10 {
        let message = "Maximum number of entries per request are 10.";
        return Err(ApiError::bad("TooManyEntriesInBatchRequest", message));
    }
    let ids: BTreeSet<String> = entries.iter().map(|entry| part(entry, "Id")).collect();
    if ids.len() < entries.len() {
        let message = "Two or more batch entries in the request have the same Id.";
        return Err(ApiError::bad("BatchEntryIdsNotDistinct", message));
    }
    Ok(entries)
}

fn part(entry: &Value, name: &str) -> String {
    entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn delete_batch(world: &mut World, call: &Call) -> Outcome {
    let entries = batch(call, "DeleteMessageBatchRequestEntry")?;
    let queue = queue(world, call)?;
    let done: Vec<Value> = entries.iter().map(|entry| json!({"Id": part(entry, "Id")})).collect();
    let receipts: Vec<String> = entries.iter().map(|e| part(e, "ReceiptHandle")).collect();
    queue.messages.retain(|message| {
        message.receipt.as_ref().is_none_or(|receipt| !receipts.contains(receipt))
    });
    Ok(json!({"Successful": done, "Failed": []}))
}

fn attributes(world: &mut World, call: &Call) -> Outcome {
    let arn = key(call)
        .map(|(account, region, name)| format!("arn:aws:sqs:{region}:{account}:{name}"))?;
    let queue = queue(world, call)?;
    let count = |wanted: fn(&Message, Timestamp) -> bool| {
        queue.messages.iter().filter(|message| wanted(message, call.now)).count().to_string()
    };
    let mut all: BTreeMap<String, String> = queue.attributes.clone();
    all.entry("VisibilityTimeout".to_owned()).or_insert_with(|| DEFAULT_VISIBILITY.to_string());
    all.insert("QueueArn".to_owned(), arn);
    all.insert("CreatedTimestamp".to_owned(), queue.created.as_second().to_string());
    all.insert("ApproximateNumberOfMessages".to_owned(), count(|m, now| m.visible <= now));
    all.insert(
        "ApproximateNumberOfMessagesNotVisible".to_owned(),
        count(|m, now| m.visible > now && m.received > 0),
    );
    all.insert(
        "ApproximateNumberOfMessagesDelayed".to_owned(),
        count(|m, now| m.visible > now && m.received == 0),
    );
    let wanted: Vec<&str> =
        call.input.list("AttributeNames").iter().filter_map(Value::as_str).collect();
    all.retain(|name, _| wanted.iter().any(|w| *w == "All" || w == name));
    // Without a match AWS leaves the map out.
    Ok(answer([("Attributes", (!all.is_empty()).then(|| json!(all)))]).into())
}

fn purge(world: &mut World, call: &Call) -> Outcome {
    queue(world, call)?.messages.clear();
    Ok(Value::Null)
}
