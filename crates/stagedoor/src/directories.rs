//! The directories of a map, each with the adapter that reads it.

use crate::exit::BadConfiguration;
use access::map::{AccessMap, DirectoryKind};
use aws::Aws;
use control::ports::Directory;
use std::sync::Arc;

/// What reads the map's people and groups.
///
/// # Errors
/// [`BadConfiguration`] if nothing in this build reads a directory of the map.
pub(crate) fn of(map: &AccessMap, aws: &Aws) -> Result<Arc<dyn Directory>, BadConfiguration> {
    let [source] = map.directories.sources.as_slice() else {
        let place = map.directories.sources.get(1).map(|source| source.place.to_string());
        let message = format!(
            "{}: this build reads one directory only: leave one",
            place.unwrap_or_else(|| "the map".to_owned())
        );
        return Err(BadConfiguration::new("directory-unsupported", message));
    };
    match &source.kind {
        DirectoryKind::IdentityCenter { region, identity_store_id } => {
            Ok(Arc::new(aws.identity_center(region, identity_store_id)))
        }
        kind @ (DirectoryKind::Scim(_) | DirectoryKind::Ldap(_) | DirectoryKind::File(_)) => {
            let message = format!(
                "{}: this build cannot read a directory of the kind `{}` yet: name `identity_center`",
                source.place,
                kind.as_str()
            );
            Err(BadConfiguration::new("directory-unsupported", message))
        }
    }
}
