//! The desk: what people who look after Stagedoor ask and do, whether on a page, by the API or by
//! the command line.
//!
//! Each question has its own file with its answer as a plain struct; nothing is asked or done
//! without a [`Caller`], and the desk itself looks whether the caller may. What it answers from is
//! the loop's last full [`Reading`], so that looking costs AWS nothing.

mod access;
mod actions;
mod as_of;
mod audit;
mod caller;
mod elsewhere;
mod events;
#[cfg(test)]
mod fixture;
mod health;
mod mirror;
mod network;
mod now;
mod offboarding;
mod once;
mod page;
mod person;
mod plan;
mod reading;
mod refused;
#[cfg(test)]
mod sample;
mod sign_ins;
mod signed_in;
mod teams;
mod timeline;
mod tokens;
mod why;

pub(crate) use self::access::askable;
pub use self::access::{
    AskOrder, Askable, BreakGlassOrder, BrokenGlass, Emergency, GrantOrder, MyRequests, NoteView,
    RequestForm, RequestState, RequestView, TemporaryState, TemporaryView, WayToDecide, spoken,
};
pub use ::access::map::AdminRole as Role;
pub use actions::{
    AGREED_FOR, Agreement, Approved, LONGEST_REASON, Leave, MOST_REPLAYED, OffboardingBegun,
    Replayed, RestorationBegun, Return, SessionsOf, Switched, SyncAsked, end_sessions, freeze,
    thaw,
};
pub use as_of::HoldersThen;
pub use audit::{Audit, AuditLine, Chain, ChainState, Difference, MOST_EXPORTED};
pub use caller::{Caller, Right, Rights};
pub use elsewhere::{Deciding, Elsewhere, ElsewhereStep, WayIn, origin_of};
pub use events::{
    DriftCount, DriftLine, EventFilter, EventLine, Events, FamilyCount, FoundLine, Moment, Named,
    WindowReplayed,
};
pub use health::{Clinic, Health, HealthCheck, HealthGroup, HealthState};
pub use mirror::{MirrorLost, MirrorLostKind, MirrorReview};
pub use network::{
    Asked, Cell, DecidingStatement, DomainReach, Network, NetworkQuestion, PersonaRow, ReachStep,
    Rule, TeamReach,
};
pub use now::{Frozen, Now, Numbers, Way};
pub use offboarding::{Command, Gone, Leaver, Offboardings, Restore, Stop, StopView};
pub use once::{LONGEST_KEY, Once, Turn};
pub use page::{DEFAULT_LIMIT, Listed, MOST_ITEMS, Page};
pub use person::{
    AppOfPerson, Granted, PersonProfile, PersonRow, PersonView, SpaceOfPerson, TeamHeld,
};
pub use plan::{
    AtStake, Attention, ChangeKind, Deed, Dial, PersonChanges, PlanReview, PlannedAssignment,
    ProfileChange, Totals,
};
pub use reading::{Reading, Readings};
pub use refused::{Refused, RefusedKind};
pub use sign_ins::{CheckedRow, RefusalCount, SignIn, SignInFilter, SignIns, Stopped};
pub use signed_in::SignedIn;
pub use teams::{
    DayCount, DomainTile, Fault, Forecast, Quota, QuotaState, Spread, TeamDetail, TeamGrant,
    TeamLine, TeamMember, TeamRole, TeamStray, Teams, forecast,
};
pub use timeline::Happened;
pub use tokens::{
    Bearer, LONGEST_LIFE, NewToken, TokenError, TokenInfo, create_token, revoke_token,
};
pub use why::WhoCan;

use crate::door::Door;
use crate::errands::Errands;
use crate::plane::Plane;
use crate::ports::{ScimRecords, Store};
use crate::scim::Traffic;
use ::access::reason::ReasonCode;
use std::sync::Arc;
use tracing::Instrument as _;

/// Answers questions about everybody, and acts for those who may.
#[derive(Debug, Clone)]
pub struct Desk {
    plane: Arc<Plane>,
    store: Arc<dyn Store>,
    /// What was pushed: in the store, unless somebody says otherwise.
    records: Arc<dyn ScimRecords>,
    door: Option<Door>,
    clinic: Option<Clinic>,
    traffic: Traffic,
}

impl Desk {
    /// A desk of this plane and its store.
    pub fn new(plane: Plane, store: Arc<dyn Store>) -> Self {
        let (plane, records) = (Arc::new(plane), Arc::clone(&store) as Arc<dyn ScimRecords>);
        Self { plane, store, records, door: None, clinic: None, traffic: Traffic::default() }
    }

    /// Tells it which door to look at: how much identity providers are trusted, and our own keys.
    #[must_use]
    pub fn with_door(self, door: Door) -> Self {
        Self { door: Some(door), ..self }
    }

    /// Tells it by what to look after the process's health.
    #[must_use]
    pub fn with_clinic(self, clinic: Clinic) -> Self {
        Self { clinic: Some(clinic), ..self }
    }

    /// Tells it where to keep what is pushed, if not in the store.
    #[must_use]
    pub fn with_records(self, records: Arc<dyn ScimRecords>) -> Self {
        Self { records, ..self }
    }

    /// The plane by the map that is in force now.
    pub fn plane(&self) -> Plane {
        self.plane.current()
    }

    /// The plane by the map of the start.
    pub(crate) fn outset(&self) -> &Arc<Plane> {
        &self.plane
    }

    /// What time it is.
    pub fn time(&self) -> jiff::Timestamp {
        self.plane.clock.now()
    }

    /// What goes on beside the answers of this process.
    pub fn errands(&self) -> &Errands {
        &self.plane.errands
    }

    /// Carries an order out to its end, also where whoever gave it has gone: from its first step on, so that none is
    /// done and not written down.
    async fn to_its_end<T: Send + 'static>(
        &self,
        order: impl Future<Output = Result<T, Refused>> + Send + 'static,
    ) -> Result<T, Refused> {
        let ended = self.errands().run(order.in_current_span()).await;
        ended.unwrap_or_else(|error| {
            tracing::error!(%error, "an order broke off");
            let (why, remedy) = ("The work on it broke off.", "Look what was done, and try again.");
            Err(Refused::new(RefusedKind::Unavailable, ReasonCode::Unavailable, why, remedy))
        })
    }

    /// Everything that is kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What was pushed.
    pub(crate) fn records(&self) -> &Arc<dyn ScimRecords> {
        &self.records
    }

    /// What looks after the process's health, if something does.
    pub(crate) fn clinic(&self) -> Option<&Clinic> {
        self.clinic.as_ref()
    }

    /// What the requests of directories that are pushed share.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The door; `None` where nobody signs in: at the command line.
    pub fn door(&self) -> Option<&Door> {
        self.door.as_ref()
    }
}
