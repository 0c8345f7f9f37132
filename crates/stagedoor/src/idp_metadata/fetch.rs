//! Getting metadata from an address.

use anyhow::{Context, Result};
use saml_sp::MAX_METADATA_BYTES;
use std::time::Duration;

/// From the name look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Identity providers publish metadata where they say; some move to another host of theirs.
const MAX_REDIRECTS: u32 = 3;

/// Fetches metadata. Blocks for at most [`TIMEOUT`].
///
/// An https address leads to https addresses only; one on loopback leads nowhere else.
pub(super) fn fetch(url: &str) -> Result<Vec<u8>> {
    let secure = url.starts_with("https://");
    let config = outbound::config(secure, TIMEOUT)
        .max_redirects(if secure { MAX_REDIRECTS } else { 0 })
        .max_redirects_will_error(true)
        .accept("application/samlmetadata+xml, application/xml, text/xml, */*");
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
