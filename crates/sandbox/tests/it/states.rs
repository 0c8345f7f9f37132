//! States that take time, on a virtual clock; and what faults do to them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::in_process::{ACCOUNT, Caller, REGION};

const SEED: &str = "
roles: [{ name: studio }]
domains: [{ id: d-x, default_execution_role: 'arn:aws:iam::111122223333:role/studio' }]
profiles: [{ domain: d-x, name: Ana, tags: { 'stagedoor:team': fraud } }]
spaces: [{ domain: d-x, name: notes, owner: Ana }]
apps: [{ domain: d-x, space: notes, type: JupyterLab }]
timing: { profile_create: 10, profile_delete: 20, app_delete: 1200 }
";

fn profile(name: &str) -> Value {
    json!({"DomainId": "d-x", "UserProfileName": name})
}

fn status(caller: &mut Caller, name: &str) -> Option<String> {
    let (_, body) = caller.call("SageMaker.DescribeUserProfile", &profile(name));
    body["Status"].as_str().map(str::to_owned)
}

#[test]
fn a_profile_is_pending_for_its_seconds_and_no_longer() {
    let mut caller = Caller::new(SEED, "");
    caller.ok("SageMaker.CreateUserProfile", &profile("ben"));
    caller.wait(9);
    assert_eq!(status(&mut caller, "ben").as_deref(), Some("Pending"));
    caller.wait(1);
    assert_eq!(status(&mut caller, "ben").as_deref(), Some("InService"));
    caller.ok("SageMaker.DeleteUserProfile", &profile("ben"));
    caller.wait(19);
    assert_eq!(status(&mut caller, "ben").as_deref(), Some("Deleting"));
    caller.wait(1);
    assert_eq!(status(&mut caller, "ben"), None);
}

#[test]
fn a_deletion_during_creation_wins() {
    let mut caller = Caller::new(SEED, "");
    caller.ok("SageMaker.CreateUserProfile", &profile("ben"));
    caller.wait(5);
    caller.ok("SageMaker.DeleteUserProfile", &profile("ben"));
    caller.wait(5);
    assert_eq!(status(&mut caller, "ben").as_deref(), Some("Deleting"));
    caller.wait(15);
    assert_eq!(status(&mut caller, "ben"), None);
}

#[test]
fn seeded_resources_are_in_service_and_the_owner_views_see_them() {
    let caller = Caller::new(SEED, "");
    let profiles = caller.sandbox.profiles(ACCOUNT, REGION, "d-x");
    assert_eq!(profiles.len(), 1);
    assert_eq!((profiles[0].name.as_str(), profiles[0].status), ("Ana", "InService"));
    assert_eq!(
        profiles[0].execution_role.as_deref(),
        Some("arn:aws:iam::111122223333:role/studio")
    );
    assert_eq!(profiles[0].tags["stagedoor:team"], "fraud");
    let spaces = caller.sandbox.spaces(ACCOUNT, REGION, "d-x");
    assert_eq!(spaces[0].owner.as_deref(), Some("Ana"));
    let apps = caller.sandbox.apps(ACCOUNT, REGION, "d-x");
    assert_eq!((apps[0].space.as_deref(), apps[0].profile.as_deref()), (Some("notes"), None));
    assert!(caller.sandbox.profiles("444455556666", REGION, "d-x").is_empty());
    assert!(caller.sandbox.profiles(ACCOUNT, "us-east-1", "d-x").is_empty());
}

#[test]
fn the_clock_can_be_moved_forward() {
    let mut caller = Caller::new(SEED, "");
    let app = json!({
        "DomainId": "d-x", "SpaceName": "notes", "AppType": "JupyterLab", "AppName": "default",
    });
    caller.ok("SageMaker.DeleteApp", &app);
    caller.sandbox.advance(Duration::from_secs(1199));
    assert_eq!(caller.ok("SageMaker.DescribeApp", &app)["Status"], "Deleting");
    caller.sandbox.advance(Duration::from_secs(1));
    assert_eq!(caller.ok("SageMaker.DescribeApp", &app)["Status"], "Deleted");
    caller.ok("SageMaker.DeleteSpace", &json!({"DomainId": "d-x", "SpaceName": "notes"}));
}

#[test]
fn an_app_that_is_starting_cannot_be_deleted() {
    let mut caller = Caller::new(SEED, "");
    let app = json!({
        "DomainId": "d-x", "SpaceName": "notes", "AppType": "CodeEditor", "AppName": "default",
    });
    caller.ok("SageMaker.CreateApp", &app);
    let (status, error) = caller.call("SageMaker.DeleteApp", &app);
    assert_eq!((status, error["__type"].as_str()), (400, Some("ResourceInUse")));
    assert_eq!(caller.ok("SageMaker.DescribeApp", &app)["Status"], "Pending");
}

#[test]
fn fast_seeds_change_at_once() {
    let seed = SEED.replace("timing: {", "timing: { fast: true,");
    let mut caller = Caller::new(&seed, "");
    caller.ok("SageMaker.CreateUserProfile", &profile("ben"));
    assert_eq!(status(&mut caller, "ben").as_deref(), Some("InService"));
    caller.ok("SageMaker.DeleteUserProfile", &profile("ben"));
    assert_eq!(status(&mut caller, "ben"), None);
}

#[test]
fn the_same_calls_get_the_same_answers() {
    let story = || {
        let mut caller = Caller::new(SEED, "");
        caller.ok("SageMaker.CreateUserProfile", &profile("ben"));
        caller.wait(10);
        let url = caller.ok("SageMaker.CreatePresignedDomainUrl", &profile("ben"));
        (url, caller.sandbox.state(caller.now))
    };
    let (one, two) = (story(), story());
    assert_eq!(one, two);
    let url = one.0["AuthorizedUrl"].as_str().unwrap();
    assert!(url.starts_with("http://sandbox.test/studio/d-x/auth?token="), "{url}");
}

#[test]
fn a_presigned_url_dies_with_its_profile() {
    let mut caller = Caller::new(SEED, "");
    caller.ok("SageMaker.CreateUserProfile", &profile("ben"));
    caller.wait(10);
    let url = caller.ok("SageMaker.CreatePresignedDomainUrl", &profile("ben"));
    let path = url["AuthorizedUrl"].as_str().unwrap().replace("http://sandbox.test", "");
    caller.ok("SageMaker.DeleteUserProfile", &profile("ben"));
    caller.wait(20);
    let (status, text) = caller.get(&path);
    assert_eq!(status, 403);
    assert!(text.contains("The user profile is gone."), "{text}");
    assert_eq!(caller.sandbox.presigned_count(), 1);
}

#[test]
fn text_of_strangers_is_escaped_on_the_page() {
    let seed = SEED.replace("fraud", "'<script>\"&'");
    let mut caller = Caller::new(&seed, "");
    let url = caller.ok("SageMaker.CreatePresignedDomainUrl", &profile("ana"));
    let path = url["AuthorizedUrl"].as_str().unwrap().replace("http://sandbox.test", "");
    let (status, text) = caller.get(&path);
    assert_eq!(status, 200);
    assert!(!text.contains("<script>"), "{text}");
    assert!(text.contains("data-team=\"&lt;script&gt;&quot;&amp;\""), "{text}");
}

#[test]
fn latency_is_told_to_the_server_and_calls_are_recorded() {
    let mut caller =
        Caller::new(SEED, "rules: [{ operation: ListApps, every: 2, latency_ms: 400 }]");
    let (_, _, first) = caller.call_with_delay("SageMaker.ListApps", &json!({}));
    let (_, _, second) = caller.call_with_delay("SageMaker.ListApps", &json!({}));
    assert_eq!(first.latency, Duration::ZERO);
    assert_eq!(second.latency, Duration::from_millis(400));
    caller.call("SageMaker.DescribeDomain", &json!({"DomainId": "d-none"}));
    assert_eq!(caller.sandbox.call_counts()["sagemaker:ListApps"], 2);
    let last = caller.sandbox.calls().last().unwrap();
    assert_eq!(
        (last.operation, last.status, last.account.as_str()),
        ("DescribeDomain", 400, ACCOUNT)
    );
    assert_eq!(last.error.as_deref(), Some("ResourceNotFound"));
}

#[test]
fn many_profiles_are_no_burden() {
    // Quadratic work would take minutes here.
    let seed = format!("{SEED}limits: {{ user_profiles: 100000 }}\n");
    let mut caller = Caller::new(&seed, "");
    for i in 0..20_000 {
        caller.ok("SageMaker.CreateUserProfile", &profile(&format!("p{i}")));
    }
    caller.wait(10);
    assert_eq!(status(&mut caller, "p19999").as_deref(), Some("InService"));
}
