//! A document with the text it was read from.

use super::json::{self, Json, Node};
use super::place::segments;
use super::{Document, Place, PolicyError, read};

/// A document and where everything of it stands in its text.
#[derive(Debug, Clone)]
pub struct Source {
    text: String,
    root: Node,
    document: Document,
}

impl Source {
    /// Reads a document from JSON text, within [bounds](super::bounds).
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let root = json::parse(text)?;
        let document = read::document(&root)
            .map_err(|(offset, fault)| PolicyError { place: Place::of(text, offset), fault })?;
        Ok(Self { text: text.to_owned(), root, document })
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where that stands to which a JSON pointer leads (`/Statement/0/Action/1`): the name of a
    /// member, or the item of a list. Nothing, if the document has no such part.
    ///
    /// The pointer goes by the document, not by its spelling: what stands without a list is the
    /// first item of one.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let (mut node, mut offset) = (&self.root, self.root.offset);
        for segment in segments(pointer)? {
            (node, offset) = match &node.value {
                Json::Object(members) => match members.iter().find(|m| m.name == segment) {
                    Some(member) => (&member.node, member.offset),
                    // A statement that stands without a list.
                    None if segment == "0" => (node, node.offset),
                    None => return None,
                },
                Json::List(items) => {
                    let item = items.get(segment.parse::<usize>().ok()?)?;
                    (item, item.offset)
                }
                _ if segment == "0" => (node, node.offset),
                _ => return None,
            };
        }
        Some(Place::of(&self.text, offset))
    }
}
