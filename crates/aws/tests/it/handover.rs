//! Handing shared spaces over.

use crate::support::{ACCOUNT, BASE, Cloud, DOMAIN, REGION, failure, name, target};
use access::ids::SpaceName;
use access::plan::SpaceHandover;
use aws::client::sagemaker::DescribeSpace;
use control::ports::{CallError, Ensured, FailureKind, Provision};

fn seed() -> String {
    format!(
        r"{BASE}
profiles:
  - {{ domain: d-research, name: alice--fraud }}
  - {{ domain: d-research, name: bob--fraud }}
spaces:
  - {{ domain: d-research, name: commons, owner: alice--fraud, shared: true, display_name: The commons, app_type: JupyterLab, volume_gb: 100 }}
  - {{ domain: d-research, name: notes, owner: alice--fraud }}
  - {{ domain: d-research, name: bobs, owner: bob--fraud, shared: true }}
  - {{ domain: d-research, name: alices, owner: alice--fraud, shared: true }}
"
    )
}

fn handover(space: &str, new_name: &str) -> SpaceHandover {
    SpaceHandover {
        space: SpaceName::parse(space).unwrap(),
        new_name: SpaceName::parse(new_name).unwrap(),
        owner: name("BOB--fraud"),
        done: false,
    }
}

async fn hand_over(cloud: &Cloud, space: &str, new_name: &str) -> Result<Ensured, CallError> {
    cloud.aws.studio().hand_over_space(&target(), &handover(space, new_name)).await
}

/// Name, owner and sharing of every space.
fn spaces(cloud: &Cloud) -> Vec<(String, Option<String>, Option<String>)> {
    let spaces = cloud.look().spaces(ACCOUNT, REGION, DOMAIN);
    spaces.into_iter().map(|space| (space.name, space.owner, space.sharing)).collect()
}

#[tokio::test]
async fn a_shared_space_is_made_anew_with_the_same_settings_and_once() {
    let cloud = Cloud::with(&seed()).await;
    assert_eq!(hand_over(&cloud, "commons", "commons-2").await, Ok(Ensured::Changed));
    let made = spaces(&cloud).into_iter().find(|(name, ..)| name == "commons-2").unwrap();
    assert_eq!((made.1.as_deref(), made.2.as_deref()), (Some("bob--fraud"), Some("Shared")));
    let describe = async |space: &str| {
        let (domain_id, space_name) = (DOMAIN.to_owned(), space.to_owned());
        let request = DescribeSpace { domain_id, space_name };
        cloud.aws.sagemaker(&target().region).call(&request).await.unwrap()
    };
    let (old, new) = (describe("commons").await, describe("commons-2").await);
    assert_eq!(new.space_display_name.as_deref(), Some("The commons"));
    assert_eq!(new.space_settings, old.space_settings);
    assert_eq!(
        serde_json::Value::from(new.space_settings.unwrap()),
        serde_json::json!({
            "AppType": "JupyterLab",
            "SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 100}}
        })
    );
    assert_eq!(old.ownership_settings.unwrap().owner_user_profile_name, "alice--fraud");
    assert_eq!(hand_over(&cloud, "commons", "commons-2").await, Ok(Ensured::NotNeeded));
    assert_eq!(cloud.calls("sagemaker:CreateSpace"), 1);
}

#[tokio::test]
async fn tags_are_carried_over_and_what_aws_made_for_the_old_space_alone_is_not() {
    use aws::client::sagemaker::{AddTags, CreateSpace, ListTags, OwnershipSettings, Tag};
    let cloud = Cloud::with(&seed()).await;
    let sagemaker = cloud.aws.sagemaker(&target().region);
    let settings = serde_json::json!({"AppType": "JupyterLab", "SpaceManagedResources": "ENABLED"});
    let request = CreateSpace {
        domain_id: DOMAIN.to_owned(),
        space_name: "tagged".to_owned(),
        space_settings: settings.as_object().cloned(),
        ownership_settings: Some(OwnershipSettings {
            owner_user_profile_name: "alice--fraud".to_owned(),
        }),
        space_sharing_settings: Some(aws::client::sagemaker::SpaceSharingSettings {
            sharing_type: "Shared".to_owned(),
        }),
        ..CreateSpace::default()
    };
    let resource_arn = sagemaker.call(&request).await.unwrap().space_arn.unwrap();
    let tags = vec![Tag { key: "CostCenter".to_owned(), value: "42".to_owned() }];
    sagemaker.call(&AddTags { resource_arn, tags: tags.clone() }).await.unwrap();
    assert_eq!(hand_over(&cloud, "tagged", "tagged-2").await, Ok(Ensured::Changed));
    let (domain_id, space_name) = (DOMAIN.to_owned(), "tagged-2".to_owned());
    let made = sagemaker.call(&DescribeSpace { domain_id, space_name }).await.unwrap();
    assert_eq!(
        serde_json::Value::from(made.space_settings.unwrap()),
        serde_json::json!({"AppType": "JupyterLab"})
    );
    let request = ListTags { resource_arn: made.space_arn.unwrap(), ..ListTags::default() };
    assert_eq!(sagemaker.all(&request).await.unwrap(), tags);
}

#[tokio::test]
async fn a_space_of_that_name_under_its_new_owner_is_enough() {
    let cloud = Cloud::with(&seed()).await;
    assert_eq!(hand_over(&cloud, "commons", "bobs").await, Ok(Ensured::NotNeeded));
    assert_eq!(cloud.calls("sagemaker:CreateSpace"), 0);
}

#[tokio::test]
async fn a_space_of_that_name_under_another_owner_is_left_alone() {
    let cloud = Cloud::with(&seed()).await;
    let error = hand_over(&cloud, "commons", "alices").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "sagemaker:CreateSpace failed: space alices is there already and belongs to somebody else \
         (aws-rejected)"
    );
    assert_eq!(cloud.calls("sagemaker:CreateSpace") + cloud.calls("sagemaker:DeleteSpace"), 0);
}

#[tokio::test]
async fn a_private_space_is_not_handed_over() {
    let cloud = Cloud::with(&seed()).await;
    let (_, operation, kind, _) = failure(hand_over(&cloud, "notes", "notes-2").await);
    assert_eq!((operation, kind), ("CreateSpace", FailureKind::Rejected));
    assert_eq!(cloud.calls("sagemaker:CreateSpace"), 0);
}

#[tokio::test]
async fn a_space_that_is_gone_needs_no_new_owner() {
    let cloud = Cloud::with(&seed()).await;
    assert_eq!(hand_over(&cloud, "gone", "gone-2").await, Ok(Ensured::NotNeeded));
    assert_eq!(spaces(&cloud).len(), 4);
}

#[tokio::test]
async fn a_lost_answer_and_throttling_make_no_second_space() {
    for fault in ["nth: 1, timeout_after_success: true", "first: 3, throttle: true"] {
        let cloud = Cloud::with(&seed()).await;
        cloud.go_wrong(&format!("rules: [{{ operation: CreateSpace, {fault} }}]"));
        hand_over(&cloud, "commons", "commons-2").await.unwrap();
        assert_eq!(spaces(&cloud).len(), 5, "{fault}");
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    for (code, kind) in [
        ("AccessDeniedException", FailureKind::AccessDenied),
        ("ResourceInUse", FailureKind::InUse),
        ("ResourceLimitExceeded", FailureKind::Quota),
    ] {
        let cloud = Cloud::with(&seed()).await;
        cloud
            .go_wrong(&format!("rules: [{{ operation: CreateSpace, error: {{ code: {code} }} }}]"));
        let (_, operation, failed, _) = failure(hand_over(&cloud, "commons", "commons-2").await);
        assert_eq!((operation, failed), ("CreateSpace", kind));
        assert_eq!(spaces(&cloud).len(), 4);
    }
}

#[tokio::test]
async fn a_space_that_failed_to_come_is_made_anew() {
    let cloud = Cloud::with(&seed()).await;
    cloud.go_wrong("rules: [{ operation: CreateSpace, nth: 1, space_fails: true }]");
    let status = || {
        let spaces = cloud.look().spaces(ACCOUNT, REGION, DOMAIN);
        spaces.into_iter().find(|space| space.name == "commons-2").map(|space| space.status)
    };
    assert_eq!(hand_over(&cloud, "commons", "commons-2").await, Ok(Ensured::Changed));
    assert_eq!(status(), Some("Failed"));
    assert_eq!(hand_over(&cloud, "commons", "commons-2").await, Ok(Ensured::Changed));
    assert_eq!(status(), None);
    assert_eq!(hand_over(&cloud, "commons", "commons-2").await, Ok(Ensured::Changed));
    assert_eq!(status(), Some("InService"));
}

#[tokio::test]
async fn a_space_on_its_way_out_is_waited_for() {
    let cloud = Cloud::with(&seed()).await;
    cloud.go_wrong("rules: [{ operation: DeleteSpace, stuck_deleting: true }]");
    cloud.aws.studio().delete_space(&target(), "bobs").await.unwrap();
    let error = hand_over(&cloud, "commons", "bobs").await.unwrap_err();
    assert_eq!(error.kind, FailureKind::InUse);
    assert_eq!(error.message, "space bobs is still being deleted");
}
