//! Several connections and several processes on one file.

use access::ids::PersonId;
use control::audit::{ChainKey, Fault, KeyRing, verify_log};
use control::ports::{
    AuditFilter, AuditLog, ChangeId, Claims, Freeze, QueueStatus, ReplayCache, Switch, Ticket,
    WorkKey, WorkQueue,
};
use jiff::SignedDuration;
use rusqlite::Connection;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use store::SqliteStore;
use store_contract::audit::entry;
use store_contract::micros;

/// Names the file, or the folder, to the other process of a test.
const FILE: &str = "STORE_TEST_FILE";

/// How many assertions two processes race for.
const ASSERTIONS: usize = 150;

/// How many people two processes work on.
const PEOPLE: usize = 60;

/// How many new files several processes open at once.
const NEW_FILES: usize = 15;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Runs one ignored test of this binary as another process, with this file.
fn other_process(test: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("processes::{test}"), "--ignored", "--nocapture", "--quiet"])
        .env(FILE, file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The store that the parent named; none if this was started by hand.
fn store_of_parent() -> Option<SqliteStore> {
    std::env::var_os(FILE).map(|file| SqliteStore::open(file).unwrap())
}

/// Tells the parent something at once, past the test harness.
fn tell(line: &str) {
    writeln!(std::io::stdout().lock(), "\n> {line}").unwrap();
}

/// What the other process tells next.
fn told(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Option<String> {
    lines.find_map(|line| line.unwrap().strip_prefix("> ").map(str::to_owned))
}

#[test]
#[ignore = "the other process of `two_processes_share_the_claims_between_them`"]
fn claims_every_assertion() {
    let Some(store) = store_of_parent() else { return };
    tell("ready");
    std::io::stdin().read_exact(&mut [0]).unwrap();
    for n in 0..ASSERTIONS {
        if block_on(ReplayCache::claim(&store, "idp", &format!("a{n}"), micros(1_000), micros(10)))
            .unwrap()
        {
            tell(&n.to_string());
        }
    }
}

/// Two processes run this test of the other kind at once: what they tell, sorted.
fn race_of_two(test: &str, file: &Path) -> Vec<usize> {
    let mut racers = [(); 2].map(|()| other_process(test, file));
    let mut outputs =
        racers.each_mut().map(|racer| BufReader::new(racer.stdout.take().unwrap()).lines());
    for lines in &mut outputs {
        assert_eq!(told(lines).as_deref(), Some("ready"));
    }
    for racer in &mut racers {
        racer.stdin.take().unwrap().write_all(b"!").unwrap();
    }
    let mut won: Vec<usize> = Vec::new();
    for lines in &mut outputs {
        while let Some(n) = told(lines) {
            won.push(n.parse().unwrap());
        }
    }
    for racer in &mut racers {
        assert!(racer.wait().unwrap().success());
    }
    won.sort_unstable();
    won
}

#[test]
fn two_processes_share_the_claims_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let won = race_of_two("claims_every_assertion", &folder.path().join("state.sqlite"));
    assert_eq!(won, (0..ASSERTIONS).collect::<Vec<_>>(), "each assertion once");
}

fn person(n: usize) -> PersonId {
    PersonId::parse(n.to_string()).unwrap()
}

#[test]
#[ignore = "the other process of `two_processes_never_take_the_same_work`"]
fn takes_all_work() {
    let Some(store) = store_of_parent() else { return };
    tell("ready");
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let lease = SignedDuration::from_mins(1);
    loop {
        let work = block_on(store.take("me", micros(10), lease, 3)).unwrap();
        if work.is_empty() {
            break;
        }
        for work in work {
            let WorkKey::Person(person) = &work.lease.key else { panic!("{work:?}") };
            tell(person.as_str());
            block_on(store.done(&[work.lease])).unwrap();
        }
    }
}

#[test]
fn two_processes_never_take_the_same_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    let people = (0..PEOPLE).map(|n| WorkKey::Person(person(n))).collect();
    block_on(store.push(&people, micros(1))).unwrap();
    let taken = race_of_two("takes_all_work", &file);
    assert_eq!(taken, (0..PEOPLE).collect::<Vec<_>>(), "each once");
    assert_eq!(block_on(store.status(micros(10))), Ok(QueueStatus::default()));
}

#[test]
#[ignore = "the other process of `two_processes_never_work_on_the_same_person`"]
fn claims_everybody() {
    let Some(store) = store_of_parent() else { return };
    let me = ChangeId::new(micros(1), [u8::try_from(std::process::id() % 251).unwrap(); 32]);
    tell("ready");
    std::io::stdin().read_exact(&mut [0]).unwrap();
    // Both began to read before either of them acted.
    let ticket = Ticket { number: 0, at: micros(1) };
    for first in (0..PEOPLE).step_by(10) {
        let ten = (first..first + 10).map(person).collect();
        let hold = SignedDuration::from_mins(1);
        let claimed =
            block_on(Claims::claim(&store, &me, &ten, &ticket, micros(10), hold)).unwrap();
        for person in &claimed.people {
            tell(person.as_str());
        }
        block_on(Claims::release(&store, &me, micros(10))).unwrap();
    }
}

#[test]
fn two_processes_never_work_on_the_same_person() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    drop(SqliteStore::open(&file).unwrap());
    let claimed = race_of_two("claims_everybody", &file);
    assert_eq!(claimed, (0..PEOPLE).collect::<Vec<_>>(), "each by one");
}

#[test]
#[ignore = "the other process of `a_freeze_holds_for_every_process`"]
fn freezes() {
    let Some(store) = store_of_parent() else { return };
    let freeze = Freeze { by: "ana".into(), reason: "an audit".into(), at: micros(7) };
    assert_eq!(block_on(store.freeze(&freeze)), Ok(None));
}

#[test]
fn a_freeze_holds_for_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    assert_eq!(block_on(store.frozen()), Ok(None));
    assert!(other_process("freezes", &file).wait().unwrap().success());
    assert_eq!(block_on(store.frozen()).unwrap().unwrap().reason, "an audit");
}

#[test]
#[ignore = "the other process of `what_was_confirmed_before_a_kill_is_there_after_it`"]
fn writes_until_it_is_killed() {
    let Some(store) = store_of_parent() else { return };
    for at in 0.. {
        block_on(store.append(&entry(at, "ok"))).unwrap();
        tell(&at.to_string());
    }
}

#[test]
fn what_was_confirmed_before_a_kill_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let mut writer = other_process("writes_until_it_is_killed", &file);
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    for at in 0..30 {
        assert_eq!(told(&mut lines), Some(at.to_string()));
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    let mut confirmed = 29;
    while let Some(at) = told(&mut lines) {
        confirmed = at.parse().unwrap();
    }

    let store = SqliteStore::open(&file).unwrap();
    let found: Vec<i64> =
        block_on(store.newest(u32::MAX)).unwrap().iter().map(|e| e.at.as_microsecond()).collect();
    // One more may have been written and not yet told.
    let newest = *found.first().unwrap();
    assert!((confirmed..=confirmed + 1).contains(&newest), "{newest} after {confirmed}");
    assert_eq!(found, (0..=newest).rev().collect::<Vec<_>>());
}

#[test]
fn threads_that_open_a_new_file_at_once_all_get_a_store() {
    const OPENERS: usize = 8;
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.sqlite");
        let start = Barrier::new(OPENERS);
        let open_and_claim = || {
            start.wait();
            let store = SqliteStore::open(&file).unwrap();
            block_on(ReplayCache::claim(&store, "idp", "a1", micros(1_000), micros(10))).unwrap()
        };
        let claims: Vec<bool> = std::thread::scope(|scope| {
            let openers: Vec<_> = (0..OPENERS).map(|_| scope.spawn(open_and_claim)).collect();
            openers.into_iter().map(|opener| opener.join().unwrap()).collect()
        });
        assert_eq!(claims.into_iter().filter(|won| *won).count(), 1);
    }
}

#[test]
#[ignore = "the other process of `processes_that_open_a_new_file_at_once_all_get_a_store`"]
fn opens_each_new_file() {
    let Some(folder) = std::env::var_os(FILE) else { return };
    for n in 0..NEW_FILES {
        tell("ready");
        std::io::stdin().read_exact(&mut [0]).unwrap();
        let store = SqliteStore::open(Path::new(&folder).join(n.to_string())).unwrap();
        let won =
            block_on(ReplayCache::claim(&store, "idp", "a1", micros(1_000), micros(10))).unwrap();
        tell(&won.to_string());
    }
}

#[test]
fn processes_that_open_a_new_file_at_once_all_get_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut openers = [(); 4].map(|()| other_process("opens_each_new_file", folder.path()));
    let mut outputs = openers.each_mut().map(|opener| {
        (opener.stdin.take().unwrap(), BufReader::new(opener.stdout.take().unwrap()).lines())
    });
    for n in 0..NEW_FILES {
        for (_, lines) in &mut outputs {
            assert_eq!(told(lines).as_deref(), Some("ready"));
        }
        for (start, _) in &mut outputs {
            start.write_all(b"!").unwrap();
        }
        let answers = outputs.each_mut().map(|(_, lines)| told(lines).unwrap());
        assert_eq!(answers.iter().filter(|won| *won == "true").count(), 1, "{n}: {answers:?}");
    }
    for opener in &mut openers {
        assert!(opener.wait().unwrap().success());
    }
}

#[test]
fn a_write_that_was_under_way_elsewhere_is_not_seen_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    block_on(store.append(&entry(1, "ok"))).unwrap();
    let mut other = Connection::open(&file).unwrap();
    let half = other.transaction().unwrap();
    half.execute(
        "INSERT INTO audit (id, at, event, code, details) VALUES (2, 2, 'sign-in', 'half', '{}')",
        [],
    )
    .unwrap();
    assert_eq!(block_on(store.newest(9)), Ok(vec![entry(1, "ok")]));
    drop(half);
    block_on(store.append(&entry(3, "ok"))).unwrap();
    assert_eq!(block_on(store.newest(9)), Ok(vec![entry(3, "ok"), entry(1, "ok")]));
}

/// Also without a key, by whoever can write the file.
#[test]
fn what_stands_before_the_first_entry_is_shown_to_nobody_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let keys = KeyRing::new(ChainKey::new(&[1; 32]));
    let store = SqliteStore::open(&file).unwrap().sealed_by(keys.clone());
    block_on(store.append(&entry(1, "ok"))).unwrap();
    let other = Connection::open(&file).unwrap();
    for id in [0, -5] {
        let forged = "INSERT INTO audit (id, at, event, code, person, details)
                      VALUES (?1, 1, 'sign-in', 'forged', 'ana', '{}')";
        other.execute(forged, [id]).unwrap();
    }
    let ana = PersonId::parse("ana").unwrap();
    assert_eq!(block_on(store.newest(9)), Ok(vec![entry(1, "ok")]));
    assert_eq!(block_on(store.of_person(&ana, 9)), Ok(vec![]));
    let page = block_on(store.page(&AuditFilter::default(), None, 9)).unwrap();
    assert_eq!(page.items.into_iter().map(|one| one.entry).collect::<Vec<_>>(), [entry(1, "ok")]);
    let verdict = block_on(verify_log(&store, &keys, &[], &|_| {})).unwrap();
    let bad: Vec<(u64, Fault)> = verdict.bad.iter().map(|bad| (bad.seq, bad.fault)).collect();
    assert_eq!(bad, [(0, Fault::Misplaced), (0, Fault::Misplaced)]);
}
