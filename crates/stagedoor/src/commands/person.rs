//! Who is meant by a word of the command line.

use crate::exit::{NotDone, Outcome};
use access::ids::PersonId;
use access::reason::ReasonCode;
use control::plane::Plane;
use control::ports::{CallError, PersonLookup};

/// The person with this user name, or else this id of the directory. An id that the directory does
/// not know any more still names somebody: profiles and the audit log may hold it.
pub(super) async fn find(plane: &Plane, word: &str) -> Result<Option<PersonId>, CallError> {
    let by_name = PersonLookup::UserName(word.to_owned());
    if let Some(id) = plane.directory.find(&by_name).await? {
        return Ok(Some(id));
    }
    Ok(is_id(word).then(|| PersonId::parse(word).ok()).flatten())
}

/// Whether the word looks like an id of Identity Center: a UUID, perhaps behind ten hexadecimal
/// digits and a hyphen.
fn is_id(word: &str) -> bool {
    let uuid = match word.split_at_checked(11) {
        Some((prefix, rest)) if word.len() == 47 && prefix.ends_with('-') => rest,
        _ => word,
    };
    let groups: Vec<&str> = uuid.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Nobody has this name.
pub(super) fn unknown(word: &str, outcome: Outcome) -> NotDone {
    let code = ReasonCode::PersonUnknown.as_str();
    NotDone {
        outcome,
        code,
        message: format!("the directory knows nobody with the user name or id `{word}` ({code})"),
        remedy:
            "Check the user name; of somebody who was deleted give the directory's id. Where an \
                 identity provider provisions people, provision the person there first."
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_identity_center_are_told_from_user_names() {
        assert!(is_id("9067a1d2c4-0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01"));
        assert!(is_id("0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01"));
        for name in [
            "ana",
            "ana@example.com",
            "0c7f1e52-6f41-4f0e-9a3b",
            "Zoë-0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01",
            "",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }
}
