//! What one of Stagedoor's roles may do: the table of permissions with ARNs filled in.

use super::secrets;
use super::ways::Ways;
use crate::functions::Function;
use crate::ids::{DomainKey, IdentityStoreId, NetworkKey, RoleArn, TeamKey};
use crate::map::{AccessMap, Domain, Hub, MirrorTo, Team, Unmanaged};
use crate::observed::TAG_TEAM;
use crate::permissions::{ACTIONS, Action, Condition, Feature, Resource};
use iam_policy::bundle::NamedPolicy;
use iam_policy::trust::{SET_SOURCE_IDENTITY, TAG_SESSION};
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// How many teams a statement about links names: as many as fit into a managed policy, however long their
/// keys.
const TEAMS_OF_A_STATEMENT: usize = 64;

/// What a role reaches: domains of one account, or what the hub itself uses.
#[derive(Debug, Clone)]
pub(super) struct Reach<'m> {
    pub(super) map: &'m AccessMap,
    /// The role. Its account is that of the domains.
    pub(super) role: &'m RoleArn,
    /// The function that the role is of, where the hub is on Lambda.
    pub(super) function: Option<Function>,
    /// The domains whose profiles, apps and spaces it works on.
    pub(super) managed: BTreeMap<&'m DomainKey, &'m Domain>,
    /// The domains that it asks for links into.
    pub(super) linked: BTreeMap<&'m DomainKey, &'m Domain>,
    /// The roles it may assume, each with whether its sessions have a source identity.
    pub(super) assumed: BTreeMap<&'m RoleArn, bool>,
}

impl<'m> Reach<'m> {
    pub(super) fn partition(&self) -> &'m str {
        self.role.partition()
    }

    /// One inline policy for each feature, so that an admin can leave one out.
    pub(super) fn policies(&self, features: &[Feature]) -> Vec<NamedPolicy> {
        let policies = features.iter().map(|feature| NamedPolicy {
            name: format!("Stagedoor{feature:?}"),
            description: feature.meaning().to_owned(),
            document: Document::new(match feature {
                Feature::SignIn => self.links(),
                other => self.statements(*other),
            }),
        });
        policies.filter(|policy| !policy.document.statements.is_empty()).collect()
    }

    /// One statement for each kind of resource and condition.
    fn statements(&self, feature: Feature) -> Vec<Statement> {
        let mut grouped: BTreeMap<(Resource, Condition), Vec<&str>> = BTreeMap::new();
        for action in ACTIONS.iter().filter(|a| a.feature == feature && self.needs(a)) {
            grouped.entry((action.resource, action.condition)).or_default().push(action.name);
        }
        let statements = grouped.into_iter().filter_map(|((resource, condition), actions)| {
            let resources = self.resources(feature, resource);
            // A statement about nothing is not one that IAM takes.
            (!resources.is_empty()).then(|| {
                let statement = Statement::allow(sid(feature, resource, condition))
                    .actions(actions)
                    .resources(resources);
                with(condition, &self.map.instance, statement)
            })
        });
        statements.collect()
    }

    /// Whether this map ever makes the call.
    fn needs(&self, action: &Action) -> bool {
        match action.name {
            SET_SOURCE_IDENTITY => self.assumed.values().any(|named| *named),
            TAG_SESSION => tags_sessions(self.map),
            _ => true,
        }
    }

    /// Links, for each network rule by the ways in that it allows: whoever uses a link is held to
    /// this policy with every request.
    fn links(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (network, teams) in teams_by_network(self.map, &self.linked) {
            let rules = [Some(network), self.map.hub.as_ref().and_then(|hub| hub.network.as_ref())];
            let rules = rules.into_iter().flatten().filter_map(|key| self.map.networks.get(key));
            let homes = homes(&self.linked, teams.values());
            let domains = self.linked.iter().filter(|(key, _)| homes.contains(*key));
            let links = ACTIONS.iter().filter(|action| action.feature == Feature::SignIn);
            let base = links.fold(Statement::allow(""), |statement, action| {
                let statement = statement.actions([action.name]);
                with(action.condition, &self.map.instance, statement)
            });
            let base = base
                .resources(domains.map(|(_, domain)| self.inside(domain, "user-profile", "/*")));
            let (ways, name) = (Ways::of(rules), format!("Links{}", camel(network.as_str())));
            let teams: Vec<&str> = teams.keys().map(|team| team.as_str()).collect();
            for (index, teams) in teams.chunks(TEAMS_OF_A_STATEMENT).enumerate() {
                let name = if index == 0 { name.clone() } else { format!("{name}{}", index + 1) };
                let of_teams = base.clone().when(
                    "StringEquals",
                    format!("aws:ResourceTag/{TAG_TEAM}"),
                    teams.iter().copied(),
                );
                statements.extend(ways.allow(&format!("{name}From"), &of_teams));
            }
        }
        statements
    }

    fn resources(&self, feature: Feature, resource: Resource) -> Vec<String> {
        let (partition, account) = (self.partition(), self.role.account());
        let adopted = |key: &DomainKey, domain: &Domain| {
            domain.unmanaged == Unmanaged::Adopt || self.map.adopt.iter().any(|a| a.domain == *key)
        };
        let in_domains = |kind: &str, below: &str| -> Vec<String> {
            let domains = self.managed.iter();
            domains
                .filter(|(key, domain)| feature != Feature::Adopt || adopted(key, domain))
                .map(|(_, domain)| self.inside(domain, kind, below))
                .collect()
        };
        let texts = |roles: BTreeSet<&RoleArn>| roles.iter().map(ToString::to_string).collect();
        let hub = self.map.hub.as_ref().filter(|hub| hub.role == *self.role);
        match resource {
            // Where nothing is managed, nothing of an account is looked at.
            Resource::Any if feature.in_spoke() && self.managed.is_empty() => Vec::new(),
            Resource::Any => vec!["*".to_owned()],
            Resource::Domains => in_domains("domain", ""),
            Resource::Profiles => in_domains("user-profile", "/*"),
            Resource::Apps => in_domains("app", "/*"),
            Resource::Spaces => in_domains("space", "/*"),
            Resource::ExecutionRoles => texts(execution_roles(self.map, &self.managed)),
            Resource::ManagedPolicies | Resource::KmsKeys if self.managed.is_empty() => Vec::new(),
            Resource::ManagedPolicies => vec![format!("arn:{partition}:iam::{account}:policy/*")],
            Resource::KmsKeys => vec![format!("arn:{partition}:kms:*:{account}:key/*")],
            Resource::Directory => directory(self.map, partition),
            Resource::DirectoryKey => {
                hub.map_or(Vec::new(), |hub| hub.directory_key.iter().cloned().collect())
            }
            Resource::Mirrored => mirrored(self.map, partition),
            Resource::SpokeRoles => texts(self.assumed.keys().copied().collect()),
            Resource::Applications => hub.map_or(Vec::new(), |hub| hub.applications.clone()),
            Resource::Queue => hub.map_or(Vec::new(), |hub| hub.queue.iter().cloned().collect()),
            Resource::Secret => hub.map_or(Vec::new(), |hub| self.read(&hub.secrets)),
            Resource::Parameter => hub.map_or(Vec::new(), |hub| self.read(&hub.parameters)),
            Resource::Table => hub.map_or(Vec::new(), |hub| hub.table.iter().cloned().collect()),
            Resource::Index => hub.map_or(Vec::new(), |hub| {
                hub.table.iter().map(|table| format!("{table}/index/*")).collect()
            }),
            Resource::WorkQueues => hub.map_or(Vec::new(), work_queues),
            Resource::Triggers => match (hub, self.function) {
                (Some(hub), Some(Function::Events)) => hub.queue.iter().cloned().collect(),
                (Some(hub), Some(Function::Work)) => work_queues(hub),
                _ => Vec::new(),
            },
            Resource::Key => hub.map_or(Vec::new(), |hub| hub.key.iter().cloned().collect()),
            Resource::AuditKey => {
                hub.map_or(Vec::new(), |hub| hub.audit_key.iter().cloned().collect())
            }
            Resource::Checkpoints => checkpoints(hub).map_or(Vec::new(), |place| {
                vec![format!("arn:{partition}:s3:::{}/*", place.trim_end_matches('/'))]
            }),
            Resource::CheckpointBucket => checkpoints(hub).map_or(Vec::new(), |place| {
                let bucket = place.split('/').next().unwrap_or(place);
                vec![format!("arn:{partition}:s3:::{bucket}")]
            }),
            Resource::Log => self.function.map_or(Vec::new(), |function| {
                let group = format!("/aws/lambda/{}-{}", self.role.role_name(), function.name());
                vec![format!("arn:{partition}:logs:*:{account}:log-group:{group}:*")]
            }),
        }
    }

    /// Those of these secrets that are read by the role.
    fn read(&self, arns: &[String]) -> Vec<String> {
        let is_read = |arn: &&String| {
            self.function.is_none_or(|function| secrets::reads(self.map, function, arn))
        };
        arns.iter().filter(is_read).cloned().collect()
    }

    fn inside(&self, domain: &Domain, kind: &str, below: &str) -> String {
        let Domain { region, account_id, domain_id, .. } = domain;
        format!(
            "arn:{}:sagemaker:{region}:{account_id}:{kind}/{domain_id}{below}",
            self.partition()
        )
    }
}

/// Whether the hub's sessions carry tags that pass into the sessions they open.
pub(super) fn tags_sessions(map: &AccessMap) -> bool {
    map.hub.as_ref().is_some_and(|hub| hub.service.tags_sessions())
}

/// The bucket of checkpoints, with its prefix.
fn checkpoints(hub: Option<&Hub>) -> Option<&str> {
    hub?.checkpoints.as_deref()?.strip_prefix("s3://")
}

fn work_queues(hub: &Hub) -> Vec<String> {
    hub.work_queue.iter().chain(&hub.later_queue).cloned().collect()
}

/// The teams that can be in some of these domains, by their network rule.
pub(super) fn teams_by_network<'m>(
    map: &'m AccessMap,
    domains: &BTreeMap<&DomainKey, &Domain>,
) -> BTreeMap<&'m NetworkKey, BTreeMap<&'m TeamKey, &'m Team>> {
    let mut teams: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for (key, team) in &map.teams {
        if team.placements.iter().any(|placement| domains.contains_key(&placement.domain)) {
            teams.entry(&team.network).or_default().insert(key, team);
        }
    }
    teams
}

/// Those of the domains that one of the teams can be in.
pub(super) fn homes<'m>(
    domains: &BTreeMap<&'m DomainKey, &'m Domain>,
    teams: impl Iterator<Item = &'m &'m Team>,
) -> BTreeSet<&'m DomainKey> {
    let placements = teams.flat_map(|team| &team.placements);
    placements.filter_map(|p| domains.get_key_value(&p.domain)).map(|(key, _)| *key).collect()
}

/// The execution roles that profiles of these domains get.
pub(super) fn execution_roles<'m>(
    map: &'m AccessMap,
    domains: &BTreeMap<&DomainKey, &Domain>,
) -> BTreeSet<&'m RoleArn> {
    map.teams
        .values()
        .flat_map(|team| &team.placements)
        .filter(|placement| domains.contains_key(&placement.domain))
        .map(|placement| &placement.execution_role)
        .collect()
}

/// The identity store, with what is in it; nothing, where no directory is one. Its account is that of the Identity Center instance,
/// which the map does not say.
fn directory(map: &AccessMap, partition: &str) -> Vec<String> {
    let Some((_, identity_store_id)) = map.directories.identity_center() else {
        return Vec::new();
    };
    identity_store(identity_store_id, partition)
}

/// The identity store that is mirrored into; nothing, where the map mirrors nothing or by SCIM.
fn mirrored(map: &AccessMap, partition: &str) -> Vec<String> {
    match map.mirror.as_ref().map(|mirroring| &mirroring.to) {
        Some(MirrorTo::IdentityCenter { identity_store_id, .. }) => {
            identity_store(identity_store_id, partition)
        }
        Some(MirrorTo::Scim { .. }) | None => Vec::new(),
    }
}

/// An identity store, with what is in it.
fn identity_store(identity_store_id: &IdentityStoreId, partition: &str) -> Vec<String> {
    let store = format!("arn:{partition}:identitystore::*:identitystore/{identity_store_id}");
    let inside = ["group/*", "membership/*", "user/*"];
    let inside = inside.map(|what| format!("arn:{partition}:identitystore:::{what}"));
    std::iter::once(store).chain(inside).collect()
}

fn with(condition: Condition, instance: &str, statement: Statement) -> Statement {
    let tests = condition.tests(instance);
    tests.into_iter().fold(statement, |s, test| s.when(test.operator, test.key, [test.value]))
}

/// Sids are letters and digits.
fn sid(feature: Feature, resource: Resource, condition: Condition) -> String {
    match condition {
        Condition::None => format!("{feature:?}{resource:?}"),
        other => format!("{feature:?}{resource:?}{other:?}"),
    }
}

/// A key of the map as part of a Sid or a name: `head-office` as `HeadOffice`.
pub(super) fn camel(key: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    key.split('-').map(word).collect::<Vec<String>>().concat()
}
