//! [`AuditLog`], as its export shows it: whatever is done to the file, verifying it finds out.

use crate::audit::entry;
use crate::race::micros;
use access::ids::PersonId;
use control::audit::{
    ChainKey, Checkpoint, ExportCursor, ExportForm, Head, KeyRing, STORE_KEY, Verification, export,
    json_line, seal,
};
use control::ports::{Actor, AuditFilter, AuditLog, ChainId, SealedEntry, Secrets};

/// So many entries the logs of these tests have.
const ENTRIES: i64 = 9;

/// An export of a log, with what it is verified by.
struct Exported {
    lines: Vec<String>,
    keys: KeyRing,
    checkpoint: Checkpoint,
    chain: ChainId,
}

impl Exported {
    /// Of a fresh log that gets some entries.
    async fn of(log: &(impl AuditLog + Secrets)) -> Self {
        for at in 0..ENTRIES {
            let made = entry(at, "ok").by(Actor::CommandLine("ana".to_owned()));
            let made = made.about(&PersonId::parse("p-ana").unwrap());
            let made = made.changing("role", Some("a"), Some("b\"\u{e9}\n"));
            log.append(&made.with("n", at)).await.unwrap();
        }
        let key = log.get_or_create(STORE_KEY, [0; 32]).await.unwrap();
        let keys = KeyRing::new(ChainKey::new(&key));
        let heads = log.chains().await.unwrap();
        let chain = heads[0].chain.clone();
        let checkpoint = Checkpoint::of(micros(100), heads, keys.current().id().to_owned());
        let mut lines = Vec::new();
        let mut after: Option<ExportCursor> = None;
        loop {
            let (filter, form) = (AuditFilter::default(), ExportForm::JsonLines);
            let part = export(log, &filter, form, after.as_ref(), 4).await.unwrap();
            assert!(part.entries <= 4 && part.unreadable.is_empty(), "{part:?}");
            lines.extend(part.lines.lines().map(str::to_owned));
            after = part.next;
            if after.is_none() {
                break;
            }
        }
        Self { lines, keys, checkpoint, chain }
    }

    /// Whether verifying these lines finds nothing; `anchored`: held against the checkpoint too.
    fn holds(&self, lines: &[String], anchored: bool) -> bool {
        let mut verification = Verification::new(&self.keys);
        if anchored {
            verification.anchor(&self.checkpoint);
        }
        lines.iter().all(|line| verification.take_line(line).is_ok()) && verification.finish().ok
    }

    /// Lines of another log with the same key and, if wanted, the same chain.
    fn others(&self, chain: &ChainId) -> Vec<String> {
        let mut head = Head::empty();
        let made = (0..ENTRIES).map(|at| {
            let entry = entry(at, "another");
            let seal = seal(&entry, chain, &mut head, self.keys.current());
            json_line(&SealedEntry { entry, seal })
        });
        made.collect()
    }
}

pub async fn the_parts_of_an_export_are_the_log_and_hold(log: &(impl AuditLog + Secrets)) {
    let exported = Exported::of(log).await;
    assert_eq!(exported.lines.len(), 9);
    assert!(exported.holds(&exported.lines, false));
    assert!(exported.holds(&exported.lines, true));
}

pub async fn an_export_that_was_tampered_with_is_found_wherever_it_was(
    log: &(impl AuditLog + Secrets),
) {
    let exported = Exported::of(log).await;
    // The first, one in the middle and the last: every letter of them.
    for at in [0, 4, 8] {
        let line = &exported.lines[at];
        for (place, letter) in line.char_indices() {
            let other = if letter == 'x' { "y" } else { "x" };
            let mut lines = exported.lines.clone();
            lines[at].replace_range(place..place + letter.len_utf8(), other);
            assert!(!exported.holds(&lines, false), "line {at}, letter {place}: {}", lines[at]);
        }
        let mut lines = exported.lines.clone();
        lines[at].replace_range(..1, "{\"forged\":true,");
        assert!(!exported.holds(&lines, false), "{}", lines[at]);
    }
}

pub async fn an_export_that_was_cut_is_found_wherever_it_was(log: &(impl AuditLog + Secrets)) {
    let exported = Exported::of(log).await;
    let last = exported.lines.len() - 1;
    for from in 0..=last {
        for to in from..=last {
            let mut lines = exported.lines.clone();
            lines.drain(from..=to);
            assert!(!exported.holds(&lines, true), "without {from} to {to}");
            // Only a checkpoint tells that the end is gone.
            assert_eq!(exported.holds(&lines, false), to == last, "without {from} to {to}");
        }
    }
}

pub async fn an_export_in_another_order_is_found(log: &(impl AuditLog + Secrets)) {
    let exported = Exported::of(log).await;
    for a in 0..exported.lines.len() {
        for b in a + 1..exported.lines.len() {
            let mut lines = exported.lines.clone();
            lines.swap(a, b);
            assert!(!exported.holds(&lines, false), "{a} and {b} changed places");
        }
    }
}

pub async fn an_export_with_entries_of_another_log_is_found(log: &(impl AuditLog + Secrets)) {
    let exported = Exported::of(log).await;
    let chains = [exported.chain.clone(), ChainId("another".to_owned())];
    for (others, same) in chains.into_iter().map(|chain| (exported.others(&chain), chain)) {
        for (at, other) in others.iter().enumerate() {
            let mut lines = exported.lines.clone();
            lines[at].clone_from(other);
            assert!(!exported.holds(&lines, true), "{same}: one for {at}");
            let mut lines = exported.lines.clone();
            lines.insert(at, other.clone());
            // A chain of its own, from its first entry on, is what no checkpoint was taken of yet.
            let is_another = same != exported.chain && at == 0;
            assert_eq!(exported.holds(&lines, true), is_another, "{same}: one before {at}");
            let mut lines = exported.lines.clone();
            lines.insert(at, exported.lines[at].clone());
            assert!(!exported.holds(&lines, true), "{at} twice");
        }
    }
}
