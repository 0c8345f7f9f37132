//! One opening at a time for a person and a team.
//!
//! An opening can make Stagedoor read a whole domain. Somebody who asks a hundred times at once must
//! not make AWS throttle everybody.

use access::ids::{PersonId, TeamKey};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

type Pair = (PersonId, TeamKey);

/// The openings under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Underway(Arc<Mutex<BTreeSet<Pair>>>);

/// The right to work on an opening; ends when dropped, also where the browser went away.
#[derive(Debug)]
pub(super) struct Turn {
    of: Underway,
    pair: Pair,
}

impl Underway {
    /// Takes the turn, unless somebody has it.
    pub(super) fn take_turn(&self, person: &PersonId, team: &TeamKey) -> Option<Turn> {
        let pair = (person.clone(), team.clone());
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.insert(pair.clone()).then(|| Turn { of: self.clone(), pair })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pair);
    }
}
