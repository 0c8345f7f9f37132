//! Temporary access: who may ask for which team, who decides, and who may break glass.

use super::check::Item;
use super::decode::{Known, optional};
use super::diagnostic::Reporter;
use super::format::duration_seconds;
use super::named_group::named_group;
use super::{AccessMap, Directories, NamedGroup, Place};
use crate::ids::PersonId;
use crate::ids::TeamKey;
use crate::snapshot::Snapshot;
use jiff::SignedDuration;

/// What the map says about access for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryAccess {
    /// How long a temporary grant may last at most, in seconds: 60 to 7,776,000 (90 days).
    pub longest_seconds: u64,
    /// The priority of temporary grants where a person can have only one profile. Of equal
    /// priorities the grants of the map come first.
    pub priority: i32,
    /// Who may ask for what, in the order of the map. Nobody else may.
    pub requests: Vec<RequestRule>,
    /// Who may break glass, in the order of the map. Nobody else may.
    pub break_glass: Vec<BreakGlassRule>,
}

impl Default for TemporaryAccess {
    fn default() -> Self {
        Self {
            longest_seconds: 12 * 3600,
            priority: 0,
            requests: Vec::new(),
            break_glass: Vec::new(),
        }
    }
}

/// Who may ask for a team, and who decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRule {
    /// Whose members may ask.
    pub group: NamedGroup,
    /// For which teams; empty: for every team.
    pub teams: Vec<TeamKey>,
    /// Whose members decide, besides the administrators; absent: only they do.
    pub approvers: Option<NamedGroup>,
    /// How long it may last at most, in seconds.
    pub longest_seconds: u64,
    /// Where the map says so.
    pub place: Place,
}

/// Who may break glass for a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassRule {
    /// Whose members may.
    pub group: NamedGroup,
    /// For which teams; empty: for every team.
    pub teams: Vec<TeamKey>,
    /// What it takes besides.
    pub needs: BreakGlassNeeds,
    /// How long it lasts, in seconds.
    pub longest_seconds: u64,
    /// Where the map says so.
    pub place: Place,
}

/// What it takes to break glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakGlassNeeds {
    /// A reason.
    Reason,
    /// A reason, and that another member of the same group or an administrator agrees.
    TwoPeople,
}

impl BreakGlassNeeds {
    /// Every one with its name in the map.
    pub const ALL: [(&'static str, Self); 2] =
        [("reason", Self::Reason), ("two-people", Self::TwoPeople)];

    /// Its name in the map.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::TwoPeople => "two-people",
        }
    }
}

/// Who may what for a time, by one reading of the directory.
#[derive(Debug, Clone, Copy)]
pub struct TemporaryRules<'m, 's> {
    rules: &'m TemporaryAccess,
    directories: &'m Directories,
    snapshot: &'s Snapshot,
}

impl AccessMap {
    /// Who may what for a time, by a reading that speaks for those who are asked about.
    pub fn temporary_rules<'m, 's>(&'m self, snapshot: &'s Snapshot) -> TemporaryRules<'m, 's> {
        TemporaryRules { rules: &self.temporary_access, directories: &self.directories, snapshot }
    }
}

impl<'m> TemporaryRules<'m, '_> {
    /// The rule by which the person may ask for the team: of several the one that lets it last
    /// longest, then the first.
    pub fn request_rule(&self, person: &PersonId, team: &TeamKey) -> Option<&'m RequestRule> {
        self.request_rules(person, team).rev().max_by_key(|rule| rule.longest_seconds)
    }

    /// The rule by which the person may break glass for the team: of several the one that asks for
    /// least, then the one that lasts longest, then the first.
    pub fn break_glass_rule(
        &self,
        person: &PersonId,
        team: &TeamKey,
    ) -> Option<&'m BreakGlassRule> {
        let all = self.rules.break_glass.iter();
        let rules = all.filter(|rule| covers(&rule.teams, team) && self.is_in(person, &rule.group));
        rules.min_by_key(|rule| (rule.needs, std::cmp::Reverse(rule.longest_seconds)))
    }

    /// Every rule by which the person may ask for the team.
    fn request_rules(
        &self,
        person: &PersonId,
        team: &TeamKey,
    ) -> impl DoubleEndedIterator<Item = &'m RequestRule> {
        let rules = self.rules.requests.iter();
        rules.filter(|rule| covers(&rule.teams, team) && self.is_in(person, &rule.group))
    }

    /// Whether somebody decides on what the person asks for, by a rule by which the person may ask
    /// for so many seconds. That nobody decides on their own is for the caller.
    pub fn may_approve(
        &self,
        approver: &PersonId,
        (person, team, seconds): (&PersonId, &TeamKey, u64),
    ) -> bool {
        self.request_rules(person, team)
            .filter(|rule| rule.longest_seconds >= seconds)
            .filter_map(|rule| rule.approvers.as_ref())
            .any(|group| self.is_in(approver, group))
    }

    /// Whether the approver may decide on what some people ask for of the team: on whose, their groups say.
    pub fn may_approve_some(&self, approver: &PersonId, team: &TeamKey) -> bool {
        let rules = self.rules.requests.iter().filter(|rule| covers(&rule.teams, team));
        rules.filter_map(|rule| rule.approvers.as_ref()).any(|group| self.is_in(approver, group))
    }

    /// The groups whose members decide on what the person asks for, besides the administrators.
    pub fn approver_groups(
        &self,
        person: &PersonId,
        team: &TeamKey,
    ) -> impl Iterator<Item = &'m str> {
        let approvers = self.request_rules(person, team).filter_map(|rule| rule.approvers.as_ref());
        approvers.map(|group| group.name.as_str())
    }

    fn is_in(&self, person: &PersonId, group: &NamedGroup) -> bool {
        group.has(self.directories, self.snapshot, person)
    }
}

impl TemporaryAccess {
    /// How long a temporary grant may last at most.
    pub fn longest(&self) -> SignedDuration {
        duration(self.longest_seconds)
    }
}

impl RequestRule {
    /// How long it may last at most.
    pub fn longest(&self) -> SignedDuration {
        duration(self.longest_seconds)
    }
}

impl BreakGlassRule {
    /// How long it lasts.
    pub fn longest(&self) -> SignedDuration {
        duration(self.longest_seconds)
    }
}

fn duration(seconds: u64) -> SignedDuration {
    i64::try_from(seconds).map_or(SignedDuration::MAX, SignedDuration::from_secs)
}

fn covers(teams: &[TeamKey], team: &TeamKey) -> bool {
    teams.is_empty() || teams.contains(team)
}

pub(super) fn temporary_access(
    item: &Item,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<TemporaryAccess> {
    let longest_seconds = duration_seconds(item.field("longest")?.text()?)?;
    let requests = item.field("requests")?.list().iter();
    let requests: Vec<_> =
        requests.map(|rule| request_rule(rule, longest_seconds, known, reporter)).collect();
    let break_glass = item.field("break_glass")?.list().iter();
    let break_glass: Vec<_> =
        break_glass.map(|rule| break_glass_rule(rule, known, reporter)).collect();
    Some(TemporaryAccess {
        longest_seconds,
        priority: i32::try_from(item.field("priority")?.integer()?).ok()?,
        requests: requests.into_iter().collect::<Option<_>>()?,
        break_glass: break_glass.into_iter().collect::<Option<_>>()?,
    })
}

fn request_rule(
    item: &Item,
    longest_seconds: u64,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<RequestRule> {
    let teams = teams(item, known, reporter);
    let longest = optional(item.field("longest"), |i| duration_seconds(i.text()?))?;
    let approvers = optional(item.field("approvers"), |name| {
        named_group(name, item.field("approvers_directory"), known, reporter)
    });
    Some(RequestRule {
        group: named_group(item.field("group")?, item.field("directory"), known, reporter)?,
        teams: teams?,
        approvers: approvers?,
        longest_seconds: longest.unwrap_or(longest_seconds),
        place: reporter.place(item.at),
    })
}

fn break_glass_rule(
    item: &Item,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<BreakGlassRule> {
    let teams = teams(item, known, reporter);
    let needs = item.field("needs")?.text()?;
    Some(BreakGlassRule {
        group: named_group(item.field("group")?, item.field("directory"), known, reporter)?,
        teams: teams?,
        needs: BreakGlassNeeds::ALL.iter().find(|(name, _)| *name == needs)?.1,
        longest_seconds: duration_seconds(item.field("longest")?.text()?)?,
        place: reporter.place(item.at),
    })
}

fn teams(item: &Item, known: &Known<'_>, reporter: &mut Reporter<'_>) -> Option<Vec<TeamKey>> {
    let Some(list) = item.field("teams") else { return Some(Vec::new()) };
    if list.is_broken() {
        return None;
    }
    // Each is resolved, so that every mistake is reported.
    let teams: Vec<Option<TeamKey>> = list
        .list()
        .iter()
        .map(|i| known.teams.resolve(i, reporter).and_then(|key| TeamKey::parse(key).ok()))
        .collect();
    teams.into_iter().collect()
}
