//! What a group gets, by its name or id: worked out once for a map.

use super::{Directories, Grant, GrantTeam, Team};
use crate::ids::{GroupId, TeamKey};
use crate::snapshot::Group;
use arcstr::ArcStr;
use std::collections::BTreeMap;
use std::fmt;

/// What the grants of a map give to groups.
///
/// A pattern stands for finitely many names, one for each team of the map, so nothing is searched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gifts {
    /// By display name, and by the directory that the grant names, if it names one.
    by_name: BTreeMap<ArcStr, BTreeMap<Option<usize>, Vec<Gift>>>,
    by_id: BTreeMap<GroupId, Vec<Gift>>,
}

/// How grants name a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey<'a> {
    /// By its display name, in all directories or in the one at this place in the order of precedence.
    Name(&'a str, Option<usize>),
    /// By the directory's id.
    Id(&'a GroupId),
}

impl GroupKey<'_> {
    /// Whether it is this group of these directories.
    pub fn fits(self, directories: &Directories, group: &Group) -> bool {
        match self {
            Self::Name(name, source) => {
                let is_of = |source| directories.source_of(group.id.as_str()) == source;
                group.display_name == name && source.is_none_or(is_of)
            }
            Self::Id(id) => &group.id == id,
        }
    }
}

impl fmt::Display for GroupKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name, _) => f.write_str(name),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// What one grant gives to groups of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    /// The grant's number in the map, from 0.
    pub grant: usize,
    /// The teams whose key makes the name of the pattern. Of several none is given: that would be a
    /// guess.
    pub teams: Vec<TeamKey>,
}

impl Gifts {
    /// What these grants give, with these teams.
    pub fn of(grants: &[Grant], teams: &BTreeMap<TeamKey, Team>) -> Self {
        let mut gifts = Self::default();
        for (number, grant) in grants.iter().enumerate() {
            match &grant.team {
                GrantTeam::Named(team) => gifts.add(number, grant, team, teams),
                GrantTeam::Captured => {
                    for team in teams.keys() {
                        gifts.add(number, grant, team, teams);
                    }
                }
            }
        }
        gifts
    }

    fn add(
        &mut self,
        number: usize,
        grant: &Grant,
        team: &TeamKey,
        teams: &BTreeMap<TeamKey, Team>,
    ) {
        let Some(persona) = teams.get(team).map(|team| team.persona.as_ref()) else { return };
        let gifts = if let Some(id) = &grant.group_id {
            self.by_id.entry(id.clone()).or_default()
        } else {
            if grant.group.contains("{persona}") && persona.is_none() {
                return;
            }
            let name = grant.group.replace("{team}", team.as_str());
            let name = name.replace("{persona}", persona.map_or("", |persona| persona.as_str()));
            self.by_name.entry(name.into()).or_default().entry(grant.source).or_default()
        };
        match gifts.last_mut() {
            Some(gift) if gift.grant == number => gift.teams.push(team.clone()),
            _ => gifts.push(Gift { grant: number, teams: vec![team.clone()] }),
        }
    }

    /// What the group gets that is of these directories: by its name in any of them, by its name in its own,
    /// and by its id, each in the order of the map.
    pub fn to<'a>(
        &'a self,
        directories: &Directories,
        group: &Group,
    ) -> impl Iterator<Item = &'a Gift> + use<'a> {
        let by_name = self.by_name.get(group.display_name.as_str());
        let by_name = by_name.map(|gifts| {
            let source = directories.source_of(group.id.as_str());
            gifts.get(&None).into_iter().chain(gifts.get(&Some(source)))
        });
        by_name.into_iter().flatten().chain(self.by_id.get(&group.id)).flatten()
    }

    /// Every group that gets something, with what it gets.
    pub fn iter(&self) -> impl Iterator<Item = (GroupKey<'_>, &[Gift])> {
        let by_name = self.by_name.iter().flat_map(|(name, of)| {
            of.iter().map(|(source, gifts)| (GroupKey::Name(name, *source), gifts.as_slice()))
        });
        let by_id = self.by_id.iter().map(|(id, gifts)| (GroupKey::Id(id), gifts.as_slice()));
        by_name.chain(by_id)
    }
}
