//! The order in which layers decide.

use super::compiled::{Attachment, Compiled, CompiledStatement};
use super::principals::Grant;
use super::{Answer, Because, DecidingStatement, Decision, Finding, Layer, Policies};
use crate::document::Effect;
use crate::request::{PrincipalKind, Request};
use std::slice;
use std::sync::Arc;

/// Policies of one layer, at one level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage<'p> {
    pub(super) layer: Layer,
    pub(super) level: usize,
    pub(super) documents: &'p [Arc<Compiled>],
    pub(super) attachment: Attachment,
}

/// The strongest statement of a level that allows the request.
#[derive(Debug, Clone, Copy)]
struct Allow<'p> {
    grant: Grant,
    document: usize,
    index: usize,
    statement: &'p CompiledStatement,
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Findings {
    denials: Vec<Because>,
    allowed: Vec<Because>,
    lacking: Vec<Because>,
}

impl Policies {
    /// Decides a request. Layers that do not allow are named without their nearest statements; see
    /// [`Self::explain`].
    pub fn decide(&self, request: &Request) -> Answer {
        let mut found = Findings::default();
        let principal = request.principal();
        if !principal.is_service_linked() {
            if principal.is_identity() {
                for stage in self.stages(Layer::Scp) {
                    found.require(stage, request);
                }
            }
            for stage in self.stages(Layer::Rcp) {
                found.require(stage, request);
            }
        }
        for stage in self.stages(Layer::Endpoint) {
            found.require(stage, request);
        }
        let given = self.stages(Layer::Resource).next().map(|stage| found.of(stage, request));
        let grant = given.and_then(|allow| allow.map(|allow| allow.grant));
        let resource = given.map(|allow| Because::of(Layer::Resource, allow));
        if principal.is_identity() {
            self.of_identity(request, grant, resource, &mut found);
        } else {
            found.add(resource.unwrap_or_else(|| Because::nothing(Layer::Resource, 0)));
        }
        found.answer()
    }

    /// Puts together what an identity may do by its own policies and by the resource's.
    fn of_identity(
        &self,
        request: &Request,
        grant: Option<Grant>,
        resource: Option<Because>,
        found: &mut Findings,
    ) {
        let identity = self.by_identity(request, found);
        let crosses = request.crosses_accounts();
        // Boundary and session policy are asked in any case: they may deny.
        let mut limits = [None, None];
        for (limit, layer) in limits.iter_mut().zip([Layer::Boundary, Layer::Session]) {
            if let Some(stage) = self.stages(layer).next() {
                *limit = Some(Because::of(layer, found.of(stage, request)));
            }
        }
        // Of the user's own policies a federated user has what the session policy lets through: none
        // without one.
        if request.principal().kind() == PrincipalKind::FederatedUser {
            limits[1].get_or_insert(Because::nothing(Layer::Session, 0));
        }
        let granted = if crosses { None } else { grant };
        let by_resource = matches!(granted, Some(Grant::Direct | Grant::Identity));
        let must = crosses || (resource.is_some() && decides_alone(request));
        let nothing_at_all = !by_resource && !identity.allows();
        match resource {
            Some(resource) if must || by_resource || nothing_at_all && !resource.allows() => {
                found.add(resource);
            }
            None if must => found.add(Because::nothing(Layer::Resource, 0)),
            _ => {}
        }
        if !by_resource {
            found.add(identity);
        }
        if granted != Some(Grant::Direct) {
            limits.into_iter().flatten().for_each(|limit| found.add(limit));
        }
    }

    fn by_identity(&self, request: &Request, found: &mut Findings) -> Because {
        let layer = Layer::Identity;
        let allow = self.stages(layer).next().and_then(|stage| found.of(stage, request));
        if request.principal().kind() == PrincipalKind::Root {
            return Because { layer, level: 0, finding: Finding::RootUser };
        }
        Because::of(layer, allow)
    }

    /// The policies of a layer: none if there are none to ask.
    pub(super) fn stages(&self, layer: Layer) -> impl Iterator<Item = Stage<'_>> {
        let bounded = self.boundary.is_some();
        let on_resource = Attachment::Resource { bounded };
        let (single, several, attachment): (_, &[Vec<_>], _) = match layer {
            Layer::Identity => (Some(self.identity.as_slice()), &[], Attachment::Identity),
            Layer::Boundary => (one(self.boundary.as_ref()), &[], Attachment::Identity),
            Layer::Session => (one(self.session.as_ref()), &[], Attachment::Identity),
            Layer::Scp => (None, &self.scp, Attachment::Identity),
            Layer::Rcp => (None, &self.rcp, on_resource),
            Layer::Resource => (one(self.resource.as_ref()), &[], on_resource),
            Layer::Endpoint => (one(self.endpoint.as_ref()), &[], on_resource),
        };
        let several = several.iter().map(Vec::as_slice);
        single.into_iter().chain(several).enumerate().map(move |(level, documents)| Stage {
            layer,
            level,
            documents,
            attachment,
        })
    }
}

fn one(document: Option<&Arc<Compiled>>) -> Option<&[Arc<Compiled>]> {
    document.map(slice::from_ref)
}

/// Whether nothing is allowed that the policy of the resource does not allow: keys of KMS, and roles
/// that are assumed, with the source identity and the tags of the session.
fn decides_alone(request: &Request) -> bool {
    let action = request.folded_action();
    action.starts_with("kms:")
        || action.starts_with("sts:assumerole")
        || matches!(action, "sts:setsourceidentity" | "sts:tagsession")
}

impl Findings {
    /// Collects what a level denies, and returns what allows.
    fn of<'p>(&mut self, stage: Stage<'p>, request: &Request) -> Option<Allow<'p>> {
        let mut best: Option<Allow<'p>> = None;
        for (document, compiled) in stage.documents.iter().enumerate() {
            for (index, statement) in compiled.statements.iter().enumerate() {
                let settled = best.is_some_and(|best| best.grant == Grant::Direct);
                if statement.effect == Effect::Allow && settled {
                    continue;
                }
                let Some(grant) = statement.applies(request, stage.attachment) else { continue };
                let allow = Allow { grant, document, index, statement };
                if statement.effect == Effect::Deny {
                    let finding = Finding::Statement(allow.named());
                    self.denials.push(Because { layer: stage.layer, level: stage.level, finding });
                } else if best.is_none_or(|best| best.grant < grant) {
                    best = Some(allow);
                }
            }
        }
        best
    }

    /// Asks a level that must allow.
    fn require(&mut self, stage: Stage<'_>, request: &Request) {
        let allow = self.of(stage, request);
        self.add(Because { level: stage.level, ..Because::of(stage.layer, allow) });
    }

    fn add(&mut self, because: Because) {
        if because.allows() {
            self.allowed.push(because);
        } else {
            self.lacking.push(because);
        }
    }

    fn answer(self) -> Answer {
        let (decision, because) = if !self.denials.is_empty() {
            (Decision::ExplicitlyDenied, self.denials)
        } else if !self.lacking.is_empty() {
            (Decision::ImplicitlyDenied, self.lacking)
        } else {
            (Decision::Allowed, self.allowed)
        };
        Answer { decision, because }
    }
}

impl Allow<'_> {
    fn named(&self) -> DecidingStatement {
        DecidingStatement {
            document: self.document,
            statement: self.index,
            sid: self.statement.sid.clone(),
            effect: self.statement.effect,
        }
    }
}

impl Because {
    fn of(layer: Layer, allow: Option<Allow<'_>>) -> Self {
        match allow {
            Some(allow) => Self { layer, level: 0, finding: Finding::Statement(allow.named()) },
            None => Self::nothing(layer, 0),
        }
    }

    fn nothing(layer: Layer, level: usize) -> Self {
        Self { layer, level, finding: Finding::NoAllow { nearest: Vec::new() } }
    }

    fn allows(&self) -> bool {
        !matches!(self.finding, Finding::NoAllow { .. })
    }
}
