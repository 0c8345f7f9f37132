//! Places in the text of a document.

use std::fmt;

/// A place in a text, for people: both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset. Beyond the end it is the end.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let mut place = Self { line: 1, column: 1 };
        for (at, c) in text.char_indices() {
            if at >= offset {
                break;
            }
            if c == '\n' {
                place = Self { line: place.line + 1, column: 1 };
            } else {
                place.column += 1;
            }
        }
        place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// A JSON pointer (RFC 6901) to what these names and indexes lead to.
///
/// ```
/// let pointer = iam_policy::document::pointer(["Statement", "0", "Condition"]);
/// assert_eq!(pointer, "/Statement/0/Condition");
/// ```
pub fn pointer<T: AsRef<str>>(segments: impl IntoIterator<Item = T>) -> String {
    segments.into_iter().fold(String::new(), |mut pointer, segment| {
        pointer.push('/');
        pointer.push_str(&segment.as_ref().replace('~', "~0").replace('/', "~1"));
        pointer
    })
}

/// The names and indexes of a pointer; nothing if it is none.
pub(super) fn segments(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let rest = pointer.strip_prefix('/')?;
    Some(rest.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "ab\n\u{fc}x\r\nz";
        let at = |offset| Place::of(text, offset).to_string();
        assert_eq!(at(0), "line 1 column 1");
        assert_eq!(at(2), "line 1 column 3");
        assert_eq!(at(3), "line 2 column 1");
        assert_eq!(at(5), "line 2 column 2");
        assert_eq!(at(8), "line 3 column 1");
        assert_eq!(at(99), "line 3 column 2");
    }

    #[test]
    fn pointers_escape_what_they_are_made_of() {
        let names = ["Condition", "aws:RequestTag/a~b", "0"];
        let made = pointer(names);
        assert_eq!(made, "/Condition/aws:RequestTag~1a~0b/0");
        assert_eq!(segments(&made).unwrap(), names);
        assert_eq!(segments(""), Some(vec![]));
        assert_eq!(segments("Statement"), None);
    }
}
