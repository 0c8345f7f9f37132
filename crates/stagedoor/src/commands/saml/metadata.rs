//! `stagedoor saml metadata`: our metadata as a file, for identity providers that cannot reach us.

use super::setup::Site;
use crate::cli::MetadataArgs;
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::{output, sp_keys};
use access::map::NameIdFormat;
use anyhow::Result;
use saml_sp::{Encryption, LogoutService, MetadataFlavour, ServiceProvider, SpMetadata};

pub(super) async fn run(args: &MetadataArgs) -> Result<Outcome> {
    let site = Site::new(&args.public_url, Vec::new()).ok_or_else(|| {
        let message = format!(
            "public URL `{}` must be https, or http on a loopback address, without path or query",
            args.public_url
        );
        BadConfiguration::new(codes::DOOR_INVALID, message)
    })?;
    let keys = sp_keys::load_alone(&args.sp_keys).await?;
    if keys.is_empty() && args.sign_requests {
        let message = "signed requests need a key: --sp-key FILE, or `stagedoor saml key new`";
        return Err(BadConfiguration::new(codes::SP_KEY_MISSING, message).into());
    }
    let encryption = match (keys.is_empty(), args.allow_cbc) {
        (true, _) => Encryption::Off,
        (false, false) => Encryption::Gcm,
        (false, true) => Encryption::GcmOrCbc,
    };
    let metadata = SpMetadata {
        service_provider: ServiceProvider { entity_id: site.entity_id(), acs_url: site.acs_url() },
        keys,
        sign_requests: args.sign_requests,
        want_assertions_signed: true,
        encryption,
        name_id_formats: [NameIdFormat::EmailAddress, NameIdFormat::Unspecified]
            .map(|format| format.uri().to_owned())
            .to_vec(),
        logout: Some(LogoutService {
            redirect_url: site.logout_url(),
            post_url: Some(site.logout_url()),
        }),
        valid_until: None,
        flavour: MetadataFlavour::parse(args.flavour.as_str()).unwrap_or_default(),
    };
    output::data(metadata.to_xml().trim_end());
    Ok(Outcome::Done)
}
