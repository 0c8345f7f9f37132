//! From where a team may be opened, whoever stands between. `trials` is open from 10.100.10.0/24
//! only, and the socket's peer is 192.0.2.7.

use crate::house::{Answer, House, cookie, post};
use web::{ForwardedHeader, OriginSource};

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// A house behind proxies with these addresses.
fn behind(proxies: &str, header: ForwardedHeader) -> House {
    let proxies = vec![proxies.parse().unwrap()];
    House::with("https://door.example.com", |config| {
        config.with_origin_source(OriginSource::TrustedProxies { proxies, header, hops: None })
    })
}

fn behind_api_gateway(proxies: &str) -> House {
    let proxies = vec![proxies.parse().unwrap()];
    House::with("https://door.example.com", |config| {
        config.with_origin_source(OriginSource::ApiGateway { proxies })
    })
}

async fn open_trials(house: &House, headers: &[(&str, &str)]) -> Answer {
    let mut request = post("/open/trials").header("cookie", cookie());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let form = format!("key={}", house.key("open:trials"));
    house.send(request.body(form.into()).unwrap()).await
}

#[track_caller]
fn assert_lets_in(answer: &Answer) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.header("location").starts_with("/opening/trials?key="));
}

/// The denial explains: code, remedy in the map's words, address, and how it is known.
#[track_caller]
fn assert_keeps_out(answer: &Answer, address: Option<&str>, known_from: &str) {
    answer.assert_refused(403, "network-refused", "Not allowed");
    assert!(answer.body.contains("Use the office network or the VPN."), "{}", answer.body);
    let shown = answer.body.split("Your address, as seen here</dt><dd><code>").nth(1);
    assert_eq!(shown.and_then(|rest| rest.split('<').next()), address, "{}", answer.body);
    let known = format!("<dt>Known from</dt><dd>{known_from}</dd>");
    assert!(answer.body.contains(&known), "{}", answer.body);
    let reference = answer.body.split("<dt>Reference</dt><dd><code>").nth(1).unwrap();
    assert_eq!(reference.split('<').next().unwrap().len(), 10);
}

#[tokio::test]
async fn the_address_that_a_trusted_proxy_names_decides() {
    let house = behind("192.0.2.0/24", ForwardedHeader::XForwardedFor);
    assert_lets_in(&open_trials(&house, &[(X_FORWARDED_FOR, "10.100.10.7")]).await);
    assert_lets_in(&open_trials(&house, &[(X_FORWARDED_FOR, "::ffff:10.100.10.7")]).await);
    let outside = open_trials(&house, &[(X_FORWARDED_FOR, "198.51.100.4")]).await;
    assert_keeps_out(&outside, Some("198.51.100.4"), "X-Forwarded-For of a trusted proxy");
}

#[tokio::test]
async fn an_address_that_the_client_claims_through_a_trusted_proxy_does_not_help() {
    let house = behind("192.0.2.0/24", ForwardedHeader::XForwardedFor);
    for claim in ["10.100.10.7, 198.51.100.4", "10.100.10.7, 10.100.10.7,198.51.100.4, 192.0.2.9"] {
        let answer = open_trials(&house, &[(X_FORWARDED_FOR, claim)]).await;
        assert_keeps_out(&answer, Some("198.51.100.4"), "X-Forwarded-For of a trusted proxy");
        assert!(!answer.body.contains("10.100.10.7"));
    }
    let lines = [(X_FORWARDED_FOR, "10.100.10.7"), (X_FORWARDED_FOR, "198.51.100.4")];
    let answer = open_trials(&house, &lines).await;
    assert_keeps_out(&answer, Some("198.51.100.4"), "X-Forwarded-For of a trusted proxy");
}

#[tokio::test]
async fn an_address_that_somebody_else_than_a_trusted_proxy_names_does_not_help() {
    let house = behind("192.0.2.9/32", ForwardedHeader::XForwardedFor);
    let claims = [(X_FORWARDED_FOR, "10.100.10.7"), ("forwarded", "for=10.100.10.7")];
    let answer = open_trials(&house, &claims).await;
    let known_from = "the connection itself, which does not come from a trusted proxy";
    assert_keeps_out(&answer, Some("192.0.2.7"), known_from);
}

#[tokio::test]
async fn a_proxy_that_does_not_name_the_client_lets_nobody_in_but_where_anywhere_is_allowed() {
    let house = behind("192.0.2.0/24", ForwardedHeader::XForwardedFor);
    let header = "nothing: X-Forwarded-For of a trusted proxy";
    let many = ["10.100.10.7"; 1_000].join(",");
    for (value, why) in [
        ("unknown", "holds something else than an address"),
        ("10.100.10.7, _hidden", "holds something else than an address"),
        ("", "holds something else than an address"),
        ("192.0.2.8, 192.0.2.9", "names trusted proxies only"),
    ] {
        let answer = open_trials(&house, &[(X_FORWARDED_FOR, value)]).await;
        assert_keeps_out(&answer, None, &format!("{header} {why}"));
    }
    // What the proxy wrote stands last, however much stands before.
    let many = format!("{many}, 198.51.100.4");
    let answer = open_trials(&house, &[(X_FORWARDED_FOR, many.as_str())]).await;
    assert_keeps_out(&answer, Some("198.51.100.4"), "X-Forwarded-For of a trusted proxy");
    // The other header is not asked instead.
    let answer = open_trials(&house, &[("forwarded", "for=10.100.10.7")]).await;
    assert_keeps_out(&answer, None, &format!("{header} is missing"));

    let form = format!("key={}", house.key("open:fraud"));
    assert_eq!(house.submit("/open/fraud", &form).await.status, 303);
}

#[tokio::test]
async fn forwarded_is_read_where_it_was_chosen() {
    let house = behind("192.0.2.0/24", ForwardedHeader::Forwarded);
    let claims = [(X_FORWARDED_FOR, "198.51.100.4"), ("forwarded", "for=10.100.10.7;proto=https")];
    assert_lets_in(&open_trials(&house, &claims).await);
    let claims = [(X_FORWARDED_FOR, "10.100.10.7"), ("forwarded", "for=\"[2001:db8::1]:4711\"")];
    let answer = open_trials(&house, &claims).await;
    assert_keeps_out(&answer, Some("2001:db8::1"), "Forwarded of a trusted proxy");
}

#[tokio::test]
async fn api_gateway_names_address_and_endpoint() {
    let house = behind_api_gateway("192.0.2.0/24");
    let context = |address: &str, vpce: &str| {
        format!(r#"{{"identity":{{"sourceIp":"{address}","vpceId":"{vpce}","vpcId":"vpc-0a"}}}}"#)
    };
    let header = "x-amzn-request-context";
    let office = context("10.100.10.7", "vpce-0def");
    assert_lets_in(&open_trials(&house, &[(header, &office)]).await);
    // By the endpoint that the network names, whatever the address.
    let endpoint = context("10.9.9.9", "vpce-0abc");
    assert_lets_in(&open_trials(&house, &[(header, &endpoint)]).await);

    let outside = context("10.9.9.9", "vpce-0def");
    let answer = open_trials(&house, &[(header, &outside)]).await;
    assert_keeps_out(&answer, Some("10.9.9.9"), "the request context of API Gateway");
    assert!(answer.body.contains("<dt>VPC endpoint</dt><dd><code>vpce-0def</code></dd>"));
}

#[tokio::test]
async fn a_request_context_is_believed_from_who_may_hand_it_over_only() {
    let context = r#"{"identity":{"sourceIp":"10.100.10.7","vpceId":"vpce-0abc"}}"#;
    let house = behind_api_gateway("192.0.2.9/32");
    let answer = open_trials(&house, &[("x-amzn-request-context", context)]).await;
    let known_from = "the connection itself, which does not come from a trusted proxy";
    assert_keeps_out(&answer, Some("192.0.2.7"), known_from);
    assert!(!answer.body.contains("vpce-0abc"));

    let house = behind_api_gateway("192.0.2.0/24");
    let answer = open_trials(&house, &[(X_FORWARDED_FOR, "10.100.10.7")]).await;
    let known_from = "nothing: the request context of API Gateway is missing";
    assert_keeps_out(&answer, None, known_from);
    let twice = [("x-amzn-request-context", context), ("x-amzn-request-context", context)];
    let answer = open_trials(&house, &twice).await;
    assert_keeps_out(&answer, None, "nothing: request context is not readable JSON");
}

#[tokio::test]
async fn my_work_shows_the_same_verdict_before_anybody_presses() {
    let house = behind("192.0.2.0/24", ForwardedHeader::XForwardedFor);
    for (address, open) in [("10.100.10.7", true), ("198.51.100.4", false)] {
        let request = crate::house::get("/").header("cookie", cookie());
        let request = request.header(X_FORWARDED_FOR, address);
        let page = house.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(page.headline(), "My work");
        assert_eq!(page.body.contains(&house.key("open:trials")), open);
        assert_eq!(page.body.contains("Use the office network or the VPN."), !open);
    }
}

#[tokio::test]
async fn who_prefers_json_is_told_the_same() {
    let house = behind("192.0.2.0/24", ForwardedHeader::XForwardedFor);
    let headers = [("accept", "application/json"), (X_FORWARDED_FOR, "198.51.100.4")];
    let answer = open_trials(&house, &headers).await;
    assert_eq!(answer.status, 403);
    let refusal: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(refusal["code"], "network-refused");
    assert_eq!(refusal["remedy"], "Use the office network or the VPN.");
    assert_eq!(
        refusal["origin"],
        serde_json::json!({
            "address": "198.51.100.4",
            "vpce": null,
            "how": "X-Forwarded-For of a trusted proxy",
        })
    );
}
