//! Distinguished names: no panic; what is read is printed and read alike; the form to compare stays
//! as it is; any text is a value that stays in its place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saml_sp_fuzz::dn::{Dn, LONGEST, NormalDn, escape};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(dn) = Dn::parse(text) {
        let (printed, normal) = (dn.to_string(), dn.normal());
        let plain = normal.to_string();
        // Escaped, a text may be three times as long, and too long for a DN.
        if printed.len().max(plain.len()) <= LONGEST {
            assert_eq!(Dn::parse(&printed).as_ref(), Ok(&dn));
            assert_eq!(Dn::parse(&plain).map(|dn| dn.normal()), Ok(normal.clone()));
        }
        assert_eq!(NormalDn::of(text), normal);
        assert!(dn.is_within(&dn));
    }
    let value = escape(text);
    if let Ok(dn) = Dn::parse(&format!("cn={value},dc=x")) {
        assert_eq!(dn.leaf(), Some(text));
        assert!(dn.is_within(&Dn::parse("DC = X").unwrap()));
    }
});
