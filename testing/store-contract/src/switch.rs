//! [`Switch`].

use crate::race::{micros, race};
use control::ports::{Freeze, Switch};
use std::sync::Arc;

fn freeze(by: &str) -> Freeze {
    Freeze { by: by.into(), reason: "an audit".into(), at: micros(7) }
}

pub async fn frozen_until_thawed_by_whoever_said_so_first(switch: &impl Switch) {
    assert_eq!(switch.frozen().await, Ok(None));
    assert_eq!(switch.thaw().await, Ok(None));
    assert_eq!(switch.freeze(&freeze("ana")).await, Ok(None));
    assert_eq!(switch.freeze(&freeze("bob")).await, Ok(Some(freeze("ana"))));
    assert_eq!(switch.frozen().await, Ok(Some(freeze("ana"))));
    assert_eq!(switch.thaw().await, Ok(Some(freeze("ana"))));
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
        async move { switch.thaw().await.unwrap().is_some() }
    });
    assert_eq!(ended.await, 1);
}
