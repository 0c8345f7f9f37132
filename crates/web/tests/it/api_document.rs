//! The `OpenAPI` document: what is in the repository is what the program says.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// `UPDATE_EXPECT=1 cargo test -p web api_document` writes it anew.
#[test]
fn the_document_in_the_reference_is_that_of_the_program() {
    let document = web::api_document().expect("each schema has a name of its own");
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    if std::env::vars_os().any(|(name, _)| name == "UPDATE_EXPECT") {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is not up to date: UPDATE_EXPECT=1 writes it anew", path.display());
}

#[test]
fn every_address_of_the_api_is_in_the_document_with_its_scope() {
    let document = web::api_document().unwrap();
    let mut ids = Vec::new();
    let mut count = 0;
    for address in web::addresses().into_iter().filter(|it| it.path.starts_with("/api/")) {
        count += 1;
        let operation = &document["paths"][address.path][address.method.to_lowercase()];
        let what = format!("{} {}", address.method, address.path);
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.ends_with('.') && summary.len() > 10, "{what}: {summary}");
        let scope = &operation["security"][0]["token"][0];
        match address.who {
            web::Who::May(right) => assert_eq!(scope, right.as_str(), "{what}"),
            _ => assert_eq!(*scope, Value::Null, "{what}"),
        }
        for status in ["200", "400", "401", "403", "404", "409", "429", "503"] {
            assert!(operation["responses"][status].is_object(), "{what}: {status}");
        }
        ids.push(operation["operationId"].as_str().unwrap().to_owned());
    }
    let operations: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|it| it.as_object().unwrap().len())
        .sum();
    assert_eq!(operations, count);
    ids.sort();
    let names = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), names, "{ids:?}");
    assert_eq!(document["openapi"], "3.1.0");
}

/// Whatever the document refers to is in it.
#[test]
fn every_reference_leads_somewhere() {
    let document = web::api_document().unwrap();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(|it| it.as_str()) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// Names of members and of parameters have one spelling, that of SCIM: `personName`.
#[test]
fn no_member_and_no_parameter_has_an_underscore() {
    let document = web::api_document().unwrap();
    let mut names = BTreeSet::new();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Object(members)) = fields.get("properties") {
                    names.extend(members.keys().map(String::as_str));
                }
                if fields.contains_key("in") {
                    names.extend(fields["name"].as_str());
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    // Of an answer, of a variant of one, of a page's items, of a body and of a query.
    for known in ["toldAt", "newRole", "liveApps", "skipHold", "strayCursor"] {
        assert!(names.contains(known), "{known} of {names:?}");
    }
    let wrong: Vec<&str> = names.into_iter().filter(|name| name.contains('_')).collect();
    assert_eq!(wrong, [""; 0]);
}

/// A mistyped member, or one of an older version, would else be ignored.
#[test]
fn no_body_may_have_members_that_the_document_does_not_name() {
    let document = web::api_document().unwrap();
    let mut bodies = 0;
    let paths = document["paths"].as_object().unwrap().values();
    for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(reference) = body.as_str() else {
            assert_eq!(operation["requestBody"], Value::Null, "{operation}");
            continue;
        };
        bodies += 1;
        let schema = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{reference}");
    }
    assert_eq!(bodies, 10);
}
