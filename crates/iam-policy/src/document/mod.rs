//! Policy documents as data: reading, building, printing, comparing, and fitting them into AWS's
//! limits.
//!
//! The grammar is the one of the IAM user guide, "Grammar of the IAM JSON policy language": nearly
//! every list may be written as a single value. Text is read by [`Source::parse`] alone, within
//! [bounds], and every error says at which line and column.

pub mod bounds;
mod build;
pub mod diff;
mod error;
mod json;
mod limit;
mod merge;
mod place;
mod print;
mod read;
mod source;
mod split;
mod statement;

pub use diff::{Change, diff};
pub use error::{Fault, PolicyError};
pub use limit::Limit;
pub use merge::merge;
pub use place::{Place, pointer};
pub use source::Source;
pub use split::{SplitError, split};
pub use statement::{Effect, Principal, PrincipalKind, Statement, Values};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    /// The version of the policy language; absent: [`Version::V2008`] is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// A name of the whole document; some services want one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its statements. Their order means nothing.
    #[serde(rename = "Statement")]
    pub statements: Vec<Statement>,
}

/// A version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Version {
    /// `2008-10-17`: knows no policy variables, `${…}` is literal text there.
    #[serde(rename = "2008-10-17")]
    V2008,
    /// `2012-10-17`, the current one.
    #[serde(rename = "2012-10-17")]
    V2012,
}

impl Version {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2008 => "2008-10-17",
            Self::V2012 => "2012-10-17",
        }
    }
}

impl Document {
    /// Reads a document from JSON text. See [`Source::parse`], which also knows the places.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        read::document(&json::parse(text)?)
            .map_err(|(offset, fault)| PolicyError { place: Place::of(text, offset), fault })
    }

    /// The version that counts: absent, it is the old one.
    pub fn language(&self) -> Version {
        self.version.unwrap_or(Version::V2008)
    }
}

/// Reads a document that is part of other JSON, by the same rules as [`Document::parse`]; places in
/// errors count from its own beginning. Only deserializers of `serde_json` can do that.
impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
