//! `stagedoor policy prove`, and the commands that refuse a map whose invariants do not hold.

use crate::process::{Run, command, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const MAP: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains: { research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 } }
networks:
  office: { any_of: [ { cidr: 10.100.10.0/24, vpc: vpc-0abc } ] }
  lab: { any_of: [ { vpce: vpce-0abc } ] }
teams:
  fraud: { domain: research, persona: data-scientist, network: office, buckets: ["fraud-*"] }
invariants:
"#;
const OLD: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Read", "Effect": "Allow",
 "Action": "s3:GetObject", "Resource": "arn:aws:s3:::fraud-data/*",
 "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-0abc"}}}}"#;
const NEW: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Read", "Effect": "Allow",
 "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::fraud-data/*",
 "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-0abc"}}}}"#;

fn folder(invariants: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("access.yaml", &format!("{MAP}{invariants}"));
    write("old.json", OLD);
    write("new.json", NEW);
    folder
}

fn stagedoor(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.args(args);
    run(command)
}

#[test]
fn what_the_map_says_must_hold_is_proved_of_its_roles() {
    let folder = folder("  - presign_only_from: [office]\n  - teams_apart: all\n");
    let proved = stagedoor(folder.path(), &["policy", "prove"]).exits(0);
    let first: Vec<&str> = proved.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        first,
        [
            "access.yaml:10:5: presign_only_from: [office]: proved",
            "access.yaml:11:5: teams_apart: all: proved"
        ]
    );
    let told = stagedoor(folder.path(), &["policy", "prove", "--output", "json"]).exits(0).json();
    assert_eq!(told["kind"], "InvariantProofs");
    let of_role = &told["invariants"][0]["roles"][0];
    assert_eq!(of_role["role"], "arn:aws:iam::111122223333:role/stagedoor-fraud");
    assert_eq!(of_role["result"]["verdict"], "proved");
    assert_eq!(of_role["result"]["evidence"]["context"]["aws:sourcevpc"], json!(["vpc-0abc"]));
    let calls = of_role["result"]["decisions"].as_u64().unwrap();
    assert!((1..=200_000).contains(&calls), "{calls}");
    stagedoor(folder.path(), &["validate"]).exits(0);
}

#[test]
fn a_map_that_breaks_what_it_says_must_hold_is_refused_by_all_who_act_on_it() {
    let folder = folder("  - presign_only_from: [lab]\n");
    stagedoor(folder.path(), &["policy", "prove"]).exits(5);
    for command in ["validate", "apply", "sync", "serve"] {
        stagedoor(folder.path(), &[command]).exits(3).says(&[
            "access.yaml:10:5: `presign_only_from: [lab]` does not hold: \
             arn:aws:iam::111122223333:role/stagedoor-fraud is allowed \
             sagemaker:CreatePresignedDomainUrl on arn:aws:sagemaker:eu-west-1:",
            "(map-invariant-refuted)",
        ]);
    }
}

#[test]
fn what_cannot_be_proved_is_refused_too() {
    let unknown = "  - never: { Statement: { Effect: Allow, Action: \"*\", Resource: \"*\", \
                   Condition: { BinaryEquals: { \"a:b\": QQ== } } } }\n";
    let folder = folder(unknown);
    stagedoor(folder.path(), &["policy", "prove"]).exits(6);
    stagedoor(folder.path(), &["validate"])
        .exits(3)
        .says(&["(map-invariant-unproved)", "`a:b` is compared as bytes"]);
}

#[test]
fn a_new_version_that_lets_more_through_is_shown_with_a_request_that_eval_allows() {
    let folder = folder("");
    let diff = ["policy", "prove", "--diff", "old.json", "new.json"];
    stagedoor(folder.path(), &diff).exits(5).prints(
        "the new version grants nothing that the old one did not: refuted (4 decisions)\n    \
         Allowed: s3:PutObject on arn:aws:s3:::fraud-data/x with aws:sourcevpc=vpc-0abc\n      \
         because of statement 1 `Read` of document 1 of the identity-based policies\n",
    );
    let mut json = diff.to_vec();
    json.extend(["--output", "json"]);
    let told: Value = stagedoor(folder.path(), &json).exits(5).json();
    let evaluation = &told["result"]["witnesses"][0]["evaluation"];
    fs::write(folder.path().join("witness.json"), evaluation.to_string()).unwrap();
    stagedoor(folder.path(), &["policy", "eval", "--input", "witness.json"]).exits(0);
    // The other way round nothing is new.
    stagedoor(folder.path(), &["policy", "prove", "--diff", "new.json", "old.json"]).exits(0);
}

#[test]
fn claims_about_files_are_proved_refuted_or_said_to_be_missing() {
    let folder = folder("");
    let prove = |args: &[&str]| {
        let all: Vec<&str> = ["policy", "prove"].iter().chain(args).copied().collect();
        stagedoor(folder.path(), &all)
    };
    prove(&["--never", "new.json", "--identity", "old.json"]).exits(5);
    prove(&["--inside", "new.json", "--identity", "old.json"]).exits(0);
    prove(&["--always", "old.json", "--identity", "new.json"]).exits(0);
    prove(&["--always", "new.json", "--identity", "old.json"]).exits(5);
    prove(&["--identity", "old.json"]).exits(3).says(&["nothing is claimed of them"]);
    prove(&["--principal-tag", "x", "--never", "new.json", "--identity", "old.json"])
        .exits(3)
        .says(&["`x` is no tag: write KEY=VALUE."]);
}

/// What the command says of documents that are written into files by their names.
fn judged(files: &[(&str, &str)], args: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    for (name, statements) in files {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        fs::write(folder.path().join(name), text).unwrap();
    }
    let all: Vec<&str> = ["policy", "prove"].iter().chain(args).copied().collect();
    stagedoor(folder.path(), &all)
}

fn compared(old: &str, new: &str) -> Run {
    judged(&[("old", old), ("new", new)], &["--diff", "old", "new"])
}

#[test]
fn a_new_version_of_a_policy_that_names_principals_is_not_called_harmless() {
    let owner = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::fraud-data/*"}"#;
    let everybody = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
    let spared = r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "*",
                     "Resource": "*"}"#;
    for (old, new) in [(owner, everybody), (spared, owner), ("", everybody), (everybody, "")] {
        compared(old, new).exits(6).prints(
            "the new version grants nothing that the old one did not: unknown: they name \
             principals, so they say what everybody may do, and proofs are about one principal; \
             `stagedoor policy diff` says what changed (0 decisions)\n",
        );
    }
    compared(owner, owner).exits(0);
}

#[test]
fn a_new_version_that_only_denies_is_judged_by_what_it_denies() {
    let sagemaker = r#"{"Effect": "Deny", "Action": "sagemaker:*", "Resource": "*"}"#;
    let links = r#"{"Effect": "Deny", "Action": "sagemaker:CreatePresignedDomainUrl",
                    "Resource": "*"}"#;
    let read = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#;
    compared(sagemaker, links).exits(5);
    compared(sagemaker, "").exits(5);
    compared(&format!("{read}, {sagemaker}"), links).exits(5);
    compared(links, sagemaker).exits(0).says(&[
        "- The new version by itself allows nothing, so both are judged beside a policy that allows \
         everything: by what they deny.",
    ]);
    compared(links, links).exits(0);
    compared(read, links).exits(0);
    compared("", r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#).exits(0);
}

#[test]
fn a_new_version_is_judged_under_the_boundary_and_the_service_control_policies_that_are_given() {
    let allow =
        |action: &str| format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
    let files = [
        ("old", &*allow("s3:GetObject")),
        ("new", &*allow("s3:*Object")),
        ("wide", &*allow("s3:*")),
        ("deny", r#"{"Effect": "Deny", "Action": ["s3:P*", "s3:D*", "s3:R*"], "Resource": "*"}"#),
        ("only", &*allow("s3:GetObject")),
        ("other", &*allow("ec2:*")),
    ];
    let diff = |limits: &[&str]| {
        let versions = ["--diff", "old", "new"];
        judged(&files, &versions.iter().chain(limits).copied().collect::<Vec<_>>())
    };
    diff(&[]).exits(5);
    diff(&["--boundary", "wide"]).exits(5);
    diff(&["--boundary", "only"]).exits(0);
    diff(&["--scp", "only"]).exits(0);
    diff(&["--boundary", "other"]).exits(6);
    diff(&["--scp", "other"]).exits(6);
    diff(&["--boundary", "only", "--scp", "deny"])
        .exits(0)
        .says(&["- FullAWSAccess is attached beside service control policies that only deny."]);
}

#[test]
fn service_control_policies_that_only_deny_prove_nothing_by_themselves() {
    let allow =
        |action: &str| format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
    let files = [
        ("claim", &*allow("iam:CreateUser")),
        ("role", &*allow("iam:*")),
        ("deny", r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}"#),
        ("denyiam", r#"{"Effect": "Deny", "Action": "iam:Create*", "Resource": "*"}"#),
        ("s3", &*allow("s3:*")),
        ("iam", &*allow("iam:*")),
    ];
    let never = |scps: &[&str]| {
        let claim = ["--never", "claim", "--identity", "role"];
        judged(&files, &claim.iter().chain(scps).copied().collect::<Vec<_>>())
    };
    never(&["--scp", "deny"]).exits(5);
    never(&["--scp", "deny", "--scp", "denyiam"])
        .exits(0)
        .says(&["- FullAWSAccess is attached beside service control policies that only deny."]);
    never(&["--scp", "s3"]).exits(0);
    // One level, of which one document is enough; or several, all of which must allow.
    never(&["--scp", "s3", "--scp", "iam"]).exits(5);
    never(&["--scp-level", "s3,iam"]).exits(5);
    never(&["--scp-level", "deny,s3", "--scp-level", "iam"]).exits(0);
    never(&["--scp-level", "iam", "--scp-level", "deny"]).exits(5);
}

#[test]
fn without_a_principal_what_is_asked_of_it_can_have_any_value() {
    let read = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#;
    let by = |operator: &str, key: &str, value: &str| {
        format!(
            r#"{read}, {{"Effect": "Allow", "Action": "iam:*", "Resource": "*",
             "Condition": {{"{operator}": {{"{key}": "{value}"}}}}}}"#
        )
    };
    for (operator, key, value) in [
        ("StringEquals", "aws:PrincipalAccount", "444455556666"),
        ("StringNotEquals", "aws:PrincipalAccount", "111122223333"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin"),
        ("StringEquals", "aws:PrincipalType", "User"),
        ("StringLike", "aws:username", "ana"),
    ] {
        compared(read, &by(operator, key, value)).exits(5);
    }
    // No identity is a service.
    compared(read, &by("Bool", "aws:PrincipalIsAWSService", "true")).exits(0);
    let files =
        [("old", read), ("new", &*by("StringEquals", "aws:PrincipalAccount", "444455556666"))];
    let known = |principal| judged(&files, &["--diff", "old", "new", "--principal", principal]);
    known("arn:aws:iam::111122223333:role/a")
        .exits(0)
        .says(&["- Whoever asks is arn:aws:iam::111122223333:role/a."]);
    known("arn:aws:iam::444455556666:role/a").exits(5);
    compared(read, read).exits(0).says(&["- Whoever asks is any identity of IAM, in any account."]);
}
