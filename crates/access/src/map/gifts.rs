//! What a group gets, by its name or id: worked out once for a map.

use super::{Grant, GrantTeam, Team};
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
    by_name: BTreeMap<ArcStr, Vec<Gift>>,
    by_id: BTreeMap<GroupId, Vec<Gift>>,
}

/// How grants name a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey<'a> {
    /// By its display name.
    Name(&'a str),
    /// By the directory's id.
    Id(&'a GroupId),
}

impl GroupKey<'_> {
    /// Whether it is this group.
    pub fn fits(self, group: &Group) -> bool {
        match self {
            Self::Name(name) => group.display_name == name,
            Self::Id(id) => &group.id == id,
        }
    }
}

impl fmt::Display for GroupKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
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
        if grant.group.contains("{persona}") && persona.is_none() {
            return;
        }
        let gifts = if let Some(id) = &grant.group_id {
            self.by_id.entry(id.clone()).or_default()
        } else {
            let name = grant.group.replace("{team}", team.as_str());
            let name = name.replace("{persona}", persona.map_or("", |persona| persona.as_str()));
            self.by_name.entry(name.into()).or_default()
        };
        match gifts.last_mut() {
            Some(gift) if gift.grant == number => gift.teams.push(team.clone()),
            _ => gifts.push(Gift { grant: number, teams: vec![team.clone()] }),
        }
    }

    /// What the group gets: by its name in the order of the map, then by its id.
    pub fn to<'a>(&'a self, group: &Group) -> impl Iterator<Item = &'a Gift> + use<'a> {
        let by_name = self.by_name.get(group.display_name.as_str());
        by_name.into_iter().chain(self.by_id.get(&group.id)).flatten()
    }

    /// Every group that gets something, with what it gets.
    pub fn iter(&self) -> impl Iterator<Item = (GroupKey<'_>, &[Gift])> {
        let by_name = self.by_name.iter();
        let by_name = by_name.map(|(name, gifts)| (GroupKey::Name(name), gifts.as_slice()));
        let by_id = self.by_id.iter().map(|(id, gifts)| (GroupKey::Id(id), gifts.as_slice()));
        by_name.chain(by_id)
    }
}
