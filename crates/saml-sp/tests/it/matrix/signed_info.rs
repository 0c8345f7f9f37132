//! What a signature says of itself: transforms, references, and the one `SignedInfo`.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::ReasonCode;

use super::{Cases, MALLORY};
use crate::support::{C14N, DS, ENVELOPED, SAMLP};
use crate::surgery::Xml;

const MALFORMED: ReasonCode = ReasonCode::SignatureMalformed;
const EXCLUSIVE_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const INCLUSIVE_11: &str = "http://www.w3.org/2006/12/xml-c14n11";
const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";
const XPATH_FILTER: &str = "http://www.w3.org/2002/06/xmldsig-filter2";
const XSLT: &str = "http://www.w3.org/TR/1999/REC-xslt-19991116";
const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";

fn transform(algorithm: &str) -> String {
    filled(algorithm, "")
}

fn filled(algorithm: &str, inside: &str) -> String {
    format!("<Transform xmlns=\"{DS}\" Algorithm=\"{algorithm}\">{inside}</Transform>")
}

fn transforms_place(signature: &str) -> String {
    format!("{signature}/SignedInfo/Reference/Transforms")
}

fn lists() -> Vec<(&'static str, Vec<String>)> {
    let (enveloped, exclusive) = (transform(ENVELOPED), transform(C14N));
    let xpath =
        filled(XPATH, &format!("<XPath xmlns=\"{DS}\">not(ancestor-or-self::Subject)</XPath>"));
    let filter = filled(
        XPATH_FILTER,
        "<x:XPath xmlns:x=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">//*</x:XPath>",
    );
    let xslt = filled(
        XSLT,
        "<x:stylesheet xmlns:x=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/>",
    );
    let pair = vec![enveloped.clone(), exclusive.clone()];
    let with = |extra: &String| [pair.clone(), vec![extra.clone()]].concat();
    let before = |extra: &String| [vec![extra.clone()], pair.clone()].concat();
    let between = |extra: &String| vec![enveloped.clone(), extra.clone(), exclusive.clone()];
    vec![
        ("none", vec![]),
        ("only enveloped", vec![enveloped.clone()]),
        ("only exclusive", vec![exclusive.clone()]),
        ("reversed", vec![exclusive.clone(), enveloped.clone()]),
        ("enveloped twice", between(&enveloped)),
        ("exclusive twice", with(&exclusive)),
        ("enveloped only twice", vec![enveloped.clone(), enveloped.clone()]),
        ("XPath before", before(&xpath)),
        ("XPath between", between(&xpath)),
        ("XPath after", with(&xpath)),
        ("XPath instead", vec![xpath.clone(), exclusive.clone()]),
        ("XPath alone", vec![enveloped.clone(), xpath]),
        ("filter before", before(&filter)),
        ("filter between", between(&filter)),
        ("filter after", with(&filter)),
        ("XSLT before", before(&xslt)),
        ("XSLT between", between(&xslt)),
        ("XSLT after", with(&xslt)),
        ("XSLT alone", vec![xslt]),
        ("base64 after", with(&transform(BASE64))),
        ("base64 between", between(&transform(BASE64))),
        ("with comments", vec![enveloped.clone(), transform(EXCLUSIVE_COMMENTS)]),
        ("inclusive", vec![enveloped.clone(), transform(INCLUSIVE)]),
        ("inclusive 1.1", vec![enveloped.clone(), transform(INCLUSIVE_11)]),
        ("inclusive after", with(&transform(INCLUSIVE))),
        ("inclusive before", before(&transform(INCLUSIVE))),
        (
            "STR",
            with(&transform(
                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
            )),
        ),
        ("decryption", with(&transform("http://www.w3.org/2002/07/decrypt#XML"))),
        ("unnamed", vec![enveloped.clone(), format!("<Transform xmlns=\"{DS}\"/>")]),
        ("empty name", vec![enveloped.clone(), transform("")]),
        ("unknown", with(&transform("urn:x"))),
        (
            "a foreign element",
            vec![enveloped.clone(), format!("<Transform xmlns=\"urn:x\" Algorithm=\"{C14N}\"/>")],
        ),
        ("a hundred", std::iter::repeat_n(exclusive, 100).collect()),
    ]
}

/// Exactly enveloped-signature and exclusive canonicalisation, in that order.
pub(super) fn transforms(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let refused = ReasonCode::TransformsRefused;
    for signature in cases.genuine.signatures() {
        let place = transforms_place(signature);
        for (name, list) in lists() {
            cases.refused(
                format!("{name} in {signature}"),
                xml.filled(&place, &list.concat()),
                refused,
            );
        }
        cases.refused("no Transforms", xml.without(&place), refused);
        let twice = xml.after(&place, xml.get(&place));
        cases.refused("two Transforms", twice, MALFORMED);
        let text = xml.first_in(&place, "x");
        cases.refused("text", text, MALFORMED);
        let list = |prefixes: &str| {
            format!("<x:InclusiveNamespaces xmlns:x=\"{C14N}\" PrefixList=\"{prefixes}\"/>")
        };
        let one = list("xs");
        for (name, inside, code) in [
            ("a list", one.clone(), ReasonCode::SignatureInvalid),
            ("two lists", one.repeat(2), MALFORMED),
            ("a list of 33", list(&"x ".repeat(33)), MALFORMED),
            ("a list of 10,000", list(&"x ".repeat(10_000)), MALFORMED),
            ("an XPath parameter", format!("<XPath xmlns=\"{DS}\">true()</XPath>"), MALFORMED),
            ("text", "x".to_owned(), MALFORMED),
        ] {
            let exclusive = xml.filled(&place, &(transform(ENVELOPED) + &filled(C14N, &inside)));
            cases.refused(format!("exclusive with {name}"), exclusive, code);
            let enveloped = xml.filled(&place, &(filled(ENVELOPED, &inside) + &transform(C14N)));
            cases.refused(format!("enveloped with {name}"), enveloped, MALFORMED);
        }
    }
}

/// `SignedInfo` itself is canonicalised exclusively, without comments.
pub(super) fn canonicalization_methods(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for signature in cases.genuine.signatures() {
        let place = format!("{signature}/SignedInfo/CanonicalizationMethod");
        for uri in [
            EXCLUSIVE_COMMENTS,
            INCLUSIVE,
            INCLUSIVE_11,
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
            ENVELOPED,
            BASE64,
            XSLT,
            "urn:x",
            "",
        ] {
            let named = xml.with(&place, "Algorithm", uri);
            cases.refused(format!("{uri} in {signature}"), named, ReasonCode::AlgorithmRefused);
        }
        cases.refused("none", xml.without(&place), MALFORMED);
        cases.refused("twice", xml.after(&place, xml.get(&place)), MALFORMED);
        cases.refused("unnamed", xml.without_attribute(&place, "Algorithm"), MALFORMED);
        let attribute = xml.with(&place, "x", "y");
        cases.refused("another attribute", attribute, MALFORMED);
        let inside = xml.filled(&place, &format!("<XPath xmlns=\"{DS}\">true()</XPath>"));
        cases.refused("a parameter", inside, MALFORMED);
    }
}

/// One reading of a signature: no second part, no comment, no foreign part.
pub(super) fn ambiguous(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for signature in cases.genuine.signatures() {
        let info = format!("{signature}/SignedInfo");
        let evil = xml.filled(&format!("{info}/Reference/DigestValue"), "AAAA");
        let evil = evil.get(&info);
        cases.refused("evil SignedInfo first", xml.before(&info, evil), MALFORMED);
        cases.refused("evil SignedInfo second", xml.after(&info, evil), MALFORMED);
        cases.refused("evil SignedInfo last", xml.last_in(signature, evil), MALFORMED);
        let object = format!("<Object xmlns=\"{DS}\">{evil}</Object>");
        cases.refused("evil SignedInfo in Object", xml.last_in(signature, &object), MALFORMED);
        let object = format!("<Object xmlns=\"{DS}\"/>");
        cases.refused("an Object", xml.last_in(signature, &object), MALFORMED);
        let manifest = format!("<Object xmlns=\"{DS}\"><Manifest/></Object>");
        cases.refused("a Manifest", xml.last_in(signature, &manifest), MALFORMED);
        for part in [
            "SignedInfo",
            "SignatureValue",
            "SignedInfo/SignatureMethod",
            "SignedInfo/Reference/DigestMethod",
            "SignedInfo/Reference/DigestValue",
        ] {
            let place = format!("{signature}/{part}");
            cases.refused(format!("{part} twice"), xml.after(&place, xml.get(&place)), MALFORMED);
        }
        for part in [
            "",
            "/SignedInfo",
            "/SignedInfo/CanonicalizationMethod",
            "/SignedInfo/SignatureMethod",
            "/SignedInfo/Reference",
            "/SignedInfo/Reference/Transforms",
            "/SignedInfo/Reference/DigestMethod",
            "/SignedInfo/Reference/DigestValue",
            "/SignatureValue",
            "/KeyInfo",
        ] {
            let place = format!("{signature}{part}");
            for comment in ["<!---->", "<!-- AAAA -->", "<!--\n-->"] {
                cases.refused(
                    format!("comment in {part}"),
                    xml.first_in(&place, comment),
                    MALFORMED,
                );
                if !xml.content(&place).is_empty() {
                    let last = xml.last_in(&place, comment);
                    cases.refused(format!("comment at the end of {part}"), last, MALFORMED);
                }
            }
            if part != "/KeyInfo" {
                cases.refused(format!("text in {part}"), xml.first_in(&place, "!"), MALFORMED);
                let cdata = xml.last_in(&place, "<![CDATA[!]]>");
                cases.refused(format!("CDATA in {part}"), cdata, MALFORMED);
                let child = xml.last_in(&place, &format!("<x xmlns=\"{DS}\"/>"));
                let code = match part {
                    "/SignedInfo/Reference/Transforms" => ReasonCode::TransformsRefused,
                    _ => MALFORMED,
                };
                cases.refused(format!("child in {part}"), child, code);
                cases.refused(
                    format!("attribute of {part}"),
                    xml.with(&place, "x", "y"),
                    MALFORMED,
                );
            }
        }
        let named = xml.with(&info, "Id", "_info");
        cases.refused("SignedInfo with an Id", named, ReasonCode::SignatureInvalid);
        digest_split(cases, signature);
    }
}

/// The digest as others would read it: its first text, or the text around a child.
fn digest_split(cases: &mut Cases<'_>, signature: &str) {
    let xml = cases.xml();
    let place = format!("{signature}/SignedInfo/Reference/DigestValue");
    let digest = xml.content(&place).to_owned();
    for written in [
        format!("AAAA<!--{digest}-->"),
        format!("<!--{digest}-->AAAA"),
        format!("{digest}<!---->AAAA"),
        format!("AAAA<x>{digest}</x>"),
    ] {
        cases.refused("the digest split", xml.filled(&place, &written), MALFORMED);
    }
    // The same canonical form in another spelling is the same signature.
    if signature == cases.genuine.signature() {
        cases.harmless("in CDATA", xml.filled(&place, &format!("<![CDATA[{digest}]]>")));
        let value = format!("{signature}/SignatureValue");
        let spaced = xml.content(&value).replace('A', "A\n");
        cases.harmless("with line ends", xml.filled(&value, &spaced));
        let quoted = xml.get(&format!("{signature}/SignedInfo/SignatureMethod")).replace('"', "'");
        let quoted = xml.replaced(&format!("{signature}/SignedInfo/SignatureMethod"), &quoted);
        cases.harmless("in other quotes", quoted);
    }
}

/// One reference, to the ID of the element around the signature.
pub(super) fn references(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let count = ReasonCode::ReferenceCount;
    for signature in cases.genuine.signatures() {
        let place = format!("{signature}/SignedInfo/Reference");
        let uri = xml.attribute(&place, "URI").unwrap().to_owned();
        let id = uri.trim_start_matches('#').to_owned();
        let other = if signature == "Signature" { "Assertion" } else { "" };
        let other = xml.attribute(other, "ID").unwrap().to_owned();
        for evil in [
            String::new(),
            "#".to_owned(),
            format!("#{other}"),
            id.clone(),
            format!("##{id}"),
            format!("# {id}"),
            format!(" #{id}"),
            format!("#{id} "),
            format!("#{id}&#x20;"),
            format!("#{}", id.to_uppercase()),
            format!("#{}", id.replace('_', "%5F").replace('-', "%2D")),
            format!("?#{id}"),
            format!("./#{id}"),
            format!("https://evil.example/#{id}"),
            "https://evil.example/x.xml".to_owned(),
            "file:///etc/passwd".to_owned(),
            "data:text/xml,%3Cx/%3E".to_owned(),
            "cid:x".to_owned(),
            "#xpointer(/)".to_owned(),
            format!("#xpointer(id('{id}'))"),
            format!("#xpointer(id(&quot;{id}&quot;))"),
            format!("#element({id})"),
            "#xpointer(//*[local-name()='Assertion'])".to_owned(),
            format!("#{id}#{other}"),
            format!("#{other} #{id}"),
        ] {
            if evil != uri {
                let changed = xml.with(&place, "URI", &evil);
                cases.refused(
                    format!("{evil} in {signature}"),
                    changed,
                    ReasonCode::ReferenceMismatch,
                );
            }
        }
        let none = xml.without_attribute(&place, "URI");
        cases.refused("no URI", none, ReasonCode::ReferenceMismatch);
        let foreign = xml.moved_to(&place, "URI", "urn:w");
        cases.refused("a URI in a namespace", foreign, ReasonCode::ReferenceMismatch);
        cases.refused("a Type", xml.with(&place, "Type", "urn:x"), MALFORMED);
        cases.refused("none", xml.without(&place), count);
        let twice = |first: &Xml, second: &str| first.after(&place, second);
        cases.refused("the same twice", twice(xml, xml.get(&place)), count);
        let second = xml.with(&place, "URI", &format!("#{other}"));
        cases.refused("another after", twice(xml, second.get(&place)), count);
        cases.refused("another before", twice(&second, xml.get(&place)), count);
        let empty = xml.with(&place, "URI", "");
        cases.refused("the whole document too", twice(xml, empty.get(&place)), count);
        cases.refused("a hundred", twice(xml, &xml.get(&place).repeat(100)), count);
    }
}

/// A digest of evil content where a search by name finds it before the signed one
/// (CVE-2024-45409, CVE-2025-29775).
pub(super) fn smuggled_digests(cases: &mut Cases<'_>) {
    let signature = cases.genuine.signature();
    let evil = cases.xml().filled("Assertion/Subject/NameID", MALLORY);
    let canonical = evil.canonical(cases.genuine.target(), Some(&evil.place(signature)));
    let digest = STANDARD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let uri = evil.attribute(&format!("{signature}/SignedInfo/Reference"), "URI").unwrap();
    let value = format!("<DigestValue xmlns=\"{DS}\">{digest}</DigestValue>");
    let reference = format!("<Reference xmlns=\"{DS}\" URI=\"{uri}\">{value}</Reference>");
    let info = format!("<SignedInfo xmlns=\"{DS}\">{reference}</SignedInfo>");
    let extensions = format!("<Extensions xmlns=\"{SAMLP}\"/>");
    let detail = format!("<StatusDetail xmlns=\"{SAMLP}\"/>");
    let evil = evil.after("Issuer", &extensions).last_in("Status", &detail);
    for (name, what) in [("value", &value), ("reference", &reference), ("signed info", &info)] {
        for place in ["Extensions", "Status/StatusDetail", "Status/StatusCode", "Issuer"] {
            let code = match place {
                // A text there is the whole of its element.
                "Issuer" => ReasonCode::IssuerMismatch,
                _ => ReasonCode::DigestMismatch,
            };
            cases.refused(format!("{name} in {place}"), evil.last_in(place, what), code);
        }
        for place in [
            "Assertion/Subject/NameID",
            "Assertion/Conditions",
            "Assertion/AttributeStatement/Attribute/AttributeValue",
            &format!("{signature}/KeyInfo"),
        ] {
            let hidden = evil.last_in(place, what);
            cases.refused(format!("{name} in {place}"), hidden, ReasonCode::DigestMismatch);
        }
        let place = format!("{signature}/SignedInfo/Reference/DigestValue");
        cases.refused(format!("{name} before"), evil.before(&place, what), MALFORMED);
        cases.refused(format!("{name} after"), evil.after(&place, what), MALFORMED);
    }
}
