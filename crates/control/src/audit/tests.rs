//! Property tests: whatever is done to a log, verifying it finds out, and names the first entry.

use super::*;
use crate::ports::{Actor, AuditEntry, AuditEvent, ChainHead, ChainId, ChainRow, SealedEntry};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

fn main() -> ChainId {
    ChainId("main".to_owned())
}

fn keys() -> KeyRing {
    KeyRing::new(ChainKey::new(&[7; 32]))
}

fn entries() -> impl Strategy<Value = Vec<AuditEntry>> {
    let texts = || prop::collection::btree_map("[a-zé\u{1f600}]{1,3}", ".{0,6}", 0..3);
    let entry =
        (0_i64..1_000_000, "[a-z]{1,4}", ".{0,4}", texts(), texts(), prop::option::of(".{1,4}"));
    prop::collection::vec(entry, 2..20).prop_map(|all| {
        let made = all.into_iter().map(|(at, event, code, details, after, person)| AuditEntry {
            event,
            person,
            after,
            details,
            ..AuditEntry::new(Timestamp::from_microsecond(at).unwrap(), AuditEvent::SignIn, code)
        });
        made.collect()
    })
}

fn sealed(entries: Vec<AuditEntry>, chain: &ChainId, keys: &KeyRing) -> Vec<SealedEntry> {
    let mut head = Head::empty();
    let place = |entry: AuditEntry| {
        // As a store does that keeps copies by person.
        let place = entry.person.as_deref();
        let seal = seal_placed(&entry, chain, &mut head, keys.current(), place);
        SealedEntry { entry, seal }
    };
    entries.into_iter().map(place).collect()
}

/// Rows as a store has them: in order of the places, whatever the entries say of themselves.
fn rows(log: &[SealedEntry]) -> Vec<ChainRow> {
    log.iter().map(|one| ChainRow { seq: one.seal.seq, entry: Ok(one.clone()) }).collect()
}

fn verify(rows: &[ChainRow], checkpoints: &[Checkpoint]) -> Verdict {
    let keys = keys();
    let mut verification = Verification::new(&keys);
    for checkpoint in checkpoints {
        verification.anchor(checkpoint);
    }
    for row in rows {
        verification.take(&main(), row);
    }
    verification.finish()
}

fn checkpoint(log: &[SealedEntry]) -> Checkpoint {
    let last = log.last().unwrap();
    let head = ChainHead { chain: main(), seq: last.seal.seq, hash: last.seal.hash.clone() };
    Checkpoint::of(last.entry.at, vec![head], keys().current().id().to_owned())
}

/// Ways to change an entry, and what each is called.
fn tamper(entry: &mut SealedEntry, way: usize) {
    let SealedEntry { entry, seal } = entry;
    let flip = |text: &mut String| {
        let first = if text.starts_with('0') { '1' } else { '0' };
        text.replace_range(..1, &first.to_string());
    };
    match way {
        0 => entry.code.push('x'),
        1 => entry.event.push('x'),
        2 => entry.at += jiff::SignedDuration::from_micros(1),
        3 => entry.actor = Actor::CommandLine("mallory".to_owned()),
        4 => entry.person = Some("mallory".to_owned()),
        5 => entry.team = Some("fraud".to_owned()),
        6 => entry.change = Some("other".to_owned()),
        7 => drop(entry.before.insert("x".to_owned(), "y".to_owned())),
        8 => drop(entry.after.insert("zz".to_owned(), "y".to_owned())),
        9 => drop(entry.details.insert("zz".to_owned(), "y".to_owned())),
        10 => flip(&mut seal.prev),
        11 => flip(&mut seal.hash),
        12 => flip(&mut seal.mac),
        13 => seal.place = seal.place.is_none().then(|| "elsewhere".to_owned()),
        _ => flip(&mut seal.key),
    }
}

fn first_bad(verdict: &Verdict) -> Option<(u64, Fault)> {
    verdict.bad.first().map(|bad| (bad.seq, bad.fault))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_log_as_it_was_written_holds(log in entries()) {
        let log = sealed(log, &main(), &keys());
        let verdict = verify(&rows(&log), &[checkpoint(&log[..1]), checkpoint(&log)]);
        prop_assert!(verdict.ok, "{verdict:?}");
        prop_assert_eq!(verdict.entries, log.len() as u64);
        prop_assert_eq!(verdict.chains[0].anchored, Some(log.len() as u64));
    }

    #[test]
    fn a_change_of_anything_is_found_and_named(log in entries(), which: Index, way in 0_usize..15) {
        let mut log = sealed(log, &main(), &keys());
        let at = which.index(log.len());
        tamper(&mut log[at], way);
        let verdict = verify(&rows(&log), &[]);
        prop_assert!(!verdict.ok);
        prop_assert_eq!(verdict.bad[0].seq, at as u64 + 1);
    }

    #[test]
    fn an_entry_that_was_cut_out_is_named(log in entries(), which: Index) {
        let mut log = sealed(log, &main(), &keys());
        let before = checkpoint(&log);
        let at = which.index(log.len());
        log.remove(at);
        let last = at == log.len();
        let verdict = verify(&rows(&log), &[before]);
        let fault = if last { Fault::CutOff } else { Fault::Missing };
        prop_assert_eq!(first_bad(&verdict), Some((at as u64 + 1, fault)));
        // Only a checkpoint tells that the end is gone.
        prop_assert_eq!(verify(&rows(&log), &[]).ok, last);
    }

    #[test]
    fn a_head_or_a_tail_that_was_cut_off_is_found(log in entries(), which: Index) {
        let log = sealed(log, &main(), &keys());
        let cut = 1 + which.index(log.len() - 1);
        let anchors = [checkpoint(&log)];
        let (head, tail) = log.split_at(cut);
        prop_assert_eq!(first_bad(&verify(&rows(tail), &anchors)), Some((1, Fault::Missing)));
        let cut_off = Some((cut as u64 + 1, Fault::CutOff));
        prop_assert_eq!(first_bad(&verify(&rows(head), &anchors)), cut_off);
        prop_assert_eq!(first_bad(&verify(&[], &anchors)), Some((1, Fault::CutOff)));
    }

    #[test]
    fn two_entries_that_changed_places_are_found(log in entries(), a: Index, b: Index) {
        let log = sealed(log, &main(), &keys());
        let (a, b) = (a.index(log.len()), b.index(log.len()));
        prop_assume!(a != b);
        // In the other's place, or with the places swapped too, as the store's order shows it.
        let mut swapped = rows(&log);
        (swapped[a].entry, swapped[b].entry) = (swapped[b].entry.clone(), swapped[a].entry.clone());
        let first = a.min(b) as u64 + 1;
        prop_assert_eq!(first_bad(&verify(&swapped, &[])), Some((first, Fault::Misplaced)));
        let mut moved = rows(&log);
        moved.swap(a, b);
        prop_assert!(!verify(&moved, &[]).ok);
        // Numbered anew by whoever has no key.
        let mut renumbered = log.clone();
        renumbered.swap(a, b);
        for (place, one) in renumbered.iter_mut().enumerate() {
            one.seal.seq = place as u64 + 1;
        }
        let verdict = verify(&rows(&renumbered), &[]);
        prop_assert_eq!(first_bad(&verdict), Some((first, Fault::Changed)));
    }

    #[test]
    fn what_was_spliced_in_is_found(log in entries(), others in entries(), which: Index) {
        let log = sealed(log, &main(), &keys());
        let at = which.index(log.len());
        // Of a log with another key, of another chain, and of another log with the very same key.
        let strange = KeyRing::new(ChainKey::new(&[8; 32]));
        let chain = ChainId("other".to_owned());
        for (from, keys, chain) in [
            (Fault::UnknownKey, strange, main()),
            (Fault::Misplaced, keys(), chain),
            (Fault::Unlinked, keys(), main()),
        ] {
            let others = sealed(others.clone(), &chain, &keys);
            prop_assume!(others.len() > at && others[at].seal.hash != log[at].seal.hash);
            let mut spliced = rows(&log);
            spliced[at].entry = Ok(others[at].clone());
            let verdict = verify(&spliced, &[]);
            prop_assert!(!verdict.ok);
            let (seq, fault) = first_bad(&verdict).unwrap();
            prop_assert!((at as u64 + 1..=at as u64 + 2).contains(&seq), "{verdict:?}");
            // The first entry of another log follows the same nothing; the next one tells.
            prop_assert!(fault == from || fault == Fault::Unlinked, "{verdict:?}");
        }
    }

    #[test]
    fn a_log_written_anew_by_somebody_with_the_key_contradicts_a_checkpoint(
        log in entries(),
        which: Index,
    ) {
        let original = sealed(log.clone(), &main(), &keys());
        let at = which.index(log.len());
        let mut forged = log;
        forged[at].code.push_str("-forged");
        let forged = sealed(forged, &main(), &keys());
        prop_assert!(verify(&rows(&forged), &[]).ok);
        let verdict = verify(&rows(&forged), &[checkpoint(&original[..=at])]);
        prop_assert_eq!(first_bad(&verdict), Some((at as u64 + 1, Fault::NotAsAnchored)));
    }

    #[test]
    fn what_is_no_entry_is_named(log in entries(), which: Index) {
        let mut rows = rows(&sealed(log, &main(), &keys()));
        let at = which.index(rows.len());
        rows[at].entry = Err("its details are no JSON".to_owned());
        let verdict = verify(&rows, &[]);
        prop_assert_eq!(first_bad(&verdict), Some((at as u64 + 1, Fault::Unreadable)));
        prop_assert_eq!(verdict.bad.len(), 1);
    }

    #[test]
    fn a_beginning_may_be_gone_as_far_as_a_sealed_entry_says(log in entries(), which: Index) {
        let through = which.index(log.len()) as u64;
        let mut log = log;
        let last = log[0].at;
        log.push(AuditEntry::new(last, AuditEvent::AuditPruned, "audit-pruned").with("through.main", through));
        let log = sealed(log, &main(), &keys());
        let [told, untold] = [through, through + 1].map(|gone| {
            verify(&rows(&log[usize::try_from(gone).unwrap()..]), &[checkpoint(&log)])
        });
        prop_assert!(told.ok, "{told:?}");
        if usize::try_from(through).unwrap() + 1 < log.len() {
            prop_assert_eq!(first_bad(&untold), Some((through + 1, Fault::Missing)));
        }
    }
}

#[test]
fn an_entry_that_says_what_may_be_gone_is_believed_only_with_its_seal() {
    let at = Timestamp::UNIX_EPOCH;
    let log: Vec<AuditEntry> =
        (0..4).map(|n| AuditEntry::new(at, AuditEvent::SignIn, format!("{n}"))).collect();
    let mut log = sealed(log, &main(), &keys());
    let forged =
        AuditEntry::new(at, AuditEvent::AuditPruned, "audit-pruned").with("through.main", 2);
    log[3].entry = forged;
    let verdict = verify(&rows(&log[2..]), &[]);
    let found: Vec<(u64, Fault)> = verdict.bad.iter().map(|bad| (bad.seq, bad.fault)).collect();
    assert_eq!(found, [(1, Fault::Missing), (4, Fault::Changed)]);
    assert_eq!(
        verdict.bad[0].to_string(),
        "entry main/1: it is gone, and the log was not shortened up to it (and all up to 2)"
    );
}

#[test]
fn a_checkpoint_with_a_broken_signature_is_a_finding() {
    let keys = keys();
    let log = sealed(
        vec![AuditEntry::new(Timestamp::UNIX_EPOCH, AuditEvent::SignIn, "c")],
        &main(),
        &keys,
    );
    let mut verification = Verification::new(&keys);
    verification.bad_checkpoint(&checkpoint(&log));
    for row in &rows(&log) {
        verification.take(&main(), row);
    }
    assert_eq!(first_bad(&verification.finish()), Some((1, Fault::BadCheckpoint)));
}

/// What the public schema (OCSF 1.3.0) says of a class: its members that are required, and its
/// activities.
struct Class {
    uid: u64,
    required: &'static [&'static str],
    activities: std::ops::RangeInclusive<u64>,
}

const fn class(
    uid: u64,
    required: &'static [&'static str],
    activities: std::ops::RangeInclusive<u64>,
) -> Class {
    Class { uid, required, activities }
}

const CLASSES: [Class; 6] = [
    class(0, &[], 0..=0),
    class(3_001, &["user"], 0..=12),
    class(3_002, &["user"], 0..=7),
    class(3_004, &["entity"], 0..=4),
    class(3_005, &["user", "privileges"], 0..=2),
    class(6_003, &["actor", "api", "src_endpoint"], 0..=4),
];

/// Members that every class requires.
const BASE: [&str; 7] =
    ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];

/// Objects of the schema, by where they stand in an event: members that are required, and those of
/// which one must be there.
const OBJECTS: [(&str, &[&str], &[&str]); 10] = [
    ("/metadata", &["product", "version"], &[]),
    ("/metadata/product", &["vendor_name"], &[]),
    ("/actor", &[], &["process", "user", "invoked_by", "session"]),
    ("/actor/user", &[], &["account", "name", "uid"]),
    ("/user", &[], &["account", "name", "uid"]),
    ("/entity", &[], &["name", "uid", "device", "user", "group", "org"]),
    ("/api", &["operation"], &[]),
    ("/api/service", &[], &["name", "uid"]),
    ("/src_endpoint", &[], &["ip", "uid", "name", "hostname", "svc_name", "instance_uid"]),
    ("/service", &[], &["name", "uid"]),
];

/// What is wrong with an event by the schema.
fn faults(made: &serde_json::Value) -> Vec<String> {
    let mut faults = Vec::new();
    let uid = made["class_uid"].as_u64().unwrap();
    let Some(class) = CLASSES.iter().find(|class| class.uid == uid) else {
        return vec![format!("class {uid}")];
    };
    for name in BASE.iter().chain(class.required) {
        if made[*name].is_null() {
            faults.push(format!("no {name}"));
        }
    }
    let activity = made["activity_id"].as_u64().unwrap();
    if !class.activities.contains(&activity) && activity != 99 {
        faults.push(format!("activity {activity}"));
    }
    // Whoever says that it is something else says what.
    if activity == 99 && !made["activity_name"].is_string() {
        faults.push("no activity_name".to_owned());
    }
    for (at, required, some) in OBJECTS {
        let Some(object) = made.pointer(at).and_then(serde_json::Value::as_object) else {
            continue;
        };
        let has = |name: &&str| object.get(*name).is_some_and(|value| !value.is_null());
        faults
            .extend(required.iter().filter(|name| !has(name)).map(|name| format!("{at}: {name}")));
        if !some.is_empty() && !some.iter().any(has) {
            faults.push(format!("{at}: none of {some:?}"));
        }
    }
    let (status, severity) = (made["status_id"].as_u64(), made["severity_id"].as_u64());
    if !matches!(status, Some(0..=2 | 99)) || !matches!(severity, Some(0..=6 | 99)) {
        faults.push(format!("status {status:?}, severity {severity:?}"));
    }
    faults
}

#[test]
fn every_event_is_one_of_the_schema_that_it_names() {
    assert_eq!(OCSF_VERSION, "1.3.0");
    let mut classes = BTreeMap::new();
    let at = "2026-11-21T09:00:00.25Z".parse().unwrap();
    let person = access::ids::PersonId::parse("p-ana").unwrap();
    for event in AuditEvent::ALL {
        let bare = AuditEntry::new(at, *event, "some-code");
        let entry = bare.clone().about(&person).with("from", "192.0.2.1").with("request_id", "r");
        let full =
            AuditEntry { change: Some("c1".to_owned()), team: Some("fraud".into()), ..entry };
        for entry in [bare, full] {
            let [sealed] = sealed(vec![entry], &main(), &keys()).try_into().unwrap();
            let made = ocsf(&sealed);
            assert_eq!(faults(&made), [""; 0], "{event}: {made}");
            let class = made["class_uid"].as_u64().unwrap();
            assert_eq!(made["type_uid"], class * 100 + made["activity_id"].as_u64().unwrap());
            assert_eq!(made["category_uid"], class / 1_000);
            assert_eq!(made["time"], 1_795_251_600_250_i64);
            assert_eq!(made["metadata"]["version"], OCSF_VERSION);
            assert_eq!(made["metadata"]["product"]["vendor_name"], "Stagedoor");
            assert_eq!(made["metadata"]["uid"], "main/1");
            let change = sealed.entry.change.map_or(serde_json::Value::Null, Into::into);
            assert_eq!(made["metadata"]["correlation_uid"], change);
            assert_eq!(made["unmapped"]["seal"]["hash"], sealed.seal.hash);
            *classes.entry(class).or_insert(0) += 1;
        }
    }
    assert_eq!(classes.into_keys().collect::<Vec<_>>(), [0, 3_001, 3_002, 3_004, 3_005, 6_003]);
}

#[test]
fn what_the_schema_does_not_allow_is_found() {
    let at = "2026-11-21T09:00:00Z".parse().unwrap();
    let entry = AuditEntry::new(at, AuditEvent::OpenStudio, "opened");
    let [sealed] = sealed(vec![entry], &main(), &keys()).try_into().unwrap();
    let good = ocsf(&sealed);
    for (at, value, fault) in [
        ("/api", serde_json::Value::Null, "no api"),
        ("/activity_id", 77.into(), "activity 77"),
        ("/actor/user", serde_json::json!({}), "/actor/user: none of"),
        ("/api/operation", serde_json::Value::Null, "/api: operation"),
        ("/severity_id", 7.into(), "status Some(1), severity Some(7)"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(at).unwrap() = value;
        let found = faults(&bad);
        assert!(found.iter().any(|it| it.starts_with(fault)), "{at}: {found:?}");
    }
}
