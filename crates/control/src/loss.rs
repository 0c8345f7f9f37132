//! What stands on a person's profiles and is lost with them, and what the directory goes on giving.

use crate::departure::goes_on_for;
use crate::receipt::Hours;
use access::entitlement::{Because, entitlements};
use access::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use access::map::AccessMap;
use access::observed::{Observed, ObservedApp, ObservedDomain, ObservedProfile, Ownership};
use access::plan::{Action, Kept, Plan, Step};
use access::reason::ReasonCode;
use access::snapshot::Snapshot;
use jiff::Timestamp;
use serde::Serialize;

/// What goes with one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// The domain's key in the map.
    pub domain: DomainKey,
    /// The profile.
    pub profile: ProfileName,
    /// The team it is for.
    pub team: TeamKey,
    /// The team that it goes on for, where a plan was looked at: then only what runs is lost.
    pub goes_on: Option<TeamKey>,
    /// The team that the map does not enforce, so that the profile stays as it is, where a plan was looked at.
    pub stays_for: Option<TeamKey>,
    /// Apps that run, or are starting or stopping, in the profile and in spaces of its own.
    pub apps: Vec<RunningApp>,
    /// The spaces it owns.
    pub spaces: Vec<OwnedSpace>,
    /// POSIX uid of its home directory.
    pub home_efs_uid: Option<String>,
    /// The file system of that directory.
    pub home_efs_file_system: Option<String>,
}

/// An app that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningApp {
    /// The space it runs in; absent: in the profile itself.
    pub space: Option<String>,
    /// API `AppType`.
    pub app_type: String,
    /// Its name.
    pub app_name: String,
    /// What it runs on, where AWS says so.
    pub instance_type: Option<String>,
    /// Since when, where AWS says so.
    pub since: Option<Timestamp>,
    /// How long that is.
    pub hours: Option<Hours>,
}

/// A space that the profile owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedSpace {
    /// Its name.
    pub space: String,
    /// Whether others work in it too.
    pub shared: bool,
    /// The size of its volume in GiB, where it has one of its own.
    pub volume_gib: Option<u32>,
}

/// What the person has in the domains that were read, of one team or of all.
pub fn losses(
    map: &AccessMap,
    observed: &Observed,
    person: &PersonId,
    team: Option<&TeamKey>,
    now: Timestamp,
) -> Vec<Loss> {
    let mut all = Vec::new();
    for (key, domain) in &observed.domains {
        for profile in domain.profiles.values() {
            let Ownership::Ours { person: owner, team: of } = profile.ownership(&map.instance)
            else {
                continue;
            };
            let goes_on_for = |team: &&TeamKey| goes_on_for(map, (key, domain), profile, team);
            let of = match team {
                None => Some(of),
                Some(team) => Some(team).filter(|team| *team == of || goes_on_for(team)),
            };
            if let Some(of) = of.filter(|_| owner == person) {
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
        goes_on: None,
        stays_for: None,
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
    /// Whether this was left alone with it.
    pub fn is_of(&self, kept: &Kept) -> bool {
        kept.domain == self.domain && kept.profile.as_ref() == Some(&self.profile)
    }

    /// The same, with what the plan makes of the profile.
    #[must_use]
    pub fn by_plan(self, plan: &Plan) -> Self {
        let is_it = |action: &&Action| {
            action.domain == self.domain
                && action.profile == self.profile
                && !matches!(action.step, Step::Hold { .. } | Step::Remove { .. })
        };
        let planned = plan.actions.iter().find(is_it).map(|action| &action.team);
        let mut kept = plan.kept.iter().filter(|kept| self.is_of(kept));
        let stays = |kept: &&Kept| kept.reason == ReasonCode::NotEnforced;
        let stays_for = kept.clone().find(stays).and_then(|kept| kept.team.clone());
        let kept = || kept.next().and_then(|kept| kept.team.as_ref());
        let goes_on = planned.or_else(kept).filter(|team| **team != self.team).cloned();
        Self { goes_on, stays_for, ..self }
    }
}

/// A team that the person's groups give, command or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StillGranted {
    /// The team.
    pub team: TeamKey,
    /// The group and the grant.
    pub because: Because,
}

/// What the directory would give the person, were it not for the command.
pub fn still_granted(
    map: &AccessMap,
    snapshot: &Snapshot,
    person: &PersonId,
    now: jiff::Timestamp,
) -> Vec<StillGranted> {
    let mut snapshot = snapshot.clone();
    snapshot.offboarded.remove(person);
    snapshot.barred.remove(person);
    entitlements(map, &snapshot, now)
        .teams_of(person)
        .iter()
        .map(|right| StillGranted { team: right.team.clone(), because: right.because().clone() })
        .collect()
}
