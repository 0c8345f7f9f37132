//! Which address leads to which handler.

use crate::api::{self, ApiLimits};
use crate::config::WebConfig;
use crate::handlers::{access, apps, home, log_out, opening, probes, signin};
use crate::table::{self, Address, Row, Who};
use crate::{assets, frame, requests, scim};
use axum::Router;
use axum::middleware::from_fn_with_state;
use control::desk::Desk;
use control::door::Door;
use std::ops::Deref;
use std::sync::Arc;

/// A response of 128 KiB of XML, the most that is read, is 171 KiB of base64; the rest is for
/// percent-encoding and `RelayState`.
const ACS_BODY_BYTES: usize = 192 * 1024;

/// Forms of the door hold one key.
const FORM_BODY_BYTES: usize = 4 * 1024;

/// What every handler can reach. A request takes several clones.
#[derive(Debug, Clone)]
pub(crate) struct Portal(Arc<Reach>);

/// What is within reach.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) door: Arc<Door>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) config: WebConfig,
    pub(crate) references: crate::refused::References,
    pub(crate) api_limits: ApiLimits,
    pub(crate) scim_limits: Arc<ApiLimits>,
}

impl Deref for Portal {
    type Target = Reach;

    fn deref(&self) -> &Reach {
        &self.0
    }
}

/// All routes, with the frame that gives each answer its headers, its page if it is a refusal, its
/// time limit and its line in the access log.
pub fn router(door: Arc<Door>, desk: Arc<Desk>, config: WebConfig) -> Router {
    let portal = Portal(Arc::new(Reach {
        door,
        desk,
        api_limits: ApiLimits::new(config.api_per_minute),
        scim_limits: Arc::new(ApiLimits::new(config.scim_per_minute)),
        config,
        references: crate::refused::References::default(),
    }));
    areas()
        .into_iter()
        .fold(Router::new(), |all, (rows, bytes)| all.merge(table::router(rows, bytes)))
        .layer(from_fn_with_state(portal.clone(), frame::around))
        .with_state(portal)
}

/// Every address, and who may use it.
pub fn addresses() -> Vec<Address> {
    areas().into_iter().flat_map(|(rows, _)| rows).map(|row| row.address).collect()
}

/// All that is routed, each area with the most bytes that a body of it may have.
fn areas() -> [(Vec<Row>, usize); 6] {
    [
        (pages(), FORM_BODY_BYTES),
        (crate::admin::rows(), requests::BODY_BYTES),
        (saml(), ACS_BODY_BYTES),
        (api::rows().collect(), api::BODY_BYTES),
        (requests::rows(), requests::BODY_BYTES),
        (scim::rows(), scim::BODY_BYTES),
    ]
}

/// What people see, and their forms. Each area of pages adds its rows here.
fn pages() -> Vec<Row> {
    let mut rows = own_pages();
    rows.extend(access::rows());
    rows.extend(apps::rows());
    rows
}

/// The pages of the door.
fn own_pages() -> Vec<Row> {
    vec![
        Row::get("/", Who::Anybody, home::my_work),
        Row::get("/login/{idp}", Who::Anybody, signin::login),
        Row::get("/saml/metadata", Who::Anybody, signin::metadata),
        Row::post("/open/{team}", Who::SignedIn, opening::open),
        Row::get("/opening/{team}", Who::SignedIn, opening::wait),
        Row::get("/opening/{team}/progress", Who::SignedIn, opening::progress),
        Row::post("/sign-out", Who::Anybody, signin::sign_out),
        Row::get("/signed-out", Who::Anybody, signin::signed_out),
        Row::get("/livez", Who::Anybody, probes::live),
        Row::get("/readyz", Who::Anybody, probes::ready),
        Row::get("/assets/stagedoor.css", Who::Anybody, assets::stylesheet),
        Row::get("/assets/mark.svg", Who::Anybody, assets::mark),
        // What browsers ask for where a page names no icon: JSON, a download.
        Row::get("/favicon.ico", Who::Anybody, assets::mark),
        Row::get("/assets/stagedoor.js", Who::Anybody, assets::script),
        Row::get("/assets/submit.js", Who::Anybody, assets::submit),
    ]
}

/// What identity providers send people with.
fn saml() -> Vec<Row> {
    vec![
        Row::post("/saml/acs", Who::Anybody, signin::assertion_consumer),
        Row::get("/saml/logout", Who::Anybody, log_out::by_query),
        Row::post("/saml/logout", Who::Anybody, log_out::by_form),
    ]
}
