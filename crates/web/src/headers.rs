//! Security headers, on every answer.

use crate::routes::Portal;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    // The waiting page's address holds a key. Forms then come with `Origin: null`, which
    // `provenance` knows.
    ("referrer-policy", "no-referrer"),
    // For browsers that do not know `frame-ancestors`.
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Sets them. `Cache-Control` is set by whoever may be cached; all else is not stored.
pub(crate) fn set(portal: &Portal, headers: &mut HeaderMap) {
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, portal.config.content_security_policy.clone());
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
