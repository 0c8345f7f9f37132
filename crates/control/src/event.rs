//! Events from AWS. They carry nothing that is believed: an event only says whom to read again.
//!
//! `CloudTrail` masks names, delivers late, twice or never, and names the same change differently by
//! who made it. So whatever is understood narrows the reading; whatever is not widens it.

use access::ids::PersonId;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// The longest event that is looked at. `EventBridge` delivers at most 256 KiB.
const MAX_BYTES: usize = 256 * 1024;

/// What an event asks to be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// These people.
    People(BTreeSet<PersonId>),
    /// Everything: the event does not say whom it concerns, or it concerns a group, whose former
    /// members nobody can name.
    Everything,
}

impl fmt::Display for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::People(people) => {
                let ids: Vec<&str> = people.iter().map(PersonId::as_str).collect();
                f.write_str(&ids.join(", "))
            }
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `CloudTrail`'s `eventID`, if there is one.
    pub event_id: Option<String>,
    /// `CloudTrail`'s `eventName`, if there is one.
    pub name: Option<String>,
    /// What to read again; `None`: the event changes nobody's rights.
    pub wake: Option<Wake>,
}

/// The event is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Longer than `EventBridge` can deliver.
    #[error("the event is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not JSON, or not an object.
    #[error("the event is not a JSON object: {0}")]
    NotJson(String),
}

/// Reads an `EventBridge` envelope (`detail-type`, `detail`) or a bare `CloudTrail` record.
pub fn read(body: &str) -> Result<Reading, EventError> {
    if body.len() > MAX_BYTES {
        return Err(EventError::TooLong);
    }
    let value: Value =
        serde_json::from_str(body).map_err(|error| EventError::NotJson(error.to_string()))?;
    if !value.is_object() {
        return Err(EventError::NotJson("it is another kind of value".into()));
    }
    let record = value.get("detail").filter(|d| d.is_object()).unwrap_or(&value);
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let name = text("eventName").map(str::to_owned);
    let wake = if record.get("errorCode").is_some_and(|code| !code.is_null()) {
        None
    } else {
        wake(text("eventSource"), name.as_deref(), record.get("requestParameters"))
    };
    Ok(Reading { event_id: text("eventID").map(str::to_owned), name, wake })
}

fn wake(source: Option<&str>, name: Option<&str>, request: Option<&Value>) -> Option<Wake> {
    let person = |pointer: &str| {
        let id = request?.pointer(pointer)?.as_str()?;
        PersonId::parse(id).ok().map(|id| Wake::People(BTreeSet::from([id])))
    };
    let narrowed = match (source?, name?) {
        // Reading changes nothing.
        (_, name)
            if ["Describe", "List", "Get", "Search", "Is"].iter().any(|p| name.starts_with(p)) =>
        {
            return None;
        }
        ("sso-directory.amazonaws.com", "AddMemberToGroup" | "RemoveMemberFromGroup") => {
            person("/member/memberId")
        }
        ("identitystore.amazonaws.com", "CreateGroupMembership") => person("/memberId/userId"),
        (
            "sso-directory.amazonaws.com" | "identitystore.amazonaws.com",
            "DeleteUser" | "DisableUser" | "EnableUser" | "UpdateUser",
        ) => person("/userId"),
        ("identitystore-scim.amazonaws.com", "DeleteUser" | "PatchUser" | "PutUser") => {
            person("/id")
        }
        // DeleteGroupMembership names a membership only; PatchGroup hides its values; a deleted or
        // renamed group concerns people whom the event does not list.
        (
            "sso-directory.amazonaws.com"
            | "identitystore.amazonaws.com"
            | "identitystore-scim.amazonaws.com",
            _,
        ) => None,
        // Not from a directory: nobody's membership.
        _ => return None,
    };
    Some(narrowed.unwrap_or(Wake::Everything))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn people(id: &str) -> Wake {
        Wake::People(BTreeSet::from([PersonId::parse(id).unwrap()]))
    }

    fn wake_of(source: &str, name: &str, request: &Value) -> Option<Wake> {
        let record =
            json!({"eventSource": source, "eventName": name, "requestParameters": request});
        read(&record.to_string()).unwrap().wake
    }

    #[test]
    fn add_member_to_group_in_its_envelope_wakes_the_member() {
        let reading = read(include_str!("../tests/data/add-member-to-group.json")).unwrap();
        assert_eq!(reading.event_id.as_deref(), Some("5d4b2f1c-7a60-4e0f-9b63-2c6a1d0f8e11"));
        assert_eq!(reading.name.as_deref(), Some("AddMemberToGroup"));
        assert_eq!(reading.wake, Some(people("94482488-3041-7026-18f3-b45837182f07")));
    }

    #[test]
    fn each_family_of_events_names_the_person_in_its_own_place() {
        let sso = "sso-directory.amazonaws.com";
        let store = "identitystore.amazonaws.com";
        let scim = "identitystore-scim.amazonaws.com";
        let cases = [
            (
                sso,
                "RemoveMemberFromGroup",
                json!({"member": {"memberId": "p-1"}}),
                Some(people("p-1")),
            ),
            (
                store,
                "CreateGroupMembership",
                json!({"memberId": {"userId": "p-1"}}),
                Some(people("p-1")),
            ),
            (store, "DeleteGroupMembership", json!({"membershipId": "m"}), Some(Wake::Everything)),
            (sso, "DisableUser", json!({"userId": "p-1"}), Some(people("p-1"))),
            (scim, "PatchUser", json!({"id": "p-1"}), Some(people("p-1"))),
            (scim, "PatchGroup", json!({"id": "g-1"}), Some(Wake::Everything)),
            (sso, "DeleteGroup", json!({"groupId": "g-1"}), Some(Wake::Everything)),
            (store, "DescribeUser", json!({"userId": "p-1"}), None),
            ("signin.amazonaws.com", "ConsoleLogin", json!({}), None),
        ];
        for (source, name, request, expected) in cases {
            assert_eq!(wake_of(source, name, &request), expected, "{source} {name}");
        }
    }

    #[test]
    fn a_shape_that_is_not_known_widens_the_reading() {
        let sso = "sso-directory.amazonaws.com";
        assert_eq!(wake_of(sso, "AddMemberToGroup", &json!({})), Some(Wake::Everything));
        assert_eq!(wake_of(sso, "MergeUsers", &json!({})), Some(Wake::Everything));
    }

    #[test]
    fn a_call_that_failed_changes_nothing() {
        let record = json!({
            "eventSource": "sso-directory.amazonaws.com",
            "eventName": "AddMemberToGroup",
            "errorCode": "AccessDenied",
            "requestParameters": {"member": {"memberId": "p-1"}},
        });
        assert_eq!(read(&record.to_string()).unwrap().wake, None);
    }

    #[test]
    fn what_is_not_an_event_is_refused_by_name() {
        assert!(matches!(read("[]"), Err(EventError::NotJson(_))));
        assert!(matches!(read("{"), Err(EventError::NotJson(_))));
        assert_eq!(read(&" ".repeat(MAX_BYTES + 1)), Err(EventError::TooLong));
    }
}
