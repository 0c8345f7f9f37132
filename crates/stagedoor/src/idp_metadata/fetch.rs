//! Getting metadata from an address.
//!
//! By `ureq`, which is here already, with the TLS of the AWS SDK: rustls on aws-lc-rs with the
//! system's certificates (or those of `SSL_CERT_FILE`). Proxy variables are not looked at, as the
//! SDK does not look at them either.

use anyhow::{Context, Result};
use saml_sp::MAX_METADATA_BYTES;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// From the name look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Identity providers publish metadata where they say; some move to another host of theirs.
const MAX_REDIRECTS: u32 = 3;

/// Fetches metadata. Blocks for at most [`TIMEOUT`].
///
/// An https address leads to https addresses only; one on loopback leads nowhere else.
pub(super) fn fetch(url: &str) -> Result<Vec<u8>> {
    let secure = url.starts_with("https://");
    let mut config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .https_only(secure)
        .max_redirects(if secure { MAX_REDIRECTS } else { 0 })
        .max_redirects_will_error(true)
        .proxy(None)
        .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")))
        .accept("application/samlmetadata+xml, application/xml, text/xml, */*");
    if secure {
        config = config.tls_config(tls());
    }
    let mut response =
        config.build().new_agent().get(url).call().context("it cannot be fetched")?;
    if response.status() != 200 {
        anyhow::bail!("it cannot be fetched: HTTP status {}", response.status().as_u16());
    }
    response
        .body_mut()
        .with_config()
        .limit(MAX_METADATA_BYTES as u64)
        .read_to_vec()
        .context("it cannot be fetched")
}

/// TLS as the AWS SDK has it.
pub(crate) fn tls() -> TlsConfig {
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
