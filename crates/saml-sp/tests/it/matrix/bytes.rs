//! What surrounds the document, and how its characters are written.

use saml_sp::ReasonCode;

use super::Cases;
use crate::support::SAMLP;

const MALFORMED: ReasonCode = ReasonCode::XmlMalformed;
const NAME: &str = "Assertion/Subject/NameID";

/// One root, which is the Response, and nothing around it.
pub(super) fn roots(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let root = xml.get("").to_owned();
    for (name, around) in [
        ("trailing text", format!("{}x", xml.0)),
        ("trailing NUL", format!("{}\0", xml.0)),
        ("trailing entity", format!("{}&amp;", xml.0)),
        ("trailing CDATA", format!("{}<![CDATA[]]>", xml.0)),
        ("trailing element", format!("{}<a/>", xml.0)),
        ("trailing end tag", format!("{}</a>", xml.0)),
        ("trailing half", format!("{}<a", xml.0)),
        ("itself twice", format!("{}{root}", xml.0)),
        ("leading text", format!("x{root}")),
        ("leading CDATA", format!("<![CDATA[x]]>{root}")),
        ("leading NUL", format!("\0{root}")),
        ("a second byte order mark", format!("\u{feff}\u{feff}{root}")),
        ("an open comment", format!("{}<!--", xml.0)),
        ("cut", root[..root.len() - 1].to_owned()),
        ("cut in half", root[..root.len() / 2].chars().filter(char::is_ascii).collect()),
        ("nothing", String::new()),
        ("blank", " \n".to_owned()),
        ("a comment only", "<!-- x -->".to_owned()),
        ("text only", "x".to_owned()),
        ("JSON", "{}".to_owned()),
    ] {
        cases.refused(name, around, MALFORMED);
    }
    let not = ReasonCode::NotAResponse;
    for (name, other) in [
        ("the assertion alone", xml.get("Assertion").to_owned()),
        (
            "an envelope",
            format!(
                "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body>{root}</Body></Envelope>"
            ),
        ),
        (
            "an artifact response",
            format!("<ArtifactResponse xmlns=\"{SAMLP}\">{root}</ArtifactResponse>"),
        ),
        ("an unknown root", format!("<x>{root}</x>")),
        ("HTML", "<html><body></body></html>".to_owned()),
    ] {
        // Cut out of its surroundings, it may lack the prefixes they bound.
        cases.either(name, other, &[not, MALFORMED]);
    }
    let empty = format!("<Response xmlns=\"{SAMLP}\"/>");
    cases.refused("an empty response before", format!("{empty}{root}"), MALFORMED);
    cases.refused("an empty response after", format!("{}{empty}", xml.0), MALFORMED);
    cases.harmless("a byte order mark", format!("\u{feff}{}", xml.0));
    cases.harmless("comments around", format!("<!-- x -->{root}<!-- y -->"));
    cases.harmless("space around", format!("\n{root}\n\t "));
    if root.contains('\n') {
        cases.harmless("other line ends", root.replace('\n', "\r\n"));
    }
    for declaration in
        ["<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='utf-8' standalone='yes'?>"]
    {
        cases.harmless("a declaration", format!("{declaration}{root}"));
        let twice = format!("{declaration}{declaration}{root}");
        cases.refused("two declarations", twice, ReasonCode::XmlProcessingInstruction);
        let late = format!(" {declaration}{root}");
        cases.refused("a late declaration", late, ReasonCode::XmlProcessingInstruction);
    }
    for declaration in [
        "<?xml version=\"1.1\"?>",
        "<?xml version=\"2.0\"?>",
        "<?xml version=1.0?>",
        "<?xml version=\"1.0\" x=\"y\"?>",
    ] {
        cases.refused(declaration, format!("{declaration}{root}"), MALFORMED);
    }
}

/// UTF-8 only, and only characters that XML has.
pub(super) fn encodings(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let root = xml.get("").to_owned();
    let not_utf8 = ReasonCode::NotUtf8;
    for encoding in [
        "UTF-16",
        "utf-16le",
        "ISO-8859-1",
        "windows-1252",
        "us-ascii",
        "UTF-7",
        "UTF-32",
        "IBM037",
        "utf8",
        "x",
        "",
    ] {
        let declared = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{root}");
        cases.refused(format!("declared as {encoding}"), declared, not_utf8);
    }
    let (little, big): (Vec<_>, Vec<_>) =
        root.encode_utf16().map(|unit| (unit.to_le_bytes(), unit.to_be_bytes())).unzip();
    for (name, mark, units) in [("little", [0xff, 0xfe], little), ("big", [0xfe, 0xff], big)] {
        let units = units.concat();
        cases.refused(format!("UTF-16 {name} marked"), [&mark[..], &units].concat(), not_utf8);
        cases.either(format!("UTF-16 {name}"), units, &[not_utf8, MALFORMED]);
    }
    let wide: Vec<u8> = root.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    cases.either("UTF-32", wide, &[not_utf8, MALFORMED]);
    characters(cases);
}

/// Bytes and characters inside the person's name.
fn characters(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let not_utf8 = ReasonCode::NotUtf8;
    let at = xml.place(NAME).start + xml.get(NAME).find('>').unwrap() + 1;
    let with = |bytes: &[u8]| [&xml.0.as_bytes()[..at], bytes, &xml.0.as_bytes()[at..]].concat();
    for bytes in [
        &b"\xc0\xaf"[..],
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xa0\xbd\xed\xb8\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"\xbf",
        b"\xe2\x82",
        b"\xff",
        b"\xfe",
    ] {
        cases.refused(format!("bytes {bytes:x?}"), with(bytes), not_utf8);
        cases.refused(format!("trailing {bytes:x?}"), [xml.0.as_bytes(), bytes].concat(), not_utf8);
    }
    for text in ["\0", "\u{1}", "\u{8}", "\u{b}", "\u{c}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        cases.refused(format!("{text:?} in a text"), with(text.as_bytes()), MALFORMED);
        let attribute = xml.with(NAME, "NameQualifier", text);
        cases.refused(format!("{text:?} in an attribute"), attribute, MALFORMED);
    }
    for reference in [
        "&#0;",
        "&#1;",
        "&#x1f;",
        "&#xFFFE;",
        "&#xFFFF;",
        "&#xD800;",
        "&#xDFFF;",
        "&#x110000;",
        "&#99999999999;",
        "&#-1;",
    ] {
        // A parser may read U+FFFD instead of refusing: then it is not what was signed.
        let codes = [MALFORMED, ReasonCode::DigestMismatch];
        cases.either(reference, with(reference.as_bytes()), &codes);
    }
    look_alikes(cases);
}

/// Characters that are not seen, and those that look like others.
fn look_alikes(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for text in [
        "\u{85}",
        "\u{2028}",
        "\u{200b}",
        "\u{200d}",
        "\u{202e}",
        "\u{feff}",
        "\u{a0}",
        "\u{ad}",
        "\u{1f600}",
        "e\u{301}",
        "&#13;",
        "&#10;",
        "\r",
        "\n",
        "\t",
        " ",
    ] {
        cases.refused(format!("{text:?}"), xml.first_in(NAME, text), ReasonCode::DigestMismatch);
    }
    // The same text in other characters is another person.
    for look_alike in [
        "\u{430}na@example.com",
        "\u{ff41}na@example.com",
        "ana\u{ff20}example.com",
        "ana@ex\u{e4}mple.com",
    ] {
        let other = xml.filled(NAME, look_alike);
        cases.refused(look_alike, other, ReasonCode::DigestMismatch);
    }
    let written = |as_reference: fn(u8) -> String| {
        xml.filled(NAME, &"ana@example.com".bytes().map(as_reference).collect::<Vec<_>>().concat())
    };
    cases.harmless("references", written(|byte| format!("&#{byte};")));
    cases.harmless("hexadecimal references", written(|byte| format!("&#x000{byte:X};")));
}
