//! Cutting and sewing of XML as text: what stays is byte for byte what the provider sent.

use std::ops::Range;

use roxmltree::{Document, Node};

use crate::reference_c14n::canonicalize;
use crate::support::Signature;

/// A document. Elements are named by the local names of their ancestors below the root, as in
/// `Assertion/Subject/NameID`; the root is the empty path, and `//NameID` is the first anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Xml(pub(crate) String);

impl From<Xml> for Vec<u8> {
    fn from(xml: Xml) -> Self {
        xml.0.into_bytes()
    }
}

impl Xml {
    /// Where an element stands, if it is there.
    pub(crate) fn find(&self, path: &str) -> Option<Range<usize>> {
        let document = Document::parse(&self.0).unwrap();
        let child = |node: Node<'_, '_>, name: &str| {
            node.children().find(|n| n.is_element() && n.tag_name().name() == name).map(|n| n.id())
        };
        let mut node = document.root_element();
        if let Some(name) = path.strip_prefix("//") {
            node = document.descendants().find(|n| n.tag_name().name() == name)?;
        } else {
            for name in path.split('/').filter(|name| !name.is_empty()) {
                node = document.get_node(child(node, name)?)?;
            }
        }
        Some(node.range())
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    #[track_caller]
    pub(crate) fn place(&self, path: &str) -> Range<usize> {
        self.find(path).unwrap_or_else(|| panic!("no `{path}` in {}", self.0))
    }

    /// The element as written.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> &str {
        &self.0[self.place(path)]
    }

    /// What stands between the tags of an element, as written.
    #[track_caller]
    pub(crate) fn content(&self, path: &str) -> &str {
        &self.0[self.inside(path)]
    }

    #[track_caller]
    fn inside(&self, path: &str) -> Range<usize> {
        let place = self.place(path);
        let start = place.start + start_tag(&self.0[place.clone()]).len();
        let element = &self.0[place.clone()];
        let end = if element.ends_with("/>") && start == place.end {
            place.end
        } else {
            place.start + element.rfind("</").unwrap()
        };
        start..end
    }

    fn splice(&self, at: Range<usize>, with: &str) -> Self {
        Self(format!("{}{with}{}", &self.0[..at.start], &self.0[at.end..]))
    }

    /// The same with `<a/>` written as `<a></a>`.
    #[track_caller]
    fn opened(&self, path: &str) -> Self {
        let place = self.place(path);
        let element = &self.0[place.clone()];
        match element.strip_suffix("/>").filter(|_| start_tag(element).len() == element.len()) {
            Some(start) => {
                let name = qualified_name(element);
                self.splice(place, &format!("{start}></{name}>"))
            }
            None => self.clone(),
        }
    }

    #[track_caller]
    pub(crate) fn before(&self, path: &str, what: &str) -> Self {
        let start = self.place(path).start;
        self.splice(start..start, what)
    }

    #[track_caller]
    pub(crate) fn after(&self, path: &str, what: &str) -> Self {
        let end = self.place(path).end;
        self.splice(end..end, what)
    }

    #[track_caller]
    pub(crate) fn first_in(&self, path: &str, what: &str) -> Self {
        let opened = self.opened(path);
        let start = opened.inside(path).start;
        opened.splice(start..start, what)
    }

    #[track_caller]
    pub(crate) fn last_in(&self, path: &str, what: &str) -> Self {
        let opened = self.opened(path);
        let end = opened.inside(path).end;
        opened.splice(end..end, what)
    }

    #[track_caller]
    pub(crate) fn without(&self, path: &str) -> Self {
        self.splice(self.place(path), "")
    }

    #[track_caller]
    pub(crate) fn replaced(&self, path: &str, with: &str) -> Self {
        self.splice(self.place(path), with)
    }

    /// Replaces what stands between the tags.
    #[track_caller]
    pub(crate) fn filled(&self, path: &str, with: &str) -> Self {
        let opened = self.opened(path);
        let inside = opened.inside(path);
        opened.splice(inside, with)
    }

    /// The value of an attribute as written; the name may have a prefix.
    #[track_caller]
    pub(crate) fn attribute(&self, path: &str, name: &str) -> Option<&str> {
        let at = self.attribute_at(path, name)?;
        let written = &self.0[at];
        Some(written.split_once('=')?.1.trim().trim_matches(['"', '\'']))
    }

    fn attribute_at(&self, path: &str, name: &str) -> Option<Range<usize>> {
        let place = self.place(path);
        let tag = start_tag(&self.0[place.clone()]);
        let mut at = 0;
        loop {
            at += tag[at..].find(name)?;
            let rest = &tag[at + name.len()..];
            if tag[..at].ends_with(char::is_whitespace) && rest.starts_with('=') {
                let quote = rest[1..].chars().next()?;
                let end = rest[2..].find(quote)? + 3 + at + name.len();
                return Some(place.start + at..place.start + end);
            }
            at += name.len();
        }
    }

    /// Sets an attribute or declaration, replacing one of the same written name.
    #[track_caller]
    pub(crate) fn with(&self, path: &str, name: &str, value: &str) -> Self {
        let written = format!("{name}=\"{value}\"");
        if let Some(at) = self.attribute_at(path, name) {
            return self.splice(at, &written);
        }
        self.tagged(path, &written)
    }

    /// Adds attributes and declarations as written, whatever is there.
    #[track_caller]
    pub(crate) fn tagged(&self, path: &str, attributes: &str) -> Self {
        let place = self.place(path);
        let at = place.start + 1 + qualified_name(&self.0[place]).len();
        self.splice(at..at, &format!(" {attributes}"))
    }

    /// The same attribute, written in a namespace.
    #[track_caller]
    pub(crate) fn moved_to(&self, path: &str, name: &str, namespace: &str) -> Self {
        let value = self.attribute(path, name).unwrap().to_owned();
        let moved = format!("xmlns:moved=\"{namespace}\" moved:{name}=\"{value}\"");
        self.without_attribute(path, name).tagged(path, &moved)
    }

    #[track_caller]
    pub(crate) fn without_attribute(&self, path: &str, name: &str) -> Self {
        let at = self.attribute_at(path, name).unwrap_or_else(|| panic!("no {name} at `{path}`"));
        self.splice(at, "")
    }

    /// Gives an element another written name.
    #[track_caller]
    pub(crate) fn renamed(&self, path: &str, name: &str) -> Self {
        let element = self.get(path);
        let old = qualified_name(element).to_owned();
        let mut changed = format!("<{name}{}", &element[1 + old.len()..]);
        if changed.ends_with(&format!("</{old}>")) {
            let end = changed.rfind("</").unwrap();
            changed = format!("{}</{name}>", &changed[..end]);
        }
        self.replaced(path, &changed)
    }

    /// The prefix of an element with its colon; empty if it has none.
    #[track_caller]
    pub(crate) fn prefix(&self, path: &str) -> &str {
        let name = qualified_name(self.get(path));
        name.find(':').map_or("", |at| &name[..=at])
    }

    /// Replaces the only or first occurrence of a text, which must be there.
    #[track_caller]
    pub(crate) fn swapped(&self, from: &str, to: &str) -> Self {
        assert!(self.0.contains(from), "no `{from}` in {}", self.0);
        Self(self.0.replacen(from, to, 1))
    }

    /// Without the signatures of the Response and its Assertion.
    pub(crate) fn unsigned(&self) -> Self {
        let mut xml = self.clone();
        for path in ["Signature", "Assertion/Signature"] {
            if xml.has(path) {
                xml = xml.without(path);
            }
        }
        xml
    }

    /// Signs an element as `how` says, in the place of its signature or after its issuer.
    #[track_caller]
    pub(crate) fn signed(&self, path: &str, how: &Signature<'_>) -> Self {
        let signature_path =
            if path.is_empty() { "Signature".to_owned() } else { format!("{path}/Signature") };
        let canonical = self.canonical(path, self.find(&signature_path).as_ref());
        let id = self.attribute(path, "ID").unwrap_or_default();
        let signature = how.sign(&canonical, id);
        if self.has(&signature_path) {
            return self.replaced(&signature_path, &signature);
        }
        let issuer = if path.is_empty() { "Issuer".to_owned() } else { format!("{path}/Issuer") };
        if self.has(&issuer) {
            self.after(&issuer, &signature)
        } else {
            self.first_in(path, &signature)
        }
    }

    #[track_caller]
    pub(crate) fn canonical(&self, path: &str, omit: Option<&Range<usize>>) -> String {
        canonicalize(&self.0, &self.place(path), omit)
    }
}

/// The start tag at the beginning of a text.
fn start_tag(element: &str) -> &str {
    let mut quote = None;
    for (at, c) in element.char_indices() {
        match (quote, c) {
            (None, '>') => return &element[..=at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    panic!("no start tag in {element}");
}

fn qualified_name(element: &str) -> &str {
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>');
    element[1..].split(ends).next().unwrap()
}
