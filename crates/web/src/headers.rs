//! Security headers, on every answer.

use crate::routes::Portal;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::Response;

const FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // The waiting page's address holds a key. Forms then come with `Origin: null`, which
    // `provenance` knows.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // For browsers that do not know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
];

/// The Content-Security-Policy of one answer, in place of the usual one.
#[derive(Debug, Clone)]
pub(crate) struct OwnPolicy(pub(crate) HeaderValue);

/// Sets them. `Cache-Control` is set by whoever may be cached; all else is not stored.
pub(crate) fn set(portal: &Portal, answer: &mut Response) {
    let own = answer.extensions_mut().remove::<OwnPolicy>();
    let policy = own.map_or_else(|| portal.config.content_security_policy(), |own| own.0);
    let headers = answer.headers_mut();
    // These, those below, and what the HTTP server adds.
    headers.reserve(FIXED.len() + 4);
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if portal.door.secure_cookies() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
