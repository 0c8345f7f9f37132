//! Every check can fail: a template that is broken in one place is told so by the code of that check.

use crate::checks::check;
use crate::hub::full;
use crate::roles::hub_roles;
use crate::stack::{create, look};
use crate::yaml::{read, template};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is told of the hub when `pointer` in it is `value`; `Null`: is not there.
fn told(pointer: &str, value: Value) -> BTreeSet<&'static str> {
    let mut template = template("hub.yaml");
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = template.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is not there"));
    match parent {
        Value::Object(members) => {
            let before = match value {
                Value::Null => members.remove(key),
                value => members.insert(key.to_owned(), value),
            };
            assert!(before.is_some() || pointer.ends_with("DependsOn"), "{pointer} is not there");
        }
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    let mut codes: BTreeSet<&str> = look(&template).iter().map(|f| f.code).collect();
    match create(&template, &full()) {
        Ok(stack) => {
            codes.extend(check(&stack).iter().map(|f| f.code));
            codes.extend(hub_roles(&stack).iter().map(|f| f.code));
        }
        Err(found) => codes.extend(found.iter().map(|f| f.code)),
    }
    codes
}

#[test]
fn the_template_itself_is_clean() {
    assert_eq!(told("/Description", json!("Another one")), BTreeSet::new());
}

#[test]
fn what_is_broken_is_told_by_its_code() {
    let cases = read(include_str!("mutations.yaml"));
    let cases = cases.as_array().unwrap();
    let mut missed = Vec::new();
    for case in cases {
        let (at, code) = (case["at"].as_str().unwrap(), case["code"].as_str().unwrap());
        let told = told(at, case["is"].clone());
        if !told.contains(code) {
            missed.push(format!("{case}: {told:?} without {code}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(cases.len(), 84);
}
