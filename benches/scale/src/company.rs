//! People, teams, and a map and a seed that are about them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Account of everything.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Region of everything.
pub(crate) const REGION: &str = "eu-west-1";
/// The one domain.
pub(crate) const DOMAIN: &str = "d-research";
/// The directory.
pub(crate) const IDENTITY_STORE: &str = "d-906716eb24";
/// The queue of directory events.
pub(crate) const QUEUE: &str = "stagedoor-events";
/// The `instance` of the map.
pub(crate) const INSTANCE: &str = "scale";

/// Teams, each with a group of its own.
const TEAMS: [&str; 4] = ["fraud", "demand", "vision", "churn"];

/// Of so many people who have a profile at the start, one has a space with an app and an app besides.
const BUSY: usize = 5;

/// Profiles that are none of this installation's.
const FOREIGN: usize = 5;

/// Somebody, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person(pub usize);

/// A team, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Team(pub usize);

impl Person {
    /// Name in the directory.
    pub fn user_name(self) -> String {
        format!("person-{:05}", self.0)
    }

    /// Id in the directory.
    pub fn id(self) -> String {
        format!("04c8e458-a021-702e-f9d1-{:012}", self.0)
    }
}

impl Team {
    /// Its key in the map.
    pub fn key(self) -> &'static str {
        TEAMS.get(self.0).copied().unwrap_or_default()
    }

    /// The group that gives it.
    pub fn group(self) -> String {
        format!("ml-{}", self.key())
    }

    /// Id of that group.
    pub fn group_id(self) -> String {
        format!("14f83478-a061-708f-8de4-{:012}", self.0)
    }

    /// The execution role of its profiles.
    pub fn role(self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role/studio-{}", self.key())
    }
}

/// How large it is, and how it begins.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    /// How many people.
    pub people: usize,
    /// How many teams, up to four.
    pub teams: usize,
    /// Whether every other one is in one team at the start, and has its profile, some with spaces
    /// and apps; if not, nobody is in any, and states of Studio take no time.
    pub is_settled: bool,
}

impl Company {
    /// Everybody.
    pub fn everybody(self) -> impl Iterator<Item = Person> {
        (0..self.people).map(Person)
    }

    /// Every team.
    pub fn teams(self) -> impl Iterator<Item = Team> {
        (0..self.teams.min(TEAMS.len())).map(Team)
    }

    /// Who is in which team at the start.
    pub fn members(self) -> BTreeSet<(Person, Team)> {
        if !self.is_settled {
            return BTreeSet::new();
        }
        let every_other = self.everybody().step_by(2).enumerate();
        every_other.map(|(n, person)| (person, Team(n % self.teams))).collect()
    }

    /// The access map, with an identity provider whose metadata is `corp.xml`.
    pub fn map(self) -> String {
        self.map_without_providers()
            + "identity_providers:\n  corp:\n    metadata: corp.xml\n    person: { attribute: \
               ssouserid, matches: id }\n    allow_unsolicited: true\n"
    }

    /// The access map of a company where nobody signs in. Removes at once, as many as there are.
    pub fn map_without_providers(self) -> String {
        let (mut teams, mut grants) = (String::new(), String::new());
        for team in self.teams() {
            let (key, group) = (team.key(), team.group());
            let _infallible = write!(
                teams,
                "  {key}:\n    domain: research\n    execution_role: \
                 \"arn:aws:iam::{{account_id}}:role/studio-{{team}}\"\n    network: anywhere\n"
            );
            let _infallible = writeln!(grants, "  - {{ group: {group}, team: {key} }}");
        }
        format!(
            "version: 1\ninstance: {INSTANCE}\n\ndirectory:\n  identity_center: {{ region: {REGION}, \
             identity_store_id: {IDENTITY_STORE} }}\n\ndomains:\n  research:\n    domain_id: {DOMAIN}\n    \
             account_id: \"{ACCOUNT}\"\n    region: {REGION}\n\nteams:\n{teams}\ngrants:\n{grants}\n\
             guard: {{ max_removals: 100000, max_removals_percent: 100 }}\noffboarding: {{ hold: 0d }}\n"
        )
    }

    /// The seed of the simulated AWS. States of a settled company take about a second each.
    pub fn seed(self) -> String {
        let timing = if self.is_settled {
            "{ profile_create: 1, profile_update: 0, profile_delete: 1, space_delete: 1, \
             app_delete: 1 }"
        } else {
            "{ fast: true }"
        };
        let mut seed = format!(
            "random: 1\nregion: {REGION}\ndefault_account: \"{ACCOUNT}\"\n\
             timing: {timing}\nevents: {{ queue: {QUEUE}, family: sso-directory }}\n\
             limits: {{ user_profiles: 100000, spaces: 100000, domains: 20 }}\n\
             roles:\n  - {{ name: studio-default }}\n"
        );
        for team in self.teams() {
            let _infallible = writeln!(seed, "  - {{ name: studio-{} }}", team.key());
        }
        let _infallible = writeln!(
            seed,
            "domains:\n  - {{ id: {DOMAIN}, default_execution_role: \
             \"arn:aws:iam::{ACCOUNT}:role/studio-default\" }}\ndirectory:\n  \
             identity_store_id: {IDENTITY_STORE}\n  users:"
        );
        for person in self.everybody() {
            let (id, name) = (person.id(), person.user_name());
            let _infallible = writeln!(seed, "    - {{ id: {id}, user_name: {name} }}");
        }
        seed.push_str("  groups:\n");
        let members = self.members();
        for team in self.teams() {
            let names: Vec<String> =
                members.iter().filter(|m| m.1 == team).map(|m| m.0.user_name()).collect();
            let (id, group, names) = (team.group_id(), team.group(), names.join(", "));
            let _infallible =
                writeln!(seed, "    - {{ id: {id}, name: {group}, members: [{names}] }}");
        }
        seed + &profiles(&members)
    }
}

/// Profiles, spaces and apps of a seed.
fn profiles(members: &BTreeSet<(Person, Team)>) -> String {
    let (mut profiles, mut spaces, mut apps) = (String::new(), String::new(), String::new());
    for (n, (person, team)) in members.iter().enumerate() {
        let name = profile(*person, *team);
        let _infallible = writeln!(
            profiles,
            "  - {{ domain: {DOMAIN}, name: {name}, execution_role: \"{}\", tags: {{ \
             \"stagedoor:instance\": {INSTANCE}, \"stagedoor:person\": {}, \"stagedoor:team\": {} }} }}",
            team.role(),
            person.id(),
            team.key()
        );
        if n % BUSY == 0 {
            let lab = format!("lab-{}", person.user_name());
            let _infallible = writeln!(
                spaces,
                "  - {{ domain: {DOMAIN}, name: {lab}, owner: {name}, volume_gb: 5 }}"
            );
            let _infallible = writeln!(
                apps,
                "  - {{ domain: {DOMAIN}, space: {lab}, type: JupyterLab }}\n  \
                 - {{ domain: {DOMAIN}, profile: {name}, type: JupyterServer }}"
            );
        }
    }
    for n in 0..FOREIGN {
        let name = foreign(n);
        let _infallible = writeln!(
            profiles,
            "  - {{ domain: {DOMAIN}, name: {name}, tags: {{ \"stagedoor:instance\": another }} }}"
        );
        let _infallible =
            writeln!(apps, "  - {{ domain: {DOMAIN}, profile: {name}, type: JupyterServer }}");
    }
    format!("profiles:\n{profiles}spaces:\n{spaces}apps:\n{apps}")
}

/// The profile of a person for a team, as Stagedoor names it.
pub(crate) fn profile(person: Person, team: Team) -> String {
    format!("{}--{}", person.user_name(), team.key())
}

fn foreign(n: usize) -> String {
    format!("by-hand-{n}")
}

/// Whether a profile is one of those that nobody may touch.
pub(crate) fn is_foreign(name: &str) -> bool {
    name.starts_with("by-hand-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::map::{Source, parse};
    use sandbox::{Faults, Sandbox, Seed};

    #[test]
    fn map_and_seed_are_about_the_same_company() {
        let company = Company { people: 20, teams: 4, is_settled: true };
        let map =
            parse(&[Source::from_bytes("access.yaml", company.map().into()).unwrap()]).unwrap();
        assert_eq!(map.teams.len(), TEAMS.len());
        let seed = Seed::from_yaml(&company.seed()).unwrap();
        let sandbox = Sandbox::new(seed, Faults::default()).unwrap();
        let members = company.members();
        assert_eq!(members.len(), 10);
        assert_eq!(sandbox.profiles(ACCOUNT, REGION, DOMAIN).len(), members.len() + FOREIGN);
        assert_eq!(sandbox.spaces(ACCOUNT, REGION, DOMAIN).len(), 2);
        assert_eq!(sandbox.members("ml-fraud").len(), 3);
    }
}
