//! What is posted: its size, kind and fields.

use crate::house::{House, post};
use axum::body::Body;
use axum::http::Request;

const ACS_LIMIT: usize = 192 * 1024;

#[tokio::test]
async fn a_sign_in_answer_may_be_as_large_as_the_limit_and_no_larger() {
    let house = House::new();
    let form = |size: usize| {
        let start = "SAMLResponse=";
        format!("{start}{}", "A".repeat(size - start.len()))
    };
    let fits = house.send(post("/saml/acs").body(form(ACS_LIMIT).into()).unwrap()).await;
    assert_eq!(fits.status, 403, "{}", fits.body);
    let over = house.send(post("/saml/acs").body(form(ACS_LIMIT + 1).into()).unwrap()).await;
    over.assert_refused(413, "body-too-large", "That is too much at once");
}

#[tokio::test]
async fn our_own_forms_are_small() {
    let house = House::new();
    let answer = house.submit("/open/fraud", &format!("key={}", "a".repeat(4096))).await;
    answer.assert_refused(413, "body-too-large", "That is too much at once");
}

#[tokio::test]
async fn a_sign_in_answer_without_a_response_is_refused() {
    let house = House::new();
    for form in ["", "SAMLResponse=", "RelayState=fraud", "samlresponse=x"] {
        let answer = house.send(post("/saml/acs").body(form.into()).unwrap()).await;
        answer.assert_refused(400, "saml-response-missing", "That request could not be read");
    }
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let form = "SAMLResponse=a&RelayState=x&SAMLResponse=b";
    let answer = House::new().send(post("/saml/acs").body(form.into()).unwrap()).await;
    answer.assert_refused(400, "form-ambiguous", "That request could not be read");
}

#[tokio::test]
async fn what_is_not_a_form_is_refused() {
    let house = House::new();
    for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let request = Request::post("/saml/acs").header("content-type", kind);
        let answer = house.send(request.body(Body::from("SAMLResponse=a")).unwrap()).await;
        answer.assert_refused(400, "form-unreadable", "That request could not be read");
    }
}
