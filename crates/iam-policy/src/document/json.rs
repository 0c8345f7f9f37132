//! JSON with the place of every value, by `serde_json`'s raw values.
//!
//! A raw value borrows its text from the text around it, so the distance of the two says where it
//! is. Every level is read again for each level inside it, which the bound on depth bounds.

use super::bounds::{MAX_BYTES, MAX_DEPTH, MAX_VALUES};
use super::{Fault, Place, PolicyError};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

/// A value and where it begins, as byte offset.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) offset: usize,
    pub(super) value: Json,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object. No two of an object have one name.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Where the name begins.
    pub(super) offset: usize,
    pub(super) node: Node,
}

impl Node {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

/// Reads JSON within the bounds.
pub(super) fn parse(text: &str) -> Result<Node, PolicyError> {
    let mut reader = Reader { text, values: 0 };
    reader
        .read_all()
        .map_err(|(offset, fault)| PolicyError { place: Place::of(text, offset), fault })
}

struct Reader<'a> {
    text: &'a str,
    values: usize,
}

type Read<T> = Result<T, (usize, Fault)>;

impl<'a> Reader<'a> {
    fn read_all(&mut self) -> Read<Node> {
        if self.text.len() > MAX_BYTES {
            return Err((0, Fault::TooLarge(self.text.len())));
        }
        let raw = self.part(self.text)?;
        self.node(raw, 0)
    }

    fn node(&mut self, raw: &'a RawValue, depth: usize) -> Read<Node> {
        let (text, offset) = (raw.get(), self.offset(raw.get()));
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err((offset, Fault::TooManyValues));
        }
        let nested = text.starts_with(['{', '[']);
        if nested && depth == MAX_DEPTH {
            return Err((offset, Fault::TooDeep));
        }
        let value = match text.as_bytes().first() {
            Some(b'{') => Json::Object(self.object(text, depth)?),
            Some(b'[') => {
                let items: Vec<&'a RawValue> = self.part(text)?;
                let items = items.into_iter().map(|item| self.node(item, depth + 1));
                Json::List(items.collect::<Read<_>>()?)
            }
            Some(b'"') => Json::Text(self.part(text)?),
            Some(b't' | b'f') => Json::Bool(self.part(text)?),
            Some(b'n') => Json::Null,
            _ => {
                // Beyond what other readers of JSON can hold, they would not agree on it.
                let _in_range: f64 = self.part(text)?;
                Json::Number(text.to_owned())
            }
        };
        Ok(Node { offset, value })
    }

    fn object(&mut self, text: &'a str, depth: usize) -> Read<Vec<Member>> {
        let Members(pairs) = self.part(text)?;
        let mut names = BTreeSet::new();
        let mut members = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let offset = self.offset(name.get());
            let name: String = self.part(name.get())?;
            if !names.insert(name.clone()) {
                return Err((offset, Fault::Duplicate(name)));
            }
            members.push(Member { name, offset, node: self.node(value, depth + 1)? });
        }
        Ok(members)
    }

    /// Reads a part of the text that is a value by itself.
    fn part<T: Deserialize<'a>>(&self, part: &'a str) -> Read<T> {
        serde_json::from_str(part).map_err(|error| {
            let before = part.split_inclusive('\n').take(error.line().saturating_sub(1));
            let line: usize = before.map(str::len).sum();
            let offset = self.offset(part) + line + error.column().saturating_sub(1);
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            (offset, Fault::Syntax(message.to_owned()))
        })
    }

    fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
    }
}

/// The members of an object, doubled names included.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
