//! The traits that adapters implement.

mod actor;
mod approvals;
mod attempts;
mod audit;
mod audit_event;
mod audit_watch;
mod calls;
mod change;
mod changes;
mod chronicle;
mod claims;
mod clock;
mod departures;
mod directory;
mod failure;
mod grant_table;
mod inspect;
mod kept_secret;
mod memberships;
mod metadata_copies;
mod mirror;
mod mirror_records;
mod notices;
mod profile_index;
mod reminders;
mod replies;
mod scim_records;
mod secrets;
mod state;
mod store;
mod studio;
mod switch;
mod temporary_grants;
mod temporary_record;
mod tokens;
mod wakeups;
mod work;

pub use actor::{Actor, NoActor};
pub use approvals::{Approval, Approvals};
pub use attempts::{ATTEMPTS_KEPT, Attempt, Attempts, CheckRow, RowState};
pub use audit::{
    Acted, AuditEntry, AuditFilter, AuditLog, AuditPage, ChainHead, ChainId, ChainRow, NO_CURSOR,
    OUT_OF_ORDER, REFERENCE, Seal, SealedEntry, Stray, reference,
};
pub use audit_event::AuditEvent;
pub use audit_watch::AuditWatch;
pub use calls::{Answered, CallCounts, CallMeter, answered, answers};
pub use change::ChangeId;
pub use changes::{Changed, Changes, Cookie};
pub use chronicle::{
    COUNTED_DAYS, Chronicle, Found, Heard, NOTES_KEPT, Note, Noted, ProfileCounts,
};
pub use claims::{Claimed, Claims, Ticket};
pub use clock::{Clock, Entropy};
pub use departures::{Departure, Departures};
pub use directory::{Concern, Directory, DirectoryReading, Particulars, PersonLookup, Standing};
pub use failure::{CallError, FailureKind};
pub use grant_table::{GrantReading, GrantTable};
pub use inspect::{
    AppNetwork, CallerIdentity, DomainFacts, EndpointFacts, Ingress, Inspect, KeyFacts,
    NetworkFacts, RoleFacts, RoleIdentity, SecurityGroupFacts, SubnetFacts,
};
pub use kept_secret::{KeptSecret, SecretWord};
pub use memberships::{FormerGroup, GroupReading, KEPT_DAYS, MembershipIndex, Memberships};
pub use metadata_copies::{MAX_COPY, MetadataCopies};
pub use mirror::{MembersLeft, MirrorTarget};
pub use mirror_records::MirrorRecords;
pub use notices::{Notice, Notices};
pub use profile_index::{
    IndexCount, IndexMark, IndexReading, IndexView, IndexedProfile, Intent, Leaving, ProfileIndex,
    UNDER_WAY,
};
pub use reminders::{Reminder, Reminders};
pub use replies::{Begun, Replies, Reply};
pub use scim_records::{
    ALL_MEMBERS, FoundRecord, RecordChange, RecordCounts, RecordKey, RecordKind, RecordMember,
    RecordStart, RecordWritten, ScimRecord, ScimRecords,
};
pub use secrets::Secrets;
pub use state::{
    FederatedLogout, IdpSession, LoginRequests, PendingLogin, ReplayCache, SESSIONS_SHOWN, Session,
    SessionId, Sessions, StoreError, Voucher,
};
pub use store::Store;
pub use studio::{
    AppOwner, DomainTarget, Ensured, Observe, Presign, PresignRequest, PresignedUrl, ProfileScope,
    ProfileSpec, ProfileUpdate, Provision,
};
pub use switch::{Freeze, Switch};
pub use temporary_grants::{
    AccessRequest, AccessRequests, Decision, MOST_TEMPORARY, RequestVerdict, TEMPORARY_KEPT,
    TemporaryGrants,
};
pub use temporary_record::TemporaryRecord;
pub use tokens::{ApiToken, Tokens};
pub use wakeups::{Delivery, WakeQueue};
pub use work::{
    Lease, MOST_PEOPLE_WAITING, MOST_TAKEN_BY_NAME, QueueStatus, Retry, Work, WorkKey, WorkQueue,
};
