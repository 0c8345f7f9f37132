//! Signing in, as far as no identity provider's key is needed, and signing out.

use crate::house::{Answer, House, TOKEN, cookie, get, post};
use crate::probes::Log;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[tokio::test]
async fn a_stranger_is_welcomed_with_a_way_to_sign_in() {
    let answer = House::new().get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headline(), "Come in by the stage door.");
    assert!(answer.body.contains(r#"<a class="button" href="/login/corp">Sign in with Corp</a>"#));
    assert_eq!(answer.cookies(), [""; 0]);
}

#[tokio::test]
async fn signing_in_leads_to_the_identity_provider_with_a_cookie_that_comes_back() {
    let answer = House::new().get("/login/corp?team=fraud").await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").starts_with("https://idp.example/sso?SAMLRequest="));
    assert_eq!(answer.body, "");
    let [cookie] = answer.cookies()[..] else { panic!("{:?}", answer.cookies()) };
    let (secret, attributes) = cookie.split_once(';').unwrap();
    let (name, secret) = secret.split_once('=').unwrap();
    let label = name.strip_prefix("__Host-stagedoor-login-").unwrap();
    assert_eq!(label.len(), 8);
    assert!(secret.len() >= 32 && secret.ends_with(label), "{cookie}");
    assert_eq!(attributes, " Max-Age=900; Path=/; Secure; HttpOnly; SameSite=None");
}

#[tokio::test]
async fn of_many_sign_ins_of_a_browser_the_oldest_are_forgotten() {
    let house = House::new();
    let names = |answer: &Answer| -> Vec<String> {
        let cookies = answer.cookies().into_iter();
        cookies.map(|cookie| cookie.split_inclusive("=;").next().unwrap().to_owned()).collect()
    };
    let begun = |count: u8| {
        let begun = (1..=count).map(|n| format!("__Host-stagedoor-login-{n}={n}"));
        get("/login/corp").header("cookie", begun.collect::<Vec<_>>().join("; "))
    };
    let four = house.send(begun(4).body(Body::empty()).unwrap()).await;
    assert_eq!(names(&four).len(), 1, "{:?}", four.cookies());
    let six = house.send(begun(6).body(Body::empty()).unwrap()).await;
    let [_, forgotten @ ..] = &names(&six)[..] else { panic!("{:?}", six.cookies()) };
    assert_eq!(forgotten, ["__Host-stagedoor-login-1=;", "__Host-stagedoor-login-2=;"]);
}

#[tokio::test]
async fn an_identity_provider_that_takes_no_redirect_gets_a_form() {
    let house = House::that_posts_to("https://idp.example/sso?tenant=a&b");
    let answer = house.get("/login/corp").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (200, ""));
    assert_eq!(answer.headline(), "On to your identity provider");
    let [cookie] = answer.cookies()[..] else { panic!("{:?}", answer.cookies()) };
    assert!(cookie.starts_with("__Host-stagedoor-login-"), "{cookie}");
    let form = r#"<form method="post" action="https://idp.example/sso?tenant=a&#38;b">"#;
    assert!(answer.body.contains(form), "{}", answer.body);
    let request = answer.body.split(r#"name="SAMLRequest" value=""#).nth(1).unwrap();
    let request = request.split('"').next().unwrap().replace("&#43;", "+").replace("&#61;", "=");
    let xml = String::from_utf8(STANDARD.decode(request).unwrap()).unwrap();
    let request = roxmltree::Document::parse(&xml).unwrap();
    let asked = request.root_element();
    assert_eq!(asked.tag_name().name(), "AuthnRequest");
    assert_eq!(asked.attribute("Destination"), Some("https://idp.example/sso?tenant=a&b"));

    let script = answer.body.split("src=\"/assets/submit.js").nth(1).unwrap();
    let script =
        house.get(&format!("/assets/submit.js{}", script.split('"').next().unwrap())).await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(script.body.ends_with("document.forms[0].submit();\n"), "{}", script.body);
}

#[tokio::test]
async fn on_loopback_the_login_cookie_is_lax() {
    let answer = House::at("http://127.0.0.1:8080").get("/login/corp").await;
    let [cookie] = answer.cookies()[..] else { panic!("{:?}", answer.cookies()) };
    let (secret, attributes) = cookie.split_once(';').unwrap();
    assert!(secret.starts_with("stagedoor-login-"));
    assert_eq!(attributes, " Max-Age=900; Path=/; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn who_is_unknown_as_an_identity_provider_or_a_team_is_refused() {
    let house = House::new();
    let answer = house.get("/login/nobody").await;
    answer.assert_refused(400, "unknown-idp", "That request could not be read");
    let answer = house.get("/login/Not%20A%20Key").await;
    answer.assert_refused(404, "not-found", "There is nothing here");
    let answer = house.get("/login/corp?team=..%2Fadmin").await;
    answer.assert_refused(400, "team-malformed", "That request could not be read");
    assert_eq!(answer.cookies(), [""; 0]);
}

#[tokio::test]
async fn an_unsigned_answer_opens_nothing_and_leaves_no_trace_of_itself() {
    // <Response> of the trusted issuer, about mallory, without a signature.
    let xml = r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="2026-11-21T09:00:00Z" Destination="https://door.example.com/saml/acs"><saml:Issuer>https://idp.example/metadata</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a" Version="2.0" IssueInstant="2026-11-21T09:00:00Z"><saml:Issuer>https://idp.example/metadata</saml:Issuer><saml:Subject><saml:NameID>mallory</saml:NameID></saml:Subject></saml:Assertion></samlp:Response>"#;
    let encoded = STANDARD.encode(xml);
    let house = House::new();
    let log = Log::default();
    let guard = log.start();
    let form = format!("RelayState=fraud&SAMLResponse={}", encoded.replace('+', "%2B"));
    let request =
        post("/saml/acs").header("cookie", "__Host-stagedoor-login-N-SECRET=LOGIN-SECRET");
    let answer = house.send(request.body(form.into()).unwrap()).await;
    drop(guard);
    answer.assert_refused(403, "signature-missing", "Not allowed");
    assert_eq!(answer.cookies(), [""; 0]);
    for text in [answer.body, log.text()] {
        for part in ["mallory", "samlp:", "LOGIN-SECRET", encoded.get(..24).unwrap()] {
            assert!(!text.contains(part), "{part}: {text}");
        }
    }
}

#[tokio::test]
async fn the_metadata_says_where_answers_go() {
    let answer = House::new().get("/saml/metadata").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/samlmetadata+xml");
    let xml = roxmltree::Document::parse(&answer.body).unwrap();
    let root = xml.root_element();
    assert_eq!(root.attribute("entityID"), Some("https://door.example.com/saml/metadata"));
    let acs = xml.descendants().find(|n| n.tag_name().name() == "AssertionConsumerService");
    assert_eq!(acs.unwrap().attribute("Location"), Some("https://door.example.com/saml/acs"));
}

#[tokio::test]
async fn the_metadata_comes_in_the_flavours_of_identity_providers_and_no_other() {
    let house = House::new();
    for (flavour, takes_keys) in [
        ("generic", true),
        ("identity-center", false),
        ("entra", true),
        ("okta", true),
        ("adfs", true),
        ("keycloak", true),
        ("google", false),
    ] {
        let answer = house.get(&format!("/saml/metadata?for={flavour}")).await;
        assert_eq!(answer.header("content-type"), "application/samlmetadata+xml");
        assert!(answer.body.contains("entityID=\"https://door.example.com/saml/metadata\""));
        assert_eq!(answer.body.contains("KeyDescriptor"), takes_keys, "{flavour}: {}", answer.body);
    }
    for unknown in ["Okta", "onelogin", "../okta"] {
        let answer = house.get(&format!("/saml/metadata?for={unknown}")).await;
        answer.assert_refused(400, "metadata-flavour-unknown", "That request could not be read");
    }
    let answer = house.get("/saml/metadata?for=okta&for=adfs").await;
    answer.assert_refused(400, "form-ambiguous", "That request could not be read");
}

#[tokio::test]
async fn a_session_that_is_over_is_welcomed_and_its_cookie_forgotten() {
    let house = House::new();
    house.sessions_are_over();
    let answer = house.visit("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headline(), "Come in by the stage door.");
    assert_eq!(
        answer.cookies(),
        ["__Host-stagedoor=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]
    );
}

/// A cookie that somebody took is tried at pages that ask the door only who it is, too.
#[tokio::test]
async fn a_session_that_is_over_is_written_down_with_where_it_was_shown() {
    let house = House::new();
    house.sessions_are_over();
    for path in ["/admin", "/requests", "/apps/fraud"] {
        assert_eq!(house.visit(path).await.status, 401, "{path}");
    }
    assert_eq!(house.refused_from(), ["signed-out 192.0.2.7"; 3]);
}

#[tokio::test]
async fn signing_out_takes_the_key_of_the_page() {
    let house = House::new();
    for form in ["", "key=", "key=00", &format!("key={}", house.key("open:fraud"))] {
        let answer = house.submit("/sign-out", form).await;
        answer.assert_refused(403, "form-key", "Not allowed");
        assert_eq!(answer.cookies(), [""; 0]);
    }
    assert_eq!(house.visit("/").await.headline(), "My work");

    let begun = "__Host-stagedoor-login-first=first; __Host-stagedoor-login-second=second";
    let request = post("/sign-out").header("cookie", cookie()).header("cookie", begun);
    let form = format!("key={}", house.key("sign-out"));
    let answer = house.send(request.body(form.into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/signed-out"));
    assert_eq!(
        answer.cookies(),
        [
            "__Host-stagedoor=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax",
            "__Host-stagedoor-login-first=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=None",
            "__Host-stagedoor-login-second=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=None",
        ]
    );
    let page = house.visit("/signed-out").await;
    assert_eq!((page.status.as_u16(), page.headline().as_str()), (200, "You are signed out"));
    assert_eq!(house.visit("/").await.headline(), "Come in by the stage door.");
}

#[tokio::test]
async fn signing_out_twice_is_no_error() {
    let answer = House::new().send(post("/sign-out").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/signed-out"));
}

#[tokio::test]
async fn my_work_holds_the_keys_of_this_session_and_not_its_token() {
    let house = House::new();
    let answer = house.visit("/").await;
    assert_eq!(answer.headline(), "My work");
    assert!(answer.body.contains("Ada Lovelace"));
    assert!(answer.body.contains(&house.key("sign-out")));
    assert!(answer.body.contains(&house.key("open:fraud")));
    // Not from this network, so there is no key to press it with.
    assert!(!answer.body.contains(&house.key("open:trials")));
    assert!(answer.body.contains("Use the office network or the VPN."));
    assert!(!answer.body.contains("/open/secret"));
    assert!(!answer.body.contains(TOKEN));
}

#[tokio::test]
async fn a_cookie_of_the_other_scheme_is_nobodys() {
    let house = House::new();
    let request = get("/").header("cookie", cookie().replace("__Host-", ""));
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headline(), "Come in by the stage door.");
}
