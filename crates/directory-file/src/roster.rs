//! The people and groups of a file, put together so that every question is a look-up.

use crate::draft::{Draft, DraftGroup, DraftPerson, MemberRef, Reporter};
use access::ids::{GroupId, PersonId};
use access::snapshot::{Group, Person};
use access::user_name::{self, folded};
use control::directory::Account;
use control::ports::Particulars;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The most people of a file.
const MOST_PEOPLE: usize = 1_000_000;
/// The most groups of a file.
const MOST_GROUPS: usize = 100_000;
/// The most steps from group to group that it takes to flatten them all.
const MOST_STEPS: usize = 20_000_000;
/// The most characters of a user name (the Identity Store's bound).
const LONGEST_USER_NAME: usize = 128;
/// The most characters of other text (the Identity Store's bound).
const LONGEST_TEXT: usize = 1024;

/// The people and groups of a file.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    pub(crate) people: BTreeMap<PersonId, Person>,
    pub(crate) particulars: BTreeMap<PersonId, Particulars>,
    /// Members of nested groups are in the outer ones too.
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) group_of_name: BTreeMap<String, GroupId>,
    /// The groups of each person.
    pub(crate) groups_of: BTreeMap<PersonId, BTreeSet<GroupId>>,
    /// Since when, or until when, people may sign in whom the time concerns.
    accounts: BTreeMap<PersonId, Account>,
    by_user_name: BTreeMap<String, PersonId>,
    by_email: BTreeMap<String, BTreeSet<PersonId>>,
    by_external_id: BTreeMap<String, BTreeSet<PersonId>>,
    /// Members of groups that name an entry which is not in the file.
    pub(crate) strangers: usize,
}

impl Roster {
    /// Puts a file's people and groups together. What does not fit is reported, and the roster is
    /// of no use then.
    pub(crate) fn new(draft: Draft, reporter: &mut Reporter) -> Self {
        let mut roster = Self::default();
        let Draft { people, mut groups } = draft;
        if people.len() > MOST_PEOPLE || groups.len() > MOST_GROUPS {
            let what = format!("it holds {} people and {} groups", people.len(), groups.len());
            let most = format!(
                "at most {MOST_PEOPLE} people and {MOST_GROUPS} groups fit: use a \
                                directory service"
            );
            reporter.report(0, what, most);
            return roster;
        }
        declare_groups(&people, &mut groups);
        let mut members: BTreeMap<GroupId, BTreeSet<PersonId>> = BTreeMap::new();
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for group in &groups {
            if let Some(id) = roster.add_group(group, reporter) {
                if let Some(dn) = &group.dn {
                    entries.insert(dn.clone(), Entry::Group(id.clone()));
                }
                members.insert(id, BTreeSet::new());
            }
        }
        for person in people {
            let (groups, dn) = (person.groups.clone(), person.dn.clone());
            let Some(id) = roster.add_person(person, reporter) else { continue };
            for group in groups {
                let group = roster.group_of_name.get(&group);
                if let Some(members) = group.and_then(|group| members.get_mut(group)) {
                    members.insert(id.clone());
                }
            }
            if let Some(dn) = dn {
                entries.insert(dn, Entry::Person(id));
            }
        }
        let nested = roster.resolve(&groups, &entries, &mut members, reporter);
        roster.flatten(&members, &nested, reporter);
        roster
    }

    fn add_person(&mut self, person: DraftPerson, reporter: &mut Reporter) -> Option<PersonId> {
        let DraftPerson { line, id, user_name, display_name, account, .. } = person;
        let mut particulars = person.particulars;
        let mut is_good = text(line, "the user name", &user_name, LONGEST_USER_NAME, reporter);
        for more in display_name.iter().chain(particulars.texts()) {
            is_good &= text(line, "a text", more, LONGEST_TEXT, reporter);
        }
        let folded = folded(&user_name).into_owned();
        let made = match id {
            Some(id) => PersonId::parse(&id).map_err(|why| {
                reporter.report(line, why.to_string(), "give another id, or leave it out");
            }),
            None => PersonId::parse(&folded)
                .or_else(|_| PersonId::parse(hashed(&folded)))
                .map_err(|why| reporter.report(line, why.to_string(), "give an id")),
        };
        let id = made.ok().filter(|_| is_good)?;
        if let Some(known) = self.people.get(&id) {
            let what = format!("{user_name} has the id {id}, as {} has", known.user_name);
            reporter.report(line, what, "give one of them another id");
            return None;
        }
        if self.by_user_name.insert(folded, id.clone()).is_some() {
            let what = format!("the user name {user_name} is there twice");
            reporter.report(line, what, "user names differ by more than upper and lower case");
            return None;
        }
        particulars.drop_empty();
        if let Some(email) = &particulars.email {
            self.by_email
                .entry(user_name::folded(email).into_owned())
                .or_default()
                .insert(id.clone());
        }
        if let Some(external) = &particulars.external_id {
            self.by_external_id.entry(external.clone()).or_default().insert(id.clone());
        }
        let display_name = display_name.filter(|name| !name.is_empty());
        let display_name = display_name.unwrap_or_else(|| user_name.clone());
        if account != Account::at_any_time(account.enabled) {
            self.accounts.insert(id.clone(), account);
        }
        let enabled = account.enabled;
        let person = Person { id: id.clone(), user_name, display_name, enabled };
        self.people.insert(id.clone(), person);
        if particulars != Particulars::default() {
            self.particulars.insert(id.clone(), particulars);
        }
        Some(id)
    }

    fn add_group(&mut self, group: &DraftGroup, reporter: &mut Reporter) -> Option<GroupId> {
        let DraftGroup { line, id, name, .. } = group;
        if !text(*line, "the name of the group", name, LONGEST_TEXT, reporter) {
            return None;
        }
        let made = match id {
            Some(id) => GroupId::parse(id),
            None => GroupId::parse(name).or_else(|_| GroupId::parse(hashed(name))),
        };
        let remedy = "give another id, or leave it out";
        let id = made.map_err(|why| reporter.report(*line, why.to_string(), remedy)).ok()?;
        if self.group_of_name.insert(name.clone(), id.clone()).is_some() {
            let what = format!("the group {name} is there twice");
            reporter.report(*line, what, "write its members into one of them");
            return None;
        }
        let members = BTreeSet::new();
        let group = Group { id: id.clone(), display_name: name.clone(), members };
        if self.groups.insert(id.clone(), group).is_some() {
            let what = format!("the group {name} has the id {id}, as another group has");
            reporter.report(*line, what, "give one of them another id");
            return None;
        }
        Some(id)
    }

    /// Finds the members of groups; gives the groups that are in each group.
    fn resolve(
        &mut self,
        groups: &[DraftGroup],
        entries: &BTreeMap<String, Entry>,
        members: &mut BTreeMap<GroupId, BTreeSet<PersonId>>,
        reporter: &mut Reporter,
    ) -> BTreeMap<GroupId, BTreeSet<GroupId>> {
        let mut nested: BTreeMap<GroupId, BTreeSet<GroupId>> = BTreeMap::new();
        for group in groups {
            let Some(id) = self.group_of_name.get(&group.name) else { continue };
            let mut people = BTreeSet::new();
            let inner = nested.entry(id.clone()).or_default();
            for (line, member) in &group.members {
                let found = match member {
                    MemberRef::Person(name) | MemberRef::Account(name) => {
                        let person = self.by_user_name.get(&*folded(name));
                        person.map(|id| Entry::Person(id.clone()))
                    }
                    MemberRef::Group(name) => {
                        self.group_of_name.get(name).map(|id| Entry::Group(id.clone()))
                    }
                    MemberRef::Entry(dn) => entries.get(dn).cloned(),
                };
                match (found, member) {
                    (Some(Entry::Person(person)), _) => drop(people.insert(person)),
                    (Some(Entry::Group(group)), _) => drop(inner.insert(group)),
                    (None, MemberRef::Entry(_) | MemberRef::Account(_)) => self.strangers += 1,
                    (None, MemberRef::Person(name)) => {
                        let what = format!("nobody in the file has the user name {name}");
                        let near = nearest(name, self.by_user_name.keys());
                        reporter.report(*line, what, meant(near, "add the person, or take it out"));
                    }
                    (None, MemberRef::Group(name)) => {
                        let what = format!("no group in the file is called {name}");
                        let near = nearest(name, self.group_of_name.keys());
                        reporter.report(*line, what, meant(near, "add the group, or take it out"));
                    }
                }
            }
            if let Some(known) = members.get_mut(id) {
                known.extend(people);
            }
        }
        nested
    }

    /// Puts everybody who is in a group, or in a group of it, into the group.
    fn flatten(
        &mut self,
        members: &BTreeMap<GroupId, BTreeSet<PersonId>>,
        nested: &BTreeMap<GroupId, BTreeSet<GroupId>>,
        reporter: &mut Reporter,
    ) {
        let mut steps = 0_usize;
        for (id, group) in &mut self.groups {
            // A group that is in itself, by whatever way, is seen once.
            let mut seen = BTreeSet::from([id]);
            let mut waiting = vec![id];
            while let Some(next) = waiting.pop() {
                let own = members.get(next);
                group.members.extend(own.into_iter().flatten().cloned());
                steps += 1 + own.map_or(0, BTreeSet::len);
                let inner = nested.get(next).into_iter().flatten();
                waiting.extend(inner.filter(|inner| seen.insert(inner)));
            }
            if steps > MOST_STEPS {
                let what = "groups are nested so that nobody can count their members";
                reporter.report(0, what, "nest fewer groups, or use a directory service");
                return;
            }
            for person in &group.members {
                self.groups_of.entry(person.clone()).or_default().insert(id.clone());
            }
        }
    }

    /// Whoever is different in another roster, or in other groups there. By e-mail address and external
    /// id people are matched with those of other directories, so another one is another person's too.
    pub(crate) fn differences(&self, other: &Self) -> BTreeSet<PersonId> {
        let all = self.people.keys().chain(other.people.keys());
        let named = |of: &Self, id: &PersonId| {
            let groups = of.groups_of.get(id).into_iter().flatten();
            let groups = groups.filter_map(|id| of.groups.get(id));
            groups.map(|group| (group.id.clone(), group.display_name.clone())).collect::<Vec<_>>()
        };
        let is_same = |id: &&PersonId| {
            self.people.get(*id) == other.people.get(*id)
                && self.particulars.get(*id) == other.particulars.get(*id)
                && self.accounts.get(*id) == other.accounts.get(*id)
                && named(self, id) == named(other, id)
        };
        all.filter(|id| !is_same(id)).cloned().collect()
    }

    /// The person as they are at this time.
    pub(crate) fn person(&self, id: &PersonId, now: Timestamp) -> Option<Person> {
        let person = self.people.get(id)?.clone();
        let account = self.accounts.get(id);
        let enabled = account.map_or(person.enabled, |account| account.is_enabled(now));
        Some(Person { enabled, ..person })
    }

    pub(crate) fn of_user_name(&self, name: &str) -> Option<&PersonId> {
        self.by_user_name.get(&*folded(name))
    }

    pub(crate) fn of_email(&self, email: &str) -> BTreeSet<PersonId> {
        self.by_email.get(&*folded(email)).cloned().unwrap_or_default()
    }

    pub(crate) fn of_external_id(&self, id: &str) -> BTreeSet<PersonId> {
        self.by_external_id.get(id).cloned().unwrap_or_default()
    }
}

/// What an entry's name leads to.
#[derive(Debug, Clone)]
enum Entry {
    Person(PersonId),
    Group(GroupId),
}

/// Groups that only people name are groups too.
fn declare_groups(people: &[DraftPerson], groups: &mut Vec<DraftGroup>) {
    let declared: BTreeSet<String> = groups.iter().map(|group| group.name.clone()).collect();
    let mut more: BTreeMap<&str, u64> = BTreeMap::new();
    for person in people {
        for name in person.groups.iter().filter(|name| !declared.contains(*name)) {
            more.entry(name).or_insert(person.line);
        }
    }
    groups.extend(more.into_iter().map(|(name, line)| DraftGroup {
        line,
        id: None,
        name: name.to_owned(),
        members: Vec::new(),
        dn: None,
    }));
}

/// Whether a text is there, is short enough, and can be shown.
fn text(line: u64, what: &str, text: &str, longest: usize, reporter: &mut Reporter) -> bool {
    let length = text.chars().count();
    let what = match text {
        "" if longest == LONGEST_TEXT && what == "a text" => return true,
        "" => format!("{what} is empty"),
        _ if length > longest => format!("{what} has {length} characters"),
        _ if text.chars().any(char::is_control) => format!("{what} holds control characters"),
        _ => return true,
    };
    reporter.report(line, what, format!("write 1 to {longest} printable characters"));
    false
}

/// An id for what has none that can be one.
fn hashed(name: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(name)))
}

/// The text most like this one, if it is like it.
fn nearest<'t>(text: &str, among: impl Iterator<Item = &'t String>) -> Option<&'t str> {
    // Looking through more would take longer than a person takes to find the mistake.
    let near = among.take(10_000).map(|known| (strsim::osa_distance(text, known), known));
    near.filter(|(distance, _)| *distance <= 2).min().map(|(_, known)| known.as_str())
}

fn meant(near: Option<&str>, otherwise: &str) -> String {
    near.map_or_else(|| otherwise.to_owned(), |near| format!("did you mean {near}?"))
}

/// What the roster does with particulars.
trait Texts {
    fn texts(&self) -> impl Iterator<Item = &String>;
    fn drop_empty(&mut self);
}

impl Texts for Particulars {
    fn texts(&self) -> impl Iterator<Item = &String> {
        let Self { email, external_id, given_name, family_name } = self;
        [email, external_id, given_name, family_name].into_iter().flatten()
    }

    fn drop_empty(&mut self) {
        let Self { email, external_id, given_name, family_name } = self;
        for text in [email, external_id, given_name, family_name] {
            text.take_if(|text| text.is_empty());
        }
    }
}
