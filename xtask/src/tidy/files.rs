//! Rules of a single file.

use super::Violation;
use crate::workspace::Source;

/// The longest a file may be. Tests are data and may be longer.
const LINES: usize = 800;

pub(crate) fn check(sources: &[Source]) -> Vec<Violation> {
    sources.iter().flat_map(|source| [undocumented(source), too_long(source)]).flatten().collect()
}

fn undocumented(source: &Source) -> Option<Violation> {
    let documented = source.text.starts_with("//! ");
    (!documented).then(|| Violation {
        file: source.path.clone(),
        rule: "the first line is a `//!` comment that says what the file is for".to_owned(),
    })
}

fn too_long(source: &Source) -> Option<Violation> {
    let lines = source.text.lines().count();
    (lines > LINES && !is_test(&source.path)).then(|| Violation {
        file: source.path.clone(),
        rule: format!("a file has at most {LINES} lines, this has {lines}: split it by meaning"),
    })
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        check(&[source]).iter().map(ToString::to_string).collect()
    }

    fn lines(count: usize) -> String {
        format!("//! Long.\n{}", "\n".repeat(count - 1))
    }

    #[test]
    fn a_file_opens_by_saying_what_it_is_for() {
        assert_eq!(rules("a/src/lib.rs", "//! Here.\n"), Vec::<String>::new());
        for text in ["", "// Here.\n", "\n//! Here.\n", "//!\n", "use std::fmt;\n"] {
            assert_eq!(
                rules("a/src/lib.rs", text),
                ["a/src/lib.rs: the first line is a `//!` comment that says what the file is for"],
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_file_ends_at_800_lines() {
        assert_eq!(rules("a/src/b.rs", &lines(800)), Vec::<String>::new());
        assert_eq!(
            rules("a/src/b.rs", &lines(801)),
            ["a/src/b.rs: a file has at most 800 lines, this has 801: split it by meaning"]
        );
    }

    #[test]
    fn tests_may_be_long() {
        for path in ["a/tests/it/main.rs", "a/src/b/tests.rs", "a/src/b/tests/c.rs"] {
            assert_eq!(rules(path, &lines(801)), Vec::<String>::new(), "{path}");
        }
        assert_eq!(rules("a/src/contests.rs", &lines(801)).len(), 1);
    }
}
