//! Whether Stagedoor can do its work here: what is read ([`facts`]) and what follows ([`mod@judge`]).

mod codes;
mod facts;
mod judge;
mod judge_keys;
mod judge_network;
mod judge_plane;
mod judge_roles;

pub(crate) use codes::{About, reference};
pub(crate) use facts::{Around, gather};
pub(crate) use judge::judge;

use crate::output::{API_VERSION, Paint, counted};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at: its code, such as `DOM01`.
    pub(crate) about: About,
    /// Which one, where there are several: a domain, a role, a group.
    pub(crate) subject: Option<String>,
    /// What came of it.
    pub(crate) state: State,
    /// `ok`, or the reason code of what is wrong.
    pub(crate) code: &'static str,
    /// The same for people.
    pub(crate) text: String,
    /// What to do, a step a line.
    pub(crate) remedy: Vec<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// It does not work.
    Failed,
}

impl Check {
    fn ok(about: About, subject: Option<&str>, text: impl Into<String>) -> Self {
        Self::new(about, subject, State::Ok, "ok", text, &[])
    }

    fn new(
        about: About,
        subject: Option<&str>,
        state: State,
        code: &'static str,
        text: impl Into<String>,
        remedy: &[&str],
    ) -> Self {
        Self {
            about,
            subject: subject.map(str::to_owned),
            state,
            code,
            text: text.into(),
            remedy: remedy.iter().map(|line| (*line).to_owned()).collect(),
        }
    }
}

/// How many checks ended so.
fn count(checks: &[Check], state: State) -> usize {
    checks.iter().filter(|check| check.state == state).count()
}

/// Whether something does not work.
pub(crate) fn any_failed(checks: &[Check]) -> bool {
    count(checks, State::Failed) > 0
}

/// The checks as a document for programs.
pub(crate) fn json(checks: &[Check]) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "Diagnosis",
        "summary": {
            "ok": count(checks, State::Ok),
            "warning": count(checks, State::Warning),
            "failed": count(checks, State::Failed),
        },
        "checks": checks,
    })
}

/// The checks for people.
pub(crate) fn text(checks: &[Check], paint: Paint) -> String {
    let mut out = String::new();
    for check in checks {
        let state = match check.state {
            State::Ok => paint.green("ok      "),
            State::Warning => paint.yellow("warning "),
            State::Failed => paint.red("failed  "),
        };
        let subject = check.subject.as_ref().map_or(String::new(), |s| format!("{s}: "));
        let code =
            if check.state == State::Ok { String::new() } else { format!(" ({})", check.code) };
        let about = paint.dim(check.about.code());
        let _ = writeln!(out, "{state} {about} {subject}{}{code}", check.text);
        for line in &check.remedy {
            let _ = writeln!(out, "                 {}", paint.dim(line));
        }
    }
    let _ = write!(
        out,
        "\n{} ok, {}, {} failed.",
        count(checks, State::Ok),
        counted(count(checks, State::Warning), "warning"),
        count(checks, State::Failed)
    );
    out
}
