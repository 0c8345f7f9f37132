//! The traits that adapters implement.

mod clock;
mod directory;
mod failure;
mod state;
mod studio;
mod wakeups;

pub use clock::{Clock, Entropy};
pub use directory::{Directory, PersonLookup};
pub use failure::{CallError, FailureKind};
pub use state::{
    AuditEntry, AuditLog, LoginRequests, PendingLogin, ReplayCache, Session, SessionId, Sessions,
    StoreError,
};
pub use studio::{
    AppOwner, DomainTarget, Ensured, Observe, Presign, PresignRequest, PresignedUrl, ProfileScope,
    ProfileSpec, ProfileUpdate, Provision,
};
pub use wakeups::{Delivery, WakeQueue};
