//! Temporary grants in the loop: they come to each reading of the directory, and the loop is woken
//! when one begins or ends.

use crate::plane::Plane;
use crate::ports::WorkKey;
use crate::survey::Survey;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

impl Plane {
    /// Asks for everybody of the survey to be read again when something of theirs begins or ends, if
    /// that is before the full pass after the next one: that one asks for what comes later. So an
    /// end is kept whatever becomes of the process or of its queue.
    pub(crate) async fn keep_turns(&self, survey: &Survey, resync: Duration) {
        let snapshot = &survey.snapshot;
        let horizon = survey.now.checked_add(resync.saturating_mul(2)).unwrap_or(Timestamp::MAX);
        let mut turns: BTreeMap<Timestamp, BTreeSet<WorkKey>> = BTreeMap::new();
        for person in snapshot.temporary.keys() {
            let turn = snapshot.next_turn(person, survey.now).filter(|turn| *turn <= horizon);
            if let Some(turn) = turn {
                turns.entry(turn).or_default().insert(WorkKey::Person(person.clone()));
            }
        }
        for (turn, people) in turns {
            if let Err(error) = self.queue.push(&people, turn).await {
                tracing::warn!(%turn, %error, "nobody is woken then; the next full pass finds it");
            }
        }
    }
}
