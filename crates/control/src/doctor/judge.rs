//! What follows from the facts. Pure.

use super::facts::{DomainReading, Facts};
use super::judge_directories::judge_directories;
use super::judge_keys::of_key;
use super::judge_mirror::judge_mirror;
use super::judge_network::of_network;
use super::judge_plane::around_the_plane;
use super::judge_roles::{of_role, of_spaces, written};
use super::{About, Check, Finding, Seen, State};
use crate::ports::{AppNetwork, CallError, DomainFacts, RoleIdentity};
use access::authorisation::asks_networks;
use access::entitlement::WantedGroups;
use access::ids::DomainKey;
use access::map::{AccessMap, Domain, Team};
use access::network::NetworkMatch;
use access::observed::{AuthMode, ProfileStatus};
use access::places::places;
use access::plan::Step;
use access::reason::ReasonCode;
use iam_policy::bundle::Bundle;

/// The share of a quota, in percent, below which what is left of it is told.
const LOW_PERCENT: usize = 10;

/// Judges the facts, in the order in which one thing needs another. `seen` is what planning read and
/// would do, where somebody asked for it.
pub fn judge(
    map: &AccessMap,
    facts: &Facts,
    seen: Option<Result<Seen<'_>, &CallError>>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(facts.caller.as_ref().map(|caller| match caller {
        Ok(caller) => {
            let text = format!("AWS knows Stagedoor as {}", caller.arn);
            Check::ok(About::Credentials, None, text)
        }
        Err(error) => failed(About::Credentials, None, error),
    }));
    if let Some(around) = &facts.around {
        checks.extend(around_the_plane(around));
    }
    match seen {
        None => {}
        Some(Err(error)) => checks.push(failed(About::Directory, None, error)),
        Some(Ok(seen)) => checks.extend(directory(map, seen)),
    }
    checks.extend(judge_directories(&facts.directories));
    checks.extend(facts.mirror.iter().flat_map(judge_mirror));
    checks.extend(written(map, &facts.meant));
    let meant = facts.meant.as_ref().ok();
    for (key, reading) in &facts.domains {
        if let Some(domain) = map.domains.get(key) {
            let place = Place { map, key, domain, meant };
            checks.extend(of_domain(&place, reading));
        }
    }
    if let Some(Ok(seen)) = seen {
        checks.extend(quotas(map, seen));
    }
    checks
}

/// The check that a call made, which failed.
pub fn failed(about: About, subject: Option<&str>, error: &CallError) -> Check {
    let code = error.code();
    Check::new(about, subject, State::Failed, code, error.without_code(), &[error.remedy()])
}

/// People, groups, and what of the map names groups.
fn directory(map: &AccessMap, Seen { survey, plan }: Seen<'_>) -> Vec<Check> {
    let (people, groups) = (survey.snapshot.people.len(), survey.snapshot.groups.len());
    let text =
        format!("the directory has {people} people and {groups} of the groups that grants name");
    let mut checks = vec![Check::ok(About::Directory, None, text)];
    for note in &plan.grants {
        let subject = format!("{}, group `{}`", note.grant, note.group);
        let remedy: &[&str] = match note.code {
            ReasonCode::GroupMissing => {
                &["Make the group in the directory; where an identity provider provisions groups, \
                 assign it there. Or correct the grant."]
            }
            ReasonCode::GrantAmbiguous => {
                &["Write a grant for each of these teams instead of the pattern."]
            }
            _ => continue,
        };
        let (code, text) = (note.code.as_str(), note.code.meaning());
        checks.push(Check::new(About::Grant, Some(&subject), State::Warning, code, text, remedy));
    }
    let absent =
        map.named_groups().filter(|(group, _)| !group.is_there(&map.directories, &survey.snapshot));
    checks.extend(absent.map(|(group, place)| {
        let subject = format!("{place}, group `{}`", group.name);
        let of = map.directories.sources.get(group.source).map_or("", |it| it.name.as_str());
        let code = ReasonCode::GroupMissing.as_str();
        let text = format!("the directory `{of}` has no such group, so nobody has what it gives");
        let remedy = "Make the group there, or correct the name; if it is in another directory, name \
                      that as `directory`.";
        Check::new(About::Grant, Some(&subject), State::Warning, code, text, &[remedy])
    }));
    checks
}

/// A domain of the map, and what the map means in IAM.
struct Place<'a> {
    map: &'a AccessMap,
    key: &'a DomainKey,
    domain: &'a Domain,
    meant: Option<&'a Bundle>,
}

fn of_domain(place: &Place<'_>, reading: &DomainReading) -> Vec<Check> {
    let Place { map, key, domain, meant } = *place;
    let subject = format!("domain {key}");
    let subject = Some(subject.as_str());
    let facts = match (&reading.caller, &reading.facts) {
        (Err(error), _) | (_, Err(error)) => return vec![failed(About::Domain, subject, error)],
        (Ok(caller), Ok(_)) if caller.account != domain.account_id.as_str() => {
            let text = format!(
                "it is reached as {}, and the map says it is in account {}",
                caller.arn, domain.account_id
            );
            let remedy =
                "Give the domain an `assume_role` in its own account, or correct `account_id`.";
            let code = ReasonCode::AccountMismatch.as_str();
            return vec![Check::new(About::Domain, subject, State::Failed, code, text, &[remedy])];
        }
        (Ok(_), Ok(facts)) => facts,
    };
    let mut checks = vec![in_service(domain, facts, subject)];
    checks.extend(auth_mode(map, key, domain, facts, subject));
    checks.push(network(map, key, facts, subject));
    checks.push(source_identity(domain, facts, subject));
    checks.extend(of_spaces(map, key, (facts, reading.space_role.as_ref())));
    checks.extend(of_network(facts, domain, reading.network.as_ref(), subject));
    checks.extend(of_key(reading, domain, subject));
    for (role, found) in &reading.roles {
        let live = reading.live.get(role).or_else(|| reading.unmeant.get(role));
        checks.extend(of_role(role, found, facts.role_identity, (live, meant)));
    }
    checks
}

fn in_service(domain: &Domain, facts: &DomainFacts, subject: Option<&str>) -> Check {
    let place =
        format!("{} of account {} in {}", domain.domain_id, domain.account_id, domain.region);
    if facts.status == ProfileStatus::InService {
        return Check::ok(About::Domain, subject, format!("{place} is in service"));
    }
    let why = facts.failure_reason.as_ref().map_or(String::new(), |why| format!(": {why}"));
    let text = format!("{place} is {:?}{why}", facts.status);
    let code = ReasonCode::DomainNotInService.as_str();
    Check::new(
        About::Domain,
        subject,
        State::Failed,
        code,
        text,
        &[
            "Look at the domain in the SageMaker console; nobody gets a profile there until it is in service.",
        ],
    )
}

/// How people get in, and what an SSO-mode domain needs for it.
fn auth_mode(
    map: &AccessMap,
    key: &DomainKey,
    domain: &Domain,
    facts: &DomainFacts,
    subject: Option<&str>,
) -> Vec<Check> {
    if facts.auth_mode == AuthMode::Iam {
        return iam_mode(map, key, domain, subject);
    }
    let url = facts.url.as_deref().unwrap_or("the domain's address");
    let text = format!(
        "SSO mode: one profile for each person, opened at {url}; groups are assigned to its \
         application, network rules are not enforced"
    );
    let mut checks = vec![Check::ok(About::AuthMode, subject, text)];
    if let Some((region, _)) = map.directories.identity_center()
        && region != &domain.region
    {
        let text = format!("the domain is in {} and the directory in {region}", domain.region);
        let code = ReasonCode::RegionMismatch.as_str();
        checks.push(Check::new(About::RegionAgreement, subject, State::Failed, code, text, &[
            "Identity Center signs people in to domains of its own Region only: make the domain there.",
        ]));
    }
    if facts.application_arn.is_none() {
        checks.extend(by_hand(map, key, domain, subject));
    }
    for (name, rule) in restricted(map, key) {
        let text = format!(
            "team {name} may be opened from {rule} only, which nothing enforces in SSO mode"
        );
        let code = ReasonCode::RuleNotEnforced.as_str();
        checks.push(Check::new(About::NetworkRule, subject, State::Failed, code, text, &[
            "Place the team in an IAM-mode domain, or write `network: anywhere` and say so openly.",
        ]));
    }
    checks
}

/// Who asks network rules where people come in through the door.
fn iam_mode(
    map: &AccessMap,
    key: &DomainKey,
    domain: &Domain,
    subject: Option<&str>,
) -> Vec<Check> {
    let rendered = asks_networks(map, domain);
    let besides = if rendered {
        ", and the role that makes links is to ask them with every request"
    } else {
        ""
    };
    let text = format!(
        "IAM mode: one profile for each person and team, opened through the door by a link that lives \
         seconds; the door asks network rules at each opening{besides}"
    );
    let mut checks = vec![Check::ok(About::AuthMode, subject, text)];
    checks.extend(restricted(map, key).filter(|_| !rendered).map(|(name, rule)| {
        let text = format!(
            "team {name} may be opened from {rule} only, which the door alone asks: a session that was \
             opened there goes on from anywhere"
        );
        Check::found(Finding::RuleAtDoorOnly, subject, State::Warning, text)
    }));
    checks
}

/// The steps that no API does for domains made before October 2023.
fn by_hand(
    map: &AccessMap,
    key: &DomainKey,
    domain: &Domain,
    subject: Option<&str>,
) -> Option<Check> {
    let groups: Vec<String> = {
        let teams = map.teams.iter().filter(|(_, team)| team.placement(key).is_some());
        let teams = teams.map(|(name, _)| name.clone()).collect();
        let WantedGroups { names, ids } = access::entitlement::groups_giving(map, &teams);
        names.into_iter().chain(ids.iter().map(ToString::to_string)).collect()
    };
    if groups.is_empty() {
        return None;
    }
    let code = ReasonCode::AssignmentManual;
    let open = format!(
        "Open the SageMaker console in account {}, Region {}: Admin configurations, Domains, {}.",
        domain.account_id, domain.region, domain.domain_id
    );
    let select =
        format!("Select the groups {}, and choose `Assign users and groups`.", groups.join(", "));
    Some(Check::new(
        About::Assignment,
        subject,
        State::Warning,
        code.as_str(),
        code.meaning(),
        &[
            &open,
            "On the tab Groups choose `Assign users and groups`.",
            &select,
            "Do it before the people of these groups sign in for the first time.",
        ],
    ))
}

/// The domain's teams that may not be opened from anywhere, each with its rule's name.
fn restricted<'m>(
    map: &'m AccessMap,
    key: &'m DomainKey,
) -> impl Iterator<Item = (String, String)> + 'm {
    let is_open = |team: &Team| {
        let rule = map.networks.get(&team.network);
        rule.is_none_or(|rule| rule.any_of.contains(&NetworkMatch::Anywhere))
    };
    map.teams
        .iter()
        .filter(move |(_, team)| team.placement(key).is_some() && !is_open(team))
        .map(|(name, team)| (name.to_string(), team.network.to_string()))
}

fn network(map: &AccessMap, key: &DomainKey, facts: &DomainFacts, subject: Option<&str>) -> Check {
    match facts.network {
        AppNetwork::VpcOnly => {
            Check::ok(About::Network, subject, "apps reach the network through the VPC only")
        }
        AppNetwork::PublicInternetOnly => {
            let teams: Vec<String> = restricted(map, key).map(|(name, _)| name).collect();
            let text = if teams.is_empty() {
                "apps reach the internet through SageMaker's own network".to_owned()
            } else {
                format!(
                    "apps reach the internet through SageMaker's own network, though {} may be \
                     opened from certain networks only",
                    teams.join(", ")
                )
            };
            let code = ReasonCode::NotVpcOnly.as_str();
            Check::new(
                About::Network,
                subject,
                State::Warning,
                code,
                text,
                &[
                    "Set the domain's network access to VPC only (API AppNetworkAccessType VpcOnly).",
                ],
            )
        }
    }
}

fn source_identity(domain: &Domain, facts: &DomainFacts, subject: Option<&str>) -> Check {
    match facts.role_identity {
        RoleIdentity::UserProfileName => Check::ok(
            About::SourceIdentity,
            subject,
            "sessions of execution roles name the profile as their source identity",
        ),
        RoleIdentity::Disabled => Check::new(
            About::SourceIdentity,
            subject,
            State::Warning,
            ReasonCode::NoSourceIdentity.as_str(),
            "CloudTrail cannot tell who used a shared execution role, and nobody of it can be shut \
             out alone",
            &[
                "Let the execution roles' trust policies allow sts:SetSourceIdentity to sagemaker.amazonaws.com.",
                &format!(
                    "Then, with no app of the domain in service: aws sagemaker update-domain \
                     --domain-id {} --domain-settings-for-update \
                     ExecutionRoleIdentityConfig=USER_PROFILE_NAME",
                    domain.domain_id
                ),
            ],
        ),
    }
}

/// How many more profiles fit into each account and Region.
fn quotas(map: &AccessMap, Seen { survey, plan }: Seen<'_>) -> Vec<Check> {
    places(map, &survey.observed)
        .into_iter()
        .filter_map(|((account, region), place)| {
            let quota = usize::try_from(place.quota?).ok()?;
            let there = place.profiles();
            let made = plan.actions.iter().filter(|a| matches!(a.step, Step::Create { .. }));
            let kept = plan.kept.iter().filter(|k| k.reason == ReasonCode::QuotaReached);
            let wanted = made.map(|a| &a.domain).chain(kept.map(|k| &k.domain));
            let wanted = wanted.filter(|domain| place.domains.contains_key(domain)).count();
            let subject = format!("account {account} in {region}");
            let left = quota.saturating_sub(there);
            let text = format!("{there} of {quota} profiles, {wanted} more to be made");
            let code = ReasonCode::QuotaReached.as_str();
            let remedy =
                ["Ask Service Quotas for more user profiles, or place teams in another account."];
            Some(if wanted > left {
                Check::new(About::Quota, Some(&subject), State::Failed, code, text, &remedy)
            } else if (left - wanted) * 100 < quota * LOW_PERCENT {
                Check::new(About::Quota, Some(&subject), State::Warning, code, text, &remedy)
            } else {
                Check::ok(About::Quota, Some(&subject), text)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
