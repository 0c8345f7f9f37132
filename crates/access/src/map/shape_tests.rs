//! Tests that the schema and the reference say all that the shape says.

use super::super::{codes, json_schema, reference_markdown};
use super::*;
use serde_json::{Value, json};

/// Calls `visit` for each field of each record, with its path in the JSON Schema.
fn each_field(record: &'static Record, path: &str, visit: &mut impl FnMut(&str, &'static Field)) {
    for field in record.fields {
        let path = format!("{path}/properties/{}", field.key);
        visit(&path, field);
        let (mut shape, mut path) = (field.shape, path);
        loop {
            match shape {
                Shape::List(item) => (shape, path) = (item, format!("{path}/items")),
                Shape::Table { value, .. } => {
                    (shape, path) = (value, format!("{path}/additionalProperties"));
                }
                Shape::Record(inner) => break each_field(inner, &path, visit),
                _ => break,
            }
        }
    }
}

#[test]
fn every_key_is_in_the_schema_with_its_meaning() {
    let schema = json_schema();
    let mut keys = 0;
    each_field(&MAP, "", &mut |path, field| {
        keys += 1;
        let described = schema.pointer(path).and_then(|p| p.get("description"));
        let described = described.and_then(Value::as_str).unwrap_or_default();
        assert!(described.starts_with(field.doc), "{path}: {described}");
    });
    assert_eq!(keys, 244);
}

#[test]
fn every_key_is_in_the_reference_with_its_meaning() {
    let reference = reference_markdown();
    each_field(&MAP, "", &mut |path, field| {
        let row = reference.lines().find(|line| {
            line.starts_with(&format!("| `{}` |", field.key)) && line.contains(field.doc)
        });
        assert!(row.is_some(), "{path}");
    });
    for (code, meaning) in codes::ALL.iter().chain(codes::CAUTIONS) {
        assert!(reference.contains(&format!("| `{code}` | {meaning} |")), "{code}");
    }
}

#[test]
fn the_reference_says_what_a_team_holds() {
    let reference = reference_markdown();
    let (_, team) = reference.split_once("\n## Team (`teams.<key>`)\n").unwrap();
    let rows: Vec<&str> = team.lines().skip(3).collect();
    let rows: Vec<&str> = ["domain", "execution_role", "network", "session"]
        .iter()
        .map(|key| {
            let row = format!("| `{key}` |");
            *rows.iter().find(|line| line.starts_with(&row)).unwrap()
        })
        .collect();
    assert_eq!(
        rows,
        [
            "| `domain` | the key of a domain, such as `research` | one of them | The domain its \
             profiles are in. |",
            "| `execution_role` | the ARN or the name of an IAM role, in which `{account_id}`, \
             `{domain}`, `{persona}`, `{region}` and `{team}` are filled in, such as \
             `arn:aws:iam::{account_id}:role/studio-{team}` | default `stagedoor-{team}` | The \
             execution role of its profiles, in the domain's account: its ARN, or its name with \
             its path if it has one. |",
            "| `network` | the key of a network, or `anywhere`, such as `office` | yes | From \
             where it may be opened. There is no default: who wants no limit writes `anywhere`. |",
            "| `session` | a duration from 30m to 12h (such as `8h` or `90m`) | default `8h` | How \
             long a Studio session lasts. |",
        ]
    );
}

#[test]
fn the_schema_is_closed_and_names_what_is_required() {
    let schema = json_schema();
    let at = |path: &str| schema.pointer(path).cloned().unwrap_or_default();
    assert_eq!(at("/$schema"), json!("https://json-schema.org/draft/2020-12/schema"));
    assert_eq!(at("/required"), json!(["version"]));
    assert_eq!(at("/additionalProperties"), json!(false));
    let team = "/properties/teams/additionalProperties";
    assert_eq!(at(&format!("{team}/required")), json!(["network"]));
    assert_eq!(at(&format!("{team}/additionalProperties")), json!(false));
    assert_eq!(at(&format!("{team}/properties/session/default")), json!("8h"));
    assert_eq!(at(&format!("{team}/properties/tags/maxProperties")), json!(44));
    assert_eq!(
        at(&format!("{team}/properties/user_settings/properties")),
        json!({ "ExecutionRole": false })
    );
    assert_eq!(at("/properties/version/const"), json!(1));
    assert_eq!(at("/properties/guard/properties/max_removals/default"), json!(5));
    let one_of = |keys: [&str; 5]| keys.map(|key| json!({ "required": [key] }));
    assert_eq!(
        at("/properties/directory/allOf/0/oneOf"),
        json!(one_of(["identity_center", "scim", "ldap", "file", "sources"]))
    );
    assert_eq!(at("/properties/directory/properties/scim/additionalProperties"), json!(false));
    assert_eq!(
        at("/properties/domains/additionalProperties/properties/account_id/pattern"),
        json!("^[0-9]{12}$")
    );
    assert_eq!(at("/properties/grants/items/properties/priority/minimum"), json!(-2_147_483_648));
}

#[test]
fn the_schema_says_which_keys_go_together() {
    let schema = json_schema();
    let rules = "/properties/identity_providers/additionalProperties/allOf";
    assert_eq!(
        schema.pointer(rules),
        Some(&json!([
            { "oneOf": [{ "required": ["metadata"] }, { "required": ["metadata_url"] }] },
            { "dependentRequired": { "metadata_refresh": ["metadata_url"] } },
            { "oneOf": [
                { "required": ["team"] },
                { "required": ["team_attribute"] },
                { "required": ["domain_attribute"] },
                { "not": { "anyOf": [
                    { "required": ["team"] },
                    { "required": ["team_attribute"] },
                    { "required": ["domain_attribute"] },
                ] } },
            ] },
        ]))
    );
    // Every key of a rule is one of the record, or the rule would never be looked at.
    each_field(&MAP, "", &mut |path, field| {
        let (Shape::Record(record) | Shape::Table { value: Shape::Record(record), .. }) =
            field.shape
        else {
            return;
        };
        let Rule::Together(rules) = record.rule else { return };
        for rule in rules {
            let keys = match rule {
                Together::ExactlyOne(keys)
                | Together::AtLeastOne(keys)
                | Together::AtMostOne(keys) => keys.to_vec(),
                Together::OnlyWith(key, with) => vec![*key, *with],
            };
            for key in keys {
                assert!(record.fields.iter().any(|field| field.key == key), "{path}: {key}");
            }
        }
    });
}

#[test]
fn the_reference_says_which_keys_go_together() {
    let reference = reference_markdown();
    let (_, provider) =
        reference.split_once("\n## Identity provider (`identity_providers.<key>`)\n").unwrap();
    let lines: Vec<&str> = provider.lines().skip(1).take(3).collect();
    assert_eq!(
        lines,
        [
            "- Exactly one of `metadata`, `metadata_url`.",
            "- `metadata_refresh` only with `metadata_url`.",
            "- At most one of `team`, `team_attribute`, `domain_attribute`.",
        ]
    );
    let row = "| one of them | Where the provider publishes its SAML metadata.";
    assert!(provider.contains(row), "{provider}");
}
