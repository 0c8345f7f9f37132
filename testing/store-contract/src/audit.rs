//! [`AuditLog`].

use crate::race::{RACERS, micros, race};
use access::ids::PersonId;
use control::audit::{
    ChainKey, Checkpoint, Fault, KeyRing, STORE_KEY, Taking, Verdict, prune, take_checkpoint,
    verify_log,
};
use control::ports::{
    Actor, AuditEntry, AuditEvent, AuditFilter, AuditLog, ChangeId, SealedEntry, Secrets,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry with this code.
pub fn entry(at: i64, code: &str) -> AuditEntry {
    AuditEntry::new(micros(at), AuditEvent::SignIn, code)
}

pub async fn entries_come_back_as_written_in_the_order_of_writing(log: &impl AuditLog) {
    let full = AuditEntry {
        person: Some("ana".to_owned()),
        team: Some("fraud".to_owned()),
        details: BTreeMap::from([
            ("profile".to_owned(), "ana--fraud".to_owned()),
            ("why".to_owned(), "\"Grüße\"\n'; DROP TABLE audit; --\0".to_owned()),
        ]),
        ..entry(20, "ok")
    };
    assert_eq!(log.newest(10).await, Ok(vec![]));
    log.append(&full).await.unwrap();
    // A clock that was set back does not reorder the log; neither do twins vanish.
    log.append(&entry(-5, "earlier")).await.unwrap();
    log.append(&entry(-5, "earlier")).await.unwrap();
    let all = vec![entry(-5, "earlier"), entry(-5, "earlier"), full];
    assert_eq!(log.newest(10).await, Ok(all));
}

pub async fn only_the_newest_are_given(log: &impl AuditLog) {
    for (at, code) in [(1, "one"), (2, "two"), (3, "three")] {
        log.append(&entry(at, code)).await.unwrap();
    }
    assert_eq!(log.newest(2).await, Ok(vec![entry(3, "three"), entry(2, "two")]));
    assert_eq!(log.newest(0).await, Ok(vec![]));
    assert_eq!(log.newest(u32::MAX).await.unwrap().len(), 3);
}

pub async fn racing_entries_are_all_kept(log: Arc<impl AuditLog + 'static>) {
    let written = race(|| {
        let log = Arc::clone(&log);
        async move { log.append(&entry(1, "race")).await.is_ok() }
    });
    assert_eq!(written.await, RACERS);
    assert_eq!(log.newest(1_000).await, Ok(vec![entry(1, "race"); RACERS]));
}

pub async fn the_entries_of_many_days_are_one_log(log: &impl AuditLog) {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    let codes: Vec<String> = (0..40).map(|day| format!("day {day}")).collect();
    for (day, code) in codes.iter().enumerate() {
        let at = DAY * i64::try_from(day).unwrap();
        log.append(&entry(at, code)).await.unwrap();
        log.append(&entry(at + 1, code)).await.unwrap();
    }
    let newest = log.newest(5).await.unwrap();
    let told: Vec<&str> = newest.iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(told, ["day 39", "day 39", "day 38", "day 38", "day 37"]);
    assert_eq!(log.newest(1_000).await.unwrap().len(), 80);
}

pub async fn racing_entries_about_a_person_are_all_kept(log: Arc<impl AuditLog + 'static>) {
    let written = race(|| {
        let log = Arc::clone(&log);
        let about = AuditEntry { person: Some("ana".to_owned()), ..entry(1, "race") };
        async move { log.append(&about).await.is_ok() }
    });
    assert_eq!(written.await, RACERS);
    let ana = PersonId::parse("ana").unwrap();
    assert_eq!(log.of_person(&ana, 1_000).await.unwrap().len(), RACERS);
    assert_eq!(log.newest(1_000).await.unwrap().len(), RACERS);
}

async fn keys(log: &impl Secrets) -> KeyRing {
    KeyRing::new(ChainKey::new(&log.get_or_create(STORE_KEY, [0; 32]).await.unwrap()))
}

async fn verified(log: &(impl AuditLog + Secrets), anchors: &[(Checkpoint, bool)]) -> Verdict {
    verify_log(log, &keys(log).await, anchors, &|_| {}).await.unwrap()
}

/// Every entry, newest first, page by page.
async fn all_pages(log: &impl AuditLog, filter: &AuditFilter, limit: u32) -> Vec<SealedEntry> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = log.page(filter, cursor.as_deref(), limit).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

pub async fn entries_come_back_whole_in_the_order_of_their_chain(log: &(impl AuditLog + Secrets)) {
    assert!(verified(log, &[]).await.ok);
    let change = ChangeId::new(micros(0), [1; 32]);
    let mut written = Vec::new();
    for at in 0..7 {
        let entry = entry(at, "ok")
            .by(Actor::CommandLine("ana".to_owned()))
            .within(&change)
            .changing("role", Some("a"), Some("b"))
            .with("n", at);
        log.append(&entry).await.unwrap();
        written.push(entry);
    }
    let heads = log.chains().await.unwrap();
    let [head] = heads.as_slice() else { panic!("one writer, one chain: {heads:?}") };
    assert_eq!(head.seq, 7);
    let first = log.chain(&head.chain, 0, 4).await.unwrap();
    let rest = log.chain(&head.chain, 4, 100).await.unwrap();
    let rows = first.iter().chain(&rest);
    let read: Vec<AuditEntry> = rows.map(|row| row.entry.clone().unwrap().entry).collect();
    assert_eq!((first.len(), read), (4, written));
    let verdict = verified(log, &[]).await;
    assert!(verdict.ok && verdict.entries == 7, "{verdict:?}");
}

pub async fn racing_entries_are_sealed_into_chains_that_hold(
    log: Arc<impl AuditLog + Secrets + 'static>,
) {
    for _ in 0..3 {
        let written = race(|| {
            let log = Arc::clone(&log);
            let about = AuditEntry { person: Some("ana".to_owned()), ..entry(1, "race") };
            async move { log.append(&about).await.is_ok() }
        });
        assert_eq!(written.await, RACERS);
    }
    let verdict = verified(&*log, &[]).await;
    assert!(verdict.ok && verdict.entries == 3 * RACERS as u64, "{verdict:?}");
}

pub async fn pages_hold_what_the_filter_admits_newest_first(log: &impl AuditLog) {
    let change = ChangeId::new(micros(0), [2; 32]);
    for at in 0..20 {
        let made = entry(at, if at % 2 == 0 { "even" } else { "odd" });
        let made = if at % 3 == 0 { made.by(Actor::Token("ci".to_owned())) } else { made };
        let made = if at % 5 == 0 { made.within(&change) } else { made };
        let person = (at % 4 == 0).then(|| "ana".to_owned());
        let made =
            if at % 6 == 1 { made.with("reference", format!("0a1b2c3d{at:02}")) } else { made };
        let team = (at > 9).then(|| "fraud".to_owned());
        log.append(&AuditEntry { person, team, ..made }).await.unwrap();
    }
    let text = |text: &str| Some(text.to_owned());
    let no = AuditFilter::default;
    for (filter, expected) in [
        (no(), (0..20).rev().collect::<Vec<i64>>()),
        (AuditFilter { code: text("odd"), ..no() }, vec![19, 17, 15, 13, 11, 9, 7, 5, 3, 1]),
        (AuditFilter { from: Some(micros(17)), ..no() }, vec![19, 18, 17]),
        (AuditFilter { until: Some(micros(3)), ..no() }, vec![2, 1, 0]),
        (AuditFilter { from: Some(micros(5)), until: Some(micros(8)), ..no() }, vec![7, 6, 5]),
        (AuditFilter { person: text("ana"), ..no() }, vec![16, 12, 8, 4, 0]),
        (AuditFilter { person: text("ana"), team: text("fraud"), ..no() }, vec![16, 12]),
        (AuditFilter { person: text("bob"), ..no() }, vec![]),
        (
            AuditFilter { actor: Some(Actor::Token("ci".to_owned())), ..no() },
            vec![18, 15, 12, 9, 6, 3, 0],
        ),
        (AuditFilter { change: text(change.as_str()), ..no() }, vec![15, 10, 5, 0]),
        (AuditFilter { reference: text("0a1b2c3d13"), ..no() }, vec![13]),
        (AuditFilter { reference: text("0a1b2c3d1"), ..no() }, vec![]),
        (AuditFilter { event: text("sign-out"), ..no() }, vec![]),
    ] {
        for limit in [1, 3, 100] {
            let found = all_pages(log, &filter, limit).await;
            let times: Vec<i64> = found.iter().map(|one| one.entry.at.as_microsecond()).collect();
            assert_eq!(times, expected, "{filter:?} by {limit}");
        }
    }
    assert!(log.page(&no(), Some("no cursor"), 1).await.is_err());
}

pub async fn pages_leave_nothing_out_where_times_of_a_chain_do_not_rise(log: &impl AuditLog) {
    const MINUTE: i64 = 60_000_000;
    // What began first may be written last, up to an hour later.
    let minutes = [0, 100, 45, 130, 75, 220, 165, 180, 300, 250, 310, 420, 365, 500];
    for minute in minutes {
        log.append(&entry(minute * MINUTE, "out-of-order")).await.unwrap();
    }
    let no = AuditFilter::default;
    for edge in [45, 60, 100, 170, 250, 305, 400] {
        let (edge, later) = (edge * MINUTE, (edge + 90) * MINUTE);
        for (filter, from, until) in [
            (AuditFilter { from: Some(micros(edge)), ..no() }, edge, i64::MAX),
            (AuditFilter { until: Some(micros(edge)), ..no() }, i64::MIN, edge),
            (
                AuditFilter { from: Some(micros(edge)), until: Some(micros(later)), ..no() },
                edge,
                later,
            ),
        ] {
            let times = minutes.iter().rev().map(|minute| minute * MINUTE);
            let expected: Vec<i64> = times.filter(|at| (from..until).contains(at)).collect();
            let found = all_pages(log, &filter, 100).await;
            let times: Vec<i64> = found.iter().map(|one| one.entry.at.as_microsecond()).collect();
            assert_eq!(times, expected, "{filter:?}");
        }
    }
}

pub async fn a_beginning_goes_as_far_as_a_checkpoint_and_the_rest_holds(
    log: &(impl AuditLog + Secrets),
) {
    for at in 0..10 {
        let person = (at % 2 == 0).then(|| "ana".to_owned());
        log.append(&AuditEntry { person, ..entry(at, "old") }).await.unwrap();
    }
    let keys = keys(log).await;
    let taking = Taking { at: micros(10), actor: Actor::System, accepted: None };
    let kept = take_checkpoint(log, &keys, None, taking).await.unwrap();
    for at in 11..15 {
        log.append(&entry(at, "new")).await.unwrap();
    }
    // All but the last that the checkpoint knows is old.
    let now = micros(100);
    let retention = SignedDuration::from_micros(87);
    let pruned = prune(log, &kept, retention, now, Actor::System).await.unwrap();
    assert_eq!(pruned.entries, 9);
    let again = prune(log, &kept, retention, now, Actor::System).await.unwrap();
    assert_eq!(again.entries, 0);
    let anchors = [(kept.clone(), true)];
    let verdict = verified(log, &anchors).await;
    assert!(verdict.ok, "{verdict:?}");
    // The last old one, the checkpoint's own entry, four new ones, and that the rest is gone.
    assert_eq!(verdict.entries, 7);
    let left = all_pages(log, &AuditFilter::default(), 100).await;
    assert_eq!(left.first().unwrap().entry.event, AuditEvent::AuditPruned);
    assert_eq!(left.last().unwrap().entry.at, micros(9));
    let ana = PersonId::parse("ana").unwrap();
    assert_eq!(log.of_person(&ana, 100).await, Ok(vec![]));
    // Without being written down it would be a cut.
    let head = log.chains().await.unwrap().remove(0);
    log.forget(&head.chain, head.seq - 2).await.unwrap();
    let verdict = verified(log, &anchors).await;
    assert_eq!(verdict.bad.first().map(|bad| (bad.seq, bad.fault)), Some((10, Fault::Missing)));
    // The end is never forgotten: the next entry follows it.
    log.forget(&head.chain, u64::MAX).await.unwrap();
    log.append(&entry(200, "next")).await.unwrap();
    let heads = log.chains().await.unwrap();
    assert_eq!(heads.iter().map(|head| head.seq).max(), Some(head.seq + 1));
}
