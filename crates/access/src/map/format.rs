//! The forms of text in a map: what each looks like, for people, for the JSON Schema, and for the
//! check of a value.

mod amazon;
mod directories;
mod notifications;
mod roles;
mod saml;

pub(super) use amazon::{
    APPLICATION_ARN, CHECKPOINTS, KEY_ARN, ORGANIZATION, PARAMETER_ARN, QUEUE_ARN, SECRET_ARN,
    TABLE_ARN, VPC, VPCE,
};
pub(super) use directories::{
    BESIDE_THE_MAP, DIRECTORY_FILE, DIRECTORY_NAME, DN, LDAP_ATTRIBUTE, LDAP_FILTER, LDAP_TIMEOUT,
    LDAP_URL, MIRRORED_GROUP, SCIM_ENDPOINT,
};
pub(super) use notifications::{
    CHANNEL_KEY, MAIL_ADDRESS, MAIL_SERVER, MAIL_USER, REMIND, SECRET_REFERENCE,
};
pub(super) use roles::{
    BOUNDARY, BUCKET, DATABASE, INSTANCE_TYPE, KMS_KEY, REPOSITORY, SECURITY_GROUP, SUBNET,
    TEAM_TAG, WORKGROUP,
};
pub(super) use saml::{
    ATTRIBUTE, DOMAIN_ATTRIBUTE, ENTITY_ID, FINGERPRINT, METADATA, METADATA_URL,
};

use super::codes;
use super::diagnostic::quoted;
use super::template;
use crate::ids::{
    AccountId, DomainId, DomainKey, GroupId, IdentityStoreId, IdpKey, IsolationClass, LandingUri,
    NetworkKey, PersonaKey, ProfileName, Region, RoleArn, SpaceName, TeamKey, is_slug,
};
use crate::letters::is_of_tag;
use crate::network::ANYWHERE;
use crate::observed::TAG_PREFIX;
use ipnet::IpNet;
use std::net::IpAddr;

/// A form of text.
#[derive(Debug)]
pub(super) struct Format {
    /// The form as a phrase with its article; follows "expected".
    pub(super) expected: &'static str,
    /// A regular expression (the part that ECMA 262, Rust and Python agree on) which every
    /// accepted text matches. It may match more.
    pub(super) pattern: Option<&'static str>,
    /// The least and the most characters, where that is the format's own rule.
    pub(super) length: Option<(usize, usize)>,
    /// A valid text.
    pub(super) example: &'static str,
    /// Says what is wrong with a text of the right length.
    pub(super) check: fn(&str) -> Result<(), Complaint>,
}

/// What is wrong with a text. What is absent, the caller fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) code: &'static str,
    pub(super) message: Option<String>,
    pub(super) expected: Option<String>,
    pub(super) help: Option<String>,
}

impl Complaint {
    /// Just not of the form.
    pub(super) fn form() -> Self {
        Self { code: codes::INVALID_VALUE, message: None, expected: None, help: None }
    }

    fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    fn with_message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

fn when(valid: bool) -> Result<(), Complaint> {
    if valid { Ok(()) } else { Err(Complaint::form()) }
}

macro_rules! id_format {
    ($name:ident, $id:ident, $pattern:expr, $example:literal) => {
        pub(super) static $name: Format = Format {
            expected: $id::EXPECTED,
            pattern: Some($pattern),
            length: None,
            example: $example,
            check: |text| when($id::parse(text).is_ok()),
        };
    };
}

macro_rules! reference {
    ($name:ident, $expected:literal, $example:literal) => {
        pub(super) static $name: Format = Format {
            expected: $expected,
            pattern: None,
            length: None,
            example: $example,
            // Resolved, with a near match, once every section is known.
            check: |_| Ok(()),
        };
    };
}

const SLUG: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";

id_format!(DOMAIN_KEY, DomainKey, SLUG, "research");
id_format!(PERSONA_KEY, PersonaKey, SLUG, "data-scientist");
id_format!(TEAM_KEY, TeamKey, SLUG, "fraud");
id_format!(IDP_KEY, IdpKey, SLUG, "corp");
id_format!(ISOLATION, IsolationClass, SLUG, "confidential");
id_format!(PROFILE_NAME, ProfileName, "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$", "alice-fraud");
id_format!(DOMAIN_ID, DomainId, "^d-[a-z0-9-]{0,60}[a-z0-9]$", "d-abcdefghijkl");
id_format!(ACCOUNT_ID, AccountId, "^[0-9]{12}$", "111122223333");
id_format!(REGION, Region, "^[a-z0-9]+(-[a-z0-9]+)+-[0-9]+$", "eu-west-1");
id_format!(
    IDENTITY_STORE_ID,
    IdentityStoreId,
    "^(d-[0-9a-fA-F]{10}|[0-9a-fA-F-]{36})$",
    "d-906716eb24"
);
id_format!(
    ROLE_ARN,
    RoleArn,
    "^arn:aws[^:]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]*[A-Za-z0-9+=,.@_-]$",
    "arn:aws:iam::111122223333:role/StagedoorSpoke"
);

id_format!(SPACE, SpaceName, "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", "shared-notebooks");
id_format!(
    LANDING,
    LandingUri,
    "^(studio:|app:(JupyterServer|JupyterLab|CodeEditor|RStudioServerPro|Canvas)):[!-~]*$",
    "app:JupyterLab:"
);

/// The Identity Store's bound of a user name.
pub(super) static USER_NAME: Format = Format {
    expected: "a user name of the directory (1 to 128 characters)",
    pattern: None,
    length: Some((1, 128)),
    example: "alice@example.com",
    check: |_| Ok(()),
};

reference!(DOMAIN, "the key of a domain", "research");
reference!(PERSONA, "the key of a persona", "data-scientist");
reference!(TEAM_REFERENCE, "the key of a team", "fraud");
reference!(NETWORK, "the key of a network, or `anywhere`", "office");

pub(super) static TEAM: Format = Format {
    expected: "the key of a team, or `{team}`",
    pattern: None,
    length: None,
    example: "fraud",
    // The key itself is resolved later, as above.
    check: |text| template::check(text, &[template::TEAM]),
};

pub(super) static NETWORK_KEY: Format = Format {
    expected: NetworkKey::EXPECTED,
    pattern: Some(SLUG),
    length: None,
    example: "office",
    check: |text| {
        if text == ANYWHERE {
            return Err(Complaint::form()
                .with_code(codes::RESERVED_NETWORK)
                .with_message("the network `anywhere` is built in")
                .with_help("choose another name, or refer to `anywhere` without defining it"));
        }
        when(NetworkKey::parse(text).is_ok())
    },
};

pub(super) static INSTANCE: Format = Format {
    expected: "an installation name (1 to 63 of a-z, 0-9 and single inner hyphens)",
    pattern: Some(SLUG),
    length: Some((1, 63)),
    example: "default",
    check: |text| when(is_slug(text)),
};

pub(super) static EXTERNAL_ID: Format = Format {
    expected: "an external id (2 to 1,224 letters, digits or `_+=,.@:/-`)",
    pattern: Some("^[A-Za-z0-9_+=,.@:/-]{2,1224}$"),
    length: Some((2, 1224)),
    example: "7f1c",
    check: |text| {
        when(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b)))
    },
};

pub(super) static CIDR: Format = Format {
    expected: "a network in CIDR notation",
    pattern: Some("^[0-9A-Fa-f:.]+/[0-9]{1,3}$"),
    length: None,
    example: "10.100.10.0/24",
    check: cidr,
};

fn cidr(text: &str) -> Result<(), Complaint> {
    let Ok(net) = text.parse::<IpNet>() else {
        let complaint = Complaint::form();
        return Err(match text.parse::<IpAddr>() {
            Ok(address) => complaint.with_help(format!("write `{}`", IpNet::from(address))),
            Err(_) => complaint,
        });
    };
    if let IpNet::V6(v6) = net
        && v6.prefix_len() >= 96
        && v6.network().to_ipv4_mapped().is_some()
    {
        // Origins are compared as IPv4, so such a network would never match.
        return Err(Complaint::form().with_help("write the IPv4 network itself"));
    }
    if net != net.trunc() {
        return Err(Complaint::form()
            .with_code(codes::HOST_BITS)
            .with_message(format!("{} is an address inside a network", quoted(text)))
            .with_help(format!("write `{}`", net.trunc())));
    }
    Ok(())
}

pub(super) static ROLE_TEMPLATE: Format = Format {
    expected: "the ARN or the name of an IAM role, in which `{account_id}`, `{domain}`, \
               `{persona}`, `{region}` and `{team}` are filled in",
    pattern: None,
    length: Some((1, 2048)),
    example: "arn:aws:iam::{account_id}:role/studio-{team}",
    check: |text| template::check(text, &template::ROLE_PLACEHOLDERS),
};

pub(super) static GROUP: Format = Format {
    expected: "the display name of a group, in which `{team}` and `{persona}` stand for a team's \
               keys",
    pattern: None,
    // The Identity Store's bound of a display name.
    length: Some((1, 1024)),
    example: "ml-{team}",
    check: |text| template::check(text, &template::GROUP_PLACEHOLDERS),
};

pub(super) static GROUP_ID: Format = Format {
    expected: "a directory's id of a group, as `stagedoor directory show` prints it, without `{` and `}`",
    pattern: None,
    // The Identity Store's are shorter; LDAP's and those of files may be any text.
    length: Some((1, 1024)),
    example: "906716eb24-f3b7f8a1-5f3b-4d3c-9c57-8e2f1d1a4b6e",
    check: |text| when(GroupId::parse(text).is_ok() && !text.contains(['{', '}'])),
};

pub(super) static ADMIN_GROUP: Format = Format {
    expected: "the display name of a group, without `{` and `}`",
    pattern: None,
    // The Identity Store's bound of a display name.
    length: Some((1, 1024)),
    example: "studio-admins",
    check: |text| when(!text.contains(['{', '}'])),
};

pub(super) static TAG_KEY: Format = Format {
    expected: "a tag key (1 to 128 letters, digits, spaces or `_.:/=+-@`)",
    pattern: None,
    length: Some((1, 128)),
    example: "CostCenter",
    check: |text| {
        let folded = text.to_lowercase();
        if let Some(prefix) = [TAG_PREFIX, "aws:"].into_iter().find(|p| folded.starts_with(p)) {
            return Err(Complaint::form()
                .with_code(codes::RESERVED_TAG)
                .with_message(format!("the tag {} cannot be set", quoted(text)))
                .with_help(format!("tags that begin with `{prefix}` are reserved")));
        }
        when(text.chars().all(is_of_tag))
    },
};

pub(super) static TAG_VALUE: Format = Format {
    expected: "a tag value (up to 256 letters, digits, spaces or `_.:/=+-@`)",
    pattern: None,
    length: Some((0, 256)),
    example: "42",
    check: |text| when(text.chars().all(is_of_tag)),
};

pub(super) static PROSE: Format = Format {
    expected: "text of 1 to 1,024 characters",
    pattern: None,
    length: Some((1, 1024)),
    example: "Fraud models",
    check: |_| Ok(()),
};

pub(super) static SESSION: Format = Format {
    expected: "a duration from 30m to 12h (such as `8h` or `90m`)",
    pattern: Some(DURATION),
    length: None,
    example: "8h",
    check: |text| duration_within(text, 1800, 43_200),
};

pub(super) static LINK: Format = Format {
    expected: "a duration from 5s to 5m (such as `5s`)",
    pattern: Some(DURATION),
    length: None,
    example: "5s",
    check: |text| duration_within(text, 5, 300),
};

pub(super) static CLOCK_SKEW: Format = Format {
    expected: "a duration from 0s to 2m (such as `60s`)",
    pattern: Some(DURATION),
    length: None,
    example: "60s",
    check: |text| duration_within(text, 0, 120),
};

pub(super) static REFRESH: Format = Format {
    expected: "a duration from 5m to 7d (such as `12h`)",
    pattern: Some(DURATION),
    length: None,
    example: "12h",
    check: |text| duration_within(text, 300, 7 * 86_400),
};

pub(super) static HOLD: Format = Format {
    expected: "a duration from 0d to 90d (such as `7d` or `36h`)",
    pattern: Some(DURATION),
    length: None,
    example: "7d",
    check: |text| duration_within(text, 0, 90 * 86_400),
};

pub(super) static ACCESS: Format = Format {
    expected: "a duration from 1m to 90d (such as `4h` or `30m`)",
    pattern: Some(DURATION),
    length: None,
    example: "4h",
    check: |text| duration_within(text, 60, 90 * 86_400),
};

const DURATION: &str = "^[0-9]{1,9}[smhd]$";

fn duration_within(text: &str, least: u64, most: u64) -> Result<(), Complaint> {
    let seconds = duration_seconds(text).ok_or_else(Complaint::form)?;
    if (least..=most).contains(&seconds) {
        return Ok(());
    }
    let word = if seconds < least { "short" } else { "long" };
    Err(Complaint::form()
        .with_code(codes::OUT_OF_RANGE)
        .with_message(format!("{} is too {word}", quoted(text))))
}

/// The seconds of a duration: up to nine digits and one of `s`, `m`, `h`, `d`.
pub(super) fn duration_seconds(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = text.strip_suffix(unit)?;
    let valid = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = if valid { digits.parse().ok()? } else { return None };
    number.checked_mul(seconds)
}

pub(super) static FROM: Format = Format {
    expected: TIME_EXPECTED,
    pattern: Some(TIME),
    length: None,
    example: "2026-12-01",
    check: |text| when(time(text, Edge::Start).is_some()),
};

pub(super) static UNTIL: Format = Format {
    expected: TIME_EXPECTED,
    pattern: Some(TIME),
    length: None,
    example: "2027-01-31",
    check: |text| when(time(text, Edge::End).is_some()),
};

const TIME_EXPECTED: &str =
    "a date (`2027-01-31`, in UTC) or an RFC 3339 time (`2027-01-31T18:00:00Z`)";
const TIME: &str = concat!(
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?$"
);

/// Which end of a day a bare date means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The midnight that begins it.
    Start,
    /// The midnight that ends it: who reads "until 31 January" counts on working that day.
    End,
}

/// Reads a date (a day in UTC) or an RFC 3339 time.
pub(super) fn time(text: &str, edge: Edge) -> Option<jiff::Timestamp> {
    let Some((day, clock)) = text.split_once('T') else {
        let date = date(text)?;
        let date = if edge == Edge::End { date.tomorrow().ok()? } else { date };
        return Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    };
    date(day)?;
    rfc3339_clock(clock).then(|| text.parse().ok()).flatten()
}

/// `YYYY-MM-DD` and nothing else of what ISO 8601 allows.
fn date(text: &str) -> Option<jiff::civil::Date> {
    shaped(text, "dddd-dd-dd").then(|| text.parse().ok()).flatten()
}

fn rfc3339_clock(text: &str) -> bool {
    let (Some(time), Some(rest)) = (text.get(..8), text.get(8..)) else { return false };
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = fraction.len() - offset.len();
            if !(1..=9).contains(&digits) {
                return false;
            }
            offset
        }
        None => rest,
    };
    let numeric = offset.strip_prefix(['+', '-']).is_some_and(|o| shaped(o, "dd:dd"));
    shaped(time, "dd:dd:dd") && (offset == "Z" || numeric)
}

/// Whether a text has a digit for each `d` and is otherwise equal.
fn shaped(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(
            |(b, s)| {
                if s == b'd' { b.is_ascii_digit() } else { b == s }
            },
        )
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
