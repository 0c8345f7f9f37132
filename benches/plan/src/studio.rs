//! The company's domains, as AWS describes them today.

use crate::map::DOMAINS;
use access::ids::{DomainKey, ProfileName};
use access::map::AccessMap;
use access::observed::{
    AppStatus, AuthMode, Observed, ObservedApp, ObservedApplication, ObservedDomain,
    ObservedProfile, ObservedRole, ObservedSpace, ProfileStatus, Seen, TAG_LEAVING, Unread,
};
use access::plan::{Plan, Step};
use access::pool::Pool;
use access::tags::Tags;
use anyhow::Result;
use fastrand::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;

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
        state: access::observed::DomainState::InService,
        default_role: None,
        home_file_system: None,
        profiles: BTreeMap::new(),
        application: (auth_mode == AuthMode::Sso).then(ObservedApplication::default),
        url: None,
        seen: Seen::Everybody,
        unread: Unread::default(),
        profile_quota: None,
        elsewhere: BTreeMap::new(),
    }
}

/// Adds what yesterday's plan made, as it is today.
pub(crate) fn made(
    rng: &mut Rng,
    plan: Plan,
    pool: &mut Pool,
    observed: &mut Observed,
) -> Result<()> {
    for assignment in plan.assignments {
        let domain = observed.domains.get_mut(&assignment.domain);
        if let Some(application) = domain.and_then(|domain| domain.application.as_mut()) {
            application.groups.insert(assignment.group);
        }
    }
    for action in plan.actions {
        let Step::Create { execution_role, user_settings, tags, sso_user } = action.step else {
            continue;
        };
        let Some(domain) = observed.domains.get_mut(&action.domain) else { continue };
        let mut profile = ObservedProfile {
            name: action.profile,
            status: ProfileStatus::InService,
            execution_role: Some(execution_role.as_str().into()),
            user_settings: Arc::new(user_settings),
            tags: tags.into_iter().collect(),
            sso_user: sso_user.map(Into::into),
            home_efs_uid: Some(rng.u32(200_000..300_000).to_string().into()),
            modified: None,
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
            13..15 => profile.user_settings = Arc::default(),
            15..17 => profile.tags.insert("CostCenter".into(), "unknown".into()),
            17 => profile.status = ProfileStatus::UpdateFailed,
            18 => profile.status = ProfileStatus::Updating,
            19 => {
                profile.tags.insert(TAG_LEAVING.into(), "2026-11-20T12:00:00Z".into());
            }
            20..22 => {
                let foreign = foreign(rng)?;
                domain.profiles.insert(foreign.name.folded(), foreign);
            }
            _ => {}
        }
        profile.share(pool);
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
        instance_type: Some("ml.t3.medium".to_owned()),
        since: None,
    };
    ObservedSpace {
        name: format!("lab-{profile}"),
        status: ProfileStatus::InService,
        shared: false,
        volume_gib: Some(5),
        apps: vec![app],
    }
}

/// A profile that somebody made by hand.
fn foreign(rng: &mut Rng) -> Result<ObservedProfile> {
    Ok(ObservedProfile {
        name: ProfileName::parse(format!("default-{:012}", rng.u64(0..1_000_000_000_000)))?,
        status: ProfileStatus::InService,
        execution_role: None,
        user_settings: Arc::default(),
        tags: Tags::default(),
        sso_user: None,
        home_efs_uid: None,
        modified: None,
        apps: Vec::new(),
        spaces: Vec::new(),
    })
}
