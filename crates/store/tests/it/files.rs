//! Files that are new, old, damaged, foreign, or out of reach.

use control::ports::{AuditLog, ReplayCache};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use store::SqliteStore;
use store_contract::audit::entry;
use store_contract::micros;

/// How many steps the schema has: one a file of migrations.
fn steps() -> i64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    i64::try_from(fs::read_dir(folder).unwrap().count()).unwrap()
}

fn refusal(path: &Path) -> String {
    SqliteStore::open(path).unwrap_err().to_string()
}

/// What `open` says of this file, whose content it must leave alone.
#[track_caller]
fn refusal_that_changes_nothing(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let text = refusal(path);
    assert_eq!(fs::read(path).unwrap(), before, "{text}");
    text
}

#[tokio::test]
async fn an_empty_file_becomes_a_store_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.sqlite");
    fs::write(&path, "").unwrap();
    let first = SqliteStore::open(&path).unwrap();
    assert_eq!(first.claim("idp", "a1", micros(100), micros(1)).await, Ok(true));
    first.append(&entry(1, "ok")).await.unwrap();
    drop(first);

    let second = SqliteStore::open(&path).unwrap();
    assert_eq!(second.claim("idp", "a1", micros(100), micros(1)).await, Ok(false));
    assert_eq!(second.newest(9).await, Ok(vec![entry(1, "ok")]));
    drop(second);
    let raw = Connection::open(&path).unwrap();
    let version: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, steps());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.sqlite")).unwrap();
    store.append(&entry(1, "ok")).await.unwrap();
    let mut modes: Vec<(String, u32)> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            (file.file_name().into_string().unwrap(), mode)
        })
        .collect();
    modes.sort();
    let expected = ["state.sqlite", "state.sqlite-shm", "state.sqlite-wal"];
    assert_eq!(modes, expected.map(|name| (name.to_owned(), 0o600)));
}

#[test]
fn names_that_mean_something_to_sqlite_are_plain_files_here() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["file:state?mode=memory", "a b#c%20.sqlite"] {
        let _store = SqliteStore::open(folder.path().join(name)).unwrap();
        assert!(fs::metadata(folder.path().join(name)).unwrap().len() > 0, "{name}");
    }
}

#[test]
fn the_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.sqlite");
    drop(SqliteStore::open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    let newer = steps() + 1;
    raw.pragma_update(None, "user_version", newer).unwrap();
    raw.close().unwrap();
    assert_eq!(
        refusal_that_changes_nothing(&path),
        format!(
            "cannot open the database in the store: `{}` was written by a newer Stagedoor (schema \
             {newer}, this one knows up to {}); run that version or later, or name another file",
            path.display(),
            steps()
        )
    );
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "Remember the milk.\n".repeat(500)).unwrap();
    assert_eq!(
        refusal_that_changes_nothing(&path),
        format!(
            "cannot open the database in the store: `{}` is not a SQLite database; name another \
             file, or move this one away and a new one is made",
            path.display()
        )
    );
}

#[test]
fn the_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("places.sqlite");
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE places (x); PRAGMA user_version = 1").unwrap();
    raw.close().unwrap();
    assert_eq!(
        refusal_that_changes_nothing(&path),
        format!(
            "cannot open the database in the store: `{}` is a SQLite database of another program; \
             name another file",
            path.display()
        )
    );
}

#[test]
fn a_missing_folder_and_a_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/state.sqlite");
    assert_eq!(
        refusal(&path),
        format!(
            "cannot open the database in the store: `{}` cannot be made, its folder does not \
             exist; make the folder first",
            path.display()
        )
    );
    assert_eq!(
        refusal(folder.path()),
        format!(
            "cannot open the database in the store: `{}` is a folder; name a file in it",
            folder.path().display()
        )
    );
}

/// A folder in which this user, root included, cannot make files; and what keeps it alive.
#[cfg(target_os = "linux")]
fn folder_that_cannot_be_written() -> (std::path::PathBuf, tempfile::TempDir) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read-only");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(path.join("probe"), "").is_ok() {
        // Modes do not bind root; the kernel's own file system does.
        return ("/sys".into(), folder);
    }
    (path, folder)
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_refused() {
    let (read_only, _kept) = folder_that_cannot_be_written();
    let path = read_only.join("state.sqlite");
    let text = refusal(&path);
    let start =
        format!("cannot open the database in the store: `{}` cannot be written (", path.display());
    assert!(text.starts_with(&start), "{text}");
    let end = "; let this user write the file and the folder it is in, where its `-wal` and \
               `-shm` files are made";
    assert!(text.ends_with(end), "{text}");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_only_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.sqlite");
    drop(SqliteStore::open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    // Modes do not bind root: it may open the file, then and only then.
    let may_write = fs::OpenOptions::new().write(true).open(&path).is_ok();
    match SqliteStore::open(&path) {
        Ok(_) => assert!(may_write),
        Err(error) => {
            assert!(!may_write && error.message.contains("cannot be written"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_log_torn_by_a_power_cut_loses_what_was_not_yet_confirmed_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    for at in 0..20 {
        store.append(&entry(at, "ok")).await.unwrap();
    }
    let wal = fs::read(folder.path().join("state.sqlite-wal")).unwrap();
    store.append(&entry(20, "torn")).await.unwrap();
    let after = fs::read(folder.path().join("state.sqlite-wal")).unwrap();
    assert!(after.len() > wal.len() && after.starts_with(&wal));

    // The disk as the cut left it: the last commit half written.
    let crashed = tempfile::tempdir().unwrap();
    let copy = crashed.path().join("state.sqlite");
    fs::copy(&path, &copy).unwrap();
    let torn = &after[..wal.len() + (after.len() - wal.len()) / 2];
    fs::write(crashed.path().join("state.sqlite-wal"), torn).unwrap();

    let reopened = SqliteStore::open(&copy).unwrap();
    let kept: Vec<_> = (0..20).rev().map(|at| entry(at, "ok")).collect();
    assert_eq!(reopened.newest(100).await, Ok(kept));
    reopened.append(&entry(21, "after")).await.unwrap();
    assert_eq!(reopened.newest(1).await, Ok(vec![entry(21, "after")]));
}
