//! The embedded default store: one SQLite file.
//!
//! [`SqliteStore`] implements the ports of [`control::ports`]. What it promises beyond them:
//!
//! - **Durable**: a call that returned `Ok` survives the loss of the process and of power
//!   (write-ahead log, synced at every commit; calls at the same time share one).
//! - **Shared**: several processes on one machine may use one file. Not over a network file
//!   system, where SQLite's locks do not hold.
//! - **Cautious**: a file of another program, or of a newer Stagedoor, is refused untouched.
//!
//! Times are kept as whole microseconds since 1970, rounded so that a session never lives longer,
//! and a used assertion is never forgotten sooner, than was asked for.

mod approvals;
mod attempts;
mod audit;
mod audit_watch;
mod batch;
mod chronicle;
mod claims;
mod departures;
mod failure;
mod grants;
mod logins;
mod memberships;
mod metadata_copies;
mod microseconds;
mod migrations;
mod mirror_records;
mod notices;
mod profile_index;
mod prune;
mod replay;
mod replies;
mod scim;
mod secrets;
mod sessions;
mod sqlite;
mod switch;
mod tally;
mod temporary;
mod tokens;
mod upkeep;
mod work;

pub use sqlite::{Disk, SqliteStore};
pub use upkeep::{FileStatus, back_up, look};
