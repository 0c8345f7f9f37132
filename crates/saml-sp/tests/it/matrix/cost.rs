//! Shapes that are small to send and costly to read. They end at a bound, whatever is signed.

use std::fmt::Write as _;

use saml_sp::{MAX_RESPONSE_BYTES, ReasonCode};

use super::Cases;
use crate::support::{C14N, DS};

const VALUE: &str = "Assertion/AttributeStatement/Attribute/AttributeValue";
const SUBJECT: &str = "Assertion/Subject";

fn numbered(count: usize, write: impl Fn(&mut String, usize)) -> String {
    let mut text = String::new();
    (0..count).for_each(|number| write(&mut text, number));
    text
}

fn nested(count: usize, start: impl Fn(usize) -> String) -> String {
    let starts: String = (0..count).map(start).collect();
    starts + &"</n>".repeat(count)
}

/// What an attacker sends before anybody has vouched for it.
pub(super) fn shapes(cases: &mut Cases<'_>) {
    many_attributes(cases);
    many_namespaces(cases);
    many_elements(cases);
    many_signatures(cases);
    much_text(cases);
}

fn many_attributes(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let code = ReasonCode::XmlTooManyAttributes;
    let attributes = |count| numbered(count, |text, i| write!(text, " a{i}=\"\"").unwrap());
    for count in [33, 1_000, 10_000] {
        let element = format!("<x{}/>", attributes(count));
        for place in ["Status", SUBJECT, VALUE] {
            let many = xml.last_in(place, &element);
            cases.refused(format!("{count} attributes in {place}"), many, code);
        }
    }
    let twenty = format!("<x{}/>", attributes(20_000));
    cases.refused("20,000 attributes", xml.last_in(VALUE, &twenty), ReasonCode::TooLarge);
    let spread = format!("<x{}/>", attributes(30)).repeat(200);
    cases.refused("30 attributes at 200 elements", xml.last_in(VALUE, &spread), code);
    let long = xml.with(SUBJECT, "x", &"y".repeat(100_000));
    cases.refused("an attribute of 100 KB", long, ReasonCode::DigestMismatch);
    let long = xml.with(SUBJECT, &"y".repeat(100_000), "x");
    cases.refused("a name of 100 KB", long, ReasonCode::DigestMismatch);
    let references = xml.with(SUBJECT, "x", &"&#65;".repeat(20_000));
    cases.refused("20,000 references in an attribute", references, ReasonCode::XmlTooManyEscapes);
}

fn many_namespaces(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let code = ReasonCode::XmlTooManyNamespaces;
    let declarations =
        |count| numbered(count, |text, i| write!(text, " xmlns:a{i}=\"urn:{i}\"").unwrap());
    for count in [17, 1_000, 4_000] {
        let element = format!("<x{}/>", declarations(count));
        for place in ["Status", SUBJECT, VALUE] {
            let many = xml.last_in(place, &element);
            cases.refused(format!("{count} declarations in {place}"), many, code);
        }
    }
    let deep = |count: usize| {
        nested(count, |i| format!("<n xmlns:a{i}=\"urn:{i}\" xmlns:b{i}=\"urn:{i}\">"))
    };
    cases.refused("50 nested", xml.last_in(VALUE, &deep(50)), code);
    for count in [70, 900] {
        let many = xml.last_in(VALUE, &deep(count));
        cases.either(format!("{count} nested"), many, &[code, ReasonCode::XmlTooDeep]);
    }
    // Each use of a long name writes it again.
    let bomb = format!("<n xmlns:p=\"urn:{}\">{}</n>", "x".repeat(124), "<p:a/>".repeat(1_000));
    let codes = [ReasonCode::CanonicalizationFailed, ReasonCode::DigestMismatch];
    cases.either("a long name used 1,000 times", xml.last_in(VALUE, &bomb), &codes);
    let long = format!("<n xmlns:p=\"urn:{}\"></n>", "x".repeat(125));
    cases.refused("a name too long", xml.last_in(VALUE, &long), ReasonCode::XmlRelativeNamespace);
    let leaves = nested(4, |_| format!("<n{}>", declarations(15)));
    let leaves =
        leaves.replacen("</n>", &format!("{}</n>", "<a xmlns=\"urn:a\"/>".repeat(1_000)), 1);
    cases.either(
        "leaves in a wide scope",
        xml.last_in(VALUE, &leaves),
        &[code, ReasonCode::DigestMismatch],
    );
    let list = format!(
        "<x:InclusiveNamespaces xmlns:x=\"{C14N}\" PrefixList=\"{}\"/>",
        "p ".repeat(40_000)
    );
    let method = format!("{}/SignedInfo/CanonicalizationMethod", cases.genuine.signature());
    cases.refused(
        "a list of 40,000 prefixes",
        xml.filled(&method, &list),
        ReasonCode::SignatureMalformed,
    );
}

fn many_elements(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let (many, deep) = (ReasonCode::XmlTooManyElements, ReasonCode::XmlTooDeep);
    for place in ["Status", SUBJECT, VALUE] {
        for count in [65, 1_000, 10_000] {
            let nest = nested(count, |_| "<n>".to_owned());
            let nested = xml.last_in(place, &nest);
            cases.refused(format!("{count} deep in {place}"), nested, deep);
        }
        cases.refused(format!("5,000 in {place}"), xml.last_in(place, &"<x/>".repeat(5_000)), many);
        cases.refused(
            format!("25,000 in {place}"),
            xml.last_in(place, &"<x/>".repeat(25_000)),
            many,
        );
        let open = "<x>".repeat(30_000);
        cases.refused(format!("30,000 open in {place}"), xml.last_in(place, &open), deep);
    }
    let long = format!("<{0}></{0}>", "x".repeat(50_000));
    cases.refused("names of 50 KB", xml.last_in(VALUE, &long), ReasonCode::DigestMismatch);
    let open = format!("{}{}", xml.0, "<x".repeat(30_000));
    cases.refused("tags that never close", open, ReasonCode::XmlMalformed);
}

fn many_signatures(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let empty = format!("<Signature xmlns=\"{DS}\"/>");
    let codes = [ReasonCode::SignatureMalformed, ReasonCode::SignatureMultiple];
    for (place, name) in [("Issuer", "in the response"), ("Assertion/Issuer", "in the assertion")] {
        let many = xml.after(place, &empty.repeat(1_000));
        cases.either(format!("1,000 {name}"), many, &codes);
    }
    let after = xml.after(cases.genuine.signature(), &empty.repeat(1_000));
    cases.refused("1,000 after the genuine", after, ReasonCode::SignatureMultiple);
    let inside = xml.last_in(SUBJECT, &empty.repeat(1_000));
    let misplaced = [ReasonCode::SignatureMisplaced];
    cases.either("1,000 misplaced", inside, &misplaced);
    let reference = format!("{}/SignedInfo/Reference", cases.genuine.signature());
    let many = xml.after(&reference, &format!("<Reference xmlns=\"{DS}\"/>").repeat(1_000));
    cases.refused("1,000 references", many, ReasonCode::ReferenceCount);
}

fn much_text(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let mismatch = ReasonCode::DigestMismatch;
    let room = MAX_RESPONSE_BYTES - xml.0.len();
    let text = xml.last_in(VALUE, &"x".repeat(room));
    cases.refused("128 KB of text", text, mismatch);
    let text = xml.last_in(VALUE, &"x".repeat(room + 1));
    cases.refused("a byte more", text, ReasonCode::TooLarge);
    let text = xml.last_in(VALUE, &"x".repeat(10_000_000));
    cases.refused("10 MB", text, ReasonCode::TooLarge);
    cases.refused(
        "space around",
        format!("{}{}", xml.0, " ".repeat(room + 1)),
        ReasonCode::TooLarge,
    );
    cases.harmless("as much space as fits", format!("{}{}", xml.0, " ".repeat(room)));
    for (name, reference) in [
        ("decimal", "&#65;"),
        ("hexadecimal", "&#x41;"),
        ("named", "&amp;"),
        ("wide", "&#x10FFFD;"),
    ] {
        let references = xml.last_in(VALUE, &reference.repeat(room / reference.len()));
        cases.refused(format!("{name} references"), references, ReasonCode::XmlTooManyEscapes);
    }
    let sections = |count| xml.last_in(VALUE, &"<![CDATA[]]>".repeat(count));
    cases.harmless("500 empty sections", sections(500));
    cases.refused("8,000 empty sections", sections(8_000), ReasonCode::XmlTooManyEscapes);
    let comments = xml.last_in(VALUE, &"<!---->".repeat(2_000));
    cases.harmless("2,000 comments", comments);
    let comment = xml.last_in(VALUE, &format!("<!--{}-->", "x".repeat(room - 7)));
    cases.harmless("a comment of 120 KB", comment);
    let escapes = xml.last_in(VALUE, &">".repeat(room));
    let too_long = ReasonCode::CanonicalizationFailed;
    cases.refused("text that grows fourfold", escapes, too_long);
}
