//! Refusals, as pages and as JSON.

use crate::house::{House, Studio, cookie, get};
use axum::body::Body;

#[tokio::test]
async fn an_unknown_address_is_a_page_that_leads_back() {
    let answer = House::new().get("/no/such/page").await;
    answer.assert_refused(404, "not-found", "There is nothing here");
    assert!(answer.body.contains(r#"href="/">To the first page</a>"#));
    assert_eq!(answer.header("vary"), "accept, accept-language");
}

#[tokio::test]
async fn who_shows_a_session_is_led_back_to_his_work() {
    let answer = House::new().visit("/no/such/page").await;
    assert!(answer.body.contains(r#"href="/">Back to my work</a>"#));
}

#[tokio::test]
async fn the_wrong_method_names_the_right_one() {
    let house = House::new();
    let answer = house.get("/saml/acs").await;
    answer.assert_refused(405, "method-not-allowed", "That is not how this page works");
    assert_eq!(answer.header("allow"), "POST");
    let answer = house.send(get("/").method("PUT").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn who_prefers_json_gets_the_same_refusal_as_json() {
    let house = House::new();
    let request = get("/no/such/page").header("accept", "application/json");
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), "application/json");
    let (start, end) = answer.body.split_once(r#""reference":""#).unwrap();
    assert_eq!(start, r#"{"code":"not-found","#);
    let (reference, rest) = end.split_once('"').unwrap();
    assert!(reference.len() == 10 && reference.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(
        rest,
        ",\"remedy\":\"Start from your work; everything that is open to you is there.\",\
         \"why\":\"No page has this address.\"}"
    );
}

#[tokio::test]
async fn references_differ() {
    let house = House::new();
    let reference = |body: &str| {
        let after = body.split("<code>").nth(1).unwrap();
        after.split('<').next().unwrap().to_owned()
    };
    let (one, two) = (house.get("/a").await.body, house.get("/a").await.body);
    assert_eq!(reference(&one).len(), 10);
    assert_ne!(reference(&one), reference(&two));
}

#[tokio::test]
async fn a_service_that_fails_is_a_503_that_says_when_to_try_again() {
    let house = House::new();
    house.studio_is(Studio::Unreachable);
    let form = format!("key={}", house.key("open:fraud"));
    let answer = house.submit("/open/fraud", &form).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.headline(), "Not possible right now");
    assert_eq!(answer.header("retry-after"), "10");
    assert!(!answer.body.contains("connection refused"));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_is_given_up() {
    let house = House::new();
    house.studio_is(Studio::NeverAnswers);
    let form = format!("key={}", house.key("open:fraud"));
    let answer = house.submit("/open/fraud", &form).await;
    answer.assert_refused(503, "unavailable", "Not possible right now");
    assert_eq!(answer.header("retry-after"), "10");
}

#[tokio::test]
async fn an_address_is_shown_as_the_socket_knows_it_whatever_the_request_claims() {
    let house = House::new();
    let request = get("/opening/trials?key=wrong")
        .header("cookie", cookie())
        .header("x-forwarded-for", "10.100.10.7")
        .header("forwarded", "for=10.100.10.7");
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    answer.assert_refused(403, "form-key", "Not allowed");
    assert!(answer.body.contains("<code>192.0.2.7</code>"));
    assert!(!answer.body.contains("10.100.10.7"));
}
