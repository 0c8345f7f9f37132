//! Managed policies and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    DOCUMENT, PATH, POLICY_ARN, POLICY_NAME, POLICY_SIZE, TAGS, document, encoded, limit_exceeded,
    no_such_entity, second, size,
};
use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{ManagedPolicy, PolicyVersion, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, any_text, optional, required};

/// How many versions of a policy are kept.
const VERSIONS: usize = 5;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreatePolicy",
        members: &[
            required("PolicyName", POLICY_NAME),
            optional("Path", PATH),
            required("PolicyDocument", DOCUMENT),
            optional("Description", any_text(0, 1000)),
            optional("Tags", TAGS),
        ],
        run: create,
    },
    Operation { name: "GetPolicy", members: &[required("PolicyArn", POLICY_ARN)], run: get },
    Operation {
        name: "CreatePolicyVersion",
        members: &[
            required("PolicyArn", POLICY_ARN),
            required("PolicyDocument", DOCUMENT),
            optional("SetAsDefault", Kind::Boolean),
        ],
        run: create_version,
    },
    Operation {
        name: "GetPolicyVersion",
        members: &[required("PolicyArn", POLICY_ARN), required("VersionId", any_text(0, 512))],
        run: get_version,
    },
    Operation { name: "DeletePolicy", members: &[required("PolicyArn", POLICY_ARN)], run: delete },
];

/// Policies of AWS that the simulator has: name, id and document. The second is only the beginning
/// of what AWS's own allows.
const AWS_MANAGED: [(&str, &str, &str); 2] = [
    (
        "AdministratorAccess",
        "ANPAIWMBCKSKIEE64ZLYK",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "AmazonSageMakerFullAccess",
        "ANPAJZ5IWYMXO5QDB4QOG",
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"AllowAllNonAdminSageMakerActions","Effect":"Allow","Action":["sagemaker:*","sagemaker-geospatial:*"],"NotResource":["arn:aws:sagemaker:*:*:domain/*","arn:aws:sagemaker:*:*:user-profile/*","arn:aws:sagemaker:*:*:app/*","arn:aws:sagemaker:*:*:space/*","arn:aws:sagemaker:*:*:partner-app/*","arn:aws:sagemaker:*:*:flow-definition/*"]}]}"#,
    ),
];

/// AWS's own policies, by ARN.
pub(crate) fn aws_managed() -> BTreeMap<String, ManagedPolicy> {
    let policies = AWS_MANAGED.map(|(name, id, document)| ManagedPolicy {
        account: "aws".to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: id.to_owned(),
        description: None,
        created: Timestamp::UNIX_EPOCH,
        updated: Timestamp::UNIX_EPOCH,
        tags: Vec::new(),
        default: 1,
        versions: first_version(document.to_owned(), Timestamp::UNIX_EPOCH),
    });
    policies.into_iter().map(|policy| (policy.arn(), policy)).collect()
}

/// The versions of a policy that was just made.
pub(crate) fn first_version(document: String, created: Timestamp) -> BTreeMap<u32, PolicyVersion> {
    BTreeMap::from([(1, PolicyVersion { document, created })])
}

/// The policy of this ARN, if the account of the caller can see it.
pub(super) fn visible<'a>(world: &'a World, call: &Call, arn: &str) -> Option<&'a ManagedPolicy> {
    let policy = world.policies.get(arn)?;
    (policy.account == call.caller.account || policy.account == "aws").then_some(policy)
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a ManagedPolicy, ApiError> {
    let arn = call.text("PolicyArn");
    visible(world, call, arn).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

/// The policy, which must be the caller's own: AWS's cannot be changed.
fn own<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut ManagedPolicy, ApiError> {
    if found(world, call)?.account != call.caller.account {
        let arn = call.text("PolicyArn");
        return Err(ApiError::new(403, "AccessDenied", format!("Policy {arn} is managed by AWS.")));
    }
    let arn = call.text("PolicyArn");
    let missing = || no_such_entity(format!("Policy {arn} was not found."));
    world.policies.get_mut(arn).ok_or_else(missing)
}

fn sized(call: &Call) -> Result<String, ApiError> {
    document(call, "PolicyDocument")?;
    let text = call.text("PolicyDocument");
    if size(text) > POLICY_SIZE {
        return Err(limit_exceeded(format!("Cannot exceed quota for PolicySize: {POLICY_SIZE}")));
    }
    Ok(text.to_owned())
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("PolicyName");
    let account = &call.caller.account;
    let is_taken = world
        .policies
        .values()
        .any(|policy| &policy.account == account && policy.name.eq_ignore_ascii_case(name));
    if is_taken {
        let message =
            format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    }
    let document = sized(call)?;
    let policy = ManagedPolicy {
        account: account.clone(),
        name: name.to_owned(),
        path: call.input.find_text("Path").unwrap_or("/").to_owned(),
        id: format!("ANPA{}", world.ids.key(17)),
        description: call.input.find_text("Description").map(str::to_owned),
        created: call.now,
        updated: call.now,
        tags: call.input.list("Tags").to_vec(),
        default: 1,
        versions: first_version(document, call.now),
    };
    let shown = shown(world, &policy);
    world.policies.insert(policy.arn(), policy);
    Ok(json!({"Policy": shown}))
}

fn shown(world: &World, policy: &ManagedPolicy) -> Value {
    let arn = policy.arn();
    let roles = world.roles.values();
    let attached = roles.clone().filter(|role| role.attached.contains(&arn)).count();
    let boundaries = roles.filter(|role| role.boundary.as_ref() == Some(&arn)).count();
    let tags = (!policy.tags.is_empty()).then(|| policy.tags.clone().into());
    answer([
        ("PolicyName", Some(policy.name.clone().into())),
        ("PolicyId", Some(policy.id.clone().into())),
        ("Arn", Some(arn.into())),
        ("Path", Some(policy.path.clone().into())),
        ("DefaultVersionId", Some(format!("v{}", policy.default).into())),
        ("AttachmentCount", Some(attached.into())),
        ("PermissionsBoundaryUsageCount", Some(boundaries.into())),
        ("IsAttachable", Some(true.into())),
        ("Description", policy.description.clone().map(Value::from)),
        ("CreateDate", Some(second(policy.created))),
        ("UpdateDate", Some(second(policy.updated))),
        ("Tags", tags),
    ])
    .into()
}

fn get(world: &mut World, call: &Call) -> Outcome {
    Ok(json!({"Policy": shown(world, found(world, call)?)}))
}

fn create_version(world: &mut World, call: &Call) -> Outcome {
    let document = sized(call)?;
    let is_default = call.input.get("SetAsDefault").and_then(Value::as_bool).unwrap_or(false);
    let policy = own(world, call)?;
    if policy.versions.len() >= VERSIONS {
        let message = format!(
            "A managed policy can have up to {VERSIONS} versions. Before you create a new version, \
             you must delete an existing version."
        );
        return Err(limit_exceeded(message));
    }
    let number = policy.versions.keys().next_back().map_or(1, |last| last + 1);
    policy.versions.insert(number, PolicyVersion { document, created: call.now });
    policy.updated = call.now;
    if is_default {
        policy.default = number;
    }
    Ok(json!({"PolicyVersion": {
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": is_default,
        "CreateDate": second(call.now),
    }}))
}

fn get_version(world: &mut World, call: &Call) -> Outcome {
    let (arn, id) = (call.text("PolicyArn"), call.text("VersionId"));
    let number = id.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
    let version = visible(world, call, arn).and_then(|policy| {
        let number = number?;
        Some((policy.versions.get(&number)?, policy.default == number))
    });
    let Some((version, is_default)) = version else {
        let message = format!("Policy {arn} version {id} does not exist or is not attachable.");
        return Err(no_such_entity(message));
    };
    Ok(json!({"PolicyVersion": {
        "Document": encoded(&version.document),
        "VersionId": id,
        "IsDefaultVersion": is_default,
        "CreateDate": second(version.created),
    }}))
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let arn = own(world, call)?.arn();
    let conflict = |message: &str| Err(ApiError::new(409, "DeleteConflict", message));
    let is_used = world
        .roles
        .values()
        .any(|role| role.attached.contains(&arn) || role.boundary.as_ref() == Some(&arn));
    if is_used {
        return conflict("Cannot delete a policy attached to entities.");
    }
    if own(world, call)?.versions.len() > 1 {
        return conflict(
            "This policy has more than one version. Before you delete a policy, you must delete \
             the policy's versions. The default version is deleted with the policy.",
        );
    }
    world.policies.remove(&arn);
    Ok(Value::Null)
}
