//! Writes that wait for the file at the same time share one transaction, and so one sync of the disk.
//!
//! Each call hands its write in and then waits for the connection. Whoever gets it works off all that
//! were handed in by then, in order, each in a savepoint of its own: one that fails undoes nothing of
//! the others. Nobody is told of success before the transaction is on disk.

use crate::failure::{Place, failed};
use control::ports::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The most writes of one transaction: the file is locked against other processes that long.
const MOST: usize = 64;

/// Writes that were handed in.
#[derive(Default)]
pub(crate) struct Batch(Mutex<VecDeque<Box<dyn Write>>>);

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Batch").field(&self.waiting().len()).finish()
    }
}

impl Batch {
    /// Hands a write in; what comes of it is told by the receiver.
    pub(crate) fn add<T, F>(
        &self,
        place: Place,
        operation: &'static str,
        work: F,
    ) -> oneshot::Receiver<Result<T, StoreError>>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let write = OneWrite { place, operation, work: Some(work), outcome: None, tell };
        self.waiting().push_back(Box::new(write));
        told
    }

    /// Works off what was handed in. Somebody else may have done so already.
    pub(crate) fn work_off(&self, connection: &mut Connection) {
        loop {
            let mut writes: Vec<Box<dyn Write>> = {
                let mut waiting = self.waiting();
                let count = waiting.len().min(MOST);
                waiting.drain(..count).collect()
            };
            if writes.is_empty() {
                return;
            }
            let committed = commit(connection, &mut writes);
            for write in writes {
                write.finish(committed.as_ref().err());
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Box<dyn Write>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn commit(connection: &mut Connection, writes: &mut [Box<dyn Write>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for write in writes {
        transaction.execute_batch("SAVEPOINT one")?;
        if !write.run(&transaction) {
            // Where this fails, SQLite has rolled back everything, and nobody is told otherwise.
            transaction.execute_batch("ROLLBACK TO one")?;
        }
        transaction.execute_batch("RELEASE one")?;
    }
    transaction.commit()
}

/// One write, whatever it answers.
trait Write: Send {
    /// Does it; whether it is to stay.
    fn run(&mut self, transaction: &Transaction<'_>) -> bool;

    /// Tells what came of it, given why the transaction failed, if it did.
    fn finish(self: Box<Self>, failure: Option<&rusqlite::Error>);
}

struct OneWrite<T, F> {
    place: Place,
    operation: &'static str,
    work: Option<F>,
    /// What it answers, or says of its failure.
    outcome: Option<Result<T, StoreError>>,
    tell: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write for OneWrite<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = match catch_unwind(AssertUnwindSafe(|| work(transaction))) {
            Ok(outcome) => outcome.map_err(|error| failed(&self.place, self.operation, &error)),
            Err(_) => Err(not_finished(&self.place, self.operation, "it panicked")),
        };
        self.outcome.insert(outcome).is_ok()
    }

    fn finish(self: Box<Self>, failure: Option<&rusqlite::Error>) {
        let Self { place, operation, outcome, tell, .. } = *self;
        let outcome = match (outcome, failure) {
            (Some(Err(error)), _) => Err(error),
            (_, Some(error)) => Err(failed(&place, operation, error)),
            (Some(done), None) => done,
            (None, None) => Err(not_finished(&place, operation, "it was not begun")),
        };
        // Whoever asked may have gone away; what was done stays done.
        let _nobody_waits = tell.send(outcome);
    }
}

/// The error of a call that came to no end.
pub(crate) fn not_finished(place: &Place, operation: &'static str, why: &str) -> StoreError {
    StoreError { operation, message: format!("{place}: the call was not finished ({why})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        connection
    }

    fn numbers(connection: &Connection) -> Vec<i64> {
        let mut select = connection.prepare("SELECT n FROM t ORDER BY n").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn insert(batch: &Batch, number: i64) -> oneshot::Receiver<Result<usize, StoreError>> {
        batch.add(Place::Memory, "insert", move |transaction| {
            transaction.execute("INSERT INTO t VALUES (?1)", [number])
        })
    }

    #[test]
    fn one_write_that_fails_or_panics_undoes_nothing_of_the_others() {
        let (mut connection, batch) = (table(), Batch::default());
        let first = insert(&batch, 1);
        let again = insert(&batch, 1);
        let half = batch.add(Place::Memory, "insert half", |transaction| -> rusqlite::Result<()> {
            transaction.execute("INSERT INTO t VALUES (7)", [])?;
            panic!("half-way");
        });
        let last = insert(&batch, 2);
        batch.work_off(&mut connection);
        assert_eq!(first.blocking_recv().unwrap(), Ok(1));
        assert_eq!(last.blocking_recv().unwrap(), Ok(1));
        let error = again.blocking_recv().unwrap().unwrap_err().to_string();
        assert!(
            error.contains("cannot insert in the store") && error.contains("refused the row"),
            "{error}"
        );
        assert_eq!(
            half.blocking_recv().unwrap().unwrap_err().message,
            "the in-memory database: the call was not finished (it panicked)"
        );
        assert_eq!(numbers(&connection), [1, 2]);
    }

    #[test]
    fn nobody_is_told_of_success_where_the_transaction_fails() {
        let (mut connection, batch) = (table(), Batch::default());
        let first = insert(&batch, 1);
        // As SQLite does by itself on a full disk.
        let full = batch.add(Place::Memory, "fill the disk", |transaction| {
            transaction.execute_batch("ROLLBACK")?;
            Err::<(), _>(rusqlite::Error::InvalidQuery)
        });
        batch.work_off(&mut connection);
        assert!(first.blocking_recv().unwrap().is_err());
        assert!(full.blocking_recv().unwrap().is_err());
        assert_eq!(numbers(&connection), Vec::<i64>::new());
        // The connection is good for the next ones.
        let next = insert(&batch, 3);
        batch.work_off(&mut connection);
        assert_eq!(next.blocking_recv().unwrap(), Ok(1));
    }

    #[test]
    fn more_than_fit_into_one_transaction_are_all_worked_off() {
        let (mut connection, batch) = (table(), Batch::default());
        let count = MOST * 2 + 1;
        let told: Vec<_> = (0..).take(count).map(|number| insert(&batch, number)).collect();
        batch.work_off(&mut connection);
        assert!(told.into_iter().all(|one| one.blocking_recv().unwrap() == Ok(1)));
        assert_eq!(numbers(&connection).len(), count);
    }
}
