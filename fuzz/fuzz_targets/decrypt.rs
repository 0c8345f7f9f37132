//! Verification with decryption: of the bytes as they are, and of the bytes as the assertion which
//! somebody encrypted for us.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp_fuzz::{ENCRYPTED_DOORS, encrypted, splice};

fuzz_target!(|data: &[u8]| {
    let [encrypting, plain] = &*ENCRYPTED_DOORS;
    encrypting.judge(data);
    plain.judge(encrypted(data).as_bytes());
});
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});
