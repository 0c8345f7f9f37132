//! What requests carry, and what proofs may take of it for granted.

use iam_policy::prove::{AWS_FACTS, Claim, Documents, Subject, Verdict, prove};
use iam_policy::{Document, Statement};

const ROLE: &str = "arn:aws:iam::111122223333:role/r";

fn allow(actions: &[&str]) -> Statement {
    Statement::allow("Allow").actions(actions.iter().copied()).resources(["*"])
}

fn document(statements: impl IntoIterator<Item = Statement>) -> Documents {
    Documents::of([Document::new(statements)])
}

/// Whether a version of a document grants nothing that another did not.
fn nothing_new(old: Statement, new: Statement) -> Verdict {
    let claim = Claim::nothing_new(document([old]));
    prove(&Subject::new(ROLE), &document([new]), &claim, 1)
}

/// The action, resource and context of the request that refutes.
fn refuting(verdict: &Verdict) -> String {
    let Verdict::Refuted { witnesses, .. } = verdict else { panic!("{verdict:?}") };
    let request = &witnesses.first().unwrap().request;
    format!("{} {:?}", request.action(), request.context())
}

#[test]
fn the_account_of_the_resource_may_be_missing_where_aws_says_so() {
    let versions = |action| {
        let old = allow(&[action]).when("StringEquals", "aws:ResourceAccount", ["111122223333"]);
        let new = allow(&[action]);
        (old, new.when("StringEqualsIfExists", "aws:ResourceAccount", ["111122223333"]))
    };
    for action in ["ec2:CopySnapshot", "events:PutEvents", "ebs:PutSnapshotBlock"] {
        let (old, new) = versions(action);
        let missing = format!("{action} {{\"aws:resourceaccount\": []}}");
        assert_eq!(refuting(&nothing_new(old, new)), missing);
    }
    // Elsewhere it is always there, which is said.
    let (old, new) = versions("s3:GetObject");
    let verdict = nothing_new(old, new);
    let Verdict::Proved { assumptions, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(assumptions, AWS_FACTS);
    // One action of a pattern is enough.
    let (old, new) = versions("ec2:Copy*");
    let missing = "ec2:CopyFpgaImage {\"aws:resourceaccount\": []}";
    assert_eq!(refuting(&nothing_new(old, new)), missing);
}

#[test]
fn a_wall_of_one_services_tags_keeps_nobody_from_anothers_resources() {
    let wall = Statement::deny("Wall")
        .actions(["*"])
        .resources(["*"])
        .when("StringNotEquals", "sagemaker:ResourceTag/team", ["fraud"])
        .when("Null", "sagemaker:ResourceTag/team", ["false"]);
    let policies = document([allow(&["*"]), wall]);
    let of_ops = |action| {
        let requests = allow(&[action]).when("StringEquals", "aws:ResourceTag/team", ["ops"]);
        prove(&Subject::new(ROLE), &policies, &Claim::never("never", Document::new([requests])), 1)
    };
    let ops = "s3:GetObject {\"aws:resourcetag/team\": [\"ops\"]}";
    assert_eq!(refuting(&of_ops("s3:GetObject")), ops);
    assert!(matches!(of_ops("sagemaker:DeleteApp"), Verdict::Proved { .. }));
    // Nothing of another service has the key at all.
    let of_key = |action| {
        let only = allow(&["*"]).when("StringLike", "sagemaker:ResourceTag/team", ["*"]);
        let claim = Claim::never("never", Document::new([allow(&[action])]));
        prove(&Subject::new(ROLE), &document([only]), &claim, 1)
    };
    assert!(matches!(of_key("s3:GetObject"), Verdict::Proved { .. }));
    assert!(matches!(of_key("sagemaker:DeleteApp"), Verdict::Refuted { .. }));
}

#[test]
fn everybody_has_an_arn_and_an_account() {
    let any = Subject::anybody_as(ROLE);
    for key in ["aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType"] {
        let with = |operator| document([allow(&["*"]).when(operator, key, ["x"])]);
        let claim = Claim::nothing_new(with("StringEquals"));
        let verdict = prove(&any, &with("StringEqualsIfExists"), &claim, 1);
        let Verdict::Proved { assumptions, .. } = verdict else { panic!("{key}: {verdict:?}") };
        assert_eq!(assumptions, Vec::<String>::new());
    }
}
