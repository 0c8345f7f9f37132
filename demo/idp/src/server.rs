//! The web server.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, http::HeaderValue};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::idp::{DemoIdp, DemoSp};
use crate::pages::{self, LoginState};
use crate::request;
use crate::response::{DemoResponse, Signing};
use crate::signer::{DemoIdpError, random_id};

impl DemoIdp {
    /// The routes, to be served at the base URL of the configuration.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/", get(index))
            .route("/metadata", get(metadata))
            .route("/sso", get(sso))
            .route("/start", get(start))
            .route("/login", post(login))
            .with_state(self)
    }

    /// Serves until `shutdown` completes.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await
    }
}

type Idp = State<Arc<DemoIdp>>;

async fn index(State(idp): Idp) -> Response {
    page(StatusCode::OK, pages::index(&idp.config.tiles))
}

async fn metadata(State(idp): Idp) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
    (kind, idp.metadata_xml()).into_response()
}

#[derive(Debug, Deserialize)]
struct SsoQuery {
    #[serde(rename = "SAMLRequest")]
    saml_request: String,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

async fn sso(State(idp): Idp, Query(query): Query<SsoQuery>) -> Response {
    match request::read(&query.saml_request, &idp.config.service_providers) {
        Err(problem) => page(StatusCode::BAD_REQUEST, pages::problem(problem)),
        Ok(request) => {
            let state = LoginState {
                service_provider: &request.service_provider.entity_id,
                request_id: Some(&request.id),
                relay_state: query.relay_state.as_deref(),
                team: None,
            };
            page(StatusCode::OK, pages::login(&idp.config.people, &state))
        }
    }
}

#[derive(Debug, Deserialize)]
struct StartQuery {
    team: Option<String>,
    relay_state: Option<String>,
}

async fn start(State(idp): Idp, Query(query): Query<StartQuery>) -> Response {
    let Some(provider) = idp.config.service_providers.first() else {
        return page(StatusCode::NOT_FOUND, pages::problem("No service provider is configured."));
    };
    let state = LoginState {
        service_provider: &provider.entity_id,
        request_id: None,
        relay_state: query.relay_state.as_deref(),
        team: query.team.as_deref(),
    };
    page(StatusCode::OK, pages::login(&idp.config.people, &state))
}

/// What the login page sends. Nothing in it is protected: this is a demo, and whoever can reach it
/// may be anybody anyway. Only known service providers get an answer.
#[derive(Debug, Deserialize)]
struct LoginForm {
    person: String,
    service_provider: String,
    request_id: Option<String>,
    relay_state: Option<String>,
    team: Option<String>,
}

async fn login(State(idp): Idp, Form(form): Form<LoginForm>) -> Response {
    let Some(provider) =
        idp.config.service_providers.iter().find(|sp| sp.entity_id == form.service_provider)
    else {
        let problem = "This demo does not know that service provider.";
        return page(StatusCode::BAD_REQUEST, pages::problem(problem));
    };
    match answer(&idp, &form, provider) {
        Ok(Some(html)) => page(StatusCode::OK, html),
        Ok(None) => {
            page(StatusCode::BAD_REQUEST, pages::problem("This demo knows nobody of that name."))
        }
        Err(_) => {
            page(StatusCode::INTERNAL_SERVER_ERROR, pages::problem("Signing the response failed."))
        }
    }
}

/// The page that carries the response; `None` when the person is unknown.
fn answer(
    idp: &DemoIdp,
    form: &LoginForm,
    provider: &DemoSp,
) -> Result<Option<String>, DemoIdpError> {
    let Some(person) = idp.person(&form.person) else { return Ok(None) };
    let given = |field: &'_ Option<String>| field.clone().filter(|value| !value.is_empty());
    let (team, request_id) = (given(&form.team), given(&form.request_id));
    let response = idp.issue_response(&DemoResponse {
        person,
        team: team.as_deref(),
        in_response_to: request_id.as_deref(),
        acs_url: &provider.acs_url,
        audience: &provider.entity_id,
        issued_at: (idp.clock)(),
        response_id: &random_id()?,
        assertion_id: &random_id()?,
        signing: Signing::Assertion,
    })?;
    let relay_state = given(&form.relay_state);
    Ok(Some(pages::forward(person, &provider.acs_url, &response, relay_state.as_deref())))
}

fn page(status: StatusCode, html: String) -> Response {
    let no_store = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, no_store, Html(html)).into_response()
}
