//! A mutator that moves whole elements about, as attackers do who wrap signatures.

use std::ops::Range;

use libfuzzer_sys::fuzzer_mutate;
use roxmltree::{Document, Node};

use crate::seeds;

/// For `fuzz_mutator!`: half of the time an element is moved, half of the time libFuzzer's own
/// mutations are at work.
pub fn splice(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed) << 1 | 1);
    let spliced = if dice.roll(2) == 0 { spliced(&data[..size], &mut dice) } else { None };
    match spliced {
        Some(new) if new.len() <= max_size && new.len() <= data.len() => {
            data[..new.len()].copy_from_slice(new.as_bytes());
            new.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
}

fn spliced(data: &[u8], dice: &mut Dice) -> Option<String> {
    let xml = std::str::from_utf8(data).ok()?;
    let document = Document::parse(xml).ok()?;
    let place = element(&document, dice)?;
    let at = place.range();
    let donor = if dice.roll(3) == 0 { seeds().nth(dice.roll(seeds().count()))? } else { xml };
    let donated = Document::parse(donor).ok()?;
    let piece = &donor[element(&donated, dice)?.range()];
    let own = &xml[at.clone()];
    let inside = inside(xml, place).unwrap_or(at.end..at.end);
    let (range, new) = match dice.roll(8) {
        0 => (at, piece.to_owned()),
        1 => (at.end..at.end, piece.to_owned()),
        2 => (at.start..at.start, piece.to_owned()),
        3 => (inside.end..inside.end, piece.to_owned()),
        4 => (inside.start..inside.start, piece.to_owned()),
        5 => (at, String::new()),
        6 => (at, piece.replacen('>', &format!(">{own}"), 1)),
        _ => (inside, "mallory@example.com".to_owned()),
    };
    Some([&xml[..range.start], &new, &xml[range.end..]].concat())
}

fn element<'a, 'x>(document: &'a Document<'x>, dice: &mut Dice) -> Option<Node<'a, 'x>> {
    let count = document.descendants().filter(Node::is_element).count();
    document.descendants().filter(Node::is_element).nth(dice.roll(count))
}

/// Between the tags of an element; `None` if it is empty.
fn inside(xml: &str, element: Node<'_, '_>) -> Option<Range<usize>> {
    let start = element.first_child()?.range().start;
    let at = element.range();
    Some(start..at.start + xml[at.clone()].rfind("</")?)
}

/// SplitMix64: the same seed gives the same mutation.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) as usize % sides.max(1)
    }
}
