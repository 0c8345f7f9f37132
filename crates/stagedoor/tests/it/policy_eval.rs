//! `stagedoor policy eval`, as people and machines run it.

use crate::process::{Run, command, run};
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

const PROFILE: &str =
    "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abcdefghijkl/ana--fraud";

/// An evaluation of opening a profile from an address, with the rule of an office.
fn opening(address: &str) -> serde_json::Value {
    json!({
        "id": address,
        "request": {
            "principal": "arn:aws:iam::111122223333:role/presign",
            "action": "sagemaker:CreatePresignedDomainUrl",
            "resource": PROFILE,
            "context": {"aws:SourceIp": address},
        },
        "policies": {
            "identity": [{"Version": "2012-10-17", "Statement": [
                {"Sid": "OpenFromTheOffice", "Effect": "Allow",
                 "Action": "sagemaker:CreatePresignedDomainUrl", "Resource": "*",
                 "Condition": {"IpAddress": {"aws:SourceIp": "10.100.10.0/24"}}},
                {"Sid": "NeverFromTheLab", "Effect": "Deny", "Action": "*", "Resource": "*",
                 "Condition": {"IpAddress": {"aws:SourceIp": "10.100.66.0/24"}}}]}],
            "scp": [[{"Version": "2012-10-17",
                      "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]],
        },
    })
}

/// Evaluates a file with this text.
fn evaluated(text: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("asked.json"), text).unwrap();
    let mut command = command(folder.path());
    command.args(["policy", "eval", "--input", "asked.json"]).args(more);
    run(command)
}

/// Hands text to standard input.
fn fed(text: &str, args: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.args(["policy", "eval"]).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_request_that_is_allowed_names_what_allows_it() {
    evaluated(&opening("10.100.10.7").to_string(), &[]).exits(0).prints(
        "Allowed\n\
         \x20 service control policies, level 1: document 1, statement 1 allows it\n\
         \x20 identity-based policies: document 1, statement 1 (OpenFromTheOffice) allows it\n",
    );
}

#[test]
fn a_request_that_is_denied_exits_5_and_says_why() {
    evaluated(&opening("10.100.66.7").to_string(), &[]).exits(5).prints(
        "Denied by a statement\n\
         \x20 identity-based policies: document 1, statement 2 (NeverFromTheLab) denies it\n",
    );
    evaluated(&opening("10.100.11.7").to_string(), &[]).exits(5).prints(
        "Denied, for want of an allow\n\
         \x20 identity-based policies: no statement allows it\n\
         \x20   document 1, statement 1 (OpenFromTheOffice) would, but for IpAddress aws:SourceIp\n",
    );
}

#[test]
fn programs_get_the_answer_as_json() {
    let run = evaluated(&opening("10.100.11.7").to_string(), &["--output", "json"]).exits(5);
    assert_eq!(
        run.json(),
        json!({
            "apiVersion": "stagedoor/v1",
            "kind": "PolicyEvaluation",
            "id": "10.100.11.7",
            "decision": "ImplicitlyDenied",
            "because": [{"layer": "identity", "finding": "noAllow", "nearest": [
                {"document": 0, "statement": 0, "sid": "OpenFromTheOffice", "failed": [
                    {"condition": {"operator": "IpAddress", "key": "aws:SourceIp"}}]}]}],
        })
    );
    let run = fed(&opening("10.100.10.7").to_string(), &["--input", "-", "--output", "json"]);
    assert_eq!(run.exits(0).json()["decision"], "Allowed");
}

/// It is decided by the policies all the same, and nobody can ask AWS for it.
#[test]
fn an_action_that_aws_does_not_have_is_told_of_with_what_may_be_meant() {
    let right = opening("10.100.10.7").to_string();
    let asked = |action: &str| {
        let action = format!("\"action\":\"{action}\"");
        let asked = right.replace("\"action\":\"sagemaker:CreatePresignedDomainUrl\"", &action);
        assert_ne!(asked, right);
        asked
    };
    let wrong = asked("sagemaker:CreatePresignedDomainURI");
    let note = "`sagemaker` has no action `CreatePresignedDomainURI`: did you mean \
                `sagemaker:CreatePresignedDomainUrl`? (as far as this version knows AWS)";
    evaluated(&wrong, &[]).exits(5).says(&[&format!("note: {note}")]);
    let told = evaluated(&wrong, &["--output", "json"]).exits(5).json();
    assert_eq!((&told["decision"], &told["note"]), (&"ImplicitlyDenied".into(), &note.into()));
    let told = fed(&wrong, &["--jsonl"]).exits(0).json();
    assert_eq!((&told["id"], &told["note"]), (&"10.100.10.7".into(), &note.into()));
    let service = asked("sagemakr:CreatePresignedDomainUrl");
    evaluated(&service, &[]).exits(5).says(&["no service `sagemakr`: did you mean `sagemaker`?"]);
    let pattern = asked("sagemaker:*");
    let said = "/request/action: `sagemaker:*`: a request is for one action, not for a pattern";
    evaluated(&pattern, &[]).exits(3).prints("").says(&[said, "(input-invalid)"]);
}

#[test]
fn an_input_that_cannot_be_read_is_exit_code_3() {
    evaluated("{", &[])
        .exits(3)
        .prints("")
        .says(&["asked.json: EOF while parsing", "(input-invalid)"]);
    let unknown = opening("10.0.0.1").to_string().replace("IpAddress", "IpAdress");
    evaluated(&unknown, &[]).exits(3).prints("").says(&[
        "/policies/identity/0: statement 1 of the policy document has the unknown operator \
         `IpAdress`",
        "(policy-invalid)",
    ]);
    let long = " ".repeat(1024 * 1024 + 1);
    evaluated(&long, &[]).exits(3).says(&["there are more than 1048576 bytes (input-unreadable)"]);
    fed("", &["--input", "nowhere.json"]).exits(3).says(&["(input-unreadable)"]);
    fed("", &[]).exits(3).says(&["--input <FILE>|--jsonl"]);
}

#[test]
fn each_line_is_answered_whatever_the_others_are() {
    let lines =
        [opening("10.100.10.7").to_string(), "{}".to_owned(), opening("10.100.66.7").to_string()];
    let run = fed(&lines.join("\n"), &["--jsonl"]).exits(1);
    let decisions: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| json!([line["id"], line["decision"], line["error"]["code"]]))
        .collect();
    assert_eq!(
        decisions,
        [
            json!(["10.100.10.7", "Allowed", null]),
            json!([null, null, "input-invalid"]),
            json!(["10.100.66.7", "ExplicitlyDenied", null]),
        ]
    );
    assert_eq!(run.talk(), "3 lines: 1 allowed, 1 denied, 1 not understood\n");
    // What is denied among many is an answer and no failure.
    fed(&opening("10.100.66.7").to_string(), &["--jsonl"]).exits(0);
    fed("", &["--jsonl"]).exits(0).prints("");
}
