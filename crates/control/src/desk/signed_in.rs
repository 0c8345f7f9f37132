//! Who is signed in, and how far that reaches.

use super::{Refused, RefusedKind};
use crate::ports::Session;
use access::ids::{PersonId, TeamKey};
use access::reason::ReasonCode;

/// Somebody who is signed in. Whoever came by the application of one team acts there for that team
/// alone, and has no role, whatever their groups give them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// The one team that the session is for; `None`: whatever the person has.
    pub only: Option<TeamKey>,
}

impl From<Session> for SignedIn {
    fn from(session: Session) -> Self {
        Self { person: session.person, only: session.team }
    }
}

impl SignedIn {
    /// Whether the session is for this team.
    pub fn reaches(&self, team: &TeamKey) -> bool {
        self.only.as_ref().is_none_or(|only| only == team)
    }

    /// Refuses what is about another team than the session is for.
    ///
    /// # Errors
    /// `team-mismatch`.
    pub(super) fn require_team(&self, team: &TeamKey) -> Result<(), Refused> {
        if self.reaches(team) {
            return Ok(());
        }
        Err(Refused::new(
            RefusedKind::Denied,
            ReasonCode::TeamMismatch,
            "This way to sign in belongs to another team.",
            "Use the tile of the team that you want.",
        ))
    }

    /// Refuses what is about others than the person, if the session is for one team.
    ///
    /// # Errors
    /// `right-missing`.
    pub(super) fn require_all(&self) -> Result<(), Refused> {
        if self.only.is_none() {
            return Ok(());
        }
        Err(Refused::new(
            RefusedKind::Denied,
            ReasonCode::RightMissing,
            "You signed in by the application of one team, which gives no role.",
            "Sign in by a way that is not one team's.",
        ))
    }
}
