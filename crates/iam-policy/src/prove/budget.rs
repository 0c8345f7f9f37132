//! How much work one proof may be.

use super::unknown::Unknown;
use std::cell::Cell;

/// Work that is left for a proof. It is counted in steps and not in time, so that the answer depends on the
/// question alone.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<usize>,
}

impl Budget {
    pub(super) fn of(steps: usize) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// Takes so many steps, if they are left. A step is about what it takes to look at one place of a
    /// pattern, or at one statement.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Unknown> {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        let why = "it would take more work than is done for one proof";
        left.map(drop).ok_or_else(|| Unknown::because(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_gone() {
        let budget = Budget::of(10);
        assert_eq!(budget.spend(10), Ok(()));
        assert!(budget.spend(1).is_err());
        let budget = Budget::of(10);
        assert!(budget.spend(11).is_err() && budget.spend(1).is_err());
    }
}
