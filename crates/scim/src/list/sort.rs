//! Sorting (RFC 7644 section 3.4.2.3).
//!
//! Case counts only where the schema says so. Of several values the primary one counts, or else the
//! first. Who has no value comes last in ascending order and first in descending order.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::ScimError;
use crate::path::{Field, Named, named};
use crate::resource::{Resource, ResourceKind};
use crate::schema::{AttributeKind, Returned};
use crate::text::fold;
use crate::value::is_primary;

/// By what resources are sorted, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    extension: Option<&'static str>,
    name: &'static str,
    sub: Option<&'static str>,
    as_time: bool,
    exact: bool,
    descending: bool,
}

/// What a resource is sorted by. The order of the keys is the order that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    descending: bool,
    value: Option<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Flag(bool),
    Time(Timestamp),
    Text(String),
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let ascending = match (&self.value, &other.value) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(value), Some(other)) => value.cmp(other),
        };
        if self.descending { ascending.reverse() } else { ascending }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Sort {
    /// Reads `sortBy` and `sortOrder`.
    ///
    /// # Errors
    /// `invalidPath` if the attribute is not known or has nothing to sort by; `invalidValue` for
    /// another order.
    pub fn parse(kind: ResourceKind, by: &str, order: Option<&str>) -> Result<Self, ScimError> {
        let descending = match order {
            None => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => {
                let detail = "`sortOrder` must be ascending or descending";
                return Err(ScimError::invalid_value(detail));
            }
        };
        let Some(Named::Field(field)) = named(kind, by.trim()) else {
            return Err(ScimError::invalid_path("`sortBy` names no attribute"));
        };
        let Field { extension, attribute, sub } = field;
        let sub = match sub {
            None if attribute.kind == AttributeKind::Complex => attribute.sub_attribute("value"),
            sub => sub,
        };
        let last = sub.unwrap_or(attribute);
        if last.kind == AttributeKind::Complex || last.returned == Returned::Never {
            let detail = format!("there is no sorting by {}", last.name);
            return Err(ScimError::invalid_path(detail));
        }
        Ok(Self {
            extension: extension.map(|schema| schema.urn),
            name: attribute.name,
            sub: sub.map(|sub| sub.name),
            as_time: last.kind == AttributeKind::DateTime,
            exact: last.case_exact,
            descending,
        })
    }

    /// What a resource is sorted by. It must be stamped, and show members or groups if they are meant.
    pub fn key(&self, resource: &Resource) -> SortKey {
        SortKey { descending: self.descending, value: self.value(&resource.body) }
    }

    fn value(&self, body: &Map<String, Value>) -> Option<Part> {
        let found = match self.extension {
            None => body.get(self.name)?,
            Some(urn) => body.get(urn)?.get(self.name)?,
        };
        let found = match found {
            Value::Array(values) => {
                values.iter().find(|value| is_primary(value)).or_else(|| values.first())?
            }
            value => value,
        };
        let found = match self.sub {
            None => found,
            Some(sub) => found.get(sub)?,
        };
        match found {
            Value::Bool(flag) => Some(Part::Flag(*flag)),
            Value::String(text) if self.as_time => text.parse().ok().map(Part::Time),
            Value::String(text) if self.exact => Some(Part::Text(text.clone())),
            Value::String(text) => Some(Part::Text(fold(text).into_owned())),
            _ => None,
        }
    }
}
