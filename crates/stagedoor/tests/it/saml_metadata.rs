//! Metadata of identity providers while `stagedoor serve` runs: fetched, renewed, and kept.

use crate::cloud::until;
use crate::house::{House, identity_provider, map};
use crate::process::Run;
use crate::world::{World, settled};
use demo_idp::DemoIdp;
use saml_sp::IdentityProvider;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A status of its own: it takes the connection, and gives no answer.
pub(crate) const SILENT: u16 = 0;

/// An identity provider's web server. It ends with the test.
pub(crate) struct Publisher {
    pub(crate) url: String,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self::over(status, body, "http", |stream| Some(Box::new(stream)))
    }

    fn over(
        status: u16,
        body: &str,
        scheme: &str,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}/metadata.xml", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((status, body.to_owned())));
        let asked = Arc::<AtomicUsize>::default();
        let (now, count) = (Arc::clone(&answer), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut unanswered = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(mut stream) = wrap(stream) else { continue };
                let mut line = String::new();
                let mut reader = BufReader::new(&mut stream);
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                count.fetch_add(1, Ordering::SeqCst);
                let (status, body) = now.lock().unwrap().clone();
                if status == SILENT {
                    unanswered.push(stream);
                    continue;
                }
                let place =
                    if status == 302 { format!("location: {body}\r\n") } else { String::new() };
                // Whoever asked may be gone.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} Whatever\r\nconnection: close\r\n{place}content-length: \
                     {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.flush();
            }
        });
        Self { url, answer, asked }
    }

    pub(crate) fn now_says(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// Waits until it was asked twice more: then the first of the answers was acted on.
    fn is_asked_again(&self) {
        let before = self.asked.load(Ordering::SeqCst);
        until("the metadata is fetched again", || {
            (self.asked.load(Ordering::SeqCst) > before + 1).then_some(())
        });
    }
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// Metadata that wants to be fetched again at once.
fn fleeting(idp: &DemoIdp) -> String {
    idp.metadata_xml().replace(" entityID=", " cacheDuration=\"PT0.01S\" entityID=")
}

pub(crate) fn map_with(url: &str) -> String {
    map().replace("metadata: corp.xml", &format!("metadata_url: \"{url}\""))
}

/// A house whose identity provider publishes its metadata.
fn house(publisher: &Publisher, idp: DemoIdp) -> House {
    House::over(World::new(&settled(), &map_with(&publisher.url)), idp)
}

#[track_caller]
fn is_let_in(house: &House) {
    house.sign_in(&house.browser(), "ana");
}

#[track_caller]
fn is_refused(house: &House, code: &str) {
    let answer = house.tile(&house.browser(), "ana", None);
    assert!(answer.status >= 400, "{}", answer.status);
    assert!(answer.body.contains(code), "{code} in {}", answer.body);
}

#[test]
fn metadata_is_fetched_at_the_start() {
    let idp = identity_provider();
    let publisher = Publisher::new(200, &idp.metadata_xml());
    is_let_in(&house(&publisher, idp));
}

#[test]
fn a_provider_that_is_down_at_the_start_lets_in_once_it_is_back() {
    let idp = identity_provider();
    let publisher = Publisher::new(503, "down");
    let metadata = idp.metadata_xml();
    let house = house(&publisher, idp);
    is_refused(&house, "unknown-idp");
    let log = house.log();
    assert!(log.contains("nobody can sign in by an identity provider"), "{log}");
    assert!(log.contains("idp-metadata-missing"), "{log}");
    assert!(log.contains("503") && log.contains("(idp-metadata-unreachable)"), "{log}");
    publisher.now_says(200, &metadata);
    until("it is believed", || {
        (house.tile(&house.browser(), "ana", None).status == 303).then_some(())
    });
}

#[test]
fn the_copy_lets_in_after_a_restart_while_the_provider_is_down() {
    let idp = identity_provider();
    let publisher = Publisher::new(200, &idp.metadata_xml());
    let mut house = house(&publisher, idp);
    publisher.now_says(500, "down");
    house.restart();
    is_let_in(&house);
    until("it is fetched all the same", || {
        house.server.said().contains("(idp-metadata-unreachable)").then_some(())
    });
}

#[test]
fn an_address_that_gives_no_answer_keeps_no_start_waiting_if_there_is_a_copy() {
    let idp = identity_provider();
    let publisher = Publisher::new(200, &idp.metadata_xml());
    let mut house = house(&publisher, idp);
    publisher.now_says(SILENT, "");
    house.restart();
    let said = house.server.said();
    assert!(!said.contains("(idp-metadata-unreachable)"), "it waited for the address: {said}");
    is_let_in(&house);
    until("it is fetched", || (publisher.asked.load(Ordering::SeqCst) > 1).then_some(()));
}

#[test]
fn a_copy_from_another_address_is_not_believed() {
    let idp = identity_provider();
    let publisher = Publisher::new(200, &idp.metadata_xml());
    let mut house = house(&publisher, idp);
    let elsewhere = Publisher::new(500, "down");
    house.world.write("access.yaml", &map_with(&elsewhere.url));
    house.restart();
    is_refused(&house, "unknown-idp");
}

#[test]
fn new_keys_are_believed_logged_and_audited_and_old_ones_are_not_any_more() {
    let (old, new) = (identity_provider(), identity_provider());
    let publisher = Publisher::new(200, &fleeting(&old));
    let mut house = house(&publisher, old);
    is_let_in(&house);
    publisher.now_says(200, &fleeting(&new));
    publisher.is_asked_again();
    is_refused(&house, "signature-invalid");
    house.idp = new;
    is_let_in(&house);
    let log = house.log();
    assert_eq!(log.matches("an identity provider has other keys").count(), 1, "{log}");
    assert!(log.contains("idp-keys-changed"), "{log}");
    assert_eq!(house.server.terminate().code(), Some(0));
    assert!(house.world.store().contains("idp-keys-changed"));
}

#[test]
fn a_pinned_certificate_is_exchanged_while_the_server_runs() {
    let (old, new) = (identity_provider(), identity_provider());
    let publisher = Publisher::new(200, &old.metadata_xml());
    let pinned = |idp: &DemoIdp| {
        let metadata =
            IdentityProvider::from_metadata(idp.metadata_xml().as_bytes(), None).unwrap();
        let pin = format!("certificate_fingerprints: [ {} ]", metadata.keys[0].fingerprint());
        let url = format!("metadata_url: \"{}\"", publisher.url);
        map_with(&publisher.url).replace(&url, &format!("{url}\n    {pin}"))
    };
    let mut house = House::over(World::new(&settled(), &pinned(&old)), old);
    is_let_in(&house);
    // The old key is stolen: the provider has another one, and the map pins that.
    publisher.now_says(200, &new.metadata_xml());
    house.world.write("access.yaml", &pinned(&new));
    house.server.signal("HUP");
    until("the map is in force", || house.log().contains("map-replaced").then_some(()));
    let stolen = std::mem::replace(&mut house.idp, new);
    until("the new key is believed", || {
        (house.tile(&house.browser(), "ana", None).status == 303).then_some(())
    });
    house.idp = stolen;
    is_refused(&house, "signature-invalid");
    assert!(!house.log().contains("map-refused"), "{}", house.log());
}

#[test]
fn an_address_that_never_answered_keeps_no_start_waiting_for_long() {
    let idp = identity_provider();
    let publisher = Publisher::new(SILENT, "");
    let metadata = idp.metadata_xml();
    let house = house(&publisher, idp);
    let log = house.log();
    assert!(log.contains("no answer within 5 seconds (idp-metadata-unreachable)"), "{log}");
    publisher.now_says(200, &metadata);
    until("it is believed", || {
        (house.tile(&house.browser(), "ana", None).status == 303).then_some(())
    });
}

#[test]
fn metadata_is_fetched_at_once_where_somebody_asks_for_it() {
    let (old, new) = (identity_provider(), identity_provider());
    let publisher = Publisher::new(200, &old.metadata_xml());
    let (next, before) = (new.metadata_xml(), old.metadata_xml());
    let mut house = house(&publisher, old);
    is_let_in(&house);
    // Fetched of itself it would be after hours.
    publisher.now_says(200, &next);
    let run = house.world.run(&["saml", "fetch", "--by", "root"]).exits(0);
    let audit = house.world.audit();
    let ordered = audit.iter().find(|entry| entry.event == "metadata-fetch-ordered").unwrap();
    assert_eq!((ordered.details["by"].as_str(), ordered.code.as_str()), ("root", "sync-requested"));
    assert!(run.stdout.contains("fetches the metadata of identity providers"), "{}", run.stdout);
    let old = std::mem::replace(&mut house.idp, new);
    let is_believed =
        |house: &House| (house.tile(&house.browser(), "ana", None).status == 303).then_some(());
    until("the order is followed", || is_believed(&house));
    publisher.now_says(200, &before);
    house.server.signal("HUP");
    house.idp = old;
    until("the signal is followed", || is_believed(&house));
}

#[test]
fn a_mistyped_pin_is_told_by_doctor_beforehand_and_by_the_log_loudly() {
    let idp = identity_provider();
    let publisher = Publisher::new(200, &idp.metadata_xml());
    let house = house(&publisher, idp);
    is_let_in(&house);
    let url = format!("metadata_url: \"{}\"", publisher.url);
    let pin = format!("{url}\n    certificate_fingerprints: [ {} ]", "ab".repeat(32));
    house.world.write("next.yaml", &map_with(&publisher.url).replace(&url, &pin));
    let doctor = |map: &str| {
        let map = house.world.path(map);
        let run = house.world.run(&[
            "doctor",
            "--quick",
            "--only",
            "IDP",
            "--map",
            map.to_str().unwrap(),
            "--output",
            "json",
        ]);
        let checks = run.json()["checks"].as_array().unwrap().clone();
        let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
        checks.iter().map(|c| ["subject", "state", "code"].map(|k| text(c, k))).collect::<Vec<_>>()
    };
    assert_eq!(doctor("access.yaml"), [["corp", "ok", "ok"]]);
    assert_eq!(doctor("next.yaml"), [["corp", "failed", "idp-metadata-missing"]]);
    std::fs::copy(house.world.path("next.yaml"), house.world.path("access.yaml")).unwrap();
    house.server.signal("HUP");
    until("it is told", || house.log().contains("idp-metadata-missing").then_some(()));
    // Nothing is known of it, its name neither.
    is_refused(&house, "unknown-idp");
}

#[test]
fn what_cannot_be_used_leaves_the_last_good_metadata_in_force() {
    let idp = identity_provider();
    let good = fleeting(&idp);
    let publisher = Publisher::new(200, &good);
    let house = house(&publisher, idp);
    let ended = good.replace(" entityID=", " validUntil=\"2020-01-01T00:00:00Z\" entityID=");
    let huge = "x".repeat(2 * 1024 * 1024);
    for (status, body, reason) in [
        (200, "<html/>", "(idp-metadata-invalid)"),
        (200, &ended, "was valid until 2020-01-01T00:00:00Z"),
        (200, &huge, "the response body is larger than request limit"),
        (302, "http://127.0.0.1:9/", "(idp-metadata-unreachable)"),
        (404, "gone", "404"),
    ] {
        publisher.now_says(status, body);
        until(reason, || house.log().contains(reason).then_some(()));
        is_let_in(&house);
        publisher.now_says(200, &good);
        publisher.is_asked_again();
    }
}

#[test]
fn a_changed_file_is_read_without_a_restart() {
    let mut house = House::open(&settled());
    is_let_in(&house);
    house.world.write("corp.xml", "<not-metadata/>");
    until("the bad file is told", || house.log().contains("(idp-metadata-invalid)").then_some(()));
    is_let_in(&house);
    let new = identity_provider();
    house.world.write("corp.xml", &new.metadata_xml());
    house.idp = new;
    until("the new key is believed", || {
        (house.tile(&house.browser(), "ana", None).status == 303).then_some(())
    });
}

#[test]
fn validate_asks_nobody() {
    let publisher = Publisher::new(500, "down");
    let world = World::new(&settled(), &map_with(&publisher.url));
    let run: Run = world.run(&["validate"]);
    run.exits(0);
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn https_needs_a_certificate_that_the_system_trusts() {
    let idp = identity_provider();
    let host = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![host.cert.der().clone()],
        rustls::pki_types::PrivateKeyDer::try_from(host.signing_key.serialize_der()).unwrap(),
    )
    .unwrap();
    let tls = Arc::new(tls);
    let publisher = Publisher::over(200, &idp.metadata_xml(), "https", move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&tls)).unwrap();
        Some(Box::new(rustls::StreamOwned::new(connection, stream)))
    });
    let url = publisher.url.replace("127.0.0.1", "localhost");
    let world = World::new(&settled(), &map_with(&url));
    let pem = host.cert.pem();
    world.write("ca.pem", &pem);
    let trusted = House::trusting(world, idp, "ca.pem");
    is_let_in(&trusted);

    // Not even an address that is trusted may lead to one that anybody on the way can answer for.
    let idp = identity_provider();
    let plain = Publisher::new(200, &idp.metadata_xml());
    publisher.now_says(302, &plain.url);
    let world = World::new(&settled(), &map_with(&url));
    world.write("ca.pem", &pem);
    let led_astray = House::trusting(world, idp, "ca.pem");
    is_refused(&led_astray, "unknown-idp");
    assert_eq!(plain.asked.load(Ordering::SeqCst), 0);

    let idp = identity_provider();
    publisher.now_says(200, &idp.metadata_xml());
    let world = World::new(&settled(), &map_with(&url));
    let stranger = House::over(world, idp);
    is_refused(&stranger, "unknown-idp");
    let log = stranger.log();
    assert!(log.contains("(idp-metadata-unreachable)"), "{log}");
}
