//! LDIF and names of entries: no panic, places are in the file, what is printed is read again, and
//! a name in the form in which names are compared is in that form.
#![no_main]

#[path = "../../crates/directory-file/src/ldif/mod.rs"]
mod ldif;

use ldif::{Entry, folded, parse, print};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = 1 + text.matches('\n').count() as u64;
    match parse(text) {
        Err(why) => {
            assert!((1..=lines).contains(&why.line), "{why:?}");
            assert!(!why.what.is_empty() && !why.remedy.is_empty());
        }
        Ok(entries) => {
            for entry in &entries {
                assert!((1..=lines).contains(&entry.line));
                let once = folded(&entry.dn);
                assert_eq!(folded(&once), once);
            }
            let again = parse(&print(&entries)).unwrap();
            assert_eq!(said(&again), said(&entries));
        }
    }
});

/// What entries say, wherever they say it.
fn said(entries: &[Entry]) -> Vec<(&str, Vec<(&str, &str, &[u8])>)> {
    entries
        .iter()
        .map(|entry| {
            let values = entry.values.iter();
            let values =
                values.map(|v| (v.attribute.as_str(), v.options.as_str(), v.bytes.as_slice()));
            (entry.dn.as_str(), values.collect())
        })
        .collect()
}
