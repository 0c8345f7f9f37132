//! The words of the audit log in which offboarding is written down: what writes them and what reads
//! them share this.

use super::{DeletedSpace, HandedOver, Home, Hours, KeptSpace, Receipt, StoppedApp};
use crate::ports::{AuditEntry, AuditEvent};
use access::observed::{ObservedApp, ObservedDomain, ObservedProfile};
use access::offboarding::Call;
use access::plan::SpaceHandover;
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// How an SSO-mode domain is told, under `auth_mode`.
pub(crate) const SSO: &str = "SSO";

type Details = BTreeMap<String, String>;

/// Where the home directory is.
pub(crate) fn home_details(profile: &ObservedProfile, file_system: Option<&str>) -> Details {
    let mut details = Details::new();
    put(&mut details, "home_efs_uid", profile.home_efs_uid.as_ref());
    put(&mut details, "home_efs_file_system", file_system);
    details
}

/// The event of a call, and what is said of it.
pub(crate) fn of_call(
    call: &Call<'_>,
    profile: &ObservedProfile,
    domain: &ObservedDomain,
) -> (AuditEvent, Details) {
    match call {
        Call::StopSpaceApp(space, app) => (AuditEvent::StoppingApp, app_details(Some(space), app)),
        Call::StopProfileApp(app) => (AuditEvent::StoppingApp, app_details(None, app)),
        Call::HandOver(handover) => (AuditEvent::HandingSpaceOver, handover_details(handover)),
        Call::DeleteSpace(space) => {
            let known = profile.spaces.iter().find(|known| known.name == *space);
            let volume_gib = known.and_then(|space| space.volume_gib);
            (AuditEvent::DeletingSpace, space_details(space, volume_gib))
        }
        Call::DeleteProfile => {
            // Where the home directory is, once more: from here on only this tells.
            let mut details = home_details(profile, domain.home_file_system.as_deref());
            details.insert("what".to_owned(), "deleting the profile".to_owned());
            // How long it took can then be told of this entry alone.
            put(&mut details, "leaving_since", profile.leaving_since());
            (AuditEvent::DeletingProfile, details)
        }
    }
}

/// An entry with what a call takes away, or makes of it.
pub(crate) fn taking(entry: AuditEntry, call: &Call<'_>, profile: &ObservedProfile) -> AuditEntry {
    let (kind, before, after) = match call {
        Call::StopSpaceApp(_, app) | Call::StopProfileApp(app) => {
            ("app", format!("{}/{}", app.app_type, app.name), None)
        }
        Call::HandOver(SpaceHandover { space, new_name, owner, .. }) => {
            ("space", space.to_string(), Some(format!("{new_name} of {owner}")))
        }
        Call::DeleteSpace(space) => ("space", (*space).to_owned(), None),
        Call::DeleteProfile => ("profile", profile.name.to_string(), None),
    };
    entry.changing(kind, Some(before), after)
}

/// What is said of an app that is asked to stop.
pub(crate) fn app_details(space: Option<&str>, app: &ObservedApp) -> Details {
    let place = space.map_or(String::new(), |space| format!(" of space {space}"));
    let mut details = Details::from([
        ("what".to_owned(), format!("stopping app {}/{}{place}", app.app_type, app.name)),
        ("app_type".to_owned(), app.app_type.clone()),
        ("app_name".to_owned(), app.name.clone()),
    ]);
    put(&mut details, "space", space);
    put(&mut details, "instance_type", app.instance_type.as_ref());
    put(&mut details, "app_since", app.since.as_ref());
    details
}

/// What is said of a space whose deletion is asked for.
pub(crate) fn space_details(space: &str, volume_gib: Option<u32>) -> Details {
    let mut details = Details::from([
        ("what".to_owned(), format!("deleting space {space}")),
        ("space".to_owned(), space.to_owned()),
    ]);
    put(&mut details, "volume_gib", volume_gib);
    details
}

/// What is said of a shared space that somebody else gets anew.
fn handover_details(handover: &SpaceHandover) -> Details {
    let SpaceHandover { space, new_name, owner, .. } = handover;
    Details::from([
        ("what".to_owned(), format!("making space {space} anew for {owner}")),
        ("space".to_owned(), space.to_string()),
        ("new_space".to_owned(), new_name.to_string()),
        ("owner".to_owned(), owner.to_string()),
    ])
}

fn put(details: &mut Details, key: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        details.insert(key.to_owned(), value.to_string());
    }
}

/// The spaces that stand on a profile, with their volumes, as one JSON object: details are texts.
pub(crate) fn put_spaces(details: &mut Details, profile: &ObservedProfile) {
    let spaces: BTreeMap<&str, Option<u32>> =
        profile.spaces.iter().map(|space| (space.name.as_str(), space.volume_gib)).collect();
    if !spaces.is_empty()
        && let Ok(text) = serde_json::to_string(&spaces)
    {
        details.insert("spaces".to_owned(), text);
    }
}

pub(super) fn kept_spaces(entry: &AuditEntry) -> Vec<KeptSpace> {
    let spaces: BTreeMap<String, Option<u32>> = entry
        .details
        .get("spaces")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    spaces.into_iter().map(|(space, volume_gib)| KeptSpace { space, volume_gib }).collect()
}

pub(super) fn home(entry: &AuditEntry) -> Option<Home> {
    let uid = entry.details.get("home_efs_uid")?.clone();
    Some(Home { uid, file_system: entry.details.get("home_efs_file_system").cloned() })
}

pub(super) fn stopped_app(entry: &AuditEntry) -> Option<StoppedApp> {
    let detail = |key: &str| entry.details.get(key).cloned();
    Some(StoppedApp {
        space: detail("space"),
        app_type: detail("app_type")?,
        app_name: detail("app_name")?,
        instance_type: detail("instance_type"),
        since: detail("app_since").and_then(|t| t.parse().ok()),
        stopped: entry.at,
        saved: Hours::default(),
    })
}

pub(super) fn deleted_space(entry: &AuditEntry) -> Option<DeletedSpace> {
    Some(DeletedSpace {
        space: entry.details.get("space")?.clone(),
        volume_gib: entry.details.get("volume_gib").and_then(|n| n.parse().ok()),
        deleted: entry.at,
    })
}

pub(super) fn handed_over(entry: &AuditEntry) -> Option<HandedOver> {
    let detail = |key: &str| entry.details.get(key).cloned();
    Some(HandedOver {
        space: detail("space")?,
        new_space: detail("new_space"),
        owner: detail("owner"),
        at: entry.at,
    })
}

/// How something was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationMethod {
    /// The door refuses the person: an admin's command is in its store.
    DeniedByCommand,
    /// The door refuses the person, because the directory gives no right any more.
    DeniedByDirectory,
    /// The door's sessions were ended in its store.
    SessionsEnded,
    /// AWS was asked to delete the apps; the sessions that led to them then show nothing any more.
    AppsDeleted,
    /// The credentials end with the apps that hold them.
    EndedWithApps,
    /// Not revoked.
    NotRevoked,
}

/// One way of access, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// The way of access.
    pub what: &'static str,
    /// How it was revoked.
    pub method: RevocationMethod,
    /// When; absent where it was not revoked or it needed nothing.
    pub at: Option<Timestamp>,
    /// What that means, for people.
    pub note: &'static str,
}

/// What the door refuses. Whoever lost teams goes on signing in, for those that are left or for none:
/// only a command for all teams, and a directory in which the person is gone or disabled, keep
/// somebody from that.
fn refused_by_the_door(receipt: &Receipt) -> Vec<Revocation> {
    let in_force = || receipt.departures.iter().filter(|d| d.until.is_none());
    let leaving = || receipt.profiles.iter().filter(|profile| profile.returned.is_none());
    let by_command = |what, at| Revocation {
        what,
        method: RevocationMethod::DeniedByCommand,
        at: Some(at),
        note: "refused by the door, whatever groups say",
    };
    let by_directory = |what, at| Revocation {
        what,
        method: RevocationMethod::DeniedByDirectory,
        at: Some(at),
        note: "refused by the door, as the directory says",
    };
    if let Some(at) = in_force().filter(|d| d.team.is_none()).map(|d| d.since).min() {
        return vec![by_command("sign-in", at)];
    }
    let keeps_out = [ReasonCode::PersonGone, ReasonCode::PersonDisabled].map(ReasonCode::as_str);
    let kept_out = leaving().filter(|profile| keeps_out.contains(&profile.reason.as_str()));
    if let Some(at) = kept_out.map(|profile| profile.begun).min() {
        return vec![by_directory("sign-in", at)];
    }
    // All of them are refused since the last one is.
    let command = in_force().map(|d| d.since).max();
    let is_barred = |team: &Option<String>| in_force().any(|d| &d.team == team);
    let lost = leaving().filter(|p| !is_barred(&p.team)).map(|p| p.begun).max();
    let others = if command.is_some() {
        "opening the other teams named above"
    } else {
        "opening the teams named above"
    };
    let command = command.map(|at| by_command("opening the teams named above", at));
    command.into_iter().chain(lost.map(|at| by_directory(others, at))).collect()
}

/// What was revoked and what was not. Nothing is claimed that nobody did.
pub(super) fn revocation(receipt: &Receipt) -> Vec<Revocation> {
    let leaving = || receipt.profiles.iter().filter(|profile| profile.returned.is_none());
    let mut all = refused_by_the_door(receipt);
    if all.is_empty() {
        return all;
    }
    if let Some(last) = receipt.sessions.last() {
        all.push(Revocation {
            what: "sessions of the door",
            method: RevocationMethod::SessionsEnded,
            at: Some(last.at),
            note: "ended in the door's store",
        });
    }
    let stopped = leaving().flat_map(|profile| &profile.apps).map(|app| app.stopped).max();
    if let Some(at) = stopped {
        all.push(Revocation {
            what: "Studio sessions",
            method: RevocationMethod::AppsDeleted,
            at: Some(at),
            note: "a presigned session lasts up to 12 h and cannot be ended by itself; AWS was asked \
                   to delete its apps, and is asked again for one that is started anew or still runs",
        });
        all.push(Revocation {
            what: "credentials of the execution role inside apps",
            method: RevocationMethod::EndedWithApps,
            at: Some(at),
            note: "they end with the app that held them",
        });
    }
    if leaving().any(|profile| profile.sso && profile.deleted.is_none()) {
        all.push(Revocation {
            what: "signing in to the SSO-mode domain itself",
            method: RevocationMethod::NotRevoked,
            at: None,
            note: "Identity Center decides until the profile is deleted: disable the person there; \
                   apps that are started meanwhile are stopped again",
        });
    }
    all.push(Revocation {
        what: "jobs and endpoints that the person started",
        method: RevocationMethod::NotRevoked,
        at: None,
        note: "they go on; `stagedoor policy deny-person` prints a policy that cuts off their calls",
    });
    all
}
