//! [`Switch`].

use crate::race::{micros, race};
use control::ports::{Freeze, Switch};
use jiff::Timestamp;
use std::sync::Arc;

fn freeze(by: &str) -> Freeze {
    Freeze { by: by.into(), reason: "an audit".into(), at: micros(7) }
}

pub async fn frozen_until_thawed_by_whoever_said_so_first(switch: &impl Switch) {
    assert_eq!(switch.frozen().await, Ok(None));
    assert_eq!(switch.thaw(&freeze("ana")).await, Ok(false));
    assert_eq!(switch.freeze(&freeze("ana")).await, Ok(None));
    assert_eq!(switch.freeze(&freeze("bob")).await, Ok(Some(freeze("ana"))));
    assert_eq!(switch.frozen().await, Ok(Some(freeze("ana"))));
    assert_eq!(switch.thaw(&freeze("ana")).await, Ok(true));
    assert_eq!(switch.frozen().await, Ok(None));
}

pub async fn who_thaws_ends_the_freeze_that_was_seen_and_no_later_one(switch: &impl Switch) {
    let seen = Freeze { at: Timestamp::from_nanosecond(7_999).unwrap(), ..freeze("ana") };
    switch.freeze(&seen).await.unwrap();
    assert_eq!(switch.thaw(&seen).await, Ok(true));
    for (by, reason, at) in [("bob", "an audit", 7), ("ana", "a fire", 7), ("ana", "an audit", 8)] {
        let later = Freeze { by: by.into(), reason: reason.into(), at: micros(at) };
        switch.freeze(&later).await.unwrap();
        assert_eq!(switch.thaw(&seen).await, Ok(false), "{later:?}");
        assert_eq!(switch.frozen().await, Ok(Some(later.clone())));
        assert_eq!(switch.thaw(&later).await, Ok(true));
    }
    assert_eq!(switch.frozen().await, Ok(None));
}

pub async fn of_racing_freezes_one_is_first_and_of_racing_thaws_one_ends_it(
    switch: Arc<impl Switch + 'static>,
) {
    let first = race(|| {
        let switch = Arc::clone(&switch);
        async move { switch.freeze(&freeze("ana")).await.unwrap().is_none() }
    });
    assert_eq!(first.await, 1);
    let ended = race(|| {
        let switch = Arc::clone(&switch);
        async move { switch.thaw(&freeze("ana")).await.unwrap() }
    });
    assert_eq!(ended.await, 1);
}
