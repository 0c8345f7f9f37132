//! Why a question cannot be answered.

use std::fmt;

/// Why something is neither proved nor refuted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown(String);

impl Unknown {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
