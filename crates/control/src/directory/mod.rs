//! What directories have in common, whatever they are read from, and several of them as one.

mod changes;
mod combined;
mod join;
mod memberships;
mod names;
mod pushed;

pub use changes::{Changes, GroupChange, PersonChange, PersonDifference, Presence};
pub use combined::Combined;
pub use memberships::membership_id;
pub use names::source_of;
pub use pushed::Pushed;
