//! A server that is told to end: readiness goes first, what is under way finishes.

use crate::browser::Browser;
use crate::cloud::until;
use crate::process::Running;
use crate::world::{MAP, World, settled};
use std::io::{Read, Write};
use std::net::TcpStream;

fn serve(world: &World, more: &[&str]) -> (Running, String, Browser) {
    let args =
        [&["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"], more].concat();
    let mut server = Running::start(world.command(&args));
    let base = server.word_after("Stagedoor listens on ");
    let ops = Browser::at(&server.word_after("Health and metrics on "));
    (server, base, ops)
}

#[test]
fn readiness_goes_first_and_a_second_signal_ends_at_once() {
    let world = World::new(&settled(), MAP);
    let (mut server, base, ops) = serve(&world, &["--drain-delay", "1h"]);
    let public = Browser::at(&base);
    assert_eq!(public.get("/readyz").status, 200);
    server.signal("TERM");
    until("it is not ready", || (public.get("/readyz").status == 503).then_some(()));
    assert_eq!(public.get("/readyz").body, "draining\n");
    assert_eq!(ops.get("/readyz").body, "draining\n");
    // Whoever is sent here still is answered.
    assert_eq!(public.get("/saml/metadata").status, 200);
    assert!(ops.get("/metrics").body.contains("\nstagedoor_draining 1\n"));
    server.signal("TERM");
    assert_eq!(server.end().code(), Some(1), "{}", server.said());
    assert!(server.said().contains("\"code\":\"cut-off\""), "{}", server.said());
}

/// A request whose body is still on its way when the signal comes.
fn half_a_request(base: &str) -> TcpStream {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "POST /saml/acs HTTP/1.1\r\nhost: door\r\nconnection: close\r\ncontent-length: 14\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\nSAMLRe"
    )
    .unwrap();
    stream.flush().unwrap();
    stream
}

#[test]
fn a_request_under_way_is_answered_after_the_listener_is_closed() {
    let world = World::new(&settled(), MAP);
    let (mut server, base, _) = serve(&world, &["--drain-delay", "0s", "--drain-timeout", "1h"]);
    // The second connection is accepted after the first, so the first is being served.
    let mut request = half_a_request(&base);
    assert_eq!(Browser::at(&base).get("/livez").status, 200);
    server.signal("TERM");
    let address = base.trim_start_matches("http://").to_owned();
    until("nobody new is let in", || TcpStream::connect(&address).is_err().then_some(()));
    request.write_all(b"sponse=").unwrap();
    request.write_all(b"!").unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(server.end().code(), Some(0), "{}", server.said());
}

#[test]
fn who_never_finishes_keeps_nobody_waiting_for_ever() {
    let world = World::new(&settled(), MAP);
    let (mut server, base, _) = serve(&world, &["--drain-delay", "0s", "--drain-timeout", "10ms"]);
    let _request = half_a_request(&base);
    assert_eq!(Browser::at(&base).get("/livez").status, 200);
    assert_eq!(server.terminate().code(), Some(1), "{}", server.said());
    assert!(server.said().contains("it took too long"), "{}", server.said());
}
