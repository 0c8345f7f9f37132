//! The words of Stagedoor, the access map, the planner and its checks.
//!
//! Everything here is pure: no clock, no randomness, no environment, no I/O. Time is an argument,
//! maps are sorted, and equal inputs give equal plans, byte for byte.

mod assignment;
pub mod authorisation;
pub mod check;
pub mod drift;
pub mod entitlement;
pub mod explain;
pub mod first_map;
pub mod forecast;
pub mod functions;
pub mod ids;
pub mod invariants;
mod letters;
pub mod live_role;
pub mod map;
pub mod mirror;
pub mod naming;
pub mod network;
pub mod observed;
pub mod offboarding;
mod owned;
mod people;
pub mod permissions;
pub mod places;
pub mod plan;
pub mod planner;
pub mod pool;
pub mod reason;
pub mod report;
pub mod shell;
pub mod snapshot;
pub mod standing;
pub mod tags;
pub mod temporary;
pub mod user_name;
pub mod what_if;

pub use arcstr::ArcStr;
