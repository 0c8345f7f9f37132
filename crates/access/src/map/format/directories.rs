//! The forms of what the map says of directories.

use super::{Complaint, Format, SLUG, duration_within, when};
use crate::ids::{DirectoryName, LdapUrl};
use crate::map::FileFormat;

pub(in crate::map) static DIRECTORY_NAME: Format = Format {
    expected: DirectoryName::EXPECTED,
    pattern: Some(SLUG),
    length: Some((1, 32)),
    example: "corp",
    check: |text| when(DirectoryName::parse(text).is_ok()),
};

pub(in crate::map) static DIRECTORY_FILE: Format = Format {
    expected: "the path of a file, relative to the map's folder, that ends in `.yaml`, `.yml`, \
               `.csv` or `.ldif`",
    pattern: Some("[.]([yY][aA]?[mM][lL]|[cC][sS][vV]|[lL][dD][iI][fF])$"),
    length: Some((5, 1024)),
    example: "people.yaml",
    check: |text| {
        beside_the_map(text)?;
        when(FileFormat::of_path(text).is_some())
    },
};

pub(in crate::map) static BESIDE_THE_MAP: Format = Format {
    expected: "the path of a file, relative to the map's folder",
    pattern: None,
    length: Some((1, 1024)),
    example: "ca.pem",
    check: beside_the_map,
};

fn beside_the_map(text: &str) -> Result<(), Complaint> {
    if text.contains("://") {
        return Err(Complaint::form().with_help("it is an address: fetch it, and name the file"));
    }
    when(!text.chars().any(char::is_control))
}

pub(in crate::map) static LDAP_URL: Format = Format {
    expected: LdapUrl::EXPECTED,
    pattern: Some("^ldaps?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$"),
    length: Some((8, 300)),
    example: "ldaps://dc1.corp.example",
    check: |text| {
        if text.contains('@') {
            return Err(Complaint::form()
                .with_message("the address holds a user name or a password")
                .with_help("write `bind_dn`, and `password_from` for where the password is kept"));
        }
        when(LdapUrl::parse(text).is_ok())
    },
};

pub(in crate::map) static SCIM_ENDPOINT: Format = Format {
    expected: "the https address of a SCIM endpoint, without user name, query or fragment",
    pattern: Some("^https?://[^@?#]+$"),
    length: Some((10, 1024)),
    example: "https://scim.eu-west-1.amazonaws.com/f1e2d3/scim/v2",
    check: |text| {
        let Ok(url) = url::Url::parse(text) else { return Err(Complaint::form()) };
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(Complaint::form()
                .with_message("the token would go over the network readably")
                .with_help("write `https://`"));
        }
        when(
            matches!(url.scheme(), "https" | "http")
                && url.has_host()
                && !text.contains(['@', '?', '#']),
        )
    },
};

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(in crate::map) static MIRRORED_GROUP: Format = Format {
    expected: "the display name of a group",
    pattern: None,
    length: Some((1, 1024)),
    example: "ml-fraud",
    check: |text| when(!text.trim().is_empty() && !text.chars().any(char::is_control)),
};

/// The adapter reads its grammar; what no DN can be is refused here.
pub(in crate::map) static DN: Format = Format {
    expected: "a distinguished name, such as `DC=corp,DC=example`",
    pattern: None,
    length: Some((1, 1024)),
    example: "DC=corp,DC=example",
    check: |text| when(!text.chars().any(char::is_control)),
};

pub(in crate::map) static LDAP_FILTER: Format = Format {
    expected: "an LDAP filter in parentheses",
    pattern: Some("^[(].+[)]$"),
    length: Some((3, 4096)),
    example: "(objectClass=person)",
    check: |text| {
        let bytes = text.bytes();
        let mut depth = 0_i32;
        // It ends where its first parenthesis closes, and not before.
        let closes = bytes.enumerate().find_map(|(at, byte)| {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            (depth <= 0).then_some(at)
        });
        when(text.starts_with('(') && closes == text.len().checked_sub(1))
    },
};

pub(in crate::map) static LDAP_ATTRIBUTE: Format = Format {
    expected: "the name of an LDAP attribute",
    pattern: Some("^[A-Za-z][A-Za-z0-9-]*$"),
    length: Some((1, 128)),
    example: "employeeNumber",
    check: |text| {
        when(
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        )
    },
};

pub(in crate::map) static LDAP_TIMEOUT: Format = Format {
    expected: "a duration from 1s to 5m (such as `30s`)",
    pattern: Some(super::DURATION),
    length: None,
    example: "30s",
    check: |text| duration_within(text, 1, 300),
};
