//! Who asks, and what they may.

use super::{Desk, Refused, RefusedKind, Role, SignedIn};
use crate::plane::Plane;
use crate::ports::{Actor, CallError, FailureKind};
use access::entitlement::wanted_groups;
use access::ids::PersonId;
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Something that not everybody may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// See who has what, the plan, and the state of everything.
    See,
    /// See the audit log, sign-ins, and what people did.
    Audit,
    /// Change something.
    Act,
    /// Push people and groups by SCIM. Only a token can.
    Scim,
}

impl Right {
    /// Every one, with its name as a token's scope.
    pub const ALL: [(&'static str, Self); 4] =
        [("see", Self::See), ("audit", Self::Audit), ("act", Self::Act), ("scim", Self::Scim)];

    /// Its name as a token's scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Audit => "audit",
            Self::Act => "act",
            Self::Scim => "scim",
        }
    }

    /// The right with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, right)| *right)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody may.
pub type Rights = BTreeSet<Right>;

/// Who asks, and what they may. Made for one request and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    actor: Actor,
    name: String,
    full_name: String,
    rights: Rights,
    directory: Option<String>,
}

impl Caller {
    /// Whoever is at the command line can reach the store and AWS directly, and may do everything.
    pub fn at_the_command_line(user: &str) -> Self {
        Self {
            actor: Actor::CommandLine(user.to_owned()),
            name: user.to_owned(),
            full_name: user.to_owned(),
            rights: Right::ALL.iter().map(|(_, right)| *right).collect(),
            directory: None,
        }
    }

    /// Whoever holds the token of this name, with its scopes.
    pub fn with_token(name: &str, rights: Rights) -> Self {
        let actor = Actor::Token(name.to_owned());
        let (name, full_name) = (name.to_owned(), name.to_owned());
        Self { actor, name, full_name, rights, directory: None }
    }

    /// The same for one directory alone, where it is about directories.
    #[must_use]
    pub fn for_directory(self, directory: Option<String>) -> Self {
        Self { directory, ..self }
    }

    /// Somebody of the directory who has this role there now.
    pub fn with_role(person: &Person, role: Role) -> Self {
        Self {
            actor: Actor::Person(person.id.clone()),
            name: person.user_name.clone(),
            full_name: person.name().to_owned(),
            rights: rights_of(role),
            directory: None,
        }
    }

    /// Somebody of the directory without a role: they act for themselves only.
    pub fn without_role(person: &Person) -> Self {
        Self {
            actor: Actor::Person(person.id.clone()),
            name: person.user_name.clone(),
            full_name: person.name().to_owned(),
            rights: Rights::new(),
            directory: None,
        }
    }

    /// Who it is, as the audit log names them.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Who it is, for people: a user name or the name of a token.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same as the directory spells it out.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// The one directory to which they may push; `None`: none was named when the token was made.
    pub fn directory(&self) -> Option<&str> {
        self.directory.as_deref()
    }

    /// What they may.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Whether they may.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Refuses whoever may not.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn require(&self, right: Right) -> Result<(), Refused> {
        if self.may(right) {
            return Ok(());
        }
        let (why, remedy) = match right {
            Right::See => ("You have no role in the administration of Stagedoor.", "reader"),
            Right::Audit => ("Only auditors and admins see this.", "auditor"),
            Right::Act => ("Only admins may do this.", "admin"),
            Right::Scim => return Err(Refused::scim_scope()),
        };
        let remedy = format!(
            "An admin can give your group the role `{remedy}` in the access map \
             (`administration`), or you a token with the scope `{right}`."
        );
        Err(Refused::new(RefusedKind::Denied, ReasonCode::RightMissing, why, remedy))
    }
}

/// Each role has what those before it have.
fn rights_of(role: Role) -> Rights {
    let rights: &[Right] = match role {
        Role::Reader => &[Right::See],
        Role::Auditor => &[Right::See, Right::Audit],
        Role::Admin => &[Right::See, Right::Audit, Right::Act],
    };
    rights.iter().copied().collect()
}

impl Refused {
    /// Whoever pushes has no token for it.
    fn scim_scope() -> Self {
        Self::new(
            RefusedKind::Denied,
            ReasonCode::RightMissing,
            "Only a token with the scope `scim` may push people and groups.",
            "Make one with `stagedoor token create --scope scim`.",
        )
    }
}

impl Desk {
    /// Somebody who is signed in, with the role that the directory gives them now.
    ///
    /// # Errors
    /// `right-missing` for whoever has no role, or signed in for one team alone; the directory or
    /// the store cannot be read.
    pub async fn caller(&self, who: &SignedIn) -> Result<Caller, Refused> {
        who.require_all()?;
        let (plane, person) = (self.plane(), &who.person);
        let no_role = || {
            let why = "You have no role in the administration of Stagedoor.";
            let remedy = "An admin can give your group a role in the access map \
                          (`administration`).";
            Refused::new(RefusedKind::Denied, ReasonCode::RightMissing, why, remedy)
        };
        // Nobody asks the directory about people of a map that has no such screens.
        if plane.map.administration.is_empty() {
            return Err(no_role());
        }
        let _turn = plane.askers.turn(person).await?;
        let snapshot = plane.read_person(person).await?;
        let role = plane.map.role_in(&snapshot, person).ok_or_else(no_role)?;
        let known = snapshot.people.get(person).ok_or_else(no_role)?;
        Ok(Caller::with_role(known, role))
    }
}

impl Plane {
    /// [`Self::read_people`] of one, who is in it or is not known.
    ///
    /// # Errors
    /// It cannot be read, or does not say of this person whether they are known.
    pub(crate) async fn read_person(&self, person: &PersonId) -> Result<Snapshot, CallError> {
        let snapshot = self.read_people(&BTreeSet::from([person.clone()])).await?;
        must_speak_for(&snapshot, person)?;
        Ok(snapshot)
    }

    /// The directory as it is now, as far as it speaks of these people, and what the store says of
    /// them.
    pub(crate) async fn read_people(
        &self,
        people: &BTreeSet<PersonId>,
    ) -> Result<Snapshot, CallError> {
        let read = self.directory.people(people, &wanted_groups(&self.map)).await?;
        self.with_store(read).await
    }
}

/// Refuses a reading that leaves somebody open, as where one of their groups is not shown: that they are not in it
/// does not mean that they are gone.
///
/// # Errors
/// It does.
pub(super) fn must_speak_for(snapshot: &Snapshot, person: &PersonId) -> Result<(), CallError> {
    if snapshot.speaks_for(person) {
        return Ok(());
    }
    Err(CallError {
        service: "directory",
        operation: "read",
        kind: FailureKind::Partial,
        aws_code: None,
        message: format!("it did not show all of person {person}"),
    })
}
