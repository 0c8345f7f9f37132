//! `stagedoor policy format` and `diff`, with the documents of docs/policies.md.

use crate::process::{Run, command, run};
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const S3: &str = r#"{"Statement": {"Action": ["s3:PutObject", "s3:GetObject", "s3:GetObject"], "Effect": "Allow",
 "Resource": ["arn:aws:s3:::fraud-data/*"]}, "Version": "2012-10-17"}
"#;
const S3_FORMATTED: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "s3:GetObject",
        "s3:PutObject"
      ],
      "Resource": "arn:aws:s3:::fraud-data/*"
    }
  ]
}
"#;
const S3_NEW: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": ["S3:getobject"],
      "Resource": ["arn:aws:s3:::fraud-data/*"],
      "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-0abc"}}
    }
  ]
}
"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn policy(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.arg("policy").args(args);
    run(command)
}

#[test]
fn a_document_is_printed_in_canonical_form_which_stays_as_it_is() {
    let folder = folder(&[("s3.json", S3), ("formatted.json", S3_FORMATTED)]);
    let run = policy(folder.path(), &["format", "s3.json"]).exits(0).prints(S3_FORMATTED);
    assert_eq!(run.stderr, "137 characters without white space; a managed policy may have 6144.\n");
    policy(folder.path(), &["format", "formatted.json"]).exits(0).prints(S3_FORMATTED);
    policy(folder.path(), &["format", "--check", "formatted.json"]).exits(0).prints("");
    policy(folder.path(), &["format", "--check", "s3.json"])
        .exits(2)
        .prints("")
        .says(&["s3.json is not in canonical form: `stagedoor policy format s3.json` prints it."]);
    let run = policy(folder.path(), &["format", "--check", "s3.json", "--output", "json"]).exits(2);
    assert_eq!(
        run.json(),
        json!({
            "apiVersion": "stagedoor/v1",
            "kind": "FormattedPolicy",
            "canonical": false,
            "characters": 137,
            "policy": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "arn:aws:s3:::fraud-data/*"
            }]},
        })
    );
}

#[test]
fn a_document_that_cannot_be_read_is_refused_at_line_and_column() {
    let wrong = "{\"Version\": \"2012-10-17\",\n \"Statement\": {\"Effect\": \"Allow\",\n  \"Actions\": \"*\"}}";
    let large = " ".repeat(256 * 1024 + 1);
    let folder = folder(&[("wrong.json", wrong), ("large.json", &large), ("s3.json", S3)]);
    policy(folder.path(), &["format", "wrong.json"]).exits(3).prints("").says(&[
        "error: wrong.json:3:3: unknown element `Actions` in a statement, did you mean `Action`? \
         (policy-invalid)",
    ]);
    policy(folder.path(), &["format", "nowhere.json"])
        .exits(3)
        .says(&["error: cannot read nowhere.json: No such file", "(policy-unreadable)"]);
    policy(folder.path(), &["format", "large.json"])
        .exits(3)
        .says(&["it has 262145 bytes, and at most 262144 are read"]);
    let run =
        policy(folder.path(), &["diff", "s3.json", "wrong.json", "--output", "json"]).exits(3);
    assert_eq!(run.json()["code"], "policy-invalid");
    assert!(run.json()["message"].as_str().unwrap().starts_with("wrong.json:3:3: "));
}

#[test]
fn documents_are_compared_by_meaning() {
    let folder =
        folder(&[("s3.json", S3), ("formatted.json", S3_FORMATTED), ("s3-new.json", S3_NEW)]);
    policy(folder.path(), &["diff", "s3.json", "formatted.json"])
        .exits(0)
        .prints("")
        .says(&["Both mean the same."]);
    policy(folder.path(), &["diff", "s3.json", "s3-new.json"])
        .exits(2)
        .prints(
            "- Allow s3:PutObject on arn:aws:s3:::fraud-data/*\n\
             ~ Allow S3:getobject on arn:aws:s3:::fraud-data/*, conditions  (Read)\n    \
             - always\n    \
             + when StringEquals aws:SourceVpc \"vpc-0abc\"\n",
        )
        .says(&["2 differences."]);
    let run =
        policy(folder.path(), &["diff", "s3-new.json", "s3.json", "--output", "json"]).exits(2);
    let run = run.json();
    assert_eq!(run["kind"], "PolicyDiff");
    assert_eq!(
        run["changes"][0],
        json!({
            "change": "added",
            "effect": "Allow",
            "actions": {"each": ["s3:PutObject"]},
            "resources": {"each": ["arn:aws:s3:::fraud-data/*"]},
            "sids": [],
            "conditions": {},
        })
    );
    assert_eq!(run["changes"][1]["change"], "conditions");
}
