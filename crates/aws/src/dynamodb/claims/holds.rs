//! Whom passes of this process have, as it wrote that: mostly nobody changes it until they are let go,
//! and it need not be read again for that.

use crate::dynamodb::item::Item;
use crate::dynamodb::keys::Key;
use control::ports::ChangeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// No process has more passes under way; whatever never ended is forgotten.
const MOST: usize = 1_000;

/// What is known of each pass.
#[derive(Debug, Default)]
pub(in crate::dynamodb) struct Holds(Mutex<BTreeMap<String, Option<Held>>>);

/// The claims of a pass, and the lists that name them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Held {
    pub(super) claims: BTreeMap<Key, Item>,
    pub(super) lists: Vec<Key>,
}

impl Holds {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Option<Held>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that the pass has, if that is known. Until [`Self::know`] or [`Self::end`] it is not known
    /// any more: a write that fails may have been made.
    pub(super) fn doubt(&self, pass: &ChangeId) -> Option<Held> {
        let mut all = self.all();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(pass.to_string(), None).unwrap_or_else(|| Some(Held::default()))
    }

    /// The pass has this and nothing else.
    pub(super) fn know(&self, pass: &ChangeId, held: Held) {
        self.all().insert(pass.to_string(), Some(held));
    }

    /// The pass has nobody any more.
    pub(super) fn end(&self, pass: &ChangeId) {
        self.all().remove(pass.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_doubt_stays_so_until_the_pass_has_ended() {
        let pass = ChangeId::new(jiff::Timestamp::UNIX_EPOCH, [1; 32]);
        let held = Held { lists: vec![Key::new("pass", "1")], ..Held::default() };
        let holds = Holds::default();
        assert_eq!(holds.doubt(&pass), Some(Held::default()), "a pass begins with nobody");
        assert_eq!(holds.doubt(&pass), None);
        holds.know(&pass, held.clone());
        assert_eq!(holds.doubt(&pass), Some(held));
        assert_eq!(holds.doubt(&pass), None);
        holds.end(&pass);
        assert_eq!(holds.doubt(&pass), Some(Held::default()));
    }
}
