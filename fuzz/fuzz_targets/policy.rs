//! Policy documents: no panic; what is read, a general reader reads too; every part has a place; the
//! canonical text is read back and stays as it is; merging and spelling change no meaning; every
//! finding of the lint has a place.
#![no_main]

use iam_policy::Document;
use iam_policy::document::{Source, diff, merge, pointer};
use iam_policy::evaluate::Compiled;
use iam_policy::lint::{Kind, lint};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(source) = Source::parse(text) else { return };
    let document = source.document();
    let general: Value = serde_json::from_str(text).unwrap();
    assert_eq!(document.statements.len(), general["Statement"].as_array().map_or(1, Vec::len));
    parts_have_places(&source);

    let canonical = document.canonical();
    let printed = document.to_canonical_json();
    assert_eq!(Document::parse(&printed).as_ref(), Ok(&canonical));
    assert_eq!(canonical.to_canonical_json(), printed);
    assert_eq!(diff(document, &canonical), []);
    assert_eq!(diff(document, &merge([document])), []);
    assert!(document.compact_len() <= document.to_compact_json().chars().count());
    let _any = Compiled::new(document);
    for kind in Kind::ALL {
        for finding in lint(document, kind) {
            assert!(source.place(&finding.pointer).is_some(), "{}", finding.pointer);
        }
    }
});

fn parts_have_places(source: &Source) {
    for (index, statement) in source.document().statements.iter().enumerate() {
        let at = |segments: &[&str]| {
            let index = index.to_string();
            let all = [&["Statement", &index], segments].concat();
            assert!(source.place(&pointer(&all)).is_some(), "{all:?}");
        };
        at(&["Effect"]);
        for position in 0..statement.action.as_ref().map_or(0, Vec::len) {
            at(&["Action", &position.to_string()]);
        }
        for (operator, keys) in &statement.condition {
            for (key, values) in keys {
                at(&["Condition", operator, key]);
                for position in 0..values.0.len() {
                    at(&["Condition", operator, key, &position.to_string()]);
                }
            }
        }
    }
}
