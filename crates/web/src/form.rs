//! Reads what forms and addresses carry. A field that comes twice is refused: two readers could
//! take different ones.

use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use std::collections::BTreeMap;

/// More fields than any form of ours, or of an identity provider, has.
const MOST_FIELDS: usize = 32;

/// Fields by name. Their values may be secrets; hence no `Debug` of the values.
pub(crate) struct Fields(BTreeMap<String, String>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Fields {
    /// Reads a posted form.
    pub(crate) fn of_body(
        portal: &Portal,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Self, Refused> {
        let body = body.map_err(|rejection| {
            let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            let problem = if too_large { Problem::TooLarge } else { Problem::NoForm };
            Refused::new(portal, problem)
        })?;
        if !is_form(headers) {
            return Err(Refused::new(portal, Problem::NoForm));
        }
        Self::parse(&body).ok_or_else(|| Refused::new(portal, Problem::FieldTwice))
    }

    /// Reads an address's query.
    pub(crate) fn of_query(portal: &Portal, query: Option<&str>) -> Result<Self, Refused> {
        Self::parse(query.unwrap_or_default().as_bytes())
            .ok_or_else(|| Refused::new(portal, Problem::FieldTwice))
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if fields.len() == MOST_FIELDS || fields.insert(name.into(), value.into()).is_some() {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// The value, unless it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_any_order_and_once() {
        let fields = Fields::parse(b"RelayState=x%26y&SAMLResponse=a%2Bb%3D&empty=").unwrap();
        assert_eq!(fields.get("SAMLResponse"), Some("a+b="));
        assert_eq!(fields.get("RelayState"), Some("x&y"));
        assert_eq!(fields.get("empty"), None);
        assert_eq!(fields.get("samlresponse"), None);
        assert!(Fields::parse(b"a=1&b=2&a=1").is_none());
        assert!(Fields::parse("a".repeat(33).as_bytes()).is_some());
        let many: Vec<String> = (0..33).map(|n| format!("f{n}=1")).collect();
        assert!(Fields::parse(many.join("&").as_bytes()).is_none());
    }

    #[test]
    fn values_do_not_print() {
        let fields = Fields::parse(b"SAMLResponse=secret").unwrap();
        assert_eq!(format!("{fields:?}"), "{\"SAMLResponse\"}");
    }
}
