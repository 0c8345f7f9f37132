//! What Okta sends, each habit by itself.

use scim::{Page, Query, ResourceKind, ScimType};
use serde_json::{Value, json};

use crate::support::{GROUP, USER, group, patched, read_patch, stored, user};

fn posted() -> Value {
    json!({
        "schemas": [USER],
        "userName": "ana@example.org",
        "name": { "givenName": "Ana", "familyName": "D" },
        "emails": [{ "primary": true, "value": "ana@example.org", "type": "work" }],
        "displayName": "Ana D",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[test]
fn people_are_looked_up_page_by_page() {
    let query = "filter=userName%20eq%20%22ana%40example.org%22&startIndex=1&count=100";
    let query = Query::parse(ResourceKind::User, query).unwrap();
    assert_eq!(query.page, Page::Index { start: 1, count: 100 });
    assert!(query.filter.unwrap().matches(&user(&posted())));
}

#[test]
fn a_person_comes_with_a_password_and_empty_groups() {
    let ana = user(&posted());
    assert_eq!(
        stored(&ana),
        json!({
            "schemas": [USER],
            "userName": "ana@example.org",
            "name": { "givenName": "Ana", "familyName": "D" },
            "emails": [{ "primary": true, "value": "ana@example.org", "type": "work" }],
            "displayName": "Ana D",
            "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "active": true,
        })
    );
}

#[test]
fn a_deactivation_has_no_path() {
    let ana = patched(user(&posted()), &json!([{ "op": "replace", "value": { "active": false } }]));
    assert!(!ana.active());
    let ana = patched(ana, &json!([{ "op": "replace", "value": { "active": true } }]));
    assert_eq!(stored(&ana), stored(&user(&posted())));
}

#[test]
fn a_custom_app_puts_everything() {
    let mut body = posted();
    body["id"] = json!("u1");
    body["meta"] = json!({ "resourceType": "User", "version": "W/\"3\"" });
    body["active"] = json!(false);
    let replaced = user(&body);
    assert!(!replaced.active());
    assert_eq!(replaced.id(), None);
    body["active"] = json!(true);
    assert!(user(&body).same_as(&user(&posted())));
}

#[test]
fn a_catalogue_app_patches_the_password_and_nothing_is_kept() {
    let operations = json!([{ "op": "replace", "value": { "password": "n3wS3cret" } }]);
    let patch = read_patch(ResourceKind::User, &operations).unwrap();
    assert!(!format!("{patch:?}").contains("n3wS3cret"));
    let result = patch.apply(user(&posted())).unwrap();
    assert!(!result.changed);
    assert!(!result.resource.to_stored().contains("n3wS3cret"));
}

#[test]
fn a_group_is_renamed_with_its_id_in_the_value() {
    let analysts = group(&json!({ "schemas": [GROUP], "displayName": "Analysts" }));
    let value = json!({ "id": "abf4dd94", "displayName": "Analysts 2" });
    let renamed = patched(analysts, &json!([{ "op": "replace", "value": value }]));
    assert_eq!(stored(&renamed), json!({ "schemas": [GROUP], "displayName": "Analysts 2" }));
}

#[test]
fn one_patch_removes_and_adds_members() {
    let operations = json!([
        { "op": "remove", "path": "members[value eq \"u1\"]" },
        { "op": "add", "path": "members", "value": [{ "value": "u2", "display": "b@example.org" }] },
    ]);
    let (rest, members) = read_patch(ResourceKind::Group, &operations).unwrap().split_members();
    assert!(rest.is_empty());
    assert_eq!(members.add.into_keys().collect::<Vec<_>>(), ["u2"]);
    assert_eq!(members.remove.into_iter().collect::<Vec<_>>(), ["u1"]);
    assert!(!members.replace);
}

#[test]
fn a_full_push_replaces_members() {
    let value = json!([{ "value": "u1", "display": "a@example.org" }, { "value": "u2" }]);
    let operations = json!([{ "op": "replace", "path": "members", "value": value }]);
    let members = read_patch(ResourceKind::Group, &operations).unwrap().split_members().1;
    assert!(members.replace);
    assert_eq!(members.add.into_keys().collect::<Vec<_>>(), ["u1", "u2"]);
}

#[test]
fn a_malformed_filter_is_a_bad_request() {
    let refusal = Query::parse(ResourceKind::User, "filter=userName%20eqq%20%22a%22").unwrap_err();
    assert_eq!((refusal.status, refusal.scim_type), (400, Some(ScimType::InvalidFilter)));
}
