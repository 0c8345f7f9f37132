//! What a task tells: findings and progress on stdout, complaints on stderr.

use std::io::{Write, stderr, stdout};

/// A line on stdout. Nobody reads on when it is closed, so that is no error.
pub(crate) fn line(text: &str) {
    let _closed = writeln!(stdout().lock(), "{text}");
}

/// A line on stderr.
pub(crate) fn complain(text: &str) {
    let _closed = writeln!(stderr().lock(), "{text}");
}
