//! Events of directory changes: their shape, and how they are delivered.

use serde_json::{Value, json};

use crate::in_process::Caller;

const STORE: &str = "d-906716eb24";
const ANA: &str = "04c8e458-a021-702e-f9d1-7f430ff2c752";
const GROUP: &str = "14f83478-a061-708f-8de4-a3a2b99e9d89";

fn caller(family: &str, faults: &str) -> Caller {
    let seed = format!(
        "directory:
  identity_store_id: {STORE}
  users: [{{ id: {ANA}, user_name: ana }}]
  groups: [{{ id: {GROUP}, name: ml }}]
events: {{ queue: changes, family: {family} }}
"
    );
    Caller::new(&seed, faults)
}

fn join(caller: &mut Caller) -> String {
    let input = json!({
        "IdentityStoreId": STORE, "GroupId": GROUP, "MemberId": {"UserId": ANA},
    });
    let made = caller.ok("AWSIdentityStore.CreateGroupMembership", &input);
    made["MembershipId"].as_str().unwrap().to_owned()
}

fn leave(caller: &mut Caller, membership: &str) {
    let input = json!({"IdentityStoreId": STORE, "MembershipId": membership});
    caller.ok("AWSIdentityStore.DeleteGroupMembership", &input);
}

fn disable(caller: &mut Caller) {
    let operations = json!([{"AttributePath": "userStatus", "AttributeValue": "DISABLED"}]);
    let input = json!({"IdentityStoreId": STORE, "UserId": ANA, "Operations": operations});
    caller.ok("AWSIdentityStore.UpdateUser", &input);
}

fn received(caller: &mut Caller) -> Vec<Value> {
    let url = "http://sandbox.test/111122223333/changes";
    let input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
    let answer = caller.ok("AmazonSQS.ReceiveMessage", &input);
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .map(|message| serde_json::from_str(message["Body"].as_str().unwrap()).unwrap())
        .collect()
}

/// (event name, request, response) of what was received.
fn reports(caller: &mut Caller) -> Vec<(String, Value, Value)> {
    let detail = |event: Value| {
        let detail = &event["detail"];
        (
            detail["eventName"].as_str().unwrap().to_owned(),
            detail["requestParameters"].clone(),
            detail["responseElements"].clone(),
        )
    };
    received(caller).into_iter().map(detail).collect()
}

/// A document with every leaf replaced by its kind.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Null => "null".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
    }
}

#[test]
fn an_sso_directory_event_has_the_members_cloudtrail_writes() {
    let recorded: Value =
        serde_json::from_str(include_str!("../data/add-member-to-group.json")).unwrap();
    let mut caller = caller("sso-directory", "");
    join(&mut caller);
    let event = received(&mut caller).remove(0);
    assert_eq!(shape(&event), shape(&recorded));
    for member in ["version", "detail-type", "source", "account", "region", "resources"] {
        assert_eq!(event[member], recorded[member], "{member}");
    }
    for member in
        ["eventVersion", "eventSource", "eventName", "readOnly", "eventType", "tlsDetails"]
    {
        assert_eq!(event["detail"][member], recorded["detail"][member], "{member}");
    }
    assert_eq!(event["time"], "2026-11-21T09:00:00Z");
}

#[test]
fn sso_directory_names_group_and_member() {
    let mut caller = caller("sso-directory", "");
    let membership = join(&mut caller);
    leave(&mut caller, &membership);
    disable(&mut caller);
    let request = json!({"identityStoreId": STORE, "groupId": GROUP, "member": {"memberId": ANA}});
    assert_eq!(
        reports(&mut caller),
        [
            ("AddMemberToGroup".to_owned(), request.clone(), Value::Null),
            ("RemoveMemberFromGroup".to_owned(), request, Value::Null),
            (
                "DisableUser".to_owned(),
                json!({"identityStoreId": STORE, "userId": ANA}),
                Value::Null
            ),
        ]
    );
}

#[test]
fn the_identity_store_names_only_the_membership_when_somebody_leaves() {
    let mut caller = caller("identitystore", "");
    let membership = join(&mut caller);
    leave(&mut caller, &membership);
    assert_eq!(
        reports(&mut caller),
        [
            (
                "CreateGroupMembership".to_owned(),
                json!({"identityStoreId": STORE, "groupId": GROUP, "memberId": {"userId": ANA}}),
                json!({"identityStoreId": STORE, "membershipId": membership}),
            ),
            (
                "DeleteGroupMembership".to_owned(),
                json!({"identityStoreId": STORE, "membershipId": membership}),
                Value::Null,
            ),
        ]
    );
}

#[test]
fn scim_hides_every_value() {
    let mut caller = caller("identitystore-scim", "");
    join(&mut caller);
    let (name, request, _) = reports(&mut caller).remove(0);
    assert_eq!((name.as_str(), request["id"].as_str()), ("PatchGroup", Some(GROUP)));
    assert_eq!(request["httpBody"]["operations"][0]["op"], "ADD");
    assert_eq!(request["httpBody"]["operations"][0]["value"], "HIDDEN_DUE_TO_SECURITY_REASONS");
    assert!(!request.to_string().contains(ANA));
}

#[test]
fn events_can_be_lost_and_overtaken() {
    let mut lost = caller("sso-directory", "events: { drop: true }");
    join(&mut lost);
    assert_eq!(lost.sandbox.members("ml"), ["ana"]);
    lost.wait(3600);
    assert!(received(&mut lost).is_empty());

    // Every second event is late: the disabling is overtaken by the removal that follows it.
    let mut mixed = caller("sso-directory", "events: { reorder: 2 }");
    let membership = join(&mut mixed);
    disable(&mut mixed);
    leave(&mut mixed, &membership);
    mixed.wait(30);
    let names: Vec<String> = reports(&mut mixed).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["AddMemberToGroup", "RemoveMemberFromGroup", "DisableUser"]);
}

fn identity_store(caller: &mut Caller, operation: &str, more: &Value) -> Value {
    let mut input = json!({"IdentityStoreId": STORE});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.ok(&format!("AWSIdentityStore.{operation}"), &input)
}

/// Disables, enables and renames Ana, renames and deletes the group, and deletes her.
fn everything_changes(caller: &mut Caller) {
    let membership = join(caller);
    leave(caller, &membership);
    for (path, value) in
        [("userStatus", "DISABLED"), ("userStatus", "ENABLED"), ("userName", "ana-maria")]
    {
        let change = json!([{"AttributePath": path, "AttributeValue": value}]);
        identity_store(caller, "UpdateUser", &json!({"UserId": ANA, "Operations": change}));
    }
    let change = json!([{"AttributePath": "displayName", "AttributeValue": "ml-2"}]);
    identity_store(caller, "UpdateGroup", &json!({"GroupId": GROUP, "Operations": change}));
    identity_store(caller, "DeleteGroup", &json!({"GroupId": GROUP}));
    identity_store(caller, "DeleteUser", &json!({"UserId": ANA}));
}

/// What each family calls the changes of [`everything_changes`].
const NAMES: [(&str, [&str; 8]); 3] = [
    (
        "sso-directory",
        [
            "AddMemberToGroup",
            "RemoveMemberFromGroup",
            "DisableUser",
            "EnableUser",
            "UpdateUser",
            "UpdateGroup",
            "DeleteGroup",
            "DeleteUser",
        ],
    ),
    (
        "identitystore",
        [
            "CreateGroupMembership",
            "DeleteGroupMembership",
            "UpdateUser",
            "UpdateUser",
            "UpdateUser",
            "UpdateGroup",
            "DeleteGroup",
            "DeleteUser",
        ],
    ),
    (
        "identitystore-scim",
        [
            "PatchGroup",
            "PatchGroup",
            "PatchUser",
            "PatchUser",
            "PatchUser",
            "PatchGroup",
            "DeleteGroup",
            "DeleteUser",
        ],
    ),
];

#[test]
fn every_change_is_told_in_the_words_of_its_family() {
    for (family, expected) in NAMES {
        let mut caller = caller(family, "");
        everything_changes(&mut caller);
        let names: Vec<String> = reports(&mut caller).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, expected, "{family}");
    }
}

#[test]
fn notifications_name_what_is_concerned_by_arn() {
    let mut caller = caller("notification", "");
    everything_changes(&mut caller);
    let events = received(&mut caller);
    let told: Vec<(&str, Option<&str>)> = events
        .iter()
        .skip(2)
        .map(|event| (event["detail-type"].as_str().unwrap(), event["resources"][0].as_str()))
        .collect();
    let user = format!("arn:aws:identitystore:::user/{ANA}");
    let group = format!("arn:aws:identitystore:::group/{GROUP}");
    let updated = ("User Updated", Some(user.as_str()));
    let expected = [
        updated,
        updated,
        updated,
        ("Group Updated", Some(&*group)),
        ("Group Deleted", Some(&*group)),
        ("User Deleted", Some(&*user)),
    ];
    assert_eq!(told, expected);
    for event in &events {
        assert_eq!(event["source"], "aws.identitystore");
        assert_eq!(event["detail"], json!({"event-version": "1.0"}));
    }
    // Under names that cannot be taken for AWS's.
    assert!(events[0]["detail-type"].as_str().unwrap().contains("simulated"));
}

#[test]
fn all_families_tell_of_one_change() {
    let mut caller = caller("all", "");
    join(&mut caller);
    let events = received(&mut caller);
    let sources: Vec<&str> = events.iter().map(|event| event["source"].as_str().unwrap()).collect();
    assert_eq!(
        sources,
        ["aws.sso-directory", "aws.identitystore", "aws.identitystore-scim", "aws.identitystore"]
    );
}
