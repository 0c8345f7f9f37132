//! What a plan leaves alone.

use crate::plan::Kept;
use crate::reason::ReasonCode;

/// What is left alone. Nearly all of it agrees with the map, and stays in the order in which it was
/// looked at: to sort a million agreements, which nobody reads, takes as long as to find them.
#[derive(Debug, Default)]
pub(super) struct LeftAlone {
    agreeing: Vec<Kept>,
    others: Vec<Kept>,
}

impl LeftAlone {
    /// Room for what is left alone of so many profiles, which is nearly all of them.
    pub(super) fn of(profiles: usize) -> Self {
        Self { agreeing: Vec::with_capacity(profiles), others: Vec::new() }
    }

    pub(super) fn push(&mut self, kept: Kept) {
        match kept.reason {
            ReasonCode::InAgreement => self.agreeing.push(kept),
            _ => self.others.push(kept),
        }
    }

    /// What is left alone though it does not agree.
    pub(super) fn others(&self) -> impl Iterator<Item = &Kept> {
        self.others.iter()
    }

    /// As [`Plan::kept`](crate::plan::Plan::kept) has it.
    pub(super) fn in_order(self) -> Vec<Kept> {
        let Self { agreeing: mut kept, mut others } = self;
        others.sort_by(|a, b| a.place().cmp(&b.place()));
        kept.append(&mut others);
        kept
    }
}
