//! Filters (RFC 7644 section 3.4.2.2): the whole grammar, and what Entra ID writes besides, an operator
//! behind a value path (`emails[type eq "work"].value eq "a@b.example"`).
//!
//! A filter is compiled once against the schemas of one kind of resource. Every name, every operator
//! and every value is checked then; what is left compares, and cannot fail. What a resource does not
//! have satisfies no operator but `ne` and `eq null`. Several values satisfy a comparison if one does.

mod lexer;
mod node;
mod parser;

use std::collections::BTreeSet;

pub(crate) use node::{Node, Test};
pub(crate) use parser::{Selected, parse_path};

use crate::error::ScimError;
use crate::resource::{Resource, ResourceKind};
use node::{Operator, Place};

/// A compiled filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    kind: ResourceKind,
    node: Node,
}

/// Attributes by which a server finds resources without looking at all of them. The first of these
/// is the most selective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexedAttribute {
    /// `id`, as it is.
    Id,
    /// `userName`, folded.
    UserName,
    /// `externalId`, as it is.
    ExternalId,
    /// `emails.value`, folded.
    Email,
    /// `displayName`, folded.
    DisplayName,
    /// `members.value`, as it is: groups that have this member.
    Member,
}

impl IndexedAttribute {
    /// The attribute's path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::UserName => "userName",
            Self::ExternalId => "externalId",
            Self::Email => "emails.value",
            Self::DisplayName => "displayName",
            Self::Member => "members.value",
        }
    }
}

/// What a resource must show for a filter to be answered, besides what it is kept with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Members of a group.
    pub members: Needed,
    /// Groups of a person.
    pub groups: Needed,
}

/// How much of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Needed {
    /// Nothing of it.
    #[default]
    Nothing,
    /// Those of these ids that are in it.
    These(BTreeSet<String>),
    /// All of it.
    Everything,
}

impl Needed {
    fn add(&mut self, id: &str) {
        match self {
            Self::Nothing => *self = Self::These(BTreeSet::from([id.to_owned()])),
            Self::These(ids) => {
                ids.insert(id.to_owned());
            }
            Self::Everything => {}
        }
    }
}

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// `invalidFilter` if it does not follow the grammar, names what the schemas do not know, asks for
    /// the password, compares what cannot be compared, or is longer or deeper than
    /// [`MAX_FILTER_BYTES`](crate::bounds::MAX_FILTER_BYTES),
    /// [`MAX_FILTER_DEPTH`](crate::bounds::MAX_FILTER_DEPTH) and
    /// [`MAX_FILTER_TERMS`](crate::bounds::MAX_FILTER_TERMS) allow.
    pub fn parse(kind: ResourceKind, text: &str) -> Result<Self, ScimError> {
        Ok(Self { kind, node: parser::parse(kind, text)? })
    }

    /// Whether a resource satisfies it. It must be stamped, and show what [`Filter::needs`] says.
    /// A resource of another kind does not.
    pub fn matches(&self, resource: &Resource) -> bool {
        self.kind == resource.kind && self.node.holds(&resource.body)
    }

    /// A comparison that everything must satisfy that satisfies the filter, and that an index answers:
    /// the attribute and the value, folded where case makes no difference.
    pub fn by_index(&self) -> Option<(IndexedAttribute, &str)> {
        match &self.node {
            Node::And(nodes) => nodes.iter().filter_map(|node| indexed(node)).min(),
            node => indexed(node),
        }
    }

    /// Whether the filter is nothing but what [`Filter::by_index`] says.
    pub fn is_index_only(&self) -> bool {
        matches!(self.node, Node::Compare(..)) && self.by_index().is_some()
    }

    /// What a resource must show besides for [`Filter::matches`] to be right.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        collect(&self.node, &mut needs);
        needs
    }
}

fn indexed(node: &Node) -> Option<(IndexedAttribute, &str)> {
    match node {
        Node::Compare(place, test) => Some((attribute(place)?, equal(test)?)),
        Node::Within(place, inner) => {
            let terms = match inner.as_ref() {
                Node::And(nodes) => nodes.as_slice(),
                node => std::slice::from_ref(node),
            };
            terms.iter().find_map(|node| match node {
                Node::Compare(part, test) => {
                    let place = Place { sub: Some(part.name), ..*place };
                    Some((attribute(&place)?, equal(test)?))
                }
                _ => None,
            })
        }
        _ => None,
    }
}

fn attribute(place: &Place) -> Option<IndexedAttribute> {
    match (place.extension, place.name, place.sub) {
        (None, "id", None) => Some(IndexedAttribute::Id),
        (None, "userName", None) => Some(IndexedAttribute::UserName),
        (None, "externalId", None) => Some(IndexedAttribute::ExternalId),
        (None, "displayName", None) => Some(IndexedAttribute::DisplayName),
        (None, "emails", Some("value")) => Some(IndexedAttribute::Email),
        (None, "members", Some("value")) => Some(IndexedAttribute::Member),
        _ => None,
    }
}

fn equal(test: &Test) -> Option<&str> {
    match test {
        Test::Text { operator: Operator::Equal, wanted, .. } => Some(wanted),
        _ => None,
    }
}

fn collect(node: &Node, needs: &mut Needs) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| collect(node, needs)),
        Node::Not(node) => collect(node, needs),
        Node::Present(place) => {
            if let Some(needed) = list(place, needs) {
                *needed = Needed::Everything;
            }
        }
        Node::Compare(place, test) => {
            let Some(needed) = list(place, needs) else { return };
            match equal(test) {
                Some(id) if place.sub == Some("value") => needed.add(id),
                _ => *needed = Needed::Everything,
            }
        }
        Node::Within(place, inner) => {
            let Some(needed) = list(place, needs) else { return };
            let only = indexed_value(inner);
            match only {
                Some(id) => needed.add(id),
                None => *needed = Needed::Everything,
            }
        }
    }
}

/// The id if this compares `value` with one, and whatever else besides.
fn indexed_value(inner: &Node) -> Option<&str> {
    let terms = match inner {
        Node::And(nodes) => nodes.as_slice(),
        node => std::slice::from_ref(node),
    };
    terms.iter().find_map(|node| match node {
        Node::Compare(part, test) if part.name == "value" => equal(test),
        _ => None,
    })
}

fn list<'a>(place: &Place, needs: &'a mut Needs) -> Option<&'a mut Needed> {
    match (place.extension, place.name) {
        (None, "members") => Some(&mut needs.members),
        (None, "groups") => Some(&mut needs.groups),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
