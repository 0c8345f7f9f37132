//! The store for several replicas: one `DynamoDB` table.
//!
//! [`DynamoStore`] implements the ports of [`control::ports`] with the meaning that the SQLite store
//! gives them; one suite holds both to it. How: every item that depends on what it was before carries
//! a version, is read strongly consistent and written on condition that the version is still the same
//! (`change`). Items that must agree are written in one transaction. Nothing is locked.
//!
//! Times are the caller's, kept as whole microseconds since 1970, rounded as in the SQLite store.

mod approvals;
mod attempts;
mod audit;
mod audit_watch;
mod change;
mod chronicle;
mod claims;
mod condition;
mod departures;
mod failure;
mod grants;
mod item;
mod keys;
mod logins;
mod memberships;
mod metadata_copies;
mod mirror_records;
mod notices;
mod profiles;
mod reads;
mod replay;
mod replies;
mod schema;
mod scim;
mod secrets;
mod sessions;
mod stamp;
mod switch;
mod table;
mod tally;
mod temporary;
mod tokens;
mod wire;
mod work;

pub use condition::TableCondition;
pub use table::DynamoStore;
