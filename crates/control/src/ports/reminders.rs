//! Messages that have people read again, where no loop runs that would look into the queue.

use super::CallError;
use access::ids::PersonId;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The message: somebody is due in the work queue. It says nothing else, and nothing that is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    /// Who is to be read again.
    pub person: PersonId,
}

/// Where reminders are sent.
#[async_trait]
pub trait Reminders: Send + Sync + fmt::Debug {
    /// Sends a reminder for each of these people, to come no earlier than `due`: at once, and in
    /// order for each person, if that is `now` or before. None is sent for a time that lies farther
    /// ahead than messages can wait.
    async fn remind(
        &self,
        people: &BTreeSet<PersonId>,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), CallError>;
}
