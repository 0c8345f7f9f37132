//! Writing text into XML. The same escapes serve canonical XML and our own documents.

/// Appends character data, escaped as canonical XML does it.
pub(crate) fn push_text(out: &mut String, text: &str) {
    push(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Appends the value of an attribute in double quotes, escaped as canonical XML does it.
pub(crate) fn push_attribute(out: &mut String, value: &str) {
    push(out, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

fn push(out: &mut String, text: &str, replacement: impl Fn(u8) -> Option<&'static str>) {
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(escaped) = replacement(byte) {
            // Only ASCII is replaced, so both sides are whole characters.
            out.push_str(text.get(written..at).unwrap_or_default());
            out.push_str(escaped);
            written = at + 1;
        }
    }
    out.push_str(text.get(written..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_escape_what_canonical_xml_names_and_nothing_else() {
        let all = "a&<>\"'\t\n\ré€😀";
        let (mut text, mut attribute) = (String::new(), String::new());
        push_text(&mut text, all);
        push_attribute(&mut attribute, all);
        assert_eq!(text, "a&amp;&lt;&gt;\"'\t\n&#xD;é€😀");
        assert_eq!(attribute, "a&amp;&lt;>&quot;'&#x9;&#xA;&#xD;é€😀");
    }
}
