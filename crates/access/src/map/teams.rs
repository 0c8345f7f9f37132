//! Teams: their references and execution roles.

use super::check::{Item, Named};
use super::codes;
use super::decode::{Known, optional, owned, seconds, wrong_account};
use super::diagnostic::{Reporter, quoted};
use super::{About, Domain, Team, template};
use crate::ids::{DomainKey, LandingUri, NetworkKey, PersonaKey, RoleArn, SpaceName, TeamKey};
use std::collections::BTreeMap;

/// IAM's bound of a role name.
const ROLE_NAME: usize = 64;

/// Decodes the teams. One is absent only if something of it was reported.
pub(super) fn teams(
    entries: &[Named],
    domains: &BTreeMap<DomainKey, Domain>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> BTreeMap<TeamKey, Team> {
    let mut teams = BTreeMap::new();
    for named in entries {
        let team = team(named, domains, known, reporter);
        if let (Ok(key), Some(team)) = (TeamKey::parse(named.key.clone()), team) {
            teams.insert(key, team);
        }
    }
    teams
}

fn team(
    named: &Named,
    domains: &BTreeMap<DomainKey, Domain>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<Team> {
    let item = &named.item;
    // Each reference is looked at, whatever became of the others.
    let domain = item.field("domain").and_then(|i| known.domains.resolve(i, reporter));
    let persona = optional(item.field("persona"), |i| known.personas.resolve(i, reporter));
    let network = item.field("network").and_then(|i| known.networks.resolve(i, reporter));

    let domain = DomainKey::parse(domain?).ok()?;
    let role = Role { team: &named.key, domain: &domain, persona: persona? };
    // Of a domain that is broken nothing more is said.
    let execution_role = role.fill(item.field("execution_role")?, domains.get(&domain)?, reporter);
    Some(Team {
        execution_role: execution_role?,
        persona: role.persona.and_then(|key| PersonaKey::parse(key).ok()),
        network: NetworkKey::parse(network?).ok()?,
        session_seconds: seconds(item.field("session")?)?,
        link_seconds: seconds(item.field("link")?)?,
        landing: optional(item.field("landing"), |i| LandingUri::parse(i.text()?).ok())?,
        space: optional(item.field("space"), |i| SpaceName::parse(i.text()?).ok())?,
        tags: tags(item.field("tags")?)?,
        user_settings: item.field("user_settings")?.json()?.clone(),
        about: about(item.field("about")?)?,
        domain,
    })
}

/// What an execution role's template is filled in with.
struct Role<'a> {
    team: &'a str,
    domain: &'a DomainKey,
    persona: Option<&'a str>,
}

impl Role<'_> {
    fn fill(&self, item: &Item, domain: &Domain, reporter: &mut Reporter<'_>) -> Option<RoleArn> {
        let text = item.text()?;
        if self.persona.is_none() && text.contains(template::PERSONA) {
            let (team, placeholder) = (quoted(self.team), template::PERSONA);
            let message = format!("the team {team} has no persona for `{placeholder}`");
            reporter
                .report(codes::MISSING_PERSONA, item.at, message)
                .help("give the team a persona, or write the role without it");
            return None;
        }
        let filled = template::fill(text, |name| {
            let value = match name {
                "account_id" => domain.account_id.as_str(),
                "region" => domain.region.as_str(),
                "domain" => self.domain.as_str(),
                "team" => self.team,
                "persona" => self.persona?,
                _ => return None,
            };
            Some(value.to_owned())
        })?;
        let role = RoleArn::parse(filled.clone());
        let role = role.ok().filter(|role| role.role_name().len() <= ROLE_NAME);
        let Some(role) = role else {
            let message = format!("the execution role would be {}", quoted(&filled));
            reporter.report(codes::INVALID_ROLE, item.at, message).expect(format!(
                "{} with a name of at most {ROLE_NAME} characters",
                RoleArn::EXPECTED
            ));
            return None;
        };
        if role.account() != domain.account_id.as_str() {
            wrong_account(&role, &domain.account_id, item.at, reporter)
                .help("write `{account_id}` for the account");
        }
        Some(role)
    }
}

fn tags(item: &Item) -> Option<BTreeMap<String, String>> {
    if item.is_broken() {
        return None;
    }
    item.table().iter().map(|tag| Some((tag.key.clone(), owned(&tag.item)?))).collect()
}

fn about(item: &Item) -> Option<About> {
    Some(About {
        title: optional(item.field("title"), owned)?,
        purpose: optional(item.field("purpose"), owned)?,
        owner: optional(item.field("owner"), owned)?,
        data_class: optional(item.field("data_class"), owned)?,
    })
}
