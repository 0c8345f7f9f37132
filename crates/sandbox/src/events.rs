//! Events of directory changes, as EventBridge delivers them.
//!
//! Known from published records are `AddMemberToGroup` and `CreateGroupMembership`, and from the
//! documentation the names of the other calls, the envelope of SCIM's events and of notifications.
//! Where the other calls of `sso-directory` put their ids is inferred from these. That family is
//! shown as it was before July 2025, as the published records are; since then `userIdentity` has
//! other members, which nobody should read anyway.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::seed::EventFamily;
use crate::services::sqs;
use crate::state::{World, later};

/// What CloudTrail writes instead of names and SCIM values.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Seconds that an event chosen to be reordered is late by.
const REORDER_SECONDS: u64 = 30;

/// A change of the directory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    MemberAdded { group: &'a str, user: &'a str, membership: &'a str },
    MemberRemoved { group: &'a str, user: &'a str, membership: &'a str },
    UserCreated { user: &'a str },
    UserUpdated { user: &'a str },
    UserDisabled { user: &'a str },
    UserEnabled { user: &'a str },
    UserDeleted { user: &'a str },
    GroupCreated { group: &'a str },
    GroupUpdated { group: &'a str },
    GroupDeleted { group: &'a str },
}

/// Name, request and response of the event that reports a change.
struct Report {
    name: &'static str,
    request: Value,
    response: Value,
}

/// Puts the events of a change into the queue of the seed: late, doubled or not at all, as the
/// faults say.
pub(crate) fn emit(world: &mut World, call: &Call, change: &Change<'_>) {
    for family in world.event_family.members() {
        emit_one(world, call, change, *family);
    }
}

fn emit_one(world: &mut World, call: &Call, change: &Change<'_>, family: EventFamily) {
    let Some(queue) = world.event_queue.clone() else { return };
    let Some(directory) = &world.directory else { return };
    let store = directory.id.clone();
    world.events_sent += 1;
    let (number, faults) = (world.events_sent, world.event_faults.clone());
    if faults.drop.hits(number) {
        return;
    }
    let late = if faults.reorder.hits(number) { REORDER_SECONDS } else { 0 };
    let visible = later(call.now, faults.delay_seconds.saturating_add(late));
    let event = match family {
        EventFamily::IdentityStore => envelope(world, call, family, identity_store(&store, change)),
        EventFamily::SsoDirectory => envelope(world, call, family, sso_directory(&store, change)),
        EventFamily::Scim => envelope(world, call, family, scim(change)),
        EventFamily::Notification | EventFamily::All => notification(world, call, &store, change),
    };
    let body = event.to_string();
    if faults.double.hits(number) {
        sqs::enqueue(world, &queue, body.clone(), call.now, visible);
    }
    sqs::enqueue(world, &queue, body, call.now, visible);
}

/// A notification of the Identity Store. The types for users and groups, the source and
/// `event-version` are documented. The names of the types for memberships are not known, nor what
/// `resources` holds besides the thing itself; these are the simulator's.
fn notification(world: &mut World, call: &Call, store: &str, change: &Change<'_>) -> Value {
    let arn = |kind: &str, id: &str| format!("arn:aws:identitystore:::{kind}/{id}");
    let member = |group: &str, user: &str, membership: &str| {
        vec![arn("membership", membership), arn("group", group), arn("user", user)]
    };
    let (kind, mut resources) = match *change {
        Change::MemberAdded { group, user, membership } => {
            ("Membership Created (simulated name)", member(group, user, membership))
        }
        Change::MemberRemoved { group, user, membership } => {
            ("Membership Deleted (simulated name)", member(group, user, membership))
        }
        Change::UserCreated { user } => ("User Created", vec![arn("user", user)]),
        Change::UserUpdated { user }
        | Change::UserDisabled { user }
        | Change::UserEnabled { user } => ("User Updated", vec![arn("user", user)]),
        Change::UserDeleted { user } => ("User Deleted", vec![arn("user", user)]),
        Change::GroupCreated { group } => ("Group Created", vec![arn("group", group)]),
        Change::GroupUpdated { group } => ("Group Updated", vec![arn("group", group)]),
        Change::GroupDeleted { group } => ("Group Deleted", vec![arn("group", group)]),
    };
    let account = &call.caller.account;
    resources.push(format!("arn:aws:identitystore::{account}:identitystore/{store}"));
    json!({
        "version": "0",
        "id": world.ids.uuid(),
        "detail-type": kind,
        "source": "aws.identitystore",
        "account": account,
        "time": whole_seconds(call),
        "region": call.region,
        "resources": resources,
        "detail": {"event-version": "1.0"},
    })
}

/// EventBridge's time of a call.
fn whole_seconds(call: &Call) -> String {
    jiff::Timestamp::from_second(call.now.as_second()).unwrap_or(call.now).to_string()
}

fn identity_store(store: &str, change: &Change<'_>) -> Report {
    let user = |user: &str| json!({"identityStoreId": store, "userId": user});
    let group = |group: &str| json!({"identityStoreId": store, "groupId": group});
    let report = |name, request, response| Report { name, request, response };
    match *change {
        Change::MemberAdded { group, user, membership } => report(
            "CreateGroupMembership",
            json!({"identityStoreId": store, "groupId": group, "memberId": {"userId": user}}),
            json!({"identityStoreId": store, "membershipId": membership}),
        ),
        // Names neither the user nor the group.
        Change::MemberRemoved { membership, .. } => report(
            "DeleteGroupMembership",
            json!({"identityStoreId": store, "membershipId": membership}),
            Value::Null,
        ),
        Change::UserCreated { user: id } => {
            report("CreateUser", json!({"identityStoreId": store, "userName": HIDDEN}), user(id))
        }
        Change::UserUpdated { user: id } => report(
            "UpdateUser",
            json!({"identityStoreId": store, "userId": id, "operations": HIDDEN}),
            Value::Null,
        ),
        Change::UserDisabled { user: id } => {
            report("UpdateUser", status_update(store, id, "DISABLED"), Value::Null)
        }
        Change::UserEnabled { user: id } => {
            report("UpdateUser", status_update(store, id, "ENABLED"), Value::Null)
        }
        Change::UserDeleted { user: id } => report("DeleteUser", user(id), Value::Null),
        Change::GroupCreated { group: id } => {
            report("CreateGroup", json!({"identityStoreId": store}), group(id))
        }
        Change::GroupUpdated { group: id } => report("UpdateGroup", group(id), Value::Null),
        Change::GroupDeleted { group: id } => report("DeleteGroup", group(id), Value::Null),
    }
}

fn status_update(store: &str, user: &str, status: &str) -> Value {
    json!({
        "identityStoreId": store,
        "userId": user,
        "operations": [{"attributePath": "userStatus", "attributeValue": status}],
    })
}

fn sso_directory(store: &str, change: &Change<'_>) -> Report {
    let user = |user: &str| json!({"identityStoreId": store, "userId": user});
    let group = |group: &str| json!({"identityStoreId": store, "groupId": group});
    let member = |group: &str, user: &str| json!({"identityStoreId": store, "groupId": group, "member": {"memberId": user}});
    let (name, request) = match *change {
        Change::MemberAdded { group, user, .. } => ("AddMemberToGroup", member(group, user)),
        Change::MemberRemoved { group, user, .. } => ("RemoveMemberFromGroup", member(group, user)),
        Change::UserCreated { user: id } => ("CreateUser", user(id)),
        Change::UserUpdated { user: id } => ("UpdateUser", user(id)),
        Change::UserDisabled { user: id } => ("DisableUser", user(id)),
        Change::UserEnabled { user: id } => ("EnableUser", user(id)),
        Change::UserDeleted { user: id } => ("DeleteUser", user(id)),
        Change::GroupCreated { group: id } => ("CreateGroup", group(id)),
        Change::GroupUpdated { group: id } => ("UpdateGroup", group(id)),
        Change::GroupDeleted { group: id } => ("DeleteGroup", group(id)),
    };
    Report { name, request, response: Value::Null }
}

/// SCIM events name the resource and the kind of operation; every value is hidden.
fn scim(change: &Change<'_>) -> Report {
    let patch = |id: &str, op: &str| json!({"httpBody": {"operations": [{"op": op, "path": HIDDEN, "value": HIDDEN}]}, "id": id});
    let (name, request) = match *change {
        Change::MemberAdded { group, .. } => ("PatchGroup", patch(group, "ADD")),
        Change::MemberRemoved { group, .. } => ("PatchGroup", patch(group, "REMOVE")),
        Change::UserCreated { .. } => ("CreateUser", json!({"httpBody": HIDDEN})),
        Change::UserUpdated { user }
        | Change::UserDisabled { user }
        | Change::UserEnabled { user } => ("PatchUser", patch(user, "REPLACE")),
        Change::UserDeleted { user } => ("DeleteUser", json!({"id": user})),
        Change::GroupCreated { .. } => ("CreateGroup", json!({"httpBody": HIDDEN})),
        Change::GroupUpdated { group } => ("PatchGroup", patch(group, "REPLACE")),
        Change::GroupDeleted { group } => ("DeleteGroup", json!({"id": group})),
    };
    Report { name, request, response: Value::Null }
}

/// Where and by whom an event of a family is recorded.
struct Source {
    service: &'static str,
    event_version: &'static str,
    host: String,
    identity: Value,
    user_agent: String,
}

fn source(world: &mut World, call: &Call, family: EventFamily) -> Source {
    let account = &call.caller.account;
    match family {
        EventFamily::SsoDirectory => sso_source(world, call),
        EventFamily::Scim => scim_source(world, call),
        EventFamily::IdentityStore | EventFamily::Notification | EventFamily::All => Source {
            service: "identitystore",
            event_version: "1.11",
            host: format!("identitystore.{}.amazonaws.com", call.region),
            identity: json!({
                "type": if call.caller.role_arn.is_some() { "AssumedRole" } else { "IAMUser" },
                "principalId": call.caller.user_id,
                "arn": call.caller.arn,
                "accountId": account,
                "accessKeyId": call.caller.access_key_id,
            }),
            user_agent: call.user_agent.clone(),
        },
    }
}

fn sso_source(world: &mut World, call: &Call) -> Source {
    Source {
        service: "sso-directory",
        event_version: "1.08",
        host: format!("up.sso.{}.amazonaws.com", call.region),
        identity: json!({
            "type": "Unknown",
            "accountId": call.caller.account,
            "accessKeyId": world.ids.uuid(),
        }),
        user_agent: "Sandbox SCIM Client 1.0.0".to_owned(),
    }
}

fn scim_source(world: &mut World, call: &Call) -> Source {
    Source {
        service: "identitystore-scim",
        event_version: "1.10",
        host: format!("scim.{}.amazonaws.com", call.region),
        identity: json!({
            "type": "WebIdentityUser",
            "principalId": world.ids.uuid(),
            "accountId": call.caller.account,
        }),
        user_agent: "Sandbox SCIM Client 1.0.0".to_owned(),
    }
}

fn envelope(world: &mut World, call: &Call, family: EventFamily, report: Report) -> Value {
    let source = source(world, call, family);
    let (time, account) = (whole_seconds(call), call.caller.account.clone());
    let (event_id, envelope_id) = (world.ids.uuid(), world.ids.uuid());
    let mut detail: Map<String, Value> = Map::new();
    let mut put = |name: &str, value: Value| detail.insert(name.to_owned(), value);
    put("eventVersion", source.event_version.into());
    put("userIdentity", source.identity);
    put("eventTime", time.clone().into());
    put("eventSource", format!("{}.amazonaws.com", source.service).into());
    put("eventName", report.name.into());
    put("awsRegion", call.region.clone().into());
    put("sourceIPAddress", "192.0.2.10".into());
    put("userAgent", source.user_agent.into());
    put("requestParameters", report.request);
    put("responseElements", report.response);
    put("requestID", call.request_id.clone().into());
    put("eventID", event_id.into());
    put("readOnly", false.into());
    put("eventType", "AwsApiCall".into());
    put("managementEvent", true.into());
    put("recipientAccountId", account.clone().into());
    put("eventCategory", "Management".into());
    put(
        "tlsDetails",
        json!({
            "tlsVersion": "TLSv1.2",
            "cipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
            "clientProvidedHostHeader": source.host,
        }),
    );
    json!({
        "version": "0",
        "id": envelope_id,
        "detail-type": "AWS API Call via CloudTrail",
        "source": format!("aws.{}", source.service),
        "account": account,
        "time": time,
        "region": call.region,
        "resources": [],
        "detail": detail,
    })
}
