//! Documents, made ready to be evaluated many times.

use super::Failed;
use super::principals::{Grant, Principals};
use crate::condition::{Condition, Operator};
use crate::document::{Document, Effect, PolicyError, Statement, Version};
use crate::pattern::{Pattern, Syntax};
use crate::request::Request;
use std::sync::Arc;

/// A document that cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is no policy document.
    #[error(transparent)]
    Document(#[from] PolicyError),
    /// IAM has no such operator.
    #[error("statement {statement} of the policy document has the unknown operator `{operator}`")]
    Operator {
        /// Which statement, from 1.
        statement: usize,
        /// The operator as it is written.
        operator: String,
    },
}

/// A document ready to be evaluated.
#[derive(Debug)]
pub struct Compiled {
    pub(super) statements: Vec<CompiledStatement>,
}

/// A statement ready to be evaluated.
#[derive(Debug)]
pub(super) struct CompiledStatement {
    pub(super) sid: Option<Arc<str>>,
    pub(super) effect: Effect,
    principals: Option<Principals>,
    actions: Patterns,
    resources: Option<Patterns>,
    conditions: Vec<Condition>,
}

/// Patterns of which one must match, or none.
#[derive(Debug)]
struct Patterns {
    none_of: bool,
    patterns: Vec<Pattern>,
}

/// Where a document is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attachment {
    /// To an identity, an account or a session: its statements name resources.
    Identity,
    /// To a resource: its statements name principals.
    Resource {
        /// Whether the principal has a permissions boundary.
        bounded: bool,
    },
}

impl Compiled {
    /// Makes a document ready.
    ///
    /// # Errors
    /// It uses an operator that does not exist.
    pub fn new(document: &Document) -> Result<Self, CompileError> {
        let variables = document.language() == Version::V2012;
        let statements = document
            .statements
            .iter()
            .enumerate()
            .map(|(index, statement)| CompiledStatement::new(statement, index + 1, variables))
            .collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    /// Reads a document and makes it ready.
    ///
    /// # Errors
    /// It is no policy document, or uses an operator that does not exist.
    pub fn parse(text: &str) -> Result<Self, CompileError> {
        Self::new(&Document::parse(text)?)
    }
}

impl CompiledStatement {
    fn new(statement: &Statement, number: usize, variables: bool) -> Result<Self, CompileError> {
        let fold = |text: &String| text.to_ascii_lowercase();
        let actions = Patterns::new(
            statement.action.as_ref().map(|list| list.iter().map(fold).collect()),
            statement.not_action.as_ref().map(|list| list.iter().map(fold).collect()),
            Syntax::WILDCARDS,
        );
        let mut conditions = Vec::new();
        for (name, keys) in &statement.condition {
            let operator = Operator::parse(name).ok_or_else(|| CompileError::Operator {
                statement: number,
                operator: name.clone(),
            })?;
            for (key, values) in keys {
                conditions.push(Condition::new(operator, key, &values.0, variables));
            }
        }
        let principals = match (&statement.principal, &statement.not_principal) {
            (Some(principal), _) => Some(Principals::new(principal, false)),
            (None, Some(spared)) => Some(Principals::new(spared, true)),
            (None, None) => None,
        };
        Ok(Self {
            sid: statement.sid.as_deref().map(Arc::from),
            effect: statement.effect,
            principals,
            // Neither list is nothing to be about, and the reader refuses it.
            actions: actions.unwrap_or(Patterns { none_of: false, patterns: Vec::new() }),
            resources: Patterns::new(
                statement.resource.clone(),
                statement.not_resource.clone(),
                Syntax { wildcards: true, variables },
            ),
            conditions,
        })
    }

    /// Whether the statement applies, and to whom it speaks.
    pub(super) fn applies(&self, request: &Request, to: Attachment) -> Option<Grant> {
        if !self.covers_action(request) || !self.covers_resource(request, to) {
            return None;
        }
        let grant = self.concerns(request, to)?;
        self.conditions.iter().all(|condition| condition.holds(request)).then_some(grant)
    }

    /// Everything that keeps the statement from applying.
    pub(super) fn failures(&self, request: &Request, to: Attachment) -> Vec<Failed> {
        let mut failures = Vec::new();
        if !self.covers_action(request) {
            failures.push(Failed::Action);
        }
        if self.concerns(request, to).is_none() {
            failures.push(Failed::Principal);
        }
        if !self.covers_resource(request, to) {
            failures.push(Failed::Resource);
        }
        let conditions = self.conditions.iter().filter(|condition| !condition.holds(request));
        failures.extend(conditions.map(|condition| Failed::Condition {
            operator: condition.operator.to_string(),
            key: condition.written.to_string(),
        }));
        failures
    }

    fn covers_action(&self, request: &Request) -> bool {
        let action = request.folded_action();
        self.actions.patterns.iter().any(|pattern| pattern.matches_text(action))
            != self.actions.none_of
    }

    fn covers_resource(&self, request: &Request, to: Attachment) -> bool {
        match &self.resources {
            Some(resources) => resources.cover_resource(request),
            None => to != Attachment::Identity,
        }
    }

    fn concerns(&self, request: &Request, to: Attachment) -> Option<Grant> {
        match (&self.principals, to) {
            (Some(principals), Attachment::Resource { bounded }) => {
                principals.grant(request.principal(), self.effect, bounded)
            }
            (None, Attachment::Identity) => Some(Grant::Direct),
            _ => None,
        }
    }
}

impl Patterns {
    fn new(
        one_of: Option<Vec<String>>,
        none_of: Option<Vec<String>>,
        syntax: Syntax,
    ) -> Option<Self> {
        let read = |texts: Vec<String>| texts.iter().map(|t| Pattern::parse(t, syntax)).collect();
        match (one_of, none_of) {
            (Some(texts), _) => Some(Self { none_of: false, patterns: read(texts) }),
            (None, Some(texts)) => Some(Self { none_of: true, patterns: read(texts) }),
            (None, None) => None,
        }
    }

    fn cover_resource(&self, request: &Request) -> bool {
        let resource = request.resource();
        let lookup = |key: &str| request.variable(key);
        let matches = |pattern: &Pattern| match resource {
            "*" => pattern.is_any(),
            _ => pattern.matches(resource, lookup),
        };
        let listed = self.patterns.iter().any(matches);
        if self.none_of {
            !listed && self.patterns.iter().all(|pattern| pattern.resolves(lookup))
        } else {
            listed
        }
    }
}
