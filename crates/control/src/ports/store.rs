//! Every port of the store together.

use super::{
    Attempts, AuditLog, Claims, Departures, GrantTable, LoginRequests, MembershipIndex,
    MetadataCopies, ProfileIndex, ReplayCache, Secrets, Sessions, Switch, WorkQueue,
};

/// A store: all that is kept, in one place that all replicas share.
///
/// Whatever implements every port is one. Users of a single port ask for that port; an
/// `Arc<dyn Store>` becomes any of them by upcasting.
pub trait Store:
    Attempts
    + AuditLog
    + Claims
    + Departures
    + GrantTable
    + LoginRequests
    + MembershipIndex
    + MetadataCopies
    + ProfileIndex
    + ReplayCache
    + Secrets
    + Sessions
    + Switch
    + WorkQueue
{
}

impl<T> Store for T where
    T: Attempts
        + AuditLog
        + Claims
        + Departures
        + GrantTable
        + LoginRequests
        + MembershipIndex
        + MetadataCopies
        + ProfileIndex
        + ReplayCache
        + Secrets
        + Sessions
        + Switch
        + WorkQueue
{
}
