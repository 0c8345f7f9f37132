//! How large AWS takes which kind of policy, and how it counts.
//!
//! Sources: "IAM and AWS STS quotas" of the IAM user guide, "Quotas and service limits for AWS
//! Organizations", "AWS `PrivateLink` quotas", "AWS IAM Identity Center quotas".

use super::Document;

/// How much AWS takes of one kind of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The kind, for people: `managed policy`.
    pub kind: &'static str,
    /// Most characters of one document.
    pub characters: usize,
    /// Most documents of this kind in one place.
    pub documents: usize,
    /// Whether white space inside texts counts. Between the parts of a document nothing of ours
    /// writes any.
    pub white_space: bool,
}

impl Limit {
    /// Customer managed policies of a role. Ten of them by default; the quota can be raised, and
    /// with it `documents`.
    pub const MANAGED_POLICY: Self = iam("managed policy", 6_144, 10);
    /// All inline policies of a role together, so there is no use in more than one document.
    pub const ROLE_INLINE: Self = iam("role's inline policy", 10_240, 1);
    /// A role's trust policy. The quota can be raised, and with it `characters`.
    pub const TRUST_POLICY: Self = iam("role's trust policy", 2_048, 1);
    /// A session policy; AWS packs it besides and may refuse less.
    pub const SESSION_POLICY: Self = exact("session policy", 2_048, 1);
    /// The inline policy of an Identity Center permission set, which becomes a role's.
    pub const PERMISSION_SET_INLINE: Self = iam("permission set's inline policy", 10_240, 1);
    /// Service control policies of a root, a unit or an account. `FullAWSAccess` is one of the five.
    pub const SERVICE_CONTROL_POLICY: Self = exact("service control policy", 5_120, 5);
    /// Resource control policies of a root, a unit or an account. `RCPFullAWSAccess` is one of the
    /// five.
    pub const RESOURCE_CONTROL_POLICY: Self = exact("resource control policy", 5_120, 5);
    /// A VPC endpoint's policy.
    pub const ENDPOINT_POLICY: Self = exact("VPC endpoint policy", 20_480, 1);

    /// The most characters of a trust policy by a raised quota.
    pub const TRUST_POLICY_RAISED: usize = 4_096;

    /// The most managed policies a role can have by a raised quota that AWS grants by itself.
    pub const MANAGED_POLICIES_RAISED: usize = 20;

    /// How large a document is by this limit's way to count.
    pub fn size(&self, document: &Document) -> usize {
        if self.white_space {
            document.to_compact_json().chars().count()
        } else {
            document.compact_len()
        }
    }

    /// Whether a document is within it.
    pub fn fits(&self, document: &Document) -> bool {
        self.size(document) <= self.characters
    }
}

/// IAM itself does not count white space.
const fn iam(kind: &'static str, characters: usize, documents: usize) -> Limit {
    Limit { kind, characters, documents, white_space: false }
}

const fn exact(kind: &'static str, characters: usize, documents: usize) -> Limit {
    Limit { kind, characters, documents, white_space: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;

    #[test]
    fn white_space_inside_texts_counts_outside_iam() {
        let document = Document::new([Statement::deny("A").actions(["*"]).resources(["a b\tc"])]);
        let compact = document.to_compact_json();
        assert_eq!(Limit::SERVICE_CONTROL_POLICY.size(&document), compact.len());
        // The tabulator is written as two characters, `\t`.
        assert_eq!(Limit::MANAGED_POLICY.size(&document), compact.len() - 1);
        let exact = Limit { characters: compact.len(), ..Limit::ENDPOINT_POLICY };
        assert!(exact.fits(&document));
        assert!(!Limit { characters: compact.len() - 1, ..exact }.fits(&document));
    }
}
