//! What only a look at the connection itself can show.

use super::*;
use crate::prune::BATCH;
use access::ids::{IdpKey, PersonId};
use control::audit::{ChainKey, Fault, KeyRing, STORE_KEY, Verdict, verify_log};
use control::ports::ATTEMPTS_KEPT;
use control::ports::{
    Actor, Attempt, Attempts, AuditEntry, AuditEvent, AuditLog, CheckRow, IdpSession,
    LoginRequests, PendingLogin, ReplayCache, RowState, Secrets, Session, SessionId, Sessions,
    Voucher,
};
use jiff::Timestamp;

fn second(s: i64) -> Timestamp {
    Timestamp::from_second(s).unwrap()
}

fn entry(text: &str) -> AuditEntry {
    AuditEntry::new(second(1), AuditEvent::SignIn, "ok").with("text", text)
}

fn ask<T: rusqlite::types::FromSql>(store: &SqliteStore, sql: &str) -> T {
    let connection = store.connection.lock().unwrap_or_else(PoisonError::into_inner);
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_file_is_kept_in_a_synced_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.sqlite")).unwrap();
    assert_eq!(ask::<String>(&store, "PRAGMA journal_mode"), "wal");
    assert_eq!(ask::<i64>(&store, "PRAGMA synchronous"), 2, "FULL");
    assert_eq!(ask::<i64>(&store, "PRAGMA foreign_keys"), 1);
    assert_eq!(ask::<i64>(&store, "PRAGMA busy_timeout"), 5000);
    assert_eq!(ask::<i64>(&store, "PRAGMA user_version"), i64::try_from(STEPS.len()).unwrap());
}

#[tokio::test]
async fn a_full_disk_fails_the_call_and_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    let pages: i64 = ask(&store, "PRAGMA page_count");
    let _limit: i64 = ask(&store, &format!("PRAGMA max_page_count = {}", pages + 1));

    store.append(&entry("small")).await.unwrap();
    let session = Session {
        id: SessionId("a".to_owned()),
        person: PersonId::parse("p").unwrap(),
        begun: second(1),
        expires: second(100),
        team: None,
        idp_session: IdpSession { subject: "digest".to_owned(), index: None },
        voucher: Voucher {
            idp: IdpKey::parse("corp").unwrap(),
            fingerprint: "fingerprint".to_owned(),
        },
    };
    store.open(&session).await.unwrap();
    let error = store.append(&entry(&"x".repeat(100_000))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot append to the audit log in the store: `{}` cannot grow, the disk is full; \
             free some space and try again",
            path.display()
        )
    );
    assert_eq!(store.newest(10).await, Ok(vec![entry("small")]));
    assert_eq!(store.get(&session.id, second(99)).await, Ok(Some(session)));

    let _limit: i64 = ask(&store, "PRAGMA max_page_count = 10000");
    store.append(&entry("later")).await.unwrap();
    assert_eq!(store.newest(10).await, Ok(vec![entry("later"), entry("small")]));
}

#[tokio::test]
async fn neither_issuer_nor_assertion_id_is_kept_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.sqlite")).unwrap();
    let claimed =
        store.claim("https://idp.example/issuer", "_assertion-4711", second(9), second(1)).await;
    assert_eq!(claimed, Ok(true));
    assert_eq!(ask::<i64>(&store, "SELECT count(*) FROM used_assertion"), 1);
    let files: Vec<Vec<u8>> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    // The row is in one of them: as the digest.
    let digest: Vec<u8> = ask(&store, "SELECT digest FROM used_assertion");
    let holds = |needle: &[u8]| files.iter().any(|f| f.windows(needle.len()).any(|w| w == needle));
    assert!(holds(&digest));
    assert!(!holds(b"idp.example") && !holds(b"_assertion-4711"));
}

#[tokio::test]
async fn each_call_forgets_a_bounded_number_of_lapsed_rows() {
    let store = SqliteStore::in_memory().unwrap();
    let lapsed = i64::from(BATCH) + 10;
    let fill = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {lapsed})"
    );
    store
        .connection
        .lock()
        .unwrap()
        .execute_batch(&format!(
            "{fill} INSERT INTO used_assertion SELECT randomblob(32), i FROM n;
             {fill} INSERT INTO pending_login SELECT 'r' || i, 'b', NULL, i, 'corp' FROM n;
             {fill} INSERT INTO session (id, person, expires) SELECT 's' || i, 'p', i FROM n;"
        ))
        .unwrap();
    let count = |table: &str| ask::<i64>(&store, &format!("SELECT count(*) FROM {table}"));

    // Nothing has lapsed yet; then one batch; then the rest.
    for (now, left) in [(Timestamp::UNIX_EPOCH, lapsed), (second(1), 10), (second(2), 0)] {
        assert_eq!(store.claim("i", &now.to_string(), second(9), now).await, Ok(true));
        assert_eq!(store.take("none", now).await, Ok(None));
        assert_eq!(store.get(&SessionId("none".to_owned()), now).await, Ok(None));
        assert_eq!(count("pending_login"), left, "{now}");
        assert_eq!(count("session"), left, "{now}");
        assert_eq!(count("used_assertion WHERE until < 9000000"), left, "{now}");
    }
    assert_eq!(count("used_assertion"), 3);
}

#[tokio::test]
async fn who_begins_to_sign_in_makes_room_of_those_who_never_came_back() {
    let store = SqliteStore::in_memory().unwrap();
    let login = |id: &str, expires| PendingLogin {
        request_id: id.to_owned(),
        browser: "b".to_owned(),
        idp: IdpKey::parse("corp").unwrap(),
        team: None,
        expires,
    };
    store.begin(&login("r1", second(2)), second(1)).await.unwrap();
    store.begin(&login("r2", second(9)), second(1)).await.unwrap();
    store.begin(&login("r3", second(9)), second(3)).await.unwrap();
    assert_eq!(ask::<i64>(&store, "SELECT count(*) FROM pending_login"), 2);
}

#[tokio::test]
async fn a_lapsed_assertion_may_be_claimed_again_even_before_it_is_forgotten() {
    let store = SqliteStore::in_memory().unwrap();
    assert_eq!(store.claim("i", "a", second(10), second(1)).await, Ok(true));
    // More than a batch of older rows stand in front of it.
    store
        .connection
        .lock()
        .unwrap()
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
             INSERT INTO used_assertion SELECT randomblob(32), i FROM n;",
        )
        .unwrap();
    assert_eq!(store.claim("i", "a", second(30), second(10)).await, Ok(true));
    assert_eq!(store.claim("i", "a", second(30), second(29)).await, Ok(false));
}

#[tokio::test]
async fn a_damaged_row_is_an_error_and_not_somebody_else() {
    let store = SqliteStore::in_memory().unwrap();
    let write = |sql: &str| store.connection.lock().unwrap().execute_batch(sql).unwrap();
    write("INSERT INTO session (id, person, expires) VALUES ('s', 'not a person', 9000000)");
    write("INSERT INTO pending_login VALUES ('r', 'b', 'Not A Team', 9000000, 'corp')");
    let error = store.get(&SessionId("s".to_owned()), second(1)).await.unwrap_err();
    assert!(error.to_string().contains("cannot look up a session in the store"), "{error}");
    assert!(error.message.contains("`not a person` is not a directory user id"), "{error}");
    let error = store.take("r", second(1)).await.unwrap_err();
    assert!(error.message.contains("`Not A Team` is not a team key"), "{error}");
}

#[tokio::test]
async fn a_call_that_panics_changes_nothing_and_the_next_one_works() {
    let store = SqliteStore::in_memory().unwrap();
    let result: Result<(), _> = store
        .write("try", |transaction| {
            transaction.execute(
                "INSERT INTO session (id, person, expires) VALUES ('s', 'p', 9000000)",
                [],
            )?;
            panic!("in the middle");
        })
        .await;
    let message = result.unwrap_err().message;
    assert!(message.starts_with("the in-memory database: the call was not finished"), "{message}");
    assert_eq!(ask::<i64>(&store, "SELECT count(*) FROM session"), 0);
    let login = PendingLogin {
        request_id: "r".to_owned(),
        browser: "b".to_owned(),
        idp: IdpKey::parse("corp").unwrap(),
        team: None,
        expires: second(9),
    };
    store.begin(&login, second(1)).await.unwrap();
    assert_eq!(store.take("r", second(1)).await, Ok(Some(login)));
}

#[tokio::test]
async fn attempts_beyond_the_newest_are_gone_from_the_file() {
    let store = SqliteStore::in_memory().unwrap();
    for n in 0..ATTEMPTS_KEPT + 5 {
        let row = CheckRow { check: "size".into(), state: RowState::Passed, code: None };
        let attempt = Attempt {
            at: second(1),
            reference: n.to_string(),
            idp: None,
            person: None,
            accepted: false,
            code: "expired".into(),
            rows: vec![row],
        };
        store.record(&attempt).await.unwrap();
    }
    assert_eq!(ask::<u32>(&store, "SELECT count(*) FROM attempt"), ATTEMPTS_KEPT);
    assert_eq!(ask::<String>(&store, "SELECT reference FROM attempt ORDER BY id LIMIT 1"), "5");
}

#[test]
fn a_file_of_the_first_version_becomes_one_of_this() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &STEPS[..1]).unwrap();
    connection.execute_batch("INSERT INTO session VALUES ('s', 'p', 9000000)").unwrap();
    migrate(&mut connection, STEPS).unwrap();
    let left: u32 =
        connection.query_row("SELECT count(*) FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "a session that no log-out could find");
}

#[test]
fn sessions_of_which_nobody_knows_who_opened_them_end_with_the_version_that_asks() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &STEPS[..19]).unwrap();
    let open = "INSERT INTO session (id, person, begun, expires) VALUES ('s', 'p', 1, 9000000)";
    connection.execute_batch(open).unwrap();
    migrate(&mut connection, STEPS).unwrap();
    let left: u32 =
        connection.query_row("SELECT count(*) FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_damaged_secret_is_an_error_and_not_another_secret() {
    let store = SqliteStore::in_memory().unwrap();
    assert_eq!(store.get_or_create("k", [1; 32]).await, Ok([1; 32]));
    let short = store.connection.lock().unwrap().execute_batch("UPDATE secret SET value = x'00'");
    assert!(short.is_err());
}

fn batch(store: &SqliteStore, sql: &str) -> rusqlite::Result<()> {
    store.connection.lock().unwrap_or_else(PoisonError::into_inner).execute_batch(sql)
}

const FORGED: &str = "INSERT INTO audit (at, event, code, details) VALUES (1, 'e', 'c', '{}')";

async fn verdict(store: &SqliteStore) -> Verdict {
    let key = store.get_or_create(STORE_KEY, [0; 32]).await.unwrap();
    verify_log(store, &KeyRing::new(ChainKey::new(&key)), &[], &|_| {}).await.unwrap()
}

#[tokio::test]
async fn a_log_of_an_older_version_is_sealed_as_it_was_found() {
    let store = SqliteStore::in_memory().unwrap();
    for _ in 0..3 {
        batch(&store, FORGED).unwrap();
    }
    store.append(&entry("new")).await.unwrap();
    let verdict = verdict(&store).await;
    assert!(verdict.ok && verdict.entries == 5, "{verdict:?}");
    let newest = store.newest(5).await.unwrap();
    assert_eq!(newest[1].event, AuditEvent::AuditSealed);
    assert_eq!(newest[1].details["entries"], "3");
    assert_eq!(newest[4].actor, Actor::System);
}

#[tokio::test]
async fn a_row_that_somebody_else_put_there_is_never_sealed() {
    let store = SqliteStore::in_memory().unwrap();
    store.append(&entry("one")).await.unwrap();
    batch(&store, FORGED).unwrap();
    store.append(&entry("two")).await.unwrap();
    let verdict = verdict(&store).await;
    let bad: Vec<_> = verdict.bad.iter().map(|bad| (bad.seq, bad.fault)).collect();
    assert_eq!(bad, [(2, Fault::Unreadable)]);
    assert_eq!(ask::<i64>(&store, "SELECT count(*) FROM audit WHERE mac IS NULL"), 1);
}

#[tokio::test]
async fn what_was_sealed_is_neither_changed_nor_removed() {
    let store = SqliteStore::in_memory().unwrap();
    store.append(&entry("one")).await.unwrap();
    for sql in [
        "UPDATE audit SET code = 'x'",
        "UPDATE audit SET mac = x'00'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, at, event, code, details) VALUES (1, 1, 'e', 'c', '{}')",
    ] {
        let error = batch(&store, sql).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
}
