//! What Stagedoor does: the ports it needs, the loop that makes AWS agree with the map, and the
//! door.
//!
//! Ports are traits in the words of the domain, declared here because their user defines them.
//! Adapters (`aws`, `store`) implement them and never know each other.

pub mod askers;
pub mod audit;
pub mod changes;
pub mod departure;
pub mod desk;
pub mod directory;
pub mod doctor;
pub mod door;
pub mod errands;
pub mod event;
pub mod grants;
pub mod limits;
pub mod loss;
pub mod meter;
pub mod mirror;
pub mod notify;
pub mod pass;
pub mod people;
pub mod plane;
pub mod ports;
pub mod progress;
pub mod reasons;
pub mod receipt;
pub mod reconciler;
pub mod scim;
pub mod settle;
pub mod survey;
pub mod temporary;
