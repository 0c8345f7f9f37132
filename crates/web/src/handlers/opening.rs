//! *Open Studio*, and the wait for a profile.

use crate::form::Fields;
use crate::own_form::OwnForm;
use crate::pages::{self, Onward, OpeningPage};
use crate::provenance::{self, open_purpose};
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::Language;
use crate::visit::Visit;
use access::ids::TeamKey;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::door::{Opening, Preparing, SessionToken, Tool};
use serde_json::json;

/// How often the waiting page looks again, in seconds. A profile takes some ten seconds.
const LOOK_EVERY_SECONDS: u32 = 2;

/// After so many looks (about a minute) it says so and looks less often.
const LONG_AFTER_LOOKS: u32 = 30;

/// How often it looks then, in seconds.
const LOOK_LATER_EVERY_SECONDS: u32 = 10;

/// After so many seconds a page looks again whose script did not come, or has stopped.
const LOOK_IN_ANY_CASE_SECONDS: u32 = 20;

/// A tool as forms and addresses name it.
pub(crate) fn name_of(tool: Tool) -> &'static str {
    match tool {
        Tool::Studio => "studio",
        Tool::JupyterLab => "jupyterlab",
        Tool::CodeEditor => "codeeditor",
    }
}

/// The tool of this name; Studio, whose own page leads to all of them, for any other.
fn tool_named(name: Option<&str>) -> Tool {
    let found = Tool::STRAIGHT.into_iter().find(|tool| Some(name_of(*tool)) == name);
    found.unwrap_or_default()
}

/// `POST /open/{team}`.
pub(crate) async fn open(
    State(portal): State<Portal>,
    visit: Visit,
    team: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    let form = OwnForm::read(&portal, &visit, &headers, body, &open_purpose(team.as_str()))
        .map_err(|refused| refused.on_the_way_to(&team))?;
    let tool = tool_named(form.fields.get("tool"));
    match portal.door.open_with(&form.session, &team, tool, &visit.origin).await {
        Ok(opening) => go(&portal, &form.session, &team, tool, &opening),
        Err(refusal) => Err(Refused::of_team(&portal, refusal, &form.session, &team).await),
    }
}

/// `GET /opening/{team}?key=…&looks=…`. The key makes this safe to be a GET although a look may
/// change something: nobody else can know the address.
pub(crate) async fn wait(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    team: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let session = session_with_key(&portal, visit.session, &team, fields.get("key"))?;
    let tool = tool_named(fields.get("tool"));
    match portal.door.open_with(&session, &team, tool, &visit.origin).await {
        Ok(Opening::Preparing(preparing)) => {
            let looks = fields.get("looks").and_then(|looks| looks.parse().ok()).unwrap_or(0);
            let wait = Wait { session, team, tool, looks };
            waiting(&portal, language, &wait, preparing)
        }
        Ok(ready) => go(&portal, &session, &team, tool, &ready),
        Err(refusal) => Err(Refused::of_team(&portal, refusal, &session, &team).await),
    }
}

/// `GET /opening/{team}/progress?key=…`, for the script of the waiting page. It asks for no link: the
/// page itself goes through [`wait`] once nothing else is missing.
pub(crate) async fn progress(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    team: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let session = session_with_key(&portal, visit.session, &team, fields.get("key"))?;
    let look = portal.door.look(&session, &team, &visit.origin).await;
    let preparing = look.map_err(|refusal| Refused::by_door(refusal).on_the_way_to(&team))?;
    let detail = preparing.map(|preparing| pages::waits_for(language, preparing));
    Ok(Json(json!({ "ready": preparing.is_none(), "detail": detail })).into_response())
}

/// Sends the browser to Studio, or to the waiting page.
pub(crate) fn go(
    portal: &Portal,
    session: &SessionToken,
    team: &TeamKey,
    tool: Tool,
    opening: &Opening,
) -> Result<Response, Refused> {
    match opening {
        Opening::Ready(url) => redirect(portal, StatusCode::FOUND, url.reveal()),
        Opening::Preparing(_) => {
            let wait = Wait { session: session.clone(), team: team.clone(), tool, looks: 0 };
            redirect(portal, StatusCode::SEE_OTHER, &wait.address(portal))
        }
    }
}

/// An empty answer that leads elsewhere. The address may be a secret: it does not print.
pub(crate) fn redirect(
    portal: &Portal,
    status: StatusCode,
    location: &str,
) -> Result<Response, Refused> {
    let mut location =
        HeaderValue::try_from(location).map_err(|_| Refused::new(portal, Problem::Defect))?;
    location.set_sensitive(true);
    Ok((status, [(header::LOCATION, location)]).into_response())
}

/// Somebody who waits.
struct Wait {
    session: SessionToken,
    team: TeamKey,
    tool: Tool,
    looks: u32,
}

impl Wait {
    fn key(&self, portal: &Portal) -> String {
        portal.door.form_key(&self.session, &open_purpose(self.team.as_str()))
    }

    fn address(&self, portal: &Portal) -> String {
        let tool = match self.tool {
            Tool::Studio => String::new(),
            tool => format!("&tool={}", name_of(tool)),
        };
        format!("/opening/{}?key={}&looks={}{tool}", self.team, self.key(portal), self.looks)
    }

    fn progress(&self, portal: &Portal) -> String {
        format!("/opening/{}/progress?key={}", self.team, self.key(portal))
    }
}

fn waiting(
    portal: &Portal,
    language: Language,
    wait: &Wait,
    preparing: Preparing,
) -> Result<Response, Refused> {
    let long = wait.looks >= LONG_AFTER_LOOKS;
    let seconds = if long { LOOK_LATER_EVERY_SECONDS } else { LOOK_EVERY_SECONDS };
    let at = |looks| {
        let Wait { session, team, tool, .. } = wait;
        let next = Wait { session: session.clone(), team: team.clone(), tool: *tool, looks };
        next.address(portal)
    };
    let again = at(wait.looks.saturating_add(1));
    let late = (!long).then(|| at(LONG_AFTER_LOOKS));
    let header = format!("{LOOK_IN_ANY_CASE_SECONDS}; url={again}");
    let mut refresh =
        HeaderValue::try_from(header).map_err(|_| Refused::new(portal, Problem::Defect))?;
    refresh.set_sensitive(true);
    let onward = Onward { again, late, progress: wait.progress(portal), seconds };
    let title = portal.door.title_of(wait.team.as_str());
    let page = OpeningPage::new(language, &title, preparing, onward);
    let mut answer = pages::answer_in(&page);
    answer.headers_mut().insert(header::REFRESH, refresh);
    Ok(answer)
}

pub(crate) fn team_of(
    portal: &Portal,
    team: Result<Path<String>, PathRejection>,
) -> Result<TeamKey, Refused> {
    team.ok()
        .and_then(|Path(team)| TeamKey::parse(team).ok())
        .ok_or_else(|| Refused::new(portal, Problem::NotFound))
}

fn session_with_key(
    portal: &Portal,
    session: Option<SessionToken>,
    team: &TeamKey,
    key: Option<&str>,
) -> Result<SessionToken, Refused> {
    let session =
        session.ok_or_else(|| Refused::new(portal, Problem::SignedOut).on_the_way_to(team))?;
    if provenance::key_fits(portal, &session, &open_purpose(team.as_str()), key) {
        Ok(session)
    } else {
        Err(Refused::new(portal, Problem::FormKey))
    }
}
