//! Execution roles and their trust.

use crate::support::{ACCOUNT, BASE, Cloud, role, target};
use access::ids::RoleArn;
use access::observed::ObservedRole;
use control::ports::Observe;

fn seed() -> String {
    BASE.replace(
        "domains:",
        r#"  - name: studio-untrusted
    trust: { document: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { Service: ec2.amazonaws.com }, Action: "sts:AssumeRole" } ] } }
  - name: studio-denied
    trust: { document: { Version: "2012-10-17", Statement: [
      { Effect: Allow, Principal: { Service: sagemaker.amazonaws.com }, Action: "sts:AssumeRole" },
      { Effect: Deny, Principal: "*", Action: "sts:*" } ] } }
credentials:
  - { access_key_id: AKIANOIAM, account: "111122223333", denied: ["iam:*"] }
domains:"#,
    )
}

#[tokio::test]
async fn a_roles_trust_policy_decides() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let read = async |name: &str| studio.role(&target(), &role(name)).await.unwrap();
    assert_eq!(read("studio-fraud").await, ObservedRole::Trusted);
    assert_eq!(read("studio-untrusted").await, ObservedRole::Untrusted);
    assert_eq!(read("studio-denied").await, ObservedRole::Untrusted);
    assert_eq!(read("studio-nobody").await, ObservedRole::Missing);
}

#[tokio::test]
async fn a_role_of_that_name_under_another_arn_is_missing() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    for arn in [
        format!("arn:aws:iam::{ACCOUNT}:role/team/studio-fraud"),
        "arn:aws:iam::999988887777:role/studio-fraud".to_owned(),
    ] {
        let role = RoleArn::parse(arn).unwrap();
        assert_eq!(studio.role(&target(), &role).await, Ok(ObservedRole::Missing));
    }
}

#[tokio::test]
async fn a_role_that_may_not_be_read_is_unreadable() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.as_key("AKIANOIAM").studio();
    let read = studio.role(&target(), &role("studio-fraud")).await;
    assert_eq!(read, Ok(ObservedRole::Unreadable));
}
