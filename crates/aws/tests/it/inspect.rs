//! Facts for `doctor`.

use crate::support::{ACCOUNT, BASE, Cloud, failure, role, spoke, target};
use access::ids::{DomainId, RoleArn};
use access::observed::{AuthMode, ProfileStatus};
use control::ports::{
    AppNetwork, CallerIdentity, DomainTarget, FailureKind, Inspect, RoleFacts, RoleIdentity,
};

fn seed() -> String {
    BASE.replace(
        "domains:",
        r#"  - name: studio-named
    trust: { document: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { Service: sagemaker.amazonaws.com }, Action: [ "sts:AssumeRole", "sts:SetSourceIdentity" ] } ] } }
  - name: studio-untrusted
    trust: { document: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { Service: ec2.amazonaws.com }, Action: "sts:*" } ] } }
  - { name: StagedoorSpoke, account: "444455556666", trust: { account: "111122223333", external_id: 7f1c } }
directory: { identity_store_id: d-906716eb24 }
credentials:
  - { access_key_id: AKIANOIAM, account: "111122223333", denied: ["iam:*"] }
domains:
  - { id: d-sso, name: sso, auth_mode: SSO, vpc_only: true, execution_role_identity: true,
      space_execution_role: "arn:aws:iam::111122223333:role/studio-risk" }
  - { id: d-spoke, account: "444455556666" }"#,
    )
}

fn domain(id: &str) -> DomainTarget {
    DomainTarget { domain_id: DomainId::parse(id).unwrap(), ..target() }
}

#[tokio::test]
async fn domains_tell_what_decides_whether_people_can_work() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let sso = studio.domain_facts(&domain("d-sso")).await.unwrap();
    assert_eq!((sso.name.as_deref(), sso.auth_mode), (Some("sso"), AuthMode::Sso));
    assert_eq!((sso.status, sso.failure_reason), (ProfileStatus::InService, None));
    assert_eq!(
        (sso.network, sso.role_identity),
        (AppNetwork::VpcOnly, RoleIdentity::UserProfileName)
    );
    assert!(sso.application_arn.is_some_and(|arn| arn.starts_with("arn:aws:sso::")));
    assert!(sso.home_file_system.is_some_and(|id| id.starts_with("fs-")));
    assert_eq!(sso.url.as_deref(), Some("https://d-sso.studio.eu-west-1.sagemaker.aws"));
    assert_eq!(sso.default_execution_role, None);
    assert_eq!(sso.space_execution_role.as_deref(), Some(role("studio-risk").as_str()));
    let iam = studio.domain_facts(&target()).await.unwrap();
    assert_eq!((iam.auth_mode, iam.application_arn), (AuthMode::Iam, None));
    assert_eq!(iam.network, AppNetwork::PublicInternetOnly);
    assert_eq!(iam.role_identity, RoleIdentity::Disabled);
    assert_eq!(iam.default_execution_role.as_deref(), Some(role("studio-risk").as_str()));
    assert_eq!(iam.space_execution_role, None);
    let gone = studio.domain_facts(&domain("d-gone")).await;
    assert_eq!(failure(gone).2, FailureKind::NotFound);
}

#[tokio::test]
async fn roles_tell_whom_they_trust_and_with_what() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let facts = async |name: &str| studio.role_facts(&target(), &role(name)).await.unwrap();
    let found = |assumed_by_sagemaker, source_identity| RoleFacts::Found {
        assumed_by_sagemaker,
        source_identity,
    };
    assert_eq!(facts("studio-fraud").await, found(true, false));
    assert_eq!(facts("studio-named").await, found(true, true));
    assert_eq!(facts("studio-untrusted").await, found(false, false));
    assert_eq!(facts("studio-nobody").await, RoleFacts::Missing);
    let elsewhere = RoleArn::parse(format!("arn:aws:iam::{ACCOUNT}:role/team/studio-fraud"));
    assert_eq!(
        studio.role_facts(&target(), &elsewhere.unwrap()).await.unwrap(),
        RoleFacts::Elsewhere { arn: role("studio-fraud").as_str().to_owned() }
    );
    let blind = cloud.as_key("AKIANOIAM").studio();
    let unread = blind.role_facts(&target(), &role("studio-fraud")).await.unwrap();
    let RoleFacts::Unreadable { reason } = unread else { panic!("{unread:?}") };
    assert!(reason.contains("iam:GetRole failed with AccessDenied"), "{reason}");
}

#[tokio::test]
async fn the_caller_is_the_hub_or_a_session_of_the_spokes_role() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let hub = studio.caller(&target()).await.unwrap();
    assert_eq!(hub.account, ACCOUNT);
    let there = studio.caller(&spoke("d-spoke", "444455556666", Some("7f1c"))).await;
    assert_eq!(
        there,
        Ok(CallerIdentity {
            account: "444455556666".to_owned(),
            arn: "arn:aws:sts::444455556666:assumed-role/StagedoorSpoke/stagedoor-control"
                .to_owned(),
        })
    );
    let refused = studio.caller(&spoke("d-spoke", "444455556666", None)).await;
    assert_eq!(failure(refused).1, "AssumeRole");
}
