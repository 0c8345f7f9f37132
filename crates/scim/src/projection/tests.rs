//! Tests of what is returned.
#![expect(clippy::needless_pass_by_value, reason = "literals read better without `&`")]

use serde_json::{Value, json};

use super::*;
use crate::resource::Resource;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn shown(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let body = json!({
        "schemas": [USER], "userName": "ana", "name": { "givenName": "Ana", "familyName": "D" },
        "emails": [{ "value": "a@x", "type": "work" }, { "type": "home" }],
        (ENTERPRISE): { "department": "R&D", "division": "X" },
    });
    let mut ana = Resource::from_client(ResourceKind::User, body).unwrap().resource;
    ana.body.insert("id".to_owned(), json!("u1"));
    ana.body.insert("meta".to_owned(), json!({ "version": "W/\"1\"" }));
    ana.into_json(&Projection::parse(ResourceKind::User, attributes, excluded).unwrap())
}

fn with_always(rest: Value) -> Value {
    let mut all = json!({ "schemas": [USER, ENTERPRISE], "id": "u1" });
    for (name, value) in rest.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

#[test]
fn everything_is_returned_unless_something_is_chosen() {
    let all = json!({
        "userName": "ana", "name": { "givenName": "Ana", "familyName": "D" },
        "emails": [{ "value": "a@x", "type": "work" }, { "type": "home" }],
        (ENTERPRISE): { "department": "R&D", "division": "X" }, "meta": { "version": "W/\"1\"" },
    });
    assert_eq!(shown(None, None), with_always(all.clone()));
    assert_eq!(shown(Some(""), Some(" , ")), with_always(all));
}

#[test]
fn chosen_attributes_are_returned_and_what_always_is() {
    assert_eq!(shown(Some("USERNAME"), None), with_always(json!({ "userName": "ana" })));
    assert_eq!(shown(Some("nickName,shoeSize,password"), None), with_always(json!({})));
    assert_eq!(
        shown(Some("name.givenName, emails.value,meta.version"), None),
        with_always(json!({ "name": { "givenName": "Ana" }, "emails": [{ "value": "a@x" }],
                            "meta": { "version": "W/\"1\"" } }))
    );
    assert_eq!(shown(Some("emails.display"), None), with_always(json!({})));
    assert_eq!(
        shown(Some(&format!("{ENTERPRISE}:department,{USER}:userName")), None),
        with_always(json!({ "userName": "ana", (ENTERPRISE): { "department": "R&D" } }))
    );
    assert_eq!(
        shown(Some(ENTERPRISE), None),
        with_always(json!({ (ENTERPRISE): { "department": "R&D", "division": "X" } }))
    );
    assert_eq!(
        shown(Some("name,name.givenName"), None),
        with_always(json!({ "name": { "givenName": "Ana", "familyName": "D" } }))
    );
}

#[test]
fn what_is_left_out_is_not_returned_unless_it_always_is() {
    assert_eq!(
        shown(None, Some("id,schemas,EMAILS,name.familyName,meta,shoeSize")),
        with_always(json!({ "userName": "ana", "name": { "givenName": "Ana" },
                            (ENTERPRISE): { "department": "R&D", "division": "X" } }))
    );
    assert_eq!(
        shown(None, Some(&format!("{ENTERPRISE},emails.type,name,meta"))),
        with_always(json!({ "userName": "ana", "emails": [{ "value": "a@x" }] }))
    );
    assert_eq!(
        shown(
            None,
            Some(&format!("{ENTERPRISE}:department,{ENTERPRISE}:division,name,meta,emails"))
        ),
        with_always(json!({ "userName": "ana" }))
    );
}

#[test]
fn nobody_reads_members_that_are_not_returned() {
    let wants = |attributes, excluded| {
        Projection::parse(ResourceKind::Group, attributes, excluded).unwrap().wants_members()
    };
    assert!(wants(None, None));
    assert!(!wants(None, Some("members")));
    assert!(!wants(None, Some("displayName,MEMBERS")));
    assert!(wants(None, Some("members.display")));
    assert!(!wants(Some("displayName"), None));
    assert!(wants(Some("members"), None));
    assert!(wants(Some("members.value"), None));
    let user = Projection::parse(ResourceKind::User, Some("userName"), None).unwrap();
    assert!(!user.wants_groups());
    assert!(Projection::default().wants_groups());
}

#[test]
fn both_lists_and_too_long_ones_are_refused() {
    let refusal = |attributes, excluded| {
        Projection::parse(ResourceKind::User, attributes, excluded).unwrap_err().detail
    };
    assert_eq!(
        refusal(Some("id"), Some("meta")),
        "`attributes` and `excludedAttributes` exclude each other"
    );
    let many = vec!["id"; 101].join(",");
    assert_eq!(refusal(Some(&many), None), "too many names of attributes");
}
