//! Traces reach a collector, and hold nothing that is secret.

use crate::cloud::until;
use crate::house::{House, Ids};
use crate::invoker::Invoker;
use crate::lambda::tick;
use crate::world::{MAP, World, settled};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// Head and body of a request.
type Received = (String, Vec<u8>);

/// A collector that keeps what it is sent. Its threads end with the process of the tests.
struct Collector {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while reader.read_line(&mut head).unwrap() > 2 {}
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse().ok())?
                });
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).unwrap();
                kept.lock().unwrap().push((head, body));
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { url, received }
    }

    /// Everything that came, as text as far as it is text.
    fn text(&self) -> String {
        let received = self.received.lock().unwrap();
        let texts = received.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned());
        texts.collect()
    }
}

#[test]
fn a_function_sends_its_traces_before_it_may_be_frozen() {
    let collector = Collector::start();
    let world = World::new(&settled(), MAP);
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str());
    // By itself it would send them in an hour.
    let mut invoker = Invoker::start(&world, &[endpoint, ("OTEL_BSP_SCHEDULE_DELAY", "3600000")]);
    for invocation in ["000000000001", "000000000002"] {
        invoker.answer(&tick());
        until("its traces are there", || collector.text().contains(invocation).then_some(()));
    }
}

#[test]
fn sign_ins_passes_and_calls_are_traced_without_anything_secret() {
    let collector = Collector::start();
    let mut house = House::within(
        &settled(),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20COLLECTOR-TOKEN"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests"),
        ],
    );
    let ids = Ids::new();
    let response = house.idp.issue_response(&house.response("ana", None, &ids)).unwrap();
    let browser = house.browser();
    let answer = browser.post("/saml/acs", &[("SAMLResponse", &response)]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    until("a pass is over", || (house.cloud().calls("sagemaker:ListApps") > 0).then_some(()));
    assert_eq!(house.server.terminate().code(), Some(0), "{}", house.log());

    let text = collector.text();
    for name in [
        "sign-in",
        "signed-in",
        "pass",
        "everything",
        "sagemaker.ListApps",
        "service.name",
        "stagedoor",
        "deployment.environment.name",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
    let token = browser.cookie("__Host-stagedoor");
    assert!(token.len() > 20, "{token}");
    for secret in [
        token.as_str(),
        &response,
        "SECRET-ACCESS-KEY",
        "COLLECTOR-TOKEN",
        "ana@example.com",
        "Ana Diaz",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    let received = collector.received.lock().unwrap();
    let (head, _) = received.first().unwrap();
    assert!(head.starts_with("POST /v1/traces "), "{head}");
    assert!(head.contains("Bearer COLLECTOR-TOKEN"), "{head}");
}
