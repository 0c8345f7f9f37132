//! Entries as lines that others can verify.

use super::canonical;
use crate::ports::SealedEntry;

/// The canonical bytes of an entry with its hash and its MAC as two more members, without a line end.
/// Whoever takes those two out again and writes the rest by RFC 8785 has what was sealed.
pub fn json_line(sealed: &SealedEntry) -> String {
    let SealedEntry { entry, seal } = sealed;
    let mut line = canonical::of_entry(entry, &seal.chain, seal.seq, &seal.prev, &seal.key);
    line.pop();
    line + &format!(",\"hash\":\"{}\",\"mac\":\"{}\"}}", seal.hash, seal.mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{ChainKey, Head, seal};
    use crate::ports::{AuditEntry, ChainId};

    #[test]
    fn a_line_comes_back_as_the_entry_it_was() {
        let at = "2026-11-21T09:00:00.5Z".parse().unwrap();
        let entry = AuditEntry::new(at, "sign-in", "signed-in").with("from", "192.0.2.1\n\"x\"");
        let chain = ChainId("main".to_owned());
        let seal = seal(&entry, &chain, &mut Head::empty(), &ChainKey::new(&[1; 32]));
        let sealed = SealedEntry { entry, seal };
        let line = json_line(&sealed);
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<SealedEntry>(&line).unwrap(), sealed);
    }
}
