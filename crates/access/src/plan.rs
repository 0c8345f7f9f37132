//! A plan: what must change so that AWS agrees with the map, and what is left alone, each with its
//! reason. Immutable data; whoever carries it out makes no choices.

use crate::entitlement::{Because, GrantNote};
use crate::ids::{DomainKey, GroupId, PersonId, ProfileName, RoleArn, SpaceName, TeamKey};
use crate::planner::shown_name;
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What must change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Digest of the map the plan was made from.
    pub map_digest: String,
    /// The time the plan was made for.
    pub now: jiff::Timestamp,
    /// Groups to assign to the applications of SSO-mode domains, before anything else.
    #[serde(default)]
    pub assignments: Vec<Assignment>,
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// What was left alone: first what agrees, by domain and person, then the rest, by
    /// [`Kept::place`].
    pub kept: Vec<Kept>,
    /// What to know about the grants.
    pub grants: Vec<GrantNote>,
    /// How many profiles this installation has; the guard's percentage is of these.
    pub owned: usize,
}

/// A group to assign to an Identity Center application. A profile of an SSO-mode domain is of no use
/// to a person who is not assigned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// The domain's key in the map.
    pub domain: DomainKey,
    /// The ARN of the domain's application.
    pub application: String,
    /// The group.
    pub group: GroupId,
    /// The group's name when it was read.
    pub group_name: String,
}

/// One thing to do to one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// The domain's key in the map.
    pub domain: DomainKey,
    /// The profile.
    pub profile: ProfileName,
    /// Whose it is.
    pub person: PersonId,
    /// The person's display name and user name; absent where the directory does not know the person.
    pub person_name: Option<String>,
    /// For which team.
    pub team: TeamKey,
    /// What.
    pub step: Step,
    /// Why.
    pub reason: ReasonCode,
    /// The group and grant that give the right, where there is one.
    pub because: Option<Because>,
}

/// What to do to a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Step {
    /// Make it.
    Create {
        /// Its execution role.
        execution_role: RoleArn,
        /// Its other settings (API `UserSettings`).
        user_settings: Map<String, Value>,
        /// Its tags.
        tags: BTreeMap<String, String>,
        /// The user name it signs in; in SSO-mode domains only.
        #[serde(default)]
        sso_user: Option<String>,
    },
    /// Take over a profile that Stagedoor did not make, by these tags. What else differs is
    /// corrected by a later plan.
    Adopt {
        /// Stagedoor's own tags and those of the team.
        tags: BTreeMap<String, String>,
    },
    /// Stop what runs with the former role or settings, so that a later plan can correct it.
    StopApps {
        /// The apps, written like those of a [`Stake`].
        apps: Vec<String>,
        /// What the person loses, if this plan is the first to take it.
        #[serde(default)]
        loses: Option<LostTeam>,
    },
    /// Correct it.
    Update {
        /// The role it has now, if it differs.
        old_role: Option<String>,
        /// The role it gets, if it differs.
        new_role: Option<RoleArn>,
        /// Settings it gets, if they differ.
        user_settings: Option<Map<String, Value>>,
        /// Tags it gets.
        set_tags: BTreeMap<String, String>,
        /// Tags it loses.
        remove_tags: BTreeSet<String>,
        /// Apps that keep the former role or settings until they start anew.
        #[serde(default)]
        restart: Vec<String>,
        /// What the person loses, if this plan is the first to take it.
        #[serde(default)]
        loses: Option<LostTeam>,
    },
    /// Begin or keep up its hold: mark it as leaving, stop its apps, delete nothing else.
    Hold {
        /// Since when it is on hold; absent: from the moment this is carried out.
        since: Option<jiff::Timestamp>,
        /// How long it is kept from then on, in seconds.
        hold_seconds: u64,
        /// What stands on it.
        stake: Stake,
        /// Whether this plan is the first to take it away.
        new: bool,
    },
    /// Take it away: apps of its spaces, its own apps, its spaces, itself, in this order.
    Remove {
        /// What goes with it.
        stake: Stake,
        /// Whether this plan is the first to take it away.
        new: bool,
        /// Shared spaces that are made anew for somebody else before they go.
        #[serde(default)]
        hand_over: Vec<SpaceHandover>,
    },
}

/// A team that a person loses with a profile that goes on for another team of theirs: in a domain in SSO mode a person
/// has one for all teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LostTeam {
    /// Which.
    pub team: TeamKey,
    /// Whether the end of a temporary grant takes it.
    pub announced: bool,
}

/// A shared space of a leaver that somebody else gets anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpaceHandover {
    /// The leaver's space.
    pub space: SpaceName,
    /// The name of the new one; the same each time it is worked out.
    pub new_name: SpaceName,
    /// The profile that owns the new one.
    pub owner: ProfileName,
    /// Whether the new one is there already.
    pub done: bool,
}

/// What a person loses with a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stake {
    /// Apps that run or are starting, `type/name`, those of spaces as `space/type/name`.
    pub apps: Vec<String>,
    /// Spaces of the person's own; the volume of each goes with it.
    pub spaces: Vec<String>,
    /// Spaces that others work in. They stay, and the profile with them.
    #[serde(default)]
    pub shared_spaces: Vec<String>,
    /// POSIX uid of the home directory, which stays on the file system.
    pub home_efs_uid: Option<String>,
}

/// Something that was left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The domain's key in the map.
    pub domain: DomainKey,
    /// The profile, if there is one.
    pub profile: Option<ProfileName>,
    /// The person concerned, if known.
    pub person: Option<PersonId>,
    /// The person's name to show, if known; absent where the profile agrees with the map:
    /// [`Kept::named`] has it.
    pub person_name: Option<String>,
    /// The team concerned, if known.
    pub team: Option<TeamKey>,
    /// Why.
    pub reason: ReasonCode,
    /// More, for people.
    pub detail: Option<String>,
}

impl Plan {
    /// Whether AWS already agrees.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.assignments.is_empty()
    }

    /// How many profiles this plan is the first to take away, or to take a team from, apart from those whose end
    /// was announced. The guard counts these.
    pub fn new_removals(&self) -> usize {
        self.actions.iter().filter(|a| a.is_counted()).count()
    }

    /// What tells the removals that this plan is the first to begin from all others: SHA-256 over
    /// whose profile goes, from where, how, and how long it is held, in lower-case hexadecimal;
    /// `None`: there are none. What runs on a profile does not matter, for it changes by the minute.
    pub fn removals_digest(&self) -> Option<String> {
        let removals = self.actions.iter().filter(|action| action.is_new_removal());
        let lines: BTreeSet<String> = removals
            .map(|action| {
                let Action { domain, profile, person, team, step, .. } = action;
                let how = match step {
                    Step::Hold { hold_seconds, .. } => format!("hold {hold_seconds}"),
                    Step::StopApps { .. } | Step::Update { .. } => format!("on to {team}"),
                    _ => "remove".to_owned(),
                };
                let team = action.team_taken();
                serde_json::json!([domain, profile.folded().as_str(), person, team, how])
                    .to_string()
            })
            .collect();
        let all: Vec<String> = lines.into_iter().collect();
        (!all.is_empty()).then(|| hex::encode(Sha256::digest(all.join("\n"))))
    }

    /// What tells what this plan does from what all others do: SHA-256 over the map's digest, the
    /// assignments and the actions in order, in lower-case hexadecimal. The time it was made at does
    /// not matter.
    pub fn digest(&self) -> String {
        let does = serde_json::json!([self.map_digest, self.assignments, self.actions]);
        hex::encode(Sha256::digest(does.to_string()))
    }

    /// How many steps there are of each kind, by the kind's name in JSON, and assignments as `assign`.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for action in &self.actions {
            *counts.entry(action.step.as_str()).or_default() += 1;
        }
        if !self.assignments.is_empty() {
            counts.insert("assign", self.assignments.len());
        }
        counts
    }

    /// Of this plan, what follows from one that somebody agreed to: actions about the same people and
    /// teams, and of those that take away the ones that took away there too.
    #[must_use]
    pub fn within(mut self, agreed: &Self) -> Self {
        self.actions.retain(|action| {
            agreed.actions.iter().any(|known| {
                (&known.person, &known.team) == (&action.person, &action.team)
                    && (!action.is_removal()
                        || known.is_removal() && known.team_taken() == action.team_taken())
            })
        });
        self.assignments.retain(|assignment| agreed.assignments.contains(assignment));
        self
    }

    /// Whether both plans do the same. The time they were made at does not matter.
    pub fn same_actions(&self, other: &Plan) -> bool {
        self.map_digest == other.map_digest
            && self.actions == other.actions
            && self.assignments == other.assignments
    }

    /// Whether something wanted could not be planned: an admin has to look.
    pub fn blocked(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(|k| k.reason.needs_admin())
    }
}

impl Kept {
    /// The same with the person's name, for people to read.
    #[must_use]
    pub fn named(mut self, snapshot: &Snapshot) -> Self {
        let known = self.person.as_ref().and_then(|person| snapshot.people.get(person));
        self.person_name = self.person_name.or_else(|| known.map(shown_name));
        self
    }

    /// Where it is, to put several in an order for people: by domain, team and profile.
    pub fn place(&self) -> impl Ord {
        (&self.domain, &self.team, &self.profile, &self.person, &self.detail)
    }
}

impl Step {
    /// Its name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Adopt { .. } => "adopt",
            Self::StopApps { .. } => "stop-apps",
            Self::Update { .. } => "update",
            Self::Hold { .. } => "hold",
            Self::Remove { .. } => "remove",
        }
    }

    /// The team that the person loses with a profile that stays, if this plan is the first to take it.
    pub const fn loses(&self) -> Option<&LostTeam> {
        match self {
            Self::StopApps { loses, .. } | Self::Update { loses, .. } => loses.as_ref(),
            Self::Create { .. } | Self::Adopt { .. } | Self::Hold { .. } | Self::Remove { .. } => {
                None
            }
        }
    }
}

impl Action {
    /// Whether this plan is the first to take something away.
    ///
    /// Replacing a failed profile takes nothing away, unless spaces stand on it.
    pub fn is_new_removal(&self) -> bool {
        matches!(self.step, Step::Hold { new: true, .. } | Step::Remove { new: true, .. })
            || self.step.loses().is_some()
    }

    /// The team that something is taken of: the action's own, or the one that the person loses while the profile
    /// goes on for the action's.
    pub fn team_taken(&self) -> &TeamKey {
        self.step.loses().map_or(&self.team, |lost| &lost.team)
    }

    /// Whether it takes a profile away, begun already or not, or is the first to take a team.
    pub fn is_removal(&self) -> bool {
        matches!(self.step, Step::Hold { .. } | Step::Remove { .. }) || self.step.loses().is_some()
    }

    /// Whether it takes from somebody what they have no right to.
    pub fn takes_away(&self) -> bool {
        match self.step {
            Step::Hold { .. } | Step::Remove { .. } => true,
            // What runs with the former team's role. Other apps stop for the sake of a correction.
            Step::StopApps { .. } => self.reason == ReasonCode::TeamChanged,
            Step::Create { .. } | Step::Adopt { .. } | Step::Update { .. } => false,
        }
    }

    /// Whether the end of a temporary grant takes it away: whoever made the grant agreed to that.
    pub fn is_announced(&self) -> bool {
        match self.step.loses() {
            Some(lost) => lost.announced,
            None => self.reason == ReasonCode::TemporaryEnded,
        }
    }

    /// Whether the guard counts it.
    pub fn is_counted(&self) -> bool {
        self.is_new_removal() && !self.is_announced()
    }
}

impl ReasonCode {
    /// Whether something is wrong that Stagedoor cannot mend by itself.
    pub fn needs_admin(self) -> bool {
        matches!(
            self,
            Self::DomainUnreadable
                | Self::DomainNotInService
                | Self::NameTaken
                | Self::RoleMissing
                | Self::RoleUntrusted
                | Self::RoleUnreadable
                | Self::QuotaReached
                | Self::Duplicate
                | Self::SharedSpace
                | Self::ProfileFailed
                | Self::SsoUserChanged
                | Self::SsoUserTaken
        )
    }
}
