//! A directory that is pushed by SCIM: what was pushed is all there is.
//!
//! Nobody says when a first push is over, so a directory to which nobody was pushed yet is one that
//! cannot be read: it must never look like a company that everybody has left. From the first person on
//! it is complete, and the guard limits what half a push can take away.

use super::membership_id;
use super::pushing::tokens_of;
use crate::event::Membership;
use crate::ports::{
    ALL_MEMBERS, CallError, Clock, Concern, Directory, DirectoryReading, FailureKind, GroupReading,
    Memberships, Particulars, PersonLookup, RecordKey, RecordKind, RecordMember, RecordStart,
    ScimRecord, Standing, Store,
};
use ::scim::{Resource, ResourceKind, fold};
use access::entitlement::WantedGroups;
use access::ids::{DirectoryName, GroupId, MembershipId, PersonId};
use access::map::{DirectoryKind, MatchKey};
use access::reason::ReasonCode;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};
use std::sync::Arc;

/// What the only directory is called that is pushed.
const ALONE: &str = DirectoryKind::SCIM;

/// So many records are read at a time.
const AT_A_TIME: u32 = 1_000;

/// So many days before its end a token is warned of: long enough for whoever may
/// change it at the identity provider.
const WARNED_BEFORE_DAYS: i64 = 90;

/// Another kind of record with this key is not looked for.
const MOST_OF_A_NAME: u32 = 2;

/// People and groups as they were pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    name: DirectoryName,
    is_only: bool,
}

impl Pushed {
    /// The directory of this name, the only one that is pushed.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, name: DirectoryName) -> Self {
        Self { store, clock, name, is_only: true }
    }

    /// One of several that are pushed: its address has its name, and so have its tokens.
    #[must_use]
    pub fn beside_others(self) -> Self {
        Self { is_only: false, ..self }
    }

    fn directory(&self) -> &str {
        self.name.as_str()
    }

    /// Refuses a directory to which nobody was pushed.
    async fn require_people(&self, operation: &'static str) -> Result<(), CallError> {
        if self.store.scim_counts(self.directory()).await?.users > 0 {
            return Ok(());
        }
        let mut message = format!("nobody was pushed to the directory `{}` yet", self.name);
        // Whoever goes from one to several gives it a name, and it had one.
        let before = match self.directory() {
            ALONE => 0,
            _ => self.store.scim_counts(ALONE).await?.users,
        };
        if before > 0 {
            let people = if before == 1 { "person" } else { "people" };
            let _ = write!(
                message,
                "; the store has {before} {people} under `{ALONE}`, the name of a directory that is given \
                 none: if this is the same one, and no other is called so, call it `{ALONE}`"
            );
        }
        Err(CallError {
            service: "scim",
            operation,
            kind: FailureKind::NotPushed,
            aws_code: None,
            message,
        })
    }

    /// Looks at every record of a kind, a page at a time: there may be many.
    async fn each(
        &self,
        kind: RecordKind,
        mut look: impl FnMut(&ScimRecord) -> Result<(), CallError> + Send,
    ) -> Result<(), CallError> {
        let mut start = RecordStart::Skip(0);
        loop {
            let page = self.store.scim_page(self.directory(), kind, &start, AT_A_TIME).await?;
            let Some(last) = page.last() else { return Ok(()) };
            start = RecordStart::After(last.id.clone());
            page.iter().try_for_each(&mut look)?;
        }
    }

    async fn records(
        &self,
        kind: RecordKind,
        ids: BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, CallError> {
        Ok(self.store.scim_records(self.directory(), kind, &ids).await?)
    }

    /// The people in a group and in groups within it. What was read once is in `read`. A group that
    /// was deleted gives nobody: its record goes first, and its memberships follow.
    async fn people_in(
        &self,
        group: &str,
        read: &mut BTreeMap<String, BTreeSet<RecordMember>>,
    ) -> Result<BTreeSet<String>, CallError> {
        let (mut people, mut opened) = (BTreeSet::new(), BTreeSet::new());
        let mut left = vec![group.to_owned()];
        while let Some(group) = left.pop() {
            // Groups may be in each other.
            if !opened.insert(group.clone()) {
                continue;
            }
            if !read.contains_key(&group) {
                let mut members =
                    self.store.scim_members(self.directory(), &group, ALL_MEMBERS).await?;
                let inner = members.iter().filter(|member| member.kind == RecordKind::Group);
                let inner = inner.map(|member| member.id.clone()).collect();
                let there = self.records(RecordKind::Group, inner).await?;
                members.retain(|RecordMember { id, kind }| {
                    *kind == RecordKind::User || there.contains_key(id)
                });
                read.insert(group.clone(), members);
            }
            for RecordMember { id, kind } in read.get(&group).into_iter().flatten() {
                match kind {
                    RecordKind::User => drop(people.insert(id.clone())),
                    RecordKind::Group => left.push(id.clone()),
                }
            }
        }
        Ok(people)
    }

    /// The groups that a person is in, be it by other groups; none that was deleted, or by one that
    /// was. What was read once is in `read`: the records, and `None` for what is not there.
    async fn groups_around(
        &self,
        person: &str,
        read: &mut BTreeMap<String, Option<ScimRecord>>,
    ) -> Result<BTreeSet<String>, CallError> {
        let mut groups = BTreeSet::new();
        let mut left = vec![person.to_owned()];
        while let Some(member) = left.pop() {
            let around = self.store.scim_groups_of(self.directory(), &member).await?;
            let unread = around.iter().filter(|group| !read.contains_key(*group)).cloned();
            let unread: BTreeSet<String> = unread.collect();
            let mut records = self.records(RecordKind::Group, unread.clone()).await?;
            read.extend(unread.into_iter().map(|group| {
                let record = records.remove(&group);
                (group, record)
            }));
            let there = around.into_iter().filter(|group| matches!(read.get(group), Some(Some(_))));
            for group in there {
                if groups.insert(group.clone()) {
                    left.push(group);
                }
            }
        }
        Ok(groups)
    }

    /// The group of exactly this name.
    async fn named(&self, display_name: &str) -> Result<Option<(GroupId, String)>, CallError> {
        let (key, value) = (RecordKey::DisplayName, fold(display_name));
        let found = self
            .store
            .scim_find(self.directory(), RecordKind::Group, key, &value, MOST_OF_A_NAME)
            .await?;
        let mut groups = found.iter().map(|found| group_of(&found.record));
        let group = groups.find(|group| {
            group.as_ref().is_ok_and(|(_, name)| name == display_name) || group.is_err()
        });
        group.transpose()
    }
}

#[async_trait]
impl Directory for Pushed {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        self.require_people("read everybody").await?;
        let (mut people, mut particulars) = (BTreeMap::new(), BTreeMap::new());
        self.each(RecordKind::User, |record| {
            let (person, more) = person_of(record)?;
            particulars.insert(person.id.clone(), more);
            people.insert(person.id.clone(), person);
            Ok(())
        })
        .await?;
        let mut groups_there = Vec::new();
        self.each(RecordKind::Group, |record| {
            groups_there.push(group_of(record)?);
            Ok(())
        })
        .await?;
        let (mut wanted, mut found, mut read) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (id, display_name) in groups_there {
            let mut reading = GroupReading { display_name: display_name.clone(), members: None };
            if groups.want(&id, &display_name) {
                // Whoever was deleted meanwhile is in nothing.
                let members: BTreeSet<PersonId> = self
                    .people_in(id.as_str(), &mut read)
                    .await?
                    .into_iter()
                    .filter_map(|person| PersonId::parse(person).ok())
                    .filter_map(|person| people.get_key_value(&person))
                    .map(|(person, _)| person.clone())
                    .collect();
                reading.members = Some(memberships(&id, &members)?);
                wanted.insert(id.clone(), Group { id: id.clone(), display_name, members });
            }
            found.insert(id, reading);
        }
        let memberships = Memberships::Complete(found);
        let snapshot = snapshot(people, wanted, Coverage::Complete);
        Ok(DirectoryReading { snapshot, memberships, particulars, aliases: BTreeMap::new() })
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        self.require_people("read some people").await?;
        let ids = people.iter().map(PersonId::to_string).collect();
        let (mut known, mut particulars) = (BTreeMap::new(), BTreeMap::new());
        let mut around: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
        let mut read = BTreeMap::new();
        for (id, record) in self.records(RecordKind::User, ids).await? {
            let (person, more) = person_of(&record)?;
            for group in self.groups_around(&id, &mut read).await? {
                around.entry(group).or_default().insert(person.id.clone());
            }
            particulars.insert(person.id.clone(), more);
            known.insert(person.id.clone(), person);
        }
        let (mut wanted, mut found) = (BTreeMap::new(), Vec::new());
        for (group, record) in &read {
            let Some(record) = record else { continue };
            let (id, display_name) = group_of(record)?;
            let members = around.remove(group).unwrap_or_default();
            if !groups.want(&id, &display_name) {
                continue;
            }
            for (membership, person) in memberships(&id, &members)? {
                found.push(Membership { id: membership, group: id.clone(), person });
            }
            wanted.insert(id.clone(), Group { id, display_name, members });
        }
        let snapshot = snapshot(known, wanted, Coverage::People(people.clone()));
        let (memberships, aliases) = (Memberships::Some(found), BTreeMap::new());
        Ok(DirectoryReading { snapshot, memberships, particulars, aliases })
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        match person {
            PersonLookup::Id(id) => {
                let found = self.records(RecordKind::User, [id.to_string()].into()).await?;
                Ok((!found.is_empty()).then(|| id.clone()))
            }
            PersonLookup::UserName(name) => {
                let (key, value) = (RecordKey::UserName, fold(name));
                let found = self
                    .store
                    .scim_find(self.directory(), RecordKind::User, key, &value, MOST_OF_A_NAME)
                    .await?;
                found
                    .first()
                    .map(|found| person_of(&found.record).map(|(person, _)| person.id))
                    .transpose()
            }
        }
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        Ok(self.named(display_name).await?.map(|(id, _)| id))
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        let found = self.records(RecordKind::Group, [group.to_string()].into()).await?;
        found.values().next().map(|record| group_of(record).map(|(_, name)| name)).transpose()
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        if self.group_name(group).await?.is_none() {
            return Ok(None);
        }
        let people = self.people_in(group.as_str(), &mut BTreeMap::new()).await?;
        let known = self.records(RecordKind::User, people).await?;
        let people = known.into_keys().filter_map(|id| PersonId::parse(id).ok()).collect();
        memberships(group, &people).map(Some)
    }

    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        // Enough to tell that a key is no one person's.
        const MOST: u32 = 100;
        let (key, value) = match key {
            MatchKey::UserName => (RecordKey::UserName, fold(value)),
            MatchKey::Email => (RecordKey::Email, fold(value)),
            MatchKey::ExternalId => (RecordKey::ExternalId, value.into()),
        };
        let found =
            self.store.scim_find(self.directory(), RecordKind::User, key, &value, MOST).await?;
        let mut people = BTreeSet::new();
        for one in &found {
            let (person, of) = person_of(&one.record)?;
            // People are told by one of their addresses, and found by each.
            let is_it = key != RecordKey::Email || of.email.is_some_and(|e| fold(&e) == value);
            if is_it {
                people.insert(person.id);
            }
        }
        Ok(people)
    }

    async fn standing(&self) -> Result<Standing, CallError> {
        let counts = self.store.scim_counts(self.directory()).await?;
        let now = self.clock.now();
        let mut details = BTreeMap::from([
            ("people".to_owned(), counts.users.to_string()),
            ("groups".to_owned(), counts.groups.to_string()),
        ]);
        let (mut concerns, mut is_open) = (Vec::new(), false);
        let tokens = self.store.tokens().await?;
        for token in tokens_of(&tokens, &self.name, self.is_only, now) {
            let (name, until) = (&token.name, token.until);
            is_open |= until > now;
            let word = if until > now { "until" } else { "ended" };
            details.insert(format!("token {name}"), format!("{word} {until}"));
            let left = until.duration_since(now).as_hours() / 24;
            let text = if until <= now {
                format!(
                    "The token `{name}` ended at {until}: whoever still pushes with it is refused, and people \
                     who leave keep what they have. Enter one that is good at the identity provider, and \
                     revoke this one."
                )
            } else if left <= WARNED_BEFORE_DAYS {
                format!(
                    "The token `{name}` ends in {left} days, at {until}: make another, enter it at the \
                     identity provider, and revoke this one."
                )
            } else {
                continue;
            };
            concerns.push(Concern { code: ReasonCode::TokenEnds, text });
        }
        if !is_open {
            let of = if self.is_only { "" } else { &format!(" --directory {}", self.name) };
            let text = format!(
                "No token is good for it: nobody can push. Make one with `stagedoor token create NAME \
                 --scope scim{of}`."
            );
            concerns.push(Concern { code: ReasonCode::TokenEnds, text });
        }
        let root = crate::scim::ROOT;
        let place = if self.is_only { root.to_owned() } else { format!("{root}/{}", self.name) };
        Ok(Standing { place, changed_at: counts.changed, concerns, details, ..Standing::default() })
    }
}

fn snapshot(
    people: BTreeMap<PersonId, Person>,
    groups: BTreeMap<GroupId, Group>,
    coverage: Coverage,
) -> Snapshot {
    let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    Snapshot { people, groups, coverage, offboarded, barred, temporary }
}

fn person_of(record: &ScimRecord) -> Result<(Person, Particulars), CallError> {
    let user = Resource::from_stored(ResourceKind::User, &record.body)
        .map_err(|error| unreadable(record, &error))?;
    let id = PersonId::parse(&record.id).map_err(|error| unreadable(record, &error))?;
    let user_name = user.user_name().ok_or_else(|| unreadable(record, &"it has no user name"))?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let full_name = || match (user.given_name(), user.family_name()) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (given, family) => owned(given.or(family)),
    };
    let person = Person {
        id,
        user_name: user_name.to_owned(),
        display_name: owned(user.display_name())
            .or_else(full_name)
            .unwrap_or_else(|| user_name.to_owned()),
        enabled: user.active(),
    };
    let particulars = Particulars {
        email: owned(user.email()),
        external_id: owned(user.external_id()),
        given_name: owned(user.given_name()),
        family_name: owned(user.family_name()),
    };
    Ok((person, particulars))
}

fn group_of(record: &ScimRecord) -> Result<(GroupId, String), CallError> {
    let group = Resource::from_stored(ResourceKind::Group, &record.body)
        .map_err(|error| unreadable(record, &error))?;
    let id = GroupId::parse(&record.id).map_err(|error| unreadable(record, &error))?;
    Ok((id, group.display_name().unwrap_or_default().to_owned()))
}

fn memberships(
    group: &GroupId,
    people: &BTreeSet<PersonId>,
) -> Result<BTreeMap<MembershipId, PersonId>, CallError> {
    let ids = people.iter().map(|person| {
        let id = membership_id(group, person).map_err(|error| CallError {
            service: "scim",
            operation: "name a membership",
            kind: FailureKind::Store,
            aws_code: None,
            message: error.to_string(),
        })?;
        Ok((id, person.clone()))
    });
    ids.collect()
}

/// A record that is not as it was written. It is never left out: whoever it is of would look gone.
fn unreadable(record: &ScimRecord, why: &dyn Display) -> CallError {
    CallError {
        service: "scim",
        operation: "read a pushed record",
        kind: FailureKind::Store,
        aws_code: None,
        message: format!("the {} {} cannot be read: {why}", record.kind.as_str(), record.id),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_that_are_pushed_are_told_apart_as_everywhere() {
        for c in char::MIN..=char::MAX {
            let name = format!("a{c}B");
            assert_eq!(::scim::fold(&name), access::user_name::folded(&name), "{c:?}");
        }
    }
}
