//! The schemas of the document, by name.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, schema::Schema};

/// Schemas by name.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    by_name: BTreeMap<String, Value>,
    /// Names that stand for two things.
    clashes: Vec<String>,
}

impl Schemas {
    /// Adds a type with all that it is made of, and refers to it.
    pub(super) fn refer<T: ToSchema>(&mut self) -> Value {
        let mut parts: Vec<(String, RefOr<Schema>)> = Vec::new();
        T::schemas(&mut parts);
        parts.push((T::name().into_owned(), T::schema()));
        for (name, schema) in parts {
            self.add(name, serde_json::to_value(schema).unwrap_or_default());
        }
        reference(&T::name())
    }

    /// Adds a type, and gives the schema of several of it.
    pub(super) fn refer_to_all<T: ToSchema>(&mut self) -> Value {
        let item = self.refer::<T>();
        json!({"type": "array", "items": item})
    }

    /// Adds the page of a list of a type, and refers to it.
    pub(super) fn refer_to_list<T: ToSchema>(&mut self) -> Value {
        let item = self.refer::<T>();
        let name = format!("ListOf{}", T::name());
        let page = json!({
            "type": "object",
            "description": "A page of a list.",
            "required": ["items"],
            "properties": {
                "items": {
                    "type": "array",
                    "items": item,
                    "description": "What is on it.",
                },
                "next": {
                    "type": ["string", "null"],
                    "description": "The cursor of the next page; `null`: this is the last one.",
                },
            },
        });
        self.add(name.clone(), page);
        reference(&name)
    }

    fn add(&mut self, name: String, schema: Value) {
        match self.by_name.get(&name) {
            Some(known) if *known != schema => self.clashes.push(name),
            Some(_) => {}
            None => drop(self.by_name.insert(name, schema)),
        }
    }

    /// All of them, and the names that stand for two things: a mistake of ours.
    pub(super) fn into_parts(self) -> (BTreeMap<String, Value>, Vec<String>) {
        (self.by_name, self.clashes)
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
