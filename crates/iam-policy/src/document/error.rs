//! Why a text is not read as a policy document.

use super::Place;
use super::bounds::{MAX_BYTES, MAX_DEPTH, MAX_STATEMENTS, MAX_VALUES};

/// Text that is not a policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the policy document at {place}: {fault}")]
pub struct PolicyError {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More bytes than [`MAX_BYTES`].
    #[error("it has {0} bytes, and at most {MAX_BYTES} are read")]
    TooLarge(usize),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("it is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More statements than [`MAX_STATEMENTS`].
    #[error("it has {0} statements, and at most {MAX_STATEMENTS} are read")]
    TooManyStatements(usize),
    /// More values than [`MAX_VALUES`].
    #[error("it has more than {MAX_VALUES} values")]
    TooManyValues,
    /// Not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// A name that the same object has already. Which of the two AWS would take is not documented.
    #[error("`{0}` is there twice in the same object")]
    Duplicate(String),
    /// A name that the language does not have there.
    #[error("unknown element `{name}` in {within}{}", suggested(*near))]
    UnknownElement {
        /// The name.
        name: String,
        /// Where it stands: `the document`, `a statement`, `a principal`.
        within: &'static str,
        /// The name that may be meant.
        near: Option<&'static str>,
    },
    /// A text that is none of those which the language has there.
    #[error("unknown {what} `{text}`, expected {expected}{}", suggested(*near))]
    UnknownText {
        /// What the text should be: `effect`, `version`, `principal`.
        what: &'static str,
        /// The text.
        text: String,
        /// The texts that would do.
        expected: &'static str,
        /// The text that may be meant.
        near: Option<&'static str>,
    },
    /// Another kind of JSON value than the language has there.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What would do.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// An element is missing.
    #[error("{within} needs `{element}`")]
    Missing {
        /// Its name.
        element: &'static str,
        /// What needs it.
        within: &'static str,
    },
    /// Neither of two elements of which a statement needs one.
    #[error("a statement needs `{0}` or `{1}`")]
    Neither(&'static str, &'static str),
    /// Both of two elements of which a statement takes one.
    #[error("a statement takes `{0}` or `{1}`, not both")]
    Both(&'static str, &'static str),
}

fn suggested(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
}
