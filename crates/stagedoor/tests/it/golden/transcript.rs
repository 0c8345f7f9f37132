//! Pages as text: their blocks, and what of an output is not the same twice.

use std::fmt::Write as _;

/// A fenced block.
pub(super) struct Block<'a> {
    /// What stands behind the opening fence.
    pub(super) info: &'a str,
    pub(super) text: &'a str,
}

/// Writes the page anew: each block is what `play` returns, or as it was.
pub(super) fn play(page: &str, mut play: impl FnMut(&Block<'_>) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some((before, block)) = rest.split_once("```") {
        let (info, block) = block.split_once('\n').expect("a fence ends its line");
        let (text, after) = block.split_once("```").expect("every fence is closed");
        let played = play(&Block { info, text });
        let _ = write!(out, "{before}```{info}\n{}```", played.as_deref().unwrap_or(text));
        rest = after;
    }
    out + rest
}

/// Lines of talk; those about profiles sorted by profile, for they are worked on side by side. The
/// order of what happens to one profile stays.
pub(super) fn by_subject(talk: &str) -> Vec<&str> {
    let subject = |line: &str| {
        line.strip_prefix("  ")
            .and_then(|l| l.split_once(" in "))
            .map(|(profile, _)| profile.to_owned())
    };
    let mut lines: Vec<&str> = Vec::new();
    let mut group: Vec<(String, &str)> = Vec::new();
    for line in talk.lines() {
        if let Some(subject) = subject(line) {
            group.push((subject, line));
            continue;
        }
        group.sort_by(|a, b| a.0.cmp(&b.0));
        lines.extend(group.drain(..).map(|(_, line)| line));
        lines.push(line);
    }
    group.sort_by(|a, b| a.0.cmp(&b.0));
    lines.extend(group.into_iter().map(|(_, line)| line));
    lines
}

/// Replaces the port of simulated AWS, and times and changes of about now.
pub(super) fn redact(text: &str, url: &str) -> String {
    let text = text.replace(url, "http://AWS");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("20") {
        out.push_str(before);
        let left = time(after);
        let (shown, left) = match left.and_then(change) {
            Some(left) => ("[CHANGE]", left),
            None => left.map_or(("20", after), |left| ("[TIME]", left)),
        };
        out.push_str(shown);
        rest = left;
    }
    out + rest
}

/// What follows the RFC 3339 time that the text, after its century, begins with, if it is about now.
/// Times that a page writes itself are of other years, and stay.
fn time(text: &str) -> Option<&str> {
    let (begin, left) = text.split_once('Z')?;
    let whole = format!("20{begin}Z");
    let then: jiff::Timestamp = whole.parse().ok().filter(|_| whole.len() >= 16)?;
    let distance = then.duration_since(crate::cloud::now()).abs();
    (distance < jiff::SignedDuration::from_hours(24 * 60)).then_some(left)
}

/// What follows the rest of a change's id, behind its time: a hyphen and twelve hexadecimal digits.
fn change(text: &str) -> Option<&str> {
    let (digits, left) = text.strip_prefix('-')?.split_at_checked(12)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(left)
}

#[test]
fn times_changes_and_the_port_are_all_that_is_redacted() {
    let now = crate::cloud::now();
    let text = format!("2026 at {now} on http://127.0.0.1:9 Z 20Z, 2020-01-31T00:00:00Z, 200001");
    assert_eq!(
        redact(&text, "http://127.0.0.1:9"),
        "2026 at [TIME] on http://AWS Z 20Z, 2020-01-31T00:00:00Z, 200001"
    );
    let id = format!("change={}-0123456789ab.", now.strftime("%Y%m%dT%H%M%SZ"));
    assert_eq!(redact(&id, "http://x"), "change=[CHANGE].");
}

#[test]
fn only_lines_of_different_profiles_change_places() {
    let talk = "first\n  b in x: one\n  a in x: two\n  b in x: three\nlast\n  a in x: end\n";
    assert_eq!(
        by_subject(talk),
        ["first", "  a in x: two", "  b in x: one", "  b in x: three", "last", "  a in x: end"]
    );
}
