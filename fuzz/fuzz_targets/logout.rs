//! Requests to log out, by query and by form: no panic, and what is accepted says what a genuine
//! request says.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp_fuzz::{LOGOUT_DOOR, splice};

fuzz_target!(|data: &[u8]| LOGOUT_DOOR.judge(data));
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});
