//! Domains of several accounts, reached by assumed roles.

use crate::cloud::OTHER_ACCOUNT;
use crate::world::{FAST, MAP, SEED, World, brief};

const RISK: (&str, &str) = (OTHER_ACCOUNT, "d-risk");

/// A second account with a domain of its own, behind a role that asks for an external id.
fn seed() -> String {
    SEED.replace(
        "roles:\n",
        "roles:\n  - { name: studio-risk, account: \"444455556666\" }\n  \
         - { name: Spoke, account: \"444455556666\", \
         trust: { account: \"111122223333\", external_id: 7f1c } }\n",
    )
    .replace(
        "domains:\n",
        "domains:\n  - { id: d-risk, account: \"444455556666\", \
         default_execution_role: \"arn:aws:iam::444455556666:role/studio-risk\" }\n",
    )
    .replace("groups:\n", "groups:\n    - { name: ml-risk, members: [cleo] }\n")
        + FAST
}

fn map(external_id: &str) -> String {
    MAP.replace(
        "domains:\n",
        &format!(
            "domains:\n  risk:\n    domain_id: d-risk\n    account_id: \"444455556666\"\n    \
             region: eu-west-1\n    assume_role: {{ arn: \
             \"arn:aws:iam::444455556666:role/Spoke\", external_id: {external_id} }}\n"
        ),
    )
    .replace(
        "teams:\n",
        "teams:\n  risk:\n    domain: risk\n    \
         execution_role: \"arn:aws:iam::{account_id}:role/studio-{team}\"\n    \
         network: anywhere\n",
    )
    .replace("grants:\n", "grants:\n  - { group: ml-risk, team: risk }\n")
}

#[test]
fn each_domain_is_reached_in_its_own_account() {
    let world = World::new(&seed(), &map("7f1c"));
    world.apply(&[]).exits(0);
    assert_eq!(brief(&world.cloud.profiles(RISK)), [("cleo--risk", "InService", "studio-risk")]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    world.assert_settled();
}

#[test]
fn with_another_external_id_that_domain_is_reported_and_the_other_is_done() {
    let world = World::new(&seed(), &map("8e2d"));
    let plan = world.run(&["plan"]).exits(1);
    for part in [
        "+ Ana Diaz (ana) → fraud",
        "NEEDS ATTENTION\n  ! domain risk  domain-unreadable: The domain could not be read: sts:AssumeRole failed with AccessDenied: ",
    ] {
        assert!(plan.stdout.contains(part), "{}", plan.stdout);
    }
    world.apply(&[]).exits(1).says(&[
        "error: domain risk could not be read: sts:AssumeRole failed with AccessDenied: ",
        "(aws-access-denied)\n  Let the role's trust policy name Stagedoor's account",
    ]);
    assert_eq!(world.cloud.profiles(RISK), []);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);

    world.write("access.yaml", &map("7f1c"));
    world.apply(&[]).exits(0);
    assert_eq!(brief(&world.cloud.profiles(RISK)), [("cleo--risk", "InService", "studio-risk")]);
}

#[test]
fn without_credentials_a_map_with_a_role_to_assume_is_told_so() {
    let world = World::new(&seed(), &map("7f1c"));
    let mut command = world.command(&["plan"]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    crate::process::run(command).exits(1).says(&["(aws-credentials)"]);
}

#[test]
fn an_account_that_refuses_everything_does_not_stop_the_other() {
    let denied =
        seed().replace("external_id: 7f1c } }", "external_id: 7f1c }, denied: [\"sagemaker:*\"] }");
    let world = World::new(&denied, &map("7f1c"));
    world.apply(&[]).exits(1).says(&[
        "error: domain risk could not be read: sagemaker:",
        "failed with AccessDeniedException: User: arn:aws:sts::444455556666:assumed-role/Spoke/",
        "(aws-access-denied)\n  Allow this action to Stagedoor's role, then run it again.\n",
    ]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn the_template_of_a_spoke_trusts_whoever_asks_for_it_with_the_maps_external_id() {
    let world = World::new(&seed(), &map("7f1c"));
    let template = world.run(&["spoke", "template", "risk"]).exits(0).json();
    let role = &template["Resources"]["RoleSpoke"]["Properties"];
    assert_eq!(role["RoleName"], "Spoke");
    let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(trust["Principal"]["AWS"], "arn:aws:iam::111122223333:user/sandbox");
    assert_eq!(trust["Condition"]["StringEquals"]["sts:ExternalId"], "7f1c");
    let account = world.run(&["spoke", "template", OTHER_ACCOUNT]).exits(0).json();
    assert_eq!(account, template);
}

#[test]
fn every_change_of_a_pass_bears_its_name_as_source_identity() {
    let seed = seed().replace("external_id: 7f1c }", "external_id: 7f1c, source_identity: true }");
    let map =
        map("7f1c").replace("external_id: 7f1c }", "external_id: 7f1c, source_identity: true }");
    let world = World::new(&seed, &map);
    world.apply(&[]).exits(0);
    let sandbox = world.cloud.look();
    let there = || {
        let in_spoke = |call: &&sandbox::CallRecord| call.account == OTHER_ACCOUNT;
        sandbox.calls().filter(|call| call.service == "sagemaker").filter(in_spoke)
    };
    let identity_of = |operation: &str| {
        let call = there().find(|call| call.operation == operation).unwrap();
        assert_eq!(call.source_identity, call.session);
        call.session.clone().unwrap()
    };
    assert_eq!(identity_of("ListUserProfiles"), "stagedoor-control");
    let change = identity_of("CreateUserProfile");
    // `stagedoor-20261121T090000Z-` and twelve hexadecimal digits.
    assert_eq!((change.len(), change.matches('-').count()), (39, 2), "{change}");
}
