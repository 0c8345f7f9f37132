//! Looking after a store's file: what is in it, and a copy of it while it is in use.

use crate::failure::{Place, failed, no_file, refused};
use crate::migrations::{STEPS, judge};
use crate::sqlite::BUSY_TIMEOUT;
use control::ports::StoreError;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, ffi};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// Pages that are copied at a time. Between two times others may write.
const PAGES: std::ffi::c_int = 256;

const LOOK: &str = "look at the database";
const BACK_UP: &str = "back up";

/// What is in a store's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// The steps of the schema that it has taken.
    pub schema: usize,
    /// The steps that this program knows.
    pub known_schema: usize,
    /// Whether the write-ahead log is on: readers never wait for the one writer.
    pub write_ahead: bool,
    /// What SQLite finds wrong with it; empty: nothing.
    pub faults: Vec<String>,
    /// Size in bytes, without the write-ahead log.
    pub bytes: u64,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
}

/// Looks into the file, and changes nothing of it: neither its schema nor its settings.
///
/// # Errors
/// It is not there, no store of Stagedoor's, or cannot be read.
pub fn look(path: &Path) -> Result<FileStatus, StoreError> {
    let (place, connection) = existing(path, LOOK)?;
    status(&connection).map_err(|error| failed(&place, LOOK, &error))
}

/// Copies the file while others use it: the copy is the store as it was at one moment, in one file,
/// and verified. `progress` hears how many pages of how many are copied.
///
/// # Errors
/// `to` exists already, or cannot be written; the store cannot be read; the copy is not what it
/// should be. Nothing is left at `to` then.
pub fn back_up(
    path: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<FileStatus, StoreError> {
    let (place, source) = existing(path, BACK_UP)?;
    let refused = |error: io::ErrorKind| no_file(to, BACK_UP, &error.into());
    if to.exists() {
        return Err(StoreError {
            operation: BACK_UP,
            message: format!("`{}` is there already; name another file", to.display()),
        });
    }
    let to = std::path::absolute(to).map_err(|error| no_file(to, BACK_UP, &error))?;
    let folder = to.parent().ok_or_else(|| refused(io::ErrorKind::IsADirectory))?;
    // Readable by this user alone, as the store is.
    let part = Builder::new().prefix(".stagedoor-backup-").tempfile_in(folder);
    let part = part.map_err(|error| no_file(&to, BACK_UP, &error))?;
    let copied = copy(&source, &part, progress).map_err(|error| failed(&place, BACK_UP, &error))?;
    if let Some(fault) = copied.fault {
        let message = format!("the copy is not the same as {place}: {fault}; try again");
        return Err(StoreError { operation: BACK_UP, message });
    }
    keep(part, &to, folder).map_err(|error| no_file(&to, BACK_UP, &error))?;
    Ok(copied.status)
}

/// A copy, and what is wrong with it.
struct Copied {
    status: FileStatus,
    fault: Option<String>,
}

fn copy(
    source: &Connection,
    part: &NamedTempFile,
    progress: &mut dyn FnMut(u64, u64),
) -> rusqlite::Result<Copied> {
    // Reading within one transaction is reading one moment: what others write meanwhile neither
    // shows nor begins the copy anew.
    source.execute_batch("BEGIN")?;
    let original = status(source)?;
    let mut target = Connection::open(part.path())?;
    {
        let backup = Backup::new(source, &mut target)?;
        loop {
            let step = backup.step(PAGES)?;
            let at = backup.progress();
            let [left, all] = [at.remaining, at.pagecount].map(|n| u64::try_from(n).unwrap_or(0));
            progress(all.saturating_sub(left), all);
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                // The connection itself waited for as long as calls wait.
                _ => return Err(busy()),
            }
        }
    }
    source.execute_batch("COMMIT")?;
    // One file, with no log beside it.
    target.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    let copy = status(&target)?;
    let integrity = faults(&target, "integrity_check")?;
    let fault = if let Some(first) = integrity.first() {
        Some(first.clone())
    } else if (copy.schema, &copy.rows) == (original.schema, &original.rows) {
        None
    } else {
        Some("other rows".to_owned())
    };
    Ok(Copied { status: copy, fault })
}

fn busy() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)
}

/// Gives the copy its name once it is on the disk.
fn keep(part: NamedTempFile, to: &Path, folder: &Path) -> io::Result<()> {
    part.as_file().sync_all()?;
    part.persist_noclobber(to).map_err(|error| error.error)?;
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A connection to a file that is there and ours.
fn existing(path: &Path, operation: &'static str) -> Result<(Place, Connection), StoreError> {
    let absolute = std::path::absolute(path).map_err(|e| no_file(path, operation, &e))?;
    if !absolute.exists() {
        return Err(StoreError {
            operation,
            message: format!("there is no store `{}`; name one with --store FILE", path.display()),
        });
    }
    let place = Place::File(absolute.clone());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&absolute, flags);
    let connection = opened.map_err(|e| failed(&place, operation, &e))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|e| failed(&place, operation, &e))?;
    judge(&connection, STEPS).map_err(|refusal| refused(&place, operation, &refusal))?;
    Ok((place, connection))
}

fn status(connection: &Connection) -> rusqlite::Result<FileStatus> {
    let schema: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let bytes: i64 = connection.query_row(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        [],
        |row| row.get(0),
    )?;
    Ok(FileStatus {
        schema: usize::try_from(schema).unwrap_or(0),
        known_schema: STEPS.len(),
        write_ahead: mode == "wal",
        faults: faults(connection, "quick_check")?,
        bytes: u64::try_from(bytes).unwrap_or(0),
        rows: rows(connection)?,
    })
}

/// What a check of SQLite's own finds.
fn faults(connection: &Connection, check: &str) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    connection.pragma_query(None, check, |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    found.retain(|line| line != "ok");
    Ok(found)
}

fn rows(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )?;
    let names: Vec<String> =
        tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut rows = BTreeMap::new();
    for name in names {
        // The names are those of our own schema.
        let sql = format!("SELECT count(*) FROM \"{name}\"");
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        rows.insert(name, u64::try_from(count).unwrap_or(0));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;
    use control::ports::{Secrets, Switch};

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_copy_of_a_store_in_use_is_the_store_of_one_moment() {
        let folder = folder();
        let (file, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let store = SqliteStore::open(&file).unwrap();
        let many =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    INSERT INTO secret SELECT 'secret ' || i, zeroblob(32) FROM n";
        Connection::open(&file).unwrap().execute_batch(many).unwrap();
        let other = SqliteStore::open(&file).unwrap();
        let (mut told, writes) = (Vec::new(), std::sync::atomic::AtomicU32::new(0));
        let runtime = tokio::runtime::Handle::current();
        let status = tokio::task::block_in_place(|| {
            back_up(&file, &copy, &mut |done, all| {
                told.push((done, all));
                // Somebody else writes between two steps.
                let name =
                    format!("later {}", writes.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
                runtime.block_on(other.get_or_create(&name, [8; 32])).unwrap();
            })
        })
        .unwrap();
        assert_eq!(status.rows.get("secret"), Some(&20_000));
        assert_eq!((status.faults, status.write_ahead), (vec![], false));
        let (done, all) = *told.last().unwrap();
        assert!(done == all && told.len() > 1, "{told:?}");
        let names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("a.db"))
            .collect();
        assert_eq!(names, ["b.db"], "one file, and no rest of the work");
        let restored = SqliteStore::open(&copy).unwrap();
        assert_eq!(restored.get_or_create("secret 1", [9; 32]).await, Ok([0; 32]));
        assert_eq!(store.frozen().await, Ok(None));
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_is_made_of_nothing() {
        let folder = folder();
        let (file, there) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let missing = back_up(&file, &there, &mut |_, _| {}).unwrap_err();
        assert!(missing.message.contains("there is no store"), "{missing}");
        drop(SqliteStore::open(&file).unwrap());
        fs::write(&there, "mine").unwrap();
        let refused = back_up(&file, &there, &mut |_, _| {}).unwrap_err();
        assert!(refused.message.ends_with("is there already; name another file"), "{refused}");
        assert_eq!(fs::read(&there).unwrap(), b"mine");
        let foreign = look(&there).unwrap_err();
        assert!(foreign.message.contains("not a SQLite database"), "{foreign}");
        let nowhere = back_up(&file, &folder.path().join("no/b.db"), &mut |_, _| {}).unwrap_err();
        assert!(nowhere.message.contains("its folder does not exist"), "{nowhere}");
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_is_as_private_as_the_store() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let (file, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
        drop(SqliteStore::open(&file).unwrap());
        back_up(&file, &copy, &mut |_, _| {}).unwrap();
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn looking_changes_nothing_and_tells_what_is_there() {
        let folder = folder();
        let file = folder.path().join("a.db");
        {
            let mut old = Connection::open(&file).unwrap();
            crate::migrations::migrate(&mut old, STEPS.get(..3).unwrap()).unwrap();
        }
        let before = fs::read(&file).unwrap();
        let status = look(&file).unwrap();
        assert_eq!((status.schema, status.known_schema), (3, STEPS.len()));
        assert_eq!((status.write_ahead, status.faults), (false, vec![]));
        assert_eq!(fs::read(&file).unwrap(), before);
        drop(SqliteStore::open(&file).unwrap());
        let status = look(&file).unwrap();
        assert_eq!((status.schema, status.write_ahead), (STEPS.len(), true));
        assert_eq!(status.rows.get("audit"), Some(&0));
        assert!(status.bytes > 4_096);
    }
}
