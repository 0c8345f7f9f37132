//! The simulated AWS that both sides of a bench work against, and a look inside it.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long an answer of the simulator's own interface may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// `stagedoor sandbox` on a free loopback port. It ends with the value.
#[derive(Debug)]
pub(super) struct Studio {
    process: Child,
    address: String,
}

/// What exists in the simulated AWS.
#[derive(Debug)]
pub(super) struct State(Value);

impl Studio {
    /// Starts it with a seed.
    pub(super) fn start(stagedoor: &Path, seed: &Path) -> Result<Self> {
        let mut process = Command::new(stagedoor)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--seed"])
            .arg(seed)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", stagedoor.display()))?;
        let talk = process.stderr.take().context("the sandbox's standard error")?;
        let mut studio = Self { process, address: String::new() };
        let mut said = String::new();
        let mut lines = BufReader::new(talk).lines();
        for line in lines.by_ref() {
            let line = line.context("cannot read what the sandbox says")?;
            if let Some(address) = line.split("AWS_ENDPOINT_URL=http://").nth(1) {
                address
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut studio.address);
                // Whoever writes to a closed pipe may die of it.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(studio);
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(anyhow!("the sandbox did not start:\n{said}"))
    }

    /// The endpoint for AWS clients.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts over with the seed.
    pub(super) fn reset(&self) -> Result<()> {
        self.ask("POST", "reset", "").map(drop)
    }

    /// Makes the answer to every call so much late.
    pub(super) fn delay_answers(&self, milliseconds: u32) -> Result<()> {
        let faults = match milliseconds {
            0 => String::new(),
            some => format!("rules: [{{ latency_ms: {some} }}]"),
        };
        self.ask("POST", "faults", &faults).map(drop)
    }

    /// What exists now.
    pub(super) fn state(&self) -> Result<State> {
        let body = self.ask("GET", "state", "")?;
        Ok(State(serde_json::from_str(&body).context("the sandbox's state")?))
    }

    fn ask(&self, method: &str, what: &str, body: &str) -> Result<String> {
        let context = || format!("{method} {}/_sandbox/{what}", self.url());
        let request = format!(
            "{method} /_sandbox/{what} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).with_context(context)?;
        stream.set_read_timeout(Some(PATIENCE)).with_context(context)?;
        stream.write_all(request.as_bytes()).with_context(context)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).with_context(context)?;
        let (head, body) = answer.split_once("\r\n\r\n").with_context(context)?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{}: {answer}", context());
        }
        Ok(body.to_owned())
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl State {
    /// Execution roles of the profiles in service, by profile name.
    pub(super) fn roles_in_service(&self) -> BTreeMap<String, String> {
        let domains = self.0.get("domains").and_then(Value::as_array).into_iter().flatten();
        let profiles =
            domains.filter_map(|d| d.get("profiles").and_then(Value::as_array)).flatten();
        profiles
            .filter(|profile| profile.get("status").is_some_and(|s| s == "InService"))
            .filter_map(|profile| {
                let text = |key| profile.get(key).and_then(Value::as_str).map(str::to_owned);
                Some((text("name")?, text("execution_role")?))
            })
            .collect()
    }

    /// Calls answered since the simulator was started.
    pub(super) fn calls(&self) -> u64 {
        let counts = self.0.get("calls").and_then(Value::as_object).into_iter().flatten();
        counts.filter_map(|(_, count)| count.as_u64()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_profiles_in_service_count() {
        let state = State(json!({
            "domains": [{"profiles": [
                {"name": "ana", "status": "InService", "execution_role": "r1"},
                {"name": "ben", "status": "Pending", "execution_role": "r1"},
                {"name": "cleo", "status": "InService", "execution_role": null},
            ]}],
            "calls": {"sagemaker:CreateUserProfile": 3, "identitystore:DescribeUser": 4},
        }));
        assert_eq!(state.roles_in_service(), BTreeMap::from([("ana".to_owned(), "r1".to_owned())]));
        assert_eq!(state.calls(), 7);
    }
}
