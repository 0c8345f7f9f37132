//! The rung of the team's execution role: which statement lets its people work, and which one keeps
//! them from other teams. Decided by the evaluator itself, on the role that the map means.

use super::{Facts, Rung, Stage, Verdict};
use crate::authorisation::execution_role;
use crate::ids::{PersonId, TeamKey};
use crate::map::{Domain, Placement};
use crate::naming::profile_name;
use crate::reason::ReasonCode;
use crate::what_if::{Named, Reason};
use iam_policy::bundle::Role;
use iam_policy::request::Request;

/// What people do first, and then what a persona without apps does: the first that is allowed is
/// shown.
const DEEDS: [(&str, &str); 4] = [
    ("sagemaker:CreateApp", "app/{domain}/{profile}/jupyterlab/default"),
    ("sagemaker:CreateTrainingJob", "training-job/{team}--any"),
    ("sagemaker:ListTrainingJobs", "*"),
    ("sagemaker:Search", "*"),
];

/// A tag that no team has: team keys hold no underscore.
const ANOTHER_TEAM: &str = "_another_team_";

impl Facts<'_> {
    /// What the role of the person's placement lets them do and what it keeps from them. Nothing for
    /// a team without persona: the map does not say what its role may do.
    pub(super) fn policy(&self, person: &PersonId, team: &TeamKey) -> Vec<Rung> {
        let Some(placement) = self.placed(person, team) else { return Vec::new() };
        let Some(domain) = self.map.domains.get(&placement.domain) else { return Vec::new() };
        let Some(role) = execution_role(self.map, &placement.execution_role) else {
            return Vec::new();
        };
        let asks = Asks { facts: self, person, team, placement, domain, role: &role };
        std::iter::once(asks.allowed()).chain(asks.walled()).collect()
    }
}

/// Requests of the role's sessions in the person's Studio.
struct Asks<'a> {
    facts: &'a Facts<'a>,
    person: &'a PersonId,
    team: &'a TeamKey,
    placement: &'a Placement,
    domain: &'a Domain,
    role: &'a Role,
}

impl Asks<'_> {
    fn request(&self, action: &str, resource: &str) -> Request {
        let known = self.facts.snapshot.people.get(self.person);
        let profile = known.map(|known| profile_name(known, self.team).to_string());
        let profile = profile.unwrap_or_else(|| "-".to_owned());
        let (region, account) = (&self.domain.region, &self.domain.account_id);
        let partition = self.placement.execution_role.partition();
        let resource = match resource {
            "*" => "*".to_owned(),
            path => {
                let path = path.replace("{domain}", self.domain.domain_id.as_str());
                let path = path.replace("{profile}", &profile);
                let path = path.replace("{team}", self.team.as_str());
                format!("arn:{partition}:sagemaker:{region}:{account}:{path}")
            }
        };
        let arn = self.placement.execution_role.as_str();
        let mut request = Request::new(arn, action, &resource).in_account(account.as_str());
        for (key, value) in &self.role.tags {
            request = request.with(&format!("aws:PrincipalTag/{key}"), [value]);
        }
        request
            .with("sagemaker:DomainId", [self.domain.domain_id.as_str()])
            .with("sagemaker:UserProfileName", [&profile])
    }

    fn decide(&self, request: &Request) -> Option<(bool, Vec<Reason>)> {
        let named = Named { identity: self.role.policies().cloned().collect(), ..Named::default() };
        let (answer, reasons) = named.decide(request).ok()?;
        Some((answer.is_allowed(), reasons))
    }

    fn allowed(&self) -> Rung {
        let tag = &self.facts.map.team_tag;
        let own = self.role.tags.get(tag).map_or(self.team.as_str(), String::as_str);
        let found = DEEDS.iter().find_map(|(action, resource)| {
            let request = self.request(action, resource);
            let request = request
                .with(&format!("aws:RequestTag/{tag}"), [own])
                .with("aws:TagKeys", [tag.as_str()]);
            let (is_allowed, reasons) = self.decide(&request)?;
            is_allowed.then_some((*action, reasons))
        });
        let name = &self.role.name;
        let (verdict, code, text) = if let Some((action, reasons)) = found {
            let text = format!("{name} may {action}, by {}", statements(&reasons));
            (Verdict::Holds, ReasonCode::PolicyAllows, text)
        } else {
            let text = format!("{name} allows none of what people do first in Studio");
            (Verdict::Depends, ReasonCode::PolicyAllowsNothing, text)
        };
        Rung::new(Stage::Policy, verdict, code, text)
    }

    fn walled(&self) -> Option<Rung> {
        let tag = &self.facts.map.team_tag;
        let request = self.request("sagemaker:DescribeModel", "model/any");
        let request = request.with(&format!("aws:ResourceTag/{tag}"), [ANOTHER_TEAM]);
        let (is_allowed, reasons) = self.decide(&request)?;
        let name = &self.role.name;
        if is_allowed {
            let text = format!("{name} reaches what is another team's");
            return Some(Rung::new(
                Stage::Policy,
                Verdict::Breaks,
                ReasonCode::PolicyLacksWall,
                text,
            ));
        }
        let text = format!("{name} reaches nothing of another team's, by {}", statements(&reasons));
        Some(Rung::new(Stage::Policy, Verdict::Holds, ReasonCode::PolicyWalls, text))
    }
}

/// The statements that decide, with their policies.
fn statements(reasons: &[Reason]) -> String {
    let named: Vec<String> = reasons
        .iter()
        .filter_map(|reason| {
            let (policy, statement) = (reason.policy.as_ref()?, reason.statement.as_ref()?);
            Some(format!("statement {statement} of {policy}"))
        })
        .collect();
    if named.is_empty() { "no statement that allows it".to_owned() } else { named.join(" and ") }
}
