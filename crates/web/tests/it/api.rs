//! The API over the wire: who asks, problems, pages of lists, and requests that come twice.

use crate::house::{Answer, House, cookie, get};
use axum::body::Body;
use control::desk::Right;
use control::ports::Switch as _;
use serde_json::{Value, json};

async fn send(
    house: &House,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut request = get(path).method(method);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        request = request.header("content-type", "application/json");
        Body::from(body.to_string())
    };
    house.send(request.body(body).unwrap()).await
}

fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.body);
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    let problem = read(answer);
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["type"], format!("urn:stagedoor:reason:{code}"));
    for field in ["title", "detail", "remedy", "reference"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
}

#[tokio::test]
async fn a_token_tells_who_it_is_and_ends_when_it_is_revoked() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("ci", &[Right::See, Right::Audit]).await);
    let headers = [("authorization", bearer.as_str())];
    let me = send(&house, "GET", "/api/v1/me", &headers, &Value::Null).await;
    let expected = json!({"name": "ci", "actor": "token:ci", "rights": ["see", "audit"]});
    assert_eq!((me.status.as_u16(), read(&me)), (200, expected));

    let tokens = send(&house, "GET", "/api/v1/tokens", &headers, &Value::Null).await;
    assert_eq!(read(&tokens)[0]["name"], "ci");
    assert!(!tokens.body.contains("digest") && !tokens.body.contains("stagedoor_"));

    control::ports::Tokens::revoke_token(&*house.store, "ci").await.unwrap();
    let gone = send(&house, "GET", "/api/v1/me", &headers, &Value::Null).await;
    assert_problem(&gone, 401, "token-refused");
    assert_eq!(gone.header("www-authenticate"), "Bearer realm=\"stagedoor\"");
}

#[tokio::test]
async fn what_is_no_token_is_refused_and_a_session_does_not_help() {
    let house = House::new();
    house.role_is(Some("admin"));
    let session = cookie();
    for shown in ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer stagedoor_00"] {
        let headers = [("authorization", shown), ("cookie", session.as_str())];
        let answer = send(&house, "GET", "/api/v1/me", &headers, &Value::Null).await;
        assert_problem(&answer, 401, "token-refused");
    }
    let nobody = send(&house, "GET", "/api/v1/me", &[], &Value::Null).await;
    assert_problem(&nobody, 401, "signed-out");
}

#[tokio::test]
async fn a_session_changes_nothing_unless_the_browser_says_that_it_is_our_page() {
    let house = House::new();
    house.role_is(Some("admin"));
    let (session, body) = (cookie(), json!({"reason": "an audit"}));
    let foreign = [
        ("x-none", "x"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ];
    for said in foreign {
        let headers = [("cookie", session.as_str()), said];
        let answer = send(&house, "POST", "/api/v1/freeze", &headers, &body).await;
        assert_problem(&answer, 403, "form-foreign");
    }
    assert_eq!(house.store.frozen().await, Ok(None));
    let ours = [("cookie", session.as_str()), ("sec-fetch-site", "same-origin")];
    let frozen = send(&house, "POST", "/api/v1/freeze", &ours, &body).await;
    assert_eq!(frozen.status, 200, "{}", frozen.body);
    let freeze = house.store.frozen().await.unwrap().unwrap();
    assert_eq!((freeze.reason.as_str(), freeze.by.as_str()), ("an audit", "ada@example.com"));
}

#[tokio::test]
async fn a_request_with_a_key_is_done_once_and_answered_again() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("ci", &[Right::Act]).await);
    let other = format!("Bearer {}", house.token("ops", &[Right::Act]).await);
    let freeze = async |bearer: &str, key: &str, reason: &str| {
        let headers = [("authorization", bearer), ("idempotency-key", key)];
        send(&house, "POST", "/api/v1/freeze", &headers, &json!({"reason": reason})).await
    };
    let first = freeze(&bearer, "k1", "an audit").await;
    assert_eq!(read(&first)["changed"], true);
    let again = freeze(&bearer, "k1", "an audit").await;
    assert_eq!((read(&again), again.header("idempotency-replayed")), (read(&first), "true"));
    assert_problem(&freeze(&bearer, "k1", "another").await, 409, "idempotency-key-reused");
    // Another caller's key is another key.
    assert_eq!(read(&freeze(&other, "k1", "an audit").await)["changed"], false);
    // What was refused may be sent again under its key.
    assert_problem(&freeze(&bearer, "k2", "  ").await, 400, "request-invalid");
    assert_problem(&freeze(&bearer, "k2", "  ").await, 400, "request-invalid");
    for key in ["", "a b", &"k".repeat(129)] {
        assert_problem(&freeze(&bearer, key, "x").await, 400, "request-invalid");
    }
}

#[tokio::test]
async fn lists_come_in_pages_that_follow_each_other() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("ci", &[Right::See]).await);
    let headers = [("authorization", bearer.as_str())];
    let (mut codes, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let after = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let path = format!("/api/v1/reasons?limit=40{after}");
        let page = read(&send(&house, "GET", &path, &headers, &Value::Null).await);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 40);
        codes.extend(items.iter().map(|item| item["code"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(codes.len(), access::reason::ReasonCode::ALL.len());
    assert!(codes.is_sorted());
    for query in ["limit=0", "limit=501", "limit=x", "cursor=zz", "page=2", "limit=1&limit=2"] {
        let path = format!("/api/v1/reasons?{query}");
        let answer = send(&house, "GET", &path, &headers, &Value::Null).await;
        assert_problem(&answer, 400, "request-invalid");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_too() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("ci", &[Right::Act]).await);
    let headers = [("authorization", bearer.as_str())];
    let freeze = async |body: Value| send(&house, "POST", "/api/v1/freeze", &headers, &body).await;
    assert_problem(&freeze(json!({})).await, 400, "request-invalid");
    assert_problem(&freeze(json!({"reason": "x", "more": 1})).await, 400, "request-invalid");
    assert_problem(&freeze(json!([])).await, 400, "request-invalid");
    assert_problem(&freeze(json!({"reason": "a\nb"})).await, 400, "request-invalid");
    assert_problem(&freeze(json!({"reason": "x".repeat(501)})).await, 400, "request-invalid");
    assert_problem(&freeze(json!({"reason": "x".repeat(1 << 21)})).await, 413, "body-too-large");
    let nowhere = send(&house, "GET", "/api/v1/nowhere", &headers, &Value::Null).await;
    assert_problem(&nowhere, 404, "not-found");
    let wrong = send(&house, "DELETE", "/api/v1/switch", &headers, &Value::Null).await;
    assert_problem(&wrong, 405, "method-not-allowed");
}

/// Nothing that was meant is left out silently: least of all a hold that is to be skipped.
#[tokio::test]
async fn what_is_not_known_of_a_body_or_a_query_is_refused_by_its_name() {
    let house = House::new();
    let bearer = format!("Bearer {}", house.token("ci", &[Right::See, Right::Act]).await);
    let headers = [("authorization", bearer.as_str())];
    let body = json!({"person": "ana", "skip_hold": true});
    let answer = send(&house, "POST", "/api/v1/offboardings", &headers, &body).await;
    assert_problem(&answer, 400, "request-invalid");
    assert_eq!(
        read(&answer)["detail"],
        "The body cannot be read: unknown field `skip_hold`, expected one of `person`, `team`, \
         `skipHold`, `why` at line 1 column 27."
    );
    for (path, name) in [
        ("/api/v1/who-can?of=fraud&stray_cursor=x", "stray_cursor"),
        ("/api/v1/events?drift_cursor=x", "drift_cursor"),
    ] {
        let answer = send(&house, "GET", path, &headers, &Value::Null).await;
        assert_problem(&answer, 400, "request-invalid");
        let said = format!("unknown field `{name}`");
        assert!(answer.body.contains(&said), "{}", answer.body);
    }
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    let house = House::with("https://door.example.com", |config| {
        config.with_api_limit(std::num::NonZeroU32::new(3).unwrap())
    });
    let bearer = format!("Bearer {}", house.token("ci", &[Right::See]).await);
    let headers = [("authorization", bearer.as_str())];
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(send(&house, "GET", "/api/v1/me", &headers, &Value::Null).await);
    }
    assert!(answers[..3].iter().all(|answer| answer.status == 200));
    assert_problem(&answers[3], 429, "too-many-requests");
    assert_eq!(answers[3].header("retry-after"), "20");
}
