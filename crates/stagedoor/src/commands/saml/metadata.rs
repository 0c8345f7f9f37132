//! `stagedoor saml metadata`: our metadata as a file, for identity providers that cannot reach us.

use super::setup::Site;
use crate::cli::MetadataArgs;
use crate::exit::{BadConfiguration, Outcome};
use crate::output;
use access::map::NameIdFormat;
use anyhow::Result;
use saml_sp::{ServiceProvider, SpMetadata};

pub(super) fn run(args: &MetadataArgs) -> Result<Outcome> {
    let site = Site::new(&args.public_url, Vec::new()).ok_or_else(|| {
        let message = format!(
            "public URL `{}` must be https, or http on a loopback address, without path or query",
            args.public_url
        );
        BadConfiguration::new("door-invalid", message)
    })?;
    let metadata = SpMetadata {
        service_provider: ServiceProvider { entity_id: site.entity_id(), acs_url: site.acs_url() },
        want_assertions_signed: true,
        name_id_formats: [NameIdFormat::EmailAddress, NameIdFormat::Unspecified]
            .map(|format| format.uri().to_owned())
            .to_vec(),
    };
    output::data(metadata.to_xml().trim_end());
    Ok(Outcome::Done)
}
