//! The shape of the map as a reference for people.

use super::codes;
use super::shape::{Field, MAP, Presence, Record, Rule, Shape, Together};
use std::fmt::Write as _;

/// The reference of the map's keys and of its error codes, in Markdown.
pub fn reference_markdown() -> String {
    let mut out = String::from(
        "# Access map reference\n\n\
         One YAML file, or the files of a folder in the order of their names; sections may be \
         split over files. Unknown keys are errors.\n",
    );
    section(&MAP, "", &mut out);
    out.push_str("\n## Errors\n\n");
    table_of_codes(codes::ALL, &mut out);
    out.push_str(
        "\n## Cautions\n\nA map that allows one of these is valid. `stagedoor validate` and \
         `stagedoor serve` say so; of grants that have ended and files that are missing, `validate` alone, and `plan` of the former \
         (`grant-not-in-force`).\n\n",
    );
    table_of_codes(codes::CAUTIONS, &mut out);
    out
}

fn table_of_codes(codes: &[(&str, &str)], out: &mut String) {
    out.push_str("| code | meaning |\n|---|---|\n");
    for (code, meaning) in codes {
        let _ = writeln!(out, "| `{code}` | {} |", cell(meaning));
    }
}

fn section(record: &Record, path: &str, out: &mut String) {
    let at = if path.is_empty() { String::new() } else { format!(" (`{path}`)") };
    let _ = writeln!(out, "\n## {}{at}\n", record.title);
    if let Rule::Together(rules) = record.rule {
        for rule in rules {
            let _ = writeln!(out, "- {}", rule.sentence());
        }
        out.push('\n');
    }
    if record.fields.is_empty() {
        out.push_str("It has no keys.\n");
        return;
    }
    out.push_str("| key | value | needed | meaning |\n|---|---|---|---|\n");
    for field in record.fields {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            field.key,
            cell(&value(field)),
            needed(field, record.rule),
            cell(field.doc)
        );
    }
    for field in record.fields {
        let path =
            if path.is_empty() { field.key.to_owned() } else { format!("{path}.{}", field.key) };
        inner(field.shape, &path, out);
    }
}

fn inner(shape: &Shape, path: &str, out: &mut String) {
    match shape {
        Shape::Record(record) => section(record, path, out),
        Shape::Table { value, .. } => inner(value, &format!("{path}.<key>"), out),
        Shape::List(item) => inner(item, &format!("{path}[]"), out),
        Shape::Version
        | Shape::Text(_)
        | Shape::Integer { .. }
        | Shape::Boolean
        | Shape::Choice(_)
        | Shape::Json { .. } => {}
    }
}

fn value(field: &Field) -> String {
    described(field.shape)
}

fn described(shape: &Shape) -> String {
    match shape {
        Shape::Text(format) => {
            let example = format!("`{}`", format.example);
            let known = format.expected.contains(&example);
            let such = if known { String::new() } else { format!(", such as {example}") };
            format!("{}{such}", format.expected)
        }
        Shape::List(item) => match &**item {
            Shape::Record(record) => format!("a list, each item a mapping (*{}*)", record.title),
            item => format!("a list, each item {}", described(item)),
        },
        Shape::Table { key, value, most } => {
            let bound = most.map_or(String::new(), |most| format!(" of at most {most} entries"));
            let value = match value {
                Shape::Record(record) => format!("a mapping (*{}*)", record.title),
                value => described(value),
            };
            format!("a mapping{bound} from {} to {value}", key.expected)
        }
        Shape::Record(record) => format!("a mapping (*{}*)", record.title),
        Shape::Version | Shape::Integer { .. } | Shape::Boolean | Shape::Choice(_) => {
            shape.phrase()
        }
        Shape::Json { .. } => "any mapping".to_owned(),
    }
}

fn needed(field: &Field, rule: Rule) -> String {
    match field.presence {
        Presence::EachFile => "in each file".to_owned(),
        Presence::Required if rule == Rule::OverAllFiles => "once over all files".to_owned(),
        Presence::Required => "yes".to_owned(),
        Presence::Optional if is_one_of(field, rule) => "one of them".to_owned(),
        Presence::Optional => "no".to_owned(),
        Presence::Default(text) => format!("default `{text}`"),
    }
}

/// Whether exactly one of this field and others must be given.
fn is_one_of(field: &Field, rule: Rule) -> bool {
    match rule {
        Rule::Together(rules) => rules
            .iter()
            .any(|rule| matches!(rule, Together::ExactlyOne(keys) if keys.contains(&field.key))),
        Rule::EachField | Rule::OverAllFiles => false,
    }
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
