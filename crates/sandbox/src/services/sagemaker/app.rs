//! Apps of profiles and of spaces.

use serde_json::{Value, json};

use super::shapes::{APP_TYPE, DOMAIN_ID, NAME, PAGE, SORT_ORDER, TAGS, TOKEN};
use super::{
    DEFAULT_PAGE, answer, domain, domains_of, find_profile, find_space, in_use, not_found,
    ready_domain, tags,
};
use crate::call::{Call, Operation};
use crate::services::trust;
use crate::state::{App, AppKey, Domain, Owner, Status, Target, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, Member, optional, required};

const IDENTITY: [Member; 5] = [
    required("DomainId", DOMAIN_ID),
    optional("UserProfileName", NAME),
    optional("SpaceName", NAME),
    required("AppType", APP_TYPE),
    required("AppName", NAME),
];

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateApp",
        members: &[
            required("DomainId", DOMAIN_ID),
            optional("UserProfileName", NAME),
            optional("SpaceName", NAME),
            required("AppType", APP_TYPE),
            required("AppName", NAME),
            optional("Tags", TAGS),
            optional("ResourceSpec", Kind::Document),
            optional("RecoveryMode", Kind::Boolean),
        ],
        run: create,
    },
    Operation { name: "DescribeApp", members: &IDENTITY, run: describe },
    Operation {
        name: "ListApps",
        members: &[
            optional("NextToken", TOKEN),
            optional("MaxResults", PAGE),
            optional("SortOrder", SORT_ORDER),
            optional("SortBy", Kind::OneOf(&["CreationTime"])),
            optional("DomainIdEquals", DOMAIN_ID),
            optional("UserProfileNameEquals", NAME),
            optional("SpaceNameEquals", NAME),
        ],
        run: list,
    },
    Operation { name: "DeleteApp", members: &IDENTITY, run: delete },
];

/// The key of the app a call names: it has a profile or a space, never both.
fn key(call: &Call) -> Result<(AppKey, String), ApiError> {
    let profile = call.input.find_text("UserProfileName");
    let space = call.input.find_text("SpaceName");
    let (owner, name) = match (profile, space) {
        (Some(name), None) => (Owner::Profile(name.to_lowercase()), name),
        (None, Some(name)) => (Owner::Space(name.to_lowercase()), name),
        _ => {
            return Err(ApiError::validation(
                "Exactly one of UserProfileName and SpaceName must be specified.",
            ));
        }
    };
    let key = AppKey {
        owner,
        app_type: call.text("AppType").to_owned(),
        name: call.text("AppName").to_lowercase(),
    };
    Ok((key, name.to_owned()))
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let (key, owner) = key(call)?;
    let domain = ready_domain(world, call)?;
    let (status, owner_name, owner_arn) = match &key.owner {
        Owner::Profile(_) => {
            let profile = find_profile(domain, &owner)?;
            (profile.life.status, profile.name.clone(), domain.profile_arn(&owner))
        }
        Owner::Space(_) => {
            let space = find_space(domain, &owner)?;
            (space.life.status, space.name.clone(), domain.space_arn(&owner))
        }
    };
    if !matches!(status, Status::InService | Status::Updating) {
        let status = status.word();
        return Err(ApiError::validation(format!("[{owner_arn}] is in status {status}.")));
    }
    let alive = |app: &App| !matches!(app.life.status, Status::Deleted | Status::Failed);
    let arn = domain.app_arn(&key);
    if domain.apps.get(&key).is_some_and(alive) {
        return Err(in_use(format!("App [{arn}] already exists.")));
    }
    let second_server = key.app_type == "JupyterServer"
        && matches!(key.owner, Owner::Profile(_))
        && domain.apps.iter().any(|(other, app)| {
            other.owner == key.owner && other.app_type == "JupyterServer" && alive(app)
        });
    if second_server {
        return Err(ApiError::bad(
            "ResourceLimitExceeded",
            format!("[{owner_arn}] already has an app of type JupyterServer; one is allowed."),
        ));
    }
    let (id, role) = (domain.id.clone(), app_role(domain, &key.owner));
    let names_profiles = domain.names_profiles();
    copy_tags(world, call, &arn, &owner_arn)?;
    let mut twist = call.twist;
    // The session that the app runs in cannot be opened.
    twist.fails |= names_profiles
        && role.is_some_and(|arn| {
            trust::find_role(world, &arn)
                .is_none_or(|role| !trust::lets_sagemaker_name_profiles(role, &owner_arn))
        });
    let app = App {
        name: call.text("AppName").to_owned(),
        owner_name,
        resource_spec: call.input.get("ResourceSpec").cloned(),
        recovery_mode: call.input.get("RecoveryMode").cloned(),
        life: world.new_life(call.now, Status::Pending),
    };
    super::domain(world, call)?.apps.insert(key.clone(), app);
    let seconds = world.timing.app_create;
    world.begin(Target::App(id, key), Status::Pending, call.now, seconds, twist);
    Ok(json!({"AppArn": arn}))
}

/// The role an app runs with: its profile's, or that of the profile which owns its space.
fn app_role(domain: &Domain, owner: &Owner) -> Option<String> {
    let profile = match owner {
        Owner::Profile(name) => Some(name.clone()),
        Owner::Space(name) => {
            let space = domain.spaces.get(name).filter(|s| s.sharing.as_deref() == Some("Private"));
            space.and_then(|space| space.owner.as_ref()).map(|owner| owner.to_lowercase())
        }
    };
    let profile = profile.and_then(|name| domain.profiles.get(&name));
    profile.map_or_else(|| domain.default_role().map(str::to_owned), |p| domain.role_of(p))
}

/// An app has its own tags and those its profile or space has when it is launched.
fn copy_tags(world: &mut World, call: &Call, app: &str, owner: &str) -> Result<(), ApiError> {
    world.tags.remove(app);
    let inherited = world.tags.get(owner).cloned().unwrap_or_default();
    world.tags.insert(app.to_owned(), inherited);
    tags::set(world, app, call.input.list("Tags"))
}

fn find<'a>(domain: &'a Domain, key: &AppKey) -> Result<&'a App, ApiError> {
    domain
        .apps
        .get(key)
        .ok_or_else(|| not_found(format!("App [{}] does not exist.", domain.app_arn(key))))
}

fn owner_members(key: &AppKey, app: &App) -> (Option<Value>, Option<Value>) {
    let name = Some(Value::from(app.owner_name.clone()));
    match key.owner {
        Owner::Profile(_) => (name, None),
        Owner::Space(_) => (None, name),
    }
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let (key, _) = key(call)?;
    let domain = domain(world, call)?;
    let app = find(domain, &key)?;
    let (profile, space) = owner_members(&key, app);
    let failure = (app.life.status == Status::Failed)
        .then(|| Value::from("InternalFailure: the app could not be started."));
    Ok(answer([
        ("AppArn", Some(domain.app_arn(&key).into())),
        ("AppType", Some(key.app_type.clone().into())),
        ("AppName", Some(app.name.clone().into())),
        ("DomainId", Some(domain.id.clone().into())),
        ("UserProfileName", profile),
        ("SpaceName", space),
        ("Status", Some(app.life.status.word().into())),
        ("CreationTime", Some(epoch_seconds(app.life.created))),
        ("FailureReason", failure),
        ("ResourceSpec", app.resource_spec.clone()),
        ("RecoveryMode", app.recovery_mode.clone()),
    ])
    .into())
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let in_domain = call.input.find_text("DomainIdEquals");
    let profile = call.input.find_text("UserProfileNameEquals");
    let space = call.input.find_text("SpaceNameEquals");
    let wanted = match (profile, space) {
        (Some(_), Some(_)) => {
            return Err(ApiError::validation(
                "Only one of UserProfileNameEquals and SpaceNameEquals can be specified.",
            ));
        }
        (Some(name), None) => Some(Owner::Profile(name.to_lowercase())),
        (None, Some(name)) => Some(Owner::Space(name.to_lowercase())),
        (None, None) => None,
    };
    if wanted.is_some() && in_domain.is_none() {
        return Err(ApiError::validation(
            "DomainIdEquals is required with UserProfileNameEquals or SpaceNameEquals.",
        ));
    }
    let apps = domains_of(world, call)
        .filter(|domain| in_domain.is_none_or(|id| id == domain.id))
        .flat_map(|domain| domain.apps.iter().map(move |(key, app)| (domain, key, app)))
        .filter(|(_, key, _)| wanted.as_ref().is_none_or(|owner| *owner == key.owner))
        .map(|(domain, key, app)| (app.life.created_position(), (domain, key, app)))
        .collect();
    let filters = [
        in_domain.unwrap_or_default(),
        profile.unwrap_or_default(),
        space.unwrap_or_default(),
        call.text("SortOrder"),
    ];
    let (page, token) = call.page(apps, call.input.page_size(DEFAULT_PAGE), &filters)?;
    let page: Vec<Value> =
        page.into_iter().map(|(domain, key, app)| summary(domain, key, app)).collect();
    Ok(answer([("Apps", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn summary(domain: &Domain, key: &AppKey, app: &App) -> Value {
    let (profile, space) = owner_members(key, app);
    answer([
        ("DomainId", Some(domain.id.clone().into())),
        ("UserProfileName", profile),
        ("SpaceName", space),
        ("AppType", Some(key.app_type.clone().into())),
        ("AppName", Some(app.name.clone().into())),
        ("Status", Some(app.life.status.word().into())),
        ("CreationTime", Some(epoch_seconds(app.life.created))),
        ("ResourceSpec", app.resource_spec.clone()),
    ])
    .into()
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let (key, _) = key(call)?;
    let domain = domain(world, call)?;
    let status = find(domain, &key)?.life.status;
    let (id, arn) = (domain.id.clone(), domain.app_arn(&key));
    match status {
        Status::Deleted => {
            Err(ApiError::validation(format!("App [{arn}] has already been deleted.")))
        }
        Status::Failed => Err(ApiError::validation(format!(
            "App [{arn}] previously failed and was automatically deleted."
        ))),
        Status::Deleting => Err(in_use(format!("App [{arn}] is already being deleted."))),
        // Developer guide, "Delete a SageMaker AI domain": only an app that is InService is deleted.
        Status::Pending | Status::Updating => {
            Err(in_use(format!("App [{arn}] is in status {}.", status.word())))
        }
        Status::InService | Status::UpdateFailed | Status::DeleteFailed => {
            let seconds = world.timing.app_delete;
            world.begin(Target::App(id, key), Status::Deleting, call.now, seconds, call.twist);
            Ok(Value::Null)
        }
    }
}
