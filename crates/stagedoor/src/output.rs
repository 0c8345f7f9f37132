//! Standard output is for results, standard error for talk.

use crate::cli::{Common, LogFormat};
use crate::codes;
use crate::exit::BadConfiguration;
use crate::telemetry::Telemetry;
use opentelemetry_sdk::trace::SdkTracer;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// How the log is written, once that is settled.
#[derive(Debug, Clone, Copy)]
enum LogForm {
    Json,
    Text { colours: bool },
}

/// A part of what logs.
type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Version of every JSON document that is printed.
pub(crate) const API_VERSION: &str = "stagedoor/v1";

/// What kept a result from being written, the first time.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a result. What does not get through is told at the [end](ended).
pub(crate) fn data(text: &str) {
    let mut out = io::stdout().lock();
    lose(writeln!(out, "{text}"));
}

/// A reader that went away is not an error.
fn lose(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error);
    }
}

/// Whether all results got through.
///
/// # Errors
/// What kept one from being written.
pub(crate) fn ended() -> anyhow::Result<()> {
    lose(io::stdout().lock().flush());
    match LOST.get() {
        Some(error) => Err(anyhow::anyhow!("cannot write the result: {error}")),
        None => Ok(()),
    }
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

/// Names in a row, such as `` `a`, `b` ``; `None`: there are none.
pub(crate) fn quoted(names: impl Iterator<Item: Display>) -> Option<String> {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
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

/// Whether somebody wants no colours, neither in results nor in the log.
fn is_plain(common: &Common) -> bool {
    common.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Colours, where they are wanted and shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Colours on standard output if it is a terminal.
    pub(crate) fn stdout(common: &Common) -> Self {
        Self(!is_plain(common) && io::stdout().is_terminal())
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

/// Starts logging to standard error, JSON on a pipe and readable on a terminal unless somebody says
/// otherwise, and traces, if the environment asks for them.
///
/// `quiet`: warnings only, where the command itself says what happens.
///
/// # Errors
/// `--log` is not a list of targets and levels; the variables of OpenTelemetry make no sense.
pub(crate) fn start_logging(
    common: &Common,
    quiet: bool,
) -> Result<Option<Telemetry>, BadConfiguration> {
    let default = match common.verbose {
        0 if quiet => "warn",
        0 => "warn,aws_config=error,stagedoor=info,control=info,lambda=info,web=info",
        1 => "info,stagedoor=debug,control=debug,lambda=debug,web=debug",
        _ => "debug",
    };
    let directives = common.log.as_deref().unwrap_or(default);
    let targets: Targets = directives.parse().map_err(|error| {
        BadConfiguration::new(codes::LOG_INVALID, format!("log levels `{directives}`: {error}"))
    })?;
    let telemetry = Telemetry::from_environment()
        .map_err(|error| BadConfiguration::new(codes::TELEMETRY_INVALID, error))?;
    let is_terminal = io::stderr().is_terminal();
    let form = match common.log_format {
        LogFormat::Auto if !is_terminal => LogForm::Json,
        LogFormat::Json => LogForm::Json,
        LogFormat::Auto | LogFormat::Text => {
            LogForm::Text { colours: is_terminal && !is_plain(common) }
        }
    };
    let layers = layers(targets, form, telemetry.as_ref().map(Telemetry::tracer));
    tracing_subscriber::registry().with(layers).init();
    Ok(telemetry)
}

/// What takes log lines, and, with a tracer, what takes spans. Each has a filter: as soon as one layer
/// has none, were it only one that is left out by `None`, all spans of the SDK are made for nobody.
fn layers(targets: Targets, form: LogForm, tracer: Option<SdkTracer>) -> Vec<BoxedLayer> {
    let targets = targets.and(filter_fn(is_line));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = if let LogForm::Text { colours } = form {
        lines.with_target(false).with_ansi(colours).compact().with_filter(targets).boxed()
    } else {
        let lines = lines.json().flatten_event(true).with_span_list(false);
        lines.with_filter(targets).boxed()
    };
    let spans = tracer.map(|tracer| {
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_filter(filter_fn(is_our_span).with_max_level_hint(Level::INFO))
            .boxed()
    });
    spans.into_iter().chain([lines]).collect()
}

/// Events, and of all spans the one invocation of a function that they belong to: without traces no
/// other is ever made.
fn is_line(metadata: &Metadata<'_>) -> bool {
    metadata.is_event()
        || metadata.target().starts_with("lambda") && metadata.name() == "invocation"
}

/// Spans of ours: those of the SDK hold more than is wanted in traces.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && ["aws", "control", "lambda", "stagedoor", "web"].contains(&target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_but_that_of_an_invocation_is_made_without_traces() {
        let targets = "debug".parse().unwrap();
        let logging = tracing_subscriber::registry().with(layers(targets, LogForm::Json, None));
        tracing::subscriber::with_default(logging, || {
            let sdk = tracing::debug_span!(target: "aws_smithy_runtime", "try_attempt");
            let pass = tracing::info_span!(target: "control", "pass");
            let invocation = tracing::info_span!(target: "lambda", "invocation");
            let made = [sdk, pass, invocation].map(|span| !span.is_disabled());
            assert_eq!(made, [false, false, true]);
        });
    }

    #[test]
    fn what_could_play_with_the_terminal_is_made_visible() {
        assert_eq!(visible("Zoë's \"José\" 😀"), "Zoë's \"José\" 😀");
        assert_eq!(visible("a\u{1b}[31m\nb\u{9b}"), "a\\u{1b}[31m\\u{a}b\\u{9b}");
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{feff}"), "a\\u{202e}b\\u{200b}c\\u{feff}");
    }
}
