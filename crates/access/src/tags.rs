//! The tags of a profile, in little space: Stagedoor's own are read once, and a company has hundreds
//! of thousands of profiles with the same few others.

use crate::ids::{PersonId, TeamKey};
use crate::observed::{Ownership, TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM};
use crate::pool::Pool;
use arcstr::ArcStr;
use litemap::LiteMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tags that Stagedoor does not know of.
pub(crate) type Others = LiteMap<ArcStr, ArcStr>;

/// Tags by their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    instance: Option<ArcStr>,
    person: Option<PersonId>,
    team: Option<TeamKey>,
    leaving: Option<ArcStr>,
    /// All others, and those whose value is no id.
    others: Arc<Others>,
}

impl Tags {
    /// The value of a tag.
    pub fn get(&self, key: &str) -> Option<&str> {
        let own = match key {
            TAG_INSTANCE => self.instance.as_deref(),
            TAG_PERSON => self.person.as_ref().map(PersonId::as_str),
            TAG_TEAM => self.team.as_ref().map(TeamKey::as_str),
            TAG_LEAVING => return self.leaving.as_deref(),
            _ => None,
        };
        own.or_else(|| self.others.get(key).map(ArcStr::as_str))
    }

    /// Whether there is a tag of this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets a tag.
    pub fn insert(&mut self, key: ArcStr, value: ArcStr) {
        self.remove(&key);
        match key.as_str() {
            TAG_INSTANCE => self.instance = Some(value.clone()),
            TAG_PERSON => self.person = PersonId::parse(&value).ok(),
            TAG_TEAM => self.team = TeamKey::parse(&value).ok(),
            TAG_LEAVING => self.leaving = Some(value.clone()),
            _ => {}
        }
        if !self.contains_key(&key) {
            Arc::make_mut(&mut self.others).insert(key, value);
        }
    }

    /// Removes a tag.
    pub fn remove(&mut self, key: &str) {
        match key {
            TAG_INSTANCE => self.instance = None,
            TAG_PERSON => self.person = None,
            TAG_TEAM => self.team = None,
            TAG_LEAVING => self.leaving = None,
            _ => {}
        }
        if self.others.contains_key(key) {
            Arc::make_mut(&mut self.others).remove(key);
        }
    }

    /// Every tag, by its key.
    pub fn to_map(&self) -> BTreeMap<&str, &str> {
        let own = [TAG_INSTANCE, TAG_PERSON, TAG_TEAM, TAG_LEAVING];
        let own = own.into_iter().filter_map(|key| Some((key, self.get(key)?)));
        own.chain(self.others.iter().map(|(key, value)| (key.as_str(), value.as_str()))).collect()
    }

    /// Whose a profile with these tags is.
    pub(crate) fn ownership(&self, instance: &str) -> Ownership<'_> {
        match (&self.instance, &self.person, &self.team) {
            (Some(other), ..) if other != instance => Ownership::OtherInstance(other),
            (Some(_), Some(person), Some(team)) => Ownership::Ours { person, team },
            _ => Ownership::Foreign,
        }
    }

    /// Takes from the pool what other profiles have too.
    pub(crate) fn share(&mut self, pool: &mut Pool) {
        if let Some(instance) = &mut self.instance {
            *instance = pool.text(instance);
        }
        if let Some(team) = &mut self.team {
            *team = pool.team(team);
        }
        self.others = pool.tags(&self.others);
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(tags: I) -> Self {
        let mut all = Self::default();
        all.extend(tags);
        all
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Extend<(K, V)> for Tags {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, tags: I) {
        for (key, value) in tags {
            self.insert(key.as_ref().into(), value.as_ref().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_whatever_it_holds() {
        let mut tags: Tags =
            [(TAG_PERSON, "not an id"), (TAG_TEAM, "fraud"), ("a", "1")].into_iter().collect();
        tags.extend([(TAG_INSTANCE, "main"), ("a", "2")]);
        let all =
            [("a", "2"), (TAG_INSTANCE, "main"), (TAG_PERSON, "not an id"), (TAG_TEAM, "fraud")];
        assert_eq!(tags.to_map(), BTreeMap::from(all));
        assert!(all.iter().all(|(key, value)| tags.get(key) == Some(value)));
        assert_eq!(tags.ownership("main"), Ownership::Foreign);
    }

    #[test]
    fn a_new_value_replaces_one_of_the_other_kind() {
        let mut tags: Tags = [(TAG_PERSON, "not an id"), (TAG_TEAM, "fraud")].into_iter().collect();
        tags.extend([(TAG_PERSON, "id-1"), (TAG_TEAM, "No Team")]);
        assert_eq!(tags.to_map(), BTreeMap::from([(TAG_PERSON, "id-1"), (TAG_TEAM, "No Team")]));
        tags.remove(TAG_PERSON);
        tags.remove(TAG_TEAM);
        assert_eq!(tags, Tags::default());
    }

    #[test]
    fn what_is_shared_says_the_same() {
        let one = |person: &str| -> Tags {
            [
                (TAG_INSTANCE, "main"),
                (TAG_PERSON, person),
                (TAG_TEAM, "fraud"),
                ("CostCenter", "42"),
            ]
            .into_iter()
            .collect()
        };
        let (mut first, mut second) = (one("id-1"), one("id-2"));
        let mut pool = Pool::default();
        first.share(&mut pool);
        second.share(&mut pool);
        assert_eq!((&first, &second), (&one("id-1"), &one("id-2")));
        for key in [TAG_INSTANCE, TAG_TEAM, "CostCenter"] {
            assert!(std::ptr::eq(first.get(key).unwrap(), second.get(key).unwrap()), "{key}");
        }
    }
}
