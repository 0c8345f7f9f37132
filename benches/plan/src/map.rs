//! The company's access map.

use access::map::{AccessMap, Source, parse};
use anyhow::{Result, anyhow};
use std::fmt::Write as _;

/// Domains; the last one is in SSO mode.
pub(crate) const DOMAINS: usize = 10;
/// Teams, spread over the domains in turn.
const TEAMS: usize = 500;
/// Groups that a grant names; as many as match the pattern.
const NAMED_GROUPS: usize = 500;
/// Groups that the map speaks of.
pub(crate) const GROUPS: usize = TEAMS + NAMED_GROUPS;

/// Their names.
pub(crate) fn groups() -> impl Iterator<Item = String> {
    let by_pattern = (0..TEAMS).map(|team| format!("ml-{}", team_key(team)));
    by_pattern.chain((0..NAMED_GROUPS).map(named_group))
}

pub(crate) fn map() -> Result<AccessMap> {
    let mut text = String::from(
        "version: 1\n\
         directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }\n\
         offboarding: { hold: 7d, home: retain }\n\
         guard: { max_removals: 100000, max_removals_percent: 10 }\n\
         domains:\n",
    );
    for domain in 0..DOMAINS {
        let account = 111_122_223_000 + domain / 2;
        writeln!(
            text,
            "  studio-{domain}: {{ domain_id: d-studio{domain}, account_id: \"{account}\", \
             region: eu-west-1 }}"
        )?;
    }
    text.push_str("teams:\n");
    for team in 0..TEAMS {
        let (key, domain) = (team_key(team), team % DOMAINS);
        writeln!(
            text,
            "  {key}: {{ domain: studio-{domain}, \
             execution_role: \"arn:aws:iam::{{account_id}}:role/studio-{{team}}\", \
             network: anywhere, tags: {{ CostCenter: \"{}\" }}, \
             user_settings: {{ SecurityGroups: [ sg-{team:017x} ], \
             JupyterLabAppSettings: {{ DefaultResourceSpec: {{ InstanceType: ml.t3.medium }} }} }} }}",
            4000 + team / 10,
        )?;
    }
    text.push_str("grants:\n  - { group: \"ml-{team}\", team: \"{team}\" }\n");
    for group in 0..NAMED_GROUPS {
        let (name, key) = (named_group(group), team_key((group * 7) % TEAMS));
        let until = if group % 20 == 0 { ", until: 2027-01-31" } else { "" };
        writeln!(text, "  - {{ group: {name}, team: {key}, priority: {}{until} }}", group % 4)?;
    }
    parse(&[Source { name: "access.yaml".into(), text }]).map_err(|errors| anyhow!("{errors}"))
}

fn team_key(team: usize) -> String {
    format!("models-{team:03}")
}

fn named_group(group: usize) -> String {
    format!("partners-{group:03}-data-scientists")
}
