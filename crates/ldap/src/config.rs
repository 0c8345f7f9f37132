//! How a directory is reached, and what of it is read.

use access::ids::LdapUrl;
use async_trait::async_trait;
use control::ports::{CallError, KeptSecret};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroize;

/// The longest search filter of a map, in bytes.
pub const LONGEST_FILTER: usize = 4096;

/// How a directory is reached, and what of it is read.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its servers, at least one, in the order in which they are tried. A reading is made at one of
    /// them from beginning to end.
    pub urls: Vec<LdapUrl>,
    /// Whether connections to `ldap://` are encrypted by `StartTLS` before anything else is said.
    /// Without it, `ldap://` is refused for any other machine than this one.
    pub start_tls: bool,
    /// By whom servers are trusted.
    pub trust: Trust,
    /// The certificate that is shown to the server.
    pub identity: Option<ClientIdentity>,
    /// Where that certificate and its key are kept: where no connection comes about, both are read
    /// there again, once. Absent: they are never others.
    pub identity_kept: Option<Arc<dyn KeptIdentity>>,
    /// As whom to bind.
    pub bind: Bind,
    /// Where the password of [`Bind::Simple`] is kept: where the server refuses it, it is read there
    /// again, once. Absent: it is never another one.
    pub password_kept: Option<Arc<dyn KeptSecret>>,
    /// Where in the tree people and groups are.
    pub base_dn: String,
    /// Which entries are people; absent: what the server's kind has for people.
    pub people_filter: Option<String>,
    /// Which entries are groups; absent: what the server's kind has for groups.
    pub groups_filter: Option<String>,
    /// Attributes that are named differently than the server's kind suggests.
    pub attributes: Attributes,
    /// How groups in groups are found.
    pub nesting: Nesting,
    /// How changes are found.
    pub increments: Increments,
    /// How many entries a page holds.
    pub page_size: u32,
    /// How many values of `member` are asked for at a time, where the server gives them in ranges.
    pub range_size: u32,
    /// How long the server may take to accept a connection, `StartTLS` and the bind included.
    pub connect_timeout: Duration,
    /// How long one page, or one other answer, may take.
    pub timeout: Duration,
    /// How much is read at most. More is an error, never a smaller snapshot.
    pub limits: Limits,
}

impl Config {
    /// What is usual, for these servers and this part of the tree, bound by nobody and trusting
    /// whom the operating system trusts.
    pub fn new(urls: Vec<LdapUrl>, base_dn: impl Into<String>) -> Self {
        Self {
            urls,
            start_tls: false,
            trust: Trust::System,
            identity: None,
            identity_kept: None,
            bind: Bind::Anonymous,
            password_kept: None,
            base_dn: base_dn.into(),
            people_filter: None,
            groups_filter: None,
            attributes: Attributes::default(),
            nesting: Nesting::default(),
            increments: Increments::default(),
            page_size: 500,
            range_size: 1500,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            limits: Limits::default(),
        }
    }
}

/// By whom servers are trusted.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Whoever the operating system trusts.
    System,
    /// These certificate authorities and no others, in PEM.
    Pinned(Vec<u8>),
}

/// A certificate that is shown to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate with its chain, in PEM.
    pub certificate: Vec<u8>,
    /// Its private key, in PEM.
    pub key: Secret,
}

/// Where a certificate and its key are kept that are renewed now and then.
#[async_trait]
pub trait KeptIdentity: Send + Sync + fmt::Debug {
    /// Both, as they are there now.
    ///
    /// # Errors
    /// One of the places cannot be read.
    async fn identity(&self) -> Result<ClientIdentity, CallError>;
}

/// As whom to bind.
#[derive(Debug, Clone)]
pub enum Bind {
    /// As nobody.
    Anonymous,
    /// By name and password (a simple bind, RFC 4513 section 5.1.3).
    Simple {
        /// The account's DN, or what the server takes in its place (`stagedoor@corp.example`).
        name: String,
        /// Its password. An empty one is refused: servers take it for an anonymous bind.
        password: Secret,
    },
    /// As whom the client certificate names (SASL EXTERNAL, RFC 4422).
    External,
}

/// Attributes; absent: the usual one of the server's kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The id that never changes, of people and of groups.
    pub id: Option<String>,
    /// The name a person signs in with.
    pub user_name: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The id that a common source gave.
    pub external_id: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The name of a group, which grants match.
    pub group_name: Option<String>,
    /// The members of a group.
    pub member: Option<String>,
}

/// How groups in groups are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nesting {
    /// By the server's in-chain rule if a probe shows that it has one, else by walking.
    #[default]
    Proved,
    /// By reading group after group.
    Walked,
}

/// How changes are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Increments {
    /// By `DirSync` where the server grants it, else by update sequence numbers, else not at all.
    #[default]
    Best,
    /// By update sequence numbers where the server has them, else not at all.
    UpdateNumbers,
    /// Not at all: the timer has everything read.
    None,
}

/// How much is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// People.
    pub people: usize,
    /// Groups.
    pub groups: usize,
    /// Memberships of one group, those of the groups in it included.
    pub members: usize,
    /// Members of groups that are neither people nor groups as read, and so are looked up one by one.
    pub lookups: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { people: 1_000_000, groups: 200_000, members: 1_000_000, lookups: 20_000 }
    }
}

/// A password or a key. It is wiped when it goes, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text, without the line end that files have.
    pub fn new(mut text: String) -> Self {
        let kept = Self(text.trim_end_matches(['\r', '\n']).to_owned());
        text.zeroize();
        kept
    }

    /// The text.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no server.
    #[error("no LDAP server is named: name at least one")]
    NoServer,
    /// The password would cross the network in the clear.
    #[error("{0} is not encrypted: write it with `ldaps://`, or say `start_tls: true`")]
    Plaintext(String),
    /// `StartTLS` on a connection that is encrypted already.
    #[error("{0} is encrypted from its first byte: `start_tls` goes with `ldap://`")]
    Twice(String),
    /// The DN of the base cannot be read.
    #[error("the base `{0}` is not a DN: {1}")]
    Base(String, crate::dn::InvalidDn),
    /// A filter that is not one.
    #[error("`{0}` is not an LDAP filter: see RFC 4515, such as `(objectClass=person)`")]
    Filter(String),
    /// An attribute that cannot be one.
    #[error("`{0}` is not the name of an LDAP attribute")]
    Attribute(String),
    /// An empty password.
    #[error("the password of `{0}` is empty, which servers take for an anonymous bind")]
    EmptyPassword(String),
    /// Certificates that cannot be read.
    #[error("{0}")]
    Certificates(String),
    /// A number that makes no sense.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_and_has_no_line_end() {
        let secret = Secret::new("hunter 2 \r\n".to_owned());
        assert_eq!(secret.reveal(), "hunter 2 ");
        let bind = Bind::Simple { name: "cn=x".to_owned(), password: secret };
        assert_eq!(format!("{bind:?}"), r#"Simple { name: "cn=x", password: Secret(redacted) }"#);
    }
}
