//! The identity provider's request to end a person's sessions.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::assertion::NameId;
use crate::binding::QUERY_VALUE;
use crate::bounds::{self, MAX_RESPONSE_BYTES};
use crate::crypto::{AlgorithmPolicy, Suite};
use crate::dom::{self, DSIG, Document, Node, SAML, SAMLP};
use crate::idp_metadata::IdentityProvider;
use crate::instant;
use crate::rejection::{ReasonCode, Rejection};
use crate::response::{check_issuer, check_unique_ids, versioned_id};
use crate::signature::SignatureForm;
use crate::verifier::{ClockSkew, decode_form, verify_signature};

/// Longest query that is looked at, in bytes. Requests have one to three thousand.
const MAX_QUERY_BYTES: usize = 16 * 1024;

/// How long after it was issued a request is acted upon: a browser delivers it at once.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// A request as it came, of which nothing has been verified.
pub struct ReceivedLogoutRequest {
    xml: Vec<u8>,
    proof: Proof,
    issuer: Option<String>,
    relay_state: Option<String>,
}

/// Where the signature is.
enum Proof {
    /// Beside the message, over the octets of the query (HTTP-Redirect): one of these texts.
    Query { signed: Vec<String>, algorithm: String, value: Vec<u8> },
    /// Inside the message (HTTP-POST).
    Enveloped,
}

impl ReceivedLogoutRequest {
    /// Takes a query as it was received, without the question mark (HTTP-Redirect binding, SAML
    /// bindings 3.4). Parameters of other names are passed over; they are not signed. A gateway before
    /// us may have written it anew.
    ///
    /// # Errors
    /// When it is not a signed `LogoutRequest` in that form and within the bounds.
    pub fn from_query(query: &str) -> Result<Self, Rejection> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(Rejection::new(
                ReasonCode::TooLarge,
                format!("the query is longer than {MAX_QUERY_BYTES} bytes"),
            ));
        }
        let message = parameter(query, "SAMLRequest")?
            .ok_or_else(|| malformed_query("the query holds no SAMLRequest"))?;
        if parameter(query, "SAMLEncoding")?.map(decoded).transpose()?.is_some_and(|e| e != DEFLATE)
        {
            return Err(malformed_query("the message is encoded in another way than by DEFLATE"));
        }
        let relay_state = parameter(query, "RelayState")?;
        let algorithm = parameter(query, "SigAlg")?;
        let value = parameter(query, "Signature")?;
        let (Some(algorithm), Some(value)) = (algorithm, value) else {
            return Err(Rejection::new(ReasonCode::SignatureMissing, "the query is not signed"));
        };
        let mut signed = vec![signed_text(message, relay_state, algorithm)];
        let relay_state = relay_state.map(decoded).transpose()?;
        let (algorithm, value) = (decoded(algorithm)?, base64(value)?);
        let plain = percent_decode_str(message).decode_utf8_lossy();
        signed.extend(SPELLINGS.iter().map(|spelling| {
            let relay_state = relay_state.as_deref().map(|text| spelling.of(text));
            signed_text(&spelling.of(&plain), relay_state.as_deref(), &spelling.of(&algorithm))
        }));
        let proof = Proof::Query { signed, algorithm, value };
        Self::new(inflated(&base64(message)?)?, proof, relay_state)
    }

    /// Takes the form fields `SAMLRequest` and `RelayState` (HTTP-POST binding, SAML bindings 3.5).
    ///
    /// # Errors
    /// When it is not a `LogoutRequest` in that form and within the bounds.
    pub fn from_form(saml_request: &str, relay_state: Option<&str>) -> Result<Self, Rejection> {
        let xml = decode_form(saml_request)?;
        Self::new(xml, Proof::Enveloped, relay_state.map(str::to_owned))
    }

    fn new(xml: Vec<u8>, proof: Proof, relay_state: Option<String>) -> Result<Self, Rejection> {
        let text = bounds::admit(&xml, &bounds::RESPONSE)?;
        let document = dom::parse(&text, &bounds::RESPONSE)?;
        let issuer = dom::children(request_of(&document)?, SAML, "Issuer")
            .find_map(dom::whole_text)
            .map(std::borrow::Cow::into_owned);
        Ok(Self { xml, proof, issuer, relay_state })
    }

    /// Who it claims to come from: only to choose whom to ask, for [`Self::verify`] compares it.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// To be given back with the answer, and never to be followed.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// Verifies that `idp` asks *us*, now, to end sessions. `our_url` is our single log-out address.
    ///
    /// # Errors
    /// The first thing that does not hold: signature, issuer, destination, time, subject.
    pub fn verify(
        &self,
        idp: &IdentityProvider,
        our_url: &str,
        now: Timestamp,
        skew: ClockSkew,
        policy: AlgorithmPolicy,
    ) -> Result<VerifiedLogoutRequest, Rejection> {
        let text = bounds::admit(&self.xml, &bounds::RESPONSE)?;
        let document = dom::parse(&text, &bounds::RESPONSE)?;
        let request = request_of(&document)?;
        check_issuer(request, &idp.entity_id)?;
        match &self.proof {
            Proof::Query { signed, algorithm, value } => {
                if dom::children(request, DSIG, "Signature").next().is_some() {
                    return Err(Rejection::new(
                        ReasonCode::SignatureMultiple,
                        "the message is signed in the query and inside",
                    ));
                }
                let suite = Suite::detached(algorithm, &idp.keys, policy)?;
                let verified = |text: &String| suite.verify(text.as_bytes(), value).is_some();
                signed.iter().any(verified).then_some(()).ok_or_else(not_verified)?;
                read(request, idp, our_url, now, skew)
            }
            Proof::Enveloped => {
                let signed = verified_form(request, idp, policy)?;
                let document = dom::parse(&signed, &bounds::RESPONSE)?;
                read(request_of(&document)?, idp, our_url, now, skew)
            }
        }
    }
}

impl fmt::Debug for ReceivedLogoutRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedLogoutRequest").finish_non_exhaustive()
    }
}

/// A request whose sender, addressee and time were verified.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedLogoutRequest {
    id: String,
    issuer: String,
    name_id: NameId,
    session_indexes: BTreeSet<String>,
    issued_at: Timestamp,
    replay_until: Timestamp,
}

impl VerifiedLogoutRequest {
    /// Its ID, unique for its issuer; the answer names it. To be remembered until
    /// [`Self::replay_until`].
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Entity id of the identity provider.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whose sessions end.
    pub fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Which of them: those that an assertion gave one of these indexes. Empty means all.
    pub fn session_indexes(&self) -> &BTreeSet<String> {
        &self.session_indexes
    }

    /// When it was issued, by the identity provider's clock: what was issued up to then has ended, also
    /// where it arrives later (SAML core 3.7.3.1).
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// From this moment on the request is refused as expired, so that its ID may be forgotten.
    pub fn replay_until(&self) -> Timestamp {
        self.replay_until
    }
}

impl fmt::Debug for VerifiedLogoutRequest {
    /// Nothing of the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedLogoutRequest")
            .field("issuer", &self.issuer)
            .field("session_indexes", &self.session_indexes.len())
            .finish_non_exhaustive()
    }
}

fn request_of<'a, 'x>(document: &'a Document<'x>) -> Result<Node<'a, 'x>, Rejection> {
    let root = document.root_element();
    if dom::is(root, SAMLP, "LogoutRequest") {
        Ok(root)
    } else {
        Err(Rejection::new(
            ReasonCode::NotALogoutRequest,
            "the root element is not a SAML 2.0 LogoutRequest",
        ))
    }
}

/// The canonical form of the request, under its own verified signature.
fn verified_form(
    request: Node<'_, '_>,
    idp: &IdentityProvider,
    policy: AlgorithmPolicy,
) -> Result<String, Rejection> {
    check_unique_ids(&[request])?;
    let id = versioned_id(request)?;
    let mut signatures = request.descendants().filter(|node| dom::is(*node, DSIG, "Signature"));
    let node = signatures.next().ok_or_else(|| {
        Rejection::new(ReasonCode::SignatureMissing, "the log-out request is not signed")
    })?;
    if node.parent() != Some(request) || signatures.next().is_some() {
        return Err(Rejection::new(
            ReasonCode::SignatureMisplaced,
            "a signature is not the one direct child of the log-out request",
        ));
    }
    let form = SignatureForm::read(node, request, id)?;
    let suite = Suite::select(&form, &idp.keys, policy)?;
    verify_signature(&form, &suite).map(|(canonical, _)| canonical)
}

/// Reads what was signed.
fn read(
    request: Node<'_, '_>,
    idp: &IdentityProvider,
    our_url: &str,
    now: Timestamp,
    skew: ClockSkew,
) -> Result<VerifiedLogoutRequest, Rejection> {
    let id = versioned_id(request)?.to_owned();
    check_children(request)?;
    check_issuer(request, &idp.entity_id)?;
    match dom::attribute(request, "Destination") {
        Some(destination) if destination == our_url => {}
        Some(_) => {
            return Err(Rejection::new(
                ReasonCode::DestinationMismatch,
                format!("the destination is not this log-out address `{our_url}`"),
            ));
        }
        None => {
            return Err(Rejection::new(
                ReasonCode::DestinationMissing,
                "the signed log-out request names no destination",
            ));
        }
    }
    let (issued_at, replay_until) = check_times(request, now, skew)?;
    let missing = || Rejection::new(ReasonCode::SubjectMissing, "the request names nobody");
    let name = dom::only_child(request, SAML, "NameID")?.ok_or_else(missing)?;
    let value = dom::whole_text(name).filter(|text| !text.trim().is_empty()).ok_or_else(missing)?;
    let format = dom::attribute(name, "Format").map(str::to_owned);
    // One that cannot be read must not vanish: without any, all sessions end.
    let session_indexes = dom::children(request, SAMLP, "SessionIndex")
        .map(|index| dom::whole_text(index).map(std::borrow::Cow::into_owned))
        .collect::<Option<_>>()
        .ok_or_else(|| Rejection::new(ReasonCode::TextRefused, "a session index holds elements"))?;
    Ok(VerifiedLogoutRequest {
        id,
        issuer: idp.entity_id.clone(),
        name_id: NameId::new(value.into_owned(), format),
        session_indexes,
        issued_at,
        replay_until,
    })
}

fn check_children(request: Node<'_, '_>) -> Result<(), Rejection> {
    for child in request.children().filter(Node::is_element) {
        let tag = child.tag_name();
        match (tag.namespace().unwrap_or_default(), tag.name()) {
            (SAML, "Issuer" | "NameID") | (SAMLP, "Extensions" | "SessionIndex") => {}
            (SAML, "EncryptedID" | "BaseID") => {
                return Err(Rejection::new(
                    ReasonCode::EncryptedIdUnsupported,
                    "the request names the person in another way than by a NameID",
                ));
            }
            _ => {
                return Err(Rejection::new(
                    ReasonCode::StructureUnexpected,
                    "the log-out request holds an element that the grammar has not",
                ));
            }
        }
    }
    Ok(())
}

/// Fresh, and not ended; returns when it was issued, and when it can be forgotten.
fn check_times(
    request: Node<'_, '_>,
    now: Timestamp,
    skew: ClockSkew,
) -> Result<(Timestamp, Timestamp), Rejection> {
    let malformed = || {
        Rejection::new(
            ReasonCode::TimeMalformed,
            "a time is missing or is not a date and time with its time zone",
        )
    };
    let issued = dom::attribute(request, "IssueInstant").and_then(instant::parse);
    let issued = issued.ok_or_else(malformed)?;
    if issued.duration_since(now) > skew.as_duration() {
        return Err(Rejection::new(
            ReasonCode::NotYetValid,
            "the log-out request was issued in the future; are both clocks right?",
        ));
    }
    let mut end = issued.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
    if let Some(text) = dom::attribute(request, "NotOnOrAfter") {
        end = end.min(instant::parse(text).ok_or_else(malformed)?);
    }
    if now.duration_since(end) >= skew.as_duration() {
        return Err(Rejection::new(ReasonCode::Expired, "the log-out request has expired"));
    }
    Ok((issued, end.checked_add(skew.as_duration()).unwrap_or(Timestamp::MAX)))
}

/// How a sender writes what has to be escaped.
struct Spelling {
    /// `%2f` in place of `%2F`.
    has_lower_case: bool,
    /// `+` in place of `%20`.
    has_plus_signs: bool,
}

/// What is signed is the query as its sender wrote it. Some gateways hand over the values alone (API
/// Gateway's REST APIs), others write the query anew, so these are tried besides. All say the same, and
/// the values are all that is read: whichever is the one that was signed, nothing else gets in by it.
const SPELLINGS: [Spelling; 4] = [
    Spelling { has_lower_case: false, has_plus_signs: false },
    Spelling { has_lower_case: false, has_plus_signs: true },
    // .NET, and so Entra ID and AD FS.
    Spelling { has_lower_case: true, has_plus_signs: false },
    Spelling { has_lower_case: true, has_plus_signs: true },
];

impl Spelling {
    fn of(&self, value: &str) -> String {
        let piece = |piece: &str| match piece {
            "%20" if self.has_plus_signs => "+".to_owned(),
            escape if self.has_lower_case && escape.starts_with('%') => escape.to_lowercase(),
            piece => piece.to_owned(),
        };
        utf8_percent_encode(value, QUERY_VALUE).map(piece).collect()
    }
}

/// What the signature is over, in the order of the binding (3.4.4.1).
fn signed_text(message: &str, relay_state: Option<&str>, algorithm: &str) -> String {
    let relay_state = relay_state.map(|text| format!("&RelayState={text}")).unwrap_or_default();
    format!("SAMLRequest={message}{relay_state}&SigAlg={algorithm}")
}

/// The value of a parameter as it is written. Twice is refused: two readers could differ.
fn parameter<'q>(query: &'q str, name: &str) -> Result<Option<&'q str>, Rejection> {
    let mut values = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = values.next();
    match values.next() {
        None => Ok(value),
        Some(_) => Err(malformed_query("a parameter of the query is there twice")),
    }
}

fn decoded(value: &str) -> Result<String, Rejection> {
    percent_decode_str(&value.replace('+', " "))
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| malformed_query("a parameter of the query is not UTF-8"))
}

/// A plus sign is a digit of base64 here and never a blank, also for senders that do not escape it.
fn base64(value: &str) -> Result<Vec<u8>, Rejection> {
    let mut text: Vec<u8> = percent_decode_str(value).collect();
    text.retain(|byte| !byte.is_ascii_whitespace());
    STANDARD.decode(text).map_err(|_| malformed_query("a parameter of the query is not base64"))
}

fn inflated(deflated: &[u8]) -> Result<Vec<u8>, Rejection> {
    let mut xml = Vec::new();
    // One more than is allowed, so that a bomb is told apart without being let off.
    let most = MAX_RESPONSE_BYTES as u64 + 1;
    DeflateDecoder::new(deflated)
        .take(most)
        .read_to_end(&mut xml)
        .map_err(|_| malformed_query("the message of the query is not deflated"))?;
    Ok(xml)
}

fn malformed_query(detail: &'static str) -> Rejection {
    Rejection::new(ReasonCode::QueryMalformed, detail)
}

fn not_verified() -> Rejection {
    Rejection::new(
        ReasonCode::SignatureInvalid,
        "no pinned key of the identity provider verifies the signature",
    )
}
