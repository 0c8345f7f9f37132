//! SAML 2.0 service provider (Web Browser SSO profile), sans-IO.
//!
//! Bytes, the time and a configuration go in; a [`VerifiedAssertion`] or a [`Rejection`] comes
//! out. Nothing here reads a clock, draws randomness, or talks to a network or a disk.
//!
//! # What makes an answer believable
//!
//! [`Verifier`] accepts a strict subset of SAML and refuses the rest, each refusal with a
//! [`ReasonCode`]. General XML-security libraries are the wrong shape for a door, because they
//! support what a door must refuse. The order is fixed (see [`Check`]):
//!
//! 1. The raw bytes are bounded *before* a tree is built: size, depth, elements, attributes,
//!    namespaces. No DOCTYPE, no processing instruction, UTF-8 only.
//! 2. One parser, one tree, one assertion, IDs that are unique.
//! 3. A signature is a direct child of the Response or the Assertion and follows one fixed
//!    grammar. Keys are pinned ([`PinnedKey`]); `KeyInfo` is never looked at. Every signature
//!    that is present must verify, and there must be one.
//! 4. Claims are read from a second parse of exactly the canonical bytes whose digest was
//!    verified. Nothing outside them is ever believed: unsigned parts of a Response can only
//!    cause a refusal.
//! 5. An encrypted assertion is decrypted after the signature of the Response, if it has one, was
//!    verified over the ciphertext; then 1 to 4 hold for the plaintext too ([`EncryptionPolicy`]).
//! 6. The profile: audience, destination, recipient, times, `InResponseTo`, statements.
//!
//! Two things remain for the caller, because they need state: looking up the pending request
//! whose id is passed as `expected`, and refusing a replay by remembering
//! [`VerifiedAssertion::assertion_id`] until [`VerifiedAssertion::replay_until`].

mod assertion;
mod authn_request;
mod binding;
mod bounds;
mod c14n;
mod crypto;
mod dom;
mod encryption;
mod escape;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod idp_metadata;
mod instant;
mod keys;
mod logout;
mod outline;
mod profile;
mod rejection;
mod response;
mod signature;
mod sp_key;
mod sp_metadata;
mod unverified;
mod verifier;
mod xml;

pub use assertion::{Attribute, Attributes, MAX_AGE, NameId, SignedBy, VerifiedAssertion};
pub use authn_request::{AuthnRequest, RequestId};
pub use binding::{MessageError, PostForm};
pub use bounds::MAX_RESPONSE_BYTES;
pub use crypto::AlgorithmPolicy;
pub use encryption::EncryptionPolicy;
pub use idp_metadata::{IdentityProvider, MAX_METADATA_BYTES, MetadataError};
pub use keys::{KeyError, KeyKind, PinnedKey};
pub use logout::{LogoutResponse, LogoutStatus, ReceivedLogoutRequest, VerifiedLogoutRequest};
pub use outline::{OutlineLine, OutlineText, outline, outline_form};
pub use rejection::{Check, CheckOutcome, CheckState, ReasonCode, Rejection};
pub use sp_key::{ServiceProviderKey, ServiceProviderKeyError, SigningError};
pub use sp_metadata::{Encryption, LogoutService, MetadataFlavour, SpMetadata};
pub use unverified::UnverifiedResponse;
pub use verifier::{ClockSkew, ServiceProvider, Unsolicited, Verifier};
