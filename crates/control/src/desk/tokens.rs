//! Tokens of the API: made once, shown once, kept as digests.

use super::{Caller, Desk, Refused, RefusedKind, Right, Rights};
use crate::ports::{Actor, ApiToken, AuditEntry, AuditEvent, Entropy, Store, StoreError};
use access::ids::DirectoryName;
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a token begins with, so that scanners for leaked secrets know one.
const PREFIX: &str = "stagedoor_";

/// Bytes of a token's secret part, in hexadecimal.
const DIGITS: usize = 64;

/// The longest time that a token may be good for.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A token, as its holder shows it. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

impl Bearer {
    /// Takes a token from a request; `None` for what cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_one = digits.len() == DIGITS
            && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    fn draw(entropy: &dyn Entropy) -> Self {
        Self(format!("{PREFIX}{}", hex::encode(entropy.bytes())))
    }

    /// The token, to show it to its holder once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What it is kept by. It has 256 random bits: nobody guesses it, and a slow hash would only slow
    /// requests.
    fn digest(&self) -> String {
        let digest =
            Sha256::new().chain_update("stagedoor token\n").chain_update(&self.0).finalize();
        format!("{digest:x}")
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(redacted)")
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TokenInfo {
    /// Its name.
    pub name: String,
    /// What its holder may.
    pub scopes: Vec<Right>,
    /// The one directory to which its holder may push; absent: the only one there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Whether it has ended.
    pub ended: bool,
}

impl TokenInfo {
    /// What is told of a token at `now`.
    pub fn of(token: &ApiToken, now: Timestamp) -> Self {
        Self {
            name: token.name.clone(),
            scopes: token.scopes.iter().copied().collect(),
            directory: token.directory.clone(),
            by: token.by.clone(),
            at: token.at,
            until: token.until,
            ended: token.until <= now,
        }
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Its name: 1 to 64 letters, digits, `.`, `_` or `-`.
    pub name: String,
    /// What its holder may; at least something.
    pub scopes: Rights,
    /// The one directory to which its holder may push; `None`: the only one there is.
    pub directory: Option<DirectoryName>,
    /// How long it is good for.
    pub life: SignedDuration,
}

/// A token cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The name will not do.
    #[error("`{0}` is no name for a token: write 1 to 64 letters, digits, `.`, `_` or `-`")]
    Name(String),
    /// There is one of this name.
    #[error("there is a token called `{0}` already; revoke it, or take another name")]
    Taken(String),
    /// It would let nobody do anything.
    #[error("a token without a scope opens nothing")]
    NoScope,
    /// It names a directory, and may not push to it.
    #[error("a directory is named for a token that pushes to it: add the scope `scim`")]
    Directory,
    /// It would end at once, or be good for too long.
    #[error("a token is good for at least a minute and at most 366 days")]
    Life,
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token. Its secret is in the answer and nowhere else.
///
/// # Errors
/// See [`TokenError`].
pub async fn create_token(
    store: &dyn Store,
    entropy: &dyn Entropy,
    by: &Actor,
    new: NewToken,
    now: Timestamp,
) -> Result<(Bearer, ApiToken), TokenError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if new.name.is_empty() || new.name.len() > 64 || !new.name.chars().all(is_plain) {
        return Err(TokenError::Name(new.name));
    }
    if new.scopes.is_empty() {
        return Err(TokenError::NoScope);
    }
    if new.directory.is_some() && !new.scopes.contains(&Right::Scim) {
        return Err(TokenError::Directory);
    }
    if new.life < SignedDuration::from_mins(1) || new.life > LONGEST_LIFE {
        return Err(TokenError::Life);
    }
    let bearer = Bearer::draw(entropy);
    let token = ApiToken {
        name: new.name,
        digest: bearer.digest(),
        scopes: new.scopes,
        directory: new.directory.map(|name| name.to_string()),
        by: by.to_string(),
        at: now,
        until: now.checked_add(new.life).unwrap_or(Timestamp::MAX),
    };
    if !store.keep_token(&token).await? {
        return Err(TokenError::Taken(token.name));
    }
    let entry = entry(AuditEvent::TokenCreated, ReasonCode::TokenCreated, by, &token, now);
    if let Err(error) = store.append(&entry).await {
        // What cannot be written down is not done.
        store.revoke_token(&token.name).await?;
        return Err(error.into());
    }
    Ok((bearer, token))
}

/// Takes a token away, and answers with it; `None`: there is none of this name.
///
/// # Errors
/// The store cannot be written. The token stays then if that cannot be written down.
pub async fn revoke_token(
    store: &dyn Store,
    by: &Actor,
    name: &str,
    now: Timestamp,
) -> Result<Option<ApiToken>, StoreError> {
    let known = store.tokens().await?.into_iter().find(|token| token.name == name);
    let Some(token) = known else { return Ok(None) };
    // Before it is gone: nobody who comes again would know what it was.
    let entry = entry(AuditEvent::TokenRevoked, ReasonCode::TokenRevoked, by, &token, now);
    store.append(&entry).await?;
    store.revoke_token(name).await
}

fn entry(
    event: AuditEvent,
    code: ReasonCode,
    by: &Actor,
    token: &ApiToken,
    at: Timestamp,
) -> AuditEntry {
    let scopes: Vec<&str> = token.scopes.iter().map(|right| right.as_str()).collect();
    AuditEntry::new(at, event, code.as_str())
        .by(by.clone())
        .with("token", &token.name)
        .with("scopes", scopes.join(" "))
        .with_opt("directory", token.directory.as_ref())
        .with("until", token.until)
}

impl Desk {
    /// Whoever holds this token.
    ///
    /// # Errors
    /// `token-refused` for one that is unknown, was revoked or has ended; the store cannot be read.
    pub async fn holder(&self, bearer: &Bearer) -> Result<Caller, Refused> {
        let now = self.time();
        let token = self.store().token(&bearer.digest(), now).await?;
        let token = token.ok_or_else(Refused::token)?;
        Ok(Caller::with_token(&token.name, token.scopes).for_directory(token.directory))
    }

    /// The tokens there are, without their secrets.
    ///
    /// # Errors
    /// The caller may not see them; the store cannot be read.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<TokenInfo>, Refused> {
        caller.require(Right::Audit)?;
        let now = self.plane().clock.now();
        let all = self.store().tokens().await?;
        Ok(all.iter().map(|token| TokenInfo::of(token, now)).collect())
    }
}

impl Refused {
    /// Nobody is known by what was shown as a token.
    pub fn token() -> Self {
        Self::new(
            RefusedKind::Unknown,
            ReasonCode::TokenRefused,
            "The API token is unknown, was revoked or has ended.",
            "Make one with `stagedoor token create`.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_looked_up() {
        let good = format!("stagedoor_{}", "0a".repeat(32));
        assert_eq!(Bearer::parse(&good).unwrap().reveal(), good);
        let short = good.get(..70).unwrap();
        let upper = good.to_uppercase();
        for bad in ["", "stagedoor_", short, &format!("{good}0"), &upper, &good.replace('a', "g")] {
            assert_eq!(Bearer::parse(bad), None, "{bad}");
        }
        let bearer = Bearer::parse(&good).unwrap();
        assert_eq!(format!("{bearer:?}"), "Bearer(redacted)");
        assert!(!bearer.digest().contains("0a0a0a"));
    }
}
