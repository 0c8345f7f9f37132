//! Tests of users and groups as clients send them and as they are shown.

use serde_json::{Value, json};

use super::*;
use crate::error::ScimType;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn user(value: Value) -> Result<Resource, ScimError> {
    Resource::from_client(ResourceKind::User, value).map(|received| received.resource)
}

fn refusal(kind: ResourceKind, value: Value) -> (u16, Option<ScimType>, String) {
    let refusal = Resource::from_client(kind, value).unwrap_err();
    (refusal.status, refusal.scim_type, refusal.detail)
}

fn stored(resource: &Resource) -> Value {
    serde_json::from_str(&resource.to_stored()).unwrap()
}

#[test]
fn names_take_the_spelling_of_the_schema() {
    let ana = user(json!({
        "SCHEMAS": ["URN:ietf:params:scim:schemas:core:2.0:user"],
        "USERNAME": "Ana@Example.org",
        "Name": { "GIVENNAME": "Ana", "familyname": "Díaz" },
        "EMAILS": [{ "Value": "ana@example.org", "TYPE": "work", "Primary": true }],
        "URN:IETF:params:scim:schemas:extension:enterprise:2.0:USER": { "Department": "R&D" },
    }))
    .unwrap();
    assert_eq!(
        stored(&ana),
        json!({
            "schemas": [USER, ENTERPRISE],
            "userName": "Ana@Example.org",
            "name": { "givenName": "Ana", "familyName": "Díaz" },
            "emails": [{ "value": "ana@example.org", "type": "work", "primary": true }],
            (ENTERPRISE): { "department": "R&D" },
        })
    );
}

#[test]
fn what_is_not_served_and_what_is_read_only_is_ignored() {
    let ana = user(json!({
        "schemas": [USER, "urn:example:badge:2.0:User"],
        "id": "mine", "meta": { "version": "9" }, "groups": [{ "value": "g1" }],
        "userName": "ana",
        "shoeSize": 38,
        "name": { "givenName": "Ana", "shoe": 1 },
        "urn:example:badge:2.0:User": { "number": 7 },
        (ENTERPRISE): { "manager": { "value": "m", "displayName": "Forged" }, "badge": 1 },
    }))
    .unwrap();
    assert_eq!(
        stored(&ana),
        json!({
            "schemas": [USER, ENTERPRISE],
            "userName": "ana",
            "name": { "givenName": "Ana" },
            (ENTERPRISE): { "manager": { "value": "m" } },
        })
    );
    assert_eq!(ana.manager(), Some("m"));
}

#[test]
fn a_password_is_accepted_and_never_kept() {
    let given = json!({ "schemas": [USER], "userName": "ana", "Password": "t1meMa$heen" });
    let ana = user(given).unwrap();
    assert!(!ana.to_stored().contains("t1meMa"));
    assert!(!format!("{ana:?}").to_lowercase().contains("password"));
    let wrong = json!({ "schemas": [USER], "userName": "ana", "password": { "a": "t1meMa" } });
    let (status, code, detail) = refusal(ResourceKind::User, wrong);
    assert_eq!((status, code), (400, Some(ScimType::InvalidValue)));
    assert_eq!(detail, "password must be a string");
}

#[test]
fn an_error_of_syntax_shows_nothing_of_the_body() {
    let body = br#"{"password": "t1meMa$heen" oops}"#;
    let refusal = Resource::parse(ResourceKind::User, body).unwrap_err();
    assert_eq!(refusal.scim_type, Some(ScimType::InvalidSyntax));
    assert_eq!(refusal.detail, "the body is not JSON: line 1, column 28");
}

#[test]
fn booleans_may_be_strings() {
    for (given, active) in [
        (json!(true), true),
        (json!("True"), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("False"), false),
        (json!("FALSE"), false),
    ] {
        let ana = user(json!({ "schemas": [USER], "userName": "a", "active": given })).unwrap();
        assert_eq!(stored(&ana)["active"], json!(active));
        assert_eq!(ana.active(), active);
    }
    for given in [json!("yes"), json!(1), json!("")] {
        let body = json!({ "schemas": [USER], "userName": "a", "active": given });
        let expected = "active must be true or false".to_owned();
        assert_eq!(
            refusal(ResourceKind::User, body),
            (400, Some(ScimType::InvalidValue), expected)
        );
    }
}

#[test]
fn who_is_not_said_to_be_inactive_is_active() {
    assert!(user(json!({ "schemas": [USER], "userName": "a" })).unwrap().active());
    assert!(user(json!({ "schemas": [USER], "userName": "a", "active": null })).unwrap().active());
}

#[test]
fn null_and_empty_lists_are_no_values() {
    let ana = user(json!({
        "schemas": [USER], "userName": "ana", "title": null, "emails": [], "roles": [null, {}],
        "name": {}, "phoneNumbers": null, (ENTERPRISE): {},
    }))
    .unwrap();
    assert_eq!(stored(&ana), json!({ "schemas": [USER], "userName": "ana" }));
}

#[test]
fn a_complex_value_may_be_its_value_alone() {
    let ana = user(json!({
        "schemas": [USER], "userName": "ana",
        "emails": ["a@x.example", "a@x.example", { "value": "b@x.example" }],
        "roles": "admin",
        (ENTERPRISE): { "manager": "m1" },
    }))
    .unwrap();
    assert_eq!(
        stored(&ana)["emails"],
        json!([{ "value": "a@x.example" }, { "value": "b@x.example" }])
    );
    assert_eq!(stored(&ana)["roles"], json!([{ "value": "admin" }]));
    assert_eq!(ana.manager(), Some("m1"));
}

#[test]
fn what_must_be_there_must_not_be_missing_or_blank() {
    for name in [json!(null), json!(""), json!("  "), json!([])] {
        let body = json!({ "schemas": [USER], "userName": name });
        let expected = "a User must have userName".to_owned();
        assert_eq!(
            refusal(ResourceKind::User, body),
            (400, Some(ScimType::InvalidValue), expected)
        );
    }
    let body = json!({ "schemas": [GROUP] });
    let expected = "a Group must have displayName".to_owned();
    assert_eq!(refusal(ResourceKind::Group, body), (400, Some(ScimType::InvalidValue), expected));
}

#[test]
fn values_of_other_types_are_refused() {
    for (name, value, detail) in [
        ("userName", json!(7), "userName must be a string"),
        ("userName", json!({ "first": "a" }), "userName must be a string"),
        ("userName", json!(["a", "b"]), "userName must be one value"),
        ("name", json!("Ana"), "name must be an object"),
        ("name", json!({ "givenName": true }), "givenName must be a string"),
        ("emails", json!([7]), "emails must be an object"),
        ("emails", json!([[{ "value": "a" }]]), "emails must be an object"),
        (
            ENTERPRISE,
            json!("x"),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User is not an object",
        ),
    ] {
        let mut body = json!({ "schemas": [USER], "userName": "ana" });
        body[name] = value;
        let expected = (400, Some(ScimType::InvalidValue), detail.to_owned());
        assert_eq!(refusal(ResourceKind::User, body), expected);
    }
}

#[test]
fn one_value_at_most_is_primary() {
    let body = json!({ "schemas": [USER], "userName": "ana", "emails": [
        { "value": "a", "primary": true }, { "value": "b", "primary": "True" }] });
    let expected = "emails has more than one primary value".to_owned();
    assert_eq!(refusal(ResourceKind::User, body), (400, Some(ScimType::InvalidValue), expected));
}

#[test]
fn the_same_attribute_twice_is_refused() {
    let body = json!({ "schemas": [USER], "userName": "ana", "USERNAME": "bob" });
    let expected = (400, Some(ScimType::InvalidSyntax), "userName is given twice".to_owned());
    assert_eq!(refusal(ResourceKind::User, body), expected);
    let body = json!({ "schemas": [USER], "userName": "a", "name": { "givenName": "A", "givenname": "B" } });
    let expected = (400, Some(ScimType::InvalidSyntax), "givenName is given twice".to_owned());
    assert_eq!(refusal(ResourceKind::User, body), expected);
    let body = json!({ "schemas": [GROUP], "displayName": "a", "members": [], "Members": ["x"] });
    let expected = (400, Some(ScimType::InvalidSyntax), "members is given twice".to_owned());
    assert_eq!(refusal(ResourceKind::Group, body), expected);
}

#[test]
fn the_schema_must_be_named() {
    let expected = (
        400,
        Some(ScimType::InvalidSyntax),
        "`schemas` must name urn:ietf:params:scim:schemas:core:2.0:User".to_owned(),
    );
    for body in [
        json!({ "userName": "ana" }),
        json!({ "schemas": [], "userName": "ana" }),
        json!({ "schemas": [GROUP], "userName": "ana" }),
        json!({ "schemas": USER, "userName": "ana" }),
    ] {
        assert_eq!(refusal(ResourceKind::User, body), expected);
    }
    let (status, code, detail) = refusal(ResourceKind::User, json!([]));
    assert_eq!((status, code), (400, Some(ScimType::InvalidSyntax)));
    assert_eq!(detail, "the body is not a JSON object");
}

#[test]
fn members_are_a_list_of_their_own() {
    let received = Resource::from_client(
        ResourceKind::Group,
        json!({
            "schemas": [GROUP], "displayName": "Analysts", "externalId": "e1",
            "members": [{ "value": "u2", "type": "User", "$ref": null, "display": "forged" },
                        { "VALUE": "u1", "type": "group" }, "u2", { "value": "u3", "type": "Robot" }],
        }),
    )
    .unwrap();
    let member = |id: &str, kind| Member { id: id.to_owned(), kind, display: None };
    assert_eq!(
        received.members,
        [
            member("u2", Some(ResourceKind::User)),
            member("u1", Some(ResourceKind::Group)),
            member("u3", None)
        ]
    );
    assert_eq!(
        stored(&received.resource),
        json!({ "schemas": [GROUP], "displayName": "Analysts", "externalId": "e1" })
    );
    for bad in [json!([{}]), json!([7]), json!([""]), json!(["a\u{0}b"]), json!(["x".repeat(129)])]
    {
        let body = json!({ "schemas": [GROUP], "displayName": "A", "members": bad });
        assert_eq!(refusal(ResourceKind::Group, body).1, Some(ScimType::InvalidValue));
    }
}

#[test]
fn a_resource_is_bounded() {
    let big = json!({ "schemas": [USER], "userName": "ana", "title": "x".repeat(70_000) });
    let (status, _, detail) = refusal(ResourceKind::User, big);
    assert_eq!((status, detail.as_str()), (413, "a resource may have 65536 bytes"));
    let values: Vec<_> = (0..41).map(|number| format!("{number}@x.example")).collect();
    let many = json!({ "schemas": [USER], "userName": "ana", "emails": values });
    let (_, code, detail) = refusal(ResourceKind::User, many);
    assert_eq!(
        (code, detail.as_str()),
        (Some(ScimType::TooMany), "emails has more than 40 values")
    );
    let body = vec![b' '; MAX_BODY_BYTES + 1];
    assert_eq!(Resource::parse(ResourceKind::User, &body).unwrap_err().status, 413);
    let deep = "[".repeat(100_000);
    assert_eq!(Resource::parse(ResourceKind::User, deep.as_bytes()).unwrap_err().status, 400);
}

#[test]
fn what_was_kept_is_shown_whole_without_being_read() {
    let ana = user(json!({ "schemas": [USER], "userName": "ana \"}\"", "active": true })).unwrap();
    let stamp = Stamp {
        id: "u1",
        created: "2026-11-20T08:00:00Z".parse().unwrap(),
        last_modified: "2026-11-21T09:30:00.5Z".parse().unwrap(),
        version: Version(4),
        base: "https://scim.example/scim/v2",
    };
    let groups = vec![GroupOf { id: "g1".to_owned(), display: None }];
    let shown = |mut resource: Resource| {
        resource.stamp(&stamp);
        resource.set_groups(stamp.base, groups.clone());
        resource
    };
    let kept = ana.to_stored();
    let text = shown(Resource::unread(ResourceKind::User)).with_stored(&kept).unwrap();
    let read = shown(Resource::from_stored(ResourceKind::User, &kept).unwrap());
    assert_eq!(text.parse::<Value>().unwrap(), read.into_json(&Projection::default()));

    let unread = Resource::unread(ResourceKind::User);
    assert_eq!(unread.with_stored("{}").unwrap(), "{}");
    assert_eq!(unread.with_stored(r#" { "a": 1 } "#).unwrap(), r#"{"a": 1 }"#);
    let stamped = shown(unread.clone());
    assert_eq!(stamped.with_stored(" { } ").unwrap(), json!(stamped.body).to_string());
    for broken in ["", "[]", "1", "{", "{}}", "{\"a\":}", "{}{}"] {
        assert_eq!(unread.with_stored(broken).unwrap_err().status, 500, "{broken}");
    }
}

#[test]
fn a_stored_resource_is_read_back_stamped_and_shown() {
    let ana = user(json!({ "schemas": [USER], "userName": "ana", "externalId": "e" })).unwrap();
    let mut read = Resource::from_stored(ResourceKind::User, &ana.to_stored()).unwrap();
    assert_eq!(read, ana);
    assert_eq!((read.id(), read.version()), (None, None));
    read.stamp(&Stamp {
        id: "u1",
        created: "2026-11-20T08:00:00Z".parse().unwrap(),
        last_modified: "2026-11-21T09:30:00.5Z".parse().unwrap(),
        version: Version(4),
        base: "https://scim.example/scim/v2",
    });
    read.set_groups(
        "https://scim.example/scim/v2",
        vec![GroupOf { id: "g1".to_owned(), display: Some("Analysts".to_owned()) }],
    );
    assert_eq!((read.id(), read.version()), (Some("u1"), Some(Version(4))));
    assert!(read.same_as(&ana) && ana.same_as(&read));
    assert_eq!(stored(&read), stored(&ana));
    assert_eq!(
        read.into_json(&Projection::default()),
        json!({
            "schemas": [USER],
            "id": "u1",
            "userName": "ana",
            "externalId": "e",
            "groups": [{ "value": "g1", "display": "Analysts", "type": "direct",
                         "$ref": "https://scim.example/scim/v2/Groups/g1" }],
            "meta": {
                "resourceType": "User",
                "created": "2026-11-20T08:00:00Z",
                "lastModified": "2026-11-21T09:30:00.5Z",
                "location": "https://scim.example/scim/v2/Users/u1",
                "version": "W/\"4\"",
            },
        })
    );
    assert_eq!(Resource::from_stored(ResourceKind::User, "[]").unwrap_err().status, 500);
}

#[test]
fn members_are_shown_with_what_is_known_of_them() {
    let body = json!({ "schemas": [GROUP], "displayName": "A" });
    let mut group = Resource::from_client(ResourceKind::Group, body).unwrap().resource;
    let ana = Some("Ana".to_owned());
    group.set_members(
        "https://s/v2",
        vec![
            Member { id: "u1".to_owned(), kind: Some(ResourceKind::User), display: ana },
            Member { id: "x".to_owned(), kind: None, display: None },
        ],
    );
    assert_eq!(
        Value::Object(group.body.clone())["members"],
        json!([
            { "value": "u1", "type": "User", "display": "Ana", "$ref": "https://s/v2/Users/u1" },
            { "value": "x" },
        ])
    );
    group.set_members("https://s/v2", Vec::new());
    assert_eq!(group.body.get("members"), None);
}

#[test]
fn two_resources_are_the_same_if_they_say_the_same() {
    let named = |name: &str| user(json!({ "schemas": [USER], "userName": name })).unwrap();
    let titled = user(json!({ "schemas": [USER], "userName": "a", "title": "x" })).unwrap();
    assert!(named("a").same_as(&named("a")));
    assert!(!named("a").same_as(&named("A")));
    assert!(!named("a").same_as(&titled) && !titled.same_as(&named("a")));
}

#[test]
fn what_changed_is_named_and_not_shown() {
    let person = |more: Value| {
        let mut body = json!({ "schemas": [USER], "userName": "ana" });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        user(body).unwrap()
    };
    let plain = person(json!({ "title": "x" }));
    let mut employee = person(json!({ "emails": ["a@x"], (ENTERPRISE): { "division": "D" } }));
    employee.body.insert("id".to_owned(), json!("u1"));
    let changed = |one: &Resource, other: &Resource| {
        one.changed_attributes(other).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(changed(&plain, &plain), "");
    assert_eq!(changed(&plain, &employee), "division emails title");
    assert_eq!(changed(&employee, &plain), "division emails title");
    let moved = person(json!({ "userName": "bob", "emails": ["a@x"],
                               (ENTERPRISE): { "division": "E", "costCenter": "c" } }));
    assert_eq!(changed(&employee, &moved), "costCenter division userName");
}

#[test]
fn a_body_that_would_be_a_huge_tree_is_refused_unread() {
    let refusal = |body: String| {
        let refusal = Resource::parse(ResourceKind::Group, body.as_bytes()).unwrap_err();
        (refusal.status, refusal.detail)
    };
    let expected = (413, "the body has too many values".to_owned());
    assert_eq!(refusal(format!("[{}", "{}".repeat(110_001))), expected);
    assert_eq!(refusal(format!("[{}", ",".repeat(500_001))), expected);
    let members =
        vec![r#"{"value":"u","type":"User","$ref":"r","display":"d"}"#; 100_000].join(",");
    let push = format!(r#"{{"schemas":["{GROUP}"],"displayName":"A","members":[{members}]}}"#);
    let received = Resource::parse(ResourceKind::Group, push.as_bytes()).unwrap();
    assert_eq!(received.members.len(), 1);
}

#[test]
fn the_address_to_use_is_the_primary_one_else_that_for_work_else_the_first() {
    let email = |emails: Value| {
        let body = json!({ "schemas": [USER], "userName": "a", "emails": emails });
        user(body).unwrap().email().map(str::to_owned)
    };
    let home = json!({ "value": "h", "type": "home" });
    let work = json!({ "value": "w", "type": "Work" });
    assert_eq!(email(json!([home, work, { "value": "p", "primary": true }])).as_deref(), Some("p"));
    assert_eq!(email(json!([home, work])).as_deref(), Some("w"));
    assert_eq!(email(json!([home, { "value": "x" }])).as_deref(), Some("h"));
    assert_eq!(email(json!([{ "type": "work" }])), None);
}

#[test]
fn an_index_finds_a_resource_by_folded_names() {
    let ana = user(json!({
        "schemas": [USER], "userName": "Ana", "externalId": "E1", "displayName": "ANA D",
        "emails": [{ "value": "B@x" }, { "value": "a@x" }, { "value": "A@X", "type": "home" }],
    }))
    .unwrap();
    let key = |attribute, text: &str| (attribute, text.to_owned());
    assert_eq!(
        ana.index_keys(),
        [
            key(IndexedAttribute::UserName, "ana"),
            key(IndexedAttribute::DisplayName, "ana d"),
            key(IndexedAttribute::ExternalId, "E1"),
            key(IndexedAttribute::Email, "a@x"),
            key(IndexedAttribute::Email, "b@x"),
        ]
    );
}
