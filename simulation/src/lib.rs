//! Deterministic simulation: the real loop, planner, client and store against the sandbox, in
//! virtual time, with seeded faults.
//!
//! One seed is one world: domains, teams, grants, people, and a script of what they do while calls
//! are throttled, fail or get lost, processes are killed at any await, clocks jump and disks are
//! full. What must hold is checked at every call that changes something, at the moment of its
//! effect, and once more when all has been well for long. The same seed gives the same run, call by
//! call.
//!
//! What should be is worked out here anew ([`simulate`] draws it), without the product's planner.

mod clock;
mod deed;
mod disk;
mod invariant;
mod line;
mod process;
mod run;
mod script;
mod stage;
mod trace;
mod truth;
mod verdict;
mod watch;
mod weather;
mod world;

pub use invariant::{Invariant, Violation};
pub use run::{Report, simulate, watch_panics};
pub use trace::Keep;
