//! The directories of a map, each with the adapter that reads it.

use crate::codes;
use crate::compose::home_region;
use crate::exit::BadConfiguration;
use crate::kept_secret::Kept;
use crate::system::SystemClock;
use access::ids::{DirectoryName, Region};
use access::map::{AccessMap, DirectoryKind, DirectorySource, LdapDirectory};
use anyhow::Result;
use async_trait::async_trait;
use aws::Aws;
use control::changes::{ChangeWatch, LOOK};
use control::directory::{Combined, Pushed};
use control::ports::{CallError, Changes, Directory, FailureKind, KeptSecret, Store};
use directory_file::DirectoryFile;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a file with certificates.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// What reads the map's people and groups, and what tells that they changed.
#[derive(Debug)]
pub(crate) struct Composed {
    /// The map's one directory, or all of them as one.
    pub(crate) directory: Arc<dyn Directory>,
    /// Each directory that can be asked what changed. Identity Center sends events instead, and what
    /// is pushed wakes the loop itself.
    pub(crate) watches: Vec<ChangeWatch>,
}

/// One directory of the map.
#[derive(Debug)]
struct One {
    directory: Arc<dyn Directory>,
    changes: Option<Arc<dyn Changes>>,
}

impl One {
    fn told<D: Directory + Changes + 'static>(directory: D) -> Self {
        let directory = Arc::new(directory);
        Self { changes: Some(Arc::clone(&directory) as _), directory }
    }
}

/// Puts together what reads the map's directories. None of them is asked yet; secrets are read.
///
/// # Errors
/// [`BadConfiguration`] if a directory of the map cannot be set up like that, or if nothing in this
/// build reads it; a secret cannot be read.
pub(crate) async fn of(
    map: &AccessMap,
    aws: &Arc<Aws>,
    store: &Arc<dyn Store>,
) -> Result<Composed> {
    let (mut parts, mut watches) = (Vec::new(), Vec::new());
    for (place, source) in map.directories.sources.iter().enumerate() {
        let One { directory, changes } = one(source, map, aws, store).await?;
        watches.extend(changes.map(|changes| ChangeWatch {
            name: source.name.clone(),
            is_first: place == 0,
            changes,
            copies: Arc::clone(store) as _,
            every: LOOK,
        }));
        parts.push((source.name.clone(), directory));
    }
    let directory = match parts.as_slice() {
        [(_, alone)] => Arc::clone(alone),
        _ => Arc::new(Combined::new(parts, map.directories.matched_by)),
    };
    Ok(Composed { directory, watches })
}

/// The names of the directories that are pushed.
pub(crate) fn pushed(map: &AccessMap) -> impl Iterator<Item = &DirectoryName> {
    let sources = map.directories.sources.iter();
    sources.filter(|s| matches!(s.kind, DirectoryKind::Scim(_))).map(|source| &source.name)
}

async fn one(
    source: &DirectorySource,
    map: &AccessMap,
    aws: &Arc<Aws>,
    store: &Arc<dyn Store>,
) -> Result<One> {
    let region = home_region(map);
    let bad = |why: String| {
        BadConfiguration::new(codes::DIRECTORY_INVALID, format!("{}: {why}", source.place))
    };
    match &source.kind {
        DirectoryKind::IdentityCenter { region, identity_store_id } => {
            let directory = Arc::new(aws.identity_center(region, identity_store_id));
            Ok(One { directory, changes: None })
        }
        DirectoryKind::File(file) => {
            let path = beside_the_map(source, &file.path);
            let clock = Arc::new(SystemClock);
            Ok(One::told(DirectoryFile::new(path, &file.path, file.format, clock)))
        }
        DirectoryKind::Ldap(settings) => {
            let config = ldap_config(source, settings, aws, region).await?;
            let directory = ldap::LdapDirectory::new(config, Arc::new(SystemClock));
            Ok(One::told(directory.map_err(|error| bad(error.to_string()))?))
        }
        DirectoryKind::Scim(_) => {
            let (store, clock) = (Arc::clone(store), Arc::new(SystemClock));
            let mut directory = Pushed::new(store, clock, source.name.clone());
            if pushed(map).count() > 1 {
                directory = directory.beside_others();
            }
            Ok(One { directory: Arc::new(directory), changes: None })
        }
    }
}

/// What the map says of an LDAP server, with its secrets and certificates read.
async fn ldap_config(
    source: &DirectorySource,
    settings: &LdapDirectory,
    aws: &Arc<Aws>,
    region: Option<&Region>,
) -> Result<ldap::Config> {
    let attributes = settings.attributes.clone();
    let trust = match &settings.ca_file {
        None => ldap::Trust::System,
        Some(file) => ldap::Trust::Pinned(certificates(source, file)?),
    };
    let (mut identity, mut identity_kept) = (None, None::<Arc<dyn ldap::KeptIdentity>>);
    if let Some(shown) = &settings.client_certificate {
        let certificate = beside_the_map(source, &shown.file);
        let (key, kept) = secret(source, &shown.key_from, aws, region).await?;
        let read = certificates(source, &shown.file)?;
        identity = Some(ldap::ClientIdentity { certificate: read, key });
        identity_kept = Some(Arc::new(Renewed { certificate, key: kept }));
    }
    let mut password_kept: Option<Arc<dyn KeptSecret>> = None;
    let bind = match &settings.bind {
        Some(bind) => {
            let (password, kept) = secret(source, &bind.password_from, aws, region).await?;
            password_kept = Some(Arc::new(kept));
            ldap::Bind::Simple { name: bind.dn.clone(), password }
        }
        None if identity.is_some() => ldap::Bind::External,
        None => ldap::Bind::Anonymous,
    };
    Ok(ldap::Config {
        start_tls: settings.start_tls,
        trust,
        identity,
        identity_kept,
        bind,
        password_kept,
        people_filter: settings.people_filter.clone(),
        groups_filter: settings.groups_filter.clone(),
        attributes: ldap::Attributes {
            id: attributes.id,
            user_name: attributes.user_name,
            display_name: attributes.display_name,
            email: attributes.email,
            external_id: attributes.external_id,
            given_name: attributes.given_name,
            family_name: attributes.family_name,
            group_name: attributes.group_name,
            member: attributes.member,
        },
        page_size: settings.page_size,
        timeout: Duration::from_secs(settings.timeout_seconds.into()),
        ..ldap::Config::new(settings.urls.clone(), &settings.base_dn)
    })
}

/// A client certificate in a file, and its key where the map says.
#[derive(Debug)]
struct Renewed {
    certificate: PathBuf,
    key: Kept,
}

#[async_trait]
impl ldap::KeptIdentity for Renewed {
    async fn identity(&self) -> std::result::Result<ldap::ClientIdentity, CallError> {
        let key = ldap::Secret::new(self.key.secret().await?.reveal().to_owned());
        let path = self.certificate.clone();
        let read = tokio::task::spawn_blocking(move || certificates_in(&path)).await;
        let read = read.map_err(|error| error.to_string()).and_then(|read| read);
        let certificate = read.map_err(|why| CallError {
            service: "ldap",
            operation: "read the client certificate",
            kind: FailureKind::Credentials,
            aws_code: None,
            message: format!("{}: {why}", self.certificate.display()),
        })?;
        Ok(ldap::ClientIdentity { certificate, key })
    }
}

/// The bytes of a file beside the map with certificates in PEM.
fn certificates(source: &DirectorySource, file: &str) -> Result<Vec<u8>> {
    let read = certificates_in(&beside_the_map(source, file));
    let unreadable = |why: String| {
        let message = format!("{}: {file}: {why}", source.place);
        BadConfiguration::new(codes::DIRECTORY_INVALID, message)
    };
    Ok(read.map_err(unreadable)?)
}

/// The bytes of a file with certificates in PEM, or why there are none.
fn certificates_in(path: &Path) -> std::result::Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_CERTIFICATES {
        return Err("it is larger than 1 MiB".to_owned());
    }
    std::fs::read(path).map_err(|error| error.to_string())
}

/// The secret that the map names, and where it is kept: it may be another one later.
async fn secret(
    source: &DirectorySource,
    reference: &str,
    aws: &Arc<Aws>,
    region: Option<&Region>,
) -> Result<(ldap::Secret, Kept)> {
    let folder = Path::new(source.place.file.as_str()).parent().unwrap_or(Path::new(""));
    let kept = Kept::of(reference, folder, aws, region).map_err(|why| {
        BadConfiguration::new(codes::DIRECTORY_SECRET, format!("{}: {why}", source.place))
    })?;
    let now = kept.read().await?;
    Ok((ldap::Secret::new(now.reveal().to_owned()), kept))
}

/// A file that the map names, wherever the process runs.
pub(crate) fn beside_the_map(source: &DirectorySource, path: &str) -> PathBuf {
    let map = Path::new(source.place.file.as_str());
    map.parent().unwrap_or(Path::new("")).join(path)
}
