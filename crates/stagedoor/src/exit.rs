//! Exit codes, and how an error is told.

use crate::cli::{Common, OutputFormat};
use crate::codes::{self, Code};
use crate::output;
use control::ports::CallError;
use std::ffi::OsString;
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
    /// What was asked about is refused; why, was printed already.
    Denied,
    /// Something that was checked does not hold; what, was printed already.
    NotVerified,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::Failed => ExitCode::from(1),
            Outcome::ChangesPending => ExitCode::from(2),
            Outcome::GuardRefused => ExitCode::from(4),
            Outcome::Denied => ExitCode::from(5),
            Outcome::NotVerified => ExitCode::from(6),
        }
    }
}

/// The usage or the configuration is wrong: exit code 3.
#[derive(Debug)]
pub(crate) struct BadConfiguration {
    /// Stable reason code.
    pub(crate) code: Code,
    /// What is wrong, where, and what to do.
    pub(crate) message: String,
    /// Each error by itself, for programs, where there can be several.
    pub(crate) errors: Option<serde_json::Value>,
}

impl BadConfiguration {
    pub(crate) fn new(code: impl Into<Code>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), errors: None }
    }
}

impl fmt::Display for BadConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadConfiguration {}

/// A command that did not do what it was asked to, for a reason of its own.
#[derive(Debug)]
pub(crate) struct NotDone {
    /// The exit code.
    pub(crate) outcome: Outcome,
    /// Stable reason code.
    pub(crate) code: &'static str,
    /// What happened and why.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotDone {}

/// Prints what `clap` has to say, to programs that asked for JSON too. Asking for help is no error.
pub(crate) fn usage(args: &[OsString], error: &clap::Error) -> ExitCode {
    // It looks for a terminal and for NO_COLOR by itself.
    if args.iter().any(|arg| arg == "--no-color") && error.use_stderr() {
        output::talk(error.render().to_string().trim_end());
    } else if error.print().is_ok() && !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if wants_json(args, std::env::var_os("STAGEDOOR_OUTPUT")) {
        let text = error.render().to_string();
        let first = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
        let message = first.split_whitespace().collect::<Vec<&str>>().join(" ");
        let remedy = Some("`--help` says what the command takes.".to_owned());
        let (code, status) = (codes::USAGE.as_str(), ExitCode::from(3));
        Told { code, status, message, remedy, errors: None }.print();
    }
    ExitCode::from(3)
}

/// Whether the command line, or the environment where that says nothing, asks for JSON, as far as a
/// command line that is wrong can be read.
fn wants_json(args: &[OsString], environment: Option<OsString>) -> bool {
    let apart = args.windows(2).filter_map(|pair| match pair {
        [option, form] if option == "--output" => form.to_str(),
        _ => None,
    });
    let joined = args.iter().filter_map(|arg| arg.to_str()?.strip_prefix("--output="));
    let mut asked = apart.chain(joined).peekable();
    match asked.peek() {
        Some(_) => asked.any(|form| form == "json"),
        None => environment.is_some_and(|form| form == "json"),
    }
}

/// What there is to say about an error.
struct Told {
    code: &'static str,
    status: ExitCode,
    message: String,
    remedy: Option<String>,
    errors: Option<serde_json::Value>,
}

/// Tells people an error: what happened, why, what to do next.
pub(crate) fn tell(error: &anyhow::Error) {
    told(error).say();
}

/// Tells an error to people, and to programs that asked for JSON.
pub(crate) fn report(error: &anyhow::Error, common: &Common) -> ExitCode {
    let told = told(error);
    told.say();
    if common.output == OutputFormat::Json {
        told.print();
    }
    told.status
}

impl Told {
    fn print(&self) {
        let document = serde_json::json!({
            "apiVersion": output::API_VERSION,
            "kind": "Error",
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "errors": self.errors,
        });
        output::data(&document.to_string());
    }

    fn say(&self) {
        let code = format!("({})", self.code);
        // Most messages end with their code; reports of several lines hold one for each.
        let shown = self.message.contains(&code) || self.message.contains('\n');
        let code = if shown || self.code == codes::FAILED.as_str() {
            String::new()
        } else {
            format!(" {code}")
        };
        output::talk(&format!("error: {}{code}", self.message));
        if let Some(remedy) = &self.remedy {
            output::talk(&format!("  {remedy}"));
        }
    }
}

/// The stable code of an error, and what there is to say about it.
pub(crate) fn code_and_message(error: &anyhow::Error) -> (&'static str, String) {
    let told = told(error);
    (told.code, told.message)
}

/// Which part of the directory did not answer. From the rest of it nothing is planned.
fn half(call: &CallError) -> Option<String> {
    let part = match (call.service, call.operation) {
        ("identitystore", "ListUsers" | "DescribeUser") => "people",
        ("identitystore", "ListGroups" | "DescribeGroup") => "groups",
        ("identitystore", "ListGroupMemberships" | "ListGroupMembershipsForMember") => {
            "members of groups"
        }
        _ => return None,
    };
    Some(format!("the directory does not tell its {part}, so nothing was planned or changed"))
}

fn told(error: &anyhow::Error) -> Told {
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        message.push_str(": ");
        message.push_str(&cause.to_string());
    }
    for cause in error.chain() {
        if let Some(call) = cause.downcast_ref::<CallError>() {
            let (code, remedy) = (call.code(), Some(call.remedy().to_owned()));
            let message = half(call).map_or(message.clone(), |half| format!("{half}: {message}"));
            let status = Outcome::Failed.into();
            return Told { code, status, message, remedy, errors: None };
        }
        if let Some(bad) = cause.downcast_ref::<BadConfiguration>() {
            let (code, errors) = (bad.code.as_str(), bad.errors.clone());
            return Told { code, status: ExitCode::from(3), message, remedy: None, errors };
        }
        if let Some(not_done) = cause.downcast_ref::<NotDone>() {
            let remedy = Some(not_done.remedy.clone());
            let (code, status) = (not_done.code, not_done.outcome.into());
            return Told { code, status, message, remedy, errors: None };
        }
    }
    let status = Outcome::Failed.into();
    Told { code: codes::FAILED.as_str(), status, message, remedy: None, errors: None }
}
