//! Who asks too often.

use crate::house::{Answer, House, get, post};
use axum::body::Body;
use web::{ForwardedHeader, OriginSource};

/// Sign-ins a minute of an address, and openings a minute of a person.
const SIGN_INS: usize = 300;
const OPENINGS: usize = 120;

/// A house behind a proxy, so that addresses differ.
fn house() -> House {
    let proxies = vec!["192.0.2.0/24".parse().unwrap()];
    House::with("https://door.example.com", |config| {
        let header = ForwardedHeader::XForwardedFor;
        config.with_origin_source(OriginSource::TrustedProxies { proxies, header, hops: None })
    })
}

async fn login(house: &House, address: &str) -> Answer {
    let request = get("/login/corp").header("x-forwarded-for", address);
    house.send(request.body(Body::empty()).unwrap()).await
}

/// Seconds until one more will do: at least one, and no more than a minute.
#[track_caller]
fn assert_too_often(answer: &Answer) {
    answer.assert_refused(429, "too-many-requests", "Too often");
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(answer.cookies(), [""; 0]);
    assert_eq!(answer.header("location"), "");
    assert!(answer.body.contains("Wait a little, then try again."), "{}", answer.body);
}

#[tokio::test]
async fn an_address_that_begins_too_many_sign_ins_is_told_when_to_come_back() {
    let house = house();
    for _ in 0..SIGN_INS {
        assert_eq!(login(&house, "198.51.100.4").await.status, 303);
    }
    assert_too_often(&login(&house, "198.51.100.4").await);
    // The same address in other clothes.
    assert_too_often(&login(&house, "::ffff:198.51.100.4").await);
    assert_too_often(&login(&house, "10.9.9.9, 198.51.100.4:4711").await);
    assert_eq!(login(&house, "198.51.100.5").await.status, 303);
}

#[tokio::test]
async fn who_claims_addresses_is_counted_by_his_own() {
    let house = house();
    for n in 0..SIGN_INS {
        let claimed = format!("10.1.{}.{}, 198.51.100.4", n / 256, n % 256);
        assert_eq!(login(&house, &claimed).await.status, 303);
    }
    assert_too_often(&login(&house, "10.2.0.1, 198.51.100.4").await);
}

#[tokio::test]
async fn who_pads_the_header_is_counted_by_his_own_address() {
    let house = house();
    let padded = format!("{}, 198.51.100.4", "10.1.1.1, ".repeat(600));
    for _ in 0..SIGN_INS {
        assert_eq!(login(&house, &padded).await.status, 303);
    }
    assert_too_often(&login(&house, &padded).await);
    assert_too_often(&login(&house, "198.51.100.4").await);
}

#[tokio::test]
async fn an_ipv6_network_is_one_neighbour() {
    let house = house();
    for n in 0..SIGN_INS {
        assert_eq!(login(&house, &format!("2001:db8:1:2::{n:x}")).await.status, 303);
    }
    assert_too_often(&login(&house, "2001:db8:1:2:ffff::1").await);
    assert_eq!(login(&house, "2001:db8:1:3::1").await.status, 303);
}

#[tokio::test]
async fn answers_of_identity_providers_are_counted_too() {
    let house = House::new();
    let post = || post("/saml/acs").body(Body::from("SAMLResponse=!")).unwrap();
    for _ in 0..SIGN_INS {
        assert_eq!(house.send(post()).await.status, 403);
    }
    assert_too_often(&house.send(post()).await);
}

#[tokio::test]
async fn a_person_who_opens_too_often_is_told_when_to_come_back() {
    let house = House::new();
    let form = format!("key={}", house.key("open:fraud"));
    for _ in 0..OPENINGS {
        assert_eq!(house.submit("/open/fraud", &form).await.status, 303);
    }
    assert_too_often(&house.submit("/open/fraud", &form).await);
    assert_too_often(&house.visit(&format!("/opening/fraud?{form}")).await);
    // The first page is not an opening.
    assert_eq!(house.visit("/").await.headline(), "My work");
}

#[tokio::test]
async fn who_prefers_json_is_told_in_json() {
    let house = House::new();
    let form = format!("key={}", house.key("open:fraud"));
    for _ in 0..OPENINGS {
        house.submit("/open/fraud", &form).await;
    }
    let request = post("/open/fraud").header("cookie", crate::house::cookie());
    let request = request.header("accept", "application/json");
    let answer = house.send(request.body(form.into()).unwrap()).await;
    assert_eq!(answer.status, 429);
    let refusal: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(refusal["code"], "too-many-requests");
    assert!(answer.headers.contains_key("retry-after"));
}
