//! The checks of the Web Browser SSO profile, on what was signed.

use std::collections::BTreeMap;

use crate::dom::Node;
use jiff::Timestamp;

use crate::assertion::{
    Attribute, Attributes, Claims, MAX_AGE, NameId, SignedBy, VerifiedAssertion,
};
use crate::dom::{self, SAML};
use crate::instant;
use crate::rejection::{ReasonCode, Rejection};
use crate::response::check_issuer;
use crate::verifier::{Unsolicited, Verifier};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// The second parse, of verified bytes only.
#[derive(Debug)]
pub(crate) struct SignedTree<'a, 'x> {
    /// The Response, when it is signed.
    pub(crate) response: Option<Node<'a, 'x>>,
    pub(crate) assertion: Node<'a, 'x>,
}

/// What was found out about the signed tree on the way to it.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) signed_by: SignedBy,
    pub(crate) key_fingerprint: String,
    pub(crate) used_weak_algorithms: bool,
    pub(crate) was_encrypted: bool,
}

/// Whether the signed claims are for us, now, and an answer to what we asked.
#[derive(Debug)]
pub(crate) struct Question<'q, 'a, 'x, 'u, 'y> {
    pub(crate) verifier: &'q Verifier,
    pub(crate) now: Timestamp,
    pub(crate) expected: Option<&'q str>,
    pub(crate) tree: SignedTree<'a, 'x>,
    /// The Response as it was sent. Its attributes are hints that can only cause a refusal.
    pub(crate) unsigned_response: Node<'u, 'y>,
}

/// When the assertion was issued, and the earliest ends among the validity windows.
struct Ends {
    issued_at: Timestamp,
    not_on_or_after: Timestamp,
    session_not_on_or_after: Option<Timestamp>,
}

impl Question<'_, '_, '_, '_, '_> {
    pub(crate) fn answer(self, proof: Proof) -> Result<VerifiedAssertion, Rejection> {
        let assertion = self.tree.assertion;
        // The same as before the signature was checked, now on the signed bytes.
        check_issuer(assertion, &self.verifier.identity_provider.entity_id)?;

        self.check_audience()?;
        self.check_destination()?;
        let confirmations = self.check_recipient()?;
        let ends = self.check_times(&confirmations)?;
        let in_response_to = self.check_in_response_to(&confirmations, proof.was_encrypted)?;
        let (name_id, authn) = self.read_statements()?;

        Ok(VerifiedAssertion::new(Claims {
            assertion_id: dom::attribute(assertion, "ID").unwrap_or_default().to_owned(),
            issuer: self.verifier.identity_provider.entity_id.clone(),
            name_id,
            attributes: read_attributes(assertion)?,
            in_response_to,
            issued_at: ends.issued_at,
            authn_instant: instant_of(authn, "AuthnInstant")?.ok_or_else(malformed_time)?,
            session_index: dom::attribute(authn, "SessionIndex").map(str::to_owned),
            session_not_on_or_after: ends.session_not_on_or_after,
            not_on_or_after: ends.not_on_or_after,
            clock_skew: self.verifier.clock_skew,
            signed_by: proof.signed_by,
            key_fingerprint: proof.key_fingerprint,
            used_weak_algorithms: proof.used_weak_algorithms,
            was_encrypted: proof.was_encrypted,
        }))
    }

    fn check_audience(&self) -> Result<(), Rejection> {
        let ours = self.verifier.service_provider.entity_id.as_str();
        let missing = || {
            Rejection::new(
                ReasonCode::AudienceMissing,
                "the assertion is restricted to no audience",
            )
        };
        let conditions =
            dom::only_child(self.tree.assertion, SAML, "Conditions")?.ok_or_else(missing)?;
        let mut is_restricted = false;
        for condition in conditions.children().filter(Node::is_element) {
            let tag = condition.tag_name();
            match (tag.namespace(), tag.name()) {
                (Some(SAML), "AudienceRestriction") => {
                    is_restricted = true;
                    let names_us = dom::children(condition, SAML, "Audience")
                        .any(|audience| dom::whole_text(audience).as_deref() == Some(ours));
                    if !names_us {
                        return Err(Rejection::new(
                            ReasonCode::AudienceMismatch,
                            format!("the audience is not this service provider `{ours}`"),
                        ));
                    }
                }
                // Every assertion is used once here, and none is passed on.
                (Some(SAML), "OneTimeUse" | "ProxyRestriction") => {}
                _ => {
                    return Err(Rejection::new(
                        ReasonCode::ConditionUnknown,
                        "the assertion holds a condition that is not understood",
                    ));
                }
            }
        }
        if is_restricted { Ok(()) } else { Err(missing()) }
    }

    fn check_destination(&self) -> Result<(), Rejection> {
        let ours = self.verifier.service_provider.acs_url.as_str();
        let destination = match self.tree.response {
            Some(signed) => dom::attribute(signed, "Destination"),
            None => dom::attribute(self.unsigned_response, "Destination"),
        };
        match destination {
            Some(destination) if destination == ours => Ok(()),
            Some(_) => Err(Rejection::new(
                ReasonCode::DestinationMismatch,
                format!("the destination is not this assertion consumer service `{ours}`"),
            )),
            None if self.tree.response.is_some() => Err(Rejection::new(
                ReasonCode::DestinationMissing,
                "the signed response names no destination",
            )),
            None => Ok(()),
        }
    }

    /// Every bearer confirmation must name us; returns their data.
    fn check_recipient(&self) -> Result<Vec<Node<'_, '_>>, Rejection> {
        let ours = self.verifier.service_provider.acs_url.as_str();
        let subject = dom::only_child(self.tree.assertion, SAML, "Subject")?;
        let mut confirmations = Vec::new();
        let bearers = subject
            .into_iter()
            .flat_map(|subject| dom::children(subject, SAML, "SubjectConfirmation"))
            .filter(|confirmation| dom::attribute(*confirmation, "Method") == Some(BEARER));
        for bearer in bearers {
            let data = dom::only_child(bearer, SAML, "SubjectConfirmationData")?;
            match data.and_then(|data| Some((data, dom::attribute(data, "Recipient")?))) {
                Some((data, recipient)) if recipient == ours => confirmations.push(data),
                Some(_) => {
                    return Err(Rejection::new(
                        ReasonCode::RecipientMismatch,
                        format!("the recipient is not this assertion consumer service `{ours}`"),
                    ));
                }
                None => {
                    return Err(Rejection::new(
                        ReasonCode::RecipientMissing,
                        "the bearer confirmation names no recipient",
                    ));
                }
            }
        }
        if confirmations.is_empty() {
            return Err(Rejection::new(
                ReasonCode::BearerMissing,
                "the assertion has no bearer subject confirmation",
            ));
        }
        Ok(confirmations)
    }

    /// Every window must be open: of the conditions, of each bearer confirmation, of the session.
    fn check_times(&self, confirmations: &[Node<'_, '_>]) -> Result<Ends, Rejection> {
        let assertion = self.tree.assertion;
        let issued_at = instant_of(assertion, "IssueInstant")?.ok_or_else(malformed_time)?;
        self.check_begun(issued_at)?;
        if let Some(response) = self.tree.response {
            let instant = instant_of(response, "IssueInstant")?.ok_or_else(malformed_time)?;
            self.check_begun(instant)?;
        }
        if issued_at.checked_add(MAX_AGE).is_ok_and(|end| self.has_ended(end)) {
            let detail = "the assertion was issued more than a day ago";
            return Err(Rejection::new(ReasonCode::Expired, detail));
        }
        let conditions = dom::only_child(assertion, SAML, "Conditions")?;
        let mut not_on_or_after = Timestamp::MAX;
        for window in conditions.iter().chain(confirmations) {
            if let Some(not_before) = instant_of(*window, "NotBefore")? {
                self.check_begun(not_before)?;
            }
            let end = instant_of(*window, "NotOnOrAfter")?.ok_or_else(|| {
                Rejection::new(
                    ReasonCode::NotOnOrAfterMissing,
                    "the conditions or the bearer confirmation never end",
                )
            })?;
            not_on_or_after = not_on_or_after.min(end);
        }
        if self.has_ended(not_on_or_after) {
            return Err(Rejection::new(ReasonCode::Expired, "the assertion has expired"));
        }
        let mut session_not_on_or_after: Option<Timestamp> = None;
        for statement in dom::children(assertion, SAML, "AuthnStatement") {
            if let Some(end) = instant_of(statement, "SessionNotOnOrAfter")? {
                session_not_on_or_after = Some(session_not_on_or_after.map_or(end, |e| e.min(end)));
            }
        }
        // Without the allowance for clocks: a session of ours that ends with it would be over as it begins.
        if session_not_on_or_after.is_some_and(|end| end <= self.now) {
            return Err(Rejection::new(
                ReasonCode::SessionExpired,
                "the session at the identity provider has ended",
            ));
        }
        Ok(Ends { issued_at, not_on_or_after, session_not_on_or_after })
    }

    fn check_begun(&self, begin: Timestamp) -> Result<(), Rejection> {
        if begin.duration_since(self.now) > self.verifier.clock_skew.as_duration() {
            return Err(Rejection::new(
                ReasonCode::NotYetValid,
                "the assertion is not valid yet; are both clocks right?",
            ));
        }
        Ok(())
    }

    fn has_ended(&self, end: Timestamp) -> bool {
        self.now.duration_since(end) >= self.verifier.clock_skew.as_duration()
    }

    /// What the response answers, in everything that says so. An unsigned Response may contradict,
    /// but not prove.
    fn check_in_response_to(
        &self,
        confirmations: &[Node<'_, '_>],
        was_encrypted: bool,
    ) -> Result<Option<String>, Rejection> {
        let signed = self.tree.response.iter().chain(confirmations);
        let said: Vec<_> =
            signed.filter_map(|node| dom::attribute(*node, "InResponseTo")).collect();
        let hint = dom::attribute(self.unsigned_response, "InResponseTo");
        let mut all = said.iter().copied().chain(hint);
        match self.expected {
            Some(expected) if all.any(|id| id != expected) => Err(Rejection::new(
                ReasonCode::InResponseToMismatch,
                "the response answers another request than the one this browser made",
            )),
            Some(_) if said.is_empty() => Err(Rejection::new(
                ReasonCode::InResponseToMissing,
                "nothing signed says which request is answered",
            )),
            Some(expected) => Ok(Some(expected.to_owned())),
            None if self.verifier.unsolicited == Unsolicited::NotChecked => {
                Ok(said.first().copied().map(str::to_owned))
            }
            // Only now can the caller learn which request that is, and look it up.
            None if was_encrypted && hint.is_none() && !said.is_empty() => match said.as_slice() {
                [id, others @ ..] if others.iter().all(|other| other == id) => {
                    Ok(Some((*id).to_owned()))
                }
                _ => Err(Rejection::new(
                    ReasonCode::InResponseToMismatch,
                    "the response answers two requests",
                )),
            },
            None if all.next().is_some() => Err(Rejection::new(
                ReasonCode::InResponseToUnexpected,
                "the response answers a request, but none is pending in this browser",
            )),
            None if self.verifier.unsolicited == Unsolicited::Refuse => Err(Rejection::new(
                ReasonCode::UnsolicitedRefused,
                "the response answers no request; sign-in must start here",
            )),
            None => Ok(None),
        }
    }

    /// The subject's name and the first statement of its authentication.
    fn read_statements(&self) -> Result<(NameId, Node<'_, '_>), Rejection> {
        let assertion = self.tree.assertion;
        let mut statements = dom::children(assertion, SAML, "AuthnStatement");
        let authn = statements.next().ok_or_else(|| {
            Rejection::new(
                ReasonCode::AuthnStatementMissing,
                "the assertion does not say that anyone was authenticated",
            )
        })?;
        let missing =
            || Rejection::new(ReasonCode::SubjectMissing, "the assertion names no subject");
        let subject = dom::only_child(assertion, SAML, "Subject")?.ok_or_else(missing)?;
        let node = dom::only_child(subject, SAML, "NameID")?.ok_or_else(missing)?;
        let value = dom::whole_text(node).ok_or_else(|| {
            Rejection::new(ReasonCode::TextRefused, "the subject's name holds elements")
        })?;
        if value.trim().is_empty() {
            return Err(missing());
        }
        let format = dom::attribute(node, "Format").map(str::to_owned);
        Ok((NameId::new(value.into_owned(), format), authn))
    }
}

/// All attributes of all statements, by name; values of one name in document order.
fn read_attributes(assertion: Node<'_, '_>) -> Result<Attributes, Rejection> {
    let mut attributes: BTreeMap<String, Attribute> = BTreeMap::new();
    let nodes = dom::children(assertion, SAML, "AttributeStatement")
        .flat_map(|statement| dom::children(statement, SAML, "Attribute"));
    for node in nodes {
        let name =
            dom::attribute(node, "Name").filter(|name| !name.is_empty()).ok_or_else(|| {
                Rejection::new(ReasonCode::AttributeUnnamed, "an attribute has no name")
            })?;
        let attribute = attributes.entry(name.to_owned()).or_default();
        if let Some(friendly) = dom::attribute(node, "FriendlyName") {
            attribute.friendly_name.get_or_insert_with(|| friendly.to_owned());
        }
        for value in dom::children(node, SAML, "AttributeValue") {
            match dom::whole_text(value) {
                Some(text) => attribute.values.push(text.into_owned()),
                None => attribute.has_structure = true,
            }
        }
    }
    Ok(Attributes::new(attributes))
}

fn instant_of(node: Node<'_, '_>, attribute: &str) -> Result<Option<Timestamp>, Rejection> {
    dom::attribute(node, attribute)
        .map(|text| instant::parse(text).ok_or_else(malformed_time))
        .transpose()
}

fn malformed_time() -> Rejection {
    Rejection::new(
        ReasonCode::TimeMalformed,
        "a time is missing or is not a date and time with its time zone",
    )
}
