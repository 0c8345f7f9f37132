//! Standard output is for results, standard error for talk.

use crate::cli::Common;
use crate::exit::BadConfiguration;
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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

/// A number with its noun: `1 change`, `2 changes`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Text of a stranger, safe for a terminal: what would move the cursor, change the order of the
/// characters or hide is written as `\u{..}`.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || hides {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
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

    /// No colours at all.
    pub(crate) fn plain() -> Self {
        Self(false)
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
///
/// `quiet`: warnings only, where the command itself says what happens.
///
/// # Errors
/// `--log` is not a list of targets and levels.
pub(crate) fn start_logging(common: &Common, quiet: bool) -> Result<(), BadConfiguration> {
    let default = match common.verbose {
        0 if quiet => "warn",
        0 => "warn,aws_config=error,stagedoor=info,control=info,lambda=info,web=info",
        1 => "info,stagedoor=debug,control=debug,lambda=debug,web=debug",
        _ => "debug",
    };
    let directives = common.log.as_deref().unwrap_or(default);
    let targets: Targets = directives.parse().map_err(|error| {
        BadConfiguration::new("log-invalid", format!("log levels `{directives}`: {error}"))
    })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry().with(targets);
    if io::stderr().is_terminal() {
        registry.with(lines.with_target(false).compact()).init();
    } else {
        registry.with(lines.json().flatten_event(true)).init();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_play_with_the_terminal_is_made_visible() {
        assert_eq!(visible("Zoë's \"José\" 😀"), "Zoë's \"José\" 😀");
        assert_eq!(visible("a\u{1b}[31m\nb\u{9b}"), "a\\u{1b}[31m\\u{a}b\\u{9b}");
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{feff}"), "a\\u{202e}b\\u{200b}c\\u{feff}");
    }
}
