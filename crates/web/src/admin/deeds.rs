//! What admins do on these screens: each form has its key, and leads back to where it was sent.

use super::now::{FREEZE, SYNC, THAW};
use super::parts::in_path;
use super::person::{
    PersonPath, confirmation, offboard_purpose, person_of, restore_purpose, team_of,
};
use super::plan::APPROVE;
use super::{enter_to_act, go_to};
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::Language;
use crate::visit::Visit;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use control::desk::{Agreement, Leave, Return};

/// `POST /admin/freeze`.
pub(super) async fn freeze(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let (entered, fields) = enter_to_act(&portal, &visit, &headers, body, FREEZE).await?;
    let reason = fields.get("reason").unwrap_or_default();
    let done = portal.desk.freeze(&entered.caller, reason).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, "/admin?said=frozen")
}

/// `POST /admin/thaw`.
pub(super) async fn thaw(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let (entered, _) = enter_to_act(&portal, &visit, &headers, body, THAW).await?;
    let done = portal.desk.thaw(&entered.caller).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, "/admin?said=thawed")
}

/// `POST /admin/sync`.
pub(super) async fn sync(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let (entered, _) = enter_to_act(&portal, &visit, &headers, body, SYNC).await?;
    let done = portal.desk.sync(&entered.caller, None).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, "/admin?said=synced")
}

/// `POST /admin/plan/approve` with the digest of the removals and their number, typed.
pub(super) async fn approve(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let (entered, fields) = enter_to_act(&portal, &visit, &headers, body, APPROVE).await?;
    let count = fields.get("count").and_then(|count| count.trim().parse().ok());
    let agreement = Agreement {
        removals: fields.get("digest").unwrap_or_default().to_owned(),
        number: count.ok_or_else(|| Refused::by_desk(&portal, no_number()))?,
        why: String::new(),
    };
    let done = portal.desk.approve(&entered.caller, &agreement).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, "/admin/plan?said=approved")
}

fn no_number() -> control::desk::Refused {
    control::desk::Refused::invalid(
        "How much is taken away was not typed as a number.",
        "Go back to the plan and type the number that it shows.",
    )
}

/// `POST /admin/people/{id}/offboard` with a reason and the user name, typed.
pub(super) async fn offboard(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    path: PersonPath,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let person = person_of(&portal, path)?;
    let purpose = offboard_purpose(&person);
    let (entered, fields) = enter_to_act(&portal, &visit, &headers, body, &purpose).await?;
    let team = team_of(&portal, &fields)?;
    let by_desk = |refused| Refused::by_desk(&portal, refused);
    let view = portal.desk.person(&entered.caller, &person).await.map_err(by_desk)?;
    if fields.get("confirm").map(str::trim) != Some(view.key.as_str()) {
        let reason = Some(fields.get("reason").unwrap_or_default());
        return confirmation(&portal, &entered, language, &person, team.as_ref(), reason).await;
    }
    let leave = Leave {
        person: person.to_string(),
        team,
        skip_hold: false,
        why: fields.get("reason").unwrap_or_default().to_owned(),
    };
    portal.desk.offboard(&entered.caller, &leave).await.map_err(by_desk)?;
    go_to(&portal, &format!("/admin/people/{}?said=offboarded", in_path(person.as_str())))
}

/// `POST /admin/people/{id}/restore`, of one team if one is named. It takes nothing away.
pub(super) async fn restore(
    State(portal): State<Portal>,
    visit: Visit,
    path: PersonPath,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let person = person_of(&portal, path)?;
    let purpose = restore_purpose(&person);
    let (entered, fields) = enter_to_act(&portal, &visit, &headers, body, &purpose).await?;
    let team = team_of(&portal, &fields)?;
    let back = Return { person: person.to_string(), team };
    let done = portal.desk.restore(&entered.caller, &back).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, &format!("/admin/people/{}?said=restored", in_path(person.as_str())))
}
