//! A directory in a file: people and groups in YAML, CSV or LDIF, for trials and for places without
//! a directory service.
//!
//! The file is read again when it changes, and only when it has come to rest: a file that is still
//! being written, or that has one malformed line, makes a reading fail and never a smaller one.

mod csv_file;
mod draft;
mod file;
mod ldif;
mod ldif_file;
mod roster;
mod yaml_file;

pub use draft::{Problem, Problems};
pub use file::{DirectoryFile, MAX_BYTES};
