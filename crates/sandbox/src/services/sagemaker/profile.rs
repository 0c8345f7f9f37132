//! User profiles.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::shapes::{DOMAIN_ID, NAME, PAGE, SORT_ORDER, TAGS, TOKEN, USER_SETTINGS};
use super::{
    DEFAULT_PAGE, answer, check_execution_role, domain, domains_of, find_profile, in_use,
    limit_exceeded, merge, ready_domain, tags,
};
use crate::call::{Call, Operation};
use crate::seed::AuthMode;
use crate::state::{Domain, Owner, Profile, Status, Target, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, any_text, optional, required, text};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateUserProfile",
        members: &[
            required("DomainId", DOMAIN_ID),
            required("UserProfileName", NAME),
            optional(
                "SingleSignOnUserIdentifier",
                Kind::Text {
                    pattern: Some(Pattern::SingleSignOnIdentifier),
                    min: 0,
                    max: usize::MAX,
                },
            ),
            optional("SingleSignOnUserValue", any_text(0, 256)),
            optional("Tags", TAGS),
            optional("UserSettings", USER_SETTINGS),
        ],
        run: create,
    },
    Operation {
        name: "DescribeUserProfile",
        members: &[required("DomainId", DOMAIN_ID), required("UserProfileName", NAME)],
        run: describe,
    },
    Operation {
        name: "ListUserProfiles",
        members: &[
            optional("NextToken", TOKEN),
            optional("MaxResults", PAGE),
            optional("SortOrder", SORT_ORDER),
            optional("SortBy", Kind::OneOf(&["CreationTime", "LastModifiedTime"])),
            optional("DomainIdEquals", DOMAIN_ID),
            optional("UserProfileNameContains", text(Pattern::EntityName, 0, 63)),
        ],
        run: list,
    },
    Operation {
        name: "UpdateUserProfile",
        members: &[
            required("DomainId", DOMAIN_ID),
            required("UserProfileName", NAME),
            optional("UserSettings", USER_SETTINGS),
        ],
        run: update,
    },
    Operation {
        name: "DeleteUserProfile",
        members: &[required("DomainId", DOMAIN_ID), required("UserProfileName", NAME)],
        run: delete,
    },
];

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("UserProfileName");
    check_execution_role(world, call, call.input.get("UserSettings"))?;
    let limit = world.limits.user_profiles;
    if domains_of(world, call).map(|domain| domain.profiles.len()).sum::<usize>() >= limit {
        return Err(limit_exceeded(
            "Maximum number of Studio user profiles allowed per account",
            limit,
        ));
    }
    let domain = ready_domain(world, call)?;
    let (auth_mode, arn) = (domain.auth_mode, domain.profile_arn(name));
    let key = name.to_lowercase();
    if domain.profiles.contains_key(&key) {
        return Err(in_use(format!("UserProfile [{arn}] already exists.")));
    }
    let sso_user = match auth_mode {
        AuthMode::Iam => refuse_sso_user(call)?,
        AuthMode::Sso => Some(require_sso_user(world, call)?),
    };
    tags::set(world, &arn, call.input.list("Tags"))?;
    let profile = Profile {
        name: name.to_owned(),
        efs_uid: world.new_efs_uid(),
        sso_user,
        settings: call
            .input
            .get("UserSettings")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        life: world.new_life(call.now, Status::Pending),
    };
    let domain = ready_domain(world, call)?;
    let id = domain.id.clone();
    domain.profiles.insert(key.clone(), profile);
    let seconds = world.timing.profile_create;
    world.begin(Target::Profile(id, key), Status::Pending, call.now, seconds, call.twist);
    Ok(json!({"UserProfileArn": arn}))
}

fn refuse_sso_user(call: &Call) -> Result<Option<String>, ApiError> {
    for member in ["SingleSignOnUserIdentifier", "SingleSignOnUserValue"] {
        if call.input.has(member) {
            return Err(ApiError::validation(format!(
                "{member} is not allowed when the Domain's AuthMode is IAM."
            )));
        }
    }
    Ok(None)
}

/// In SSO mode a profile belongs to one person of the directory, and a person has one profile.
fn require_sso_user(world: &mut World, call: &Call) -> Result<String, ApiError> {
    for member in ["SingleSignOnUserIdentifier", "SingleSignOnUserValue"] {
        if !call.input.has(member) {
            return Err(ApiError::validation(format!(
                "{member} is required when the Domain's AuthMode is SSO."
            )));
        }
    }
    let user = call.text("SingleSignOnUserValue").to_owned();
    let known = world
        .directory
        .as_ref()
        .filter(|directory| directory.region == call.region)
        .is_some_and(|directory| directory.user_names.contains_key(&user.to_lowercase()));
    if !known {
        return Err(ApiError::validation(format!(
            "SingleSignOnUserValue [{user}] does not match a user of IAM Identity Center."
        )));
    }
    let domain = domain(world, call)?;
    let other = domain
        .profiles
        .values()
        .find(|profile| profile.sso_user.as_deref().is_some_and(|u| u.eq_ignore_ascii_case(&user)));
    match other {
        Some(other) => Err(in_use(format!(
            "UserProfile [{}] already exists for the SSO user [{user}].",
            domain.profile_arn(&other.name)
        ))),
        None => Ok(user),
    }
}

/// What Studio does when somebody without a profile signs in to an SSO-mode domain: it makes one
/// which has no role of its own. At the quota it does nothing.
pub(crate) fn create_at_sign_in(world: &mut World, now: Timestamp, domain_id: &str, user: &str) {
    let limit = world.limits.user_profiles;
    let place = world.domains.get(domain_id).map(|d| (d.account.clone(), d.region.clone()));
    let profiles = |domain: &&Domain| {
        place.as_ref().is_some_and(|(a, r)| (a, r) == (&domain.account, &domain.region))
    };
    if world.domains.values().filter(profiles).map(|d| d.profiles.len()).sum::<usize>() >= limit {
        return;
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let slug: String = user.chars().map(plain).take(50).collect();
    let name = format!("{}-{}", slug.trim_matches('-'), world.ids.hex(8));
    let name = name.trim_start_matches('-').to_owned();
    let spelled = world.directory.as_ref().and_then(|directory| {
        let id = directory.user_names.get(&user.to_lowercase())?;
        directory.users.get(id)?.attributes.get("UserName")?.as_str().map(str::to_owned)
    });
    let profile = Profile {
        name: name.clone(),
        efs_uid: world.new_efs_uid(),
        sso_user: spelled,
        settings: Map::new(),
        life: world.new_life(now, Status::InService),
    };
    let Some(domain) = world.domains.get_mut(domain_id) else { return };
    let arn = domain.profile_arn(&name);
    domain.profiles.insert(name.to_lowercase(), profile);
    world.tags.insert(arn, BTreeMap::new());
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let profile = find_profile(domain, call.text("UserProfileName"))?;
    let settings = (!profile.settings.is_empty()).then(|| profile.settings.clone().into());
    let identifier = profile.sso_user.as_ref().map(|_| Value::from("UserName"));
    let failure = (profile.life.status == Status::Failed)
        .then(|| Value::from("The user profile could not be created."));
    Ok(answer([
        ("DomainId", Some(domain.id.clone().into())),
        ("UserProfileArn", Some(domain.profile_arn(&profile.name).into())),
        ("UserProfileName", Some(profile.name.clone().into())),
        ("HomeEfsFileSystemUid", Some(profile.efs_uid.clone().into())),
        ("Status", Some(profile.life.status.word().into())),
        ("CreationTime", Some(epoch_seconds(profile.life.created))),
        ("LastModifiedTime", Some(epoch_seconds(profile.life.modified))),
        ("FailureReason", failure),
        ("SingleSignOnUserIdentifier", identifier),
        ("SingleSignOnUserValue", profile.sso_user.clone().map(Value::from)),
        ("UserSettings", settings),
    ])
    .into())
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let in_domain = call.input.find_text("DomainIdEquals");
    let part = call.text("UserProfileNameContains").to_lowercase();
    let by_change = call.text("SortBy") == "LastModifiedTime";
    let profiles = domains_of(world, call)
        .filter(|domain| in_domain.is_none_or(|id| id == domain.id))
        .flat_map(|domain| domain.profiles.iter().map(move |(key, profile)| (domain, key, profile)))
        .filter(|(_, key, _)| key.contains(&part))
        .map(|(domain, _, profile)| {
            let life = &profile.life;
            let position =
                if by_change { life.modified_position() } else { life.created_position() };
            (position, (domain, profile))
        })
        .collect();
    let filters =
        [in_domain.unwrap_or_default(), &part, call.text("SortBy"), call.text("SortOrder")];
    let (page, token) = call.page(profiles, call.input.page_size(DEFAULT_PAGE), &filters)?;
    let page: Vec<Value> =
        page.into_iter().map(|(domain, profile)| summary(domain, profile)).collect();
    Ok(answer([("UserProfiles", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn summary(domain: &Domain, profile: &Profile) -> Value {
    json!({
        "DomainId": domain.id,
        "UserProfileName": profile.name,
        "Status": profile.life.status.word(),
        "CreationTime": epoch_seconds(profile.life.created),
        "LastModifiedTime": epoch_seconds(profile.life.modified),
    })
}

fn update(world: &mut World, call: &Call) -> Outcome {
    check_execution_role(world, call, call.input.get("UserSettings"))?;
    let domain = domain(world, call)?;
    let profile = find_profile(domain, call.text("UserProfileName"))?;
    let (status, key) = (profile.life.status, profile.name.to_lowercase());
    let arn = domain.profile_arn(&key);
    if !matches!(status, Status::InService | Status::UpdateFailed) {
        return Err(in_use(format!("UserProfile [{arn}] is in status {}.", status.word())));
    }
    if let Some(profile) = domain.profiles.get_mut(&key) {
        merge(&mut profile.settings, call.input.get("UserSettings"));
    }
    let id = domain.id.clone();
    let seconds = world.timing.profile_update;
    world.begin(Target::Profile(id, key), Status::Updating, call.now, seconds, call.twist);
    Ok(json!({"UserProfileArn": arn}))
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let profile = find_profile(domain, call.text("UserProfileName"))?;
    let key = profile.name.to_lowercase();
    let arn = domain.profile_arn(&key);
    let refuse = |what: &str| {
        in_use(format!(
            "Unable to delete UserProfile [{arn}] because {what} are associated with it."
        ))
    };
    let owner = Owner::Profile(key.clone());
    let has_apps = domain.apps.iter().any(|(app, state)| {
        app.owner == owner && !matches!(state.life.status, Status::Deleted | Status::Failed)
    });
    if has_apps {
        return Err(refuse("App(s)"));
    }
    let owns = |name: &Option<String>| name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(&key));
    if domain.spaces.values().any(|space| owns(&space.owner)) {
        return Err(refuse("Space(s)"));
    }
    if profile.life.status == Status::Deleting {
        return Err(in_use(format!("UserProfile [{arn}] is already being deleted.")));
    }
    let id = domain.id.clone();
    let seconds = world.timing.profile_delete;
    world.begin(Target::Profile(id, key), Status::Deleting, call.now, seconds, call.twist);
    Ok(Value::Null)
}
