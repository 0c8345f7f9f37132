//! Writes that wait for the file at the same time share one transaction, and so one sync of the disk.
//!
//! The first call that hands a write in gets the turn: it waits for the connection and works off all that
//! were handed in by then, in order. It goes on until nothing waits; where several did, it waits a moment
//! for those who were told and come again, for a sync costs more than they do. One write that fails
//! undoes nothing of the others: then all are done anew, each in a savepoint of its own. Nobody is told
//! of success before the transaction is on disk.

use crate::failure::{Place, failed};
use control::ports::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most writes of one transaction: the file is locked against other processes that long.
const MOST: usize = 64;

/// So long those who came together are waited for: a fraction of what a sync takes.
const GATHERED_FOR: Duration = Duration::from_micros(300);

/// Writes that were handed in, and whether somebody is to work them off.
#[derive(Default)]
pub(crate) struct Batch {
    waiting: Mutex<Waiting>,
    /// So many wait as were expected.
    gathered: Condvar,
}

#[derive(Default)]
struct Waiting {
    writes: VecDeque<Box<dyn Write>>,
    has_turn: bool,
    /// How many are waited for.
    expected: usize,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Batch").field(&self.waiting().writes.len()).finish()
    }
}

/// What comes of a write.
type Told<T> = oneshot::Receiver<Result<T, StoreError>>;

impl Batch {
    /// Hands a write in; what comes of it is told by the receiver. Whoever gets the turn has to use it.
    pub(crate) fn add<T, F>(
        self: &Arc<Self>,
        place: Place,
        operation: &'static str,
        work: F,
    ) -> (Told<T>, Option<Turn>)
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let write = OneWrite { place, operation, work, outcome: None, tell };
        let mut waiting = self.waiting();
        waiting.writes.push_back(Box::new(write));
        let is_first = !mem::replace(&mut waiting.has_turn, true);
        if waiting.writes.len() == waiting.expected {
            self.gathered.notify_one();
        }
        (told, is_first.then(|| Turn { batch: Arc::clone(self), is_over: false }))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn to work off what is handed in. There is one at a time: more threads would only wait for the
/// connection.
#[derive(Debug)]
pub(crate) struct Turn {
    batch: Arc<Batch>,
    is_over: bool,
}

impl Turn {
    /// Works off what was handed in, and what is meanwhile.
    pub(crate) fn work_off(mut self, connection: &mut Connection) {
        let mut last = 0;
        while let Some(mut writes) = self.next(last) {
            last = writes.len();
            let committed = commit(connection, &mut writes);
            for write in writes {
                write.finish(committed.as_ref().err());
            }
        }
    }

    /// What is worked off together next, after so many were; `None`: nothing waits, and the turn is over.
    fn next(&mut self, last: usize) -> Option<Vec<Box<dyn Write>>> {
        let mut waiting = self.batch.waiting();
        // Whoever was told comes again as soon as those who wait already.
        let expected = waiting.writes.len().saturating_add(last).min(MOST);
        if last > 0 && expected > 1 {
            waiting.expected = expected;
            let wait = |waiting: &mut Waiting| waiting.writes.len() < expected;
            let gathered = &self.batch.gathered;
            let (gathered, _) = gathered
                .wait_timeout_while(waiting, GATHERED_FOR, wait)
                .unwrap_or_else(PoisonError::into_inner);
            waiting = gathered;
            waiting.expected = 0;
        }
        if waiting.writes.is_empty() {
            // Whoever hands a write in from now on gets the next turn.
            waiting.has_turn = false;
            self.is_over = true;
            return None;
        }
        let count = waiting.writes.len().min(MOST);
        Some(waiting.writes.drain(..count).collect())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // The runtime ended before the turn did. Whoever waits must not wait for ever.
        let mut waiting = self.batch.waiting();
        waiting.has_turn = false;
        let never_begun = mem::take(&mut waiting.writes);
        drop(waiting);
        drop(never_begun);
    }
}

fn commit(connection: &mut Connection, writes: &mut [Box<dyn Write>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if writes.iter_mut().all(|write| write.run(&transaction)) {
        return transaction.commit();
    }
    // It may have written half of what it was to.
    transaction.rollback()?;
    apart(connection, writes)
}

/// The same, each by itself: those that fail change nothing.
fn apart(connection: &mut Connection, writes: &mut [Box<dyn Write>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let step = |sql| transaction.prepare_cached(sql)?.execute([]);
    for write in writes {
        step("SAVEPOINT one")?;
        if !write.run(&transaction) {
            // Where this fails, SQLite has rolled back everything, and nobody is told otherwise.
            step("ROLLBACK TO one")?;
        }
        step("RELEASE one")?;
    }
    transaction.commit()
}

/// One write, whatever it answers.
trait Write: Send {
    /// Does it, or does it anew after all was undone; whether it is to stay.
    fn run(&mut self, transaction: &Transaction<'_>) -> bool;

    /// Tells what came of it, given why the transaction failed, if it did.
    fn finish(self: Box<Self>, failure: Option<&rusqlite::Error>);
}

struct OneWrite<T, F> {
    place: Place,
    operation: &'static str,
    work: F,
    /// What it answers, or says of its failure.
    outcome: Option<Result<T, StoreError>>,
    tell: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write for OneWrite<T, F>
where
    T: Send,
    F: Fn(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> bool {
        let outcome = match catch_unwind(AssertUnwindSafe(|| (self.work)(transaction))) {
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

    fn insert(batch: &Arc<Batch>, number: i64) -> (Told<usize>, Option<Turn>) {
        batch.add(Place::Memory, "insert", move |transaction| {
            transaction.execute("INSERT INTO t VALUES (?1)", [number])
        })
    }

    #[test]
    fn one_write_that_fails_or_panics_undoes_nothing_of_the_others() {
        let (mut connection, batch) = (table(), Arc::<Batch>::default());
        let (first, turn) = insert(&batch, 1);
        let (again, _) = insert(&batch, 1);
        let half = |transaction: &Transaction<'_>| -> rusqlite::Result<()> {
            transaction.execute("INSERT INTO t VALUES (7)", [])?;
            panic!("half-way");
        };
        let (half, _) = batch.add(Place::Memory, "insert half", half);
        let (last, _) = insert(&batch, 2);
        turn.unwrap().work_off(&mut connection);
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
        let (mut connection, batch) = (table(), Arc::<Batch>::default());
        let (first, turn) = insert(&batch, 1);
        // As SQLite does by itself on a full disk.
        let ends = |transaction: &Transaction<'_>| {
            transaction.execute_batch("ROLLBACK")?;
            Err::<(), _>(rusqlite::Error::InvalidQuery)
        };
        let (full, _) = batch.add(Place::Memory, "fill the disk", ends);
        turn.unwrap().work_off(&mut connection);
        assert!(first.blocking_recv().unwrap().is_err());
        assert!(full.blocking_recv().unwrap().is_err());
        assert_eq!(numbers(&connection), Vec::<i64>::new());
        // The connection is good for the next ones.
        let (next, turn) = insert(&batch, 3);
        turn.unwrap().work_off(&mut connection);
        assert_eq!(next.blocking_recv().unwrap(), Ok(1));
    }

    #[test]
    fn more_than_fit_into_one_transaction_are_all_worked_off_in_one_turn() {
        let (mut connection, batch) = (table(), Arc::<Batch>::default());
        let count = MOST * 2 + 1;
        let (answers, turns): (Vec<_>, Vec<_>) =
            (0..).take(count).map(|number| insert(&batch, number)).unzip();
        let mut given: Vec<Turn> = turns.into_iter().flatten().collect();
        assert_eq!(given.len(), 1);
        given.remove(0).work_off(&mut connection);
        assert!(answers.into_iter().all(|one| one.blocking_recv().unwrap() == Ok(1)));
        assert_eq!(numbers(&connection).len(), count);
    }

    #[test]
    fn whoever_waits_for_a_turn_that_is_never_used_hears_of_it() {
        let (mut connection, batch) = (table(), Arc::<Batch>::default());
        let (lost, turn) = insert(&batch, 1);
        drop(turn);
        assert!(lost.blocking_recv().is_err());
        let (next, turn) = insert(&batch, 2);
        turn.unwrap().work_off(&mut connection);
        assert_eq!(next.blocking_recv().unwrap(), Ok(1));
        assert_eq!(numbers(&connection), [2]);
    }
}
