//! Who is signed in, and which of their pages is shown: the top of a page.

use crate::provenance;
use crate::strings::{Frame, Language};
use access::snapshot::Person;

/// What `who.html` and `nav.html` show. No `Debug`: it holds a form key.
pub(crate) struct Who {
    pub(crate) texts: &'static Frame,
    pub(crate) here: Here,
    pub(crate) name: String,
    pub(crate) user_name: String,
    pub(crate) initials: String,
    pub(crate) sign_out_key: String,
    /// Whether the administration is open to them.
    pub(crate) administers: bool,
}

/// Which page of the navigation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Work,
    Access,
    Requests,
    Administration,
}

impl Who {
    /// `form_key` makes the key of a form with a purpose.
    pub(crate) fn new(
        person: &Person,
        language: Language,
        here: Here,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let name = person.name().to_owned();
        Self {
            texts: language.frame(),
            here,
            initials: initials(&name),
            name,
            user_name: person.user_name.clone(),
            sign_out_key: form_key(provenance::SIGN_OUT),
            administers: false,
        }
    }
}

impl Who {
    pub(crate) fn is_at_work(&self) -> bool {
        self.here == Here::Work
    }

    pub(crate) fn is_at_access(&self) -> bool {
        self.here == Here::Access
    }

    pub(crate) fn is_at_requests(&self) -> bool {
        self.here == Here::Requests
    }

    /// The same with a way to the administration, if it is open to them.
    #[must_use]
    pub(crate) fn who_administers(self, administers: bool) -> Self {
        Self { administers, ..self }
    }
}

/// The first letters of the first and the last word.
pub(crate) fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let first = words.first().and_then(|word| word.chars().next());
    let last = words.get(1..).and_then(<[&str]>::last).and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("ada king lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials("  "), "");
        assert_eq!(initials("ßeta Ögren"), "SSÖ");
    }
}
