//! Tests of PATCH: every path form, every refusal, and the net effect on members.
#![expect(clippy::needless_pass_by_value, reason = "literals read better without `&`")]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::error::ScimType;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn ana() -> Resource {
    let body = json!({
        "schemas": [USER], "userName": "ana", "title": "Dr.",
        "name": { "givenName": "Ana", "familyName": "D" },
        "emails": [{ "value": "a@x", "type": "work", "primary": true },
                   { "value": "b@x", "type": "home" }],
        (ENTERPRISE): { "department": "R&D", "manager": { "value": "m1", "$ref": "/Users/m1" } },
    });
    Resource::from_client(ResourceKind::User, body).unwrap().resource
}

fn parse(kind: ResourceKind, operations: Value) -> Result<Patch, ScimError> {
    Patch::from_value(kind, json!({ "schemas": [PATCH], "Operations": operations }))
}

fn patched(operations: Value) -> Result<Patched, ScimError> {
    parse(ResourceKind::User, operations)?.apply(ana())
}

/// What differs from before, attribute by attribute; null for what is gone.
#[track_caller]
fn difference(operations: Value) -> Value {
    let before: Value = serde_json::from_str(&ana().to_stored()).unwrap();
    let Patched { resource, changed } = patched(operations).unwrap();
    let after: Value = serde_json::from_str(&resource.to_stored()).unwrap();
    assert_eq!(changed, before != after);
    let mut difference = json!({});
    for name in before.as_object().unwrap().keys().chain(after.as_object().unwrap().keys()) {
        if before.get(name) != after.get(name) {
            difference[name] = after.get(name).cloned().unwrap_or(Value::Null);
        }
    }
    difference
}

#[track_caller]
fn refused(operations: Value) -> (Option<ScimType>, String) {
    let refusal = patched(operations).unwrap_err();
    (refusal.scim_type, refusal.detail)
}

fn one(op: &str, path: &str, value: Value) -> Value {
    json!([{ "op": op, "path": path, "value": value }])
}

fn remove(path: &str) -> Value {
    json!([{ "op": "remove", "path": path }])
}

#[test]
fn an_attribute_is_added_replaced_and_removed() {
    for op in ["add", "replace"] {
        assert_eq!(difference(one(op, "title", json!("Prof."))), json!({ "title": "Prof." }));
        assert_eq!(difference(one(op, "nickName", json!("An"))), json!({ "nickName": "An" }));
        assert_eq!(difference(one(op, "title", json!("Dr."))), json!({}));
    }
    assert_eq!(difference(remove("title")), json!({ "title": null }));
    assert_eq!(difference(remove("nickName")), json!({}));
    assert_eq!(difference(one("replace", "title", json!(null))), json!({ "title": null }));
    assert_eq!(difference(one("add", "title", json!(null))), json!({}));
}

#[test]
fn parts_of_a_complex_attribute_that_are_not_given_stay() {
    let name = json!({ "name": { "givenName": "Eva", "familyName": "D" } });
    for op in ["add", "replace"] {
        assert_eq!(difference(one(op, "name", json!({ "givenName": "Eva" }))), name);
        assert_eq!(difference(one(op, "NAME.GIVENNAME", json!("Eva"))), name);
    }
    let left = json!({ "name": { "familyName": "D" } });
    assert_eq!(difference(remove("name.givenName")), left);
    let both = json!([{ "op": "remove", "path": "name.givenName" },
                      { "op": "remove", "path": "name.familyName" }]);
    assert_eq!(difference(both), json!({ "name": null }));
    assert_eq!(difference(remove("name")), json!({ "name": null }));
    assert_eq!(difference(remove("name.middleName")), json!({}));
}

#[test]
fn values_of_a_list_are_added_once() {
    let home = json!({ "value": "b@x", "type": "home" });
    let more = json!({ "value": "c@x" });
    assert_eq!(
        difference(one("add", "emails", json!([home, more, more]))),
        json!({ "emails": [{ "value": "a@x", "type": "work", "primary": true }, home, more] })
    );
    assert_eq!(difference(one("add", "emails", home)), json!({}));
    assert_eq!(difference(one("replace", "emails", json!([more]))), json!({ "emails": [more] }));
    assert_eq!(difference(one("replace", "emails", json!([]))), json!({ "emails": null }));
    assert_eq!(difference(remove("emails")), json!({ "emails": null }));
    assert_eq!(difference(one("add", "roles", json!("r"))), json!({ "roles": [{ "value": "r" }] }));
}

#[test]
fn a_new_primary_value_takes_the_place_of_the_old_one() {
    let added = one("add", "emails", json!([{ "value": "c@x", "primary": true }]));
    assert_eq!(
        difference(added),
        json!({ "emails": [{ "value": "a@x", "type": "work", "primary": false },
                           { "value": "b@x", "type": "home" },
                           { "value": "c@x", "primary": true }] })
    );
    assert_eq!(
        difference(one("replace", r#"emails[type eq "home"].primary"#, json!("True"))),
        json!({ "emails": [{ "value": "a@x", "type": "work", "primary": false },
                           { "value": "b@x", "type": "home", "primary": true }] })
    );
    let (code, detail) = refused(one("replace", "emails.primary", json!(true)));
    assert_eq!(code, Some(ScimType::InvalidValue));
    assert_eq!(detail, "operation 1: emails would have more than one primary value");
}

#[test]
fn a_filter_selects_values() {
    assert_eq!(
        difference(one("replace", r#"emails[type eq "work"].value"#, json!("z@x"))),
        json!({ "emails": [{ "value": "z@x", "type": "work", "primary": true },
                           { "value": "b@x", "type": "home" }] })
    );
    assert_eq!(
        difference(one("replace", r#"emails[value sw "B"]"#, json!({ "value": "z@x" }))),
        json!({ "emails": [{ "value": "a@x", "type": "work", "primary": true },
                           { "value": "z@x" }] })
    );
    assert_eq!(
        difference(one("add", r#"emails[type eq "home"]"#, json!({ "display": "B" }))),
        json!({ "emails": [{ "value": "a@x", "type": "work", "primary": true },
                           { "value": "b@x", "type": "home", "display": "B" }] })
    );
    assert_eq!(
        difference(remove(r#"emails[type eq "work" or type eq "other"]"#)),
        json!({ "emails": [{ "value": "b@x", "type": "home" }] })
    );
    assert_eq!(
        difference(remove(r#"emails[type eq "work"].primary"#)),
        json!({ "emails": [{ "value": "a@x", "type": "work" }, { "value": "b@x", "type": "home" }] })
    );
    assert_eq!(difference(remove("emails[value pr]")), json!({ "emails": null }));
    assert_eq!(difference(remove(r#"emails[type eq "fax"]"#)), json!({}));
    assert_eq!(difference(remove(r#"photos[type eq "photo"].value"#)), json!({}));
}

#[test]
fn a_part_of_every_value_is_reached_without_a_filter() {
    assert_eq!(
        difference(one("replace", "emails.display", json!("x"))),
        json!({ "emails": [{ "value": "a@x", "type": "work", "primary": true, "display": "x" },
                           { "value": "b@x", "type": "home", "display": "x" }] })
    );
    assert_eq!(
        difference(remove("emails.type")),
        json!({ "emails": [{ "value": "a@x", "primary": true }, { "value": "b@x" }] })
    );
    assert_eq!(
        difference(one("add", "ims.value", json!("i"))),
        json!({ "ims": [{ "value": "i" }] })
    );
}

#[test]
fn what_a_filter_describes_is_made_if_nothing_satisfies_it() {
    for op in ["add", "replace"] {
        assert_eq!(
            difference(one(op, r#"phoneNumbers[type eq "Mobile"].value"#, json!("1"))),
            json!({ "phoneNumbers": [{ "type": "Mobile", "value": "1" }] })
        );
        assert_eq!(
            difference(one(
                op,
                r#"roles[primary eq "True" and type eq "t"]"#,
                json!({ "value": "r" })
            )),
            json!({ "roles": [{ "primary": true, "type": "t", "value": "r" }] })
        );
        for filter in [r#"type ne "x""#, "value pr", r#"type eq "x" or type eq "y""#] {
            let path = format!("photos[{filter}].value");
            let (code, detail) = refused(one(op, &path, json!("p")));
            assert_eq!(code, Some(ScimType::NoTarget), "{filter}");
            assert_eq!(detail, "operation 1: no value of photos satisfies the filter");
        }
    }
}

#[test]
fn an_extension_is_reached_behind_its_urn() {
    let department = |text: &str| json!({ (ENTERPRISE): { "department": text, "manager": { "value": "m1", "$ref": "/Users/m1" } } });
    for path in [format!("{ENTERPRISE}:department"), format!("{ENTERPRISE}.Department")] {
        assert_eq!(difference(one("replace", &path, json!("X"))), department("X"));
    }
    assert_eq!(
        difference(one("add", ENTERPRISE, json!({ "department": "X", "shoe": 1 }))),
        department("X")
    );
    assert_eq!(
        difference(one("replace", &format!("{USER}:name.givenName"), json!("Eva"))),
        json!({ "name": { "givenName": "Eva", "familyName": "D" } })
    );
    let gone = json!({ "schemas": [USER], (ENTERPRISE): null });
    assert_eq!(difference(remove(ENTERPRISE)), gone);
    let both = json!([{ "op": "remove", "path": format!("{ENTERPRISE}:department") },
                      { "op": "remove", "path": format!("{ENTERPRISE}:manager") }]);
    assert_eq!(difference(both), gone);
    assert_eq!(difference(remove(&format!("{ENTERPRISE}:division"))), json!({}));
}

#[test]
fn the_link_to_a_manager_goes_with_the_manager() {
    let manager =
        |manager: Value| json!({ (ENTERPRISE): { "department": "R&D", "manager": manager } });
    let path = format!("{ENTERPRISE}:manager");
    let only = manager(json!({ "value": "m2" }));
    assert_eq!(difference(one("replace", &path, json!("m2"))), only);
    assert_eq!(difference(one("replace", &format!("{path}.value"), json!("m2"))), only);
    let linked = json!({ "value": "m2", "$ref": "/Users/m2" });
    assert_eq!(difference(one("replace", &path, linked.clone())), manager(linked));
    assert_eq!(difference(one("replace", &path, json!({ "value": "m1" }))), json!({}));
}

#[test]
fn without_a_path_every_attribute_of_the_value_is_meant() {
    let value = json!({
        "title": "Prof.", "name.givenName": "Eva", "id": "other", "shoeSize": 3,
        "groups": [{ "value": "g" }], "meta": { "version": "1" },
        (r#"emails[type eq "home"].value"#): "z@x",
        (ENTERPRISE): { "division": "Y", "manager.value": "m2" },
        (format!("{ENTERPRISE}:employeeNumber")): "7",
        "urn:example:ext:User": { "x": 1 },
    });
    for op in ["add", "replace"] {
        assert_eq!(
            difference(json!([{ "op": op, "value": value }])),
            json!({
                "title": "Prof.",
                "name": { "givenName": "Eva", "familyName": "D" },
                "emails": [{ "value": "a@x", "type": "work", "primary": true },
                           { "value": "z@x", "type": "home" }],
                (ENTERPRISE): { "department": "R&D", "division": "Y", "employeeNumber": "7",
                                "manager": { "value": "m2" } },
            })
        );
    }
}

#[test]
fn some_values_are_removed_by_naming_them() {
    let home = json!({ "emails": [{ "value": "a@x", "type": "work", "primary": true }] });
    assert_eq!(difference(one("remove", "emails", json!([{ "value": "B@X" }]))), home);
    assert_eq!(difference(one("remove", "emails", json!("b@x"))), home);
    let both = json!({ "value": "b@x", "type": "work" });
    assert_eq!(difference(one("remove", "emails", json!([both]))), json!({}));
    assert_eq!(difference(one("remove", "emails", json!([]))), json!({}));
    assert_eq!(difference(one("remove", "emails", json!(null))), json!({ "emails": null }));
    assert_eq!(difference(one("remove", "title", json!("anything"))), json!({ "title": null }));
}

#[test]
fn later_operations_see_what_earlier_ones_did() {
    let operations = json!([
        { "op": "remove", "path": "emails" },
        { "op": "add", "path": "emails", "value": [{ "value": "c@x", "type": "other" }] },
        { "op": "replace", "path": "emails[type eq \"other\"].value", "value": "d@x" },
    ]);
    assert_eq!(difference(operations), json!({ "emails": [{ "value": "d@x", "type": "other" }] }));
}

#[test]
fn what_is_read_only_or_required_stays() {
    for path in ["id", "meta", "meta.version", "groups", "schemas", r#"groups[value eq "g"]"#] {
        for operations in [one("replace", path, json!("x")), remove(path)] {
            let (code, detail) = refused(operations);
            assert_eq!(code, Some(ScimType::Mutability), "{path}");
            assert!(detail.ends_with(" is read-only"), "{detail}");
        }
    }
    let (code, detail) =
        refused(one("add", &format!("{ENTERPRISE}:manager.displayName"), json!("x")));
    assert_eq!(
        (code, detail.as_str()),
        (Some(ScimType::Mutability), "operation 1: displayName is read-only")
    );
    for operations in [remove("userName"), one("replace", "userName", json!(null))] {
        let expected = (Some(ScimType::Mutability), "operation 1: userName is required".to_owned());
        assert_eq!(refused(operations), expected);
    }
    let expected = (Some(ScimType::InvalidValue), "a User must have userName".to_owned());
    assert_eq!(refused(one("replace", "userName", json!(" "))), expected);
}

#[test]
fn a_password_is_checked_and_changes_nothing() {
    assert_eq!(difference(one("replace", "password", json!("t1meMa"))), json!({}));
    assert_eq!(
        difference(json!([{ "op": "replace", "value": { "password": "t1meMa" } }])),
        json!({})
    );
    let patch = parse(ResourceKind::User, one("replace", "password", json!("t1meMa"))).unwrap();
    assert!(patch.is_empty() && !format!("{patch:?}").contains("t1meMa"));
    let expected =
        (Some(ScimType::InvalidValue), "operation 1: password must be a string".to_owned());
    assert_eq!(refused(one("replace", "password", json!({ "x": "t1meMa" }))), expected);
}

#[test]
fn a_request_that_is_none_is_refused() {
    use ScimType::{InvalidPath, InvalidSyntax, InvalidValue, NoTarget};
    for (operations, code, detail) in [
        (json!([]), InvalidSyntax, "`Operations` must list operations"),
        (json!({}), InvalidSyntax, "`Operations` must list operations"),
        (json!([7]), InvalidSyntax, "operation 1: an operation is not an object"),
        (json!([{ "path": "title" }]), InvalidSyntax, "operation 1: `op` is missing"),
        (
            json!([{ "op": "move", "path": "title" }]),
            InvalidSyntax,
            "operation 1: `op` must be add, replace or remove",
        ),
        (json!([{ "op": "remove" }]), NoTarget, "operation 1: `remove` needs a path"),
        (
            json!([{ "op": "remove", "value": { "title": "x" } }]),
            NoTarget,
            "operation 1: `remove` needs a path",
        ),
        (
            json!([{ "op": "add", "path": "title" }]),
            InvalidValue,
            "operation 1: `value` is missing",
        ),
        (
            json!([{ "op": "add" }]),
            InvalidValue,
            "operation 1: without a path, `value` must be an object",
        ),
        (
            json!([{ "op": "add", "value": "x" }]),
            InvalidValue,
            "operation 1: without a path, `value` must be an object",
        ),
        (
            json!([{ "op": "add", "path": 7, "value": "x" }]),
            InvalidPath,
            "operation 1: `path` must be a string",
        ),
    ] {
        assert_eq!(refused(operations.clone()), (Some(code), detail.to_owned()), "{operations}");
    }
    let refusal =
        Patch::from_value(ResourceKind::User, json!({ "schemas": [USER], "Operations": [] }));
    let detail = "`schemas` must name urn:ietf:params:scim:api:messages:2.0:PatchOp";
    assert_eq!(refusal.unwrap_err().detail, detail);
    let refusal = Patch::parse(ResourceKind::User, b"[]").unwrap_err();
    assert_eq!(refusal.detail, "the body is not a JSON object");
    let second = json!([{ "op": "remove", "path": "title" }, { "op": "remove", "path": "shoe" }]);
    assert_eq!(refused(second).1, "operation 2: no attribute is named `shoe`");
}

#[test]
fn a_path_or_a_value_that_will_not_do_is_refused() {
    use ScimType::{InvalidPath, InvalidValue};
    for (operations, code, detail) in [
        (
            one("add", "shoeSize", json!(7)),
            InvalidPath,
            "operation 1: no attribute is named `shoeSize`",
        ),
        (
            one("add", "name.shoe", json!(7)),
            InvalidPath,
            "operation 1: no attribute is named `name.shoe`",
        ),
        (
            one("add", &format!("{ENTERPRISE}:shoe"), json!(7)),
            InvalidPath,
            "operation 1: no attribute is named `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:shoe`",
        ),
        (
            one("add", "emails[type eq]", json!("x")),
            InvalidPath,
            "operation 1: type can only be compared with a value in quotes",
        ),
        (
            one("add", r#"emails[type eq "a"].shoe"#, json!("x")),
            InvalidPath,
            "operation 1: no attribute is named `shoe`",
        ),
        (
            one("add", r#"emails[type eq "a"]x"#, json!("x")),
            InvalidPath,
            "operation 1: something follows the end of the path",
        ),
        (
            one("add", r#"emails [type eq "a"]"#, json!("x")),
            InvalidPath,
            "operation 1: the path is malformed",
        ),
        (
            one("add", r#"name[givenName eq "Ana"].familyName"#, json!("x")),
            InvalidPath,
            "operation 1: name has one value: there is none to select",
        ),
        (
            one("add", r#"title[value eq "a"]"#, json!("x")),
            InvalidPath,
            "operation 1: title has no parts to filter by",
        ),
        (
            one("replace", "active", json!("perhaps")),
            InvalidValue,
            "operation 1: active must be true or false",
        ),
        (
            one("replace", "title", json!(["a", "b"])),
            InvalidValue,
            "operation 1: title must be one value",
        ),
        (
            one("replace", r#"emails[type eq "work"].value"#, json!(7)),
            InvalidValue,
            "operation 1: value must be a string",
        ),
        (
            one("add", ENTERPRISE, json!("x")),
            InvalidValue,
            "operation 1: an extension's value must be an object",
        ),
    ] {
        assert_eq!(refused(operations.clone()), (Some(code), detail.to_owned()), "{operations}");
    }
}

#[test]
fn what_belongs_to_another_schema_is_passed_over() {
    for path in
        ["urn:example:ext:2.0:User:badge", r#"urn:example:ext:User:cards[type eq "a"].number"#]
    {
        assert_eq!(difference(one("add", path, json!("x"))), json!({}));
        assert_eq!(difference(remove(path)), json!({}));
    }
}

#[test]
fn a_request_is_bounded() {
    let many = vec![json!({ "op": "remove", "path": "title" }); 1_001];
    let expected = (Some(ScimType::TooMany), "a request may have 1000 operations".to_owned());
    assert_eq!(refused(Value::Array(many)), expected);
    let value: Vec<_> = (0..39).map(|number| json!({ "value": number.to_string() })).collect();
    let expected =
        (Some(ScimType::TooMany), "operation 1: emails would have over 40 values".to_owned());
    assert_eq!(refused(one("add", "emails", Value::Array(value))), expected);
    let refusal = patched(one("add", "title", json!("x".repeat(70_000)))).unwrap_err();
    assert_eq!(refusal.status, 413);
    let refusal = parse(ResourceKind::Group, one("add", "members", json!(vec!["u"; 100_001])));
    assert_eq!(refusal.unwrap_err().detail, "operation 1: more than 100000 members");
}

fn members(operations: Value) -> Result<MemberChanges, ScimError> {
    let (rest, members) = parse(ResourceKind::Group, operations)?.split_members();
    assert!(rest.is_empty() && rest.members().is_empty());
    Ok(members)
}

#[track_caller]
fn effect(operations: Value) -> (bool, String, String) {
    let changes = members(operations).unwrap();
    let add: Vec<_> = changes.add.keys().cloned().collect();
    let remove: Vec<_> = changes.remove.iter().cloned().collect();
    (changes.replace, add.join(" "), remove.join(" "))
}

fn net(replace: bool, add: &str, remove: &str) -> (bool, String, String) {
    (replace, add.to_owned(), remove.to_owned())
}

#[test]
fn members_are_told_apart_from_the_rest() {
    let patch = parse(
        ResourceKind::Group,
        json!([
            { "op": "replace", "value": { "displayName": "B", "members": [{ "value": "u1" }] } },
        ]),
    );
    let (patch, members) = patch.unwrap().split_members();
    assert!(!patch.is_empty() && members.replace);
    let body = json!({ "schemas": [GROUP], "displayName": "A" });
    let group = Resource::from_client(ResourceKind::Group, body).unwrap().resource;
    let patched = patch.apply(group).unwrap();
    assert_eq!((patched.resource.display_name(), patched.changed), (Some("B"), true));
}

#[test]
fn every_form_of_changing_members_has_its_effect() {
    let u = |id: &str| json!({ "value": id });
    assert_eq!(
        effect(one("add", "members", json!([u("a"), u("b"), u("a")]))),
        net(false, "a b", "")
    );
    assert_eq!(effect(one("add", "Members", u("a"))), net(false, "a", ""));
    assert_eq!(effect(one("add", "members", json!([]))), net(false, "", ""));
    assert_eq!(effect(one("replace", "members", json!([u("a")]))), net(true, "a", ""));
    assert_eq!(effect(one("replace", "members", json!([]))), net(true, "", ""));
    assert_eq!(effect(one("replace", "members", json!(null))), net(true, "", ""));
    assert_eq!(effect(remove("members")), net(true, "", ""));
    assert_eq!(effect(one("remove", "members", json!([u("a"), u("b")]))), net(false, "", "a b"));
    assert_eq!(effect(one("remove", "members", json!([]))), net(false, "", ""));
    assert_eq!(effect(remove(r#"members[value eq "a"]"#)), net(false, "", "a"));
    assert_eq!(
        effect(remove(r#"members[value eq "a" or (value eq "b" or value eq "C")]"#)),
        net(false, "", "C a b")
    );
    assert_eq!(effect(remove(&format!(r#"{GROUP}:members[value eq "a"]"#))), net(false, "", "a"));
}

#[test]
fn a_row_of_operations_on_members_has_one_net_effect() {
    let add = |ids: &[&str]| json!({ "op": "add", "path": "members", "value": ids });
    let take = |ids: &[&str]| json!({ "op": "remove", "path": "members", "value": ids });
    let all = json!({ "op": "remove", "path": "members" });
    assert_eq!(effect(json!([add(&["a", "b"]), take(&["a"])])), net(false, "b", "a"));
    assert_eq!(effect(json!([take(&["a", "b"]), add(&["a"])])), net(false, "a", "b"));
    assert_eq!(
        effect(json!([add(&["a"]), all, add(&["b", "c"]), take(&["c"])])),
        net(true, "b", "")
    );
    let mut group = BTreeSet::from(["a", "x"].map(str::to_owned));
    members(json!([take(&["a"]), add(&["b"])])).unwrap().apply_to(&mut group);
    assert_eq!(group, BTreeSet::from(["b", "x"].map(str::to_owned)));
    members(json!([all, add(&["z"])])).unwrap().apply_to(&mut group);
    assert_eq!(group, BTreeSet::from(["z".to_owned()]));
}

#[test]
fn members_are_selected_by_id_and_changed_whole() {
    let refusal = |operations: Value| {
        let refusal = members(operations).unwrap_err();
        (refusal.scim_type.unwrap(), refusal.detail)
    };
    let by_id = || {
        (ScimType::InvalidPath, "operation 1: members are selected by `value eq` alone".to_owned())
    };
    let whole =
        || (ScimType::Mutability, "operation 1: members are added and removed whole".to_owned());
    assert_eq!(refusal(remove(r#"members[type eq "User"]"#)), by_id());
    assert_eq!(refusal(remove(r#"members[value ne "a"]"#)), by_id());
    assert_eq!(refusal(remove(r#"members[value eq "a" and type eq "User"]"#)), by_id());
    assert_eq!(refusal(remove(r#"members[not (value eq "a")]"#)), by_id());
    assert_eq!(refusal(one("replace", r#"members[value eq "a"]"#, json!("b"))), whole());
    assert_eq!(refusal(one("replace", r#"members[value eq "a"].value"#, json!("b"))), whole());
    assert_eq!(refusal(one("add", "members.value", json!("b"))), whole());
    assert_eq!(refusal(remove("members.value")), whole());
    let (code, detail) = refusal(one("add", "members", json!([{ "display": "Ana" }])));
    assert_eq!(
        (code, detail.as_str()),
        (ScimType::InvalidValue, "operation 1: a member has no `value`")
    );
}

#[test]
fn a_patch_for_groups_changes_no_user() {
    let patch = parse(ResourceKind::Group, one("replace", "displayName", json!("x"))).unwrap();
    assert_eq!(patch.apply(ana()).unwrap_err().status, 500);
}

#[test]
fn one_value_for_many_is_bounded_before_it_is_copied() {
    let too_large = |operation: usize| {
        let detail = format!("operation {operation}: a resource may have 65536 bytes");
        Err((413, detail))
    };
    let told = |refusal: ScimError| (refusal.status, refusal.detail);
    // What fits in no resource is refused before there is one to put it into.
    let replace =
        |path: &str, value: Value| json!({ "op": "replace", "path": path, "value": value });
    let long = |length: usize| Value::String("x".repeat(length));
    let read = |operations: Value| parse(ResourceKind::User, operations).map(|_| ()).map_err(told);
    assert_eq!(read(json!([replace("emails.display", long(65_535))])), too_large(1));
    assert_eq!(
        read(json!([replace("title", json!("x")), replace("title", long(65_535))])),
        too_large(2)
    );
    let parts = json!({ "value": "x".repeat(33_000), "display": "x".repeat(33_000) });
    assert_eq!(read(json!([replace("emails", parts)])), too_large(1));
    assert_eq!(read(json!([replace("title", long(65_534))])), Ok(()));
    // What fits once is looked at where it stands many times, though the next step would take it away.
    let take = json!({ "op": "remove", "path": "emails.display" });
    let twice = |length| json!([replace("emails.display", long(length)), take]);
    assert_eq!(patched(twice(40_000)).map(|_| ()).map_err(told), too_large(1));
    assert!(patched(twice(20_000)).is_ok());
}

#[test]
fn the_attributes_that_operations_name_are_bounded() {
    let named = |count: usize| {
        let names = (0..count).map(|n| (format!("emails[type eq \"{n}\"].value"), json!("x")));
        json!([{ "op": "add", "value": names.collect::<serde_json::Map<_, _>>() }])
    };
    assert!(parse(ResourceKind::User, named(crate::bounds::MAX_STEPS)).is_ok());
    let refusal = parse(ResourceKind::User, named(crate::bounds::MAX_STEPS + 1)).unwrap_err();
    let detail = "operation 1: a request may name 2000 attributes to be changed".to_owned();
    assert_eq!((refusal.scim_type, refusal.detail), (Some(ScimType::TooMany), detail));
}
