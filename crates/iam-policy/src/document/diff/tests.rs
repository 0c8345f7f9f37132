//! Differences in the words that people read.

use super::*;
use crate::document::PrincipalKind;

fn said_of(old: &Document, new: &Document) -> Vec<String> {
    diff(old, new).iter().map(ToString::to_string).collect()
}

fn read() -> Statement {
    Statement::allow("Read").actions(["s3:GetObject", "s3:ListBucket"]).resources(["a", "b"])
}

#[test]
fn what_is_added_and_removed_is_said_once_for_all_it_concerns() {
    let old = Document::new([read()]);
    let new = Document::new([
        Statement::allow("Read").actions(["s3:GetObject"]).resources(["a", "b", "c"]),
        Statement::deny("Wall").not_actions(["s3:*"]).not_resources(["w"]).when(
            "Bool",
            "k",
            ["true"],
        ),
    ]);
    assert_eq!(
        said_of(&old, &new),
        [
            "- Allow s3:ListBucket on a, b  (Read)",
            "+ Allow s3:GetObject on c  (Read)",
            "+ Deny all but s3:* on all but w when Bool k \"true\"  (Wall)",
        ]
    );
    assert_eq!(said_of(&new, &new), [""; 0]);
}

#[test]
fn other_conditions_are_a_change_of_conditions() {
    let at = |vpc: &str| Document::new([read().when("StringEquals", "aws:SourceVpc", [vpc])]);
    assert_eq!(
        said_of(&at("vpc-1"), &at("vpc-2")),
        ["~ Allow s3:GetObject, s3:ListBucket on a, b, conditions  (Read)\n    \
          - when StringEquals aws:SourceVpc \"vpc-1\"\n    \
          + when StringEquals aws:SourceVpc \"vpc-2\""]
    );
    assert_eq!(
        said_of(&at("vpc-1"), &Document::new([read()])),
        ["~ Allow s3:GetObject, s3:ListBucket on a, b, conditions  (Read)\n    \
          - when StringEquals aws:SourceVpc \"vpc-1\"\n    \
          + always"]
    );
}

#[test]
fn spelling_names_and_order_are_no_difference() {
    let one = Document::new([
        read().when("StringLike", "aws:SourceVpc", ["b", "a"]),
        Statement::allow("T").actions(["sts:AssumeRole"]).everybody(),
        Statement::allow("U")
            .actions(["sts:AssumeRole"])
            .principals(PrincipalKind::Aws, ["arn:aws:iam::111122223333:root"]),
    ]);
    let other = Document::new([
        Statement::allow("X")
            .actions(["STS:assumerole"])
            .principals(PrincipalKind::Aws, ["111122223333", "*"]),
        read().actions(["S3:GETOBJECT"]).when("StringLike", "AWS:SourceVPC", ["a", "b", "a"]),
    ]);
    assert_eq!(diff(&one, &other), []);
}

#[test]
fn differences_keep_the_spelling_of_the_new_document() {
    let old = Document::new([Statement::allow("A").actions(["S3:getobject"]).resources(["a"])]);
    let new = Document::new([Statement::allow("A")
        .actions(["s3:GetObject"])
        .resources(["b"])
        .when("Bool", "aws:SecureTransport", ["true"])]);
    assert_eq!(
        said_of(&old, &new),
        [
            "- Allow s3:GetObject on a  (A)",
            "+ Allow s3:GetObject on b when Bool aws:SecureTransport \"true\"  (A)",
        ]
    );
}

#[test]
fn principals_are_compared_one_by_one() {
    let trust = |services: &[&str]| {
        let trust = Statement::allow("Trust").actions(["sts:AssumeRole", "sts:TagSession"]);
        Document::new([trust.principals(PrincipalKind::Service, services.iter().copied())])
    };
    assert_eq!(
        said_of(&trust(&["a.amazonaws.com"]), &trust(&["a.amazonaws.com", "b.amazonaws.com"])),
        ["+ Allow sts:AssumeRole, sts:TagSession by Service b.amazonaws.com  (Trust)"]
    );
}

#[test]
fn another_version_is_a_difference_and_none_is_the_old_one() {
    let old = Document { version: None, ..Document::new([read()]) };
    let same = Document { version: Some(Version::V2008), ..old.clone() };
    assert_eq!(diff(&old, &same), []);
    assert_eq!(said_of(&old, &Document::new([read()])), ["~ Version 2008-10-17 is now 2012-10-17"]);
}

#[test]
fn long_lists_cost_what_they_differ_in() {
    let names = |prefix: &str| (0..5_000).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
    let large = Statement::allow("A").actions(names("s3:A")).resources(names("r"));
    let one = Document::new([large.clone()]);
    let other = Document::new([large.actions(["s3:B"])]);
    let [Change::Added { about, .. }] = &diff(&one, &other)[..] else { panic!("one addition") };
    assert_eq!(about.actions, Names::Each(BTreeSet::from(["s3:B".to_owned()])));
}

#[test]
fn lists_made_to_be_costly_are_compared_as_a_whole() {
    // Each name is in another selection of the statements.
    let names = |prefix: &str, bit: u32| {
        let held = (0..2_500_u32).filter(move |n| n >> bit & 1 == 1);
        held.map(|n| format!("{prefix}{n}")).collect::<Vec<_>>()
    };
    let statements = (0..12).map(|bit| {
        Statement::allow(format!("S{bit}")).actions(names("s3:A", bit)).resources(names("r", bit))
    });
    let document = Document::new(statements);
    let mut shorter = document.clone();
    shorter.statements.pop();
    assert_eq!(diff(&document, &document), []);
    let changes = diff(&document, &shorter);
    let [Change::Removed { about, .. }] = &changes[..] else { panic!("{} changes", changes.len()) };
    assert_eq!(about.sids, BTreeSet::from(["S11".to_owned()]));
}

#[test]
fn as_json_a_change_says_what_it_is() {
    let old = Document::new([read()]);
    let new = Document::new([read(), Statement::deny("D").not_actions(["a:B"]).resources(["*"])]);
    assert_eq!(
        serde_json::to_value(diff(&old, &new)).unwrap(),
        serde_json::json!([{
            "change": "added",
            "effect": "Deny",
            "actions": {"allBut": ["a:B"]},
            "resources": {"each": ["*"]},
            "sids": ["D"],
            "conditions": {},
        }])
    );
}
