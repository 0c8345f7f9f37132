//! People and groups of IAM Identity Center's identity store.

mod calls;
mod holders;
mod mirror;
mod route;

pub use mirror::IdentityStoreMirror;

use access::entitlement::WantedGroups;
use access::ids::{GroupId, IdentityStoreId, MembershipId, PersonId};
use access::map::MatchKey;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use async_trait::async_trait;
use aws_sdk_identitystore::Client;
use aws_types::SdkConfig;
use calls::{Known, absent_as_none, listed, refused_as_none};
use control::event::Membership;
use control::ports::{
    CallError, Directory, DirectoryReading, GroupReading, Memberships, Particulars, PersonLookup,
    Standing,
};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use holders::Holders;
use route::{Members, PROBED, People, Route, Size, names, pages};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

const SERVICE: &str = "identitystore";

/// Calls in flight at once. The service takes twenty a second of everybody together, and membership
/// lists are known to be throttled, so this stays small.
const CONCURRENCY: usize = 4;

/// An identity store.
#[derive(Debug, Clone)]
pub struct IdentityCenter {
    client: Client,
    store: String,
    region: String,
    /// How big it was when it was last read. Only the choice of calls hangs on it.
    size: Arc<Mutex<Option<Size>>>,
    /// Who has which address; `None` as long as nobody asked.
    holders: Arc<Mutex<Option<Holders>>>,
}

/// The groups of people, with the ids of memberships where they were told, and the names of the
/// groups that are wanted.
#[derive(Debug, Default)]
struct Found {
    groups_of: BTreeMap<PersonId, BTreeMap<GroupId, Option<MembershipId>>>,
    names: BTreeMap<GroupId, String>,
    /// People who were not shown, or are in a group that was not.
    refused: BTreeSet<PersonId>,
}

/// What was read of each, and who was refused.
type Apart<T> = (BTreeMap<PersonId, T>, BTreeSet<PersonId>);

impl IdentityCenter {
    pub(crate) fn new(sdk: &SdkConfig, store: &IdentityStoreId) -> Self {
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let (client, store) = (Client::new(sdk), store.as_str().to_owned());
        Self { client, store, region, size: Arc::default(), holders: Arc::default() }
    }

    /// Everybody, and every group with its members, whatever grants name.
    pub async fn everything(&self) -> Result<DirectoryReading, CallError> {
        let ids = self.all_groups().await?.into_iter().map(|(id, _)| id).collect();
        self.everybody(&WantedGroups { ids, ..WantedGroups::default() }).await
    }

    fn size(&self) -> Option<Size> {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, learn: impl FnOnce(&mut Size)) {
        let mut size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(size) = size.as_mut() {
            learn(size);
        }
    }

    /// Those of these people whom the directory has, by the fewest calls.
    async fn known(
        &self,
        people: &BTreeSet<PersonId>,
        way: People,
    ) -> Result<Apart<Option<Known>>, CallError> {
        if way == People::Each {
            return apart(
                people.iter().map(|id| async move { (id.clone(), self.describe_person(id).await) }),
            )
            .await;
        }
        let (mut known, mut refused) = (BTreeMap::new(), BTreeSet::new());
        for user in self.all_users().await? {
            let Some(id) = PersonId::parse(&user.user_id).ok().filter(|id| people.contains(id))
            else {
                continue;
            };
            match listed(user) {
                Ok(person) => drop(known.insert(id, Some(person))),
                Err(error) => {
                    warn(&id, &error);
                    refused.insert(id);
                }
            }
        }
        let absent = people.iter().filter(|id| !refused.contains(*id));
        for id in absent {
            known.entry(id.clone()).or_insert(None);
        }
        Ok((known, refused))
    }

    /// Who of these people is in which of the wanted groups, by the fewest calls.
    async fn groups_of_all(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
        way: Members,
    ) -> Result<Found, CallError> {
        if way == Members::Each {
            return self.groups_of_each(people, groups).await;
        }
        let wanted: BTreeMap<GroupId, String> = self.all_groups().await?.into_iter().collect();
        let wanted: BTreeMap<GroupId, String> =
            wanted.into_iter().filter(|(id, name)| groups.want(id, name)).collect();
        let mut found = Found { names: wanted, ..Found::default() };
        if way == Members::Probe {
            let ids: Vec<GroupId> = found.names.keys().cloned().collect();
            let ids = &ids;
            let (probed, refused) = apart(
                people
                    .iter()
                    .map(|person| async move { (person.clone(), self.probed(person, ids).await) }),
            )
            .await?;
            let groups = |(person, groups): (PersonId, BTreeSet<GroupId>)| {
                (person, groups.into_iter().map(|group| (group, None)).collect())
            };
            found.groups_of = probed.into_iter().map(groups).collect();
            found.refused = refused;
            return Ok(found);
        }
        let ids: Vec<GroupId> = found.names.keys().cloned().collect();
        for (group, members) in self.members_of(ids).await? {
            for (membership, person) in members {
                if people.contains(&person) {
                    let own = found.groups_of.entry(person).or_default();
                    own.insert(group.clone(), Some(membership));
                }
            }
        }
        Ok(found)
    }

    /// Which of these groups the person is in.
    async fn probed(
        &self,
        person: &PersonId,
        groups: &[GroupId],
    ) -> Result<BTreeSet<GroupId>, CallError> {
        let mut found = BTreeSet::new();
        for some in groups.chunks(PROBED) {
            // Whoever is deleted meanwhile is in no group.
            found.extend(self.is_member(person, some).await?.unwrap_or_default());
        }
        Ok(found)
    }

    /// The memberships of these groups. One that vanished after it was listed has none any more.
    async fn members_of(
        &self,
        groups: Vec<GroupId>,
    ) -> Result<Vec<(GroupId, BTreeMap<MembershipId, PersonId>)>, CallError> {
        let reads: Vec<_> = groups
            .into_iter()
            .map(|id| async move {
                let members = absent_as_none(self.memberships(&id).await)?;
                Ok::<_, CallError>(members.map(|members| (id, members)))
            })
            .collect();
        stream::iter(reads)
            .buffer_unordered(CONCURRENCY)
            .try_filter_map(|group| async move { Ok(group) })
            .try_collect()
            .await
    }

    /// Person by person, and then the names of the groups that were met.
    async fn groups_of_each(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<Found, CallError> {
        let (read, refused) = apart(people.iter().map(|person| async move {
            // Whoever is deleted meanwhile is in no group.
            let groups = absent_as_none(self.groups_of(person).await);
            (person.clone(), groups.map(Option::unwrap_or_default))
        }))
        .await?;
        self.with_names(read, refused, groups).await
    }

    /// These people and their groups, person by person. One does not hang on the other, so both are
    /// asked for at once; whoever is not there is in no group.
    async fn each_with_groups(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<(BTreeMap<PersonId, Known>, Found), CallError> {
        let calls = &Semaphore::new(CONCURRENCY);
        let (read, refused) = apart(people.iter().map(|id| async move {
            let (person, groups) = futures::join!(
                in_turn(calls, self.describe_person(id)),
                in_turn(calls, self.groups_of(id))
            );
            let both = match person {
                Ok(Some(known)) => {
                    absent_as_none(groups).map(|groups| Some((known, groups.unwrap_or_default())))
                }
                other => other.map(|_| None),
            };
            (id.clone(), both)
        }))
        .await?;
        let (mut known, mut groups_of) = (BTreeMap::new(), BTreeMap::new());
        for (id, both) in read {
            if let Some((person, groups)) = both {
                known.insert(id.clone(), person);
                groups_of.insert(id, groups);
            }
        }
        Ok((known, self.with_names(groups_of, refused, groups).await?))
    }

    /// What was read of people's groups, with the names of those that are wanted.
    async fn with_names(
        &self,
        read: BTreeMap<PersonId, BTreeMap<GroupId, MembershipId>>,
        mut refused: BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<Found, CallError> {
        let most = read.values().map(BTreeMap::len).max().unwrap_or(0);
        self.learn(|size| size.groups_each = size.groups_each.max(most));
        let met: BTreeSet<GroupId> = read.values().flat_map(BTreeMap::keys).cloned().collect();
        let (names, hidden) = self.names_of(met).await?;
        for (person, groups) in &read {
            if groups.keys().any(|group| hidden.contains(group)) {
                refused.insert(person.clone());
            }
        }
        let names: BTreeMap<GroupId, String> =
            names.into_iter().filter(|(id, name)| groups.want(id, name)).collect();
        let wanted = |groups: BTreeMap<GroupId, MembershipId>| {
            let wanted = groups.into_iter().filter(|(group, _)| names.contains_key(group));
            wanted.map(|(group, id)| (group, Some(id))).collect()
        };
        let groups_of = read.into_iter().map(|(person, own)| (person, wanted(own))).collect();
        Ok(Found { groups_of, names, refused })
    }

    /// The names of these groups, and those which the directory refuses to show.
    async fn names_of(
        &self,
        groups: BTreeSet<GroupId>,
    ) -> Result<(BTreeMap<GroupId, String>, BTreeSet<GroupId>), CallError> {
        if self.size().is_some_and(|size| names(groups.len(), size.groups).0) {
            let all = self.all_groups().await?.into_iter();
            return Ok((all.filter(|(id, _)| groups.contains(id)).collect(), BTreeSet::new()));
        }
        let reads: Vec<_> = groups
            .into_iter()
            .map(|id| async move {
                match self.describe_group(&id).await {
                    Err(error) if !error.kind.may_concern_one() => Err(error),
                    read => Ok((id, read)),
                }
            })
            .collect();
        let read: Vec<_> = stream::iter(reads).buffer_unordered(CONCURRENCY).try_collect().await?;
        let (mut names, mut hidden) = (BTreeMap::new(), BTreeSet::new());
        let mut first = None;
        for (id, name) in read {
            match name {
                Ok(name) => drop(name.map(|name| names.insert(id, name))),
                Err(error) => {
                    tracing::warn!(group = %id, %error, "a group cannot be read; its members are left as they are");
                    hidden.insert(id);
                    first.get_or_insert(error);
                }
            }
        }
        match first {
            Some(error) if names.is_empty() => Err(error),
            _ => Ok((names, hidden)),
        }
    }
}

fn warn(person: &PersonId, error: &CallError) {
    tracing::warn!(%person, %error, "a person cannot be read and is left as they are");
}

/// Makes a call once few enough are in flight.
async fn in_turn<T>(calls: &Semaphore, call: impl Future<Output = T>) -> T {
    // Nobody closes it.
    let _turn = calls.acquire().await;
    call.await
}

/// Reads people one by one. Whom the directory refuses to show is set apart, so that one person does
/// not stop the others; if it shows nobody, or does not answer, the whole reading fails.
async fn apart<T>(
    reads: impl Iterator<Item = impl Future<Output = (PersonId, Result<T, CallError>)>>,
) -> Result<Apart<T>, CallError> {
    let reads: Vec<_> = reads
        .map(|read| async move {
            match read.await {
                (_, Err(error)) if !error.kind.may_concern_one() => Err(error),
                read => Ok(read),
            }
        })
        .collect();
    let read: Vec<_> = stream::iter(reads).buffer_unordered(CONCURRENCY).try_collect().await?;
    let (mut known, mut refused, mut first) = (BTreeMap::new(), BTreeSet::new(), None);
    for (id, answer) in read {
        match answer {
            Ok(answer) => drop(known.insert(id, answer)),
            Err(error) => {
                warn(&id, &error);
                refused.insert(id);
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if known.is_empty() => Err(error),
        _ => Ok((known, refused)),
    }
}

#[async_trait]
impl Directory for IdentityCenter {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let (users, all) = futures::try_join!(self.all_users(), self.all_groups())?;
        self.remember_holders(&users);
        let (mut people, mut particulars) = (BTreeMap::new(), BTreeMap::new());
        for user in users {
            let (person, more) = listed(user)?;
            particulars.insert(person.id.clone(), more);
            people.insert(person.id.clone(), person);
        }
        let (wanted, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(id, name)| groups.want(id, name));
        let before = self.size();
        let mut size = before.unwrap_or_default();
        size.people = people.len();
        size.groups = wanted.len().saturating_add(others.len());
        if size.wanted != wanted.len() {
            (size.wanted, size.wanted_pages) = (wanted.len(), wanted.len());
        }
        let found = self.members_of_all(&people, wanted, &size).await?;
        let sizes = found.values().filter_map(|group| group.members.as_ref()).map(BTreeMap::len);
        size.wanted_pages = sizes.map(pages).sum();
        // Whoever wants no groups learns nothing of how many the map names.
        if *groups == WantedGroups::default() {
            let Size { wanted, wanted_pages, .. } = before.unwrap_or_default();
            (size.wanted, size.wanted_pages) = (wanted, wanted_pages);
        }
        let is_known = before.is_some() || *groups != WantedGroups::default();
        *self.size.lock().unwrap_or_else(PoisonError::into_inner) = is_known.then_some(size);
        Ok(reading_of_all(people, particulars, found, others))
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let route = Route::to(people.len(), self.size().as_ref());
        if route == (Route { people: People::Each, members: Members::Each }) {
            let (known, found) = self.each_with_groups(people, groups).await?;
            let refused = found.refused.clone();
            return Ok(reading_of_some(people, known, found, &refused));
        }
        let (read, mut refused) = self.known(people, route.people).await?;
        let known: BTreeMap<PersonId, Known> =
            read.into_iter().filter_map(|(id, person)| Some((id, person?))).collect();
        let ids: BTreeSet<PersonId> = known.keys().cloned().collect();
        let found = if ids.is_empty() {
            Found::default()
        } else {
            self.groups_of_all(&ids, groups, route.members).await?
        };
        refused.extend(found.refused.iter().cloned());
        Ok(reading_of_some(people, known, found, &refused))
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        match person {
            PersonLookup::UserName(name) => self.user_id(name).await,
            PersonLookup::Id(id) => {
                let found = refused_as_none(self.describe_person(id).await)?;
                Ok(found.flatten().map(|(person, _)| person.id))
            }
        }
    }

    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        self.holders(key, value).await
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        let Some(id) = self.group_id_of(display_name).await? else { return Ok(None) };
        // The service may compare more loosely than grants do.
        let name = self.describe_group(&id).await?;
        Ok((name.as_deref() == Some(display_name)).then_some(id))
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        self.describe_group(group).await
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        absent_as_none(self.memberships(group).await)
    }

    async fn standing(&self) -> Result<Standing, CallError> {
        let mut details = BTreeMap::from([("region".to_owned(), self.region.clone())]);
        if let Some(size) = self.size() {
            details.insert("people".to_owned(), size.people.to_string());
            details.insert("groups".to_owned(), size.groups.to_string());
        }
        let place = format!("identity store {}", self.store);
        Ok(Standing { place, details, ..Standing::default() })
    }
}

impl IdentityCenter {
    /// Who is in each of the wanted groups, by the fewer calls.
    async fn members_of_all(
        &self,
        people: &BTreeMap<PersonId, Person>,
        wanted: Vec<(GroupId, String)>,
        size: &Size,
    ) -> Result<BTreeMap<GroupId, GroupReading>, CallError> {
        let mut found: BTreeMap<GroupId, GroupReading> = BTreeMap::new();
        if Members::of_everybody(size) == Members::Groups {
            let names: BTreeMap<GroupId, String> = wanted.into_iter().collect();
            let read = self.members_of(names.keys().cloned().collect()).await?;
            for (id, members) in read {
                let display_name = names.get(&id).cloned().unwrap_or_default();
                found.insert(id, GroupReading { display_name, members: Some(members) });
            }
            return Ok(found);
        }
        let none = |display_name| GroupReading { display_name, members: Some(BTreeMap::new()) };
        found.extend(wanted.into_iter().map(|(id, name)| (id, none(name))));
        let reads: Vec<_> = people
            .keys()
            .map(|person| async move {
                let groups = absent_as_none(self.groups_of(person).await)?;
                Ok::<_, CallError>((person.clone(), groups.unwrap_or_default()))
            })
            .collect();
        let read: Vec<_> = stream::iter(reads).buffer_unordered(CONCURRENCY).try_collect().await?;
        for (person, groups) in read {
            for (group, membership) in groups {
                if let Some(members) = found.get_mut(&group).and_then(|it| it.members.as_mut()) {
                    members.insert(membership, person.clone());
                }
            }
        }
        Ok(found)
    }
}

fn reading_of_all(
    people: BTreeMap<PersonId, Person>,
    particulars: BTreeMap<PersonId, Particulars>,
    mut found: BTreeMap<GroupId, GroupReading>,
    others: Vec<(GroupId, String)>,
) -> DirectoryReading {
    let groups = found
        .iter()
        .map(|(id, group)| {
            // With the text of the person's own id, rather than one for each membership.
            let own = |id| people.get_key_value(id).map_or(id, |(own, _)| own).clone();
            let members = group.members.iter().flat_map(BTreeMap::values).map(own);
            let (display_name, members) = (group.display_name.clone(), members.collect());
            (id.clone(), Group { id: id.clone(), display_name, members })
        })
        .collect();
    let unread = |display_name| GroupReading { display_name, members: None };
    found.extend(others.into_iter().map(|(id, name)| (id, unread(name))));
    let coverage = Coverage::Complete;
    let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let snapshot = Snapshot { people, groups, coverage, offboarded, barred, temporary };
    let (memberships, aliases) = (Memberships::Complete(found), BTreeMap::new());
    DirectoryReading { snapshot, memberships, particulars, aliases }
}

/// The reading of those who were asked for, less those who were refused.
fn reading_of_some(
    asked: &BTreeSet<PersonId>,
    mut known: BTreeMap<PersonId, Known>,
    mut found: Found,
    refused: &BTreeSet<PersonId>,
) -> DirectoryReading {
    known.retain(|id, _| !refused.contains(id));
    found.groups_of.retain(|id, _| known.contains_key(id));
    let mut members: BTreeMap<&GroupId, BTreeSet<PersonId>> = BTreeMap::new();
    let mut memberships = Vec::new();
    for (person, groups) in &found.groups_of {
        for (group, id) in groups {
            members.entry(group).or_default().insert(person.clone());
            memberships.extend(id.clone().map(|id| {
                let (group, person) = (group.clone(), person.clone());
                Membership { id, group, person }
            }));
        }
    }
    let groups = found
        .names
        .iter()
        .filter_map(|(id, name)| {
            let members = members.remove(id)?;
            Some((id.clone(), Group { id: id.clone(), display_name: name.clone(), members }))
        })
        .collect();
    let coverage = Coverage::People(asked.difference(refused).cloned().collect());
    let mut particulars = BTreeMap::new();
    let mut people = BTreeMap::new();
    for (id, (person, more)) in known {
        particulars.insert(id.clone(), more);
        people.insert(id, person);
    }
    let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let snapshot = Snapshot { people, groups, coverage, offboarded, barred, temporary };
    let (memberships, aliases) = (Memberships::Some(memberships), BTreeMap::new());
    DirectoryReading { snapshot, memberships, particulars, aliases }
}
