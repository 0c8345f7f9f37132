//! Log-outs that an identity provider asks for, over the wire.

use crate::house::{Answer, House, cookie, get, post};
use crate::probes::Log;
use axum::body::Body;
use demo_idp::{DemoIdp, DemoIdpConfig, DemoLogout};
use std::sync::{Arc, LazyLock};

const AT: &str = "2026-11-21T09:00:00Z";
const SLO: &str = "https://idp.example/slo";

/// Making a key takes long; every house trusts the same one.
static IDP: LazyLock<DemoIdp> = LazyLock::new(idp);

fn idp() -> DemoIdp {
    let config = DemoIdpConfig {
        base_url: "https://idp.example".into(),
        people: vec![],
        service_providers: vec![],
        tiles: vec![],
    };
    DemoIdp::new(config, Arc::new(|| AT.parse().unwrap())).unwrap()
}

fn house_answering_to(slo: Option<&str>) -> House {
    let corp =
        saml_sp::IdentityProvider::from_metadata(IDP.metadata_xml().as_bytes(), None).unwrap();
    House::that_trusts(saml_sp::IdentityProvider {
        slo_redirect_url: slo.map(str::to_owned),
        ..corp
    })
}

fn house() -> House {
    house_answering_to(Some(SLO))
}

fn logout() -> DemoLogout<'static> {
    DemoLogout {
        name_id: "ada@example.com",
        session_index: None,
        destination: "https://door.example.com/saml/logout",
        id: "_out1",
        issued_at: AT.parse().unwrap(),
        relay_state: Some("RELAY-SECRET"),
    }
}

async fn by_query(house: &House, query: &str) -> Answer {
    let request = get(&format!("/saml/logout?{query}")).header("cookie", cookie());
    house.send(request.body(Body::empty()).unwrap()).await
}

/// What the browser holds is worth nothing any more.
async fn assert_signed_out(house: &House) {
    assert_eq!(house.visit("/").await.headline(), "Come in by the stage door.");
}

#[tokio::test]
async fn a_log_out_by_query_leads_back_to_the_identity_provider() {
    let house = house();
    let answer = by_query(&house, &IDP.logout_query(&logout()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (302, ""));
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{SLO}?SAMLResponse=")), "{location}");
    assert!(location.contains("&RelayState=RELAY-SECRET&SigAlg="), "{location}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.cookies(), [""; 0]);
    assert_signed_out(&house).await;
}

#[tokio::test]
async fn a_log_out_by_form_comes_from_another_site() {
    let house = house();
    let field = IDP.logout_form(&logout()).unwrap();
    let field = field.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let request = post("/saml/logout")
        .header("origin", "https://idp.example")
        .header("sec-fetch-site", "cross-site");
    let form = format!("SAMLRequest={field}&RelayState=a%26b");
    let answer = house.send(request.body(form.into()).unwrap()).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{SLO}?SAMLResponse=")), "{location}");
    assert!(location.contains("&RelayState=a%26b&SigAlg="), "{location}");
    assert_signed_out(&house).await;
}

#[tokio::test]
async fn a_log_out_that_nobody_wants_an_answer_to_ends_on_our_own_page() {
    let house = house_answering_to(None);
    let answer = by_query(&house, &IDP.logout_query(&logout()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/signed-out"));
    assert_signed_out(&house).await;
}

#[tokio::test]
async fn what_is_no_signed_request_to_log_out_is_refused_and_ends_nothing() {
    let house = house();
    for query in ["", "?", "?SAMLRequest", "?SAMLResponse=x"] {
        let answer = house.get(&format!("/saml/logout{query}")).await;
        answer.assert_refused(403, "query-malformed", "Not allowed");
    }
    house.get("/saml/logout?SAMLRequest=x").await.assert_refused(
        403,
        "signature-missing",
        "Not allowed",
    );
    let forged = by_query(&house, &idp().logout_query(&logout()).unwrap()).await;
    forged.assert_refused(403, "signature-invalid", "Not allowed");
    let unsigned = post("/saml/logout").body(Body::from("RelayState=x")).unwrap();
    house.send(unsigned).await.assert_refused(403, "xml-malformed", "Not allowed");
    assert_eq!(house.visit("/").await.headline(), "My work");
}

#[tokio::test]
async fn the_log_tells_of_a_log_out_and_not_what_it_carried() {
    let house = house();
    let log = Log::default();
    let guard = log.start();
    let genuine = IDP.logout_query(&logout()).unwrap();
    let location = by_query(&house, &genuine).await.header("location").to_owned();
    let forged = idp().logout_query(&logout()).unwrap();
    by_query(&house, &forged).await;
    drop(guard);
    let text = log.text();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, rest) in
        [(lines[0], "status=302 code=\"ok\""), (lines[1], "code=\"signature-invalid\"")]
    {
        assert!(line.contains(r#"method="GET" route="/saml/logout" "#), "{line}");
        assert!(line.contains(rest), "{line}");
    }
    let values = [&genuine, &forged, &location].map(|query| {
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value)
    });
    for value in values.into_iter().flatten().filter(|value| !value.contains("xmldsig")) {
        assert!(!text.contains(value.get(..12).unwrap()), "{value}: {text}");
    }
    for part in ["ada@example.com", "_out1", "samlp:"] {
        assert!(!text.contains(part), "{part}: {text}");
    }
}
