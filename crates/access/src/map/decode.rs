//! From checked values to the words of the map. Whatever refers to something is resolved here, and
//! what no single value shows is checked.

use super::check::{Fields, Item, Named};
use super::codes;
use super::diagnostic::{Mark, Reporter, quoted};
use super::format::duration_seconds;
use super::invariants;
use super::mirroring;
use super::notifications;
use super::places::{Places, places};
use super::{
    AccessMap, Activity, AssumeRole, Diagnostic, Directories, Domain, Gifts, GrantsFrom, Guard,
    Hub, HubService, Offboarding, Persona, Rollout, RunningApps, SharedSpaces, Unmanaged,
    administration, adoptions, directories, grants, identity_providers, roles, teams,
    temporary_access,
};
use crate::ids::{
    AccountId, DomainId, DomainKey, IdpKey, IsolationClass, NetworkKey, PersonaKey, Region,
    RoleArn, TeamKey,
};
use crate::network::{ANYWHERE, NetworkMatch, NetworkRule};
use std::collections::BTreeMap;

/// Makes the map of its sections. `None` only if something was reported.
pub(super) fn decode(
    map: &Fields,
    digest: String,
    reporter: &mut Reporter<'_>,
) -> Option<AccessMap> {
    let section = |key: &str| map.get(key).map(|named| &named.item);
    let entries = |key: &str| section(key).map(Item::table).unwrap_or_default();

    let domains = table(entries("domains"), DomainKey::parse, |item| domain(item, reporter));
    same_domain_twice(entries("domains"), reporter);
    let (networks, network_keys) = networks(entries("networks"));
    let mut personas = table(entries("personas"), PersonaKey::parse, persona);

    let mut persona_keys = keys_of(entries("personas"));
    roles::add_ready_made(&mut personas, &persona_keys);
    persona_keys.extend(roles::ready_made().map(|name| -> &str { name }));
    let team_tag = section("team_tag").and_then(Item::text);
    let directories = directories::directories(section("directory")?, reporter);
    let known = Known {
        directories: Sources::of(directories.as_ref()),
        domains: Section::new("domain", codes::UNKNOWN_DOMAIN, keys_of(entries("domains"))),
        networks: Section::new("network", codes::UNKNOWN_NETWORK, network_keys),
        personas: Section::new("persona", codes::UNKNOWN_PERSONA, persona_keys),
        teams: Section::new("team", codes::UNKNOWN_TEAM, keys_of(entries("teams"))),
    };
    let identity_providers = table(entries("identity_providers"), IdpKey::parse, |item| {
        identity_providers::identity_provider(item, &known, reporter)
    });
    let teams = teams::teams(entries("teams"), &domains, &known, team_tag, reporter);
    let adopted = section("adopt").map(Item::list).unwrap_or_default();
    let adopt = adoptions::adoptions(adopted, &teams, &known, reporter);
    let must_hold = section("invariants").map(Item::list).unwrap_or_default();
    let invariants = invariants::invariants(must_hold, &known, reporter);
    let notifications = notifications::notifications(section("notifications")?, reporter);
    let rollout = rollout(section("rollout")?, &known, reporter);
    let temporary_access =
        temporary_access::temporary_access(section("temporary_access")?, &known, reporter);
    let hub = optional(section("hub"), |item| hub(item, &known, reporter));
    let mirror = optional(section("directory")?.field("mirror"), |item| {
        mirroring::mirroring(item, directories.as_ref(), reporter)
    });
    let list = section("grants").map(Item::list).unwrap_or_default();
    let grants = grants::grants(list, entries("teams"), &known, reporter);
    let admins = section("administration").map(Item::list).unwrap_or_default();
    let administration = administration::administration(admins, &known, reporter);
    Some(AccessMap {
        instance: section("instance")?.text()?.to_owned(),
        team_tag: team_tag?.to_owned(),
        directories: directories?,
        mirror: mirror?,
        hub: hub?,
        identity_providers,
        domains,
        networks,
        personas,
        grants_from: section("grants_from").map(|_| GrantsFrom::Store),
        gifts: Gifts::of(&grants, &teams),
        grants,
        teams,
        guard: guard(section("guard")?)?,
        offboarding: offboarding(section("offboarding")?)?,
        rollout: rollout?,
        temporary_access: temporary_access?,
        adopt,
        invariants,
        administration,
        places: Places {
            domains: places(entries("domains"), DomainKey::parse, reporter),
            networks: places(entries("networks"), NetworkKey::parse, reporter),
            personas: places(entries("personas"), PersonaKey::parse, reporter),
        },
        notifications: notifications?,
        digest,
    })
}

/// The networks, and the keys that may refer to them, also of those that are broken.
fn networks(entries: &[Named]) -> (BTreeMap<NetworkKey, NetworkRule>, Vec<&str>) {
    let mut networks = table(entries, NetworkKey::parse, network);
    if let Ok(anywhere) = NetworkKey::parse(ANYWHERE) {
        networks.insert(anywhere, NetworkRule::anywhere());
    }
    let mut keys = keys_of(entries);
    keys.push(ANYWHERE);
    (networks, keys)
}

fn keys_of(entries: &[Named]) -> Vec<&str> {
    entries.iter().map(|named| named.key.as_str()).collect()
}

/// The keys of the sections that are referred to, also of entries that are broken.
pub(super) struct Known<'a> {
    pub(super) directories: Sources<'a>,
    pub(super) domains: Section<'a>,
    pub(super) networks: Section<'a>,
    pub(super) personas: Section<'a>,
    pub(super) teams: Section<'a>,
}

/// The names of the directories, in the order of precedence; none if something of them was reported.
pub(super) struct Sources<'a>(Vec<&'a str>);

impl<'a> Sources<'a> {
    fn of(directories: Option<&'a Directories>) -> Self {
        let sources = directories.map_or(&[][..], |directories| &directories.sources);
        Self(sources.iter().map(|source| source.name.as_str()).collect())
    }

    /// The place of the directory that a value names; `None` if there is no such one, which is
    /// reported.
    pub(super) fn place_of(&self, item: &Item, reporter: &mut Reporter<'_>) -> Option<usize> {
        let name = item.text()?;
        let place = self.0.iter().position(|known| *known == name);
        if place.is_none() && !self.0.is_empty() {
            let message = format!("unknown directory {}", quoted(name));
            let known = self.0.iter().copied();
            reporter.report_unknown(codes::UNKNOWN_DIRECTORY, item.at, message, (name, known));
        }
        place
    }
}

pub(super) struct Section<'a> {
    word: &'static str,
    code: &'static str,
    /// Sorted.
    keys: Vec<&'a str>,
}

impl<'a> Section<'a> {
    fn new(word: &'static str, code: &'static str, mut keys: Vec<&'a str>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        Self { word, code, keys }
    }

    /// The key that a value refers to; `None` if it is no such key, which is reported.
    pub(super) fn resolve<'i>(
        &self,
        item: &'i Item,
        reporter: &mut Reporter<'_>,
    ) -> Option<&'i str> {
        let key = item.text()?;
        if self.keys.binary_search(&key).is_ok() {
            return Some(key);
        }
        let message = format!("unknown {} {}", self.word, quoted(key));
        let known = self.keys.iter().copied();
        reporter.report_unknown(self.code, item.at, message, (key, known));
        None
    }
}

/// Decodes each entry of a table.
pub(super) fn table<K: Ord, T, E>(
    entries: &[Named],
    key: impl Fn(String) -> Result<K, E>,
    mut value: impl FnMut(&Item) -> Option<T>,
) -> BTreeMap<K, T> {
    let decoded = entries.iter().filter_map(|named| {
        let value = value(&named.item);
        Some((key(named.key.clone()).ok()?, value?))
    });
    decoded.collect()
}

/// An optional value: `Some(None)` if absent, `None` if broken.
#[expect(clippy::option_option, reason = "the callers end with `?` on broken, and keep absent")]
pub(super) fn optional<'i, T>(
    item: Option<&'i Item>,
    decode: impl FnOnce(&'i Item) -> Option<T>,
) -> Option<Option<T>> {
    match item {
        None => Some(None),
        Some(item) => decode(item).map(Some),
    }
}

pub(super) fn owned(item: &Item) -> Option<String> {
    item.text().map(str::to_owned)
}

/// A duration that its format bounds.
pub(super) fn seconds(item: &Item) -> Option<u32> {
    u32::try_from(duration_seconds(item.text()?)?).ok()
}

fn hub(item: &Item, known: &Known<'_>, reporter: &mut Reporter<'_>) -> Option<Hub> {
    let network = optional(item.field("network"), |i| known.networks.resolve(i, reporter));
    let service = item.field("service")?.text()?;
    let arns = |key: &str| item.field(key)?.list().iter().map(owned).collect::<Option<_>>();
    Some(Hub {
        role: RoleArn::parse(item.field("role")?.text()?).ok()?,
        service: HubService::ALL.iter().find(|(name, _)| *name == service)?.1,
        network: network?.and_then(|key| NetworkKey::parse(key).ok()),
        organization: optional(item.field("organization"), owned)?,
        queue: optional(item.field("queue"), owned)?,
        work_queue: optional(item.field("work_queue"), owned)?,
        later_queue: optional(item.field("later_queue"), owned)?,
        table: optional(item.field("table"), owned)?,
        key: optional(item.field("key"), owned)?,
        directory_key: optional(item.field("directory_key"), owned)?,
        audit_key: optional(item.field("audit_key"), owned)?,
        checkpoints: optional(item.field("checkpoints"), owned)?,
        secrets: arns("secrets")?,
        parameters: arns("parameters")?,
        applications: arns("applications")?,
        place: reporter.place(item.at),
    })
}

fn domain(item: &Item, reporter: &mut Reporter<'_>) -> Option<Domain> {
    let account_id = AccountId::parse(item.field("account_id")?.text()?);
    let mut role = |key: &str| {
        let role = optional(item.field(key), assume_role);
        let arn = item.field(key).and_then(|role| role.field("arn"));
        if let (Ok(account), Some(Some(role)), Some(arn)) = (&account_id, &role, arn)
            && role.arn.account() != account.as_str()
        {
            wrong_account(&role.arn, account, arn.at, reporter);
        }
        role
    };
    let (assume_role, presign_role) = (role("assume_role"), role("presign_role"));
    Some(Domain {
        domain_id: DomainId::parse(item.field("domain_id")?.text()?).ok()?,
        account_id: account_id.ok()?,
        region: Region::parse(item.field("region")?.text()?).ok()?,
        assume_role: assume_role?,
        presign_role: presign_role?,
        isolation: optional(item.field("isolation"), |i| IsolationClass::parse(i.text()?).ok())?,
        unmanaged: match item.field("unmanaged")?.text()? {
            "ignore" => Unmanaged::Ignore,
            "adopt" => Unmanaged::Adopt,
            _ => Unmanaged::Report,
        },
        guard: optional(item.field("guard"), guard)?,
    })
}

fn assume_role(item: &Item) -> Option<AssumeRole> {
    Some(AssumeRole {
        arn: RoleArn::parse(item.field("arn")?.text()?).ok()?,
        external_id: optional(item.field("external_id"), owned)?,
        source_identity: item.field("source_identity")?.boolean()?,
    })
}

/// Reports a role that is not in the domain's account.
pub(super) fn wrong_account<'r>(
    role: &RoleArn,
    account: &AccountId,
    at: Mark,
    reporter: &'r mut Reporter<'_>,
) -> &'r mut Diagnostic {
    let message = format!("the role {} is not in the domain's account", quoted(role.as_str()));
    let expected = format!("a role in account `{account}`, not in `{}`", role.account());
    reporter.report(codes::ACCOUNT_MISMATCH, at, message).expect(expected)
}

fn same_domain_twice(entries: &[Named], reporter: &mut Reporter<'_>) {
    let mut seen: BTreeMap<(&str, &str), &Named> = BTreeMap::new();
    for named in entries {
        let id = named.item.field("domain_id");
        let region = named.item.field("region").and_then(Item::text);
        let (Some(id), Some(region)) = (id, region) else { continue };
        let Some(text) = id.text() else { continue };
        let Some(first) = seen.get(&(text, region)) else {
            seen.insert((text, region), named);
            continue;
        };
        let (key, other) = (quoted(&named.key), quoted(&first.key));
        let message =
            format!("the domains {other} and {key} are one: {} in {region}", quoted(text));
        reporter
            .report(codes::DUPLICATE_DOMAIN, id.at, message)
            .help(format!("keep {other} and let the teams of {key} refer to it"));
    }
}

fn network(item: &Item) -> Option<NetworkRule> {
    let any_of = item.field("any_of")?;
    if any_of.is_broken() {
        return None;
    }
    let any_of = any_of.list().iter().map(|m| {
        let net = optional(m.field("cidr"), |cidr| cidr.text()?.parse().ok())?;
        let vpc = optional(m.field("vpc"), owned)?;
        match (net, vpc) {
            (Some(net), Some(vpc)) => Some(NetworkMatch::CidrInVpc { net, vpc }),
            (Some(net), None) => Some(NetworkMatch::Cidr(net)),
            (None, Some(vpc)) => Some(NetworkMatch::Vpc(vpc)),
            (None, None) => owned(m.field("vpce")?).map(NetworkMatch::Vpce),
        }
    });
    Some(NetworkRule {
        any_of: any_of.collect::<Option<_>>()?,
        explain: optional(item.field("explain"), owned)?,
    })
}

fn persona(item: &Item) -> Option<Persona> {
    let activities = item.field("activities")?;
    if activities.is_broken() {
        return None;
    }
    let activity = |item: &Item| {
        let name = item.text()?;
        Activity::ALL.iter().find(|(known, _)| *known == name).map(|(_, activity)| *activity)
    };
    Some(Persona {
        activities: activities.list().iter().map(activity).collect::<Option<_>>()?,
        role: roles::role_settings(item)?,
    })
}

pub(super) fn guard(item: &Item) -> Option<Guard> {
    let number = |key: &str| u32::try_from(item.field(key)?.integer()?).ok();
    Some(Guard {
        max_removals: number("max_removals")?,
        max_removals_percent: number("max_removals_percent")?,
    })
}

fn offboarding(item: &Item) -> Option<Offboarding> {
    Some(Offboarding {
        hold_seconds: duration_seconds(item.field("hold")?.text()?)?,
        shared_spaces: match item.field("shared_spaces")?.text()? {
            "hand-over" => SharedSpaces::HandOver,
            _ => SharedSpaces::Report,
        },
    })
}

fn rollout(item: &Item, known: &Known<'_>, reporter: &mut Reporter<'_>) -> Option<Rollout> {
    let canary = optional(item.field("canary"), |i| known.teams.resolve(i, reporter));
    let enforce = optional(item.field("enforce"), |list| {
        // Each is resolved, so that every mistake is reported.
        let teams: Vec<Option<TeamKey>> = list
            .list()
            .iter()
            .map(|i| known.teams.resolve(i, reporter).and_then(|key| TeamKey::parse(key).ok()))
            .collect();
        teams.into_iter().collect::<Option<_>>()
    });
    Some(Rollout {
        enforce: enforce?,
        canary: canary?.and_then(|key| TeamKey::parse(key).ok()),
        running_apps: match item.field("running_apps")?.text()? {
            "wait" => RunningApps::Wait,
            "stop" => RunningApps::Stop,
            _ => RunningApps::Update,
        },
    })
}
