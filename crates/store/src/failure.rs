//! What went wrong, where, and what to do about it.

use crate::migrations::Refusal;
use control::ports::StoreError;
use rusqlite::ErrorCode;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where a store keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Memory,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Memory => f.write_str("the in-memory database"),
        }
    }
}

/// The error for a statement that failed.
pub(crate) fn failed(
    place: &Place,
    operation: &'static str,
    error: &rusqlite::Error,
) -> StoreError {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => format!(
            "{place} is not a SQLite database; name another file, or move this one away and a new \
             one is made"
        ),
        Some(ErrorCode::DatabaseCorrupt) => format!(
            "{place} is damaged ({error}); keep a copy, move it away with its `-wal` and `-shm` \
             files, and start again: entitlements are rebuilt from the directory and AWS"
        ),
        Some(ErrorCode::DiskFull) => {
            format!("{place} cannot grow, the disk is full; free some space and try again")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => format!(
            "{place} cannot be written ({error}); let this user write the file and the folder it \
             is in, where its `-wal` and `-shm` files are made"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "{place} is locked by another process; try again, and see who holds it open if it \
             stays so"
        ),
        Some(ErrorCode::SystemIoFailure) => {
            format!("{place} could not be read or written ({error}); check the disk")
        }
        Some(ErrorCode::ConstraintViolation) => format!("{place} refused the row ({error})"),
        _ => format!("{place}: {error}"),
    };
    StoreError { operation, message }
}

/// The error for a file that could not be opened or made.
pub(crate) fn no_file(path: &Path, operation: &'static str, error: &io::Error) -> StoreError {
    let path = path.display();
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("`{path}` cannot be made, its folder does not exist; make the folder first")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
            "`{path}` cannot be written ({error}); let this user write the file and the folder it \
             is in, where its `-wal` and `-shm` files are made"
        ),
        io::ErrorKind::IsADirectory => {
            format!("`{path}` is a folder; name a file in it")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("`{path}` cannot be made, the disk is full; free some space and try again")
        }
        _ => format!("`{path}`: {error}"),
    };
    StoreError { operation, message }
}

/// The error for a file whose schema cannot be used.
pub(crate) fn refused(place: &Place, operation: &'static str, refusal: &Refusal) -> StoreError {
    let message = match refusal {
        Refusal::Newer { found, known } => format!(
            "{place} was written by a newer Stagedoor (schema {found}, this one knows up to \
             {known}); run that version or later, or name another file"
        ),
        Refusal::Foreign => {
            format!("{place} is a SQLite database of another program; name another file")
        }
        Refusal::Sqlite(error) => return failed(place, operation, error),
    };
    StoreError { operation, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn sqlite(code: i32) -> String {
        let place = Place::File("/var/lib/door.sqlite".into());
        failed(
            &place,
            "claim an assertion",
            &rusqlite::Error::SqliteFailure(ffi::Error::new(code), None),
        )
        .to_string()
    }

    #[test]
    fn each_failure_names_the_file_and_what_to_do() {
        for (code, what, advice) in [
            (
                ffi::SQLITE_READONLY,
                "cannot be written",
                "let this user write the file and the folder",
            ),
            (
                ffi::SQLITE_CANTOPEN,
                "cannot be written",
                "let this user write the file and the folder",
            ),
            (ffi::SQLITE_FULL, "the disk is full", "free some space and try again"),
            (ffi::SQLITE_BUSY, "is locked by another process", "see who holds it open"),
            (ffi::SQLITE_CORRUPT, "is damaged", "move it away"),
            (ffi::SQLITE_NOTADB, "is not a SQLite database", "name another file"),
            (ffi::SQLITE_IOERR_FSYNC, "could not be read or written", "check the disk"),
        ] {
            let text = sqlite(code);
            assert!(
                text.starts_with("cannot claim an assertion in the store: `/var/lib/door.sqlite` "),
                "{text}"
            );
            assert!(text.contains(what) && text.contains(advice), "{text}");
        }
    }

    #[test]
    fn each_file_error_names_the_file_and_what_to_do() {
        for (kind, what, advice) in [
            (io::ErrorKind::PermissionDenied, "cannot be written", "let this user write"),
            (io::ErrorKind::ReadOnlyFilesystem, "cannot be written", "let this user write"),
            (io::ErrorKind::NotFound, "its folder does not exist", "make the folder first"),
            (io::ErrorKind::IsADirectory, "is a folder", "name a file in it"),
            (io::ErrorKind::StorageFull, "the disk is full", "free some space"),
        ] {
            let text = no_file(Path::new("/x/y"), "open the file", &kind.into()).to_string();
            assert!(text.starts_with("cannot open the file in the store: `/x/y` "), "{text}");
            assert!(text.contains(what) && text.contains(advice), "{text}");
        }
    }
}
