//! Ways into Studio, or to a team's role, past the door.

mod links;

use self::links::{Holders, Links};
use super::Reading;
use crate::ids::{DomainKey, RoleArn};
use crate::live_role::{LiveRole, instance};
use crate::map::Domain;
use crate::network::NetworkMatch;
use crate::observed::AuthMode;
use crate::reason::ReasonCode;
use crate::what_if::{LINK, REMOTE};
use iam_policy::document::{Principal, PrincipalKind};
use iam_policy::evaluate::Policies;
use iam_policy::prove::Documents;
use iam_policy::request::Request;
use iam_policy::trust::ASSUME_ROLE;
use iam_policy::{Document, Effect, Statement};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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

/// Every way that the facts show, by kind; and what could not be worked out of which role.
pub(super) fn side_doors(reading: &Reading<'_>) -> (Vec<SideDoor>, Vec<String>) {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    let (holders, none) = (holders(reading), Holders::new());
    for (arn, role) in reading.roles {
        let RoleReading::Read(role) = role else { continue };
        found.extend(assumed_by(arn, role));
        let of_role = holders.get(arn).unwrap_or(&none);
        if let Err(why) = may_do(reading, arn, role, of_role, &mut found) {
            unknown.push(format!("role {arn}: what it may do could not be worked out ({why})"));
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
    found.extend(assigned_besides(reading));
    found.sort();
    (found, unknown)
}

/// The profiles that have each role.
fn holders<'a>(reading: &Reading<'a>) -> BTreeMap<RoleArn, Holders<'a>> {
    let mut holders: BTreeMap<RoleArn, Holders<'_>> = BTreeMap::new();
    for (key, observed) in &reading.observed.domains {
        for profile in observed.profiles.values() {
            let role = observed.role_of(profile).and_then(|arn| RoleArn::parse(arn).ok());
            if let Some(role) = role {
                holders.entry(role).or_default().insert((key, profile.name.as_str()));
            }
        }
    }
    holders
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

/// What whoever works with the role can do to others, as far as its policies were read: a denial that was
/// not would only take away.
///
/// # Errors
/// Why that could not be worked out.
fn may_do(
    reading: &Reading<'_>,
    arn: &RoleArn,
    role: &LiveRole,
    holders: &Holders<'_>,
    found: &mut Vec<SideDoor>,
) -> Result<(), String> {
    let who = format!("everybody who works with the role {arn}");
    if let Some(full) = role.attached.iter().find(|policy| policy.gives_everything()) {
        found.push(SideDoor {
            code: ReasonCode::LinkElsewhere,
            into: format!("every domain of account {}", arn.account()),
            who,
            how: format!(
                "{} is attached to it, which lets it ask for links of anybody",
                full.name()
            ),
            remedy:
                "Replace the policy by what the map's persona means: `stagedoor policy render`."
                    .to_owned(),
        });
        return Ok(());
    }
    let read = role.policies().filter_map(|(_, document)| document?.ok());
    let documents = Documents::of(read);
    let policies = documents.compile().map_err(|error| error.to_string())?;
    let bounded =
        if role.boundary.is_some() { ", unless its permissions boundary denies it" } else { "" };
    let other_roles = reading.roles.keys().filter(|other| *other != arn);
    let assumes = |other: &RoleArn| {
        let request = Request::new(arn.as_str(), ASSUME_ROLE, other.as_str());
        policies.decide(&request).is_allowed()
    };
    found.extend(other_roles.filter(|other| assumes(other)).map(|other| SideDoor {
        code: ReasonCode::RoleAssumable,
        into: other.to_string(),
        who: who.clone(),
        how: format!("its policies let it assume the other role, if that trusts it{bounded}"),
        remedy:
            "Take sts:AssumeRole of other execution roles out of the role's policies.".to_owned(),
    }));
    found.extend(remote(reading, arn, &policies, &who, bounded));
    let links = Links::of(reading.map, arn, role, (&documents, &policies), holders);
    found.extend(links.elsewhere().into_iter().map(|(key, request)| SideDoor {
        code: ReasonCode::LinkElsewhere,
        into: key.map_or_else(
            || format!("a domain of account {}", arn.account()),
            |key| format!("domain {key}"),
        ),
        who: who.clone(),
        how: format!(
            "its policies let it ask for links into other people's profiles{bounded}; {}",
            instance(&request)
        ),
        remedy: format!("Deny {LINK} to execution roles, or take it out of the role's policies."),
    }));
    Ok(())
}

/// The domains in which the role may open other people's spaces from outside of Studio. AWS tags the space
/// of one person with whose it is, and the policy in its guide goes by that.
fn remote(
    reading: &Reading<'_>,
    arn: &RoleArn,
    policies: &Policies,
    who: &str,
    bounded: &str,
) -> Vec<SideDoor> {
    let opens_others = |domain: &Domain| {
        let Domain { region, account_id, domain_id, .. } = domain;
        let inside = format!("arn:{}:sagemaker:{region}:{account_id}", arn.partition());
        let owner = format!("{inside}:user-profile/{domain_id}/somebody-else");
        let space = format!("{inside}:space/{domain_id}/somebody-elses");
        let request = Request::new(arn.as_str(), REMOTE, &space)
            .with("sagemaker:ResourceTag/sagemaker:user-profile-arn", [owner.as_str()])
            .with("aws:ResourceTag/sagemaker:user-profile-arn", [owner.as_str()]);
        policies.decide(&request).is_allowed()
    };
    let domains = reading.map.domains.iter();
    let there = domains.filter(|(_, domain)| domain.account_id.as_str() == arn.account());
    let open = there.filter(|(_, domain)| opens_others(domain));
    open.map(|(key, _)| SideDoor {
        code: ReasonCode::RemoteElsewhere,
        into: format!("domain {key}"),
        who: who.to_owned(),
        how: format!(
            "its policies let it open other people's spaces from an IDE outside of Studio{bounded}"
        ),
        remedy: format!(
            "Take {REMOTE} out of the role's policies, or allow it on people's own spaces alone \
             (`sagemaker:user-profile-arn`)."
        ),
    })
    .collect()
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

/// Whom Identity Center lets into an SSO-mode domain though no grant does. Where nobody has agreed to the
/// grants, an assignment is as good as they are.
fn assigned_besides<'r>(reading: &'r Reading<'_>) -> impl Iterator<Item = SideDoor> + 'r {
    let extra = reading.plan.kept.iter().filter(|kept| kept.reason == ReasonCode::AssignmentExtra);
    extra.filter(|_| !reading.derived).map(|kept| {
        let detail = kept.detail.as_deref().unwrap_or_default();
        SideDoor {
            code: kept.reason,
            into: format!("domain {}", kept.domain),
            who: kept.person_name.clone().unwrap_or_else(|| detail.to_owned()),
            how: "Identity Center lets them in, for they are assigned to the domain's application, and no \
                  grant gives them a team there"
                .to_owned(),
            remedy: "Take the assignment away in the SageMaker console, or write a grant.".to_owned(),
        }
    })
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
    let default = observed.default_role.as_ref()?;
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
