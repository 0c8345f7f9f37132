//! A company of some size: two domains, one of them in another account, and teams in both.

use access::map::{AccessMap, Source, parse};
use anyhow::{Result, anyhow};
use std::fmt::Write as _;

/// Account and id of the domain of the process's own account.
pub(crate) const HUB: (&str, &str) = ("111122223333", "d-hub");
/// Account and id of the other domain.
pub(crate) const SPOKE: (&str, &str) = ("444455556666", "d-spoke");

/// A company.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    /// People in the directory.
    pub people: usize,
    /// Teams in the domain of the process's own account. Each has a group.
    pub hub_teams: usize,
    /// Teams in the domain of the other account.
    pub spoke_teams: usize,
    /// People in each team.
    pub members: usize,
    /// Groups that have nothing to do with Studio.
    pub other_groups: usize,
}

impl Company {
    /// The access map.
    ///
    /// # Errors
    /// None, unless the map's form has changed.
    pub fn map(&self) -> Result<AccessMap> {
        self.map_with("", "")
    }

    /// The same with more keys and more grants, in YAML.
    ///
    /// # Errors
    /// They will not do.
    pub fn map_with(&self, keys: &str, grants: &str) -> Result<AccessMap> {
        let mut map = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains:
  hub: { domain_id: d-hub, account_id: "111122223333", region: eu-west-1 }
  spoke:
    domain_id: d-spoke
    account_id: "444455556666"
    region: eu-west-1
    assume_role: { arn: "arn:aws:iam::444455556666:role/StagedoorSpoke" }
guard: { max_removals: 5 }
offboarding: { hold: 7d }
teams:
"#
        .to_owned();
        for (team, domain, account, role) in self.every_team() {
            writeln!(
                map,
                "  {team}: {{ domain: {domain}, network: anywhere, execution_role: \
                 \"arn:aws:iam::{account}:role/{role}\" }}"
            )?;
        }
        map.push_str(keys);
        map.push_str("grants:\n");
        for (team, ..) in self.every_team() {
            writeln!(map, "  - {{ group: ml-{team}, team: {team} }}")?;
        }
        map.push_str(grants);
        let source = Source { name: "access.yaml".into(), text: map };
        parse(&[source]).map_err(|problems| anyhow!("{problems:?}"))
    }

    /// What there is in AWS before Stagedoor comes, in the words of a seed.
    ///
    /// # Errors
    /// None.
    pub fn seed(&self) -> Result<String> {
        let mut seed = r#"random: 1
region: eu-west-1
default_account: "111122223333"
timing: { fast: true }
limits: { domains: 2, user_profiles: 20000, spaces: 20000 }
domains:
  - { id: d-hub, auth_mode: IAM, default_execution_role: "arn:aws:iam::111122223333:role/studio-base" }
  - { id: d-spoke, account: "444455556666", auth_mode: IAM, default_execution_role: "arn:aws:iam::444455556666:role/studio-base" }
roles:
  - { name: studio-base, trust: sagemaker }
  - { name: studio-base, account: "444455556666", trust: sagemaker }
  - { name: StagedoorSpoke, account: "444455556666", trust: { account: "111122223333" } }
"#
        .to_owned();
        for (_, _, account, role) in self.every_team() {
            writeln!(seed, "  - {{ name: {role}, account: \"{account}\", trust: sagemaker }}")?;
        }
        seed.push_str("directory:\n  identity_store_id: d-906716eb24\n  users:\n");
        for person in 0..self.people {
            writeln!(seed, "    - {{ user_name: p{person} }}")?;
        }
        seed.push_str("  groups:\n");
        for (place, (team, ..)) in self.every_team().enumerate() {
            let members = (0..self.members).map(|n| (place * self.members + n) % self.people);
            let members: Vec<String> = members.map(|person| format!("p{person}")).collect();
            writeln!(seed, "    - {{ name: ml-{team}, members: [{}] }}", members.join(", "))?;
        }
        for group in 0..self.other_groups {
            writeln!(seed, "    - {{ name: other{group}, members: [p0] }}")?;
        }
        Ok(seed)
    }

    /// Key, domain, account and role of each team.
    fn every_team(&self) -> impl Iterator<Item = (String, &'static str, &'static str, String)> {
        let domains = [("hub", HUB.0, self.hub_teams), ("spoke", SPOKE.0, self.spoke_teams)];
        domains.into_iter().flat_map(|(domain, account, teams)| {
            (0..teams).map(move |n| {
                (format!("{domain}{n}"), domain, account, format!("studio-{domain}{n}"))
            })
        })
    }
}
