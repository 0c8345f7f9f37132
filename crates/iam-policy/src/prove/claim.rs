//! What can be claimed of policies, and what comes of it.

use super::budget::Budget;
use super::documents::Documents;
use super::search::{Limits, Outcome, Search};
use super::subject::Subject;
use super::unknown::Unknown;
use super::world::{AWS_FACTS, World};
use crate::document::{Document, Principal, PrincipalKind, Statement};
use crate::evaluate::{Answer, CompileError};
use crate::request::Request;

/// A claim about what some policies allow.
///
/// Sets of requests are written as policy documents: those that the document would allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed, as a sentence.
    pub name: String,
    /// The requests it is about. None: all.
    pub about: Option<Document>,
    /// What is demanded of them.
    pub demand: Demand,
    /// Requests of which at least one must be allowed, so that the claim is not kept by allowing
    /// nothing. None: of those that the demand lets through.
    pub still: Option<Document>,
}

/// What is demanded of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// None of them is allowed.
    Never,
    /// Only those are allowed that these policies allow as well.
    OnlyIf(Box<Documents>),
    /// All of them are allowed.
    Always,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for every request.
    Proved {
        /// A request that shows that the claim is about something.
        evidence: Box<Request>,
        /// What the proof rests on, as sentences. None: it holds in every context.
        assumptions: Vec<String>,
        /// Requests that were decided.
        calls: usize,
    },
    /// It holds, but only because nothing of the kind is allowed at all.
    Vacuous {
        /// What the proof rests on, as sentences.
        assumptions: Vec<String>,
        /// Requests that were decided.
        calls: usize,
    },
    /// It does not hold.
    Refuted {
        /// Requests that show it: one, or one for each kind of action if more were asked for.
        witnesses: Vec<Witness>,
        /// Requests that were decided.
        calls: usize,
    },
    /// Neither was found.
    Unknown {
        /// Why.
        why: String,
        /// Requests that were decided.
        calls: usize,
    },
}

/// A request that a claim says nobody's policies answer like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The request.
    pub request: Request,
    /// What the policies say of it.
    pub answer: Answer,
}

impl Verdict {
    /// Requests that were decided.
    pub fn calls(&self) -> usize {
        match self {
            Self::Proved { calls, .. }
            | Self::Vacuous { calls, .. }
            | Self::Refuted { calls, .. }
            | Self::Unknown { calls, .. } => *calls,
        }
    }
}

/// Requests to decide for one claim before it stays unknown.
pub const MOST_CALLS: usize = 200_000;

/// Work of one search for a claim before it stays unknown: places of patterns and statements to look at.
/// A claim takes three at the most: over any context, over those of AWS, and for evidence.
pub const MOST_STEPS: usize = 100_000_000;

/// Proves or refutes a claim about the policies of somebody, with at most [`MOST_CALLS`] decisions and
/// [`MOST_STEPS`] of work, and up to so many witnesses.
pub fn prove(subject: &Subject, policies: &Documents, claim: &Claim, witnesses: usize) -> Verdict {
    within(MOST_STEPS, subject, policies, claim, witnesses)
}

fn within(
    steps: usize,
    subject: &Subject,
    policies: &Documents,
    claim: &Claim,
    witnesses: usize,
) -> Verdict {
    Prover { subject, policies, claim, witnesses, calls: 0, steps }.prove()
}

struct Prover<'a> {
    subject: &'a Subject,
    policies: &'a Documents,
    claim: &'a Claim,
    witnesses: usize,
    calls: usize,
    steps: usize,
}

impl Prover<'_> {
    fn prove(mut self) -> Verdict {
        // Over every context first: what holds there rests on nothing.
        let any = self.counterexamples(World::Any, 1);
        if let Ok(outcome) = &any
            && outcome.found.is_empty()
        {
            return self.kept(World::Any, outcome);
        }
        match self.counterexamples(World::Aws, self.witnesses) {
            Ok(outcome) if outcome.found.is_empty() => self.kept(World::Aws, &outcome),
            Ok(outcome) => self.refuted(outcome.found),
            Err(why) => self.unknown(&why),
        }
    }

    fn counterexamples(&mut self, world: World, found: usize) -> Result<Outcome, Unknown> {
        let about = self.claim.about.as_ref().map(|about| self.requests(about));
        let mut wanted: Vec<&Documents> = about.iter().collect();
        let mut refused = Vec::new();
        match &self.claim.demand {
            Demand::Never => wanted.push(self.policies),
            Demand::OnlyIf(allowed) => {
                wanted.push(self.policies);
                refused.push(allowed.as_ref());
            }
            Demand::Always => refused.push(self.policies),
        }
        let everything = Documents::of([everything()]);
        if wanted.is_empty() {
            wanted.push(&everything);
        }
        self.search(world, &wanted, &refused, found)
    }

    fn search(
        &mut self,
        world: World,
        wanted: &[&Documents],
        refused: &[&Documents],
        found: usize,
    ) -> Result<Outcome, Unknown> {
        let calls = MOST_CALLS.saturating_sub(self.calls);
        // One that was hard leaves the next as much: what AWS does may be simpler than any context.
        let budget = Budget::of(self.steps);
        let limits = Limits { calls, found, budget: &budget };
        let outcome = Search::new(self.subject, world, wanted, refused, limits)?.run()?;
        self.calls += outcome.calls;
        Ok(outcome)
    }

    /// The claim holds. What is left is to show that it is about something.
    fn kept(mut self, world: World, outcome: &Outcome) -> Verdict {
        let mut assumptions: Vec<String> = outcome
            .barred
            .iter()
            .map(|key| format!("Values of {key} hold none of / : * ? $."))
            .collect();
        if world == World::Aws {
            assumptions.extend(AWS_FACTS.map(str::to_owned));
        }
        match self.evidence() {
            Ok(found) => {
                let evidence = found.found.into_iter().next();
                let calls = self.calls;
                match evidence {
                    Some(request) => {
                        let evidence = Box::new(request);
                        Verdict::Proved { evidence, assumptions, calls }
                    }
                    None => Verdict::Vacuous { assumptions, calls },
                }
            }
            Err(why) => self.unknown(&why),
        }
    }

    fn evidence(&mut self) -> Result<Outcome, Unknown> {
        let still = self.claim.still.as_ref().map(|still| self.requests(still));
        let about = self.claim.about.as_ref().map(|about| self.requests(about));
        let mut wanted: Vec<&Documents> = Vec::new();
        match (&still, &self.claim.demand) {
            (Some(still), _) => wanted.extend([still, self.policies]),
            // Nothing of it may be allowed: that there is something to refuse has to do.
            (None, Demand::Never) => wanted.extend(&about),
            (None, Demand::OnlyIf(allowed)) => {
                wanted.extend(&about);
                wanted.extend([self.policies, allowed.as_ref()]);
            }
            (None, Demand::Always) => {
                wanted.extend(&about);
                wanted.push(self.policies);
            }
        }
        self.search(World::Aws, &wanted, &[], 1)
    }

    /// A set of requests, such that it covers those to resources of other accounts too.
    fn requests(&self, document: &Document) -> Documents {
        if self.policies.resource.is_none() {
            return Documents::of([document.clone()]);
        }
        let everybody = Statement::allow("Everybody")
            .actions(["*"])
            .resources(["*"])
            .principals(PrincipalKind::Aws, ["*"]);
        // The policy of an endpoint is asked about everybody: identities, services and nobody.
        let mut endpoint = document.clone();
        for statement in &mut endpoint.statements {
            statement.principal.get_or_insert(Principal::Everybody);
        }
        Documents {
            identity: vec![everything()],
            resource: Some(Document::new([everybody])),
            endpoint: Some(endpoint),
            ..Documents::default()
        }
    }

    fn refuted(self, found: Vec<Request>) -> Verdict {
        let calls = self.calls;
        match self.witnesses_of(found) {
            Ok(witnesses) => Verdict::Refuted { witnesses, calls },
            Err(error) => Verdict::Unknown { why: error.to_string(), calls },
        }
    }

    fn witnesses_of(&self, found: Vec<Request>) -> Result<Vec<Witness>, CompileError> {
        let policies = self.policies.compile()?;
        let witness = |request: Request| {
            let answer = policies.decide(&request);
            Witness { request, answer }
        };
        Ok(found.into_iter().map(witness).collect())
    }

    fn unknown(self, why: &Unknown) -> Verdict {
        Verdict::Unknown { why: why.to_string(), calls: self.calls }
    }
}

/// Every request.
fn everything() -> Document {
    Document::new([Statement::allow("Everything").actions(["*"]).resources(["*"])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_ends_when_its_work_is_done_and_says_so() {
        let (one, other) = ("aws:PrincipalTag/a", "aws:PrincipalTag/b");
        let place = format!("arn:aws:s3:::b/${{{one}}}/${{{other}}}/*");
        // Each decides hardly anything, but for each of many values an automaton is run.
        let scattered = (0..3).map(|n| format!("arn:aws:s3:::c/*k{n}*"));
        let read = || Statement::allow("Read").actions(["s3:GetObject"]);
        let tagged = (0..8).map(|n| {
            let key = if n % 2 == 0 { one } else { other };
            let at = format!("arn:aws:s3:::b/x{n}");
            read().resources([at]).when("StringEquals", key, [format!("v{n}")])
        });
        let all =
            [read().resources([place].into_iter().chain(scattered))].into_iter().chain(tagged);
        let policies = Documents::of([Document::new(all)]);
        let never = Statement::allow("Never").actions(["s3:*"]).resources(["arn:aws:sqs:x"]);
        let claim = Claim::never("never", Document::new([never]));
        let subject = Subject::new("arn:aws:iam::111122223333:role/r");
        let ask = |steps| within(steps, &subject, &policies, &claim, 1);
        let why = "it would take more work than is done for one proof".to_owned();
        assert_eq!(ask(100_000), Verdict::Unknown { why, calls: 0 });
        let enough = ask(MOST_STEPS);
        assert!(matches!(enough, Verdict::Proved { calls: 1, .. }), "{enough:?}");
    }
}
