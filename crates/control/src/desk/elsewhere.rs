//! What would happen if a person came from somewhere: the door's rule, way by way, and what AWS would
//! say, statement by statement.

use super::{Caller, Desk, Reading, Refused, RefusedKind, Right};
use access::authorisation::authorisation;
use access::entitlement::entitlements;
use access::ids::{DomainKey, PersonId, TeamKey};
use access::map::AccessMap;
use access::network::{NetworkRule, Origin};
use access::observed::Ownership;
use access::reason::ReasonCode;
use access::what_if::{Documents, Question, Step, WhatIfError, what_if};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The most teams that are gone through.
const MOST_TEAMS: usize = 20;

/// What would happen for one team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Elsewhere {
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// The domain it is asked of.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Whether the person would get in, as far as this can be told.
    pub allowed: bool,
    /// The network rule of the team.
    pub network: String,
    /// Whether the rule admits it.
    pub admitted: bool,
    /// The ways of the rule, each with whether it fits.
    pub ways: Vec<WayIn>,
    /// What the map tells people whom the rule refuses.
    pub explain: Option<String>,
    /// The steps in the order in which they are gone: the door's, then AWS's.
    pub steps: Vec<ElsewhereStep>,
    /// Why AWS's part is not told, if so.
    pub untold: Option<String>,
}

/// One way to satisfy a network rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WayIn {
    /// As the map has it.
    pub text: String,
    /// Whether it fits.
    pub fits: bool,
}

/// A step on the way into Studio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ElsewhereStep {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, as a clause for people.
    pub text: String,
    /// Of the door's steps: why.
    #[schema(value_type = Option<String>)]
    pub code: Option<ReasonCode>,
    /// The statements that decide, or come nearest.
    pub because: Vec<Deciding>,
}

/// A statement of a policy that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deciding {
    /// The kind of policy.
    pub layer: String,
    /// The policy.
    pub policy: Option<String>,
    /// The statement.
    pub statement: Option<String>,
    /// What it does, as a clause for people.
    pub text: String,
}

impl Desk {
    /// What would happen if the person came from `from`, for one team or for each of theirs.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the directory does not know the person, or
    /// the map not the team.
    pub async fn elsewhere(
        &self,
        caller: &Caller,
        person: &PersonId,
        team: Option<&TeamKey>,
        from: &Origin,
    ) -> Result<Vec<Elsewhere>, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let map = &reading.map;
        if !reading.survey.snapshot.people.contains_key(person) {
            let why = format!("The directory does not know {person}.");
            return Err(Refused::not_found(why));
        }
        let teams = match team {
            Some(team) if map.teams.contains_key(team) => vec![team.clone()],
            Some(team) => {
                let why = format!("The map has no team {team}.");
                return Err(Refused::not_found(why));
            }
            None => {
                let rights = entitlements(map, &reading.survey.snapshot, reading.survey.now);
                let teams = rights.teams_of(person).iter().map(|right| right.team.clone());
                teams.take(MOST_TEAMS).collect()
            }
        };
        let told = teams.iter().filter_map(|team| told(&reading, person, team, from));
        Ok(told.collect())
    }
}

/// An address or the id of a VPC endpoint, as somebody types it.
///
/// # Errors
/// It is neither.
pub fn origin_of(text: &str) -> Result<Origin, Refused> {
    let text = text.trim();
    let is_id = |prefix: &str| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.len() <= 17 && rest.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    };
    if let Ok(address) = text.parse() {
        return Ok(Origin { address: Some(address), ..Origin::default() });
    }
    if is_id("vpce-") {
        return Ok(Origin { vpce: Some(text.to_owned()), ..Origin::default() });
    }
    if is_id("vpc-") {
        return Ok(Origin { vpc: Some(text.to_owned()), ..Origin::default() });
    }
    Err(Refused::new(
        RefusedKind::Invalid,
        ReasonCode::RequestInvalid,
        "That is neither an address nor the id of a VPC or VPC endpoint.",
        "Write it like 10.1.2.3, vpce-0abc or vpc-0abc.",
    ))
}

fn told(reading: &Reading, person: &PersonId, team: &TeamKey, from: &Origin) -> Option<Elsewhere> {
    let map = &reading.map;
    let known = map.teams.get(team)?;
    let domain = domain_of(reading, person, team)?;
    let rule = map.networks.get(&known.network);
    let admitted = rule.is_some_and(|rule| rule.admits(from));
    let (steps, untold) = match steps(reading, person, team, &domain, from) {
        Ok(steps) => (steps, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let allowed = match steps.as_slice() {
        [] => admitted,
        steps => steps.iter().all(|step| step.allowed),
    };
    Some(Elsewhere {
        team: team.clone(),
        domain,
        allowed,
        network: known.network.to_string(),
        admitted,
        ways: rule.map(|rule| ways_in(rule, from)).unwrap_or_default(),
        explain: rule.and_then(|rule| rule.explain.clone()),
        steps,
        untold,
    })
}

/// Where the person's profile is, or else the team's first domain.
fn domain_of(reading: &Reading, person: &PersonId, team: &TeamKey) -> Option<DomainKey> {
    let theirs = Ownership::Ours { person, team };
    let has = |key: &&DomainKey| {
        let domain = reading.survey.observed.domains.get(*key);
        let mut profiles = domain.into_iter().flat_map(|domain| domain.profiles.values());
        profiles.any(|profile| profile.ownership(&reading.map.instance) == theirs)
    };
    let placements = &reading.map.teams.get(team)?.placements;
    let mut keys = placements.iter().map(|placement| &placement.domain);
    keys.clone().find(has).or_else(|| keys.next()).cloned()
}

fn ways_in(rule: &NetworkRule, from: &Origin) -> Vec<WayIn> {
    let way = |way: &access::network::NetworkMatch| {
        let alone = NetworkRule { any_of: vec![way.clone()], explain: None };
        WayIn { text: way.to_string(), fits: alone.admits(from) }
    };
    rule.any_of.iter().map(way).collect()
}

/// The steps, or why they cannot be told.
fn steps(
    reading: &Reading,
    person: &PersonId,
    team: &TeamKey,
    domain: &DomainKey,
    from: &Origin,
) -> Result<Vec<ElsewhereStep>, String> {
    let bundle = authorisation(&reading.map)
        .map_err(|_| "The map means no set of policies that keeps teams apart.".to_owned())?;
    let question = Question {
        map: &reading.map,
        bundle: &bundle,
        snapshot: &reading.survey.snapshot,
        observed: &reading.survey.observed,
        now: reading.survey.now,
        person,
        explained: None,
        team,
        domain,
        from,
        principal: None,
        deed: None,
        context: &BTreeMap::new(),
        documents: &Documents::default(),
    };
    let outcome = what_if(&question).map_err(|error| untold(&reading.map, &error))?;
    Ok(outcome.steps.into_iter().map(ElsewhereStep::from).collect())
}

fn untold(map: &AccessMap, error: &WhatIfError) -> String {
    match error {
        WhatIfError::NoHub(_) if map.hub.is_none() => {
            "What AWS would say is not told: the map does not say what Stagedoor runs as (`hub`)."
                .to_owned()
        }
        error => format!("What AWS would say is not told: {error}."),
    }
}

impl From<Step> for ElsewhereStep {
    fn from(step: Step) -> Self {
        let because = step.because.into_iter().map(|reason| Deciding {
            layer: reason.layer.to_string(),
            policy: reason.policy,
            statement: reason.statement,
            text: reason.text,
        });
        Self { allowed: step.allowed, text: step.text, code: step.code, because: because.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_an_address_an_endpoint_or_a_vpc() {
        let of = |text| origin_of(text).map_err(|refused| refused.code);
        assert_eq!(of(" 10.1.2.3 ").unwrap().address, "10.1.2.3".parse().ok());
        assert_eq!(of("2001:db8::1").unwrap().address, "2001:db8::1".parse().ok());
        assert_eq!(of("vpce-0abc").unwrap().vpce.as_deref(), Some("vpce-0abc"));
        assert_eq!(of("vpc-0abc").unwrap().vpc.as_deref(), Some("vpc-0abc"));
        for wrong in ["", "10.1.2", "vpce-", "vpce-<b>", "subnet-0abc", "10.0.0.0/8"] {
            assert_eq!(of(wrong), Err(ReasonCode::RequestInvalid), "{wrong}");
        }
    }
}
