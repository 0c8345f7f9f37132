//! Our own SAML keys: making new ones.

use anyhow::{Context, Result};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use saml_sp::ServiceProviderKey;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use time::{Duration, OffsetDateTime};

/// How long a new certificate lasts. It only carries the key, which identity providers pin.
const YEARS: i64 = 10;

/// Makes an RSA key of 3072 bits and a certificate for it, and writes both as one PEM file that
/// only its owner can read. A file that is there is left alone.
///
/// # Errors
/// The file is there or cannot be written.
pub(crate) fn make(file: &Path, name: &str, now: jiff::Timestamp) -> Result<ServiceProviderKey> {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072)
        .context("making a key failed")?;
    let now = OffsetDateTime::from_unix_timestamp(now.as_second()).context("the clock")?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    // Clocks differ; a certificate from the future is refused by some.
    params.not_before = now - Duration::DAY;
    params.not_after = now + Duration::days(YEARS * 365);
    let certificate = params.self_signed(&pair).context("making a certificate failed")?;
    let text = format!("{}{}", pair.serialize_pem(), certificate.pem());
    let key = ServiceProviderKey::from_pem(&text).context("the new key cannot be used")?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(key)
}
