//! From text to a tree, in one pass.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr3, memmem};

use super::text;
use super::{Attribute, Declaration, Document, Element, Kind, Limits, Name, NodeData, Run, Text};
use crate::rejection::{ReasonCode, Rejection};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Namespace names are compared and written again at many places. Those of SAML have 40 bytes.
const MAX_NAMESPACE_BYTES: usize = 128;

/// Parses text whose line ends are line feeds.
///
/// # Errors
/// The first thing in it that is not well-formed, not allowed, or beyond `limits`.
pub(crate) fn parse<'x>(source: &'x str, limits: &Limits) -> Result<Document<'x>, Rejection> {
    if !text::is_allowed(source) {
        return Err(malformed());
    }
    let mut parser = Parser {
        limits,
        rest: source,
        // More than responses hold, so that nothing has to grow; what is not used costs nothing.
        document: Document {
            nodes: Vec::with_capacity(limits.parts.min(source.len() / 32 + 4)),
            elements: Vec::with_capacity(limits.elements.min(source.len() / 64 + 4)),
            texts: Vec::with_capacity(limits.parts.min(source.len() / 64 + 4)),
            attributes: Vec::with_capacity(limits.attributes.min(source.len() / 64 + 4)),
            declarations: Vec::new(),
        },
        open: Vec::with_capacity(16),
        in_scope: Vec::with_capacity(8),
        escapes: 0,
    };
    parser.xml_declaration()?;
    parser.run()?;
    Ok(parser.document)
}

/// An element whose end has not come.
struct Open<'x> {
    node: u32,
    /// As it was written, with its prefix.
    tag: &'x str,
    /// How many declarations were in scope outside it.
    outer_scope: usize,
}

struct Parser<'l, 'x> {
    limits: &'l Limits,
    rest: &'x str,
    document: Document<'x>,
    open: Vec<Open<'x>>,
    in_scope: Vec<Declaration<'x>>,
    escapes: usize,
}

impl<'x> Parser<'_, 'x> {
    fn run(&mut self) -> Result<(), Rejection> {
        loop {
            if self.open.is_empty() {
                self.rest = skip_space(self.rest);
                if self.rest.is_empty() {
                    break;
                }
            } else {
                self.text()?;
            }
            let markup = self.rest.strip_prefix('<').ok_or_else(malformed)?;
            match markup.as_bytes().first() {
                Some(b'/') => self.end_tag(markup.get(1..).unwrap_or_default())?,
                Some(b'!') => self.exclamation(markup)?,
                Some(b'?') => {
                    return Err(Rejection::new(
                        ReasonCode::XmlProcessingInstruction,
                        "the document holds a processing instruction",
                    ));
                }
                _ => self.start_tag(markup)?,
            }
        }
        // Comments do not make a document.
        if self.document.elements.is_empty() { Err(malformed()) } else { Ok(()) }
    }

    fn xml_declaration(&mut self) -> Result<(), Rejection> {
        let Some(inside) =
            self.rest.strip_prefix("<?xml").filter(|s| s.starts_with([' ', '\t', '\n']))
        else {
            return Ok(());
        };
        let (mut inside, rest) = inside.split_once("?>").ok_or_else(malformed)?;
        self.rest = rest;
        // In this order; only the version must be there (XML 1.0, production 23).
        let mut expected = ["version", "encoding", "standalone"].into_iter();
        let mut first = true;
        loop {
            let trimmed = skip_space(inside);
            if trimmed.is_empty() {
                return if first { Err(malformed()) } else { Ok(()) };
            }
            if trimmed.len() == inside.len() {
                return Err(malformed());
            }
            let raw = RawAttribute::read(trimmed)?;
            inside = raw.rest;
            if !raw.prefix.is_empty() || !expected.any(|name| name == raw.local) {
                return Err(malformed());
            }
            match raw.local {
                "encoding" if !raw.value.eq_ignore_ascii_case("utf-8") => {
                    return Err(Rejection::new(
                        ReasonCode::NotUtf8,
                        "the XML declaration names an encoding other than UTF-8",
                    ));
                }
                "version" if raw.value != "1.0" => return Err(malformed()),
                "standalone" if !matches!(raw.value, "yes" | "no") => return Err(malformed()),
                name if first && name != "version" => return Err(malformed()),
                _ => first = false,
            }
        }
    }

    /// Takes the text up to the next markup.
    fn text(&mut self) -> Result<(), Rejection> {
        let bytes = self.rest.as_bytes();
        let plain = memchr3(b'<', b'&', b'>', bytes).ok_or_else(malformed)?;
        let length = match bytes.get(plain) {
            Some(b'<') => plain,
            _ => memchr(b'<', bytes).ok_or_else(malformed)?,
        };
        let raw = self.take(length)?;
        if raw.is_empty() {
            return Ok(());
        }
        if plain == length {
            return self.piece(Text { value: Cow::Borrowed(raw), is_plain: true });
        }
        if raw.contains("]]>") {
            return Err(malformed());
        }
        let value = if raw.contains('&') {
            self.bound_escapes(references(raw))?;
            Cow::Owned(text::resolve(raw).ok_or_else(malformed)?)
        } else {
            Cow::Borrowed(raw)
        };
        self.piece(Text { value, is_plain: false })
    }

    /// A comment or a CDATA section, given what follows `<`.
    fn exclamation(&mut self, markup: &'x str) -> Result<(), Rejection> {
        if let Some(comment) = markup.strip_prefix("!--") {
            let (_, rest) = split_at(comment, "--")?;
            self.rest = rest.strip_prefix('>').ok_or_else(malformed)?;
            if self.open.is_empty() {
                // Nothing looks beside the root.
                return self.bound_escapes(1);
            }
            self.push(Kind::Comment).map(drop)
        } else if let Some(data) = markup.strip_prefix("![CDATA[") {
            let (inside, rest) = split_at(data, "]]>")?;
            self.rest = rest;
            if self.open.is_empty() {
                return Err(malformed());
            }
            self.bound_escapes(1)?;
            if inside.is_empty() {
                return Ok(());
            }
            self.piece(Text { value: Cow::Borrowed(inside), is_plain: false })
        } else {
            Err(Rejection::new(
                ReasonCode::XmlDoctype,
                "the document holds a DOCTYPE or another markup declaration",
            ))
        }
    }

    fn end_tag(&mut self, markup: &'x str) -> Result<(), Rejection> {
        let open = self.open.pop().ok_or_else(malformed)?;
        let rest = markup.strip_prefix(open.tag).ok_or_else(malformed)?;
        self.rest = skip_space(rest).strip_prefix('>').ok_or_else(malformed)?;
        self.close(&open)
    }

    fn close(&mut self, open: &Open<'x>) -> Result<(), Rejection> {
        let end = index(self.document.nodes.len());
        self.document.nodes.get_mut(open.node as usize).ok_or_else(malformed)?.end = end;
        self.in_scope.truncate(open.outer_scope);
        Ok(())
    }

    /// A start tag or an empty element, given what follows `<`.
    fn start_tag(&mut self, markup: &'x str) -> Result<(), Rejection> {
        if self.open.is_empty() && !self.document.elements.is_empty() {
            return Err(malformed());
        }
        if self.document.elements.len() >= self.limits.elements {
            return Err(Rejection::new(
                ReasonCode::XmlTooManyElements,
                format!("more than {} elements", self.limits.elements),
            ));
        }
        if self.open.len() >= self.limits.depth {
            return Err(Rejection::new(
                ReasonCode::XmlTooDeep,
                format!("elements nest deeper than {}", self.limits.depth),
            ));
        }
        let (prefix, local, tag) = qualified_name(markup)?;
        self.rest = markup.get(tag.len()..).ok_or_else(malformed)?;
        let outer_scope = self.in_scope.len();
        let first_attribute = self.document.attributes.len();
        let is_empty = self.attributes(first_attribute, outer_scope)?;
        self.resolve_attributes(first_attribute)?;
        let attributes = run(first_attribute, self.document.attributes.len());

        let first_declaration = self.document.declarations.len();
        let declared = self.in_scope.get(outer_scope..).unwrap_or_default();
        self.document.declarations.extend_from_slice(declared);
        let declarations = run(first_declaration, self.document.declarations.len());
        // The namespace of `xml:lang` has no elements.
        if prefix == "xml" {
            return Err(malformed());
        }
        let namespace = namespace_of(prefix, &self.in_scope)?;
        let name = Name { prefix, local, namespace };
        let node = self.push(Kind::Element(index(self.document.elements.len())))?;
        self.document.elements.push(Element { name, attributes, declarations });
        let open = Open { node, tag, outer_scope };
        if is_empty {
            return self.close(&open);
        }
        self.open.push(open);
        Ok(())
    }

    /// Reads attributes and declarations up to the end of the tag, and says whether the element is
    /// empty.
    fn attributes(&mut self, first: usize, outer_scope: usize) -> Result<bool, Rejection> {
        loop {
            let rest = skip_space(self.rest);
            if let Some(rest) = rest.strip_prefix('>') {
                self.rest = rest;
                return Ok(false);
            }
            if let Some(rest) = rest.strip_prefix("/>") {
                self.rest = rest;
                return Ok(true);
            }
            if rest.len() == self.rest.len() {
                return Err(malformed());
            }
            let raw = RawAttribute::read(rest)?;
            self.rest = raw.rest;
            match (raw.prefix, raw.local) {
                ("", "xmlns") => self.declare("", raw.value, outer_scope)?,
                ("xmlns", prefix) => self.declare(prefix, raw.value, outer_scope)?,
                // Some parsers take `p:xmlns` for a declaration.
                (_, "xmlns") => return Err(malformed()),
                (prefix, local) => {
                    if !raw.is_literal {
                        self.bound_escapes(references(raw.value))?;
                    }
                    let value = raw.text()?;
                    // Its namespace is known when all declarations of the tag are.
                    let name = Name { prefix, local, namespace: "" };
                    self.document.attributes.push(Attribute { name, value });
                    self.bound_attributes(first)?;
                }
            }
        }
    }

    fn bound_attributes(&self, first: usize) -> Result<(), Rejection> {
        let count = self.document.attributes.len();
        if count - first <= self.limits.attributes_per_element && count <= self.limits.attributes {
            return Ok(());
        }
        Err(Rejection::new(
            ReasonCode::XmlTooManyAttributes,
            format!(
                "more than {} attributes on one element or {} in all",
                self.limits.attributes_per_element, self.limits.attributes
            ),
        ))
    }

    /// Counts references, CDATA sections, and comments beside the root: all cost more than their
    /// bytes suggest.
    fn bound_escapes(&mut self, count: usize) -> Result<(), Rejection> {
        self.escapes += count;
        if self.escapes <= self.limits.escapes {
            return Ok(());
        }
        Err(Rejection::new(
            ReasonCode::XmlTooManyEscapes,
            format!("more than {} references and CDATA sections", self.limits.escapes),
        ))
    }

    fn declare(
        &mut self,
        prefix: &'x str,
        namespace: &'x str,
        outer_scope: usize,
    ) -> Result<(), Rejection> {
        let reserved = matches!(prefix, "xml" | "xmlns") || matches!(namespace, XML | XMLNS);
        let own = self.in_scope.get(outer_scope..).unwrap_or_default();
        if reserved || own.iter().any(|declaration| declaration.prefix == prefix) {
            return Err(malformed());
        }
        // Most names of a document are declared again and again.
        let mut recent = self.document.declarations.iter().rev().take(4);
        if !recent.any(|known| !namespace.is_empty() && known.namespace == namespace) {
            check_namespace(prefix, namespace)?;
        }
        let limits = self.limits;
        if own.len() >= limits.namespaces_per_element
            || self.in_scope.len() >= limits.namespaces_in_scope
            || self.document.declarations.len() + own.len() >= limits.namespaces
        {
            return Err(Rejection::new(
                ReasonCode::XmlTooManyNamespaces,
                format!(
                    "more than {} namespaces on one element, {} in scope or {} in all",
                    limits.namespaces_per_element, limits.namespaces_in_scope, limits.namespaces
                ),
            ));
        }
        self.in_scope.push(Declaration { prefix, namespace });
        Ok(())
    }

    /// Finds the namespaces of a tag's attributes, and refuses two of one expanded name.
    fn resolve_attributes(&mut self, first: usize) -> Result<(), Rejection> {
        let Self { document, in_scope, .. } = self;
        let attributes = document.attributes.get_mut(first..).unwrap_or_default();
        for attribute in &mut *attributes {
            // The default namespace is not for attributes.
            if !attribute.prefix().is_empty() {
                attribute.name.namespace = namespace_of(attribute.prefix(), in_scope)?;
            }
        }
        let expanded = |a: &Attribute<'x>| (a.name.local, a.name.namespace);
        let is_twice = attributes.iter().enumerate().any(|(index, attribute)| {
            attributes.iter().skip(index + 1).any(|other| expanded(other) == expanded(attribute))
        });
        if is_twice { Err(malformed()) } else { Ok(()) }
    }

    /// Adds text, to the piece before it if nothing stands between them.
    fn piece(&mut self, text: Text<'x>) -> Result<(), Rejection> {
        let parent = self.open.last().map(|open| open.node);
        let last = self.document.nodes.last().filter(|node| Some(node.parent) == parent);
        let follows_text = last.is_some_and(|node| matches!(node.kind, Kind::Text(_)));
        if let Some(piece) = self.document.texts.last_mut().filter(|_| follows_text) {
            piece.value += text.value;
            piece.is_plain = false;
            return Ok(());
        }
        self.push(Kind::Text(index(self.document.texts.len())))?;
        self.document.texts.push(text);
        Ok(())
    }

    fn push(&mut self, kind: Kind) -> Result<u32, Rejection> {
        let id = index(self.document.nodes.len());
        let Document { nodes, attributes, declarations, .. } = &self.document;
        let parts = nodes.len() + attributes.len() + declarations.len() + self.escapes;
        if parts >= self.limits.parts {
            return Err(Rejection::new(
                ReasonCode::XmlTooManyElements,
                format!(
                    "more than {} elements, attributes, namespaces, texts, comments and references",
                    self.limits.parts
                ),
            ));
        }
        let parent = self.open.last().map_or(id, |open| open.node);
        self.document.nodes.push(NodeData { parent, end: id + 1, kind });
        Ok(id)
    }

    /// Takes so many bytes off the rest.
    fn take(&mut self, length: usize) -> Result<&'x str, Rejection> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// What a prefix stands for, given the declarations in scope.
fn namespace_of<'x>(prefix: &str, in_scope: &[Declaration<'x>]) -> Result<&'x str, Rejection> {
    if prefix == "xml" {
        return Ok(XML);
    }
    let declaration = in_scope.iter().rev().find(|known| known.prefix == prefix);
    match declaration {
        Some(declaration) => Ok(declaration.namespace),
        None if prefix.is_empty() => Ok(""),
        None => Err(malformed()),
    }
}

/// An attribute as it is written.
struct RawAttribute<'x> {
    prefix: &'x str,
    local: &'x str,
    /// Between the quotes.
    value: &'x str,
    /// Whether the value is what it says: no reference, no white space but blanks.
    is_literal: bool,
    rest: &'x str,
}

impl<'x> RawAttribute<'x> {
    fn read(source: &'x str) -> Result<Self, Rejection> {
        let (prefix, local, name) = qualified_name(source)?;
        let rest = skip_space(source.get(name.len()..).unwrap_or_default());
        let rest = skip_space(rest.strip_prefix('=').ok_or_else(malformed)?);
        let quote = rest.as_bytes().first().copied().filter(|b| matches!(b, b'"' | b'\''));
        let (quote, rest) = quote.zip(rest.get(1..)).ok_or_else(malformed)?;
        let stops = |b: u8| b == quote || matches!(b, b'<' | b'&' | b'\t' | b'\n');
        let mut length = length_until(rest, stops);
        let is_literal = rest.as_bytes().get(length) == Some(&quote);
        if !is_literal {
            length = length_until(rest, |b| b == quote);
        }
        let (value, rest) = rest.split_at_checked(length).ok_or_else(malformed)?;
        let rest = rest.get(1..).ok_or_else(malformed)?;
        if !is_literal && value.contains('<') {
            return Err(malformed());
        }
        Ok(Self { prefix, local, value, is_literal, rest })
    }

    /// The normalised value.
    fn text(&self) -> Result<Text<'x>, Rejection> {
        if self.is_literal {
            let value = Cow::Borrowed(self.value);
            return Ok(Text { value, is_plain: !self.value.contains('"') });
        }
        let blank = text::with_blanks(self.value);
        let value = blank.and_then(|value| text::resolve(&value)).ok_or_else(malformed)?;
        Ok(Text { value: Cow::Owned(value), is_plain: false })
    }
}

/// Prefix, local part and both together of the qualified name that the text begins with.
fn qualified_name(source: &str) -> Result<(&str, &str, &str), Rejection> {
    let first = text::name_length(source);
    let mut length = first;
    if source.as_bytes().get(first) == Some(&b':') {
        let local = source.get(first + 1..).map_or(0, text::name_length);
        if local == 0 {
            return Err(malformed());
        }
        length = first + 1 + local;
    }
    let tag = source.get(..length).filter(|_| first > 0).ok_or_else(malformed)?;
    let (prefix, local) = tag.split_once(':').unwrap_or(("", tag));
    Ok((prefix, local, tag))
}

/// Canonical XML has no meaning for relative namespace names, and libraries that canonicalise
/// them to nothing have verified signatures over nothing. Others fail the same way where their own
/// URI parser stops, so the shape is stricter than RFC 3986: no percent sign, no bracket, one
/// fragment, and a port with digits.
fn check_namespace(prefix: &str, name: &str) -> Result<(), Rejection> {
    let undeclared_default = prefix.is_empty() && name.is_empty();
    let is_absolute = name.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !rest.is_empty()
            && rest.strip_prefix("//").is_none_or(has_plain_authority)
    });
    let is_plain =
        || name.bytes().filter(|byte| *byte == b'#').count() <= 1 && text::is_plain_uri(name);
    let is_short = name.len() <= MAX_NAMESPACE_BYTES;
    if undeclared_default || (is_short && is_absolute && is_plain()) {
        Ok(())
    } else {
        Err(Rejection::new(
            ReasonCode::XmlRelativeNamespace,
            "a namespace name is not a plain absolute URI of at most 128 characters",
        ))
    }
}

/// Whether what follows `//` begins with a host, and behind a colon with a port.
fn has_plain_authority(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .split_once(':')
        .is_none_or(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn references(raw: &str) -> usize {
    memchr_iter(b'&', raw.as_bytes()).count()
}

/// What comes before the first `end`, and what comes after it.
fn split_at<'x>(text: &'x str, end: &str) -> Result<(&'x str, &'x str), Rejection> {
    let place = memmem::find(text.as_bytes(), end.as_bytes()).ok_or_else(malformed)?;
    text.get(..place).zip(text.get(place + end.len()..)).ok_or_else(malformed)
}

/// How many bytes come before one that `stops`; all if none does.
fn length_until(text: &str, stops: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(stops).unwrap_or(text.len())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// A count as it is kept. The bounds end long before it is too small.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn run(start: usize, end: usize) -> Run {
    Run { start: index(start), end: index(end) }
}

/// The text after the white space that it begins with.
fn skip_space(text: &str) -> &str {
    text.get(length_until(text, |b| !is_space(b))..).unwrap_or_default()
}

fn malformed() -> Rejection {
    Rejection::new(ReasonCode::XmlMalformed, "the document is not well-formed XML")
}
