//! What would happen if somebody asked for a team from somewhere: the door's own rules, then what
//! AWS would say, by the policies that the map means or by others.
//!
//! A link into Studio is asked for twice over. Stagedoor asks for it, from where Stagedoor is. And
//! AWS holds whoever uses it to the same policies again, with every request and from where *they*
//! are (API `CreatePresignedDomainUrl`: "IAM authorization policies for this API are also enforced
//! for every HTTP request and WebSocket frame"). Both must be allowed.

mod aws;
mod door;
mod policies;

pub use policies::Documents;
pub(crate) use policies::Named;

use crate::explain::Explanation;
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::map::AccessMap;
use crate::network::Origin;
use crate::observed::{AuthMode, Observed};
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use iam_policy::bundle::Bundle;
use iam_policy::evaluate::{CompileError, Decision, Layer};
use serde::Serialize;
use std::collections::BTreeMap;

/// What asks for a link.
pub const LINK: &str = "sagemaker:CreatePresignedDomainUrl";

/// What opens a space from an IDE outside of Studio (API `StartSession`): without a link, and so past the
/// door.
pub(crate) const REMOTE: &str = "sagemaker:StartSession";

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The map.
    pub map: &'a AccessMap,
    /// What it means in IAM.
    pub bundle: &'a Bundle,
    /// The directory, as far as it tells of the person.
    pub snapshot: &'a Snapshot,
    /// What AWS says there is, as far as it was read: how people enter the domain.
    pub observed: &'a Observed,
    /// When.
    pub now: jiff::Timestamp,
    /// Who.
    pub person: &'a PersonId,
    /// What `why` tells of the person and the team, where somebody asked already: of many teams it costs
    /// one plan. Absent: it is asked.
    pub explained: Option<&'a Explanation>,
    /// Which team.
    pub team: &'a TeamKey,
    /// In which of the team's domains.
    pub domain: &'a DomainKey,
    /// From where.
    pub from: &'a Origin,
    /// Who asks AWS in Stagedoor's place, by ARN: somebody in the console. The door is not asked
    /// then, and AWS is asked once.
    pub principal: Option<&'a str>,
    /// Something else than entering Studio.
    pub deed: Option<Deed<'a>>,
    /// Further context keys of the request to AWS, with their values.
    pub context: &'a BTreeMap<String, Vec<String>>,
    /// Policies in the place of the map's.
    pub documents: &'a Documents,
}

/// What an app does with the team's execution role.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The action: `sagemaker:CreateTrainingJob`.
    pub action: &'a str,
    /// The ARN it is done to, or `*`.
    pub resource: &'a str,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Whether every step is allowed.
    pub allowed: bool,
    /// The steps, in the order in which they are gone.
    pub steps: Vec<Step>,
}

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, as a clause for people.
    pub text: String,
    /// Of the door's steps: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ReasonCode>,
    /// Of AWS's steps: what it would say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The statements that decide, or come nearest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Reason>,
}

/// The steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Whether the person has the team.
    Entitlement,
    /// Whether the team's network rule admits them.
    Network,
    /// Whether AWS gives Stagedoor the link.
    Link,
    /// Whether AWS lets the person use it.
    Use,
    /// Whether AWS allows what was asked about instead.
    Deed,
}

/// What a decision of AWS rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The kind of policy.
    pub layer: Layer,
    /// The policy; absent where no statement of the layer allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The statement's name, or its number from 1 where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// What it does, as a clause for people.
    pub text: String,
}

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    /// The map does not say as what Stagedoor asks for links there.
    #[error("the map does not say as what Stagedoor asks for links into {0}: it has no `hub`")]
    NoHub(DomainKey),
    /// The map says nothing of what a team's role may do.
    #[error("the map does not say what the execution role of {0} may do: the team has no persona")]
    NoPersona(TeamKey),
    /// The team has no place in the domain.
    #[error("team {team} is not placed in {domain}")]
    NotPlaced {
        /// The team.
        team: TeamKey,
        /// The domain.
        domain: DomainKey,
    },
    /// The directory was not asked about the person.
    #[error("nobody was read whose id is {0}")]
    NobodyRead(PersonId),
    /// A policy cannot be evaluated.
    #[error("cannot evaluate the policy {policy}")]
    Policy {
        /// Which.
        policy: String,
        /// Why.
        #[source]
        error: CompileError,
    },
}

/// Says what would happen.
///
/// # Errors
/// The map says too little, or a policy cannot be evaluated.
pub fn what_if(question: &Question<'_>) -> Result<Outcome, WhatIfError> {
    let mut steps = Vec::new();
    if question.principal.is_none() {
        steps.extend(question.by_the_doors_rules());
    }
    if question.is_sso() && question.principal.is_none() && question.deed.is_none() {
        // Nobody asks for a link there: Identity Center signs people in, whatever IAM says.
        steps.retain(|step| step.stage != Stage::Network);
        steps.push(door::not_enforced());
    } else {
        steps.extend(question.asked_of_aws()?);
    }
    Ok(Outcome { allowed: steps.iter().all(|step| step.allowed), steps })
}

impl Question<'_> {
    /// The door's own steps alone: what can be said where nobody knows what AWS would say.
    pub fn by_the_doors_rules(&self) -> Vec<Step> {
        vec![self.entitlement(), self.network()]
    }

    fn is_sso(&self) -> bool {
        let domain = self.observed.domains.get(self.domain);
        domain.is_some_and(|domain| domain.auth_mode == AuthMode::Sso)
    }
}

#[cfg(test)]
mod tests;
