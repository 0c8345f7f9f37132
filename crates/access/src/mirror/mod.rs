//! Mirroring groups of a directory into another one: which users, groups and memberships must be
//! made there, changed and taken away, so that it has what the source has.
//!
//! Pure, like the planner of profiles: [`plan`] compares two readings, [`check`] looks at the plan by
//! rules of its own, and only a [`CheckedMirror`] can be carried out. What does not carry this
//! installation's [`Mark`] is never changed; a name that it holds is reported.
//!
//! The order never takes access away first: people and groups are made and changed, members are
//! added, and only then are members removed, users disabled, groups and users deleted.

mod check;
mod mark;
mod names;
mod planner;
mod words;

pub use check::{CheckedMirror, MirrorCount, check, count};
pub use mark::Mark;
pub use names::{fits_group_name, fits_person};
pub use planner::plan;
pub use words::{
    GroupRef, Leavers, MAX_MEMBERS, MirrorAction, MirrorKept, MirrorPerson, MirrorPlan,
    MirrorPolicy, MirrorSource, MirrorStep, SourceGroup, Strangers, Subject, TargetGroup,
    TargetReading, TargetUser, UserRef,
};

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
