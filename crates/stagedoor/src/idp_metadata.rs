//! The metadata of the map's identity providers: from files and addresses, and kept fresh.
//!
//! What is known stays in force until something better is there: a failed renewal changes nothing
//! but health and log. A copy of what was fetched is kept in the store, so that a restart while
//! an identity provider is down lets people in all the same; the door judges the copy as it judges
//! what was just fetched (its end, the pins of the map).

mod copies;
mod fetch;
mod keeper;

pub(crate) use copies::Copies;
pub(crate) use keeper::{Keeper, KeeperOnCall};

use crate::codes::{self, Code};
use crate::exit::BadConfiguration;
use crate::system::SystemClock;
use access::ids::IdpKey;
use access::map::{AccessMap, MetadataSource};
use access::reason::ReasonCode;
use anyhow::Result;
use control::door::TrustStatus;
use control::ports::Clock;
use jiff::Timestamp;
use saml_sp::{IdentityProvider, MAX_METADATA_BYTES, MetadataError};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the metadata of one identity provider of the map comes from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    key: IdpKey,
    entity_id: Option<String>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Url { url: String, refresh: Duration },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "identity provider `{}`, metadata ", self.key)?;
        match &self.place {
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Url { url, .. } => f.write_str(url),
        }
    }
}

/// Metadata cannot be used. Names the provider and the place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unusable {
    code: Code,
    message: String,
}

impl From<Unusable> for BadConfiguration {
    fn from(unusable: Unusable) -> Self {
        Self::new(unusable.code, unusable.message)
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// The sources of the map. Paths are relative to the map's folder.
pub(crate) fn sources(map: &AccessMap, map_path: &Path) -> Vec<Source> {
    let folder = if map_path.is_dir() { Some(map_path) } else { map_path.parent() };
    map.identity_providers
        .iter()
        .map(|(key, settings)| Source {
            key: key.clone(),
            entity_id: settings.entity_id.clone(),
            place: match &settings.metadata {
                MetadataSource::File(path) => {
                    Place::File(folder.unwrap_or(Path::new("")).join(path))
                }
                MetadataSource::Url { url, refresh_seconds } => {
                    Place::Url { url: url.clone(), refresh: Duration::from_secs(*refresh_seconds) }
                }
            },
        })
        .collect()
}

/// Reads the metadata that the map has as files.
///
/// # Errors
/// [`BadConfiguration`] that names the provider and the file.
pub(crate) fn read_files(sources: &[Source]) -> Result<BTreeMap<IdpKey, IdentityProvider>> {
    let mut found = BTreeMap::new();
    for source in sources {
        if let Place::File(path) = &source.place {
            let idp = source.read(path).map_err(BadConfiguration::from)?;
            found.insert(source.key.clone(), idp);
        }
    }
    Ok(found)
}

/// The last good metadata of the providers whose metadata is fetched, as far as copies are kept and
/// still good.
pub(crate) async fn read_copies(
    sources: &[Source],
    copies: &Copies,
) -> BTreeMap<IdpKey, IdentityProvider> {
    let now = SystemClock.now();
    let mut found = BTreeMap::new();
    for source in sources {
        if let Some(idp) = source.copy(copies, now).await {
            found.insert(source.key.clone(), idp);
        }
    }
    found
}

/// What is known of identity providers and how long it is good, for whoever has no door: by the map's files
/// and the copies of what was fetched. Of a provider of which nothing can be read nothing is said.
pub(crate) async fn trust(
    map: &AccessMap,
    sources: &[Source],
    copies: &Copies,
    now: Timestamp,
) -> Vec<TrustStatus> {
    let mut all = Vec::new();
    for source in sources {
        let Some(settings) = map.identity_providers.get(&source.key) else { continue };
        let bytes = match &source.place {
            Place::File(path) => bounded(path).ok(),
            Place::Url { url, .. } => copies.get(&source.key, url).await,
        };
        let metadata = bytes.and_then(|bytes| source.parse(&bytes).ok());
        all.push(TrustStatus::of(&source.key, settings, metadata, now));
    }
    all
}

impl Source {
    /// Whether it is fetched from somewhere, again and again.
    pub(crate) fn is_fetched(&self) -> bool {
        matches!(self.place, Place::Url { .. })
    }

    /// The last good metadata from its address, if it is still good.
    async fn copy(&self, copies: &Copies, now: Timestamp) -> Option<IdentityProvider> {
        let Place::Url { url, .. } = &self.place else { return None };
        let idp = self.parse(&copies.get(&self.key, url).await?).ok()?;
        idp.valid_until.is_none_or(|end| end > now).then_some(idp)
    }

    fn read(&self, path: &Path) -> Result<IdentityProvider, Unusable> {
        let bytes =
            bounded(path).map_err(|error| self.unusable(codes::IDP_METADATA_UNREADABLE, &error))?;
        let idp = self.parse(&bytes)?;
        match idp.valid_until.filter(|end| *end <= SystemClock.now()) {
            Some(end) => {
                let what = format!("it was valid until {end}; fetch it anew");
                Err(self.unusable(ReasonCode::IdpMetadataExpired, &what))
            }
            None => Ok(idp),
        }
    }

    fn parse(&self, bytes: &[u8]) -> Result<IdentityProvider, Unusable> {
        IdentityProvider::from_metadata(bytes, self.entity_id.as_deref()).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            let help = match error {
                MetadataError::SeveralIdentityProviders { .. } => " (`entity_id`)",
                _ => "",
            };
            let what = format!("{error}{}{help}", cause.unwrap_or_default());
            self.unusable(codes::IDP_METADATA_INVALID, &what)
        })
    }

    fn unusable(&self, code: impl Into<Code>, what: &dyn fmt::Display) -> Unusable {
        Unusable { code: code.into(), message: format!("{self}: {what}") }
    }
}

/// Reads a file, and of one that is longer than any metadata only so much that this can be told.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_METADATA_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
