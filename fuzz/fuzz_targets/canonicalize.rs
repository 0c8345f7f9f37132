//! Canonical form: a plain implementation over a general parser's tree writes the same, and the
//! canonical form of the canonical form is itself.
#![no_main]

#[path = "../../crates/saml-sp/tests/it/reference_c14n.rs"]
mod reference_c14n;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp::fuzzing::canonical;
use saml_sp_fuzz::{normalised, splice};

fuzz_target!(|xml: &[u8]| {
    let Some(ours) = canonical(xml) else { return };
    let text = normalised(xml).unwrap();
    let root = roxmltree::Document::parse(&text).unwrap().root_element().range();
    assert_eq!(ours, reference_c14n::canonicalize(&text, &root, None));
    // It may be beyond a bound: each use of a prefix declares it anew.
    if let Some(again) = canonical(ours.as_bytes()) {
        assert_eq!(again, ours);
    } else {
        assert!(ours.len() > xml.len(), "no canonical form of a canonical form");
    }
});
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});
