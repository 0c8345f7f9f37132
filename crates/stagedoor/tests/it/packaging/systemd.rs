//! `deploy/systemd`, by systemd's own judgement.

use super::{are_read, content, read, stagedoor};
use std::fs;
use std::process::Command;

/// The exposure, in tenths, above which `systemd-analyze security` fails. A service that may reach
/// the network cannot have none.
const MOST_EXPOSED: &str = "11";

/// The unit with its drop-ins, started by the binary of these tests.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let unit = read("deploy/systemd/stagedoor.service");
    let unit = unit.replace("/usr/local/bin/stagedoor", env!("CARGO_BIN_EXE_stagedoor"));
    fs::write(folder.path().join("stagedoor.service"), unit).unwrap();
    let drop_ins = folder.path().join("stagedoor.service.d");
    fs::create_dir(&drop_ins).unwrap();
    for name in ["sp-key.conf", "aws-credentials.conf"] {
        fs::write(drop_ins.join(name), read(&format!("deploy/systemd/{name}"))).unwrap();
    }
    folder
}

fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let start = format!("{key}=");
    unit.lines().filter_map(|line| line.strip_prefix(start.as_str())).collect()
}

#[test]
fn systemd_understands_every_line() {
    let folder = installed();
    let unit = folder.path().join("stagedoor.service");
    let mut verify = Command::new("systemd-analyze");
    let output = verify.args(["verify", "--man=no"]).arg(unit).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Unknown keys are warnings, and those do not fail it. Other units are not ours to judge.
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("stagedoor")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn the_service_is_hardly_exposed() {
    let folder = installed();
    let unit = folder.path().join("stagedoor.service");
    let mut judge = Command::new("systemd-analyze");
    let threshold = format!("--threshold={MOST_EXPOSED}");
    judge.args(["security", "--offline=true", "--no-pager", &threshold]).arg(unit);
    content(&mut judge);
}

#[test]
fn it_runs_as_nobody_writes_one_folder_and_gets_secrets_as_files() {
    let unit = read("deploy/systemd/stagedoor.service");
    for (key, value) in [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("StateDirectory", "stagedoor"),
        ("StateDirectoryMode", "0700"),
        ("CapabilityBoundingSet", ""),
        ("ExecStart", "/usr/local/bin/stagedoor serve"),
    ] {
        assert_eq!(values(&unit, key), [value], "{key}");
    }
    assert!(values(&unit, "ReadWritePaths").is_empty());
    for drop_in in ["sp-key.conf", "aws-credentials.conf"] {
        let text = read(&format!("deploy/systemd/{drop_in}"));
        let loaded = values(&text, "LoadCredential");
        let (name, file) = loaded[0].split_once(':').unwrap();
        assert!(file.starts_with("/etc/stagedoor/"), "{file}");
        let environment = values(&text, "Environment");
        assert!(environment[0].ends_with(&format!("=%d/{name}")), "{environment:?}");
    }
}

#[test]
fn every_variable_is_one_that_serve_reads() {
    let files = ["stagedoor.service", "sp-key.conf", "aws-credentials.conf"];
    let texts = files.map(|name| read(&format!("deploy/systemd/{name}")));
    let set = texts.iter().flat_map(|text| values(text, "Environment"));
    are_read(set.map(|pair| pair.split_once('=').unwrap().0));
    let file = read("deploy/systemd/stagedoor.env");
    let pairs = file.lines().map(|line| line.trim_start_matches('#'));
    let names: Vec<&str> = pairs
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| !name.contains(' '))
        .collect();
    assert!(names.contains(&"STAGEDOOR_PUBLIC_URL"), "{names:?}");
    // A machine looks on first, as the chart and the template do.
    assert_eq!(values(&file, "STAGEDOOR_OBSERVE_ONLY"), ["true"]);
    are_read(names);
}

#[test]
fn a_configuration_that_is_wrong_is_not_tried_again_and_again() {
    let unit = read("deploy/systemd/stagedoor.service");
    let code: i32 = values(&unit, "RestartPreventExitStatus")[0].parse().unwrap();
    stagedoor(&["serve", "--map", "missing.yaml"]).exits(code);
}
