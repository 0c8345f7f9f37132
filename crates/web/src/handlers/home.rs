//! The first page.

use crate::pages::{self, MyWorkPage, WelcomePage};
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::Language;
use crate::visit::Visit;
use axum::extract::State;
use axum::response::Response;
use control::door::RefusalKind;

/// *My work* for somebody who is signed in, a welcome for everybody else. With one identity
/// provider too the welcome is a page and not a redirect: who has just signed out should not find
/// himself signed in again, nor an identity provider that refuses send him round in circles.
pub(crate) async fn my_work(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
) -> Result<Response, Refused> {
    let Some(session) = &visit.session else {
        return Ok(welcome(&portal));
    };
    match portal.door.my_work(session, &visit.origin).await {
        Ok(work) => {
            let form_key = |purpose: &str| portal.door.form_key(session, purpose);
            Ok(pages::answer(&MyWorkPage::new(language, &work.person, &work.teams, form_key)))
        }
        Err(refusal) if refusal.kind == RefusalKind::SignedOut => {
            let mut answer = welcome(&portal);
            Visit::forget_session(&portal, &mut answer);
            Ok(answer)
        }
        Err(refusal) => Err(Refused::by_door(refusal)),
    }
}

fn welcome(portal: &Portal) -> Response {
    let sign_ins = pages::sign_ins(&portal.door.identity_providers(), None);
    pages::answer(&WelcomePage { sign_ins })
}
