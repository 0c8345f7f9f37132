//! The cookies: who is signed in, and which sign-ins this browser began.

use axum::http::{HeaderMap, HeaderValue, header};
use control::door::SessionToken;

/// Longer values are not ours.
const LONGEST_TOKEN: usize = 512;

/// So many sign-ins of one browser are under way at a time: a window each, as when a browser opens
/// again those that it had. Of more, the oldest are forgotten.
pub(crate) const MOST_LOGINS: usize = 5;

/// So much of a sign-in's secret, its end, tells its cookie from those of others.
const LABEL: usize = 8;

/// A cookie of ours. Over https all have the `__Host-` prefix: the browser then takes them only
/// with `Secure`, `Path=/` and no `Domain`, so that no neighbouring host can plant one. Over http,
/// which is for loopback alone, browsers refuse that prefix.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cookie<'a> {
    /// The session. `SameSite=Lax`: it comes with links and redirects to us, not with foreign
    /// forms. It is not sent with the identity provider's POST and need not be.
    Session,
    /// Binds the sign-in with this secret to the browser that began it; each has a cookie of its own. The
    /// answer to it is a POST from the identity provider's site, with which a browser sends only
    /// `SameSite=None` cookies, and those must be `Secure`. On loopback http that is impossible; there
    /// `Lax` does, because a demo's identity provider is on the same host, and sites do not tell ports
    /// apart.
    Login(&'a SessionToken),
}

impl Cookie<'_> {
    fn name(self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        match self {
            Self::Session => format!("{prefix}stagedoor"),
            Self::Login(secret) => format!("{prefix}stagedoor-login-{}", label(secret.reveal())),
        }
    }

    const fn attributes(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "Path=/; Secure; HttpOnly; SameSite=Lax",
            (Self::Login(_), true) => "Path=/; Secure; HttpOnly; SameSite=None",
            (Self::Session | Self::Login(_), false) => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The `Set-Cookie` value that makes the browser forget it. The attributes are the same as when
    /// it was set: without `Secure` a browser would refuse the prefix and keep the cookie.
    pub(crate) fn clear(self, secure: bool) -> Option<HeaderValue> {
        let (name, attributes) = (self.name(secure), self.attributes(secure));
        HeaderValue::try_from(format!("{name}=; Max-Age=0; {attributes}")).ok()
    }

    fn set(self, secure: bool, token: &SessionToken, seconds: u64) -> Option<HeaderValue> {
        is_token(token.reveal()).then_some(())?;
        let (name, attributes) = (self.name(secure), self.attributes(secure));
        let text = format!("{name}={}; Max-Age={seconds}; {attributes}", token.reveal());
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The `Set-Cookie` value that gives the browser a session, or nothing if the token cannot stand in a
/// cookie.
pub(crate) fn set_session(secure: bool, token: &SessionToken, seconds: u64) -> Option<HeaderValue> {
    Cookie::Session.set(secure, token, seconds)
}

/// The same of a sign-in that the browser began.
pub(crate) fn set_login(secure: bool, secret: &SessionToken, seconds: u64) -> Option<HeaderValue> {
    Cookie::Login(secret).set(secure, secret, seconds)
}

/// The session that the browser shows.
pub(crate) fn session(secure: bool, headers: &HeaderMap) -> Option<SessionToken> {
    let wanted = Cookie::Session.name(secure);
    let mut shown = shown(headers).filter(|(name, _)| *name == wanted);
    shown.next().map(|(_, token)| token)
}

/// The sign-ins that the browser began, as it lists them: browsers put older cookies first (RFC 6265
/// section 5.4).
pub(crate) fn logins(secure: bool, headers: &HeaderMap) -> Vec<SessionToken> {
    let is_login =
        |(name, secret): &(&str, SessionToken)| Cookie::Login(secret).name(secure) == *name;
    shown(headers).filter(is_login).map(|(_, secret)| secret).collect()
}

/// The cookies that the browser shows and that may be ours.
fn shown(headers: &HeaderMap) -> impl Iterator<Item = (&str, SessionToken)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(_, value)| is_token(value))
        .map(|(name, value)| (name, SessionToken::new(value.to_owned())))
}

/// What tells a sign-in's cookie from others. Of a secret that cannot stand in a cookie: nothing.
fn label(secret: &str) -> &str {
    secret.get(secret.len().saturating_sub(LABEL)..).unwrap_or_default()
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
    fn over_https_all_are_host_bound_and_only_a_login_crosses_sites() {
        assert_eq!(
            set_session(true, &token("abc"), 3600).unwrap(),
            "__Host-stagedoor=abc; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            set_login(true, &token("0123456789abc"), 600).unwrap(),
            "__Host-stagedoor-login-56789abc=0123456789abc; Max-Age=600; Path=/; Secure; HttpOnly; \
             SameSite=None"
        );
        assert_eq!(
            Cookie::Session.clear(true).unwrap(),
            "__Host-stagedoor=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn on_loopback_http_there_is_neither_prefix_nor_secure() {
        assert_eq!(
            set_session(false, &token("abc"), 1).unwrap(),
            "stagedoor=abc; Max-Age=1; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            Cookie::Login(&token("0123456789abc")).clear(false).unwrap(),
            "stagedoor-login-56789abc=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_token_that_could_add_attributes_is_not_set() {
        for bad in ["", "a;b", "a b", "a\r\nb", "a,b", "\"a\"", "ä", "1234567ä"] {
            assert_eq!(set_session(true, &token(bad), 1), None, "{bad:?}");
            assert_eq!(set_login(true, &token(bad), 1), None, "{bad:?}");
        }
        assert_eq!(set_session(true, &token(&"a".repeat(513)), 1), None);
    }

    #[test]
    fn a_set_cookie_does_not_print() {
        let value = set_session(true, &token("abc"), 1).unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
    }

    #[test]
    fn only_the_cookies_of_the_exact_names_are_read() {
        let mut headers = HeaderMap::new();
        let mut add = |line: &str| headers.append(header::COOKIE, line.parse().unwrap());
        add("stagedoor=plain; x__Host-stagedoor=no; __Host-stagedoor-login-first=first");
        add("__Host-stagedoor-login-6789abcd=0123456789abcd;__Host-stagedoor=s");
        // Neither one that ends otherwise than its name does, nor one of the other kind of address.
        add("__Host-stagedoor-login-01234567=89abcdef; stagedoor-login-third=third");
        let read = |secure| session(secure, &headers).map(|token| token.reveal().to_owned());
        assert_eq!(read(true).as_deref(), Some("s"));
        assert_eq!(read(false).as_deref(), Some("plain"));
        let begun = |secure| -> Vec<String> {
            let logins = logins(secure, &headers).into_iter();
            logins.map(|secret| secret.reveal().to_owned()).collect()
        };
        assert_eq!(begun(true), ["first", "0123456789abcd"]);
        assert_eq!(begun(false), ["third"]);
    }
}
