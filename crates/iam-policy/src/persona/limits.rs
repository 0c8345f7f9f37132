//! Which instance types may be used.

use super::Scope;
use crate::document::Statement;

/// Actions that name instance types, among those that activities grant.
const NAMES_TYPES: [&str; 11] = [
    "sagemaker:CreateApp",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateMonitoringSchedule",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateSpace",
    "sagemaker:CreateTrainingJob",
    "sagemaker:CreateTransformJob",
    "sagemaker:UpdateMonitoringSchedule",
    "sagemaker:UpdateSpace",
    "sagemaker:UpdateTrainingJob",
];

/// Those of them that must name one. The others may leave it out: an app or space then has the
/// domain's default, which an admin chose; a serverless endpoint has no instance; an update that
/// names none changes none.
const MUST_NAME: [&str; 5] = [
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateMonitoringSchedule",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "sagemaker:CreateTransformJob",
];

/// The type of the instance that Studio's own servers run on, which costs nothing.
const SYSTEM: &str = "system";

const KEY: &str = "sagemaker:InstanceTypes";

/// What denies every instance type but the scope's. Nothing where it names none.
pub fn instance_limits(scope: &Scope) -> Vec<Statement> {
    if scope.instance_types.is_empty() {
        return Vec::new();
    }
    let allowed = scope.instance_types.iter().map(String::as_str).chain([SYSTEM]);
    // Of a key that is absent ForAnyValue says no, and the statement does not deny ...
    let others = Statement::deny("LimitInstanceTypes").actions(NAMES_TYPES).resources(["*"]).when(
        "ForAnyValue:StringNotLike",
        KEY,
        allowed,
    );
    // ... hence the guard, where a type must be named.
    let unnamed = Statement::deny("LimitUnnamedInstances")
        .actions(MUST_NAME)
        .resources(["*"])
        .when("Null", KEY, ["true"]);
    vec![others, unnamed]
}
