//! Which pass makes a change.

use std::fmt;

/// The id of one pass that changes something: in the audit entries of that pass, and, where a role is
/// assumed, in AWS's own log as session name and source identity. Fits the alphabet and the 64
/// characters of both (STS API `RoleSessionName`, `SourceIdentity`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeId(String);

impl ChangeId {
    /// The id of a pass that begins at `at`, told apart from others of that second by `random`.
    pub fn new(at: jiff::Timestamp, random: [u8; 32]) -> Self {
        let random: String = hex::encode(random).chars().take(12).collect();
        Self(format!("{}-{random}", at.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_id_tells_its_time_and_fits_a_role_session() {
        let at = "2026-11-21T09:00:00.5Z".parse().unwrap();
        let id = ChangeId::new(at, [0xab; 32]);
        assert_eq!(id.to_string(), "20261121T090000Z-abababababab");
    }
}
