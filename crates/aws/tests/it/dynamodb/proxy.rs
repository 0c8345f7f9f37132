//! A way to the peer on which calls get lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes through.
    Pass,
    /// It never arrives.
    Lost,
    /// It arrives, and its answer gets lost.
    Unanswered,
    /// It is throttled.
    Throttled,
    /// It is a transaction, and another one is at its items.
    Cancelled,
}

type Rule = Box<dyn FnMut(&str) -> Fate + Send>;

/// The proxy. It ends with the test's runtime.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    rule: Arc<Mutex<Rule>>,
    peer: String,
    last: Arc<Mutex<Vec<u8>>>,
    longest: Arc<AtomicUsize>,
}

impl Proxy {
    /// A proxy that lets everything through.
    pub(crate) async fn before(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| Fate::Pass)));
        let (last, longest): (Arc<Mutex<Vec<u8>>>, Arc<AtomicUsize>) = Default::default();
        let (rules, heard) = (Arc::clone(&rule), (Arc::clone(&last), Arc::clone(&longest)));
        let peer = endpoint.replace("http://", "");
        let there = peer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (rules, (last, longest)) = (Arc::clone(&rules), heard.clone());
                tokio::spawn(exchange(stream, there.clone(), rules, last, longest));
            }
        });
        Self { endpoint: own, rule, peer, last, longest }
    }

    /// The last call arrives once more, as one does that was sent again and held up on the way.
    pub(crate) async fn again(&self) {
        let call = self.last.lock().unwrap().clone();
        let mut there = TcpStream::connect(&self.peer).await.unwrap();
        there.write_all(&call).await.unwrap();
        message(&mut there).await.unwrap();
    }

    /// How long the longest answer was until now, in bytes.
    pub(crate) fn longest_answer(&self) -> usize {
        self.longest.load(Ordering::SeqCst)
    }

    /// From now on `rule` says what becomes of each call, by its operation (`PutItem`).
    pub(crate) fn set(&self, rule: impl FnMut(&str) -> Fate + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }
}

/// One connection, one call.
async fn exchange(
    mut stream: TcpStream,
    peer: String,
    rule: Arc<Mutex<Rule>>,
    last: Arc<Mutex<Vec<u8>>>,
    longest: Arc<AtomicUsize>,
) {
    let Some(request) = message(&mut stream).await else { return };
    last.lock().unwrap().clone_from(&request);
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let operation =
        head.lines().find_map(|line| line.strip_prefix("x-amz-target: dynamodb_20120810."));
    let operation = operation.unwrap_or_default().to_owned();
    let fate = (rule.lock().unwrap())(&operation);
    if fate == Fate::Lost {
        return;
    }
    let refused = match fate {
        Fate::Throttled => Some(
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
        ),
        Fate::Cancelled => Some(
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"others","CancellationReasons":[{"Code":"TransactionConflict"}]}"#,
        ),
        Fate::Pass | Fate::Lost | Fate::Unanswered => None,
    };
    let answer = if let Some(body) = refused {
        let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n", body.len());
        (head + body).into_bytes()
    } else {
        let mut there = TcpStream::connect(&peer).await.unwrap();
        there.write_all(&request).await.unwrap();
        message(&mut there).await.unwrap()
    };
    longest.fetch_max(answer.len(), Ordering::SeqCst);
    if fate == Fate::Unanswered {
        return;
    }
    // The client learns that this connection is for one call.
    let at = answer.windows(2).position(|pair| pair == b"\r\n").unwrap();
    for part in [&answer[..at], b"\r\nconnection: close", &answer[at..]] {
        // A client gives up its other calls where one of them has failed.
        if stream.write_all(part).await.is_err() {
            return;
        }
    }
}

/// A request or an answer; `None` if the other side hung up.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse().unwrap());
        if bytes.len() >= end + 4 + length {
            return Some(bytes);
        }
    }
}
