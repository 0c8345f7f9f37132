//! The audit log: what happened, who did it, and the chain that shows if it was touched.

use super::{Actor, AuditEvent, ChangeId, StoreError};
use access::ids::{PersonId, TeamKey};
use async_trait::async_trait;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, kept to the microsecond.
    pub at: jiff::Timestamp,
    /// What happened: the text of an [`AuditEvent`], or what another version wrote.
    pub event: String,
    /// Reason code.
    pub code: String,
    /// Who did it.
    #[serde(default)]
    pub actor: Actor,
    /// The directory id of the person concerned, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The team concerned, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The pass that it belongs to ([`ChangeId`]), which AWS's own log names too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What it was before, by name, where something changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, String>,
    /// What it is afterwards.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<String, String>,
    /// More, by name. Never an assertion, a URL, a cookie or a token.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

impl AuditEntry {
    /// An entry of [`Actor::System`] about nobody.
    pub fn new(at: jiff::Timestamp, event: AuditEvent, code: impl Into<String>) -> Self {
        Self {
            at,
            event: event.into(),
            code: code.into(),
            actor: Actor::System,
            person: None,
            team: None,
            change: None,
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            details: BTreeMap::new(),
        }
    }

    /// Done by somebody.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// About a person.
    #[must_use]
    pub fn about(self, person: &PersonId) -> Self {
        Self { person: Some(person.to_string()), ..self }
    }

    /// About a team.
    #[must_use]
    pub fn on(self, team: &TeamKey) -> Self {
        Self { team: Some(team.to_string()), ..self }
    }

    /// As part of a pass.
    #[must_use]
    pub fn within(self, change: &ChangeId) -> Self {
        Self { change: Some(change.to_string()), ..self }
    }

    /// With a detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.details.insert(name.to_owned(), value.to_string());
        self
    }

    /// With a detail, if there is one.
    #[must_use]
    pub fn with_opt(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With what something was and what it is; `None`: it was not there, or is not any more.
    #[must_use]
    pub fn changing<T: fmt::Display>(
        mut self,
        name: &str,
        before: Option<T>,
        after: Option<T>,
    ) -> Self {
        self.before.extend(before.map(|value| (name.to_owned(), value.to_string())));
        self.after.extend(after.map(|value| (name.to_owned(), value.to_string())));
        self
    }
}

/// What a store says of a cursor that no page of its log gave.
pub const NO_CURSOR: &str = "the cursor is not one of this log's";

/// Which entries. What is absent or empty excludes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Of this time or later.
    pub from: Option<jiff::Timestamp>,
    /// Before this time.
    pub until: Option<jiff::Timestamp>,
    /// Of this event.
    pub event: Option<String>,
    /// With this reason code.
    pub code: Option<String>,
    /// About this person, by directory id.
    pub person: Option<String>,
    /// About this team.
    pub team: Option<String>,
    /// By this actor.
    pub actor: Option<Actor>,
    /// Of this change.
    pub change: Option<String>,
    /// With this number, which a page told whoever was refused.
    pub reference: Option<String>,
}

/// The detail under which a refusal has the number that the page shows.
pub const REFERENCE: &str = "reference";

/// A number as the log has it, from how somebody wrote it down.
pub fn reference(told: &str) -> String {
    told.trim().to_ascii_lowercase()
}

impl AuditFilter {
    /// Whether the entry is one of them.
    pub fn admits(&self, entry: &AuditEntry) -> bool {
        let is = |wanted: &Option<String>, found: Option<&String>| {
            wanted.is_none() || wanted.as_ref() == found
        };
        self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
            && is(&self.event, Some(&entry.event))
            && is(&self.code, Some(&entry.code))
            && is(&self.person, entry.person.as_ref())
            && is(&self.team, entry.team.as_ref())
            && is(&self.change, entry.change.as_ref())
            && is(&self.reference, entry.details.get(REFERENCE))
            && self.actor.as_ref().is_none_or(|actor| *actor == entry.actor)
    }
}

/// The times of a chain do not rise: an entry bears the time when what it tells of began, and clocks of
/// replicas that share a chain differ. No entry is earlier than one before it by more than this.
pub const OUT_OF_ORDER: SignedDuration = SignedDuration::from_hours(1);

/// One of the chains that a log consists of. A file has one; a table several, so that replicas need
/// not wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(pub String);

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What holds an entry in its chain. Digests are lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The chain.
    pub chain: ChainId,
    /// Its number there, from 1.
    pub seq: u64,
    /// The hash of the entry before; zeros for the first.
    pub prev: String,
    /// Where its copy stands in the history of its person, for a store that keeps one; `None` also for
    /// entries that were sealed before this was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// SHA-256 of the canonical bytes (`docs/audit.md`).
    pub hash: String,
    /// The id of the key that `mac` was made with.
    pub key: String,
    /// HMAC-SHA-256 of the canonical bytes.
    pub mac: String,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEntry {
    /// What it says.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// What holds it there.
    #[serde(flatten)]
    pub seal: Seal,
}

impl SealedEntry {
    /// `CHAIN/NUMBER`: how an entry is named.
    pub fn number(&self) -> String {
        format!("{}/{}", self.seal.chain, self.seal.seq)
    }
}

/// The last entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The chain.
    pub chain: ChainId,
    /// The number of its last entry: so many it ever had.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: String,
}

/// What a store has in one place of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRow {
    /// The place.
    pub seq: u64,
    /// The entry, or why what is there is none.
    pub entry: Result<SealedEntry, String>,
}

/// What stands in the history of a person and does not belong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Whose history.
    pub person: String,
    /// Where in it.
    pub place: String,
    /// The entry that it says it is, or why it is none.
    pub entry: Result<SealedEntry, String>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPage {
    /// Newest first. May be fewer than were asked for although there are more: a store looks through
    /// only so much at a time.
    pub items: Vec<SealedEntry>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<String>,
}

/// What was done before it was written down, since it must not wait for that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Acted<T> {
    /// What was done.
    pub done: T,
    /// Why the audit log does not tell of it, if it does not.
    pub unwritten: Option<StoreError>,
}

/// What happened, in chains that show if somebody touched it (`docs/audit.md`).
#[async_trait]
pub trait AuditLog: Send + Sync + fmt::Debug {
    /// Appends an entry, sealed, at the end of a chain.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// The id of a key that the end of the log was sealed with and that is none of those that this process has:
    /// it must not go on with the log then. Nothing is written.
    async fn foreign_key(&self) -> Result<Option<String>, StoreError>;

    /// The newest entries, newest first.
    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// The newest entries that concern a person, oldest first.
    async fn of_person(&self, person: &PersonId, limit: u32)
    -> Result<Vec<AuditEntry>, StoreError>;

    /// Entries that the filter admits, newest first. `cursor` is the `next` of the page before, for
    /// the same filter; one that is not is an error.
    async fn page(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError>;

    /// Every chain with its last entry. One that is empty may be left out.
    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError>;

    /// What a chain holds after a place, in order, at most `limit` of it. Nothing of it is judged:
    /// what is no entry is handed out as such.
    async fn chain(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainRow>, StoreError>;

    /// What stands in the histories of these people and is no copy of an entry of theirs in its own
    /// place, for a store that keeps copies by person. They are shown to nobody.
    async fn strays(&self, _people: &BTreeSet<String>) -> Result<Vec<Stray>, StoreError> {
        Ok(Vec::new())
    }

    /// Removes the entries of a chain up to this one, and says how many there were. Whoever asks for
    /// it has written it down before.
    async fn forget(&self, chain: &ChainId, through: u64) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_admits_what_agrees_in_everything_it_names() {
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let entry = AuditEntry {
            person: Some("ana".to_owned()),
            team: Some("fraud".to_owned()),
            change: Some("c1".to_owned()),
            ..AuditEntry::new(at(10), AuditEvent::SignIn, "ok")
                .by(Actor::CommandLine("root".to_owned()))
                .with(REFERENCE, "0a1b2c3d4e")
        };
        let text = |text: &str| Some(text.to_owned());
        let all = AuditFilter {
            from: Some(at(10)),
            until: Some(at(11)),
            event: text("sign-in"),
            code: text("ok"),
            person: text("ana"),
            team: text("fraud"),
            actor: Some(Actor::CommandLine("root".to_owned())),
            change: text("c1"),
            reference: text("0a1b2c3d4e"),
        };
        assert!(AuditFilter::default().admits(&entry) && all.admits(&entry));
        let other = [
            AuditFilter { from: Some(at(11)), ..all.clone() },
            AuditFilter { until: Some(at(10)), ..all.clone() },
            AuditFilter { event: text("x"), ..all.clone() },
            AuditFilter { code: text("x"), ..all.clone() },
            AuditFilter { person: text("x"), ..all.clone() },
            AuditFilter { team: text("x"), ..all.clone() },
            AuditFilter { actor: Some(Actor::System), ..all.clone() },
            AuditFilter { change: text("x"), ..all.clone() },
            AuditFilter { reference: text("x"), ..all.clone() },
        ];
        assert!(other.iter().all(|filter| !filter.admits(&entry)));
    }
}
