//! Proofs.
mod actions;
mod automaton;
mod bits;
mod choices;
mod claim;
mod documents;
mod frontier;
mod groups;
mod intervals;
mod resources;
mod rules;
mod search;
mod unknown;
mod values;
mod variables;
mod world;

pub use claim::{Claim, Demand, MOST_CALLS, Verdict, Witness, prove};
pub use documents::Documents;
pub use search::Subject;
pub use world::AWS_FACTS;
