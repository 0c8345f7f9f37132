//! What holds for every route: security headers, cookies, and forms that another site cannot send.

use crate::house::{Answer, House, Studio, TOKEN, cookie, get, post};
use axum::body::Body;
use axum::http::Request;

/// What stands for the parameters of an address.
const SAMPLES: [(&str, &str); 4] =
    [("{idp}", "corp"), ("{team}", "fraud"), ("{id}", "0123456789ab"), ("{*path}", "Users")];

/// Routes that other sites post to by their nature: the identity provider does.
const FOREIGN_POSTS: [&str; 2] = ["/saml/acs", "/saml/logout"];

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' \
                      https://*.studio.eu-west-1.sagemaker.aws";

/// Every address of the table that the router is made of.
fn all_routes() -> Vec<(&'static str, String)> {
    let filled = |path: &str| {
        let fill = |path: String, (name, sample): (&str, &str)| path.replace(name, sample);
        let path = SAMPLES.into_iter().fold(path.to_owned(), fill);
        assert!(!path.contains('{'), "{path}: no sample stands for its parameter");
        path
    };
    web::addresses().into_iter().map(|it| (it.method, filled(it.path))).collect()
}

#[track_caller]
fn assert_security_headers(answer: &Answer, policy: &str, what: &str) {
    let fixed = [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000"),
        (
            "permissions-policy",
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in fixed {
        let values: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(values, [value], "{what}: {name}");
    }
    let is_asset = what.contains("/assets/") || what.contains("/favicon.ico");
    let cache = if is_asset { "no-cache" } else { "no-store" };
    assert_eq!(answer.header("cache-control"), cache, "{what}");
    assert_eq!(answer.header("server"), "", "{what}");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let house = House::new();
    for (method, path) in all_routes() {
        for signed_in in [false, true] {
            for accept in ["text/html", "application/json"] {
                let mut request = get(&path).method(method).header("accept", accept);
                if signed_in {
                    request = request.header("cookie", cookie());
                }
                let answer = house.send(request.body(Body::empty()).unwrap()).await;
                assert_security_headers(&answer, POLICY, &format!("{method} {path}"));
            }
        }
    }
}

/// The one page with a form for somebody else.
#[tokio::test]
async fn the_departure_by_form_has_a_policy_of_its_own() {
    let house = House::that_posts_to("https://idp.example/sso");
    let answer = house.get("/login/corp").await;
    assert_eq!(answer.status, 200);
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                  connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action https: \
                  https://idp.example";
    assert_security_headers(&answer, policy, "/login/corp");
    assert_security_headers(&house.get("/").await, POLICY, "/");
}

#[tokio::test]
async fn so_has_every_refusal() {
    let house = House::new();
    house.studio_is(Studio::Unreachable);
    let form = format!("key={}", house.key("open:fraud"));
    let large = "a".repeat(8 * 1024);
    let requests = [
        (404, get("/no/such/page").body(Body::empty())),
        (405, get("/").method("DELETE").body(Body::empty())),
        (400, Request::post("/saml/acs").body(Body::from("{}"))),
        (401, post("/open/fraud").body("key=00".into())),
        (403, post("/open/fraud").header("cookie", cookie()).body("key=00".into())),
        (413, post("/open/fraud").header("cookie", cookie()).body(large.into())),
        (503, post("/open/fraud").header("cookie", cookie()).body(form.into())),
    ];
    for (status, request) in requests {
        let answer = house.send(request.unwrap()).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_security_headers(&answer, POLICY, &status.to_string());
    }
}

#[tokio::test]
async fn plain_http_on_loopback_promises_no_https() {
    let house = House::at("http://127.0.0.1:8080");
    for (method, path) in all_routes() {
        let answer = house.send(get(&path).method(method).body(Body::empty()).unwrap()).await;
        assert!(!answer.headers.contains_key("strict-transport-security"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_cookie_is_bound_to_the_host_and_hidden_from_scripts() {
    let house = House::new();
    let mut set = Vec::new();
    for (method, path) in all_routes() {
        house.sessions_are_over();
        let mut request = get(&path).method(method).header("cookie", cookie());
        let mut body = Body::empty();
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
            body = format!("key={}", house.key(path.trim_start_matches('/'))).into();
        }
        let answer = house.send(request.body(body).unwrap()).await;
        for cookie in answer.cookies() {
            set.push((path.clone(), cookie.split('=').next().unwrap().to_owned()));
            assert!(cookie.starts_with("__Host-stagedoor"), "{path}: {cookie}");
            let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
            for attribute in ["Path=/", "Secure", "HttpOnly"] {
                assert!(attributes.contains(&attribute), "{path}: {cookie}");
            }
            let crosses_sites = cookie.starts_with("__Host-stagedoor-login-");
            let same_site = if crosses_sites { "SameSite=None" } else { "SameSite=Lax" };
            assert!(attributes.contains(&same_site), "{path}: {cookie}");
        }
    }
    // Where nobody is signed in any more, the session's cookie goes; that of a sign-in comes where it begins.
    set.retain(|(_, cookie)| cookie != "__Host-stagedoor");
    let [(path, login)] = &set[..] else { panic!("{set:?}") };
    assert!(path == "/login/corp" && login.starts_with("__Host-stagedoor-login-"), "{set:?}");
}

/// The `POST` routes of ours, each with its key's purpose.
const OUR_POSTS: [(&str, &str); 5] = [
    ("/open/fraud", "open:fraud"),
    ("/apps/fraud/stop", "stop:fraud"),
    ("/access/sessions/end", "end-session"),
    ("/access/sessions/end-all", "end-all-sessions"),
    ("/sign-out", "sign-out"),
];

#[tokio::test]
async fn no_form_is_taken_without_a_key_whoever_sends_it() {
    let house = House::new();
    house.domain_is_known().await;
    house.role_is(Some("admin"));
    let posts = all_routes().into_iter().filter(|(method, _)| *method == "POST");
    // The API and SCIM take no forms: who may send what there has tests of its own.
    let is_form = |path: &str| !path.starts_with("/api/") && !path.starts_with("/scim/");
    let ours = posts.filter(|(_, path)| is_form(path) && !FOREIGN_POSTS.contains(&path.as_str()));
    for (_, path) in ours {
        let request = post(&path)
            .header("cookie", cookie())
            .header("accept", "application/json")
            .header("sec-fetch-site", "same-origin");
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        let refused: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let code = refused["code"].as_str().unwrap_or_default();
        assert!(matches!(code, "form-key" | "not-found"), "{path}: {} {code}", answer.status);
    }
}

#[tokio::test]
async fn no_post_of_ours_does_anything_without_the_key_of_this_session_and_purpose() {
    let house = House::new();
    house.studio_is(Studio::ProfileReady);
    for (path, purpose) in OUR_POSTS {
        let others = control::door::SessionToken::new("another".into());
        let foreign_key = house.door.form_key(&others, purpose);
        let other_purposes = OUR_POSTS.iter().filter(|(_, other)| *other != purpose);
        let mut keys: Vec<String> = other_purposes.map(|(_, other)| house.key(other)).collect();
        keys.extend([String::new(), "00".into(), TOKEN.into(), foreign_key]);
        for key in keys {
            let answer = house.submit(path, &format!("key={key}")).await;
            answer.assert_refused(403, "form-key", "Not allowed");
            assert_eq!(answer.cookies(), [""; 0]);
        }
        house.submit(path, "").await.assert_refused(403, "form-key", "Not allowed");
        // The key in the address is not the form's.
        let address = format!("{path}?key={}", house.key(purpose));
        house.submit(&address, "").await.assert_refused(403, "form-key", "Not allowed");
        assert_eq!(house.visit("/").await.headline(), "My work");
    }
}

#[tokio::test]
async fn no_post_of_ours_is_taken_from_another_site_even_with_the_key() {
    let house = House::new();
    house.studio_is(Studio::ProfileReady);
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "http://door.example.com"),
        ("origin", "https://door.example.com.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for (path, purpose) in OUR_POSTS {
        for (name, value) in foreign {
            let request = post(path).header("cookie", cookie()).header(name, value);
            let form = format!("key={}", house.key(purpose));
            let answer = house.send(request.body(form.into()).unwrap()).await;
            answer.assert_refused(403, "form-foreign", "Not allowed");
            assert_eq!(answer.cookies(), [""; 0]);
        }
        assert_eq!(house.visit("/").await.headline(), "My work");
    }
}

#[tokio::test]
async fn no_part_of_a_page_begins_a_sign_in_or_answers_one() {
    let house = House::new();
    let parts = [
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-mode", "cors"),
    ];
    for (name, value) in parts {
        for request in [get("/login/corp"), post("/saml/acs")] {
            let request = request.header(name, value).body("SAMLResponse=!".into()).unwrap();
            let answer = house.send(request).await;
            answer.assert_refused(403, "page-part", "Not allowed");
            assert_eq!(answer.cookies(), [""; 0]);
        }
    }
    let window = get("/login/corp")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    let begun = house.send(window.body("".into()).unwrap()).await;
    assert_eq!((begun.status.as_u16(), begun.cookies().len()), (303, 1));
}

#[tokio::test]
async fn what_the_identity_provider_posts_is_judged_by_itself_and_not_by_its_site() {
    let house = House::new();
    for path in FOREIGN_POSTS {
        let request = post(path)
            .header("origin", "https://idp.example")
            .header("sec-fetch-site", "cross-site");
        let answer = house.send(request.body("SAMLResponse=!".into()).unwrap()).await;
        assert_eq!(answer.status, 403);
        assert!(!answer.body.contains("form-foreign"), "{}", answer.body);
    }
}
