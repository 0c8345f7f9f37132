//! Servers that take one connection after the other and remember what they were told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// A server on a free port. It ends with the test's process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    told: Receiver<String>,
}

impl Server {
    fn start(mut serve: impl FnMut(TcpStream) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let heard = serve(stream.unwrap());
                if tell.send(heard).is_err() {
                    return;
                }
            }
        });
        Self { address, told }
    }

    /// HTTP: answers this status to everything.
    pub(crate) fn http(status: &'static str, body: &'static str) -> Self {
        Self::start(move |mut stream| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut heard, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                heard.push_str(&line);
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut content = vec![0; length];
            reader.read_exact(&mut content).unwrap();
            heard.push_str(&String::from_utf8(content).unwrap());
            let location = "Location: http://127.0.0.1:1/elsewhere\r\n";
            write!(
                stream,
                "HTTP/1.1 {status}\r\n{location}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            heard
        })
    }

    /// SMTP: `login` is what `AUTH PLAIN` must bring in base64, `""` for a server that asks for
    /// none; recipients at `refused.example` are refused.
    pub(crate) fn smtp(login: &'static str) -> Self {
        Self::start(move |mut stream| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut heard = String::new();
            let mut say = move |text: &str| stream.write_all(format!("{text}\r\n").as_bytes());
            let _ = say("220 mail.example");
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return heard;
                }
                heard.push_str(&line);
                let word = line.trim_end();
                let answer = match word.split_whitespace().next().unwrap_or_default() {
                    "EHLO" if login.is_empty() => "250 mail.example",
                    "EHLO" => "250-mail.example\r\n250 AUTH PLAIN",
                    "AUTH" if word.ends_with(login) => "235 welcome",
                    "AUTH" => "535 who are you",
                    "RCPT" if word.contains("@refused.example") => "550 nobody here",
                    "MAIL" | "RCPT" | "RSET" => "250 ok",
                    "QUIT" => {
                        let _ = say("221 bye");
                        return heard;
                    }
                    "DATA" => {
                        let _ = say("354 go on");
                        loop {
                            let mut line = String::new();
                            reader.read_line(&mut line).unwrap();
                            if line == ".\r\n" {
                                break;
                            }
                            heard.push_str(&line);
                        }
                        "250 taken"
                    }
                    _ => "502 what",
                };
                let _ = say(answer);
            }
        })
    }

    /// What the next connection told.
    pub(crate) fn told(&self) -> String {
        self.told.recv().unwrap()
    }

    /// Whether no other connection has ended so far.
    pub(crate) fn has_told_all(&self) -> bool {
        self.told.try_recv().is_err()
    }
}
