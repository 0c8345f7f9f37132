//! Signature wrapping: a genuine signature, and other claims beside it.
//!
//! XSW1 to XSW8 as in "On Breaking SAML" (Somorovsky et al., 2012) and the tools built on it, and
//! every other place where a parser might look.

use std::collections::BTreeSet;

use saml_sp::ReasonCode;

use super::{Cases, MALLORY};
use crate::surgery::Xml;

/// The genuine response for somebody else, under new IDs and without signatures.
fn evil(xml: &Xml) -> Xml {
    xml.unsigned()
        .with("", "ID", "_evil_response")
        .with("Assertion", "ID", "_evil_assertion")
        .filled("Assertion/Subject/NameID", MALLORY)
}

/// The pieces an attacker has.
pub(super) struct Loot {
    /// The outermost genuine signature.
    pub(super) signature: String,
    /// What it signs, without it.
    pub(super) original: String,
    /// What it signs, with it.
    pub(super) signed: String,
    /// The genuine assertion, without its signature if that is the outermost.
    assertion: String,
    /// The genuine assertion as sent.
    pub(super) signed_assertion: String,
    pub(super) evil: Xml,
}

impl Loot {
    pub(super) fn of(cases: &Cases<'_>) -> Self {
        let xml = cases.xml();
        let (target, signature) = (cases.genuine.target(), cases.genuine.signature());
        let bare = xml.without(signature);
        Self {
            signature: without_id(xml.get(signature)),
            original: bare.get(target).to_owned(),
            signed: xml.get(target).replace(xml.get(signature), &without_id(xml.get(signature))),
            assertion: bare.get("Assertion").to_owned(),
            signed_assertion: xml.get("Assertion").to_owned(),
            evil: evil(xml),
        }
    }

    /// The signature with something put into it, last and first.
    fn stuffed(&self, what: &str) -> [String; 2] {
        let signature = self.bound_signature();
        let (start, inside) = signature.split_at(signature.find('>').unwrap() + 1);
        let (inside, end) = inside.split_at(inside.rfind("</").unwrap());
        [format!("{start}{inside}{what}{end}"), format!("{start}{what}{inside}{end}")]
    }

    /// The signature with every prefix of it declared, so that it parses alone.
    fn bound_signature(&self) -> String {
        let name = self.signature[1..].split([' ', '>', '\n']).next().unwrap();
        let Some((prefix, _)) = name.split_once(':') else { return self.signature.clone() };
        let declaration = format!("xmlns:{prefix}=");
        if self.signature.contains(&declaration) {
            return self.signature.clone();
        }
        let bound = format!("<{name} {declaration}\"{}\"", crate::support::DS);
        self.signature.replacen(&format!("<{name}"), &bound, 1)
    }

    /// The evil assertion, alone.
    fn evil_assertion(&self) -> String {
        self.evil.get("Assertion").to_owned()
    }

    /// The evil assertion with something after its issuer.
    fn evil_assertion_with(&self, what: &str) -> String {
        self.evil.after("Assertion/Issuer", what).get("Assertion").to_owned()
    }
}

/// A signature without its own `Id`, so that copies of it are not refused for that.
fn without_id(signature: &str) -> String {
    let (tag, rest) = signature.split_once('>').unwrap();
    match tag.split_once(" Id=\"") {
        Some((before, after)) => {
            let (_, after) = after.split_once('"').unwrap();
            format!("{before}{after}>{rest}")
        }
        None => signature.to_owned(),
    }
}

const SEVERAL: ReasonCode = ReasonCode::AssertionMultiple;

/// The original response inside the signature that moved to the evil one.
pub(super) fn xsw1(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    for (place, stuffed) in ["last", "first"].iter().zip(loot.stuffed(&loot.original)) {
        let xml = loot.evil.after("Issuer", &stuffed);
        cases.refused(format!("original {place} in the signature"), xml, SEVERAL);
        let xml = loot.evil.last_in("", &stuffed);
        cases.refused(format!("original {place} in the signature at the end"), xml, SEVERAL);
    }
}

/// The original response beside the signature, which is now detached.
pub(super) fn xsw2(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let (original, signature) = (&loot.original, &loot.bound_signature());
    for (name, pieces) in [
        ("before the signature", format!("{original}{signature}")),
        ("after the signature", format!("{signature}{original}")),
    ] {
        cases.refused(name, loot.evil.after("Issuer", &pieces), SEVERAL);
        cases.refused(format!("{name}, first"), loot.evil.first_in("", &pieces), SEVERAL);
        cases.refused(format!("{name}, last"), loot.evil.last_in("", &pieces), SEVERAL);
    }
}

/// The evil assertion beside the original one.
pub(super) fn xsw3(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let evil = loot.evil_assertion();
    cases.refused("before", cases.xml().before("Assertion", &evil), SEVERAL);
    cases.refused("after", cases.xml().after("Assertion", &evil), SEVERAL);
    cases.refused("first of all", cases.xml().first_in("", &evil), SEVERAL);
}

/// The original assertion inside the evil one.
pub(super) fn xsw4(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    for place in ["Assertion", "Assertion/Subject", "Assertion/Conditions", "Assertion/Issuer"] {
        let last = loot.evil.last_in(place, &loot.signed_assertion);
        cases.refused(format!("last in {place}"), last, SEVERAL);
        let first = loot.evil.first_in(place, &loot.signed_assertion);
        cases.refused(format!("first in {place}"), first, SEVERAL);
    }
}

/// The evil assertion took the signature; the original one stands beside it.
pub(super) fn xsw5(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let robbed = loot.evil.after("Assertion/Issuer", &loot.bound_signature());
    cases.refused("original after", robbed.after("Assertion", &loot.assertion), SEVERAL);
    cases.refused("original before", robbed.before("Assertion", &loot.assertion), SEVERAL);
}

/// The original assertion inside the signature of the evil one.
pub(super) fn xsw6(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    for (place, stuffed) in ["last", "first"].iter().zip(loot.stuffed(&loot.assertion)) {
        let xml = loot.evil.after("Assertion/Issuer", &stuffed);
        cases.refused(format!("original {place} in the signature"), xml, SEVERAL);
    }
}

/// One of both assertions inside Extensions.
pub(super) fn xsw7(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let prefix = cases.xml().prefix("").to_owned();
    let extensions = |inside: &str| format!("<{prefix}Extensions>{inside}</{prefix}Extensions>");
    let evil = extensions(&loot.evil_assertion());
    cases.refused("evil before", cases.xml().before("Assertion", &evil), SEVERAL);
    cases.refused("evil after", cases.xml().after("Assertion", &evil), SEVERAL);
    let original = extensions(&loot.signed_assertion);
    cases.refused("original before", loot.evil.before("Assertion", &original), SEVERAL);
    cases.refused("original after", loot.evil.after("Assertion", &original), SEVERAL);
}

/// The original assertion inside an Object of the signature.
pub(super) fn xsw8(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let object = |what: &str| format!("<Object xmlns=\"{}\">{what}</Object>", crate::support::DS);
    for what in BTreeSet::from([&loot.assertion, &loot.signed, &loot.original]) {
        for stuffed in loot.stuffed(&object(what)) {
            let xml = loot.evil.after("Assertion/Issuer", &stuffed);
            cases.refused("in the evil assertion", xml, SEVERAL);
            let xml = loot.evil.after("Issuer", &stuffed);
            cases.refused("in the evil response", xml, SEVERAL);
        }
    }
}

/// The original somewhere else in the evil response, and under other IDs.
pub(super) fn other_places(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let (evil, original) = (&loot.evil, &loot.signed);
    for place in [
        "Status/StatusCode",
        "Status",
        "Issuer",
        "Assertion/Subject/NameID",
        "Assertion/Subject/SubjectConfirmation",
        "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
        "Assertion/Conditions/AudienceRestriction",
        "Assertion/AuthnStatement/AuthnContext",
        "Assertion/AttributeStatement",
        "Assertion/AttributeStatement/Attribute",
        "Assertion/AttributeStatement/Attribute/AttributeValue",
    ] {
        cases.refused(format!("in {place}"), evil.last_in(place, original), SEVERAL);
        // The other way round: the evil one hides in the original.
        let hidden = cases.xml().last_in(place, &loot.evil_assertion());
        cases.refused(format!("evil in {place}"), hidden, SEVERAL);
    }
    for wrapper in ["urn:x", crate::support::DS, crate::support::SAML, crate::support::SAMLP] {
        let wrapped = format!("<Wrapper xmlns=\"{wrapper}\">{original}</Wrapper>");
        cases.refused(format!("in a {wrapper}"), evil.first_in("", &wrapped), SEVERAL);
        cases.refused(format!("in a last {wrapper}"), evil.last_in("", &wrapped), SEVERAL);
    }
    let key_info = format!("<KeyInfo xmlns=\"{}\">{original}</KeyInfo>", crate::support::DS);
    let [last, first] = loot.stuffed(&key_info);
    cases.refused("in KeyInfo", evil.after("Assertion/Issuer", &last), SEVERAL);
    cases.refused("in a first KeyInfo", evil.after("Assertion/Issuer", &first), SEVERAL);
    let advice = format!("<Advice xmlns=\"{}\">{original}</Advice>", crate::support::SAML);
    let advised = evil.after("Assertion/Conditions", &advice);
    cases.refused("in Advice", advised, ReasonCode::AdviceRefused);

    let anonymous = evil.without_attribute("Assertion", "ID");
    let beside = anonymous.before("Assertion", &loot.signed_assertion);
    cases.refused("evil without an ID", beside, SEVERAL);
    let id = cases.xml().attribute("Assertion", "ID").unwrap().to_owned();
    let same = evil.with("Assertion", "ID", &id).before("Assertion", &loot.signed_assertion);
    cases.refused("evil with the original's ID", same, ReasonCode::DuplicateId);
    let swapped = cases.xml().with("Assertion", "ID", "_renamed");
    let swapped = evil.with("Assertion", "ID", &id).after("Assertion", swapped.get("Assertion"));
    cases.refused("IDs swapped", swapped, SEVERAL);
    let robbed = evil.with("Assertion", "ID", &id);
    let robbed = robbed.after("Assertion/Issuer", &loot.evil_assertion_with(""));
    cases.refused("evil in evil", robbed, SEVERAL);
}

/// No second assertion: the signature itself is somewhere else, or copied.
pub(super) fn signature_moved(cases: &mut Cases<'_>) {
    let loot = Loot::of(cases);
    let bare = cases.xml().without(cases.genuine.signature());
    let signature = loot.bound_signature();
    for place in [
        "Status",
        "Status/StatusCode",
        "Assertion/Subject",
        "Assertion/Subject/NameID",
        "Assertion/Conditions",
        "Assertion/AuthnStatement",
        "Assertion/AttributeStatement",
        "Assertion/AttributeStatement/Attribute/AttributeValue",
    ] {
        let moved = bare.last_in(place, &signature);
        cases.refused(format!("to {place}"), moved, ReasonCode::SignatureMisplaced);
    }
    let prefix = cases.xml().prefix("").to_owned();
    let extensions = format!("<{prefix}Extensions>{signature}</{prefix}Extensions>");
    let moved = bare.after("Issuer", &extensions);
    cases.refused("to Extensions", moved, ReasonCode::SignatureMisplaced);
    let moved = bare.first_in("", &format!("<x xmlns=\"urn:x\">{signature}</x>"));
    cases.refused("to an unknown element", moved, ReasonCode::StructureUnexpected);

    // To the other element that may hold one: there it refers to something else than its parent.
    let mismatch = ReasonCode::ReferenceMismatch;
    if cases.genuine.mode == "both" {
        let inner = cases.xml().get("Assertion/Signature");
        let outer = cases.xml().get("Signature");
        let swapped =
            cases.xml().replaced("Assertion/Signature", outer).replaced("Signature", inner);
        cases.refused("both swapped", swapped, mismatch);
        let inner = cases.xml().replaced("Signature", inner).without("Assertion/Signature");
        cases.refused("the inner in place of the outer", inner, mismatch);
    } else {
        let other = if cases.genuine.signs_response() { "Assertion/Issuer" } else { "Issuer" };
        cases.refused("to the other element", bare.after(other, &signature), mismatch);
    }
    let twice = cases.xml().after(cases.genuine.signature(), &signature);
    cases.refused("twice", twice, ReasonCode::SignatureMultiple);
    let inside = cases.xml().last_in(&format!("{}/KeyInfo", cases.genuine.signature()), &signature);
    cases.refused("a copy inside KeyInfo", inside, ReasonCode::SignatureMisplaced);

    // The evil one in the place of the original, with its signature.
    let evil = if cases.genuine.signs_response() { "Issuer" } else { "Assertion/Issuer" };
    let stolen = loot.evil.after(evil, &signature);
    cases.refused("to evil content", stolen.clone(), mismatch);
    let id = cases.xml().attribute(cases.genuine.target(), "ID").unwrap();
    let renamed = stolen.with(cases.genuine.target(), "ID", id);
    cases.refused("to evil content of the same ID", renamed, ReasonCode::DigestMismatch);
    let id = stolen.attribute(cases.genuine.target(), "ID").unwrap().to_owned();
    let reference = format!("{}/SignedInfo/Reference", cases.genuine.signature());
    let pointed = stolen.with(&reference, "URI", &format!("#{id}"));
    cases.refused("and pointed to evil content", pointed, ReasonCode::SignatureInvalid);
}
