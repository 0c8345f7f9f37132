//! The connection: how a file is opened, and how calls reach it without blocking the runtime.

use crate::batch::{Batch, not_finished};
use crate::failure::{Place, failed, no_file, refused};
use crate::migrations::{STEPS, migrate};
use control::audit::KeyRing;
use control::ports::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, Transaction, TransactionBehavior};
use std::error::Error;
use std::fmt::Debug;
use std::fs::OpenOptions;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a call waits for another process to let go of the file. Calls hold it for
/// milliseconds; a person who signs in should not wait longer than this for an answer.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often to try to turn the write-ahead log on. An attempt fails only while another process
/// does the same; once one of them succeeded, the rest find it on.
const WRITE_AHEAD_ATTEMPTS: u32 = 20;

/// Held while a file is made and opened, so that no thread closes the handle that made a file
/// after another has locked it through SQLite.
static OPENING: Mutex<()> = Mutex::new(());

const OPEN: &str = "open the database";

/// Statements that a connection keeps compiled: more than there are in the whole crate. What is
/// compiled anew costs more than what it does.
const STATEMENTS: usize = 512;

/// The most memory that a connection keeps pages of the file in, in KiB: enough for the upper parts of
/// all indexes of a large company. SQLite's own default reads most of them again and again.
const CACHE_KIB: i64 = 16 * 1024;

/// After so many pages the write-ahead log is written back into the file: 16 MiB. A page that changes
/// often is written back once for all changes meanwhile. SQLite's index of the log finds a page among
/// so many as fast as among few.
const LOG_PAGES: i64 = 4_000;

/// A store in one SQLite file, or in memory. Clones share the connection.
///
/// The methods of its ports need a Tokio runtime: those of a file run on its threads for blocking
/// work, one at a time. A call whose future is dropped still runs to its end. In memory nothing
/// blocks, and calls are done where they are made: in the order of the calls, always the same.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    place: Place,
    connection: Arc<Mutex<Connection>>,
    /// For glances. Nobody holds it while the disk is synced. In memory there is one connection.
    glances: Option<Arc<Mutex<Connection>>>,
    writes: Arc<Batch>,
    disk: Option<Arc<dyn Disk>>,
    /// What the audit log is sealed with; none: a key that is kept in the store.
    pub(crate) keys: Option<Arc<KeyRing>>,
}

/// The disk that a store in memory pretends to be on. For simulations.
pub trait Disk: Send + Sync + Debug {
    /// Whether it serves this call. If not, the call fails as on a full disk, and does nothing.
    fn serves(&self, operation: &'static str) -> bool;
}

impl SqliteStore {
    /// Opens the file, makes it (readable by this user alone) if it is missing, and brings its
    /// schema up to date. The folder must exist. Blocks.
    ///
    /// Refused: a file that is not a SQLite database, one of another program, one of a newer
    /// Stagedoor, and one that cannot be written together with its folder. None of them is changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        // Absolute, so that SQLite sees a plain file whatever the name (":memory:").
        let path = std::path::absolute(path).map_err(|e| no_file(path, OPEN, &e))?;
        let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        make_private(&path).map_err(|e| no_file(&path, OPEN, &e))?;
        let place = Place::File(path.clone());
        let connection = connect(&path).map_err(|e| failed(&place, OPEN, &e))?;
        // SQLite makes do with a file that it may only read, until the first write.
        if connection.is_readonly(MAIN_DB).map_err(|e| failed(&place, OPEN, &e))? {
            return Err(no_file(&path, OPEN, &io::ErrorKind::PermissionDenied.into()));
        }
        let store = Self::prepare(place.clone(), connection)?;
        let glances = connect(&path).and_then(|connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(Arc::new(Mutex::new(connection)))
        });
        Ok(Self { glances: Some(glances.map_err(|e| failed(&place, OPEN, &e))?), ..store })
    }

    /// An empty store that is gone when its last clone is.
    pub fn in_memory() -> Result<Self, StoreError> {
        let place = Place::Memory;
        let connection = Connection::open_in_memory().map_err(|e| failed(&place, OPEN, &e))?;
        Self::prepare(place, connection)
    }

    /// The same, on a disk that may fail.
    pub fn in_memory_on(disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        Ok(Self { disk: Some(disk), ..Self::in_memory()? })
    }

    /// The same store, whose audit log is sealed with this key and not with one that the store keeps.
    #[must_use]
    pub fn sealed_by(self, keys: KeyRing) -> Self {
        Self { keys: Some(Arc::new(keys)), ..self }
    }

    fn prepare(place: Place, mut connection: Connection) -> Result<Self, StoreError> {
        connection.busy_timeout(BUSY_TIMEOUT).map_err(|e| failed(&place, OPEN, &e))?;
        // Before anything that writes: a file that is not ours stays as it is.
        migrate(&mut connection, STEPS).map_err(|refusal| refused(&place, OPEN, &refusal))?;
        settle(&connection).map_err(|e| failed(&place, OPEN, &e))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let connection = Arc::new(Mutex::new(connection));
        let writes = Arc::default();
        Ok(Self { place, connection, glances: None, writes, disk: None, keys: None })
    }

    /// Runs `work` in a transaction that holds the write lock from its start, and commits it. Calls
    /// that wait for a file at the same time share a transaction; where one of them fails, all were
    /// undone, and `work` may run anew.
    pub(crate) async fn write<T, F>(
        &self,
        operation: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        if self.place == Place::Memory {
            return self
                .run(operation, move |connection| {
                    let transaction =
                        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                    let value = work(&transaction)?;
                    transaction.commit()?;
                    Ok(value)
                })
                .await;
        }
        let (told, turn) = self.writes.add(self.place.clone(), operation, work);
        if let Some(turn) = turn {
            let connection = Arc::clone(&self.connection);
            let worked = tokio::task::spawn_blocking(move || {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                turn.work_off(&mut connection);
            });
            // The end of the turn says nothing: it goes on with what others hand in.
            drop(worked);
        }
        told.await
            .unwrap_or_else(|gone| Err(not_finished(&self.place, operation, &gone.to_string())))
    }

    /// Runs `work` outside of a transaction: each of its statements stands for itself.
    pub(crate) async fn read<T, F>(&self, operation: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.run(operation, |connection| work(connection)).await
    }

    /// Reads a few rows by their key, where it is called: handing that to another thread would cost
    /// more than it does. It waits for other glances and for no write.
    pub(crate) fn glance<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.require_disk(operation)?;
        let connection = self.glances.as_ref().unwrap_or(&self.connection);
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        match catch_unwind(AssertUnwindSafe(|| work(&connection))) {
            Ok(result) => result.map_err(|error| failed(&self.place, operation, &error)),
            Err(_) => Err(not_finished(&self.place, operation, "it panicked")),
        }
    }

    fn require_disk(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.disk.as_ref().is_some_and(|disk| !disk.serves(operation)) {
            let message = format!("{} cannot grow, the disk is full", self.place);
            return Err(StoreError { operation, message });
        }
        Ok(())
    }

    async fn run<T, F>(&self, operation: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.require_disk(operation)?;
        let connection = Arc::clone(&self.connection);
        let work = move || {
            // A panic in the middle rolled its transaction back, so the connection is still good.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        let done = if self.place == Place::Memory {
            catch_unwind(AssertUnwindSafe(work)).map_err(|_| "it panicked".to_owned())
        } else {
            tokio::task::spawn_blocking(work).await.map_err(|stopped| stopped.to_string())
        };
        match done {
            Ok(result) => result.map_err(|error| failed(&self.place, operation, &error)),
            Err(why) => Err(not_finished(&self.place, operation, &why)),
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What is compiled once stays as it is. Without this a statement that compares a column outside of
    // its index is compiled anew for each value, in case another plan suits that better.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(connection)
}

/// Makes the file if it is missing. SQLite gives its `-wal` and `-shm` files the same mode.
///
/// A file that is there is not opened: closing any handle of it would drop the locks which this
/// process holds on it through SQLite.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if path.is_dir() {
                Err(io::ErrorKind::IsADirectory.into())
            } else {
                Ok(())
            }
        }
        made => made.map(drop),
    }
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    write_ahead(connection)?;
    // With a write-ahead log the default would leave the last commits to a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Turns the write-ahead log on, where it is not on already.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        // Answers with the mode now in force: "memory" in memory.
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && attempts < WRITE_AHEAD_ATTEMPTS =>
            {
                // This one pragma does not wait for others who open the file; a transaction does.
                connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
            }
            result => return result,
        }
    }
}

/// What a column's text was parsed to, or which column is damaged.
pub(crate) fn parsed<T, E>(column: usize, result: Result<T, E>) -> rusqlite::Result<T>
where
    E: Error + Send + Sync + 'static,
{
    result.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

#[cfg(test)]
mod tests;
