//! Virtual time is exact, so the numbers are.

use crate::{Company, changes, full_sync};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_full_sync_makes_no_call_too_many() {
    let company =
        Company { people: 250, hub_teams: 2, spoke_teams: 1, members: 120, other_groups: 150 };
    let calls = full_sync(company).await.unwrap();
    assert_eq!(calls.made, calls.bound);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_changes_at_ten_a_second_take_little_more_than_the_limit_and_none_is_lost() {
    let paced = changes(1000).await.unwrap();
    assert_eq!((paced.lost, paced.limit), (0, Duration::from_secs(99)));
    assert!(paced.took <= paced.limit.mul_f64(1.1), "{paced:?}");
    assert!(paced.throttled <= 30, "{paced:?}");
}
