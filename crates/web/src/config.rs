//! What the composition root tells the pages.

use crate::api::A_MINUTE;
use crate::ops::Condition;
use crate::origin::{OriginSource, Sighting};
use crate::scim;
use axum::http::{HeaderMap, HeaderValue};
use std::num::NonZeroU32;
use std::sync::{Arc, Once, PoisonError, RwLock};
use url::Url;

/// A Studio address pattern that cannot stand in a Content-Security-Policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "studio form target `{target}` is not a scheme and host such as \
     `https://*.studio.eu-west-1.sagemaker.aws`"
)]
pub struct InvalidFormTarget {
    /// The pattern as given.
    pub target: String,
}

/// What every page has in common: files of ours, nothing inline. No `data:` for pictures, since there
/// are none but our own.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Settings of the pages. Clones share the policy that [`WebConfig::lead_to`] changes.
#[derive(Debug, Clone)]
pub struct WebConfig {
    pub(crate) public_origin: String,
    content_security_policy: Arc<RwLock<HeaderValue>>,
    pub(crate) origin_source: OriginSource,
    /// Anybody can write a header, so it is told once.
    unheeded_told: Arc<Once>,
    pub(crate) condition: Condition,
    pub(crate) api_per_minute: NonZeroU32,
    pub(crate) scim_per_minute: NonZeroU32,
}

impl WebConfig {
    /// `public_url` is the address people use; its origin is the only one whose forms are taken.
    ///
    /// `studio_form_targets` are the hosts to which *Open Studio* may lead, as CSP host sources:
    /// `https://*.studio.eu-west-1.sagemaker.aws`, or `http://127.0.0.1:4566` for a simulator. A
    /// browser that applies `form-action` to redirects (Chrome does) follows a form to no other.
    pub fn new(
        public_url: &Url,
        studio_form_targets: &[String],
    ) -> Result<Self, InvalidFormTarget> {
        Ok(Self {
            public_origin: public_url.origin().ascii_serialization(),
            content_security_policy: Arc::new(RwLock::new(policy(studio_form_targets)?)),
            origin_source: OriginSource::Socket,
            unheeded_told: Arc::new(Once::new()),
            condition: Condition::default(),
            api_per_minute: A_MINUTE,
            scim_per_minute: scim::A_MINUTE,
        })
    }

    /// Lets *Open Studio* lead to these hosts from now on, as [`Self::new`] takes them, and to no
    /// others: the map has other Regions.
    ///
    /// # Errors
    /// A target will not do; the hosts of before stay.
    pub fn lead_to(&self, studio_form_targets: &[String]) -> Result<(), InvalidFormTarget> {
        let policy = policy(studio_form_targets)?;
        *self.content_security_policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
        Ok(())
    }

    /// The policy of every page that has none of its own.
    pub(crate) fn content_security_policy(&self) -> HeaderValue {
        self.content_security_policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The policy of the page whose one form goes to an identity provider, by a script of ours.
    ///
    /// A browser that applies `form-action` to redirects would stop on the way an identity provider
    /// that sends people on to another one (Entra ID does, to ADFS), and nobody can say where that
    /// is. So the form may lead to any https address, and besides to the provider's own, which is
    /// http on loopback only. `None` for an address that is no http or https URL.
    pub(crate) fn departure_policy(action: &str) -> Option<HeaderValue> {
        let action = Url::parse(action).ok()?;
        let origin = action.origin().ascii_serialization();
        let policy = format!("{POLICY}; form-action https: {origin}");
        HeaderValue::try_from(policy).ok().filter(|_| is_host_source(&origin))
    }

    /// Lets each caller of the API ask so many times a minute.
    #[must_use]
    pub fn with_api_limit(self, per_minute: NonZeroU32) -> Self {
        Self { api_per_minute: per_minute, ..self }
    }

    /// Lets each token push so many times a minute by SCIM.
    #[must_use]
    pub fn with_scim_limit(self, per_minute: NonZeroU32) -> Self {
        Self { scim_per_minute: per_minute, ..self }
    }

    /// Says once that somebody who is not named as a trusted proxy sent a proxy's header: a proxy that
    /// was forgotten passes for everybody behind it, also in the network rules of teams.
    pub(crate) fn tell_unheeded(&self, sighting: &Sighting, headers: &HeaderMap) {
        let Some(header) = sighting.unheeded(headers) else { return };
        self.unheeded_told.call_once(|| {
            tracing::warn!(
                code = "proxy-not-trusted",
                peer = sighting.origin.address.map(tracing::field::display),
                "{} is not heeded: it came from somebody who is no trusted proxy. If that is a proxy \
                 of yours, everybody behind it passes for it in network rules until --trusted-proxy \
                 names it",
                header.name()
            );
        });
    }

    /// Whether answers have a bound that a large file does not keep: Lambda answers with 6 MB at most.
    pub(crate) fn answers_are_short(&self) -> bool {
        matches!(self.origin_source, OriginSource::Invocation | OriginSource::ApiGateway { .. })
    }

    /// Lets the probe of the pages tell when the process is about to end.
    #[must_use]
    pub fn with_condition(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }

    /// Believes somebody else than the socket about where requests come from.
    #[must_use]
    pub fn with_origin_source(self, origin_source: OriginSource) -> Self {
        Self { origin_source, ..self }
    }
}

fn policy(studio_form_targets: &[String]) -> Result<HeaderValue, InvalidFormTarget> {
    let mut policy = format!("{POLICY}; form-action 'self'");
    for target in studio_form_targets {
        if !is_host_source(target) {
            return Err(InvalidFormTarget { target: target.clone() });
        }
        policy.push(' ');
        policy.push_str(target);
    }
    HeaderValue::try_from(policy)
        .map_err(|_| InvalidFormTarget { target: studio_form_targets.join(" ") })
}

/// Scheme, host (perhaps with `*.` in front) and perhaps a port. Anything else could widen the
/// policy or end the directive.
fn is_host_source(target: &str) -> bool {
    let Some(rest) = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://"))
    else {
        return false;
    };
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let host = host.strip_prefix("*.").unwrap_or(host);
    host.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    }) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(targets: &[&str]) -> Result<WebConfig, InvalidFormTarget> {
        let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
        WebConfig::new(&"https://door.example.com/".parse().unwrap(), &targets)
    }

    #[test]
    fn the_policy_lets_forms_lead_to_us_and_to_the_studio_hosts_only() {
        let config =
            config(&["https://*.studio.eu-west-1.sagemaker.aws", "http://127.0.0.1:4566"]).unwrap();
        assert_eq!(
            config.content_security_policy(),
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
             connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' \
             https://*.studio.eu-west-1.sagemaker.aws http://127.0.0.1:4566"
        );
        assert_eq!(config.public_origin, "https://door.example.com");

        let pages = config.clone();
        config.lead_to(&["https://*.studio.us-east-1.sagemaker.aws".to_owned()]).unwrap();
        let ends = |end| pages.content_security_policy().to_str().unwrap().ends_with(end);
        assert!(ends("form-action 'self' https://*.studio.us-east-1.sagemaker.aws"));
        assert_eq!(config.lead_to(&["*".to_owned()]).unwrap_err().target, "*");
        assert!(ends("form-action 'self' https://*.studio.us-east-1.sagemaker.aws"));
    }

    #[test]
    fn the_departure_to_an_identity_provider_may_lead_on_from_there() {
        let policy = |action| WebConfig::departure_policy(action);
        let common = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      form-action https: ";
        assert_eq!(
            policy("https://IDP.example:443/sso?a=b;c").unwrap(),
            format!("{common}https://idp.example")
        );
        assert_eq!(
            policy("http://127.0.0.1:8081/sso").unwrap(),
            format!("{common}http://127.0.0.1:8081")
        );
        for bad in ["", "/sso", "javascript:alert(1)", "data:text/html,x", "https://a;b/"] {
            assert_eq!(policy(bad), None, "{bad}");
        }
    }

    #[test]
    fn targets_that_would_widen_the_policy_are_refused() {
        for bad in [
            "*",
            "https:",
            "https://*",
            "https://",
            "https://a.example; script-src *",
            "https://a.example https://b.example",
            "https://a.example/path",
            "https://a.*.example",
            "https://a.example:",
            "javascript://a.example",
            "'unsafe-inline'",
        ] {
            assert_eq!(config(&[bad]).unwrap_err().target, bad);
        }
    }
}
