//! What Entra ID sends, each habit by itself.

use scim::{Filter, IndexedAttribute, MemberChanges, Projection, Resource, ResourceKind};
use serde_json::{Value, json};

use crate::support::{ENTERPRISE, GROUP, USER, finds, group, patched, read_patch, stored, user};

fn ana() -> Resource {
    user(&json!({ "schemas": [USER, ENTERPRISE], "userName": "ana@example.org", "active": true,
                  "displayName": "Ana", "externalId": "ana" }))
}

fn members(operations: &Value) -> MemberChanges {
    read_patch(ResourceKind::Group, operations).unwrap().split_members().1
}

fn changes(replace: bool, add: &[&str], remove: &[&str]) -> MemberChanges {
    MemberChanges {
        replace,
        add: add.iter().map(|id| ((*id).to_owned(), None)).collect(),
        remove: remove.iter().map(|id| (*id).to_owned()).collect(),
    }
}

#[test]
fn a_capitalised_replace_with_a_boolean_as_a_string_disables() {
    for value in ["False", "false", "FALSE"] {
        let ana = patched(ana(), &json!([{ "op": "Replace", "path": "active", "value": value }]));
        assert!(!ana.active());
        assert_eq!(stored(&ana)["active"], json!(false));
        let ana = patched(ana, &json!([{ "op": "Replace", "path": "active", "value": "True" }]));
        assert!(ana.active());
    }
}

#[test]
fn the_compliant_flag_sends_lower_case_and_real_booleans() {
    let ana = patched(ana(), &json!([{ "op": "replace", "path": "active", "value": false }]));
    assert!(!ana.active());
}

#[test]
fn a_replace_without_path_has_dotted_keys_and_keys_behind_urns() {
    let ana = patched(
        ana(),
        &json!([{ "op": "replace", "value": {
            "displayName": "B",
            "name.givenName": "K",
            (format!("{ENTERPRISE}:employeeNumber")): "A",
        } }]),
    );
    assert_eq!((ana.display_name(), ana.given_name()), (Some("B"), Some("K")));
    assert_eq!(stored(&ana)[ENTERPRISE], json!({ "employeeNumber": "A" }));
    assert_eq!(stored(&ana)["schemas"], json!([USER, ENTERPRISE]));
}

#[test]
fn a_filtered_email_is_replaced_or_added() {
    let replace = |value: &str| json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": value }]);
    let ana = patched(ana(), &replace("a@x"));
    assert_eq!(stored(&ana)["emails"], json!([{ "type": "work", "value": "a@x" }]));
    let ana = patched(ana, &replace("b@x"));
    assert_eq!(stored(&ana)["emails"], json!([{ "type": "work", "value": "b@x" }]));
    let add = json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "c@x" }]);
    let ana = patched(ana, &add);
    assert_eq!(stored(&ana)["emails"], json!([{ "type": "work", "value": "c@x" }]));
}

#[test]
fn a_manager_is_a_plain_string_behind_a_colon_or_a_full_stop() {
    for (separator, value) in [
        (":", json!("m1")),
        (".", json!("m1")),
        (":", json!([{ "$ref": null, "value": "m1" }])),
        (":", json!({ "value": "m1" })),
    ] {
        let path = format!("{ENTERPRISE}{separator}manager");
        let ana = patched(ana(), &json!([{ "op": "Add", "path": path, "value": value }]));
        assert_eq!(ana.manager(), Some("m1"));
        let ana = patched(ana, &json!([{ "op": "Remove", "path": path }]));
        assert_eq!(ana.manager(), None);
    }
    let posted =
        user(&json!({ "schemas": [USER], "userName": "a", (ENTERPRISE): { "manager": "m" } }));
    assert_eq!(posted.manager(), Some("m"));
}

#[test]
fn an_older_client_wraps_every_value() {
    let value = json!([{ "$ref": null, "value": "Bea" }]);
    let ana = patched(ana(), &json!([{ "op": "Replace", "path": "displayName", "value": value }]));
    assert_eq!(ana.display_name(), Some("Bea"));
}

#[test]
fn a_member_is_added_with_an_empty_reference() {
    let value = json!([{ "$ref": null, "value": "u1" }]);
    assert_eq!(
        members(&json!([{ "op": "Add", "path": "members", "value": value }])),
        changes(false, &["u1"], &[])
    );
}

#[test]
fn members_are_removed_by_value_and_never_all() {
    let value = json!([{ "$ref": null, "value": "u1" }]);
    assert_eq!(
        members(&json!([{ "op": "Remove", "path": "members", "value": value }])),
        changes(false, &[], &["u1"])
    );
    assert_eq!(
        members(&json!([{ "op": "Remove", "path": "members", "value": [] }])),
        changes(false, &[], &[])
    );
    assert_eq!(
        members(&json!([{ "op": "Remove", "path": "members[value eq \"u1\"]" }])),
        changes(false, &[], &["u1"])
    );
}

#[test]
fn members_removed_without_a_value_are_all() {
    assert_eq!(members(&json!([{ "op": "Remove", "path": "members" }])), changes(true, &[], &[]));
}

#[test]
fn a_group_is_read_without_its_members() {
    let projection = Projection::parse(ResourceKind::Group, None, Some("members")).unwrap();
    assert!(!projection.wants_members());
}

#[test]
fn people_and_groups_are_looked_up_by_what_is_indexed() {
    let by = |kind, filter: &str| {
        let filter = Filter::parse(kind, filter).unwrap();
        filter.by_index().map(|(attribute, value)| (attribute, value.to_owned()))
    };
    let found = |attribute, value: &str| Some((attribute, value.to_owned()));
    let (people, groups) = (ResourceKind::User, ResourceKind::Group);
    assert_eq!(
        by(people, r#"userName eq "Ana@Example.org""#),
        found(IndexedAttribute::UserName, "ana@example.org")
    );
    assert_eq!(by(people, r#"externalId eq "X1""#), found(IndexedAttribute::ExternalId, "X1"));
    assert_eq!(
        by(people, r#"emails[type eq "work"].value eq "A@x""#),
        found(IndexedAttribute::Email, "a@x")
    );
    assert_eq!(
        by(groups, r#"displayName eq "Analysts""#),
        found(IndexedAttribute::DisplayName, "analysts")
    );
    assert_eq!(by(groups, r#"id eq "G1" and members eq "U1""#), found(IndexedAttribute::Id, "G1"));
    let ana = patched(
        ana(),
        &json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "ana@x" }]),
    );
    assert!(finds(r#"userName eq "ANA@example.org" and active eq true"#, &ana));
    assert!(finds(r#"emails[type eq "work"].value eq "ana@x""#, &ana));
    assert!(!finds(r#"emails[type eq "home"].value eq "ana@x""#, &ana));
}

#[test]
fn a_group_comes_with_a_schema_of_microsofts() {
    let analysts = group(&json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "e1", "displayName": "Analysts", "meta": { "resourceType": "Group" },
    }));
    assert_eq!(
        stored(&analysts),
        json!({ "schemas": [GROUP], "externalId": "e1", "displayName": "Analysts" })
    );
}

#[test]
fn a_person_comes_with_empty_roles_meta_and_active_as_a_string() {
    let ana = user(&json!({
        "schemas": [USER, ENTERPRISE], "externalId": "ana", "userName": "ana@example.org",
        "active": "True", "displayName": "Ana", "roles": [],
        "emails": [{ "primary": true, "type": "work", "value": "ana@example.org" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "Ana D", "familyName": "D", "givenName": "Ana" },
    }));
    assert!(ana.active());
    assert_eq!(ana.email(), Some("ana@example.org"));
    assert_eq!(stored(&ana).get("roles"), None);
    assert_eq!(stored(&ana).get("meta"), None);
    assert_eq!(stored(&ana)["schemas"], json!([USER]));
}

#[test]
fn people_are_disabled_first_and_lose_nothing() {
    let before = ana();
    let disabled =
        patched(ana(), &json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    let mut expected = stored(&before);
    expected["active"] = json!(false);
    assert_eq!(stored(&disabled), expected);
}

#[test]
fn app_roles_are_found_by_primary_as_a_string() {
    let path = "roles[primary eq \"True\"].value";
    let role = |value: &str| json!([{ "op": "Replace", "path": path, "value": value }]);
    let ana = patched(patched(ana(), &role("User")), &role("Admin"));
    assert_eq!(stored(&ana)["roles"], json!([{ "primary": true, "value": "Admin" }]));
}
