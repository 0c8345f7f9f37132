//! What a group gets, by its name: worked out once for a map.

use super::{Grant, GrantTeam, Team};
use crate::ids::TeamKey;
use arcstr::ArcStr;
use std::collections::BTreeMap;

/// What the grants of a map give to groups.
///
/// A pattern stands for finitely many names, one for each team of the map, so nothing is searched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gifts {
    by_name: BTreeMap<ArcStr, Vec<Gift>>,
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
        let name = grant.group.replace("{team}", team.as_str());
        let name = name.replace("{persona}", persona.map_or("", |persona| persona.as_str()));
        let gifts = self.by_name.entry(name.into()).or_default();
        match gifts.last_mut() {
            Some(gift) if gift.grant == number => gift.teams.push(team.clone()),
            _ => gifts.push(Gift { grant: number, teams: vec![team.clone()] }),
        }
    }

    /// What groups of this name get, in the order of the map.
    pub fn to(&self, group: &str) -> &[Gift] {
        self.by_name.get(group).map_or(&[], Vec::as_slice)
    }

    /// Every name that gets something, with what it gets.
    pub fn iter(&self) -> impl Iterator<Item = (&ArcStr, &[Gift])> {
        self.by_name.iter().map(|(name, gifts)| (name, gifts.as_slice()))
    }
}
