//! `CloudTrail` records of a directory's API calls.
//!
//! Since July 2025 `userIdentity` names whoever made the call by id (`onBehalfOf.userId`, type
//! `IdentityCenterUser`) and records of groups hold no display name. Neither is read: the caller is
//! not whom the call concerns, and names are asked of the directory.

use super::{Concern, Family, Membership, Verdict, group_id, membership_id, person_id};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a call does to people's rights, and where its record names whom. Places are JSON pointers
/// into `requestParameters`, or into `responseElements` where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// A person joins or leaves a group. The membership's id is in the response, if anywhere.
    Member { person: &'static str, group: &'static str },
    /// A membership ends; neither person nor group is named.
    Membership(&'static str),
    /// A person changes, or goes.
    Person(&'static str),
    /// A group changes, or goes. That concerns people whom the record does not list.
    Group(&'static str),
    /// A group is made, perhaps with members at once; its id is in the response, if anywhere.
    NewGroup(&'static str),
    /// Nobody's rights: rights come from being in a group that is there.
    None,
}

/// A call that `CloudTrail` records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    effect: Effect,
    /// Whether it can end somebody's rights.
    pub(super) takes_away: bool,
}

impl Operation {
    /// Whether somebody's rights can depend on it.
    pub(super) fn matters(&self) -> bool {
        self.effect != Effect::None
    }
}

const fn gives(name: &'static str, effect: Effect) -> Operation {
    Operation { name, effect, takes_away: false }
}

const fn takes(name: &'static str, effect: Effect) -> Operation {
    Operation { name, effect, takes_away: true }
}

const fn idle(name: &'static str) -> Operation {
    gives(name, Effect::None)
}

/// Calls made by the console, by Active Directory's synchronisation and by SCIM with older tokens.
/// `AddMemberToGroup` is known from published records; the others take their ids from the same
/// places, as far as one can tell. A record that does not is read as "everybody".
const SSO_DIRECTORY: &[Operation] = &[
    gives("AddMemberToGroup", Effect::Member { person: "/member/memberId", group: "/groupId" }),
    takes("DeleteGroup", Effect::Group("/groupId")),
    takes("DeleteUser", Effect::Person("/userId")),
    takes("DisableUser", Effect::Person("/userId")),
    gives("EnableUser", Effect::Person("/userId")),
    takes(
        "RemoveMemberFromGroup",
        Effect::Member { person: "/member/memberId", group: "/groupId" },
    ),
    takes("UpdateGroup", Effect::Group("/groupId")),
    takes("UpdateGroupDisplayName", Effect::Group("/groupId")),
    takes("UpdateUser", Effect::Person("/userId")),
    gives("UpdateUserName", Effect::Person("/userId")),
    idle("CompleteVirtualMfaDeviceRegistration"),
    idle("CompleteWebAuthnDeviceRegistration"),
    idle("CreateAlias"),
    idle("CreateBearerToken"),
    idle("CreateExternalIdPConfigurationForDirectory"),
    idle("CreateGroup"),
    idle("CreateProvisioningTenant"),
    idle("CreateUser"),
    idle("DeleteBearerToken"),
    idle("DeleteExternalIdPCertificate"),
    idle("DeleteExternalIdPConfigurationForDirectory"),
    idle("DeleteMfaDeviceForUser"),
    idle("DeleteProvisioningTenant"),
    idle("DisableExternalIdPConfigurationForDirectory"),
    idle("EnableExternalIdPConfigurationForDirectory"),
    idle("ImportExternalIdPCertificate"),
    idle("PutMfaDeviceManagementForDirectory"),
    idle("StartVirtualMfaDeviceRegistration"),
    idle("StartWebAuthnDeviceRegistration"),
    idle("UpdateExternalIdPConfigurationForDirectory"),
    idle("UpdateMfaDeviceForUser"),
    idle("UpdatePassword"),
    idle("VerifyEmail"),
];

/// Calls of the Identity Store API (its service model).
const IDENTITY_STORE: &[Operation] = &[
    gives(
        "CreateGroupMembership",
        Effect::Member { person: "/memberId/userId", group: "/groupId" },
    ),
    takes("DeleteGroup", Effect::Group("/groupId")),
    takes("DeleteGroupMembership", Effect::Membership("/membershipId")),
    takes("DeleteUser", Effect::Person("/userId")),
    takes("UpdateGroup", Effect::Group("/groupId")),
    takes("UpdateUser", Effect::Person("/userId")),
    idle("CreateGroup"),
    idle("CreateUser"),
];

/// Calls of SCIM. `PatchGroup` adds, removes or renames: its values are hidden. A group may be made
/// with up to a hundred members at once.
const SCIM: &[Operation] = &[
    gives("CreateGroup", Effect::NewGroup("/id")),
    takes("DeleteGroup", Effect::Group("/id")),
    takes("DeleteUser", Effect::Person("/id")),
    takes("PatchGroup", Effect::Group("/id")),
    takes("PatchUser", Effect::Person("/id")),
    takes("PutUser", Effect::Person("/id")),
    idle("CreateUser"),
];

/// Names of calls that only read begin so.
const READING: [&str; 5] = ["Describe", "Get", "Is", "List", "Search"];

/// The calls of a family that are known.
pub(super) const fn operations(family: Family) -> &'static [Operation] {
    match family {
        Family::SsoDirectory => SSO_DIRECTORY,
        Family::IdentityStore => IDENTITY_STORE,
        Family::Scim => SCIM,
        Family::Notification | Family::Other => &[],
    }
}

/// Whether a call only reads, by its name.
pub(super) fn only_reads(name: &str) -> bool {
    READING.iter().any(|prefix| name.starts_with(prefix))
}

/// What a record says, and the membership it tells of.
pub(super) fn read(family: Family, record: &Value) -> (Verdict, Option<Membership>) {
    let error = record.get("errorCode").and_then(Value::as_str).filter(|code| !code.is_empty());
    if let Some(code) = error {
        return (Verdict::Failed(code.to_owned()), None);
    }
    let Some(name) = record.get("eventName").and_then(Value::as_str) else {
        return (Verdict::Unknown, None);
    };
    if only_reads(name) {
        return (Verdict::Nobody, None);
    }
    let Some(operation) = operations(family).iter().find(|operation| operation.name == name) else {
        return (Verdict::Unknown, None);
    };
    let part = |part: &str, pointer: &str| record.get(part)?.pointer(pointer)?.as_str();
    let asked = |pointer: &str| part("requestParameters", pointer);
    let answered = |pointer: &str| part("responseElements", pointer);
    let concern = match operation.effect {
        Effect::None => return (Verdict::Nobody, None),
        Effect::Member { person, group } => {
            let group = asked(group).and_then(group_id);
            let Some(person) = asked(person).and_then(person_id) else {
                return (
                    group.map_or(Verdict::Unknown, |g| Verdict::Concerns(Concern::Group(g))),
                    None,
                );
            };
            let id = answered("/membershipId").and_then(membership_id);
            let learnt =
                id.zip(group).map(|(id, group)| Membership { id, group, person: person.clone() });
            return (Verdict::Concerns(Concern::People(BTreeSet::from([person]))), learnt);
        }
        Effect::Membership(place) => asked(place).and_then(membership_id).map(Concern::Membership),
        Effect::Person(place) => {
            asked(place).and_then(person_id).map(|id| Concern::People(BTreeSet::from([id])))
        }
        Effect::Group(place) => asked(place).and_then(group_id).map(Concern::Group),
        Effect::NewGroup(place) => {
            Some(answered(place).and_then(group_id).map_or(Concern::Everybody, Concern::Group))
        }
    };
    (concern.map_or(Verdict::Unknown, Verdict::Concerns), None)
}
