//! What can be done.

use super::asking::{Asking, Attempt, Sent};
use super::endpoint::Endpoint;
use super::names::{named, team_of};
use super::problem::Failed;
use crate::routes::Portal;
use axum::extract::State;
use axum::response::Response;
use control::desk::{
    Agreement, Approved, Leave, OffboardingBegun, Replayed, RestorationBegun, Return, Switched,
    SyncAsked, WindowReplayed,
};
use jiff::Timestamp;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/freeze", freeze)
            .named("changes", "freeze", "Stops every change, until somebody thaws it.")
            .taking::<FreezeBody>()
            .answering::<Switched>(),
        Endpoint::post("/api/v1/thaw", thaw)
            .named("changes", "thaw", "Lets changes be made again, and has everything read.")
            .answering::<Switched>(),
        Endpoint::post("/api/v1/approvals", approve)
            .named("changes", "approve", "Agrees, by number, to removals that the guard refused.")
            .taking::<ApprovalBody>()
            .answering::<Approved>(),
        Endpoint::post("/api/v1/offboardings", offboard)
            .named(
                "people",
                "offboard",
                "Takes a team or everything from a person, until it is taken back.",
            )
            .taking::<OffboardingBody>()
            .answering::<OffboardingBegun>(),
        Endpoint::post("/api/v1/restorations", restore)
            .named("people", "restore", "Takes an offboarding back, as far as something is left.")
            .taking::<RestorationBody>()
            .answering::<RestorationBegun>(),
        Endpoint::post("/api/v1/syncs", sync)
            .named("changes", "sync", "Has a person, or everything, read again.")
            .taking::<SyncBody>()
            .answering::<SyncAsked>(),
        Endpoint::post("/api/v1/replays", replay)
            .named("changes", "replay", "Acts on events again, for those that never came.")
            .taking::<ReplayBody>()
            .answering::<Replayed>(),
        Endpoint::post("/api/v1/replays/window", replay_window)
            .named(
                "changes",
                "replayWindow",
                "Acts again on the remembered events of a window, as the list of events has them.",
            )
            .taking::<WindowBody>()
            .answering::<WindowReplayed>(),
    ]
}

/// Why everything stops.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FreezeBody {
    /// The reason, which whoever meets the freeze is told.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

async fn freeze(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<FreezeBody>,
) -> Result<Response, Failed> {
    let work = portal.desk.freeze(&caller, &sent.body.reason);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

async fn thaw(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
) -> Result<Response, Failed> {
    attempt.done_once(&portal, &caller, &[], portal.desk.thaw(&caller)).await
}

/// What is agreed to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalBody {
    /// Digest of the removals, as the plan tells it.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    removals: String,
    /// How many there are.
    #[schema(minimum = 1)]
    number: u32,
    /// Why.
    #[schema(max_length = 500)]
    why: Option<String>,
}

async fn approve(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<ApprovalBody>,
) -> Result<Response, Failed> {
    let ApprovalBody { removals, number, why } = sent.body;
    let agreement = Agreement { removals, number, why: why.unwrap_or_default() };
    let work = portal.desk.approve(&caller, &agreement);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

/// Who is offboarded.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OffboardingBody {
    /// A user name, or an id of the directory.
    #[schema(min_length = 1, max_length = 256)]
    person: String,
    /// The one team that is taken; absent: every team, and signing in.
    #[schema(min_length = 1, max_length = 63)]
    team: Option<String>,
    /// Whether profiles are deleted at once, whatever the map's hold.
    #[serde(default)]
    skip_hold: bool,
    /// Why.
    #[schema(max_length = 500)]
    why: Option<String>,
}

async fn offboard(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<OffboardingBody>,
) -> Result<Response, Failed> {
    let OffboardingBody { person, team, skip_hold, why } = sent.body;
    let leave = Leave {
        person: named(person)?,
        team: team.as_deref().map(team_of).transpose()?,
        skip_hold,
        why: why.unwrap_or_default(),
    };
    let work = portal.desk.offboard(&caller, &leave);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

/// Who comes back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RestorationBody {
    /// A user name, or an id of the directory.
    #[schema(min_length = 1, max_length = 256)]
    person: String,
    /// The one team that is given back; absent: all.
    #[schema(min_length = 1, max_length = 63)]
    team: Option<String>,
}

async fn restore(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<RestorationBody>,
) -> Result<Response, Failed> {
    let RestorationBody { person, team } = sent.body;
    let back = Return { person: named(person)?, team: team.as_deref().map(team_of).transpose()? };
    let work = portal.desk.restore(&caller, &back);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

/// What is read again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SyncBody {
    /// A user name, or an id of the directory; absent: everything.
    #[schema(min_length = 1, max_length = 256)]
    person: Option<String>,
}

async fn sync(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<SyncBody>,
) -> Result<Response, Failed> {
    let person = sent.body.person.map(named).transpose()?;
    let work = portal.desk.sync(&caller, person.as_deref());
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

/// Events to act on again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// Envelopes of EventBridge, or bare records of CloudTrail.
    #[schema(value_type = Vec<Object>, max_items = 500)]
    events: Vec<serde_json::Map<String, serde_json::Value>>,
}

async fn replay(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<ReplayBody>,
) -> Result<Response, Failed> {
    let events: Vec<serde_json::Value> =
        sent.body.events.into_iter().map(serde_json::Value::Object).collect();
    let work = portal.desk.replay(&caller, &events);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

/// A window of time.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WindowBody {
    /// Events that happened at this time or later.
    from: Timestamp,
    /// And before this time.
    until: Timestamp,
}

async fn replay_window(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<WindowBody>,
) -> Result<Response, Failed> {
    let WindowBody { from, until } = sent.body;
    let work = portal.desk.replay_window(&caller, from, until);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}
