//! Entries in the Open Cybersecurity Schema Framework, for SIEMs and security lakes.
//!
//! Each entry becomes one event: who signed in is Authentication, who got or lost something is User
//! Access Management, whom an admin let go is Account Change, what was asked of AWS is API Activity,
//! what was set is Entity Management, and the rest is the Base Event. What a class has no place for
//! stays under `unmapped`.

use crate::ports::{Actor, AuditEntry, AuditEvent, AuditEvent as E, SealedEntry};
use serde_json::{Map, Value, json};

/// The version of the schema.
pub const OCSF_VERSION: &str = "1.3.0";

/// Classes, as `class_uid`.
mod class {
    pub(super) const BASE: u32 = 0;
    pub(super) const ACCOUNT_CHANGE: u32 = 3001;
    pub(super) const AUTHENTICATION: u32 = 3002;
    pub(super) const ENTITY_MANAGEMENT: u32 = 3004;
    pub(super) const USER_ACCESS: u32 = 3005;
    pub(super) const API_ACTIVITY: u32 = 6003;
}

/// Which event an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    class: u32,
    activity: u32,
    /// The AWS operation, for API Activity; the kind of thing, for Entity Management.
    what: &'static str,
}

const fn kind(class: u32, activity: u32, what: &'static str) -> Kind {
    Kind { class, activity, what }
}

fn kind_of(entry: &AuditEntry) -> Kind {
    let Some(event) = AuditEvent::parse(&entry.event) else { return kind(class::BASE, 99, "") };
    match event {
        // Who was refused had asked to be let in.
        E::SignIn | E::Refused => kind(class::AUTHENTICATION, 1, ""),
        E::LogOut | E::SignOut | E::SessionsEnded => kind(class::AUTHENTICATION, 2, ""),
        E::OpenStudio => kind(class::API_ACTIVITY, 1, "CreatePresignedDomainUrl"),
        E::PersonOffboarded => kind(class::ACCOUNT_CHANGE, 5, ""),
        E::PersonRestored => kind(class::ACCOUNT_CHANGE, 2, ""),
        E::CreatingProfile | E::AdoptingProfile | E::TemporaryGranted | E::BreakGlassOpened => {
            kind(class::USER_ACCESS, 1, "")
        }
        E::OffboardingBegun | E::TemporaryRevoked => kind(class::USER_ACCESS, 2, ""),
        E::UpdatingProfile => kind(class::API_ACTIVITY, 3, "UpdateUserProfile"),
        E::StoppingApp | E::StoppingOwnApp => kind(class::API_ACTIVITY, 4, "DeleteApp"),
        E::HandingSpaceOver => kind(class::API_ACTIVITY, 1, "CreateSpace"),
        E::DeletingSpace => kind(class::API_ACTIVITY, 4, "DeleteSpace"),
        E::DeletingProfile => kind(class::API_ACTIVITY, 4, "DeleteUserProfile"),
        E::GroupAssigned => kind(class::API_ACTIVITY, 1, "CreateApplicationAssignment"),
        E::AwsAnswered => kind(class::API_ACTIVITY, 99, ""),
        E::GrantWritten => kind(class::ENTITY_MANAGEMENT, 3, "grant"),
        E::GrantDeleted => kind(class::ENTITY_MANAGEMENT, 4, "grant"),
        E::MapLoaded | E::MapReplaced | E::MapRefused => {
            kind(class::ENTITY_MANAGEMENT, 3, "access map")
        }
        E::IdpKeysChanged => kind(class::ENTITY_MANAGEMENT, 3, "identity provider"),
        E::Frozen | E::Thawed => kind(class::ENTITY_MANAGEMENT, 3, "freeze switch"),
        E::PlanMade => kind(class::ENTITY_MANAGEMENT, 1, "plan"),
        E::PlanApplied => kind(class::ENTITY_MANAGEMENT, 3, "plan"),
        E::TokenCreated => kind(class::ENTITY_MANAGEMENT, 1, "API token"),
        E::TokenRevoked => kind(class::ENTITY_MANAGEMENT, 4, "API token"),
        E::PlanRefused
        | E::RemovalsApproved
        | E::ApprovalHonoured
        | E::AfterNote
        | E::AccessRequested
        | E::AccessDecided
        | E::SyncRequested
        | E::EventsReplayed
        | E::MetadataFetchOrdered
        | E::DirectoryPush
        | E::Mirroring
        | E::MirrorTaking
        | E::MirrorApplied
        | E::MirrorRefused
        | E::MirrorFailed
        | E::AuditCheckpoint
        | E::AuditPruned
        | E::AuditSealed
        | E::AuditBroken => kind(class::BASE, 99, ""),
    }
}

/// An entry as an event.
pub fn ocsf(sealed: &SealedEntry) -> Value {
    let entry = &sealed.entry;
    let kind = kind_of(entry);
    let failed = matches!(
        AuditEvent::parse(&entry.event),
        Some(
            E::Refused
                | E::PlanRefused
                | E::MapRefused
                | E::MirrorRefused
                | E::MirrorFailed
                | E::AuditBroken
        )
    );
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| {
        event.insert(name.to_owned(), value);
    };
    put("activity_id", kind.activity.into());
    put("category_uid", (kind.class / 1_000).into());
    put("class_uid", kind.class.into());
    put("type_uid", (u64::from(kind.class) * 100 + u64::from(kind.activity)).into());
    put("time", entry.at.as_millisecond().into());
    // Informational, or low for what was refused.
    put("severity_id", if failed { 2 } else { 1 }.into());
    put("status_id", if failed { 2 } else { 1 }.into());
    put("status_code", entry.code.as_str().into());
    put("message", entry.event.as_str().into());
    put("metadata", metadata(sealed));
    put("actor", json!({ "user": actor(&entry.actor) }));
    if kind.activity == 99 {
        put("activity_name", entry.event.as_str().into());
    }
    for (name, value) in of_class(kind, entry) {
        put(name, value);
    }
    put("unmapped", unmapped(sealed));
    Value::Object(event)
}

fn of_class(kind: Kind, entry: &AuditEntry) -> Vec<(&'static str, Value)> {
    let detail = |name: &str| entry.details.get(name).map(String::as_str);
    let from =
        detail("from").map_or_else(|| json!({ "name": "stagedoor" }), |ip| json!({ "ip": ip }));
    match kind.class {
        class::AUTHENTICATION => vec![
            ("user", user(entry)),
            ("service", json!({ "name": "Stagedoor" })),
            ("auth_protocol_id", 5.into()),
            ("is_remote", true.into()),
            ("src_endpoint", from),
        ],
        class::ACCOUNT_CHANGE => vec![("user", user(entry))],
        class::USER_ACCESS => {
            let team = entry.team.as_deref().unwrap_or("-");
            let resource = json!({ "type": "SageMaker user profile", "name": detail("profile").unwrap_or(team) });
            vec![("user", user(entry)), ("privileges", json!([team])), ("resource", resource)]
        }
        class::API_ACTIVITY => {
            let operation = detail("operation").unwrap_or(kind.what);
            let mut api = json!({ "operation": operation, "service": { "name": "sagemaker" } });
            if let (Some(uid), Some(api)) = (detail("request_id"), api.as_object_mut()) {
                api.insert("request".to_owned(), json!({ "uid": uid }));
            }
            let mut all = vec![("api", api), ("src_endpoint", from)];
            let named =
                ["app_name", "space", "profile", "application"].into_iter().find_map(detail);
            all.extend(named.map(|name| ("resources", json!([{ "name": name }]))));
            all
        }
        class::ENTITY_MANAGEMENT => {
            let name = ["group", "name", "idp", "digest"]
                .into_iter()
                .find_map(detail)
                .unwrap_or(kind.what);
            let mut all = vec![("entity", json!({ "type": kind.what, "name": name }))];
            let why = ["reason", "why"].into_iter().find_map(detail);
            all.extend(why.map(|why| ("comment", why.into())));
            all
        }
        _ => Vec::new(),
    }
}

fn metadata(sealed: &SealedEntry) -> Value {
    let mut metadata = json!({
        "version": OCSF_VERSION,
        "log_name": "audit",
        "uid": sealed.number(),
        "product": {
            "name": "Stagedoor",
            "vendor_name": "Stagedoor",
            "version": env!("CARGO_PKG_VERSION"),
        },
    });
    if let (Some(change), Some(members)) = (&sealed.entry.change, metadata.as_object_mut()) {
        members.insert("correlation_uid".to_owned(), change.as_str().into());
    }
    metadata
}

fn actor(actor: &Actor) -> Value {
    match actor {
        Actor::Person(id) => json!({ "uid": id.to_string(), "type_id": 1 }),
        Actor::System => json!({ "name": "stagedoor", "type_id": 3 }),
        other => json!({ "name": other.to_string(), "type_id": 0 }),
    }
}

fn user(entry: &AuditEntry) -> Value {
    match &entry.person {
        Some(id) => json!({ "uid": id, "type_id": 1 }),
        None => json!({ "name": "unknown", "type_id": 0 }),
    }
}

fn unmapped(sealed: &SealedEntry) -> Value {
    let SealedEntry { entry, seal } = sealed;
    json!({
        "team": entry.team,
        "before": entry.before,
        "after": entry.after,
        "details": entry.details,
        "seal": seal,
    })
}
