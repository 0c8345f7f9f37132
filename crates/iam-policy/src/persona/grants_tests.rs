//! Tests of what activities grant with and without VPC, keys, buckets and the rest.

use super::tests::scope;
use super::*;
use crate::document::Document;
use crate::evaluate::{Compiled, Policies};
use crate::request::Request;
use std::sync::Arc;

fn granted(activity: Activity, scope: &Scope) -> Policies {
    let compiled = Compiled::new(&Document::new(statements(&[activity], scope))).unwrap();
    Policies { identity: vec![Arc::new(compiled)], ..Policies::default() }
}

fn ask(action: &str, resource: &str) -> Request {
    Request::new("arn:aws:iam::111122223333:role/studio-fraud", action, resource)
}

fn sagemaker(action: &str, below: &str) -> Request {
    let arn = format!("arn:aws:sagemaker:eu-west-1:111122223333:{below}");
    ask(&format!("sagemaker:{action}"), &arn)
}

const SUBNETS: &str = "sagemaker:VpcSubnets";
const GROUPS: &str = "sagemaker:VpcSecurityGroupIds";
const VOLUME: &str = "sagemaker:VolumeKmsKeyArn";
const OUTPUT: &str = "sagemaker:OutputKmsKeyArn";
const VOLUMES: &str = "arn:aws:kms:eu-west-1:111122223333:key/volumes";
const DATA: &str = "arn:aws:kms:eu-west-1:111122223333:key/data";

#[test]
fn with_a_vpc_jobs_and_models_run_there_and_nowhere_else() {
    let scope = Scope { kms_keys: KmsKeys::default(), ..scope() };
    let anywhere = Scope { vpc: None, ..scope.clone() };
    for (activity, action, below) in [
        (Activity::ManageMlJobs, "CreateTrainingJob", "training-job/x"),
        (Activity::ManageMlJobs, "CreateAutoMLJob", "automl-job/x"),
        (Activity::ManageModels, "CreateModel", "model/x"),
        (Activity::ManageModelMonitoring, "CreateMonitoringSchedule", "monitoring-schedule/x"),
        (Activity::ManageModelMonitoring, "UpdateMonitoringSchedule", "monitoring-schedule/x"),
    ] {
        let policies = granted(activity, &scope);
        let request = sagemaker(action, below);
        assert!(granted(activity, &anywhere).decide(&request).is_allowed(), "{action}");
        let cases: [(&[&str], &[&str], bool); 6] = [
            (&["subnet-0a"], &["sg-0a"], true),
            (&[], &[], false),
            (&["subnet-0a"], &[], false),
            (&["subnet-0b"], &["sg-0a"], false),
            (&["subnet-0a", "subnet-0b"], &["sg-0a"], false),
            (&["subnet-0a"], &["sg-0a", "sg-0b"], false),
        ];
        for (subnets, groups, expected) in cases {
            let request = request.clone().with(SUBNETS, subnets.iter().copied());
            let request = request.with(GROUPS, groups.iter().copied());
            let allowed = policies.decide(&request).is_allowed();
            assert_eq!(allowed, expected, "{action} {subnets:?} {groups:?}");
        }
    }
    let transform = sagemaker("CreateTransformJob", "transform-job/x");
    assert!(granted(Activity::ManageMlJobs, &scope).decide(&transform).is_allowed());
}

#[test]
fn with_keys_jobs_and_endpoints_use_them_and_no_others() {
    let scope = Scope { vpc: None, ..scope() };
    let policies = granted(Activity::ManageMlJobs, &scope);
    for (volume, output, expected) in [
        (Some(VOLUMES), Some(DATA), true),
        (Some(VOLUMES), None, false),
        (None, Some(DATA), false),
        (None, None, false),
        (Some(DATA), Some(DATA), false),
        (Some(VOLUMES), Some(VOLUMES), false),
    ] {
        for (action, below) in
            [("CreateTrainingJob", "training-job/x"), ("CreateTransformJob", "transform-job/x")]
        {
            let request = sagemaker(action, below).with(VOLUME, volume).with(OUTPUT, output);
            let allowed = policies.decide(&request).is_allowed();
            assert_eq!(allowed, expected, "{action} {volume:?} {output:?}");
        }
    }
    let endpoints = granted(Activity::ManageEndpoints, &scope);
    let configure = sagemaker("CreateEndpointConfig", "endpoint-config/x");
    assert!(!endpoints.decide(&configure).is_allowed());
    assert!(endpoints.decide(&configure.with(VOLUME, [VOLUMES])).is_allowed());
}

#[test]
fn keys_are_used_through_the_services_they_are_for() {
    let policies = granted(Activity::RunStudioApps, &scope());
    for (action, key, via, expected) in [
        ("kms:Decrypt", DATA, "s3.eu-west-1.amazonaws.com", true),
        ("kms:GenerateDataKey", DATA, "s3.eu-west-1.amazonaws.com", true),
        ("kms:Decrypt", DATA, "s3.us-east-1.amazonaws.com", false),
        ("kms:Decrypt", DATA, "ec2.eu-west-1.amazonaws.com", false),
        ("kms:Decrypt", VOLUMES, "s3.eu-west-1.amazonaws.com", false),
        ("kms:DescribeKey", VOLUMES, "sagemaker.eu-west-1.amazonaws.com", true),
        ("kms:CreateGrant", VOLUMES, "sagemaker.eu-west-1.amazonaws.com", true),
        ("kms:CreateGrant", DATA, "sagemaker.eu-west-1.amazonaws.com", false),
    ] {
        let request = ask(action, key).with("kms:ViaService", [via]);
        let request = request.with("kms:GrantIsForAWSResource", ["true"]);
        assert_eq!(policies.decide(&request).is_allowed(), expected, "{action} {key} {via}");
    }
    let own = ask("kms:CreateGrant", VOLUMES)
        .with("kms:ViaService", ["sagemaker.eu-west-1.amazonaws.com"])
        .with("kms:GrantIsForAWSResource", ["false"]);
    assert!(!policies.decide(&own).is_allowed());
}

#[test]
fn buckets_are_those_that_are_given_and_patterns_those_of_the_account() {
    let policies = granted(Activity::S3Access, &scope());
    for (action, resource, account, expected) in [
        ("s3:GetObject", "arn:aws:s3:::fraud-data/a", "111122223333", true),
        ("s3:DeleteObject", "arn:aws:s3:::fraud-data/a", "444455556666", true),
        ("s3:ListBucket", "arn:aws:s3:::fraud-data", "111122223333", true),
        ("s3:PutObject", "arn:aws:s3:::fraud-lab-1/a", "111122223333", true),
        ("s3:PutObject", "arn:aws:s3:::fraud-lab-1/a", "444455556666", false),
        ("s3:ListBucket", "arn:aws:s3:::fraud-lab-1", "444455556666", false),
        ("s3:GetObject", "arn:aws:s3:::fraud-data-2/a", "111122223333", false),
        ("s3:GetObject", "arn:aws:s3:::ops-data/a", "111122223333", false),
        ("s3:PutBucketAcl", "arn:aws:s3:::fraud-data", "111122223333", false),
        ("s3:DeleteBucket", "arn:aws:s3:::fraud-data", "111122223333", false),
    ] {
        // A bucket of another account lets the role in by its own policy.
        let open = Statement::allow("Open").actions(["s3:*"]).resources(["*"]).everybody();
        let mut policies = policies.clone();
        if account != "111122223333" {
            policies.resource = Some(Arc::new(Compiled::new(&Document::new([open])).unwrap()));
        }
        let request = ask(action, resource).in_account(account);
        let allowed = policies.decide(&request).is_allowed();
        assert_eq!(allowed, expected, "{action} {resource} {account}");
    }
}

#[test]
fn running_code_reaches_the_given_images_subnets_logs_and_metrics() {
    let policies = granted(Activity::AccessAwsServices, &scope());
    let arn =
        |service: &str, below: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{below}");
    let subnet = arn("ec2", "subnet/subnet-0a");
    let interface = arn("ec2", "network-interface/eni-1");
    let cases = [
        (ask("ecr:BatchGetImage", &arn("ecr", "repository/fraud/train")), true),
        (ask("ecr:BatchGetImage", &arn("ecr", "repository/ops/train")), false),
        (ask("ecr:PutImage", &arn("ecr", "repository/fraud/train")), false),
        (ask("ec2:CreateNetworkInterface", &subnet), true),
        (ask("ec2:CreateNetworkInterface", &arn("ec2", "subnet/subnet-0b")), false),
        (ask("ec2:CreateNetworkInterface", &arn("ec2", "security-group/sg-0b")), false),
        (ask("ec2:DeleteNetworkInterface", &interface).with("ec2:Subnet", [subnet.as_str()]), true),
        (
            ask("ec2:DeleteNetworkInterface", &interface)
                .with("ec2:Subnet", [arn("ec2", "subnet/subnet-0b")]),
            false,
        ),
        (ask("ec2:DeleteNetworkInterface", &interface), false),
        (
            ask("logs:PutLogEvents", &arn("logs", "log-group:/aws/sagemaker/Jobs:log-stream:a")),
            true,
        ),
        (ask("logs:PutLogEvents", &arn("logs", "log-group:/aws/lambda/x:log-stream:a")), false),
        (
            ask("logs:GetLogEvents", &arn("logs", "log-group:/aws/sagemaker/Jobs:log-stream:a")),
            false,
        ),
        (
            ask("cloudwatch:PutMetricData", "*").with("cloudwatch:namespace", ["/aws/sagemaker/x"]),
            true,
        ),
        (ask("cloudwatch:PutMetricData", "*").with("cloudwatch:namespace", ["AWS/EC2"]), false),
        (sagemaker("BatchPutMetrics", "training-job/x"), true),
        (sagemaker("CreateTrainingJob", "training-job/x"), false),
    ];
    for (request, expected) in cases {
        let allowed = policies.decide(&request).is_allowed();
        assert_eq!(allowed, expected, "{} {}", request.action(), request.resource());
    }
}

#[test]
fn queries_and_tables_are_the_teams() {
    let arn =
        |service: &str, below: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{below}");
    let athena = granted(Activity::QueryAthena, &scope());
    for (workgroup, expected) in [("fraud", true), ("primary", false), ("fraud-2", false)] {
        let request =
            ask("athena:StartQueryExecution", &arn("athena", &format!("workgroup/{workgroup}")));
        assert_eq!(athena.decide(&request).is_allowed(), expected, "{workgroup}");
    }
    let glue = granted(Activity::ManageGlueTables, &scope());
    for (action, below, expected) in [
        ("glue:SearchTables", "table/fraud/t", true),
        ("glue:SearchTables", "table/ops/t", false),
        ("glue:UpdateTable", "table/sagemaker_featurestore/fraud--churn-1626000000", true),
        ("glue:UpdateTable", "table/sagemaker_featurestore/ops--churn-1626000000", false),
        ("glue:UpdateTable", "table/fraud/t", false),
    ] {
        let request = ask(action, &arn("glue", below));
        assert_eq!(glue.decide(&request).is_allowed(), expected, "{action} {below}");
    }
}

#[test]
fn what_is_not_given_is_not_granted() {
    let bare = Scope {
        own_links: Vec::new(),
        source_identity: false,
        buckets: Vec::new(),
        repositories: Vec::new(),
        kms_keys: KmsKeys::default(),
        vpc: None,
        workgroups: Vec::new(),
        databases: Vec::new(),
        ..scope()
    };
    let sids = |activity: Activity| -> Vec<String> {
        statements(&[activity], &bare).into_iter().filter_map(|s| s.sid).collect()
    };
    assert_eq!(sids(Activity::S3Access), Vec::<String>::new());
    assert_eq!(sids(Activity::QueryAthena), Vec::<String>::new());
    assert_eq!(sids(Activity::ManageGlueTables), ["GlueFeatureStore"]);
    assert_eq!(
        sids(Activity::AccessAwsServices),
        ["ComputeMetrics", "ComputeCloudWatch", "ComputeLogs"]
    );
    assert_eq!(
        sids(Activity::RunStudioApps),
        ["StudioAppsAndSpaces", "StudioLook", "StudioImages", "StudioLists", "TagOnCreate"]
    );
    assert_eq!(
        trust(&bare).statements[0].action.as_deref(),
        Some(&["sts:AssumeRole".to_owned()][..])
    );
}

#[test]
fn in_china_names_of_services_and_arns_are_chinas() {
    let china = Scope {
        partition: "aws-cn".into(),
        domains: [StudioDomain { region: "cn-north-1".into(), id: "d-x".into() }].into(),
        role_arn: "arn:aws-cn:iam::111122223333:role/studio-fraud".into(),
        kms_keys: KmsKeys {
            data: vec!["arn:aws-cn:kms:cn-north-1:111122223333:key/data".into()],
            volumes: Vec::new(),
        },
        ..scope()
    };
    let all = Activity::ALL.map(|(_, activity)| activity);
    let statements =
        [statements(&all, &china), team_wall(&china), trust(&china).statements].concat();
    let texts = statements.iter().flat_map(|statement| {
        let lists = [&statement.resource, &statement.not_resource];
        lists.into_iter().flatten().flatten()
    });
    let arns: Vec<&String> = texts.filter(|text| text.starts_with("arn:")).collect();
    assert!(arns.iter().all(|arn| arn.starts_with("arn:aws-cn:")), "{arns:?}");
    let keys = statements.iter().find(|s| s.sid.as_deref() == Some("UseDataKeys")).unwrap();
    let via = &keys.condition["StringEquals"]["kms:ViaService"];
    assert_eq!(via.0, ["s3.cn-north-1.amazonaws.com.cn"]);
}

#[test]
fn activities_together_say_everything_once() {
    let two = [Activity::ManageMlJobs, Activity::ManageModels];
    let sids: Vec<String> = statements(&two, &scope()).into_iter().filter_map(|s| s.sid).collect();
    assert_eq!(sids.iter().filter(|sid| *sid == "PassTeamRole").count(), 1);
    assert_eq!(statements(&[two[1], two[0], two[1]], &scope()), statements(&two, &scope()));
}
