//! Changing profiles, apps and spaces.

use crate::support::{ACCOUNT, BASE, Cloud, DOMAIN, REGION, failure, name, role, target};
use access::observed::{AppStatus, ObservedApp};
use control::ports::{
    AppOwner, Ensured, FailureKind, Observe, ProfileScope, ProfileSpec, ProfileUpdate, Provision,
};
use sandbox::ProfileView;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn tags<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn spec(profile: &str) -> ProfileSpec {
    let settings = serde_json::json!({"StudioWebPortal": "ENABLED"});
    ProfileSpec {
        name: name(profile),
        execution_role: role("studio-fraud"),
        user_settings: settings.as_object().unwrap().clone(),
        tags: tags([("stagedoor:instance", "main"), ("CostCenter", "42")]),
        sso_user: None,
    }
}

fn profiles(cloud: &Cloud) -> Vec<ProfileView> {
    cloud.look().profiles(ACCOUNT, REGION, DOMAIN)
}

fn leaver() -> String {
    format!(
        r#"{BASE}
profiles:
  - {{ domain: d-research, name: alice--fraud, tags: {{ "stagedoor:instance": main, Team: fraud }} }}
spaces:
  - {{ domain: d-research, name: lab, owner: alice--fraud }}
apps:
  - {{ domain: d-research, profile: alice--fraud, type: JupyterServer }}
  - {{ domain: d-research, space: lab, type: JupyterLab }}
"#
    )
}

fn app(app_type: &str, status: AppStatus) -> ObservedApp {
    ObservedApp {
        app_type: app_type.to_owned(),
        name: "default".to_owned(),
        status,
        instance_type: None,
        since: None,
    }
}

#[tokio::test]
async fn a_profile_is_made_once_with_role_settings_and_tags() {
    let cloud = Cloud::with(BASE).await;
    let studio = cloud.aws.studio();
    let first = studio.create_profile(&target(), &spec("alice--fraud")).await;
    assert_eq!(first, Ok(Ensured::Changed));
    let made = profiles(&cloud);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].execution_role.as_deref(), Some(role("studio-fraud").as_str()));
    assert_eq!(made[0].tags, tags([("stagedoor:instance", "main"), ("CostCenter", "42")]));
    let again = studio.create_profile(&target(), &spec("ALICE--fraud")).await;
    assert_eq!(again, Ok(Ensured::NotNeeded), "names are not case-sensitive");
    assert_eq!(profiles(&cloud), made);
    let seen = studio.domain(&target(), &ProfileScope::All).await.unwrap();
    let seen = &seen.profiles["alice--fraud"];
    assert_eq!(*seen.user_settings, spec("alice--fraud").user_settings);
    assert_eq!(seen.execution_role.as_deref(), Some(role("studio-fraud").as_str()));
}

#[tokio::test]
async fn in_use_for_another_reason_is_an_error() {
    let faults = "rules: [{ operation: CreateUserProfile, error: { code: ResourceInUse, message: The domain is being updated } }]";
    let cloud = Cloud::failing(BASE, faults).await;
    let answer = cloud.aws.studio().create_profile(&target(), &spec("alice--fraud")).await;
    let (_, operation, kind, code) = failure(answer);
    assert_eq!((operation, kind), ("CreateUserProfile", FailureKind::InUse));
    assert_eq!(code.as_deref(), Some("ResourceInUse"));
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_told_apart() {
    let seed = format!("{BASE}\nlimits: {{ user_profiles: 1 }}\n");
    let cloud = Cloud::with(&seed).await;
    let studio = cloud.aws.studio();
    studio.create_profile(&target(), &spec("a")).await.unwrap();
    let (_, _, kind, code) = failure(studio.create_profile(&target(), &spec("b")).await);
    assert_eq!((kind, code.as_deref()), (FailureKind::Quota, Some("ResourceLimitExceeded")));
    assert_eq!(cloud.calls("sagemaker:CreateUserProfile"), 2, "not retried");
}

#[tokio::test]
async fn a_role_that_does_not_exist_is_refused() {
    let cloud = Cloud::with(BASE).await;
    let wrong = ProfileSpec { execution_role: role("no-such-role"), ..spec("a") };
    let (_, operation, kind, _) =
        failure(cloud.aws.studio().create_profile(&target(), &wrong).await);
    assert_eq!((operation, kind), ("CreateUserProfile", FailureKind::Rejected));
    assert_eq!(profiles(&cloud), []);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let cloud = Cloud::with(&leaver()).await;
    let studio = cloud.aws.studio();
    let update = ProfileUpdate {
        execution_role: Some(role("studio-fraud")),
        user_settings: None,
        set_tags: tags([("Team", "risk"), ("stagedoor:leaving-since", "2026-11-21T09:00:00Z")]),
        remove_tags: BTreeSet::from(["absent".to_owned()]),
    };
    let done = studio.update_profile(&target(), &name("Alice--Fraud"), &update).await;
    assert_eq!(done, Ok(Ensured::Changed));
    let now = profiles(&cloud).remove(0);
    assert_eq!(now.execution_role.as_deref(), Some(role("studio-fraud").as_str()));
    assert_eq!(
        now.tags,
        tags([
            ("stagedoor:instance", "main"),
            ("Team", "risk"),
            ("stagedoor:leaving-since", "2026-11-21T09:00:00Z"),
        ])
    );
    let untag = ProfileUpdate {
        remove_tags: BTreeSet::from(["stagedoor:leaving-since".to_owned()]),
        ..ProfileUpdate::default()
    };
    studio.update_profile(&target(), &name("alice--fraud"), &untag).await.unwrap();
    assert_eq!(profiles(&cloud)[0].tags, tags([("stagedoor:instance", "main"), ("Team", "risk")]));
    assert_eq!(cloud.calls("sagemaker:UpdateUserProfile"), 1, "tags alone need no update");
}

#[tokio::test]
async fn tags_are_set_before_a_role_that_is_refused() {
    let cloud = Cloud::with(&leaver()).await;
    let update = ProfileUpdate {
        execution_role: Some(role("no-such-role")),
        set_tags: tags([("Team", "risk")]),
        ..ProfileUpdate::default()
    };
    let answer = cloud.aws.studio().update_profile(&target(), &name("alice--fraud"), &update).await;
    assert_eq!(failure(answer).1, "UpdateUserProfile");
    assert_eq!(profiles(&cloud)[0].tags["Team"], "risk");
}

#[tokio::test]
async fn an_empty_update_makes_no_call() {
    let cloud = Cloud::with(&leaver()).await;
    let nothing = ProfileUpdate::default();
    let done = cloud.aws.studio().update_profile(&target(), &name("alice--fraud"), &nothing).await;
    assert_eq!(done, Ok(Ensured::NotNeeded));
    assert_eq!(cloud.look().calls().count(), 0);
}

#[tokio::test]
async fn a_profile_is_taken_away_step_by_step_and_every_step_may_be_repeated() {
    let cloud = Cloud::with(&leaver()).await;
    let studio = cloud.aws.studio();
    let (target, alice) = (target(), name("alice--fraud"));
    let early = studio.delete_profile(&target, &alice).await;
    assert_eq!(failure(early).2, FailureKind::InUse, "apps and a space are in the way");
    let early = studio.delete_space(&target, "lab").await;
    assert_eq!(failure(early).2, FailureKind::InUse, "an app is in the way");

    for (owner, app_type) in [
        (AppOwner::Space("lab".to_owned()), "JupyterLab"),
        (AppOwner::Profile(alice.clone()), "JupyterServer"),
    ] {
        let running = app(app_type, AppStatus::InService);
        let stop = async || studio.stop_app(&target, &owner, &running).await;
        assert_eq!(stop().await, Ok(Ensured::Changed));
        assert_eq!(stop().await, Ok(Ensured::NotNeeded), "has already been deleted");
    }
    assert_eq!(studio.delete_space(&target, "lab").await, Ok(Ensured::Changed));
    assert_eq!(studio.delete_space(&target, "lab").await, Ok(Ensured::NotNeeded));
    assert_eq!(studio.delete_profile(&target, &alice).await, Ok(Ensured::Changed));
    assert_eq!(studio.delete_profile(&target, &alice).await, Ok(Ensured::NotNeeded));
    assert_eq!(profiles(&cloud), []);
    assert!(cloud.look().spaces(ACCOUNT, REGION, DOMAIN).is_empty());
}

#[tokio::test]
async fn what_is_being_deleted_needs_no_second_deletion() {
    let slow = leaver().replace(
        "timing: { fast: true }",
        "timing: { app_delete: 600, space_delete: 600, profile_delete: 600 }",
    );
    let cloud = Cloud::with(&slow).await;
    let studio = cloud.aws.studio();
    let (target, alice) = (target(), name("alice--fraud"));
    let lab = AppOwner::Space("lab".to_owned());
    let mine = AppOwner::Profile(alice.clone());
    let (notebook, server) =
        (app("JupyterLab", AppStatus::InService), app("JupyterServer", AppStatus::InService));
    let stop = async |owner, app| studio.stop_app(&target, owner, app).await;
    assert_eq!(stop(&lab, &notebook).await, Ok(Ensured::Changed));
    assert_eq!(stop(&lab, &notebook).await, Ok(Ensured::NotNeeded));
    assert_eq!(stop(&mine, &server).await, Ok(Ensured::Changed));
    cloud.look().advance(Duration::from_secs(601));
    assert_eq!(studio.delete_space(&target, "lab").await, Ok(Ensured::Changed));
    assert_eq!(studio.delete_space(&target, "lab").await, Ok(Ensured::NotNeeded));
    cloud.look().advance(Duration::from_secs(601));
    assert_eq!(studio.delete_profile(&target, &alice).await, Ok(Ensured::Changed));
    assert_eq!(profiles(&cloud)[0].status, "Deleting");
    assert_eq!(studio.delete_profile(&target, &alice).await, Ok(Ensured::NotNeeded));
}

#[tokio::test]
async fn an_app_that_is_starting_is_stopped_once_it_runs() {
    let invalid = "rules: [{ operation: DeleteApp, nth: 2, error: { code: ValidationException, \
                   message: 'App is not InService' } }]";
    let slow = leaver().replace("timing: { fast: true }", "timing: { app_create: 600 }");
    let cloud = Cloud::failing(&slow, invalid).await;
    let owner = AppOwner::Profile(name("alice--fraud"));
    start(&cloud, "KernelGateway").await;
    let stop = async |status| {
        cloud.aws.studio().stop_app(&target(), &owner, &app("KernelGateway", status)).await
    };
    assert_eq!(stop(AppStatus::Pending).await, Ok(Ensured::NotNeeded), "ResourceInUse");
    assert_eq!(stop(AppStatus::Pending).await, Ok(Ensured::NotNeeded), "ValidationException");
    cloud.look().advance(Duration::from_secs(601));
    assert_eq!(stop(AppStatus::Pending).await, Ok(Ensured::Changed));
    assert_eq!(cloud.calls("sagemaker:DeleteApp"), 3);
    // What is wrong with the call itself is not taken for that.
    start(&cloud, "TensorBoard").await;
    cloud.look().advance(Duration::from_secs(601));
    cloud.go_wrong("rules: [{ operation: DeleteApp, error: { code: ValidationException } }]");
    let running = app("TensorBoard", AppStatus::InService);
    let refused = cloud.aws.studio().stop_app(&target(), &owner, &running).await;
    assert_eq!(failure(refused).2, FailureKind::Rejected);
    // What came into service between the refusal and the look at it is stopped at once.
    cloud.go_wrong("rules: [{ operation: DeleteApp, nth: 1, error: { code: ResourceInUse } }]");
    let starting = app("TensorBoard", AppStatus::Pending);
    let stopped = cloud.aws.studio().stop_app(&target(), &owner, &starting).await;
    assert_eq!(stopped, Ok(Ensured::Changed));
}

/// Begins to start an app of Alice's.
async fn start(cloud: &Cloud, app_type: &str) {
    let request = aws::client::sagemaker::CreateApp {
        domain_id: DOMAIN.to_owned(),
        user_profile_name: Some("alice--fraud".to_owned()),
        app_type: app_type.to_owned(),
        app_name: "default".to_owned(),
        ..Default::default()
    };
    cloud.aws.sagemaker(&crate::support::region()).call(&request).await.unwrap();
}

#[tokio::test]
async fn apps_that_are_failed_or_leaving_are_not_touched() {
    let cloud = Cloud::with(&leaver()).await;
    let owner = AppOwner::Profile(name("alice--fraud"));
    for status in [AppStatus::Failed, AppStatus::Deleting, AppStatus::Deleted] {
        let done =
            cloud.aws.studio().stop_app(&target(), &owner, &app("JupyterServer", status)).await;
        assert_eq!(done, Ok(Ensured::NotNeeded));
    }
    assert_eq!(cloud.calls("sagemaker:DeleteApp"), 0);
}

#[tokio::test]
async fn an_app_that_failed_meanwhile_needs_nothing() {
    let faults = "rules: [{ operation: CreateApp, app_fails: true }]";
    let cloud = Cloud::failing(&leaver(), faults).await;
    let owner = AppOwner::Profile(name("alice--fraud"));
    start(&cloud, "KernelGateway").await;
    let stale = app("KernelGateway", AppStatus::Pending);
    let done = cloud.aws.studio().stop_app(&target(), &owner, &stale).await;
    assert_eq!(done, Ok(Ensured::NotNeeded));
    assert_eq!(cloud.calls("sagemaker:DeleteApp"), 1);
}
