//! Adoptions: which profiles that Stagedoor did not make it takes over.

use super::check::Item;
use super::codes;
use super::decode::Known;
use super::diagnostic::{Mark, Reporter, quoted};
use super::{Adoption, Team};
use crate::ids::{DomainKey, ProfileName, TeamKey};
use arcstr::ArcStr;
use std::collections::BTreeMap;

/// Decodes the adoptions in their order. One is absent only if something of it was reported.
pub(super) fn adoptions(
    items: &[Item],
    teams: &BTreeMap<TeamKey, Team>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Vec<Adoption> {
    let mut seen: BTreeMap<(DomainKey, ArcStr), Mark> = BTreeMap::new();
    let mut adoptions = Vec::new();
    for item in items {
        let Some(adoption) = adoption(item, teams, known, reporter) else { continue };
        let same = (adoption.domain.clone(), adoption.profile.folded());
        if let Some(first) = seen.get(&same) {
            let first = reporter.place(*first);
            let message = format!(
                "the profile is already adopted at {}:{}:{}",
                first.file, first.line, first.column
            );
            reporter.report(codes::DUPLICATE_ADOPTION, item.at, message).help("keep one of them");
            continue;
        }
        seen.insert(same, item.at);
        adoptions.push(adoption);
    }
    adoptions
}

fn adoption(
    item: &Item,
    teams: &BTreeMap<TeamKey, Team>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<Adoption> {
    let domain = item.field("domain").and_then(|i| known.domains.resolve(i, reporter));
    let team = item.field("team").and_then(|i| known.teams.resolve(i, reporter));
    let domain = DomainKey::parse(domain?).ok()?;
    let team = TeamKey::parse(team?).ok()?;
    // Of a team that is broken nothing more is said.
    if teams.get(&team)?.placement(&domain).is_none() {
        let (team, domain) = (quoted(team.as_str()), quoted(domain.as_str()));
        let message = format!("the team {team} is not in the domain {domain}");
        reporter.report(codes::ADOPTION_ELSEWHERE, item.at, message);
        return None;
    }
    Some(Adoption {
        domain,
        profile: ProfileName::parse(item.field("profile")?.text()?).ok()?,
        person: item.field("person")?.text()?.to_owned(),
        team,
        place: reporter.place(item.at),
    })
}
