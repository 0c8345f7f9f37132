//! `stagedoor policy lint`.

use crate::process::{Run, command, run};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const RETAGS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["sagemaker:ListTags", "sagemaker:AddTags"], "Resource": "*"},
    {
      "Effect": "Allow",
      "Action": "sagemaker:DeleteModel",
      "Resource": "*",
      "Condition": {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}
    }
  ]
}
"#;

const CLEAN: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
  "Action": "s3:GetObject", "Resource": "arn:aws:s3:::fraud-data/*"}}"#;

const WARNS: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
  "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/studio-fraud"}}"#;

fn lint(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.args(["policy", "lint"]).args(args);
    run(command)
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn findings_are_told_with_file_line_and_column() {
    let folder = folder(&[("role.json", RETAGS), ("clean.json", CLEAN)]);
    let run = lint(folder.path(), &["role.json", "clean.json"]).exits(1);
    assert_eq!(run.talk(), "2 documents: 1 error, 0 warnings, 0 notes.\n");
    run.prints(
        "role.json:4:58: error: `sagemaker:AddTags` of anything, while other statements go by tags \
         (tagging-undermines-abac)\n  \
         why: Whoever retags a resource of another team as their own may then delete it.\n  \
         instead: Allow tagging only on creation (`sagemaker:TaggingAction`) and of resources that \
         carry the own tag (`aws:ResourceTag/…`).\n",
    );
}

#[test]
fn programs_get_one_document() {
    let folder = folder(&[("warns.json", WARNS)]);
    let run = lint(folder.path(), &["--output", "json", "warns.json"]).exits(0);
    assert_eq!(
        run.json(),
        json!({
            "apiVersion": "stagedoor/v1",
            "kind": "PolicyFindings",
            "errors": 0,
            "warnings": 1,
            "notes": 0,
            "findings": [{
                "file": "warns.json",
                "line": 2,
                "column": 13,
                "pointer": "/Statement/0/Action/0",
                "severity": "warning",
                "code": "passrole-any-service",
                "message": "the role can be passed to any service",
                "why": "The role can be passed to any service that may assume it, for instance to a \
                        function with other code.",
                "instead": "Add `StringEquals` `iam:PassedToService`.",
            }],
        })
    );
}

#[test]
fn warnings_fail_only_if_they_are_denied() {
    let folder = folder(&[("warns.json", WARNS), ("clean.json", CLEAN)]);
    lint(folder.path(), &["warns.json"]).exits(0);
    lint(folder.path(), &["--deny-warnings", "warns.json"]).exits(1);
    lint(folder.path(), &["--deny-warnings", "clean.json"])
        .exits(0)
        .prints("")
        .says(&["1 document: 0 errors, 0 warnings, 0 notes."]);
}

#[test]
fn what_is_no_document_is_a_finding_where_it_breaks() {
    let folder = folder(&[("broken.json", "{\n  \"Statement\": [{\"Efect\": \"Allow\"}]\n}")]);
    let run = lint(folder.path(), &["broken.json"]).exits(1);
    let first = run.stdout.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "broken.json:2:18: error: unknown element `Efect` in a statement, did you mean `Effect`? \
         (malformed-document)"
    );
    lint(folder.path(), &["missing.json"]).exits(3).says(&["missing.json", "(policy-unreadable)"]);
}

#[test]
fn documents_in_force_together_are_judged_together() {
    let url = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Action": "sagemaker:CreatePresignedDomainUrl",
        "Resource": "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abc/ana"}}"#;
    let network = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*",
        "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0abc"}}}}"#;
    let folder = folder(&[("url.json", url), ("network.json", network)]);
    let files = ["url.json", "network.json", "--deny-warnings"];
    let apart = lint(folder.path(), &files).exits(1);
    assert!(apart.stdout.contains("(presign-from-anywhere)"), "{}", apart.stdout);
    lint(folder.path(), &[&files[..], &["--together"]].concat()).exits(0).prints("");
}

#[test]
fn the_kind_is_told_by_the_document_or_by_flag() {
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}}"#;
    let folder = folder(&[("trust.json", trust)]);
    lint(folder.path(), &["trust.json"]).exits(0).prints("");
    let run = lint(folder.path(), &["--kind", "scp", "trust.json"]).exits(1);
    for code in ["(misplaced-principal)", "(missing-resource)", "(scp-allows-less)"] {
        assert!(run.stdout.contains(code), "{code} in {}", run.stdout);
    }
    lint(folder.path(), &["--kind", "sideways", "trust.json"]).exits(3).says(&["possible values"]);
}

#[test]
fn managed_policies_are_judged_by_their_arns() {
    let folder = folder(&[]);
    let arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess";
    let run = lint(folder.path(), &["--attached", arn]).exits(1);
    let first = run.stdout.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "--attached: error: `AmazonSageMakerFullAccess` is attached (sagemaker-full-access)"
    );
    lint(folder.path(), &[]).exits(3);
}

#[test]
fn standard_input_is_read() {
    let folder = folder(&[]);
    let mut command = command(folder.path());
    command.args(["policy", "lint", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(RETAGS.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.starts_with(b"-:4:58: error: "));
}
