//! The parser against a general one: what ours accepts, the other accepts too, and both see the same.
#![no_main]

#[path = "../../crates/saml-sp/src/xml/differential/general.rs"]
mod general;

use general::theirs;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp::fuzzing::{Item, items};
use saml_sp_fuzz::splice;

fuzz_target!(|xml: &[u8]| {
    if let Some(ours) = items(xml) {
        assert_eq!(Some(ours), theirs(xml));
    }
});
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});
