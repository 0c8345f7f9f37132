//! `stagedoor probe`: for whatever watches a container that has no shell and no curl.

use crate::cli::{Common, OutputFormat, ProbeArgs};
use crate::exit::Outcome;
use crate::output::{self, visible};
use anyhow::{Context, Result};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use ureq::Agent;

/// Less than a prober waits, so that it hears why.
const TIMEOUT: Duration = Duration::from_secs(4);

/// More than `/readyz` says.
const MAX_BYTES: u64 = 64 * 1024;

pub(super) async fn run(args: &ProbeArgs, common: &Common) -> Result<Outcome> {
    let path = if args.ready { "/readyz?verbose" } else { "/livez" };
    let url = format!("http://{}{path}", reachable(args.ops_listen));
    let asked = url.clone();
    let (status, text) = tokio::task::spawn_blocking(move || ask(&asked))
        .await
        .context("the probe")?
        .with_context(|| format!("no answer from {url}: does `stagedoor serve` run there?"))?;
    let well = status == 200;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "Probe",
                "url": url,
                "status": status,
                "ok": well,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            for line in text.lines() {
                output::data(&visible(line));
            }
        }
    }
    Ok(if well { Outcome::Done } else { Outcome::Failed })
}

/// Where a listener is reached from its own machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn ask(url: &str) -> Result<(u16, String)> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut answer = agent.get(url).call()?;
    let text = answer.body_mut().with_config().limit(MAX_BYTES).read_to_string()?;
    Ok((answer.status().as_u16(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_on_loopback() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:9090"), "127.0.0.1:9090");
        assert_eq!(reached("[::]:9090"), "[::1]:9090");
        assert_eq!(reached("10.0.0.7:9090"), "10.0.0.7:9090");
    }
}
