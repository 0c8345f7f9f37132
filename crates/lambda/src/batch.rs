//! Batches of messages, of which some may fail and come again.

use crate::payload::{QueueName, Record};
use control::ports::Reminder;
use serde::Serialize;
use std::collections::BTreeSet;

/// What is answered: only these come again, and the others are deleted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchAnswer {
    batch_item_failures: Vec<Failed>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// To work for somebody.
    Work(Reminder),
    /// To hear an event.
    Event(String),
    /// It comes from a queue of reminders and is none.
    Broken,
}

/// A batch at work: which of its messages failed.
#[derive(Debug)]
pub(crate) struct Batch {
    items: Vec<Item>,
    failed: BTreeSet<usize>,
}

#[derive(Debug)]
struct Item {
    id: String,
    /// Queue and message group, of a FIFO queue.
    group: Option<(String, String)>,
    message: Message,
}

impl Batch {
    /// The messages; those from `reminders` ask for work, the others are events.
    pub(crate) fn new(records: Vec<Record>, reminders: &[QueueName]) -> Self {
        let items = records.into_iter().map(|record| Item::new(record, reminders)).collect();
        let mut batch = Self { items, failed: BTreeSet::new() };
        for (place, item) in batch.items.iter().enumerate() {
            if item.message == Message::Broken {
                tracing::error!(id = item.id, "a message of the work queue is not understood");
                batch.failed.insert(place);
            }
        }
        batch.fail_whole_groups();
        batch
    }

    /// The messages that have not failed, by their places.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (usize, &Message)> {
        let messages = self.items.iter().map(|item| &item.message).enumerate();
        messages.filter(|(place, _)| !self.failed.contains(place))
    }

    /// These come again.
    pub(crate) fn fail(&mut self, places: impl IntoIterator<Item = usize>) {
        self.failed.extend(places);
        self.fail_whole_groups();
    }

    /// After one that failed nothing of its group may be done: order would be lost.
    fn fail_whole_groups(&mut self) {
        let mut groups = BTreeSet::new();
        for (place, item) in self.items.iter().enumerate() {
            let Some(group) = &item.group else { continue };
            if self.failed.contains(&place) {
                groups.insert(group);
            } else if groups.contains(group) {
                self.failed.insert(place);
            }
        }
    }

    pub(crate) fn answer(self) -> BatchAnswer {
        let failed = self.failed;
        let items = self.items.into_iter().enumerate();
        let failures = items.filter(|(place, _)| failed.contains(place));
        let failures = failures.map(|(_, item)| Failed { item_identifier: item.id });
        BatchAnswer { batch_item_failures: failures.collect() }
    }
}

impl Item {
    fn new(record: Record, reminders: &[QueueName]) -> Self {
        let Record { message_id, body, attributes, event_source_arn, .. } = record;
        let asks_for_work = reminders.iter().any(|queue| queue.is_of_arn(&event_source_arn));
        let message = if !asks_for_work {
            Message::Event(body)
        } else if let Ok(reminder) = serde_json::from_str(&body) {
            Message::Work(reminder)
        } else {
            Message::Broken
        };
        let group = attributes.message_group_id.map(|group| (event_source_arn, group));
        // A standard queue may have groups too, which say nothing about order.
        let group = group.filter(|(arn, _)| arn.strip_suffix(".fifo").is_some());
        Self { id: message_id, group, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Payload;

    const FIFO: &[u8] = include_bytes!("../tests/data/sqs-fifo.json");
    const EVENTS: &[u8] = include_bytes!("../tests/data/sqs-events.json");

    fn batch(payload: &[u8]) -> Batch {
        let Payload::Messages(records) = Payload::read(payload).unwrap() else {
            panic!("no messages");
        };
        let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/stagedoor-work.fifo";
        Batch::new(records, &[QueueName::of_url(url).unwrap()])
    }

    fn places(batch: &Batch) -> Vec<usize> {
        batch.messages().map(|(place, _)| place).collect()
    }

    fn answer(batch: Batch) -> String {
        serde_json::to_string(&batch.answer()).unwrap()
    }

    #[test]
    fn a_broken_message_fails_alone_with_what_follows_in_its_group() {
        let batch = batch(FIFO);
        assert_eq!(places(&batch), [0, 3], "Ana's; the third is Ben's as the broken one is");
        assert_eq!(
            answer(batch),
            r#"{"batchItemFailures":[{"itemIdentifier":"11d6ee51-4cc7-4302-9e22-7cd8afdaadf1"},"#
                .to_owned()
                + r#"{"itemIdentifier":"11d6ee51-4cc7-4302-9e22-7cd8afdaadf2"}]}"#
        );
    }

    #[test]
    fn after_the_first_failure_of_a_group_order_holds() {
        let mut batch = batch(FIFO);
        batch.fail([0]);
        assert_eq!(places(&batch), [0_usize; 0]);
        assert_eq!(answer(batch).matches("itemIdentifier").count(), 4);
    }

    #[test]
    fn in_a_standard_queue_each_stands_for_itself() {
        let mut batch = batch(EVENTS);
        assert_eq!(places(&batch), [0, 1], "whatever comes from another queue is an event");
        batch.fail([0]);
        assert_eq!(
            answer(batch),
            r#"{"batchItemFailures":[{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830a7d"}]}"#
        );
    }

    #[test]
    fn nothing_failed_is_an_empty_list() {
        assert_eq!(answer(batch(EVENTS)), r#"{"batchItemFailures":[]}"#);
    }
}
