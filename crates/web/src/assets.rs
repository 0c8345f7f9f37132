//! The stylesheet, the mark and the scripts. Their addresses carry a fingerprint of the content, so that they
//! may be kept for a year and still change with the next release.

use axum::extract::RawQuery;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// One file for browsers: a page waits for one answer before it can be painted. Tokens and elements
/// first, then the pieces pages are made of, then what single areas add.
const STYLESHEET: &str = concat!(
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/components.css"),
    include_str!("../assets/css/portal.css"),
    include_str!("../assets/css/admin.css"),
    include_str!("../assets/css/rooms.css"),
    include_str!("../assets/css/requests.css"),
);
const MARK: &str = include_str!("../assets/mark.svg");

/// Comfort, on pages that ask for it: every page works without it.
const SCRIPT: &str = include_str!("../assets/stagedoor.js");
const SUBMIT: &str = include_str!("../assets/submit.js");

/// Fingerprint of all.
const FINGERPRINT: u64 = {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    hash = fnv1a(STYLESHEET.as_bytes(), hash);
    hash = fnv1a(MARK.as_bytes(), hash);
    hash = fnv1a(SCRIPT.as_bytes(), hash);
    fnv1a(SUBMIT.as_bytes(), hash)
};

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

pub(crate) async fn script(RawQuery(query): RawQuery) -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT, query.as_deref())
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
