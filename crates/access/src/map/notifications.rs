//! Notifications: who is told what, and how.

use super::check::{Item, Named};
use super::codes;
use super::decode::{optional, owned};
use super::diagnostic::Reporter;
use super::format::duration_seconds;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// Who is told what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// What is told by HTTP POST, by name.
    pub webhooks: BTreeMap<String, WebhookSettings>,
    /// What is told by e-mail, by name.
    pub mail: BTreeMap<String, MailSettings>,
    /// How often something that goes on is told again, in seconds: 3,600 to 2,592,000.
    pub remind_seconds: u64,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where its address is kept.
    pub url_from: String,
    /// Where the key is kept that messages are signed with.
    pub sign_with: Option<String>,
    /// What is told.
    pub about: BTreeSet<Topic>,
}

/// Recipients of e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Who gets it.
    pub to: Vec<String>,
    /// Who it is from.
    pub from: String,
    /// Host and port of the SMTP server.
    pub server: (String, u16),
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// As whom to log in, and where the password is kept.
    pub login: Option<(String, String)>,
    /// What is told.
    pub about: BTreeSet<Topic>,
}

/// How a connection to an SMTP server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Switched on by command, and required.
    StartTls,
    /// From the first byte.
    Tls,
    /// Not at all: to this machine only.
    None,
}

impl Encryption {
    /// Each with its name in the map.
    pub const ALL: [(&'static str, Self); 3] =
        [("starttls", Self::StartTls), ("tls", Self::Tls), ("none", Self::None)];
}

/// Something that somebody is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The guard holds a plan back: too much would be taken away.
    GuardRefused,
    /// An offboarding does not come to its end by itself.
    OffboardingStuck,
    /// A certificate or metadata that sign-in depends on ends soon.
    CertificateExpiring,
    /// A token with which an identity provider pushes people ends soon or has ended, or there is none.
    TokenEnding,
    /// Nothing was read in full for too long.
    SyncStale,
    /// Somebody has access by break-glass.
    BreakGlass,
    /// The audit log is not as it was written.
    AuditBroken,
    /// For long the audit log could not be verified, or no checkpoint of it be made.
    AuditUnwatched,
    /// Mirroring into another directory is held back by its guard, or fails for long.
    MirrorHeld,
}

impl Topic {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::GuardRefused,
        Self::OffboardingStuck,
        Self::CertificateExpiring,
        Self::TokenEnding,
        Self::SyncStale,
        Self::BreakGlass,
        Self::AuditBroken,
        Self::AuditUnwatched,
        Self::MirrorHeld,
    ];

    /// Its name in the map, in messages and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GuardRefused => "guard-refused",
            Self::OffboardingStuck => "offboarding-stuck",
            Self::CertificateExpiring => "certificate-expiring",
            Self::TokenEnding => "token-ending",
            Self::SyncStale => "sync-stale",
            Self::BreakGlass => "break-glass",
            Self::AuditBroken => "audit-broken",
            Self::AuditUnwatched => "audit-unwatched",
            Self::MirrorHeld => "mirror-held",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Notifications {
    /// Whether nobody is told anything.
    pub fn is_empty(&self) -> bool {
        self.webhooks.is_empty() && self.mail.is_empty()
    }
}

/// Decodes who is told what. It is absent only if something of it was reported.
pub(super) fn notifications(item: &Item, reporter: &mut Reporter<'_>) -> Option<Notifications> {
    let webhooks = entries(item.field("webhooks")?.table(), webhook);
    let mail = entries(item.field("mail")?.table(), |item| mail(item, reporter));
    Some(Notifications {
        webhooks: webhooks?,
        mail: mail?,
        remind_seconds: duration_seconds(item.field("remind")?.text()?)?,
    })
}

fn entries<T>(
    entries: &[Named],
    mut decode: impl FnMut(&Item) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    // Each is looked at, whatever became of the others.
    let decoded: Vec<Option<(String, T)>> = entries
        .iter()
        .map(|named| decode(&named.item).map(|value| (named.key.clone(), value)))
        .collect();
    decoded.into_iter().collect()
}

fn webhook(item: &Item) -> Option<WebhookSettings> {
    Some(WebhookSettings {
        url_from: owned(item.field("url_from")?)?,
        sign_with: optional(item.field("sign_with"), owned)?,
        about: topics(item.field("about"))?,
    })
}

fn mail(item: &Item, reporter: &mut Reporter<'_>) -> Option<MailSettings> {
    let to = item.field("to")?;
    let addresses: Vec<String> = to.list().iter().map(owned).collect::<Option<_>>()?;
    if addresses.is_empty() {
        if !to.is_broken() {
            reporter
                .report(codes::OUT_OF_RANGE, to.at, "`to` is empty")
                .expect("at least one e-mail address");
        }
        return None;
    }
    let server = item.field("server")?;
    let (host, port) = server.text()?.rsplit_once(':')?;
    let encryption = item.field("encryption")?;
    let name = encryption.text()?;
    let chosen = Encryption::ALL.iter().find(|(known, _)| *known == name)?.1;
    if chosen == Encryption::None && !is_loopback(host) {
        reporter
            .report(codes::INVALID_VALUE, encryption.at, format!("{host} is not this machine"))
            .expect("`starttls` or `tls`")
            .help("without encryption anybody between reads what goes on here");
        return None;
    }
    let user = optional(item.field("user"), owned)?;
    let password_from = optional(item.field("password_from"), owned)?;
    Some(MailSettings {
        to: addresses,
        from: owned(item.field("from")?)?,
        server: (host.to_owned(), port.parse().ok()?),
        encryption: chosen,
        login: user.zip(password_from),
        about: topics(item.field("about"))?,
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn topics(item: Option<&Item>) -> Option<BTreeSet<Topic>> {
    let Some(item) = item else { return Some(Topic::ALL.into()) };
    if item.is_broken() {
        return None;
    }
    item.list().iter().map(|item| Topic::parse(item.text()?)).collect()
}
