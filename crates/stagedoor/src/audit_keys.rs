//! The keys that the audit log is sealed with: given by settings, or kept in the store.

use crate::codes;
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::output;
use crate::secret_source::SecretSource;
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use aws::Aws;
use control::audit::{ChainKey, KeyRing, Notary, STORE_KEY, fresh_key, not_given};
use control::ports::{Secrets, Store, StoreError};
use std::sync::Arc;

/// Where the key is: a file, `env:NAME`, `ssm:NAME`, `secretsmanager:SECRET#KEY`, or `kms:KEY`.
const KEY: &str = "STAGEDOOR_AUDIT_KEY";

/// Keys that sealed before, separated by commas: places as above, or `store`.
const FORMER: &str = "STAGEDOOR_AUDIT_FORMER_KEYS";

/// The former key that the store kept before one was given.
const THE_STORES: &str = "store";

/// What makes a word a KMS key.
const KMS: &str = "kms:";

/// The keys that settings give.
#[derive(Debug)]
pub(crate) struct Given {
    ring: KeyRing,
    /// Whether the store's own is one of the former ones.
    and_the_stores: bool,
}

impl Given {
    /// All of them. A store that keeps none sealed nothing with it.
    ///
    /// # Errors
    /// The store's own is one of them, and the store cannot be read.
    pub(crate) async fn with(self, store: &dyn Secrets) -> Result<KeyRing> {
        if !self.and_the_stores {
            return Ok(self.ring);
        }
        let kept = store.kept(STORE_KEY).await?.map(|kept| ChainKey::new(&kept));
        Ok(kept.into_iter().fold(self.ring, KeyRing::with_former))
    }

    /// Those that do not come from a store.
    pub(crate) fn apart(&self) -> &KeyRing {
        &self.ring
    }

    /// All of them, where there is no store.
    ///
    /// # Errors
    /// [`BadConfiguration`] if the store's own is one of them.
    pub(crate) fn without_store(self) -> Result<KeyRing, BadConfiguration> {
        if self.and_the_stores {
            let message = format!("{FORMER} names the key of the store: name the store, too");
            return Err(BadConfiguration::new(codes::AUDIT_KEY_MISSING, message));
        }
        Ok(self.ring)
    }
}

/// The keys that settings give; `None`: the store keeps its own.
///
/// # Errors
/// [`BadConfiguration`] if a key cannot be used; the call to AWS fails.
pub(crate) async fn given(aws: &Aws) -> Result<Option<Given>> {
    let Some(place) = setting(KEY)? else { return Ok(None) };
    let (current, before) = read(KEY, &place, aws).await?;
    let mut ring = before.into_iter().fold(KeyRing::new(current), KeyRing::with_former);
    let former = setting(FORMER)?.unwrap_or_default();
    let former = || former.split(',').map(str::trim);
    let and_the_stores = former().any(|place| place == THE_STORES);
    for place in former().filter(|place| !place.is_empty() && *place != THE_STORES) {
        let (key, before) = read(FORMER, place, aws).await?;
        ring = std::iter::once(key).chain(before).fold(ring, KeyRing::with_former);
    }
    Ok(Some(Given { ring, and_the_stores }))
}

/// The keys of this store's log.
///
/// # Errors
/// As [`given`]; the store cannot be read.
pub(crate) async fn of(store: &dyn Store, aws: &Aws) -> Result<KeyRing> {
    if let Some(keys) = given(aws).await? {
        return keys.with(store).await;
    }
    let fresh = fresh_key().context("the machine has no randomness to draw a key from")?;
    let key = match store.kept(STORE_KEY).await? {
        Some(kept) => kept,
        // One of the store's own beside a log of others would be to no use. With one that nobody has nothing
        // verifies, either.
        None if store.foreign_key().await?.is_some() => fresh,
        None => store.get_or_create(STORE_KEY, fresh).await?,
    };
    Ok(KeyRing::new(ChainKey::new(&key)))
}

/// Refuses a store whose log this process must not go on with, before it does what it could not write down.
///
/// # Errors
/// [`BadConfiguration`] if the log was sealed with another key; the store cannot be read.
pub(crate) async fn must_fit(store: &dyn Store) -> Result<()> {
    let Some(key) = store.foreign_key().await? else { return Ok(()) };
    let message = format!("nothing was done: {}", not_given(&key));
    Err(BadConfiguration::new(codes::AUDIT_KEY_OTHER, message).into())
}

/// What was done could not be written down, for it does not wait for that. `again` says what to do.
pub(crate) fn unwritten(done: &str, error: &StoreError, again: &str) -> NotDone {
    let code = ReasonCode::AuditUnwritten;
    NotDone {
        outcome: Outcome::Failed,
        code: code.as_str(),
        message: format!("{done}, and the audit log does NOT tell of it: {error} ({code})"),
        remedy: again.to_owned(),
    }
}

/// What came of the rest, unless what was done first could not be written down: nothing else is as bad.
pub(crate) fn if_written<T>(
    rest: Result<T>,
    first: Option<&StoreError>,
    done: &str,
    again: &str,
) -> Result<T> {
    let Some(error) = first else { return rest };
    if let Err(failed) = rest {
        output::talk(&format!("error: {failed:#}"));
    }
    Err(unwritten(done, error, again).into())
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
