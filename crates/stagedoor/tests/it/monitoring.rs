//! The alert rules, the board and the metrics belong together; `promtool` judges them.

use crate::browser::Browser;
use crate::process::Running;
use crate::world::{MAP, World, settled};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The metrics that there are, by the reference that is made of the code.
fn known() -> BTreeSet<String> {
    let reference = read("docs/reference/metrics.md");
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| `stagedoor_"));
    rows.map(|row| format!("stagedoor_{}", row.split('`').next().unwrap())).collect()
}

/// Every name of ours in a text, without what Prometheus appends for histograms.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("stagedoor_"));
    let known = known();
    let family = |word: &str| {
        let stem = ["_bucket", "_sum", "_count"].iter().find_map(|part| word.strip_suffix(part));
        stem.filter(|stem| known.contains(*stem)).unwrap_or(word).to_owned()
    };
    ours.map(family).collect()
}

#[track_caller]
fn promtool(args: &[&str], input: &str) {
    let mut child = Command::new("promtool")
        .args(args)
        .current_dir(root().join("deploy/prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool (Debian package prometheus); `cargo xtask test` installs it");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn alert_rules_are_well_formed_and_fire_when_they_should() {
    promtool(&["check", "rules", "alerts.yaml"], "");
    promtool(&["test", "rules", "alerts-test.yaml", "alerts-weeks-test.yaml"], "");
}

#[test]
fn rules_and_board_name_metrics_that_exist() {
    let known = known();
    assert!(known.len() > 30, "{known:?}");
    for path in ["deploy/prometheus/alerts.yaml", "deploy/grafana/stagedoor.json"] {
        let named = named(&read(path));
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty() && !named.is_empty(), "{path}: {unknown:?}");
    }
}

#[test]
fn every_alert_has_its_page() {
    let (rules, page) = (read("deploy/prometheus/alerts.yaml"), read("docs/operations.md"));
    let links: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: ")).collect();
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(links.len(), alerts.len());
    for (alert, link) in alerts.iter().zip(links) {
        assert_eq!(link, format!("docs/operations.md#{}", alert.to_lowercase()));
        assert!(page.contains(&format!("\n### {alert}\n")), "{alert}");
    }
}

#[test]
fn what_the_docs_say_to_alert_on_has_a_rule() {
    let rules = named(&read("deploy/prometheus/alerts.yaml"));
    let mut wanted = BTreeSet::new();
    for page in fs::read_dir(root().join("docs")).unwrap() {
        let Ok(text) = fs::read_to_string(page.unwrap().path()) else { continue };
        let advice = text.split("\n\n").filter(|part| part.contains("alert when"));
        wanted.extend(advice.flat_map(named));
    }
    assert!(wanted.contains("stagedoor_audit_chain_ok"), "{wanted:?}");
    assert_eq!(wanted.difference(&rules).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_panel_of_the_board_asks_the_source_that_is_chosen() {
    let board: serde_json::Value =
        serde_json::from_str(&read("deploy/grafana/stagedoor.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets: Vec<_> =
        panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten().collect();
    assert!(targets.len() > 20);
    for target in targets {
        assert_eq!(target["datasource"]["uid"], "${datasource}");
        assert!(target["expr"].as_str().unwrap().contains("job=~\"$job\""), "{target}");
    }
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
}

#[test]
fn promtool_finds_no_fault_with_the_metrics() {
    let world = World::new(&settled(), MAP);
    let args = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let mut server = Running::start(world.command(&args));
    let ops = Browser::at(&server.word_after("Health and metrics on "));
    crate::cloud::until("the first pass is over", || {
        ops.get("/metrics").body.contains("stagedoor_full_pass_last_success_t").then_some(())
    });
    promtool(&["check", "metrics"], &ops.get("/metrics").body);
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn the_log_is_readable_for_whoever_asks_for_it() {
    let world = World::new(&settled(), MAP);
    let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", "text"];
    let mut server = Running::start(world.command(&args));
    Browser::at(&server.word_after("Stagedoor listens on ")).get("/livez");
    crate::cloud::until("the answer is logged", || {
        server.said().contains("INFO answered method=\"GET\"").then_some(())
    });
    assert!(!server.said().lines().any(|line| line.starts_with('{')), "{}", server.said());
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}
