//! Namespaces: what has no canonical form, what reads differently elsewhere, and what only looks
//! like the element it is not.

use saml_sp::ReasonCode;

use super::Cases;
use crate::support::{DS, SAML, SAMLP};
use crate::surgery::Xml;

const MALFORMED: ReasonCode = ReasonCode::XmlMalformed;
const MISMATCH: ReasonCode = ReasonCode::DigestMismatch;
const RELATIVE: ReasonCode = ReasonCode::XmlRelativeNamespace;
const NAME: &str = "Assertion/Subject/NameID";
const XSI: &str = "xmlns:xsj=\"http://www.w3.org/2001/XMLSchema-instance\"";
const VALUE: &str = "Assertion/AttributeStatement/Attribute/AttributeValue";

/// Names for which canonical XML is undefined, so that libraries sign or verify nothing.
pub(super) fn void_canonicalization(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for uri in [
        "1",
        "x",
        "./x",
        "../x",
        "/x",
        "//x/y",
        "#x",
        "?x",
        ":",
        "1:x",
        " ",
        "%",
        "x y",
        "urn:x y",
        "urn:x ",
        " urn:x",
        "urn:\u{e9}",
        "urn:&#10;x",
        "urn:x&amp;y",
        "urn:&quot;",
        "a b:c",
        "urn:",
    ] {
        for place in ["", "Issuer", "Status", "Assertion", NAME, VALUE] {
            let declared = xml.with(place, "xmlns:void", uri);
            cases.refused(format!("`{uri}` at `{place}`"), declared, RELATIVE);
        }
        let used = xml.last_in(VALUE, &format!("<x xmlns=\"{uri}\"/>"));
        cases.refused(format!("`{uri}` used"), used, RELATIVE);
        let used = xml.tagged(NAME, &format!("xmlns:void=\"{uri}\" void:x=\"y\""));
        cases.refused(format!("`{uri}` on an attribute"), used, RELATIVE);
        let signed = cases.genuine.signature();
        let declared = xml.with(&format!("{signed}/SignedInfo"), "xmlns:void", uri);
        cases.refused(format!("`{uri}` in SignedInfo"), declared, RELATIVE);
    }
    for place in ["", "Assertion", NAME] {
        let undeclared = xml.with(place, "xmlns:void", "");
        cases.either("a prefix undeclared", undeclared, &[RELATIVE, MALFORMED]);
    }
}

/// Prefixes bound anew, twice, wrongly, or not at all.
pub(super) fn games(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for place in
        ["", "Status", "Assertion", "Assertion/Subject", NAME, VALUE, cases.genuine.signature()]
    {
        for (name, value) in [
            ("xmlns:xmlns", "urn:x"),
            ("xmlns:xmlns", "http://www.w3.org/2000/xmlns/"),
            ("xmlns:xml", "urn:x"),
            ("xmlns:x", "http://www.w3.org/2000/xmlns/"),
            ("xmlns:x", "http://www.w3.org/XML/1998/namespace"),
            ("unbound:x", "y"),
            (":x", "y"),
            ("x:", "y"),
            ("x:y:z", "w"),
            ("xmlns:", "urn:x"),
        ] {
            let declared = xml.tagged(place, &format!("{name}=\"{value}\""));
            cases.refused(format!("{name}={value} at `{place}`"), declared, MALFORMED);
        }
        let twice = xml.tagged(place, "xmlns:x=\"urn:x\" xmlns:x=\"urn:y\"");
        cases.refused(format!("a prefix twice at `{place}`"), twice, MALFORMED);
        let twice = xml.tagged(place, "xmlns:a=\"urn:x\" xmlns:b=\"urn:x\" a:x=\"1\" b:x=\"2\"");
        cases.refused(format!("an attribute twice at `{place}`"), twice, MALFORMED);
        // An unused declaration has no place in the canonical form, nor in what is read.
        let unused = xml.tagged(place, "xmlns:unused=\"urn:x\"");
        cases.harmless(format!("an unused prefix at `{place}`"), unused);
    }
    for written in [
        "<:a/>",
        "<a:/>",
        "<a:b:c/>",
        "<unbound:a/>",
        "<xmlns:a/>",
        "<1a/>",
        "< a/>",
        "<a/ >",
        "<a b/>",
        "<a b=c/>",
        "<a b='<'/>",
        "<a b='1'c='2'/>",
        "<a></b>",
        "<a></:a>",
        "<a></A>",
        "<a b='1' b='2'/>",
        "</a>",
        "<a>",
        "<a",
        "<>",
        "<!>",
        "<![CDATA[x]]",
        "<!--a--b-->",
        "<!--->",
        "]]>",
    ] {
        let malformed = if written == "<!>" { ReasonCode::XmlDoctype } else { MALFORMED };
        for place in ["Status", VALUE] {
            cases.refused(format!("{written} in {place}"), xml.last_in(place, written), malformed);
        }
    }
    let default = xml.tagged("Assertion", "xmlns=\"urn:x\" xmlns=\"urn:y\"");
    cases.refused("two default namespaces", default, MALFORMED);
    bound_anew(cases);
}

/// The prefix of an element bound to something else at the element itself.
fn bound_anew(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let signature = cases.genuine.signature();
    for (place, code) in [
        ("", ReasonCode::NotAResponse),
        ("Assertion", ReasonCode::AssertionMissing),
        ("Issuer", ReasonCode::StructureUnexpected),
        ("Status", ReasonCode::StructureUnexpected),
        ("Status/StatusCode", ReasonCode::StatusMissing),
        ("Assertion/Issuer", ReasonCode::StructureUnexpected),
        ("Assertion/Subject", ReasonCode::StructureUnexpected),
        ("Assertion/Conditions", ReasonCode::StructureUnexpected),
        (NAME, MISMATCH),
        (VALUE, MISMATCH),
        (signature, ReasonCode::StructureUnexpected),
        (&format!("{signature}/SignedInfo"), ReasonCode::SignatureMalformed),
        (&format!("{signature}/SignedInfo/Reference"), ReasonCode::ReferenceCount),
        (&format!("{signature}/SignedInfo/Reference/Transforms"), ReasonCode::TransformsRefused),
        (&format!("{signature}/SignatureValue"), ReasonCode::SignatureMalformed),
    ] {
        let prefix = xml.prefix(place).trim_end_matches(':');
        let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
        for uri in
            ["urn:x", "urn:oasis:names:tc:SAML:1.0:assertion", "http://www.w3.org/2000/09/xmldsig"]
        {
            cases.refused(format!("{uri} at `{place}`"), xml.with(place, &name, uri), code);
        }
    }
    // Attributes in a namespace are other attributes.
    for (place, name, code) in [
        ("Assertion", "ID", ReasonCode::IdMissing),
        ("Assertion", "Version", ReasonCode::VersionUnsupported),
        ("", "Version", ReasonCode::VersionUnsupported),
        ("Status/StatusCode", "Value", ReasonCode::StatusNotSuccess),
        ("Assertion/Conditions", "NotOnOrAfter", MISMATCH),
        ("Assertion/Subject/SubjectConfirmation", "Method", MISMATCH),
    ] {
        for uri in [SAML, SAMLP, "urn:x"] {
            let moved = xml.moved_to(place, name, uri);
            cases.refused(format!("{name} moved to {uri}"), moved, code);
        }
    }
    for (name, value) in [("xml:lang", "de"), ("xml:base", "https://x/"), ("xml:space", "preserve")]
    {
        for place in ["Assertion", NAME, VALUE] {
            let added = xml.with(place, name, value);
            cases.refused(format!("{name} at {place}"), added, MISMATCH);
        }
    }
}

/// Elements and types that look like others.
pub(super) fn spoofing(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let unexpected = ReasonCode::StructureUnexpected;
    let everywhere = |from: &str, to: &str| Xml(xml.0.replace(from, to));
    for old in [
        "urn:oasis:names:tc:SAML:1.0:protocol",
        "urn:oasis:names:tc:SAML:1.1:protocol",
        "urn:oasis:names:tc:saml:2.0:protocol",
        SAML,
    ] {
        cases.refused(
            old,
            everywhere(&format!("\"{SAMLP}\""), &format!("\"{old}\"")),
            ReasonCode::NotAResponse,
        );
    }
    for old in [
        "urn:oasis:names:tc:SAML:1.0:assertion",
        "urn:oasis:names:tc:SAML:1.1:assertion",
        "urn:oasis:names:tc:SAML:2.0:Assertion",
        SAMLP,
    ] {
        cases.refused(
            old,
            everywhere(&format!("\"{SAML}\""), &format!("\"{old}\"")),
            ReasonCode::AssertionMissing,
        );
    }
    for old in [
        "http://www.w3.org/2000/09/xmldsig",
        "https://www.w3.org/2000/09/xmldsig#",
        "http://www.w3.org/2009/xmldsig11#",
        SAML,
    ] {
        cases.refused(old, everywhere(&format!("\"{DS}\""), &format!("\"{old}\"")), unexpected);
    }
    let protocol = xml.prefix("").to_owned();
    for name in [
        "LogoutResponse",
        "ArtifactResponse",
        "AuthnRequest",
        "response",
        "Responses",
        "NameIDMappingResponse",
    ] {
        let renamed = xml.renamed("", &format!("{protocol}{name}"));
        cases.refused(name, renamed, ReasonCode::NotAResponse);
    }
    let saml = xml.prefix("Assertion").to_owned();
    for name in ["assertion", "ASSERTION", "Assertions", "Assertion."] {
        let renamed = xml.renamed("Assertion", &format!("{saml}{name}"));
        cases.refused(name, renamed, ReasonCode::AssertionMissing);
    }
    let beyond_ascii = xml.renamed("Assertion", &format!("{saml}Assertio\u{304}n"));
    cases.refused("Assertio\u{304}n", beyond_ascii, ReasonCode::XmlMalformed);
    for version in ["1.0", "1.1", "2", "2.1", "02.0", " 2.0", "2.0 ", ""] {
        for place in ["", "Assertion"] {
            let old = xml.with(place, "Version", version);
            cases.refused(format!("version {version}"), old, ReasonCode::VersionUnsupported);
        }
    }
    types(cases);
}

/// Names and types of a schema, which nobody reads here.
fn types(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let saml = xml.prefix("Assertion").to_owned();
    let unexpected = ReasonCode::StructureUnexpected;
    for (place, name, code) in [
        ("Assertion/Subject", "subject", unexpected),
        ("Assertion/Subject", "BaseID", unexpected),
        ("Assertion/Conditions", "Condition", unexpected),
        ("Assertion/AuthnStatement", "Statement", unexpected),
        ("Assertion/AuthnStatement", "SubjectStatement", unexpected),
        ("Assertion/AttributeStatement", "AuthnStatement", MISMATCH),
        (NAME, "BaseID", MISMATCH),
        (NAME, "Issuer", MISMATCH),
        (NAME, "NameIdentifier", MISMATCH),
    ] {
        let renamed = xml.renamed(place, &format!("{saml}{name}"));
        cases.refused(format!("{place} as {name}"), renamed.clone(), code);
        let path = place.replace(place.rsplit('/').next().unwrap(), name);
        let typed = renamed.tagged(&path, &format!("{XSI} xsj:type=\"saml:SubjectType\""));
        cases.refused(format!("{place} as {name} with a type"), typed, code);
    }
    for place in ["Assertion", "Assertion/Subject", NAME, "Assertion/Conditions"] {
        for (name, value) in [
            ("xsj:type", "saml:Evil"),
            ("xsj:nil", "true"),
            ("xsj:schemaLocation", "urn:x https://evil.example/x.xsd"),
        ] {
            let typed = xml.tagged(place, &format!("{XSI} {name}=\"{value}\""));
            cases.refused(format!("{name} at {place}"), typed, MISMATCH);
        }
    }
}
