//! Exclusive XML canonicalisation 1.0, without comments, of one element.
//!
//! <https://www.w3.org/TR/xml-exc-c14n/>. The input has no DTD and no processing instructions, and
//! every namespace name is absolute: [`crate::xml`] has seen to that.

use crate::bounds::MAX_RESPONSE_BYTES;
use crate::escape;
use crate::xml::{Attribute, Declaration, Name, Node};

/// Largest canonical form of a signed element, in bytes. A prefix that is declared once and used by
/// thousands of siblings is declared again at each of them, so that without a bound 100 KB of
/// document become 300 MB. Genuine documents grow by half, and the largest allowed one may too.
pub(crate) const MAX_ELEMENT_BYTES: usize = MAX_RESPONSE_BYTES / 2 * 3;

/// Largest canonical form of a `SignedInfo`, in bytes. Genuine ones have one or two thousand; it is
/// hashed before anybody has vouched for it.
pub(crate) const MAX_SIGNED_INFO_BYTES: usize = 16 * 1024;

/// The element's canonical form is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unrepresentable;

/// The canonical form of `apex` and what is below it, without the subtree `omit`, in at most `most`
/// bytes.
///
/// Prefixes in `inclusive` (the `PrefixList` of `InclusiveNamespaces`, with an empty string for
/// `#default`) are treated as in inclusive canonicalisation.
pub(crate) fn canonicalize(
    apex: Node<'_, '_>,
    omit: Option<Node<'_, '_>>,
    inclusive: &[&str],
    most: usize,
) -> Result<String, Unrepresentable> {
    let mut writer = Writer {
        // Most nodes of a response are short; a long text makes it grow once.
        out: String::with_capacity(64 * apex.descendants().count()),
        rendered: Vec::with_capacity(8),
        sorted: Vec::with_capacity(8),
        omit,
        inclusive,
        most,
    };
    // What is listed is written at the apex as it is in scope there. Further down it can only
    // change where an element declares it anew.
    let declared = |prefix: &&str| {
        let mut declarations = apex.ancestors().flat_map(|node| node.declarations());
        declarations.find(|declaration| declaration.prefix == *prefix)
    };
    for declaration in inclusive.iter().filter_map(declared) {
        writer.declare(declaration.prefix, declaration.namespace);
    }
    writer.element(apex, 0)?;
    Ok(writer.out)
}

struct Writer<'a, 'x, 'i> {
    out: String,
    /// Declarations written by the open ancestors, innermost last.
    rendered: Vec<Declaration<'x>>,
    /// Scratch for the attributes of one element.
    sorted: Vec<&'a Attribute<'x>>,
    omit: Option<Node<'a, 'x>>,
    inclusive: &'i [&'i str],
    most: usize,
}

impl<'a, 'x> Writer<'a, 'x, '_> {
    /// Recursion is bounded by the depth that the parser allows.
    fn element(&mut self, node: Node<'a, 'x>, outer: usize) -> Result<(), Unrepresentable> {
        let name = node.tag_name();
        self.out.push('<');
        self.qualified_name(&name);
        self.declarations(node, &name, outer);
        self.attributes(node)?;
        self.out.push('>');
        self.fits(0)?;

        for child in node.children() {
            if self.omit == Some(child) {
                continue;
            }
            if child.is_element() {
                self.element(child, self.rendered.len())?;
            } else if let Some(text) = child.text() {
                self.fits(text.len())?;
                if child.is_plain() {
                    self.out.push_str(text);
                } else {
                    escape::push_text(&mut self.out, text);
                }
            }
        }

        self.out.push_str("</");
        self.qualified_name(&name);
        self.out.push('>');
        self.rendered.truncate(outer);
        Ok(())
    }

    /// Whether so many more bytes may be written. Escaped they are more, which the next look sees.
    fn fits(&self, more: usize) -> Result<(), Unrepresentable> {
        if self.out.len() + more > self.most { Err(Unrepresentable) } else { Ok(()) }
    }

    /// Writes the namespace declarations that the element needs and its ancestors did not write.
    /// Those from `outer` on are noted already.
    fn declarations(&mut self, node: Node<'a, 'x>, name: &Name<'x>, outer: usize) {
        self.declare(name.prefix(), name.namespace().unwrap_or_default());
        for attribute in node.attributes() {
            if let Some(namespace) = attribute.namespace() {
                self.declare(attribute.prefix(), namespace);
            }
        }
        if !self.inclusive.is_empty() {
            for declaration in node.declarations() {
                if self.inclusive.contains(&declaration.prefix) {
                    self.declare(declaration.prefix, declaration.namespace);
                }
            }
        }
        let new = self.rendered.get_mut(outer..).unwrap_or_default();
        new.sort_unstable_by_key(|declaration| declaration.prefix);
        for Declaration { prefix, namespace } in new {
            if prefix.is_empty() {
                self.out.push_str(" xmlns=\"");
            } else {
                self.out.push_str(" xmlns:");
                self.out.push_str(prefix);
                self.out.push_str("=\"");
            }
            // The parser lets no character into a namespace name that would have to be escaped.
            self.out.push_str(namespace);
            self.out.push('"');
        }
    }

    /// Notes a declaration unless the output already has it in scope.
    fn declare(&mut self, prefix: &'x str, namespace: &'x str) {
        if prefix == "xml" {
            return;
        }
        let in_scope = self.rendered.iter().rev().find(|known| known.prefix == prefix);
        let current = in_scope.map_or("", |known| known.namespace);
        // No prefix but the default one can be bound to the empty name, so an unknown prefix
        // always differs here, and an unknown default differs unless it is empty.
        if current != namespace {
            self.rendered.push(Declaration { prefix, namespace });
        }
    }

    fn attributes(&mut self, node: Node<'a, 'x>) -> Result<(), Unrepresentable> {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.extend(node.attributes());
        sorted.sort_unstable_by_key(|a| (a.namespace().unwrap_or_default(), a.name()));
        for attribute in sorted.drain(..) {
            self.fits(attribute.value().len())?;
            self.out.push(' ');
            self.qualified_name(attribute.qualified_name());
            self.out.push_str("=\"");
            if attribute.is_plain() {
                self.out.push_str(attribute.value());
            } else {
                escape::push_attribute(&mut self.out, attribute.value());
            }
            self.out.push('"');
        }
        self.sorted = sorted;
        Ok(())
    }

    fn qualified_name(&mut self, name: &Name<'_>) {
        if !name.prefix().is_empty() {
            self.out.push_str(name.prefix());
            self.out.push(':');
        }
        self.out.push_str(name.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::RESPONSE;
    use crate::xml::parse;

    #[track_caller]
    fn check(xml: &str, apex: &str, inclusive: &[&str], expected: &str) {
        let document = parse(xml, &RESPONSE).unwrap();
        let apex =
            document.root_element().descendants().find(|n| n.tag_name().name() == apex).unwrap();
        assert_eq!(canonicalize(apex, None, inclusive, MAX_ELEMENT_BYTES).unwrap(), expected);
    }

    #[test]
    fn namespaces_are_written_where_they_are_used_and_sorted() {
        check(
            "<r xmlns='urn:d' xmlns:b='urn:b' xmlns:a='urn:a' xmlns:u='urn:u'>\
             <b:x a:k='1' z='2' b:k='3' y='4'><b:x/><c/></b:x></r>",
            "x",
            &[],
            "<b:x xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" y=\"4\" z=\"2\" a:k=\"1\" b:k=\"3\">\
             <b:x></b:x><c xmlns=\"urn:d\"></c></b:x>",
        );
    }

    #[test]
    fn attributes_sort_by_namespace_name_not_by_prefix() {
        check(
            "<r xmlns:a='urn:z' xmlns:z='urn:a' a:k='1' z:k='2' xml:lang='de'/>",
            "r",
            &[],
            "<r xmlns:a=\"urn:z\" xmlns:z=\"urn:a\" xml:lang=\"de\" z:k=\"2\" a:k=\"1\"></r>",
        );
    }

    #[test]
    fn the_default_namespace_is_undeclared_only_where_one_was_written() {
        check("<r><x xmlns=''/></r>", "x", &[], "<x></x>");
        check(
            "<r xmlns='urn:d'><x xmlns=''><y xmlns='urn:d'/></x></r>",
            "r",
            &[],
            "<r xmlns=\"urn:d\"><x xmlns=\"\"><y xmlns=\"urn:d\"></y></x></r>",
        );
    }

    #[test]
    fn a_prefix_bound_anew_is_written_anew() {
        check(
            "<p:r xmlns:p='urn:1'><p:x xmlns:p='urn:2'><p:y xmlns:p='urn:1'/></p:x><p:z/></p:r>",
            "r",
            &[],
            "<p:r xmlns:p=\"urn:1\"><p:x xmlns:p=\"urn:2\"><p:y xmlns:p=\"urn:1\"></p:y></p:x>\
             <p:z></p:z></p:r>",
        );
    }

    #[test]
    fn listed_prefixes_are_written_at_the_apex_even_when_unused() {
        let xml = "<r xmlns='urn:d' xmlns:xs='urn:xs' xmlns:n='urn:n'><n:x><n:y/></n:x></r>";
        check(
            xml,
            "x",
            &["xs", "", "missing"],
            "<n:x xmlns=\"urn:d\" xmlns:n=\"urn:n\" xmlns:xs=\"urn:xs\"><n:y></n:y></n:x>",
        );
    }

    #[test]
    fn text_is_whole_escaped_and_without_comments() {
        check(
            "<r a='&#9;&#10;&#13;&lt;&amp;&quot;&gt;x\ty'>a<!--c-->b<![CDATA[<&>]]>&#13;\n'\"</r>",
            "r",
            &[],
            "<r a=\"&#x9;&#xA;&#xD;&lt;&amp;&quot;>x y\">ab&lt;&amp;&gt;&#xD;\n'\"</r>",
        );
    }

    #[test]
    fn the_omitted_subtree_leaves_its_surroundings() {
        let document = parse("<r>a<s><t/></s>b</r>", &RESPONSE).unwrap();
        let root = document.root_element();
        let omit = root.children().find(Node::is_element);
        assert_eq!(canonicalize(root, omit, &[], MAX_ELEMENT_BYTES).unwrap(), "<r>ab</r>");
    }

    #[test]
    fn a_declaration_repeated_by_thousands_of_siblings_ends_at_the_bound() {
        let bomb = |uses: usize| {
            let uses = "<p:a/>".repeat(uses);
            format!("<r xmlns:p='urn:{}'>{uses}</r>", "x".repeat(120))
        };
        let outcome = |xml: &str| {
            let document = parse(xml, &RESPONSE).unwrap();
            canonicalize(document.root_element(), None, &[], MAX_ELEMENT_BYTES).map(|out| out.len())
        };
        assert_eq!(outcome(&bomb(400)), Ok("<r></r>".len() + 400 * (120 + 26)));
        assert_eq!(outcome(&bomb(1_500)), Err(Unrepresentable));
    }

    /// Random documents with prefixes bound, unbound and bound anew, at elements below the root and
    /// with prefix lists; `fixtures/make_c14n.py` makes them.
    #[test]
    fn libxml2_writes_the_same() {
        let recorded = include_str!("../tests/fixtures/c14n-libxml2.jsonl");
        for line in recorded.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let xml = case["xml"].as_str().unwrap();
            let text = crate::bounds::admit(xml.as_bytes(), &RESPONSE).unwrap();
            let document = parse(&text, &RESPONSE).unwrap();
            let mut elements = document.root_element().descendants().filter(Node::is_element);
            let nth = usize::try_from(case["element"].as_u64().unwrap()).unwrap();
            let listed = case["prefixes"].as_array().unwrap().iter();
            let listed: Vec<_> =
                listed.map(|p| p.as_str().filter(|p| *p != "#default").unwrap_or("")).collect();
            let ours =
                canonicalize(elements.nth(nth - 1).unwrap(), None, &listed, MAX_ELEMENT_BYTES);
            assert_eq!(ours.as_deref(), Ok(case["canonical"].as_str().unwrap()), "{xml}");
        }
        assert_eq!(recorded.lines().count(), 120);
    }
}
