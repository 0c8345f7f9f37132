//! The judges of `deploy/cloudformation`: cfn-lint, `sam validate --lint` and checkov, all offline.
//! What the templates mean is judged by the crate `testing/templates`.

use crate::{python, say, workspace};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const FOLDER: &str = "deploy/cloudformation";

/// Whether every judge accepts every template. They run at the same time: each of them mostly loads
/// Python.
pub(crate) fn judge() -> Result<bool> {
    let folder = workspace::root().join(FOLDER);
    let templates = templates(&folder)?;
    let tests = python::prepare()?;
    let sam = python::tool("sam-venv", "deploy/cloudformation/lint/sam.txt")?;
    let checkov = python::tool("checkov-venv", "deploy/cloudformation/lint/checkov.txt")?;
    let mut running = Vec::new();
    let mut lint = Command::new(beside(&tests, "cfn-lint"));
    lint.args(["--non-zero-exit-code", "warning"]).args(&templates);
    running.push(start("cfn-lint", &mut lint)?);
    for template in &templates {
        let mut validate = Command::new(beside(&sam, "sam"));
        validate.args(["validate", "--lint", "--region", "eu-west-1", "--template-file"]);
        running.push(start("sam validate --lint", offline(validate.arg(template)))?);
    }
    // checkov tries to fetch texts of its rules first, says so at length, and goes on without.
    let mut check = Command::new(beside(&checkov, "checkov"));
    check.args(["--framework", "cloudformation", "--compact", "--quiet", "--directory"]);
    running.push(start("checkov", offline(check.arg(&folder)).env("LOG_LEVEL", "CRITICAL"))?);
    let mut good = true;
    for (name, child) in running {
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
    if good {
        say::line(&format!("{} templates: cfn-lint, sam and checkov agree", templates.len()));
    }
    Ok(good)
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
