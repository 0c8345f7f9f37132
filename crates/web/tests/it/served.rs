//! Over a real socket.

use crate::house::{House, TOKEN};
use control::scim::MAX_BODY_BYTES;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A house that is reached by a socket.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn start() -> Self {
        let house = House::at("http://127.0.0.1:8080");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(web::serve(listener, house.router.clone(), async move {
            let _ = stopped.await;
        }));
        Self { address, stop, serving }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }
}

/// The first line of what comes next.
async fn status(client: &mut TcpStream) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, client).read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

#[tokio::test]
async fn the_peer_of_the_socket_is_the_origin_and_the_server_stops_when_told() {
    let served = Served::start().await;

    let mut client = TcpStream::connect(served.address).await.unwrap();
    let request = format!(
        "GET /opening/trials?key=00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Cookie: stagedoor={TOKEN}\r\nX-Forwarded-For: 10.100.10.7\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    assert!(answer.contains("<code>127.0.0.1</code>"), "{answer}");

    let address = served.address;
    served.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_refusal_reaches_who_is_still_sending() {
    let served = Served::start().await;
    let long = MAX_BODY_BYTES;
    for length in [format!("Content-Length: {long}"), "Transfer-Encoding: chunked".to_owned()] {
        let mut client = TcpStream::connect(served.address).await.unwrap();
        let head = format!(
            "POST /scim/v2/Bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\n\
             {length}\r\n\r\n"
        );
        client.write_all(head.as_bytes()).await.unwrap();
        let body = " ".repeat(long);
        let body =
            if length.starts_with('C') { body } else { format!("{long:x}\r\n{body}\r\n0\r\n\r\n") };
        client.write_all(body.as_bytes()).await.unwrap();
        assert_eq!(status(&mut client).await, "HTTP/1.1 401 Unauthorized", "{length}");
        // All of it was read, so that the connection is good for the next request.
        client
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        assert!(rest.contains("HTTP/1.1 200 OK\r\n"), "{rest}");
    }
    served.stop().await;
}

#[tokio::test]
async fn who_waits_to_be_asked_for_the_body_is_refused_without_being_asked() {
    let served = Served::start().await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    let head = "POST /scim/v2/Bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\n\
                Expect: 100-continue\r\nContent-Length: 100\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut client).await, "HTTP/1.1 401 Unauthorized");
    served.stop().await;
}

/// On virtual time: it goes on when nothing else can.
#[tokio::test(start_paused = true)]
async fn a_refusal_does_not_wait_for_ever_for_the_rest() {
    let served = Served::start().await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    let head = "POST /scim/v2/Bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\n\
                Content-Length: 100\r\n\r\n{";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    served.stop().await;
}

/// On virtual time: it goes on when nothing else can.
#[tokio::test(start_paused = true)]
async fn a_connection_whose_answers_nobody_takes_is_closed() {
    const ASKED: usize = 400;
    let served = Served::start().await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    // More than the system keeps for either side.
    let request = "GET /assets/stagedoor.css HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(request.repeat(ASKED).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    let mut answers = Vec::new();
    // Cut off, or reset for what was asked and never read.
    let _ended = client.read_to_end(&mut answers).await;
    let answered = String::from_utf8_lossy(&answers).matches("HTTP/1.1 200 OK").count();
    assert!((1..ASKED).contains(&answered), "{answered} of {ASKED}");
    served.stop().await;
}

/// On virtual time: it goes on when nothing else can.
#[tokio::test(start_paused = true)]
async fn a_connection_that_never_finishes_its_request_is_closed() {
    let served = Served::start().await;
    for sent in ["", "GET /livez HTTP/1.1\r\nHost: x\r\n"] {
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    served.stop().await;
}
