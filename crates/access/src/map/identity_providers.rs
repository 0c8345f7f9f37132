//! Identity providers: what the map says of each, and how that is read.

use super::check::Item;
use super::codes;
use super::decode::{Known, optional, owned, seconds};
use super::diagnostic::Reporter;
use super::format::duration_seconds;
use crate::ids::TeamKey;
use std::collections::BTreeSet;
use std::fmt;

/// An identity provider whose signed assertions the door accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a yes or no of the map by itself")]
pub struct IdentityProvider {
    /// Where the provider's SAML metadata comes from.
    pub metadata: MetadataSource,
    /// The entity of the metadata, which must be there; absent: the only one there.
    pub entity_id: Option<String>,
    /// If not empty: of the metadata's signing certificates only these are trusted.
    pub certificate_fingerprints: BTreeSet<CertificateFingerprint>,
    /// By how much the provider's clock may differ from ours, in seconds: 0 to 120.
    pub clock_skew_seconds: u32,
    /// Whether SHA-1 and RSA keys under 2,048 bits are accepted.
    pub allow_weak_algorithms: bool,
    /// Whether assertions encrypted with AES-CBC are accepted inside a signed response.
    pub allow_cbc: bool,
    /// Whether our requests to sign in are signed.
    pub sign_requests: bool,
    /// How the browser carries a request to the provider.
    pub request_binding: RequestBinding,
    /// The format that the subject's `NameID` must have; absent: any.
    pub name_id_format: Option<NameIdFormat>,
    /// How an assertion names the person.
    pub person: PersonMatch,
    /// If not empty: it names people of these directories alone, by their places in the order of precedence. Whom an
    /// earlier directory has too is of that one.
    pub directories: BTreeSet<usize>,
    /// What selects a team at sign-in, if anything. It never grants one.
    pub team: Option<TeamSelector>,
    /// Whether responses that nobody here asked for are accepted (IdP-initiated sign-in).
    pub allow_unsolicited: bool,
}

/// Where an identity provider's SAML metadata comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataSource {
    /// A file: its path, relative to the map's folder.
    File(String),
    /// An address.
    Url {
        /// The address: https, or http on a loopback address. Holds no user name or password.
        url: String,
        /// How often to fetch it again, in seconds: 300 to 604,800.
        refresh_seconds: u64,
    },
}

/// The SHA-256 fingerprint of a certificate (of its DER): 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateFingerprint(String);

impl CertificateFingerprint {
    /// Reads 64 hexadecimal digits of any case, either without separators or in pairs with colons,
    /// as `openssl x509 -fingerprint -sha256` prints them. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let pairs = || text.split(':').all(|pair| pair.len() == 2);
        let digits: String = match text.len() {
            64 => text.to_ascii_lowercase(),
            95 if pairs() => text.replace(':', "").to_ascii_lowercase(),
            _ => return None,
        };
        let whole = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then_some(Self(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the browser carries a request to sign in to the provider (SAML bindings 3.4 and 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBinding {
    /// HTTP-Redirect: in the query of an address.
    Redirect,
    /// HTTP-POST: in a form.
    Post,
}

/// A format of a `NameID` (SAML core 8.3). Transient is not among them, for such an identifier
/// names nobody the directory knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameIdFormat {
    /// An e-mail address.
    EmailAddress,
    /// An opaque identifier that stays.
    Persistent,
    /// Whatever the provider makes of it; also what no `Format` means (SAML core 2.2.2).
    Unspecified,
}

impl NameIdFormat {
    /// Every format with its name in the map.
    pub const ALL: [(&'static str, NameIdFormat); 3] = [
        ("email-address", NameIdFormat::EmailAddress),
        ("persistent", NameIdFormat::Persistent),
        ("unspecified", NameIdFormat::Unspecified),
    ];

    /// The URI that stands as `Format` in SAML.
    pub fn uri(self) -> &'static str {
        match self {
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        }
    }
}

/// How an assertion names the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonMatch {
    /// The attribute that holds the name, by its `Name` or its `FriendlyName`; absent: the
    /// subject's `NameID`.
    pub attribute: Option<String>,
    /// What of the directory's person the value must equal.
    pub matches: MatchBy,
}

/// A unique key of a person in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchBy {
    /// The directory's stable id.
    Id,
    /// The user name.
    UserName,
}

/// What selects a team at sign-in, among those the person is entitled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamSelector {
    /// The provider is the application of this one team: whoever signs in through it gets to this
    /// team or nowhere.
    Team(TeamKey),
    /// The attribute of this name holds a team's key.
    TeamAttribute(String),
    /// The attribute of this name holds a SageMaker domain id, and so names the one team that the
    /// person has in that domain.
    DomainAttribute(String),
}

/// Decodes an identity provider. It is absent only if something of it was reported.
pub(super) fn identity_provider(
    item: &Item,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<IdentityProvider> {
    // Each is looked at, whatever became of the others.
    let team = team(item, known, reporter);
    let certificate_fingerprints = fingerprints(item, reporter);
    let directories = directories(item, known, reporter);
    let flag = |key: &str| item.field(key)?.boolean();
    let person = item.field("person")?;
    Some(IdentityProvider {
        metadata: metadata(item)?,
        entity_id: optional(item.field("entity_id"), owned)?,
        certificate_fingerprints: certificate_fingerprints?,
        clock_skew_seconds: seconds(item.field("clock_skew")?)?,
        allow_weak_algorithms: flag("allow_weak_algorithms")?,
        allow_cbc: flag("allow_cbc")?,
        sign_requests: flag("sign_requests")?,
        request_binding: match item.field("request_binding")?.text()? {
            "post" => RequestBinding::Post,
            _ => RequestBinding::Redirect,
        },
        name_id_format: optional(item.field("name_id_format"), name_id_format)?,
        person: PersonMatch {
            attribute: optional(person.field("attribute"), owned)?,
            matches: match person.field("matches")?.text()? {
                "id" => MatchBy::Id,
                _ => MatchBy::UserName,
            },
        },
        directories: directories?,
        team: team?,
        allow_unsolicited: flag("allow_unsolicited")?,
    })
}

fn metadata(item: &Item) -> Option<MetadataSource> {
    if let Some(path) = item.field("metadata") {
        return owned(path).map(MetadataSource::File);
    }
    Some(MetadataSource::Url {
        url: owned(item.field("metadata_url")?)?,
        refresh_seconds: duration_seconds(item.field("metadata_refresh")?.text()?)?,
    })
}

fn fingerprints(
    item: &Item,
    reporter: &mut Reporter<'_>,
) -> Option<BTreeSet<CertificateFingerprint>> {
    let help = "leave the key out to trust every signing certificate of the metadata";
    let list =
        only_these(item, "certificate_fingerprints", ("at least one fingerprint", help), reporter)?;
    let fingerprint = |item: &Item| CertificateFingerprint::parse(item.text()?);
    list.iter().map(fingerprint).collect()
}

fn directories(
    item: &Item,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<BTreeSet<usize>> {
    let help = "leave the key out to let the provider name people of every directory";
    let list = only_these(item, "directories", ("at least one directory", help), reporter)?;
    // Each is looked at, whatever became of the others.
    let places: Vec<_> =
        list.iter().map(|item| known.directories.place_of(item, reporter)).collect();
    places.into_iter().collect()
}

/// The items of a list that, where it is there, leaves nothing else; nothing if it is absent.
fn only_these<'i>(
    item: &'i Item,
    key: &str,
    (expected, help): (&str, &str),
    reporter: &mut Reporter<'_>,
) -> Option<&'i [Item]> {
    let Some(list) = item.field(key) else { return Some(&[]) };
    if list.is_broken() {
        return None;
    }
    if list.list().is_empty() {
        // It could be meant as none or as any.
        reporter
            .report(codes::OUT_OF_RANGE, list.at, format!("`{key}` is empty"))
            .expect(expected)
            .help(help);
        return None;
    }
    Some(list.list())
}

fn name_id_format(item: &Item) -> Option<NameIdFormat> {
    let name = item.text()?;
    NameIdFormat::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
}

#[expect(clippy::option_option, reason = "as `optional`: `None` is broken, `Some(None)` absent")]
fn team(
    item: &Item,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<Option<TeamSelector>> {
    if let Some(team) = item.field("team") {
        let key = TeamKey::parse(known.teams.resolve(team, reporter)?).ok()?;
        return Some(Some(TeamSelector::Team(key)));
    }
    if let Some(attribute) = item.field("team_attribute") {
        return Some(Some(TeamSelector::TeamAttribute(owned(attribute)?)));
    }
    let domain = optional(item.field("domain_attribute"), owned)?;
    Some(domain.map(TeamSelector::DomainAttribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    const PAIRS: &str = "9f:86:d0:81:88:4c:7d:65:9a:2f:ea:a0:c5:5a:d0:15:\
                         a3:bf:4f:1b:2b:0b:82:2c:d1:5d:6c:15:b0:f0:0a:08";

    #[test]
    fn fingerprints_are_read_as_tools_print_them() {
        for text in [HEX, PAIRS, &HEX.to_ascii_uppercase(), &PAIRS.to_ascii_uppercase()] {
            assert_eq!(CertificateFingerprint::parse(text).unwrap().as_str(), HEX, "{text}");
        }
    }

    #[test]
    fn what_is_no_sha256_is_no_fingerprint() {
        for text in [
            "",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            &format!("{HEX}00"),
            &HEX.replace('9', "g"),
            // Of the right length.
            &HEX.replace("9f", "é"),
            &PAIRS.replace(':', "-"),
            &PAIRS.replace("86:d0", "86d:0"),
        ] {
            assert_eq!(CertificateFingerprint::parse(text), None, "{text}");
        }
    }

    #[test]
    fn formats_of_a_name_id_have_the_uris_of_saml() {
        assert_eq!(
            NameIdFormat::ALL.map(|(name, format)| (name, format.uri())),
            [
                ("email-address", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
                ("persistent", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
                ("unspecified", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
            ]
        );
    }
}
