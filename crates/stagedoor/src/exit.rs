//! Exit codes, and how an error is told.

use crate::cli::{Common, OutputFormat};
use crate::output;
use control::ports::CallError;
use std::fmt;
use std::process::ExitCode;

/// How a command ended, apart from failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, or nothing to do.
    Done,
    /// Something could not be done; what, was printed already.
    Failed,
    /// There is something to do.
    ChangesPending,
    /// The plan would take away more than the guard allows.
    GuardRefused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::Failed => ExitCode::from(1),
            Outcome::ChangesPending => ExitCode::from(2),
            Outcome::GuardRefused => ExitCode::from(4),
        }
    }
}

/// The usage or the configuration is wrong: exit code 3.
#[derive(Debug)]
pub(crate) struct BadConfiguration {
    /// Stable reason code.
    pub(crate) code: &'static str,
    /// What is wrong, where, and what to do.
    pub(crate) message: String,
}

impl BadConfiguration {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for BadConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadConfiguration {}

/// Prints what `clap` has to say. Asking for help is no error.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if error.print().is_err() || error.use_stderr() {
        return ExitCode::from(3);
    }
    ExitCode::SUCCESS
}

/// Tells an error: what happened, why, what to do next.
pub(crate) fn report(error: &anyhow::Error, common: &Common) -> ExitCode {
    let call = error.chain().find_map(|e| e.downcast_ref::<CallError>());
    let configuration = error.chain().find_map(|e| e.downcast_ref::<BadConfiguration>());
    let (code, status, remedy) = match (call, configuration) {
        (Some(call), _) => (call.kind.code(), 1, Some(call.kind.remedy())),
        (None, Some(bad)) => (bad.code, 3, None),
        (None, None) => ("failed", 1, None),
    };
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        message.push_str(": ");
        message.push_str(&cause.to_string());
    }
    output::talk(&format!("error: {message}"));
    if let Some(remedy) = remedy {
        output::talk(&format!("  {remedy}"));
    }
    if common.output == OutputFormat::Json {
        let document = serde_json::json!({
            "apiVersion": output::API_VERSION,
            "kind": "Error",
            "code": code,
            "message": message,
            "remedy": remedy,
        });
        output::data(&document.to_string());
    }
    ExitCode::from(status)
}
