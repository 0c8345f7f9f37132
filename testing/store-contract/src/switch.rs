//! [`Switch`].

use crate::race::micros;
use control::ports::{Freeze, Switch};

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
