//! How requests to servers of others are made: to identity providers for their metadata, to webhooks, to
//! SCIM endpoints, to a collector of traces.
//!
//! By `ureq`, with the TLS of the AWS SDK: rustls on aws-lc-rs with the system's certificates (or those
//! of `SSL_CERT_FILE`). Proxy variables are not looked at, as the SDK does not look at them either.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use url::Host;

/// Settings of requests to one address. `secure` says whether it is https, and then nothing is sent
/// otherwise; `timeout` is from the name look-up to the last byte.
pub fn config(secure: bool, timeout: Duration) -> ConfigBuilder<AgentScope> {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .https_only(secure)
        .proxy(None)
        .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")));
    if secure { config.tls_config(tls()) } else { config }
}

/// TLS as the AWS SDK has it. Reads the system's certificates.
pub fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, code = "ca-certificates", "a system certificate cannot be read");
    }
    let roots: Vec<Certificate<'static>> =
        found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}

/// Whether what is sent to this host stays on this machine, where nobody else reads it.
pub fn is_on_this_machine(host: &Host<&str>) -> bool {
    match *host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
    }
}

/// What went wrong, without the address and anything that was sent: both can be secrets.
pub fn failure(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "its host has no address",
        ureq::Error::ConnectionFailed => "the connection failed",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its certificate is not trusted",
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "the connection was refused",
            io::ErrorKind::TimedOut => "no answer in time",
            _ => "the connection broke",
        },
        _ => "the request failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        let is = |host: &str| {
            let url = url::Url::parse(&format!("http://{host}/")).unwrap();
            is_on_this_machine(&url.host().unwrap())
        };
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "[::2]", "0.0.0.0"] {
            assert!(!is(host), "{host}");
        }
    }

    #[test]
    fn an_error_is_told_without_what_it_holds() {
        assert_eq!(failure(&ureq::Error::HostNotFound), "its host has no address");
        let of = |kind: io::ErrorKind| failure(&ureq::Error::Io(io::Error::new(kind, "secret")));
        assert_eq!(of(io::ErrorKind::ConnectionRefused), "the connection was refused");
        assert_eq!(of(io::ErrorKind::TimedOut), "no answer in time");
        assert_eq!(of(io::ErrorKind::BrokenPipe), "the connection broke");
        let bad = ureq::Error::BadUri("https://hooks.example/secret".to_owned());
        assert_eq!(failure(&bad), "the request failed");
    }
}
