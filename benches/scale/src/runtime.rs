//! Lambda's Runtime API on loopback, for one instance of a function at a time: events go in, answers
//! come out.
//!
//! As documented: `GET /2018-06-01/runtime/invocation/next`, and `POST` of
//! `/2018-06-01/runtime/invocation/{id}/response` or `…/error`, and of `/2018-06-01/runtime/init/error`.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a function may take for an event.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often a waiting function's connection looks for the next event.
const TURN: Duration = Duration::from_millis(200);

/// The Runtime API. Its threads end with the process.
#[derive(Debug)]
pub struct Runtime {
    address: SocketAddr,
    events: Sender<String>,
    answers: Receiver<Answer>,
}

/// What a function said to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It did it.
    Response(String),
    /// It could not, or could not even start.
    Error(String),
}

type Events = Arc<Mutex<Receiver<String>>>;

impl Runtime {
    /// Starts it.
    ///
    /// # Errors
    /// There is no port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("a port for the Runtime API")?;
        let address = listener.local_addr().context("its address")?;
        let (events, waiting) = channel();
        let (told, answers) = channel();
        let waiting: Events = Arc::new(Mutex::new(waiting));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (waiting, told) = (Arc::clone(&waiting), told.clone());
                // A function that was killed leaves its connection behind.
                std::thread::spawn(move || drop(serve(stream, &waiting, &told)));
            }
        });
        Ok(Self { address, events, answers })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` must be.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets the function take this event, now or as soon as it asks.
    ///
    /// # Errors
    /// The API has ended.
    pub fn send(&self, event: String) -> Result<()> {
        self.events.send(event).context("the Runtime API has ended")
    }

    /// What the function says to the event.
    ///
    /// # Errors
    /// It says that it failed, or nothing for two minutes.
    pub fn answer(&self) -> Result<String> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(Answer::Response(text)) => Ok(text),
            Ok(Answer::Error(text)) => bail!("the function failed: {text}"),
            Err(error) => Err(error).context("the function says nothing"),
        }
    }
}

/// One connection, which the function keeps.
fn serve(stream: TcpStream, events: &Events, answers: &Sender<Answer>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let mut number = 0_u64;
    while let Some((line, body)) = request(&mut reader)? {
        let path = line.split(' ').nth(1).unwrap_or_default();
        if path.ends_with("/invocation/next") {
            let Some(event) = next(events, &stream)? else { return Ok(()) };
            number += 1;
            stream.write_all(invocation(number, &event).as_bytes())?;
            continue;
        }
        let answer = match path {
            _ if path.ends_with("/response") => Answer::Response(body),
            _ => Answer::Error(body),
        };
        // First told, then answered: the function's own work afterwards is not part of the event.
        let _nobody_asks = answers.send(answer);
        let accepted = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\
                        Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
        stream.write_all(accepted.as_bytes())?;
    }
    Ok(())
}

/// The next event; `None` once the function has hung up.
fn next(events: &Events, stream: &TcpStream) -> Result<Option<String>> {
    loop {
        let received = events.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(TURN);
        match received {
            Ok(event) => return Ok(Some(event)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                stream.set_nonblocking(true)?;
                let gone = matches!(stream.peek(&mut [0]), Ok(0));
                stream.set_nonblocking(false)?;
                if gone {
                    return Ok(None);
                }
            }
        }
    }
}

fn invocation(number: u64, event: &str) -> String {
    let deadline = since_1970() + PATIENCE;
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: \
         00000000-0000-4000-8000-{number:012}\r\nLambda-Runtime-Deadline-Ms: {}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:111122223333:function:bench\r\n\
         Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0\r\n\
         Content-Length: {}\r\n\r\n{event}",
        deadline.as_millis(),
        event.len()
    )
}

#[expect(clippy::disallowed_methods, reason = "functions live by the system's clock")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A request's first line and body; `None` at the end of the connection.
fn request(reader: &mut impl BufRead) -> Result<Option<(String, String)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "transfer-encoding" => chunked = value.contains("chunked"),
            _ => {}
        }
    }
    let body = if chunked { chunks(reader)? } else { exactly(reader, length)? };
    Ok(Some((first, String::from_utf8_lossy(&body).into_owned())))
}

fn exactly(reader: &mut impl BufRead, length: u64) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn chunks(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).context("a chunk's length")?;
        body.extend(exactly(reader, length)?);
        // The end of the line after a chunk, and after the last one.
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> Option<(String, String)> {
        request(&mut BufReader::new(text.as_bytes())).unwrap()
    }

    #[test]
    fn requests_are_read_by_length_and_by_chunks() {
        assert_eq!(read(""), None);
        let (first, body) = read("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyz").unwrap();
        assert_eq!((first.trim_end(), body.as_str()), ("POST /a HTTP/1.1", "xy"));
        let chunked =
            "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n1\r\nz\r\n0\r\n\r\n";
        assert_eq!(read(chunked).unwrap().1, "xyz");
    }

    #[test]
    fn an_event_goes_to_whoever_asks_and_the_answer_comes_back() {
        let runtime = Runtime::start().unwrap();
        runtime.send("{\"n\":1}".to_owned()).unwrap();
        let mut function = TcpStream::connect(runtime.address()).unwrap();
        write!(function, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n").unwrap();
        let mut reader = BufReader::new(function.try_clone().unwrap());
        let (first, body) = request(&mut reader).unwrap().unwrap();
        assert_eq!((first.trim_end(), body.as_str()), ("HTTP/1.1 200 OK", "{\"n\":1}"));
        let path = "/2018-06-01/runtime/invocation/1/response";
        write!(function, "POST {path} HTTP/1.1\r\nContent-Length: 4\r\n\r\nnull").unwrap();
        assert_eq!(runtime.answer().unwrap(), "null");
    }
}
