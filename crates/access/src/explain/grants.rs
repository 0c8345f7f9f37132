//! The ways to a team: its grants, each with the group it names.

use super::{Facts, Rung, Since, Stage, Verdict};
use crate::ids::{PersonId, TeamKey};
use crate::map::{Grant, GroupKey};
use crate::reason::ReasonCode;
use std::collections::BTreeMap;

/// A grant that can give the team, by one group.
pub(super) struct Way {
    /// Whether the person is in the group.
    pub(super) is_member: bool,
    /// How far it is from giving the team; 0: it gives it, unless the directory objects.
    pub(super) distance: u8,
    /// What breaks it, if anything does.
    pub(super) code: ReasonCode,
    pub(super) rungs: Vec<Rung>,
}

impl Facts<'_> {
    /// The ways to the team, in the order of the map.
    pub(super) fn ways(&self, person: &PersonId, team: &TeamKey) -> Vec<Way> {
        let mut giving: BTreeMap<(usize, GroupKey<'_>), &[TeamKey]> = BTreeMap::new();
        for (group, gifts) in self.map.gifts.iter() {
            let these = gifts.iter().filter(|gift| gift.teams.contains(team));
            giving.extend(these.map(|gift| ((gift.grant, group), gift.teams.as_slice())));
        }
        let ways = giving.into_iter().filter_map(|((order, group), teams)| {
            Some(self.way(person, self.map.grants.get(order)?, group, teams))
        });
        ways.collect()
    }

    fn way(&self, person: &PersonId, grant: &Grant, key: GroupKey<'_>, teams: &[TeamKey]) -> Way {
        let directories = &self.map.directories;
        let groups = self.snapshot.groups.values();
        let mut named = groups.filter(|group| key.fits(directories, group)).peekable();
        // Somebody reads it: its name, where the grant has the id.
        let Some(name) = named.peek().map(|group| group.display_name.as_str()) else {
            return Way { is_member: false, distance: 5, ..self.missing(grant, key) };
        };
        let is_member = named.any(|group| group.members.contains(person));
        let period = self.period(grant);
        let mut rungs =
            vec![if is_member { member(grant, name) } else { self.outsider(person, grant, name) }];
        let (mut distance, mut code) = match (is_member, period.verdict) {
            (true, Verdict::Holds) => (0, ReasonCode::Entitled),
            (true, _) => (1, ReasonCode::GrantNotInForce),
            (false, Verdict::Holds) => (3, ReasonCode::NotAMember),
            (false, _) => (4, ReasonCode::NotAMember),
        };
        rungs.push(period);
        if let [_, _, ..] = teams {
            rungs.push(ambiguous(grant, name, teams));
            if distance == 0 {
                (distance, code) = (2, ReasonCode::GrantAmbiguous);
            }
        }
        Way { is_member, distance, code, rungs }
    }

    fn outsider(&self, person: &PersonId, grant: &Grant, name: &str) -> Rung {
        let known = self.snapshot.people.get(person).map(|p| p.user_name.as_str());
        let text = format!("the group `{name}` exists, and the person is not a member");
        let rung = Rung::new(Stage::Group, Verdict::Breaks, ReasonCode::NotAMember, text);
        let who = known.unwrap_or("the person");
        rung.at(&grant.place).remedy(format!("Add {who} to `{name}` in the directory."))
    }

    /// Whether the grant is in force now.
    fn period(&self, grant: &Grant) -> Rung {
        let (verdict, text, since, remedy) = match (grant.from, grant.until) {
            (_, Some(until)) if self.now >= until => (
                Verdict::Breaks,
                format!("the grant ended at {until}"),
                Since::Exactly(until),
                Some(format!("If it is to go on, write a later `until` at {}.", grant.place)),
            ),
            (Some(from), _) if self.now < from => (
                Verdict::Breaks,
                format!("the grant begins at {from}"),
                Since::Unknown,
                Some(format!("Wait, or write an earlier `from` at {}.", grant.place)),
            ),
            (from, until) => {
                let since = from.map_or(String::new(), |from| format!(" since {from}"));
                let end = until.map_or(String::new(), |until| format!(" until {until}"));
                let text = format!("the grant is in force{since}{end}");
                (Verdict::Holds, text, Since::exactly(from), None)
            }
        };
        let code = match verdict {
            Verdict::Holds => ReasonCode::GrantInForce,
            Verdict::Breaks | Verdict::Depends => ReasonCode::GrantNotInForce,
        };
        let rung = Rung::new(Stage::Grant, verdict, code, text).at(&grant.place).since(since);
        Rung { remedy, ..rung }
    }

    fn missing(&self, grant: &Grant, key: GroupKey<'_>) -> Way {
        let (text, remedy) = match key {
            GroupKey::Name(name, source) => {
                let source = source.and_then(|source| self.map.directories.sources.get(source));
                let directory = source.map_or_else(String::new, |it| format!(" `{}`", it.name));
                let text = format!("the directory{directory} has no group `{name}`");
                let remedy = format!(
                    "Make the group `{name}` in the directory{directory}; where an identity provider \
                     provisions groups, assign it there. Or correct the grant; by `group_id` it \
                     outlasts a new name."
                );
                (text, remedy)
            }
            GroupKey::Id(id) => (
                format!("the directory has no group with the id `{id}`"),
                "A group that was made anew has another id. Correct the grant.".to_owned(),
            ),
        };
        let rung = Rung::new(Stage::Group, Verdict::Breaks, ReasonCode::GroupMissing, text)
            .at(&grant.place)
            .remedy(remedy);
        Way { is_member: false, distance: 5, code: ReasonCode::GroupMissing, rungs: vec![rung] }
    }
}

fn member(grant: &Grant, name: &str) -> Rung {
    let text = format!("a member of the group `{name}`");
    Rung::new(Stage::Group, Verdict::Holds, ReasonCode::GroupMember, text).at(&grant.place)
}

fn ambiguous(grant: &Grant, name: &str, teams: &[TeamKey]) -> Rung {
    let teams: Vec<&str> = teams.iter().map(TeamKey::as_str).collect();
    let text = format!("the name `{name}` fits the pattern for {}", teams.join(" and "));
    Rung::new(Stage::Grant, Verdict::Breaks, ReasonCode::GrantAmbiguous, text)
        .at(&grant.place)
        .remedy("Write a grant for each of these teams instead of the pattern.")
}
