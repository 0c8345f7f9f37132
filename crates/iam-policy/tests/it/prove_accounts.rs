//! Proofs about more than one account, and about principals that not every layer is asked about.

use iam_policy::document::{Document, PrincipalKind, Statement};
use iam_policy::prove::{Claim, Documents, Subject, Verdict, prove};

const ROLE: &str = "arn:aws:iam::111122223333:role/r";
const OWN: &str = "arn:aws:sns:eu-west-1:111122223333:t";
const FOREIGN: &str = "arn:aws:sns:eu-west-1:444455556666:t";

fn publish(resources: &[&str]) -> Statement {
    Statement::allow("Publish").actions(["sns:Publish"]).resources(resources.iter().copied())
}

fn never_publish() -> Claim {
    Claim::never("nobody publishes", Document::new([publish(&["*"])]))
}

fn of_resource(statement: Statement) -> Document {
    Document::new([statement])
}

/// The resource of the first witness.
#[track_caller]
fn refuted(subject: &str, policies: &Documents, claim: &Claim) -> String {
    match prove(&Subject::new(subject), policies, claim, 1) {
        Verdict::Refuted { witnesses, .. } => {
            assert!(witnesses[0].answer.is_allowed(), "{witnesses:?}");
            witnesses[0].request.resource().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn unknown(subject: &str, policies: &Documents) -> String {
    match prove(&Subject::new(subject), policies, &never_publish(), 1) {
        Verdict::Unknown { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_resource_of_another_account_does_not_hide_one_of_the_own() {
    let everybody = publish(&["*"]).principals(PrincipalKind::Aws, [ROLE]);
    for identity in [
        vec![publish(&[FOREIGN, OWN])],
        vec![publish(&["*"]), publish(&[FOREIGN]).actions(["sns:*"])],
    ] {
        let identity = Document::new(identity);
        refuted(ROLE, &Documents::of([identity.clone()]), &never_publish());
        // With a policy of the resource, accounts matter: the own account needs one of both.
        let boundary = Some(Document::new([publish(&["*"])]));
        let elsewhere = of_resource(everybody.clone().when("StringEquals", "a:b", ["c"]));
        let policies = Documents {
            identity: vec![identity],
            boundary,
            resource: Some(Document::new([
                Statement::deny("NotWithKey").actions(["*"]).resources(["*"]).everybody().when(
                    "Null",
                    "a:b",
                    ["false"],
                ),
                elsewhere.statements[0].clone(),
            ])),
            ..Documents::default()
        };
        let resource = refuted(ROLE, &policies, &never_publish());
        assert!(!resource.contains("444455556666"), "{resource}");
    }
}

#[test]
fn what_another_account_may_allow_is_new() {
    let old = publish(&[OWN]);
    let admin = "arn:aws:iam::444455556666:role/admin";
    let assume = Statement::allow("Assume").actions(["sts:AssumeRole"]).resources([admin]);
    let new = Documents::of([Document::new([old.clone(), assume])]);
    let claim = Claim::nothing_new(Documents::of([Document::new([old])]));
    assert_eq!(refuted(ROLE, &new, &claim), admin);
}

#[test]
fn a_witness_is_in_the_account_that_its_arn_says() {
    // Nobody publishes elsewhere: only a request that contradicts itself would.
    let elsewhere = Statement::deny("Elsewhere").actions(["*"]).resources(["*"]).when(
        "StringNotEquals",
        "aws:ResourceAccount",
        ["111122223333"],
    );
    let policies = Documents::of([Document::new([publish(&[FOREIGN]), elsewhere.clone()])]);
    let why = unknown(ROLE, &policies);
    assert!(why.contains("is not the account in the ARN"), "{why}");
    let policies = Documents::of([Document::new([publish(&[OWN]), elsewhere])]);
    assert_eq!(refuted(ROLE, &policies, &never_publish()), OWN);
}

#[test]
fn service_control_policies_do_not_hold_services_and_service_linked_roles() {
    let scp =
        vec![vec![Document::new([Statement::allow("S3").actions(["s3:*"]).resources(["*"])])]];
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/r";
    let policies =
        Documents { identity: vec![Document::new([publish(&["*"])])], scp, ..Documents::default() };
    refuted(linked, &policies, &never_publish());
    let service = "sagemaker.amazonaws.com";
    let resource = publish(&["*"]).principals(PrincipalKind::Service, [service]);
    let policies = Documents { resource: Some(of_resource(resource)), ..policies };
    refuted(service, &policies, &never_publish());
    // The claim is about what it says for services, too.
    let never_read = Claim::never(
        "nobody reads",
        Document::new([Statement::allow("Read").actions(["s3:GetObject"]).resources(["*"])]),
    );
    match prove(&Subject::new(service), &policies, &never_read, 1) {
        Verdict::Proved { .. } => {}
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        prove(&Subject::new(ROLE), &policies, &never_publish(), 1),
        Verdict::Proved { .. }
    ));
}

#[test]
fn a_role_does_not_stand_for_a_session_that_a_policy_names() {
    let session = "arn:aws:sts::111122223333:assumed-role/r/alice";
    let resource = publish(&["*"]).principals(PrincipalKind::Aws, [session]);
    let policies = Documents { resource: Some(of_resource(resource)), ..Documents::default() };
    let why = unknown(ROLE, &policies);
    assert!(why.contains("names a session"), "{why}");
    refuted(session, &policies, &never_publish());
    let other = "arn:aws:iam::111122223333:role/other";
    assert!(matches!(
        prove(&Subject::new(other), &policies, &never_publish(), 1),
        Verdict::Proved { .. }
    ));
}

#[test]
fn a_session_does_not_tell_the_path_of_its_role() {
    let session = "arn:aws:sts::111122223333:assumed-role/r/alice";
    let team = publish(&["*"]).when(
        "ArnLike",
        "aws:PrincipalArn",
        ["arn:aws:iam::111122223333:role/team/*"],
    );
    let policies = Documents::of([Document::new([team])]);
    let why = unknown(session, &policies);
    assert!(why.contains("does not tell the path"), "{why}");
    refuted("arn:aws:iam::111122223333:role/team/r", &policies, &never_publish());
}

#[test]
fn several_values_of_a_key_leave_a_variable_without_value() {
    let allow =
        Statement::allow("AllButOwn").actions(["sns:*"]).not_resources(["x/${aws:PrincipalTag/t}"]);
    let claim = Claim::always(
        "whoever has the tag publishes",
        Document::new([publish(&[OWN]).when("Null", "a:t", ["false"])]),
    );
    let known = Documents::of([Document::new([allow.clone()])]);
    let verdict =
        prove(&Subject::new(ROLE).knowing("aws:PrincipalTag/t", ["a"]), &known, &claim, 1);
    assert!(matches!(verdict, Verdict::Proved { .. }), "{verdict:?}");
    let several = Documents::of([Document::new([allow.not_resources(["x/${a:t}"])])]);
    let subject = Subject::new(ROLE).knowing("aws:PrincipalTag/t", ["a"]);
    let verdict = prove(&subject, &several, &claim, 1);
    let Verdict::Refuted { witnesses, .. } = verdict else { panic!("{verdict:?}") };
    assert!(witnesses[0].request.values("a:t").unwrap().len() > 1, "{witnesses:?}");
}
