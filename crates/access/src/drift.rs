//! What is not as the map says, in AWS and among the groups of its grants, apart from people who come, move
//! between teams or leave.

use crate::entitlement::GrantNote;
use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::map::{AccessMap, Unmanaged};
use crate::observed::{Observed, Ownership};
use crate::plan::{Action, Kept, Plan, Step};
use crate::reason::ReasonCode;
use serde::Serialize;

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Where; absent: it is about a grant.
    pub domain: Option<DomainKey>,
    /// What kind it is.
    pub code: ReasonCode,
    /// The profile, if it is one.
    pub profile: Option<ProfileName>,
    /// Whose it is, as far as is known.
    pub person: Option<PersonId>,
    /// The name of the person, where the directory knows them.
    pub person_name: Option<String>,
    /// Of which team, as far as is known.
    pub team: Option<TeamKey>,
    /// What there is, and what there should be.
    pub text: Option<String>,
    /// Whether `stagedoor apply` corrects it.
    pub corrected: bool,
}

/// Lists what differs, by domain and kind, from the plan that was made of these facts.
pub fn drift(map: &AccessMap, observed: &Observed, plan: &Plan) -> Vec<Drift> {
    let mut found: Vec<Drift> = plan.actions.iter().flat_map(planned).collect();
    found.extend(plan.kept.iter().filter(|kept| is_drift(kept.reason)).map(left_alone));
    found.extend(inheriting(map, observed));
    found.extend(plan.grants.iter().filter_map(of_grant));
    found.sort();
    found.dedup();
    found
}

/// What an action corrects. Making a profile for somebody new corrects nothing, nor does taking one
/// out of its hold or giving it another team.
fn planned(action: &Action) -> Vec<Drift> {
    match &action.step {
        Step::Update { .. }
            if matches!(action.reason, ReasonCode::Returned | ReasonCode::TeamChanged) =>
        {
            Vec::new()
        }
        Step::Update { old_role, new_role, user_settings, set_tags, .. } => {
            let mut found = Vec::new();
            if let Some(new) = new_role {
                let code = match (action.reason, old_role) {
                    (ReasonCode::UpdateFailed, _) => ReasonCode::UpdateFailed,
                    (_, None) => ReasonCode::RoleInherited,
                    (_, Some(_)) => ReasonCode::RoleDrift,
                };
                let old = old_role.as_deref().unwrap_or("the domain's role, by inheritance,");
                found.push(of(action, code, Some(format!("{old} instead of {new}"))));
            }
            if let Some(settings) = user_settings {
                let keys: Vec<&str> = settings.keys().map(String::as_str).collect();
                found.push(of(action, ReasonCode::SettingsDrift, Some(keys.join(", "))));
            }
            if !set_tags.is_empty() {
                let keys: Vec<&str> = set_tags.keys().map(String::as_str).collect();
                found.push(of(action, ReasonCode::TagDrift, Some(keys.join(", "))));
            }
            found
        }
        Step::StopApps { apps, .. } => vec![of(action, action.reason, Some(apps.join(", ")))],
        Step::Adopt { .. } => vec![of(action, action.reason, None)],
        // A profile that nobody has a right to, and that is not yet on its way out.
        Step::Hold { new: true, .. } | Step::Remove { new: true, .. } => {
            vec![of(action, action.reason, None)]
        }
        Step::Remove { .. } if action.reason == ReasonCode::ProfileFailed => {
            vec![of(action, action.reason, None)]
        }
        Step::Create { .. } | Step::Hold { .. } | Step::Remove { .. } => Vec::new(),
    }
}

fn of(action: &Action, code: ReasonCode, text: Option<String>) -> Drift {
    Drift {
        domain: Some(action.domain.clone()),
        code,
        profile: Some(action.profile.clone()),
        person: Some(action.person.clone()),
        person_name: action.person_name.clone(),
        team: Some(action.team.clone()),
        text,
        corrected: true,
    }
}

/// Whether what is left alone for this reason is another thing than the map says.
fn is_drift(reason: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(
        reason,
        R::NotOurs
            | R::OtherInstance
            | R::Duplicate
            | R::NameTaken
            | R::ProfileFailed
            | R::AssignmentExtra
            | R::AssignmentManual
            | R::SsoUserChanged
            | R::SsoUserTaken
            | R::AppsRunning
            | R::CanaryFirst
            | R::NotEnforced
            | R::RoleMissing
            | R::RoleUntrusted
            | R::RoleUnreadable
            | R::DomainNotInService
    )
}

fn left_alone(kept: &Kept) -> Drift {
    Drift {
        domain: Some(kept.domain.clone()),
        code: kept.reason,
        profile: kept.profile.clone(),
        person: kept.person.clone(),
        person_name: kept.person_name.clone(),
        team: kept.team.clone(),
        text: kept.detail.clone(),
        corrected: matches!(kept.reason, ReasonCode::AppsRunning | ReasonCode::CanaryFirst),
    }
}

/// Profiles of others without an execution role of their own: whoever opens one works with the
/// domain's role. Those of ours are in the plan.
fn inheriting<'a>(map: &'a AccessMap, observed: &'a Observed) -> impl Iterator<Item = Drift> + 'a {
    let managed = observed.domains.iter().filter(|(key, _)| {
        map.domains.get(*key).is_some_and(|domain| domain.unmanaged != Unmanaged::Ignore)
    });
    managed.flat_map(|(key, domain)| {
        let of_others = domain.profiles.values().filter(|profile| {
            profile.execution_role.is_none()
                && !matches!(profile.ownership(&map.instance), Ownership::Ours { .. })
        });
        of_others.map(|profile| Drift {
            domain: Some(key.clone()),
            code: ReasonCode::RoleInherited,
            profile: Some(profile.name.clone()),
            person: None,
            person_name: None,
            team: None,
            text: None,
            corrected: false,
        })
    })
}

/// A grant that gives nobody anything because of its group, as long as nobody corrects it. One that is not
/// in force is meant so.
fn of_grant(note: &GrantNote) -> Option<Drift> {
    if !matches!(note.code, ReasonCode::GroupMissing | ReasonCode::GrantAmbiguous) {
        return None;
    }
    Some(Drift {
        domain: None,
        code: note.code,
        profile: None,
        person: None,
        person_name: None,
        team: None,
        text: Some(format!("group `{}`, {}", note.group, note.grant)),
        corrected: false,
    })
}
