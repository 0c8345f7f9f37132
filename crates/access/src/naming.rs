//! Profile names: readable, stable, and never the same for two.
//!
//! `SageMaker` allows 1 to 63 letters, digits and inner hyphens and ignores case; a directory's user
//! name may be 128 characters of any script. So a name is `<user>--<team>` when the user name is
//! already a plain slug, and `<slug>--<team>--<hash>` whenever anything was lost on the way, or
//! where the planner finds the plain name with another of our profiles. Slugs hold no doubled
//! hyphen, hence the two forms cannot meet, nor can `a` of `b-c` meet `a-b` of `c`.

use crate::ids::{ProfileName, SpaceName, TeamKey, is_slug};
use crate::snapshot::Person;
use sha2::{Digest, Sha256};

/// `SageMaker`'s limit (API `UserProfileName`).
const MAX: usize = 63;
/// Ten characters of base 32 are 50 bits: among a million people two alike are a 1 in 2,000 event,
/// and only where their slugs agree too. The planner still refuses a name that is taken.
const HASH: usize = 10;

/// The name of the profile that this person gets for this team.
pub fn profile_name(person: &Person, team: &TeamKey) -> ProfileName {
    let team_part = team.as_str();
    let plain = format!("{}--{team_part}", person.user_name);
    if is_slug(&person.user_name)
        && plain.len() <= MAX
        && let Ok(name) = ProfileName::parse(plain)
    {
        return name;
    }
    hashed_profile_name(person, team)
}

/// The name with the hash: for a person whose plain name another profile has.
pub fn hashed_profile_name(person: &Person, team: &TeamKey) -> ProfileName {
    let team_part = team.as_str();
    let hash = short_hash(&[person.id.as_str(), team.as_str()]);
    let room = MAX.saturating_sub(team_part.len() + HASH + 4);
    let slug = slug(&person.user_name, room);
    let lossy = if slug.is_empty() {
        format!("u--{team_part}--{hash}")
    } else {
        format!("{slug}--{team_part}--{hash}")
    };
    // A team key is at most 26 characters, so the parts always fit and hold only legal characters.
    ProfileName::parse(lossy).unwrap_or_else(|_| fallback(&hash))
}

/// The name of the one profile that this person gets in an SSO-mode domain: the user name where it
/// is a plain slug, `<slug>--<hash>` where anything was lost.
pub fn sso_profile_name(person: &Person) -> ProfileName {
    if is_slug(&person.user_name)
        && let Ok(name) = ProfileName::parse(person.user_name.clone())
    {
        return name;
    }
    hashed_sso_profile_name(person)
}

/// The name with the hash: for a person whose plain name another profile has.
pub fn hashed_sso_profile_name(person: &Person) -> ProfileName {
    let hash = short_hash(&[person.id.as_str()]);
    let slug = slug(&person.user_name, MAX.saturating_sub(HASH + 2));
    let slug = if slug.is_empty() { "u" } else { &slug };
    ProfileName::parse(format!("{slug}--{hash}")).unwrap_or_else(|_| fallback(&hash))
}

/// The name of the space that takes the place of a leaver's shared space. The same each time, so
/// that it can be seen whether it is there already.
pub fn handed_over_space(space: &SpaceName, leaver: &ProfileName) -> SpaceName {
    let hash = short_hash(&[space.as_str(), &leaver.folded()]);
    let room = MAX.saturating_sub(HASH + 1);
    let kept: String = space.as_str().chars().take(room).collect();
    let name = format!("{}-{hash}", kept.trim_end_matches('-'));
    SpaceName::parse(name).unwrap_or_else(|_| space.clone())
}

/// Characters of base 32 are always a legal name.
fn fallback(hash: &str) -> ProfileName {
    match ProfileName::parse(format!("u{hash}")) {
        Ok(name) => name,
        Err(_) => fallback(""),
    }
}

/// What of a user name can be read in a slug of at most `room` characters: ASCII letters lowered,
/// everything else a single hyphen, none at the ends.
fn slug(user_name: &str, room: usize) -> String {
    let mut out = String::new();
    for c in user_name.chars() {
        if out.len() >= room {
            break;
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// Of ids, so that a rename in the directory changes nothing but the readable part.
fn short_hash(parts: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hasher = Sha256::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            hasher.update([0]);
        }
        hasher.update(part.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .take(HASH)
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PersonId;
    use arcstr::ArcStr;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn person(id: &str, user_name: &str) -> Person {
        Person {
            id: PersonId::parse(id).unwrap(),
            user_name: user_name.into(),
            display_name: String::new(),
            enabled: true,
        }
    }

    fn name(id: &str, user_name: &str, team: &str) -> String {
        profile_name(&person(id, user_name), &TeamKey::parse(team).unwrap()).as_str().to_owned()
    }

    #[test]
    fn a_plain_user_name_is_kept_as_it_is() {
        assert_eq!(name("1", "alice", "fraud"), "alice--fraud");
        assert_eq!(name("1", "a", "b-c"), "a--b-c");
        assert_eq!(name("1", "a-b", "c"), "a-b--c");
    }

    #[test]
    fn whatever_is_lost_is_made_good_by_a_hash_of_the_id() {
        assert_eq!(name("1", "alice@example.com", "fraud"), "alice-example-com--fraud--avpthcx4ko");
        assert_ne!(name("1", "niklas@a.com", "fraud"), name("2", "niklas@a-com", "fraud"));
        assert_ne!(name("1", "Alice", "fraud"), name("2", "alice", "fraud"));
        assert_ne!(name("1", "李雷", "fraud"), name("2", "韩梅梅", "fraud"));
        assert!(name("1", "!!!", "fraud").starts_with("u--fraud--"));
    }

    #[test]
    fn a_longest_user_name_and_team_still_fit() {
        let long = name("1", &"Ä".repeat(64).replace('Ä', "x.y"), "abcdefghijklmnopqrstuvwxyz");
        assert!(long.len() <= 63, "{long}");
        assert!(long.contains("--abcdefghijklmnopqrstuvwxyz--"), "{long}");
    }

    proptest! {
        #[test]
        fn two_people_never_share_a_name(names in proptest::collection::btree_set("\\PC{1,128}", 2..20)) {
            let team = TeamKey::parse("fraud").unwrap();
            let made: BTreeSet<ArcStr> = names
                .iter()
                .enumerate()
                .map(|(i, n)| profile_name(&person(&format!("id-{i}"), n), &team).folded())
                .collect();
            prop_assert_eq!(made.len(), names.len());
        }

        #[test]
        fn plain_pairs_of_user_and_team_never_meet(
            a in "[a-z]{1,2}(-[a-z]{1,2}){0,2}", b in "[a-z]{1,2}(-[a-z]{1,2}){0,2}",
            s in "[a-z]{1,2}(-[a-z]{1,2}){0,2}", t in "[a-z]{1,2}(-[a-z]{1,2}){0,2}",
        ) {
            prop_assume!((&a, &s) != (&b, &t));
            prop_assert_ne!(name("1", &a, &s), name("2", &b, &t));
        }
    }
}
