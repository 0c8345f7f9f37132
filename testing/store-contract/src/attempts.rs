//! [`Attempts`].

use crate::race::{RACERS, micros, race};
use access::ids::{IdpKey, PersonId};
use control::ports::{ATTEMPTS_KEPT, Attempt, Attempts, CheckRow, RowState};
use std::sync::Arc;

fn attempt(reference: &str) -> Attempt {
    let row = |check: &str, state, code: Option<&str>| CheckRow {
        check: check.into(),
        state,
        code: code.map(Into::into),
    };
    Attempt {
        at: micros(10),
        reference: reference.into(),
        idp: IdpKey::parse("corp").ok(),
        person: PersonId::parse("ana").ok(),
        accepted: false,
        code: "replayed".into(),
        rows: vec![
            row("size", RowState::Passed, None),
            row("replay", RowState::Failed, Some("replayed")),
            row("person", RowState::NotRun, None),
        ],
    }
}

pub async fn attempts_come_back_as_kept_newest_first(attempts: &impl Attempts) {
    let stranger = Attempt { idp: None, person: None, accepted: true, ..attempt("second") };
    attempts.record(&attempt("first")).await.unwrap();
    attempts.record(&stranger).await.unwrap();
    let all = vec![stranger.clone(), attempt("first")];
    assert_eq!(attempts.newest_attempts(9).await, Ok(all));
    assert_eq!(attempts.newest_attempts(1).await, Ok(vec![stranger]));
    assert_eq!(attempts.newest_attempts(0).await, Ok(vec![]));
}

pub async fn only_so_many_attempts_are_kept(attempts: &impl Attempts) {
    for n in 0..ATTEMPTS_KEPT + 3 {
        attempts.record(&attempt(&n.to_string())).await.unwrap();
    }
    let kept = attempts.newest_attempts(u32::MAX).await.unwrap();
    assert_eq!(kept.len(), ATTEMPTS_KEPT as usize);
    assert_eq!(kept.last().unwrap().reference, "3");
}

pub async fn racing_attempts_are_all_kept(attempts: Arc<impl Attempts + 'static>) {
    let written = race(|| {
        let attempts = Arc::clone(&attempts);
        async move { attempts.record(&attempt("same")).await.is_ok() }
    });
    assert_eq!(written.await, RACERS);
    assert_eq!(attempts.newest_attempts(1_000).await.unwrap().len(), RACERS);
}
