//! What a general XML parser sees in a document. The fuzz target `parse` includes this file.

use super::Item;

/// What the general parser sees. It joins text and CDATA; so does ours.
pub(super) fn theirs(xml: &[u8]) -> Option<Vec<Item>> {
    // Line ends are turned into line feeds before either parses (XML 1.0, section 2.11).
    let text = std::str::from_utf8(xml).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let document = roxmltree::Document::parse(&text).ok()?;
    let mut items = Vec::new();
    push(document.root_element(), &mut items);
    Some(items)
}

fn push(node: roxmltree::Node<'_, '_>, items: &mut Vec<Item>) {
    if node.is_text() {
        let text = node.text().unwrap_or_default().to_owned();
        match items.last_mut() {
            // It keeps an empty CDATA section; ours does not, and nothing can tell.
            _ if text.is_empty() => {}
            Some(Item::Text(before)) => before.push_str(&text),
            _ => items.push(Item::Text(text)),
        }
    } else if node.is_comment() {
        items.push(Item::Comment);
    } else {
        let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let name = node.tag_name();
        items.push(Item::Start {
            name: (own(name.namespace()), name.name().to_owned()),
            attributes: node
                .attributes()
                .map(|a| (own(a.namespace()), a.name().to_owned(), a.value().to_owned()))
                .collect(),
        });
        node.children().for_each(|child| push(child, items));
        items.push(Item::End);
    }
}
