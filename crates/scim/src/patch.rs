//! PATCH (RFC 7644 section 3.5.2).
//!
//! A request is compiled before anything is touched: paths, filters and values are checked against
//! the schema, and an operation without a path becomes one step for each attribute that it names.
//! What it does to the members of a group is kept apart as its net effect ([`MemberChanges`]), so
//! that nobody needs to load a group to put one person into it.
//!
//! Where clients differ from the RFC they are understood as they mean it:
//!
//! - Names of operations in any case; booleans as strings; one value in a list where one belongs.
//! - Keys of an operation without path may be dotted, filtered, or behind a URN. What is read-only
//!   or not served is passed over there, as in a POST. Behind an explicit `path` the read-only is
//!   refused, and so is what a served schema does not know; what belongs to another schema is passed
//!   over.
//! - `remove` with a `value` takes just these values away, never all.
//! - `add` and `replace` behind a filter that nothing satisfies make the value, if the filter says by
//!   `eq` alone what it is; otherwise `noTarget`.
//! - To remove what is not there succeeds: clients repeat requests.

mod apply;
mod members;
mod read;

pub use members::MemberChanges;

use serde_json::{Map, Value};

use crate::error::ScimError;
use crate::filter::Node;
use crate::resource::{Resource, ResourceKind, parse_json};
use crate::schema::Attribute;

/// A compiled PATCH request.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    kind: ResourceKind,
    steps: Vec<Step>,
    members: MemberChanges,
}

/// A resource after a PATCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patched {
    /// The resource as it is now.
    pub resource: Resource,
    /// Whether anything is different. If not, its version stays.
    pub changed: bool,
}

/// One change at one place.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// Which operation of the request it belongs to, from 1.
    operation: usize,
    place: Target,
    change: Change,
}

/// Where a step changes something.
#[derive(Debug, Clone)]
struct Target {
    /// The URN of the extension that holds the attribute.
    extension: Option<&'static str>,
    attribute: &'static Attribute,
    /// Which of its values.
    select: Option<Select>,
    /// Which part.
    sub: Option<&'static Attribute>,
}

/// Some values of an attribute.
#[derive(Debug, Clone, PartialEq)]
struct Select {
    node: Node,
    /// What a value is like that satisfies the filter, if it says so by `eq` alone.
    seed: Option<Map<String, Value>>,
}

/// What a step does. Values are what the schema says.
#[derive(Debug, Clone, PartialEq)]
enum Change {
    Add(Value),
    Replace(Value),
    Remove,
    /// Just these values.
    RemoveValues(Vec<Value>),
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let names = |target: &Self| {
            (target.extension, target.attribute.name, target.sub.map(|sub| sub.name))
        };
        names(self) == names(other) && self.select == other.select
    }
}

impl Patch {
    /// Compiles the body of a PATCH request.
    ///
    /// # Errors
    /// `invalidSyntax` if it is no PATCH request; `invalidPath`, `noTarget`, `invalidValue` and
    /// `mutability` as RFC 7644 table 9 says; `tooMany` and 413 beyond the bounds.
    pub fn parse(kind: ResourceKind, body: &[u8]) -> Result<Self, ScimError> {
        Self::from_value(kind, parse_json(body)?)
    }

    /// The same for what is JSON already, as the data of a Bulk operation is.
    ///
    /// # Errors
    /// As for [`Patch::parse`].
    pub fn from_value(kind: ResourceKind, value: Value) -> Result<Self, ScimError> {
        read::patch(kind, value)
    }

    /// What it does to the members of a group.
    pub fn members(&self) -> &MemberChanges {
        &self.members
    }

    /// The rest of it, and what it does to the members.
    pub fn split_members(mut self) -> (Self, MemberChanges) {
        let members = std::mem::take(&mut self.members);
        (self, members)
    }

    /// Whether it changes nothing but members.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Applies it to a resource, members aside. All of it is applied or nothing.
    ///
    /// # Errors
    /// `noTarget` if there is nothing at a path; `mutability` if a required attribute would go;
    /// `invalidValue` if the result is not valid; 413 if it is too large.
    pub fn apply(self, resource: Resource) -> Result<Patched, ScimError> {
        apply::apply(self, resource)
    }
}

#[cfg(test)]
mod tests;
