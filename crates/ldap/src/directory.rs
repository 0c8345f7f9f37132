//! LDAP as a directory of people and groups.

use crate::config::{Config, ConfigError};
use crate::dn::NormalDn;
use crate::failure::{self, Operation};
use crate::filter::Filter;
use crate::people::Found;
use crate::pool::{Line, Pool};
use crate::schema::Kind;
use crate::session::Session;
use crate::tree::{FoundGroup, Reader, TRIES, renamed};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, MembershipId, PersonId};
use access::map::MatchKey;
use access::snapshot::{Coverage, Group, Snapshot};
use access::user_name;
use async_trait::async_trait;
use control::directory::membership_id;
use control::event::Membership;
use control::ports::{
    CallError, Clock, Directory, DirectoryReading, FailureKind, GroupReading, Memberships,
    PersonLookup, Standing,
};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Groups, or people, that are looked at at a time.
const CONCURRENCY: usize = 4;

/// People that are asked for by their ids in one request.
const IDS_A_REQUEST: usize = 50;

/// A directory that is read by LDAP.
#[derive(Debug, Clone)]
pub struct LdapDirectory {
    pub(crate) pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
}

impl LdapDirectory {
    /// Nothing is asked of the servers before the first reading. `clock` tells which accounts have
    /// expired.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        Ok(Self { pool: Arc::new(Pool::new(config)?), clock })
    }

    pub(crate) fn reader<'a>(&'a self, session: &'a Session) -> Reader<'a> {
        Reader { session, pool: &self.pool, now: self.clock.now() }
    }
}

impl Reader<'_> {
    async fn everybody(&self, wanted: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let mut tree = self.tree().await?;
        let all = std::mem::take(&mut tree.groups);
        let named = all.into_values().filter_map(|group| group.name.clone().map(|it| (group, it)));
        let (chosen, others): (Vec<_>, Vec<_>) =
            named.partition(|(group, name)| wanted.want(&group.id, name));
        if !chosen.is_empty() {
            self.check_any_shows_members().await?;
        }
        let read: Vec<(GroupId, String, BTreeSet<PersonId>)> = stream::iter(chosen)
            .map(|(group, name)| {
                let tree = &tree;
                async move {
                    let members = self.members(tree, &group).await?;
                    Ok::<_, CallError>((group.id, name, members))
                }
            })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        let mut groups = BTreeMap::new();
        let mut found: BTreeMap<GroupId, GroupReading> = others
            .into_iter()
            .map(|(group, display_name)| (group.id, GroupReading { display_name, members: None }))
            .collect();
        for (id, display_name, members) in read {
            // With the text of the person's own id, rather than one for each membership.
            let own = |id| tree.people.get_key_value(&id).map_or(id, |(own, _)| own.clone());
            let members: BTreeSet<PersonId> = members.into_iter().map(own).collect();
            let memberships = memberships(&id, &members)?;
            let reading =
                GroupReading { display_name: display_name.clone(), members: Some(memberships) };
            found.insert(id.clone(), reading);
            groups.insert(id.clone(), Group { id, display_name, members });
        }
        Ok(DirectoryReading {
            snapshot: snapshot(tree.people, groups, Coverage::Complete),
            memberships: Memberships::Complete(found),
            particulars: tree.particulars,
            aliases: BTreeMap::new(),
        })
    }

    async fn some(
        &self,
        people: &BTreeSet<PersonId>,
        wanted: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let (found, groups) = self.with_groups(people).await?;
        if !found.is_empty() {
            let mut alike = found.iter().zip(&groups);
            let any = alike.any(|(found, groups)| groups.values().any(|it| found.is_listed_in(it)));
            self.check_groups_of(wanted, any).await?;
        }
        let mut all: BTreeMap<GroupId, Group> = BTreeMap::new();
        let mut some = Vec::new();
        for (found, groups) in found.iter().zip(groups) {
            let person = &found.person.id;
            for (id, group) in groups {
                let Some(name) = group.name.filter(|name| wanted.want(&id, name)) else { continue };
                let membership = membership_id(&id, person).map_err(|error| invalid(&error))?;
                some.push(Membership { id: membership, group: id.clone(), person: person.clone() });
                let none =
                    || Group { id: id.clone(), display_name: name, members: BTreeSet::new() };
                all.entry(id.clone()).or_insert_with(none).members.insert(person.clone());
            }
        }
        let mut known = BTreeMap::new();
        let mut particulars = BTreeMap::new();
        for found in found {
            particulars.insert(found.person.id.clone(), found.particulars);
            known.insert(found.person.id.clone(), found.person);
        }
        Ok(DirectoryReading {
            snapshot: snapshot(known, all, Coverage::People(people.clone())),
            memberships: Memberships::Some(some),
            particulars,
            aliases: BTreeMap::new(),
        })
    }

    /// These people, each with the groups that they are in.
    async fn with_groups(
        &self,
        people: &BTreeSet<PersonId>,
    ) -> Result<(Vec<Found>, Vec<BTreeMap<GroupId, FoundGroup>>), CallError> {
        let places = |found: &[Found]| -> BTreeMap<PersonId, NormalDn> {
            found.iter().map(|it| (it.person.id.clone(), NormalDn::of(&it.dn))).collect()
        };
        let mut found = self.with_ids(people).await?;
        for _ in 0..TRIES {
            let asked: Vec<_> = found.iter().map(|found| self.groups_of(found)).collect();
            let groups: Vec<BTreeMap<GroupId, FoundGroup>> =
                stream::iter(asked).buffered(CONCURRENCY).try_collect().await?;
            // By a DN that they have no more they, and the groups they are in, would be in none.
            let all = groups.iter().flatten().map(|(id, group)| (id.clone(), group.clone()));
            let all: BTreeMap<GroupId, FoundGroup> = all.collect();
            let (now, stand) = futures::try_join!(self.with_ids(people), self.stand(&all))?;
            if stand && places(&now) == places(&found) {
                return Ok((found, groups));
            }
            found = now;
        }
        Err(renamed(found.first().map_or(self.base(), |found| &found.dn)))
    }

    async fn with_ids(&self, people: &BTreeSet<PersonId>) -> Result<Vec<Found>, CallError> {
        let schema = &self.session.schema;
        let ids: Vec<Filter> = people.iter().filter_map(|id| schema.person_with_id(id)).collect();
        let asked: Vec<_> =
            ids.chunks(IDS_A_REQUEST).map(|ids| self.people_with(Filter::any(ids))).collect();
        let found: Vec<Vec<Found>> =
            stream::iter(asked).buffered(CONCURRENCY).try_collect().await?;
        // A server may compare ids more loosely than we do.
        Ok(found.into_iter().flatten().filter(|it| people.contains(&it.person.id)).collect())
    }

    async fn find(&self, lookup: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        let name = match lookup {
            PersonLookup::Id(id) => {
                let found = self.with_ids(&BTreeSet::from([id.clone()])).await?;
                return Ok(found.into_iter().next().map(|found| found.person.id));
            }
            PersonLookup::UserName(name) => name,
        };
        let mut alike = self.holders(MatchKey::UserName, name).await?.into_iter();
        match (alike.next(), alike.next()) {
            (None, _) => Ok(None),
            (Some(one), None) => Ok(Some(one.person.id)),
            (Some(one), Some(other)) => {
                Err(ambiguous(&one.dn, &other.dn, &self.session.schema.user_name))
            }
        }
    }

    /// Everybody with this value of a key.
    async fn holders(&self, key: MatchKey, value: &str) -> Result<Vec<Found>, CallError> {
        let schema = &self.session.schema;
        let attribute = match key {
            MatchKey::UserName => &schema.user_name,
            MatchKey::Email => &schema.email,
            MatchKey::ExternalId => match &schema.external_id {
                Some(attribute) => attribute,
                None => return Ok(Vec::new()),
            },
        };
        let mut found = self.people_with(Filter::equals(attribute, value)).await?;
        // Active Directory takes `jose` for `josé`: that would let one in as the other.
        let is_same = |text: &str| user_name::same(text, value);
        found.retain(|found| match key {
            MatchKey::UserName => found.person.is_called(value),
            MatchKey::Email => found.particulars.email.as_deref().is_some_and(is_same),
            MatchKey::ExternalId => found.particulars.external_id.as_deref() == Some(value),
        });
        Ok(found)
    }

    async fn find_group(&self, name: &str) -> Result<Option<GroupId>, CallError> {
        let schema = &self.session.schema;
        let named = Filter::equals(&schema.group_name, name);
        let found = self.groups(Filter::all(&[schema.groups.clone(), named])).await?;
        let mut exact = found.into_iter().filter(|group| group.name.as_deref() == Some(name));
        match (exact.next(), exact.next()) {
            (None, _) => Ok(None),
            (Some(one), None) => Ok(Some(one.id)),
            (Some(one), Some(other)) => Err(ambiguous(&one.dn, &other.dn, &schema.group_name)),
        }
    }

    async fn members_with_id(
        &self,
        id: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        let Some(group) = self.group_with_id(id).await? else { return Ok(None) };
        let tree = self.tree().await?;
        let members = self.members(&tree, &group).await?;
        if members.is_empty() {
            self.check_any_shows_members().await?;
        }
        memberships(id, &members).map(Some)
    }

    async fn standing(&self) -> Result<Standing, CallError> {
        let session = self.session;
        let nesting = if self.has_in_chain().await? { "in-chain" } else { "walked" };
        let mut details = BTreeMap::from([
            ("server".to_owned(), session.server.to_string()),
            ("kind".to_owned(), session.schema.kind.as_str().to_owned()),
            ("nested groups".to_owned(), nesting.to_owned()),
            ("base".to_owned(), self.base().to_owned()),
            ("user name".to_owned(), session.schema.user_name.clone()),
            ("id".to_owned(), session.schema.id.clone()),
        ]);
        if let Some(vendor) = &session.facts.vendor {
            details.insert("vendor".to_owned(), vendor.clone());
        }
        if let Some(invocation) = &session.facts.invocation {
            details.insert("invocation id".to_owned(), invocation.clone());
        }
        if session.schema.kind == Kind::ActiveDirectory {
            let increments = crate::changes::available(self).await?;
            details.insert("changes".to_owned(), increments.to_owned());
        }
        let place = session.server.to_string();
        Ok(Standing { place, details, ..Standing::default() })
    }
}

#[async_trait]
impl Directory for LdapDirectory {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let read =
            |session: Arc<Session>| async move { self.reader(&session).everybody(groups).await };
        self.pool.read(Line::Own, None, read).await
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let read =
            |session: Arc<Session>| async move { self.reader(&session).some(people, groups).await };
        self.pool.read(Line::Shared, None, read).await
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        let read = |session: Arc<Session>| async move { self.reader(&session).find(person).await };
        self.pool.read(Line::Shared, None, read).await
    }

    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        let read =
            |session: Arc<Session>| async move { self.reader(&session).holders(key, value).await };
        let found = self.pool.read(Line::Shared, None, read).await?;
        Ok(found.into_iter().map(|found| found.person.id).collect())
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        let read = |session: Arc<Session>| async move {
            self.reader(&session).find_group(display_name).await
        };
        self.pool.read(Line::Shared, None, read).await
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        let read =
            |session: Arc<Session>| async move { self.reader(&session).group_with_id(group).await };
        Ok(self.pool.read(Line::Shared, None, read).await?.and_then(|group| group.name))
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        let read = |session: Arc<Session>| async move {
            self.reader(&session).members_with_id(group).await
        };
        self.pool.read(Line::Own, None, read).await
    }

    async fn standing(&self) -> Result<Standing, CallError> {
        let read = |session: Arc<Session>| async move { self.reader(&session).standing().await };
        self.pool.read(Line::Shared, None, read).await
    }
}

fn snapshot(
    people: BTreeMap<PersonId, access::snapshot::Person>,
    groups: BTreeMap<GroupId, Group>,
    coverage: Coverage,
) -> Snapshot {
    let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    Snapshot { people, groups, coverage, offboarded, barred, temporary }
}

fn memberships(
    group: &GroupId,
    members: &BTreeSet<PersonId>,
) -> Result<BTreeMap<MembershipId, PersonId>, CallError> {
    let with_ids = members.iter().map(|person| Ok((membership_id(group, person)?, person.clone())));
    with_ids.collect::<Result<_, _>>().map_err(|error| invalid(&error))
}

fn invalid(error: &access::ids::InvalidId) -> CallError {
    failure::unreadable(Operation::Search, error.to_string())
}

/// Two entries have one name: which of them is meant cannot be told.
fn ambiguous(one: &str, other: &str, attribute: &str) -> CallError {
    let message = format!(
        "`{one}` and `{other}` have the same `{attribute}`, so which of them is meant cannot be \
         told: rename one, or choose an attribute that is unique below `base_dn`"
    );
    failure::error(Operation::Search, FailureKind::Rejected, message)
}
