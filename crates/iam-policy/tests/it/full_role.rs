//! A full role: every ML activity behind the team wall, a permissions boundary, and two levels of
//! service control policies.

use iam_policy::persona::{
    Activity, KmsKeys, Scope, StudioDomain, Vpc, instance_limits, statements, team_wall,
};
use iam_policy::prove::{Documents, Owner, PRESIGN};
use iam_policy::{Document, Statement};

pub(crate) fn scope() -> Scope {
    let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let office = Statement::allow("Office")
        .when("IpAddress", "aws:VpcSourceIp", ["10.100.0.0/16"])
        .when("StringEquals", "aws:SourceVpc", ["vpc-0abc"]);
    Scope {
        partition: "aws".into(),
        account_id: "111122223333".into(),
        domains: [StudioDomain { region: "eu-west-1".into(), id: "d-abcdefghijkl".into() }].into(),
        team: "fraud".into(),
        tag_key: "stagedoor:team".into(),
        tag_value: "fraud".into(),
        role_arn: "arn:aws:iam::111122223333:role/studio-fraud".into(),
        shared_space: Some("lab".into()),
        own_links: vec![office.condition],
        source_identity: true,
        buckets: texts(&["fraud-data", "fraud-lab-*"]),
        repositories: texts(&["fraud/*"]),
        kms_keys: KmsKeys {
            data: texts(&["arn:aws:kms:eu-west-1:111122223333:key/data"]),
            volumes: texts(&["arn:aws:kms:eu-west-1:111122223333:key/volumes"]),
        },
        vpc: Some(Vpc { subnets: texts(&["subnet-0a"]), security_groups: texts(&["sg-0a"]) }),
        instance_types: texts(&["ml.t3.*"]),
        workgroups: texts(&["fraud"]),
        databases: texts(&["fraud"]),
    }
}

/// Every activity, behind the wall.
pub(crate) fn role(scope: &Scope) -> Vec<Statement> {
    let activities = Activity::ALL.map(|(_, activity)| activity);
    [statements(&activities, scope), team_wall(scope), instance_limits(scope)].concat()
}

pub(crate) fn owner(scope: &Scope) -> Owner {
    Owner {
        tag_key: scope.tag_key.clone(),
        value: scope.tag_value.clone(),
        role: Some(scope.role_arn.clone()),
        others: vec!["arn:aws:s3:::ops-*".into()],
    }
}

/// The role with a boundary and two levels of service control policies.
pub(crate) fn documents(role: Vec<Statement>) -> Documents {
    let all = || Statement::allow("All").actions(["*"]).resources(["*"]);
    let services =
        ["sagemaker:*", "s3:*", "logs:*", "ecr:*", "iam:PassRole", "kms:*", "cloudwatch:*"];
    let boundary = Statement::allow("Services").actions(services).resources(["*"]);
    let console = Statement::deny("NoLinksInTheConsole").actions([PRESIGN]).resources(["*"]).when(
        "Null",
        "aws:SourceVpc",
        ["true"],
    );
    Documents {
        boundary: Some(Document::new([boundary])),
        scp: vec![vec![Document::new([all()])], vec![Document::new([all(), console])]],
        ..Documents::of([Document::new(role)])
    }
}
