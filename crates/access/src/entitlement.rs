//! Who gets which team, and why.

use crate::ids::{GroupId, PersonId, TeamKey};
use crate::map::{AccessMap, Grant, GrantTeam, Place};
use crate::reason::ReasonCode;
use crate::snapshot::{Coverage, Group, Snapshot};
use arcstr::ArcStr;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// A person's right to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// Who.
    pub person: PersonId,
    /// What.
    pub team: TeamKey,
    /// The grant that gives it: of several the one of highest priority, then the first of the map.
    /// The others would each be enough.
    pub because: Because,
    /// That grant's priority.
    pub priority: i32,
    /// That grant's number in the map, from 0: of equal priorities the lower comes first.
    pub order: usize,
    /// When it ends: the latest end among the grants that give it; absent: open-ended.
    pub until: Option<jiff::Timestamp>,
}

/// The link from a directory group to a line of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// The group's id.
    pub group: GroupId,
    /// The group's name when it was read.
    pub group_name: ArcStr,
    /// The grant's place in the map.
    pub grant: Place,
}

/// A grant that gives nothing, or not what it seems to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantNote {
    /// Why.
    pub code: ReasonCode,
    /// The group's name as the grant or the directory has it.
    pub group: String,
    /// The grant's place in the map.
    pub grant: Place,
}

/// All rights that a map and a snapshot give at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entitlements {
    /// By person and team.
    pub of: BTreeMap<(PersonId, TeamKey), Entitlement>,
    /// What to know about the grants.
    pub notes: Vec<GrantNote>,
}

/// Every group name that a grant can match: the directory need not be asked for others.
///
/// A pattern stands for finitely many names, one for each team of the map, so nothing is searched.
pub fn group_names(map: &AccessMap) -> BTreeSet<String> {
    map.grants.iter().flat_map(|grant| names_of(map, grant)).map(|(name, _)| name).collect()
}

/// Every group name by which a grant can give one of these teams.
pub fn groups_giving(map: &AccessMap, teams: &BTreeSet<TeamKey>) -> BTreeSet<String> {
    let names = map.grants.iter().flat_map(|grant| names_of(map, grant));
    names.filter(|(_, team)| teams.contains(team)).map(|(name, _)| name).collect()
}

/// The names that a grant stands for, each with its team.
pub(crate) fn names_of(map: &AccessMap, grant: &Grant) -> Vec<(String, TeamKey)> {
    let fill = |team: &TeamKey| {
        let persona = map.teams.get(team)?.persona.as_ref();
        if grant.group.contains("{persona}") && persona.is_none() {
            return None;
        }
        let name = grant.group.replace("{team}", team.as_str());
        Some((name.replace("{persona}", persona.map_or("", |p| p.as_str())), team.clone()))
    };
    match &grant.team {
        GrantTeam::Named(team) => fill(team).into_iter().collect(),
        GrantTeam::Captured => map.teams.keys().filter_map(fill).collect(),
    }
}

/// The teams that grants in force at `now` give the group of this name.
pub fn teams_of_group(map: &AccessMap, group: &str, now: jiff::Timestamp) -> BTreeSet<TeamKey> {
    map.grants
        .iter()
        .filter(|grant| is_in_force(grant, now))
        .flat_map(|grant| names_of(map, grant))
        .filter(|(name, _)| name == group)
        .map(|(_, team)| team)
        .collect()
}

fn is_in_force(grant: &Grant, now: jiff::Timestamp) -> bool {
    grant.from.is_none_or(|from| now >= from) && grant.until.is_none_or(|end| now < end)
}

/// Works out every entitlement at `now`. People whom the directory has disabled get none, nor do
/// those who were offboarded by command.
pub fn entitlements(map: &AccessMap, snapshot: &Snapshot, now: jiff::Timestamp) -> Entitlements {
    let mut groups: BTreeMap<&str, Vec<&Group>> = BTreeMap::new();
    for group in snapshot.groups.values() {
        groups.entry(&group.display_name).or_default().push(group);
    }
    let mut all = Entitlements::default();
    for (order, grant) in map.grants.iter().enumerate() {
        let note = |code, group: &str| GrantNote {
            code,
            group: group.to_owned(),
            grant: grant.place.clone(),
        };
        if !is_in_force(grant, now) {
            all.notes.push(note(ReasonCode::GrantNotInForce, &grant.group));
            continue;
        }
        let mut teams_by_name: BTreeMap<String, Vec<TeamKey>> = BTreeMap::new();
        for (name, team) in names_of(map, grant) {
            teams_by_name.entry(name).or_default().push(team);
        }
        let mut matched = false;
        for (name, teams) in &teams_by_name {
            let found = groups.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            matched |= !found.is_empty();
            match teams.as_slice() {
                [team] => {
                    for group in found {
                        all.give(snapshot, (order, grant), group, team);
                    }
                }
                // Two teams for one name: neither, rather than a guess.
                _ if !found.is_empty() => {
                    all.notes.push(note(ReasonCode::GrantAmbiguous, name));
                }
                _ => {}
            }
        }
        // A reading of some people has only their groups: it cannot miss one.
        if !matched && snapshot.coverage == Coverage::Complete {
            all.notes.push(note(ReasonCode::GroupMissing, &grant.group));
        }
    }
    all
}

impl Entitlement {
    /// Whether it comes before another one where a person can have only one profile: the higher
    /// priority, then the earlier grant. One grant can give several teams; then the earlier key.
    pub fn outranks(&self, other: &Self) -> bool {
        let rank = |e: &'_ Self| (std::cmp::Reverse(e.priority), e.order);
        (rank(self), &self.team) < (rank(other), &other.team)
    }
}

impl Entitlements {
    fn give(
        &mut self,
        snapshot: &Snapshot,
        (order, grant): (usize, &Grant),
        group: &Group,
        team: &TeamKey,
    ) {
        let because = Because {
            group: group.id.clone(),
            group_name: group.display_name.as_str().into(),
            grant: grant.place.clone(),
        };
        for person in group.members.iter().filter(|person| snapshot.admits_to(person, team)) {
            self.of
                .entry((person.clone(), team.clone()))
                .and_modify(|known| {
                    known.until = known.until.zip(grant.until).map(|(a, b)| a.max(b));
                    if grant.priority > known.priority {
                        known.because = because.clone();
                        (known.priority, known.order) = (grant.priority, order);
                    }
                })
                .or_insert_with(|| Entitlement {
                    person: person.clone(),
                    team: team.clone(),
                    because: because.clone(),
                    priority: grant.priority,
                    order,
                    until: grant.until,
                });
        }
    }

    /// The teams of one person.
    pub fn teams_of<'a>(
        &'a self,
        person: &'a PersonId,
    ) -> impl Iterator<Item = &'a Entitlement> + 'a {
        // No team's key is less than this one.
        let first = TeamKey::parse("0").ok().map(|least| (person.clone(), least));
        let from = first.map_or(Bound::Unbounded, Bound::Included);
        let entries = self.of.range((from, Bound::Unbounded));
        entries.map(|(_, e)| e).take_while(move |e| &e.person == person)
    }
}
