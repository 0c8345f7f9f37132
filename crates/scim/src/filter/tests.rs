//! Tests of filters: every operator, grouping, precedence, refusals, and what an index can answer.

use serde_json::{Value, json};

use super::*;
use crate::error::ScimType;
use crate::etag::Version;
use crate::resource::{GroupOf, Member, Stamp};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const BASE: &str = "https://s/v2";

fn stamped(kind: ResourceKind, body: Value) -> Resource {
    let mut resource = Resource::from_client(kind, body).unwrap().resource;
    resource.stamp(&Stamp {
        id: "Id1",
        created: "2026-11-20T08:00:00Z".parse().unwrap(),
        last_modified: "2026-11-21T09:30:00Z".parse().unwrap(),
        version: Version(4),
        base: BASE,
    });
    resource
}

fn ana() -> Resource {
    stamped(
        ResourceKind::User,
        json!({
            "schemas": [USER],
            "userName": "Ana@Example.org",
            "externalId": "Ext1",
            "name": { "givenName": "Ana", "familyName": "Öztürk" },
            "active": false,
            "emails": [
                { "value": "ana@example.org", "type": "work", "primary": true },
                { "value": "ana@home.example", "type": "home" },
            ],
            "roles": [{ "value": "admin" }],
            "title": "",
            "x509Certificates": [{ "value": "QUJD" }],
            (ENTERPRISE): { "department": "R&D", "manager": { "value": "m1" } },
        }),
    )
}

#[track_caller]
fn matches(text: &str) -> bool {
    Filter::parse(ResourceKind::User, text).unwrap().matches(&ana())
}

#[track_caller]
fn refused(text: &str) -> String {
    let refusal = Filter::parse(ResourceKind::User, text).unwrap_err();
    assert_eq!((refusal.status, refusal.scim_type), (400, Some(ScimType::InvalidFilter)), "{text}");
    refusal.detail
}

#[test]
fn every_operator_says_what_it_should() {
    for (filter, expected) in [
        (r#"userName eq "ana@example.ORG""#, true),
        (r#"userName eq "bob""#, false),
        (r#"userName ne "bob""#, true),
        (r#"userName ne "ANA@example.org""#, false),
        (r#"userName co "@EXAMPLE""#, true),
        (r#"userName co "x@""#, false),
        (r#"userName sw "ana""#, true),
        (r#"userName sw "example""#, false),
        (r#"userName ew ".ORG""#, true),
        (r#"userName ew "ana""#, false),
        (r#"userName gt "AAA""#, true),
        (r#"userName gt "ana@example.org""#, false),
        (r#"userName ge "ana@example.org""#, true),
        (r#"userName lt "B""#, true),
        (r#"userName lt "ana@example.org""#, false),
        (r#"userName le "Ana@Example.org""#, true),
        (r#"name.familyName eq "ÖZTÜRK""#, true),
        ("userName pr", true),
        ("title pr", false),
        ("nickName pr", false),
        ("emails pr", true),
        ("photos pr", false),
        ("name pr", true),
        ("active eq false", true),
        ("active eq true", false),
        ("active ne true", true),
        (r#"active eq "False""#, true),
        ("nickName eq null", true),
        ("userName eq null", false),
        ("userName ne null", true),
        ("nickName ne null", false),
    ] {
        assert_eq!(matches(filter), expected, "{filter}");
    }
}

#[test]
fn case_counts_where_the_schema_says_so() {
    assert!(matches(r#"externalId eq "Ext1""#) && !matches(r#"externalId eq "ext1""#));
    assert!(matches(r#"id eq "Id1""#) && !matches(r#"id eq "id1""#));
    assert!(matches(r#"id sw "Id""#) && !matches(r#"id sw "ID""#));
    assert!(matches(r#"emails.type eq "WORK""#));
    assert!(matches(r#"x509Certificates.value eq "QUJD""#));
    assert!(!matches(r#"x509Certificates.value eq "qujd""#));
    assert!(matches(&format!(r#"{ENTERPRISE}:manager.value eq "m1""#)));
    assert!(!matches(&format!(r#"{ENTERPRISE}:manager.value eq "M1""#)));
}

#[test]
fn names_and_words_are_read_in_any_case_and_behind_urns() {
    assert!(matches(r#"USERNAME EQ "ana@example.org""#));
    assert!(matches("not (userName PR) OR USERNAME Pr"));
    assert!(matches(&format!(r#"{USER}:userName sw "ana""#)));
    assert!(matches(&format!(r#"{USER}:name.givenName eq "ana""#)));
    assert!(matches(&format!(r#"{}:DEPARTMENT eq "r&d""#, ENTERPRISE.to_uppercase())));
    assert!(matches(&format!(r#"schemas eq "{ENTERPRISE}""#)));
    assert!(!matches(r#"schemas eq "urn:other""#));
    assert!(matches(r#"meta.resourceType eq "User""#));
}

#[test]
fn not_binds_closer_than_and_and_and_closer_than_or() {
    let (yes, no) = ("userName pr", "nickName pr");
    assert!(matches(&format!("{yes} or {no} and {no}")));
    assert!(!matches(&format!("({yes} or {no}) and {no}")));
    assert!(matches(&format!("not ({no}) and {yes}")));
    assert!(!matches(&format!("not ({no} or {yes})")));
    assert!(matches(&format!("not({no})and({yes})")));
    assert!(matches(&format!("{no} or {no} or {yes}")));
    assert!(!matches(&format!("{yes} and {yes} and {no}")));
}

#[test]
fn a_value_path_asks_one_value_for_everything() {
    assert!(matches(r#"emails[type eq "work" and value co "@example.org"]"#));
    assert!(!matches(r#"emails[type eq "home" and value co "@example.org"]"#));
    assert!(matches(r#"emails.type eq "home" and emails.value co "@example.org""#));
    assert!(matches(r#"emails[not (type eq "work") and primary eq null]"#));
    assert!(matches(r#"emails[type eq "work"].value eq "ANA@example.org""#));
    assert!(!matches(r#"emails[type eq "home"].value eq "ana@example.org""#));
    assert!(matches(r#"emails[type eq "work"].primary eq true"#));
    assert!(!matches(r#"emails[type eq "work" or type eq "home"].display pr"#));
    assert!(matches(r#"emails[type eq "x" or type eq "home"].value pr"#));
    assert!(matches(r#"roles[value eq "admin"] and not (roles[value eq "root"])"#));
}

#[test]
fn several_values_satisfy_if_one_does_and_a_list_means_its_values() {
    assert!(matches(r#"emails.value eq "ana@home.example""#));
    assert!(matches(r#"emails co "home.example""#));
    assert!(matches(r#"emails.type ne "work""#));
    assert!(matches(r#"photos.type ne "photo""#));
    assert!(!matches(r#"roles ne "admin""#));
    assert!(matches(&format!(r#"{ENTERPRISE}:manager eq "m1""#)));
}

#[test]
fn times_are_compared_as_times() {
    assert!(matches(r#"meta.lastModified gt "2026-11-21T10:29:59+01:00""#));
    assert!(!matches(r#"meta.lastModified gt "2026-11-21T10:30:00+01:00""#));
    assert!(matches(r#"meta.lastModified ge "2026-11-21T09:30:00.000Z""#));
    assert!(matches(r#"meta.created eq "2026-11-20T08:00:00.000Z""#));
    assert!(matches(r#"meta.created lt "2026-11-21T00:00:00Z""#));
    assert!(matches(r#"meta.created sw "2026-11-20""#));
    let detail =
        "created can only be compared with a date and time such as \"2011-05-13T04:42:34Z\"";
    assert_eq!(refused(r#"meta.created gt "yesterday""#), detail);
}

#[test]
fn escapes_are_those_of_json() {
    let group = stamped(
        ResourceKind::Group,
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": "R\"D\\ (x) [y]\u{e9}" }),
    );
    let filter = r#"displayName eq "r\"d\\ (x) [y]\u00e9""#;
    assert!(Filter::parse(ResourceKind::Group, filter).unwrap().matches(&group));
    assert_eq!(refused(r#"userName eq "\x""#), "a value is not a JSON string");
    assert_eq!(refused(r#"userName eq "abc"#), "a value in quotes does not end");
}

#[test]
fn what_does_not_follow_the_grammar_is_refused() {
    for (filter, detail) in [
        ("", "the filter ends too early"),
        ("   ", "the filter ends too early"),
        ("userName", "expected an operator"),
        ("userName eq", "a value is missing after the operator"),
        ("userName eq ana", "userName can only be compared with a value in quotes"),
        ("userName eq 7", "userName can only be compared with a value in quotes"),
        ("userName eq 'ana'", "userName can only be compared with a value in quotes"),
        (r#"userName like "a""#, "no operator: like"),
        (r#"userName "a""#, "expected an operator"),
        (r#""a" eq userName"#, "expected the name of an attribute"),
        (r#"userName eq "a" "b""#, "something follows the end of the filter"),
        (r#"userName eq "a" and"#, "the filter ends too early"),
        (r#"and userName eq "a""#, "no attribute is named `and`"),
        (r#"(userName eq "a""#, "expected `)`"),
        (r#"userName eq "a")"#, "something follows the end of the filter"),
        ("not userName pr", "expected `(`"),
        (r#"emails[type eq "a""#, "expected `]`"),
        (r#"emails[type eq "a")"#, "expected `]`"),
        ("emails[]", "expected the name of an attribute"),
        (r#"emails[emails[type eq "a"]]"#, "no attribute is named `emails`"),
        (r#"emails[type eq "a"].shoe eq "b""#, "no attribute is named `shoe`"),
        (r#"userName[type eq "a"]"#, "userName has no parts to filter by"),
        (r#"shoeSize eq "a""#, "no attribute is named `shoeSize`"),
        (r#"members eq "a""#, "no attribute is named `members`"),
        (
            r#"urn:example:2.0:User:badge eq "a""#,
            "no attribute is named `urn:example:2.0:User:badge`",
        ),
        (r#"name eq "a""#, "name has parts: name one"),
        (r#"active eq "maybe""#, "active can only be compared with true or false"),
        ("active gt true", "active can only be compared with `eq` and `ne`"),
        ("userName gt null", "null is compared by `eq` and `ne` alone"),
        (
            r#"x509Certificates.value gt "a""#,
            "value can only be compared with operators that do not order",
        ),
    ] {
        assert_eq!(refused(filter), detail, "{filter}");
    }
}

#[test]
fn the_password_cannot_be_searched() {
    for filter in ["password pr", r#"PASSWORD eq "x""#, r#"not (password sw "a")"#] {
        assert_eq!(refused(filter), "password cannot be searched");
    }
}

#[test]
fn a_filter_is_bounded() {
    let long = format!(r#"userName eq "{}""#, "a".repeat(MAX_FILTER));
    assert_eq!(refused(&long), "a filter may have 2048 bytes");
    let nested = |depth: usize| format!("{}userName pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(matches(&nested(16)));
    assert_eq!(refused(&nested(17)), "a filter may be 16 levels deep");
    assert_eq!(refused(&"(".repeat(2_000)), "a filter may be 16 levels deep");
    assert_eq!(refused(&"not(".repeat(500)), "a filter may be 16 levels deep");
    let many = |terms: usize| vec!["id pr"; terms].join(" and ");
    assert!(matches(&many(64)));
    assert_eq!(refused(&many(65)), "a filter may have 64 comparisons");
    let name = "é".repeat(900);
    assert_eq!(refused(&name), format!("no attribute is named `{}`", "é".repeat(64)));
}

const MAX_FILTER: usize = crate::bounds::MAX_FILTER_BYTES;

#[test]
fn an_index_answers_what_everything_must_satisfy() {
    let index = |kind, text: &str| {
        let filter = Filter::parse(kind, text).unwrap();
        let found =
            filter.by_index().map(|(attribute, value)| (attribute.name(), value.to_owned()));
        (found, filter.is_index_only())
    };
    let user = |text: &str| index(ResourceKind::User, text);
    let group = |text: &str| index(ResourceKind::Group, text);
    let found = |name: &'static str, value: &str| Some((name, value.to_owned()));
    assert_eq!(user(r#"userName eq "ANA""#), (found("userName", "ana"), true));
    assert_eq!(user(r#"externalId eq "ANA""#), (found("externalId", "ANA"), true));
    assert_eq!(user(r#"emails eq "A@B""#), (found("emails.value", "a@b"), true));
    assert_eq!(
        user(r#"emails[type eq "work"].value eq "A@B""#),
        (found("emails.value", "a@b"), false)
    );
    assert_eq!(user(r#"active eq true and (userName eq "A")"#), (found("userName", "a"), false));
    assert_eq!(
        user(r#"displayName eq "D" and externalId eq "E""#),
        (found("externalId", "E"), false)
    );
    assert_eq!(user(r#"userName eq "a" or userName eq "b""#), (None, false));
    assert_eq!(user(r#"not (userName eq "a")"#), (None, false));
    assert_eq!(user(r#"userName ne "a""#), (None, false));
    assert_eq!(user(r#"userName sw "a""#), (None, false));
    assert_eq!(user(r#"emails[value eq "a" or type eq "b"]"#), (None, false));
    assert_eq!(group(r#"id eq "G" and members eq "U""#), (found("id", "G"), false));
    assert_eq!(group(r#"members[value eq "U"]"#), (found("members.value", "U"), false));
    assert_eq!(group(r#"displayName eq "ÄB""#), (found("displayName", "äb"), true));
}

#[test]
fn a_filter_says_which_members_it_must_be_shown() {
    let needs = |text: &str| Filter::parse(ResourceKind::Group, text).unwrap().needs().members;
    let these = |ids: &[&str]| Needed::These(ids.iter().map(|id| (*id).to_owned()).collect());
    assert_eq!(needs(r#"displayName eq "a""#), Needed::Nothing);
    assert_eq!(needs(r#"members eq "u1" or not (members.value eq "u2")"#), these(&["u1", "u2"]));
    assert_eq!(needs(r#"members[value eq "u1" and type eq "User"]"#), these(&["u1"]));
    assert_eq!(needs("members pr"), Needed::Everything);
    assert_eq!(needs(r#"members.value ne "u1""#), Needed::Everything);
    assert_eq!(needs(r#"members.display eq "u1""#), Needed::Everything);
    assert_eq!(needs(r#"members[value eq "a" or type eq "b"]"#), Needed::Everything);
    assert_eq!(needs(r#"members eq "u1" and members pr"#), Needed::Everything);
    assert_eq!(needs(r#"members pr and members eq "u1""#), Needed::Everything);
    let user = Filter::parse(ResourceKind::User, r#"groups.value eq "g1""#).unwrap();
    let groups = these(&["g1"]);
    assert_eq!(user.needs(), Needs { members: Needed::Nothing, groups });
}

#[test]
fn members_and_groups_are_found_once_they_are_shown() {
    let mut group = stamped(
        ResourceKind::Group,
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "A" }),
    );
    let filter = Filter::parse(ResourceKind::Group, r#"members eq "u1""#).unwrap();
    assert!(!filter.matches(&group));
    let member = Member { id: "u1".to_owned(), kind: Some(ResourceKind::User), display: None };
    group.set_members(BASE, vec![member]);
    assert!(filter.matches(&group));
    let mut ana = ana();
    let filter = Filter::parse(ResourceKind::User, r#"groups[value eq "g1"]"#).unwrap();
    assert!(!filter.matches(&ana));
    ana.set_groups(BASE, vec![GroupOf { id: "g1".to_owned(), display: None }]);
    assert!(filter.matches(&ana));
}

#[test]
fn a_filter_for_users_matches_no_group() {
    let filter = Filter::parse(ResourceKind::Group, "id pr").unwrap();
    assert!(!filter.matches(&ana()));
}
