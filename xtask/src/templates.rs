//! The judges of `deploy/cloudformation`: cfn-lint, `sam validate --lint` and checkov, all offline;
//! checkov judges `deploy/terraform` too.
//! What the templates mean is judged by the crate `testing/templates`.

use crate::{python, say, workspace};
use anyhow::{Context, Result, bail};
use std::collections::VecDeque;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const FOLDER: &str = "deploy/cloudformation";

/// Whether every judge accepts every template. One runs for each core: the first of each compiles
/// what it loads of Python, for those that follow.
pub(crate) fn judge() -> Result<bool> {
    let folder = workspace::root().join(FOLDER);
    let templates = templates(&folder)?;
    let tests = python::prepare()?;
    let sam = python::tool("sam-venv", "deploy/cloudformation/lint/sam.txt")?;
    let checkov = python::tool("checkov-venv", "deploy/cloudformation/lint/checkov.txt")?;
    let mut judges = Vec::new();
    let mut lint = Command::new(beside(&tests, "cfn-lint"));
    lint.args(["--non-zero-exit-code", "warning"]).args(&templates);
    judges.push(("cfn-lint", lint));
    for template in &templates {
        let mut validate = Command::new(beside(&sam, "sam"));
        validate.args(["validate", "--lint", "--region", "eu-west-1", "--template-file"]);
        offline(validate.arg(template));
        judges.push(("sam validate --lint", validate));
    }
    // checkov tries to fetch texts of its rules first, says so at length, and goes on without.
    let mut check = Command::new(beside(&checkov, "checkov"));
    check.args(["--framework", "cloudformation", "--compact", "--quiet", "--directory"]);
    offline(check.arg(&folder)).env("LOG_LEVEL", "CRITICAL");
    judges.push(("checkov", check));
    let mut check = Command::new(beside(&checkov, "checkov"));
    check.args(["--framework", "terraform", "--compact", "--quiet", "--directory"]);
    offline(check.arg(workspace::root().join("deploy/terraform"))).env("LOG_LEVEL", "CRITICAL");
    judges.push(("checkov of deploy/terraform", check));
    let good = all_agree(judges)?;
    if good {
        say::line(&format!("{} templates: cfn-lint, sam and checkov agree", templates.len()));
    }
    Ok(good)
}

/// Runs each, as many at a time as there are cores, and shows what those say that fail.
fn all_agree(judges: Vec<(&'static str, Command)>) -> Result<bool> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (mut waiting, mut running) = (judges.into_iter(), VecDeque::new());
    let mut good = true;
    loop {
        while running.len() < cores
            && let Some((name, mut command)) = waiting.next()
        {
            running.push_back(start(name, &mut command)?);
        }
        let Some((name, child)) = running.pop_front() else { return Ok(good) };
        let output = child.wait_with_output().with_context(|| format!("`{name}` broke off"))?;
        if !output.status.success() {
            good = false;
            say::complain(&format!(
                "{name}:\n{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
}

fn templates(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {FOLDER}"))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    found.sort();
    if found.is_empty() {
        bail!("there are no templates in {FOLDER}");
    }
    Ok(found)
}

/// A program of the same environment as its interpreter.
fn beside(python: &Path, program: &str) -> PathBuf {
    python.with_file_name(program)
}

/// Nothing of this machine's accounts, and no word to anybody.
fn offline(command: &mut Command) -> &mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SAM_CLI_TELEMETRY", "0")
}

fn start(name: &'static str, command: &mut Command) -> Result<(&'static str, Child)> {
    let child = command
        .current_dir(workspace::root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    Ok((name, child))
}
