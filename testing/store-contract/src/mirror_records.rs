//! [`MirrorRecords`].

use crate::race::micros;
use access::check::Violation;
use access::mirror::MirrorCount;
use access::reason::ReasonCode;
use control::meter::{MirrorSeen, PassOutcome};
use control::mirror::{MirrorLoss, MirrorReading};
use control::ports::MirrorRecords;
use std::collections::BTreeMap;

fn reading(taken: usize) -> MirrorReading {
    let loss = |n: usize| MirrorLoss {
        group: Some(format!("ml-{n:0>90}")),
        user: (n > 0).then(|| "ana \"\u{1F600}\"".to_owned()),
        deleted: n == 0,
        reason: ReasonCode::NoGrant,
    };
    MirrorReading {
        at: micros(7),
        place: "identity store d-1234567890".into(),
        planned: taken + 3,
        count: MirrorCount { taken, owned: 5_000, limit: 2 },
        before: 1,
        losses: (0..taken).map(loss).collect(),
        losses_besides: 9,
        removals: Some("ab12".into()),
        violations: vec![Violation {
            code: ReasonCode::GuardTripped,
            message: format!("{taken} of 5000"),
        }],
    }
}

fn seen(outcome: PassOutcome) -> MirrorSeen {
    MirrorSeen {
        at: micros(20),
        outcome,
        settled: Some(micros(10)),
        unsettled_since: None,
        refused: vec!["too many".into()],
        failed: Some("no".into()),
        failed_besides: 2,
        not_mirrored: Some(BTreeMap::from([(ReasonCode::MirrorNameHeld, 4)])),
    }
}

pub async fn what_a_run_planned_comes_back_and_replaces_the_one_before(store: &impl MirrorRecords) {
    assert_eq!(store.mirror_reading().await, Ok(None));
    // As much as is kept of a large one.
    for reading in [reading(900), reading(1), MirrorReading { removals: None, ..reading(0) }] {
        store.keep_mirror_reading(&reading).await.unwrap();
        assert_eq!(store.mirror_reading().await, Ok(Some(reading)));
    }
}

pub async fn what_a_run_came_to_is_kept_apart_from_what_it_planned(store: &impl MirrorRecords) {
    assert_eq!(store.mirror_seen().await, Ok(None));
    store.keep_mirror_reading(&reading(1)).await.unwrap();
    assert_eq!(store.mirror_seen().await, Ok(None));
    let outcomes = [
        PassOutcome::Settled,
        PassOutcome::Unfinished,
        PassOutcome::Failed,
        PassOutcome::Refused,
        PassOutcome::Halted,
        PassOutcome::Panicked,
    ];
    for outcome in outcomes {
        store.keep_mirror_seen(&seen(outcome)).await.unwrap();
        assert_eq!(store.mirror_seen().await, Ok(Some(seen(outcome))));
    }
    assert_eq!(store.mirror_reading().await, Ok(Some(reading(1))));
}
