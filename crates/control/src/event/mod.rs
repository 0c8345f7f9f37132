//! Events from AWS. They carry nothing that is believed: an event only says whom to read again.
//!
//! The same change is told by up to four families of events, each in its own shape, late, twice or
//! never. So whatever is understood narrows the reading; whatever is not widens it. Ids are taken
//! only from the places where a family puts them, and only if they look like the directory's: an
//! event names its caller too, and hides values behind a fixed word.

mod cloudtrail;
mod counts;
mod family;
pub mod lint;
mod note;
mod notification;
pub mod pattern;
mod resolve;
pub mod rules;

pub use counts::{EventCounter, EventCounts, Outcome};
pub use family::Family;

use access::ids::{GroupId, MembershipId, PersonId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// The longest event that is looked at. A message of SQS holds at most 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// What the loop is asked to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// These people.
    People(BTreeSet<PersonId>),
    /// Everything.
    Everything,
}

impl Wake {
    /// What is read if both are asked for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::People(mut people), Self::People(more)) => {
                people.extend(more);
                Self::People(people)
            }
            _ => Self::Everything,
        }
    }
}

impl fmt::Display for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::People(people) if people.is_empty() => f.write_str("nobody"),
            Self::People(people) => {
                let ids: Vec<&str> = people.iter().map(PersonId::as_str).collect();
                f.write_str(&ids.join(", "))
            }
        }
    }
}

/// Whom an event concerns, in the words of the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// These people.
    People(BTreeSet<PersonId>),
    /// Whoever is a member of this group, or was.
    Group(GroupId),
    /// Whoever this membership belonged to.
    Membership(MembershipId),
    /// The event is understood and does not say.
    Everybody,
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(people) => Wake::People(people.clone()).fmt(f),
            Self::Group(group) => write!(f, "the members of group {group}"),
            Self::Membership(membership) => write!(f, "the person of membership {membership}"),
            Self::Everybody => f.write_str("everybody"),
        }
    }
}

/// A membership that an event tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its own id, which is all that its end will name.
    pub id: MembershipId,
    /// The group.
    pub group: GroupId,
    /// The member.
    pub person: PersonId,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something changed for these.
    Concerns(Concern),
    /// It changes nobody's rights.
    Nobody,
    /// The call failed with this error code, so nothing changed.
    Failed(String),
    /// It comes from a directory, or does not say whence, and has no shape that is known.
    Unknown,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Who told it.
    pub family: Family,
    /// `CloudTrail`'s `eventID`, or the id of the notification, if there is one.
    pub event_id: Option<String>,
    /// `CloudTrail`'s `eventName`, or the notification's `detail-type`, if there is one.
    pub name: Option<String>,
    /// When it happened, if it says so legibly.
    pub at: Option<jiff::Timestamp>,
    /// What it says.
    pub verdict: Verdict,
    /// A membership to remember: its end will not say whose it was.
    pub learnt: Option<Membership>,
}

/// The event is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Longer than a queue can deliver.
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
    Ok(read_value(&value))
}

/// [`read`] of what was parsed already.
pub fn read_value(event: &Value) -> Reading {
    let record = event.get("detail").filter(|detail| detail.is_object()).unwrap_or(event);
    let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_owned);
    let bus_source = text(event, "source");
    let api_source = text(record, "eventSource");
    let recorded = api_source.as_deref().and_then(Family::of_event_source);
    let delivered = bus_source.as_deref().and_then(Family::of_bus_source);
    let kind = text(event, "detail-type");
    let (family, verdict, learnt) = if let Some(family) = recorded {
        let (verdict, learnt) = cloudtrail::read(family, record);
        (family, verdict, learnt)
    } else if let Some(family) = delivered {
        // `CloudTrail`'s events of the Identity Store share their source with its notifications.
        let is_notification = family == Family::IdentityStore
            && api_source.is_none()
            && kind.as_deref().is_some_and(notification::is_one);
        if is_notification {
            let verdict = notification::read(kind.as_deref().unwrap_or_default(), event);
            (Family::Notification, verdict, None)
        } else {
            (family, Verdict::Unknown, None)
        }
    } else if bus_source.is_some() || api_source.is_some() {
        (Family::Other, Verdict::Nobody, None)
    } else {
        (Family::Other, Verdict::Unknown, None)
    };
    let time = text(record, "eventTime").or_else(|| text(event, "time"));
    Reading {
        family,
        event_id: text(record, "eventID").or_else(|| text(event, "id")),
        name: text(record, "eventName").or(kind),
        at: time.and_then(|time| time.parse().ok()),
        verdict,
        learnt,
    }
}

/// Whether this looks like an id that the Identity Store gives: a UUID in lower case, perhaps with
/// ten hexadecimal digits in front (the pattern of its API). Anything else in the place of an id,
/// above all the word that hides a value, is not one.
fn is_directory_id(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parts: Vec<&str> = text.split('-').collect();
    let is_uuid = |parts: &[&str]| {
        parts.len() == 5
            && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| is_hex(part, length))
    };
    match parts.as_slice() {
        [first, rest @ ..] if parts.len() == 6 => is_hex(first, 10) && is_uuid(rest),
        all => is_uuid(all),
    }
}

/// The id: requests may name things by ARN (`arn:aws:identitystore:::user/ID`) instead.
fn without_arn(text: &str) -> &str {
    notification::resource_of(text).map_or(text, |(_, id)| id)
}

fn person_id(text: &str) -> Option<PersonId> {
    let text = without_arn(text);
    PersonId::parse(text).ok().filter(|_| is_directory_id(text))
}

fn group_id(text: &str) -> Option<GroupId> {
    let text = without_arn(text);
    GroupId::parse(text).ok().filter(|_| is_directory_id(text))
}

fn membership_id(text: &str) -> Option<MembershipId> {
    let text = without_arn(text);
    MembershipId::parse(text).ok().filter(|_| is_directory_id(text))
}

#[cfg(test)]
mod tests;
