//! Teams and domains, the network, sign-ins, events, the audit log, health.

use super::Answer;
use super::asking::{Asked, Asking, PageQuery, page};
use super::endpoint::Endpoint;
use super::filter::filtered;
use super::names::{person_of, team_of};
use crate::routes::Portal;
use access::ids::{IdpKey, NetworkKey, PersonaKey};
use access::reason::ReasonCode;
use axum::Json;
use axum::extract::{Path, State};
use control::desk::{
    Audit, EventFilter, Events, Health, Network, NetworkQuestion, Refused, Right, SignInFilter,
    SignIns, TeamDetail, Teams,
};
use control::event::Family;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/teams", Right::See, teams)
            .named("state", "listTeams", "Teams and domains, with quotas and what is wrong.")
            .asking::<PageQuery>()
            .answering::<Teams>(),
        Endpoint::get("/api/v1/teams/{team}", Right::See, team)
            .named("state", "getTeam", "One team: its grants, its roles, its people.")
            .asking::<PageQuery>()
            .answering::<TeamDetail>(),
        Endpoint::get("/api/v1/network", Right::See, network)
            .named("state", "getNetwork", "From where each team may be opened, and what decides.")
            .asking::<NetworkQuery>()
            .answering::<Network>(),
        Endpoint::get("/api/v1/sign-ins", Right::Audit, sign_ins)
            .named("audit", "listSignIns", "The last sign-ins, each with its checks.")
            .asking::<SignInsQuery>()
            .answering::<SignIns>(),
        Endpoint::get("/api/v1/events", Right::See, events)
            .named("state", "listEvents", "What arrived, what no event had told, what drifts.")
            .asking::<EventsQuery>()
            .answering::<Events>(),
        Endpoint::get("/api/v1/audit", Right::Audit, audit)
            .named("audit", "listAudit", "The audit log, newest first, and whether it is whole.")
            .asking::<AuditQuery>()
            .answering::<Audit>(),
        Endpoint::get("/api/v1/health", Right::See, health)
            .named("state", "getHealth", "Coded checks, each with its remedy.")
            .answering::<Health>(),
    ]
}

async fn teams(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<PageQuery>,
) -> Answer<Teams> {
    Ok(Json(portal.desk.teams(&caller, &query.page()?).await?))
}

async fn team(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Path(team): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Answer<TeamDetail> {
    let team = team_of(&team)?;
    Ok(Json(portal.desk.team(&caller, &team, &query.page()?).await?))
}

/// From where, and as whom.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct NetworkQuery {
    /// An IP address.
    #[param(max_length = 1024)]
    address: Option<String>,
    /// A VPC endpoint.
    #[param(max_length = 1024)]
    vpce: Option<String>,
    /// A VPC.
    #[param(max_length = 1024)]
    vpc: Option<String>,
    /// Only teams with this persona.
    #[param(min_length = 1, max_length = 1024)]
    persona: Option<String>,
    /// Only teams with this network rule.
    #[param(min_length = 1, max_length = 1024)]
    network: Option<String>,
    /// As this person: a user name, or an id of the directory.
    #[param(min_length = 1, max_length = 1024)]
    person: Option<String>,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn network(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<NetworkQuery>,
) -> Answer<Network> {
    let NetworkQuery { address, vpce, vpc, persona, network, person, cursor, limit } = query;
    let origin = NetworkQuestion::of_texts(address.as_deref(), vpce.as_deref(), vpc.as_deref())?;
    let question = NetworkQuestion {
        origin,
        persona: parsed(persona.as_deref(), |text| PersonaKey::parse(text).ok())?.map(Some),
        network: parsed(network.as_deref(), |text| NetworkKey::parse(text).ok())?,
        person: match &person {
            Some(text) => Some(person_of(&portal, text).await?),
            None => None,
        },
    };
    Ok(Json(portal.desk.network(&caller, &question, &page(cursor, limit)?).await?))
}

/// Which sign-ins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct SignInsQuery {
    /// Of this person: an id of the directory, or a part of a name.
    #[param(max_length = 1024)]
    person: Option<String>,
    /// By this identity provider.
    #[param(min_length = 1, max_length = 1024)]
    provider: Option<String>,
    /// Whether it was accepted.
    accepted: Option<bool>,
    /// With this reason code.
    #[param(max_length = 1024)]
    code: Option<String>,
    /// Where the last page ended: its `next`. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// The most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn sign_ins(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<SignInsQuery>,
) -> Answer<SignIns> {
    let SignInsQuery { person, provider, accepted, code, cursor, limit } = query;
    let provider = parsed(provider.as_deref(), |text| IdpKey::parse(text).ok())?;
    let filter = SignInFilter { person, provider, accepted, code };
    Ok(Json(portal.desk.sign_ins(&caller, &filter, &page(cursor, limit)?).await?))
}

/// Which events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EventsQuery {
    /// Events of this family only.
    #[param(max_length = 1024)]
    family: Option<String>,
    /// Drift of this kind only: a reason code.
    #[param(max_length = 1024)]
    drift: Option<String>,
    /// Where the last page of events ended. Absent: the first page.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Where the last page of drift ended. Absent: the first page.
    #[param(max_length = 1024)]
    drift_cursor: Option<String>,
    /// The most items of each.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

async fn events(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<EventsQuery>,
) -> Answer<Events> {
    let EventsQuery { family, drift, cursor, drift_cursor, limit } = query;
    let filter = EventFilter {
        family: parsed(family.as_deref(), |text| {
            Family::ALL.into_iter().find(|family| family.as_str() == text)
        })?,
        drift: parsed(drift.as_deref(), ReasonCode::parse)?,
        events: page(cursor, limit)?,
        items: page(drift_cursor, limit)?,
    };
    Ok(Json(portal.desk.events(&caller, &filter).await?))
}

filtered! {
    /// Which entries.
    struct AuditQuery {
        /// Where the last page ended: its `next`. Absent: the first page.
        #[param(max_length = 1024)]
        cursor: Option<String>,
        /// The most items of the page.
        #[param(minimum = 1, maximum = 500, default = 50)]
        limit: Option<u32>,
    }
}

async fn audit(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Audit> {
    let filter = query.filter()?;
    Ok(Json(portal.desk.audit(&caller, &filter, &page(query.cursor, query.limit)?).await?))
}

async fn health(State(portal): State<Portal>, Asking(caller): Asking) -> Answer<Health> {
    Ok(Json(portal.desk.health(&caller, false).await?))
}

/// What a word of the query means.
pub(super) fn parsed<T>(
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Refused> {
    let Some(text) = text else { return Ok(None) };
    let remedy = "The document at /api/v1/openapi.json says what it takes.";
    let refused = || Refused::invalid("A word of the query means nothing here.", remedy);
    parse(text).map(Some).ok_or_else(refused)
}
