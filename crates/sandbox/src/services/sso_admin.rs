//! SSO Admin: the Identity Center instance, its applications, and who is assigned to them.

use serde_json::{Value, json};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{Application, Directory, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, any_text, optional, required, text};

const INSTANCE: Kind = text(Pattern::InstanceArn, 10, 1224);
const APPLICATION: Kind = text(Pattern::ApplicationArn, 10, 1224);
const PRINCIPAL: Kind = text(Pattern::PrincipalId, 1, 47);
const PRINCIPAL_TYPE: Kind = Kind::OneOf(&["USER", "GROUP"]);
const PAGE: Kind = Kind::Integer { min: 1, max: 100 };
const TOKEN: Kind = any_text(0, 2048);

/// Page size of lists when `MaxResults` is absent.
const DEFAULT_PAGE: usize = 100;
/// What Studio's applications are made from.
const PROVIDER: &str = "arn:aws:sso::aws:applicationProvider/sagemaker";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "ListInstances",
        members: &[optional("MaxResults", PAGE), optional("NextToken", TOKEN)],
        run: list_instances,
    },
    Operation {
        name: "ListApplications",
        members: &[
            required("InstanceArn", INSTANCE),
            optional("MaxResults", PAGE),
            optional("NextToken", TOKEN),
            optional(
                "Filter",
                Kind::Structure(&[
                    optional("ApplicationAccount", text(Pattern::AccountId, 12, 12)),
                    optional("ApplicationProvider", any_text(10, 1224)),
                ]),
            ),
        ],
        run: list_applications,
    },
    Operation {
        name: "DescribeApplication",
        members: &[required("ApplicationArn", APPLICATION)],
        run: describe_application,
    },
    Operation {
        name: "CreateApplicationAssignment",
        members: &[
            required("ApplicationArn", APPLICATION),
            required("PrincipalId", PRINCIPAL),
            required("PrincipalType", PRINCIPAL_TYPE),
        ],
        run: assign,
    },
    Operation {
        name: "DeleteApplicationAssignment",
        members: &[
            required("ApplicationArn", APPLICATION),
            required("PrincipalId", PRINCIPAL),
            required("PrincipalType", PRINCIPAL_TYPE),
        ],
        run: unassign,
    },
    Operation {
        name: "ListApplicationAssignments",
        members: &[
            required("ApplicationArn", APPLICATION),
            optional("MaxResults", PAGE),
            optional("NextToken", TOKEN),
        ],
        run: list_assignments,
    },
    Operation {
        name: "ListApplicationAssignmentsForPrincipal",
        members: &[
            required("InstanceArn", INSTANCE),
            required("PrincipalId", PRINCIPAL),
            required("PrincipalType", PRINCIPAL_TYPE),
            optional("Filter", Kind::Structure(&[optional("ApplicationArn", APPLICATION)])),
            optional("NextToken", TOKEN),
            optional("MaxResults", PAGE),
        ],
        run: list_for_principal,
    },
];

fn not_found(what: &str) -> ApiError {
    ApiError::bad("ResourceNotFoundException", format!("{what} not found."))
}

/// The instance of the region of a call.
fn instance<'a>(world: &'a World, call: &Call) -> Option<&'a Directory> {
    world.directory.as_ref().filter(|directory| directory.region == call.region)
}

fn required_instance<'a>(world: &'a World, call: &Call) -> Result<&'a Directory, ApiError> {
    instance(world, call)
        .filter(|directory| directory.instance_arn == call.text("InstanceArn"))
        .ok_or_else(|| not_found("Instance"))
}

#[expect(clippy::unnecessary_wraps, reason = "operations share one signature")]
fn list_instances(world: &mut World, call: &Call) -> Outcome {
    let instances: Vec<Value> = instance(world, call)
        .map(|directory| {
            json!({
                "InstanceArn": directory.instance_arn,
                "IdentityStoreId": directory.id,
                "OwnerAccountId": directory.account,
                "Status": "ACTIVE",
                "PrimaryRegion": directory.region,
            })
        })
        .into_iter()
        .collect();
    Ok(json!({"Instances": instances}))
}

fn shown(directory: &Directory, arn: &str, application: &Application) -> Value {
    json!({
        "ApplicationArn": arn,
        "ApplicationProviderArn": PROVIDER,
        "Name": application.name,
        "ApplicationAccount": application.account,
        "InstanceArn": directory.instance_arn,
        "Status": "ENABLED",
        "PortalOptions": {"Visibility": "ENABLED"},
        "CreatedDate": epoch_seconds(application.created),
        "CreatedFrom": application.region,
    })
}

fn list_applications(world: &mut World, call: &Call) -> Outcome {
    let directory = required_instance(world, call)?;
    let account = call.input.inner("Filter", "ApplicationAccount");
    let provider = call.input.inner("Filter", "ApplicationProvider");
    let applications = world
        .applications
        .iter()
        .filter(|(_, application)| account.is_none_or(|account| account == application.account))
        .filter(|_| provider.is_none_or(|provider| provider == PROVIDER))
        .map(|(arn, application)| ((0, application.order), shown(directory, arn, application)))
        .collect();
    let size = call.input.page_size(DEFAULT_PAGE);
    let filters = [account.unwrap_or_default(), provider.unwrap_or_default()];
    let (page, token) = call.page(applications, size, &filters)?;
    Ok(answer([("Applications", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn describe_application(world: &mut World, call: &Call) -> Outcome {
    let directory = instance(world, call).ok_or_else(|| not_found("Application"))?;
    let arn = call.text("ApplicationArn");
    let application = world.applications.get(arn).ok_or_else(|| not_found("Application"))?;
    Ok(shown(directory, arn, application))
}

/// The application of a call that changes assignments: the account of the instance or of the
/// application may.
fn application<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Application, ApiError> {
    let owner = instance(world, call).ok_or_else(|| not_found("Application"))?.account.clone();
    let application = world
        .applications
        .get_mut(call.text("ApplicationArn"))
        .ok_or_else(|| not_found("Application"))?;
    if call.caller.account != owner && call.caller.account != application.account {
        return Err(ApiError::bad(
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: sso:{} on resource: {}",
                call.caller.arn,
                call.operation,
                call.text("ApplicationArn")
            ),
        ));
    }
    Ok(application)
}

fn principal(call: &Call) -> (String, String) {
    (call.text("PrincipalType").to_owned(), call.text("PrincipalId").to_owned())
}

fn assign(world: &mut World, call: &Call) -> Outcome {
    application(world, call)?;
    let (kind, id) = principal(call);
    let known = world.directory.as_ref().is_some_and(|directory| match kind.as_str() {
        "USER" => directory.users.contains_key(&id),
        _ => directory.groups.contains_key(&id),
    });
    if !known {
        return Err(not_found("Principal"));
    }
    let order = world.next_order();
    let application = application(world, call)?;
    if application.assignments.contains_key(&(kind.clone(), id.clone())) {
        return Err(ApiError::bad("ConflictException", "The assignment already exists."));
    }
    application.assignments.insert((kind, id), order);
    Ok(json!({}))
}

fn unassign(world: &mut World, call: &Call) -> Outcome {
    let application = application(world, call)?;
    match application.assignments.remove(&principal(call)) {
        Some(_) => Ok(json!({})),
        None => Err(not_found("Assignment")),
    }
}

fn list_assignments(world: &mut World, call: &Call) -> Outcome {
    let arn = call.text("ApplicationArn");
    instance(world, call).ok_or_else(|| not_found("Application"))?;
    let application = world.applications.get(arn).ok_or_else(|| not_found("Application"))?;
    let assignments = application
        .assignments
        .iter()
        .map(|((kind, id), order)| ((0, *order), assignment(arn, kind, id)))
        .collect();
    let (page, token) = call.page(assignments, call.input.page_size(DEFAULT_PAGE), &[arn])?;
    Ok(assignments_answer(page, token))
}

fn assignment(arn: &str, kind: &str, id: &str) -> Value {
    json!({"ApplicationArn": arn, "PrincipalId": id, "PrincipalType": kind})
}

fn assignments_answer(page: Vec<Value>, token: Option<String>) -> Value {
    answer([("ApplicationAssignments", Some(page.into())), ("NextToken", token.map(Value::from))])
        .into()
}

/// Assignments of a user count those of the user's groups.
fn list_for_principal(world: &mut World, call: &Call) -> Outcome {
    let directory = required_instance(world, call)?;
    let wanted = call.input.inner("Filter", "ApplicationArn");
    if directory.account != call.caller.account && wanted.is_none() {
        return Err(ApiError::bad(
            "AccessDeniedException",
            "Member accounts must filter by ApplicationArn.",
        ));
    }
    let (kind, id) = principal(call);
    let assignments = world
        .applications
        .iter()
        .filter(|(arn, _)| wanted.is_none_or(|wanted| wanted == arn.as_str()))
        .flat_map(|(arn, application)| {
            application.assignments.iter().map(move |(principal, order)| (arn, principal, order))
        })
        .filter(|(_, principal, _)| matches(directory, principal, &kind, &id))
        .map(|(arn, (kind, id), order)| ((0, *order), assignment(arn, kind, id)))
        .collect();
    let filters = [kind.as_str(), id.as_str(), wanted.unwrap_or_default()];
    let (page, token) = call.page(assignments, call.input.page_size(DEFAULT_PAGE), &filters)?;
    Ok(assignments_answer(page, token))
}

fn matches(directory: &Directory, assigned: &(String, String), kind: &str, id: &str) -> bool {
    let (assigned_kind, assigned_id) = assigned;
    (assigned_kind == kind && assigned_id == id)
        || (kind == "USER"
            && assigned_kind == "GROUP"
            && directory.by_user.get(id).is_some_and(|groups| groups.contains_key(assigned_id)))
}

/// Whether a person may use an application: assigned by name, or through a group.
pub(crate) fn is_assigned(directory: &Directory, application: &Application, user: &str) -> bool {
    application.assignments.keys().any(|assigned| matches(directory, assigned, "USER", user))
}
