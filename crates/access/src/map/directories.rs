//! Directories: where people and groups come from, and how several of them are one.

use super::Place;
use super::check::Item;
use super::codes;
use super::decode::{optional, owned, seconds};
use super::diagnostic::{Reporter, quoted};
use crate::ids::{DirectoryName, GroupId, IdentityStoreId, LdapUrl, Region};
use std::collections::BTreeSet;
use std::fmt;

/// Where people and groups come from: one directory, or several in the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// The directories in the order of precedence. Never empty. Ids of the first stay as they are;
    /// those of each further one have its name and a colon before them.
    pub sources: Vec<DirectorySource>,
    /// What tells that two directories mean the same person.
    pub matched_by: MatchKey,
}

/// A directory of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorySource {
    /// Its name. One that stands alone is named after its kind.
    pub name: DirectoryName,
    /// What it is, and where.
    pub kind: DirectoryKind,
    /// Where the map says so.
    pub place: Place,
}

/// What a directory is, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryKind {
    /// IAM Identity Center's identity store.
    IdentityCenter {
        /// The home Region of the Identity Center instance.
        region: Region,
        /// The identity store of that instance.
        identity_store_id: IdentityStoreId,
    },
    /// People and groups are pushed to Stagedoor's own SCIM server.
    Scim(ScimDirectory),
    /// LDAP: Active Directory, `OpenLDAP`, Google Secure LDAP and others.
    Ldap(Box<LdapDirectory>),
    /// A file.
    File(FileDirectory),
}

/// A directory that is pushed by SCIM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScimDirectory {}

/// A directory that is read by LDAP. What the map leaves out, the adapter reads off the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapDirectory {
    /// Its servers, in the order in which they are tried. Never empty.
    pub urls: Vec<LdapUrl>,
    /// Where in the tree people and groups are.
    pub base_dn: String,
    /// As whom to bind, and where the password is kept; absent: anonymously, or as whom the client
    /// certificate names.
    pub bind: Option<LdapBind>,
    /// Whether the connection begins without TLS and is then encrypted by `StartTLS`.
    pub start_tls: bool,
    /// The certificate authorities that servers are trusted by, in PEM: a path relative to the map's
    /// folder. Absent: those of the operating system.
    pub ca_file: Option<String>,
    /// The certificate that Stagedoor shows to the server.
    pub client_certificate: Option<LdapCertificate>,
    /// Which entries are people.
    pub people_filter: Option<String>,
    /// Which entries are groups.
    pub groups_filter: Option<String>,
    /// Attributes that are named differently than the server's kind suggests.
    pub attributes: LdapAttributes,
    /// How long one answer may take, in seconds: 1 to 300.
    pub timeout_seconds: u32,
    /// How many entries a page of an answer holds: 1 to 10,000.
    pub page_size: u32,
}

/// As whom Stagedoor binds to an LDAP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapBind {
    /// The account's DN, or what the server takes in its place (`stagedoor@corp.example`).
    pub dn: String,
    /// Where the password is kept.
    pub password_from: String,
}

/// The certificate that Stagedoor shows to an LDAP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapCertificate {
    /// The certificate with its chain, in PEM: a path relative to the map's folder.
    pub file: String,
    /// Where its key is kept, in PEM.
    pub key_from: String,
}

/// Attributes of LDAP entries; absent: the usual one of the server's kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the attribute that holds what the field is named after")]
pub struct LdapAttributes {
    pub id: Option<String>,
    pub user_name: Option<String>,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub external_id: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub group_name: Option<String>,
    pub member: Option<String>,
}

/// A directory in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDirectory {
    /// The file: a path relative to the map's folder.
    pub path: String,
    /// How it is written.
    pub format: FileFormat,
}

/// How the file of a directory is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of formats")]
pub enum FileFormat {
    Yaml,
    Csv,
    Ldif,
}

impl FileFormat {
    /// The format that a path ends in, compared without case.
    pub fn of_path(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "csv" => Some(Self::Csv),
            "ldif" => Some(Self::Ldif),
            _ => None,
        }
    }
}

/// What tells that two directories mean the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchKey {
    /// The user name, compared without case.
    #[default]
    UserName,
    /// The e-mail address, compared without case.
    Email,
    /// The id that a common source gave, compared exactly.
    ExternalId,
}

impl MatchKey {
    /// Every one with its name in the map.
    pub const ALL: [(&'static str, Self); 3] =
        [("user-name", Self::UserName), ("email", Self::Email), ("external-id", Self::ExternalId)];

    /// Its name in the map.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserName => "user-name",
            Self::Email => "email",
            Self::ExternalId => "external-id",
        }
    }
}

impl fmt::Display for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl DirectoryKind {
    /// The name of a directory that is pushed and stands alone.
    pub const SCIM: &str = "scim";

    /// Its name in commands and checks; that of a directory that stands alone, too.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::IdentityCenter { .. } => "identity-center",
            Self::Scim(_) => Self::SCIM,
            Self::Ldap(_) => "ldap",
            Self::File(_) => "file",
        }
    }

    /// The files that it is read from or by, each with its key in the map.
    pub fn files(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::File(file) => vec![("path", file.path.as_str())],
            Self::Ldap(ldap) => {
                let bind = ldap.bind.as_ref();
                let shown = ldap.client_certificate.as_ref();
                let named = [
                    ("password_from", bind.and_then(|bind| in_file(&bind.password_from))),
                    ("ca_file", ldap.ca_file.as_deref()),
                    ("client_certificate", shown.map(|shown| shown.file.as_str())),
                    ("client_key_from", shown.and_then(|shown| in_file(&shown.key_from))),
                ];
                named.into_iter().filter_map(|(field, file)| Some((field, file?))).collect()
            }
            Self::IdentityCenter { .. } | Self::Scim(_) => Vec::new(),
        }
    }
}

/// The file that a secret's reference names, if it names one.
fn in_file(reference: &str) -> Option<&str> {
    reference.strip_prefix("file:")
}

impl Directories {
    /// The Identity Center instance among them: its Region and its identity store. Where there is
    /// one, it is the first, so its ids are as AWS has them.
    pub fn identity_center(&self) -> Option<(&Region, &IdentityStoreId)> {
        self.sources.iter().find_map(|source| match &source.kind {
            DirectoryKind::IdentityCenter { region, identity_store_id } => {
                Some((region, identity_store_id))
            }
            _ => None,
        })
    }

    /// Whether Identity Center knows the group: only its own groups can be assigned to its
    /// applications.
    pub fn is_in_identity_center(&self, group: &GroupId) -> bool {
        self.identity_center().is_some() && self.source_of(group.as_str()) == 0
    }

    /// Which directory an id of a person or a group is of, by its place in the order of precedence:
    /// those of each but the first have its name before them.
    pub fn source_of(&self, id: &str) -> usize {
        let is_of = |name: &str| id.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
        let further = self.sources.iter().enumerate().skip(1);
        let mut of = further.filter(|(_, source)| is_of(source.name.as_str()));
        of.next().map_or(0, |(place, _)| place)
    }

    /// Whether another map means the same directories, wherever it writes them.
    pub fn same_as(&self, other: &Self) -> bool {
        let of = |all: &Self| -> Vec<_> {
            all.sources.iter().map(|source| (source.name.clone(), source.kind.clone())).collect()
        };
        self.matched_by == other.matched_by && of(self) == of(other)
    }
}

/// Decodes where people and groups come from. It is absent only if something of it was reported.
pub(super) fn directories(item: &Item, reporter: &mut Reporter<'_>) -> Option<Directories> {
    let Some(list) = item.field("sources") else {
        let kind = kind(item, reporter)?;
        let name = DirectoryName::parse(kind.as_str()).ok()?;
        let place = reporter.place(item.at);
        let sources = vec![DirectorySource { name, kind, place }];
        return Some(Directories { sources, matched_by: MatchKey::default() });
    };
    // Each is looked at, whatever became of the others.
    let decoded: Vec<Option<DirectorySource>> =
        list.list().iter().map(|item| source(item, reporter)).collect();
    let in_order = !list.is_broken() && go_together(list, reporter);
    let name = item.field("match")?.text()?;
    let matched_by = MatchKey::ALL.iter().find(|(known, _)| *known == name)?.1;
    let sources = decoded.into_iter().collect::<Option<_>>().filter(|_| in_order)?;
    Some(Directories { sources, matched_by })
}

fn source(item: &Item, reporter: &mut Reporter<'_>) -> Option<DirectorySource> {
    let kind = kind(item, reporter);
    let name = DirectoryName::parse(item.field("name")?.text()?).ok()?;
    Some(DirectorySource { name, kind: kind?, place: reporter.place(item.at) })
}

/// Looks at what no single source shows: that there are some, that none is named twice, and that
/// Identity Center is the first.
fn go_together(list: &Item, reporter: &mut Reporter<'_>) -> bool {
    let sources = list.list();
    if sources.is_empty() {
        reporter
            .report(codes::OUT_OF_RANGE, list.at, "`sources` is empty")
            .expect("at least one directory");
        return false;
    }
    if sources.len() > MOST_DIRECTORIES {
        let message = format!("`sources` holds {} directories", sources.len());
        reporter
            .report(codes::OUT_OF_RANGE, list.at, message)
            .expect(format!("at most {MOST_DIRECTORIES}"));
        return false;
    }
    let mut good = true;
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for name in sources.iter().filter_map(|source| source.field("name")) {
        let Some(text) = name.text() else { continue };
        if !names.insert(text) {
            let message = format!("two directories are named {}", quoted(text));
            reporter
                .report(codes::DUPLICATE_DIRECTORY, name.at, message)
                .help("ids begin with the name, so each needs its own");
            good = false;
        }
    }
    let centers = sources.iter().skip(1).filter_map(|source| source.field("identity_center"));
    for late in centers {
        reporter
            .report(codes::DIRECTORY_ORDER, late.at, "Identity Center is not the first directory")
            .help(
                "write it first: domains that sign people in through it, and its events, know \
                 people by its own ids",
            );
        good = false;
    }
    good
}

/// As many as can be read one by one in the time that a pass has.
const MOST_DIRECTORIES: usize = 8;

fn kind(item: &Item, reporter: &mut Reporter<'_>) -> Option<DirectoryKind> {
    if let Some(center) = item.field("identity_center") {
        let store = center.field("identity_store_id")?.text()?;
        return Some(DirectoryKind::IdentityCenter {
            region: Region::parse(center.field("region")?.text()?).ok()?,
            identity_store_id: IdentityStoreId::parse(store).ok()?,
        });
    }
    if let Some(ldap) = item.field("ldap") {
        return self::ldap(ldap, reporter).map(|ldap| DirectoryKind::Ldap(Box::new(ldap)));
    }
    if let Some(file) = item.field("file") {
        let path = owned(file)?;
        let format = FileFormat::of_path(&path)?;
        return Some(DirectoryKind::File(FileDirectory { path, format }));
    }
    let scim = item.field("scim")?;
    (!scim.is_broken()).then_some(DirectoryKind::Scim(ScimDirectory {}))
}

fn ldap(item: &Item, reporter: &mut Reporter<'_>) -> Option<LdapDirectory> {
    let start_tls = item.field("start_tls")?.boolean();
    let urls = urls(item.field("urls")?, start_tls, reporter);
    let dn = optional(item.field("bind_dn"), owned)?;
    let password_from = optional(item.field("password_from"), owned)?;
    let file = optional(item.field("client_certificate"), owned)?;
    let key_from = optional(item.field("client_key_from"), owned)?;
    Some(LdapDirectory {
        urls: urls?,
        base_dn: owned(item.field("base_dn")?)?,
        bind: dn.zip(password_from).map(|(dn, password_from)| LdapBind { dn, password_from }),
        start_tls: start_tls?,
        ca_file: optional(item.field("ca_file"), owned)?,
        client_certificate: file
            .zip(key_from)
            .map(|(file, key_from)| LdapCertificate { file, key_from }),
        people_filter: optional(item.field("people_filter"), owned)?,
        groups_filter: optional(item.field("groups_filter"), owned)?,
        attributes: attributes(item.field("attributes")?)?,
        timeout_seconds: seconds(item.field("timeout")?)?,
        page_size: u32::try_from(item.field("page_size")?.integer()?).ok()?,
    })
}

/// The ports of Active Directory's Global Catalog. It holds a part of every object of the forest:
/// `accountExpires` is not in it, and neither are members of the other domains' global groups.
const GLOBAL_CATALOG: [u16; 2] = [3268, 3269];

fn urls(item: &Item, start_tls: Option<bool>, reporter: &mut Reporter<'_>) -> Option<Vec<LdapUrl>> {
    if item.is_broken() {
        return None;
    }
    if item.list().is_empty() {
        reporter
            .report(codes::OUT_OF_RANGE, item.at, "`urls` is empty")
            .expect("at least one LDAP server");
        return None;
    }
    let one = |item: &Item| {
        let url = LdapUrl::parse(item.text()?).ok()?;
        let (problem, help) = match (url.is_tls(), start_tls?) {
            _ if GLOBAL_CATALOG.contains(&url.port()) => (
                "is the Global Catalog, which knows neither when accounts expire nor all members",
                "name the domain's own port, 636 or 389: leave it out",
            ),
            (true, true) => ("is encrypted from the first byte", "write it with `ldap://`"),
            (false, false) if !url.is_loopback() => {
                ("would carry the password in the clear", "write `ldaps://`, or `start_tls: true`")
            }
            _ => return Some(url),
        };
        let message = format!("{} {problem}", quoted(url.as_str()));
        reporter.report(codes::INVALID_VALUE, item.at, message).help(help);
        None
    };
    // Each is looked at, whatever became of the others.
    let urls: Vec<Option<LdapUrl>> = item.list().iter().map(one).collect();
    urls.into_iter().collect()
}

fn attributes(item: &Item) -> Option<LdapAttributes> {
    let named = |key: &str| optional(item.field(key), owned);
    Some(LdapAttributes {
        id: named("id")?,
        user_name: named("user_name")?,
        display_name: named("display_name")?,
        email: named("email")?,
        external_id: named("external_id")?,
        given_name: named("given_name")?,
        family_name: named("family_name")?,
        group_name: named("group_name")?,
        member: named("member")?,
    })
}
