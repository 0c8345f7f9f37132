//! The check of a document against the shape of the map. What comes out has the right types and
//! forms and only known keys; what refers to what is not looked at here.

use super::codes;
use super::diagnostic::{Mark, Reporter, near_match, quoted};
use super::document::{Entry, Node, Value};
use super::format::{Complaint, Format, SECRET_REFERENCE};
use super::scalar::{Resolved, resolve};
use super::shape::{Choice, Field, Presence, Record, Rule, Shape, Together};
use serde_json::Map as JsonMap;
use std::collections::BTreeMap;

/// A checked value and its place.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) at: Mark,
    pub(super) value: Checked,
}

#[derive(Debug)]
pub(super) enum Checked {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Item>),
    Table(Vec<Named>),
    Record(Fields),
    Json(JsonMap<String, serde_json::Value>),
    /// Something wrong was written there, and reported. Unlike an absent value it has no default,
    /// so nothing that depends on it is complained about.
    Broken,
}

/// The values of a record by key.
pub(super) type Fields = BTreeMap<&'static str, Named>;

/// A value under its key.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) key: String,
    pub(super) at: Mark,
    pub(super) item: Item,
}

impl Item {
    pub(super) fn text(&self) -> Option<&str> {
        if let Checked::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        if let Checked::Integer(number) = &self.value { Some(*number) } else { None }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        if let Checked::Boolean(value) = &self.value { Some(*value) } else { None }
    }

    pub(super) fn list(&self) -> &[Item] {
        if let Checked::List(items) = &self.value { items } else { &[] }
    }

    pub(super) fn table(&self) -> &[Named] {
        if let Checked::Table(entries) = &self.value { entries } else { &[] }
    }

    pub(super) fn field(&self, key: &str) -> Option<&Item> {
        let Checked::Record(fields) = &self.value else { return None };
        fields.get(key).map(|named| &named.item)
    }

    pub(super) fn json(&self) -> Option<&JsonMap<String, serde_json::Value>> {
        if let Checked::Json(map) = &self.value { Some(map) } else { None }
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self.value, Checked::Broken)
    }
}

/// What is being checked, for messages: its name in words, and where that name stands.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) at: Mark,
}

impl Subject {
    fn key(key: &str, at: Mark) -> Self {
        Self { name: quoted(key), at }
    }
}

/// Checks a value.
pub(super) fn check(
    node: Node,
    shape: &'static Shape,
    subject: &Subject,
    reporter: &mut Reporter<'_>,
) -> Item {
    let at = node.at;
    let value = match (shape, node.value) {
        (_, Value::Refused) => None,
        (Shape::Record(record), Value::Mapping(entries)) => {
            Some(Checked::Record(self::record(entries, record, subject, reporter)))
        }
        (Shape::Table { key, value, most }, Value::Mapping(entries)) => {
            Some(Checked::Table(table(entries, key, value, (*most, subject), reporter)))
        }
        (Shape::Json { forbidden, help }, Value::Mapping(entries)) => {
            json_mapping(entries, (forbidden, help), reporter).map(Checked::Json)
        }
        (Shape::List(shape), Value::Sequence(items)) => {
            let name = format!("an item of {}", subject.name);
            let item = |node: Node| {
                let subject = Subject { name: name.clone(), at: node.at };
                check(node, shape, &subject, reporter)
            };
            Some(Checked::List(items.into_iter().map(item).collect()))
        }
        (shape, Value::Scalar { text, plain }) => {
            let resolved = if plain { resolve(&text) } else { Resolved::Text };
            scalar(&text, &resolved, at, (shape, subject), reporter)
        }
        (shape, value @ (Value::Mapping(_) | Value::Sequence(_))) => {
            let found = if matches!(value, Value::Mapping(_)) { "a mapping" } else { "a list" };
            wrong_type(found, at, (shape, subject), reporter);
            None
        }
    };
    // A mapping or list is known by its key; a scalar has its own place.
    let at = match &value {
        Some(Checked::Record(_) | Checked::Table(_) | Checked::List(_)) => subject.at,
        _ => at,
    };
    Item { at, value: value.unwrap_or(Checked::Broken) }
}

/// Checks the keys that are given, and what the record asks for.
fn record(
    entries: Vec<Entry>,
    record: &'static Record,
    subject: &Subject,
    reporter: &mut Reporter<'_>,
) -> Fields {
    let mut given = fields(entries, record, reporter);
    complete(&mut given, record, subject, reporter);
    given
}

/// Checks the keys that are given.
pub(super) fn fields(
    entries: Vec<Entry>,
    record: &'static Record,
    reporter: &mut Reporter<'_>,
) -> Fields {
    let mut given = Fields::new();
    for Entry { key, at, value } in entries {
        let Some(field) = record.fields.iter().find(|f| f.key == key) else {
            let known = record.fields.iter();
            let message = format!("unknown key {}", quoted(&key));
            let word = (key.as_str(), known.map(|f| f.key));
            reporter.report_unknown(codes::UNKNOWN_KEY, at, message, word);
            continue;
        };
        let item = check(value, field.shape, &Subject::key(&key, at), reporter);
        given.insert(field.key, Named { key, at, item });
    }
    given
}

/// Reports what is missing and puts defaults in place.
pub(super) fn complete(
    given: &mut Fields,
    record: &'static Record,
    subject: &Subject,
    reporter: &mut Reporter<'_>,
) {
    match record.rule {
        // Before defaults are in place, for those are not what was given.
        Rule::Together(rules) => {
            for rule in rules {
                together(given, rule, subject, reporter);
            }
        }
        Rule::EachField | Rule::OverAllFiles => {}
    }
    for field in record.fields {
        if given.contains_key(field.key) {
            continue;
        }
        match field.presence {
            Presence::Required => missing(field, subject, reporter),
            Presence::Default(text) => {
                let key = Subject::key(field.key, subject.at);
                let item = check(default_node(text, subject.at), field.shape, &key, reporter);
                let named = Named { key: field.key.to_owned(), at: subject.at, item };
                given.insert(field.key, named);
            }
            Presence::EachFile | Presence::Optional => {}
        }
    }
}

fn missing(field: &'static Field, subject: &Subject, reporter: &mut Reporter<'_>) {
    let message = format!("{} lacks the key {}", subject.name, quoted(field.key));
    let diagnostic = reporter.report(codes::MISSING_KEY, subject.at, message);
    diagnostic.expected = Some(field.shape.phrase());
    diagnostic.help = field.help.map(str::to_owned);
}

/// Reports keys that do not go together.
fn together(given: &Fields, rule: &Together, subject: &Subject, reporter: &mut Reporter<'_>) {
    let (keys, least, most, expected) = match rule {
        Together::ExactlyOne(keys) => (*keys, 1, 1, "exactly one of them"),
        Together::AtLeastOne(keys) => (*keys, 1, usize::MAX, "at least one of them"),
        Together::AtMostOne(keys) => (*keys, 0, 1, "at most one of them"),
        Together::OnlyWith(key, with) => {
            if let (Some(named), false) = (given.get(key), given.contains_key(with)) {
                let (key, with) = (quoted(key), quoted(with));
                let message = format!("{} has {key} without {with}", subject.name);
                reporter.report(codes::ONLY_WITH, named.at, message);
            }
            return;
        }
    };
    let mut places: Vec<Mark> =
        keys.iter().filter_map(|key| given.get(key)).map(|named| named.at).collect();
    places.sort();
    if (least..=most).contains(&places.len()) {
        return;
    }
    let (at, found) = match places.as_slice() {
        [_, second, ..] => (*second, "more than one"),
        [] | [_] => (subject.at, "none"),
    };
    let message = format!("{} holds {found} of `{}`", subject.name, keys.join("`, `"));
    reporter.report(codes::ONE_OF, at, message).expect(expected);
}

/// The node that a default stands for.
fn default_node(text: &str, at: Mark) -> Node {
    let value = match text {
        "{}" => Value::Mapping(Vec::new()),
        "[]" => Value::Sequence(Vec::new()),
        scalar => Value::Scalar { text: scalar.to_owned(), plain: true },
    };
    Node { at, value }
}

fn table(
    entries: Vec<Entry>,
    key_format: &Format,
    shape: &'static Shape,
    (most, subject): (Option<usize>, &Subject),
    reporter: &mut Reporter<'_>,
) -> Vec<Named> {
    if let Some(most) = most.filter(|most| entries.len() > *most) {
        let message = format!("{} holds {} keys", subject.name, entries.len());
        reporter.report(codes::OUT_OF_RANGE, subject.at, message).expect(format!("at most {most}"));
    }
    let mut named = Vec::new();
    for Entry { key, at, value } in entries {
        let refused = |key: &str| format!("{} cannot be a key of {}", quoted(key), subject.name);
        let valid = formed(&key, key_format, at, refused, reporter);
        let mut item = check(value, shape, &Subject::key(&key, at), reporter);
        if !valid {
            // The key is kept: whoever refers to it need not hear of it again.
            item.value = Checked::Broken;
        }
        named.push(Named { key, at, item });
    }
    named
}

/// Whether a text has a form; if not, that is reported.
fn formed(
    text: &str,
    format: &Format,
    at: Mark,
    refused: impl FnOnce(&str) -> String,
    reporter: &mut Reporter<'_>,
) -> bool {
    let length = text.chars().count();
    let fits = format.length.is_none_or(|(least, most)| (least..=most).contains(&length));
    let complaint = match (fits, (format.check)(text)) {
        (true, Ok(())) => return true,
        (true, Err(complaint)) => complaint,
        (false, _) => Complaint::form(),
    };
    let is_secret = std::ptr::eq(format, &raw const SECRET_REFERENCE);
    let message = complaint.message.unwrap_or_else(|| {
        if is_secret { "this is not where a secret is kept".to_owned() } else { refused(text) }
    });
    let diagnostic = reporter.report(complaint.code, at, message);
    // Somebody may have put the secret itself here. It must not reach logs, pages or the audit log.
    if is_secret {
        diagnostic.width = 0;
    }
    diagnostic.expected = complaint.expected.or_else(|| Some(format.expected.to_owned()));
    diagnostic.help = complaint.help;
    false
}

fn scalar(
    text: &str,
    resolved: &Resolved,
    at: Mark,
    (shape, subject): (&'static Shape, &Subject),
    reporter: &mut Reporter<'_>,
) -> Option<Checked> {
    match (shape, resolved) {
        (Shape::Text(format), Resolved::Text) => {
            let refused = |text: &str| format!("{} cannot be {}", subject.name, quoted(text));
            formed(text, format, at, refused, reporter).then(|| Checked::Text(text.to_owned()))
        }
        (Shape::Choice(choice), Resolved::Text) => {
            chosen(text, choice, at, subject, reporter).map(Checked::Text)
        }
        (Shape::Boolean, Resolved::Boolean(value)) => Some(Checked::Boolean(*value)),
        (Shape::Version, Resolved::Integer(1)) => Some(Checked::Integer(1)),
        (Shape::Integer { least, most }, Resolved::Integer(number)) => {
            let valid = i64::try_from(*number).ok().filter(|n| (*least..=*most).contains(n));
            if valid.is_none() {
                let message = format!("{} cannot be {number}", subject.name);
                let diagnostic = reporter.report(codes::OUT_OF_RANGE, at, message);
                diagnostic.expect(shape.phrase());
            }
            valid.map(Checked::Integer)
        }
        (shape, resolved) => {
            let found = kind(resolved);
            let help = advice(text, resolved, shape);
            let diagnostic = wrong_type(found, at, (shape, subject), reporter);
            if help.is_some() {
                diagnostic.help = help;
            }
            None
        }
    }
}

fn chosen(
    text: &str,
    choice: &Choice,
    at: Mark,
    subject: &Subject,
    reporter: &mut Reporter<'_>,
) -> Option<String> {
    let names = (choice.names)();
    if names.contains(&text) {
        return Some(text.to_owned());
    }
    let unsupported = choice.unsupported.contains(&text);
    let (code, message) = if unsupported {
        (codes::UNSUPPORTED, format!("{} is not supported by this version", quoted(text)))
    } else {
        (codes::INVALID_VALUE, format!("{} cannot be {}", subject.name, quoted(text)))
    };
    reporter.report_unknown(code, at, message, (text, names.into_iter()));
    None
}

fn wrong_type<'r>(
    found: &str,
    at: Mark,
    (shape, subject): (&'static Shape, &Subject),
    reporter: &'r mut Reporter<'_>,
) -> &'r mut super::Diagnostic {
    let message = format!("{} is {found}", subject.name);
    reporter.report(codes::WRONG_TYPE, at, message).expect(shape.phrase())
}

fn kind(resolved: &Resolved) -> &'static str {
    match resolved {
        Resolved::Null => "empty",
        Resolved::Boolean(_) => "a boolean",
        Resolved::Integer(_) | Resolved::Float(_) => "a number",
        Resolved::Text => "text",
    }
}

/// How the author can say what was probably meant.
fn advice(text: &str, resolved: &Resolved, shape: &Shape) -> Option<String> {
    match (shape, resolved) {
        (Shape::Text(format), Resolved::Integer(_) | Resolved::Float(_) | Resolved::Boolean(_)) => {
            let quotes_do = (format.check)(text).is_ok();
            let quote = || format!("quote it: `\"{text}\"`");
            Some(if quotes_do { quote() } else { format!("for example `{}`", format.example) })
        }
        (Shape::Table { .. } | Shape::Record(_) | Shape::Json { .. }, Resolved::Null) => {
            Some("write `{}` for an empty one, or leave the key out".to_owned())
        }
        (Shape::List(_), Resolved::Null) => {
            Some("write `[]` for an empty one, or leave the key out".to_owned())
        }
        (Shape::Integer { .. }, Resolved::Text)
            if matches!(resolve(text), Resolved::Integer(_)) =>
        {
            Some("write it without quotes".to_owned())
        }
        (Shape::Boolean, Resolved::Text) => {
            near_match(text, ["true", "false"].into_iter()).map(|n| format!("write `{n}`"))
        }
        _ => None,
    }
}

fn json_mapping(
    entries: Vec<Entry>,
    forbidden: (&str, &str),
    reporter: &mut Reporter<'_>,
) -> Option<JsonMap<String, serde_json::Value>> {
    let mut map = JsonMap::new();
    let mut whole = true;
    for Entry { key, at, value } in entries {
        if key.eq_ignore_ascii_case(forbidden.0) {
            let message = format!("{} cannot be set here", quoted(&key));
            reporter.report(codes::RESERVED_SETTING, at, message).help(forbidden.1);
            whole = false;
            continue;
        }
        match json(value, forbidden, reporter) {
            Some(value) => drop(map.insert(key, value)),
            None => whole = false,
        }
    }
    whole.then_some(map)
}

fn json(
    node: Node,
    forbidden: (&str, &str),
    reporter: &mut Reporter<'_>,
) -> Option<serde_json::Value> {
    let at = node.at;
    match node.value {
        Value::Refused => None,
        Value::Mapping(entries) => {
            json_mapping(entries, forbidden, reporter).map(serde_json::Value::Object)
        }
        Value::Sequence(items) => {
            // Each item is looked at, also after a bad one.
            let items: Vec<_> =
                items.into_iter().map(|item| json(item, forbidden, reporter)).collect();
            items.into_iter().collect::<Option<Vec<_>>>().map(serde_json::Value::Array)
        }
        Value::Scalar { text, plain: false } => Some(serde_json::Value::String(text)),
        Value::Scalar { text, plain: true } => {
            let value = json_scalar(&text);
            if value.is_none() {
                let message = format!("{} is no number of JSON", quoted(&text));
                reporter.report(codes::INVALID_VALUE, at, message).help("quote it to mean text");
            }
            value
        }
    }
}

/// The value of a plain scalar in JSON; `None` for a number that JSON does not have.
pub(super) fn json_scalar(text: &str) -> Option<serde_json::Value> {
    use serde_json::{Number, Value};
    match resolve(text) {
        Resolved::Null => Some(Value::Null),
        Resolved::Boolean(value) => Some(Value::Bool(value)),
        Resolved::Integer(number) => Number::from_i128(number).map(Value::Number),
        Resolved::Float(number) => Number::from_f64(number).map(Value::Number),
        Resolved::Text => Some(Value::String(text.to_owned())),
    }
}
