//! Now, the plan, people and offboardings.

use super::Answer;
use super::asking::{Asked, Asking, PageQuery, page};
use super::endpoint::Endpoint;
use super::names::{person_of, team_of};
use crate::routes::Portal;
use access::network::Origin;
use axum::Json;
use axum::extract::{Path, State};
use control::desk::{
    ChangeKind, Elsewhere, Happened, Listed, Now, Offboardings, PersonRow, PersonView, PlanReview,
    Refused, Right, Stop,
};
use serde::Deserialize;
use std::net::IpAddr;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/now", Right::See, now)
            .named("state", "getNow", "How people, groups, teams and domains hang together now.")
            .answering::<Now>(),
        Endpoint::get("/api/v1/plan", Right::See, plan)
            .named("changes", "getPlan", "What has to change, by person, and what the guard says.")
            .asking::<PlanQuery>()
            .answering::<PlanReview>(),
        Endpoint::get("/api/v1/people", Right::See, people)
            .named("people", "listPeople", "People by name, each with their teams.")
            .asking::<PeopleQuery>()
            .listing::<PersonRow>(),
        Endpoint::get("/api/v1/people/{id}", Right::See, person)
            .named("people", "getPerson", "One person: what they have, and why.")
            .answering::<PersonView>(),
        Endpoint::get("/api/v1/people/{id}/timeline", Right::Audit, timeline)
            .named("people", "listTimeline", "What happened to a person, newest first.")
            .asking::<PageQuery>()
            .listing::<Happened>(),
        Endpoint::get("/api/v1/people/{id}/elsewhere", Right::See, elsewhere)
            .named("people", "getElsewhere", "What would happen if a person came from there.")
            .asking::<ElsewhereQuery>()
            .answering_all::<Elsewhere>(),
        Endpoint::get("/api/v1/offboardings", Right::See, offboardings)
            .named("people", "listOffboardings", "Who is on their way out, and how far.")
            .asking::<OffboardingsQuery>()
            .answering::<Offboardings>(),
    ]
}

async fn now(State(portal): State<Portal>, Asking(caller): Asking) -> Answer<Now> {
    Ok(Json(portal.desk.now(&caller).await?))
}

/// Which part of the plan.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct PlanQuery {
    /// The part that the cursor is of: `gains`, `loses` or `changes`.
    #[param(pattern = "^(gains|loses|changes)$")]
    kind: Option<String>,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of a part.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn plan(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<PlanQuery>,
) -> Answer<PlanReview> {
    let kind = query.kind.as_deref().map(|text| ChangeKind::parse(text).ok_or_else(no_word));
    let page = page(query.cursor, query.limit)?;
    Ok(Json(portal.desk.plan_review(&caller, kind.transpose()?, &page).await?))
}

fn no_word() -> Refused {
    let remedy = "The document at /api/v1/openapi.json says which there are.";
    Refused::invalid("A word of the query is none of those that there are.", remedy)
}

/// Which people.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct PeopleQuery {
    /// A part of a name, user name or id; absent: everybody.
    #[param(max_length = 1024)]
    search: Option<String>,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn people(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<PeopleQuery>,
) -> Answer<Listed<PersonRow>> {
    let page = page(query.cursor, query.limit)?;
    let text = query.search.unwrap_or_default();
    Ok(Json(portal.desk.people(&caller, &text, &page).await?))
}

async fn person(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
) -> Answer<PersonView> {
    let id = person_of(&portal, &id).await?;
    Ok(Json(portal.desk.person(&caller, &id).await?))
}

async fn timeline(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Answer<Listed<Happened>> {
    let id = person_of(&portal, &id).await?;
    Ok(Json(portal.desk.timeline(&caller, &id, &query.page()?).await?))
}

/// From where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct ElsewhereQuery {
    /// An IP address.
    #[param(value_type = Option<String>, max_length = 1024)]
    address: Option<IpAddr>,
    /// A VPC endpoint.
    #[param(max_length = 1024)]
    vpce: Option<String>,
    /// A VPC.
    #[param(max_length = 1024)]
    vpc: Option<String>,
    /// One team; absent: each of the person's.
    #[param(min_length = 1, max_length = 1024)]
    team: Option<String>,
}

async fn elsewhere(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
    Asked(query): Asked<ElsewhereQuery>,
) -> Answer<Vec<Elsewhere>> {
    let ElsewhereQuery { address, vpce, vpc, team } = query;
    let id = person_of(&portal, &id).await?;
    let team = team.as_deref().map(team_of).transpose()?;
    let from = Origin { address, vpce, vpc, ..Origin::default() };
    Ok(Json(portal.desk.elsewhere(&caller, &id, team.as_ref(), &from).await?))
}

/// Which offboardings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct OffboardingsQuery {
    /// Those at this stage: `to-begin`, `apps`, `held`, `hand-over`, `deleting` or `waits`.
    #[param(pattern = "^(to-begin|apps|held|hand-over|deleting|waits)$")]
    stage: Option<String>,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn offboardings(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<OffboardingsQuery>,
) -> Answer<Offboardings> {
    let page = page(query.cursor, query.limit)?;
    let stop = query.stage.as_deref().map(|text| Stop::parse(text).ok_or_else(no_word));
    Ok(Json(portal.desk.offboardings(&caller, stop.transpose()?, &page).await?))
}
