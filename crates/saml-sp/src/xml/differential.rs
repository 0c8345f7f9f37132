//! Our parser against a general one: what ours accepts, the other accepts too, and both see the same
//! document in it. The fuzz target `parse` does the same with far more inputs.

mod general;

use general::theirs;
use proptest::prelude::*;

use crate::fuzzing::{Item, items};

const RICH: &str = include_str!("../../tests/fixtures/xmlsec-rich-both.xml");

/// Pieces that parsers disagree about.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "&",
    ";",
    "'",
    "\"",
    "=",
    " ",
    "\t",
    "\n",
    "\r",
    "&#13;",
    "&#x9;",
    "&lt;",
    "&amp;",
    "&#xD800;",
    "&#0;",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "]]",
    "<?",
    "?>",
    "<!",
    "x",
    ":",
    "p:",
    "xmlns",
    "xmlns:p='u:p'",
    " xmlns='u:d'",
    " xmlns=''",
    " xml:lang='de'",
    " ID='_1'",
    "<a>",
    "</a>",
    "<p:a/>",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{fffe}",
    "\u{feff}",
    "é",
    "\u{b7}",
    "😀",
];

fn check(xml: &[u8]) {
    if let Some(ours) = items(xml) {
        assert_eq!(Some(ours), theirs(xml), "{}", String::from_utf8_lossy(xml));
    }
}

#[test]
fn a_rich_response_is_the_same_to_both() {
    assert!(items(RICH.as_bytes()).is_some_and(|items| items.len() > 100));
    check(RICH.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_spliced_response_is_the_same_to_both_if_ours_accepts_it(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(PIECES)),
            1..4,
        ),
    ) {
        let mut xml = RICH.as_bytes().to_vec();
        for (place, length, piece) in edits {
            let start = place.index(xml.len());
            let end = (start + length).min(xml.len());
            xml.splice(start..end, piece.bytes());
        }
        check(&xml);
    }

    #[test]
    fn a_heap_of_pieces_is_the_same_to_both_if_ours_accepts_it(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
    ) {
        let inside = pieces.concat();
        check(format!("<r xmlns:p='u:p'>{inside}</r>").as_bytes());
        check(format!("<r {inside}/>").as_bytes());
        check(format!("<r a='{inside}'/>").as_bytes());
        check(inside.as_bytes());
    }
}
