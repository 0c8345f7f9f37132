//! The schema, as steps that lead from an empty file to today's.
//!
//! `PRAGMA user_version` counts the steps a file has taken. A step that was released is never
//! edited; a change is a new step at the end.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// `application_id` in the file's header, "StDr": tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x5374_4472;

/// All steps, in order.
pub(crate) const STEPS: &[&str] = &[
    include_str!("../migrations/0001-state.sql"),
    include_str!("../migrations/0002-door.sql"),
    include_str!("../migrations/0003-asked-provider.sql"),
    include_str!("../migrations/0004-loop.sql"),
    include_str!("../migrations/0005-memberships.sql"),
    include_str!("../migrations/0006-departures.sql"),
    include_str!("../migrations/0007-grants.sql"),
    include_str!("../migrations/0008-audit-chain.sql"),
    include_str!("../migrations/0009-temporary.sql"),
    include_str!("../migrations/0010-sessions.sql"),
    include_str!("../migrations/0011-desk.sql"),
    include_str!("../migrations/0012-chronicle.sql"),
    include_str!("../migrations/0013-notices.sql"),
    include_str!("../migrations/0014-scim.sql"),
    include_str!("../migrations/0015-mirror.sql"),
    include_str!("../migrations/0016-audit.sql"),
    include_str!("../migrations/0017-taken-approvals.sql"),
    include_str!("../migrations/0018-logged-out.sql"),
    include_str!("../migrations/0019-arrived-log-outs.sql"),
    include_str!("../migrations/0020-vouched-sessions.sql"),
    include_str!("../migrations/0021-audit-watch.sql"),
];

/// Why a file cannot be brought to the schema of this version.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It has taken more steps than this program knows.
    Newer { found: i64, known: usize },
    /// It is a database, but not of Stagedoor.
    Foreign,
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Takes the steps that the file has not taken yet, each in its own transaction. Of several
/// processes that try at once, one takes each step and the others find it taken.
pub(crate) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), Refusal> {
    while next_step(connection, steps)?.is_some() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some((number, sql)) = next_step(&transaction, steps)? {
            take_step(&transaction, number, sql)?;
            transaction.commit()?;
        }
    }
    Ok(())
}

fn take_step(transaction: &Transaction<'_>, number: usize, sql: &str) -> rusqlite::Result<()> {
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(number).unwrap_or(i64::MAX))
}

/// Makes sure that the file is ours and not of a newer program. Changes nothing.
pub(crate) fn judge(connection: &Connection, steps: &[&str]) -> Result<(), Refusal> {
    next_step(connection, steps).map(drop)
}

/// The step to take, if any is left, and how many have then been taken.
fn next_step<'a>(
    connection: &Connection,
    steps: &[&'a str],
) -> Result<Option<(usize, &'a str)>, Refusal> {
    // One statement: one look at the file.
    let (version, application, tables): (i64, i32, i64) = connection.query_row(
        "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_user_version, pragma_application_id",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let ours = application == APPLICATION_ID;
    let empty = application == 0 && version == 0 && tables == 0;
    if !ours && !empty {
        return Err(Refusal::Foreign);
    }
    let newer = Refusal::Newer { found: version, known: steps.len() };
    let Ok(taken) = usize::try_from(version) else { return Err(Refusal::Foreign) };
    if taken > steps.len() {
        return Err(newer);
    }
    Ok(steps.get(taken).map(|sql| (taken + 1, *sql)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    fn tables(connection: &Connection) -> Vec<String> {
        let mut statement =
            connection.prepare("SELECT name FROM sqlite_schema ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn steps_are_taken_once_and_in_order() {
        let mut connection = memory();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        assert_eq!((version(&connection), tables(&connection)), (1, vec!["a".to_owned()]));

        let both = ["CREATE TABLE a (x)", "ALTER TABLE a RENAME TO b"];
        migrate(&mut connection, &both).unwrap();
        migrate(&mut connection, &both).unwrap();
        assert_eq!((version(&connection), tables(&connection)), (2, vec!["b".to_owned()]));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_of_itself_and_all_before_it() {
        let mut connection = memory();
        let refusal = migrate(
            &mut connection,
            &["CREATE TABLE a (x)", "CREATE TABLE b (x); SELECT * FROM c"],
        );
        assert!(matches!(refusal, Err(Refusal::Sqlite(_))), "{refusal:?}");
        assert_eq!((version(&connection), tables(&connection)), (1, vec!["a".to_owned()]));
    }

    #[test]
    fn a_file_that_took_more_steps_is_refused() {
        let mut connection = memory();
        migrate(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let refusal = migrate(&mut connection, &["CREATE TABLE a (x)"]);
        assert!(matches!(refusal, Err(Refusal::Newer { found: 2, known: 1 })), "{refusal:?}");
    }

    #[test]
    fn databases_of_other_programs_are_refused() {
        for sql in [
            "CREATE TABLE theirs (x)",
            "PRAGMA user_version = 1",
            "PRAGMA application_id = 7",
            "CREATE TABLE theirs (x); PRAGMA application_id = 7; PRAGMA user_version = 1",
        ] {
            let mut connection = memory();
            connection.execute_batch(sql).unwrap();
            let before = (version(&connection), tables(&connection));
            let refusal = migrate(&mut connection, STEPS);
            assert!(matches!(refusal, Err(Refusal::Foreign)), "{sql}: {refusal:?}");
            assert_eq!((version(&connection), tables(&connection)), before, "{sql}");
        }
    }
}
