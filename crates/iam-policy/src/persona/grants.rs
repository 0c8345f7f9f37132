//! What each activity grants.
//!
//! The statements say *what*; whose resources it may be done to says the [wall](super::team_wall),
//! which every role carries. Neither repeats the other.

mod data;
mod studio;
mod training;

use super::{Activity, Scope};
use crate::document::Statement;

/// What the activity grants within the scope.
pub(super) fn of(activity: Activity, scope: &Scope) -> Vec<Statement> {
    match activity {
        Activity::RunStudioApps => studio::apps(scope),
        Activity::ManageMlJobs => training::jobs(scope),
        Activity::ManageModels => training::models(scope),
        Activity::ManageEndpoints => training::endpoints(scope),
        Activity::ManagePipelines => training::pipelines(scope),
        Activity::ManageExperiments => studio::experiments(scope),
        Activity::SearchExperiments => studio::search(scope),
        Activity::ManageModelMonitoring => training::monitoring(scope),
        Activity::AccessAwsServices => data::services(scope),
        Activity::S3Access => data::buckets(scope),
        Activity::QueryAthena => data::athena(scope),
        Activity::ManageGlueTables => data::glue(scope),
    }
}

/// What a role grants besides, in which these statements are.
pub(super) fn besides(granted: &[Statement], scope: &Scope) -> Vec<Statement> {
    let mut actions = granted.iter().flat_map(|statement| &statement.action).flatten();
    let creates = actions.any(|action| action.starts_with("sagemaker:Create"));
    // Making something with tags needs AddTags too; the key is there for that only.
    let tag = creates.then(|| {
        Statement::allow("TagOnCreate")
            .actions(["sagemaker:AddTags"])
            .resources(scope.arns("sagemaker", "*"))
            .when("Null", "sagemaker:TaggingAction", ["false"])
    });
    let keep = scope.source_identity.then(|| {
        Statement::allow("KeepSourceIdentity")
            .actions(["sts:SetSourceIdentity"])
            .resources([scope.role_arn.as_str()])
    });
    tag.into_iter().chain(keep).collect()
}

/// Actions of `SageMaker`, from their names.
fn sagemaker(names: &str) -> Vec<String> {
    let mut actions: Vec<String> =
        names.split_whitespace().map(|name| format!("sagemaker:{name}")).collect();
    actions.sort();
    actions
}

/// Actions that know no resource.
fn on_all(sid: &str, names: &str) -> Statement {
    Statement::allow(sid).actions(sagemaker(names)).resources(["*"])
}

/// Passes the team's own role to `SageMaker`.
fn pass_role(scope: &Scope) -> Statement {
    Statement::allow("PassTeamRole")
        .actions(["iam:PassRole"])
        .resources([scope.role_arn.as_str()])
        .when("StringEquals", "iam:PassedToService", ["sagemaker.amazonaws.com"])
}

/// Only in the VPC, if there is one.
fn in_vpc(statement: Statement, scope: &Scope) -> Statement {
    let Some(vpc) = &scope.vpc else { return statement };
    let keys = [
        ("sagemaker:VpcSubnets", &vpc.subnets),
        ("sagemaker:VpcSecurityGroupIds", &vpc.security_groups),
    ];
    keys.into_iter().fold(statement, |statement, (key, values)| {
        // Of no values at all ForAllValues says yes: hence Null, too.
        statement.when("ForAllValues:StringEquals", key, values.clone()).when(
            "Null",
            key,
            ["false"],
        )
    })
}

/// Only with these keys, if there are some.
fn encrypted(statement: Statement, key: &str, arns: &[String]) -> Statement {
    if arns.is_empty() {
        return statement;
    }
    statement.when("ArnEquals", key, arns.to_vec())
}

/// The condition keys of volumes and of what jobs write. The role manager uses those without `Arn`,
/// which AWS has deprecated.
const VOLUME_KEY: &str = "sagemaker:VolumeKmsKeyArn";
const OUTPUT_KEY: &str = "sagemaker:OutputKmsKeyArn";

/// Only with the scope's keys for volumes and output.
fn with_keys(statement: Statement, scope: &Scope) -> Statement {
    let statement = encrypted(statement, VOLUME_KEY, &scope.kms_keys.volumes);
    encrypted(statement, OUTPUT_KEY, &scope.kms_keys.data)
}

/// Lets `SageMaker` use the volume keys on the caller's behalf.
fn grant_volume_keys(scope: &Scope) -> Option<Statement> {
    let keys = &scope.kms_keys.volumes;
    (!keys.is_empty()).then(|| {
        Statement::allow("GrantVolumeKeys")
            .actions(["kms:CreateGrant"])
            .resources(keys.clone())
            .when("Bool", "kms:GrantIsForAWSResource", ["true"])
            .when("StringEquals", "kms:ViaService", scope.via("sagemaker"))
    })
}

/// Reads and writes what is encrypted in S3.
fn use_data_keys(scope: &Scope) -> Option<Statement> {
    let keys = &scope.kms_keys.data;
    (!keys.is_empty()).then(|| {
        Statement::allow("UseDataKeys")
            .actions(["kms:Decrypt", "kms:GenerateDataKey"])
            .resources(keys.clone())
            .when("StringEquals", "kms:ViaService", scope.via("s3"))
    })
}
