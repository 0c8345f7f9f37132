//! The `OpenAPI` 3.1 document, made of the table of endpoints and of the types that they answer with.

use super::endpoint::{Endpoint, JSON_LINES};
use super::problem::ProblemDocument;
use super::schemas::Schemas;
use crate::table::{Address, Who};
use serde_json::{Map, Value, json};

/// Statuses with which every endpoint may refuse, and when.
const REFUSALS: [(&str, &str); 9] = [
    ("400", "What is asked for cannot be meant."),
    ("401", "Nobody known asks: no token, no session, or one that is over."),
    ("403", "Whoever asks may not."),
    ("404", "There is no such thing."),
    ("409", "It contradicts how things are now."),
    ("413", "The body is too large."),
    ("429", "Too many requests; `Retry-After` says when to come again."),
    ("500", "It was done, and the audit log does not tell of it; or the server failed."),
    ("503", "It cannot be told or done now; `Retry-After` says when to come again."),
];

const DESCRIPTION: &str = "\
Everything that the admin screens show and do.

Send a token as `Authorization: Bearer stagedoor_…` (`stagedoor token create`), or use the session of \
the portal. What fails is told as a problem (RFC 9457) whose `code` is a reason code.

Lists come in pages: follow `next` as `cursor`. A `POST` with an `Idempotency-Key` is done once, \
however often it is sent within 24 hours.";

/// The document, and the names that stand for two schemas, of which there may be none.
pub(super) fn document(endpoints: &[Endpoint]) -> (Value, Vec<String>) {
    let mut schemas = Schemas::default();
    let problem = schemas.refer::<ProblemDocument>();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let Address { method, path, .. } = endpoint.row.address;
        let operation = operation(endpoint, &mut schemas);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_ascii_lowercase(), operation);
        }
    }
    let (by_name, clashes) = schemas.into_parts();
    let responses: Map<String, Value> = REFUSALS
        .iter()
        .map(|(status, description)| {
            let content = json!({"application/problem+json": {"schema": problem}});
            let response = json!({"description": description, "content": content});
            (format!("Problem{status}"), response)
        })
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stagedoor",
            "version": "v1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": by_name,
            "responses": responses,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `stagedoor token create`, with scopes `see`, `audit` \
                                    and `act`.",
                },
            },
        },
    });
    (document, clashes)
}

fn operation(endpoint: &Endpoint, schemas: &mut Schemas) -> Value {
    let Address { method, path, who } = endpoint.row.address;
    let mut parameters: Vec<Value> = path_parameters(path).collect();
    parameters.extend(endpoint.query.iter().cloned());
    if method == "POST" {
        parameters.push(idempotency_key());
    }
    let answer = match endpoint.answer {
        Some(answer) => answer(schemas),
        None => json!({"type": "object"}),
    };
    let mut responses: Map<String, Value> = REFUSALS
        .iter()
        .map(|(status, _)| {
            let reference = format!("#/components/responses/Problem{status}");
            ((*status).to_owned(), json!({"$ref": reference}))
        })
        .collect();
    let content = json!({endpoint.media: {"schema": answer}});
    let mut response = json!({"description": "The answer.", "content": content});
    if let Some(fields) = response.as_object_mut()
        && endpoint.media == JSON_LINES
    {
        fields.insert("headers".into(), json!({"Link": link()}));
    }
    responses.insert("200".into(), response);
    let (scope, security) = match who {
        Who::May(right) => (format!(" Scope `{right}`."), json!([{"token": [right.as_str()]}])),
        Who::Known | Who::SignedIn => (String::new(), json!([{"token": []}])),
        Who::Anybody => (String::new(), json!([])),
    };
    let mut operation = json!({
        "operationId": endpoint.id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": format!("{}{scope}", endpoint.summary),
        "security": security,
        "responses": responses,
    });
    if let Some(fields) = operation.as_object_mut() {
        if !parameters.is_empty() {
            fields.insert("parameters".into(), Value::Array(parameters));
        }
        if let Some(body) = endpoint.body {
            let content = json!({"application/json": {"schema": body(schemas)}});
            fields.insert("requestBody".into(), json!({"required": true, "content": content}));
        }
    }
    operation
}

fn path_parameters(path: &'static str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let description = match name {
            "id" => "The id, as a list gives it. Of a person, the user name will do, too.",
            "team" => "The team's key.",
            _ => "As a list gives it.",
        };
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": description,
            "schema": {"type": "string", "minLength": 1, "maxLength": 256},
        })
    })
}

fn link() -> Value {
    json!({
        "description": "The address of the next part, with `rel=\"next\"` (RFC 8288); absent: this was \
                        the last one.",
        "required": false,
        "schema": {"type": "string"},
    })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "Makes sure that the request is done once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
    })
}
