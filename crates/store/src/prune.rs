//! Removal of rows that lapsed, a few at a time.

use rusqlite::{Connection, params};

/// Lapsed rows removed by one call. A call adds at most one row, so any number above one lets a
/// table shrink; this one keeps the time for which a call holds the write lock short.
pub(crate) const BATCH: u32 = 64;

/// A table whose rows lapse.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lapsing {
    UsedAssertions,
    PendingLogins,
    Sessions,
    Replies,
    LoggedOut,
}

/// Removes up to [`BATCH`] rows that lapsed at `now` (microseconds), the oldest first.
pub(crate) fn prune(connection: &Connection, table: Lapsing, now: i64) -> rusqlite::Result<()> {
    let sql = match table {
        Lapsing::UsedAssertions => {
            "DELETE FROM used_assertion WHERE digest IN
             (SELECT digest FROM used_assertion WHERE until <= ?1 ORDER BY until LIMIT ?2)"
        }
        Lapsing::PendingLogins => {
            "DELETE FROM pending_login WHERE request_id IN
             (SELECT request_id FROM pending_login WHERE expires <= ?1 ORDER BY expires LIMIT ?2)"
        }
        Lapsing::Replies => {
            "DELETE FROM reply WHERE key IN
             (SELECT key FROM reply WHERE until <= ?1 ORDER BY until LIMIT ?2)"
        }
        Lapsing::LoggedOut => {
            "DELETE FROM logged_out WHERE (subject, idp_index) IN
             (SELECT subject, idp_index FROM logged_out WHERE until <= ?1 ORDER BY until LIMIT ?2)"
        }
        Lapsing::Sessions => {
            "DELETE FROM session WHERE id IN
             (SELECT id FROM session WHERE expires <= ?1 ORDER BY expires LIMIT ?2)"
        }
    };
    connection.prepare_cached(sql)?.execute(params![now, BATCH])?;
    Ok(())
}
