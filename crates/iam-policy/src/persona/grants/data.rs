//! What roles may do in other services: S3, ECR, KMS, EC2, logs, metrics, Athena and Glue.

use super::{sagemaker, use_data_keys};
use crate::document::Statement;
use crate::persona::Scope;

/// What running code needs: data, images, logs, metrics, a network.
pub(super) fn services(scope: &Scope) -> Vec<Statement> {
    let mut statements = in_buckets(
        scope,
        &[
            Access { sid: "ComputeList", actions: &["s3:ListBucket"], objects: false },
            Access {
                sid: "ComputeData",
                actions: &["s3:GetObject", "s3:PutObject"],
                objects: true,
            },
        ],
    );
    statements.push(
        Statement::allow("ComputeMetrics")
            .actions(sagemaker("BatchPutMetrics"))
            .resources(scope.of_types(&["experiment-trial-component", "training-job"])),
    );
    statements.extend(images(scope));
    statements.push(
        Statement::allow("ComputeCloudWatch")
            .actions(["cloudwatch:PutMetricData"])
            .resources(["*"])
            .when(
                "StringLike",
                "cloudwatch:namespace",
                ["*SageMaker*", "*Sagemaker*", "*sagemaker*"],
            ),
    );
    statements.push(
        Statement::allow("ComputeLogs")
            .actions([
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ])
            .resources(scope.arns("logs", "log-group:/aws/sagemaker/*")),
    );
    statements.extend(network(scope));
    statements.extend(use_data_keys(scope));
    statements
}

/// Pulls images of the given repositories.
fn images(scope: &Scope) -> Vec<Statement> {
    if scope.repositories.is_empty() {
        return Vec::new();
    }
    let arns = scope.repositories.iter().flat_map(|repository| {
        if repository.starts_with("arn:") {
            vec![repository.clone()]
        } else {
            scope.arns("ecr", &format!("repository/{repository}"))
        }
    });
    let token = Statement::allow("ComputeImageLogin")
        .actions(["ecr:GetAuthorizationToken"])
        .resources(["*"]);
    let pull = Statement::allow("ComputeImages")
        .actions([
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "ecr:ListImages",
        ])
        .resources(arns);
    vec![token, pull]
}

/// Network interfaces in the scope's subnets, which `SageMaker` makes as the role.
fn network(scope: &Scope) -> Vec<Statement> {
    let Some(vpc) = &scope.vpc else { return Vec::new() };
    let each = |kind: &str, ids: &[String]| -> Vec<String> {
        ids.iter().flat_map(|id| scope.arns("ec2", &format!("{kind}/{id}"))).collect()
    };
    let subnets = each("subnet", &vpc.subnets);
    let interfaces = scope.arns("ec2", "network-interface/*");
    let create = Statement::allow("ComputeNetworkCreate")
        .actions(["ec2:CreateNetworkInterface"])
        .resources(subnets.clone())
        .resources(each("security-group", &vpc.security_groups))
        .resources(interfaces.clone());
    let manage = Statement::allow("ComputeNetworkManage")
        .actions([
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
        ])
        .resources(interfaces)
        .when("ArnEquals", "ec2:Subnet", subnets);
    let look = Statement::allow("ComputeNetworkLook")
        .actions([
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ])
        .resources(["*"]);
    vec![create, manage, look]
}

pub(super) fn buckets(scope: &Scope) -> Vec<Statement> {
    let objects = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"];
    in_buckets(
        scope,
        &[
            Access { sid: "BucketsList", actions: &["s3:ListBucket"], objects: false },
            Access { sid: "BucketsData", actions: &objects, objects: true },
        ],
    )
}

pub(super) fn athena(scope: &Scope) -> Vec<Statement> {
    if scope.workgroups.is_empty() {
        return Vec::new();
    }
    let workgroups =
        scope.workgroups.iter().flat_map(|name| scope.arns("athena", &format!("workgroup/{name}")));
    let query = Statement::allow("AthenaQuery")
        .actions([
            "athena:GetQueryExecution",
            "athena:GetQueryResults",
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
        ])
        .resources(workgroups);
    let metadata = Statement::allow("AthenaMetadata")
        .actions(["athena:ListDatabases", "athena:ListTableMetadata"])
        .resources(scope.arns("athena", "datacatalog/*"));
    let catalogs =
        Statement::allow("AthenaCatalogs").actions(["athena:ListDataCatalogs"]).resources(["*"]);
    vec![query, metadata, catalogs]
}

pub(super) fn glue(scope: &Scope) -> Vec<Statement> {
    let mut statements = Vec::new();
    if !scope.databases.is_empty() {
        let of_database = |name: &String| {
            let tables = scope.arns("glue", &format!("table/{name}/*"));
            [scope.arns("glue", &format!("database/{name}")), tables].concat()
        };
        statements.push(
            Statement::allow("GlueSearch")
                .actions(["glue:SearchTables"])
                .resources(scope.arns("glue", "catalog"))
                .resources(scope.databases.iter().flat_map(of_database)),
        );
    }
    // The offline store keeps the tables of all teams in one database.
    let features = format!("table/sagemaker_featurestore/{}*", scope.prefix());
    statements.push(
        Statement::allow("GlueFeatureStore")
            .actions(["glue:GetTable", "glue:UpdateTable"])
            .resources(scope.arns("glue", "catalog"))
            .resources(scope.arns("glue", "database/sagemaker_featurestore"))
            .resources(scope.arns("glue", &features)),
    );
    statements.extend(in_buckets(
        scope,
        &[
            Access { sid: "GlueBuckets", actions: &["s3:GetBucketAcl"], objects: false },
            Access { sid: "GlueData", actions: &["s3:GetObject", "s3:PutObject"], objects: true },
        ],
    ));
    let acl = Access { sid: "GlueAcl", actions: &["s3:PutObjectAcl"], objects: true };
    statements.extend(in_buckets(scope, &[acl]).into_iter().map(|statement| {
        statement.when("StringEquals", "s3:x-amz-acl", ["bucket-owner-full-control"])
    }));
    statements.extend(use_data_keys(scope));
    statements
}

/// Actions on buckets, or on the objects in them.
struct Access<'a> {
    sid: &'a str,
    actions: &'a [&'a str],
    objects: bool,
}

/// What may be done in the scope's buckets. A pattern means buckets of the role's account only:
/// anybody could make one elsewhere whose name fits.
fn in_buckets(scope: &Scope, accesses: &[Access<'_>]) -> Vec<Statement> {
    let is_pattern = |name: &&String| name.contains(['*', '?']);
    let named: Vec<&String> = scope.buckets.iter().filter(|name| !is_pattern(name)).collect();
    let patterns: Vec<&String> = scope.buckets.iter().filter(is_pattern).collect();
    let mut statements = Vec::new();
    for Access { sid, actions, objects } in accesses {
        let arns = |names: &[&String]| -> Vec<String> {
            let below = if *objects { "/*" } else { "" };
            names.iter().map(|name| format!("arn:{}:s3:::{name}{below}", scope.partition)).collect()
        };
        if !named.is_empty() {
            let actions = actions.iter().copied();
            statements.push(Statement::allow(*sid).actions(actions).resources(arns(&named)));
        }
        if !patterns.is_empty() {
            statements.push(
                Statement::allow(format!("{sid}OfAccount"))
                    .actions(actions.iter().copied())
                    .resources(arns(&patterns))
                    .when("StringEquals", "aws:ResourceAccount", [scope.account_id.as_str()]),
            );
        }
    }
    statements
}
