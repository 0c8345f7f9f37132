//! Probes for whoever watches the process.

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// The process takes requests. It says nothing of AWS: a pod that is taken out because AWS is slow
/// could not even show a page that says so.
pub(crate) async fn ready() -> &'static str {
    "ready\n"
}
