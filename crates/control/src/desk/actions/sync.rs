//! Having something read again: everything, a person, or whoever events concern.

use super::entry;
use crate::desk::{Caller, Desk, Refused, RefusedKind, Right};
use crate::event::{self, Wake};
use crate::people;
use crate::ports::AuditEvent;
use access::ids::PersonId;
use access::reason::ReasonCode;
use serde::Serialize;
use std::collections::BTreeSet;

/// The most events that are replayed at a time.
pub const MOST_REPLAYED: usize = 500;

/// What is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SyncAsked {
    /// Whether everything is.
    pub everything: bool,
    /// The people who are, by the directory's ids; empty if everything is.
    pub people: Vec<String>,
}

/// What came of events that were replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Replayed {
    /// How many there were.
    pub events: usize,
    /// How many of them were none that can be read.
    pub malformed: usize,
    /// What is read again on their account.
    pub asked: SyncAsked,
}

impl From<&Wake> for SyncAsked {
    fn from(wake: &Wake) -> Self {
        match wake {
            Wake::Everything => Self { everything: true, people: Vec::new() },
            Wake::People(people) => {
                Self { everything: false, people: people.iter().map(PersonId::to_string).collect() }
            }
        }
    }
}

impl Desk {
    /// Has the loop read somebody again, or everything.
    ///
    /// # Errors
    /// The caller may not; there is no such person; the store cannot be written.
    pub async fn sync(&self, caller: &Caller, person: Option<&str>) -> Result<SyncAsked, Refused> {
        caller.require(Right::Act)?;
        let plane = self.plane();
        let wake = match person {
            None => Wake::Everything,
            Some(text) => Wake::People(BTreeSet::from([people::find(&plane, text).await?.id])),
        };
        self.ask_for(caller, &wake, AuditEvent::SyncRequested).await
    }

    /// Acts on events again, as the loop would have: for those that never came.
    ///
    /// # Errors
    /// The caller may not; there are too many; the store cannot be written.
    pub async fn replay(
        &self,
        caller: &Caller,
        events: &[serde_json::Value],
    ) -> Result<Replayed, Refused> {
        caller.require(Right::Act)?;
        if events.len() > MOST_REPLAYED {
            return Err(Refused::new(
                RefusedKind::Invalid,
                ReasonCode::RequestInvalid,
                format!("There are {} events, and {MOST_REPLAYED} are the most.", events.len()),
                "Send them in several parts, or use `stagedoor events replay`.",
            ));
        }
        let plane = self.plane();
        let (objects, others): (Vec<_>, Vec<_>) = events.iter().partition(|e| e.is_object());
        let readings: Vec<event::Reading> = objects.into_iter().map(event::read_value).collect();
        let wake = plane.retell(&readings, |_, _| {}).await;
        let asked = self.ask_for(caller, &wake, AuditEvent::EventsReplayed).await?;
        Ok(Replayed { events: events.len(), malformed: others.len(), asked })
    }

    async fn ask_for(
        &self,
        caller: &Caller,
        wake: &Wake,
        event: AuditEvent,
    ) -> Result<SyncAsked, Refused> {
        let plane = self.plane();
        let now = plane.clock.now();
        let mut entry =
            entry(caller, now, event, ReasonCode::SyncRequested).with("wake", told(wake));
        if let Wake::People(people) = wake
            && let Some(person) = people.first().filter(|_| people.len() == 1)
        {
            entry.person = Some(person.to_string());
        }
        self.store().append(&entry).await?;
        plane.wake(wake).await?;
        plane.readings.changed(now);
        Ok(wake.into())
    }
}

/// A wake-up in a few words: ids of many people would be no use in the log.
fn told(wake: &Wake) -> String {
    match wake {
        Wake::People(people) if people.len() > 5 => format!("{} people", people.len()),
        few => few.to_string(),
    }
}
