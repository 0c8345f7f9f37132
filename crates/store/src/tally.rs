//! The count of what happens, which orders the passes of all replicas.

use rusqlite::Connection;

/// Counts one more thing, and says how many there are now.
pub(crate) fn next(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("UPDATE tally SET number = number + 1 RETURNING number")?
        .query_row([], |row| row.get(0))
}

/// A count as a column holds it.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count that a column holds.
pub(crate) fn read(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
