//! Templates as JSON, with `CloudFormation`'s short forms written out.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Where the templates are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/cloudformation")
}

/// A template of the folder.
pub(crate) fn template(name: &str) -> Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    read(&text)
}

/// Reads YAML with tags.
pub(crate) fn read(text: &str) -> Value {
    let events: Vec<Event<'_>> = Parser::new_from_str(text)
        .map(|event| event.unwrap().0)
        .filter(|event| {
            !matches!(
                event,
                Event::Nothing
                    | Event::StreamStart
                    | Event::StreamEnd
                    | Event::DocumentStart(_)
                    | Event::DocumentEnd
            )
        })
        .collect();
    let mut events = events.into_iter();
    let root = value(&mut events).unwrap();
    assert_eq!(events.next(), None, "one document");
    root
}

/// The next value; `None` at the end of a collection.
fn value<'t>(events: &mut impl Iterator<Item = Event<'t>>) -> Option<Value> {
    let (tag, value) = match events.next().unwrap() {
        Event::Scalar(text, style, _, tag) => {
            let plain = style == ScalarStyle::Plain && tag.is_none();
            (tag, if plain { scalar(&text) } else { Value::from(text.as_ref()) })
        }
        Event::SequenceStart(_, tag) => {
            let mut items = Vec::new();
            while let Some(item) = value(events) {
                items.push(item);
            }
            (tag, Value::Array(items))
        }
        Event::MappingStart(_, tag) => {
            let mut members = Map::new();
            while let Some(key) = value(events) {
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                let value = value(events).unwrap();
                assert_eq!(members.insert(key.clone(), value), None, "`{key}` stands there twice");
            }
            (tag, Value::Object(members))
        }
        Event::SequenceEnd | Event::MappingEnd => return None,
        other => panic!("{other:?} has no place in a template"),
    };
    Some(match tag {
        Some(tag) => written_out(&tag, value),
        None => value,
    })
}

/// A plain scalar as YAML 1.1 reads it, which `CloudFormation` goes by.
fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "" | "~" | "null" => Value::Null,
        "yes" | "no" | "on" | "off" | "Yes" | "No" | "ON" | "OFF" | "On" | "Off" => {
            panic!("quote `{text}`: it is a boolean to CloudFormation")
        }
        text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}

/// `!Ref X` as `{"Ref": "X"}`, and so on.
fn written_out(tag: &Tag, value: Value) -> Value {
    assert_eq!(tag.handle, "!", "{tag:?}");
    match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => json!({name: value}),
        "GetAtt" => {
            let parts = match value {
                Value::String(text) => {
                    let (id, attribute) = text.split_once('.').unwrap();
                    json!([id, attribute])
                }
                list => list,
            };
            json!({"Fn::GetAtt": parts})
        }
        name => json!({format!("Fn::{name}"): value}),
    }
}

#[test]
fn short_forms_are_written_out() {
    let text = "a: !Ref X\nb: !GetAtt X.Y.Z\nc: !If [C, !Sub \"${X}-1\", 'yes']\nd: {e: 7, f: !Not [!Condition C]}\n";
    assert_eq!(
        read(text),
        json!({
            "a": {"Ref": "X"},
            "b": {"Fn::GetAtt": ["X", "Y.Z"]},
            "c": {"Fn::If": ["C", {"Fn::Sub": "${X}-1"}, "yes"]},
            "d": {"e": 7, "f": {"Fn::Not": [{"Condition": "C"}]}},
        })
    );
}
