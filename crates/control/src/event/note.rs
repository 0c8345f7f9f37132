//! What is remembered of an event, for people to look at.

use super::{Family, Outcome, Reading, Wake};
use crate::plane::Plane;
use crate::ports::{Heard, Note, Noted};

/// The longest name or id that is kept. CloudTrail's have some forty characters.
const MOST_CHARACTERS: usize = 128;

impl Plane {
    /// Notes an event and what came of it. Nothing is decided by notes, so a store that fails is
    /// logged.
    pub(super) async fn note_event(
        &self,
        reading: Option<&Reading>,
        outcome: Outcome,
        wake: &Wake,
    ) {
        let family = reading.map_or(Family::Other, |reading| reading.family);
        // What comes from no directory is anything that a rule lets through.
        if family == Family::Other && outcome == Outcome::Ignored {
            return;
        }
        let bounded = |text: &String| text.chars().take(MOST_CHARACTERS).collect();
        let heard = Heard {
            family,
            name: reading.and_then(|reading| reading.name.as_ref()).map(bounded),
            event_id: reading.and_then(|reading| reading.event_id.as_ref()).map(bounded),
            happened: reading.and_then(|reading| reading.at),
            outcome,
            people: match wake {
                Wake::People(people) => Some(people.clone()),
                Wake::Everything => None,
            },
        };
        let note = Note { at: self.clock.now(), noted: Noted::Heard(heard) };
        if let Err(error) = self.chronicle.remember(&[note]).await {
            tracing::warn!(%error, "an event is not noted; it is acted on all the same");
        }
    }
}
