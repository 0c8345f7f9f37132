//! Distinguished names: no panic; what is read is printed and read alike; the form to compare stays
//! as it is; any text is a value that stays in its place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saml_sp_fuzz::dn::{Dn, NormalDn, escape};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(dn) = Dn::parse(text) {
        assert_eq!(Dn::parse(&dn.to_string()).as_ref(), Ok(&dn));
        let normal = dn.normal();
        assert_eq!(Dn::parse(&normal.to_string()).map(|dn| dn.normal()), Ok(normal.clone()));
        assert_eq!(NormalDn::of(text), normal);
        assert!(dn.is_within(&dn));
    }
    let value = escape(text);
    // Escaped, a text may be three times as long, and too long for a DN.
    if let Ok(dn) = Dn::parse(&format!("cn={value},dc=x")) {
        assert_eq!(dn.leaf(), Some(text));
        assert!(dn.is_within(&Dn::parse("DC = X").unwrap()));
    }
});
