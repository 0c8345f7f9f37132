//! Names of members in rows of stores. A running installation has them: who changes one of them has to
//! bring along what is stored. What is told by the API or a command has types and names of its own.

use control::meter::MirrorSeen;
use control::mirror::MirrorReading;
use control::ports::{Departure, Note, Notice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[track_caller]
fn stays<T: Serialize + DeserializeOwned>(row: &Value) {
    let read: T = serde_json::from_value(row.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), *row);
}

const AT: &str = "2026-11-21T09:00:00Z";

#[test]
fn what_stores_keep_as_json_is_read_by_the_names_it_was_written_with() {
    stays::<Departure>(&json!({
        "person": "p-1", "user_name": "ana", "team": "fraud", "since": AT, "by": "root",
        "why": "left", "hold": "as-mapped",
    }));
    stays::<Notice>(&json!({
        "headline": "stuck", "since": AT, "told": AT, "busy_until": AT, "failures": 1,
    }));
    stays::<Note>(&json!({
        "at": AT, "noted": "heard", "family": "identitystore", "name": "CreateUser",
        "event_id": "e-1", "happened": AT, "outcome": "person", "people": ["p-1"],
    }));
    stays::<MirrorSeen>(&json!({
        "at": AT, "outcome": "refused", "settled": AT, "unsettled_since": AT,
        "refused": ["too many"], "failed": "throttled", "failed_besides": 2,
        "not_mirrored": {"person-disabled": 3},
    }));
    stays::<MirrorReading>(&json!({
        "at": AT, "place": "d-1", "planned": 2, "count": {"taken": 1, "owned": 9, "limit": 5},
        "before": 0, "losses_besides": 4, "removals": "ab",
        "losses": [{"group": "ml", "user": "ana", "deleted": false, "reason": "entitlement-lost"}],
        "violations": [{"code": "guard-tripped", "message": "too many"}],
    }));
}
