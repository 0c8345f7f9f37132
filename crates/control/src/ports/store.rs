//! Every port of the store together.

use super::{
    AccessRequests, Approvals, Attempts, AuditLog, AuditWatch, Chronicle, Claims, Departures,
    GrantTable, LoginRequests, MembershipIndex, MetadataCopies, MirrorRecords, Notices,
    ProfileIndex, ReplayCache, Replies, ScimRecords, Secrets, Sessions, Switch, TemporaryGrants,
    Tokens, WorkQueue,
};

/// A store: all that is kept, in one place that all replicas share.
///
/// Whatever implements every port is one. Users of a single port ask for that port; an
/// `Arc<dyn Store>` becomes any of them by upcasting.
pub trait Store:
    AccessRequests
    + Approvals
    + Attempts
    + AuditLog
    + AuditWatch
    + Chronicle
    + Claims
    + Departures
    + GrantTable
    + LoginRequests
    + MembershipIndex
    + MetadataCopies
    + MirrorRecords
    + Notices
    + ProfileIndex
    + ReplayCache
    + Replies
    + ScimRecords
    + Secrets
    + Sessions
    + Switch
    + TemporaryGrants
    + Tokens
    + WorkQueue
{
}

impl<T> Store for T where
    T: AccessRequests
        + Approvals
        + Attempts
        + AuditLog
        + AuditWatch
        + Chronicle
        + Claims
        + Departures
        + GrantTable
        + LoginRequests
        + MembershipIndex
        + MetadataCopies
        + MirrorRecords
        + Notices
        + ProfileIndex
        + ReplayCache
        + Replies
        + ScimRecords
        + Secrets
        + Sessions
        + Switch
        + TemporaryGrants
        + Tokens
        + WorkQueue
{
}
