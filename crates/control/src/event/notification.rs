//! Notifications of the Identity Store itself, which need no `CloudTrail`.
//!
//! Their envelope has the source `aws.identitystore`, a `detail-type` such as `User Updated`, and
//! ARNs of what is concerned in `resources`. The types for users and groups are documented; those
//! for memberships exist and are not known by name, so the ARNs alone decide there. The same
//! notification comes again from every Region that the directory is replicated to.

use super::{Concern, Verdict, group_id, membership_id, person_id};
use serde_json::Value;
use std::collections::BTreeSet;

/// The documented types. All of them concern whom the ARNs name.
pub(super) const TYPES: [&str; 6] = [
    "User Created",
    "User Updated",
    "User Deleted",
    "Group Created",
    "Group Updated",
    "Group Deleted",
];

/// The ARNs that are looked at. A notification has a handful.
const MAX_RESOURCES: usize = 100;

/// Whether an envelope of the Identity Store with this type is a notification: all that AWS records
/// of API calls begins with its own name.
pub(super) fn is_one(kind: &str) -> bool {
    !kind.starts_with("AWS ")
}

/// What the ARNs name.
#[derive(Debug, Default)]
struct Named {
    people: BTreeSet<access::ids::PersonId>,
    groups: BTreeSet<access::ids::GroupId>,
    memberships: BTreeSet<access::ids::MembershipId>,
}

/// What a notification says.
pub(super) fn read(kind: &str, envelope: &Value) -> Verdict {
    let Some(named) = named(envelope) else { return Verdict::Unknown };
    let group = || only(named.groups.clone()).map(Concern::Group);
    let concern = if kind.starts_with("Group ") && TYPES.contains(&kind) {
        // Whoever is in it, not whoever else may be mentioned.
        group()
    } else if !named.people.is_empty() {
        Some(Concern::People(named.people.clone()))
    } else if kind.starts_with("User ") && TYPES.contains(&kind) {
        None
    } else {
        only(named.memberships.clone()).map(Concern::Membership).or_else(group)
    };
    concern.map_or(Verdict::Unknown, Verdict::Concerns)
}

/// The one thing of a set.
fn only<T>(set: BTreeSet<T>) -> Option<T> {
    let mut all = set.into_iter();
    all.next().filter(|_| all.next().is_none())
}

/// What the ARNs name; `None` if one of them is of no known kind, for it may name somebody too.
fn named(envelope: &Value) -> Option<Named> {
    let resources = envelope.get("resources")?.as_array()?;
    if resources.len() > MAX_RESOURCES {
        return None;
    }
    let mut named = Named::default();
    for resource in resources {
        let (kind, id) = resource_of(resource.as_str()?)?;
        match kind {
            "user" => drop(named.people.insert(person_id(id)?)),
            "group" => drop(named.groups.insert(group_id(id)?)),
            "membership" => drop(named.memberships.insert(membership_id(id)?)),
            "identitystore" => {}
            _ => return None,
        }
    }
    Some(named)
}

/// Kind and id of `arn:aws:identitystore:::user/ID`, in any partition.
pub(super) fn resource_of(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let is_ours = parts.next() == Some("arn")
        && parts.next().is_some()
        && parts.next() == Some("identitystore");
    let resource = parts.nth(2).filter(|_| is_ours)?;
    resource.split_once('/')
}
