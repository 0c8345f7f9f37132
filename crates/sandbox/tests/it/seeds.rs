//! Seeds that cannot be used, and the one which is used when none is given.

use sandbox::{Faults, Sandbox, Seed};

#[track_caller]
fn refused(yaml: &str, problem: &str) {
    let seed = Seed::from_yaml(yaml).unwrap();
    let error = Sandbox::new(seed, Faults::default()).unwrap_err();
    assert_eq!(error.to_string(), problem);
}

#[test]
fn the_default_seed_has_a_domain_and_nobody_in_it() {
    let seed = Seed::standard().unwrap();
    let sandbox = Sandbox::new(seed, Faults::default()).unwrap();
    let state = sandbox.state("2026-11-21T09:00:00Z".parse().unwrap());
    assert_eq!(state["domains"][0]["id"], "d-sandboxstudio");
    assert_eq!(state["domains"][0]["auth_mode"], "IAM");
    assert_eq!(state["domains"][0]["profiles"], serde_json::json!([]));
    assert_eq!(state["directory"]["users"], 0);
    assert_eq!(state["queues"]["111122223333/eu-west-1/stagedoor-events"], 0);
}

#[test]
fn unknown_keys_are_errors_with_their_place() {
    let error = Seed::from_yaml("random: 1\ndomain: []\n").unwrap_err().to_string();
    assert!(error.starts_with("cannot read the seed: "), "{error}");
    assert!(error.contains("unknown field `domain`") && error.contains("line 2"), "{error}");
}

#[test]
fn missing_references_are_named() {
    refused(
        "profiles: [{ domain: d-x, name: ana }]",
        "profile `ana` of the seed: is in the domain `d-x`, which is not in `domains`",
    );
    refused(
        "directory: { identity_store_id: d-906716eb24, groups: [{ name: ml, members: [ana] }] }",
        "group `ml` of the seed: has a member `ana` who is no user",
    );
    refused(
        "domains: [{ id: d-x, auth_mode: SSO }]",
        "domain `d-x` of the seed: is in SSO mode, which needs a `directory` in eu-west-1",
    );
    refused(
        "domains: [{ id: d-x, default_execution_role: 'arn:aws:iam::111122223333:role/none' }]",
        "domain `d-x` of the seed: has the role arn:aws:iam::111122223333:role/none, which is not \
         in `roles`",
    );
}

#[test]
fn names_that_aws_would_refuse_are_refused() {
    refused(
        "{ domains: [{ id: d-x }], profiles: [{ domain: d-x, name: a_b }] }",
        "profile `a_b` of the seed: `a_b` does not match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    );
}

#[test]
fn the_examples_of_the_readme_work() {
    let readme = include_str!("../../README.md");
    let mut blocks =
        readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let seed = Seed::from_yaml(blocks.next().unwrap()).unwrap();
    let faults = Faults::from_yaml(blocks.next().unwrap()).unwrap();
    assert_eq!(faults.rules.len(), 6);
    let sandbox = Sandbox::new(seed, faults).unwrap();
    assert_eq!(sandbox.profiles("111122223333", "eu-west-1", "d-research").len(), 1);
    assert_eq!(sandbox.members("ml-fraud"), ["ana"]);
}
