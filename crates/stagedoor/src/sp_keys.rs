//! Our own SAML keys: where they come from, and making new ones.
//!
//! The first key signs requests; all are published, and all decrypt. A roll-over so needs no moment
//! at which both sides change: give the new key second, let identity providers read our metadata,
//! give it first, and drop the old one when nobody encrypts for it any more.

use crate::cli::SpKeyArgs;
use crate::codes;
use crate::exit::BadConfiguration;
use crate::secret_source::{SecretSource, Unreadable};
use access::ids::Region;
use anyhow::{Context, Result};
use aws::Aws;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use saml_sp::ServiceProviderKey;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use time::{Duration, OffsetDateTime};

/// One key as PEM text, or as the name of a secret in AWS. Not a flag: arguments of a process can be
/// seen by others on the machine.
const TEXT_VARIABLE: &str = "STAGEDOOR_SP_KEY";

/// How long a new certificate lasts. It only carries the key, which identity providers pin.
const YEARS: i64 = 10;

/// Reads the keys that the arguments and the environment name, in this order: those of
/// `--sp-key`, of the environment, of `--sp-key-secret`; of each the text in force first. `region` is
/// where a secret without a Region of its own is looked for if the process has none either.
///
/// # Errors
/// [`BadConfiguration`] if a key cannot be used; the call to AWS fails.
pub(crate) async fn load(
    args: &SpKeyArgs,
    aws: &Aws,
    region: Option<&Region>,
) -> Result<Vec<ServiceProviderKey>> {
    let mut keys = Vec::new();
    for source in sources(args) {
        let place = source.to_string();
        let mut texts =
            source.read(aws, region).await.map_err(|why| unreadable(why, &source))?.into_iter();
        if let Some(current) = texts.next() {
            push(&mut keys, parse(current.reveal(), &place)?);
        }
        for other in texts {
            match ServiceProviderKey::from_pem(other.reveal()) {
                Ok(key) => push(&mut keys, key),
                // What was current before may have been no key.
                Err(error) => {
                    let code = codes::SP_KEY_INVALID.as_str();
                    tracing::warn!(%source, code, %error, "a version of the secret is passed over");
                }
            }
        }
    }
    Ok(keys)
}

/// [`load`] for a command that needs nothing else of AWS: it is asked only if a secret is there.
///
/// # Errors
/// As [`load`].
pub(crate) async fn load_alone(args: &SpKeyArgs) -> Result<Vec<ServiceProviderKey>> {
    let sources = sources(args);
    if sources.iter().any(SecretSource::is_in_aws) {
        return load(args, &Aws::connect().await, None).await;
    }
    let mut keys = Vec::new();
    for source in &sources {
        if let Some(text) = source.read_here() {
            let text = text.map_err(|why| unreadable(why, source))?;
            push(&mut keys, parse(text.reveal(), &source.to_string())?);
        }
    }
    Ok(keys)
}

/// Where the keys come from. The variable holds the text itself unless it names a place in AWS.
pub(crate) fn sources(args: &SpKeyArgs) -> Vec<SecretSource> {
    let mut sources = args.sp_key.clone();
    if let Some(text) = std::env::var_os(TEXT_VARIABLE).filter(|text| !text.is_empty()) {
        let named = text.to_str().and_then(|text| SecretSource::parse(text).ok());
        let variable = || SecretSource::Variable(TEXT_VARIABLE.to_owned());
        sources.push(named.filter(SecretSource::is_in_aws).unwrap_or_else(variable));
    }
    let secret = args.sp_key_secret.iter();
    sources.extend(secret.map(|id| SecretSource::Secret { id: id.clone(), key: None }));
    sources
}

/// Reads one key from a file.
///
/// # Errors
/// [`BadConfiguration`] that names the file.
pub(crate) fn from_file(file: &Path) -> Result<ServiceProviderKey> {
    let source = SecretSource::File(file.to_owned());
    match source.read_here() {
        Some(text) => {
            let text = text.map_err(|why| unreadable(why, &source))?;
            Ok(parse(text.reveal(), &source.to_string())?)
        }
        None => Err(BadConfiguration::new(codes::SP_KEY_UNREADABLE, source.to_string()).into()),
    }
}

fn unreadable(why: Unreadable, source: &SecretSource) -> anyhow::Error {
    why.at(codes::SP_KEY_UNREADABLE, source)
}

fn parse(text: &str, place: &str) -> Result<ServiceProviderKey, BadConfiguration> {
    ServiceProviderKey::from_pem(text)
        .map_err(|error| BadConfiguration::new(codes::SP_KEY_INVALID, format!("{place}: {error}")))
}

fn push(keys: &mut Vec<ServiceProviderKey>, key: ServiceProviderKey) {
    if !keys.contains(&key) {
        keys.push(key);
    }
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
