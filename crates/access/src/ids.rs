//! Identifiers. Each is its own type, parsed once at the edge, so that none is passed for another.
//!
//! An id is one pointer to shared text: a plan names every person several times, and a copy of an
//! id costs 8 bytes, of a person's 24, and no allocation.

use arcstr::ArcStr;
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An identifier that is not what its service allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct InvalidId {
    /// The text as given.
    pub value: String,
    /// What was expected, as a phrase with its article.
    pub expected: &'static str,
}

/// Text of which copies share one place in memory. Copies of it are not compared letter by letter.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shared(ArcStr);

impl Shared {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for Shared {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Ord for Shared {
    fn cmp(&self, other: &Self) -> Ordering {
        // Copies share their text, which then need not be fetched from memory.
        if ArcStr::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Shared {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Shared text together with its beginning, in which most ids of people differ: to compare two of a
/// million, no text has to be fetched from memory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Begun {
    /// The first 16 bytes as two numbers, in the same order as the text, which has no NUL.
    beginning: [u64; 2],
    text: Shared,
}

impl Begun {
    fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl From<&str> for Begun {
    fn from(text: &str) -> Self {
        let mut bytes = text.bytes();
        let beginning = [(); 2].map(|()| {
            let eight = bytes.by_ref().chain(std::iter::repeat(0)).take(8);
            eight.fold(0, |number, byte| number << 8 | u64::from(byte))
        });
        Self { beginning, text: text.into() }
    }
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $expected:literal, $valid:expr) => {
        id!($(#[$meta])* $name(Shared), $expected, $valid);
    };
    ($(#[$meta:meta])* $name:ident($text:ty), $expected:literal, $valid:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name($text);

        impl $name {
            /// What a valid value looks like, for error messages.
            pub const EXPECTED: &'static str = $expected;

            /// Parses the text, or says what was expected.
            pub fn parse(value: impl AsRef<str>) -> Result<Self, InvalidId> {
                let value = value.as_ref();
                let valid: fn(&str) -> bool = $valid;
                if valid(value) {
                    Ok(Self(value.into()))
                } else {
                    Err(InvalidId { value: value.to_owned(), expected: $expected })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(value: String) -> Result<Self, InvalidId> {
                Self::parse(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
    };
}

id!(
    /// A directory's stable id of a person: for Identity Center a UUID, or ten hexadecimal digits
    /// and a UUID.
    PersonId(Begun),
    "a directory user id (1 to 128 letters, digits or `-._:@/`)",
    |s| opaque(s)
);
id!(
    /// A directory's stable id of a group.
    GroupId,
    "a directory group id (1 to 128 letters, digits or `-._:@/`)",
    |s| opaque(s)
);
id!(
    /// A directory's stable id of one person's membership in one group.
    MembershipId,
    "a directory membership id (1 to 128 letters, digits or `-._:@/`)",
    |s| opaque(s)
);
id!(
    /// The id of a user in a directory that is mirrored into.
    MirrorUserId,
    "the id of a mirrored user (1 to 128 letters, digits or `-._:@/`)",
    |s| opaque(s)
);
id!(
    /// The id of a group in a directory that is mirrored into.
    MirrorGroupId,
    "the id of a mirrored group (1 to 128 letters, digits or `-._:@/`)",
    |s| opaque(s)
);
id!(
    /// The id of a temporary grant or of a request for one: twelve random hexadecimal digits.
    TemporaryId,
    "the id of a temporary grant or request (12 of 0-9 and a-f)",
    |s| s.len() == 12 && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);
id!(
    /// The key of a team in the access map. Part of profile names and of IAM resource patterns,
    /// hence lower case, no doubled hyphen, and at most 26 characters: with a 36-character user id
    /// a name still fits SageMaker's 63.
    TeamKey,
    "a team key (1 to 26 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 26 && is_slug(s)
);
id!(
    /// The key of a domain in the access map.
    DomainKey,
    "a domain key (1 to 63 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 63 && is_slug(s)
);
id!(
    /// The key of a network in the access map.
    NetworkKey,
    "a network key (1 to 63 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 63 && is_slug(s)
);
id!(
    /// The name of an isolation class in the access map: domains of one class are interchangeable.
    IsolationClass,
    "an isolation class (1 to 63 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 63 && is_slug(s)
);
id!(
    /// The key of a persona in the access map.
    PersonaKey,
    "a persona key (1 to 63 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 63 && is_slug(s)
);
id!(
    /// The key of an identity provider in the access map; part of its sign-in address.
    IdpKey,
    "an identity provider key (1 to 63 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 63 && is_slug(s)
);
id!(
    /// A SageMaker domain id: `d-` and up to 61 lower-case letters, digits and inner hyphens.
    DomainId,
    "a SageMaker domain id (`d-` followed by a-z and 0-9)",
    |s| s.strip_prefix("d-").is_some_and(|rest| {
        !rest.is_empty()
            && rest.len() <= 61
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !rest.ends_with('-')
    })
);
id!(
    /// A twelve-digit AWS account id.
    AccountId,
    "an AWS account id (12 digits; quote it in YAML)",
    |s| s.len() == 12 && s.bytes().all(|b| b.is_ascii_digit())
);
id!(
    /// An AWS Region name, such as `eu-west-1`. No list of Regions is kept anywhere.
    Region,
    "an AWS Region (such as `eu-west-1`)",
    |s| {
        let parts: Vec<&str> = s.split('-').collect();
        parts.len() >= 3
            && s.len() <= 32
            && parts.iter().all(|p| !p.is_empty())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && parts.last().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()))
    }
);
id!(
    /// An Identity Store id: `d-` and ten hexadecimal digits, or a UUID.
    IdentityStoreId,
    "an identity store id (`d-` and ten hexadecimal digits, or a UUID)",
    |s| match s.strip_prefix("d-") {
        Some(rest) => rest.len() == 10 && rest.bytes().all(|b| b.is_ascii_hexdigit()),
        None => s.len() == 36 && s.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'),
    }
);
id!(
    /// The name of a directory in the access map. Ids of its people and groups begin with it, hence
    /// no colon, and at most 32 characters: with an id of Identity Center it still is a valid id.
    DirectoryName,
    "a directory's name (1 to 32 of a-z, 0-9 and single inner hyphens)",
    |s| s.len() <= 32 && is_slug(s)
);
id!(
    /// The address of an LDAP server: scheme, host and perhaps port, nothing else.
    LdapUrl,
    "the address of an LDAP server (`ldaps://HOST` or `ldap://HOST`, perhaps with `:PORT`)",
    |s| ldap_url_parts(s).is_some()
);
id!(
    /// The ARN of an IAM role, 20 to 2,048 characters, in any partition.
    RoleArn,
    "the ARN of an IAM role (`arn:aws:iam::111122223333:role/name`)",
    |s| role_arn_parts(s).is_some()
);
id!(
    /// A SageMaker user profile name: 1 to 63 letters, digits and inner hyphens. SageMaker compares
    /// them without regard to case; so does [`ProfileName::same_as`].
    ProfileName,
    "a user profile name (1 to 63 letters, digits and inner hyphens)",
    |s| is_studio_name(s)
);
id!(
    /// The name of a SageMaker space: 1 to 63 letters, digits and inner hyphens.
    SpaceName,
    "a space name (1 to 63 letters, digits and inner hyphens)",
    |s| is_studio_name(s)
);
id!(
    /// Where in Studio a presigned link leads: the `LandingUri` of `CreatePresignedDomainUrl`, at
    /// most 1,023 characters of visible ASCII. The path after the last colon may be empty.
    LandingUri,
    "a landing URI (`studio::PATH`, or `app:APP:PATH` with `JupyterServer`, `JupyterLab`, \
     `CodeEditor`, `RStudioServerPro` or `Canvas` as the app)",
    |s| {
        let app = |rest: &str| {
            rest.split_once(':').is_some_and(|(app, _)| {
                let known =
                    ["JupyterServer", "JupyterLab", "CodeEditor", "RStudioServerPro", "Canvas"];
                known.contains(&app)
            })
        };
        s.len() <= 1023
            && s.bytes().all(|b| b.is_ascii_graphic())
            && (s.starts_with("studio::") || s.strip_prefix("app:").is_some_and(app))
    }
);

impl PersonId {
    /// What is compared first, for sorting references to many: the ids themselves need not be fetched
    /// from memory.
    pub(crate) fn beginning(&self) -> [u64; 2] {
        self.0.beginning
    }
}

impl LdapUrl {
    /// Whether the connection is encrypted from its first byte.
    pub fn is_tls(&self) -> bool {
        self.as_str().starts_with("ldaps:")
    }

    /// The host: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        ldap_url_parts(self.as_str()).map_or("", |(host, _)| host)
    }

    /// The port: the one given, or 636 with TLS and 389 without.
    pub fn port(&self) -> u16 {
        let given = ldap_url_parts(self.as_str()).and_then(|(_, port)| port);
        given.unwrap_or(if self.is_tls() { 636 } else { 389 })
    }

    /// Whether it names this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// The partitions of AWS besides `aws`, each by what the names of its Regions begin with (AWS's
/// endpoint rule sets, `partitions.json`).
pub const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
];

/// The partition of a Region, as ARNs name it.
pub fn partition_of(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, name)| name)
}

impl RoleArn {
    /// The partition, such as `aws` or `aws-cn`.
    pub fn partition(&self) -> &str {
        self.as_str().split(':').nth(1).unwrap_or_default()
    }

    /// The role's path: `/`, or `/a/b/`.
    pub fn path(&self) -> String {
        let path = role_arn_parts(self.as_str()).map_or("", |(_, path)| path);
        path.rsplit_once('/').map_or_else(|| "/".to_owned(), |(path, _)| format!("/{path}/"))
    }

    /// The account that owns the role.
    pub fn account(&self) -> &str {
        role_arn_parts(self.as_str()).map_or("", |(account, _)| account)
    }

    /// The role's name, without its path.
    pub fn role_name(&self) -> &str {
        role_arn_parts(self.as_str())
            .map_or("", |(_, path)| path.rsplit('/').next().unwrap_or(path))
    }
}

impl ProfileName {
    /// Whether SageMaker would take both for one name.
    pub fn same_as(&self, other: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(other)
    }

    /// The form to use as a key: SageMaker names are not case-sensitive.
    pub fn folded(&self) -> ArcStr {
        if self.as_str().bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.as_str().to_ascii_lowercase().into()
        } else {
            self.0.0.clone()
        }
    }
}

/// Lower-case letters, digits and single inner hyphens.
pub(crate) fn is_slug(s: &str) -> bool {
    !s.is_empty()
        && s.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// What SageMaker allows as the name of a profile or a space.
fn is_studio_name(s: &str) -> bool {
    s.len() <= 63
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && s.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && s.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn opaque(s: &str) -> bool {
    !s.is_empty()
        && s.len() <= 128
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:@/".contains(&b))
}

/// Host and port of an LDAP server's address.
fn ldap_url_parts(url: &str) -> Option<(&str, Option<u16>)> {
    if url.len() > 300 {
        return None;
    }
    let rest = url.strip_prefix("ldaps://").or_else(|| url.strip_prefix("ldap://"))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(inside) => {
            let (host, after) = inside.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let of_host = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    let named = !host.is_empty() && (rest.starts_with('[') || host.bytes().all(of_host));
    let port = match port {
        None => None,
        Some(text) => {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            Some(text.parse::<u16>().ok().filter(|port| digits && *port > 0)?)
        }
    };
    named.then_some((host, port))
}

/// Account and role path of a role's ARN.
/// What IAM tells roles apart by (API `CreateRole`): the account, and the name without path and case.
pub(crate) fn role_identity(arn: &str) -> (String, String) {
    let name = arn.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    (arn.split(':').nth(4).unwrap_or_default().to_owned(), name)
}

fn role_arn_parts(arn: &str) -> Option<(&str, &str)> {
    if !(20..=2048).contains(&arn.len()) {
        return None;
    }
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let role = resource.strip_prefix("role/")?;
    let name_ok = !role.is_empty()
        && !role.ends_with('/')
        && role.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&b));
    (prefix == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && AccountId::parse(account).is_ok()
        && name_ok)
        .then_some((account, role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_people_have_the_order_of_their_text() {
        let long = "9067f1a2c4-8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04";
        let later = long.replace("1e04", "1e05");
        let ordered = ["-", "1", "10", "1000000000000000", long, &later, "a", "a-", "aa"];
        let ids = ordered.map(|id| PersonId::parse(id).unwrap());
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        let beginnings = ids.map(|id| id.0.beginning);
        assert!(beginnings.is_sorted());
        assert_eq!(beginnings[4], [0x3930_3637_6631_6132, 0x6334_2d38_6431_6636]);
        assert_eq!((beginnings[4], beginnings[0][1]), (beginnings[5], 0));
    }

    #[test]
    fn a_role_arn_tells_its_account_and_name() {
        let arn = RoleArn::parse("arn:aws-cn:iam::111122223333:role/team/studio-fraud").unwrap();
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.role_name(), "studio-fraud");
        assert_eq!((arn.partition(), arn.path().as_str()), ("aws-cn", "/team/"));
        let plain = RoleArn::parse("arn:aws:iam::111122223333:role/studio-fraud").unwrap();
        assert_eq!((plain.partition(), plain.path().as_str()), ("aws", "/"));
    }

    #[test]
    fn arns_with_blanks_or_of_other_resources_are_refused() {
        for bad in [
            "arn:aws:iam::111122223333:role/ studio",
            "arn:aws:iam::111122223333:user/studio-fraud",
            "arn:aws:iam::11112222333:role/studio-fraud",
            "arn:aws:sts::111122223333:assumed-role/x/y",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert!(RoleArn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn copies_of_an_id_share_its_text() {
        let id = PersonId::parse("9067f1a2c4-8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04").unwrap();
        assert!(std::ptr::eq(id.as_str(), id.clone().as_str()));
        assert_eq!(size_of::<Option<PersonId>>(), size_of::<usize>() + 16);
        assert_eq!(size_of::<Option<GroupId>>(), size_of::<usize>());
    }

    #[test]
    fn an_id_is_written_as_text_and_checked_when_it_is_read() {
        let id = AccountId::parse("111122223333").unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"111122223333\"");
        assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), id);
        let error = serde_json::from_str::<AccountId>("\"1111\"").unwrap_err().to_string();
        assert_eq!(error, "`1111` is not an AWS account id (12 digits; quote it in YAML)");
    }

    #[test]
    fn team_keys_are_single_hyphen_slugs_of_at_most_26() {
        assert!(TeamKey::parse("fraud-eu-2").is_ok());
        for bad in ["", "Fraud", "a--b", "-a", "a-", "a_b", "abcdefghijklmnopqrstuvwxyza"] {
            assert!(TeamKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn regions_are_known_by_form_not_by_list() {
        assert!(Region::parse("us-gov-west-1").is_ok());
        for (region, partition) in [
            ("eu-west-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-west-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert!(Region::parse(region).is_ok(), "{region}");
            assert_eq!(partition_of(region), partition);
        }
        assert!(Region::parse("eu-west").is_err());
        assert!(Region::parse("eu-west-1a").is_err());
    }

    #[test]
    fn landing_uris_name_studio_or_an_app() {
        let longest = format!("studio::{}", "a".repeat(1015));
        for good in [
            "studio::",
            "studio::/home",
            "app:JupyterServer:lab/tree/a.ipynb",
            "app:JupyterLab:",
            "app:CodeEditor:",
            "app:RStudioServerPro:",
            "app:Canvas:models?x=1",
            &longest,
        ] {
            assert!(LandingUri::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "studio:",
            "studio:x:",
            "Studio::",
            "app:JupyterLab",
            "app:jupyterlab:",
            "app::",
            "app:KernelGateway:",
            "https://example.com/",
            "studio:: a",
            "studio::é",
            &format!("{longest}a"),
        ] {
            assert!(LandingUri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn space_names_are_of_letters_digits_and_inner_hyphens() {
        let longest = "a".repeat(63);
        for good in ["a", "Shared--Notebooks-2", &longest] {
            assert!(SpaceName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a_b", "a b", &format!("{longest}a")] {
            assert!(SpaceName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn profile_names_compare_without_case() {
        let name = ProfileName::parse("Alice--fraud").unwrap();
        assert!(name.same_as("alice--FRAUD"));
        assert!(ProfileName::parse("alice@corp").is_err());
        assert!(ProfileName::parse("a".repeat(64)).is_err());
    }
}
