//! Exclusive XML canonicalisation 1.0, without comments, of one element.
//!
//! <https://www.w3.org/TR/xml-exc-c14n/>. The input has no DTD and no processing instructions, and
//! every namespace name is absolute: [`crate::bounds`] has seen to that.

use roxmltree::{Node, NodeId};

use crate::bounds::MAX_RESPONSE_BYTES;
use crate::escape;

/// Largest canonical form that is written, in bytes. A prefix that is declared once and used by
/// thousands of siblings is declared again at each of them, so that without a bound 100 KB of
/// document become 300 MB. Genuine documents grow by half; this is four times the largest document.
const MAX_CANONICAL_BYTES: usize = 4 * MAX_RESPONSE_BYTES;

/// The element's canonical form is longer than [`MAX_CANONICAL_BYTES`], or it has a name whose
/// prefix cannot be found in its source, which was never seen and fails closed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unrepresentable;

/// The canonical form of `apex` and what is below it, without the subtree `omit`.
///
/// Prefixes in `inclusive` (the `PrefixList` of `InclusiveNamespaces`, with an empty string for
/// `#default`) are treated as in inclusive canonicalisation.
pub(crate) fn canonicalize(
    apex: Node<'_, '_>,
    omit: Option<NodeId>,
    inclusive: &[&str],
) -> Result<String, Unrepresentable> {
    let mut writer = Writer {
        source: apex.document().input_text(),
        out: String::with_capacity(apex.range().len()),
        rendered: Vec::new(),
        omit,
        inclusive,
    };
    writer.element(apex)?;
    Ok(writer.out)
}

struct Writer<'a, 'i> {
    source: &'a str,
    out: String,
    /// Declarations written by the open ancestors, innermost last: (prefix, namespace name).
    rendered: Vec<(&'a str, &'a str)>,
    omit: Option<NodeId>,
    inclusive: &'i [&'i str],
}

impl<'a> Writer<'a, '_> {
    /// Recursion is bounded by the depth that the scan allows.
    fn element<'x: 'a>(&mut self, node: Node<'a, 'x>) -> Result<(), Unrepresentable> {
        // One element adds no more than what the document holds once, escaped.
        if self.out.len() > MAX_CANONICAL_BYTES {
            return Err(Unrepresentable);
        }
        let tag = node.tag_name();
        let prefix = self.prefix_at(node.range().start + 1)?;
        let outer = self.rendered.len();

        self.out.push('<');
        self.qualified_name(prefix, tag.name());
        self.declarations(node, prefix)?;
        self.attributes(node)?;
        self.out.push('>');

        for child in node.children() {
            if Some(child.id()) == self.omit {
                continue;
            }
            if child.is_element() {
                self.element(child)?;
            } else if child.is_text() {
                escape::push_text(&mut self.out, child.text().unwrap_or_default());
            }
        }

        self.out.push_str("</");
        self.qualified_name(prefix, tag.name());
        self.out.push('>');
        self.rendered.truncate(outer);
        Ok(())
    }

    /// Writes the namespace declarations that the element needs and its ancestors did not write.
    fn declarations<'x: 'a>(
        &mut self,
        node: Node<'a, 'x>,
        prefix: &'a str,
    ) -> Result<(), Unrepresentable> {
        let outer = self.rendered.len();
        self.declare(prefix, node.tag_name().namespace().unwrap_or_default());
        for attribute in node.attributes() {
            if let Some(namespace) = attribute.namespace() {
                self.declare(self.prefix_at(attribute.range().start)?, namespace);
            }
        }
        for listed in self.inclusive {
            let wanted = (!listed.is_empty()).then_some(*listed);
            let declared = node.namespaces().find(|namespace| namespace.name() == wanted);
            match declared {
                // The prefix is taken from the document, which outlives the list.
                Some(namespace) => {
                    self.declare(namespace.name().unwrap_or_default(), namespace.uri());
                }
                None if listed.is_empty() => self.declare("", ""),
                None => {}
            }
        }
        let Some(new) = self.rendered.get_mut(outer..) else { return Err(Unrepresentable) };
        new.sort_unstable();
        for (prefix, namespace) in new {
            if prefix.is_empty() {
                self.out.push_str(" xmlns=\"");
            } else {
                self.out.push_str(" xmlns:");
                self.out.push_str(prefix);
                self.out.push_str("=\"");
            }
            escape::push_attribute(&mut self.out, namespace);
            self.out.push('"');
        }
        Ok(())
    }

    /// Notes a declaration unless the output already has it in scope.
    fn declare(&mut self, prefix: &'a str, namespace: &'a str) {
        if prefix == "xml" {
            return;
        }
        let in_scope = self.rendered.iter().rev().find(|(known, _)| *known == prefix);
        let current = in_scope.map_or("", |(_, namespace)| *namespace);
        // No prefix but the default one can be bound to the empty name, so an unknown prefix
        // always differs here, and an unknown default differs unless it is empty.
        if current != namespace {
            self.rendered.push((prefix, namespace));
        }
    }

    fn attributes<'x: 'a>(&mut self, node: Node<'a, 'x>) -> Result<(), Unrepresentable> {
        let mut attributes: Vec<_> = node.attributes().collect();
        attributes.sort_unstable_by_key(|a| (a.namespace().unwrap_or_default(), a.name()));
        for attribute in attributes {
            let prefix = match attribute.namespace() {
                Some(_) => self.prefix_at(attribute.range().start)?,
                None => "",
            };
            self.out.push(' ');
            self.qualified_name(prefix, attribute.name());
            self.out.push_str("=\"");
            escape::push_attribute(&mut self.out, attribute.value());
            self.out.push('"');
        }
        Ok(())
    }

    /// The prefix of the qualified name that starts at a place in the source; empty if none.
    fn prefix_at(&self, start: usize) -> Result<&'a str, Unrepresentable> {
        let name = self.source.get(start..).ok_or(Unrepresentable)?;
        let ends = |b: u8| b.is_ascii_whitespace() || matches!(b, b':' | b'/' | b'>' | b'=');
        let end = name.bytes().position(ends).ok_or(Unrepresentable)?;
        match name.as_bytes().get(end) {
            Some(b':') => name.get(..end).ok_or(Unrepresentable),
            _ => Ok(""),
        }
    }

    fn qualified_name(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(local);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roxmltree::Document;

    #[track_caller]
    fn check(xml: &str, apex: &str, inclusive: &[&str], expected: &str) {
        let document = Document::parse(xml).unwrap();
        let apex = document.descendants().find(|n| n.tag_name().name() == apex).unwrap();
        assert_eq!(canonicalize(apex, None, inclusive).unwrap(), expected);
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
            "<r a='&#9;&#10;&#13;&lt;&amp;&quot;&gt;x\ty'>a<!--c-->b<![CDATA[<&>]]>&#13;\r\n'\"</r>",
            "r",
            &[],
            "<r a=\"&#x9;&#xA;&#xD;&lt;&amp;&quot;>x y\">ab&lt;&amp;&gt;&#xD;\n'\"</r>",
        );
    }

    #[test]
    fn the_omitted_subtree_leaves_its_surroundings() {
        let document = Document::parse("<r>a<s><t/></s>b</r>").unwrap();
        let root = document.root_element();
        let omit = root.first_element_child().map(|n| n.id());
        assert_eq!(canonicalize(root, omit, &[]).unwrap(), "<r>ab</r>");
    }

    #[test]
    fn a_declaration_repeated_by_thousands_of_siblings_ends_at_the_bound() {
        let bomb = |uses: usize| {
            let uses = "<p:a/>".repeat(uses);
            format!("<r xmlns:p='urn:{}'>{uses}</r>", "x".repeat(1_000))
        };
        let outcome = |xml: &str| {
            let document = Document::parse(xml).unwrap();
            canonicalize(document.root_element(), None, &[]).map(|out| out.len())
        };
        assert_eq!(outcome(&bomb(400)), Ok("<r></r>".len() + 400 * (1_000 + 26)));
        assert_eq!(outcome(&bomb(4_000)), Err(Unrepresentable));
    }
}
