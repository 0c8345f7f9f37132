//! The page that lists every metric, made of the same code that writes them.

use super::{Numbers, page};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Every metric of the ops listener as a page in Markdown.
pub fn metrics_reference() -> String {
    let mut out = String::from(
        "# Metrics\n\nWhat `/metrics` of the ops listener (`--ops-listen`) says, in Prometheus' text \
         format 0.0.4. Times are seconds since 1970, durations seconds. No label names a person. \
         [Operations](../operations.md#metrics-and-alerts) says which to watch.\n\n\
         | metric | kind | labels | what |\n|---|---|---|---|\n",
    );
    for family in page(&Numbers::default(), Timestamp::UNIX_EPOCH) {
        let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            family.name,
            family.kind.as_str(),
            labels.join(", "),
            family.help
        );
    }
    out
}
