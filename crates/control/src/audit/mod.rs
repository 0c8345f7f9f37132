//! The audit log as a chain: what an entry's bytes are, how it is sealed, how a log is verified,
//! shortened, exported and read back as who had what.
//!
//! Everything here but the running of checkpoints is pure. `docs/audit.md` says the format in words, so
//! that others can verify a log without this code.

mod anchoring;
mod as_of;
mod canonical;
mod checkpoint;
mod dated;
mod export;
mod history;
mod keeping;
mod key;
mod ocsf;
mod seal;
mod verify;
mod watched;

pub use anchoring::{Anchor, Anchoring};
pub use as_of::{AsOf, Barred, Held, History, Unknown, as_of};
pub use canonical::{CHECKPOINT_FORMAT, ENTRY_FORMAT, PLACED_ENTRY_FORMAT};
pub use checkpoint::{Checkpoint, CheckpointPlace, Notary, PlaceError};
pub use export::{ExportCursor, ExportForm, ExportPart, NoExportCursor, export, json_line};
pub use history::{HistoryError, everybody_at, person_at, tells_of, tells_of_team};
pub use keeping::{
    Accepted, KeepingError, Pruned, Taking, judged, prune, take_checkpoint, verify_log,
    verify_since,
};
pub use key::{ChainKey, KeyRing, NAME_THE_KEY, STORE_KEY, fresh_key, not_given};
pub use ocsf::{OCSF_VERSION, ocsf};
pub use seal::{GENESIS, Head, is_whole, seal, seal_placed, trimmed};
pub use verify::{BadEntry, ChainReport, Fault, Verdict, Verification};
pub use watched::AuditWatched;

#[cfg(test)]
mod tests;
