//! *Open Studio*, and the wait for a profile.

use crate::form::Fields;
use crate::pages::{self, OpeningPage};
use crate::provenance::{self, open_purpose};
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::visit::Visit;
use access::ids::TeamKey;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::door::{Opening, Preparing, SessionToken};

/// How often the waiting page looks again, in seconds. A profile takes some ten seconds.
const LOOK_EVERY_SECONDS: u32 = 2;

/// After so many looks (about a minute) it says so and looks less often.
const LONG_AFTER_LOOKS: u32 = 30;

/// How often it looks then, in seconds.
const LOOK_LATER_EVERY_SECONDS: u32 = 10;

/// `POST /open/{team}`.
pub(crate) async fn open(
    State(portal): State<Portal>,
    visit: Visit,
    team: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    if !provenance::is_ours(&headers, &portal.config.public_origin) {
        return Err(Refused::new(&portal, Problem::ForeignForm));
    }
    let fields = Fields::of_body(&portal, &headers, body)?;
    let session = session_with_key(&portal, visit.session, &team, fields.get("key"))?;
    match portal.door.open(&session, &team, &visit.origin).await {
        Ok(opening) => go(&portal, &session, &team, &opening),
        Err(refusal) => Err(Refused::by_door(refusal).on_the_way_to(&team)),
    }
}

/// `GET /opening/{team}?key=…&looks=…`. The key makes this safe to be a GET although a look may
/// change something: nobody else can know the address.
pub(crate) async fn wait(
    State(portal): State<Portal>,
    visit: Visit,
    team: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let team = team_of(&portal, team)?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let session = session_with_key(&portal, visit.session, &team, fields.get("key"))?;
    match portal.door.open(&session, &team, &visit.origin).await {
        Ok(Opening::Preparing(preparing)) => {
            let looks = fields.get("looks").and_then(|looks| looks.parse().ok()).unwrap_or(0);
            waiting(&portal, &session, &team, preparing, looks)
        }
        Ok(ready) => go(&portal, &session, &team, &ready),
        Err(refusal) => Err(Refused::by_door(refusal).on_the_way_to(&team)),
    }
}

/// Sends the browser to Studio, or to the waiting page.
pub(crate) fn go(
    portal: &Portal,
    session: &SessionToken,
    team: &TeamKey,
    opening: &Opening,
) -> Result<Response, Refused> {
    match opening {
        Opening::Ready(url) => redirect(portal, StatusCode::FOUND, url.reveal()),
        Opening::Preparing(_) => {
            redirect(portal, StatusCode::SEE_OTHER, &waiting_address(portal, session, team, 0))
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

fn waiting(
    portal: &Portal,
    session: &SessionToken,
    team: &TeamKey,
    preparing: Preparing,
    looks: u32,
) -> Result<Response, Refused> {
    let long = looks >= LONG_AFTER_LOOKS;
    let seconds = if long { LOOK_LATER_EVERY_SECONDS } else { LOOK_EVERY_SECONDS };
    let again = waiting_address(portal, session, team, looks.saturating_add(1));
    // The header, not a `meta` element: it works as widely and keeps the page's text free of it.
    let mut refresh = HeaderValue::try_from(format!("{seconds}; url={again}"))
        .map_err(|_| Refused::new(portal, Problem::Defect))?;
    refresh.set_sensitive(true);
    let mut answer = pages::answer(&OpeningPage::new(team.as_str(), preparing, again, long));
    answer.headers_mut().insert(header::REFRESH, refresh);
    Ok(answer)
}

fn waiting_address(portal: &Portal, session: &SessionToken, team: &TeamKey, looks: u32) -> String {
    let key = portal.door.form_key(session, &open_purpose(team.as_str()));
    format!("/opening/{team}?key={key}&looks={looks}")
}

fn team_of(portal: &Portal, team: Result<Path<String>, PathRejection>) -> Result<TeamKey, Refused> {
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
