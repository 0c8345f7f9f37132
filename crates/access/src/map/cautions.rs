//! What a valid map allows and its readers should know of.

use super::{AccessMap, IdentityProvider, MetadataSource, codes};
use serde::Serialize;
use std::fmt;

/// Something a valid map allows that weakens the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caution {
    /// Which kind, one of [`codes::CAUTIONS`].
    pub code: &'static str,
    /// The key of the map that allows it, with those above it: `identity_providers.corp.allow_cbc`.
    pub key: String,
    /// What it means, as a sentence.
    pub message: &'static str,
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.key, self.message, self.code)
    }
}

impl AccessMap {
    /// What the map allows that weakens the door, by identity provider in the order of their keys.
    pub fn cautions(&self) -> Vec<Caution> {
        let of_each = self.identity_providers.iter().flat_map(|(key, provider)| {
            allowed(provider).into_iter().filter(|(_, _, allowed)| *allowed).map(
                move |(field, code, _)| Caution {
                    code,
                    key: format!("identity_providers.{key}.{field}"),
                    message: meaning(code),
                },
            )
        });
        of_each.collect()
    }
}

/// Each key that can weaken the door, its code, and whether it does.
fn allowed(provider: &IdentityProvider) -> [(&'static str, &'static str, bool); 4] {
    let plain = match &provider.metadata {
        // Schemes are case-insensitive.
        MetadataSource::Url { url, .. } => {
            url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
        }
        MetadataSource::File(_) => false,
    };
    [
        ("metadata_url", codes::PLAIN_METADATA, plain),
        ("allow_weak_algorithms", codes::WEAK_ALGORITHMS, provider.allow_weak_algorithms),
        ("allow_cbc", codes::CBC, provider.allow_cbc),
        ("allow_unsolicited", codes::UNSOLICITED, provider.allow_unsolicited),
    ]
}

fn meaning(code: &str) -> &'static str {
    codes::CAUTIONS.iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| meaning)
}
