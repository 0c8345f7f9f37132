//! One run of either side: a fresh simulated AWS, a process, and a look at what it did.

use super::people;
use super::studio::Studio;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// How many lines of a failed process's output are shown.
const LAST_LINES: usize = 20;

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// `stagedoor events replay`.
    Stagedoor,
    /// `benches/events/handler.py`.
    Handler,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stagedoor => "stagedoor events replay",
            Self::Handler => "the boto3 handler",
        })
    }
}

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// Wall time of the whole process.
    pub(super) seconds: f64,
    /// Greatest resident set.
    pub(super) peak_kib: f64,
    /// Calls to AWS, repeated ones included.
    pub(super) calls: f64,
}

/// Where everything is that a run needs.
#[derive(Debug)]
pub(super) struct Bench {
    /// The release binary.
    pub(super) stagedoor: PathBuf,
    /// An interpreter that has boto3.
    pub(super) python: PathBuf,
    /// For events, the store and output.
    pub(super) folder: PathBuf,
    /// Simulated AWS.
    pub(super) studio: Studio,
}

impl Bench {
    /// Lets one side work on the events of so many people, and makes sure that it did.
    pub(super) fn run(&self, side: Side, people: usize) -> Result<Cost> {
        let events = self.folder.join(format!("events-{people}.jsonl"));
        fs::write(&events, people::events(people))
            .with_context(|| format!("cannot write `{}`", events.display()))?;
        self.studio.reset()?;
        let before = self.studio.state()?.calls();
        let (seconds, peak_kib) = self
            .measure(self.command(side, events))
            .with_context(|| format!("{side} failed on the events of {people} people"))?;
        let state = self.studio.state()?;
        let expected = match side {
            Side::Stagedoor => people::profiles_of_stagedoor(people),
            Side::Handler => people::profiles_of_handler(people),
        };
        if let Some(difference) = difference(&expected, &state.roles_in_service()) {
            bail!("{side} did not do the work for {people} people: {difference}");
        }
        let calls = u32::try_from(state.calls() - before).context("too many calls")?;
        Ok(Cost { seconds, peak_kib, calls: calls.into() })
    }

    fn command(&self, side: Side, events: PathBuf) -> Vec<OsString> {
        let source = workspace::root().join("benches/events");
        match side {
            Side::Handler => {
                vec![self.python.clone().into(), source.join("handler.py").into(), events.into()]
            }
            Side::Stagedoor => vec![
                self.stagedoor.clone().into(),
                "events".into(),
                "replay".into(),
                events.into(),
                "--map".into(),
                source.join("access.yaml").into(),
                "--store".into(),
                self.folder.join("stagedoor.db").into(),
                "--poll".into(),
                "50ms".into(),
            ],
        }
    }

    /// Seconds and KiB of a command, both sides' in the same environment.
    fn measure(&self, command: Vec<OsString>) -> Result<(f64, f64)> {
        let log = self.folder.join("output.log");
        let output = Command::new(&self.python)
            .args(["-I", "-S"])
            .arg(workspace::root().join("benches/events/measure.py"))
            .arg(&log)
            .args(command)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", &self.folder)
            .env("AWS_ENDPOINT_URL", self.studio.url())
            .env("AWS_REGION", people::REGION)
            .env("AWS_DEFAULT_REGION", people::REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIABENCHEXAMPLE0000")
            .env("AWS_SECRET_ACCESS_KEY", "anything")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("STUDIO_DOMAIN_ID", people::DOMAIN)
            .output()
            .with_context(|| format!("cannot run {}", self.python.display()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = said.split_whitespace();
        let mut next = || words.next().and_then(|word| word.parse::<f64>().ok());
        match (next(), next(), next()) {
            (Some(seconds), Some(kib), Some(0.0)) => Ok((seconds, kib)),
            (_, _, status) => {
                let all = fs::read_to_string(&log).unwrap_or_default();
                let lines: Vec<&str> = all.lines().collect();
                let last = lines.split_at(lines.len().saturating_sub(LAST_LINES)).1.join("\n");
                let complaint = String::from_utf8_lossy(&output.stderr);
                let code = status
                    .map_or_else(|| complaint.trim().to_owned(), |s| format!("exit code {s}"));
                bail!("{code}\n{last}")
            }
        }
    }
}

/// How the profiles in service differ from those expected, in few words.
fn difference(
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Option<String> {
    let wrong = |(name, role): &(&String, &String)| found.get(*name) != Some(role);
    let missing: Vec<_> = expected.iter().filter(wrong).collect();
    let surplus = found.keys().find(|name| !expected.contains_key(*name));
    match (missing.first(), surplus) {
        (None, None) => None,
        (Some((name, role)), _) => Some(format!(
            "{} profiles are wrong or not in service, the first is {name}, which should have {role} \
             and has {:?}",
            missing.len(),
            found.get(*name)
        )),
        (None, Some(name)) => Some(format!("there is a profile {name} too many")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, role)| ((*name).to_owned(), (*role).to_owned())).collect()
    }

    #[test]
    fn profiles_must_be_exactly_those_expected() {
        let expected = map(&[("ana", "r1"), ("ben", "r1")]);
        assert_eq!(difference(&expected, &expected), None);
        assert_eq!(
            difference(&expected, &map(&[("ana", "r2"), ("ben", "r1")])).unwrap(),
            "1 profiles are wrong or not in service, the first is ana, which should have r1 and has \
             Some(\"r2\")"
        );
        assert_eq!(
            difference(&expected, &BTreeMap::new()).unwrap(),
            "2 profiles are wrong or not in service, the first is ana, which should have r1 and has \
             None"
        );
        assert_eq!(
            difference(&expected, &map(&[("ana", "r1"), ("ben", "r1"), ("cleo", "r1")])).unwrap(),
            "there is a profile cleo too many"
        );
    }
}
