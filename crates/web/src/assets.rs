//! The stylesheet, the mark and the one script. Their addresses carry a fingerprint of the content, so that they
//! may be kept for a year and still change with the next release.

use axum::extract::RawQuery;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

const STYLESHEET: &str = include_str!("../assets/stagedoor.css");
const MARK: &str = include_str!("../assets/mark.svg");

const SUBMIT: &str = include_str!("../assets/submit.js");

/// Fingerprint of all.
const FINGERPRINT: u64 = fnv1a(
    SUBMIT.as_bytes(),
    fnv1a(MARK.as_bytes(), fnv1a(STYLESHEET.as_bytes(), 0xcbf2_9ce4_8422_2325)),
);

/// The fingerprint as the addresses carry it.
pub(crate) fn fingerprint() -> String {
    format!("{FINGERPRINT:016x}")
}

pub(crate) async fn stylesheet(RawQuery(query): RawQuery) -> Response {
    asset("text/css; charset=utf-8", STYLESHEET, query.as_deref())
}

pub(crate) async fn mark(RawQuery(query): RawQuery) -> Response {
    asset("image/svg+xml", MARK, query.as_deref())
}

pub(crate) async fn submit(RawQuery(query): RawQuery) -> Response {
    asset("text/javascript; charset=utf-8", SUBMIT, query.as_deref())
}

fn asset(kind: &'static str, content: &'static str, query: Option<&str>) -> Response {
    let current = query == Some(format!("v={}", fingerprint()).as_str());
    let cache = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, content).into_response()
}

/// FNV-1a, 64 bits: tells versions apart, guards nothing.
const fn fnv1a(bytes: &[u8], basis: u64) -> u64 {
    let mut hash = basis;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv1a() {
        // The reference values of the FNV authors.
        assert_eq!(fnv1a(b"", 0xcbf2_9ce4_8422_2325), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a", 0xcbf2_9ce4_8422_2325), 0xaf63_dc4c_8601_ec8c);
    }
}
