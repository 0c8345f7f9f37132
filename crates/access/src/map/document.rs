//! YAML text as a small tree of values that know their places.
//!
//! The tree is bounded, so that a hostile map costs no more than a large honest one. Anchors,
//! aliases and tags are refused: with them, what stands in one place of a map would be decided in
//! another, and a reviewer of a change could not see it.

use super::codes;
use super::diagnostic::{Mark, Reporter, quoted};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};
use std::collections::BTreeMap;

/// The most bytes of one file: about 20,000 grants.
pub const MAX_BYTES: usize = 1 << 20;
/// The most levels of nesting. The format itself needs six; the rest is for user settings.
const MAX_DEPTH: usize = 32;
/// The most values of one file, keys counted too.
const MAX_NODES: usize = 200_000;

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Mark,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Scalar {
        text: String,
        /// Neither quoted nor a block: it may stand for a number, a boolean or nothing.
        plain: bool,
    },
    Sequence(Vec<Node>),
    /// Keys are distinct and in the order of the text.
    Mapping(Vec<Entry>),
    /// Already reported; to be passed over in silence.
    Refused,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Mark,
    pub(super) value: Node,
}

/// Reads the one document of a file; `None` if what was reported leaves nothing to work with.
pub(super) fn read(file: usize, text: &str, reporter: &mut Reporter<'_>) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes", text.len());
        reporter
            .report(codes::TOO_LARGE, Mark::start(file), message)
            .expect("at most 1,048,576 bytes")
            .help("split the map into a folder of files");
        return None;
    }
    if let Some((at, found)) = forbidden_character(file, text) {
        let message = format!("not YAML: the character U+{:04X}", u32::from(found));
        reporter.report(codes::SYNTAX, at, message).expect("printable text");
        return None;
    }
    let mut builder = Builder { file, reporter, stack: Vec::new(), nodes: 0, root: None };
    let mut documents = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                syntax_error(file, text, &error, builder.reporter);
                return None;
            }
        };
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let at = builder.mark(&span);
                builder
                    .reporter
                    .report(codes::MANY_DOCUMENTS, at, "a second document begins here")
                    .help("keep one map in one file; a folder of files is one map too");
                return None;
            }
        }
        builder.take(event, &span)?;
    }
    let root = builder.root.filter(|root| !root.is_empty());
    if root.is_none() {
        reporter
            .report(codes::EMPTY, Mark::start(file), "the file holds no map")
            .expect("a mapping that begins with `version: 1`");
    }
    root
}

impl Node {
    /// Whether nothing was written where a value could be.
    fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if text.is_empty())
    }
}

/// The YAML reader takes NUL for the end of the text, and an error message would carry an escape
/// to the terminal; YAML allows neither.
fn forbidden_character(file: usize, text: &str) -> Option<(Mark, char)> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{85}') || !c.is_control();
    let index = text.find(|c| !allowed(c) || c == '\u{feff}')?;
    let (before, rest) = text.split_at_checked(index)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    Some((Mark { file, line, column, width: 1 }, rest.chars().next()?))
}

fn syntax_error(file: usize, text: &str, error: &ScanError, reporter: &mut Reporter<'_>) {
    let at = mark_of(file, error.marker(), 1);
    let info = error.info();
    if info.contains("recursion limit") {
        // The reader looks ahead, and has a bound of its own in brackets.
        too_deep(at, reporter);
        return;
    }
    if info.contains("anchor") {
        reporter
            .report(codes::ANCHOR, at, "anchors and aliases are not allowed")
            .help("quote text that begins with `*` or `&`");
        return;
    }
    let tab = text
        .lines()
        .nth(at.line - 1)
        .is_some_and(|line| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t'));
    let diagnostic = reporter.report(codes::SYNTAX, at, format!("not YAML: {info}"));
    if tab {
        diagnostic.help("the line begins with a tab: indent with spaces");
    }
}

fn too_deep(at: Mark, reporter: &mut Reporter<'_>) {
    reporter
        .report(codes::TOO_DEEP, at, "values are nested too deeply")
        .expect("at most 32 levels");
}

fn mark_of(file: usize, marker: &Marker, width: usize) -> Mark {
    Mark { file, line: marker.line().max(1), column: marker.col() + 1, width }
}

struct Builder<'r, 's> {
    file: usize,
    reporter: &'r mut Reporter<'s>,
    stack: Vec<Open>,
    nodes: usize,
    root: Option<Node>,
}

/// A collection whose end has not come yet.
enum Open {
    Sequence { at: Mark, items: Vec<Node> },
    Mapping { at: Mark, entries: Vec<Entry>, seen: BTreeMap<String, Mark>, next: Next },
}

/// What a mapping waits for.
enum Next {
    Key,
    ValueOf(String, Mark),
    /// The value of a key that was refused.
    Ignored,
}

impl Builder<'_, '_> {
    fn mark(&self, span: &Span) -> Mark {
        let one_line = span.start.line() == span.end.line();
        let width = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        mark_of(self.file, &span.start, width.max(1))
    }

    /// Takes one event; `None` when the file is beyond its bounds.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Option<()> {
        let at = self.mark(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(at)?;
                let plain = style == ScalarStyle::Plain;
                let refused = self.refuse(anchor, tag.is_some(), at);
                let value = Value::Scalar { text: text.into_owned(), plain };
                self.add(Node { at, value: if refused { Value::Refused } else { value } });
            }
            Event::Alias(_) => {
                self.count(at)?;
                self.refuse(1, false, at);
                self.add(Node { at, value: Value::Refused });
            }
            Event::SequenceStart(anchor, tag) => {
                self.count(at)?;
                self.refuse(anchor, tag.is_some(), at);
                self.open(at, Open::Sequence { at, items: Vec::new() })?;
            }
            Event::MappingStart(anchor, tag) => {
                self.count(at)?;
                self.refuse(anchor, tag.is_some(), at);
                let (entries, seen) = (Vec::new(), BTreeMap::new());
                self.open(at, Open::Mapping { at, entries, seen, next: Next::Key })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn count(&mut self, at: Mark) -> Option<()> {
        self.nodes += 1;
        if self.nodes <= MAX_NODES {
            return Some(());
        }
        self.reporter
            .report(codes::TOO_MANY_NODES, at, "the file holds too many values")
            .expect("at most 200,000 values")
            .help("split the map into a folder of files");
        None
    }

    fn open(&mut self, at: Mark, open: Open) -> Option<()> {
        if self.stack.len() < MAX_DEPTH {
            self.stack.push(open);
            return Some(());
        }
        too_deep(at, self.reporter);
        None
    }

    fn refuse(&mut self, anchor: usize, tag: bool, at: Mark) -> bool {
        if anchor != 0 {
            self.reporter
                .report(codes::ANCHOR, at, "anchors and aliases are not allowed")
                .help("write the value out in each place that needs it");
        }
        if tag {
            self.reporter
                .report(codes::TAG, at, "YAML tags are not allowed")
                .help("quote text that begins with `!`");
        }
        anchor != 0 || tag
    }

    fn close(&mut self) {
        let node = match self.stack.pop() {
            Some(Open::Sequence { at, items }) => Node { at, value: Value::Sequence(items) },
            Some(Open::Mapping { at, entries, .. }) => Node { at, value: Value::Mapping(entries) },
            // The parser pairs its events.
            None => return,
        };
        self.add(node);
    }

    fn add(&mut self, mut node: Node) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, seen, next, .. }) => {
                match std::mem::replace(next, Next::Key) {
                    Next::Key => *next = take_key(node, seen, self.reporter),
                    Next::ValueOf(key, at) => {
                        if node.is_empty() {
                            // An absent value has no place of its own.
                            node.at = at;
                        }
                        entries.push(Entry { key, at, value: node });
                    }
                    Next::Ignored => {}
                }
            }
        }
    }
}

fn take_key(node: Node, seen: &mut BTreeMap<String, Mark>, reporter: &mut Reporter<'_>) -> Next {
    let empty = node.is_empty();
    let key = match node.value {
        Value::Refused => return Next::Ignored,
        Value::Scalar { text, .. } if !empty => text,
        Value::Scalar { .. } | Value::Sequence(_) | Value::Mapping(_) => {
            let message = if empty { "a key is empty" } else { "a key is a list or a mapping" };
            let diagnostic = reporter.report(codes::KEY_NOT_TEXT, node.at, message);
            diagnostic.expect("text before the colon");
            if !empty {
                diagnostic.help("quote text that begins with `{` or `[`");
            }
            return Next::Ignored;
        }
    };
    if let Some(first) = seen.get(&key) {
        report_duplicate(&key, node.at, *first, reporter);
        return Next::Ignored;
    }
    seen.insert(key.clone(), node.at);
    Next::ValueOf(key, node.at)
}

/// Reports a key that is given twice, with both places.
pub(super) fn report_duplicate(key: &str, at: Mark, first: Mark, reporter: &mut Reporter<'_>) {
    let place = reporter.place(first);
    let message = format!(
        "duplicate key {}, first given at {}:{}:{}",
        quoted(key),
        place.file,
        place.line,
        place.column
    );
    reporter.report(codes::DUPLICATE_KEY, at, message).help("keep one of them");
}
