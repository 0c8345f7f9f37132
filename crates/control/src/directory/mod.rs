//! What directories have in common, whatever they are read from, and several of them as one.

mod account;
mod combined;
mod differences;
mod join;
mod memberships;
mod names;
mod pushed;
mod pushing;

pub use account::{Account, Unclear};
pub use combined::Combined;
pub use differences::{Differences, GroupChange, PersonChange, PersonDifference, Presence};
pub use memberships::membership_id;
pub use pushed::Pushed;
pub use pushing::{PushToken, Pushing, pushing};
