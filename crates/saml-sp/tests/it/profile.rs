//! Who it is for, when, and in answer to what.

use saml_sp::{ClockSkew, ReasonCode, Rejection, VerifiedAssertion};

use crate::support::*;

/// Checks a fault in all three ways of signing, so that no check depends on what was signed.
#[track_caller]
fn refused_however_signed(document: &Document, code: ReasonCode) {
    refused(verify(&document.signed_assertion()), code);
    refused(verify(&document.signed_response()), code);
    refused(verify(&document.signed_both()), code);
}

fn verify_at(time: &str) -> Result<VerifiedAssertion, Rejection> {
    let xml = Document::default().signed_both();
    verifier().verify_xml(xml.as_bytes(), at(time), Some(REQUEST))
}

#[test]
fn the_end_is_not_on_or_after_plus_the_skew() {
    assert_eq!(verify_at("2026-11-21T10:05:59.999Z").unwrap().assertion_id(), "_assertion1");
    refused(verify_at("2026-11-21T10:06:00Z"), ReasonCode::Expired);
    refused(verify_at("2027-11-21T10:06:00Z"), ReasonCode::Expired);
}

#[test]
fn the_beginning_is_the_time_of_issue_minus_the_skew() {
    assert_eq!(verify_at("2026-11-21T09:59:00Z").unwrap().assertion_id(), "_assertion1");
    refused(verify_at("2026-11-21T09:58:59.999Z"), ReasonCode::NotYetValid);
}

#[test]
fn not_before_is_honoured_in_conditions_and_confirmation() {
    let window = "NotBefore=\"2026-11-21T10:01:01Z\" NotOnOrAfter=\"2026-11-21T10:05:00Z\"";
    let document =
        Document { conditions: conditions(window, &audience(SP)), ..Document::default() };
    refused_however_signed(&document, ReasonCode::NotYetValid);
    let data = confirmation_data_with(&format!(
        "InResponseTo=\"{REQUEST}\" NotBefore=\"2026-11-21T10:01:01Z\" \
         NotOnOrAfter=\"2026-11-21T10:05:00Z\" Recipient=\"{ACS}\""
    ));
    let document = Document { subject: subject(NAME_ID, BEARER, &data), ..Document::default() };
    refused_however_signed(&document, ReasonCode::NotYetValid);
}

#[test]
fn the_earlier_end_of_conditions_and_confirmation_counts() {
    let data = confirmation_data_with(&format!(
        "InResponseTo=\"{REQUEST}\" NotOnOrAfter=\"2026-11-21T09:59:00Z\" Recipient=\"{ACS}\""
    ));
    let document = Document { subject: subject(NAME_ID, BEARER, &data), ..Document::default() };
    refused_however_signed(&document, ReasonCode::Expired);
    let window = "NotOnOrAfter=\"2026-11-21T09:59:00Z\"";
    let document =
        Document { conditions: conditions(window, &audience(SP)), ..Document::default() };
    refused_however_signed(&document, ReasonCode::Expired);
}

#[test]
fn an_assertion_is_taken_for_a_day_at_most_however_long_it_says() {
    let end = "NotOnOrAfter=\"2027-11-21T10:00:00Z\"";
    let data =
        confirmation_data_with(&format!("InResponseTo=\"{REQUEST}\" {end} Recipient=\"{ACS}\""));
    let document = Document {
        conditions: conditions(end, &audience(SP)),
        subject: subject(NAME_ID, BEARER, &data),
        ..Document::default()
    };
    let xml = document.signed_both();
    let taken = |time| verifier().verify_xml(xml.as_bytes(), at(time), Some(REQUEST));
    let last = taken("2026-11-22T10:00:59.999Z").unwrap();
    assert_eq!(last.issued_at(), at("2026-11-21T10:00:00Z"));
    refused(taken("2026-11-22T10:01:00Z"), ReasonCode::Expired);
}

#[test]
fn the_skew_is_at_most_two_minutes() {
    assert_eq!(ClockSkew::from_secs(121), None);
    assert_eq!(ClockSkew::from_secs(120), Some(ClockSkew::MAX));
    let xml = Document::default().signed_both();
    let none = verifier().with_clock_skew(ClockSkew::from_secs(0).unwrap());
    let late = none.verify_xml(xml.as_bytes(), at("2026-11-21T10:05:00Z"), Some(REQUEST));
    refused(late, ReasonCode::Expired);
    let most = verifier().with_clock_skew(ClockSkew::MAX);
    let late = most.verify_xml(xml.as_bytes(), at("2026-11-21T10:06:59Z"), Some(REQUEST)).unwrap();
    assert_eq!(late.replay_until(), at("2026-11-21T10:07:00Z"));
}

#[test]
fn zones_that_xml_schema_does_not_have_are_refused() {
    for zone in ["+14:01", "-14:01", "+25:00"] {
        let issue_instant = format!("2026-11-21T10:00:00{zone}");
        let document = Document { issue_instant, ..Document::default() };
        refused_however_signed(&document, ReasonCode::TimeMalformed);
    }
}
