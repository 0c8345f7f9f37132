//! Assignments to the applications of SSO-mode domains.

use crate::support::{Cloud, failure, region};
use access::ids::{GroupId, PersonId};
use aws::assignments::Assignee;
use aws::client::sagemaker::DescribeDomain;
use control::ports::{Ensured, FailureKind};
use std::collections::BTreeSet;

const SEED: &str = r#"
roles:
  - { name: studio, trust: sagemaker }
domains:
  - { id: d-sso, auth_mode: SSO, default_execution_role: "arn:aws:iam::111122223333:role/studio" }
directory:
  identity_store_id: d-906716eb24
  users: [ { user_name: alice } ]
  groups: [ { name: ml-fraud, members: [alice] } ]
"#;

async fn application(cloud: &Cloud) -> String {
    let request = DescribeDomain { domain_id: "d-sso".to_owned() };
    let domain = cloud.aws.sagemaker(&region()).call(&request).await.unwrap();
    domain.single_sign_on_application_arn.unwrap()
}

#[tokio::test]
async fn people_and_groups_are_assigned_once() {
    let cloud = Cloud::with(SEED).await;
    let application = application(&cloud).await;
    let assignments = cloud.aws.assignments(&region());
    let alice = PersonId::parse(cloud.look().user_id("alice").unwrap()).unwrap();
    let fraud = GroupId::parse(cloud.look().group_id("ml-fraud").unwrap()).unwrap();
    let everyone = [Assignee::Person(alice), Assignee::Group(fraud)];
    for assignee in &everyone {
        let ensure = async || assignments.ensure(&application, assignee).await;
        assert_eq!(ensure().await, Ok(Ensured::Changed));
        assert_eq!(ensure().await, Ok(Ensured::NotNeeded));
    }
    assert_eq!(assignments.list(&application).await, Ok(BTreeSet::from(everyone)));
}

#[tokio::test]
async fn the_application_of_a_domain_is_described() {
    let cloud = Cloud::with(SEED).await;
    let application = application(&cloud).await;
    let found = cloud.aws.assignments(&region()).application(&application).await.unwrap();
    assert!(found.enabled);
    assert_eq!(found.account, "111122223333");
    assert!(!found.name.is_empty());
}

#[tokio::test]
async fn a_conflict_about_something_else_is_an_error() {
    let cloud = Cloud::with(SEED).await;
    let application = application(&cloud).await;
    cloud.go_wrong(
        "rules: [{ operation: CreateApplicationAssignment, error: { code: ConflictException } }]",
    );
    let alice = PersonId::parse(cloud.look().user_id("alice").unwrap()).unwrap();
    let assignments = cloud.aws.assignments(&region());
    let answer = assignments.ensure(&application, &Assignee::Person(alice)).await;
    let (service, operation, kind, _) = failure(answer);
    assert_eq!(
        (service, operation, kind),
        ("sso-admin", "CreateApplicationAssignment", FailureKind::InUse)
    );
}
