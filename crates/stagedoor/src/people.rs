//! Whom somebody at the command line means.

use crate::exit::BadConfiguration;
use crate::output::visible;
use access::ids::PersonId;
use access::reason::ReasonCode;
use anyhow::Result;
use control::people::NotFound;
use control::plane::Plane;
use std::time::Duration;

pub(crate) use control::people::Named;

/// How long the directory is waited for by a command that goes on, whatever it says.
pub(crate) const LOOKED_UP_WITHIN: Duration = Duration::from_secs(5);

/// What a person is called: `Ana Diaz (ana)`, `ana`, or `person 9067…`.
pub(crate) fn shown(named: &Named) -> String {
    match (&named.display_name, &named.user_name) {
        (Some(display), Some(user)) if !display.is_empty() && display != user => {
            format!("{} ({})", visible(display), visible(user))
        }
        (_, Some(user)) => visible(user),
        _ => format!("person {}", named.id),
    }
}

/// Finds the person with this user name or directory id. Somebody whom the directory has forgotten
/// is found by what the store remembers.
///
/// # Errors
/// [`BadConfiguration`] if there is nobody, or more than one; the directory or the store fails.
pub(crate) async fn find(plane: &Plane, text: &str) -> Result<Named> {
    match control::people::find(plane, text).await {
        Ok(named) => Ok(named),
        Err(NotFound::Call(error)) => Err(error.into()),
        Err(NotFound::Store(error)) => Err(error.into()),
        Err(NotFound::Ambiguous { one, other, .. }) => {
            let message = format!(
                "`{}` means more than one person: {one} and {other}. Name the one you mean by the \
                 directory's id.",
                visible(text)
            );
            Err(BadConfiguration::new(ReasonCode::PersonAmbiguous, message).into())
        }
        Err(NotFound::Unknown { .. }) => {
            let hint = match control::people::nearly(plane, text).await {
                Some(near) => format!("Did you mean `{}`?", visible(&near)),
                None => control::people::HOW_TO_NAME.to_owned(),
            };
            let message = format!("the directory knows nobody called `{}`. {hint}", visible(text));
            Err(BadConfiguration::new(ReasonCode::PersonUnknown, message).into())
        }
    }
}

/// [`find`], which also takes an id of the directory that nobody knows any more: profiles may still
/// carry it.
///
/// # Errors
/// As [`find`].
pub(crate) async fn find_or_id(plane: &Plane, text: &str) -> Result<PersonId> {
    match (find(plane, text).await, PersonId::parse(text)) {
        (Ok(named), _) => Ok(named.id),
        (Err(error), Ok(id)) if is_id(text) && error.is::<BadConfiguration>() => Ok(id),
        (Err(error), _) => Err(error),
    }
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
