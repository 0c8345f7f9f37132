//! Secrets that somebody else keeps, and may change.

use super::CallError;
use async_trait::async_trait;
use std::fmt;

/// The text of a secret. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretWord(String);

impl SecretWord {
    /// Takes a text that is not to be shown.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretWord(..)")
    }
}

/// A secret that somebody else keeps: a password, a token. Whoever uses it reads it again where it is
/// refused, for it may have been changed since.
#[async_trait]
pub trait KeptSecret: Send + Sync + fmt::Debug {
    /// The secret as it is kept now.
    ///
    /// # Errors
    /// It cannot be read. The error says nothing of what it holds.
    async fn secret(&self) -> Result<SecretWord, CallError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", SecretWord::new("hunter2".to_owned())), "SecretWord(..)");
    }
}
