//! What directories have in common, whatever they are read from.

mod memberships;

pub use memberships::membership_id;
