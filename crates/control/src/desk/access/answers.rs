//! What the desk tells of temporary access.

use crate::ports::{AccessRequest, RequestVerdict};
use ::access::ids::{PersonId, TeamKey, TemporaryId};
use ::access::map::BreakGlassNeeds;
use ::access::temporary::{TemporaryGrant, TemporaryKind};
use jiff::Timestamp;
use serde::Serialize;

/// A temporary grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemporaryView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: TemporaryId,
    /// Who has it.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The person's user name when it was made.
    pub person_name: String,
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// `grant`, `request` or `break-glass`.
    #[schema(value_type = String)]
    pub kind: TemporaryKind,
    /// Whether it gives the team now.
    pub state: TemporaryState,
    /// Not before this time.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// When it ends, or ended if it was revoked before.
    #[schema(value_type = String, format = DateTime)]
    pub ends: Timestamp,
    /// Why.
    pub reason: String,
    /// A ticket.
    pub ticket: Option<String>,
    /// Who made it or asked for it.
    pub by: String,
    /// Who agreed to it.
    pub approved_by: Option<String>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// What was done under it.
    pub note: Option<NoteView>,
    /// Whether it is still to be told what was done under it.
    pub owes_note: bool,
}

/// Whether a temporary grant gives the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TemporaryState {
    /// It is still to begin.
    ToBegin,
    /// It does.
    InForce,
    /// It ended by itself.
    Ended,
    /// It was revoked.
    Revoked,
}

impl TemporaryState {
    /// Its name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToBegin => "to-begin",
            Self::InForce => "in-force",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }
}

/// What was done under a break-glass grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NoteView {
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The note.
    pub text: String,
}

impl TemporaryView {
    /// The grant as it is at `now`.
    pub fn of(grant: &TemporaryGrant, now: Timestamp) -> Self {
        let state = match () {
            () if grant.ended.is_some() => TemporaryState::Revoked,
            () if grant.is_over(now) => TemporaryState::Ended,
            () if grant.is_in_force(now) => TemporaryState::InForce,
            () => TemporaryState::ToBegin,
        };
        Self {
            id: grant.id.clone(),
            person: grant.person.clone(),
            person_name: grant.user_name.clone().unwrap_or_else(|| grant.person.to_string()),
            team: grant.team.clone(),
            kind: grant.kind,
            state,
            from: grant.from,
            ends: grant.end(),
            reason: grant.reason.clone(),
            ticket: grant.ticket.clone(),
            by: grant.by.clone(),
            approved_by: grant.approved_by.clone(),
            revoked_by: grant.ended.as_ref().map(|ending| ending.by.clone()),
            note: grant.note.as_ref().map(|note| NoteView {
                at: note.at,
                by: note.by.clone(),
                text: note.text.clone(),
            }),
            owes_note: grant.owes_note(now),
        }
    }
}

/// A request for access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: TemporaryId,
    /// Who asks.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The person's user name.
    pub person_name: String,
    /// For which team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// For how long from the approval on, in seconds.
    pub seconds: u64,
    /// Why.
    pub reason: String,
    /// A ticket.
    pub ticket: Option<String>,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it lapses undecided.
    #[schema(value_type = String, format = DateTime)]
    pub lapses: Timestamp,
    /// Whether it is break-glass that waits for a second person.
    pub break_glass: bool,
    /// What became of it.
    pub state: RequestState,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Why, in that person's words.
    pub why: Option<String>,
    /// Whether whoever looks may decide on it.
    pub may_decide: bool,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// Nobody decided yet.
    Open,
    /// The access was given.
    Approved,
    /// It was not.
    Refused,
    /// The person took it back.
    Withdrawn,
    /// Nobody decided in time.
    Lapsed,
}

impl RequestState {
    /// Its name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

impl RequestView {
    /// The request as it is at `now`, for somebody who may or may not decide on it.
    pub fn of(request: &AccessRequest, now: Timestamp, may_decide: bool) -> Self {
        let state = match request.decision.as_ref().map(|decision| decision.verdict) {
            Some(RequestVerdict::Approved) => RequestState::Approved,
            Some(RequestVerdict::Refused) => RequestState::Refused,
            Some(RequestVerdict::Withdrawn) => RequestState::Withdrawn,
            None if request.is_open(now) => RequestState::Open,
            None => RequestState::Lapsed,
        };
        Self {
            id: request.id.clone(),
            person: request.person.clone(),
            person_name: request.user_name.clone(),
            team: request.team.clone(),
            seconds: request.seconds,
            reason: request.reason.clone(),
            ticket: request.ticket.clone(),
            at: request.at,
            lapses: request.lapses,
            break_glass: request.break_glass,
            state,
            decided_by: request.decision.as_ref().map(|decision| decision.by.clone()),
            decided_at: request.decision.as_ref().map(|decision| decision.at),
            why: request.decision.as_ref().and_then(|decision| decision.why.clone()),
            may_decide: may_decide && state == RequestState::Open,
        }
    }
}

/// A way in which a request comes to be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WayToDecide {
    /// The directory groups whose members decide, besides the administrators.
    pub groups: Vec<String>,
    /// The longest access that can be asked for, in seconds.
    pub longest_seconds: u64,
}

/// What somebody may ask for, and how things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestForm {
    /// Who asks.
    pub person: ::access::snapshot::Person,
    /// The team.
    pub team: TeamKey,
    /// The team's title for people.
    pub title: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// Whether the person has the team now, and until when; `Some(None)`: without an end.
    pub has_until: Option<Option<Timestamp>>,
    /// How a request is decided; `None`: the map does not let the person ask.
    pub request: Option<WayToDecide>,
    /// What breaking glass takes, and for how many seconds it lasts; `None`: the map does not let the
    /// person.
    pub break_glass: Option<(BreakGlassNeeds, u64)>,
    /// The person's temporary grants to this team, newest first.
    pub grants: Vec<TemporaryView>,
    /// The person's requests for this team, newest first.
    pub requests: Vec<RequestView>,
    /// Break-glass of the person, to whatever team, of which it is still to be told what was done.
    pub owed: Vec<TemporaryView>,
    /// Whether the person has a role in the administration.
    pub administers: bool,
    /// When this was so.
    pub now: Timestamp,
}

/// What somebody has to do with requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyRequests {
    /// Who.
    pub person: ::access::snapshot::Person,
    /// Their own requests, newest first.
    pub own: Vec<RequestView>,
    /// Requests that wait for them among others, newest first.
    pub to_decide: Vec<RequestView>,
    /// Their temporary grants, newest first.
    pub grants: Vec<TemporaryView>,
    /// What they may ask for, or break glass for, and do not have without an end, by its key.
    pub askable: Vec<Askable>,
    /// Whether they have a role in the administration.
    pub administers: bool,
}

/// A team that somebody may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Askable {
    /// The team.
    pub team: TeamKey,
    /// Its title for people.
    pub title: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// Whether it can be asked for; if not, only glass can be broken for it.
    pub by_request: bool,
}

/// Glass that is broken, or was and nobody told what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Emergency {
    /// The grant.
    #[serde(flatten)]
    pub grant: TemporaryView,
    /// Seconds until it ends by itself; 0 of one that is over.
    pub seconds_left: u64,
}
