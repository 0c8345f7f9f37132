//! Where the map says that groups are mirrored to.

use crate::codes;
use crate::compose::home_region;
use crate::exit::BadConfiguration;
use crate::kept_secret::Kept;
use access::map::{AccessMap, MirrorTo};
use anyhow::Result;
use aws::Aws;
use control::ports::MirrorTarget;
use scim_client::ScimTarget;
use std::path::Path;
use std::sync::Arc;

/// Puts together what groups are mirrored to; `None`: the map mirrors nothing. It is not asked yet,
/// nor is its token read: most processes never need it.
///
/// # Errors
/// [`BadConfiguration`] if endpoint or the place of the token will not do.
pub(crate) fn target(map: &AccessMap, aws: &Arc<Aws>) -> Result<Option<Arc<dyn MirrorTarget>>> {
    let Some(mirroring) = &map.mirror else { return Ok(None) };
    match &mirroring.to {
        MirrorTo::IdentityCenter { region, identity_store_id } => {
            Ok(Some(Arc::new(aws.identity_center(region, identity_store_id).mirror())))
        }
        MirrorTo::Scim { url, token_from } => {
            // Files are named from the folder of the file that names the directories.
            let place = map.directories.sources.first().map(|source| &source.place);
            let folder = place.and_then(|place| Path::new(place.file.as_str()).parent());
            let folder = folder.unwrap_or(Path::new(""));
            let token = Kept::of(token_from, folder, aws, home_region(map))
                .map_err(|message| BadConfiguration::new(codes::MIRROR_TOKEN, message))?;
            let target = ScimTarget::new(url, Arc::new(token)).map_err(|error| {
                BadConfiguration::new(codes::MIRROR_ENDPOINT, error.to_string())
            })?;
            Ok(Some(Arc::new(target)))
        }
    }
}
