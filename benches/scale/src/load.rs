//! Many senders at one server, at a rate or as fast as it answers.
//!
//! At a rate, each request has its time, whatever became of those before it, and latency counts from
//! that time: a server that stalls is charged for everybody who waits (coordinated omission).
//! Senders are threads: a timer of an event loop would round to milliseconds.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// When requests are sent.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// A second; absent: the next one as soon as the last one is answered.
    pub rate: Option<f64>,
    /// For how long, or until there is no request left.
    pub duration: Duration,
    /// Connections, which are kept.
    pub senders: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Answers {
    /// Times of the answers that were as they should be, in microseconds, sorted.
    pub micros: Vec<u64>,
    /// The others.
    pub failed: u64,
    /// What the first of those said.
    pub complaint: Option<String>,
    /// From the first request to the last answer.
    pub seconds: f64,
}

impl Answers {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        u32::try_from(self.micros.len()).map_or(f64::NAN, f64::from) / self.seconds
    }

    /// The time that this many of a thousand do not exceed, in milliseconds.
    pub fn per_mille(&self, part: usize) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        let at = (self.micros.len() * part / 1_000).min(last);
        let micros = self.micros.get(at).copied().unwrap_or(0);
        u32::try_from(micros).map_or(f64::NAN, f64::from) / 1_000.0
    }

    fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.failed += other.failed;
        self.complaint = self.complaint.take().or(other.complaint);
    }
}

/// Sends requests, each once, to these servers in turns. A request is all its bytes; its answer must
/// have this status.
///
/// # Errors
/// There are too few requests for the rate, or a connection fails.
pub fn drive(
    servers: &[SocketAddr],
    schedule: Schedule,
    requests: &[Vec<u8>],
    status: &str,
) -> Result<Answers> {
    ensure!(!servers.is_empty(), "there is no server");
    let begin = Instant::now();
    let next = AtomicUsize::new(0);
    let mut answers = Answers::default();
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..schedule.senders)
            .zip(servers.iter().cycle())
            .map(|(number, server)| {
                let sender = Sender { server: *server, schedule, requests, status, begin };
                let next = &next;
                scope.spawn(move || sender.send(number, next))
            })
            .collect();
        for sender in senders {
            let sent = sender.join().ok().context("a sender panicked")??;
            answers.add(sent);
        }
        anyhow::Ok(())
    })?;
    answers.seconds = begin.elapsed().as_secs_f64();
    answers.micros.sort_unstable();
    Ok(answers)
}

/// One connection.
#[derive(Debug, Clone, Copy)]
struct Sender<'a> {
    server: SocketAddr,
    schedule: Schedule,
    requests: &'a [Vec<u8>],
    status: &'a str,
    begin: Instant,
}

impl Sender<'_> {
    fn send(&self, number: usize, next: &AtomicUsize) -> Result<Answers> {
        let mut connection = Connection::open(self.server)?;
        let mut answers = Answers::default();
        for turn in 0_usize.. {
            let (index, due) = match self.schedule.rate {
                Some(rate) => {
                    let index = number + turn * self.schedule.senders;
                    let at = u32::try_from(index).map_or(f64::INFINITY, f64::from) / rate;
                    (index, self.begin + Duration::from_secs_f64(at))
                }
                None => (next.fetch_add(1, Ordering::Relaxed), Instant::now()),
            };
            if due.duration_since(self.begin) >= self.schedule.duration {
                break;
            }
            let Some(request) = self.requests.get(index) else {
                // Without a rate nobody knows how many it takes.
                ensure!(self.schedule.rate.is_none(), "there are too few requests");
                break;
            };
            wait_until(due);
            let head = connection.exchange(request)?;
            let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
            if head.split(' ').nth(1) == Some(self.status) {
                answers.micros.push(micros);
            } else {
                answers.failed += 1;
                answers.complaint.get_or_insert(head);
            }
        }
        Ok(answers)
    }
}

/// A connection that is kept.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server).context("cannot reach the server")?;
        stream.set_nodelay(true).context("nodelay")?;
        stream.set_read_timeout(Some(PATIENCE)).context("timeout")?;
        Ok(Self { stream, read: Vec::new() })
    }

    /// Sends a request and reads its whole answer; returns the status line.
    fn exchange(&mut self, request: &[u8]) -> Result<String> {
        self.stream.write_all(request).context("cannot send a request")?;
        self.read.clear();
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(line) = whole(&self.read) {
                return Ok(line);
            }
            let count = self.stream.read(&mut chunk).context("no answer")?;
            ensure!(count > 0, "the connection was closed");
            self.read.extend(chunk.iter().take(count));
        }
    }
}

/// The status line, once head and body are there. Answers have a length.
fn whole(read: &[u8]) -> Option<String> {
    let end = read.windows(4).position(|w| w == b"\r\n\r\n")?;
    let (head, body) = read.split_at(end);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next()?.to_owned();
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    (body.len() >= length.unwrap_or(0) + 4).then_some(status)
}

/// Sleeps until shortly before, and looks at the clock for the rest: the system wakes late.
fn wait_until(due: Instant) {
    const LATE: Duration = Duration::from_micros(120);
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        match left.checked_sub(LATE) {
            Some(left) if !left.is_zero() => std::thread::park_timeout(left),
            _ => std::thread::yield_now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        assert_eq!(whole(b"HTTP/1.1 303 See Other\r\nContent-Length: 2\r\n\r\nx"), None);
        let answer = b"HTTP/1.1 303 See Other\r\ncontent-length: 2\r\n\r\nxy";
        assert_eq!(whole(answer).as_deref(), Some("HTTP/1.1 303 See Other"));
        assert_eq!(
            whole(b"HTTP/1.1 204 No Content\r\n\r\n").as_deref(),
            Some("HTTP/1.1 204 No Content")
        );
    }

    #[test]
    fn quantiles_are_of_sorted_times() {
        let answers =
            Answers { micros: (1..=1_000).map(|n| n * 1_000).collect(), ..Answers::default() };
        assert_eq!(answers.per_mille(500).to_string(), "501");
        assert_eq!(answers.per_mille(990).to_string(), "991");
        assert_eq!(answers.per_mille(1_000).to_string(), "1000");
    }

    #[test]
    fn a_server_that_stalls_is_charged_for_those_who_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4];
            for turn in 0..10 {
                stream.read_exact(&mut request).unwrap();
                if turn == 0 {
                    std::thread::park_timeout(Duration::from_millis(100));
                }
                stream.write_all(b"HTTP/1.1 303 See Other\r\n\r\n").unwrap();
            }
        });
        let schedule =
            Schedule { rate: Some(100.0), duration: Duration::from_millis(100), senders: 1 };
        let answers = drive(&[server], schedule, &vec![b"POST".to_vec(); 10], "303").unwrap();
        assert_eq!((answers.micros.len(), answers.failed), (10, 0));
        // Those of the ten that were due while it stalled waited, too.
        assert!(answers.micros.iter().filter(|m| **m > 40_000).count() >= 5, "{answers:?}");
    }
}
