//! The people of the events bench: the seed they come from, the events that name them, and the
//! profiles they must get.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The Region of everything.
pub(super) const REGION: &str = "eu-west-1";
/// The account of everything.
const ACCOUNT: &str = "111122223333";
/// The identity store, as `benches/events/access.yaml` has it.
const STORE: &str = "d-906716eb24";
/// The domain, as `benches/events/access.yaml` has it.
pub(super) const DOMAIN: &str = "d-benchstudio01";
/// The group that gets the team, as the map and the handler have it.
const GROUP: &str = "ml-fraud";
/// The team, as the map has it.
const TEAM: &str = "fraud";
const GROUP_ID: &str = "14f83478-a061-708f-8de4-0000000000aa";

/// The user name of person `n`.
fn user_name(n: usize) -> String {
    format!("person-{n}")
}

/// The directory id of person `n`.
fn person_id(n: usize) -> String {
    format!("04c8e458-a021-702e-f9d1-{n:012}")
}

/// A seed with so many people, all in the group already: an event tells of a change that was made.
/// JSON, which is YAML.
pub(super) fn seed(people: usize) -> Value {
    let users: Vec<Value> =
        (0..people).map(|n| json!({"id": person_id(n), "user_name": user_name(n)})).collect();
    let members: Vec<String> = (0..people).map(user_name).collect();
    let default_role = format!("arn:aws:iam::{ACCOUNT}:role/studio-default");
    json!({
        "region": REGION,
        "default_account": ACCOUNT,
        "timing": {"fast": true},
        "roles": [{"name": "studio-default"}, {"name": format!("studio-{TEAM}")}],
        "domains": [{"id": DOMAIN, "auth_mode": "IAM", "default_execution_role": default_role}],
        "directory": {
            "identity_store_id": STORE,
            "users": users,
            "groups": [{"id": GROUP_ID, "name": GROUP, "members": members}],
        },
    })
}

/// The event which tells that person `n` was added to the group, in `EventBridge`'s envelope.
fn event(n: usize) -> Value {
    json!({
        "version": "0",
        "id": format!("8c1e2a34-0000-4000-8000-{n:012}"),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.sso-directory",
        "account": ACCOUNT,
        "time": "2026-11-20T08:30:00Z",
        "region": REGION,
        "resources": [],
        "detail": {
            "eventVersion": "1.08",
            "userIdentity": {"type": "Unknown", "accountId": ACCOUNT},
            "eventTime": "2026-11-20T08:30:00Z",
            "eventSource": "sso-directory.amazonaws.com",
            "eventName": "AddMemberToGroup",
            "awsRegion": REGION,
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "SCIM client",
            "requestParameters": {
                "identityStoreId": STORE,
                "groupId": GROUP_ID,
                "member": {"memberId": person_id(n)},
            },
            "responseElements": null,
            "requestID": format!("1b7d9c10-0000-4000-8000-{n:012}"),
            "eventID": format!("5d4b2f1c-0000-4000-8000-{n:012}"),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        },
    })
}

/// Events of the first so many people, one a line.
pub(super) fn events(people: usize) -> String {
    let lines: Vec<String> = (0..people).map(|n| event(n).to_string()).collect();
    lines.join("\n")
}

/// Execution roles by profile name, as they are when the handler has done its work.
pub(super) fn profiles_of_handler(people: usize) -> BTreeMap<String, String> {
    profiles(people, user_name)
}

/// Execution roles by profile name, as they are when Stagedoor has done its work.
pub(super) fn profiles_of_stagedoor(people: usize) -> BTreeMap<String, String> {
    profiles(people, |n| format!("{}--{TEAM}", user_name(n)))
}

fn profiles(people: usize, name: impl Fn(usize) -> String) -> BTreeMap<String, String> {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/studio-{TEAM}");
    (0..people).map(|n| (name(n), role.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_names_a_person_of_the_seed_and_its_group() {
        let seed = seed(2);
        for (n, line) in events(2).lines().enumerate() {
            let event: Value = serde_json::from_str(line).unwrap();
            let request = &event["detail"]["requestParameters"];
            let directory = &seed["directory"];
            assert_eq!(request["identityStoreId"], directory["identity_store_id"]);
            assert_eq!(request["groupId"], directory["groups"][0]["id"]);
            assert_eq!(request["member"]["memberId"], directory["users"][n]["id"]);
        }
        assert_eq!(events(2).lines().count(), 2);
    }

    #[test]
    fn both_sides_owe_a_profile_to_each_person() {
        let role = "arn:aws:iam::111122223333:role/studio-fraud";
        let names = |profiles: BTreeMap<String, String>| {
            assert!(profiles.values().all(|r| r == role), "{profiles:?}");
            profiles.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names(profiles_of_handler(2)), ["person-0", "person-1"]);
        assert_eq!(names(profiles_of_stagedoor(2)), ["person-0--fraud", "person-1--fraud"]);
    }
}
