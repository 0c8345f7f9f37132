//! How long to wait before what others were at in the same moment is tried again.

use std::time::Duration;

/// Waits for about 10 ms, doubled with each time that it was tried, up to 640 ms: at random between
/// that and half of it, so that those who met do not meet again.
pub(crate) async fn backoff(tried: u32) {
    let longest = 10_u64.saturating_mul(1 << tried.min(6));
    tokio::time::sleep(Duration::from_millis(fastrand::u64(longest / 2..=longest))).await;
}
