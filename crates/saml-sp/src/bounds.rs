//! How much a response may hold, and from bytes to text.

use std::borrow::Cow;

use crate::rejection::{ReasonCode, Rejection};
use crate::xml::Limits;

/// Largest accepted response in bytes of XML. AWS IAM Identity Center, the largest sender known
/// with a documented limit, stops at 50,000 characters.
pub const MAX_RESPONSE_BYTES: usize = 128 * 1024;

/// For responses. The costliest genuine ones list hundreds of groups, with one element, one
/// attribute and two namespace declarations for each.
pub(crate) const RESPONSE: Limits = Limits {
    bytes: MAX_RESPONSE_BYTES,
    depth: 64,
    elements: 2_048,
    parts: 3_072,
    attributes_per_element: 16,
    attributes: 1_536,
    namespaces_per_element: 16,
    namespaces: 2_048,
    namespaces_in_scope: 24,
    escapes: 2_048,
};

/// Checks the size of a document and returns it as text, without a byte order mark and with line
/// feeds only: XML 1.0 section 2.11 turns every line end into one before anything is parsed.
pub(crate) fn admit<'x>(xml: &'x [u8], limits: &Limits) -> Result<Cow<'x, str>, Rejection> {
    if xml.len() > limits.bytes {
        return Err(Rejection::new(
            ReasonCode::TooLarge,
            format!("the document is larger than {} bytes", limits.bytes),
        ));
    }
    let text = std::str::from_utf8(xml).map_err(|_| not_utf8())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.contains('\r') {
        return Ok(Cow::Borrowed(text));
    }
    let mut lines = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if_eq(&b'\n');
        }
        lines.push(if byte == b'\r' { b'\n' } else { byte });
    }
    String::from_utf8(lines).map(Cow::Owned).map_err(|_| not_utf8())
}

fn not_utf8() -> Rejection {
    Rejection::new(ReasonCode::NotUtf8, "the document is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::parse;

    #[track_caller]
    fn check(xml: &str, expected: Result<(), ReasonCode>) {
        let admitted = admit(xml.as_bytes(), &RESPONSE);
        let parsed = admitted.and_then(|text| parse(&text, &RESPONSE).map(drop));
        assert_eq!(parsed.map_err(|r| r.code()), expected);
    }

    #[test]
    fn line_ends_become_line_feeds() {
        let text = admit(b"<a\r\nb='\r'>\r&#13;\r\n\r</a>", &RESPONSE).unwrap();
        assert_eq!(text, "<a\nb='\n'>\n&#13;\n\n</a>");
    }

    #[test]
    fn each_bound_refuses_one_more_than_it_allows() {
        let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        check(&nested(64), Ok(()));
        check(&nested(65), Err(ReasonCode::XmlTooDeep));

        let flat = |n: usize| format!("<r>{}</r>", "<a/>".repeat(n - 1));
        check(&flat(2_048), Ok(()));
        check(&flat(2_049), Err(ReasonCode::XmlTooManyElements));

        let attributes =
            |n: usize| (0..n).map(|i| format!(" a{i}=''")).collect::<Vec<_>>().concat();
        check(&format!("<a{}/>", attributes(16)), Ok(()));
        check(&format!("<a{}/>", attributes(17)), Err(ReasonCode::XmlTooManyAttributes));
        let wide = format!("<a{}/>", attributes(16));
        check(&format!("<r>{}</r>", wide.repeat(96)), Ok(()));
        check(&format!("<r>{}</r>", wide.repeat(97)), Err(ReasonCode::XmlTooManyAttributes));

        let spaces =
            |n: usize| (0..n).map(|i| format!(" xmlns:n{i}='u:{i}'")).collect::<Vec<_>>().concat();
        check(&format!("<a{}/>", spaces(16)), Ok(()));
        check(&format!("<a{}/>", spaces(17)), Err(ReasonCode::XmlTooManyNamespaces));
        let inside =
            |n: usize| format!("{}{}", format!("<a{}>", spaces(8)).repeat(n), "</a>".repeat(n));
        check(&inside(3), Ok(()));
        check(&inside(4), Err(ReasonCode::XmlTooManyNamespaces));
        check(&format!("<r>{}</r>", inside(3).repeat(3)), Ok(()));
    }

    #[test]
    fn one_reference_or_section_over_the_bound_is_refused() {
        let escapes = |references: usize, sections: usize| {
            let (reference, section) = ("&#65;&lt;".repeat(references / 2), "<![CDATA[x]]>");
            format!("<a b='{reference}'>{reference}{}</a>", section.repeat(sections))
        };
        check(&escapes(1_000, 48), Ok(()));
        check(&escapes(1_000, 49), Err(ReasonCode::XmlTooManyEscapes));
        check(&escapes(1_026, 0), Err(ReasonCode::XmlTooManyEscapes));
    }

    #[test]
    fn one_byte_over_the_size_is_refused() {
        let fill = |n: usize| format!("<a>{}</a>", "x".repeat(n - 7));
        check(&fill(MAX_RESPONSE_BYTES), Ok(()));
        check(&fill(MAX_RESPONSE_BYTES + 1), Err(ReasonCode::TooLarge));
    }

    #[test]
    fn other_encodings_are_refused() {
        let code = |xml: &[u8]| admit(xml, &RESPONSE).unwrap_err().code();
        assert_eq!(code(b"<a>\xff</a>"), ReasonCode::NotUtf8);
        assert_eq!(code(b"\xff\xfe<\0a\0/\0>\0"), ReasonCode::NotUtf8);
    }
}
