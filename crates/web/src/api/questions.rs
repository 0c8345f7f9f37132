//! What can be asked.

use super::asking::{Asked, Asking, PageQuery};
use super::endpoint::Endpoint;
use super::{Answer, tell_document};
use crate::routes::Portal;
use crate::table::{Row, Who};
use access::reason::ReasonCode;
use axum::Json;
use axum::extract::State;
use control::desk::{Approved, Listed, MirrorReview, Right, Switched, TokenInfo};
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::of(Row::get("/api/v1/openapi.json", Who::Anybody, tell_document)).named(
            "about",
            "getDocument",
            "This document.",
        ),
        Endpoint::of(Row::get("/api/v1/me", Who::Known, me))
            .named("about", "getMe", "Who asks, and what they may.")
            .answering::<Me>(),
        Endpoint::get("/api/v1/reasons", Right::See, reasons)
            .named("about", "listReasons", "Every reason code with its meaning.")
            .asking::<PageQuery>()
            .listing::<Reason>(),
        Endpoint::get("/api/v1/switch", Right::See, switch)
            .named("changes", "getSwitch", "Whether anything may be changed.")
            .answering::<Switched>(),
        Endpoint::get("/api/v1/approvals", Right::See, approvals)
            .named("changes", "listApprovals", "Approvals that wait for the loop.")
            .answering_all::<Approved>(),
        Endpoint::get("/api/v1/mirror", Right::See, mirror)
            .named(
                "changes",
                "getMirror",
                "What mirroring groups takes away, and what the guard says.",
            )
            .asking::<PageQuery>()
            .answering::<MirrorReview>(),
        Endpoint::get("/api/v1/tokens", Right::Audit, tokens)
            .named("about", "listTokens", "The API's tokens, without their secrets.")
            .answering_all::<TokenInfo>(),
    ]
}

/// Who asks, and what they may.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Me {
    /// A user name, or the name of a token.
    name: String,
    /// As the audit log names them: `person:ID` or `token:NAME`.
    actor: String,
    /// What they may.
    rights: Vec<Right>,
}

async fn me(Asking(caller): Asking) -> Json<Me> {
    Json(Me {
        name: caller.name().to_owned(),
        actor: caller.actor().to_string(),
        rights: caller.rights().iter().copied().collect(),
    })
}

/// A reason code.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Reason {
    /// Its stable text.
    code: &'static str,
    /// What it means.
    meaning: &'static str,
}

async fn reasons(Asking(caller): Asking, Asked(query): Asked<PageQuery>) -> Answer<Listed<Reason>> {
    caller.require(Right::See)?;
    let page = query.page()?;
    let all = ReasonCode::ALL.iter();
    let mut all: Vec<Reason> =
        all.map(|(code, _)| Reason { code: code.as_str(), meaning: code.meaning() }).collect();
    all.sort_unstable_by_key(|reason| reason.code);
    Ok(Json(page.of(all, |reason| reason.code.to_owned())?))
}

async fn switch(State(portal): State<Portal>, Asking(caller): Asking) -> Answer<Switched> {
    Ok(Json(portal.desk.switch(&caller).await?))
}

async fn mirror(
    State(portal): State<Portal>,
    Asking(caller): Asking,
    Asked(query): Asked<PageQuery>,
) -> Answer<MirrorReview> {
    Ok(Json(portal.desk.mirror_review(&caller, &query.page()?).await?))
}

async fn approvals(State(portal): State<Portal>, Asking(caller): Asking) -> Answer<Vec<Approved>> {
    Ok(Json(portal.desk.approvals(&caller).await?))
}

async fn tokens(State(portal): State<Portal>, Asking(caller): Asking) -> Answer<Vec<TokenInfo>> {
    Ok(Json(portal.desk.tokens(&caller).await?))
}
