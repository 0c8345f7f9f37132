//! `stagedoor policy render`, and what other tools say of what it writes.

use crate::process::{Run, command, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Every kind of role, network and policy that a map can mean.
const MAP: &str = include_str!("../../../access/tests/it/plane.yaml");

/// With a team that has a persona, whose execution role is written too.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let map = MAP.replace(
        "fraud: { domain: research,",
        "fraud: { domain: research, persona: data-scientist, buckets: [\"fraud-data\"],",
    );
    fs::write(folder.path().join("access.yaml"), map).unwrap();
    folder
}

fn render(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.args(["policy", "render"]).args(args);
    run(command)
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn files_are_written_once_and_those_of_others_left_alone() {
    let folder = folder();
    let out = folder.path().join("tf");
    let first = render(folder.path(), &["--format", "terraform", "--out", "tf"]).exits(0);
    assert_eq!(
        first.stdout,
        "wrote account_111122223333.tf\nwrote account_444455556666.tf\nwrote endpoints.tf\n\
         wrote organization.tf\nwrote variables.tf\nwrote versions.tf\n"
    );
    let again = render(folder.path(), &["--format", "terraform", "--out", "tf"]).exits(0);
    assert_eq!(again.stdout, first.stdout.replace("wrote", "kept"));
    fs::write(out.join("endpoints.tf"), "# mine\n").unwrap();
    render(folder.path(), &["--format", "terraform", "--out", "tf"])
        .exits(3)
        .prints("")
        .says(&["were changed since: endpoints.tf", "(render-in-the-way)"]);
    assert_eq!(fs::read_to_string(out.join("endpoints.tf")).unwrap(), "# mine\n");
    let forced = ["--format", "terraform", "--out", "tf", "--force", "--only", "roles"];
    render(folder.path(), &forced).exits(0).prints(
        "kept account_111122223333.tf\nkept account_444455556666.tf\nwrote versions.tf\n\
         removed endpoints.tf\nremoved organization.tf\nremoved variables.tf\n",
    );
    assert_eq!(
        files(&out),
        [
            ".stagedoor-rendered.json",
            "account_111122223333.tf",
            "account_444455556666.tf",
            "versions.tf"
        ]
    );
}

#[test]
fn parts_and_accounts_are_chosen() {
    let folder = folder();
    let guards = render(folder.path(), &["--only", "guardrails", "--account", "444455556666"]);
    let guards = guards.exits(0).json();
    let names: Vec<&str> = guards["serviceControlPolicies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| policy["name"].as_str().unwrap())
        .collect();
    let kinds = ["StagedoorLinks", "StagedoorRemote", "StagedoorProfiles"];
    assert_eq!(names, kinds.map(|kind| format!("{kind}444455556666")));
    assert_eq!(guards["roles"], serde_json::json!([]));
    let kinds = |args: &[&str]| {
        let json = render(folder.path(), args).exits(0).json();
        let roles = json["roles"].as_array().unwrap();
        roles.iter().map(|r| r["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&["--only", "execution"]), ["execution"]);
    assert_eq!(kinds(&["--only", "plane"]), ["hub", "presign", "spoke"]);
    let several = render(folder.path(), &["--format", "cloudformation"]).exits(3);
    assert!(several.stderr.contains("these are 4 templates"), "{}", several.stderr);
    let args = ["--format", "cloudformation", "--only", "plane", "--account", "444455556666"];
    let one = render(folder.path(), &args).exits(0).json();
    assert_eq!(one["Resources"]["RoleStagedoorSpoke"]["Type"], "AWS::IAM::Role");
}

#[test]
fn without_a_hub_it_is_said_what_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.yaml"), crate::world::MAP).unwrap();
    let bare = render(folder.path(), &[]).exits(0).says(&["The map has no `hub`"]);
    assert_eq!(bare.json()["roles"], serde_json::json!([]));
}

#[test]
fn cfn_lint_accepts_the_templates() {
    #[expect(clippy::disallowed_methods, reason = "the test runner says which interpreter to use")]
    let named = std::env::var("STAGEDOOR_TEST_PYTHON").ok();
    let python = named.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-venv/bin/python"),
        PathBuf::from,
    );
    let found = Command::new(&python).args(["-c", "import cfnlint"]).output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "{} has no cfn-lint: run `cargo xtask test`, which installs it, or name an interpreter in \
         STAGEDOOR_TEST_PYTHON",
        python.display()
    );
    let folder = folder();
    render(folder.path(), &["--format", "cloudformation", "--out", "cfn"]).exits(0);
    let out = folder.path().join("cfn");
    let templates = files(&out).into_iter().filter(|file| file.ends_with(".template.json"));
    let templates: Vec<String> = templates.collect();
    assert_eq!(templates.len(), 4);
    let lint = Command::new(&python)
        .args(["-c", "from cfnlint.runner import main; main()"])
        .args(["--non-zero-exit-code", "warning"])
        .args(&templates)
        .current_dir(&out)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&lint.stdout);
    assert!(lint.status.success(), "{told}{}", String::from_utf8_lossy(&lint.stderr));
}

/// The layout itself is tested by its rules where it is made; here Terraform or `OpenTofu` says so
/// too, on machines that have one of them. No package index of this project's tests carries either.
#[test]
fn terraform_fmt_accepts_the_module() {
    let folder = folder();
    render(folder.path(), &["--format", "terraform", "--out", "tf"]).exits(0);
    let one = render(folder.path(), &["--format", "terraform"]).exits(0).stdout;
    fs::create_dir(folder.path().join("one")).unwrap();
    fs::write(folder.path().join("one/main.tf"), one).unwrap();
    let mut judged = false;
    for tool in ["terraform", "tofu"] {
        for module in ["tf", "one"] {
            let fmt = Command::new(tool)
                .args(["fmt", "-check", "-diff", "-no-color"])
                .current_dir(folder.path().join(module))
                .env_remove("TF_CLI_CONFIG_FILE")
                .output();
            let Ok(fmt) = fmt else { continue };
            let told = String::from_utf8_lossy(&fmt.stdout);
            assert!(fmt.status.success(), "{tool}: {told}{}", String::from_utf8_lossy(&fmt.stderr));
            judged = true;
        }
    }
    if !judged {
        let text = fs::read_to_string(folder.path().join("tf/versions.tf")).unwrap();
        assert!(text.starts_with("terraform {\n  required_version"), "{text}");
    }
}

#[test]
fn an_account_that_is_none_of_the_maps_empties_no_folder() {
    let folder = folder();
    let out = folder.path().join("tf");
    render(folder.path(), &["--format", "terraform", "--out", "tf"]).exits(0);
    let before = files(&out);
    let other = ["--format", "terraform", "--out", "tf", "--account", "999988887777"];
    render(folder.path(), &other).exits(3).prints("").says(&[
        "nothing of the map is in account 999988887777; there is 111122223333, 444455556666",
        "(account-unknown)",
    ]);
    assert_eq!(files(&out), before);
    render(folder.path(), &["--account", "abc"]).exits(3).prints("");
}

/// A map with these teams in one account.
fn with_teams(teams: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (head, _) = MAP.split_once("teams:\n").unwrap();
    let map = format!(
        "{head}teams:\n{teams}grants:\n  - {{ group: \"ml-{{team}}\", team: \"{{team}}\" }}\n\
         invariants:\n  - presign_only_from: [office, vpn, plane]\n"
    );
    fs::write(folder.path().join("access.yaml"), map).unwrap();
    folder
}

fn policy(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.arg("policy").args(args);
    run(command)
}

#[test]
fn two_hundred_teams_of_an_account_are_rendered_and_simulated() {
    let of = |n| {
        let network = if n % 4 == 0 { "vpn" } else { "office" };
        format!("  team-{n:03}: {{ domain: research, persona: mlops, network: {network} }}\n")
    };
    let teams: String = (0..200).map(of).collect();
    let folder = with_teams(&teams);
    let coarse = "caution: all that `StagedoorLinks111122223333` would name does not fit. It says: Nobody but";
    render(folder.path(), &["--out", "json"]).exits(0).says(&[coarse]);
    let templates = ["--out", "cfn", "--format", "cloudformation", "--only", "roles"];
    render(folder.path(), &templates).exits(0).says(&[
        "111122223333.template.json has ",
        " resources and CloudFormation takes 500: choose parts with `--only`, or another format with `--format \
         terraform`",
    ]);
    let of_account = |file: &&String| file.contains("111122223333") && file.starts_with("scps/");
    let there = files(&folder.path().join("json"));
    assert_eq!(
        there.iter().filter(of_account).collect::<Vec<_>>(),
        [
            "scps/StagedoorLinks111122223333.json",
            "scps/StagedoorProfiles111122223333.json",
            "scps/StagedoorRemote111122223333-2.json",
            "scps/StagedoorRemote111122223333.json"
        ]
    );
    let ask =
        ["simulate", "--person", "ana", "--team", "team-199", "--groups", "ml-team-199", "--from"];
    policy(folder.path(), &[&ask[..], &["198.51.100.7"]].concat()).exits(0);
    policy(folder.path(), &[&ask[..], &["203.0.113.9"]].concat()).exits(5);
}

/// What fits into managed policies was refused.
#[test]
fn the_spoke_of_an_account_with_many_teams_has_managed_policies() {
    let team = |n| format!("  team-{n:03}: {{ domain: risk, persona: mlops, network: office }}\n");
    let teams: String = (0..100).map(team).collect();
    let folder = with_teams(&teams);
    let mut command = command(folder.path());
    command.args(["spoke", "template", "risk"]);
    let template = run(command).exits(0).stdout;
    assert!(template.contains("AWS::IAM::ManagedPolicy"), "{template}");
}

#[test]
fn what_does_not_fit_fails_alone_and_only_where_it_is_asked_for() {
    let of = |n| {
        let (network, key) = (if n % 2 == 0 { "vpn" } else { "office" }, "k".repeat(23));
        format!(
            "  {key}{n:03}: {{ domain: research, persona: mlops, execution_role: s-{n}, network: {network} }}\n"
        )
    };
    let teams: String = (0..110).map(of).collect();
    let folder = with_teams(&teams);
    let said = [
        "the service control policy `StagedoorLinks111122223333` would take",
        "(map-policy-too-large)",
    ];
    let asked = [&said[..], &["All else can be rendered: choose it with `--only`, and other accounts with `--account`."]].concat();
    render(folder.path(), &["--out", "all"]).exits(3).prints("").says(&asked);
    render(folder.path(), &["--only", "guardrails"]).exits(3).prints("").says(&asked);
    render(folder.path(), &["--out", "roles", "--only", "roles"]).exits(0);
    let team = format!("{}001", "k".repeat(23));
    let group = format!("ml-{team}");
    let ask = [
        "simulate",
        "--person",
        "ana",
        "--team",
        &team,
        "--groups",
        &group,
        "--from",
        "198.51.100.7",
    ];
    policy(folder.path(), &ask).exits(0).says(&said);
    let map = fs::read_to_string(folder.path().join("access.yaml")).unwrap();
    let (without, _) = map.split_once("invariants:\n").unwrap();
    fs::write(folder.path().join("access.yaml"), without).unwrap();
    policy(folder.path(), &["prove"]).exits(0).says(&said);
}
