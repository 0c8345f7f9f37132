//! Grants: which group gets which team.

use super::check::{Item, Named};
use super::codes;
use super::decode::{Known, optional};
use super::diagnostic::{Mark, Reporter, quoted};
use super::format::{Edge, time};
use super::template::{PERSONA, TEAM};
use super::{Grant, GrantTeam};
use crate::ids::{GroupId, TeamKey};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Decodes the grants in their order. One is absent only if something of it was reported.
pub(super) fn grants(
    items: &[Item],
    teams: &[Named],
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Vec<Grant> {
    let teams: BTreeMap<&str, &Item> = teams.iter().map(|t| (t.key.as_str(), &t.item)).collect();
    let mut seen = BTreeMap::new();
    let mut grants = Vec::new();
    for item in items {
        let Some(grant) = grant(item, &teams, known, reporter) else { continue };
        if is_first(&grant, item.at, &mut seen, reporter) {
            grants.push(grant);
        }
    }
    grants
}

/// All that makes two grants the same.
pub(super) type Said =
    (String, Option<GroupId>, Option<usize>, GrantTeam, i32, Option<Timestamp>, Option<Timestamp>);

impl Grant {
    /// What it says, wherever it stands.
    pub(super) fn said(&self) -> Said {
        let Self { group, group_id, source, team, priority, from, until, place: _ } = self.clone();
        (group, group_id, source, team, priority, from, until)
    }
}

fn is_first(
    grant: &Grant,
    at: Mark,
    seen: &mut BTreeMap<Said, Mark>,
    reporter: &mut Reporter<'_>,
) -> bool {
    let said = grant.said();
    let Some(first) = seen.get(&said) else {
        seen.insert(said, at);
        return true;
    };
    let first = reporter.place(*first);
    let message =
        format!("the grant is already written at {}:{}:{}", first.file, first.line, first.column);
    reporter.report(codes::DUPLICATE_GRANT, at, message).help("keep one of them");
    false
}

fn grant(
    item: &Item,
    teams: &BTreeMap<&str, &Item>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<Grant> {
    let team = item.field("team").and_then(|team| {
        if team.text() == Some(TEAM) {
            return Some(GrantTeam::Captured);
        }
        TeamKey::parse(known.teams.resolve(team, reporter)?).ok().map(GrantTeam::Named)
    });
    let group = item.field("group").or_else(|| item.field("group_id"));
    let group = group.and_then(|group| Some((group.text()?, group.at)));
    let group_id = optional(item.field("group_id"), |id| GroupId::parse(id.text()?).ok());
    let source = optional(item.field("directory"), |it| known.directories.place_of(it, reporter));
    if let (Some(group), Some(team), Some(place)) = (group, &team, item.field("team")) {
        captures(group, (team, place.at), teams, reporter);
    }
    let from = optional(item.field("from"), |i| time(i.text()?, Edge::Start));
    let until = optional(item.field("until"), |i| time(i.text()?, Edge::End));
    if let (Some(Some(from)), Some(Some(until)), Some(place)) = (from, until, item.field("until"))
        && from >= until
    {
        let message = format!("the grant ends at {until}, not after it begins at {from}");
        reporter.report(codes::EMPTY_PERIOD, place.at, message).expect("a time after `from`");
    }
    Some(Grant {
        group: group?.0.to_owned(),
        group_id: group_id?,
        source: source?,
        team: team?,
        priority: i32::try_from(item.field("priority")?.integer()?).ok()?,
        from: from?,
        until: until?,
        place: reporter.place(item.at),
    })
}

/// Checks that the group's placeholders and the team go together.
fn captures(
    (group, group_at): (&str, Mark),
    (team, team_at): (&GrantTeam, Mark),
    teams: &BTreeMap<&str, &Item>,
    reporter: &mut Reporter<'_>,
) {
    match (team, group.contains(TEAM)) {
        (GrantTeam::Captured, false) => {
            let message = format!("the group {} captures no team", quoted(group));
            reporter
                .report(codes::CAPTURED_TEAM, group_at, message)
                .expect("a group with `{team}`, since the team is `{team}`");
        }
        (GrantTeam::Named(key), true) => {
            let message = format!(
                "the group captures the team, and the grant names {}",
                quoted(key.as_str())
            );
            reporter
                .report(codes::CAPTURED_TEAM, team_at, message)
                .expect("`team: \"{team}\"`, since the group holds `{team}`");
        }
        (GrantTeam::Named(key), false) if group.contains(PERSONA) => {
            let without = |team: &&Item| !team.is_broken() && team.field("persona").is_none();
            if teams.get(key.as_str()).is_some_and(without) {
                let key = quoted(key.as_str());
                let message = format!("the team {key} has no persona for `{PERSONA}`");
                reporter
                    .report(codes::MISSING_PERSONA, group_at, message)
                    .help("give the team a persona, or write the group without it");
            }
        }
        (GrantTeam::Captured, true) | (GrantTeam::Named(_), false) => {}
    }
}
