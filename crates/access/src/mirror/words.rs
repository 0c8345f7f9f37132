//! What is compared, and what comes of it.

use super::Mark;
use crate::ids::{GroupId, MirrorGroupId, MirrorUserId, PersonId};
use crate::map::Guard;
use crate::reason::ReasonCode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The most members that one call adds or removes: what Identity Center's SCIM endpoint allows.
pub const MAX_MEMBERS: usize = 100;

/// What a user has in both directories.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorPerson {
    /// The name to sign in with; unique, cases not told apart.
    pub user_name: String,
    /// The name to show.
    pub display_name: String,
    /// First name. Identity Center wants one.
    pub given_name: String,
    /// Last name. Identity Center wants one.
    pub family_name: String,
    /// The one e-mail address. Where the source has none, the target keeps its own.
    pub email: Option<String>,
    /// Whether the person may sign in.
    pub enabled: bool,
}

/// What there is to mirror, of a complete reading of the source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MirrorSource {
    /// Everybody. Who is in none of the groups is not mirrored.
    pub people: BTreeMap<PersonId, MirrorPerson>,
    /// The groups to mirror.
    pub groups: BTreeMap<GroupId, SourceGroup>,
}

/// A group to mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceGroup {
    /// Its name.
    pub display_name: String,
    /// Who is in it.
    pub members: BTreeSet<PersonId>,
}

/// A complete reading of the directory to mirror into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetReading {
    /// Every user.
    pub users: BTreeMap<MirrorUserId, TargetUser>,
    /// Every group.
    pub groups: BTreeMap<MirrorGroupId, TargetGroup>,
}

/// A user of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUser {
    /// What it has.
    pub person: MirrorPerson,
    /// What stands where a [`Mark`] would.
    pub mark: Option<String>,
}

/// A group of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its name.
    pub display_name: String,
    /// What stands where a [`Mark`] would.
    pub mark: Option<String>,
    /// Its members; `None` where they were not read, which is where the mark is not ours.
    pub members: Option<BTreeSet<MirrorUserId>>,
}

/// What becomes of a mirrored user who is in none of the mirrored groups any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leavers {
    /// It is disabled, and enabled again should the person come back.
    #[default]
    Disable,
    /// It is deleted, with whatever else was assigned to it.
    Delete,
}

/// What is done with a person whose user name somebody else's user has in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strangers {
    /// It is reported, and the person is not mirrored.
    #[default]
    Report,
    /// That user becomes a member of mirrored groups in the person's place, as long as the person may
    /// sign in, and is itself left as it is. Whoever can make users in the target decides then who gets
    /// in.
    Join,
}

/// By what rules is mirrored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorPolicy {
    /// What mirrored things carry.
    pub mark: Mark,
    /// What becomes of users without groups.
    pub leavers: Leavers,
    /// What is done where a name is taken.
    pub strangers: Strangers,
    /// How much one plan may take away: memberships, and users disabled or deleted.
    pub guard: Guard,
}

/// A user, as actions name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UserRef {
    /// It is in the target.
    There(MirrorUserId),
    /// It is made for this person earlier in the plan.
    New(PersonId),
}

/// A group, as actions name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupRef {
    /// It is in the target.
    There(MirrorGroupId),
    /// It is made for this group earlier in the plan.
    New(GroupId),
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum MirrorStep {
    /// Make a user.
    CreateUser {
        /// Whom it mirrors.
        source: PersonId,
        /// What it gets.
        person: MirrorPerson,
    },
    /// Let a user sign in again.
    EnableUser {
        /// Which.
        user: MirrorUserId,
        /// Whom it mirrors.
        source: PersonId,
        /// What it has.
        person: MirrorPerson,
    },
    /// Give a user other names or another address.
    UpdateUser {
        /// Which.
        user: MirrorUserId,
        /// Whom it mirrors.
        source: PersonId,
        /// What it has.
        from: MirrorPerson,
        /// What it gets; `enabled` is that of `from`.
        to: MirrorPerson,
    },
    /// Make a group.
    CreateGroup {
        /// What it mirrors.
        source: GroupId,
        /// Its name.
        display_name: String,
    },
    /// Give a group another name.
    RenameGroup {
        /// Which.
        group: MirrorGroupId,
        /// What it mirrors.
        source: GroupId,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// Put users into a group.
    AddMembers {
        /// Which.
        group: GroupRef,
        /// What it mirrors.
        source: GroupId,
        /// Who, at most [`MAX_MEMBERS`].
        members: Vec<UserRef>,
    },
    /// Take users out of a group.
    RemoveMembers {
        /// Which.
        group: MirrorGroupId,
        /// What it mirrors.
        source: GroupId,
        /// Who, at most [`MAX_MEMBERS`].
        members: Vec<MirrorUserId>,
    },
    /// Let a user sign in no more.
    DisableUser {
        /// Which.
        user: MirrorUserId,
        /// Whom it mirrored.
        source: PersonId,
        /// What it has.
        person: MirrorPerson,
    },
    /// Delete a group.
    DeleteGroup {
        /// Which.
        group: MirrorGroupId,
        /// What it mirrored, as its mark says.
        source: GroupId,
        /// Its name.
        display_name: String,
        /// How many members it has.
        members: usize,
    },
    /// Delete a user.
    DeleteUser {
        /// Which.
        user: MirrorUserId,
        /// Whom it mirrored.
        source: PersonId,
    },
}

impl MirrorStep {
    /// Where in a plan steps of the kind stand: what gives comes before what takes.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::CreateUser { .. } => 0,
            Self::EnableUser { .. } => 1,
            Self::UpdateUser { .. } => 2,
            Self::CreateGroup { .. } => 3,
            Self::RenameGroup { .. } => 4,
            Self::AddMembers { .. } => 5,
            Self::RemoveMembers { .. } => 6,
            Self::DisableUser { .. } => 7,
            Self::DeleteGroup { .. } => 8,
            Self::DeleteUser { .. } => 9,
        }
    }

    /// How much it takes away, as the guard counts: memberships, and users.
    pub fn taken(&self) -> usize {
        match self {
            Self::RemoveMembers { members, .. } => members.len(),
            Self::DisableUser { .. } | Self::DeleteUser { .. } => 1,
            Self::DeleteGroup { members, .. } => (*members).max(1),
            _ => 0,
        }
    }
}

/// One thing to do, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorAction {
    /// What.
    #[serde(flatten)]
    pub step: MirrorStep,
    /// Why.
    pub reason: ReasonCode,
}

/// What something left alone is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A person of the source.
    Person(PersonId),
    /// A group of the source.
    Group(GroupId),
}

/// Something left alone, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorKept {
    /// What.
    pub subject: Subject,
    /// Its name in the source.
    pub name: String,
    /// Why.
    pub reason: ReasonCode,
    /// What is in the way, where a word on it helps.
    pub detail: String,
}

/// What must change in the target, in order, and what is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct MirrorPlan {
    /// What to do, in order.
    pub actions: Vec<MirrorAction>,
    /// What is not mirrored, and why.
    pub kept: Vec<MirrorKept>,
}

impl MirrorPlan {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// How much the plan takes away, as the guard counts.
    pub fn taken(&self) -> usize {
        self.actions.iter().map(|action| action.step.taken()).sum()
    }

    /// What tells what this plan takes away from what others do: SHA-256 over each membership, user and
    /// group, in lower-case hexadecimal; `None`: nothing. How many steps it takes does not matter.
    pub fn removals_digest(&self) -> Option<String> {
        let mut lines = BTreeSet::new();
        for action in &self.actions {
            match &action.step {
                MirrorStep::RemoveMembers { group, members, .. } => {
                    lines.extend(
                        members.iter().map(|user| line(&["member", group.as_str(), user.as_str()])),
                    );
                }
                MirrorStep::DisableUser { user, .. } => {
                    lines.insert(line(&["disable", user.as_str()]));
                }
                MirrorStep::DeleteUser { user, .. } => {
                    lines.insert(line(&["delete", user.as_str()]));
                }
                MirrorStep::DeleteGroup { group, members, .. } => {
                    lines.insert(line(&["group", group.as_str(), &members.to_string()]));
                }
                _ => {}
            }
        }
        let all: Vec<String> = lines.into_iter().collect();
        let text = || format!("mirror\n{}", all.join("\n"));
        (!all.is_empty()).then(|| hex::encode(Sha256::digest(text())))
    }
}

/// Words as one line that no other words make.
fn line(words: &[&str]) -> String {
    serde_json::json!(words).to_string()
}
