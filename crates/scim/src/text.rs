//! Comparing text without regard to case (RFC 7643 section 2.2, `caseExact`).

use std::borrow::Cow;
use std::cmp::Ordering;

/// The one character outside of ASCII whose lower case is inside. It stays itself: a name with it is another
/// one, here as wherever people are looked up by what was pushed.
const KELVIN: char = '\u{212a}';

/// What two texts share that differ by case alone. Plain ASCII in lower case costs nothing.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else if text.is_ascii() {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        let lower: Vec<String> = text.split(KELVIN).map(str::to_lowercase).collect();
        Cow::Owned(lower.join("\u{212a}"))
    }
}

/// Whether `text`, folded, is `folded`.
pub(crate) fn same(text: &str, folded: &str) -> bool {
    if text.is_ascii() && folded.is_ascii() {
        text.eq_ignore_ascii_case(folded)
    } else {
        fold(text) == folded
    }
}

/// How `text`, folded, stands to `folded`.
pub(crate) fn compare(text: &str, folded: &str) -> Ordering {
    fold(text).as_ref().cmp(folded)
}

/// Takes a prefix away, whatever its case; `None` if it is not there.
pub(crate) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference_in_any_script() {
        assert_eq!(fold("Ana@Example.ORG"), "ana@example.org");
        assert_eq!(fold("ÄRGER"), "ärger");
        assert!(matches!(fold("ana"), Cow::Borrowed("ana")));
        assert!(same("ANA", "ana") && same("Ä", "ä") && !same("ä", "a"));
        assert!(same("\u{212a}ATE", "\u{212a}ate") && !same("\u{212a}ate", "kate"));
        assert_eq!(compare("B", "a"), Ordering::Greater);
    }

    #[test]
    fn a_prefix_is_found_in_any_case_and_never_cuts_a_character() {
        assert_eq!(strip_prefix("URN:x:name", "urn:X:"), Some("name"));
        assert_eq!(strip_prefix("é", "e"), None);
        assert_eq!(strip_prefix("", "e"), None);
    }
}
