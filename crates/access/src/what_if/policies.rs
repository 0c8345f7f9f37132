//! The policies that a request meets, each with its name.

use super::{Reason, WhatIfError};
use iam_policy::bundle::NamedPolicy;
use iam_policy::evaluate::{Answer, Because, Compiled, Finding, Layer, Policies};
use iam_policy::request::Request;
use iam_policy::{Document, Effect, Statement};
use std::sync::Arc;

/// Policies in the place of the map's; absent: the map's.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// What the principal may do.
    pub identity: Option<Vec<NamedPolicy>>,
    /// Service control policies of its account. `FullAWSAccess` stands beside them.
    pub scps: Option<Vec<NamedPolicy>>,
}

/// Policies with their names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) identity: Vec<NamedPolicy>,
    pub(crate) scps: Vec<NamedPolicy>,
    pub(crate) endpoint: Option<NamedPolicy>,
}

impl Named {
    /// What AWS says to the request, and why.
    pub(crate) fn decide(&self, request: &Request) -> Result<(Answer, Vec<Reason>), WhatIfError> {
        let scps = self.all_scps();
        let policies = Policies {
            identity: compiled(&self.identity)?,
            scp: if scps.is_empty() { Vec::new() } else { vec![compiled(&scps)?] },
            endpoint: compiled(self.endpoint.as_slice())?.pop(),
            ..Policies::default()
        };
        let answer = policies.explain(request);
        let all = answer.because.iter();
        let reasons = all.flat_map(|because| self.reasons(because, request)).collect();
        Ok((answer, reasons))
    }

    fn all_scps(&self) -> Vec<NamedPolicy> {
        // AWS attaches it at every level, and denials without it would leave nothing allowed.
        let full = (!self.scps.is_empty()).then(|| everything("FullAWSAccess"));
        full.into_iter().chain(self.scps.iter().cloned()).collect()
    }

    fn reasons(&self, because: &Because, request: &Request) -> Vec<Reason> {
        let layer = because.layer;
        let reason = |policy: Option<(usize, usize, Option<&str>)>, text: String| {
            let named = policy.map(|(document, _, _)| self.name(layer, document));
            let statement =
                policy.map(|(_, index, sid)| sid.map_or_else(|| number(index), str::to_owned));
            Reason { layer, policy: named, statement, text }
        };
        match &because.finding {
            Finding::Statement(found) => {
                let does = if found.effect == Effect::Allow { "allows it" } else { "denies it" };
                let at = (found.document, found.statement, found.sid.as_deref());
                vec![reason(Some(at), does.to_owned())]
            }
            Finding::RootUser => vec![reason(None, "the root user needs none".to_owned())],
            // Of no resource the policy is known.
            Finding::NoAllow { .. } if layer == Layer::Resource => {
                let owner = request.resource_account().filter(|_| request.crosses_accounts());
                let whose =
                    owner.map(|account| format!("the resource is account {account}'s, so "));
                let must = "its own policy must allow it as well, and is not known here";
                vec![reason(None, whose.unwrap_or_default() + must)]
            }
            Finding::NoAllow { nearest } => {
                let mut reasons = vec![reason(None, "no statement allows it".to_owned())];
                reasons.extend(nearest.iter().map(|miss| {
                    let failed: Vec<String> = miss.failed.iter().map(ToString::to_string).collect();
                    let at = (miss.document, miss.statement, miss.sid.as_deref());
                    reason(Some(at), format!("would allow it, but for {}", failed.join(", ")))
                }));
                reasons
            }
        }
    }

    fn name(&self, layer: Layer, document: usize) -> String {
        let policies = match layer {
            Layer::Scp => self.all_scps(),
            Layer::Endpoint => self.endpoint.iter().cloned().collect(),
            _ => self.identity.clone(),
        };
        policies.get(document).map_or_else(String::new, |policy| policy.name.clone())
    }
}

fn number(index: usize) -> String {
    format!("statement {}", index + 1)
}

/// A policy that allows everything.
pub(super) fn everything(name: &str) -> NamedPolicy {
    let statement = Statement::allow("Everything").actions(["*"]).resources(["*"]);
    NamedPolicy {
        name: name.to_owned(),
        description: String::new(),
        document: Document::new([statement]),
    }
}

fn compiled(policies: &[NamedPolicy]) -> Result<Vec<Arc<Compiled>>, WhatIfError> {
    let ready = policies.iter().map(|policy| {
        let compiled = Compiled::new(&policy.document);
        compiled.map(Arc::new).map_err(|error| {
            let policy = policy.name.clone();
            WhatIfError::Policy { policy, error }
        })
    });
    ready.collect()
}
