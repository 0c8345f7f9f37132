//! The roles that Stagedoor itself works under: hub, spokes, and the roles for links.

use super::limits::fitted;
use super::reach::{Reach, tags_sessions};
use crate::functions::Function;
use crate::ids::{RoleArn, role_identity};
use crate::map::{AccessMap, AssumeRole, Diagnostic, Domain, Hub, HubService, codes};
use crate::observed::TAG_INSTANCE;
use crate::permissions::Feature;
use iam_policy::bundle::{NamedPolicy, Role, RoleKind};
use iam_policy::trust::{ASSUME_ROLE, SET_SOURCE_IDENTITY, TAG_SESSION};
use iam_policy::{Document, PrincipalKind, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// What is done where domains are.
const THERE: [Feature; 7] = [
    Feature::Observe,
    Feature::Provision,
    Feature::Adopt,
    Feature::Deprovision,
    Feature::HandOver,
    Feature::SignIn,
    Feature::Diagnose,
];

/// What the hub does by itself, where it is one process.
const HUB: [Feature; 10] = [
    Feature::Directory,
    Feature::Mirror,
    Feature::Assign,
    Feature::Spokes,
    Feature::Events,
    Feature::Secrets,
    Feature::Store,
    Feature::Encryption,
    Feature::AuditKey,
    Feature::Audit,
];

/// How long a session of a role lasts that another role assumes, in seconds: STS allows no more.
const CHAINED: u32 = 3600;

/// All of them, if the map says what the hub is.
pub(super) fn roles(map: &AccessMap, problems: &mut Vec<Diagnostic>) -> Vec<Role> {
    let Some(hub) = &map.hub else { return Vec::new() };
    let mut roles = match hub.functions() {
        [] => vec![hub_role(map, hub, None)],
        functions => functions.iter().map(|f| hub_role(map, hub, Some(*f))).collect(),
    };
    for (key, domain) in &map.domains {
        if domain.assume_role.is_none() && domain.account_id.as_str() != hub.role.account() {
            let message = format!(
                "the domain `{key}` is in account {} and the hub in {}",
                domain.account_id,
                hub.role.account()
            );
            problems.push(hub.problem(codes::HUB_ACCOUNT, message, "give it an `assume_role`"));
        }
    }
    for role in distinct(map, |domain| domain.assume_role.as_ref()) {
        roles.push(spoke(map, role, &hub.roles_with(Feature::Spokes)));
    }
    for role in distinct(map, |domain| domain.presign_role.as_ref()) {
        // A role may do both; it is one role all the same.
        if !roles.iter().any(|there| there.arn() == role.arn.as_str()) {
            roles.push(presign(map, role, &hub.roles_with(Feature::SignIn)));
        }
    }
    problems.extend(one_for_iam(hub, &roles));
    roles
}

/// Roles that cannot be two.
fn one_for_iam(hub: &Hub, roles: &[Role]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for arn in roles.iter().map(Role::arn) {
        if let Some(first) = seen.insert(role_identity(&arn), arn.clone()) {
            let message = format!("the roles `{first}` and `{arn}` are one for IAM");
            let help = "give one of them another name: neither path nor case tells roles apart";
            wrong.push(hub.problem(codes::SHARED_ROLE, message, help));
        }
    }
    wrong
}

impl Hub {
    /// Something that is wrong with what the map means for Stagedoor itself.
    pub(super) fn problem(&self, code: &'static str, message: String, help: &str) -> Diagnostic {
        Diagnostic {
            code,
            place: self.place.clone(),
            width: "hub".len(),
            message,
            expected: None,
            help: Some(help.to_owned()),
        }
    }
}

/// The role of a spoke: what Stagedoor needs in an account, for all domains that are reached through
/// this role. The hub's roles, or whoever else runs Stagedoor, are its principals.
pub fn spoke(map: &AccessMap, role: &AssumeRole, hub: &[String]) -> Role {
    let reached = |other: &Option<AssumeRole>| other.as_ref().is_some_and(|o| o.arn == role.arn);
    let of_map = |chosen: fn(&Domain) -> &Option<AssumeRole>| {
        map.domains.iter().filter(move |(_, domain)| reached(chosen(domain)))
    };
    let managed: BTreeMap<_, _> = of_map(|domain| &domain.assume_role).collect();
    let mut linked: BTreeMap<_, _> = of_map(|domain| &domain.presign_role).collect();
    linked.extend(managed.iter().filter(|(_, domain)| domain.presign_role.is_none()));
    let assumed = BTreeMap::new();
    let reach = Reach { map, role: &role.arn, function: None, managed, linked, assumed };
    let inline = reach.policies(&THERE);
    let description = "Assumed by Stagedoor to manage user profiles of Studio domains";
    assumable(map, role, RoleKind::Spoke, description, hub, inline)
}

/// Whether a role is written for links into the domain, whose policy asks the teams' network rules: AWS
/// then asks them with every request, and not the door alone. Without a hub a spoke's role is written all
/// the same ([`spoke`]).
pub fn asks_networks(map: &AccessMap, domain: &Domain) -> bool {
    map.hub.is_some() || domain.assume_role.is_some() && domain.presign_role.is_none()
}

/// A role for links, which can do nothing else.
fn presign(map: &AccessMap, role: &AssumeRole, hub: &[String]) -> Role {
    let asked = |other: &Option<AssumeRole>| other.as_ref().is_some_and(|o| o.arn == role.arn);
    let domains = map.domains.iter();
    let linked = domains.filter(|(_, domain)| asked(&domain.presign_role)).collect();
    let (managed, assumed) = (BTreeMap::new(), BTreeMap::new());
    let reach = Reach { map, role: &role.arn, function: None, managed, linked, assumed };
    let inline = reach.policies(&[Feature::SignIn]);
    let description = "Assumed by Stagedoor to ask for links into Studio, and for nothing else";
    assumable(map, role, RoleKind::Presign, description, hub, inline)
}

fn hub_role(map: &AccessMap, hub: &Hub, function: Option<Function>) -> Role {
    let own = |(_, domain): &(&_, &Domain)| {
        domain.assume_role.is_none() && domain.account_id.as_str() == hub.role.account()
    };
    let managed: BTreeMap<_, _> = map.domains.iter().filter(own).collect();
    let linked = managed.iter().filter(|(_, domain)| domain.presign_role.is_none());
    let linked = linked.map(|(key, domain)| (*key, *domain)).collect();
    let makes_links = function.is_none_or(|function| function.has(Feature::SignIn));
    let mut assumed = BTreeMap::new();
    for domain in map.domains.values() {
        let for_links = domain.presign_role.iter().filter(|_| makes_links);
        for role in domain.assume_role.iter().chain(for_links) {
            *assumed.entry(&role.arn).or_default() |= role.source_identity;
        }
    }
    let reach = Reach { map, role: &hub.role, function, managed, linked, assumed };
    let features: Vec<Feature> = match function {
        Some(function) => function.features().to_vec(),
        None => HUB.into_iter().chain(THERE).collect(),
    };
    let named = named(map, &hub.role, RoleKind::Hub);
    fitted(Role {
        name: function.map_or(named.name.clone(), |f| format!("{}-{}", named.name, f.name())),
        description: function.map_or("What Stagedoor runs as".to_owned(), |function| {
            format!("What Stagedoor's function {function:?} runs as")
        }),
        trust: Document::new([runs_as(hub)]),
        inline: reach.policies(&features),
        ..named
    })
}

/// Whoever runs Stagedoor may assume its role.
fn runs_as(hub: &Hub) -> Statement {
    let trust = Statement::allow("RunsStagedoor")
        .principals(PrincipalKind::Service, [hub.service.principal()])
        .actions([ASSUME_ROLE]);
    match hub.service {
        // These say on whose behalf they come; the others do not.
        HubService::EcsTasks => {
            trust.when("StringEquals", "aws:SourceAccount", [hub.role.account()])
        }
        HubService::EksPods => trust.actions([TAG_SESSION]).when(
            "StringEquals",
            "aws:SourceAccount",
            [hub.role.account()],
        ),
        HubService::Ec2 | HubService::Lambda => trust,
    }
}

fn assumable(
    map: &AccessMap,
    role: &AssumeRole,
    kind: RoleKind,
    description: &str,
    principals: &[String],
    inline: Vec<NamedPolicy>,
) -> Role {
    let hub = |sid: &str| {
        Statement::allow(sid).principals(PrincipalKind::Aws, principals.iter().cloned())
    };
    let mut trust = vec![hub("StagedoorHub").actions([ASSUME_ROLE])];
    if let Some(id) = &role.external_id {
        let asked = |statement: Statement| statement.when("StringEquals", "sts:ExternalId", [id]);
        trust = trust.into_iter().map(asked).collect();
    }
    if role.source_identity {
        // A statement of its own: this one never comes with an external id.
        trust.push(hub("NamedAfterTheChange").actions([SET_SOURCE_IDENTITY]).when(
            "StringLike",
            "sts:SourceIdentity",
            ["stagedoor-*"],
        ));
    }
    if tags_sessions(map) {
        // Neither does this one.
        trust.push(hub("TaggedAsItCame").actions([TAG_SESSION]));
    }
    fitted(Role {
        description: description.to_owned(),
        trust: Document::new(trust),
        inline,
        ..named(map, &role.arn, kind)
    })
}

/// A role with its name and nothing that it may do.
fn named(map: &AccessMap, role: &RoleArn, kind: RoleKind) -> Role {
    Role {
        kind,
        partition: role.partition().to_owned(),
        account_id: role.account().to_owned(),
        path: role.path(),
        name: role.role_name().to_owned(),
        description: String::new(),
        trust: Document::default(),
        managed: Vec::new(),
        inline: Vec::new(),
        boundary: None,
        tags: BTreeMap::from([(TAG_INSTANCE.to_owned(), map.instance.clone())]),
        max_session_seconds: CHAINED,
    }
}

/// Each role once that some domain names, with what it asks for.
fn distinct<'m>(
    map: &'m AccessMap,
    role: impl Fn(&'m Domain) -> Option<&'m AssumeRole>,
) -> Vec<&'m AssumeRole> {
    let mut seen = BTreeSet::new();
    map.domains.values().filter_map(role).filter(|role| seen.insert(&role.arn)).collect()
}

/// Whether a trust policy can name it: a role, a user or the root of an account. The ARN of a session
/// cannot stand for its role: it lacks the role's path.
pub fn is_principal(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, what] = parts.as_slice() else {
        return false;
    };
    let named = ["role/", "user/"].iter().any(|kind| {
        what.strip_prefix(kind).is_some_and(|name| !name.is_empty() && !name.contains('*'))
    });
    *prefix == "arn"
        && partition.starts_with("aws")
        && *service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (named || *what == "root")
}
