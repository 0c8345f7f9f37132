//! The second listener.

use crate::house::House;
use crate::scim::Idp;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use control::desk::Right;
use control::door::SessionToken;
use serde_json::Value;
use tower::ServiceExt;

async fn ask(ops: &Router, path: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = ops.clone().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn json(ops: &Router, path: &str) -> (StatusCode, Value) {
    let (status, headers, body) = ask(ops, path).await;
    assert_eq!(headers["content-type"], "application/json");
    assert!(!body.contains('_'), "members are in camelCase: {body}");
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn a_door_with_a_usable_identity_provider_is_ready() {
    let house = House::new();
    let (status, headers, body) = ask(&house.ops, "/readyz").await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "ready\n"));
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(ask(&house.ops, "/livez").await.2, "live\n");
    let ready = serde_json::json!({
        "ready": true,
        "draining": false,
        "store": true,
        "directory": { "status": "ok", "lastSuccess": null, "lastFailure": null },
        "configuration": { "status": "ok", "digest": "", "takenAt": null, "lastFailure": null },
        "identityProviders": [{ "idp": "corp", "usable": true, "why": null }],
    });
    for query in ["verbose", "verbose=", "verbose&x"] {
        let (status, body) = json(&house.ops, &format!("/readyz?{query}")).await;
        assert_eq!((status.as_u16(), body), (200, ready.clone()));
    }
}

#[tokio::test]
async fn a_door_whose_only_identity_provider_is_out_of_date_is_not_ready() {
    let house = House::whose_metadata_ends("2026-11-21T09:00:00Z");
    let (status, _, body) = ask(&house.ops, "/readyz").await;
    assert_eq!((status.as_u16(), body.as_str()), (503, "not ready\n"));
    let (status, body) = json(&house.ops, "/readyz?verbose").await;
    assert_eq!(status, 503);
    assert_eq!(body["identityProviders"][0]["why"], "its metadata is past validUntil");
    // It lives, and the public probe is for who balances the load of the pages.
    assert_eq!(ask(&house.ops, "/livez").await.0, 200);
    assert_eq!(house.get("/readyz").await.body, "ready\n");
}

#[tokio::test]
async fn health_says_what_ends_when_and_is_no_reason_to_restart() {
    let house = House::whose_metadata_ends("2026-11-25T09:00:00Z");
    house.door.renewal_failed(&access::ids::IdpKey::parse("corp").unwrap(), "timed out");
    let (status, health) = json(&house.ops, "/healthz").await;
    assert_eq!(status, 200);
    assert_eq!(health["status"], "critical");
    let corp = &health["identityProviders"][0];
    assert_eq!(corp["entityId"], "https://idp.example/metadata");
    assert_eq!(corp["usable"], true);
    assert_eq!(corp["metadata"]["daysLeft"], 4);
    assert_eq!(corp["metadata"]["takenAt"], "2026-11-21T09:00:00Z");
    assert_eq!(corp["metadata"]["lastFailure"]["message"], "timed out");
    let own = &health["serviceProvider"];
    assert_eq!(own["certificates"][0]["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(own["status"], "ok");
}

#[tokio::test]
async fn metrics_count_what_happened_at_the_door() {
    let house = House::new();
    house.get("/login/corp").await;
    house.get("/login/corp").await;
    house.get("/login/nobody").await;
    house.send(crate::house::post("/saml/acs").body("SAMLResponse=!".into()).unwrap()).await;
    house.submit("/open/fraud", &format!("key={}", house.key("open:fraud"))).await;
    house.submit("/open/trials", &format!("key={}", house.key("open:trials"))).await;

    let (status, headers, text) = ask(&house.ops, "/metrics").await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/plain; version=0.0.4");
    for line in [
        "stagedoor_signin_begun_total 2",
        r#"stagedoor_signin_total{reason="unknown-idp",result="refused"} 1"#,
        r#"stagedoor_signin_total{reason="base64-malformed",result="refused"} 1"#,
        r#"stagedoor_saml_reject_total{check="encoding"} 1"#,
        "stagedoor_signin_duration_seconds_count 1",
        r#"stagedoor_opening_total{reason="preparing",result="preparing"} 1"#,
        r#"stagedoor_opening_total{reason="network-refused",result="refused"} 1"#,
        "stagedoor_opening_duration_seconds_count 2",
        r#"stagedoor_saml_identity_provider_usable{idp="corp"} 1"#,
        r#"stagedoor_aws_requests_total{code="ok",op="CreateUserProfile",service="sagemaker"} 7"#,
        "# TYPE stagedoor_saml_own_certificate_expiry_timestamp_seconds gauge",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    for secret in [house.key("open:fraud").as_str(), crate::house::TOKEN] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn metrics_say_when_tokens_that_push_end_and_when_a_push_changed_something() {
    let idp = Idp::new().await;
    let (_, _, before) = ask(&idp.house.ops, "/metrics").await;
    assert!(!before.contains("\nstagedoor_scim_last_change_timestamp_seconds{"), "{before}");
    idp.user("ada").await;
    // What does not push is none of them.
    idp.house.token("ci", &[Right::See]).await;
    let (status, _, text) = ask(&idp.house.ops, "/metrics").await;
    assert_eq!(status, 200);
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("stagedoor_scim_")).collect();
    assert_eq!(
        told,
        [
            r#"stagedoor_scim_last_change_timestamp_seconds{directory="scim"} 1795251600"#,
            r#"stagedoor_scim_token_expiry_timestamp_seconds{directory="scim",token="entra"} 1795255200"#,
        ]
    );
    assert!(!text.contains(&idp.bearer));
}

#[tokio::test]
async fn neither_listener_answers_for_the_other() {
    let house = House::new();
    for path in ["/metrics", "/healthz", "/readyz?verbose"] {
        let public = house.get(path).await;
        for word in ["stagedoor_", "identityProviders", "usable"] {
            assert!(!public.body.contains(word), "{path}: {}", public.body);
        }
    }
    assert_eq!(house.get("/metrics").await.status, 404);
    for path in ["/", "/login/corp", "/saml/metadata", "/saml/acs", "/open/fraud"] {
        assert_eq!(ask(&house.ops, path).await.0, 404, "{path}");
    }
    let key = house.door.form_key(&SessionToken::new("t".into()), "open:fraud");
    assert_eq!(ask(&house.ops, &format!("/opening/fraud?key={key}")).await.0, 404);
}

#[tokio::test]
async fn both_probes_say_that_the_process_is_about_to_end() {
    let house = House::new();
    house.condition.drain();
    let (status, _, body) = ask(&house.ops, "/readyz").await;
    assert_eq!((status.as_u16(), body.as_str()), (503, "draining\n"));
    let (status, told) = json(&house.ops, "/readyz?verbose").await;
    assert_eq!(
        (status.as_u16(), &told["ready"], &told["draining"]),
        (503, &false.into(), &true.into())
    );
    let public = house.get("/readyz").await;
    assert_eq!((public.status.as_u16(), public.body.as_str()), (503, "draining\n"));
    // It lives, and answers whoever is still there.
    assert_eq!(ask(&house.ops, "/livez").await.0, 200);
    assert_eq!(house.get("/saml/metadata").await.status, 200);
    assert!(ask(&house.ops, "/metrics").await.2.contains("\nstagedoor_draining 1\n"));
}
