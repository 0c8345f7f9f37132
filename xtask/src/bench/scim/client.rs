//! A client of HTTP/1.1 that costs little, so that the server is what is measured.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// One connection, made anew where the server ends it.
#[derive(Debug)]
pub(super) struct Client {
    address: SocketAddr,
    /// What stands before every path.
    root: &'static str,
    token: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, root: &'static str, token: &str) -> Self {
        Self { address, root, token: token.to_owned(), stream: None }
    }

    /// Sends a request; the answer must have this status, and its body is returned.
    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        status: u16,
    ) -> Result<String> {
        let request = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            self.root,
            self.address,
            self.token,
            body.len()
        );
        // One that was kept may have been ended by the server since: then nothing was answered.
        let kept = self.stream.take().and_then(|mut stream| {
            stream.get_mut().write_all(request.as_bytes()).ok()?;
            let is_answered = stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
            is_answered.then_some(stream)
        });
        let mut stream = if let Some(stream) = kept {
            stream
        } else {
            let mut stream = self.connect()?;
            stream.get_mut().write_all(request.as_bytes())?;
            stream
        };
        let answer = Answer::read(&mut stream)?;
        if answer.stays {
            self.stream = Some(stream);
        }
        ensure!(
            answer.status == status,
            "{method} {path} answered {} and not {status}: {}",
            answer.status,
            answer.body
        );
        Ok(answer.body)
    }

    fn connect(&self) -> Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(self.address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(BufReader::new(stream))
    }
}

/// An answer, and whether the connection is good for another request.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
    stays: bool,
}

impl Answer {
    fn read(stream: &mut impl BufRead) -> Result<Self> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let mut words = line.split(' ');
        let version = words.next().unwrap_or_default();
        let mut stays = version == "HTTP/1.1";
        let status = words.next().and_then(|word| word.trim().parse().ok());
        let status = status.with_context(|| format!("`{}` is no answer", line.trim()))?;
        let mut length = None;
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse::<usize>().ok(),
                "connection" => stays &= !value.trim().eq_ignore_ascii_case("close"),
                "transfer-encoding" => bail!("answers in parts are not read here"),
                _ => {}
            }
        }
        let mut body = Vec::new();
        match length {
            Some(length) => {
                body.resize(length, 0);
                stream.read_exact(&mut body)?;
            }
            None if status == 204 => {}
            None => {
                stays = false;
                stream.read_to_end(&mut body)?;
            }
        }
        Ok(Self { status, body: String::from_utf8(body)?, stays })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (u16, String, bool) {
        let answer = Answer::read(&mut text.as_bytes()).unwrap();
        (answer.status, answer.body, answer.stays)
    }

    #[test]
    fn an_answer_is_read_to_its_end() {
        let kept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1";
        assert_eq!(read(kept), (200, "{}".to_owned(), true));
        let old = "HTTP/1.0 201 CREATED\r\ncontent-length: 1\r\n\r\n1";
        assert_eq!(read(old), (201, "1".to_owned(), false));
        let ended = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall";
        assert_eq!(read(ended), (200, "all".to_owned(), false));
        assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n"), (204, String::new(), true));
        assert!(Answer::read(&mut "hello".as_bytes()).is_err());
    }
}
