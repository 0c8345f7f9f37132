//! Ids of memberships, for directories that have none of their own.

use access::ids::{GroupId, InvalidId, MembershipId, PersonId};
use sha2::{Digest, Sha256};

/// The id of a person's membership in a group: `GROUP/PERSON`, or a hash of both where that would
/// be longer than an id may be, or could be read in two ways. No two memberships have one id.
///
/// # Errors
/// Never: what it makes is an id.
pub fn membership_id(group: &GroupId, person: &PersonId) -> Result<MembershipId, InvalidId> {
    let (group, person) = (group.as_str(), person.as_str());
    if !group.contains('/')
        && let Ok(id) = MembershipId::parse(format!("{group}/{person}"))
    {
        return Ok(id);
    }
    let mut hash = Sha256::new();
    // A length before each: else two pairs could be one text.
    for part in [group, person] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    // Holds no slash, so it is never one of the others.
    MembershipId::parse(format!("sha256:{}", hex::encode(hash.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(group: &str, person: &str) -> String {
        let (group, person) = (GroupId::parse(group).unwrap(), PersonId::parse(person).unwrap());
        membership_id(&group, &person).unwrap().to_string()
    }

    #[test]
    fn a_membership_is_named_after_its_group_and_its_person() {
        assert_eq!(id("g-1", "corp:ana"), "g-1/corp:ana");
    }

    #[test]
    fn what_is_too_long_or_could_be_read_in_two_ways_is_hashed() {
        let long = "x".repeat(128);
        assert_eq!(id(&long, "p").len(), 71);
        assert_eq!(id(&long, "p"), id(&long, "p"));
        assert_ne!(id(&long, "p"), id(&long, "q"));
        assert_ne!(id("a/b", "c"), id("a", "b/c"));
        assert_eq!(id("a", "b/c"), "a/b/c");
        assert!(id("a/b", "c").starts_with("sha256:"));
    }
}
