//! Spaces, private and shared.

use serde_json::{Value, json};

use super::shapes::{APP_TYPE, DOMAIN_ID, NAME, PAGE, SORT_ORDER, TAGS, TOKEN};
use super::{
    DEFAULT_PAGE, answer, domain, domains_of, find_profile, find_space, in_use, limit_exceeded,
    merge, ready_domain, tags,
};
use crate::call::{Call, Operation};
use crate::state::{Domain, Owner, Space, Status, Target, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, any_text, optional, required};

const SETTINGS: Kind = Kind::Structure(&[
    optional("AppType", APP_TYPE),
    optional("JupyterServerAppSettings", Kind::Document),
    optional("KernelGatewayAppSettings", Kind::Document),
    optional("CodeEditorAppSettings", Kind::Document),
    optional("JupyterLabAppSettings", Kind::Document),
    optional("SpaceStorageSettings", Kind::Document),
    optional("SpaceManagedResources", Kind::OneOf(&["ENABLED", "DISABLED"])),
    optional("CustomFileSystems", Kind::Document),
    optional("RemoteAccess", Kind::OneOf(&["ENABLED", "DISABLED"])),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateSpace",
        members: &[
            required("DomainId", DOMAIN_ID),
            required("SpaceName", NAME),
            optional("Tags", TAGS),
            optional("SpaceSettings", SETTINGS),
            optional(
                "OwnershipSettings",
                Kind::Structure(&[required("OwnerUserProfileName", NAME)]),
            ),
            optional(
                "SpaceSharingSettings",
                Kind::Structure(&[required("SharingType", Kind::OneOf(&["Private", "Shared"]))]),
            ),
            optional("SpaceDisplayName", any_text(0, 64)),
        ],
        run: create,
    },
    Operation {
        name: "DescribeSpace",
        members: &[required("DomainId", DOMAIN_ID), required("SpaceName", NAME)],
        run: describe,
    },
    Operation {
        name: "ListSpaces",
        members: &[
            optional("NextToken", TOKEN),
            optional("MaxResults", PAGE),
            optional("SortOrder", SORT_ORDER),
            optional("SortBy", Kind::OneOf(&["CreationTime", "LastModifiedTime"])),
            optional("DomainIdEquals", DOMAIN_ID),
            optional("SpaceNameContains", NAME),
        ],
        run: list,
    },
    Operation {
        name: "UpdateSpace",
        members: &[
            required("DomainId", DOMAIN_ID),
            required("SpaceName", NAME),
            optional("SpaceSettings", SETTINGS),
            optional("SpaceDisplayName", any_text(0, 64)),
        ],
        run: update,
    },
    Operation {
        name: "DeleteSpace",
        members: &[required("DomainId", DOMAIN_ID), required("SpaceName", NAME)],
        run: delete,
    },
];

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("SpaceName");
    let limit = world.limits.spaces;
    if domains_of(world, call).map(|domain| domain.spaces.len()).sum::<usize>() >= limit {
        return Err(limit_exceeded("Maximum number of Studio spaces allowed per account", limit));
    }
    let owner = call.input.inner("OwnershipSettings", "OwnerUserProfileName");
    let sharing = call.input.inner("SpaceSharingSettings", "SharingType");
    if owner.is_some() != sharing.is_some() {
        return Err(ApiError::validation(
            "OwnershipSettings and SpaceSharingSettings must be specified together.",
        ));
    }
    let domain = ready_domain(world, call)?;
    let owner = owner
        .map(|owner| {
            let profile = find_profile(domain, owner)?;
            match profile.life.status {
                Status::InService | Status::Updating => Ok(profile.name.clone()),
                status => Err(ApiError::validation(format!(
                    "UserProfile [{}] is in status {}.",
                    domain.profile_arn(owner),
                    status.word()
                ))),
            }
        })
        .transpose()?;
    let (key, arn, id) = (name.to_lowercase(), domain.space_arn(name), domain.id.clone());
    if domain.spaces.contains_key(&key) {
        return Err(in_use(format!("Space [{arn}] already exists.")));
    }
    tags::set(world, &arn, call.input.list("Tags"))?;
    let settings = call.input.get("SpaceSettings").and_then(Value::as_object);
    let space = Space {
        name: name.to_owned(),
        efs_uid: world.new_efs_uid(),
        owner,
        sharing: sharing.map(str::to_owned),
        display_name: call.input.find_text("SpaceDisplayName").map(str::to_owned),
        settings: settings.cloned().unwrap_or_default(),
        life: world.new_life(call.now, Status::Pending),
    };
    ready_domain(world, call)?.spaces.insert(key.clone(), space);
    let seconds = world.timing.space_create;
    world.begin(Target::Space(id, key), Status::Pending, call.now, seconds, call.twist);
    Ok(json!({"SpaceArn": arn}))
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let space = find_space(domain, call.text("SpaceName"))?;
    let url = format!(
        "https://{}.studio.{}.sagemaker.aws/jupyter/default?spaceName={}",
        domain.id, domain.region, space.name
    );
    let settings = (!space.settings.is_empty()).then(|| space.settings.clone().into());
    Ok(answer([
        ("DomainId", Some(domain.id.clone().into())),
        ("SpaceArn", Some(domain.space_arn(&space.name).into())),
        ("SpaceName", Some(space.name.clone().into())),
        ("HomeEfsFileSystemUid", Some(space.efs_uid.clone().into())),
        ("Status", Some(space.life.status.word().into())),
        ("CreationTime", Some(epoch_seconds(space.life.created))),
        ("LastModifiedTime", Some(epoch_seconds(space.life.modified))),
        ("SpaceSettings", settings),
        ("OwnershipSettings", ownership(space)),
        ("SpaceSharingSettings", sharing(space)),
        ("SpaceDisplayName", space.display_name.clone().map(Value::from)),
        ("Url", Some(url.into())),
    ])
    .into())
}

fn ownership(space: &Space) -> Option<Value> {
    space.owner.as_ref().map(|owner| json!({"OwnerUserProfileName": owner}))
}

fn sharing(space: &Space) -> Option<Value> {
    space.sharing.as_ref().map(|sharing| json!({"SharingType": sharing}))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let in_domain = call.input.find_text("DomainIdEquals");
    let part = call.text("SpaceNameContains").to_lowercase();
    let by_change = call.text("SortBy") == "LastModifiedTime";
    let spaces = domains_of(world, call)
        .filter(|domain| in_domain.is_none_or(|id| id == domain.id))
        .flat_map(|domain| domain.spaces.iter().map(move |(key, space)| (domain, key, space)))
        .filter(|(_, key, _)| key.contains(&part))
        .map(|(domain, _, space)| {
            let life = &space.life;
            let position =
                if by_change { life.modified_position() } else { life.created_position() };
            (position, (domain, space))
        })
        .collect();
    let filters =
        [in_domain.unwrap_or_default(), &part, call.text("SortBy"), call.text("SortOrder")];
    let (page, token) = call.page(spaces, call.input.page_size(DEFAULT_PAGE), &filters)?;
    let page: Vec<Value> = page.into_iter().map(|(domain, space)| summary(domain, space)).collect();
    Ok(answer([("Spaces", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn summary(domain: &Domain, space: &Space) -> Value {
    let summary = answer(
        ["AppType", "RemoteAccess", "SpaceStorageSettings"]
            .map(|name| (name, space.settings.get(name).cloned())),
    );
    let summary = (!summary.is_empty()).then(|| summary.into());
    answer([
        ("DomainId", Some(domain.id.clone().into())),
        ("SpaceName", Some(space.name.clone().into())),
        ("Status", Some(space.life.status.word().into())),
        ("CreationTime", Some(epoch_seconds(space.life.created))),
        ("LastModifiedTime", Some(epoch_seconds(space.life.modified))),
        ("SpaceSettingsSummary", summary),
        ("SpaceSharingSettingsSummary", sharing(space)),
        ("OwnershipSettingsSummary", ownership(space)),
        ("SpaceDisplayName", space.display_name.clone().map(Value::from)),
    ])
    .into()
}

fn update(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let space = find_space(domain, call.text("SpaceName"))?;
    let (status, key) = (space.life.status, space.name.to_lowercase());
    let (arn, id) = (domain.space_arn(&key), domain.id.clone());
    if !matches!(status, Status::InService | Status::UpdateFailed) {
        return Err(in_use(format!("Space [{arn}] is in status {}.", status.word())));
    }
    if let Some(space) = domain.spaces.get_mut(&key) {
        merge(&mut space.settings, call.input.get("SpaceSettings"));
        if let Some(name) = call.input.find_text("SpaceDisplayName") {
            space.display_name = Some(name.to_owned());
        }
    }
    let seconds = world.timing.space_update;
    world.begin(Target::Space(id, key), Status::Updating, call.now, seconds, call.twist);
    Ok(json!({"SpaceArn": arn}))
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let space = find_space(domain, call.text("SpaceName"))?;
    let (status, key) = (space.life.status, space.name.to_lowercase());
    let (arn, id) = (domain.space_arn(&key), domain.id.clone());
    let owner = Owner::Space(key.clone());
    let has_apps = domain.apps.iter().any(|(app, state)| {
        app.owner == owner && !matches!(state.life.status, Status::Deleted | Status::Failed)
    });
    if has_apps {
        return Err(in_use(format!(
            "Unable to delete Space [{arn}] because App(s) are associated with it."
        )));
    }
    if status == Status::Deleting {
        return Err(in_use(format!("Space [{arn}] is already being deleted.")));
    }
    let seconds = world.timing.space_delete;
    world.begin(Target::Space(id, key), Status::Deleting, call.now, seconds, call.twist);
    Ok(Value::Null)
}
