//! Which request is answered: sign-in as somebody else, and responses that nobody asked for.

use saml_sp::{ReasonCode, Unsolicited};

use super::{Cases, Pins, Want};
use crate::support::{REQUEST, Signature};

const DATA: &str = "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData";

/// Answers to another request, or to none that is known.
pub(super) fn in_response_to(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let mismatch = ReasonCode::InResponseToMismatch;
    for other in
        ["_request2", "_REQUEST1", "_request1 ", " _request1", "_request", "_request11", "", "*"]
    {
        let case = cases.refused(format!("asked as {other:?}"), xml.clone(), mismatch);
        case.request = Some(other);
        for place in ["", DATA] {
            let changed = xml.with(place, "InResponseTo", other);
            cases.signed(format!("{other:?} at `{place}`"), &changed, mismatch);
        }
        let both = xml.with("", "InResponseTo", other).with(DATA, "InResponseTo", other);
        cases.signed(format!("{other:?} at both"), &both, mismatch);
        if !cases.genuine.signs_response() {
            let hint = xml.with("", "InResponseTo", other);
            cases.refused(format!("{other:?} unsigned"), hint, mismatch);
        }
        let second = xml.with(DATA, "InResponseTo", other);
        let confirmation = "Assertion/Subject/SubjectConfirmation";
        let two = xml.after(confirmation, second.get(confirmation));
        cases.signed(format!("{other:?} at a second confirmation"), &two, mismatch);
    }
    let silent = xml.without_attribute("", "InResponseTo").without_attribute(DATA, "InResponseTo");
    cases.signed("nowhere", &silent, ReasonCode::InResponseToMissing);
    let claimed = xml.without_attribute(DATA, "InResponseTo");
    if cases.genuine.signs_response() {
        let claimed = cases.genuine.signed_by(&claimed, &Signature::default());
        cases.push("only in the signed response", claimed, Want::Genuine).pins = Pins::Ours;
    } else {
        cases.signed("only in the unsigned response", &claimed, ReasonCode::InResponseToMissing);
        let confirmed = xml.without_attribute("", "InResponseTo");
        cases.harmless("only in the signed assertion", confirmed);
    }
    let foreign = xml.moved_to(DATA, "InResponseTo", "urn:x").without_attribute("", "InResponseTo");
    cases.signed("in a namespace", &foreign, ReasonCode::InResponseToMissing);
}

/// Responses without a pending request.
pub(super) fn unsolicited(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let unexpected = ReasonCode::InResponseToUnexpected;
    for allowed in [Unsolicited::Refuse, Unsolicited::Allow] {
        let case = cases.refused("an answer, unasked", xml.clone(), unexpected);
        (case.request, case.unsolicited) = (None, allowed);
        for place in ["", DATA] {
            let half = xml.without_attribute(place, "InResponseTo");
            let case = cases.signed("half an answer, unasked", &half, unexpected);
            (case.request, case.unsolicited) = (None, allowed);
        }
        let silent =
            xml.without_attribute("", "InResponseTo").without_attribute(DATA, "InResponseTo");
        let case = cases.signed("silent, but asked", &silent, ReasonCode::InResponseToMissing);
        case.unsolicited = allowed;
        let case = if allowed == Unsolicited::Refuse {
            cases.signed("silent", &silent, ReasonCode::UnsolicitedRefused)
        } else {
            let silent = cases.genuine.signed_by(&silent, &Signature::default());
            cases.push("silent and allowed", silent, Want::Named("ana@example.com"))
        };
        (case.pins, case.request, case.unsolicited) = (Pins::Ours, None, allowed);
        // A claim outside the signature cannot make an answer of what is none.
        if !cases.genuine.signs_response() {
            let signed = cases.genuine.signed_by(&silent, &Signature::default());
            let claimed = signed.with("", "InResponseTo", REQUEST);
            let case = cases.refused(
                "an unsigned claim",
                claimed.clone(),
                ReasonCode::InResponseToMissing,
            );
            (case.pins, case.unsolicited) = (Pins::Ours, allowed);
            let case = cases.refused("an unsigned claim, unasked", claimed, unexpected);
            (case.pins, case.request, case.unsolicited) = (Pins::Ours, None, allowed);
        }
    }
}
