//! What the tests share: a clock that stands still, and readings in words.

use access::entitlement::WantedGroups;
use access::ids::{LdapUrl, PersonId};
use control::ports::{Clock, Directory as _, DirectoryReading};
use ldap::{Bind, Config, LdapDirectory, Secret, Trust};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// It is always the same time.
#[derive(Debug)]
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }
}

pub(crate) fn url(text: &str) -> LdapUrl {
    LdapUrl::parse(text).unwrap()
}

pub(crate) fn bound(config: Config, name: &str, password: &str) -> Config {
    let password = Secret::new(password.to_owned());
    Config { bind: Bind::Simple { name: name.to_owned(), password }, ..config }
}

pub(crate) fn pinned(pem: &str) -> Trust {
    Trust::Pinned(pem.as_bytes().to_vec())
}

pub(crate) fn directory(config: Config) -> LdapDirectory {
    LdapDirectory::new(config, Arc::new(Stopped)).unwrap()
}

pub(crate) fn named(names: &[&str]) -> WantedGroups {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    WantedGroups { names, ..WantedGroups::default() }
}

/// The user names of the members of each group that was read.
pub(crate) fn groups(reading: &DirectoryReading) -> BTreeMap<String, Vec<String>> {
    let people = &reading.snapshot.people;
    let name = |id: &PersonId| people.get(id).map_or("?", |person| &person.user_name).to_owned();
    let groups = reading.snapshot.groups.values();
    groups
        .map(|group| {
            let members: BTreeSet<String> = group.members.iter().map(name).collect();
            (group.display_name.clone(), members.into_iter().collect())
        })
        .collect()
}

/// The user names of those who may sign in, and of those who may not.
pub(crate) fn people(reading: &DirectoryReading) -> (Vec<String>, Vec<String>) {
    let people = reading.snapshot.people.values();
    let (on, off): (Vec<_>, Vec<_>) = people.partition(|person| person.enabled);
    let names = |people: Vec<&access::snapshot::Person>| {
        let names: BTreeSet<String> = people.into_iter().map(|it| it.user_name.clone()).collect();
        names.into_iter().collect()
    };
    (names(on), names(off))
}

pub(crate) fn id_of(reading: &DirectoryReading, user_name: &str) -> PersonId {
    let people = reading.snapshot.people.values();
    let mut found = people.filter(|person| person.user_name == user_name);
    found.next().unwrap_or_else(|| panic!("no {user_name}")).id.clone()
}

/// Every kind of reading says that the group is there and has nobody, as this person's own does.
pub(crate) async fn nobody_is_in(directory: &LdapDirectory, group: &str, person: &PersonId) {
    let wanted = named(&[group]);
    let all = directory.everybody(&wanted).await.unwrap();
    assert_eq!(groups(&all), BTreeMap::from([(group.to_owned(), Vec::new())]));
    let alone = directory.people(&BTreeSet::from([person.clone()]), &wanted).await.unwrap();
    assert_eq!((alone.snapshot.people.len(), alone.snapshot.groups.len()), (1, 0));
    let group = directory.find_group(group).await.unwrap().unwrap();
    assert_eq!(directory.members(&group).await.unwrap(), Some(BTreeMap::new()));
}
