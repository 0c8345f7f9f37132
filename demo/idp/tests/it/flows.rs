//! The pages, followed as a browser without JavaScript would.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use saml_sp::{AuthnRequest, RequestId, Unsolicited};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::ServiceExt as _;

use crate::support::*;

async fn send(request: Request<Body>) -> (StatusCode, String) {
    let response = idp().router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(path: &str) -> (StatusCode, String) {
    send(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(pairs.join("&")))
        .unwrap();
    send(request).await
}

/// The value of a hidden field.
fn field<'h>(html: &'h str, name: &str) -> Option<&'h str> {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    html.split_once(&start)?.1.split_once('"').map(|(value, _)| value)
}

fn request(destination: String, acs_url: &str, issuer: &str) -> String {
    let request = AuthnRequest {
        id: RequestId::parse("_request1").unwrap(),
        issue_instant: now(),
        issuer: issuer.to_owned(),
        acs_url: acs_url.to_owned(),
        destination,
        force_authn: false,
        name_id_format: None,
    };
    request.redirect_url(Some("team=fraud&<x>"), None).unwrap().replace(BASE, "")
}

#[tokio::test]
async fn a_sign_in_that_starts_at_the_service_provider() {
    let (status, login) = get(&request(idp().sso_url(), ACS, SP)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(login.contains("<b>DEMO</b>"), "{login}");
    assert!(login.contains("<button name=\"person\" value=\"ana\">"));
    assert!(
        login.contains("<b>Ana &lt;Ruiz&gt; &amp; Söhne</b><small>ml-fraud &amp; \"more\"</small>")
    );
    assert_eq!(field(&login, "request_id"), Some("_request1"));
    assert_eq!(field(&login, "relay_state"), Some("team=fraud&amp;&lt;x>"));

    let (status, forward) = post(
        "/login",
        &[
            ("person", "ana"),
            ("service_provider", field(&login, "service_provider").unwrap()),
            ("request_id", "_request1"),
            ("relay_state", "team=fraud&<x>"),
        ],
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert!(forward.contains(&format!("<form method=\"post\" action=\"{ACS}\" id=\"forward\">")));
    assert!(forward.contains("<button class=\"go\">Continue</button>"));
    assert_eq!(field(&forward, "RelayState"), Some("team=fraud&amp;&lt;x>"));
    let response = field(&forward, "SAMLResponse").unwrap();
    let assertion = verifier().verify_form(response, now(), Some("_request1")).unwrap();
    assert_eq!(assertion.attributes().single("ssouserid"), Ok("u-1001"));
    assert!(assertion.attributes().get("teamid").is_none());
}

#[tokio::test]
async fn a_sign_in_that_starts_here_carries_the_team() {
    let (status, index) = get("/").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(field(&index, "team"), Some("fraud"));
    let (_, login) = get("/start?team=fraud").await;
    assert_eq!(field(&login, "team"), Some("fraud"));
    assert_eq!(field(&login, "request_id"), None);
    let fields = [("person", "bo"), ("service_provider", SP), ("team", "fraud")];
    let (_, forward) = post("/login", &fields).await;
    let response = field(&forward, "SAMLResponse").unwrap();
    let allowing = verifier().with_unsolicited(Unsolicited::Allow);
    let assertion = allowing.verify_form(response, now(), None).unwrap();
    assert_eq!(assertion.attributes().single("ssouserid"), Ok("u-1002"));
    assert_eq!(assertion.attributes().single("teamid"), Ok("fraud"));
    assert_eq!(assertion.in_response_to(), None);
}

#[tokio::test]
async fn every_response_has_its_own_ids() {
    let fields = [("person", "bo"), ("service_provider", SP)];
    let allowing = verifier().with_unsolicited(Unsolicited::Allow);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (_, forward) = post("/login", &fields).await;
        let response = field(&forward, "SAMLResponse").unwrap();
        let assertion = allowing.verify_form(response, now(), None).unwrap();
        ids.push(assertion.assertion_id().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0].len(), 41);
}

#[tokio::test]
async fn unknown_service_providers_people_and_addresses_are_refused() {
    let sso = idp().sso_url();
    for (path, sentence) in [
        (request(sso.clone(), ACS, "urn:other"), "a service provider this demo does not know"),
        (request(sso, "http://evil.example/", SP), "an address this demo does not know"),
        ("/sso?SAMLRequest=!".to_owned(), "SAMLRequest is not base64."),
        ("/sso?SAMLRequest=AAAA".to_owned(), "SAMLRequest is not deflated text."),
    ] {
        let (status, body) = get(&path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert!(body.contains(sentence), "{body}");
    }
    let (status, _) = post("/login", &[("person", "ana"), ("service_provider", "urn:other")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, body) = post("/login", &[("person", "eve"), ("service_provider", SP)]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!body.contains("SAMLResponse"));
}

#[tokio::test]
async fn the_metadata_page_is_what_the_verifier_pins() {
    let (status, body) = get("/metadata").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, idp().metadata_xml());
    assert_eq!(verifier().identity_provider().sso_redirect_url, Some(idp().sso_url()));
    assert_eq!(verifier().identity_provider().keys.len(), 1);
}

#[tokio::test]
async fn serves_on_a_listener_until_told_to_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(idp().serve(listener, async { stopped.await.unwrap() }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(&idp().metadata_xml()));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
