//! `deploy/terraform`, by Terraform itself: what the module makes is what `stagedoor policy render
//! --format terraform` writes out.
//!
//! On a machine without Terraform nothing of this is checked; `cargo xtask test` says so. The AWS
//! provider comes from no package index of these tests: where a folder with it is named in
//! `STAGEDOOR_TERRAFORM_PLUGINS`, the whole module is validated too.

use super::{content, read, repository};
use crate::process::{command, run};
use expect_test::expect_file;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const MODULE: &str = "deploy/terraform";
const EXAMPLE: &str = "deploy/terraform/examples/two-accounts";

/// Every kind of role that a map can mean.
const MAP: &str = include_str!("../../../../access/tests/it/plane.yaml");

/// Terraform in a folder, or nothing where there is none.
fn terraform(folder: &Path, words: &[&str]) -> Option<Command> {
    let there = Command::new("terraform").arg("version").output().is_ok();
    there.then(|| {
        let mut terraform = Command::new("terraform");
        terraform
            .args(words)
            .current_dir(folder)
            .env_remove("TF_CLI_CONFIG_FILE")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1");
        terraform
    })
}

/// A copy of the module, since Terraform writes beside what it reads.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (repository().join(MODULE), folder.path().join("terraform"));
    content(Command::new("cp").arg("-R").arg(from).arg(to));
    folder
}

fn render(map: &str, words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.yaml"), map).unwrap();
    let mut command = command(folder.path());
    command.args(["policy", "render"]).args(words);
    run(command).exits(0).stdout
}

#[test]
fn it_is_formatted() {
    let words = ["fmt", "-check", "-diff", "-recursive", "-no-color"];
    if let Some(mut fmt) = terraform(&repository().join(MODULE), &words) {
        content(&mut fmt);
    }
}

#[test]
fn the_examples_bundle_is_what_its_map_means() {
    let rendered = render(&read(&format!("{EXAMPLE}/access.yaml")), &["--only", "plane"]);
    let path = repository().join(EXAMPLE).canonicalize().unwrap().join("stagedoor.json");
    expect_file![path].assert_eq(&rendered);
}

#[test]
fn its_own_tests_pass() {
    let folder = copy();
    let module = folder.path().join("terraform/modules/rendered");
    for words in [&["init", "-backend=false"][..], &["validate"], &["test"]] {
        if let Some(mut terraform) = terraform(&module, words) {
            content(terraform.arg("-no-color"));
        }
    }
}

#[test]
fn what_it_makes_is_what_the_renderer_writes_out() {
    let folder = copy();
    let root = folder.path();
    fs::write(root.join("stagedoor.json"), render(MAP, &["--only", "plane"])).unwrap();
    let mut config = outputs(&render(MAP, &["--only", "plane", "--format", "terraform"]));
    for account in ["111122223333", "444455556666"] {
        let _ = write!(
            config,
            "module \"at_{account}\" {{\n  source     = \"./terraform/modules/rendered\"\n  \
             bundle     = file(\"stagedoor.json\")\n  account_id = \"{account}\"\n  kinds      = \
             [\"hub\", \"spoke\", \"presign\"]\n}}\noutput \"module_{account}\" {{\n  value = \
             module.at_{account}\n}}\n"
        );
    }
    fs::write(root.join("main.tf"), config).unwrap();
    let words = [&["init", "-backend=false"][..], &["apply", "-auto-approve"]];
    for words in words {
        let Some(mut terraform) = terraform(root, words) else { return };
        content(terraform.arg("-no-color"));
    }
    let told = content(&mut terraform(root, &["output", "-json"]).unwrap());
    let told: BTreeMap<String, Value> = serde_json::from_str(&told).unwrap();
    let (mut written, mut made) = (BTreeSet::new(), BTreeSet::new());
    for (name, output) in &told {
        let value = &output["value"];
        if name.starts_with("aws_iam_role__") {
            written.insert(role(value));
        } else if name.starts_with("aws_iam_role_policy__") {
            let of = &told[value["role"].as_str().unwrap()]["value"]["name"];
            written.insert(json!([of, value["name"], value["policy"]]).to_string());
        } else if name.starts_with("module_") {
            made.extend(value["roles"].as_object().unwrap().values().map(role));
            for policy in value["inline_policies"].as_object().unwrap().values() {
                let of = &value["roles"][policy["role_arn"].as_str().unwrap()]["name"];
                made.insert(json!([of, policy["name"], policy["policy"]]).to_string());
            }
            assert_eq!(value["managed_policies"], json!({}));
        } else {
            panic!("the renderer writes {name}, which the module does not make");
        }
    }
    assert!(written.len() > 10, "{written:?}");
    assert_eq!(made, written);
}

/// The arguments of a role, in one order.
fn role(value: &Value) -> String {
    let arguments =
        ["name", "path", "description", "max_session_duration", "assume_role_policy", "tags"];
    json!(arguments.map(|argument| &value[argument])).to_string()
}

/// Resources as outputs, which Terraform evaluates without a provider. The renderer's layout is known:
/// blocks begin and end in the first column.
fn outputs(hcl: &str) -> String {
    let mut config = String::new();
    for line in hcl.lines() {
        let line = if let Some(named) = line.strip_prefix("resource \"") {
            let name = named.trim_end_matches(" {").replace("\" \"", "__").replace('"', "");
            format!("output \"{name}\" {{\n  value = {{")
        } else if line == "}" {
            "  }\n}".to_owned()
        } else if line.trim_start().starts_with("provider ") {
            continue;
        } else if let Some((argument, of)) = line.split_once("= aws_iam_role.") {
            format!("{argument}= \"aws_iam_role__{}\"", of.trim_end_matches(".name"))
        } else if line.starts_with("terraform {") {
            // What the module asks of its caller stands at the end.
            break;
        } else {
            line.to_owned()
        };
        config.push_str(&line);
        config.push('\n');
    }
    config
}

/// Names of the arguments of a block, by its first line.
fn arguments(hcl: &str, block: &str) -> BTreeSet<String> {
    let (_, rest) = hcl.split_once(block).unwrap_or_else(|| panic!("no {block}"));
    let lines = rest.lines().take_while(|line| *line != "}");
    let own = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    own.filter_map(|line| line.split_once(" =")).map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn its_resources_have_the_arguments_that_the_renderer_writes() {
    let written = render(MAP, &["--only", "plane", "--format", "terraform"]);
    let module = read(&format!("{MODULE}/main.tf"));
    let own = BTreeSet::from(["for_each", "permissions_boundary"].map(str::to_owned));
    for kind in ["aws_iam_role", "aws_iam_role_policy"] {
        let mut theirs = arguments(&written, &format!("resource \"{kind}\""));
        theirs.remove("provider");
        let ours = arguments(&module, &format!("resource \"{kind}\" \"this\""));
        assert!(theirs.is_subset(&ours), "{kind}: {theirs:?} {ours:?}");
        assert!(ours.difference(&theirs).all(|name| own.contains(name)), "{kind}: {ours:?}");
    }
}

#[test]
fn the_whole_module_is_valid_where_the_provider_is() {
    #[expect(clippy::disallowed_methods, reason = "who has the provider says where")]
    let Ok(plugins) = std::env::var("STAGEDOOR_TERRAFORM_PLUGINS") else { return };
    let folder = copy();
    for module in ["terraform", "terraform/modules/audit", "terraform/examples/two-accounts"] {
        let module = folder.path().join(module);
        let plugins = format!("-plugin-dir={plugins}");
        for words in [&["init", "-backend=false", &plugins][..], &["validate"]] {
            let Some(mut terraform) = terraform(&module, words) else { return };
            content(terraform.arg("-no-color"));
        }
    }
}
