//! The first page.

use crate::pages::{self, MyWorkPage, WelcomePage};
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::Language;
use crate::visit::Visit;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::door::RefusalKind;

/// Says that apps are stopping; any other query says nothing.
const STOPPED: &str = "stopped";

/// *My work* for somebody who is signed in, a welcome for everybody else. With one identity
/// provider too the welcome is a page and not a redirect: who has just signed out should not find
/// himself signed in again, nor an identity provider that refuses send him round in circles.
pub(crate) async fn my_work(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let Some(session) = &visit.session else {
        return Ok(welcome(&portal, language));
    };
    match portal.door.my_work(session, &visit.origin).await {
        Ok(work) => {
            let form_key = |purpose: &str| portal.door.form_key(session, purpose);
            let stopped = query.as_deref() == Some(STOPPED);
            let now = portal.door.time();
            Ok(pages::answer_in(&MyWorkPage::new(language, &work, now, stopped, form_key)))
        }
        Err(refusal) if refusal.kind == RefusalKind::SignedOut => {
            let mut answer = welcome(&portal, language);
            Visit::forget_refused(&portal, refusal.code, &mut answer);
            Ok(answer)
        }
        Err(refusal) => Err(Refused::by_door(refusal)),
    }
}

fn welcome(portal: &Portal, language: Language) -> Response {
    pages::answer_in(&WelcomePage::new(language, &portal.door.identity_providers()))
}
