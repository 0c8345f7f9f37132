//! A person at one of the machines: curl with a cookie jar, as a browser would go.

use super::net::Host;
use crate::browser::Answer;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The address people know.
pub(super) const NAME: &str = "studio.example.com";

/// Somebody at a machine, who reaches the door at one of its addresses.
#[derive(Debug)]
pub(super) struct Visitor<'n> {
    host: &'n Host,
    door: Ipv4Addr,
    authority: PathBuf,
    jar: TempDir,
}

impl<'n> Visitor<'n> {
    /// Somebody without cookies, who trusts this certificate.
    pub(super) fn at(host: &'n Host, door: Ipv4Addr, authority: PathBuf) -> Self {
        Self { host, door, authority, jar: tempfile::tempdir().unwrap() }
    }

    /// Somebody at another machine who got hold of this one's cookies.
    pub(super) fn with_cookies_of(host: &'n Host, other: &Self) -> Self {
        let thief = Self::at(host, other.door, other.authority.clone());
        std::fs::copy(other.jar.path().join("jar"), thief.jar.path().join("jar")).unwrap();
        thief
    }

    pub(super) fn get(&self, url: &str) -> Answer {
        self.send(url, &[], &[])
    }

    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(path, fields, &[])
    }

    /// Posts with headers of the visitor's own choice.
    pub(super) fn post_claiming(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[&str],
    ) -> Answer {
        self.send(path, fields, headers)
    }

    /// Pushes what is in a file, as an identity provider does by SCIM.
    pub(super) fn push(&self, path: &str, file: &Path) -> Answer {
        let body = format!("@{}", file.display());
        let kind = "Content-Type: application/scim+json";
        self.ask(path, |curl| curl.args(["--header", kind, "--data-binary", &body]))
    }

    fn send(&self, url: &str, fields: &[(&str, &str)], headers: &[&str]) -> Answer {
        self.ask(url, |curl| {
            for header in headers {
                curl.args(["--header", header]);
            }
            for (name, value) in fields {
                curl.args(["--data-urlencode", &format!("{name}={value}")]);
            }
            curl
        })
    }

    fn ask(&self, url: &str, more: impl Fn(&mut Command) -> &mut Command) -> Answer {
        let url =
            if url.starts_with("http") { url.to_owned() } else { format!("https://{NAME}{url}") };
        let jar = self.jar.path().join("jar");
        let mut curl = self.host.command("curl");
        curl.args(["--silent", "--show-error", "--include", "--max-time", "20", "--noproxy", "*"])
            .args(["--resolve", &format!("{NAME}:443:{}", self.door)])
            .arg("--cacert")
            .arg(&self.authority)
            .arg("--cookie")
            .arg(&jar)
            .arg("--cookie-jar")
            .arg(&jar)
            // No `100 Continue` before the answer.
            .args(["--header", "Expect:"]);
        let output = more(&mut curl).arg(&url).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "curl {url}: {said}");
        answer(&String::from_utf8_lossy(&output.stdout))
    }
}

fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Answer { status, headers: lines.map(header).collect(), body: body.to_owned() }
}
