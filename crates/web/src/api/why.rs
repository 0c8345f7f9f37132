//! Why somebody has a team or has not, who has one, and both at another time.

use super::Answer;
use super::asking::{Asked, Asking, page};
use super::endpoint::Endpoint;
use super::names::{person_of, team_of};
use crate::routes::Portal;
use access::explain::Explanation;
use axum::Json;
use axum::extract::{Path, State};
use control::audit::AsOf;
use control::desk::{HoldersThen, Right, WhoCan};
use jiff::Timestamp;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/people/{id}/why", Right::See, why)
            .named("people", "why", "Why a person has a team, or has not, and what would give it.")
            .asking::<WhyQuery>()
            .answering::<Explanation>(),
        Endpoint::get("/api/v1/people/{id}/as-of", Right::Audit, why_then)
            .named("people", "whyAsOf", "What a person had at a time, by the audit log.")
            .asking::<WhyThenQuery>()
            .answering::<AsOf>(),
        Endpoint::get("/api/v1/who-can", Right::See, who_can)
            .named(
                "people",
                "whoCan",
                "Who has a team or an execution role, with or without a right.",
            )
            .asking::<WhoCanQuery>()
            .answering::<WhoCan>(),
        Endpoint::get("/api/v1/who-can/as-of", Right::Audit, who_could)
            .named("people", "whoCanAsOf", "Who had a team or a role at a time, by the audit log.")
            .asking::<WhoCouldQuery>()
            .answering::<HoldersThen>(),
    ]
}

/// Which team.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct WhyQuery {
    /// One team; absent: every team of the map.
    #[param(min_length = 1, max_length = 1024)]
    team: Option<String>,
}

async fn why(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
    Asked(query): Asked<WhyQuery>,
) -> Answer<Explanation> {
    let team = query.team.as_deref().map(team_of).transpose()?;
    let id = person_of(&portal, &id).await?;
    Ok(Json(portal.desk.why(&caller, &id, team.as_ref()).await?))
}

/// When, and which team.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct WhyThenQuery {
    /// The time, which must be over.
    at: Timestamp,
    /// One team, which the map of today need not have; absent: each.
    #[param(min_length = 1, max_length = 1024)]
    team: Option<String>,
}

async fn why_then(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(id): Path<String>,
    Asked(query): Asked<WhyThenQuery>,
) -> Answer<AsOf> {
    let team = query.team.as_deref().map(team_of).transpose()?;
    let id = person_of(&portal, &id).await?;
    Ok(Json(portal.desk.person_as_of(&caller, &id, team.as_ref(), query.at).await?))
}

/// Of what, and which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WhoCanQuery {
    /// A team's key, or an execution role by its name or ARN.
    #[param(min_length = 1, max_length = 1024)]
    of: String,
    /// Where the last page of people with a right ended. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Where the last page of profiles without a right ended. Absent: the first page.
    #[param(max_length = 1024)]
    stray_cursor: Option<String>,
    /// The most items of each.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn who_can(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<WhoCanQuery>,
) -> Answer<WhoCan> {
    let WhoCanQuery { of, cursor, stray_cursor, limit } = query;
    let (people, strays) = (page(cursor, limit)?, page(stray_cursor, limit)?);
    Ok(Json(portal.desk.who_can(&caller, &of, &people, &strays).await?))
}

/// Of what, when, and which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct WhoCouldQuery {
    /// A team's key, or an execution role by its name or ARN, of that time.
    #[param(min_length = 1, max_length = 1024)]
    of: String,
    /// The time, which must be over.
    at: Timestamp,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn who_could(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<WhoCouldQuery>,
) -> Answer<HoldersThen> {
    let WhoCouldQuery { of, at, cursor, limit } = query;
    Ok(Json(portal.desk.holders_as_of(&caller, &of, at, &page(cursor, limit)?).await?))
}
