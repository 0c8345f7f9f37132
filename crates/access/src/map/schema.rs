//! The shape of the map as JSON Schema, for editors.

use super::check::json_scalar;
use super::format::Format;
use super::shape::{Field, MAP, Presence, Record, Rule, Shape, Together};
use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of one file of a map.
///
/// It says what can be said of one file by itself: it knows no references, and of a map in several
/// files it does not ask that `directory` stands in each.
pub fn json_schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("Stagedoor access map"));
    schema.append(&mut record(&MAP));
    Value::Object(schema)
}

fn of(shape: &Shape) -> Map<String, Value> {
    let value = match shape {
        Shape::Version => json!({ "const": 1 }),
        Shape::Text(format) => Value::Object(text(format)),
        Shape::Integer { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Choice(choice) => json!({ "enum": (choice.names)() }),
        Shape::List(item) => json!({ "type": "array", "items": of(item) }),
        Shape::Table { key, value, most } => {
            let mut names = text(key);
            names.remove("type");
            let mut schema = Map::new();
            schema.insert("type".into(), json!("object"));
            schema.insert("propertyNames".into(), Value::Object(names));
            schema.insert("additionalProperties".into(), Value::Object(of(value)));
            if let Some(most) = most {
                schema.insert("maxProperties".into(), json!(most));
            }
            Value::Object(schema)
        }
        Shape::Record(inner) => Value::Object(record(inner)),
        Shape::Json { forbidden, .. } => {
            let mut refused = Map::new();
            refused.insert((*forbidden).to_owned(), json!(false));
            json!({ "type": "object", "properties": refused })
        }
    };
    // Every arm above makes an object.
    if let Value::Object(map) = value { map } else { Map::new() }
}

fn text(format: &Format) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), json!("string"));
    if let Some(pattern) = format.pattern {
        schema.insert("pattern".into(), json!(pattern));
    }
    if let Some((least, most)) = format.length {
        schema.insert("minLength".into(), json!(least));
        schema.insert("maxLength".into(), json!(most));
    }
    schema.insert("examples".into(), json!([format.example]));
    schema
}

fn record(record: &Record) -> Map<String, Value> {
    let mut properties = Map::new();
    for field in record.fields {
        properties.insert(field.key.to_owned(), Value::Object(property(field)));
    }
    let required = record.fields.iter().filter(|f| match f.presence {
        Presence::EachFile => true,
        Presence::Required => record.rule != Rule::OverAllFiles,
        Presence::Optional | Presence::Default(_) => false,
    });
    let required: Vec<&str> = required.map(|f| f.key).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("additionalProperties".into(), json!(false));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    if let Rule::Together(rules) = record.rule {
        let rules: Vec<Value> = rules.iter().map(together).collect();
        schema.insert("allOf".into(), json!(rules));
    }
    schema
}

fn together(rule: &Together) -> Value {
    let alone = |keys: &[&str]| -> Vec<Value> {
        keys.iter().map(|key| json!({ "required": [key] })).collect()
    };
    match rule {
        Together::ExactlyOne(keys) => json!({ "oneOf": alone(keys) }),
        Together::AtLeastOne(keys) => json!({ "anyOf": alone(keys) }),
        Together::AtMostOne(keys) => {
            let none = json!({ "not": { "anyOf": alone(keys) } });
            let choices: Vec<Value> = alone(keys).into_iter().chain([none]).collect();
            json!({ "oneOf": choices })
        }
        Together::OnlyWith(key, with) => {
            let needs = Map::from_iter([((*key).to_owned(), json!([with]))]);
            json!({ "dependentRequired": needs })
        }
    }
}

fn property(field: &Field) -> Map<String, Value> {
    let mut schema = of(field.shape);
    schema.insert("description".into(), json!(field.doc));
    if let Presence::Default(text) = field.presence {
        let default = match text {
            "{}" => Some(json!({})),
            "[]" => Some(json!([])),
            scalar => json_scalar(scalar),
        };
        schema.extend(default.map(|value| ("default".to_owned(), value)));
    }
    schema
}
