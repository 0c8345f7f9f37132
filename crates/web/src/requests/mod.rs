//! Asking for access, deciding on it, and break-glass, for whoever is signed in.

mod admin;
mod pages;

use crate::form::Fields;
use crate::handlers::opening::redirect;
use crate::pages::answer;
use crate::provenance;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::Language;
use crate::table::{Row, Who};
use crate::visit::Visit;
use access::ids::{TeamKey, TemporaryId};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use control::desk::{AskOrder, BreakGlassOrder, Right, SignedIn};
use control::door::SessionToken;
use jiff::SignedDuration;
use pages::{RequestPage, RequestsPage};

/// A reason of 500 characters, each of twelve bytes at most in a form, and the rest of the form.
pub(crate) const BODY_BYTES: usize = 16 * 1024;

/// The rows of requests. What somebody may do there is for the desk to say.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::get("/request/{team}", Who::SignedIn, form),
        Row::post("/request/{team}", Who::SignedIn, ask),
        Row::post("/request/{team}/break-glass", Who::SignedIn, break_glass),
        Row::get("/requests", Who::SignedIn, mine),
        Row::post("/requests/{id}/decide", Who::SignedIn, decide),
        Row::post("/requests/{id}/withdraw", Who::SignedIn, withdraw),
        Row::post("/requests/{id}/note", Who::SignedIn, note),
        Row::get("/admin/requests", Who::May(Right::See), admin::page),
        Row::post("/admin/grants/{id}/revoke", Who::May(Right::Act), admin::revoke),
    ]
}

/// Purposes of form keys.
pub(crate) fn purpose(what: &str, about: &str) -> String {
    format!("{what}:{about}")
}

/// Whoever is signed in.
struct Me {
    session: SessionToken,
    who: SignedIn,
}

impl Me {
    async fn of(portal: &Portal, visit: Visit) -> Result<Self, Refused> {
        let Some(session) = visit.session else {
            return Err(Refused::new(portal, Problem::SignedOut));
        };
        let who = portal.door.who(&session).await.map_err(Refused::by_door)?;
        Ok(Self { session, who })
    }

    fn keys<'a>(&'a self, portal: &'a Portal) -> impl Fn(&str) -> String + 'a {
        |purpose: &str| portal.door.form_key(&self.session, purpose)
    }
}

/// A form that a page of ours may have sent. One of another site is refused before anything of it is
/// looked at.
struct Form {
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
}

impl FromRequest<Portal> for Form {
    type Rejection = Refused;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Refused> {
        if !provenance::is_ours(request.headers(), &portal.config.public_origin) {
            return Err(Refused::new(portal, Problem::ForeignForm));
        }
        let (mut parts, body) = request.into_parts();
        let Ok(visit) = Visit::from_request_parts(&mut parts, portal).await;
        let headers = parts.headers.clone();
        let body = Bytes::from_request(Request::from_parts(parts, body), portal).await;
        Ok(Self { visit, headers, body })
    }
}

impl Form {
    /// Who sent it, and its fields, if it comes from a page that was made for this session, to do this
    /// to that.
    async fn sent(self, portal: &Portal, what: &str, about: &str) -> Result<(Me, Fields), Refused> {
        let fields = Fields::of_body(portal, &self.headers, self.body)?;
        let me = Me::of(portal, self.visit).await?;
        if !provenance::key_fits(portal, &me.session, &purpose(what, about), fields.get("key")) {
            return Err(Refused::new(portal, Problem::FormKey));
        }
        Ok((me, fields))
    }
}

async fn form(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    Path(team): Path<String>,
) -> Result<Response, Refused> {
    let team = team_of(&portal, &team)?;
    let me = Me::of(&portal, visit).await?;
    let by_desk = |refused| Refused::by_desk_of_own(&portal, refused);
    let form = portal.desk.request_form(&me.who, &team).await.map_err(by_desk)?;
    Ok(answer(&RequestPage::new(&form, language, me.keys(&portal))))
}

async fn ask(
    State(portal): State<Portal>,
    Path(team): Path<String>,
    form: Form,
) -> Result<Response, Refused> {
    let team = team_of(&portal, &team)?;
    let (me, fields) = form.sent(&portal, "ask", team.as_str()).await?;
    let minutes: i64 = fields.get("minutes").and_then(|text| text.parse().ok()).unwrap_or(0);
    let order = AskOrder {
        team: team.clone(),
        lasts: SignedDuration::from_secs(minutes.clamp(0, 1_000_000) * 60),
        reason: fields.get("reason").unwrap_or_default().to_owned(),
        ticket: fields.get("ticket").map(str::to_owned),
    };
    let asked = portal.desk.ask(&me.who, &order).await;
    asked.map_err(|refused| Refused::by_desk_of_own(&portal, refused))?;
    redirect(&portal, StatusCode::SEE_OTHER, &format!("/request/{team}"))
}

async fn break_glass(
    State(portal): State<Portal>,
    Path(team): Path<String>,
    form: Form,
) -> Result<Response, Refused> {
    let team = team_of(&portal, &team)?;
    let (me, fields) = form.sent(&portal, "break-glass", team.as_str()).await?;
    let order = BreakGlassOrder {
        team: team.clone(),
        reason: fields.get("reason").unwrap_or_default().to_owned(),
        ticket: fields.get("ticket").map(str::to_owned),
        second: None,
        dry_run: false,
    };
    let broken = portal.desk.break_glass(&me.who, &order).await;
    broken.map_err(|refused| Refused::by_desk_of_own(&portal, refused))?;
    redirect(&portal, StatusCode::SEE_OTHER, &format!("/request/{team}"))
}

async fn mine(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
) -> Result<Response, Refused> {
    let me = Me::of(&portal, visit).await?;
    let mine = portal.desk.my_requests(&me.who).await;
    let mine = mine.map_err(|refused| Refused::by_desk_of_own(&portal, refused))?;
    let names = portal.desk.names(mine.to_decide.iter().map(|request| &request.person));
    Ok(answer(&RequestsPage::new(&mine, &names, language, me.keys(&portal))))
}

async fn decide(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Refused> {
    let id = id_of(&portal, &id)?;
    let (me, fields) = form.sent(&portal, "decide", id.as_str()).await?;
    let approve = match fields.get("verdict") {
        Some("approve") => true,
        Some("refuse") => false,
        _ => return Err(Refused::new(&portal, Problem::NoForm)),
    };
    let decided = portal.desk.decide(&me.who, &id, approve, fields.get("why")).await;
    decided.map_err(|refused| Refused::by_desk(&portal, refused))?;
    redirect(&portal, StatusCode::SEE_OTHER, page_of(&fields))
}

async fn withdraw(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Refused> {
    let id = id_of(&portal, &id)?;
    let (me, _) = form.sent(&portal, "withdraw", id.as_str()).await?;
    let withdrawn = portal.desk.withdraw(&me.who, &id).await;
    withdrawn.map_err(|refused| Refused::by_desk_of_own(&portal, refused))?;
    redirect(&portal, StatusCode::SEE_OTHER, "/requests")
}

async fn note(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Refused> {
    let id = id_of(&portal, &id)?;
    let (me, fields) = form.sent(&portal, "note", id.as_str()).await?;
    let by_desk = |refused| Refused::by_desk_of_own(&portal, refused);
    let note = fields.get("note").unwrap_or_default();
    portal.desk.after_note_of(&me.who, &id, note).await.map_err(by_desk)?;
    redirect(&portal, StatusCode::SEE_OTHER, page_of(&fields))
}

/// The page that the form stands on.
fn page_of(fields: &Fields) -> &'static str {
    if fields.get("from") == Some("admin") { "/admin/requests" } else { "/requests" }
}

fn team_of(portal: &Portal, team: &str) -> Result<TeamKey, Refused> {
    TeamKey::parse(team).map_err(|_| Refused::new(portal, Problem::NotFound))
}

fn id_of(portal: &Portal, id: &str) -> Result<TemporaryId, Refused> {
    TemporaryId::parse(id).map_err(|_| Refused::new(portal, Problem::NotFound))
}
