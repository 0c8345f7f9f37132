//! The roles of a hub on Lambda: one for each function.

use crate::plane::{LINKS, MAP, SPOKE};
use access::authorisation::authorisation;
use access::map::{Source, parse};
use iam_policy::bundle::{Bundle, Role, RoleKind};
use std::collections::BTreeSet;

const WORK: &str = "arn:aws:sqs:eu-west-1:111122223333:stagedoor-work.fifo";
const EVENTS: &str = "arn:aws:sqs:eu-west-1:111122223333:stagedoor-events";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";

/// What the map of the other tests means, with its hub on Lambda.
fn bundle() -> Bundle {
    let text = MAP.replace(
        "  service: ecs-tasks\n",
        &format!("  service: lambda\n  work_queue: {WORK}\n  key: {KEY}\n"),
    );
    let map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    authorisation(&map).unwrap()
}

fn role<'b>(bundle: &'b Bundle, name: &str) -> &'b Role {
    bundle.roles.iter().find(|role| role.name == name).unwrap()
}

/// What a role may do to a resource.
fn on(role: &Role, resource: &str) -> BTreeSet<String> {
    role.policies()
        .flat_map(|policy| &policy.document.statements)
        .filter(|s| s.resource.iter().flatten().any(|found| found == resource))
        .flat_map(|s| s.action.iter().flatten().cloned())
        .collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_function_has_its_own_role_with_what_it_reads_and_assumes() {
    let bundle = bundle();
    let hub = bundle.roles.iter().filter(|role| role.kind == RoleKind::Hub);
    let hub: Vec<&str> = hub.map(|role| role.name.as_str()).collect();
    assert_eq!(hub, ["stagedoor-door", "stagedoor-events", "stagedoor-timer", "stagedoor-work"]);
    let pollers = names(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]);
    let used = names(["kms:Decrypt", "kms:GenerateDataKey"]);
    for (function, reads, spoke, links) in [
        ("door", None, true, true),
        ("events", Some(EVENTS), false, false),
        ("work", Some(WORK), true, false),
        ("timer", None, true, false),
    ] {
        let role = role(&bundle, &format!("stagedoor-{function}"));
        for queue in [EVENTS, WORK] {
            let found: BTreeSet<String> = on(role, queue).intersection(&pollers).cloned().collect();
            let expected = if reads == Some(queue) { pollers.clone() } else { BTreeSet::new() };
            assert_eq!(found, expected, "{function} {queue}");
        }
        assert_eq!(on(role, KEY), used, "{function}");
        assert_eq!(on(role, SPOKE).contains("sts:AssumeRole"), spoke, "{function}");
        assert_eq!(on(role, LINKS).contains("sts:AssumeRole"), links, "{function}");
        let log = format!("arn:aws:logs:*:111122223333:log-group:/aws/lambda/{}:*", role.name);
        assert_eq!(on(role, &log), names(["logs:CreateLogStream", "logs:PutLogEvents"]));
        let profiles = "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-research/*";
        let may = on(role, profiles);
        assert_eq!(may.contains("sagemaker:DeleteUserProfile"), spoke, "{function}");
        assert_eq!(may.contains("sagemaker:CreateUserProfile"), spoke, "{function}");
        assert_eq!(may.contains("sagemaker:CreatePresignedDomainUrl"), links, "{function}");
    }
}

#[test]
fn spokes_let_in_the_functions_that_work_there_and_links_the_door_alone() {
    let bundle = bundle();
    let trusted = |name: &str| {
        let trust = role(&bundle, name).trust.to_compact_json();
        ["door", "events", "work", "timer"]
            .into_iter()
            .filter(|f| trust.contains(&format!(":role/ops/stagedoor-{f}\"")))
            .collect::<Vec<_>>()
    };
    assert_eq!(trusted("StagedoorSpoke"), ["door", "work", "timer"]);
    assert_eq!(trusted("StagedoorLinks"), ["door"]);
}

#[test]
fn guardrails_spare_the_functions_that_need_it() {
    let bundle = bundle();
    let of = |name: &str| {
        let scp = bundle.scps.iter().find(|policy| policy.name == name).unwrap();
        let text = scp.document.to_compact_json();
        ["door", "events", "work", "timer"]
            .into_iter()
            .filter(|f| text.contains(&format!(":role/ops/stagedoor-{f}\"")))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("StagedoorLinks111122223333"), ["door"]);
    assert_eq!(of("StagedoorRemote111122223333"), [""; 0]);
    assert_eq!(of("StagedoorProfiles111122223333"), ["door", "work", "timer"]);
}

/// Every function seals what it writes; the timer alone signs how far the log goes.
#[test]
fn of_the_functions_the_timer_alone_makes_checkpoints() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/5678efab";
    let text = MAP.replace(
        "  service: ecs-tasks\n",
        &format!("  service: lambda\n  audit_key: {key}\n  checkpoints: s3://my-audit\n"),
    );
    let map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    let bundle = authorisation(&map).unwrap();
    for function in ["door", "events", "work", "timer"] {
        let role = role(&bundle, &format!("stagedoor-{function}"));
        let (on_key, on_objects) = match function {
            "timer" => (
                names(["kms:GenerateMac", "kms:VerifyMac"]),
                names(["s3:GetObject", "s3:PutObject"]),
            ),
            _ => (names(["kms:GenerateMac"]), BTreeSet::new()),
        };
        assert_eq!(on(role, key), on_key, "{function}");
        assert_eq!(on(role, "arn:aws:s3:::my-audit/*"), on_objects, "{function}");
    }
}
