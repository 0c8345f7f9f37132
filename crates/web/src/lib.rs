//! The door's HTTP and the portal: server-rendered pages that work without JavaScript.
//!
//! Nothing here decides who may do what; [`control::door::Door`] does. This crate turns requests
//! into its questions and its answers into pages, and keeps what belongs to the browser right:
//! cookies, form keys, security headers, and refusals that say what happened, why, and what would
//! work. No AWS and no SQL.
//!
//! | route | what it does |
//! |---|---|
//! | `GET /` | *My work*, or the welcome page of somebody who is not signed in |
//! | `GET /login/{idp}?team=` | sends the browser to the identity provider |
//! | `POST /saml/acs` | takes the identity provider's answer |
//! | `GET /saml/metadata?for=` | tells identity providers about us |
//! | `POST /open/{team}` | *Open Studio* |
//! | `GET /opening/{team}?key=` | waits for a profile that is being made |
//! | `GET /opening/{team}/progress?key=` | the same for a script: how far it is |
//! | `GET /apps/{team}`, `POST /apps/{team}/stop` | stops one's own apps |
//! | `GET /access` | *My access*: one's own reasons, sessions and history |
//! | `POST /access/sessions/end` | ends one session of one's own |
//! | `GET`, `POST /access/sessions/end-all` | ends all of them |
//! | `POST /sign-out` | ends the session |
//! | `GET /signed-out` | says so |
//! | `GET /admin/…`, `POST /admin/…` | the administration |
//! | `GET`, `POST`, `PUT`, `PATCH`, `DELETE /scim/v2/…` | people and groups are pushed |
//! | `GET /livez`, `GET /readyz` | probes |
//! | `GET /assets/stagedoor.css`, `GET /assets/mark.svg`, `GET /favicon.ico` | the look |
//! | `GET /assets/stagedoor.js` | comfort: copies commands, follows an opening |
//! | `GET /assets/submit.js` | sends the form to an identity provider that takes no redirect |

mod access_log;
mod admin;
mod api;
mod assets;
mod caller;
mod config;
mod cookies;
mod form;
mod frame;
mod handlers;
mod headers;
mod linger;
mod negotiate;
mod ops;
mod origin;
mod own_form;
mod pages;
mod provenance;
mod refused;
mod report;
mod requests;
mod routes;
mod scim;
mod serve;
mod strings;
mod table;
mod visit;

pub use api::document as api_document;
pub use config::{InvalidFormTarget, WebConfig};
pub use ops::{Condition, metrics_reference, ops_router};
pub use origin::{
    ForwardedHeader, Invoker, OriginSource, RequestContextError, origin_of_request_context,
};
pub use report::report_page;
pub use routes::{addresses, router};
pub use serve::serve;
pub use table::{Address, Who};
