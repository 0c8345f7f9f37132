//! Payloads as AWS documents them, and the requests and answers they mean.

use super::*;
use crate::payload::Payload;
use axum::body::to_bytes;
use axum::response::{AppendHeaders, IntoResponse, Response};

/// A payload of the data folder.
macro_rules! payload {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/", $name, ".json"))
    };
}

/// The request as lines: method and URI, headers in the order of their names, body.
async fn request(payload: &[u8]) -> (String, Form) {
    let Payload::Request(gateway, _) = Payload::read(payload).unwrap() else {
        panic!("no request");
    };
    let (request, form) = read(gateway, payload).unwrap();
    let (parts, body) = request.into_parts();
    let mut lines = vec![format!("{} {}", parts.method, parts.uri)];
    let mut headers: Vec<String> =
        parts.headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
    headers.sort();
    lines.extend(headers);
    lines.push(String::from_utf8(to_bytes(body, 1000).await.unwrap().to_vec()).unwrap());
    (lines.join("\n"), form)
}

#[tokio::test]
async fn a_rest_api_sends_lists_and_a_decoded_query() {
    let expected = "GET /login/corp?tag=y&tag=z&team=fraud%20%26%20co\n\
                    accept: text/html\n\
                    cookie: a=1\n\
                    cookie: b=2\n\
                    host: door.example.com\n\
                    x-amzn-trace-id: Root=1-5e66d96f-7491f09xmpl79d18acf3d050\n\
                    x-forwarded-for: 203.0.113.9\n";
    assert_eq!(request(payload!("rest-private")).await, (expected.to_owned(), Form::Lists));
}

#[tokio::test]
async fn a_body_in_base64_is_decoded_and_its_length_is_not_believed() {
    let expected = "POST /saml/acs\n\
                    content-type: application/x-www-form-urlencoded\n\
                    x-forwarded-for: 10.100.10.7, 198.51.100.4\n\
                    SAMLResponse=PHJlc3A";
    assert_eq!(request(payload!("rest-regional")).await, (expected.to_owned(), Form::Lists));
}

#[tokio::test]
async fn an_http_api_sends_cookies_apart_and_the_query_as_it_came() {
    let expected = "GET /login/corp?team=fraud%20%26%20co&tag=y&tag=z\n\
                    accept: text/html,*/*\n\
                    cookie: a=1; b=2\n\
                    host: door.example.com\n\
                    x-forwarded-for: 203.0.113.9\n";
    assert_eq!(request(payload!("http-v2")).await, (expected.to_owned(), Form::Cookies));
}

#[tokio::test]
async fn the_stage_of_an_http_api_is_taken_off_the_path() {
    let (v2, _) = request(payload!("http-v2-stage")).await;
    assert_eq!(
        v2,
        "POST /saml/acs\ncontent-type: application/x-www-form-urlencoded\nSAMLResponse=PHJlc3A"
    );
    let (v1, form) = request(payload!("http-v1")).await;
    assert_eq!((v1.as_str(), form), ("GET /readyz\naccept: */*\n", Form::Lists));
    assert_eq!(without_stage("/prod", "prod"), Some(""));
    assert_eq!(without_stage("/production", "prod"), None);
    assert_eq!(without_stage("/login/corp", "$default"), None);
}

#[tokio::test]
async fn a_base_path_of_a_custom_domain_name_is_taken_off_the_path() {
    let root = "GET /login/corp?tag=y&tag=z&team=fraud%20%26%20co\n";
    let at_root = include_str!("../../tests/data/rest-private-custom-domain.json");
    assert!(request(at_root.as_bytes()).await.0.starts_with(root));
    let below = at_root.replace("\"path\": \"/", "\"path\": \"/studio/");
    assert!(request(below.as_bytes()).await.0.starts_with(root));
    let page = below.replace("/login/corp", "").replace("/{proxy+}", "/").replace("login/corp", "");
    assert!(request(page.as_bytes()).await.0.starts_with("GET /?tag=y"));
    // What was asked for may look like a stage, or like itself.
    let of = |proxy: &str| One::from([("proxy".to_owned(), proxy.to_owned())]);
    let asked = |path, proxy, stage| asked_for(path, Some(&of(proxy)), stage).to_owned();
    assert_eq!(asked("/login/corp", "login/corp", Some("login")), "/login/corp");
    assert_eq!(asked("/login/login/corp", "login/corp", Some("login")), "/login/corp");
    assert_eq!(asked("/studio/a b", "a%20b", None), "/studio/a b", "written otherwise");
    assert_eq!(asked("/x", "a/longer/path", None), "/x");
}

#[tokio::test]
async fn a_function_url_is_like_an_http_api() {
    let (text, form) = request(payload!("function-url")).await;
    assert!(text.starts_with("GET /\naccept: text/html\n"), "{text}");
    assert_eq!(form, Form::Cookies);
}

#[tokio::test]
async fn a_load_balancer_leaves_the_query_encoded() {
    let expected = "GET /login/corp?team=fraud%20%26%20co\n\
                    accept: text/html\n\
                    cookie: a=1; b=2\n\
                    host: door.example.com\n\
                    x-forwarded-for: 10.0.0.1, 198.51.100.4\n\
                    x-forwarded-port: 443\n\
                    x-forwarded-proto: https\n";
    assert_eq!(request(payload!("alb")).await, (expected.to_owned(), Form::Single));
    let expected = "POST /saml/acs?tag=y&tag=z\n\
                    content-type: application/x-www-form-urlencoded\n\
                    cookie: a=1; b=2\n\
                    host: door.example.com\n\
                    x-forwarded-for: 198.51.100.4\n\
                    SAMLResponse=PHJlc3A";
    assert_eq!(request(payload!("alb-multi-value")).await, (expected.to_owned(), Form::Lists));
}

/// A redirect with two cookies, as the answer to a sign-in is.
fn redirect() -> Response {
    let headers = AppendHeaders([
        ("location", "/"),
        ("set-cookie", "a=1; Path=/"),
        ("set-cookie", "b=2; Path=/"),
        ("vary", "accept"),
        ("vary", "cookie"),
    ]);
    (axum::http::StatusCode::SEE_OTHER, headers, "").into_response()
}

async fn answer(response: Response, form: Form) -> String {
    String::from_utf8(write(response, Gateway::Rest, form).await).unwrap()
}

#[tokio::test]
async fn each_gateway_gets_its_answer_in_its_form() {
    assert_eq!(
        answer(redirect(), Form::Lists).await,
        r#"{"statusCode":303,"multiValueHeaders":{"content-type":["text/plain; charset=utf-8"],"#
            .to_owned()
            + r#""location":["/"],"set-cookie":["a=1; Path=/","b=2; Path=/"],"#
            + r#""vary":["accept","cookie"]},"body":"","isBase64Encoded":false}"#
    );
    assert_eq!(
        answer(redirect(), Form::Cookies).await,
        r#"{"statusCode":303,"headers":{"content-type":"text/plain; charset=utf-8","#.to_owned()
            + r#""location":"/","vary":"accept, cookie"},"#
            + r#""cookies":["a=1; Path=/","b=2; Path=/"],"body":"","isBase64Encoded":false}"#
    );
    assert_eq!(
        answer(redirect(), Form::Single).await,
        r#"{"statusCode":303,"statusDescription":"303 See Other","#.to_owned()
            + r#""headers":{"Set-cookie":"b=2; Path=/","#
            + r#""content-type":"text/plain; charset=utf-8","location":"/","#
            + r#""set-cookie":"a=1; Path=/","vary":"accept, cookie"},"#
            + r#""body":"","isBase64Encoded":false}"#
    );
}

#[tokio::test]
async fn what_is_no_text_is_sent_in_base64() {
    let text = answer("naïve".into_response(), Form::Cookies).await;
    assert!(text.ends_with(r#""body":"naïve","isBase64Encoded":false}"#), "{text}");
    let bytes = answer(vec![0xff_u8, 0x00].into_response(), Form::Cookies).await;
    assert!(bytes.ends_with(r#""body":"/wA=","isBase64Encoded":true}"#), "{bytes}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_an_error_and_leaks_no_header() {
    let long = ([("set-cookie", "a=1")], vec![b'x'; 4 * 1024 * 1024 + 1]).into_response();
    assert_eq!(
        answer(long, Form::Lists).await,
        r#"{"statusCode":500,"multiValueHeaders":{},"body":"","isBase64Encoded":false}"#
    );
}

/// A load balancer takes 1 MB of the JSON, in which a quote takes two bytes; the APIs take what Lambda does.
#[tokio::test]
async fn what_is_longer_than_a_load_balancer_takes_is_an_error_of_ours() {
    for (form, refused) in [
        (
            Form::Lists,
            r#"{"statusCode":500,"multiValueHeaders":{},"body":"","isBase64Encoded":false}"#,
        ),
        (
            Form::Single,
            r#"{"statusCode":500,"statusDescription":"500 Internal Server Error","headers":{},"#,
        ),
    ] {
        let told = async |gateway, quotes: usize| {
            let body = "\"".repeat(quotes).into_response();
            String::from_utf8(write(body, gateway, form).await).unwrap()
        };
        let fits = told(Gateway::LoadBalancer, 499_000).await;
        assert!(fits.starts_with(r#"{"statusCode":200"#) && fits.len() > 998_000);
        let long = told(Gateway::LoadBalancer, 500_000).await;
        assert!(long.starts_with(refused), "{long}");
        let by_api = told(Gateway::Rest, 500_000).await;
        assert!(by_api.starts_with(r#"{"statusCode":200"#) && by_api.len() > 1_000_000);
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let v1 = |more: &str| {
        let text = format!(r#"{{"requestContext":{{"identity":{{}}}},{more}}}"#);
        read(Gateway::Rest, text.as_bytes()).map(|_| ()).map_err(|error| error.to_string())
    };
    let unreadable = |what: &str| Err(format!("{what} of the request cannot be read"));
    assert_eq!(v1(r#""httpMethod":1"#), unreadable("the payload"));
    assert_eq!(v1(r#""httpMethod":"GET","path":"/""#), Ok(()));
    assert_eq!(v1(r#""httpMethod":"G T""#), unreadable("the method"));
    assert_eq!(
        v1(r#""httpMethod":"GET","body":"%%","isBase64Encoded":true"#),
        unreadable("the body")
    );
    assert_eq!(v1(r#""httpMethod":"GET","headers":{"a b":"c"}"#), unreadable("a header"));
    assert_eq!(v1(r#""httpMethod":"GET","headers":{"a":"c\n"}"#), unreadable("a header"));
    assert_eq!(v1(r#""path":"/""#), unreadable("the payload"));
}

#[test]
fn a_path_with_odd_characters_is_still_a_path() {
    let uri = |path| uri(path, "").unwrap().to_string();
    assert_eq!(uri("/open/a b"), "/open/a%20b");
    assert_eq!(uri("/open/a%20b"), "/open/a%20b");
    assert_eq!(uri("open"), "/open");
    assert_eq!(uri("/naïve?x#y"), "/na%C3%AFve%3Fx%23y");
}
