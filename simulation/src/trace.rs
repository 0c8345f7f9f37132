//! What happened, line by line. Equal seeds give equal traces.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::io::{self, Write as _};

/// Lines that are kept where nobody looks: enough to see what led to a violation.
const TAIL: usize = 60;

/// The log of one simulation.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The latest lines, or all of them.
    lines: VecDeque<String>,
    keep: Keep,
    /// A checksum over every line, so that two runs can be compared without keeping them.
    digest: u64,
}

/// How much of a trace is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The last lines.
    Tail,
    /// Everything.
    All,
    /// Everything, each line also to stderr at once.
    Echo,
}

impl Trace {
    pub(crate) fn new(keep: Keep) -> Self {
        Self { lines: VecDeque::new(), keep, digest: 0xcbf2_9ce4_8422_2325 }
    }

    /// Adds a line.
    pub(crate) fn say(&mut self, now: Timestamp, line: &str) {
        let line = format!("{now:.3} {line}");
        for byte in line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        match self.keep {
            Keep::Tail if self.lines.len() == TAIL => {
                self.lines.pop_front();
            }
            // A closed stderr is no reason to stop.
            Keep::Echo => drop(writeln!(io::stderr(), "{line}")),
            Keep::Tail | Keep::All => {}
        }
        self.lines.push_back(line);
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }
}
