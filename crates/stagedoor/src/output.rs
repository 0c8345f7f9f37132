//! Standard output is for results, standard error for talk.

use crate::cli::Common;
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Version of every JSON document that is printed.
pub(crate) const API_VERSION: &str = "stagedoor/v1";

/// Prints a result. A reader that went away is not an error.
pub(crate) fn data(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
}

/// Says something to the person at the terminal.
pub(crate) fn talk(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{text}");
}

/// Colours, where they are wanted and shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Colours on standard output if it is a terminal.
    pub(crate) fn stdout(common: &Common) -> Self {
        let refused =
            common.no_color || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self(!refused && io::stdout().is_terminal())
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}

/// Starts logging to standard error: JSON on a pipe, readable on a terminal.
pub(crate) fn start_logging(common: &Common) {
    let default = match common.verbose {
        0 => "warn,stagedoor=info,control=info,web=info",
        1 => "info,stagedoor=debug,control=debug,web=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("STAGEDOOR_LOG").unwrap_or_else(|_| default.into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if io::stderr().is_terminal() {
        builder.with_target(false).compact().init();
    } else {
        builder.json().flatten_event(true).init();
    }
}
