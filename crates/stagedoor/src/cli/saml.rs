//! The flags of `stagedoor saml`.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, shown as they are")]

use super::StoreArg;
use super::leaving::ByArg;
use super::time::duration;
use crate::secret_source::SecretSource;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use saml_sp::ClockSkew;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum SamlCommand {
    /// Verify a captured response as the door would, and show every check. Exits 0 if it is
    /// accepted and 5 if it is rejected.
    Verify(VerifyArgs),
    /// Show what is in a response, without secrets. Nothing is verified.
    Decode(DecodeArgs),
    /// Print what to enter at an identity provider, screen by screen, and what to put into the map.
    Setup(SetupArgs),
    /// Print our metadata, to be imported at an identity provider.
    Metadata(MetadataArgs),
    /// Show what each check said of the last answers that the server got.
    Attempts(AttemptsArgs),
    /// Have every server and function that shares the store fetch the metadata of identity providers
    /// now, such as after a provider's key was stolen. Each looks for the order once a minute.
    Fetch(FetchArgs),
    /// Work with our own keys, by which requests are signed and answers decrypted.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) by: ByArg,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The identity provider's SAML metadata: the keys in it are the ones that are believed.
    #[arg(long, value_name = "FILE")]
    pub(crate) idp_metadata: PathBuf,
    /// Which identity provider, where the metadata holds several.
    #[arg(long, value_name = "ID")]
    pub(crate) idp_entity_id: Option<String>,
    /// Our entity id: the audience that the assertion must name.
    #[arg(long, value_name = "ID")]
    pub(crate) entity_id: String,
    /// Our assertion consumer service: the destination and the recipient.
    #[arg(long, value_name = "URL")]
    pub(crate) acs_url: String,
    /// When to verify, such as 2026-11-21T10:00:00Z. Absent: now.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    /// The request that the response must answer. Absent: which one it answers, if any, is not
    /// checked.
    #[arg(long, value_name = "ID")]
    pub(crate) in_response_to: Option<String>,
    /// By how much the clocks may differ: 120s at most.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = clock_skew)]
    pub(crate) clock_skew: ClockSkew,
    /// Accept SHA-1 and RSA keys from 1024 bits, which can be forged. The door never does, unless
    /// the map says so for that identity provider.
    #[arg(long)]
    pub(crate) allow_weak_algorithms: bool,
    /// Accept assertions encrypted with AES-CBC inside a signed response.
    #[arg(long)]
    pub(crate) allow_cbc: bool,
    /// A PEM file with our key and its certificate, to decrypt with; may be given several times.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub(crate) decryption_key: Vec<PathBuf>,
    /// The response, `-` for standard input: XML, the base64 text of the form field SAMLResponse,
    /// or the whole body of the form.
    #[arg(value_name = "RESPONSE")]
    pub(crate) response: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// Show names and attributes of people too. Signatures, keys and session indexes stay hidden.
    #[arg(long)]
    pub(crate) show_values: bool,
    /// The response, as `saml verify` takes it.
    #[arg(value_name = "RESPONSE", default_value = "-")]
    pub(crate) response: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// Which identity provider.
    #[arg(value_enum)]
    pub(crate) provider: Provider,
    /// The address by which people reach the door.
    #[arg(long, value_name = "URL", env = "STAGEDOOR_PUBLIC_URL")]
    pub(crate) public_url: String,
    /// The access map, for its teams and the groups to assign. Absent: access.yaml, if it is there.
    #[arg(long, short, value_name = "PATH", env = "STAGEDOOR_MAP")]
    pub(crate) map: Option<PathBuf>,
    /// Only this team.
    #[arg(long)]
    pub(crate) team: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MetadataArgs {
    /// The address by which people reach the door.
    #[arg(long, value_name = "URL", env = "STAGEDOOR_PUBLIC_URL")]
    pub(crate) public_url: String,
    /// For which identity provider.
    #[arg(long, value_enum, default_value = "generic")]
    pub(crate) flavour: Provider,
    #[command(flatten)]
    pub(crate) sp_keys: SpKeyArgs,
    /// Say that we sign our requests: some identity providers begin to demand it by this.
    #[arg(long)]
    pub(crate) sign_requests: bool,
    /// Offer AES-CBC for encrypted assertions, beside AES-GCM.
    #[arg(long)]
    pub(crate) allow_cbc: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AttemptsArgs {
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// How many, the newest first.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key (RSA, 3072 bits) and its certificate (10 years), as one PEM file.
    New(NewKeyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewKeyArgs {
    /// The file to write. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The name in the certificate. Nobody checks it; it helps people to tell keys apart.
    #[arg(long, value_name = "NAME", default_value = "stagedoor")]
    pub(crate) name: String,
}

/// Our own keys.
#[derive(Debug, Clone, Args)]
pub(crate) struct SpKeyArgs {
    /// Our private key and its certificate as PEM: a file, ssm:PARAMETER, secretsmanager:SECRET,
    /// secretsmanager:SECRET#JSON-KEY or env:VARIABLE; may be given several times, in the environment
    /// with commas. The first signs requests to sign in, all are published in our metadata, and all
    /// decrypt. The environment variable STAGEDOOR_SP_KEY takes the text itself, or ssm: or
    /// secretsmanager: and a name.
    // Hyphens: a key that stands here by mistake is refused without being repeated.
    #[arg(long, value_name = "SOURCE", env = "STAGEDOOR_SP_KEY_FILE", value_delimiter = ',',
          allow_hyphen_values = true, value_parser = SecretSource::parse)]
    pub(crate) sp_key: Vec<SecretSource>,
    /// A secret of AWS Secrets Manager with such a text, by name or ARN. Its version AWSCURRENT
    /// comes first; AWSPENDING and AWSPREVIOUS are published and decrypt.
    #[arg(
        long,
        value_name = "SECRET",
        env = "STAGEDOOR_SP_KEY_SECRET",
        allow_hyphen_values = true
    )]
    pub(crate) sp_key_secret: Option<String>,
}

/// Identity providers whose screens are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    /// AWS IAM Identity Center.
    IdentityCenter,
    /// Microsoft Entra ID.
    Entra,
    /// Okta.
    Okta,
    /// Active Directory Federation Services.
    Adfs,
    /// Keycloak.
    Keycloak,
    /// Google Workspace.
    Google,
    /// Any other.
    Generic,
}

impl Provider {
    /// Its name on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::IdentityCenter => "identity-center",
            Self::Entra => "entra",
            Self::Okta => "okta",
            Self::Adfs => "adfs",
            Self::Keycloak => "keycloak",
            Self::Google => "google",
            Self::Generic => "generic",
        }
    }
}

fn clock_skew(text: &str) -> Result<ClockSkew, String> {
    let skew = duration(text)?;
    u32::try_from(skew.as_secs())
        .ok()
        .filter(|_| skew.subsec_nanos() == 0)
        .and_then(ClockSkew::from_secs)
        .ok_or_else(|| "whole seconds, at most 120s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_skew_is_whole_seconds_up_to_two_minutes() {
        let seconds = |text: &str| clock_skew(text).map(|skew| skew.as_duration().as_secs());
        assert_eq!(seconds("0s"), Ok(0));
        assert_eq!(seconds("2m"), Ok(120));
        for bad in ["121s", "500ms", "3h", "60", "4294967297s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
