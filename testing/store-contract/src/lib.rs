//! What every store must do, written against the ports alone so that any adapter can be held against
//! it.
//!
//! Each function takes an empty store and panics where the contract is broken. [`contract!`] makes
//! tests of those of the ports that it is given:
//!
//! ```text
//! async fn fresh() -> Vec<Fresh<MyStore>> { … }
//!
//! store_contract::contract!(fresh: work, claims);
//! ```

#![expect(missing_docs, reason = "a rule is said by its name")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "tests, which panic where a rule is broken"
)]

pub mod approvals;
pub mod attempts;
pub mod audit;
pub mod audit_export;
pub mod audit_watch;
pub mod chronicle;
pub mod claims;
mod contract;
pub mod departures;
pub mod grants;
pub mod logins;
pub mod memberships;
pub mod metadata_copies;
pub mod mirror_records;
pub mod notices;
pub mod profile_index;
mod race;
pub mod replay;
pub mod replies;
pub mod scim;
pub mod secrets;
pub mod sessions;
pub mod switch;
pub mod temporary;
pub mod tokens;
pub mod work;

pub use contract::Fresh;
pub use race::{RACERS, micros, race};
