//! What would give somebody a team they have not: the ways with the fewest changes first.

use super::{Facts, Rung, Verdict};
use crate::ids::{PersonId, TeamKey};
use crate::map::{Grant, GroupKey};
use crate::reason::ReasonCode;
use crate::shell::CommandLine;
use crate::snapshot::{Coverage, Group};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use utoipa::ToSchema;

/// The most ways that are told.
const MOST_WAYS: usize = 5;

/// A way to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WayToTeam)]
#[serde(rename_all = "camelCase")]
pub struct WayIn {
    /// What has to be done, in order; the way with the fewest comes first.
    pub changes: Vec<String>,
    /// A grant for the map, ready to paste, if it takes one.
    pub grant: Option<String>,
    /// A command that does the last change, if there is one.
    pub command: Option<String>,
}

/// What speaks for one way before another of as many changes: the one that concerns fewest people
/// and lasts as long as the others expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Returning,
    Joining,
    Prolonging,
    Asking,
    Granting,
    ForATime,
}

impl Facts<'_> {
    /// What would give the person the team.
    pub(super) fn ways_in(
        &self,
        person: &PersonId,
        team: &TeamKey,
        directory: &Rung,
        barred: Option<&Rung>,
    ) -> Vec<WayIn> {
        let first: Vec<String> = [Some(directory), barred]
            .into_iter()
            .flatten()
            .filter(|rung| rung.verdict == Verdict::Breaks)
            .filter_map(|rung| rung.remedy.clone())
            .collect();
        let mut ways: Vec<(Rank, WayIn)> = Vec::new();
        if self.would_be_granted(person, team) {
            ways.push((Rank::Returning, way(Vec::new())));
        } else {
            ways.extend(self.by_groups(person, team));
            ways.extend(self.by_rules(person, team));
        }
        for (_, way) in &mut ways {
            way.changes.splice(0..0, first.iter().cloned());
        }
        ways.retain(|(_, way)| !way.changes.is_empty());
        ways.sort_by(|(a, one), (b, other)| {
            (one.changes.len(), a, &one.changes).cmp(&(other.changes.len(), b, &other.changes))
        });
        ways.dedup_by(|(_, a), (_, b)| a.changes == b.changes);
        // Who has done all of another way has the team: what it asks for besides would only give more.
        let all: Vec<Vec<String>> = ways.iter().map(|(_, way)| way.changes.clone()).collect();
        ways.retain(|(_, way)| {
            let is_part = |other: &Vec<String>| other.iter().all(|it| way.changes.contains(it));
            !all.iter().any(|other| other.len() < way.changes.len() && is_part(other))
        });
        ways.into_iter().map(|(_, way)| way).take(MOST_WAYS).collect()
    }

    /// Whether a grant in force gives the team to a group of the person, so that only the person
    /// themselves is in the way.
    fn would_be_granted(&self, person: &PersonId, team: &TeamKey) -> bool {
        self.ways(person, team).iter().any(|way| way.distance == 0)
    }

    fn user<'a>(&'a self, person: &'a PersonId) -> &'a str {
        self.snapshot.people.get(person).map_or(person.as_str(), |known| &known.user_name)
    }

    /// Ways by the grants that there are.
    fn by_groups(&self, person: &PersonId, team: &TeamKey) -> Vec<(Rank, WayIn)> {
        let mut found = Vec::new();
        for (key, gifts) in self.map.gifts.iter() {
            for gift in gifts.iter().filter(|gift| gift.teams.as_slice() == [team.clone()]) {
                let Some(grant) = self.map.grants.get(gift.grant) else { continue };
                found.extend(self.by_group(person, key, grant));
            }
        }
        found
    }

    /// Nothing gives a group that is not there an id.
    fn by_group(
        &self,
        person: &PersonId,
        key: GroupKey<'_>,
        grant: &Grant,
    ) -> Option<(Rank, WayIn)> {
        let user = self.user(person);
        let mut changes = Vec::new();
        let mut rank = Rank::Joining;
        let group =
            self.snapshot.groups.values().find(|group| key.fits(&self.map.directories, group));
        let name = group.map_or_else(|| key.to_string(), |group| group.display_name.clone());
        if group.is_none() {
            if let GroupKey::Id(_) = key {
                return None;
            }
            changes.push(format!("Make the group `{name}` in the directory."));
        }
        if group.is_none_or(|group| !group.members.contains(person)) {
            changes.push(format!("Add {user} to the group `{name}` in the directory."));
        } else {
            rank = Rank::Prolonging;
        }
        if grant.until.is_some_and(|until| self.now >= until) {
            changes.push(format!("Write a later `until` at {}.", grant.place));
        } else if grant.from.is_some_and(|from| self.now < from) {
            changes.push(format!("Write an earlier `from` at {}.", grant.place));
        }
        Some((rank, way(changes)))
    }

    /// Ways by a new grant, by a request, and for a time.
    fn by_rules(&self, person: &PersonId, team: &TeamKey) -> Vec<(Rank, WayIn)> {
        let user = self.user(person);
        let mut found = Vec::new();
        let rules = self.map.temporary_rules(self.snapshot);
        if rules.request_rule(person, team).is_some() {
            let groups = rules.approver_groups(person, team);
            let groups: BTreeSet<String> = groups.map(|group| format!("`{group}`")).collect();
            let deciders: Vec<String> =
                groups.into_iter().chain(["the administrators".to_owned()]).collect();
            let ask = format!(
                "{user} asks for it in the portal at /request/{team}; {} decide.",
                deciders.join(" or ")
            );
            found.push((Rank::Asking, way(vec![ask])));
        }
        let line = |group: &str| format!("- {{ group: {}, team: {team} }}", quoted(group));
        let of_person = self.smallest_group(person);
        let group = of_person.map_or_else(|| format!("ml-{team}"), |g| g.display_name.clone());
        let mut changes = Vec::new();
        if of_person.is_none() && !self.is_there(&group) {
            changes.push(format!("Make the group `{group}` in the directory."));
        }
        if of_person.is_none() {
            changes.push(format!("Add {user} to the group `{group}` in the directory."));
        }
        let all = match of_person.map(|group| group.members.len()) {
            // Of a group of which not everybody was read nobody knows how many there are.
            Some(_) if self.snapshot.coverage != Coverage::Complete => {
                format!(": everybody in `{group}` gets it")
            }
            Some(number) if number > 1 => format!(": all {number} of `{group}` get it"),
            _ => String::new(),
        };
        changes.push(format!("Add a grant to the map{all}."));
        found.push((Rank::Granting, WayIn { grant: Some(line(&group)), ..way(changes) }));
        let give = "Give it for a time; it ends by itself.".to_owned();
        let grant = CommandLine::of(&["grant"]).about(user).about(team.as_str());
        let command = Some(grant.with("--for", "4h").with("--reason", "…").to_string());
        found.push((Rank::ForATime, WayIn { command, ..way(vec![give]) }));
        found
    }

    /// The smallest group of the person's that was read: a grant to it concerns fewest others.
    fn smallest_group(&self, person: &PersonId) -> Option<&Group> {
        let groups = self.snapshot.groups.values();
        let theirs = groups.filter(|group| group.members.contains(person));
        theirs.min_by_key(|group| (group.members.len(), &group.display_name, &group.id))
    }

    fn is_there(&self, name: &str) -> bool {
        self.snapshot.groups.values().any(|group| group.display_name == name)
    }
}

fn way(changes: Vec<String>) -> WayIn {
    WayIn { changes, grant: None, command: None }
}

/// A name as YAML takes it in any place: as JSON, which YAML contains.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain);
    let is_word = matches!(name, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if is_plain && !is_word { name.to_owned() } else { serde_json::json!(name).to_string() }
}

impl super::TeamExplanation {
    /// The way to the team with the fewest changes, in one line; `None` where the person has it.
    pub fn nearest(&self) -> Option<String> {
        let way = self.ways_in.first()?;
        let mut line = way.changes.join(" Then: ");
        if let Some(grant) = &way.grant {
            let _ = write!(line, " `{grant}`");
        }
        if let Some(command) = &way.command {
            let _ = write!(line, " `{command}`");
        }
        (self.code != ReasonCode::Entitled).then_some(line)
    }
}
