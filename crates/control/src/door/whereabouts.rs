//! Where a request came from, in what is written down of it.

use crate::ports::AuditEntry;
use access::network::Origin;
use std::future::Future;

tokio::task_local! {
    /// Where the request comes from that this task is at: every refusal of the door tells it.
    static ORIGIN: Origin;
}

/// Works on a request from there: whatever refuses it knows from where it came.
pub async fn coming_from<F: Future>(origin: &Origin, work: F) -> F::Output {
    ORIGIN.scope(origin.clone(), work).await
}

/// The entry with the address and the VPC endpoint that the request came from, as far as they are known.
pub(super) fn seen_from(entry: AuditEntry) -> AuditEntry {
    let Ok(origin) = ORIGIN.try_with(Origin::clone) else { return entry };
    entry
        // An IPv4 client on a dual-stack socket shows as ::ffff:a.b.c.d.
        .with_opt("from", origin.address.map(|address| address.to_canonical()))
        .with_opt("vpce", origin.vpce)
}
