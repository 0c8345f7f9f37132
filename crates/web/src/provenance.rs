//! Whether a form that changes something was sent by a page of ours.
//!
//! Two independent checks. The *form key* is bound to the session and to the purpose, so another
//! site cannot know it. The *headers* below tell where the browser says the form came from; they
//! are the second line, for the day a key leaks. The identity provider's POST is foreign by nature
//! and goes through neither; the signed response and the login cookie guard that one.

use crate::routes::Portal;
use axum::http::{HeaderMap, header};
use control::door::SessionToken;

/// Whether the browser says that the request comes from us, or says nothing.
///
/// `Sec-Fetch-Site` cannot be set by scripts; `none` is a person's own doing (a reload). Because
/// our pages send no referrer, the Fetch standard makes the `Origin` of their forms `null`; so
/// `null` proves nothing either way and is left to `Sec-Fetch-Site` and the form key.
pub(crate) fn is_ours(headers: &HeaderMap, public_origin: &str) -> bool {
    let site_fits =
        headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    let origin_fits = headers
        .get(header::ORIGIN)
        .is_none_or(|origin| origin == "null" || origin == public_origin);
    site_fits && origin_fits
}

/// Whether the browser says that a window of its own goes here, or says nothing: not a picture, a
/// frame or a script of some page. Any page could begin sign-ins by pictures without being seen,
/// each of which takes the place of the one that is under way, and uses up what the address of a
/// whole office may ask for.
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    let says = |name: &str, what: &str| headers.get(name).is_none_or(|value| value == what);
    says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
}

/// Whether `shown` is the key of a form with this purpose on a page made for this session.
pub(crate) fn key_fits(
    portal: &Portal,
    session: &SessionToken,
    purpose: &str,
    shown: Option<&str>,
) -> bool {
    let key = portal.door.form_key(session, purpose);
    shown.is_some_and(|shown| equal_in_constant_time(key.as_bytes(), shown.as_bytes()))
}

/// Purpose of the key that opens a team; on the card's form and in the waiting page's address.
pub(crate) fn open_purpose(team: &str) -> String {
    format!("open:{team}")
}

/// Purpose of the key that signs out.
pub(crate) const SIGN_OUT: &str = "sign-out";

/// Purpose of the key that stops one's own apps of a team.
pub(crate) fn stop_purpose(team: &str) -> String {
    format!("stop:{team}")
}

/// Purpose of the key that ends one session of one's own.
pub(crate) const END_SESSION: &str = "end-session";

/// Purpose of the key that ends all of them.
pub(crate) const END_ALL_SESSIONS: &str = "end-all-sessions";

/// Takes as long for a wrong guess as for a right one, whatever the first wrong byte is.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0_u8, |differing, (x, y)| differing | (x ^ y));
    a.len() == b.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(fields: &[(&'static str, &'static str)]) -> bool {
        let headers =
            fields.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        is_ours(&headers, "https://door.example.com")
    }

    #[test]
    fn foreign_and_sibling_pages_are_told_apart_from_ours() {
        assert!(ours(&[]));
        assert!(ours(&[("origin", "https://door.example.com")]));
        assert!(ours(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("sec-fetch-site", "none")]));
        assert!(!ours(&[("origin", "https://evil.example")]));
        assert!(!ours(&[("origin", "http://door.example.com")]));
        assert!(!ours(&[("origin", "https://door.example.com:8443")]));
        assert!(!ours(&[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[("sec-fetch-site", "same-site")]));
        assert!(!ours(&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn keys_are_equal_only_whole() {
        assert!(equal_in_constant_time(b"abc", b"abc"));
        assert!(!equal_in_constant_time(b"abc", b"abd"));
        assert!(!equal_in_constant_time(b"abc", b"ab"));
        assert!(!equal_in_constant_time(b"abc", b"abcd"));
        assert!(!equal_in_constant_time(b"abc", b""));
    }
}
