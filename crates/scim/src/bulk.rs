//! Bulk (RFC 7644 section 3.7).
//!
//! Operations are handed out one by one, each after those that it refers to by `bulkId:`. References
//! are replaced by the ids that the server gave. Operations that refer to each other in a circle are
//! refused with 409, as the RFC allows; so is whoever refers to them. The answer lists operations in
//! the order of the request, and leaves out what was not tried because of `failOnErrors`.

mod order;
mod read;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use crate::error::ScimError;
use crate::etag::Version;
use crate::resource::{ResourceKind, location};

const RESPONSE_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A Bulk request.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulk {
    operations: Vec<Operation>,
    /// After how many failures the rest is not tried.
    fail_on_errors: Option<usize>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMethod {
    /// Creates a resource.
    Post,
    /// Replaces one.
    Put,
    /// Changes one.
    Patch,
    /// Deletes one.
    Delete,
}

/// An operation whose turn it is.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// What to do.
    pub method: BulkMethod,
    /// With what kind of resource.
    pub kind: ResourceKind,
    /// With which; none for POST.
    pub id: Option<String>,
    /// Which version it must have, if the client says.
    pub version: Option<Version>,
    /// What would be the body of the request; null for DELETE.
    pub data: Value,
}

/// An operation that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkDone {
    /// The HTTP status that it would have as a request of its own.
    pub status: u16,
    /// The id of the resource.
    pub id: String,
    /// Its version afterwards; none after DELETE.
    pub version: Option<Version>,
}

/// A Bulk request that is being carried out.
#[derive(Debug)]
pub struct BulkRun {
    base: String,
    operations: Vec<Operation>,
    /// Which is to be handed out next.
    order: VecDeque<usize>,
    /// Which was handed out and is not done.
    current: Option<usize>,
    /// The ids behind bulkIds.
    ids: BTreeMap<String, String>,
    answers: BTreeMap<usize, Value>,
    failures: usize,
    fail_on_errors: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
struct Operation {
    /// The method as the client wrote it, for the answer.
    method_name: String,
    bulk_id: Option<String>,
    /// What to do, or why it cannot be done.
    request: Result<BulkRequest, ScimError>,
}

impl BulkMethod {
    /// The name of the HTTP method.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Bulk {
    /// Reads the body of a Bulk request. What is wrong with one operation is told when its turn comes.
    ///
    /// # Errors
    /// `invalidSyntax` if it is no Bulk request; 413 beyond the bounds.
    pub fn parse(body: &[u8]) -> Result<Self, ScimError> {
        read::bulk(body)
    }

    /// How many operations it has.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Begins to carry it out. Links in the answer are below `base`.
    pub fn start(self, base: &str) -> BulkRun {
        let Self { mut operations, fail_on_errors } = self;
        let order = order::order(&mut operations);
        BulkRun {
            base: base.to_owned(),
            operations,
            order: order.into(),
            current: None,
            ids: BTreeMap::new(),
            answers: BTreeMap::new(),
            failures: 0,
            fail_on_errors,
        }
    }
}

impl BulkRun {
    /// The operation whose turn it is, with every reference resolved. What cannot be carried out is
    /// answered here and passed over. Tell [`BulkRun::done`] before asking again.
    #[expect(clippy::should_implement_trait, reason = "each answer is needed before the next call")]
    pub fn next(&mut self) -> Option<BulkRequest> {
        while !self.is_over() {
            let at = self.order.pop_front()?;
            let operation = self.operations.get_mut(at)?;
            // It is asked for once: the data moves out.
            let nothing = Err(ScimError::internal("an operation was asked for twice"));
            let request = std::mem::replace(&mut operation.request, nothing);
            let resolved = request.and_then(|request| order::resolve(request, &self.ids));
            self.current = Some(at);
            match resolved {
                Ok(request) => {
                    if let Some(operation) = self.operations.get_mut(at) {
                        operation.request = Ok(request.without_data());
                    }
                    return Some(request);
                }
                Err(refusal) => self.done(Err(refusal)),
            }
        }
        None
    }

    fn is_over(&self) -> bool {
        self.fail_on_errors.is_some_and(|most| self.failures >= most)
    }

    /// Says what became of the operation that was handed out last.
    pub fn done(&mut self, outcome: Result<BulkDone, ScimError>) {
        let Some(at) = self.current.take() else { return };
        let Some(operation) = self.operations.get(at) else { return };
        let mut answer = Map::new();
        answer.insert("method".to_owned(), Value::String(operation.method_name.clone()));
        if let Some(bulk_id) = &operation.bulk_id {
            answer.insert("bulkId".to_owned(), Value::String(bulk_id.clone()));
        }
        let request = operation.request.as_ref().ok();
        match outcome {
            Ok(done) => {
                if let Some(request) = request {
                    let location = location(&self.base, request.kind, &done.id);
                    answer.insert("location".to_owned(), Value::String(location));
                }
                if let Some(version) = done.version {
                    answer.insert("version".to_owned(), Value::String(version.to_string()));
                }
                answer.insert("status".to_owned(), Value::String(done.status.to_string()));
                if let Some(bulk_id) = operation.bulk_id.clone() {
                    self.ids.insert(bulk_id, done.id);
                }
            }
            Err(refusal) => {
                self.failures += 1;
                if let Some((request, id)) = request.and_then(|it| Some((it, it.id.as_ref()?))) {
                    let location = location(&self.base, request.kind, id);
                    answer.insert("location".to_owned(), Value::String(location));
                }
                answer.insert("status".to_owned(), Value::String(refusal.status.to_string()));
                answer.insert("response".to_owned(), refusal.to_value());
            }
        }
        self.answers.insert(at, Value::Object(answer));
    }

    /// The body of the answer.
    pub fn finish(self) -> Value {
        let operations: Vec<Value> = self.answers.into_values().collect();
        json!({ "schemas": [RESPONSE_URN], "Operations": operations })
    }
}

impl BulkRequest {
    /// The same, but for the data.
    fn without_data(&self) -> Self {
        let Self { method, kind, id, version, data: _ } = self;
        Self { method: *method, kind: *kind, id: id.clone(), version: *version, data: Value::Null }
    }
}

#[cfg(test)]
mod tests;
