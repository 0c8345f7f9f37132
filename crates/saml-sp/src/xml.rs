//! The one XML parser: a strict subset of XML 1.0 with namespaces, in one pass, into one tree.
//!
//! Why not a general parser: what reaches it is hostile, and what leaves it is believed. A document
//! type, a processing instruction or a namespace name that canonical XML has no meaning for is not
//! understood and then handled, it is refused where it stands. Every count is bounded before
//! anything is kept for it, so that the costliest document costs little more than its bytes. What
//! it accepts, a general parser accepts too and sees the same in it; the fuzzing holds the two
//! against each other.

#[cfg(test)]
mod differential;
mod parser;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

pub(crate) use parser::parse;

/// What a document may hold.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
    pub(crate) elements: usize,
    /// Elements, attributes, namespaces, pieces of text, comments and escapes together: what a
    /// document costs beside its bytes.
    pub(crate) parts: usize,
    pub(crate) attributes_per_element: usize,
    pub(crate) attributes: usize,
    pub(crate) namespaces_per_element: usize,
    pub(crate) namespaces: usize,
    pub(crate) namespaces_in_scope: usize,
    /// Character and entity references, and CDATA sections.
    pub(crate) escapes: usize,
}

/// A well-formed document within its bounds. Names and most values point into its text.
///
/// Kept apart by kind and counted in 32 bits: touching memory is most of what a hostile document of
/// many small pieces costs.
#[derive(Debug)]
pub(crate) struct Document<'x> {
    /// In the order of the document, each parent before its children. Never empty: the first is
    /// the root element.
    nodes: Vec<NodeData>,
    elements: Vec<Element<'x>>,
    texts: Vec<Text<'x>>,
    attributes: Vec<Attribute<'x>>,
    declarations: Vec<Declaration<'x>>,
}

#[derive(Debug)]
struct NodeData {
    /// Index of the parent; of the root, its own.
    parent: u32,
    /// Index after the last node below this one.
    end: u32,
    kind: Kind,
}

/// What a node is, with its index among its kind.
#[derive(Debug)]
enum Kind {
    Element(u32),
    Text(u32),
    /// Its words are of no use to anybody; that it is there can be a reason to refuse.
    Comment,
}

#[derive(Debug)]
struct Element<'x> {
    name: Name<'x>,
    attributes: Run,
    declarations: Run,
}

/// Those that belong to one element stand one after the other.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u32,
    end: u32,
}

impl Run {
    fn of<T>(self, all: &[T]) -> &[T] {
        all.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Text<'x> {
    value: Cow<'x, str>,
    /// Whether canonical XML writes it as it is.
    is_plain: bool,
}

/// A qualified name with the namespace that its prefix stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'x> {
    /// Empty without one.
    prefix: &'x str,
    local: &'x str,
    /// Empty without one.
    namespace: &'x str,
}

impl<'x> Name<'x> {
    /// The local part.
    pub(crate) fn name(&self) -> &'x str {
        self.local
    }

    /// The namespace name.
    pub(crate) fn namespace(&self) -> Option<&'x str> {
        (!self.namespace.is_empty()).then_some(self.namespace)
    }

    pub(crate) fn prefix(&self) -> &'x str {
        self.prefix
    }
}

/// An attribute that declares no namespace.
#[derive(Debug)]
pub(crate) struct Attribute<'x> {
    name: Name<'x>,
    value: Text<'x>,
}

impl<'x> Attribute<'x> {
    pub(crate) fn name(&self) -> &'x str {
        self.name.local
    }

    pub(crate) fn namespace(&self) -> Option<&'x str> {
        self.name.namespace()
    }

    pub(crate) fn prefix(&self) -> &'x str {
        self.name.prefix
    }

    pub(crate) fn qualified_name(&self) -> &Name<'x> {
        &self.name
    }

    /// The normalised value.
    pub(crate) fn value(&self) -> &str {
        &self.value.value
    }

    /// Whether canonical XML writes the value as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.value.is_plain
    }
}

/// `xmlns:prefix="namespace"`; both empty for `xmlns=""`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declaration<'x> {
    pub(crate) prefix: &'x str,
    pub(crate) namespace: &'x str,
}

impl<'x> Document<'x> {
    pub(crate) fn root_element(&self) -> Node<'_, 'x> {
        Node { document: self, id: 0 }
    }
}

/// An element, a piece of text or a comment of a [`Document`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a, 'x> {
    document: &'a Document<'x>,
    id: u32,
}

impl PartialEq for Node<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.id == other.id
    }
}

impl<'a, 'x> Node<'a, 'x> {
    fn data(self) -> Option<&'a NodeData> {
        self.document.nodes.get(self.id as usize)
    }

    fn element(self) -> Option<&'a Element<'x>> {
        match self.data()?.kind {
            Kind::Element(index) => self.document.elements.get(index as usize),
            Kind::Text(_) | Kind::Comment => None,
        }
    }

    fn piece(self) -> Option<&'a Text<'x>> {
        match self.data()?.kind {
            Kind::Text(index) => self.document.texts.get(index as usize),
            Kind::Element(_) | Kind::Comment => None,
        }
    }

    fn end(self) -> u32 {
        self.data().map_or(self.id, |data| data.end)
    }

    pub(crate) fn is_element(&self) -> bool {
        matches!(self.data(), Some(NodeData { kind: Kind::Element(_), .. }))
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.data(), Some(NodeData { kind: Kind::Text(_), .. }))
    }

    pub(crate) fn is_comment(&self) -> bool {
        matches!(self.data(), Some(NodeData { kind: Kind::Comment, .. }))
    }

    /// The name of an element; of anything else, an empty one, which no element has.
    pub(crate) fn tag_name(&self) -> Name<'x> {
        let nameless = Name { prefix: "", local: "", namespace: "" };
        self.element().map_or(nameless, |element| element.name)
    }

    /// What a piece of text says.
    pub(crate) fn text(&self) -> Option<&'a str> {
        self.piece().map(|text| text.value.as_ref())
    }

    /// Whether canonical XML writes this piece of text as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.piece().is_some_and(|text| text.is_plain)
    }

    /// In the order of the document.
    pub(crate) fn attributes(&self) -> &'a [Attribute<'x>] {
        self.element().map_or(&[], |element| element.attributes.of(&self.document.attributes))
    }

    /// The namespaces that this very element declares.
    pub(crate) fn declarations(&self) -> &'a [Declaration<'x>] {
        self.element().map_or(&[], |element| element.declarations.of(&self.document.declarations))
    }

    /// The element around it; `None` for the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        let parent = self.data()?.parent;
        (parent != self.id).then_some(Self { id: parent, ..*self })
    }

    /// The node itself, the element around it, and so on up to the root.
    pub(crate) fn ancestors(self) -> impl Iterator<Item = Self> + use<'a, 'x> {
        std::iter::successors(Some(self), Self::parent)
    }

    pub(crate) fn children(self) -> impl Iterator<Item = Self> + use<'a, 'x> {
        let end = self.end();
        let node = move |id| (id < end).then_some(Self { id, ..self });
        std::iter::successors(node(self.id + 1), move |child| node(child.end()))
    }

    /// The node itself and everything below it, in the order of the document.
    pub(crate) fn descendants(self) -> impl Iterator<Item = Self> + use<'a, 'x> {
        (self.id..self.end()).map(move |id| Self { id, ..self })
    }
}
