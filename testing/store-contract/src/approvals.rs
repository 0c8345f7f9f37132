//! [`Approvals`].

use crate::race::{micros, race};
use control::ports::{Approval, Approvals};
use std::sync::Arc;

fn approval(removals: &str, until: i64) -> Approval {
    Approval {
        removals: removals.into(),
        number: 7,
        by: "person:ana".into(),
        why: Some("the team moves".into()),
        at: micros(10),
        until: micros(until),
    }
}

pub async fn an_approval_is_taken_as_it_was_given_and_once(store: &impl Approvals) {
    assert_eq!(store.take_approval("a", micros(10)).await, Ok(None));
    store.approve(&approval("a", 100)).await.unwrap();
    store.approve(&approval("b", 100)).await.unwrap();
    assert_eq!(store.take_approval("c", micros(10)).await, Ok(None));
    assert_eq!(store.take_approval("a", micros(10)).await, Ok(Some(approval("a", 100))));
    assert_eq!(store.take_approval("a", micros(10)).await, Ok(None));
    assert_eq!(store.approvals(micros(10)).await, Ok(vec![approval("b", 100)]));
}

pub async fn an_approval_lapses_at_its_end(store: &impl Approvals) {
    store.approve(&approval("a", 100)).await.unwrap();
    assert_eq!(store.approvals(micros(99)).await, Ok(vec![approval("a", 100)]));
    assert_eq!(store.approvals(micros(100)).await, Ok(vec![]));
    assert_eq!(store.take_approval("a", micros(100)).await, Ok(None));
}

pub async fn who_agrees_again_prolongs_it(store: &impl Approvals) {
    store.approve(&approval("a", 100)).await.unwrap();
    let later = Approval { by: "person:eva".into(), why: None, ..approval("a", 200) };
    store.approve(&later).await.unwrap();
    assert_eq!(store.approvals(micros(150)).await, Ok(vec![later]));
}

pub async fn what_was_taken_stays_so_when_it_is_kept_once_more(store: &impl Approvals) {
    store.approve(&approval("a", 100)).await.unwrap();
    store.approve(&approval("a", 100)).await.unwrap();
    assert_eq!(store.take_approval("a", micros(11)).await, Ok(Some(approval("a", 100))));
    store.approve(&approval("a", 100)).await.unwrap();
    assert_eq!(store.approvals(micros(12)).await, Ok(vec![]));
    assert_eq!(store.take_approval("a", micros(12)).await, Ok(None));
    // Whoever agrees anew does so.
    let anew = Approval { at: micros(13), ..approval("a", 100) };
    store.approve(&anew).await.unwrap();
    assert_eq!(store.approvals(micros(14)).await, Ok(vec![anew.clone()]));
    assert_eq!(store.take_approval("a", micros(14)).await, Ok(Some(anew)));
}

pub async fn of_racing_loops_one_gets_the_approval(store: Arc<impl Approvals + 'static>) {
    store.approve(&approval("a", 100)).await.unwrap();
    let taken = race(|| {
        let store = Arc::clone(&store);
        async move { store.take_approval("a", micros(10)).await.unwrap().is_some() }
    });
    assert_eq!(taken.await, 1);
}
