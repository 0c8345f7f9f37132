//! What came of doctor's checks, for programs and for people.

use crate::output::{API_VERSION, Paint, counted, visible};
use control::doctor::{Check, State, count};
use serde_json::{Value, json};
use std::fmt::Write;

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

/// What names of strangers can stand in, safe for a terminal. Some of it has several lines.
fn shown(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<String>>().join("\n")
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
        let subject = check.subject.as_ref().map_or(String::new(), |s| format!("{}: ", shown(s)));
        let code =
            if check.state == State::Ok { String::new() } else { format!(" ({})", check.code) };
        let about = paint.dim(check.about.code());
        let _ = writeln!(out, "{state} {about} {subject}{}{code}", shown(&check.text));
        for line in &check.remedy {
            let _ = writeln!(out, "                 {}", paint.dim(&shown(line)));
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
