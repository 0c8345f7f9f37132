//! The two cookies: who is signed in, and which browser began a sign-in.

use axum::http::{HeaderMap, HeaderValue, header};
use control::door::SessionToken;

/// Longer values are not ours.
const LONGEST_TOKEN: usize = 512;

/// A cookie of ours. Over https both have the `__Host-` prefix: the browser then takes them only
/// with `Secure`, `Path=/` and no `Domain`, so that no neighbouring host can plant one. Over http,
/// which is for loopback alone, browsers refuse that prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session. `SameSite=Lax`: it comes with links and redirects to us, not with foreign
    /// forms. It is not sent with the identity provider's POST and need not be.
    Session,
    /// Binds a sign-in to the browser that began it. The answer to it is a POST from the identity
    /// provider's site, with which a browser sends only `SameSite=None` cookies, and those must be
    /// `Secure`. On loopback http that is impossible; there `Lax` does, because a demo's identity
    /// provider is on the same host, and sites do not tell ports apart.
    Login,
}

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-stagedoor",
            (Self::Session, false) => "stagedoor",
            (Self::Login, true) => "__Host-stagedoor-login",
            (Self::Login, false) => "stagedoor-login",
        }
    }

    const fn attributes(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "Path=/; Secure; HttpOnly; SameSite=Lax",
            (Self::Login, true) => "Path=/; Secure; HttpOnly; SameSite=None",
            (Self::Session | Self::Login, false) => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The `Set-Cookie` value that gives the browser this token, or nothing if the token cannot
    /// stand in a cookie.
    pub(crate) fn set(
        self,
        secure: bool,
        token: &SessionToken,
        seconds: u64,
    ) -> Option<HeaderValue> {
        is_token(token.reveal()).then_some(())?;
        let (name, attributes) = (self.name(secure), self.attributes(secure));
        let text = format!("{name}={}; Max-Age={seconds}; {attributes}", token.reveal());
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The `Set-Cookie` value that makes the browser forget it. The attributes are the same as when
    /// it was set: without `Secure` a browser would refuse the prefix and keep the cookie.
    pub(crate) fn clear(self, secure: bool) -> Option<HeaderValue> {
        let (name, attributes) = (self.name(secure), self.attributes(secure));
        HeaderValue::try_from(format!("{name}=; Max-Age=0; {attributes}")).ok()
    }

    /// What the browser shows.
    pub(crate) fn read(self, secure: bool, headers: &HeaderMap) -> Option<SessionToken> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == self.name(secure) && is_token(value))
            .map(|(_, value)| SessionToken::new(value.to_owned()))
    }
}

/// Letters, digits and `-._~`: nothing that could end the value or needs quotes.
fn is_token(text: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> SessionToken {
        SessionToken::new(text.to_owned())
    }

    #[test]
    fn over_https_both_are_host_bound_and_only_the_login_crosses_sites() {
        assert_eq!(
            Cookie::Session.set(true, &token("abc"), 3600).unwrap(),
            "__Host-stagedoor=abc; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            Cookie::Login.set(true, &token("abc"), 600).unwrap(),
            "__Host-stagedoor-login=abc; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=None"
        );
        assert_eq!(
            Cookie::Session.clear(true).unwrap(),
            "__Host-stagedoor=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn on_loopback_http_there_is_neither_prefix_nor_secure() {
        assert_eq!(
            Cookie::Session.set(false, &token("abc"), 1).unwrap(),
            "stagedoor=abc; Max-Age=1; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            Cookie::Login.clear(false).unwrap(),
            "stagedoor-login=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_token_that_could_add_attributes_is_not_set() {
        for bad in ["", "a;b", "a b", "a\r\nb", "a,b", "\"a\"", "ä"] {
            assert_eq!(Cookie::Session.set(true, &token(bad), 1), None, "{bad:?}");
        }
        assert_eq!(Cookie::Session.set(true, &token(&"a".repeat(513)), 1), None);
    }

    #[test]
    fn a_set_cookie_does_not_print() {
        let value = Cookie::Session.set(true, &token("abc"), 1).unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
    }

    #[test]
    fn only_the_cookie_of_the_exact_name_is_read() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "stagedoor=plain; x__Host-stagedoor=no".parse().unwrap());
        headers
            .append(header::COOKIE, "__Host-stagedoor-login=l;__Host-stagedoor=s".parse().unwrap());
        let read = |cookie: Cookie, secure| {
            cookie.read(secure, &headers).map(|token| token.reveal().to_owned())
        };
        assert_eq!(read(Cookie::Session, true).as_deref(), Some("s"));
        assert_eq!(read(Cookie::Login, true).as_deref(), Some("l"));
        assert_eq!(read(Cookie::Session, false).as_deref(), Some("plain"));
        assert_eq!(read(Cookie::Login, false), None);
    }
}
