//! Over a real socket.

use crate::house::{House, TOKEN};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[tokio::test]
async fn the_peer_of_the_socket_is_the_origin_and_the_server_stops_when_told() {
    let house = House::at("http://127.0.0.1:8080");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(web::serve(listener, house.router.clone(), async move {
        let _ = stopped.await;
    }));

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /opening/trials?key=00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Cookie: stagedoor={TOKEN}\r\nX-Forwarded-For: 10.100.10.7\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    assert!(answer.contains("<code>127.0.0.1</code>"), "{answer}");

    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// On virtual time: it goes on when nothing else can.
#[tokio::test(start_paused = true)]
async fn a_connection_that_never_finishes_its_request_is_closed() {
    let house = House::at("http://127.0.0.1:8080");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(web::serve(listener, house.router.clone(), async move {
        let _ = stopped.await;
    }));
    for sent in ["", "GET /livez HTTP/1.1\r\nHost: x\r\n"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}
