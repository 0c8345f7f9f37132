//! The organisation that a seed draws, as the simulation itself knows it: none of this is read by
//! the product's code, so that a mistake there is not repeated here.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// When every simulation begins.
pub(crate) const START: &str = "2026-11-21T08:00:00Z";
/// Where everything is.
pub(crate) const REGION: &str = "eu-west-1";
/// The account that the product runs in.
pub(crate) const HUB: &str = "111122223333";
/// The directory.
pub(crate) const IDENTITY_STORE: &str = "d-906716eb24";
/// The queue of its events.
pub(crate) const QUEUE: &str = "stagedoor-events";
/// The external id that spokes ask for.
pub(crate) const EXTERNAL_ID: &str = "7f1c";
/// An execution role of every account that no team has: what somebody sets by hand.
pub(crate) const OTHER_ROLE: &str = "studio-other";
/// The installation, which tells our profiles from others'.
pub(crate) const INSTANCE: &str = "default";

const TEAMS: [&str; 5] = ["fraud", "churn", "credit", "ads", "lab-2"];

/// User names, each unlike a slug in its own way but the first few.
const NAMES: [&str; 12] = [
    "ana",
    "ben",
    "cem-y",
    "dora",
    "Eva",
    "finn@example.com",
    "g.h",
    "李雷",
    "!!!",
    "u",
    "Ωmega_with_a_name_that_goes_on_and_on_and_on_and_on_and_on_until_no_profile_could_hold_it",
    "zoe",
];

/// A domain of the map.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) sso: bool,
}

/// A team of the map.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) key: String,
    /// Key of its domain.
    pub(crate) domain: String,
    /// The value of its one tag `CostCenter`.
    pub(crate) cost_center: Option<u32>,
    /// Whether it has user settings.
    pub(crate) portal: bool,
    /// Name of its execution role.
    pub(crate) role: String,
}

/// A grant of the map.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// Name of the group; with a `None` for the team, a pattern with `{team}` in it.
    pub(crate) group: String,
    pub(crate) team: Option<String>,
    pub(crate) priority: i32,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// A grant to one person with an end.
#[derive(Debug, Clone)]
pub(crate) struct Temporary {
    pub(crate) id: String,
    /// The directory's id.
    pub(crate) person: String,
    pub(crate) team: String,
    pub(crate) from: Timestamp,
    /// When it ends, or was revoked.
    pub(crate) until: Timestamp,
}

/// The map.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    pub(crate) domains: Vec<Domain>,
    pub(crate) teams: Vec<Team>,
    pub(crate) grants: Vec<Grant>,
    /// Access for a time, which stands in the store and not in the map's text.
    pub(crate) temporary: Vec<Temporary>,
    /// Seconds.
    pub(crate) hold: u64,
    pub(crate) max_removals: u32,
    pub(crate) max_percent: u32,
}

/// Somebody of the directory.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user_name: String,
    pub(crate) enabled: bool,
}

/// A group of the directory.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
}

/// The directory: people and groups by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) groups: BTreeMap<String, Group>,
}

/// A profile of somebody else, with a space and an app.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    /// Key of its domain.
    pub(crate) domain: String,
    pub(crate) name: String,
    /// The installation it belongs to, if any.
    pub(crate) instance: Option<String>,
}

/// Everything at the start.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) map: Map,
    pub(crate) directory: Directory,
    pub(crate) foreign: Vec<Foreign>,
    /// Whose events report changes of the directory.
    pub(crate) family: &'static str,
    pub(crate) replicas: usize,
    /// Whether clocks go wrong; then no grant begins or ends, which is a matter of the clock.
    pub(crate) clocks_jump: bool,
}

/// Who has a right to which team, and the key of the domain it is in.
pub(crate) type Rights = BTreeMap<(String, String), String>;

impl World {
    /// Draws a world.
    pub(crate) fn draw(random: &mut Rng, now: Timestamp) -> Self {
        let domains = domains(random);
        let teams: Vec<Team> = subset(random, &TEAMS, 2)
            .into_iter()
            .map(|key| Team {
                key: key.to_owned(),
                domain: pick(random, &domains).map_or_else(String::new, |d| d.key.clone()),
                cost_center: random.bool().then(|| random.u32(1..100)),
                portal: random.u8(..4) == 0,
                role: format!("studio-{key}"),
            })
            .collect();
        let clocks_jump = random.u8(..5) == 0;
        let mut grants = grants(random, &teams, now);
        for grant in grants.iter_mut().filter(|_| clocks_jump) {
            (grant.from, grant.until) = (None, None);
        }
        let directory = directory(random, &grants, &teams);
        let foreign = foreign(random, &domains, &teams, &directory);
        let tight = random.u8(..5) == 0;
        let map = Map {
            domains,
            teams,
            grants,
            temporary: Vec::new(),
            hold: *pick(random, &[0, 0, 1_200, 3_600]).unwrap_or(&0),
            max_removals: if tight { random.u32(0..3) } else { 1_000 },
            max_percent: if tight { random.u32(1..=100) } else { 100 },
        };
        // Two replicas share the work and the store.
        let replicas = 1 + usize::from(random.u8(..3) == 0);
        let families = ["identitystore", "sso-directory", "identitystore-scim"];
        let family = random.choice(families).unwrap_or("identitystore");
        Self { map, directory, foreign, family, replicas, clocks_jump }
    }

    /// What the sandbox starts with, as a seed file.
    pub(crate) fn seed(&self, random: u64) -> String {
        let domains = &self.map.domains;
        let others: BTreeSet<&str> =
            domains.iter().map(|d| d.account.as_str()).filter(|account| *account != HUB).collect();
        let spoke = |account: &&str| {
            let trust = json!({"account": HUB, "external_id": EXTERNAL_ID});
            json!({"name": "StagedoorSpoke", "account": account, "trust": trust})
        };
        let roles = others.iter().copied().chain([HUB]).flat_map(|account| {
            let names = TEAMS.iter().map(|team| format!("studio-{team}"));
            names
                .chain([OTHER_ROLE.to_owned()])
                .map(move |name| json!({"name": name, "account": account, "trust": "sagemaker"}))
        });
        let roles: Vec<Value> = roles.chain(others.iter().map(spoke)).collect();
        // One access key for each other account: that of its people and admins.
        let key =
            |account: &&str| json!({"access_key_id": format!("AKIA{account}"), "account": account});
        json!({
            "random": random,
            "credentials": others.iter().map(key).collect::<Vec<_>>(),
            "roles": roles,
            "domains": domains.iter().map(seed_domain).collect::<Vec<_>>(),
            "directory": self.seed_directory(),
            "profiles": self.foreign.iter().map(|f| self.seed_profile(f)).collect::<Vec<_>>(),
            "spaces": self.foreign.iter().map(|f| self.seed_space(f)).collect::<Vec<_>>(),
            "apps": self.foreign.iter().map(|f| self.seed_app(f)).collect::<Vec<_>>(),
            "events": {"queue": QUEUE, "family": self.family},
        })
        .to_string()
    }

    fn seed_directory(&self) -> Value {
        let Directory { people, groups } = &self.directory;
        let user = |(id, person): (&String, &Person)| json!({"id": id, "user_name": person.user_name, "enabled": person.enabled});
        let name_of = |id: &String| Some(people.get(id)?.user_name.clone());
        let group = |(id, group): (&String, &Group)| {
            let members: Vec<String> = group.members.iter().filter_map(name_of).collect();
            json!({"id": id, "name": group.name, "members": members})
        };
        json!({
            "identity_store_id": IDENTITY_STORE,
            "users": people.iter().map(user).collect::<Vec<_>>(),
            "groups": groups.iter().map(group).collect::<Vec<_>>(),
        })
    }

    fn seed_profile(&self, foreign: &Foreign) -> Value {
        let tags = match &foreign.instance {
            None => json!({"Owner": "somebody"}),
            Some(instance) => json!({
                "stagedoor:instance": instance,
                "stagedoor:person": person_id(0),
                "stagedoor:team": "fraud",
            }),
        };
        let domain = self.map.domain_id(&foreign.domain);
        json!({"domain": domain, "name": foreign.name, "tags": tags})
    }

    fn seed_space(&self, foreign: &Foreign) -> Value {
        let (domain, name) = (self.map.domain_id(&foreign.domain), &foreign.name);
        json!({"domain": domain, "name": format!("{name}-space"), "owner": name})
    }

    fn seed_app(&self, foreign: &Foreign) -> Value {
        let (domain, name) = (self.map.domain_id(&foreign.domain), &foreign.name);
        json!({"domain": domain, "space": format!("{name}-space"), "type": "JupyterLab"})
    }
}

fn seed_domain(domain: &Domain) -> Value {
    let Domain { id, account, sso, .. } = domain;
    json!({
        "id": id,
        "account": account,
        "auth_mode": if *sso { "SSO" } else { "IAM" },
        "default_execution_role": format!("arn:aws:iam::{account}:role/{OTHER_ROLE}"),
    })
}

fn domains(random: &mut Rng) -> Vec<Domain> {
    let count = random.usize(1..=3);
    ["research", "risk", "sales"]
        .into_iter()
        .zip([HUB, "222233334444", "333344445555"])
        .take(count)
        .map(|(key, account)| Domain {
            key: key.to_owned(),
            id: format!("d-{key}"),
            account: if random.bool() { HUB } else { account }.to_owned(),
            sso: random.u8(..4) == 0,
        })
        .collect()
}

fn grants(random: &mut Rng, teams: &[Team], now: Timestamp) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    for team in teams {
        for group in ["all-data", "data-people"] {
            if random.u8(..4) > 0 {
                continue;
            }
            let (from, until) = period(random, now);
            let priority = random.i32(0..3);
            let (group, team) = (group.to_owned(), Some(team.key.clone()));
            grants.push(Grant { group, team, priority, from, until });
        }
    }
    grants.push(Grant {
        group: "ml-{team}".to_owned(),
        team: None,
        priority: 0,
        from: None,
        until: None,
    });
    grants
}

/// Mostly none; else one that begins or ends while the script runs.
fn period(random: &mut Rng, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let mut minutes = |from, to| now + SignedDuration::from_mins(random.i64(from..to));
    let (from, until) = (minutes(10, 60), minutes(60, 150));
    match random.u8(..6) {
        0 => (Some(from), None),
        1 => (None, Some(until)),
        2 => (Some(from), Some(until)),
        _ => (None, None),
    }
}

fn directory(random: &mut Rng, grants: &[Grant], teams: &[Team]) -> Directory {
    let names = subset(random, &NAMES, 3);
    let people: BTreeMap<String, Person> = (0..)
        .zip(names)
        .map(|(n, name)| {
            let enabled = random.u8(..8) > 0;
            (person_id(n), Person { user_name: name.to_owned(), enabled })
        })
        .collect();
    let exact = grants.iter().filter(|g| g.team.is_some()).map(|g| g.group.clone());
    let patterns = teams.iter().map(|team| format!("ml-{}", team.key));
    let names: BTreeSet<String> = exact.chain(patterns).chain(["canteen".to_owned()]).collect();
    let groups = (0..)
        .zip(names)
        .map(|(n, name)| {
            let members = people.keys().filter(|_| random.u8(..3) == 0).cloned().collect();
            (group_id(n), Group { name, members })
        })
        .collect();
    Directory { people, groups }
}

fn foreign(
    random: &mut Rng,
    domains: &[Domain],
    teams: &[Team],
    directory: &Directory,
) -> Vec<Foreign> {
    let mut all = Vec::new();
    for domain in domains.iter().filter(|domain| !domain.sso) {
        if random.bool() {
            let (domain, name) = (domain.key.clone(), format!("legacy-{}", domain.key));
            let instance = random.bool().then(|| "staging".to_owned());
            all.push(Foreign { domain, name, instance });
        }
        // Somebody's own profile from before, under the very name that ours would have.
        if random.u8(..6) == 0 {
            let team = teams.iter().find(|team| team.domain == domain.key);
            let person = directory.people.values().find(|p| p.user_name == "ana");
            if let (Some(team), Some(_)) = (team, person) {
                let (domain, name) = (domain.key.clone(), format!("ana--{}", team.key));
                all.push(Foreign { domain, name, instance: None });
            }
        }
    }
    all
}

/// The id of the nth person at the start.
pub(crate) fn person_id(n: u32) -> String {
    format!("{n:08x}-0000-4000-a000-000000000001")
}

fn group_id(n: u32) -> String {
    format!("{n:08x}-0000-4000-a000-000000000002")
}

/// Some of the items, at least so many, in their order.
fn subset<T: Copy>(random: &mut Rng, items: &[T], least: usize) -> Vec<T> {
    let count = random.usize(least..=items.len());
    let mut chosen = random.choose_multiple(0..items.len(), count);
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|index| items.get(index).copied()).collect()
}

/// One of the items.
pub(crate) fn pick<'a, T>(random: &mut Rng, items: &'a [T]) -> Option<&'a T> {
    random.choice(items)
}

impl Map {
    /// Whether the guard may hold somebody back.
    pub(crate) fn is_tight(&self) -> bool {
        self.max_removals < 1_000
    }

    /// The domain with this key.
    pub(crate) fn domain(&self, key: &str) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.key == key)
    }

    /// The team with this key.
    pub(crate) fn team(&self, key: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.key == key)
    }

    fn domain_id(&self, key: &str) -> String {
        self.domain(key).map_or_else(String::new, |domain| domain.id.clone())
    }

    /// The ARN of a team's execution role.
    pub(crate) fn role_arn(&self, team: &Team) -> String {
        let account = self.domain(&team.domain).map_or(HUB, |domain| &domain.account);
        format!("arn:aws:iam::{account}:role/{}", team.role)
    }

    /// Who has a right to what at a time.
    pub(crate) fn rights(&self, directory: &Directory, now: Timestamp) -> Rights {
        self.one_each_in_sso(self.granted(directory, now))
    }

    /// Whom the grants give which team, with the best rank.
    pub(crate) fn granted(
        &self,
        directory: &Directory,
        now: Timestamp,
    ) -> BTreeMap<(String, String), (i32, usize)> {
        let mut all: BTreeMap<(String, String), (i32, usize)> = BTreeMap::new();
        for (place, grant) in self.grants.iter().enumerate() {
            let begun = grant.from.is_none_or(|from| from <= now);
            if !begun || grant.until.is_some_and(|until| until <= now) {
                continue;
            }
            for team in &self.teams {
                let name = match &grant.team {
                    Some(key) if *key == team.key => grant.group.clone(),
                    Some(_) => continue,
                    None => grant.group.replace("{team}", &team.key),
                };
                let groups = directory.groups.values().filter(|group| group.name == name);
                for person in groups.flat_map(|group| &group.members) {
                    if directory.people.get(person).is_some_and(|known| known.enabled) {
                        let rank = (-grant.priority, place);
                        let known = all.entry((person.clone(), team.key.clone())).or_insert(rank);
                        *known = rank.min(*known);
                    }
                }
            }
        }
        // After the grants of the map, in which they have no place.
        let rank = (0, usize::MAX);
        for grant in self.temporary.iter().filter(|it| it.from <= now && now < it.until) {
            let is_known = directory.people.get(&grant.person).is_some_and(|known| known.enabled);
            if is_known && self.team(&grant.team).is_some() {
                let of = (grant.person.clone(), grant.team.clone());
                let known = all.entry(of).or_insert(rank);
                *known = rank.min(*known);
            }
        }
        all
    }

    /// In a domain in SSO mode a person has one team: of the highest priority, then the first.
    fn one_each_in_sso(&self, all: BTreeMap<(String, String), (i32, usize)>) -> Rights {
        let mut rights = Rights::new();
        let mut first: BTreeMap<(String, String), ((i32, usize), String)> = BTreeMap::new();
        for ((person, key), rank) in all {
            let Some(domain) = self.team(&key).and_then(|team| self.domain(&team.domain)) else {
                continue;
            };
            if domain.sso {
                let place = (person, domain.key.clone());
                let known = first.entry(place).or_insert((rank, key.clone()));
                *known = (rank, key).min(known.clone());
            } else {
                rights.insert((person, key), domain.key.clone());
            }
        }
        rights
            .extend(first.into_iter().map(|((person, domain), (_, key))| ((person, key), domain)));
        rights
    }

    /// The map as an admin writes it.
    pub(crate) fn yaml(&self) -> String {
        let mut text = format!(
            "version: 1\ninstance: {INSTANCE}\ndirectory: {{ identity_center: {{ region: {REGION}, \
             identity_store_id: {IDENTITY_STORE} }} }}\ndomains:\n"
        );
        let out = &mut text;
        for Domain { key, id, account, .. } in &self.domains {
            let assume = if account == HUB {
                String::new()
            } else {
                format!(
                    ", assume_role: {{ arn: \"arn:aws:iam::{account}:role/StagedoorSpoke\", \
                     external_id: {EXTERNAL_ID} }}"
                )
            };
            let _ = writeln!(
                out,
                "  {key}: {{ domain_id: {id}, account_id: \"{account}\", region: {REGION}{assume} }}"
            );
        }
        out.push_str("teams:\n");
        for team in &self.teams {
            let tags = team.cost_center.map(|n| format!(", tags: {{ CostCenter: \"{n}\" }}"));
            let settings =
                if team.portal { ", user_settings: { StudioWebPortal: ENABLED }" } else { "" };
            let _ = writeln!(
                out,
                "  {}: {{ domain: {}, network: anywhere, execution_role: \"{}\"{}{settings} }}",
                team.key,
                team.domain,
                self.role_arn(team),
                tags.unwrap_or_default(),
            );
        }
        out.push_str("grants:\n");
        for grant in &self.grants {
            let team = grant.team.as_deref().unwrap_or("{team}");
            let from = grant.from.map(|from| format!(", from: \"{from}\"")).unwrap_or_default();
            let until = grant.until.map(|end| format!(", until: \"{end}\"")).unwrap_or_default();
            let _ = writeln!(
                out,
                "  - {{ group: \"{}\", team: \"{team}\", priority: {}{from}{until} }}",
                grant.group, grant.priority
            );
        }
        let _ = writeln!(
            out,
            "guard: {{ max_removals: {}, max_removals_percent: {} }}\noffboarding: {{ hold: {}m }}",
            self.max_removals,
            self.max_percent,
            self.hold / 60
        );
        text
    }
}
