//! The policies that a question is about, as documents.

use crate::document::{Document, Statement, Version};
use crate::evaluate::{CompileError, Compiled, Layer, Policies};
use serde::Serialize;
use std::sync::Arc;

/// All policies that concern the requests of one principal: the documents of [`Policies`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// Of the principal: managed and inline.
    pub identity: Vec<Document>,
    /// Its permissions boundary.
    pub boundary: Option<Document>,
    /// What its sessions are restricted to.
    pub session: Option<Document>,
    /// Policy of the resource.
    pub resource: Option<Document>,
    /// Policy of the VPC endpoint.
    pub endpoint: Option<Document>,
    /// Service control policies, a list for each level.
    pub scp: Vec<Vec<Document>>,
    /// Resource control policies, a list for each level.
    pub rcp: Vec<Vec<Document>>,
}

impl Documents {
    /// Identity-based policies alone.
    pub fn of(identity: impl IntoIterator<Item = Document>) -> Self {
        Self { identity: identity.into_iter().collect(), ..Self::default() }
    }

    /// Makes them ready to be evaluated.
    ///
    /// # Errors
    /// One uses an operator that does not exist.
    pub fn compile(&self) -> Result<Policies, CompileError> {
        let one = |document: &Document| Compiled::new(document).map(Arc::new);
        let list =
            |documents: &[Document]| documents.iter().map(one).collect::<Result<Vec<_>, _>>();
        let levels = |levels: &[Vec<Document>]| {
            levels.iter().map(|level| list(level)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Policies {
            identity: list(&self.identity)?,
            boundary: self.boundary.as_ref().map(one).transpose()?,
            session: self.session.as_ref().map(one).transpose()?,
            resource: self.resource.as_ref().map(one).transpose()?,
            endpoint: self.endpoint.as_ref().map(one).transpose()?,
            scp: levels(&self.scp)?,
            rcp: levels(&self.rcp)?,
        })
    }

    /// Every document with its layer and level.
    pub(super) fn all(&self) -> impl Iterator<Item = (Layer, usize, &Document)> {
        let single = [
            (Layer::Boundary, &self.boundary),
            (Layer::Session, &self.session),
            (Layer::Resource, &self.resource),
            (Layer::Endpoint, &self.endpoint),
        ];
        let single = single.into_iter().filter_map(|(layer, one)| Some((layer, 0, one.as_ref()?)));
        let levels = [(Layer::Scp, &self.scp), (Layer::Rcp, &self.rcp)].into_iter();
        let levels = levels.flat_map(|(layer, levels)| {
            let levels = levels.iter().enumerate();
            levels.flat_map(move |(at, level)| level.iter().map(move |one| (layer, at, one)))
        });
        let identity = self.identity.iter().map(|document| (Layer::Identity, 0, document));
        identity.chain(single).chain(levels)
    }

    /// Every statement with its layer, and whether `${…}` are variables in it.
    pub(super) fn statements(&self) -> impl Iterator<Item = (Layer, &Statement, bool)> {
        self.all().flat_map(|(layer, _, document)| {
            let variables = document.language() == Version::V2012;
            document.statements.iter().map(move |statement| (layer, statement, variables))
        })
    }

    /// The same statements in the same order, each with its layer and level.
    pub(super) fn by_level(&self) -> impl Iterator<Item = (Layer, usize, &Statement)> {
        self.all().flat_map(|(layer, level, document)| {
            document.statements.iter().map(move |statement| (layer, level, statement))
        })
    }
}
