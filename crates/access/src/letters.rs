//! Classes of characters as AWS's service models write them: by Unicode's general categories, which the
//! standard library's words (alphabetic, white space) are not.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup as Group};

/// `\p{L}\p{Z}\p{N}`.
const OF_TAGS: Group = Group::Letter.union(Group::Separator).union(Group::Number);

/// `\p{L}\p{M}\p{S}\p{N}\p{P}`.
const VISIBLE: Group = Group::Letter
    .union(Group::Mark)
    .union(Group::Symbol)
    .union(Group::Number)
    .union(Group::Punctuation);

fn is_of(group: Group, c: char) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`: keys and values of tags (API `Tag`).
pub(crate) fn is_of_tag(c: char) -> bool {
    is_of(OF_TAGS, c) || "_.:/=+-@".contains(c)
}

/// `[\p{L}\p{M}\p{S}\p{N}\p{P}]`: user names of an identity store (API `CreateUser`).
pub(crate) fn is_of_user_name(c: char) -> bool {
    is_of(VISIBLE, c)
}

/// The same, with tab, line ends, space, no-break space and ideographic space: its other names.
pub(crate) fn is_of_name(c: char) -> bool {
    is_of(VISIBLE, c) || matches!(c, '\t' | '\n' | '\r' | ' ' | '\u{a0}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::hir::{Class, HirKind};

    /// Whether each character is of a class, by its number.
    fn class(pattern: &str) -> Vec<bool> {
        let hir = regex_syntax::parse(pattern).unwrap();
        let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{hir:?}") };
        let mut all = vec![false; char::MAX as usize + 1];
        for range in class.iter() {
            all[range.start() as usize..=range.end() as usize].fill(true);
        }
        all
    }

    type Own = fn(char) -> bool;

    #[test]
    fn every_character_is_where_awss_pattern_has_it() {
        // What one of the two does not know yet, of another version of Unicode, is compared by neither.
        let unknown = class(r"\p{Cn}");
        let classes: [(&str, Own); 3] = [
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]", is_of_tag),
            (r"[\p{L}\p{M}\p{S}\p{N}\p{P}]", is_of_user_name),
            ("[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}\\t\\n\\r \u{a0}\u{3000}]", is_of_name),
        ];
        for (pattern, own) in classes {
            let class = class(pattern);
            let differs = |c: &char| own(*c) != class[*c as usize] && !unknown[*c as usize];
            let different: Vec<char> = (char::MIN..=char::MAX).filter(differs).collect();
            assert_eq!(different, [char::MIN; 0], "{pattern}");
        }
        // A vowel sign, a joiner and a line separator, which are alphabetic, printable and white.
        for (c, told) in [
            ('\u{93e}', (false, true, true)),
            ('\u{200d}', (false, false, false)),
            ('\u{2028}', (true, false, false)),
        ] {
            assert_eq!((is_of_tag(c), is_of_user_name(c), is_of_name(c)), told, "{c:?}");
        }
    }
}
