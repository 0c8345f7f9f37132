//! The forms of what the map says of SAML.

use super::{Complaint, Format, when};
use crate::map::CertificateFingerprint;
use url::{Host, Url};

pub(in crate::map) static METADATA: Format = Format {
    expected: "the path of a file, relative to the map's folder",
    pattern: None,
    length: Some((1, 1024)),
    example: "idp/corp.xml",
    check: |text| {
        if text.contains("://") {
            return Err(Complaint::form().with_help(
                "write an address as `metadata_url`, or commit the metadata beside the map",
            ));
        }
        Ok(())
    },
};

pub(in crate::map) static METADATA_URL: Format = Format {
    expected: "an https address (http on a loopback address only)",
    pattern: Some("^https?://"),
    length: Some((1, 2048)),
    example: "https://idp.example.com/saml/metadata",
    check: metadata_url,
};

fn metadata_url(text: &str) -> Result<(), Complaint> {
    let url = Url::parse(text).map_err(|_| Complaint::form())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Complaint::form()
            .with_message("the address holds a user name or a password")
            .with_help("the map is no place for secrets; metadata is public"));
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err(Complaint::form()
            .with_help("whoever can change what comes over http chooses the keys to trust")),
        _ => Err(Complaint::form()),
    }
}

/// Whether an address names this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(in crate::map) static ENTITY_ID: Format = Format {
    expected: "a SAML entity id (1 to 1,024 characters without spaces)",
    pattern: None,
    // SAML core 8.3.6.
    length: Some((1, 1024)),
    example: "https://idp.example.com/saml",
    check: |text| when(!text.chars().any(|c| c.is_whitespace() || c.is_control())),
};

pub(in crate::map) static FINGERPRINT: Format = Format {
    expected: "the SHA-256 fingerprint of a certificate (64 hexadecimal digits, in pairs with \
               colons or without)",
    pattern: Some("^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31})$"),
    length: None,
    example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    check: |text| {
        if CertificateFingerprint::parse(text).is_some() {
            return Ok(());
        }
        let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
        let only = text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        Err(match digits {
            40 if only => Complaint::form().with_help("this is SHA-1; ask for SHA-256"),
            _ => Complaint::form(),
        })
    },
};

pub(in crate::map) static ATTRIBUTE: Format = attribute("teamid");
pub(in crate::map) static DOMAIN_ATTRIBUTE: Format = attribute("domain-id");

const fn attribute(example: &'static str) -> Format {
    Format {
        expected: "the `Name` or the `FriendlyName` of a SAML attribute (1 to 256 characters)",
        pattern: None,
        length: Some((1, 256)),
        example,
        check: |_| Ok(()),
    }
}
