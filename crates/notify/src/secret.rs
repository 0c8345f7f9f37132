//! Text that must not be shown.

use std::fmt;
use zeroize::Zeroize;

/// Text that must not be shown: the address of a webhook, a key, a password. It is wiped when it
/// goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text, without the blanks around it that files have at their end.
    pub fn new(mut text: String) -> Self {
        let kept = Self(text.trim().to_owned());
        text.zeroize();
        kept
    }

    /// The text.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_and_has_no_line_end() {
        let secret = Secret::new("https://hooks.example/T0/B0/xyz\n".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
        assert_eq!(secret.reveal(), "https://hooks.example/T0/B0/xyz");
    }
}
