//! How user names and e-mail addresses are compared: without case, and of no other character.

use std::borrow::Cow;

/// The one character outside of ASCII whose lower case is inside. It stays itself: whoever may choose a name
/// with it would be somebody else.
const KELVIN: char = '\u{212a}';

/// What two names share that differ by case alone.
pub fn folded(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let lower: Vec<String> = name.split(KELVIN).map(str::to_lowercase).collect();
    Cow::Owned(lower.join("\u{212a}"))
}

/// Whether two names differ by case at most.
pub fn same(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_any_case_and_with_no_other_character() {
        assert!(same("Ada@Example.ORG", "ada@example.org") && same("ÄNNE", "änne"));
        assert!(same("\u{212a}ATE", "\u{212a}ate"));
        for other in ["\u{212a}ate", "káte", "ｋate", "kate ", "kat"] {
            assert!(!same("kate", other) && !same(other, "KATE"), "{other}");
        }
        assert!(matches!(folded("kate"), Cow::Borrowed("kate")));
    }

    #[test]
    fn nothing_outside_of_ascii_is_folded_into_it() {
        let into_it = |c: &char| !c.is_ascii() && folded(c.encode_utf8(&mut [0; 4])).is_ascii();
        assert_eq!((char::MIN..=char::MAX).find(into_it), None);
    }
}
