//! Metadata of identity providers, and what a debugger says of any document: no panic.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use saml_sp::IdentityProvider;
use saml_sp_fuzz::splice;

fuzz_target!(|xml: &[u8]| {
    if let Ok(provider) = IdentityProvider::from_metadata(xml, None) {
        // Who is named is found by that name.
        let again = IdentityProvider::from_metadata(xml, Some(&provider.entity_id));
        assert_eq!(again.ok(), Some(provider));
    }
    let _any = saml_sp::outline(xml);
});
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    splice(data, size, max_size, seed)
});
