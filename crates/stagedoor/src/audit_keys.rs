//! The keys that the audit log is sealed with: given by settings, or kept in the store.

use crate::codes;
use crate::exit::BadConfiguration;
use crate::secret_source::SecretSource;
use anyhow::{Context, Result};
use aws::Aws;
use control::audit::{ChainKey, KeyRing, Notary, STORE_KEY, fresh_key};
use control::ports::Store;
use std::sync::Arc;

/// Where the key is: a file, `env:NAME`, `ssm:NAME`, `secretsmanager:SECRET#KEY`, or `kms:KEY`.
const KEY: &str = "STAGEDOOR_AUDIT_KEY";

/// Keys that sealed before, separated by commas.
const FORMER: &str = "STAGEDOOR_AUDIT_FORMER_KEYS";

/// What makes a word a KMS key.
const KMS: &str = "kms:";

/// The keys that settings give; `None`: the store keeps its own.
///
/// # Errors
/// [`BadConfiguration`] if a key cannot be used; the call to AWS fails.
pub(crate) async fn given(aws: &Aws) -> Result<Option<KeyRing>> {
    let Some(place) = setting(KEY)? else { return Ok(None) };
    let (current, before) = read(KEY, &place, aws).await?;
    let mut ring = before.into_iter().fold(KeyRing::new(current), KeyRing::with_former);
    let former = setting(FORMER)?.unwrap_or_default();
    for place in former.split(',').map(str::trim).filter(|place| !place.is_empty()) {
        let (key, before) = read(FORMER, place, aws).await?;
        ring = std::iter::once(key).chain(before).fold(ring, KeyRing::with_former);
    }
    Ok(Some(ring))
}

/// The keys of this store's log.
///
/// # Errors
/// As [`given`]; the store cannot be read.
pub(crate) async fn of(store: &dyn Store, aws: &Aws) -> Result<KeyRing> {
    if let Some(keys) = given(aws).await? {
        return Ok(keys);
    }
    let fresh = fresh_key().context("the machine has no randomness to draw a key from")?;
    Ok(KeyRing::new(ChainKey::new(&store.get_or_create(STORE_KEY, fresh).await?)))
}

/// What signs checkpoints: the KMS key if there is one, or else the key of the log.
///
/// # Errors
/// The setting is no text.
pub(crate) fn notary(keys: &KeyRing, aws: &Aws) -> Result<Arc<dyn Notary>> {
    Ok(match setting(KEY)?.as_deref().and_then(|place| place.strip_prefix(KMS)) {
        Some(key) => Arc::new(aws.mac_key(key).with_former(keys.clone())),
        None => Arc::new(keys.clone()),
    })
}

/// The key of a place that a setting names, and those that the place still keeps from before. No error
/// repeats the place: where it should stand somebody may have put the key.
async fn read(setting: &str, place: &str, aws: &Aws) -> Result<(ChainKey, Vec<ChainKey>)> {
    if let Some(key) = place.strip_prefix(KMS) {
        let bytes = aws.mac_key(key).derived().await;
        let bytes = bytes.with_context(|| format!("{setting}, the KMS key that it names"))?;
        return Ok((ChainKey::new(&bytes), Vec::new()));
    }
    let source = SecretSource::parse(place).map_err(|error| {
        BadConfiguration::new(codes::AUDIT_KEY_INVALID, format!("{setting}: {error}"))
    })?;
    let named = format!("{setting}, {} that it names", source.kind());
    let texts = source.read(aws, None).await;
    let texts = texts.map_err(|why| why.at(codes::AUDIT_KEY_UNREADABLE, &named))?;
    let mut keys = texts.iter().map(|text| ChainKey::parse(text.reveal()));
    let current = keys.next().flatten().ok_or_else(|| {
        let message = format!(
            "{named}: its text is no key of 64 hexadecimal digits; make one with `openssl rand -hex 32`"
        );
        BadConfiguration::new(codes::AUDIT_KEY_INVALID, message)
    })?;
    Ok((current, keys.flatten().collect()))
}

fn setting(name: &str) -> Result<Option<String>, BadConfiguration> {
    let Some(text) = std::env::var_os(name) else { return Ok(None) };
    let text = text.into_string().map_err(|_| {
        BadConfiguration::new(codes::AUDIT_KEY_INVALID, format!("{name}: it is not UTF-8"))
    })?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}
