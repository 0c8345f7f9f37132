//! What LDIF is and what it is not.

use super::*;
use proptest::prelude::*;

/// An entry's line, name, and values by attribute.
type Said = (u64, String, Vec<(String, String)>);

fn read(text: &str) -> Vec<Said> {
    let entries = parse(text).unwrap_or_else(|why| panic!("{why:?}"));
    let values = |entry: &Entry| {
        let value = |v: &Value| (v.attribute.clone(), String::from_utf8_lossy(&v.bytes).into());
        entry.values.iter().map(value).collect()
    };
    entries.iter().map(|entry| (entry.line, entry.dn.clone(), values(entry))).collect()
}

#[test]
fn entries_are_read_with_continued_encoded_and_optioned_values() {
    let text = "version: 1\n\n# people\n#  of all kinds\ndn: uid=ana,\n  dc=x\nuid: ana\ncn;lang-de: \
                Ana Lima\r\nmail::YW5hQHg=\n\n\ndn:: dWlkPWJv\nuid:bo\nempty:\n";
    let ana = vec![
        ("uid".to_owned(), "ana".to_owned()),
        ("cn".to_owned(), "Ana Lima".to_owned()),
        ("mail".to_owned(), "ana@x".to_owned()),
    ];
    let bo = vec![("uid".to_owned(), "bo".to_owned()), ("empty".to_owned(), String::new())];
    assert_eq!(read(text), [(5, "uid=ana, dc=x".to_owned(), ana), (12, "uid=bo".to_owned(), bo)]);
    assert_eq!(read(""), []);
    assert_eq!(read("\u{feff}dn: a=b\n").len(), 1);
}

#[test]
fn what_is_no_ldif_is_refused_with_its_line() {
    for (text, line, what) in [
        ("version: 2\n", 1, "it is of another version than 1"),
        ("uid: ana\n", 1, "an entry does not begin with `dn:`"),
        ("dn: a=b\nuid: x\ndn: c=d\n", 3, "an entry begins within another one"),
        ("dn: a=b\nuid ana\n", 2, "the line holds no colon"),
        ("dn: a=b\n: ana\n", 2, "the line does not begin with an attribute"),
        ("dn: a=b\nu d: ana\n", 2, "the line does not begin with an attribute"),
        ("dn: a=b\nuid:: ?\n", 2, "the value is no Base64"),
        ("dn: a=b\nphoto:< file:///etc/passwd\n", 2, "the value stands in another file"),
        ("dn: a=b\nchangetype: delete\n", 2, "it tells changes and not what there is"),
        (" dn: a=b\n", 1, "a line continues none"),
        ("dn: a=b\n\n x\n", 3, "a line continues an empty one"),
        ("dn:: /w==\n", 1, "the name of the entry is no text"),
    ] {
        let found = parse(text).unwrap_err();
        assert_eq!((found.line, found.what), (line, what), "{text:?}");
        assert!(!found.remedy.is_empty());
    }
}

#[test]
fn names_that_mean_the_same_are_one_text() {
    for (one, other) in [
        ("UID=Ana, DC=Corp , dc=EXAMPLE", "uid=ana,dc=corp,dc=example"),
        ("cn=Lima\\, Ana,dc=x", "CN=lima\\2c ana,DC=X"),
        ("cn=a+uid=b,dc=x", "uid=B + cn=A,dc=x"),
        ("cn=M\\C3\\BCller", "cn=müller"),
        ("cn=a\\ ,dc=x", "cn=a\\20,dc=x"),
        ("cn=a;dc=x", "cn=a,dc=x"),
    ] {
        assert_eq!(folded(one), folded(other), "{one}");
    }
    for (one, other) in [
        ("cn=a,dc=x", "cn=a,dc=y"),
        ("cn=a\\,dc=x", "cn=a,dc=x"),
        ("cn=a\\+b=c", "cn=a+b=c"),
        ("cn=a\\ ,dc=x", "cn=a,dc=x"),
        ("no name", "another"),
    ] {
        assert_ne!(folded(one), folded(other), "{one}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(text in "[\\x20a-d:;<#=\n]{0,60}") {
        let text = format!("dn: a=b\n{text}");
        if let Ok(entries) = parse(&text) {
            let again = parse(&print(&entries)).unwrap();
            let plain = |entries: &[Entry]| -> Vec<_> {
                let values = |e: &Entry| -> Vec<_> {
                    let said = |v: &Value| (v.attribute.clone(), v.options.clone(), v.bytes.clone());
                    e.values.iter().map(said).collect()
                };
                entries.iter().map(|e| (e.dn.clone(), values(e))).collect()
            };
            prop_assert_eq!(plain(&entries), plain(&again));
        }
    }

    #[test]
    fn a_folded_name_is_folded(dn in "[a-c=,+;\\\\ \"0-9A-F\u{fc}]{0,30}") {
        let once = folded(&dn);
        prop_assert_eq!(folded(&once), once);
    }
}
