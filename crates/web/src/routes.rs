//! Which address leads to which handler.

use crate::config::WebConfig;
use crate::handlers::{access, apps, home, log_out, opening, probes, signin};
use crate::{assets, frame};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use control::desk::Desk;
use control::door::Door;
use std::sync::Arc;

/// A response of 128 KiB of XML, the most that is read, is 171 KiB of base64; the rest is for
/// percent-encoding and `RelayState`.
const ACS_BODY_BYTES: usize = 192 * 1024;

/// Our own forms hold one key.
const FORM_BODY_BYTES: usize = 4 * 1024;

/// What every handler can reach.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    pub(crate) door: Arc<Door>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) config: Arc<WebConfig>,
    pub(crate) references: Arc<crate::refused::References>,
}

/// All routes, with the frame that gives each answer its headers, its page if it is a refusal, its
/// time limit and its line in the access log.
pub fn router(door: Arc<Door>, desk: Arc<Desk>, config: WebConfig) -> Router {
    let portal = Portal { door, desk, config: Arc::new(config), references: Arc::default() };
    let saml = Router::new()
        .route("/saml/acs", post(signin::assertion_consumer))
        .route("/saml/logout", get(log_out::by_query).post(log_out::by_form))
        .layer(DefaultBodyLimit::max(ACS_BODY_BYTES));
    Router::new()
        .route("/", get(home::my_work))
        .route("/login/{idp}", get(signin::login))
        .route("/saml/metadata", get(signin::metadata))
        .route("/open/{team}", post(opening::open))
        .route("/opening/{team}", get(opening::wait))
        .route("/opening/{team}/progress", get(opening::progress))
        .route("/sign-out", post(signin::sign_out))
        .route("/signed-out", get(signin::signed_out))
        .route("/livez", get(probes::live))
        .route("/readyz", get(probes::ready))
        .route("/assets/stagedoor.css", get(assets::stylesheet))
        .route("/assets/mark.svg", get(assets::mark))
        .route("/assets/stagedoor.js", get(assets::script))
        .route("/assets/submit.js", get(assets::submit))
        .merge(access::routes())
        .merge(apps::routes())
        .layer(DefaultBodyLimit::max(FORM_BODY_BYTES))
        .merge(saml)
        .merge(crate::api::routes())
        .layer(from_fn_with_state(portal.clone(), frame::around))
        .with_state(portal)
}
