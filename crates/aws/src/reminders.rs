//! Reminders as messages of SQS: what is due goes into a FIFO queue, in which a message group is a
//! person; what must wait goes into a standard one, because a FIFO queue has no delay for each message.

use crate::failure;
use access::ids::PersonId;
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
use aws_types::SdkConfig;
use control::ports::{CallError, FailureKind, Reminder, Reminders};
use futures::future::try_join_all;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;

const SERVICE: &str = "sqs";
const OPERATION: &str = "SendMessageBatch";

/// The most messages of one call.
const BATCH: usize = 10;

/// The longest that a message can wait, in seconds.
const LONGEST_DELAY: i64 = 15 * 60;

/// The longest deduplication id.
const LONGEST_ID: usize = 128;

/// Where reminders go, by the URLs of the queues.
pub struct SqsReminders {
    client: Client,
    now: Option<String>,
    later: Option<String>,
}

impl fmt::Debug for SqsReminders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqsReminders")
            .field("now", &self.now)
            .field("later", &self.later)
            .finish_non_exhaustive()
    }
}

impl SqsReminders {
    /// `now` is a FIFO queue, `later` a standard one. For a queue that is absent none are sent.
    pub(crate) fn new(sdk: &SdkConfig, now: Option<String>, later: Option<String>) -> Self {
        Self { client: Client::new(sdk), now, later }
    }

    async fn send(&self, url: &str, entries: Vec<Entry>) -> Result<(), CallError> {
        let sent = self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| failure::call_error(SERVICE, OPERATION, &error))?;
        let Some(refused) = sent.failed.first() else { return Ok(()) };
        let message = refused.message.clone().unwrap_or_default();
        Err(CallError {
            service: SERVICE,
            operation: OPERATION,
            kind: if refused.sender_fault { FailureKind::Rejected } else { FailureKind::Service },
            aws_code: Some(refused.code.clone()),
            message: format!("{} of {BATCH} messages at most: {message}", sent.failed.len()),
        })
    }
}

#[async_trait]
impl Reminders for SqsReminders {
    async fn remind(
        &self,
        people: &BTreeSet<PersonId>,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let delay = seconds_until(due, now);
        let queue = match delay {
            0 => &self.now,
            1..=LONGEST_DELAY => &self.later,
            _ => return Ok(()),
        };
        let Some(url) = queue else { return Ok(()) };
        let entries: Vec<Entry> = people
            .iter()
            .enumerate()
            .map(|(number, person)| entry(number, person, due, delay))
            .collect::<Result<_, CallError>>()?;
        let batches = entries.chunks(BATCH).map(|batch| self.send(url, batch.to_vec()));
        try_join_all(batches).await.map(|_| ())
    }
}

/// Whole seconds, rounded up: a message that comes too early finds nothing to do.
fn seconds_until(due: Timestamp, now: Timestamp) -> i64 {
    let left = due.as_microsecond().saturating_sub(now.as_microsecond()).max(0);
    left.saturating_add(999_999) / 1_000_000
}

fn entry(number: usize, person: &PersonId, due: Timestamp, delay: i64) -> Result<Entry, CallError> {
    let body = serde_json::to_string(&Reminder { person: person.clone() }).unwrap_or_default();
    let entry = Entry::builder().id(number.to_string()).message_body(body);
    let entry = if delay == 0 {
        // A call that the SDK repeats sends it once; the next wake-up is due at another time.
        let once = format!("{}:{person}", due.as_microsecond());
        entry
            .message_group_id(person.as_str())
            .message_deduplication_id(once.chars().take(LONGEST_ID).collect::<String>())
    } else {
        entry.delay_seconds(i32::try_from(delay).unwrap_or(i32::MAX))
    };
    entry.build().map_err(|error| CallError {
        service: SERVICE,
        operation: OPERATION,
        kind: FailureKind::Rejected,
        aws_code: None,
        message: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_no_earlier_than_it_is_due() {
        let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap();
        let until = |due| seconds_until(at(due), at(5_000_000));
        assert_eq!([until(0), until(5_000_000), until(5_000_001)], [0, 0, 1]);
        assert_eq!([until(6_000_000), until(6_000_001), until(905_000_000)], [1, 2, 900]);
        assert!(seconds_until(Timestamp::MAX, Timestamp::MIN) > LONGEST_DELAY);
    }
}
