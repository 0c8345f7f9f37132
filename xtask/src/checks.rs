//! `cargo xtask test`: everything that must pass, in order of how soon it fails.

use crate::{
    Outcome, api, fuzz, image, netns, pages, peers, python, samba, say, scim, simulate, templates,
    tidy, tools, workspace,
};
use anyhow::{Context, Result};
use std::process::Command;
use std::time::{Duration, Instant};

pub(crate) const HELP: &str = "Install what the tests need and run every check

Usage: cargo xtask test [--only STEP]

Steps, in order; the first that fails ends the run:
  peers   install the Debian packages that the tests talk to, if missing (as root)
  venv    make target/test-venv with the pinned Python packages, if they changed
  fmt     cargo fmt --all --check
  clippy  cargo clippy --workspace --all-targets -- -D warnings
  test    cargo test --workspace, doctests included (peers, venv and the tests' DynamoDB first)
  api     schemathesis against the API of a real server, on the simulated AWS
  demo    the demo's whole story, each step observed
  pages   cargo xtask pages
  scim    scim2-tester against the SCIM of a real server, every check a success
  netns   cargo xtask netns (as root, where the kernel lets it)
  samba   cargo xtask samba (likewise)
  image   cargo xtask image (likewise)
  seeds   the first 200 seeds of cargo xtask simulate, in the tests' own build
  fuzz    cargo xtask fuzz --smoke (installs cargo-fuzz first)
  cloud   cfn-lint, sam validate --lint and checkov on deploy/cloudformation
  doc     cargo doc --workspace --no-deps, warnings denied
  tidy    cargo xtask tidy
  deny    cargo deny check bans licenses sources (installs it first)";

/// A step of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Peers,
    Venv,
    Fmt,
    Clippy,
    Test,
    Api,
    Demo,
    Pages,
    Scim,
    Netns,
    Samba,
    Image,
    Seeds,
    Fuzz,
    Cloud,
    Doc,
    Tidy,
    Deny,
}

impl Step {
    const ALL: [Self; 18] = [
        Self::Peers,
        Self::Venv,
        Self::Fmt,
        Self::Clippy,
        Self::Test,
        Self::Api,
        Self::Demo,
        Self::Pages,
        Self::Scim,
        Self::Netns,
        Self::Samba,
        Self::Image,
        Self::Seeds,
        Self::Fuzz,
        Self::Cloud,
        Self::Doc,
        Self::Tidy,
        Self::Deny,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Venv => "venv",
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Test => "test",
            Self::Api => "api",
            Self::Demo => "demo",
            Self::Pages => "pages",
            Self::Scim => "scim",
            Self::Netns => "netns",
            Self::Samba => "samba",
            Self::Image => "image",
            Self::Seeds => "seeds",
            Self::Fuzz => "fuzz",
            Self::Cloud => "cloud",
            Self::Doc => "doc",
            Self::Tidy => "tidy",
            Self::Deny => "deny",
        }
    }

    /// Why this machine cannot do the step at all. A container may have no right to make machines of
    /// its own; whoever runs the tests is told, in the summary too.
    fn hindrance(self) -> Option<String> {
        let needs_machines = matches!(self, Self::Netns | Self::Samba | Self::Image);
        needs_machines.then(netns::probe)?.err().map(|error| format!("{error:#}"))
    }

    /// Whether it passed.
    fn run(self) -> Result<bool> {
        match self {
            Self::Peers => peers::prepare().map(|()| true),
            Self::Venv => python::prepare().map(|_| true),
            Self::Fmt => passes(workspace::cargo().args(["fmt", "--all", "--check"])),
            Self::Clippy => passes(workspace::cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])),
            Self::Test => {
                peers::prepare()?;
                let python = python::prepare()?;
                let dynamodb = dynamodb_peer::build()?;
                passes(
                    workspace::cargo()
                        .args(["test", "--workspace", "--no-fail-fast"])
                        .env("STAGEDOOR_TEST_PYTHON", python)
                        .env(dynamodb_peer::PROGRAM, dynamodb),
                )
            }
            Self::Api => api::judge(),
            Self::Demo => {
                passes(Command::new(workspace::tested("stagedoor")?).args(["demo", "--script"]))
            }
            Self::Pages => pages::judge(),
            Self::Scim => scim::judge(),
            Self::Netns => netns::hosts(),
            Self::Samba => samba::reads(),
            Self::Image => image::builds(),
            Self::Seeds => simulate::smoke(),
            Self::Fuzz => fuzz::smoke(),
            Self::Cloud => templates::judge(),
            Self::Doc => passes(
                workspace::cargo()
                    .args(["doc", "--workspace", "--no-deps"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
            Self::Tidy => Ok(tidy::run(&[])? == Outcome::Done),
            // Advisories change without us and need the network: not here.
            Self::Deny => {
                passes(Command::new(tools::cargo_deny()?).current_dir(workspace::root()).args([
                    "check",
                    "--hide-inclusion-graph",
                    "bans",
                    "licenses",
                    "sources",
                ]))
            }
        }
    }
}

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    let steps = match chosen(words) {
        Ok(steps) => steps,
        Err(complaint) => {
            say::complain(&format!("error: {complaint}\n\n{HELP}"));
            return Ok(Outcome::Misused);
        }
    };
    let mut times = Vec::new();
    let mut left_out = Vec::new();
    for step in steps {
        say::line(&format!("==> {}", step.name()));
        if let Some(hindrance) = step.hindrance() {
            left_out.push(format!("    {} was NOT RUN: {hindrance}", step.name()));
            continue;
        }
        let start = Instant::now();
        let passed = step.run().with_context(|| format!("step `{}` failed", step.name()))?;
        times.push((step, start.elapsed()));
        if !passed {
            say::line(&summary(&times));
            say::complain(&format!(
                "error: step `{0}` failed; again: cargo xtask test --only {0}",
                step.name()
            ));
            return Ok(Outcome::Failed);
        }
    }
    say::line(&summary(&times));
    for line in left_out {
        say::line(&line);
    }
    Ok(Outcome::Done)
}

/// The steps that the words ask for, or what is wrong with them.
fn chosen(words: &[String]) -> Result<Vec<Step>, String> {
    match words {
        [] => Ok(Step::ALL.to_vec()),
        [option, name] if option == "--only" => Step::ALL
            .into_iter()
            .find(|step| step.name() == name)
            .map(|step| vec![step])
            .ok_or_else(|| format!("there is no step `{name}`")),
        [option] if option == "--only" => Err("`--only` needs the name of a step".to_owned()),
        [word, ..] => Err(format!("test takes no `{word}`")),
    }
}

fn summary(times: &[(Step, Duration)]) -> String {
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let line = |name: &str, time: Duration| format!("    {name:<6} {:>7.1} s", time.as_secs_f64());
    let mut lines = vec!["==> wall time".to_owned()];
    lines.extend(times.iter().map(|(step, time)| line(step.name(), *time)));
    lines.push(line("all", total));
    lines.join("\n")
}

fn passes(command: &mut Command) -> Result<bool> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Result<Vec<Step>, String> {
        chosen(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_steps_run_unless_one_is_named() {
        assert_eq!(words(&[]), Ok(Step::ALL.to_vec()));
        assert_eq!(words(&["--only", "doc"]), Ok(vec![Step::Doc]));
    }

    #[test]
    fn other_words_are_refused() {
        assert_eq!(words(&["--only", "docs"]), Err("there is no step `docs`".to_owned()));
        assert_eq!(words(&["--only"]), Err("`--only` needs the name of a step".to_owned()));
        assert_eq!(words(&["--fast"]), Err("test takes no `--fast`".to_owned()));
        assert_eq!(words(&["--only", "doc", "fmt"]), Err("test takes no `--only`".to_owned()));
    }

    #[test]
    fn the_help_names_every_step_in_order() {
        let named: Vec<&str> = HELP
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(named, Step::ALL.map(Step::name));
    }

    #[test]
    fn the_summary_adds_up() {
        let times =
            [(Step::Fmt, Duration::from_millis(1_250)), (Step::Clippy, Duration::from_secs(61))];
        assert_eq!(
            summary(&times),
            "==> wall time\n    fmt        1.2 s\n    clippy    61.0 s\n    all       62.2 s"
        );
    }
}
