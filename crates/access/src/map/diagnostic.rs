//! What is wrong with a map, and where.

use super::{Place, Source};
use serde::Serialize;
use std::fmt::{self, Write as _};

/// One thing that is wrong with a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Which kind of error, one of [`super::codes::ALL`].
    pub code: &'static str,
    /// Where it is.
    pub place: Place,
    /// How many characters from there on it concerns. 0: what stands there may be a secret, and is
    /// not shown.
    pub width: usize,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What would be right, as a phrase that follows "expected".
    pub expected: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(super) fn expect(&mut self, expected: impl Into<String>) -> &mut Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The error with the line it is in and a caret below. Without that source among `sources` it
    /// is what `Display` gives, as it is where the source may be a secret. Control characters of the
    /// source are not passed on.
    pub fn render(&self, sources: &[Source]) -> String {
        let source = sources.iter().find(|s| s.name == self.place.file && self.width > 0);
        let text = source.map(|source| source.text.as_str());
        let Some(line) = text.and_then(|t| source_line(t, self.place.line)) else {
            return self.to_string();
        };
        let number = self.place.line.to_string();
        let gutter = " ".repeat(number.len());
        let (shown, column) = excerpt(line, self.place.column);
        let after = shown.chars().count().saturating_sub(column - 1).max(1);
        let carets = "^".repeat(self.width.clamp(1, after));
        let blank = " ".repeat(column - 1);
        let mut out = format!("{}: {} ({})\n", self.position(), self.message, self.code);
        let _ = writeln!(out, "{gutter} |\n{number} | {shown}\n{gutter} | {blank}{carets}");
        out.push_str(self.advice().trim_start_matches('\n'));
        out.truncate(out.trim_end().len());
        out
    }

    fn position(&self) -> String {
        format!("{}:{}:{}", self.place.file, self.place.line, self.place.column)
    }

    fn advice(&self) -> String {
        let expected = self.expected.iter().map(|e| format!("\n  expected {e}"));
        expected.chain(self.help.iter().map(|h| format!("\n  {h}"))).collect()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}){}", self.position(), self.message, self.code, self.advice())
    }
}

/// Everything that is wrong with a map, sorted by place. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub(super) fn new(mut found: Vec<Diagnostic>) -> Self {
        found.sort_by(|a, b| a.place.cmp(&b.place));
        Self(found)
    }

    /// The errors, sorted by place.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
    }

    /// Every error as [`Diagnostic::render`] shows it, with a blank line between them.
    pub fn render(&self, sources: &[Source]) -> String {
        self.0.iter().map(|d| d.render(sources)).collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// A place while reading: the file as its index among the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) file: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) width: usize,
}

impl Mark {
    /// The beginning of a file.
    pub(super) fn start(file: usize) -> Self {
        Self { file, line: 1, column: 1, width: 1 }
    }
}

/// Collects errors, so that one reading of a map tells all of them.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    sources: &'a [Source],
    found: Vec<Diagnostic>,
}

/// From this many errors on nobody reads the hints, and looking for a near match for each of
/// 200,000 values among as many keys would take minutes.
const NEAR_MATCHES: usize = 1000;

impl<'a> Reporter<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self { sources, found: Vec::new() }
    }

    pub(super) fn place(&self, mark: Mark) -> Place {
        let file = self.sources.get(mark.file).map(|s| s.name.clone()).unwrap_or_default();
        Place { file, line: mark.line, column: mark.column }
    }

    pub(super) fn report(
        &mut self,
        code: &'static str,
        at: Mark,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let place = self.place(at);
        let (width, message) = (at.width.max(1), message.into());
        let diagnostic = Diagnostic { code, place, width, message, expected: None, help: None };
        self.found.push(diagnostic);
        // `push` made it the last one.
        let last = self.found.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element pushed above")]
        &mut self.found[last]
    }

    /// Reports a word that is none of the `known` ones, with those and a near match.
    pub(super) fn report_unknown<'k>(
        &mut self,
        code: &'static str,
        at: Mark,
        message: String,
        (word, known): (&str, impl Iterator<Item = &'k str> + Clone),
    ) {
        let near = (self.found.len() < NEAR_MATCHES).then(|| near_match(word, known.clone()));
        let near = near.flatten().map(|n| format!("did you mean {}?", quoted(n)));
        let expected = one_of(known);
        let diagnostic = self.report(code, at, message);
        diagnostic.expected = expected;
        diagnostic.help = near;
    }

    pub(super) fn found(self) -> Vec<Diagnostic> {
        self.found
    }

    pub(super) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }
}

/// The word of `known` that was most likely meant.
pub fn near_match<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let length = word.chars().count();
    // A third of the letters wrong is still the same word; of a very short one, one letter.
    let allowed = (length / 3).max(1);
    let folded = word.to_lowercase().replace('_', "-");
    known
        .filter(|k| k.chars().count().abs_diff(length) <= allowed)
        .map(|k| (strsim::damerau_levenshtein(&folded, &k.to_lowercase().replace('_', "-")), k))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, k)| k)
}

/// "one of `a`, `b` and 3 more"; nothing for no words.
fn one_of<'k>(known: impl Iterator<Item = &'k str>) -> Option<String> {
    const SHOWN: usize = 16;
    let mut shown = Vec::new();
    let mut more = 0_usize;
    for word in known {
        if shown.len() < SHOWN {
            shown.push(quoted(word));
        } else {
            more += 1;
        }
    }
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    match shown.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("one of {}{rest}", several.join(", "))),
    }
}

/// Text of a map in an error message: in backticks, on one line, cut after 80 characters, without
/// control characters, which a terminal would obey.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let cut = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    let shown: String = text.chars().take(SHOWN).map(printable).collect();
    format!("`{shown}{cut}`")
}

fn printable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        // Bidirectional controls reorder what a reader sees.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// A line by its number, from 1. YAML breaks lines at CR, LF and CRLF.
fn source_line(text: &str, number: usize) -> Option<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    for _ in 1..number {
        let (_, after) = rest.split_once(['\n', '\r'])?;
        let crlf = rest.find(['\n', '\r']).and_then(|i| rest.get(i..i + 2)) == Some("\r\n");
        rest = if crlf { after.strip_prefix('\n').unwrap_or(after) } else { after };
    }
    rest.split(['\n', '\r']).next()
}

/// The part of a long line around a column, and the column in it.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    const SHOWN: usize = 120;
    let skipped = if column > SHOWN { column - SHOWN / 2 } else { 0 };
    let shown: String = line.chars().skip(skipped).take(SHOWN).map(printable).collect();
    (shown, (column - skipped).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize, width: usize) -> Diagnostic {
        Diagnostic {
            code: super::super::codes::UNKNOWN_KEY,
            place: Place { file: "a.yaml".into(), line, column },
            width,
            message: "unknown key `tems`".into(),
            expected: Some("one of `teams`, `grants`".into()),
            help: Some("did you mean `teams`?".into()),
        }
    }

    fn source(text: &str) -> [Source; 1] {
        [Source { name: "a.yaml".into(), text: text.into() }]
    }

    #[test]
    fn a_diagnostic_shows_its_line_with_carets() {
        let expected = "a.yaml:2:1: unknown key `tems` (map-unknown-key)\n  \
            |\n2 | tems: {}\n  | ^^^^\n  expected one of `teams`, `grants`\n  did you mean `teams`?";
        assert_eq!(at(2, 1, 4).render(&source("version: 1\r\ntems: {}\r\n")), expected);
        assert_eq!(at(2, 1, 4).render(&source("version: 1\rtems: {}\r")), expected);
    }

    #[test]
    fn without_its_source_a_diagnostic_shows_as_text() {
        let expected = "a.yaml:9:3: unknown key `tems` (map-unknown-key)\n  \
            expected one of `teams`, `grants`\n  did you mean `teams`?";
        assert_eq!(at(9, 3, 4).render(&source("version: 1\n")), expected);
        assert_eq!(at(9, 3, 4).to_string(), expected);
    }

    #[test]
    fn a_long_line_is_cut_around_the_column_and_escapes_are_dropped() {
        let line = format!("{}\u{1b}[31mx{}", "-".repeat(200), "-".repeat(200));
        let shown = at(1, 206, 1).render(&source(&line));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2].chars().count(), 4 + 120);
        assert_eq!(lines[2].chars().nth(lines[3].find('^').unwrap()), Some('x'));
        assert!(lines[2].contains("-\u{fffd}[31mx-"));
    }

    #[test]
    fn a_near_match_forgives_case_separators_and_few_letters() {
        let near = |w| near_match(w, ["teams", "user_settings", "grants", "id"].into_iter());
        assert_eq!(near("tems"), Some("teams"));
        assert_eq!(near("Grants"), Some("grants"));
        assert_eq!(near("user-settings"), Some("user_settings"));
        assert_eq!(near("di"), Some("id"));
        assert_eq!(near("people"), None);
        assert_eq!(near(""), None);
    }

    #[test]
    fn words_are_listed_up_to_sixteen() {
        let words: Vec<String> = (0..18).map(|n| format!("w{n}")).collect();
        let shown = one_of(words.iter().map(String::as_str)).unwrap();
        assert!(shown.ends_with("`w15` and 2 more"), "{shown}");
        assert_eq!(one_of(["a"].into_iter()).as_deref(), Some("`a`"));
        assert_eq!(one_of(std::iter::empty()), None);
    }

    #[test]
    fn quoted_text_is_short_and_obeys_no_terminal() {
        assert_eq!(quoted("a\u{1b}[2J\nb\u{202e}"), "`a\u{fffd}[2J b\u{fffd}`");
        assert_eq!(quoted(&"x".repeat(90)), format!("`{}…`", "x".repeat(80)));
    }
}
