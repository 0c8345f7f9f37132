//! What goes round every answer.

use crate::refused::{Asker, Coded, Form, Problem, Refused};
use crate::routes::Portal;
use crate::strings::Language;
use crate::visit::Visit;
use crate::{access_log, headers, negotiate, scim};
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use control::door::coming_from;
use std::time::{Duration, Instant};

/// How long an answer may take. An API gateway in front gives up after 29 seconds; a person should
/// get our page, not its.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(25);

/// Runs the handler within its time, turns a refusal into a page or JSON, sets the headers, and
/// writes the access log.
pub(crate) async fn around(
    State(portal): State<Portal>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let sighting = portal.config.origin_source.sight(request.extensions(), request.headers());
    portal.config.tell_unheeded(&sighting, request.headers());
    request.extensions_mut().insert(sighting.clone());
    let asker = Asker {
        sighting,
        form: form_of(&request),
        language: Language::preferred(request.headers()),
        session_shown: Visit::session_of(&portal, request.headers()).is_some(),
    };

    // Not all that the door is asked names its origin; what it refuses is written down with it.
    let answering = coming_from(&asker.sighting.origin, next.run(request));
    let answer = tokio::time::timeout(ANSWER_WITHIN, answering)
        .await
        .unwrap_or_else(|_| Refused::new(&portal, Problem::TooSlow).into_response());
    let coded = answer.extensions().get::<Coded>().copied();
    let (mut answer, refused) = Refused::found_in(&portal, answer);
    if let Some(refused) = &refused {
        answer = refused.render(&portal, &answer, &asker);
        // A cookie that no longer opens anything need not come again.
        if asker.session_shown
            && asker.form != Form::Scim
            && answer.status() == StatusCode::UNAUTHORIZED
        {
            Visit::forget_refused(&portal, refused.code, &mut answer);
        }
    }
    headers::set(&portal, &mut answer);
    let said = refused.as_ref().map(|refused| (refused.code, refused.reference()));
    let said = said.or(coded.map(|Coded(code)| (code, "-")));
    access_log::write(&method, route.as_deref(), answer.status(), said, started);
    answer
}

/// How whoever sends the request understands a refusal.
fn form_of(request: &Request) -> Form {
    let path = request.uri().path();
    if scim::is_below(path) {
        Form::Scim
    } else if path.starts_with("/api/") {
        Form::Problem
    } else if negotiate::prefers_json(request.headers()) {
        Form::Json
    } else {
        Form::Page
    }
}
