//! What `docs/deploy-aws.md` tells people to do, and in which order.

use crate::stack::create;
use crate::yaml::{folder, template};
use serde_json::{Value, json};

fn guide() -> String {
    std::fs::read_to_string(folder().join("../../docs/deploy-aws.md")).unwrap()
}

/// What stands in the page in this order, each behind the one before it.
fn in_order(page: &str, steps: &[&str]) {
    let mut rest = page;
    for step in steps {
        let Some((_, behind)) = rest.split_once(step) else {
            panic!("`{step}` does not come where it is to: {steps:?}")
        };
        rest = behind;
    }
}

/// The network of a domain goes after it: endpoints of a living one would be gone, and subnets would not.
#[test]
fn a_domain_is_deleted_before_the_stack_with_its_network() {
    let page = guide();
    let (before, uninstall) = page.split_once("\n## Uninstall\n").unwrap();
    in_order(
        uninstall,
        &[
            "`domain.yaml` last",
            "apps, spaces and profiles",
            "aws sagemaker delete-domain",
            "aws efs delete-mount-target",
            "security-group-for-inbound-nfs-",
            "--no-enable-termination-protection",
            "aws cloudformation delete-stack --stack-name studio",
        ],
    );
    in_order(
        before,
        &["--stack-name studio ", "update-termination-protection --stack-name studio --enable"],
    );
}

/// Whoever follows the page has each role before a step that names it.
#[test]
fn execution_roles_are_made_before_they_are_named() {
    let page = guide();
    in_order(
        &page,
        &[
            "--role-name studio-nobody",
            "DefaultExecutionRoleArn=",
            "--only execution",
            "ExecutionRoleArns=",
        ],
    );
    let (_, trust) = page.split_once("--assume-role-policy-document '").unwrap();
    let trust: Value = serde_json::from_str(trust.split_once('\'').unwrap().0).unwrap();
    let given = [("DefaultExecutionRoleArn", "arn:aws:iam::444455556666:role/studio-nobody")];
    let stack = create(&template("domain.yaml"), &given).unwrap();
    let names = stack.resources["Domain"].text("/DomainSettings/ExecutionRoleIdentityConfig");
    assert_eq!(names, "USER_PROFILE_NAME", "which is why the second action is needed");
    assert_eq!(trust["Statement"][0]["Principal"], json!({"Service": "sagemaker.amazonaws.com"}));
    assert_eq!(trust["Statement"][0]["Action"], json!(["sts:AssumeRole", "sts:SetSourceIdentity"]));
}

/// A hub that is made again is not let in by itself, and one of another Region needs names of its own.
#[test]
fn what_stands_in_the_way_of_a_second_hub_is_told() {
    let page = guide();
    let row = |begins: &str| {
        let row = page.lines().find(|line| line.starts_with(begins));
        row.unwrap_or_else(|| panic!("{begins}")).to_owned()
    };
    assert!(row("| the hub's Region |").contains("another `Name`"));
    assert!(row("| the hub's roles, ").contains("another `ExternalId` and `LinkExternalId`"));
}

/// Apps start with a domain's own key only for roles that may use it.
#[test]
fn the_key_of_the_domain_is_named_in_the_map() {
    let page = guide();
    let (_, map) = page.split_once("\n## 2. The map\n").unwrap();
    let (map, _) = map.split_once("\n## 3. ").unwrap();
    in_order(map, &["`KeyArn` of `domain.yaml`", "kms_keys: { volumes: ["]);
}
