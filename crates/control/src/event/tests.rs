//! What each family says, and that nothing can make an event say less.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, json};
use std::path::Path;

const ANA: &str = "94482488-3041-7026-18f3-b45837182f07";
const GROUP: &str = "64a8f4c8-6021-70d2-5a3e-1d2a0c4b7e95";
const MEMBERSHIP: &str = "b4b8c418-50f1-70c2-a3a2-0e5c1d7f2a66";

fn ana() -> Concern {
    Concern::People(BTreeSet::from([PersonId::parse(ANA).unwrap()]))
}

fn group() -> Concern {
    Concern::Group(GroupId::parse(GROUP).unwrap())
}

fn membership() -> Concern {
    Concern::Membership(MembershipId::parse(MEMBERSHIP).unwrap())
}

/// Every recorded event by the name of its file, with its family and whom it concerns.
fn recorded() -> Vec<(&'static str, Family, Concern)> {
    use Family::{IdentityStore, Notification, Scim, SsoDirectory};
    vec![
        ("identitystore-add-member", IdentityStore, ana()),
        ("identitystore-delete-group", IdentityStore, group()),
        ("identitystore-delete-user", IdentityStore, ana()),
        ("identitystore-disable-user", IdentityStore, ana()),
        ("identitystore-remove-member", IdentityStore, membership()),
        ("identitystore-rename-group", IdentityStore, group()),
        ("identitystore-rename-user", IdentityStore, ana()),
        ("notification-delete-group", Notification, group()),
        ("notification-delete-user", Notification, ana()),
        ("notification-update-group", Notification, group()),
        ("notification-update-user", Notification, ana()),
        ("scim-add-member", Scim, group()),
        ("scim-delete-group", Scim, group()),
        ("scim-delete-user", Scim, ana()),
        ("scim-disable-user", Scim, ana()),
        ("scim-remove-member", Scim, group()),
        ("scim-rename-group", Scim, group()),
        ("scim-replace-user", Scim, ana()),
        ("sso-directory-add-member", SsoDirectory, ana()),
        ("sso-directory-add-member-2025", SsoDirectory, ana()),
        ("sso-directory-delete-group", SsoDirectory, group()),
        ("sso-directory-delete-user", SsoDirectory, ana()),
        ("sso-directory-disable-user", SsoDirectory, ana()),
        ("sso-directory-enable-user", SsoDirectory, ana()),
        ("sso-directory-remove-member", SsoDirectory, ana()),
        ("sso-directory-rename-group", SsoDirectory, group()),
        ("sso-directory-rename-user", SsoDirectory, ana()),
    ]
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events")
}

fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()
}

fn verdict_of(event: &Value) -> Verdict {
    read(&event.to_string()).unwrap().verdict
}

fn call(source: &str, name: &str, request: &Value) -> Verdict {
    verdict_of(&json!({"eventSource": source, "eventName": name, "requestParameters": request}))
}

#[test]
fn every_family_names_whom_it_concerns_in_its_own_place() {
    for (name, family, concern) in recorded() {
        let reading = read(&file(name)).unwrap();
        assert_eq!(
            (reading.family, &reading.verdict),
            (family, &Verdict::Concerns(concern)),
            "{name}"
        );
        assert_eq!(reading.at, "2026-11-20T08:15:42Z".parse().ok(), "{name}");
        assert!(reading.event_id.is_some() && reading.name.is_some(), "{name}");
    }
    let files = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(files, recorded().len() + 1, "a file that no test reads");
}

#[test]
fn a_bare_record_says_the_same_as_its_envelope() {
    for (name, family, concern) in recorded() {
        let event: Value = serde_json::from_str(&file(name)).unwrap();
        let Some(record) = event.get("detail").filter(|_| family != Family::Notification) else {
            continue;
        };
        assert_eq!(verdict_of(record), Verdict::Concerns(concern), "{name}");
    }
}

#[test]
fn a_call_that_failed_changes_nothing() {
    let reading = read(&file("scim-failed-patch")).unwrap();
    assert_eq!(reading.verdict, Verdict::Failed("ValidationException".into()));
    // What is no error code does not make a failure of a success.
    for code in [json!(null), json!(""), json!({}), json!(7)] {
        let mut event: Value = serde_json::from_str(&file("scim-add-member")).unwrap();
        event["detail"]["errorCode"] = code.clone();
        assert_eq!(verdict_of(&event), Verdict::Concerns(group()), "{code}");
    }
}

#[test]
fn a_membership_that_is_made_is_learnt() {
    let learnt = read(&file("identitystore-add-member")).unwrap().learnt;
    let expected = Membership {
        id: MembershipId::parse(MEMBERSHIP).unwrap(),
        group: GroupId::parse(GROUP).unwrap(),
        person: PersonId::parse(ANA).unwrap(),
    };
    assert_eq!(learnt, Some(expected));
    assert_eq!(read(&file("sso-directory-add-member")).unwrap().learnt, None);
}

#[test]
fn a_hidden_member_widens_to_the_group_and_a_hidden_group_to_everything() {
    let (sso, hidden) = ("sso-directory.amazonaws.com", "HIDDEN_DUE_TO_SECURITY_REASONS");
    let of_group = json!({"groupId": GROUP, "member": {"memberId": hidden}});
    assert_eq!(call(sso, "AddMemberToGroup", &of_group), Verdict::Concerns(group()));
    let of_nobody = json!({"groupId": hidden, "member": {"memberId": hidden}});
    assert_eq!(call(sso, "AddMemberToGroup", &of_nobody), Verdict::Unknown);
    assert_eq!(call(sso, "DeleteUser", &json!({"userId": hidden})), Verdict::Unknown);
    // Its members are hidden, and so may be the id that the group was given.
    let scim = "identitystore-scim.amazonaws.com";
    assert_eq!(call(scim, "CreateGroup", &json!({})), Verdict::Concerns(Concern::Everybody));
}

#[test]
fn what_changes_no_rights_wakes_nobody() {
    let store = "identitystore.amazonaws.com";
    for (source, name) in [
        (store, "DescribeUser"),
        (store, "IsMemberInGroups"),
        (store, "CreateUser"),
        ("sso-directory.amazonaws.com", "UpdatePassword"),
        ("signin.amazonaws.com", "ConsoleLogin"),
        ("sso.amazonaws.com", "CreateAccountAssignment"),
    ] {
        assert_eq!(call(source, name, &json!({"userId": ANA})), Verdict::Nobody, "{source} {name}");
    }
    let bucket = json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {}});
    assert_eq!(read(&bucket.to_string()).unwrap().family, Family::Other);
    assert_eq!(verdict_of(&bucket), Verdict::Nobody);
}

#[test]
fn a_shape_that_is_not_known_is_unknown() {
    assert_eq!(call("sso-directory.amazonaws.com", "MergeUsers", &json!({})), Verdict::Unknown);
    // Wrapped by something on the way, or without a word whence it comes.
    let wrapped = json!({"Type": "Notification", "Message": file("scim-add-member")});
    for event in [json!({}), wrapped, json!({"source": "aws.sso-directory", "detail": "text"})] {
        assert_eq!(verdict_of(&event), Verdict::Unknown, "{event}");
    }
}

fn notification(kind: &str, resources: &[&str]) -> Verdict {
    verdict_of(&json!({"source": "aws.identitystore", "detail-type": kind,
        "resources": resources, "detail": {"event-version": "1.0"}}))
}

#[test]
fn notifications_of_memberships_are_read_by_their_resources_whatever_their_name() {
    let user = format!("arn:aws:identitystore:::user/{ANA}");
    let of_group = format!("arn:aws-cn:identitystore:::group/{GROUP}");
    let member = format!("arn:aws:identitystore:::membership/{MEMBERSHIP}");
    let store = "arn:aws:identitystore::111122223333:identitystore/d-906716eb24";
    let cases = [
        ("Something Of A Member", vec![&*member, &*of_group, &*user, store], ana()),
        ("Group Something", vec![&*member, &*of_group], membership()),
        ("Something", vec![&*of_group, store], group()),
        ("Group Updated", vec![&*of_group, &*user], group()),
        ("User Updated", vec![&*user], ana()),
    ];
    for (kind, resources, concern) in cases {
        assert_eq!(notification(kind, &resources), Verdict::Concerns(concern), "{kind}");
    }
    let strange = format!("arn:aws:identitystore:::device/{ANA}");
    let hidden = "arn:aws:identitystore:::user/HIDDEN";
    for resources in [vec![], vec![store], vec![&*user, &strange], vec![hidden], vec!["x"]] {
        assert_eq!(notification("User Updated", &resources), Verdict::Unknown, "{resources:?}");
    }
    assert_eq!(notification("User Updated", &[&*of_group]), Verdict::Unknown);
    // What CloudTrail delivers under the same source is told apart by its type.
    assert_eq!(notification("AWS API Call via CloudTrail", &[&*user]), Verdict::Unknown);
}

#[test]
fn what_is_not_an_event_is_refused_by_name() {
    assert!(matches!(read("[]"), Err(EventError::NotJson(_))));
    assert!(matches!(read("{"), Err(EventError::NotJson(_))));
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(matches!(read(&deep), Err(EventError::NotJson(_))));
    assert_eq!(read(&" ".repeat(MAX_BYTES + 1)), Err(EventError::TooLong));
}

#[test]
fn ids_are_those_of_the_identity_store() {
    for id in [ANA, "9067a1d2c4-1d8e2f63-7a52-4a1f-8b4c-6a3e2d1c8b02"] {
        assert!(is_directory_id(id), "{id}");
    }
    let upper = ANA.to_uppercase();
    let cases =
        ["", "ana", "HIDDEN_DUE_TO_SECURITY_REASONS", &upper, "94482488-3041-7026-18f3", "-----"];
    for id in cases {
        assert!(!is_directory_id(id), "{id}");
    }
}

/// A change of one place of an event.
#[derive(Debug, Clone)]
enum Mutation {
    Delete,
    Rename,
    Wrap,
    Put(Value),
}

fn mutations() -> Vec<Mutation> {
    let values = [
        json!(null),
        json!(""),
        json!("HIDDEN_DUE_TO_SECURITY_REASONS"),
        json!("something else"),
        json!(7),
        json!(true),
        json!([]),
        json!({}),
    ];
    let mut all = vec![Mutation::Delete, Mutation::Rename, Mutation::Wrap];
    all.extend(values.map(Mutation::Put));
    all
}

/// Every place of a document, as JSON pointers.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let mut inner = |key: &str, value: &Value| {
        let place = format!("{at}/{key}");
        places(value, &place, out);
        out.push(place);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| inner(key, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| inner(&at.to_string(), value));
        }
        _ => {}
    }
}

fn mutate(event: &mut Value, place: &str, mutation: &Mutation) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let Some(parent) = event.pointer_mut(parent) else { return };
    match (mutation, parent) {
        (Mutation::Delete, Value::Object(members)) => drop(members.remove(key)),
        (Mutation::Delete, Value::Array(items)) => {
            if let Some(at) = key.parse().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        (Mutation::Rename, Value::Object(members)) => {
            if let Some(value) = members.remove(key) {
                members.insert(format!("{key}x"), value);
            }
        }
        (Mutation::Delete | Mutation::Rename, _) => {}
        (Mutation::Wrap, parent) => {
            if let Some(value) = parent.pointer_mut(&format!("/{key}")) {
                *value = json!([value.take()]);
            }
        }
        (Mutation::Put(new), parent) => {
            if let Some(value) = parent.pointer_mut(&format!("/{key}")) {
                *value = new.clone();
            }
        }
    }
}

/// Whether an event says that it comes from somewhere else than a directory.
fn disclaims(event: &Value) -> bool {
    let record = event.get("detail").filter(|detail| detail.is_object()).unwrap_or(event);
    let api = record.get("eventSource").and_then(Value::as_str);
    let bus = event.get("source").and_then(Value::as_str);
    (api.is_some() || bus.is_some())
        && api.is_none_or(|source| Family::of_event_source(source).is_none())
        && bus.is_none_or(|source| Family::of_bus_source(source).is_none())
}

/// The property of mutated events: the same people are read, or more; or the event itself says
/// that it is not of a directory. Nobody is ever read whom the genuine event did not name.
fn assert_not_narrower(genuine: &Concern, event: &Value) {
    match verdict_of(event) {
        Verdict::Unknown | Verdict::Concerns(Concern::Everybody) => {}
        Verdict::Concerns(Concern::People(people)) => {
            assert_eq!(
                (genuine, people),
                (&ana(), BTreeSet::from([PersonId::parse(ANA).unwrap()]))
            );
        }
        Verdict::Concerns(concern @ Concern::Group(_)) => {
            assert_eq!(concern, group());
            assert!(*genuine == group() || *genuine == ana());
        }
        Verdict::Concerns(concern) => {
            assert_eq!((genuine, &concern), (&membership(), &membership()));
        }
        Verdict::Nobody => assert!(disclaims(event)),
        Verdict::Failed(code) => panic!("{code}"),
    }
}

#[test]
fn no_single_change_of_a_genuine_event_narrows_it() {
    for (name, _, concern) in recorded() {
        let genuine: Value = serde_json::from_str(&file(name)).unwrap();
        let mut all = Vec::new();
        places(&genuine, "", &mut all);
        for place in &all {
            for mutation in mutations() {
                let mut event = genuine.clone();
                mutate(&mut event, place, &mutation);
                let caught = std::panic::catch_unwind(|| assert_not_narrower(&concern, &event));
                assert!(caught.is_ok(), "{name} {place} {mutation:?}: {:?}", verdict_of(&event));
            }
        }
    }
}

/// JSON of the words that events are made of.
fn documents() -> impl Strategy<Value = Value> {
    let words = [
        "source",
        "detail",
        "detail-type",
        "eventSource",
        "eventName",
        "errorCode",
        "resources",
        "requestParameters",
        "responseElements",
        "groupId",
        "userId",
        "member",
        "memberId",
        "id",
        "membershipId",
        "eventTime",
        "time",
        "aws.identitystore",
        "aws.sso-directory",
        "sso-directory.amazonaws.com",
        "identitystore.amazonaws.com",
        "PatchGroup",
        "DeleteUser",
        "identitystore-scim.amazonaws.com",
        "AddMemberToGroup",
        "User Updated",
        "Group Deleted",
        ANA,
        GROUP,
        MEMBERSHIP,
        "arn:aws:identitystore:::user/",
        "",
    ];
    let word = prop::sample::select(words.to_vec());
    let leaf = prop_oneof![
        word.clone().prop_map(|word| json!(word)),
        ".{0,8}".prop_map(|text| json!(text)),
        any::<i64>().prop_map(|number| json!(number)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 8, move |inner| {
        let member = (word.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            prop::collection::vec(member, 0..8).prop_map(|members| {
                let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(members.collect::<Map<_, _>>())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_panics(document in documents(), text in ".{0,200}") {
        let _ = read(&document.to_string());
        let _ = read(&text);
    }

    #[test]
    fn no_row_of_changes_narrows_a_genuine_event(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(mutations())), 1..6),
    ) {
        let all = recorded();
        let (name, _, concern) = &all[which.index(all.len())];
        let mut event: Value = serde_json::from_str(&file(name)).unwrap();
        for (at, mutation) in changes {
            let mut all = Vec::new();
            places(&event, "", &mut all);
            mutate(&mut event, &all[at.index(all.len())], &mutation);
        }
        assert_not_narrower(concern, &event);
    }
}
