//! Reading members of a request whose shape has been checked.

use serde_json::{Map, Value};

/// The request of an operation, after validation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Input(pub(crate) Value);

impl Input {
    pub(crate) fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        self.get(member).is_some()
    }

    /// A string member, or the empty string: required members are never absent here.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.find_text(member).unwrap_or_default()
    }

    pub(crate) fn find_text(&self, member: &str) -> Option<&str> {
        self.get(member).and_then(Value::as_str)
    }

    pub(crate) fn integer(&self, member: &str) -> Option<i64> {
        self.get(member).and_then(Value::as_i64)
    }

    pub(crate) fn list(&self, member: &str) -> &[Value] {
        self.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A member of a structure which is itself a member, such as `MemberId.UserId`.
    pub(crate) fn inner(&self, member: &str, inner: &str) -> Option<&str> {
        self.get(member).and_then(|value| value.get(inner)).and_then(Value::as_str)
    }

    /// A copy of the members named, without those absent.
    pub(crate) fn pick(&self, members: &[&str]) -> Map<String, Value> {
        members
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.get(name)?.clone())))
            .collect()
    }

    /// How many results a page may have: `MaxResults`, or the default of the service.
    pub(crate) fn page_size(&self, default: usize) -> usize {
        self.integer("MaxResults").and_then(|n| usize::try_from(n).ok()).unwrap_or(default)
    }
}
