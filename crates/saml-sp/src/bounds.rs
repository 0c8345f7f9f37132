//! Bounds on the raw bytes, before any tree is built.
//!
//! A tree of 20,000 attributes or 900 nested namespaces costs a parser far more than its bytes
//! suggest. This scan is linear and allocates one small stack. It is no XML parser: it only ever
//! refuses, and what it lets through is still judged by the parser.

use std::borrow::Cow;

use crate::rejection::{ReasonCode, Rejection};

/// Largest accepted response in bytes of XML. AWS IAM Identity Center, the largest sender known
/// with a documented limit, stops at 50,000 characters.
pub const MAX_RESPONSE_BYTES: usize = 128 * 1024;

/// What a document may hold.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
    pub(crate) elements: usize,
    pub(crate) attributes_per_element: usize,
    pub(crate) attributes: usize,
    pub(crate) namespaces_per_element: usize,
    pub(crate) namespaces: usize,
    pub(crate) namespaces_in_scope: usize,
    /// Sum of the declarations in scope over all elements that declare one: so many does the tree
    /// builder copy, and it searches those of an element for each that it copies.
    pub(crate) namespaces_copied: usize,
}

/// For responses. The costliest genuine ones list hundreds of groups, with one element, one
/// attribute and two namespace declarations for each.
pub(crate) const RESPONSE: Limits = Limits {
    bytes: MAX_RESPONSE_BYTES,
    depth: 64,
    elements: 4_096,
    attributes_per_element: 32,
    attributes: 4_096,
    namespaces_per_element: 16,
    namespaces: 4_096,
    namespaces_in_scope: 64,
    namespaces_copied: 16_384,
};

/// Checks the bytes against `limits` and returns them as text, without a byte order mark and with
/// line feeds only.
///
/// XML 1.0 section 2.11 turns every line end into a line feed before anything is parsed. The tree
/// builder does it piecemeal and leaves a carriage return beside a character reference alone, which
/// would fail genuine signatures.
pub(crate) fn admit<'x>(xml: &'x [u8], limits: &Limits) -> Result<Cow<'x, str>, Rejection> {
    if xml.len() > limits.bytes {
        return Err(Rejection::new(
            ReasonCode::TooLarge,
            format!("the document is larger than {} bytes", limits.bytes),
        ));
    }
    let text = std::str::from_utf8(xml)
        .map_err(|_| Rejection::new(ReasonCode::NotUtf8, "the document is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Scan::new(limits).run(text)?;
    if text.contains('\r') {
        Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
    } else {
        Ok(Cow::Borrowed(text))
    }
}

/// Counters of one pass over a document.
struct Scan<'l> {
    limits: &'l Limits,
    elements: usize,
    attributes: usize,
    namespaces: usize,
    in_scope: usize,
    copied: usize,
    /// For each open element, how many namespaces it declares.
    open: Vec<usize>,
}

impl<'l> Scan<'l> {
    fn new(limits: &'l Limits) -> Self {
        let open = Vec::with_capacity(limits.depth);
        Self { limits, elements: 0, attributes: 0, namespaces: 0, in_scope: 0, copied: 0, open }
    }

    fn run(&mut self, text: &str) -> Result<(), Rejection> {
        let mut rest = match text.strip_prefix("<?xml") {
            Some(declaration) if declaration.starts_with([' ', '\t', '\r', '\n']) => {
                let (inside, rest) = split(declaration, "?>")?;
                check_declaration(inside)?;
                rest
            }
            _ => text,
        };
        while let Some((_, markup)) = rest.split_once('<') {
            rest = match markup.as_bytes().first() {
                Some(b'?') => {
                    return Err(Rejection::new(
                        ReasonCode::XmlProcessingInstruction,
                        "the document holds a processing instruction",
                    ));
                }
                Some(b'!') => skip_declaration(markup)?,
                Some(b'/') if markup.starts_with("/:") => return Err(malformed()),
                Some(b'/') => {
                    let declared = self.open.pop().ok_or_else(malformed)?;
                    self.in_scope = self.in_scope.saturating_sub(declared);
                    split(markup, ">")?.1
                }
                _ => self.start_tag(markup)?,
            };
        }
        Ok(())
    }

    fn start_tag<'x>(&mut self, markup: &'x str) -> Result<&'x str, Rejection> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Rejection::new(
                ReasonCode::XmlTooManyElements,
                format!("more than {} elements", self.limits.elements),
            ));
        }
        let name_end = markup
            .find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
            .ok_or_else(malformed)?;
        // The tree builder would take `<:a>` for `<a>`, as others do not.
        if markup.starts_with(':') {
            return Err(malformed());
        }
        let mut rest = markup.get(name_end..).unwrap_or_default();
        let (mut attributes, mut namespaces, mut default_namespace) = (0, 0, false);
        loop {
            rest = rest.trim_ascii_start();
            if let Some(after) = rest.strip_prefix("/>") {
                self.count(attributes, namespaces)?;
                return Ok(after);
            }
            if let Some(after) = rest.strip_prefix('>') {
                self.count(attributes, namespaces)?;
                self.open(namespaces)?;
                return Ok(after);
            }
            let (name, value, after) = attribute(rest)?;
            rest = after;
            match namespace_prefix(name)? {
                None => attributes += 1,
                Some(prefix) => {
                    namespaces += 1;
                    check_namespace(prefix, value)?;
                    // The tree builder does not notice a second default namespace.
                    if prefix.is_empty() && std::mem::replace(&mut default_namespace, true) {
                        return Err(malformed());
                    }
                }
            }
        }
    }

    fn count(&mut self, attributes: usize, namespaces: usize) -> Result<(), Rejection> {
        self.attributes += attributes;
        self.namespaces += namespaces;
        if namespaces > 0 {
            self.copied += self.in_scope + namespaces;
        }
        if attributes > self.limits.attributes_per_element
            || self.attributes > self.limits.attributes
        {
            return Err(Rejection::new(
                ReasonCode::XmlTooManyAttributes,
                format!(
                    "more than {} attributes on one element or {} in all",
                    self.limits.attributes_per_element, self.limits.attributes
                ),
            ));
        }
        if namespaces > self.limits.namespaces_per_element
            || self.namespaces > self.limits.namespaces
            || self.in_scope + namespaces > self.limits.namespaces_in_scope
            || self.copied > self.limits.namespaces_copied
        {
            return Err(Rejection::new(
                ReasonCode::XmlTooManyNamespaces,
                format!(
                    "more than {} namespaces on one element, {} in scope or {} in all",
                    self.limits.namespaces_per_element,
                    self.limits.namespaces_in_scope,
                    self.limits.namespaces
                ),
            ));
        }
        Ok(())
    }

    fn open(&mut self, namespaces: usize) -> Result<(), Rejection> {
        if self.open.len() >= self.limits.depth {
            return Err(Rejection::new(
                ReasonCode::XmlTooDeep,
                format!("elements nest deeper than {}", self.limits.depth),
            ));
        }
        self.open.push(namespaces);
        self.in_scope += namespaces;
        Ok(())
    }
}

/// Steps over a comment or a CDATA section, given what follows the `<`.
fn skip_declaration(markup: &str) -> Result<&str, Rejection> {
    if let Some(comment) = markup.strip_prefix("!--") {
        Ok(split(comment, "-->")?.1)
    } else if let Some(data) = markup.strip_prefix("![CDATA[") {
        Ok(split(data, "]]>")?.1)
    } else {
        Err(Rejection::new(
            ReasonCode::XmlDoctype,
            "the document holds a DOCTYPE or another markup declaration",
        ))
    }
}

/// Reads one attribute: its name, its raw value, and what follows.
fn attribute(text: &str) -> Result<(&str, &str, &str), Rejection> {
    let (name, rest) = split(text, "=")?;
    let name = name.trim_ascii_end();
    let starts_badly = name.is_empty() || name.starts_with(':');
    if starts_badly || name.contains(|c: char| c.is_ascii_whitespace() || "<>/'\"".contains(c)) {
        return Err(malformed());
    }
    let rest = rest.trim_ascii_start();
    let (value, rest) = match rest.as_bytes().first() {
        Some(b'"') => split(rest.get(1..).unwrap_or_default(), "\"")?,
        Some(b'\'') => split(rest.get(1..).unwrap_or_default(), "'")?,
        _ => return Err(malformed()),
    };
    if value.contains('<') {
        return Err(malformed());
    }
    Ok((name, value, rest))
}

/// The declared prefix when an attribute declares a namespace; empty for the default one.
fn namespace_prefix(name: &str) -> Result<Option<&str>, Rejection> {
    match name.split_once(':') {
        None => Ok((name == "xmlns").then_some("")),
        Some(("xmlns", "xmlns" | "xml")) => Err(malformed()),
        Some(("xmlns", prefix)) if !prefix.is_empty() => Ok(Some(prefix)),
        // The tree builder would take `p:xmlns` for a default namespace.
        Some((_, "xmlns")) => Err(malformed()),
        Some(_) => Ok(None),
    }
}

/// Canonical XML has no meaning for relative namespace names, and libraries that canonicalise
/// them to nothing have verified signatures over nothing.
fn check_namespace(prefix: &str, value: &str) -> Result<(), Rejection> {
    let undeclared_default = prefix.is_empty() && value.is_empty();
    let is_absolute = value.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !rest.is_empty()
    });
    let is_plain = value.bytes().all(|b| b.is_ascii_graphic() && !b"&<>\"{}|\\^`".contains(&b));
    if undeclared_default || (is_absolute && is_plain) {
        Ok(())
    } else {
        Err(Rejection::new(
            ReasonCode::XmlRelativeNamespace,
            "a namespace name is not a plain absolute URI",
        ))
    }
}

/// Checks version and encoding of the XML declaration.
fn check_declaration(inside: &str) -> Result<(), Rejection> {
    let mut rest = inside.trim_ascii();
    while !rest.is_empty() {
        let (name, value, after) = attribute(rest)?;
        match name {
            "encoding" if !value.eq_ignore_ascii_case("utf-8") => {
                return Err(Rejection::new(
                    ReasonCode::NotUtf8,
                    "the XML declaration names an encoding other than UTF-8",
                ));
            }
            "version" if value != "1.0" => return Err(malformed()),
            "encoding" | "version" | "standalone" => {}
            _ => return Err(malformed()),
        }
        rest = after.trim_ascii_start();
    }
    Ok(())
}

fn split<'x>(text: &'x str, at: &str) -> Result<(&'x str, &'x str), Rejection> {
    text.split_once(at).ok_or_else(malformed)
}

fn malformed() -> Rejection {
    Rejection::new(ReasonCode::XmlMalformed, "the document is not well-formed XML")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(xml: &str, expected: Result<(), ReasonCode>) {
        assert_eq!(admit(xml.as_bytes(), &RESPONSE).map(drop).map_err(|r| r.code()), expected);
    }

    #[test]
    fn plain_documents_pass() {
        check("<a/>", Ok(()));
        check("\u{feff}<?xml version='1.0' encoding=\"utf-8\" standalone='no'?>\n<a>x</a>", Ok(()));
        check("<a b = '>' c='/>'><!-- <?x <!DOCTYPE --><![CDATA[<?x <!DOCTYPE]]></a>", Ok(()));
        check("<p:a xmlns:p='urn:p' xmlns='' xmlns:q='http://q/'/>", Ok(()));
    }

    #[test]
    fn line_ends_become_line_feeds() {
        let text = admit(b"<a\r\nb='\r'>\r&#13;\r\n\r</a>", &RESPONSE).unwrap();
        assert_eq!(text, "<a\nb='\n'>\n&#13;\n\n</a>");
    }

    #[test]
    fn declarations_and_instructions_are_refused() {
        check("<!DOCTYPE a><a/>", Err(ReasonCode::XmlDoctype));
        check("<a><!ENTITY x 'y'></a>", Err(ReasonCode::XmlDoctype));
        check("<?pi?><a/>", Err(ReasonCode::XmlProcessingInstruction));
        check("<a><?pi?></a>", Err(ReasonCode::XmlProcessingInstruction));
        check("<?xml-stylesheet href='x'?><a/>", Err(ReasonCode::XmlProcessingInstruction));
        check(" <?xml version='1.0'?><a/>", Err(ReasonCode::XmlProcessingInstruction));
        check("<?xml version='1.0' encoding='UTF-16'?><a/>", Err(ReasonCode::NotUtf8));
        check("<?xml version='1.1'?><a/>", Err(ReasonCode::XmlMalformed));
    }

    #[test]
    fn empty_prefixes_are_refused() {
        check("<:a/>", Err(ReasonCode::XmlMalformed));
        check("<a></:a>", Err(ReasonCode::XmlMalformed));
        check("<a :b=''/>", Err(ReasonCode::XmlMalformed));
        check("<a : b=''/>", Err(ReasonCode::XmlMalformed));
        check("<a b=':c'>:d</a>", Ok(()));
    }

    #[test]
    fn namespaces_must_be_absolute_and_declared_once() {
        check("<a xmlns='x'/>", Err(ReasonCode::XmlRelativeNamespace));
        check("<a xmlns:p='../x'/>", Err(ReasonCode::XmlRelativeNamespace));
        check("<a xmlns:p=''/>", Err(ReasonCode::XmlRelativeNamespace));
        check("<a xmlns:p='urn:&#120;'/>", Err(ReasonCode::XmlRelativeNamespace));
        check("<a xmlns='urn:a>'/>", Err(ReasonCode::XmlRelativeNamespace));
        check("<a xmlns='urn:a\"'/>", Err(ReasonCode::XmlRelativeNamespace));
        check("<a xmlns='urn:a' xmlns='urn:b'/>", Err(ReasonCode::XmlMalformed));
        check("<a xmlns:p='urn:p' p:xmlns='urn:b'/>", Err(ReasonCode::XmlMalformed));
        check(
            "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
            Err(ReasonCode::XmlMalformed),
        );
    }

    #[test]
    fn each_bound_refuses_one_more_than_it_allows() {
        let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        check(&nested(64), Ok(()));
        check(&nested(65), Err(ReasonCode::XmlTooDeep));

        let flat = |n: usize| format!("<r>{}</r>", "<a/>".repeat(n - 1));
        check(&flat(4_096), Ok(()));
        check(&flat(4_097), Err(ReasonCode::XmlTooManyElements));

        let attributes =
            |n: usize| (0..n).map(|i| format!(" a{i}=''")).collect::<Vec<_>>().concat();
        check(&format!("<a{}/>", attributes(32)), Ok(()));
        check(&format!("<a{}/>", attributes(33)), Err(ReasonCode::XmlTooManyAttributes));
        let wide = format!("<a{}/>", attributes(32));
        check(&format!("<r>{}</r>", wide.repeat(128)), Ok(()));
        check(&format!("<r>{}</r>", wide.repeat(129)), Err(ReasonCode::XmlTooManyAttributes));

        let spaces =
            |n: usize| (0..n).map(|i| format!(" xmlns:n{i}='u:{i}'")).collect::<Vec<_>>().concat();
        check(&format!("<a{}/>", spaces(16)), Ok(()));
        check(&format!("<a{}/>", spaces(17)), Err(ReasonCode::XmlTooManyNamespaces));
        let inside =
            |n: usize| format!("{}{}", format!("<a{}>", spaces(16)).repeat(n), "</a>".repeat(n));
        check(&inside(4), Ok(()));
        check(&inside(5), Err(ReasonCode::XmlTooManyNamespaces));
        check(&format!("<r>{}</r>", inside(4).repeat(3)), Ok(()));
    }

    #[test]
    fn declarations_inside_many_others_are_refused_earlier_than_those_inside_few() {
        let spaces: Vec<_> = (0..15).map(|i| format!(" xmlns:n{i}='u:{i}'")).collect();
        let around = |outer: usize, leaves: usize| {
            let open = format!("<a{}>", spaces.concat()).repeat(outer);
            format!("<r>{open}{}{}</r>", "<b xmlns='u:b'/>".repeat(leaves), "</a>".repeat(outer))
        };
        // 15 + 30 + 45 + 60 copied on the way in, then 61 for each leaf.
        check(&around(4, 266), Ok(()));
        check(&around(4, 267), Err(ReasonCode::XmlTooManyNamespaces));
        check(&around(0, 4_000), Ok(()));
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
