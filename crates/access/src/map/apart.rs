//! What keeps teams apart: roles, tags and spaces that are one team's alone.
//!
//! By these AWS tells whose something is. Where two teams have one of them, and one of the two a
//! persona and so a wall, no policy keeps them apart.

use super::{AccessMap, Diagnostic, Placement, Team, codes};
use crate::ids::{TeamKey, role_identity};
use std::collections::{BTreeMap, BTreeSet};

/// Why IAM takes two ARNs for one role (API `CreateRole`: names are unique within the account and not
/// distinguished by case).
const ONE_ROLE: &str = "IAM tells roles of an account apart neither by path nor by case";

/// Everything that AWS would take for two teams' at once, or for a team's and Stagedoor's own.
pub(super) fn problems(map: &AccessMap) -> Vec<Diagnostic> {
    let mut wrong = own_roles(map);
    wrong.extend(shared_roles(map));
    wrong.extend(shared_tags(map));
    wrong.extend(respelt_tags(map));
    wrong.extend(shared_spaces(map));
    wrong
}

impl AccessMap {
    /// The value of the tag that says that a resource is this team's.
    pub(crate) fn tag_value<'m>(&self, key: &'m TeamKey, team: &'m Team) -> &'m str {
        team.tags.get(&self.team_tag).map_or(key.as_str(), String::as_str)
    }
}

/// Teams whose execution role is one that Stagedoor itself works under: with a persona or not, their
/// people could do what it can.
fn own_roles(map: &AccessMap) -> Vec<Diagnostic> {
    let of_domains = map.domains.values().flat_map(|domain| {
        domain.assume_role.iter().chain(&domain.presign_role).map(|role| role.arn.to_string())
    });
    let of_hub = map.hub.iter().flat_map(|hub| match hub.functions() {
        [] => vec![hub.role.to_string()],
        functions => functions.iter().map(|function| function.role(&hub.role)).collect(),
    });
    let own: BTreeMap<(String, String), String> =
        of_domains.chain(of_hub).map(|arn| (role_identity(&arn), arn)).collect();
    let found = map.teams.iter().filter_map(|(key, team)| {
        team.placements.iter().find_map(|placement| {
            let role = &placement.execution_role;
            let same = own.get(&role_identity(role.as_str()))?;
            let spelt = if same == role.as_str() {
                String::new()
            } else {
                format!(" `{same}`: {ONE_ROLE}")
            };
            let message = format!(
                "the execution role `{role}` of the team `{key}` is Stagedoor's own{spelt}"
            );
            let expected = Some("a role that only the team's profiles have");
            let help = "write another name in its `execution_role`".to_owned();
            Some(problem((key, team), codes::SHARED_ROLE, message, expected, help))
        })
    });
    found.collect()
}

fn shared_roles(map: &AccessMap) -> Vec<Diagnostic> {
    let role = |placed: &Placed<'_>| Some(role_identity(placed.placement.execution_role.as_str()));
    // Also of one team: there can be no two.
    let differ = |a: &Placed<'_>, b: &Placed<'_>| {
        a.key != b.key || a.placement.execution_role != b.placement.execution_role
    };
    let told = |(first, other): (Placed<'_>, Placed<'_>)| {
        let (a, b) = (&first.placement.execution_role, &other.placement.execution_role);
        let message = if a == b {
            format!(
                "the teams `{}` and `{}` have the same execution role `{a}`",
                first.key, other.key
            )
        } else {
            format!(
                "the execution roles `{a}` of `{}` and `{b}` of `{}` are one: {ONE_ROLE}",
                first.key, other.key
            )
        };
        let (expected, help) = if first.key == other.key {
            (
                "one ARN for one role",
                "write another name, or the same path, in its `execution_role`",
            )
        } else {
            ("a role of its own for each team", "write `{team}` in their `execution_role`")
        };
        problem(
            (other.key, other.team),
            codes::SHARED_ROLE,
            message,
            Some(expected),
            help.to_owned(),
        )
    };
    met(map, role, differ).into_iter().map(told).collect()
}

/// Teams of one account whose resources nobody could tell apart.
fn shared_tags(map: &AccessMap) -> Vec<Diagnostic> {
    let tag = |placed: &Placed<'_>| {
        let value = map.tag_value(placed.key, placed.team).to_owned();
        Some((placed.placement.execution_role.account().to_owned(), value))
    };
    let told = |(first, other): (Placed<'_>, Placed<'_>)| {
        let message = format!(
            "the teams `{}` and `{}` both tag their resources `{}={}`",
            first.key,
            other.key,
            map.team_tag,
            map.tag_value(other.key, other.team)
        );
        let help = format!("give one of them another `{}` in `tags`", map.team_tag);
        let expected = "a value of its own for each team of an account";
        problem((other.key, other.team), codes::SHARED_TEAM_TAG, message, Some(expected), help)
    };
    met(map, tag, |a, b| a.key != b.key).into_iter().map(told).collect()
}

/// Teams that have the team tag in another spelling as well, where a wall of the account compares it: keys of
/// conditions know no case, so either value may count.
fn respelt_tags(map: &AccessMap) -> Vec<Diagnostic> {
    let accounts = |team: &Team| -> BTreeSet<String> {
        let roles = team.placements.iter().map(|placement| &placement.execution_role);
        roles.map(|role| role.account().to_owned()).collect()
    };
    let walled: BTreeSet<String> =
        map.teams.values().filter(|team| team.persona.is_some()).flat_map(accounts).collect();
    let found = map.teams.iter().filter_map(|(key, team)| {
        let team_tag = &map.team_tag;
        let other = |tag: &&String| {
            *tag != team_tag && tag.to_lowercase() == team_tag.to_lowercase()
        };
        let tag = team.tags.keys().find(other)?;
        (!walled.is_disjoint(&accounts(team))).then(|| {
            let message = format!(
                "the tag `{tag}` of the team `{key}` is the `team_tag` to policies, which know no case"
            );
            let help = format!("remove it, or write `{team_tag}`");
            problem((key, team), codes::RESERVED_TAG, message, None, help)
        })
    });
    found.collect()
}

/// Teams of one domain with the same shared space: the name is all that tells it whose a space is.
fn shared_spaces(map: &AccessMap) -> Vec<Diagnostic> {
    let space = |placed: &Placed<'_>| {
        // Names of spaces are not case-sensitive.
        let space = placed.team.space.as_ref()?.as_str().to_ascii_lowercase();
        Some((placed.placement.domain.to_string(), space))
    };
    let told = |(first, other): (Placed<'_>, Placed<'_>)| {
        let message = format!(
            "the teams `{}` and `{}` both have the shared space `{}` in `{}`",
            first.key,
            other.key,
            other.team.space.as_ref().map_or("", |space| space.as_str()),
            other.placement.domain
        );
        let help = "give one of them another `space`".to_owned();
        let expected = "a space of its own for each team of a domain";
        problem((other.key, other.team), codes::SHARED_SPACE, message, Some(expected), help)
    };
    met(map, space, |a, b| a.key != b.key).into_iter().map(told).collect()
}

/// A team where it is placed.
#[derive(Clone, Copy)]
struct Placed<'m> {
    key: &'m TeamKey,
    team: &'m Team,
    placement: &'m Placement,
}

/// Something that is wrong with a team.
fn problem(
    (key, team): (&TeamKey, &Team),
    code: &'static str,
    message: String,
    expected: Option<&str>,
    help: String,
) -> Diagnostic {
    Diagnostic {
        code,
        place: team.place.clone(),
        width: key.as_str().len(),
        message,
        expected: expected.map(str::to_owned),
        help: Some(help),
    }
}

/// Of each team the first thing that it and a team before it, or itself elsewhere, would both have, where
/// either has a wall. A thing is told by where it is and what it is called there.
fn met<'m>(
    map: &'m AccessMap,
    thing: impl Fn(&Placed<'m>) -> Option<(String, String)>,
    differ: impl Fn(&Placed<'m>, &Placed<'m>) -> bool,
) -> Vec<(Placed<'m>, Placed<'m>)> {
    let mut seen: BTreeMap<(String, String), (Placed<'m>, bool)> = BTreeMap::new();
    let mut found: BTreeMap<&TeamKey, (Placed<'m>, Placed<'m>)> = BTreeMap::new();
    for (key, team) in &map.teams {
        for placement in &team.placements {
            let placed = Placed { key, team, placement };
            let Some(thing) = thing(&placed) else { continue };
            let (first, wall) = seen.entry(thing).or_insert((placed, false));
            *wall |= team.persona.is_some();
            if *wall && differ(first, &placed) {
                found.entry(key).or_insert((*first, placed));
            }
        }
    }
    found.into_values().collect()
}
