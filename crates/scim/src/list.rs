//! Queries and what answers them (RFC 7644 sections 3.4.2 and 3.4.3; RFC 9865 for cursors).
//!
//! A query comes in a URL or, after `POST …/.search`, in a body; both read alike. Who asks for more
//! resources than fit on a page gets as many as do.

mod cursor;
mod sort;

pub use sort::{Sort, SortKey};

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};

use crate::bounds::{DEFAULT_COUNT, MAX_COUNT, MAX_FILTER_BYTES};
use crate::error::ScimError;
use crate::filter::Filter;
use crate::projection::Projection;
use crate::resource::{ResourceKind, parse_json};

const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Longest query string, in bytes: a filter, percent-encoded, and the rest.
const MAX_QUERY_BYTES: usize = 6 * MAX_FILTER_BYTES;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which resources.
    pub filter: Option<Filter>,
    /// In which order; none means that of the server, which must be stable.
    pub sort: Option<Sort>,
    /// Which part of them.
    pub page: Page,
    /// What of each.
    pub projection: Projection,
    /// Tells queries apart whose pages are not each other's.
    fingerprint: u64,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// By index.
    Index {
        /// The first resource, counted from 1.
        start: u64,
        /// How many, at most [`MAX_COUNT`]. 0 asks only how many there are.
        count: usize,
    },
    /// By cursor.
    Cursor {
        /// Behind which position, as it was given to [`Query::next_cursor`]; none for the first page.
        after: Option<String>,
        /// How many, at most [`MAX_COUNT`].
        count: usize,
    },
}

/// An answer with several resources.
#[derive(Debug, Clone, PartialEq)]
pub struct ListResponse {
    /// How many there are on all pages.
    pub total: u64,
    /// The index of the first on this page, if pages are by index.
    pub start_index: Option<u64>,
    /// How to ask for the next page, if pages are by cursor and there is one.
    pub next_cursor: Option<String>,
    /// The resources of this page, each as JSON text.
    pub resources: Vec<String>,
}

/// Parameters as they came, by their names in the RFC.
#[derive(Debug, Default)]
struct Parameters {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    cursor: Option<String>,
    attributes: Option<Vec<String>>,
    excluded: Option<Vec<String>>,
}

impl Query {
    /// Reads the query of a URL, without the question mark. Parameters of others are passed over.
    ///
    /// # Errors
    /// `invalidFilter`, `invalidValue`, `invalidPath` (for `sortBy`), `invalidCursor`.
    pub fn parse(kind: ResourceKind, query: &str) -> Result<Self, ScimError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(ScimError::invalid_value("the query is too long"));
        }
        let mut parameters = Parameters::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.set(&decoded(name)?, decoded(value)?);
        }
        parameters.compile(kind)
    }

    /// Reads the body of a search.
    ///
    /// # Errors
    /// As for [`Query::parse`], and `invalidSyntax` if it is no search.
    pub fn parse_search(kind: ResourceKind, body: &[u8]) -> Result<Self, ScimError> {
        let Value::Object(body) = parse_json(body)? else {
            return Err(ScimError::invalid_syntax("the body is not a JSON object"));
        };
        let mut parameters = Parameters::default();
        let mut is_search = false;
        for (name, value) in body {
            if name.eq_ignore_ascii_case("schemas") {
                let urns = value.as_array().map_or(&[][..], Vec::as_slice);
                is_search = urns.iter().any(|urn| {
                    urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(SEARCH_URN))
                });
            } else {
                parameters.set_json(&name, value)?;
            }
        }
        if !is_search {
            return Err(ScimError::invalid_syntax(format!("`schemas` must name {SEARCH_URN}")));
        }
        parameters.compile(kind)
    }

    /// The cursor of the page behind a position, which is whatever the server finds its place by. It
    /// is readable by the client, and good for this filter and order alone.
    pub fn next_cursor(&self, after: &str) -> String {
        cursor::write(self.fingerprint, after)
    }
}

impl Parameters {
    fn set(&mut self, name: &str, value: String) {
        match name.to_ascii_lowercase().as_str() {
            "filter" => self.filter = Some(value),
            "sortby" => self.sort_by = Some(value),
            "sortorder" => self.sort_order = Some(value),
            "startindex" => self.start_index = Some(value),
            "count" => self.count = Some(value),
            "cursor" => self.cursor = Some(value),
            "attributes" => self.attributes = Some(names(&value)),
            "excludedattributes" => self.excluded = Some(names(&value)),
            _ => {}
        }
    }

    fn set_json(&mut self, name: &str, value: Value) -> Result<(), ScimError> {
        let wrong = || ScimError::invalid_value(format!("`{name}` has a value of another type"));
        match (name.to_ascii_lowercase().as_str(), value) {
            (_, Value::Null) => {}
            (lower @ ("attributes" | "excludedattributes"), Value::Array(values)) => {
                let names = values.into_iter().map(|value| match value {
                    Value::String(name) => Ok(name),
                    _ => Err(wrong()),
                });
                let names = Some(names.collect::<Result<_, _>>()?);
                let list =
                    if lower == "attributes" { &mut self.attributes } else { &mut self.excluded };
                *list = names;
            }
            ("startindex" | "count", Value::Number(number)) => self.set(name, number.to_string()),
            ("startindex" | "count", _) => return Err(wrong()),
            (_, Value::String(text)) => self.set(name, text),
            (
                "filter" | "sortby" | "sortorder" | "cursor" | "attributes" | "excludedattributes",
                _,
            ) => return Err(wrong()),
            _ => {}
        }
        Ok(())
    }

    fn compile(self, kind: ResourceKind) -> Result<Query, ScimError> {
        let fingerprint = cursor::fingerprint(&[
            kind.name(),
            self.filter.as_deref().unwrap_or_default(),
            self.sort_by.as_deref().unwrap_or_default(),
            self.sort_order.as_deref().unwrap_or_default(),
        ]);
        let filter = self.filter.as_deref().map(|text| Filter::parse(kind, text)).transpose()?;
        let order = self.sort_order.as_deref();
        let sort = self.sort_by.as_deref().map(|by| Sort::parse(kind, by, order)).transpose()?;
        let count = match whole_number("count", self.count.as_deref())? {
            None => DEFAULT_COUNT,
            Some(count) => usize::try_from(count.max(0)).unwrap_or(MAX_COUNT).min(MAX_COUNT),
        };
        let start = whole_number("startIndex", self.start_index.as_deref())?;
        let page = match self.cursor {
            Some(_) if start.is_some() => {
                let detail = "`cursor` and `startIndex` exclude each other";
                return Err(ScimError::invalid_value(detail));
            }
            Some(cursor) if cursor.is_empty() => Page::Cursor { after: None, count },
            Some(cursor) => {
                Page::Cursor { after: Some(cursor::read(fingerprint, &cursor)?), count }
            }
            None => {
                let start = start.unwrap_or(1).max(1);
                Page::Index { start: u64::try_from(start).unwrap_or(1), count }
            }
        };
        let projection = Projection::from_names(kind, self.attributes, self.excluded)?;
        Ok(Query { filter, sort, page, projection, fingerprint })
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn decoded(text: &str) -> Result<String, ScimError> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| ScimError::invalid_value("the query is not UTF-8"))
}

fn whole_number(name: &str, text: Option<&str>) -> Result<Option<i64>, ScimError> {
    let Some(text) = text else { return Ok(None) };
    let number = text.trim().parse();
    number.map(Some).map_err(|_| ScimError::invalid_value(format!("`{name}` must be a number")))
}

impl ListResponse {
    /// The body of the answer as text.
    pub fn to_json(&self) -> String {
        let head = Head {
            schemas: [LIST_URN],
            total_results: self.total,
            start_index: self.start_index,
            items_per_page: self.resources.len(),
            next_cursor: self.next_cursor.as_deref(),
        };
        // Neither a key that is no string nor a failing writer is possible here.
        let mut text = serde_json::to_string(&head).unwrap_or_default();
        text.pop();
        text.push_str(",\"Resources\":[");
        for (place, resource) in self.resources.iter().enumerate() {
            text.push_str(if place == 0 { "" } else { "," });
            text.push_str(resource);
        }
        text.push_str("]}");
        text
    }
}

/// The message of RFC 7644 section 3.4.2, with `nextCursor` of RFC 9865, up to the resources.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    schemas: [&'static str; 1],
    total_results: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_index: Option<u64>,
    items_per_page: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<&'a str>,
}

/// All there is, on one page.
pub(crate) fn whole(resources: &[Value]) -> Value {
    json!({
        "schemas": [LIST_URN],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

#[cfg(test)]
mod tests;
