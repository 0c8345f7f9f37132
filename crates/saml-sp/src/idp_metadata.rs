//! Reading an identity provider's metadata.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::binding::{HTTP_POST, HTTP_REDIRECT, is_web_url};
use crate::bounds;
use crate::dom::{self, DSIG, METADATA, Node};
use crate::instant;
use crate::keys::{KeyError, PinnedKey};
use crate::rejection::Rejection;
use crate::xml::Limits;

/// Largest accepted metadata file in bytes. One identity provider's takes 2 to 100 KB.
pub const MAX_METADATA_BYTES: usize = 1024 * 1024;

const LIMITS: Limits = Limits {
    bytes: MAX_METADATA_BYTES,
    depth: 64,
    elements: 20_000,
    parts: 160_000,
    attributes_per_element: 64,
    attributes: 40_000,
    namespaces_per_element: 32,
    namespaces: 20_000,
    namespaces_in_scope: 128,
    escapes: 20_000,
};

/// Who the identity provider is, and the keys that are pinned for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its entity id, which every issuer must equal.
    pub entity_id: String,
    /// Keys that it signs with; several during a roll-over. Without any, everything is refused.
    pub keys: Vec<PinnedKey>,
    /// Where to send a request by HTTP-Redirect; `None` when it only starts sign-ins itself.
    pub sso_redirect_url: Option<String>,
    /// Where to send a request by HTTP-POST.
    pub sso_post_url: Option<String>,
    /// Where to send a log-out by HTTP-Redirect; `None` when it has no single log-out.
    pub slo_redirect_url: Option<String>,
    /// Where to send the answer to its log-out requests by HTTP-Redirect, when that is another
    /// address than [`Self::slo_redirect_url`] (`ResponseLocation`).
    pub slo_response_url: Option<String>,
    /// Where to send a log-out by HTTP-POST.
    pub slo_post_url: Option<String>,
    /// Whether it wants our requests signed (`WantAuthnRequestsSigned`).
    pub wants_signed_requests: bool,
    /// Until when the metadata may be used, if it says so. The caller compares it with its clock.
    pub valid_until: Option<Timestamp>,
    /// After which time it asks to be fetched again, if it says so in days or smaller units. A wish
    /// of the publisher; nothing ends with it.
    pub cache_duration: Option<SignedDuration>,
}

/// Metadata could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is not a document within the bounds.
    #[error("identity provider metadata is not readable")]
    Document(#[source] Rejection),
    /// The root is neither an entity nor a list of entities.
    #[error("not SAML 2.0 metadata: the root is no EntityDescriptor or EntitiesDescriptor")]
    NotMetadata,
    /// The wanted entity is not in it, or it holds no identity provider.
    #[error("metadata holds no identity provider{}", named(.entity_id.as_deref()))]
    NoIdentityProvider {
        /// The entity id that was asked for.
        entity_id: Option<String>,
    },
    /// A list of several, and nothing says which is meant.
    #[error("metadata holds {count} identity providers; name the entity id of the one to use")]
    SeveralIdentityProviders {
        /// How many.
        count: usize,
    },
    /// No key to verify with.
    #[error("metadata of `{entity_id}` holds no signing certificate; nothing could be verified")]
    NoSigningKey {
        /// The identity provider.
        entity_id: String,
    },
    /// A signing key without exactly one certificate: which key signs would be a guess.
    #[error("a signing KeyDescriptor of `{entity_id}` holds {count} certificates, not exactly one")]
    CertificateCount {
        /// The identity provider.
        entity_id: String,
        /// How many.
        count: usize,
    },
    /// A signing certificate is not base64.
    #[error("a signing certificate of `{entity_id}` is not base64")]
    CertificateEncoding {
        /// The identity provider.
        entity_id: String,
    },
    /// A signing certificate cannot be used.
    #[error("a signing certificate of `{entity_id}` cannot be used")]
    Certificate {
        /// The identity provider.
        entity_id: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// A single sign-on address that no browser should be sent to.
    #[error("single sign-on address `{url}` of `{entity_id}` is not an absolute http or https URL")]
    SsoUrl {
        /// The identity provider.
        entity_id: String,
        /// The address.
        url: String,
    },
    /// A single log-out address that no browser should be sent to.
    #[error("single log-out address `{url}` of `{entity_id}` is not an absolute http or https URL")]
    SloUrl {
        /// The identity provider.
        entity_id: String,
        /// The address.
        url: String,
    },
    /// `validUntil` is no time.
    #[error("validUntil of `{entity_id}` is not a date and time with its time zone")]
    ValidUntil {
        /// The identity provider.
        entity_id: String,
    },
}

fn named(entity_id: Option<&str>) -> String {
    entity_id.map(|id| format!(" `{id}`")).unwrap_or_default()
}

impl IdentityProvider {
    /// One of which nothing is known but its name: every response of it is refused.
    pub fn without_keys(entity_id: String) -> Self {
        Self {
            entity_id,
            keys: Vec::new(),
            sso_redirect_url: None,
            sso_post_url: None,
            slo_redirect_url: None,
            slo_response_url: None,
            slo_post_url: None,
            wants_signed_requests: false,
            valid_until: None,
            cache_duration: None,
        }
    }

    /// Reads metadata: one `EntityDescriptor`, or a list of which `entity_id` chooses one. With
    /// `entity_id` given, it must match in either case.
    ///
    /// A signature on the metadata is not verified: whoever hands in the bytes vouches for them.
    ///
    /// # Errors
    /// When it is not metadata of one identity provider with at least one usable signing
    /// certificate. A signing certificate that cannot be read fails the whole.
    pub fn from_metadata(xml: &[u8], entity_id: Option<&str>) -> Result<Self, MetadataError> {
        let text = bounds::admit(xml, &LIMITS).map_err(MetadataError::Document)?;
        let document = dom::parse(&text, &LIMITS).map_err(MetadataError::Document)?;
        let root = document.root_element();
        if !dom::is(root, METADATA, "EntityDescriptor")
            && !dom::is(root, METADATA, "EntitiesDescriptor")
        {
            return Err(MetadataError::NotMetadata);
        }
        let candidates: Vec<_> = root
            .descendants()
            .filter(|node| dom::is(*node, METADATA, "EntityDescriptor"))
            // One inside another entry's extensions is what that other one says.
            .filter(|node| {
                node.ancestors().skip(1).all(|n| dom::is(n, METADATA, "EntitiesDescriptor"))
            })
            .filter_map(|entity| {
                let id = dom::attribute(entity, "entityID").filter(|id| !id.is_empty())?;
                let role = dom::children(entity, METADATA, "IDPSSODescriptor").next()?;
                entity_id.is_none_or(|wanted| wanted == id).then_some((id, entity, role))
            })
            .collect();
        match candidates.as_slice() {
            [] => {
                Err(MetadataError::NoIdentityProvider { entity_id: entity_id.map(str::to_owned) })
            }
            [(id, entity, role)] => read_entity(id, *entity, *role),
            several => Err(MetadataError::SeveralIdentityProviders { count: several.len() }),
        }
    }
}

fn read_entity(
    entity_id: &str,
    entity: Node<'_, '_>,
    role: Node<'_, '_>,
) -> Result<IdentityProvider, MetadataError> {
    let mut keys = Vec::new();
    for descriptor in dom::children(role, METADATA, "KeyDescriptor") {
        if dom::attribute(descriptor, "use").is_none_or(|purpose| purpose == "signing") {
            let key = read_key(entity_id, descriptor)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    if keys.is_empty() {
        return Err(MetadataError::NoSigningKey { entity_id: entity_id.to_owned() });
    }
    // The narrowest of: the role, the entity, the lists around it.
    let mut valid_until: Option<Timestamp> = None;
    for node in std::iter::once(role).chain(entity.ancestors()).filter(Node::is_element) {
        if let Some(text) = dom::attribute(node, "validUntil") {
            let end = instant::parse(text)
                .ok_or_else(|| MetadataError::ValidUntil { entity_id: entity_id.to_owned() })?;
            valid_until = Some(valid_until.map_or(end, |earliest| earliest.min(end)));
        }
    }
    let cache_duration = std::iter::once(role)
        .chain(entity.ancestors())
        .filter(Node::is_element)
        .filter_map(|node| cache_duration(dom::attribute(node, "cacheDuration")?))
        .min();
    Ok(IdentityProvider {
        entity_id: entity_id.to_owned(),
        keys,
        sso_redirect_url: sso_url(entity_id, role, HTTP_REDIRECT)?,
        sso_post_url: sso_url(entity_id, role, HTTP_POST)?,
        slo_redirect_url: slo_url(entity_id, role, HTTP_REDIRECT, "Location")?,
        slo_response_url: slo_url(entity_id, role, HTTP_REDIRECT, "ResponseLocation")?,
        slo_post_url: slo_url(entity_id, role, HTTP_POST, "Location")?,
        wants_signed_requests: matches!(
            dom::attribute(role, "WantAuthnRequestsSigned"),
            Some("true" | "1")
        ),
        valid_until,
        cache_duration,
    })
}

/// Reads an `xs:duration`; `None` for one that is not positive or whose length depends on the month.
fn cache_duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.is_positive().then_some(duration)
}

fn read_key(entity_id: &str, descriptor: Node<'_, '_>) -> Result<PinnedKey, MetadataError> {
    let entity_id = || entity_id.to_owned();
    let certificates: Vec<_> =
        descriptor.descendants().filter(|node| dom::is(*node, DSIG, "X509Certificate")).collect();
    let [certificate] = certificates.as_slice() else {
        let count = certificates.len();
        return Err(MetadataError::CertificateCount { entity_id: entity_id(), count });
    };
    let mut text = dom::whole_text(*certificate).unwrap_or_default().into_owned();
    text.retain(|c| !c.is_ascii_whitespace());
    let der = STANDARD
        .decode(text)
        .map_err(|_| MetadataError::CertificateEncoding { entity_id: entity_id() })?;
    PinnedKey::from_certificate_der(&der)
        .map_err(|source| MetadataError::Certificate { entity_id: entity_id(), source })
}

fn sso_url(
    entity_id: &str,
    role: Node<'_, '_>,
    binding: &str,
) -> Result<Option<String>, MetadataError> {
    service_url(role, "SingleSignOnService", binding, "Location")
        .map_err(|url| MetadataError::SsoUrl { entity_id: entity_id.to_owned(), url })
}

fn slo_url(
    entity_id: &str,
    role: Node<'_, '_>,
    binding: &str,
    attribute: &str,
) -> Result<Option<String>, MetadataError> {
    service_url(role, "SingleLogoutService", binding, attribute)
        .map_err(|url| MetadataError::SloUrl { entity_id: entity_id.to_owned(), url })
}

/// The address of the first service with a binding; as an error when it is no web address.
fn service_url(
    role: Node<'_, '_>,
    service: &str,
    binding: &str,
    attribute: &str,
) -> Result<Option<String>, String> {
    let url = dom::children(role, METADATA, service)
        .find(|service| dom::attribute(*service, "Binding") == Some(binding))
        .and_then(|service| dom::attribute(service, attribute))
        .map(str::to_owned);
    match url {
        Some(url) if !is_web_url(&url) => Err(url),
        url => Ok(url),
    }
}
