//! `stagedoor sandbox`: simulated AWS as a process, and the other commands against it.

use crate::browser::Browser;
use crate::process::{self, Running, command};
use crate::world::{FAST, MAP, SEED, in_aws};
use std::fs;

#[test]
fn plan_and_apply_work_against_it_by_the_address_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.yaml"), MAP).unwrap();
    fs::write(folder.path().join("seed.yaml"), format!("{SEED}{FAST}")).unwrap();
    let mut sandbox = command(folder.path());
    sandbox.args(["sandbox", "--listen", "127.0.0.1:0", "--seed", "seed.yaml"]);
    let mut sandbox = Running::start(sandbox);
    let url = sandbox.word_after("Simulated AWS on ");
    let stagedoor = |args: &[&str]| {
        let mut command = in_aws(folder.path(), &url);
        command.args(args);
        process::run(command)
    };
    stagedoor(&["plan"]).exits(2);
    stagedoor(&["apply", "--poll", "20ms"]).exits(0);
    stagedoor(&["plan"]).exits(0);
    let state = Browser::at(&url).get("/_sandbox/state");
    let state: serde_json::Value = serde_json::from_str(&state.body).unwrap();
    assert_eq!(state["calls"]["sagemaker:CreateUserProfile"], 3);
    assert_eq!(state["domains"][0]["profiles"].as_array().unwrap().len(), 3);
    assert_eq!(sandbox.terminate().code(), Some(0));
}

#[test]
fn a_seed_or_faults_that_cannot_be_used_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("seed.yaml"), "region: eu-west-1\nrols: []\n").unwrap();
    fs::write(folder.path().join("faults.yaml"), "rules: [{ service: sagemaker }]\n").unwrap();
    let sandbox = |args: &[&str]| {
        let mut command = command(folder.path());
        command.args(["sandbox", "--listen", "127.0.0.1:0"]).args(args);
        process::run(command).exits(3)
    };
    sandbox(&["--seed", "seed.yaml"]).says(&["error: seed.yaml: ", "rols", "line 2"]);
    sandbox(&["--faults", "faults.yaml"])
        .says(&["error: faults.yaml: fault rule 1: it has no effect"]);
    sandbox(&["--seed", "nowhere.yaml"]).says(&["error: nowhere.yaml: No such file"]);
}
