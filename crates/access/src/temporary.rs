//! Grants to one person with an end: by command, by a request that somebody approved, or as
//! break-glass.
//!
//! They stand in the store and come to a reading of the directory ([`Snapshot::temporary`]); whether
//! one is in force is a function of the time, so it ends by itself whoever runs or does not. Each is
//! a source of its own beside the grants of the map: of several for one person and team none ends
//! another.

use crate::entitlement::Because;
use crate::ids::{PersonId, TeamKey, TemporaryId};
use crate::map::Place;
use crate::snapshot::Snapshot;
use arcstr::ArcStr;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// So long after the end of a temporary grant its profile may be taken away without the guard
/// counting it: the end was announced when the grant was made. A day is also how far back the guard
/// remembers. After that, somebody has to agree to it like to any other removal.
pub const ANNOUNCED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The most characters of a reason, a ticket or an after-note.
pub const MAX_TEXT: usize = 500;

/// A grant to one person with an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemporaryGrant {
    /// Its id.
    pub id: TemporaryId,
    /// Who gets the team.
    pub person: PersonId,
    /// The person's user name when it was made, for people who read it later.
    pub user_name: Option<String>,
    /// What.
    pub team: TeamKey,
    /// Not before this time.
    pub from: Timestamp,
    /// Not from this time on.
    pub until: Timestamp,
    /// How it came about.
    pub kind: TemporaryKind,
    /// Why, in the words of who asked for it.
    pub reason: String,
    /// The number of a ticket, if one was given.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Who made it or asked for it, as the audit log names them.
    pub by: String,
    /// Who agreed to it, as the audit log names them; absent where nobody had to.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// When it was made.
    pub made: Timestamp,
    /// That it was revoked before its end.
    #[serde(default)]
    pub ended: Option<Ending>,
    /// What was done under it: owed for break-glass once it is over.
    #[serde(default)]
    pub note: Option<AfterNote>,
}

/// How a temporary grant came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemporaryKind {
    /// An admin made it by command.
    Grant,
    /// Somebody asked for it and somebody else approved.
    Request,
    /// Somebody took it in an emergency, by a rule of the map.
    BreakGlass,
}

impl TemporaryKind {
    /// Its name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Request => "request",
            Self::BreakGlass => "break-glass",
        }
    }
}

impl fmt::Display for TemporaryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// That a temporary grant was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Who did it, as the audit log names them.
    pub by: String,
    /// Why, in that person's words.
    #[serde(default)]
    pub why: Option<String>,
}

/// What was done under a break-glass grant, told afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AfterNote {
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it, as the audit log names them.
    pub by: String,
    /// The note.
    pub text: String,
}

impl TemporaryGrant {
    /// From when on it gives nothing any more.
    pub fn end(&self) -> Timestamp {
        self.ended.as_ref().map_or(self.until, |ending| ending.at.min(self.until))
    }

    /// Whether it gives the team at this time.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.end()
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.end()
    }

    /// Whether it is break-glass that is over and of which nobody told what was done.
    pub fn owes_note(&self, now: Timestamp) -> bool {
        self.kind == TemporaryKind::BreakGlass && self.note.is_none() && self.is_over(now)
    }

    /// The next time after `now` at which it begins or ends.
    pub fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.end();
        let turns = [self.from, end].into_iter();
        if self.from < end { turns.filter(|turn| *turn > now).min() } else { None }
    }

    /// Where it stands, as explanations show it: it has no line in the map.
    pub fn place(&self) -> Place {
        let what = match self.kind {
            TemporaryKind::Grant => "temporary grant",
            TemporaryKind::Request => "approved request",
            TemporaryKind::BreakGlass => "break-glass",
        };
        Place { file: format!("{what} {}", self.id).into(), line: 0, column: 0 }
    }

    /// Why whoever has a right by it has it.
    pub fn because(&self) -> Because {
        Because { group: None, group_name: ArcStr::new(), grant: self.place() }
    }
}

impl Snapshot {
    /// The temporary grants of a person to a team, whether in force or not.
    pub fn temporary_of<'a>(
        &'a self,
        person: &PersonId,
        team: &'a TeamKey,
    ) -> impl DoubleEndedIterator<Item = &'a TemporaryGrant> + use<'a> {
        let of_person = self.temporary.get(person).map_or(&[][..], Vec::as_slice);
        of_person.iter().filter(move |grant| &grant.team == team)
    }

    /// Whether a temporary grant of this person to this team ended lately: so what it gave may be
    /// taken away without anybody agreeing to it anew.
    pub fn ended_lately(&self, person: &PersonId, team: &TeamKey, now: Timestamp) -> bool {
        self.temporary_of(person, team).any(|grant| {
            // One that was revoked before it began gave nothing.
            let end = grant.end();
            grant.from < end && end <= now && now.duration_since(end) < ANNOUNCED_FOR
        })
    }

    /// The next time after `now` at which a temporary grant of the person begins or ends.
    pub fn next_turn(&self, person: &PersonId, now: Timestamp) -> Option<Timestamp> {
        let of_person = self.temporary.get(person)?;
        of_person.iter().filter_map(|grant| grant.next_turn(now)).min()
    }
}
