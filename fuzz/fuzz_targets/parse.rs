//! The parser against a general one: what ours accepts, the other accepts too, and both see the same.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp::fuzzing::{Item, items};
use saml_sp_fuzz::{normalised, splice};

fuzz_target!(|xml: &[u8]| {
    if let Some(ours) = items(xml) {
        assert_eq!(Some(ours), theirs(xml));
    }
});
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});

fn theirs(xml: &[u8]) -> Option<Vec<Item>> {
    let text = normalised(xml)?;
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
