//! Domains.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::shapes::{
    DEFAULT_SPACE_SETTINGS, DOMAIN_ID, NAME, PAGE, SUBNETS, TAGS, TOKEN, USER_SETTINGS, VPC,
};
use super::{
    DEFAULT_PAGE, answer, check_execution_role, domain, domains_of, in_use, limit_exceeded, merge,
    tags,
};
use crate::call::{Call, Operation};
use crate::seed::AuthMode;
use crate::state::{Application, Domain, Status, Target, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, optional, required};

const ACCESS: Kind = Kind::OneOf(&["PublicInternetOnly", "VpcOnly"]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateDomain",
        members: &[
            required("DomainName", NAME),
            required("AuthMode", Kind::OneOf(&["SSO", "IAM"])),
            required("DefaultUserSettings", USER_SETTINGS),
            optional("DefaultSpaceSettings", DEFAULT_SPACE_SETTINGS),
            optional("DomainSettings", Kind::Document),
            optional("SubnetIds", SUBNETS),
            optional("VpcId", VPC),
            optional("Tags", TAGS),
            optional("AppNetworkAccessType", ACCESS),
        ],
        run: create,
    },
    Operation {
        name: "DescribeDomain",
        members: &[required("DomainId", DOMAIN_ID)],
        run: describe,
    },
    Operation {
        name: "ListDomains",
        members: &[optional("NextToken", TOKEN), optional("MaxResults", PAGE)],
        run: list,
    },
    Operation {
        name: "UpdateDomain",
        members: &[
            required("DomainId", DOMAIN_ID),
            optional("DefaultUserSettings", USER_SETTINGS),
            optional("DefaultSpaceSettings", DEFAULT_SPACE_SETTINGS),
            optional("SubnetIds", SUBNETS),
            optional("AppNetworkAccessType", ACCESS),
        ],
        run: update,
    },
    Operation {
        name: "DeleteDomain",
        members: &[
            required("DomainId", DOMAIN_ID),
            optional(
                "RetentionPolicy",
                Kind::Structure(&[optional(
                    "HomeEfsFileSystem",
                    Kind::OneOf(&["Retain", "Delete"]),
                )]),
            ),
        ],
        run: delete,
    },
];

/// Members of `CreateDomain` which `DescribeDomain` shows again.
const KEPT: &[&str] = &[
    "DomainName",
    "DefaultUserSettings",
    "DefaultSpaceSettings",
    "DomainSettings",
    "SubnetIds",
    "VpcId",
    "AppNetworkAccessType",
    "HomeEfsFileSystemKmsKeyId",
    "KmsKeyId",
    "AppSecurityGroupManagement",
    "HomeEfsFileSystemCreation",
    "TagPropagation",
];

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("DomainName");
    check_execution_role(world, call, call.input.get("DefaultUserSettings"))?;
    check_execution_role(world, call, call.input.get("DefaultSpaceSettings"))?;
    let taken = domains_of(world, call).any(|domain| {
        let existing = domain.members.get("DomainName").and_then(Value::as_str);
        existing.is_some_and(|existing| existing.eq_ignore_ascii_case(name))
    });
    if taken {
        return Err(in_use(format!("Domain with name [{name}] already exists.")));
    }
    let limit = world.limits.domains;
    if domains_of(world, call).count() >= limit {
        return Err(limit_exceeded("Total domains", limit));
    }
    let auth_mode = match call.text("AuthMode") {
        "SSO" => AuthMode::Sso,
        _ => AuthMode::Iam,
    };
    let id = format!("d-{}", world.ids.alphanumeric(12));
    let application_arn = match auth_mode {
        AuthMode::Iam => None,
        AuthMode::Sso => Some(register_application(world, call, &id)?),
    };
    let mut members = call.input.pick(KEPT);
    members.entry("AppNetworkAccessType").or_insert_with(|| Value::from("PublicInternetOnly"));
    members.insert("HomeEfsFileSystemId".to_owned(), format!("fs-{}", world.ids.hex(17)).into());
    let domain = Domain {
        id: id.clone(),
        account: call.caller.account.clone(),
        region: call.region.clone(),
        auth_mode,
        application_arn,
        old: false,
        life: world.new_life(call.now, Status::Pending),
        members,
        profiles: BTreeMap::new(),
        spaces: BTreeMap::new(),
        apps: BTreeMap::new(),
    };
    let (arn, url) = (domain.arn(), url(&domain));
    tags::set(world, &arn, call.input.list("Tags"))?;
    world.domains.insert(id.clone(), domain);
    let seconds = world.timing.domain_create;
    world.begin(Target::Domain(id.clone()), Status::Pending, call.now, seconds, call.twist);
    Ok(json!({"DomainArn": arn, "DomainId": id, "Url": url}))
}

/// An SSO-mode domain is an application of the Identity Center instance in its region.
fn register_application(world: &mut World, call: &Call, id: &str) -> Result<String, ApiError> {
    let here = world.directory.as_ref().filter(|directory| directory.region == call.region);
    let Some(instance) = here.map(|directory| directory.instance_arn.clone()) else {
        return Err(ApiError::validation(format!(
            "AuthMode SSO needs an IAM Identity Center instance in the region {}.",
            call.region
        )));
    };
    let account = call.caller.account.clone();
    Ok(add_application(world, &instance, (&account, &call.region), id, call.now))
}

/// Adds the application of a domain; returns its ARN.
pub(crate) fn add_application(
    world: &mut World,
    instance_arn: &str,
    (account, region): (&str, &str),
    domain_id: &str,
    now: jiff::Timestamp,
) -> String {
    let instance = instance_arn.rsplit('/').next().unwrap_or_default();
    let id = world.ids.hex(16);
    let arn = format!("arn:aws:sso::{account}:application/{instance}/apl-{id}");
    let application = Application {
        order: world.next_order(),
        name: format!("SageMaker Studio {domain_id}"),
        account: account.to_owned(),
        region: region.to_owned(),
        created: now,
        assignments: BTreeMap::new(),
    };
    world.applications.insert(arn.clone(), application);
    arn
}

fn url(domain: &Domain) -> String {
    format!("https://{}.studio.{}.sagemaker.aws", domain.id, domain.region)
}

/// How domains from before 1 October 2023 name their application.
fn instance_id(application_arn: &str) -> String {
    application_arn.rsplit('/').next().unwrap_or_default().replacen("apl-", "ins-", 1)
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let application = domain.application_arn.as_deref();
    let mut answer = answer([
        ("DomainArn", Some(domain.arn().into())),
        ("DomainId", Some(domain.id.clone().into())),
        ("Url", Some(url(domain).into())),
        ("AuthMode", Some(domain.auth_mode.word().into())),
        ("Status", Some(domain.life.status.word().into())),
        ("CreationTime", Some(epoch_seconds(domain.life.created))),
        ("LastModifiedTime", Some(epoch_seconds(domain.life.modified))),
        ("SingleSignOnApplicationArn", application.filter(|_| !domain.old).map(Value::from)),
        (
            "SingleSignOnManagedApplicationInstanceId",
            application.filter(|_| domain.old).map(|arn| Value::from(instance_id(arn))),
        ),
    ]);
    answer.extend(domain.members.clone());
    Ok(answer.into())
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let domains = domains_of(world, call)
        .map(|domain| {
            let details = json!({
                "DomainArn": domain.arn(),
                "DomainId": domain.id,
                "DomainName": domain.members.get("DomainName"),
                "Status": domain.life.status.word(),
                "CreationTime": epoch_seconds(domain.life.created),
                "LastModifiedTime": epoch_seconds(domain.life.modified),
                "Url": url(domain),
            });
            (domain.life.created_position(), details)
        })
        .collect();
    let (page, token) = call.page(domains, call.input.page_size(DEFAULT_PAGE), &[])?;
    Ok(answer([("Domains", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn update(world: &mut World, call: &Call) -> Outcome {
    check_execution_role(world, call, call.input.get("DefaultUserSettings"))?;
    check_execution_role(world, call, call.input.get("DefaultSpaceSettings"))?;
    let domain = domain(world, call)?;
    if !matches!(domain.life.status, Status::InService | Status::UpdateFailed) {
        let status = domain.life.status.word();
        return Err(in_use(format!("Domain [{}] is in status {status}.", domain.id)));
    }
    for name in ["DefaultUserSettings", "DefaultSpaceSettings"] {
        if let Some(new) = call.input.get(name) {
            let old = domain.members.entry(name).or_insert_with(|| json!({}));
            if let Some(old) = old.as_object_mut() {
                merge(old, Some(new));
            }
        }
    }
    domain.members.extend(call.input.pick(&["SubnetIds", "AppNetworkAccessType"]));
    let (arn, id) = (domain.arn(), domain.id.clone());
    let seconds = world.timing.domain_update;
    world.begin(Target::Domain(id), Status::Updating, call.now, seconds, call.twist);
    Ok(json!({"DomainArn": arn}))
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let domain = domain(world, call)?;
    let holds = if !domain.profiles.is_empty() {
        Some("UserProfile(s)")
    } else if !domain.spaces.is_empty() {
        Some("Space(s)")
    } else {
        None
    };
    if let Some(holds) = holds {
        let arn = domain.arn();
        return Err(in_use(format!(
            "Unable to delete Domain [{arn}] because {holds} are associated with it."
        )));
    }
    let id = domain.id.clone();
    let seconds = world.timing.domain_delete;
    world.begin(Target::Domain(id), Status::Deleting, call.now, seconds, call.twist);
    Ok(Value::Null)
}
