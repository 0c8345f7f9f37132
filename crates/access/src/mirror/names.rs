//! What Identity Center takes as names.

use super::MirrorPerson;
use crate::letters::{is_of_name, is_of_user_name};

/// The longest user name, in characters.
const USER_NAME: usize = 128;

/// The longest other text, in characters.
const TEXT: usize = 1024;

/// User names that Identity Center keeps for itself.
const RESERVED: [&str; 2] = ["administrator", "awsadministrators"];

/// Whether Identity Center takes a user with these attributes; what it does not take, as a clause.
pub fn fits_person(person: &MirrorPerson) -> Result<(), &'static str> {
    let name = person.user_name.as_str();
    if !(1..=USER_NAME).contains(&name.chars().count()) || !name.chars().all(is_of_user_name) {
        return Err(
            "its user name is empty, longer than 128 characters or has spaces or invisible characters",
        );
    }
    if RESERVED.contains(&name.to_lowercase().as_str()) {
        return Err("its user name is reserved by Identity Center");
    }
    let texts = [&person.display_name, &person.given_name, &person.family_name];
    if texts.into_iter().chain(&person.email).all(|text| is_text(text)) {
        Ok(())
    } else {
        Err("one of its names is empty, longer than 1,024 characters or has invisible characters")
    }
}

/// Whether Identity Center takes a group of this name.
pub fn fits_group_name(name: &str) -> bool {
    is_text(name)
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT && text.chars().all(is_of_name)
}

/// The form in which names are compared: Identity Center does not tell cases apart.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}
