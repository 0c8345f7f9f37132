//! A tiny model of Studio that carries plans out: what is asked for happens by the next round, unless it
//! is to fail. It refuses, by panic, what the service would refuse.

use access::check::CheckedPlan;
use access::observed::{
    AppStatus, Observed, ObservedProfile, ProfileStatus, TAG_LEAVING, TAG_LOST, TeamLost,
};
use access::offboarding::{Advance, Call, advance, stop_apps};
use access::plan::{Action, Step};
use access::reason::ReasonCode;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) observed: Observed,
    /// How many of the next creations, updates and deletions of profiles end in failure.
    pub(crate) failures: u32,
}

impl Model {
    /// Asks for what the plan says, but for the actions that do not work, by their place.
    pub(crate) fn apply(
        &mut self,
        plan: &CheckedPlan,
        now: jiff::Timestamp,
        works: impl Fn(usize) -> bool,
    ) {
        for assignment in &plan.plan().assignments {
            let domain = self.observed.domains.get_mut(&assignment.domain).unwrap();
            domain.application.as_mut().unwrap().groups.insert(assignment.group.clone());
        }
        for (_, action) in plan.plan().actions.iter().enumerate().filter(|(i, _)| works(*i)) {
            let domain = self.observed.domains.get_mut(&action.domain).unwrap();
            if let Step::Create { execution_role, user_settings, tags, sso_user } = &action.step {
                let before = domain.profiles.insert(
                    action.profile.folded(),
                    ObservedProfile {
                        name: action.profile.clone(),
                        status: ProfileStatus::Pending,
                        execution_role: Some(execution_role.as_str().into()),
                        user_settings: Arc::new(user_settings.clone()),
                        tags: tags.iter().collect(),
                        sso_user: sso_user.as_deref().map(Into::into),
                        home_efs_uid: None,
                        modified: None,
                        apps: Vec::new(),
                        spaces: Vec::new(),
                    },
                );
                assert_eq!(before, None, "the name is taken");
            } else {
                change(domain.profiles.get_mut(&action.profile.folded()).unwrap(), action, now);
            }
        }
    }

    /// Lets everything that was asked for happen.
    pub(crate) fn settle(&mut self) {
        let failures = &mut self.failures;
        let mut fails = || {
            let fails = *failures > 0;
            *failures = failures.saturating_sub(1);
            fails
        };
        for domain in self.observed.domains.values_mut() {
            domain.profiles = std::mem::take(&mut domain.profiles)
                .into_iter()
                .filter_map(|(key, mut profile)| {
                    profile.status = match profile.status {
                        ProfileStatus::Pending if fails() => ProfileStatus::Failed,
                        ProfileStatus::Updating if fails() => ProfileStatus::UpdateFailed,
                        ProfileStatus::Deleting if fails() => ProfileStatus::DeleteFailed,
                        ProfileStatus::Pending | ProfileStatus::Updating => {
                            ProfileStatus::InService
                        }
                        ProfileStatus::Deleting => return None,
                        other => other,
                    };
                    profile.spaces.retain(|space| space.status != ProfileStatus::Deleting);
                    for space in &mut profile.spaces {
                        if matches!(space.status, ProfileStatus::Pending | ProfileStatus::Updating)
                        {
                            space.status = ProfileStatus::InService;
                        }
                    }
                    let of_spaces = profile.spaces.iter_mut().flat_map(|space| &mut space.apps);
                    for app in profile.apps.iter_mut().chain(of_spaces) {
                        app.status = match app.status {
                            AppStatus::Pending => AppStatus::InService,
                            AppStatus::Deleting => AppStatus::Deleted,
                            other => other,
                        };
                    }
                    Some((key, profile))
                })
                .collect::<BTreeMap<_, _>>();
        }
    }
}

fn change(profile: &mut ObservedProfile, action: &Action, now: jiff::Timestamp) {
    match &action.step {
        Step::Create { .. } => {}
        Step::Adopt { tags } => profile.tags.extend(tags.clone()),
        Step::StopApps { .. } => {
            lose(profile, action, now);
            let seen = profile.clone();
            if let Some(advance) = stop_apps(&seen) {
                ask(profile, &advance);
            }
        }
        Step::Update { new_role, user_settings, set_tags, remove_tags, .. } => {
            profile.tags.extend(set_tags.clone());
            for key in remove_tags {
                profile.tags.remove(key);
            }
            lose(profile, action, now);
            if new_role.is_none() && user_settings.is_none() {
                return;
            }
            assert!(can_be_changed(profile), "{profile:?}");
            profile.status = ProfileStatus::Updating;
            if let Some(role) = new_role {
                profile.execution_role = Some(role.as_str().into());
            }
            Arc::make_mut(&mut profile.user_settings)
                .extend(user_settings.clone().unwrap_or_default());
        }
        Step::Hold { new, .. } => {
            if *new {
                profile.tags.insert(TAG_LEAVING.into(), now.to_string().into());
            }
            let seen = profile.clone();
            if let Some(advance) = stop_apps(&seen) {
                ask(profile, &advance);
            }
        }
        Step::Remove { new, hand_over, .. } => {
            if *new && action.reason != ReasonCode::ProfileFailed {
                profile.tags.insert(TAG_LEAVING.into(), now.to_string().into());
            }
            let seen = profile.clone();
            ask(profile, &advance(&seen, hand_over));
        }
    }
}

fn lose(profile: &mut ObservedProfile, action: &Action, now: jiff::Timestamp) {
    if let Some(lost) = action.step.loses() {
        let lost = TeamLost { at: now, team: lost.team.clone(), agreed: false };
        profile.tags.insert(TAG_LOST.into(), lost.to_string().into());
    }
}

/// Only what is in service can be stopped: what is starting has to be asked for again.
fn stop(status: &mut AppStatus) {
    match status {
        AppStatus::InService => *status = AppStatus::Deleting,
        AppStatus::Pending => {}
        other => panic!("{other:?}"),
    }
}

fn can_be_changed(profile: &ObservedProfile) -> bool {
    matches!(profile.status, ProfileStatus::InService | ProfileStatus::UpdateFailed)
}

fn ask(profile: &mut ObservedProfile, advance: &Advance<'_>) {
    for call in &advance.calls {
        match call {
            Call::HandOver(_) => panic!("the maps of the model report shared spaces"),
            Call::StopSpaceApp(space, app) => {
                let space = profile.spaces.iter_mut().find(|s| s.name == *space).unwrap();
                let app = space.apps.iter_mut().find(|a| a.name == app.name).unwrap();
                stop(&mut app.status);
            }
            Call::StopProfileApp(app) => {
                let app = profile.apps.iter_mut().find(|a| a.name == app.name).unwrap();
                stop(&mut app.status);
            }
            Call::DeleteSpace(space) => {
                let space = profile.spaces.iter_mut().find(|s| s.name == *space).unwrap();
                assert!(space.apps.iter().all(|app| !app.status.blocks_deletion()));
                space.status = ProfileStatus::Deleting;
            }
            Call::DeleteProfile => {
                assert!(profile.spaces.is_empty() && profile.live_apps() == 0, "{profile:?}");
                assert!(
                    !matches!(profile.status, ProfileStatus::Pending | ProfileStatus::Updating),
                    "{profile:?}"
                );
                profile.status = ProfileStatus::Deleting;
            }
        }
    }
}
