//! What a person loses with each profile, before anything is done.

use super::spell;
use crate::output::Paint;
use access::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use access::map::AccessMap;
use access::observed::{Observed, ObservedApp, ObservedDomain, ObservedProfile, Ownership};
use control::receipt::Hours;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write;

/// What goes with one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Loss {
    pub(crate) domain: DomainKey,
    pub(crate) profile: ProfileName,
    pub(crate) team: TeamKey,
    pub(crate) apps: Vec<RunningApp>,
    pub(crate) spaces: Vec<OwnedSpace>,
    pub(crate) home_efs_uid: Option<String>,
    pub(crate) home_efs_file_system: Option<String>,
}

/// An app that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunningApp {
    space: Option<String>,
    app_type: String,
    app_name: String,
    instance_type: Option<String>,
    since: Option<Timestamp>,
    hours: Option<Hours>,
}

/// A space that the profile owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnedSpace {
    space: String,
    shared: bool,
    volume_gib: Option<u32>,
}

/// What the person has in the domains that were read, of one team or of all.
pub(crate) fn losses(
    map: &AccessMap,
    observed: &Observed,
    person: &PersonId,
    team: Option<&TeamKey>,
    now: Timestamp,
) -> Vec<Loss> {
    let mut all = Vec::new();
    for (key, domain) in &observed.domains {
        for profile in domain.profiles.values() {
            if let Ownership::Ours { person: owner, team: of } = profile.ownership(&map.instance)
                && owner == person
                && team.is_none_or(|team| team == of)
            {
                all.push(loss(key, domain, profile, of.clone(), now));
            }
        }
    }
    all
}

fn loss(
    key: &DomainKey,
    domain: &ObservedDomain,
    profile: &ObservedProfile,
    team: TeamKey,
    now: Timestamp,
) -> Loss {
    let running = |space: Option<&str>, app: &ObservedApp| RunningApp {
        space: space.map(str::to_owned),
        app_type: app.app_type.clone(),
        app_name: app.name.clone(),
        instance_type: app.instance_type.clone(),
        since: app.since,
        hours: app.since.map(|since| Hours::between(since, now)),
    };
    let of_spaces = profile
        .private_spaces()
        .flat_map(|space| space.apps.iter().map(move |app| (Some(space.name.as_str()), app)));
    let of_profile = profile.apps.iter().map(|app| (None, app));
    Loss {
        domain: key.clone(),
        profile: profile.name.clone(),
        team,
        apps: of_spaces
            .chain(of_profile)
            .filter(|(_, app)| app.status.blocks_deletion())
            .map(|(space, app)| running(space, app))
            .collect(),
        spaces: profile
            .spaces
            .iter()
            .map(|space| OwnedSpace {
                space: space.name.clone(),
                shared: space.shared,
                volume_gib: space.volume_gib,
            })
            .collect(),
        home_efs_uid: profile.home_efs_uid.as_ref().map(ToString::to_string),
        home_efs_file_system: domain.home_file_system.clone(),
    }
}

impl Loss {
    /// For people; `hold_seconds`: how long it is kept.
    pub(crate) fn text(&self, hold_seconds: u64, paint: Paint) -> String {
        let mut out = format!(
            "{} {}  profile {} in {}",
            paint.red("-"),
            self.team,
            self.profile,
            self.domain
        );
        for app in &self.apps {
            let _ = write!(out, "\n  stops {}", app.text());
        }
        let when = match hold_seconds {
            0 => "deleted as soon as its apps have stopped".to_owned(),
            seconds => format!("deleted when {} of hold are over", spell(seconds)),
        };
        for space in &self.spaces {
            let volume = volume(space.volume_gib);
            let _ = if space.shared {
                write!(out, "\n  shared space {}{volume}: others work in it", space.space)
            } else {
                write!(out, "\n  space {}{volume}: {when}", space.space)
            };
        }
        let _ = write!(out, "\n  the profile: {when}");
        if let Some(uid) = &self.home_efs_uid {
            let place = self.home_efs_file_system.as_deref();
            let place = place.map_or(String::new(), |place| format!(" on {place}"));
            let _ = write!(out, "\n  home directory: kept, uid {uid}{place}");
        }
        out
    }
}

impl RunningApp {
    fn text(&self) -> String {
        let mut out = format!("{}/{}", self.app_type, self.app_name);
        if let Some(space) = &self.space {
            let _ = write!(out, " of space {space}");
        }
        if let Some(instance_type) = &self.instance_type {
            let _ = write!(out, ", {instance_type}");
        }
        if let Some(hours) = &self.hours {
            let _ = write!(out, ", running for {hours}");
        }
        out
    }
}

pub(super) fn volume(gib: Option<u32>) -> String {
    gib.map_or(String::new(), |gib| format!(" with a volume of {gib} GiB"))
}
