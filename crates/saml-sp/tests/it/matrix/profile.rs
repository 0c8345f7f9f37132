//! What the provider signed, but not for us, not now, or not about a sign-in.

use saml_sp::ReasonCode;

use super::{Cases, Want};
use crate::support::{ACS, SAML, SAMLP, SP, SUCCESS};

const CONDITIONS: &str = "Assertion/Conditions";
const RESTRICTION: &str = "Assertion/Conditions/AudienceRestriction";
const AUDIENCE: &str = "Assertion/Conditions/AudienceRestriction/Audience";
const CONFIRMATION: &str = "Assertion/Subject/SubjectConfirmation";
const DATA: &str = "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData";
const NAME: &str = "Assertion/Subject/NameID";
const AUTHN: &str = "Assertion/AuthnStatement";

/// Addresses that are almost ours.
fn almost(ours: &str) -> Vec<String> {
    vec![
        "https://other.example/".to_owned(),
        format!("{ours}/"),
        format!("{ours}x"),
        format!("{ours}?x"),
        format!("{ours}#x"),
        format!("{ours}.evil.example"),
        format!("https://evil.example/?{ours}"),
        format!(" {ours}"),
        format!("{ours} "),
        ours.to_uppercase(),
        ours.replace("https:", "http:"),
        ours.replace("sp.example", "sp.example:443"),
        ours.replace("sp.example", "sp.example."),
        ours.replace("sp.example", "x@sp.example"),
        ours.replace("/saml", "//saml"),
        ours.replace("/saml", "/x/../saml"),
        ours.replace("/saml", "/%73aml"),
        ours[..ours.len() - 1].to_owned(),
        "urn:x".to_owned(),
        "*".to_owned(),
    ]
}

/// For another service provider, or for nobody in particular.
pub(super) fn audience(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let (mismatch, missing) = (ReasonCode::AudienceMismatch, ReasonCode::AudienceMissing);
    for other in almost(SP) {
        cases.signed(other.clone(), &xml.filled(AUDIENCE, &other), mismatch);
    }
    cases.signed("empty", &xml.filled(AUDIENCE, ""), mismatch);
    cases.signed("an element in it", &xml.first_in(AUDIENCE, "<x/>"), mismatch);
    cases.signed("no audience", &xml.filled(RESTRICTION, ""), mismatch);
    let foreign = xml.tagged(RESTRICTION, "xmlns:x=\"urn:x\"").renamed(AUDIENCE, "x:Audience");
    cases.signed("a foreign audience", &foreign, mismatch);
    let other = xml.filled(AUDIENCE, "https://other.example/");
    let second = xml.after(RESTRICTION, other.get(RESTRICTION));
    cases.signed("a second restriction to others", &second, mismatch);
    let first = xml.before(RESTRICTION, other.get(RESTRICTION));
    cases.signed("a first restriction to others", &first, mismatch);
    cases.signed("no restriction", &xml.without(RESTRICTION), missing);
    cases.signed("no conditions", &xml.without(CONDITIONS), missing);
    let once = format!("<OneTimeUse xmlns=\"{SAML}\"/>");
    let only = xml.filled(CONDITIONS, &once);
    cases.signed("another condition only", &only, missing);
    for namespace in ["urn:x", SAML] {
        let condition = format!("<Condition xmlns=\"{namespace}\"/>");
        let unknown = xml.last_in(CONDITIONS, &condition);
        cases.signed(condition, &unknown, ReasonCode::ConditionUnknown);
    }
    let spoof = xml.last_in(CONDITIONS, "<AudienceRestriction xmlns=\"urn:x\"/>");
    cases.signed("a foreign restriction", &spoof, ReasonCode::ConditionUnknown);
}

/// By somebody else.
pub(super) fn issuer(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let mismatch = ReasonCode::IssuerMismatch;
    let ours = cases.genuine.issuer().to_owned();
    for place in ["Issuer", "Assertion/Issuer"] {
        for other in [
            "https://other.example/".to_owned(),
            format!("{ours}/x"),
            format!("{ours} "),
            format!(" {ours}"),
            format!("\n{ours}"),
            ours.to_uppercase(),
            ours[..ours.len() - 1].to_owned(),
            String::new(),
            format!("<x/>{ours}"),
        ] {
            cases.signed(format!("{other:?} in {place}"), &xml.filled(place, &other), mismatch);
            // Before any signature is looked at.
            cases.refused(
                format!("{other:?} in {place}, unsigned"),
                xml.filled(place, &other),
                mismatch,
            );
        }
        for format in ["urn:x", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", ""] {
            let formatted = xml.with(place, "Format", format);
            cases.signed(format!("format {format} at {place}"), &formatted, mismatch);
        }
    }
    if !cases.genuine.signs_response() {
        cases.harmless("none in the unsigned response", xml.without("Issuer"));
    }
    let none = xml.without("Assertion/Issuer");
    cases.signed("none in the assertion", &none, ReasonCode::IssuerMissing);
}

/// Sent on by a service provider that got it first.
pub(super) fn recipient(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let mismatch = ReasonCode::RecipientMismatch;
    for other in almost(ACS) {
        let changed = xml.with(DATA, "Recipient", &other);
        cases.signed(other.clone(), &changed, mismatch);
        let second = changed.get(CONFIRMATION).to_owned();
        cases.signed(format!("{other} too"), &xml.after(CONFIRMATION, &second), mismatch);
        cases.signed(format!("{other} first"), &xml.before(CONFIRMATION, &second), mismatch);
    }
    cases.signed("empty", &xml.with(DATA, "Recipient", ""), mismatch);
    let missing = ReasonCode::RecipientMissing;
    cases.signed("none", &xml.without_attribute(DATA, "Recipient"), missing);
    cases.signed("no data", &xml.without(DATA), missing);
    let foreign = xml.moved_to(DATA, "Recipient", "urn:x");
    cases.signed("in a namespace", &foreign, missing);
    let twice = xml.after(DATA, xml.get(DATA));
    cases.signed("two data", &twice, ReasonCode::StructureUnexpected);
}

/// Sent to another address.
pub(super) fn destination(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let mismatch = ReasonCode::DestinationMismatch;
    for other in almost(ACS) {
        cases.signed(other.clone(), &xml.with("", "Destination", &other), mismatch);
    }
    cases.signed("empty", &xml.with("", "Destination", ""), mismatch);
    let none = xml.without_attribute("", "Destination");
    if cases.genuine.signs_response() {
        cases.signed("none", &none, ReasonCode::DestinationMissing);
        let foreign = xml.moved_to("", "Destination", "urn:x");
        cases.signed("in a namespace", &foreign, ReasonCode::DestinationMissing);
    } else {
        // Nothing signed speaks of it: the recipient does that, and is required.
        cases.harmless("none", none);
        for other in almost(ACS) {
            let changed = xml.with("", "Destination", &other);
            cases.refused(format!("{other}, unsigned"), changed, mismatch);
        }
    }
}

/// No bearer, and so not for whoever brings it.
pub(super) fn confirmation(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let missing = ReasonCode::BearerMissing;
    for method in [
        "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
        "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches",
        "urn:oasis:names:tc:SAML:1.0:cm:bearer",
        "urn:oasis:names:tc:SAML:2.0:cm:Bearer",
        "urn:oasis:names:tc:SAML:2.0:cm:bearer ",
        "bearer",
        "",
    ] {
        cases.signed(method, &xml.with(CONFIRMATION, "Method", method), missing);
    }
    cases.signed("no method", &xml.without_attribute(CONFIRMATION, "Method"), missing);
    let foreign = xml.moved_to(CONFIRMATION, "Method", "urn:x");
    cases.signed("a method in a namespace", &foreign, missing);
    cases.signed("none", &xml.without(CONFIRMATION), missing);
    cases.signed("no subject", &xml.without("Assertion/Subject"), missing);
    let outside = xml.without(CONFIRMATION).last_in("Assertion/Conditions", xml.get(CONFIRMATION));
    cases.signed("in the conditions", &outside, ReasonCode::ConditionUnknown);
    let outside = xml.without(CONFIRMATION).after("Assertion/Subject", xml.get(CONFIRMATION));
    cases.signed("beside the subject", &outside, ReasonCode::StructureUnexpected);
}

/// Too early, too late, or at no time.
pub(super) fn times(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let (early, late) = (ReasonCode::NotYetValid, ReasonCode::Expired);
    for (seconds, code) in [
        (-66, early),
        (-3_600, early),
        (-86_400, early),
        (-31_536_000, early),
        (7_200, late),
        (86_400, late),
        (31_536_000, late),
    ] {
        cases.refused(format!("{seconds} s later"), xml.clone(), code).later = seconds;
    }
    let future = "2026-11-22T12:00:00Z";
    let past = "2026-11-20T12:00:00Z";
    let malformed = ReasonCode::TimeMalformed;
    cases.signed("conditions begin later", &xml.with(CONDITIONS, "NotBefore", future), early);
    cases.signed("confirmation begins later", &xml.with(DATA, "NotBefore", future), early);
    cases.signed("issued later", &xml.with("Assertion", "IssueInstant", future), early);
    cases.signed("conditions ended", &xml.with(CONDITIONS, "NotOnOrAfter", past), late);
    cases.signed("confirmation ended", &xml.with(DATA, "NotOnOrAfter", past), late);
    let session = xml.with(AUTHN, "SessionNotOnOrAfter", past);
    cases.signed("session ended", &session, ReasonCode::SessionExpired);
    for (place, name) in [(CONDITIONS, "conditions"), (DATA, "confirmation")] {
        let endless = xml.without_attribute(place, "NotOnOrAfter");
        cases.signed(format!("{name} without an end"), &endless, ReasonCode::NotOnOrAfterMissing);
    }
    let timeless = xml.without_attribute("Assertion", "IssueInstant");
    cases.signed("not issued", &timeless, malformed);
    cases.signed("no sign-in time", &xml.without_attribute(AUTHN, "AuthnInstant"), malformed);
    if cases.genuine.signs_response() {
        cases.signed("response issued later", &xml.with("", "IssueInstant", future), early);
        let timeless = xml.without_attribute("", "IssueInstant");
        cases.signed("response not issued", &timeless, malformed);
    }
    for time in [
        "2026-11-22T12:00:00",
        "2026-11-22 12:00:00Z",
        "2026-11-22",
        "2026-11-22T12:00Z",
        "2026-11-22T25:00:00Z",
        "2026-13-22T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-22T12:00:00+99:00",
        "20261122T120000Z",
        "1795255200",
        " 2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00Z ",
        "9999999-01-01T00:00:00Z",
        "2026-11-22T12:00:00Zx",
        "tomorrow",
        "",
    ] {
        for (place, name) in [
            (CONDITIONS, "NotBefore"),
            (CONDITIONS, "NotOnOrAfter"),
            (DATA, "NotOnOrAfter"),
            ("Assertion", "IssueInstant"),
            (AUTHN, "AuthnInstant"),
            (AUTHN, "SessionNotOnOrAfter"),
        ] {
            cases.signed(format!("{name} {time:?}"), &xml.with(place, name, time), malformed);
        }
    }
}

/// The provider says that nobody signed in.
pub(super) fn status(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let failed = ReasonCode::StatusNotSuccess;
    let urn = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{name}");
    let nested = |inside: &str| format!("<StatusCode xmlns=\"{SAMLP}\" Value=\"{inside}\"/>");
    for value in [
        urn("Requester"),
        urn("Responder"),
        urn("VersionMismatch"),
        urn("AuthnFailed"),
        urn("NoPassive"),
        urn("success"),
        urn("Success "),
        format!(" {SUCCESS}"),
        SUCCESS.to_uppercase(),
        "urn:oasis:names:tc:SAML:1.0:status:Success".to_owned(),
        "Success".to_owned(),
        String::new(),
    ] {
        let changed = xml.with("Status/StatusCode", "Value", &value);
        cases.refused(value.clone(), changed.clone(), failed);
        cases.signed(format!("{value}, signed"), &changed, failed);
        let hidden = changed.filled("Status/StatusCode", &nested(SUCCESS));
        cases.signed(format!("{value} above success"), &hidden, failed);
    }
    let valueless = xml.without_attribute("Status/StatusCode", "Value");
    cases.signed("no value", &valueless, failed);
    let missing = ReasonCode::StatusMissing;
    cases.signed("no code", &xml.filled("Status", ""), missing);
    cases.signed("no status", &xml.without("Status"), missing);
    let elsewhere =
        xml.without("Status").last_in("", &format!("<x xmlns=\"urn:x\">{}</x>", nested(SUCCESS)));
    cases.signed("elsewhere", &elsewhere, ReasonCode::StructureUnexpected);
    let twice = xml.after("Status/StatusCode", &nested(&urn("Responder")));
    cases.signed("two codes", &twice, ReasonCode::StructureUnexpected);
}

/// Nobody in particular signed in.
pub(super) fn statements(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let subject = ReasonCode::SubjectMissing;
    cases.signed("no name", &xml.without(NAME), subject);
    for blank in ["", " ", "\n", "<!-- ana -->", "<![CDATA[]]>", "&#32;"] {
        cases.signed(format!("name {blank:?}"), &xml.filled(NAME, blank), subject);
    }
    let text = ReasonCode::TextRefused;
    cases.signed("an element in the name", &xml.first_in(NAME, "<x>evil</x>"), text);
    cases.signed("an element after the name", &xml.last_in(NAME, "<x/>"), text);
    let two = xml.after(NAME, xml.get(NAME));
    cases.signed("two names", &two, ReasonCode::StructureUnexpected);
    cases.signed("no sign-in", &xml.without(AUTHN), ReasonCode::AuthnStatementMissing);
    let attribute = "Assertion/AttributeStatement/Attribute";
    let nameless = ReasonCode::AttributeUnnamed;
    cases.signed("a nameless attribute", &xml.without_attribute(attribute, "Name"), nameless);
    cases.signed("an empty name", &xml.with(attribute, "Name", ""), nameless);
    // The provider's own word counts, whatever it says.
    let renamed = xml.filled(NAME, "bob@example.com");
    let renamed = cases.genuine.signed_by(&renamed, &crate::support::Signature::default());
    cases.push("another name", renamed, Want::Named("bob@example.com")).pins = super::Pins::Ours;
}
