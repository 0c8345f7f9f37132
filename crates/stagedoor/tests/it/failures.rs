//! AWS that cannot be reached, refuses, slows down or loses answers.

use crate::cloud::RESEARCH;
use crate::process;
use crate::world::{FAST, MAP, SEED, World, brief, in_aws};
use std::net::TcpListener;

/// Fewer attempts than by default, because a test has no half a minute for each failure.
fn hurried(world: &World, args: &[&str]) -> process::Run {
    let mut command = world.command(args);
    command.env("AWS_MAX_ATTEMPTS", "2");
    process::run(command)
}

const APPLY: [&str; 3] = ["apply", "--poll", "20ms"];

#[test]
fn aws_out_of_reach_is_told_with_the_call_and_what_to_do() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("access.yaml"), MAP).unwrap();
    let ask = |args: &[&str]| {
        let mut command = in_aws(folder.path(), &format!("http://127.0.0.1:{port}"));
        command.env("AWS_MAX_ATTEMPTS", "1").args(args);
        process::run(command).exits(1)
    };
    ask(&["plan"]).prints("").says(&[
        "so nothing was planned or changed: identitystore:List",
        " failed: ",
        "Connection refused",
        "(aws-unreachable)\n  Check the network, the Region and AWS_ENDPOINT_URL, then run it \
         again.\n",
    ]);
    let document = ask(&["apply", "--output", "json"]).json();
    assert_eq!(document["kind"], "Error");
    assert_eq!(document["code"], "aws-unreachable");
    assert_eq!(
        document["remedy"],
        "Check the network, the Region and AWS_ENDPOINT_URL, then run it again."
    );
}

#[test]
fn an_endpoint_that_is_none_is_told_without_what_it_says_and_an_empty_one_is_not_set() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let with = |endpoint: &str| {
        let mut command = world.command(&["plan"]);
        command.env("AWS_ENDPOINT_URL", endpoint);
        process::run(command)
    };
    for wrong in ["minio:9000", "olga:hunter2@localhost"] {
        let run = with(wrong).exits(1).prints("").says(&[
            "identitystore:List",
            "is no address: write http://HOST:PORT or https://HOST (aws-unreachable)",
        ]);
        assert!(
            !run.stderr.contains("hunter2") && !run.stderr.contains("SdkBody"),
            "{}",
            run.stderr
        );
    }
    // Those of single services are asked for anyhow.
    for empty in ["", "  "] {
        let mut command = world.command(&["plan"]);
        for service in ["IAM", "IDENTITYSTORE", "SAGEMAKER", "SSO_ADMIN", "STS"] {
            command.env(format!("AWS_ENDPOINT_URL_{service}"), &world.cloud.url);
        }
        command.env("AWS_ENDPOINT_URL", empty).env("AWS_ENDPOINT_URL_DYNAMODB", empty);
        let run = process::run(command);
        assert!(run.stdout.contains("3 to gain, 0 to change"), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn without_credentials_that_is_what_is_told() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let mut command = world.command(&["plan"]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    process::run(command).exits(1).prints("").says(&[
        "(aws-credentials)\n  Check the AWS credential chain (AWS_PROFILE, AWS_ACCESS_KEY_ID, the \
         instance role), then run it again.\n",
    ]);
}

#[test]
fn an_unreadable_directory_removes_nobody() {
    let denied = "credentials: [{ access_key_id: AKIASTAGEDOOR, account: \"111122223333\", \
                  denied: [\"identitystore:ListUsers\"] }]\n";
    let world = World::new(&format!("{}{denied}", crate::world::settled()), MAP);
    let before = world.cloud.profiles(RESEARCH);
    world.apply(&[]).exits(1).prints("").says(&[
        "error: the directory does not tell its people, so nothing was planned or changed: \
             identitystore:ListUsers failed with AccessDeniedException: ",
        "is not authorized to perform: identitystore:ListUsers",
        "(aws-access-denied)\n  Allow this action to Stagedoor's role, then run it again.\n",
    ]);
    assert_eq!(world.cloud.profiles(RESEARCH), before);
}

#[test]
fn access_denied_is_told_with_the_call_and_the_rest_is_done() {
    let denied = "credentials: [{ access_key_id: AKIASTAGEDOOR, account: \"111122223333\", \
                  denied: [\"sagemaker:DeleteUserProfile\"] }]\n";
    let world = World::new(
        &format!("{SEED}{FAST}{denied}profiles:\n{}", crate::world::owned("cleo", "fraud", "")),
        MAP,
    );
    let run = world.apply(&[]).exits(1).prints("");
    let talk = run.talk();
    assert!(talk.contains("error: 1 action failed: sagemaker:DeleteUserProfile failed with AccessDeniedException: User: "), "{talk}");
    assert!(
        talk.ends_with(
            "(aws-access-denied)\n  Allow this action to Stagedoor's role, then run it again.\n"
        ),
        "{talk}"
    );
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand", "cleo--fraud"]);
}

#[test]
fn a_failed_apply_is_a_document_for_programs_too() {
    let denied = "credentials: [{ access_key_id: AKIASTAGEDOOR, account: \"111122223333\", \
                  denied: [\"sagemaker:CreateUserProfile\"] }]\n";
    let world = World::new(&format!("{SEED}{FAST}{denied}"), MAP);
    let document = world.apply(&["--output", "json"]).exits(1).json();
    assert_eq!(document["kind"], "Error");
    assert_eq!(document["code"], "aws-access-denied");
    let message = document["message"].as_str().unwrap();
    assert!(
        message.starts_with("3 actions failed: sagemaker:CreateUserProfile failed"),
        "{message}"
    );
    assert_eq!(document["remedy"], "Allow this action to Stagedoor's role, then run it again.");
}

#[test]
fn a_domain_that_may_not_be_read_is_told_with_the_call_and_what_to_do() {
    let denied = "credentials: [{ access_key_id: AKIASTAGEDOOR, account: \"111122223333\", \
                  denied: [\"sagemaker:ListUserProfiles\"] }]\n";
    let world = World::new(&format!("{SEED}{FAST}{denied}"), MAP);
    for args in [&["plan"][..], &APPLY] {
        world.run(args).exits(1).says(&[
            "error: domain research could not be read: sagemaker:ListUserProfiles failed with \
             AccessDeniedException: ",
            "(aws-access-denied)\n  Allow this action to Stagedoor's role, then run it again.\n",
        ]);
    }
    // The plan of what could be read says what could not.
    let plan = world.run(&["plan", "--output", "json"]).exits(1).json();
    assert_eq!(plan["kept"][0]["reason"], "domain-unreadable");
    assert_eq!(plan["actions"], serde_json::json!([]));
}

#[test]
fn a_throttled_call_is_tried_again() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.cloud.go_wrong(
        "rules: [{ service: sagemaker, operation: CreateUserProfile, first: 1, throttle: true }]",
    );
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.calls("sagemaker:CreateUserProfile"), 4);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn endless_throttling_ends_and_a_later_apply_completes_the_work() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world
        .cloud
        .go_wrong("rules: [{ service: sagemaker, operation: CreateUserProfile, throttle: true }]");
    let run = hurried(&world, &APPLY).exits(1).prints("");
    let talk = run.talk();
    assert!(
        talk.contains(
            "error: 3 actions failed: sagemaker:CreateUserProfile failed with ThrottlingException: "
        ),
        "{talk}"
    );
    assert!(
        talk.ends_with(
            "(aws-throttled)\n  AWS asked to slow down. Run it again; what was done stays done.\n"
        ),
        "{talk}"
    );
    assert_eq!(world.cloud.profiles(RESEARCH), []);

    world.cloud.go_wrong("{}");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn an_answer_that_was_lost_makes_no_second_profile() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.cloud.go_wrong(
        "rules: [{ operation: CreateUserProfile, first: 3, timeout_after_success: true }]",
    );
    world.apply(&[]).exits(0);
    assert_eq!(
        brief(&world.cloud.profiles(RESEARCH)),
        [
            ("ana--demand", "InService", "studio-demand"),
            ("ana--fraud", "InService", "studio-fraud"),
            ("ben--demand", "InService", "studio-demand"),
        ]
    );
    world.assert_settled();
}

#[test]
fn an_answer_that_is_lost_every_time_is_made_up_for_by_the_next_reading() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.cloud.go_wrong("rules: [{ operation: CreateUserProfile, timeout_after_success: true }]");
    hurried(&world, &APPLY).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn a_profile_that_failed_is_removed_and_made_anew() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world
        .cloud
        .go_wrong("rules: [{ operation: CreateUserProfile, first: 1, profile_fails: true }]");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    assert!(world.cloud.profiles(RESEARCH).iter().all(|p| p.status == "InService"));
    let changes = world.cloud.changes();
    assert_eq!(changes.iter().filter(|c| **c == "CreateUserProfile").count(), 4);
    assert_eq!(changes.iter().filter(|c| **c == "DeleteUserProfile").count(), 1);
}

#[test]
fn a_store_that_cannot_be_opened_stops_apply_before_anything_is_changed() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.write("broken.db", "this is not a database, and long enough to be looked at as one");
    let run = world.apply(&["--store", "broken.db"]).exits(1).prints("");
    assert!(run.talk().starts_with("error: store broken.db: "), "{}", run.talk());
    assert_eq!(world.cloud.changes(), [""; 0]);
}
