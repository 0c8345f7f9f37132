//! The traits that adapters implement.

mod attempts;
mod clock;
mod directory;
mod failure;
mod inspect;
mod secrets;
mod state;
mod studio;
mod wakeups;

pub use attempts::{ATTEMPTS_KEPT, Attempt, Attempts, CheckRow, RowState};
pub use clock::{Clock, Entropy};
pub use directory::{Directory, PersonLookup};
pub use failure::{CallError, FailureKind};
pub use inspect::{AppNetwork, CallerIdentity, DomainFacts, Inspect, RoleFacts, RoleIdentity};
pub use secrets::Secrets;
pub use state::{
    AuditEntry, AuditLog, IdpSession, LoginRequests, PendingLogin, ReplayCache, Session, SessionId,
    Sessions, StoreError,
};
pub use studio::{
    AppOwner, DomainTarget, Ensured, Observe, Presign, PresignRequest, PresignedUrl, ProfileScope,
    ProfileSpec, ProfileUpdate, Provision,
};
pub use wakeups::{Delivery, WakeQueue};
