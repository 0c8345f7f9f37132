//! The company's domains, as AWS describes them today.

use crate::map::DOMAINS;
use access::ids::{DomainKey, ProfileName};
use access::map::AccessMap;
use access::observed::{
    AppStatus, AuthMode, Observed, ObservedApp, ObservedDomain, ObservedProfile, ObservedRole,
    ObservedSpace, ProfileStatus, Seen, TAG_LEAVING, Unread,
};
use access::plan::{Action, Step};
use anyhow::Result;
use fastrand::Rng;
use std::collections::BTreeMap;

/// Every domain of the map, without profiles.
pub(crate) fn empty(map: &AccessMap) -> Result<Observed> {
    let domains = (0..DOMAINS)
        .map(|number| {
            let key = DomainKey::parse(format!("studio-{number}"))?;
            let auth_mode = if number + 1 == DOMAINS { AuthMode::Sso } else { AuthMode::Iam };
            Ok((key, domain(auth_mode)))
        })
        .collect::<Result<_>>()?;
    let placements = map.teams.values().flat_map(|team| &team.placements);
    let roles = placements.map(|placement| placement.execution_role.clone());
    let roles = roles.map(|role| (role, ObservedRole::Trusted)).collect();
    Ok(Observed { domains, unreadable: BTreeMap::new(), roles })
}

fn domain(auth_mode: AuthMode) -> ObservedDomain {
    ObservedDomain {
        auth_mode,
        in_service: true,
        application: None,
        url: None,
        home_file_system: None,
        profiles: BTreeMap::new(),
        seen: Seen::Everybody,
        unread: Unread::default(),
        profile_quota: None,
    }
}

/// Adds what yesterday's plan made, as it is today.
pub(crate) fn made(rng: &mut Rng, actions: Vec<Action>, observed: &mut Observed) -> Result<()> {
    for action in actions {
        let Step::Create { execution_role, user_settings, tags, sso_user } = action.step else {
            continue;
        };
        let Some(domain) = observed.domains.get_mut(&action.domain) else { continue };
        let mut profile = ObservedProfile {
            name: action.profile,
            status: ProfileStatus::InService,
            execution_role: Some(execution_role.to_string()),
            user_settings,
            tags,
            sso_user,
            home_efs_uid: Some(rng.u32(200_000..300_000).to_string()),
            apps: Vec::new(),
            spaces: Vec::new(),
        };
        if rng.u32(0..4) == 0 {
            profile.spaces.push(space(rng, &profile.name));
        }
        match rng.u32(0..1000) {
            // Ten in a thousand have joined since.
            0..10 => continue,
            10..13 => profile.execution_role = None,
            13..15 => drop(profile.user_settings.remove("SecurityGroups")),
            15..17 => drop(profile.tags.insert("CostCenter".to_owned(), "unknown".to_owned())),
            17 => profile.status = ProfileStatus::UpdateFailed,
            18 => profile.status = ProfileStatus::Updating,
            19 => {
                let since = "2026-11-20T12:00:00Z".to_owned();
                profile.tags.insert(TAG_LEAVING.to_owned(), since);
            }
            20..22 => {
                let foreign = foreign(rng)?;
                domain.profiles.insert(foreign.name.folded(), foreign);
            }
            _ => {}
        }
        domain.profiles.insert(profile.name.folded(), profile);
    }
    Ok(())
}

fn space(rng: &mut Rng, profile: &ProfileName) -> ObservedSpace {
    let status = if rng.bool() { AppStatus::InService } else { AppStatus::Deleted };
    let app = ObservedApp {
        app_type: "JupyterLab".to_owned(),
        name: "default".to_owned(),
        status,
        instance_type: None,
        since: None,
    };
    ObservedSpace {
        name: format!("lab-{profile}"),
        status: ProfileStatus::InService,
        shared: false,
        volume_gib: None,
        apps: vec![app],
    }
}

/// A profile that somebody made by hand.
fn foreign(rng: &mut Rng) -> Result<ObservedProfile> {
    Ok(ObservedProfile {
        name: ProfileName::parse(format!("default-{:012}", rng.u64(0..1_000_000_000_000)))?,
        status: ProfileStatus::InService,
        execution_role: None,
        user_settings: serde_json::Map::new(),
        tags: BTreeMap::new(),
        sso_user: None,
        home_efs_uid: None,
        apps: Vec::new(),
        spaces: Vec::new(),
    })
}
