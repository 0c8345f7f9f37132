//! What the door tells people about what is their own.

use crate::ports::AuditEntry;
use access::explain::Explanation;
use access::ids::TeamKey;
use access::snapshot::Person;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What of a person's own runs for a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Running {
    /// These, as of then.
    Apps(Vec<OwnApp>, Timestamp),
    /// It could not be read, or not in time.
    Unread,
}

/// When a person last opened Studio for a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastOpened {
    /// Then.
    At(Timestamp),
    /// Not as far back as the audit log is looked at.
    NotLately,
    /// The audit log cannot be read.
    Unread,
}

/// An app of a person's own: of the profile itself, or of a space that nobody else works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnApp {
    /// API `AppType`, such as `JupyterLab`.
    pub app_type: String,
    /// Its name.
    pub name: String,
    /// The space it runs in; absent: the profile itself.
    pub space: Option<String>,
    /// What it runs on, where AWS says so.
    pub instance_type: Option<String>,
    /// When it was started, where AWS says so.
    pub since: Option<Timestamp>,
    /// Whether it is on its way out.
    pub stopping: bool,
}

/// Where in Studio to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Tool {
    /// Where the team or the domain says.
    #[default]
    Studio,
    /// Straight into `JupyterLab`.
    JupyterLab,
    /// Straight into Code Editor.
    CodeEditor,
}

impl Tool {
    /// What can be opened straight away.
    pub const STRAIGHT: [Self; 2] = [Self::JupyterLab, Self::CodeEditor];

    /// API `AppType`; `None` for Studio itself.
    pub fn app_type(self) -> Option<&'static str> {
        match self {
            Self::Studio => None,
            Self::JupyterLab => Some("JupyterLab"),
            Self::CodeEditor => Some("CodeEditor"),
        }
    }
}

/// What a person may know of their own access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyAccess {
    /// Who.
    pub person: Person,
    /// Why the person has the teams that are theirs: from the directory and the map alone.
    pub why: Explanation,
    /// Whether the person has a role in the administration.
    pub administers: bool,
    /// The teams that may be opened from where the person is.
    pub from_here: BTreeSet<TeamKey>,
    /// What the audit log has of the person at the door, newest first; `None`: it cannot be read.
    pub history: Option<Vec<AuditEntry>>,
    /// The person's sessions, newest first; `None`: they cannot be read.
    pub sessions: Option<Vec<OwnSession>>,
}

/// A session of the person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// What to end it by. Opens nothing.
    pub handle: String,
    /// Since when.
    pub begun: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// The one team it opens; `None`: all of the person's.
    pub team: Option<TeamKey>,
    /// The address it was opened from, if the audit log has it.
    pub from: Option<String>,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Sessions that their person ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSessions {
    /// How many.
    pub number: u64,
    /// Whether the one that asked is among them.
    pub this_too: bool,
}
