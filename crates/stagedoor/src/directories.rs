//! The directories of a map, each with the adapter that reads it.

use crate::exit::BadConfiguration;
use crate::system::SystemClock;
use access::map::{AccessMap, DirectoryKind, DirectorySource};
use aws::Aws;
use control::directory::Combined;
use control::ports::Directory;
use directory_file::DirectoryFile;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What reads the map's people and groups: its one directory, or all of them as one.
///
/// # Errors
/// [`BadConfiguration`] if nothing in this build reads a directory of the map.
pub(crate) fn of(map: &AccessMap, aws: &Aws) -> Result<Arc<dyn Directory>, BadConfiguration> {
    let mut parts = Vec::new();
    for source in &map.directories.sources {
        parts.push((source.name.clone(), one(source, aws)?));
    }
    Ok(match parts.as_slice() {
        [(_, alone)] => Arc::clone(alone),
        _ => Arc::new(Combined::new(parts, map.directories.matched_by)),
    })
}

fn one(source: &DirectorySource, aws: &Aws) -> Result<Arc<dyn Directory>, BadConfiguration> {
    match &source.kind {
        DirectoryKind::IdentityCenter { region, identity_store_id } => {
            Ok(Arc::new(aws.identity_center(region, identity_store_id)))
        }
        DirectoryKind::File(file) => {
            let path = beside_the_map(source, &file.path);
            let clock = Arc::new(SystemClock);
            Ok(Arc::new(DirectoryFile::new(path, &file.path, file.format, clock)))
        }
        kind @ (DirectoryKind::Scim(_) | DirectoryKind::Ldap(_)) => {
            let message = format!(
                "{}: this build cannot read a directory of the kind `{}` yet: name \
                 `identity_center` or `file`",
                source.place,
                kind.as_str()
            );
            Err(BadConfiguration::new("directory-unsupported", message))
        }
    }
}

/// A file that the map names, wherever the process runs.
fn beside_the_map(source: &DirectorySource, path: &str) -> PathBuf {
    let map = Path::new(source.place.file.as_str());
    map.parent().unwrap_or(Path::new("")).join(path)
}
