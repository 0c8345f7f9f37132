//! Access for a time: grants, requests, and who broke glass.

use super::Answer;
use super::asking::{Asked, Asking, Attempt, Sent, page};
use super::endpoint::Endpoint;
use super::names::{id_of, person_of, team_of};
use super::problem::Failed;
use crate::routes::Portal;
use access::reason::ReasonCode;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use control::desk::{
    self, Emergency, GrantOrder, Listed, Refused, RefusedKind, RequestView, Right, SignedIn,
    TemporaryView,
};
use control::ports::Actor;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/grants", Right::See, grants)
            .named("grants", "listGrants", "Grants to people for a time, newest first.")
            .asking::<GrantsQuery>()
            .listing::<TemporaryView>(),
        Endpoint::post("/api/v1/grants", give)
            .named("grants", "grant", "Gives a person a team for a time.")
            .taking::<GrantBody>()
            .answering::<TemporaryView>(),
        Endpoint::post("/api/v1/grants/{id}/revoke", revoke)
            .named("grants", "revokeGrant", "Ends one grant; others of the person go on.")
            .taking::<WhyBody>()
            .answering::<TemporaryView>(),
        Endpoint::get("/api/v1/requests", Right::See, requests)
            .named("grants", "listRequests", "Requests for access, newest first.")
            .asking::<super::asking::PageQuery>()
            .listing::<RequestView>(),
        Endpoint::post("/api/v1/requests/{id}/decision", decide)
            .named("grants", "decideRequest", "Approves or declines a request, as a person.")
            .taking::<DecisionBody>()
            .answering::<RequestView>(),
        Endpoint::get("/api/v1/emergencies", Right::See, emergencies)
            .named("grants", "listEmergencies", "Who has broken glass, and has it still.")
            .answering_all::<Emergency>(),
    ]
}

/// Which grants.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct GrantsQuery {
    /// Of this person: a user name, or an id of the directory.
    #[param(min_length = 1, max_length = 1024)]
    person: Option<String>,
    /// Whether those that have ended are told, too.
    all: Option<bool>,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn grants(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<GrantsQuery>,
) -> Answer<Listed<TemporaryView>> {
    caller.require(Right::See)?;
    let page = page(query.cursor, query.limit)?;
    let person = match &query.person {
        Some(text) => Some(person_of(&portal, text).await?),
        None => None,
    };
    let all = query.all.unwrap_or(false);
    Ok(Json(portal.desk.temporary_grants(&caller, person.as_ref(), all, &page).await?))
}

/// What is given.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantBody {
    /// A user name, or an id of the directory.
    #[schema(min_length = 1, max_length = 256)]
    person: String,
    /// The team's key.
    #[schema(min_length = 1, max_length = 63)]
    team: String,
    /// From when on; absent: now.
    from: Option<Timestamp>,
    /// For how many minutes.
    #[schema(minimum = 1, maximum = 527_040)]
    minutes: u32,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// A ticket.
    #[schema(max_length = 100)]
    ticket: Option<String>,
}

async fn give(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    attempt: Attempt,
    sent: Sent<GrantBody>,
) -> Result<Response, Failed> {
    caller.require(Right::Act)?;
    let GrantBody { person, team, from, minutes, reason, ticket } = sent.body;
    let order = GrantOrder {
        person: person_of(&portal, &person).await?,
        team: team_of(&team)?,
        from,
        lasts: SignedDuration::from_mins(minutes.into()),
        reason,
        ticket,
        dry_run: false,
    };
    let work = portal.desk.grant(&caller, &order);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WhyBody {
    /// Why, in words.
    #[schema(max_length = 500)]
    why: Option<String>,
}

async fn revoke(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
    attempt: Attempt,
    sent: Sent<WhyBody>,
) -> Result<Response, Failed> {
    caller.require(Right::Act)?;
    let id = id_of(&id)?;
    let work = portal.desk.revoke(&caller, &id, sent.body.why.as_deref(), false);
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

async fn requests(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<super::asking::PageQuery>,
) -> Answer<Listed<RequestView>> {
    Ok(Json(portal.desk.requests(&caller, &query.page()?).await?))
}

/// What is decided.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    /// Whether it is approved; else it is declined.
    approve: bool,
    /// Why, in words.
    #[schema(max_length = 500)]
    why: Option<String>,
}

async fn decide(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
    attempt: Attempt,
    sent: Sent<DecisionBody>,
) -> Result<Response, Failed> {
    caller.require(Right::Act)?;
    let id = id_of(&id)?;
    // Two people are two people: a token is nobody.
    let Actor::Person(person) = caller.actor() else {
        let why = "A request is decided by a person, not by a token.";
        let remedy = "Sign in and decide it in the portal.";
        let code = ReasonCode::RightMissing;
        return Err(Refused::new(RefusedKind::Denied, code, why, remedy).into());
    };
    // Whoever has a role by a session has it by one that is not one team's.
    let decider = SignedIn { person: person.clone(), only: None };
    let DecisionBody { approve, why } = &sent.body;
    let work = portal.desk.decide(&decider, &id, *approve, why.as_deref());
    attempt.done_once(&portal, &caller, &sent.bytes, work).await
}

async fn emergencies(
    State(portal): State<Portal>,
    Asking(caller): Asking,
) -> Answer<Vec<desk::Emergency>> {
    Ok(Json(portal.desk.emergencies(&caller).await?))
}
