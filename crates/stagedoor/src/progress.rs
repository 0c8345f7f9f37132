//! What is going on, for somebody who waits at a terminal. Elsewhere nothing is shown.

use crate::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::Duration;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Something that takes long. It vanishes when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Work of unknown length.
    pub(crate) fn spinner(message: impl Into<String>) -> Self {
        Self::with(ProgressBar::new_spinner(), "{spinner} {msg} ({elapsed})", message.into())
    }

    /// Work of so many steps.
    pub(crate) fn bar(steps: usize, message: impl Into<String>) -> Self {
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
        Self::with(bar, "{spinner} {msg} [{bar:30}] {pos} of {len} ({elapsed})", message.into())
    }

    fn with(bar: ProgressBar, template: &str, message: String) -> Self {
        if !io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            return Self(bar);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(message);
        bar.enable_steady_tick(TURN);
        Self(bar)
    }

    /// A step is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// So much of all is done.
    pub(crate) fn at(&self, done: u64, all: u64) {
        self.0.set_length(all);
        self.0.set_position(done);
    }

    /// Says something above it.
    pub(crate) fn talk(&self, text: &str) {
        self.0.suspend(|| output::talk(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
