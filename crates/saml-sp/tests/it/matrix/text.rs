//! Texts cut by what canonicalisation drops, processing instructions, and DTDs.

use saml_sp::ReasonCode;

use super::{ANA, Cases, Pins, Want};
use crate::support::{SP, Signature};
use crate::surgery::Xml;

const NAME: &str = "Assertion/Subject/NameID";
const AUDIENCE: &str = "Assertion/Conditions/AudienceRestriction/Audience";
const ISSUER: &str = "Assertion/Issuer";

/// The `AttributeValue` that is `u-1001`.
fn user_value(xml: &Xml) -> (usize, usize) {
    let at = xml.0.find(">u-1001<").unwrap() + 1;
    (at, at + "u-1001".len())
}

/// A comment or a CDATA section in a text never shortens it.
pub(super) fn split(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for place in [NAME, AUDIENCE, ISSUER, "Issuer"] {
        let text = xml.content(place).to_owned();
        let (head, tail) = text.split_at(text.len() / 2);
        for (name, written) in [
            ("comment in the middle", format!("{head}<!---->{tail}")),
            ("comment first", format!("<!-- x -->{text}")),
            ("comment last", format!("{text}<!-- {text} -->")),
            ("comments", format!("<!--a-->{head}<!--b--><!--c-->{tail}<!--d-->")),
            ("comment of markup", format!("{head}<!--</x><y>-->{tail}")),
            ("CDATA", format!("<![CDATA[{text}]]>")),
            ("half CDATA", format!("{head}<![CDATA[{tail}]]>")),
            ("empty CDATA", format!("{head}<![CDATA[]]>{tail}")),
            ("CDATA beside CDATA", format!("<![CDATA[{head}]]><![CDATA[{tail}]]>")),
            ("comment beside CDATA", format!("{head}<!--x--><![CDATA[{tail}]]>")),
            (
                "character reference",
                format!("{head}&#x{:x};{}", u32::from(tail.as_bytes()[0]), &tail[1..]),
            ),
        ] {
            cases.harmless(format!("{name} in {place}"), xml.filled(place, &written));
        }
        let code = match place {
            ISSUER | "Issuer" => ReasonCode::IssuerMismatch,
            _ => ReasonCode::DigestMismatch,
        };
        for (name, written) in [
            ("element", format!("{head}<x/>{tail}")),
            ("element first", format!("<x>evil</x>{text}")),
            ("text after a comment", format!("{text}<!---->.evil.example")),
            ("text in CDATA", format!("{text}<![CDATA[.evil.example]]>")),
            ("comment in CDATA", format!("{head}<![CDATA[<!---->]]>{tail}")),
        ] {
            cases.refused(format!("{name} in {place}"), xml.filled(place, &written), code);
        }
    }
    for (name, written) in [("comment", "u-<!-- -->1001"), ("CDATA", "u-<![CDATA[1001]]>")] {
        let (from, to) = user_value(xml);
        let written = Xml(format!("{}{written}{}", &xml.0[..from], &xml.0[to..]));
        cases.harmless(format!("{name} in an attribute value"), written);
    }
    long_names(cases);
}

/// The provider signed a longer text, of which the attacker wants only the beginning to be read.
fn long_names(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let cuts = ["<!---->", "<!-- x -->", "<![CDATA[]]>"];
    let long = xml.filled(NAME, "ana@example.com.evil.example");
    let long = cases.genuine.signed_by(&long, &Signature::default());
    for cut in cuts {
        let written = long.filled(NAME, &format!("{ANA}{cut}.evil.example"));
        cases.push("cut name", written, Want::Named("ana@example.com.evil.example")).pins =
            Pins::Ours;
    }
    let (from, to) = user_value(xml);
    let user = Xml(format!("{}u-1001-2{}", &xml.0[..from], &xml.0[to..]));
    let user = cases.genuine.signed_by(&user, &Signature::default());
    for cut in cuts {
        let written = user.swapped("u-1001-2", &format!("u-1001{cut}-2"));
        cases.push("cut value", written, Want::User("u-1001-2")).pins = Pins::Ours;
    }
    let audience = xml.filled(AUDIENCE, &format!("{SP}.evil.example"));
    let audience = cases.genuine.signed_by(&audience, &Signature::default());
    for cut in cuts {
        let written = audience.filled(AUDIENCE, &format!("{SP}{cut}.evil.example"));
        let case = cases.refused("cut audience", written, ReasonCode::AudienceMismatch);
        case.pins = Pins::Ours;
    }
    let issuer = cases.genuine.issuer().to_owned();
    for place in [ISSUER, "Issuer"] {
        let long = xml.filled(place, &format!("{issuer}.evil.example"));
        let long = cases.genuine.signed_by(&long, &Signature::default());
        for cut in cuts {
            let written = long.filled(place, &format!("{issuer}{cut}.evil.example"));
            let case = cases.refused("cut issuer", written, ReasonCode::IssuerMismatch);
            case.pins = Pins::Ours;
        }
    }
}

/// A processing instruction is refused wherever it stands.
pub(super) fn processing_instructions(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let code = ReasonCode::XmlProcessingInstruction;
    for instruction in [
        "<?x?>",
        "<?x y?>",
        "<?xml-stylesheet href=\"https://evil.example/x.xsl\" type=\"text/xsl\"?>",
        "<?php echo 1 ?>",
    ] {
        for place in [NAME, AUDIENCE, ISSUER, "Issuer", "Status", "Assertion", ""] {
            cases.refused(format!("first in `{place}`"), xml.first_in(place, instruction), code);
            cases.refused(format!("last in `{place}`"), xml.last_in(place, instruction), code);
        }
        let value = format!("{}/SignedInfo/Reference/DigestValue", cases.genuine.signature());
        cases.refused("in DigestValue", xml.first_in(&value, instruction), code);
        cases.refused("before the root", xml.before("", instruction), code);
        cases.refused("after the root", xml.after("", instruction), code);
    }
    let declaration = "<?xml version=\"1.0\"?>";
    cases.refused("a second declaration", xml.first_in("", declaration), code);
    cases.refused("a late declaration", xml.after("", declaration), code);
    let cut = xml.filled(NAME, "ana@example.com<?x?>.evil.example");
    cases.refused("a name cut", cut, code);
}

/// No document type, however harmless, and no entity that is not XML's own.
pub(super) fn doctype(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let root = xml.0[xml.place("").start + 1..].split([' ', '>']).next().unwrap();
    let laugh = |i| format!("<!ENTITY l{i} \"{}\">", format!("&l{};", i - 1).repeat(10));
    let laughs: Vec<_> = (1..9).map(laugh).collect();
    let laughs = laughs.concat();
    for inside in [
        String::new(),
        " []".to_owned(),
        " SYSTEM \"file:///etc/passwd\"".to_owned(),
        " SYSTEM \"https://evil.example/x.dtd\"".to_owned(),
        " PUBLIC \"-//x\" \"https://evil.example/x.dtd\"".to_owned(),
        " [<!ENTITY x \"ana\">]".to_owned(),
        " [<!ENTITY x SYSTEM \"file:///etc/passwd\">]".to_owned(),
        " [<!ENTITY % x SYSTEM \"https://evil.example/x\"> %x;]".to_owned(),
        format!(" [<!ENTITY l0 \"lol\">{laughs}]"),
        format!(" [<!ENTITY x \"{}\">]", "x".repeat(50_000)),
        format!(" [<!ATTLIST {root} ID ID #IMPLIED>]"),
        format!(" [<!ATTLIST {root} x CDATA \"evil\">]"),
        " [<!ELEMENT x ANY>]".to_owned(),
        " [<!NOTATION x SYSTEM \"x\">]".to_owned(),
        " [<!-- x -->]".to_owned(),
    ] {
        let doctype = format!("<!DOCTYPE {root}{inside}>");
        cases.refused("before the root", xml.before("", &doctype), ReasonCode::XmlDoctype);
        let used = xml.before("", &doctype).swapped(">ana@example.com<", ">&x;&l8;<");
        cases.refused("used", used, ReasonCode::XmlDoctype);
    }
    for declaration in
        ["<!DOCTYPE x>", "<!doctype x>", "<!ENTITY x \"y\">", "<!ATTLIST x y ID #IMPLIED>"]
    {
        for place in ["", "Status", "Assertion", NAME] {
            let inside = xml.first_in(place, declaration);
            cases.refused(format!("{declaration} in `{place}`"), inside, ReasonCode::XmlDoctype);
        }
        cases.refused("after the root", xml.after("", declaration), ReasonCode::XmlDoctype);
    }
    for reference in
        ["&x;", "&xxe;", "&nbsp;", "&amp", "&", "&#;", "&#x;", "&#xZZ;", "&LT;", "& amp;"]
    {
        for place in [NAME, "Issuer", AUDIENCE] {
            let named = xml.last_in(place, reference);
            cases.refused(format!("{reference} in {place}"), named, ReasonCode::XmlMalformed);
        }
        let attribute = xml.with("Assertion/Subject/NameID", "Format", reference);
        cases.refused(format!("{reference} as a value"), attribute, ReasonCode::XmlMalformed);
    }
    let include =
        "<include xmlns=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>";
    let included = xml.last_in("Assertion/AttributeStatement/Attribute/AttributeValue", include);
    cases.refused("an inclusion", included, ReasonCode::DigestMismatch);
}
