//! [`AuditWatch`].

use crate::race::micros;
use control::audit::AuditWatched;
use control::ports::AuditWatch;

pub async fn what_a_look_came_to_comes_back_and_replaces_the_one_before(store: &impl AuditWatch) {
    assert_eq!(store.audit_watched().await, Ok(None));
    let failed = AuditWatched {
        at: micros(7),
        unverified_since: Some(micros(1)),
        unanchored_since: Some(micros(2)),
        failed: Some("s3://theirs/\"\u{1F600}\": denied".into()),
        anchored_at: Some(micros(4)),
        read_whole: Some(micros(3)),
    };
    let well = AuditWatched {
        at: micros(9),
        unverified_since: None,
        unanchored_since: None,
        failed: None,
        anchored_at: None,
        read_whole: None,
    };
    for watched in [&failed, &well, &failed] {
        store.keep_audit_watched(watched).await.unwrap();
        assert_eq!(store.audit_watched().await.as_ref(), Ok(&Some(watched.clone())));
    }
}
