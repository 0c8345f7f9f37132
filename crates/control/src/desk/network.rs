//! *Network*: from where each team may be opened, and what would happen to somebody who asked from a
//! given place: whether the door lets them in, what AWS would say, and which statement decides.

use super::teams::written;
use super::{Caller, Desk, Listed, Page, Reading, Refused, Right};
use access::authorisation::authorisation;
use access::entitlement::entitlements;
use access::explain::{Explanation, explain};
use access::ids::{DomainKey, NetworkKey, PersonId, PersonaKey, TeamKey};
use access::map::{AccessMap, Team};
use access::network::{NetworkMatch, NetworkRule, Origin};
use access::reason::ReasonCode;
use access::snapshot::{Coverage, Person, Snapshot};
use access::what_if::{Documents, Outcome, Question, Reason, Stage, Step, what_if};
use iam_policy::bundle::Bundle;
use iam_policy::evaluate::Decision;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use utoipa::ToSchema;

/// What is asked of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkQuestion {
    /// Where a request comes from; absent in all three: nothing is asked, only the rules are shown.
    pub origin: Origin,
    /// Only teams with this persona; `Some(None)`: those without one.
    pub persona: Option<Option<PersonaKey>>,
    /// Only teams with this network rule.
    pub network: Option<NetworkKey>,
    /// As this person; absent: as anybody who has the team.
    pub person: Option<PersonId>,
}

/// The network, and what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// When directory and Studio were read.
    pub at: Timestamp,
    /// The rules, by key: the columns.
    pub rules: Vec<Rule>,
    /// The rows: a persona each, last the teams without one.
    pub rows: Vec<PersonaRow>,
    /// From where it is asked, as it was understood; absent where nothing is asked.
    pub asked: Option<Asked>,
    /// The teams, by key.
    pub teams: Listed<TeamReach>,
}

/// A network rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its key in the map.
    #[schema(value_type = String)]
    pub key: NetworkKey,
    /// The ways to satisfy it; one is enough.
    pub ways: Vec<String>,
    /// What the map tells people who are refused.
    pub explain: Option<String>,
    /// Where it is written, `file:line`; absent for `anywhere`.
    pub place: Option<String>,
    /// Whether it admits where it is asked from.
    pub admits: Option<bool>,
}

/// The teams with a persona, by network rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonaRow {
    /// The persona; absent: teams without one.
    #[schema(value_type = Option<String>)]
    pub persona: Option<PersonaKey>,
    /// A cell for each rule, in the order of the rules.
    pub cells: Vec<Cell>,
}

/// Teams of one persona with one network rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// The rule.
    #[schema(value_type = String)]
    pub network: NetworkKey,
    /// How many teams.
    pub teams: u64,
    /// How many people have a right to one of them.
    pub people: u64,
}

/// From where it is asked, and as whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The address.
    pub address: Option<String>,
    /// The VPC endpoint.
    pub vpce: Option<String>,
    /// The VPC of that endpoint.
    pub vpc: Option<String>,
    /// The person, by name.
    pub person: Option<String>,
    /// How many of the teams the door lets in from there, of how many.
    pub admitted: u64,
    /// How many there are.
    pub of: u64,
}

/// A team, and what would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamReach {
    /// Its key.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// What the map calls it, for people.
    pub title: String,
    /// Its persona.
    #[schema(value_type = Option<String>)]
    pub persona: Option<PersonaKey>,
    /// Its network rule.
    #[schema(value_type = String)]
    pub network: NetworkKey,
    /// Where the team is written, `file:line`.
    pub place: String,
    /// What would happen in each of its domains; empty where nothing is asked.
    pub domains: Vec<DomainReach>,
}

/// What would happen in a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainReach {
    /// The domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Whether every step is allowed; absent where AWS's part cannot be said.
    pub allowed: Option<bool>,
    /// The steps, in their order.
    pub steps: Vec<ReachStep>,
    /// Why AWS's part cannot be said.
    pub unknown: Option<String>,
}

/// A step on the way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReachStep {
    /// Which: `entitlement`, `network`, `link`, `use`.
    pub stage: &'static str,
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, as a clause.
    pub text: String,
    /// Of the door's steps: why.
    #[schema(value_type = Option<String>)]
    pub code: Option<ReasonCode>,
    /// Of AWS's steps: what it would say.
    pub decision: Option<&'static str>,
    /// The statements that decide, or come nearest.
    pub because: Vec<DecidingStatement>,
}

/// A statement that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecidingStatement {
    /// The kind of policy.
    pub layer: String,
    /// The policy; absent where no statement of the kind allows.
    pub policy: Option<String>,
    /// The statement's name, or its number.
    pub statement: Option<String>,
    /// What it does.
    pub text: String,
}

impl NetworkQuestion {
    /// A question as people write it; what is empty is not asked.
    ///
    /// # Errors
    /// `request-invalid` for an address that is none, or an endpoint or VPC that cannot be one.
    pub fn of_texts(
        address: Option<&str>,
        vpce: Option<&str>,
        vpc: Option<&str>,
    ) -> Result<Origin, Refused> {
        let address = address.map(str::trim).filter(|text| !text.is_empty());
        let parsed = address.map(|text| text.parse::<IpAddr>().map_err(|_| not_an_address()));
        Ok(Origin {
            address: parsed.transpose()?,
            vpce: named(vpce, "vpce-")?,
            vpc: named(vpc, "vpc-")?,
            ..Origin::default()
        })
    }

    fn asks(&self) -> bool {
        self.origin != Origin::default()
    }

    fn wants(&self, team: &Team) -> bool {
        self.persona.as_ref().is_none_or(|persona| *persona == team.persona)
            && self.network.as_ref().is_none_or(|network| *network == team.network)
    }
}

fn not_an_address() -> Refused {
    let (why, remedy) =
        ("That is no IP address.", "Write it like 203.0.113.7 or 2001:db8::7, without a mask.");
    Refused::invalid(why, remedy)
}

/// An id of Amazon EC2: the prefix and up to 17 hexadecimal digits.
fn named(text: Option<&str>, prefix: &str) -> Result<Option<String>, Refused> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_one = text.strip_prefix(prefix).is_some_and(|rest| {
        (1..=17).contains(&rest.len())
            && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    if is_one {
        return Ok(Some(text.to_owned()));
    }
    let why = format!("That is no id that begins with {prefix}.");
    Err(Refused::invalid(why, format!("Copy it from the VPC console, like {prefix}0abc1234.")))
}

impl Desk {
    /// From where each team may be opened, and what would happen from a given place.
    ///
    /// # Errors
    /// Whoever asks may not see it; `not-found` for a person whom the directory does not have; nothing
    /// was read yet.
    pub async fn network(
        &self,
        caller: &Caller,
        question: &NetworkQuestion,
        page: &Page,
    ) -> Result<Network, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        network_of(&reading, question, page)
    }
}

fn network_of(
    reading: &Reading,
    question: &NetworkQuestion,
    page: &Page,
) -> Result<Network, Refused> {
    let map = &reading.map;
    let wanted = map.teams.iter().filter(|(_, team)| question.wants(team));
    let somebody = Somebody::of(reading, question)?;
    let asked = question.asks().then(|| {
        let admits = |team: &Team| {
            map.networks.get(&team.network).is_some_and(|rule| rule.admits(&question.origin))
        };
        let admitted = wanted.clone().filter(|(_, team)| admits(team)).count();
        Asked {
            address: question.origin.address.map(|address| address.to_string()),
            vpce: question.origin.vpce.clone(),
            vpc: question.origin.vpc.clone(),
            person: question.person.as_ref().map(|_| somebody.name.clone()),
            admitted: u64::try_from(admitted).unwrap_or(u64::MAX),
            of: u64::try_from(wanted.clone().count()).unwrap_or(u64::MAX),
        }
    });
    let shown = page.of(wanted, |(key, _)| key.to_string())?;
    let teams = shown.items.iter().map(|(key, _)| (*key).clone()).collect();
    let explained = asked.is_some().then(|| somebody.explained(reading, &teams));
    let bundle = asked.is_some().then(|| {
        let errors = |_| "what the map means in IAM has errors; Health tells which".to_owned();
        authorisation(map).map_err(errors)
    });
    Ok(Network {
        at: reading.at,
        rules: rules(map, asked.is_some().then_some(&question.origin)),
        rows: rows(reading),
        asked,
        teams: shown.map(|(key, team)| TeamReach {
            team: key.clone(),
            title: team.about.title.clone().unwrap_or_else(|| key.to_string()),
            persona: team.persona.clone(),
            network: team.network.clone(),
            place: written(&team.place),
            domains: match (&bundle, &explained) {
                (Some(bundle), Some(explained)) => {
                    somebody.reaches(reading, question, bundle.as_ref(), explained, (key, team))
                }
                _ => Vec::new(),
            },
        }),
    })
}

fn rules(map: &AccessMap, origin: Option<&Origin>) -> Vec<Rule> {
    let used: BTreeSet<&NetworkKey> = map.teams.values().map(|team| &team.network).collect();
    // `anywhere` is always known; it is a column only where a team says so.
    let shown = map
        .networks
        .iter()
        .filter(|(key, _)| used.contains(key) || map.places.networks.contains_key(*key));
    let rule = |(key, rule): (&NetworkKey, &NetworkRule)| Rule {
        key: key.clone(),
        ways: rule.any_of.iter().map(NetworkMatch::to_string).collect(),
        explain: rule.explain.clone(),
        place: map.places.networks.get(key).map(written),
        admits: origin.map(|origin| rule.admits(origin)),
    };
    shown.map(rule).collect()
}

fn rows(reading: &Reading) -> Vec<PersonaRow> {
    let map = &reading.map;
    let rights = entitlements(map, &reading.survey.snapshot, reading.survey.now);
    let mut people: BTreeMap<(Option<&PersonaKey>, &NetworkKey), BTreeSet<&PersonId>> =
        BTreeMap::new();
    for right in rights.all() {
        if let Some(team) = map.teams.get(right.team) {
            let cell = people.entry((team.persona.as_ref(), &team.network)).or_default();
            cell.insert(&right.person.id);
        }
    }
    let mut teams: BTreeMap<(Option<&PersonaKey>, &NetworkKey), u64> = BTreeMap::new();
    for team in map.teams.values() {
        *teams.entry((team.persona.as_ref(), &team.network)).or_default() += 1;
    }
    let mut personas: BTreeSet<Option<&PersonaKey>> =
        map.teams.values().map(|team| team.persona.as_ref()).collect();
    let without = personas.remove(&None);
    let ordered = personas.into_iter().chain(without.then_some(None));
    let columns = rules(map, None);
    ordered
        .map(|persona| PersonaRow {
            persona: persona.cloned(),
            cells: columns
                .iter()
                .map(|rule| Cell {
                    network: rule.key.clone(),
                    teams: teams.get(&(persona, &rule.key)).copied().unwrap_or_default(),
                    people: people
                        .get(&(persona, &rule.key))
                        .map_or(0, |people| u64::try_from(people.len()).unwrap_or(u64::MAX)),
                })
                .collect(),
        })
        .collect()
}

/// Who asks.
#[derive(Debug)]
struct Somebody {
    id: PersonId,
    name: String,
    /// The directory as far as it tells of them; `None`: the reading's.
    made_up: Option<Snapshot>,
}

impl Somebody {
    /// The person that is asked about, or somebody made up who stands for anybody with the team.
    fn of(reading: &Reading, question: &NetworkQuestion) -> Result<Self, Refused> {
        if let Some(id) = &question.person {
            let person = reading.survey.snapshot.people.get(id);
            let person =
                person.ok_or_else(|| Refused::not_found("The directory has no such person."))?;
            return Ok(Self { id: id.clone(), name: person.user_name.clone(), made_up: None });
        }
        let refused = |_| Refused::not_found("The directory has no such person.");
        let id = PersonId::parse("anybody").map_err(refused)?;
        let person = Person {
            id: id.clone(),
            user_name: "anybody".to_owned(),
            display_name: String::new(),
            enabled: true,
        };
        let snapshot = Snapshot {
            groups: BTreeMap::new(),
            people: BTreeMap::from([(id.clone(), person)]),
            coverage: Coverage::People(BTreeSet::from([id.clone()])),
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        };
        Ok(Self { id, name: "anybody".to_owned(), made_up: Some(snapshot) })
    }

    fn snapshot<'a>(&'a self, reading: &'a Reading) -> &'a Snapshot {
        self.made_up.as_ref().unwrap_or(&reading.survey.snapshot)
    }

    /// Why they have these teams, or not: of all at once, since that plans for everybody.
    fn explained(&self, reading: &Reading, teams: &BTreeSet<TeamKey>) -> Explanation {
        let survey = &reading.survey;
        let snapshot = self.snapshot(reading);
        explain(&reading.map, snapshot, &survey.observed, survey.now, &self.id, teams)
    }

    /// What would happen in each domain of the team.
    fn reaches(
        &self,
        reading: &Reading,
        question: &NetworkQuestion,
        bundle: Result<&Bundle, &String>,
        explained: &Explanation,
        (key, team): (&TeamKey, &Team),
    ) -> Vec<DomainReach> {
        let context = BTreeMap::new();
        let documents = Documents::default();
        let snapshot = self.snapshot(reading);
        let nothing = Bundle::default();
        let placements = team.placements.iter();
        placements
            .map(|placement| {
                let asked = Question {
                    map: &reading.map,
                    bundle: bundle.unwrap_or(&nothing),
                    snapshot,
                    observed: &reading.survey.observed,
                    now: reading.survey.now,
                    person: &self.id,
                    explained: Some(explained),
                    team: key,
                    domain: &placement.domain,
                    from: &question.origin,
                    principal: None,
                    deed: None,
                    context: &context,
                    documents: &documents,
                };
                let told = match bundle {
                    Ok(_) => what_if(&asked).map_err(|error| error.to_string()),
                    Err(why) => Err(why.clone()),
                };
                self.told(&asked, told, placement.domain.clone())
            })
            .collect()
    }

    fn told(
        &self,
        asked: &Question<'_>,
        told: Result<Outcome, String>,
        domain: DomainKey,
    ) -> DomainReach {
        // Whoever is made up has no groups; the question is what those with the team meet.
        let counts = |step: &Step| self.made_up.is_none() || step.stage != Stage::Entitlement;
        match told {
            Ok(outcome) => {
                let steps: Vec<Step> = outcome.steps.into_iter().filter(counts).collect();
                DomainReach {
                    domain,
                    allowed: Some(steps.iter().all(|step| step.allowed)),
                    steps: steps.into_iter().map(reach_step).collect(),
                    unknown: None,
                }
            }
            Err(why) => {
                let steps: Vec<Step> =
                    asked.by_the_doors_rules().into_iter().filter(counts).collect();
                // What the door refuses is refused, whatever AWS would say.
                let refused = steps.iter().any(|step| !step.allowed);
                DomainReach {
                    domain,
                    allowed: refused.then_some(false),
                    steps: steps.into_iter().map(reach_step).collect(),
                    unknown: Some(why),
                }
            }
        }
    }
}

fn reach_step(step: Step) -> ReachStep {
    ReachStep {
        stage: match step.stage {
            Stage::Entitlement => "entitlement",
            Stage::Network => "network",
            Stage::Link => "link",
            Stage::Use => "use",
            Stage::Deed => "deed",
        },
        allowed: step.allowed,
        text: step.text,
        code: step.code,
        decision: step.decision.map(|decision| match decision {
            Decision::Allowed => "allowed",
            Decision::ImplicitlyDenied => "implicitly-denied",
            Decision::ExplicitlyDenied => "explicitly-denied",
        }),
        because: step.because.into_iter().map(deciding).collect(),
    }
}

fn deciding(reason: Reason) -> DecidingStatement {
    DecidingStatement {
        layer: reason.layer.to_string(),
        policy: reason.policy,
        statement: reason.statement,
        text: reason.text,
    }
}

#[cfg(test)]
mod tests;
