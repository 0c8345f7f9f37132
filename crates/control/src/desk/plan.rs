//! *Plan*: who gains, who loses and whose profile changes, with what is at stake, and what the guard
//! says to it.

use super::actions::Approved;
use super::offboarding::name_of;
use super::{Caller, Desk, Listed, Page, Reading, Refused, Right};
use access::ids::{DomainKey, PersonId, TeamKey};
use access::observed::{ObservedProfile, TAG_LEAVING, TAG_LOST};
use access::plan::{Action, Kept, Stake, Step};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The plan as it is to be reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanReview {
    /// When the facts it was made from were read.
    pub at: Timestamp,
    /// What the time was when this was told.
    pub told_at: Timestamp,
    /// Digest of the map it was made from.
    pub map_digest: String,
    /// How many profiles would be made, changed and taken away.
    pub totals: Totals,
    /// Whoever gets a profile.
    pub gains: Listed<PersonChanges>,
    /// Whoever has one taken away.
    pub loses: Listed<PersonChanges>,
    /// Whose profile changes.
    pub changes: Listed<PersonChanges>,
    /// Groups that are assigned to applications of SSO-mode domains first.
    pub assignments: Vec<PlannedAssignment>,
    /// What could not be planned: an admin has to look.
    pub attention: Vec<Attention>,
    /// What the guard says.
    pub guard: Dial,
    /// Digest of the removals, to agree to them by; absent: there are none.
    pub removals: Option<String>,
    /// That somebody agreed to them, and the loop has not honoured it yet.
    pub approved: Option<Approved>,
}

/// How many profiles a plan is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Totals {
    /// To be made.
    pub gain: u64,
    /// To be taken away, or on the way.
    pub lose: u64,
    /// To be changed.
    pub change: u64,
    /// To be changed later: once no app of theirs runs, or the canary team agrees with the map.
    pub waiting: u64,
}

/// Which part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Somebody gets a profile.
    Gains,
    /// Somebody has one taken away, or a team with one that goes on for another.
    Loses,
    /// Somebody's profile changes.
    Changes,
}

impl ChangeKind {
    /// Each with its name in addresses.
    pub const ALL: [(&'static str, Self); 3] =
        [("gains", Self::Gains), ("loses", Self::Loses), ("changes", Self::Changes)];

    /// Which part an action belongs to. A profile that failed is made anew: that takes nothing away.
    pub fn of(action: &Action) -> Self {
        match &action.step {
            Step::Create { .. } => Self::Gains,
            Step::Hold { .. } | Step::Remove { .. }
                if action.reason != ReasonCode::ProfileFailed =>
            {
                Self::Loses
            }
            step if step.loses().is_some() => Self::Loses,
            _ => Self::Changes,
        }
    }

    /// The part with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind)
    }

    /// Its name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Loses => "loses",
            Self::Changes => "changes",
        }
    }
}

/// What becomes of one person's profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonChanges {
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The name to show: the directory's, or else the id.
    pub name: String,
    /// What happens, a profile each.
    pub profiles: Vec<ProfileChange>,
}

/// What becomes of one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProfileChange {
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// The domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// The profile.
    pub profile: String,
    /// The team that the person loses, where the profile goes on for `team`.
    #[schema(value_type = Option<String>)]
    pub loses: Option<TeamKey>,
    /// What happens to it.
    #[serde(flatten)]
    pub deed: Deed,
    /// Why: a reason code.
    #[schema(value_type = String)]
    pub reason: ReasonCode,
    /// What the code means.
    pub meaning: &'static str,
    /// The group that gives the right, where there is one.
    pub group: Option<String>,
    /// The grant that gives it, `file:line`.
    pub grant: Option<String>,
}

/// What happens to a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
// The schema knows nothing of `rename_all_fields`: variants tell it themselves.
#[serde(tag = "deed", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Deed {
    /// It is made.
    Make {
        /// The name of its role.
        role: String,
    },
    /// It is taken over, by tags.
    TakeOver,
    /// Apps with the former role or settings stop, then it is corrected.
    StopApps {
        /// The apps.
        apps: Vec<String>,
    },
    /// It is corrected.
    #[schema(rename_all = "camelCase")]
    Correct {
        /// The name of the role it has.
        old_role: Option<String>,
        /// The name of the role it gets, if it differs.
        new_role: Option<String>,
        /// Whether it gets other user settings.
        settings: bool,
        /// Keys of the tags it gets.
        tags: Vec<String>,
        /// Whether it is taken off its hold.
        returns: bool,
        /// Apps that keep the former role or settings until they start anew.
        restart: Vec<String>,
    },
    /// It failed, and is removed and made anew.
    MakeAnew,
    /// Its apps stop, and it is kept for a while.
    #[schema(rename_all = "camelCase")]
    Hold {
        /// When it is deleted, if it is on hold already.
        until: Option<Timestamp>,
        /// How long it is kept in all, in hours.
        hold_hours: u64,
        /// What stands on it.
        stake: AtStake,
        /// Whether this plan is the first to take it away.
        new: bool,
    },
    /// It is deleted, with its apps and spaces.
    #[schema(rename_all = "camelCase")]
    Remove {
        /// What goes with it.
        stake: AtStake,
        /// Whether this plan is the first to take it away.
        new: bool,
        /// Shared spaces that somebody else gets anew.
        handed_over: Vec<String>,
    },
}

/// What a person loses with a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AtStake {
    /// Apps that run.
    pub apps: Vec<String>,
    /// Spaces of the person's own, each with its volume.
    pub spaces: Vec<String>,
    /// Spaces that others work in.
    pub shared_spaces: Vec<String>,
    /// The size of the volumes of the person's own spaces together, in GiB, as far as AWS tells.
    pub volume_gib: u64,
    /// POSIX uid of the home directory, which is kept.
    pub home_efs_uid: Option<String>,
}

/// A group that is assigned to the application of an SSO-mode domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlannedAssignment {
    /// The domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// The group's name.
    pub group: String,
}

/// Something that could not be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attention {
    /// The domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// The profile, if it is about one.
    pub profile: Option<String>,
    /// Whom it is about, if known.
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// That person's name.
    pub name: Option<String>,
    /// The team, if known.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamKey>,
    /// Why: a reason code.
    #[schema(value_type = String)]
    pub reason: ReasonCode,
    /// What the code means.
    pub meaning: &'static str,
    /// More, for people.
    pub detail: Option<String>,
}

/// How much of what the guard allows a plan takes away: profiles, or what is mirrored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Dial {
    /// What the plan is the first to take away.
    pub taken: u64,
    /// The most it may take away.
    pub limit: u64,
    /// What was begun to be taken away in the last 24 hours.
    pub before: u64,
    /// What there is of this installation.
    pub owned: u64,
    /// What the guard objects to; absent: nothing.
    pub objection: Option<String>,
    /// What else speaks against the plan: nobody can agree to that.
    pub faults: Vec<String>,
}

impl Desk {
    /// The plan, to be reviewed. `page` holds for each of the three lists; its cursor for the one of
    /// `kind` alone, and the others are at their beginning.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the cursor is none of ours.
    pub async fn plan_review(
        &self,
        caller: &Caller,
        kind: Option<ChangeKind>,
        page: &Page,
    ) -> Result<PlanReview, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let plan = &reading.plan;
        let of = |wanted| {
            let cursor = page.cursor.clone().filter(|_| kind == Some(wanted));
            let page = Page { cursor, ..page.clone() };
            page.of(people_of(&reading, wanted), PersonChanges::key)
        };
        let assignments = plan.assignments.iter().map(|assignment| PlannedAssignment {
            domain: assignment.domain.clone(),
            group: assignment.group_name.clone(),
        });
        let plane = self.plane();
        let count = plane.guard_count(plan, &reading.survey);
        Ok(PlanReview {
            at: reading.at,
            told_at: plane.clock.now(),
            map_digest: plan.map_digest.clone(),
            totals: totals(&reading),
            gains: of(ChangeKind::Gains)?,
            loses: of(ChangeKind::Loses)?,
            changes: of(ChangeKind::Changes)?,
            assignments: assignments.collect(),
            attention: plan.blocked().map(Attention::of).collect(),
            guard: Dial {
                taken: number(count.taken),
                limit: number(count.limit),
                before: number(count.before),
                owned: number(count.owned),
                objection: reading.objections(true).next(),
                faults: reading.objections(false).collect(),
            },
            removals: plan.removals_digest(),
            approved: self.approved(caller, &reading).await?,
        })
    }

    /// That somebody agreed to what the plan takes away.
    pub(super) async fn approved(
        &self,
        caller: &Caller,
        reading: &Reading,
    ) -> Result<Option<Approved>, Refused> {
        let removals = reading.plan.removals_digest();
        let mut approvals = self.approvals(caller).await?.into_iter();
        Ok(approvals.find(|approval| Some(&approval.removals) == removals.as_ref()))
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Reading {
    /// What is said against the plan, by the guard or by the other rules.
    pub(super) fn objections(&self, guard: bool) -> impl Iterator<Item = String> {
        let of_it = move |code| (code == ReasonCode::GuardTripped) == guard;
        let all = self.violations.iter().filter(move |violation| of_it(violation.code));
        all.map(|violation| violation.message.clone())
    }
}

fn totals(reading: &Reading) -> Totals {
    let mut totals = Totals::default();
    for action in &reading.plan.actions {
        match ChangeKind::of(action) {
            ChangeKind::Gains => totals.gain += 1,
            ChangeKind::Loses => totals.lose += 1,
            ChangeKind::Changes => totals.change += 1,
        }
    }
    let waits = |reason| matches!(reason, ReasonCode::AppsRunning | ReasonCode::CanaryFirst);
    let waiting = reading.plan.kept.iter().filter(|kept| waits(kept.reason)).count();
    totals.waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
    totals
}

/// The people of one part of the plan, by name.
fn people_of(reading: &Reading, kind: ChangeKind) -> Vec<PersonChanges> {
    let mut people: BTreeMap<&PersonId, PersonChanges> = BTreeMap::new();
    for action in reading.plan.actions.iter().filter(|action| ChangeKind::of(action) == kind) {
        let entry = people.entry(&action.person).or_insert_with(|| PersonChanges {
            person: action.person.clone(),
            name: name_of(reading, &action.person),
            profiles: Vec::new(),
        });
        entry.profiles.push(change(reading, action));
    }
    let mut people: Vec<PersonChanges> = people.into_values().collect();
    people.sort_by_cached_key(PersonChanges::key);
    people
}

impl PersonChanges {
    /// By what people are sorted: the name, and the id for those of one name.
    fn key(&self) -> String {
        format!("{}\n{}", self.name.to_lowercase(), self.person)
    }
}

fn change(reading: &Reading, action: &Action) -> ProfileChange {
    ProfileChange {
        team: action.team.clone(),
        domain: action.domain.clone(),
        profile: action.profile.to_string(),
        loses: action.step.loses().map(|lost| lost.team.clone()),
        deed: deed(reading, action),
        reason: action.reason,
        meaning: action.reason.meaning(),
        group: action.because.as_ref().map(|because| because.group_name.to_string()),
        grant: action.because.as_ref().map(|because| because.grant.to_string()),
    }
}

fn deed(reading: &Reading, action: &Action) -> Deed {
    match &action.step {
        Step::Create { execution_role, .. } => {
            Deed::Make { role: execution_role.role_name().to_owned() }
        }
        Step::Adopt { .. } => Deed::TakeOver,
        Step::StopApps { apps, .. } => Deed::StopApps { apps: apps.clone() },
        Step::Update {
            old_role, new_role, user_settings, set_tags, remove_tags, restart, ..
        } => Deed::Correct {
            old_role: old_role.as_deref().filter(|_| new_role.is_some()).map(short),
            new_role: new_role.as_ref().map(|role| role.role_name().to_owned()),
            settings: user_settings.is_some(),
            tags: set_tags.keys().chain(remove_tags.get(TAG_LOST)).cloned().collect(),
            returns: remove_tags.contains(TAG_LEAVING),
            restart: restart.clone(),
        },
        Step::Hold { .. } | Step::Remove { .. } if action.reason == ReasonCode::ProfileFailed => {
            Deed::MakeAnew
        }
        Step::Hold { since, hold_seconds, stake, new } => Deed::Hold {
            until: since.and_then(|since| {
                let hold = i64::try_from(*hold_seconds).ok()?;
                since.checked_add(jiff::SignedDuration::from_secs(hold)).ok()
            }),
            hold_hours: hold_seconds / 3_600,
            stake: at_stake(reading, action, stake),
            new: *new,
        },
        Step::Remove { stake, new, hand_over } => Deed::Remove {
            stake: at_stake(reading, action, stake),
            new: *new,
            handed_over: hand_over
                .iter()
                .map(|handover| format!("{} → {}", handover.space, handover.owner))
                .collect(),
        },
    }
}

/// The name at the end of a role's ARN.
fn short(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

fn at_stake(reading: &Reading, action: &Action, stake: &Stake) -> AtStake {
    let domain = reading.survey.observed.domains.get(&action.domain);
    let profile = domain.and_then(|domain| domain.profiles.get(&action.profile.folded()));
    let volumes = profile.into_iter().flat_map(ObservedProfile::private_spaces);
    AtStake {
        apps: stake.apps.clone(),
        spaces: stake.spaces.clone(),
        shared_spaces: stake.shared_spaces.clone(),
        volume_gib: volumes.filter_map(|space| space.volume_gib).map(u64::from).sum(),
        home_efs_uid: stake.home_efs_uid.clone(),
    }
}

impl Attention {
    fn of(kept: &Kept) -> Self {
        Self {
            domain: kept.domain.clone(),
            profile: kept.profile.as_ref().map(ToString::to_string),
            person: kept.person.clone(),
            name: kept.person_name.clone(),
            team: kept.team.clone(),
            reason: kept.reason,
            meaning: kept.reason.meaning(),
            detail: kept.detail.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{id, reading};
    use super::*;

    fn named(kind: ChangeKind) -> Vec<(String, Vec<String>)> {
        let people = people_of(&reading(), kind);
        let teams = |person: &PersonChanges| {
            person.profiles.iter().map(|profile| profile.profile.clone()).collect()
        };
        people.iter().map(|person| (person.name.clone(), teams(person))).collect()
    }

    #[test]
    fn everybody_is_told_by_name_in_the_part_that_concerns_them() {
        let one = |name: &str, profile: &str| (name.to_owned(), vec![profile.to_owned()]);
        assert_eq!(named(ChangeKind::Gains), [one("eve", "eve--risk")]);
        assert_eq!(named(ChangeKind::Changes), [one("Ben Bitdiddle", "ben--fraud")]);
        assert_eq!(
            named(ChangeKind::Loses),
            [
                one("Cem Yilmaz", "cem--fraud"),
                // The directory does not know Dan any more.
                one("p-dan", "dan--fraud"),
            ]
        );
        assert_eq!(totals(&reading()), Totals { gain: 1, lose: 2, change: 1, waiting: 0 });
    }

    #[test]
    fn a_loss_says_what_is_at_stake_and_until_when_it_is_kept() {
        let people = people_of(&reading(), ChangeKind::Loses);
        let deed = |name: &str| {
            let of = people.iter().find(|person| person.person == id(name)).unwrap();
            of.profiles[0].deed.clone()
        };
        assert_eq!(
            deed("cem"),
            Deed::Hold {
                until: "2026-11-27T09:00:00Z".parse().ok(),
                hold_hours: 168,
                stake: AtStake {
                    apps: vec!["cem-lab/JupyterLab/default".to_owned()],
                    spaces: vec!["cem-lab".to_owned()],
                    shared_spaces: Vec::new(),
                    volume_gib: 20,
                    home_efs_uid: Some("200001".to_owned()),
                },
                new: false,
            }
        );
        let Deed::Hold { until, new, .. } = deed("dan") else { panic!("{:?}", deed("dan")) };
        assert_eq!((until, new), (None, true));
        let changed = people_of(&reading(), ChangeKind::Changes);
        assert_eq!(
            changed[0].profiles[0].deed,
            Deed::Correct {
                old_role: Some("somebody-elses".to_owned()),
                new_role: Some("studio-fraud".to_owned()),
                settings: false,
                tags: Vec::new(),
                returns: false,
                restart: Vec::new(),
            }
        );
        let gained = people_of(&reading(), ChangeKind::Gains);
        assert_eq!(gained[0].profiles[0].grant.as_deref(), Some("access.yaml:24"));
    }
}
