//! Ways into Studio, or to a team's role, past the door.

use super::Reading;
use super::people::role_of;
use crate::ids::{DomainKey, RoleArn};
use crate::live_role::{AttachedPolicy, GIVES_EVERYTHING, LiveRole};
use crate::map::Domain;
use crate::network::NetworkMatch;
use crate::observed::AuthMode;
use crate::reason::ReasonCode;
use crate::what_if::LINK;
use iam_policy::document::{Principal, PrincipalKind};
use iam_policy::evaluate::{Compiled, Policies};
use iam_policy::request::Request;
use iam_policy::trust::ASSUME_ROLE;
use iam_policy::{Document, Effect, Statement};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who assumes execution roles as intended.
const SAGEMAKER: &str = "sagemaker.amazonaws.com";

/// Ways to assume a role.
const ASSUMING: [&str; 3] =
    [ASSUME_ROLE, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// An execution role, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleReading {
    /// With its policies.
    Read(Box<LiveRole>),
    /// Not; why, safe to show.
    Unread(String),
}

/// A way in past the door.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SideDoor {
    /// Which kind.
    pub code: ReasonCode,
    /// What it leads into: a role, a domain, a profile.
    pub into: String,
    /// Who can use it.
    pub who: String,
    /// How, as a clause for people.
    pub how: String,
    /// What to do, as a sentence.
    pub remedy: String,
}

/// Every way that the facts show, by kind.
pub(super) fn side_doors(reading: &Reading<'_>) -> Vec<SideDoor> {
    let mut found = Vec::new();
    let used = roles_in_use(reading);
    for (arn, role) in reading.roles {
        let RoleReading::Read(role) = role else { continue };
        found.extend(assumed_by(arn, role));
        if let Some((key, domain)) = used.get(arn) {
            found.extend(may_do(reading, arn, role, key, domain));
        }
    }
    for (key, observed) in &reading.observed.domains {
        let Some(domain) = reading.map.domains.get(key) else { continue };
        if observed.auth_mode == AuthMode::Sso {
            found.extend(past_the_door(reading, key, domain, observed.url.as_deref()));
        }
        found.extend(inheriting(reading, key));
        found.extend(shared_spaces(reading, key));
    }
    found.sort();
    found
}

/// The domain in which profiles have each role.
fn roles_in_use<'a>(reading: &Reading<'a>) -> BTreeMap<RoleArn, (&'a DomainKey, &'a Domain)> {
    let mut used = BTreeMap::new();
    for (key, observed) in &reading.observed.domains {
        let Some(domain) = reading.map.domains.get(key) else { continue };
        for profile in observed.profiles.values() {
            let role = role_of(reading, key, profile).0.and_then(|arn| RoleArn::parse(arn).ok());
            if let Some(role) = role {
                used.entry(role).or_insert((key, domain));
            }
        }
    }
    used
}

/// Whom the trust policy lets in besides SageMaker.
fn assumed_by(arn: &RoleArn, role: &LiveRole) -> Vec<SideDoor> {
    let Ok(trust) = Document::parse(&role.trust) else { return Vec::new() };
    let allowing = trust.statements.iter().filter(|statement| {
        statement.effect == Effect::Allow
            && ASSUMING.iter().any(|action| statement.covers_action(action))
    });
    let mut found = Vec::new();
    for statement in allowing {
        for who in others(statement) {
            let under = if statement.condition.is_empty() { "" } else { ", under conditions" };
            found.push(SideDoor {
                code: ReasonCode::RoleAssumable,
                into: arn.to_string(),
                who,
                how: format!("its trust policy lets them assume the role{under}"),
                remedy:
                    "Let the trust policy name sagemaker.amazonaws.com only; what people do with \
                         the role otherwise passes neither the door nor the network rule."
                        .to_owned(),
            });
        }
    }
    found
}

/// The principals of a statement that are not SageMaker.
fn others(statement: &Statement) -> BTreeSet<String> {
    let mut who = BTreeSet::new();
    match (&statement.principal, &statement.not_principal) {
        (Some(Principal::Everybody), _) => drop(who.insert("everybody".to_owned())),
        (Some(Principal::ByKind(kinds)), _) => {
            for (kind, values) in kinds {
                let strange = values
                    .0
                    .iter()
                    .filter(|value| !(*kind == PrincipalKind::Service && *value == SAGEMAKER));
                who.extend(strange.map(|value| match value.as_str() {
                    "*" => "everybody".to_owned(),
                    named => named.to_owned(),
                }));
            }
        }
        (None, Some(_)) => drop(who.insert("everybody but some".to_owned())),
        (None, None) => {}
    }
    who
}

/// What whoever works with the role can do to others.
fn may_do(
    reading: &Reading<'_>,
    arn: &RoleArn,
    role: &LiveRole,
    key: &DomainKey,
    domain: &Domain,
) -> Vec<SideDoor> {
    let who = "everybody who works with the role".to_owned();
    let full: Vec<&str> = role
        .attached
        .iter()
        .filter(|policy| policy.is_of_aws() && GIVES_EVERYTHING.contains(&policy.name()))
        .map(AttachedPolicy::name)
        .collect();
    if let Some(name) = full.first() {
        return vec![SideDoor {
            code: ReasonCode::LinkElsewhere,
            into: format!("domain {key}"),
            who: format!("{who} {arn}"),
            how: format!("{name} is attached to it, which lets it ask for links of anybody"),
            remedy:
                "Replace the policy by what the map's persona means: `stagedoor policy render`."
                    .to_owned(),
        }];
    }
    let Some(policies) = policies(role) else { return Vec::new() };
    let partition = arn.partition();
    let Domain { region, account_id, domain_id, .. } = domain;
    let another = format!(
        "arn:{partition}:sagemaker:{region}:{account_id}:user-profile/{domain_id}/somebody-else"
    );
    let allowed = |action: &str, resource: &str| {
        let request = Request::new(arn.as_str(), action, resource);
        policies.decide(&request).is_allowed()
    };
    let bounded =
        if role.boundary.is_some() { ", unless its permissions boundary denies it" } else { "" };
    let mut found = Vec::new();
    if allowed(LINK, &another) {
        found.push(SideDoor {
            code: ReasonCode::LinkElsewhere,
            into: format!("domain {key}"),
            who: format!("{who} {arn}"),
            how: format!("its policies let it ask for links into other people's profiles{bounded}"),
            remedy: format!(
                "Deny {LINK} to execution roles, or take it out of the role's policies."
            ),
        });
    }
    let other_roles = reading.roles.keys().filter(|other| *other != arn);
    for other in other_roles.filter(|other| allowed(ASSUME_ROLE, other.as_str())) {
        found.push(SideDoor {
            code: ReasonCode::RoleAssumable,
            into: other.to_string(),
            who: format!("{who} {arn}"),
            how: format!("its policies let it assume the other role, if that trusts it{bounded}"),
            remedy: "Take sts:AssumeRole of other execution roles out of the role's policies."
                .to_owned(),
        });
    }
    found
}

/// The role's policies, as far as they were read; `None` where one makes no sense.
fn policies(role: &LiveRole) -> Option<Policies> {
    let attached = role.attached.iter().filter_map(|policy| policy.document.as_deref());
    let texts = attached.chain(role.inline.values().map(String::as_str));
    let identity: Option<Vec<Arc<Compiled>>> =
        texts.map(|text| Compiled::parse(text).ok().map(Arc::new)).collect();
    Some(Policies { identity: identity?, ..Policies::default() })
}

/// Teams of an SSO-mode domain whose network rule nothing enforces.
fn past_the_door(
    reading: &Reading<'_>,
    key: &DomainKey,
    domain: &Domain,
    url: Option<&str>,
) -> Vec<SideDoor> {
    let is_restricted = |network| {
        let rule = reading.map.networks.get(network);
        rule.is_none_or(|rule| !rule.any_of.contains(&NetworkMatch::Anywhere))
    };
    let teams = reading.map.teams.iter().filter(|(_, team)| team.placement(key).is_some());
    let restricted = teams.filter(|(_, team)| is_restricted(&team.network));
    restricted
        .map(|(name, team)| SideDoor {
            code: ReasonCode::RuleNotEnforced,
            into: format!("domain {key} ({})", domain.domain_id),
            who: format!("everybody of team {name}"),
            how: format!(
                "people enter at {} by Identity Center, and nothing asks for network {}",
                url.unwrap_or("the domain's address"),
                team.network
            ),
            remedy: "Place the team in an IAM-mode domain, or write `network: anywhere` openly."
                .to_owned(),
        })
        .collect()
}

/// The role of shared spaces, which no team's wall or rule is about, unless it may do nothing or the
/// domain is one team's.
fn shared_spaces(reading: &Reading<'_>, key: &DomainKey) -> Option<SideDoor> {
    let role = reading.domains.get(key)?.space_role.as_deref()?;
    let arn = RoleArn::parse(role).ok();
    let powerless = matches!(
        arn.and_then(|arn| reading.roles.get(&arn)),
        Some(RoleReading::Read(live)) if live.is_powerless()
    );
    if powerless || reading.map.is_only_teams_role(key, role) {
        return None;
    }
    Some(SideDoor {
        code: ReasonCode::SpaceRole,
        into: role.to_owned(),
        who: format!("everybody who may make or use shared spaces in domain {key}"),
        how: "shared spaces run as this role, whatever role their people have".to_owned(),
        remedy: "Let the domain's DefaultSpaceSettings name a role that is allowed nothing, and \
                 deny shared spaces to execution roles, as personas do."
            .to_owned(),
    })
}

/// Profiles that have the domain's own role, which no team's rule is about.
fn inheriting(reading: &Reading<'_>, key: &DomainKey) -> Option<SideDoor> {
    let observed = reading.observed.domains.get(key)?;
    let default = reading.domains.get(key)?.default_role.as_ref()?;
    let names: Vec<&str> = observed
        .profiles
        .values()
        .filter(|profile| profile.execution_role.is_none())
        .map(|profile| profile.name.as_str())
        .collect();
    let (first, others) = names.split_first()?;
    let more =
        if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    Some(SideDoor {
        code: ReasonCode::RoleInherited,
        into: default.clone(),
        who: format!("{first}{more}"),
        how: "they name no role of their own and so have the domain's".to_owned(),
        remedy: "Give each profile its team's role; a domain's own role should be allowed nothing."
            .to_owned(),
    })
}
