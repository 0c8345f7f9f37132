//! The whole verification: no panic, and what is accepted says what a genuine response says.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp_fuzz::{PLAIN_DOORS, splice};

fuzz_target!(|xml: &[u8]| PLAIN_DOORS.iter().for_each(|door| door.judge(xml)));
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});
