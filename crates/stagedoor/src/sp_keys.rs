//! Our own SAML keys: where they come from, and making new ones.
//!
//! The first key signs requests; all are published, and all decrypt. A roll-over so needs no moment
//! at which both sides change: give the new key second, let identity providers read our metadata,
//! give it first, and drop the old one when nobody encrypts for it any more.

use crate::cli::SpKeyArgs;
use crate::exit::BadConfiguration;
use access::ids::Region;
use anyhow::{Context, Result};
use aws::{Aws, KeyText};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use saml_sp::ServiceProviderKey;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use time::{Duration, OffsetDateTime};

/// More than a key and a chain of certificates take.
const MAX_BYTES: u64 = 64 * 1024;

/// One key as PEM text. Not a flag: arguments of a process can be seen by others on the machine.
const TEXT_VARIABLE: &str = "STAGEDOOR_SP_KEY";

/// How long a new certificate lasts. It only carries the key, which identity providers pin.
const YEARS: i64 = 10;

/// Reads the keys that the arguments and the environment name: files, then the environment, then
/// the secret, current version first. `region` is where a secret without a Region of its own is
/// looked for if the process has none either.
///
/// # Errors
/// [`BadConfiguration`] if a key cannot be used; the call to Secrets Manager fails.
pub(crate) async fn load(
    args: &SpKeyArgs,
    aws: &Aws,
    region: Option<&Region>,
) -> Result<Vec<ServiceProviderKey>> {
    let mut keys = local(args)?;
    if let Some(secret) = &args.sp_key_secret {
        let place = format!("secret {secret}");
        let versions = aws.secrets(secret, region).versions(secret).await.context(place.clone())?;
        push(&mut keys, parse(versions.current.reveal(), &place)?);
        for other in versions.others.iter().map(KeyText::reveal) {
            match ServiceProviderKey::from_pem(other) {
                Ok(key) => push(&mut keys, key),
                // What was current before may have been no key.
                Err(error) => {
                    let code = "sp-key-invalid";
                    tracing::warn!(secret, code, %error, "a version of the secret is passed over");
                }
            }
        }
    }
    Ok(keys)
}

/// [`load`] for a command that needs nothing else of AWS: it is asked only if a secret is named.
///
/// # Errors
/// As [`load`].
pub(crate) async fn load_alone(args: &SpKeyArgs) -> Result<Vec<ServiceProviderKey>> {
    if args.sp_key_secret.is_none() {
        return local(args);
    }
    load(args, &Aws::connect().await, None).await
}

/// Reads the keys in files and in the environment.
///
/// # Errors
/// [`BadConfiguration`] that names the file or the variable.
fn local(args: &SpKeyArgs) -> Result<Vec<ServiceProviderKey>> {
    let mut keys = Vec::new();
    for file in &args.sp_key {
        push(&mut keys, from_file(file)?);
    }
    if let Some(text) = std::env::var_os(TEXT_VARIABLE).filter(|text| !text.is_empty()) {
        let text = OsString::into_string(text).map_err(|_| {
            BadConfiguration::new("sp-key-invalid", format!("{TEXT_VARIABLE} is not UTF-8"))
        })?;
        push(&mut keys, parse(&text, TEXT_VARIABLE)?);
    }
    Ok(keys)
}

/// Reads one key from a file.
///
/// # Errors
/// [`BadConfiguration`] that names the file.
pub(crate) fn from_file(file: &Path) -> Result<ServiceProviderKey> {
    let place = format!("key file {}", file.display());
    let read = || -> io::Result<String> {
        let opened = File::open(file)?;
        warn_if_others_can_read(file, &opened);
        let mut text = String::new();
        opened.take(MAX_BYTES).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read()
        .map_err(|error| BadConfiguration::new("sp-key-unreadable", format!("{place}: {error}")))?;
    Ok(parse(&text, &place)?)
}

fn parse(text: &str, place: &str) -> Result<ServiceProviderKey, BadConfiguration> {
    ServiceProviderKey::from_pem(text)
        .map_err(|error| BadConfiguration::new("sp-key-invalid", format!("{place}: {error}")))
}

fn push(keys: &mut Vec<ServiceProviderKey>, key: ServiceProviderKey) {
    if !keys.contains(&key) {
        keys.push(key);
    }
}

fn warn_if_others_can_read(file: &Path, opened: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = opened.metadata().map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o077 != 0 {
            tracing::warn!(
                file = %file.display(),
                code = "sp-key-readable",
                "others on this machine can read the private key: chmod 600"
            );
        }
    }
    #[cfg(not(unix))]
    let _ = (file, opened);
}

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
