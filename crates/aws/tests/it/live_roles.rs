//! Roles with all their policies, as `doctor` holds them against the map.

use crate::support::{ACCOUNT, BASE, Cloud, answering, connect, failure, role, target};
use access::ids::RoleArn;
use access::live_role::{AttachedPolicy, LiveRole};
use control::ports::{FailureKind, Inspect};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const GUARD: &str =
    r#"{"Statement":[{"Action":"iam:*","Effect":"Deny","Resource":"*","Sid":"A+b ü"}]}"#;

fn seed() -> String {
    BASE.replace(
        "domains:",
        &format!(
            r#"  - name: studio-kept
    path: /team/
    attached: [ Guard, "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess" ]
    inline: {{ "my=own+1": {GUARD} }}
    boundary: Guard
    max_session_seconds: 7200
    tags: {{ Team: fraud }}
policies: [ {{ name: Guard, document: {GUARD} }} ]
credentials:
  - {{ access_key_id: AKIABLIND, account: "{ACCOUNT}", denied: [ "iam:GetPolicyVersion" ] }}
domains:"#
        ),
    )
}

fn kept() -> RoleArn {
    RoleArn::parse(format!("arn:aws:iam::{ACCOUNT}:role/team/studio-kept")).unwrap()
}

#[tokio::test]
async fn a_role_comes_with_everything_that_decides_what_it_may_do() {
    let cloud = Cloud::with(&seed()).await;
    let live = cloud.aws.studio().live_role(&target(), &kept()).await.unwrap();
    let trust: serde_json::Value = serde_json::from_str(&live.trust).unwrap();
    assert_eq!(trust["Statement"][0]["Principal"]["Service"], "sagemaker.amazonaws.com");
    let guard = format!("arn:aws:iam::{ACCOUNT}:policy/Guard");
    let full = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess".to_owned();
    let expected = LiveRole {
        arn: kept().to_string(),
        trust: live.trust.clone(),
        max_session_seconds: 7200,
        boundary: Some(guard.clone()),
        tags: BTreeMap::from([("Team".to_owned(), "fraud".to_owned())]),
        attached: vec![
            AttachedPolicy { arn: guard, document: Some(GUARD.to_owned()) },
            AttachedPolicy { arn: full, document: None },
        ],
        inline: BTreeMap::from([("my=own+1".to_owned(), GUARD.to_owned())]),
    };
    assert_eq!(live, expected);
    // What AWS's own policies say is not read: their names say enough.
    assert_eq!(cloud.calls("iam:GetPolicyVersion"), 1);
    let bare = cloud.aws.studio().live_role(&target(), &role("studio-fraud")).await.unwrap();
    assert!(bare.attached.is_empty() && bare.inline.is_empty());
    assert_eq!((bare.boundary, bare.max_session_seconds), (None, 3600));
}

#[tokio::test]
async fn a_policy_that_may_not_be_read_fails_the_whole_reading() {
    let cloud = Cloud::with(&seed()).await;
    let blind = cloud.as_key("AKIABLIND").studio().live_role(&target(), &kept()).await;
    let (_, operation, kind, _) = failure(blind);
    assert_eq!((operation, kind), ("GetPolicyVersion", FailureKind::AccessDenied));
    let gone = cloud.aws.studio().live_role(&target(), &role("studio-nobody")).await;
    assert_eq!(failure(gone).2, FailureKind::NotFound);
}

/// What is said of a role whose list of policies is answered by this, after `GetRole`.
async fn complaint(list: &str) -> String {
    let body = format!(
        "<r><GetRoleResult><Role><Arn>a</Arn><AssumeRolePolicyDocument/>\
         <MaxSessionDuration>3600</MaxSessionDuration></Role></GetRoleResult>\
         <ListAttachedRolePoliciesResult>{list}</ListAttachedRolePoliciesResult></r>"
    );
    let (url, _seen) = answering("200 OK", &body).await;
    let studio = connect(&url, "AKIASANDBOX").studio();
    studio.live_role(&target(), &role("studio-fraud")).await.unwrap_err().message
}

#[tokio::test]
async fn lists_that_never_end_are_errors() {
    let again = complaint("<AttachedPolicies/><Marker>again</Marker>").await;
    assert_eq!(again, "the same marker came twice");
    let mut many = "<AttachedPolicies>".to_owned();
    for number in 0..=500 {
        write!(many, "<member><PolicyArn>p{number}</PolicyArn></member>").unwrap();
    }
    many.push_str("</AttachedPolicies>");
    assert_eq!(complaint(&many).await, "the role has more than 500 policies");
}
