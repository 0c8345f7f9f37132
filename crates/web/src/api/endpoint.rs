//! An endpoint: its row of the table, and what the document says of it.

use super::schemas::Schemas;
use crate::routes::Portal;
use crate::table::{Row, Who};
use axum::handler::Handler;
use control::desk::Right;
use serde_json::{Value, json};
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, ToSchema};

/// Adds a type's schema to the others and refers to it.
type Reference = fn(&mut Schemas) -> Value;

/// An endpoint of the API.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) row: Row,
    pub(super) tag: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// Parameters of the query.
    pub(super) query: Vec<Value>,
    pub(super) body: Option<Reference>,
    /// `None`: the answer is the document itself.
    pub(super) answer: Option<Reference>,
    /// Media type of the answer.
    pub(super) media: &'static str,
}

/// Media type of answers with one JSON document a line.
pub(super) const JSON_LINES: &str = "application/x-ndjson";

impl Endpoint {
    /// A question: `id` names it in generated clients, `summary` is a sentence.
    pub(super) fn get<H, T>(path: &'static str, right: Right, handler: H) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self::of(Row::get(path, Who::May(right), handler))
    }

    /// An action.
    pub(super) fn post<H, T>(path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self::of(Row::post(path, Who::May(Right::Act), handler))
    }

    /// Any row.
    pub(super) fn of(row: Row) -> Self {
        let (tag, id, summary) = ("", "", "");
        let media = "application/json";
        Self { row, tag, id, summary, query: Vec::new(), body: None, answer: None, media }
    }

    /// What it is called, and what it tells or does.
    #[must_use]
    pub(super) fn named(self, tag: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self { tag, id, summary, ..self }
    }

    /// The parameters of its query.
    #[must_use]
    pub(super) fn asking<Q: IntoParams>(mut self) -> Self {
        let parameters = Q::into_params(|| Some(ParameterIn::Query));
        let as_json = |parameter| serde_json::to_value(parameter).unwrap_or_default();
        self.query.extend(parameters.into_iter().map(as_json));
        self
    }

    /// What is sent to it.
    #[must_use]
    pub(super) fn taking<B: ToSchema>(self) -> Self {
        Self { body: Some(Schemas::refer::<B>), ..self }
    }

    /// What it answers with.
    #[must_use]
    pub(super) fn answering<A: ToSchema>(self) -> Self {
        Self { answer: Some(Schemas::refer::<A>), ..self }
    }

    /// It answers with all of these.
    #[must_use]
    pub(super) fn answering_all<A: ToSchema>(self) -> Self {
        Self { answer: Some(Schemas::refer_to_all::<A>), ..self }
    }

    /// It answers with a page of these.
    #[must_use]
    pub(super) fn listing<A: ToSchema>(self) -> Self {
        Self { answer: Some(Schemas::refer_to_list::<A>), ..self }
    }

    /// It answers with a part of some lines, and with the address of the next part in `Link`.
    #[must_use]
    pub(super) fn answering_lines(self) -> Self {
        let lines = |_: &mut Schemas| json!({"type": "string", "description": "One a line."});
        Self { answer: Some(lines), media: JSON_LINES, ..self }
    }
}
