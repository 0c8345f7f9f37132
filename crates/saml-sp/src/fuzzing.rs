//! What tests and fuzz targets look at from inside: the parser's tree as a list, and canonical form.

use crate::bounds::{self, RESPONSE};
use crate::c14n;
use crate::xml::{self, Node};

/// A piece of a document, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An element begins.
    Start {
        /// Namespace name and local part.
        name: (String, String),
        /// Namespace name, local part and value, in the order of the document.
        attributes: Vec<(String, String, String)>,
    },
    /// Text, whole up to the next element or comment.
    Text(String),
    /// A comment.
    Comment,
    /// The element that began last ends.
    End,
}

/// What the parser sees in a response; `None` if it refuses.
pub fn items(xml: &[u8]) -> Option<Vec<Item>> {
    let text = bounds::admit(xml, &RESPONSE).ok()?;
    let document = xml::parse(&text, &RESPONSE).ok()?;
    let mut items = Vec::new();
    push(document.root_element(), &mut items);
    Some(items)
}

fn push(node: Node<'_, '_>, items: &mut Vec<Item>) {
    if let Some(text) = node.text() {
        items.push(Item::Text(text.to_owned()));
    } else if node.is_comment() {
        items.push(Item::Comment);
    } else {
        let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let name = node.tag_name();
        let attributes = node.attributes().iter();
        items.push(Item::Start {
            name: (own(name.namespace()), name.name().to_owned()),
            attributes: attributes
                .map(|a| (own(a.namespace()), a.name().to_owned(), a.value().to_owned()))
                .collect(),
        });
        node.children().for_each(|child| push(child, items));
        items.push(Item::End);
    }
}

/// The canonical form of a response's root element, if it is within the bounds.
pub fn canonical(xml: &[u8]) -> Option<String> {
    let text = bounds::admit(xml, &RESPONSE).ok()?;
    let document = xml::parse(&text, &RESPONSE).ok()?;
    c14n::canonicalize(document.root_element(), None, &[], c14n::MAX_ELEMENT_BYTES).ok()
}
