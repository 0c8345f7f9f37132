//! HCL in the layout that `terraform fmt` gives: two spaces for each level, and the equals signs of
//! consecutive assignments that end on their line under one another.

use super::tree::Tree;
use std::fmt::Write as _;

/// A value of an argument.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Data.
    Data(Tree),
    /// Data that is passed as JSON text.
    Json(Tree),
    /// An expression, as it is: a reference.
    Expression(String),
}

impl<T: Into<Tree>> From<T> for Value {
    fn from(data: T) -> Self {
        Self::Data(data.into())
    }
}

/// The text of a file as it grows.
#[derive(Debug, Default)]
pub(super) struct Hcl {
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    /// As it is.
    Plain { depth: usize, text: String },
    /// A whole assignment.
    Assignment { depth: usize, name: String, value: String },
}

impl Hcl {
    /// A block with arguments: `resource "aws_iam_role" "hub" { … }`. Arguments without value are
    /// left out.
    pub(super) fn block(&mut self, head: &str, arguments: Vec<(&str, Option<Value>)>) {
        if !self.lines.is_empty() {
            self.plain(0, "");
        }
        self.plain(0, format!("{head} {{"));
        for (name, value) in arguments {
            let Some(value) = value else { continue };
            match value {
                Value::Expression(text) => self.assign(1, name, text),
                Value::Data(tree) => self.value(1, name, "", &tree, ""),
                Value::Json(tree) => self.value(1, name, "jsonencode(", &tree, ")"),
            }
        }
        self.plain(0, "}");
    }

    fn plain(&mut self, depth: usize, text: impl Into<String>) {
        self.lines.push(Line::Plain { depth, text: text.into() });
    }

    fn assign(&mut self, depth: usize, name: &str, value: String) {
        self.lines.push(Line::Assignment { depth, name: name.to_owned(), value });
    }

    fn value(&mut self, depth: usize, name: &str, before: &str, tree: &Tree, after: &str) {
        if let Some(text) = on_one_line(tree) {
            return self.assign(depth, name, format!("{before}{text}{after}"));
        }
        let (open, close) = brackets(tree);
        self.plain(depth, format!("{name} = {before}{open}"));
        self.inside(depth + 1, tree);
        self.plain(depth, format!("{close}{after}"));
    }

    fn inside(&mut self, depth: usize, tree: &Tree) {
        match tree {
            Tree::Object(members) => {
                for (name, value) in members {
                    self.value(depth, &key(name), "", value, "");
                }
            }
            Tree::List(items) => {
                for item in items {
                    if let Some(text) = on_one_line(item) {
                        self.plain(depth, format!("{text},"));
                        continue;
                    }
                    let (open, close) = brackets(item);
                    self.plain(depth, open);
                    self.inside(depth + 1, item);
                    self.plain(depth, format!("{close},"));
                }
            }
            Tree::Text(_) | Tree::Number(_) | Tree::Boolean(_) => {}
        }
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let mut lines = self.lines.as_slice();
        while let Some((first, rest)) = lines.split_first() {
            if let Line::Plain { depth, text } = first {
                let _ = writeln!(out, "{}", format!("{:1$}{text}", "", depth * 2).trim_end());
                lines = rest;
                continue;
            }
            let together = lines.iter().map_while(|line| match line {
                Line::Assignment { depth, name, value } => Some((depth, name, value)),
                Line::Plain { .. } => None,
            });
            let together: Vec<_> = together.collect();
            let width = together.iter().map(|(_, name, _)| name.chars().count()).max();
            for (depth, name, value) in &together {
                let indent = *depth * 2;
                let width = width.unwrap_or_default();
                let _ = writeln!(out, "{:indent$}{name:width$} = {value}", "");
            }
            lines = lines.get(together.len()..).unwrap_or_default();
        }
        out
    }
}

/// The value where it takes one line: a scalar, and a list of one scalar or none.
fn on_one_line(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Text(text) => Some(quoted(text)),
        Tree::Number(number) => Some(number.to_string()),
        Tree::Boolean(value) => Some(value.to_string()),
        Tree::List(items) => match items.as_slice() {
            [] => Some("[]".to_owned()),
            [Tree::List(_) | Tree::Object(_)] => None,
            [one] => on_one_line(one).map(|text| format!("[{text}]")),
            _ => None,
        },
        Tree::Object(members) => members.is_empty().then(|| "{}".to_owned()),
    }
}

fn brackets(tree: &Tree) -> (&'static str, &'static str) {
    match tree {
        Tree::List(_) => ("[", "]"),
        _ => ("{", "}"),
    }
}

/// A key of an object: as it is where it is a name of the language.
fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

/// A text in quotes. Policy variables are no template of Terraform's.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
