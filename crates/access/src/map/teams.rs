//! Teams: their references and execution roles.

use super::check::{Item, Named};
use super::codes;
use super::decode::{Known, optional, owned, seconds, wrong_account};
use super::diagnostic::{Reporter, quoted};
use super::roles::role_settings;
use super::{About, Domain, Placement, RoleValues, Team, template};
use crate::ids::{
    DomainKey, IsolationClass, LandingUri, NetworkKey, PersonaKey, RoleArn, SpaceName, TeamKey,
    partition_of,
};
use crate::observed::TAG_TEAM;
use std::collections::BTreeMap;

/// IAM's bound of a role name.
const ROLE_NAME: usize = 64;

/// Decodes the teams. One is absent only if something of it was reported.
pub(super) fn teams(
    entries: &[Named],
    domains: &BTreeMap<DomainKey, Domain>,
    known: &Known<'_>,
    team_tag: Option<&str>,
    reporter: &mut Reporter<'_>,
) -> BTreeMap<TeamKey, Team> {
    let mut teams = BTreeMap::new();
    for named in entries {
        let team = team(named, domains, known, reporter);
        if let (Ok(key), Some(mut team)) = (TeamKey::parse(named.key.clone()), team) {
            // Stagedoor's own tag is on every profile anyway.
            if let Some(tag) = team_tag.filter(|tag| *tag != TAG_TEAM) {
                team.tags.entry(tag.to_owned()).or_insert_with(|| named.key.clone());
            }
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
    let homes = homes(item, domains, known, reporter);
    let persona = optional(item.field("persona"), |i| known.personas.resolve(i, reporter));
    let network = item.field("network").and_then(|i| known.networks.resolve(i, reporter));

    let persona = persona?;
    let template = item.field("execution_role")?;
    let placements: Option<Vec<Placement>> = homes?
        .into_iter()
        .map(|key| {
            let role = Role { team: &named.key, domain: &key, persona };
            // Of a domain that is broken nothing more is said.
            let execution_role = role.fill(template, domains.get(&key)?, reporter)?;
            Some(Placement { domain: key, execution_role })
        })
        .collect();
    Some(Team {
        placements: placements?,
        persona: persona.and_then(|key| PersonaKey::parse(key).ok()),
        network: NetworkKey::parse(network?).ok()?,
        session_seconds: seconds(item.field("session")?)?,
        link_seconds: seconds(item.field("link")?)?,
        landing: optional(item.field("landing"), |i| LandingUri::parse(i.text()?).ok())?,
        space: optional(item.field("space"), |i| SpaceName::parse(i.text()?).ok())?,
        tags: tags(item.field("tags")?)?,
        user_settings: item.field("user_settings")?.json()?.clone(),
        role: role_settings(item)?,
        about: about(item.field("about")?)?,
        place: reporter.place(named.at),
    })
}

/// The domains that the team's profiles can be in. Never empty.
fn homes(
    item: &Item,
    domains: &BTreeMap<DomainKey, Domain>,
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<Vec<DomainKey>> {
    if let Some(one) = item.field("domain") {
        return Some(vec![DomainKey::parse(known.domains.resolve(one, reporter)?).ok()?]);
    }
    if let Some(class) = item.field("isolation") {
        let asked = IsolationClass::parse(class.text()?).ok()?;
        let of_class = |(key, domain): (&DomainKey, &Domain)| {
            (domain.isolation.as_ref() == Some(&asked)).then(|| key.clone())
        };
        let found: Vec<DomainKey> = domains.iter().filter_map(of_class).collect();
        if found.is_empty() {
            let message = format!("no domain has the isolation class {}", quoted(asked.as_str()));
            let classes = domains.values().filter_map(|domain| domain.isolation.as_ref());
            let word = (asked.as_str(), classes.map(IsolationClass::as_str));
            reporter.report_unknown(codes::UNKNOWN_ISOLATION, class.at, message, word);
            return None;
        }
        return Some(found);
    }
    let list = item.field("domains")?;
    if list.is_broken() {
        return None;
    }
    let mut found: Vec<DomainKey> = Vec::new();
    for named in list.list() {
        let key = DomainKey::parse(known.domains.resolve(named, reporter)?).ok()?;
        if found.contains(&key) {
            let message = format!("the domain {} is named twice", quoted(key.as_str()));
            reporter.report(codes::NO_DOMAIN, named.at, message).help("keep one of them");
            return None;
        }
        found.push(key);
    }
    if found.is_empty() {
        reporter
            .report(codes::NO_DOMAIN, list.at, "the team names no domain")
            .expect("at least one domain");
        return None;
    }
    Some(found)
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
        let values = RoleValues {
            account_id: domain.account_id.as_str(),
            domain: self.domain.as_str(),
            persona: self.persona,
            region: domain.region.as_str(),
            team: self.team,
        };
        let filled = values.fill(text)?;
        let filled = if filled.starts_with("arn:") { filled } else { arn(&filled, domain) };
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

/// The ARN of a role of the domain's account, from its path and name.
fn arn(path: &str, domain: &Domain) -> String {
    let partition = partition_of(domain.region.as_str());
    let path = path.trim_start_matches('/');
    format!("arn:{partition}:iam::{}:role/{path}", domain.account_id)
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
