//! Everybody and every group of a directory, and who is in which.

use crate::config::Nesting;
use crate::dn::{Dn, NormalDn};
use crate::entry::{Entry, Range};
use crate::failure::{self, Operation};
use crate::filter::Filter;
use crate::hidden;
use crate::people::Found;
use crate::pool::Pool;
use crate::schema::Kind;
use crate::session::{Query, Session};
use crate::value;
use access::entitlement::WantedGroups;
use access::ids::{GroupId, PersonId};
use access::snapshot::Person;
use control::ports::{CallError, FailureKind, Particulars};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use ldap3::Scope;
use std::collections::{BTreeMap, BTreeSet};

/// How often something is looked at that is renamed in between.
pub(crate) const TRIES: usize = 2;

/// Ids that are asked for in one request.
const IDS_A_REQUEST: usize = 50;

/// Members that are looked up at a time.
const CONCURRENCY: usize = 8;

/// Reads at one server.
pub(crate) struct Reader<'a> {
    pub(crate) session: &'a Session,
    pub(crate) pool: &'a Pool,
    pub(crate) now: Timestamp,
}

/// A group, its members aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundGroup {
    pub(crate) id: GroupId,
    /// Absent: no grant can match it.
    pub(crate) name: Option<String>,
    pub(crate) dn: String,
    /// By which people name it as their primary group.
    pub(crate) relative_id: Option<u32>,
}

impl FoundGroup {
    pub(crate) fn is_wanted(&self, wanted: &WantedGroups) -> bool {
        self.name.as_deref().is_some_and(|name| wanted.want(&self.id, name))
    }
}

/// Everybody, and every group.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) people: BTreeMap<PersonId, Person>,
    pub(crate) particulars: BTreeMap<PersonId, Particulars>,
    pub(crate) groups: BTreeMap<GroupId, FoundGroup>,
    by_dn: BTreeMap<NormalDn, BTreeSet<Known>>,
    by_uid: BTreeMap<String, BTreeSet<PersonId>>,
    by_primary_group: BTreeMap<u32, BTreeSet<PersonId>>,
}

/// Whose a DN is, as far as it can be told here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Person(PersonId),
    Group(GroupId),
}

/// What a member of a group is.
enum Member {
    Person(PersonId),
    Group(Place),
    Neither,
}

/// A group, and where it was.
struct Place {
    id: GroupId,
    dn: String,
}

impl Reader<'_> {
    pub(crate) fn base(&self) -> &str {
        &self.pool.config.base_dn
    }

    /// Everybody and every group. People come first, so that whoever is moved in between is looked
    /// up where they are now.
    pub(crate) async fn tree(&self) -> Result<Tree, CallError> {
        let (schema, limits) = (&self.session.schema, self.pool.config.limits);
        let mut tree = Tree::default();
        let people = Query::below(self.base(), schema.people.clone(), &[])
            .asking(schema.of_people())
            .at_most(limits.people);
        self.session
            .each(people, |entry| {
                tree.add_person(Found::read(schema, &entry, self.now)?);
                Ok(())
            })
            .await?;
        if tree.people.is_empty() {
            return Err(failure::partial(format!(
                "no people were found below `{}`, which cannot be all there are: check `base_dn`, \
                 `people_filter`, and what the account that Stagedoor binds as may read",
                self.base()
            )));
        }
        let groups = Query::below(self.base(), schema.groups.clone(), &[])
            .asking(schema.of_groups())
            .at_most(limits.groups);
        self.session
            .each(groups, |entry| {
                tree.add_group(self.group(&entry)?);
                Ok(())
            })
            .await?;
        Ok(tree)
    }

    pub(crate) fn group(&self, entry: &Entry) -> Result<FoundGroup, CallError> {
        let schema = &self.session.schema;
        Ok(FoundGroup {
            id: schema.group_id(entry)?,
            name: schema.group_name(entry),
            dn: entry.dn.clone(),
            relative_id: entry.bytes("objectSid").and_then(value::relative_id),
        })
    }

    /// The people in a group and in the groups in it.
    pub(crate) async fn members(
        &self,
        tree: &Tree,
        group: &FoundGroup,
    ) -> Result<BTreeSet<PersonId>, CallError> {
        if !self.has_in_chain().await? {
            return self.members_by_walking(tree, group).await;
        }
        let mut group = group.clone();
        for _ in 0..TRIES {
            let members = self.members_in_chain(tree, &group).await?;
            // Of a DN that nobody has any more the server says that nobody is in it.
            match self.group_with_id(&group.id).await? {
                None => return Ok(BTreeSet::new()),
                Some(now) if NormalDn::of(&now.dn) == NormalDn::of(&group.dn) => {
                    return Ok(members);
                }
                Some(now) => group = now,
            }
        }
        Err(renamed(&group.dn))
    }

    async fn members_in_chain(
        &self,
        tree: &Tree,
        group: &FoundGroup,
    ) -> Result<BTreeSet<PersonId>, CallError> {
        let (schema, limits) = (&self.session.schema, self.pool.config.limits);
        let inside = Filter::in_chain("memberOf", &group.dn);
        let mut members = BTreeSet::new();
        let people = Filter::all(&[schema.people.clone(), inside.clone()]);
        let people =
            Query::below(self.base(), people, &[schema.id.as_str()]).at_most(limits.members);
        self.session
            .each(people, |entry| {
                members.insert(schema.person_id(&entry)?);
                Ok(())
            })
            .await?;
        // No rule follows the primary group of a person.
        let nested = Filter::all(&[schema.groups.clone(), inside]);
        let nested = Query::below(self.base(), nested, &["objectSid"]).at_most(limits.groups);
        let nested = self.session.all(nested).await?;
        let nested =
            nested.iter().filter_map(|it| it.bytes("objectSid").and_then(value::relative_id));
        for number in nested.chain(group.relative_id) {
            members.extend(tree.by_primary_group.get(&number).into_iter().flatten().cloned());
        }
        Ok(members)
    }

    async fn members_by_walking(
        &self,
        tree: &Tree,
        group: &FoundGroup,
    ) -> Result<BTreeSet<PersonId>, CallError> {
        let limits = self.pool.config.limits;
        let mut members = BTreeSet::new();
        let mut seen = BTreeSet::from([group.id.clone()]);
        let mut ahead = vec![Place { id: group.id.clone(), dn: group.dn.clone() }];
        let mut looked_up: usize = 0;
        while let Some(place) = ahead.pop() {
            let Some(found) = self.direct_members(place).await? else { continue };
            members.extend(found.uids.iter().filter_map(|uid| tree.with_uid(uid)).cloned());
            if let Some(number) = found.relative_id {
                members.extend(tree.by_primary_group.get(&number).into_iter().flatten().cloned());
            }
            let mut unknown = Vec::new();
            for dn in found.dns {
                match tree.at(&NormalDn::of(&dn)) {
                    Some(Known::Person(person)) => drop(members.insert(person.clone())),
                    Some(Known::Group(id)) => {
                        let is_new = seen.insert(id.clone());
                        ahead.extend(is_new.then(|| Place { id: id.clone(), dn }));
                    }
                    None if self.may_count(&dn) => unknown.push(dn),
                    None => {}
                }
            }
            looked_up += unknown.len();
            if looked_up > limits.lookups || members.len() > limits.members {
                return Err(failure::partial(format!(
                    "`{}` has more members than are read ({} people, {} that are neither people nor \
                     groups): narrow the group",
                    group.dn, limits.members, limits.lookups
                )));
            }
            for member in self.look_up(unknown).await? {
                match member {
                    Member::Person(person) => drop(members.insert(person)),
                    Member::Group(place) => {
                        if seen.insert(place.id.clone()) {
                            ahead.push(place);
                        }
                    }
                    Member::Neither => {}
                }
            }
        }
        Ok(members)
    }

    /// Whether an entry can be a person or a group as read: only those below the base are.
    fn may_count(&self, dn: &str) -> bool {
        Dn::parse(dn).is_ok_and(|dn| dn.is_within(&self.pool.base))
    }

    /// What these entries are, that were neither people nor groups when those were read, or several:
    /// they may have been moved since, be gone, or differ in what only the server can compare.
    async fn look_up(&self, dns: Vec<String>) -> Result<Vec<Member>, CallError> {
        stream::iter(dns)
            .map(|dn| async move {
                let schema = &self.session.schema;
                let people = Query::at(&dn, schema.people.clone(), &[schema.id.as_str()]);
                if let Some(entry) = self.session.first(people).await? {
                    return schema.person_id(&entry).map(Member::Person);
                }
                let groups = Query::at(&dn, schema.groups.clone(), &[]);
                let group = self.session.first(groups.asking(schema.of_groups())).await?;
                let Some(entry) = group else { return Ok(Member::Neither) };
                Ok(Member::Group(Place { id: schema.group_id(&entry)?, dn: entry.dn }))
            })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await
    }

    /// Who stands in a group itself; `None` if it is gone: what is not where it was may have been
    /// renamed, or the part of the tree that it is in.
    async fn direct_members(&self, mut place: Place) -> Result<Option<Direct>, CallError> {
        for _ in 0..TRIES {
            if let Some(found) = self.direct_members_at(&place).await? {
                return Ok(Some(found));
            }
            let Some(group) = self.group_with_id(&place.id).await? else { return Ok(None) };
            place.dn = group.dn;
        }
        Err(renamed(&place.dn))
    }

    /// Who stands in a group itself; `None` if it is not there.
    async fn direct_members_at(&self, place: &Place) -> Result<Option<Direct>, CallError> {
        let dn = place.dn.as_str();
        let schema = &self.session.schema;
        let size = self.pool.config.range_size;
        let mut asked: Vec<String> = schema.members.clone();
        if schema.kind == Kind::ActiveDirectory {
            // The server gives no more than some 1,500 values at once.
            asked = asked.iter().map(|name| format!("{name};range=0-{}", size - 1)).collect();
        }
        asked.extend(schema.member_names.clone());
        asked.extend(schema.of_groups());
        asked.push("objectClass".to_owned());
        let query = Query::at(dn, schema.groups.clone(), &[]).asking(asked);
        let Some(entry) = self.session.first(query).await? else { return Ok(None) };
        // Another group may have its name by now.
        if schema.group_id(&entry)? != place.id {
            return Ok(None);
        }
        let mut found = Direct {
            dns: Vec::new(),
            uids: match &schema.member_names {
                Some(name) => entry.texts(name).map(str::to_owned).collect(),
                None => Vec::new(),
            },
            relative_id: entry.bytes("objectSid").and_then(value::relative_id),
        };
        for name in &schema.members {
            let mut range = entry.ranged(name);
            while let Some(part) = range {
                let texts = part.values.into_iter().map(String::from_utf8);
                let texts: Result<Vec<String>, _> = texts.collect();
                found
                    .dns
                    .extend(texts.map_err(|_| {
                        failure::unreadable(Operation::Search, "a member is no DN")
                    })?);
                if found.dns.len() > self.pool.config.limits.members {
                    let message =
                        format!("`{dn}` has more members than are read: narrow the group");
                    return Err(failure::partial(message));
                }
                range = match part.next {
                    Some(next) => Some(self.next_range(dn, name, next).await?),
                    None => None,
                };
            }
        }
        if found.dns.is_empty() && found.uids.is_empty() {
            hidden::check(schema, &entry)?;
        }
        Ok(Some(found))
    }

    async fn next_range(&self, dn: &str, name: &str, first: u64) -> Result<Range, CallError> {
        let last = first.saturating_add(u64::from(self.pool.config.range_size)) - 1;
        let asked = vec![format!("{name};range={first}-{last}")];
        let query = Query::at(dn, Filter::present("objectClass"), &[]).asking(asked);
        let entry = self.session.first(query).await?;
        let range = entry.and_then(|entry| entry.ranged(name));
        range.filter(|range| range.next.is_none_or(|next| next > first)).ok_or_else(|| {
            failure::partial(format!(
                "`{dn}` has more members than the server gave: the values from {first} on are \
                 missing, so nothing counts as read"
            ))
        })
    }
}

/// Who stands in a group itself.
struct Direct {
    dns: Vec<String>,
    uids: Vec<String>,
    relative_id: Option<u32>,
}

/// What is asked by a DN that nobody has any more is said to be empty.
pub(crate) fn renamed(dn: &str) -> CallError {
    failure::partial(format!(
        "`{dn}` was renamed or moved again and again while it was read, so nothing counts as read"
    ))
}

/// Which of them is in the groups that name it cannot be told.
fn shared_name(uid: &str) {
    tracing::warn!(uid, "two people have this uid: no group that names it by that has them");
}

impl Tree {
    pub(crate) fn add_person(&mut self, found: Found) {
        let id = found.person.id.clone();
        let known = Known::Person(id.clone());
        self.by_dn.entry(NormalDn::of(&found.dn)).or_default().insert(known);
        if let Some(uid) = found.uid {
            self.by_uid.entry(uid).or_default().insert(id.clone());
        }
        if let Some(number) = found.primary_group {
            self.by_primary_group.entry(number).or_default().insert(id.clone());
        }
        self.particulars.insert(id.clone(), found.particulars);
        self.people.insert(id, found.person);
    }

    /// Who has this user name; nobody if two have.
    fn with_uid(&self, uid: &str) -> Option<&PersonId> {
        let alike = self.by_uid.get(uid)?;
        if alike.len() > 1 {
            shared_name(uid);
            return None;
        }
        alike.first()
    }

    /// Who or what is there; nothing if two DNs differ in what only the server can compare.
    fn at(&self, dn: &NormalDn) -> Option<&Known> {
        self.by_dn.get(dn).filter(|alike| alike.len() == 1)?.first()
    }

    fn add_group(&mut self, group: FoundGroup) {
        let known = Known::Group(group.id.clone());
        self.by_dn.entry(NormalDn::of(&group.dn)).or_default().insert(known);
        self.groups.insert(group.id.clone(), group);
    }
}

impl Reader<'_> {
    /// The groups of a person: those with them among the members, and those with such groups in them.
    pub(crate) async fn groups_of(
        &self,
        found: &Found,
    ) -> Result<BTreeMap<GroupId, FoundGroup>, CallError> {
        let schema = &self.session.schema;
        let mut groups = BTreeMap::new();
        let mut ahead = vec![found.dn.clone()];
        if let Some(sid) = found
            .primary_group
            .zip(found.sid.as_deref())
            .and_then(|(number, sid)| value::neighbour(sid, number))
        {
            let primary = Filter::all(&[schema.groups.clone(), Filter::bytes("objectSid", &sid)]);
            for group in self.groups(primary).await? {
                ahead.push(group.dn.clone());
                groups.insert(group.id.clone(), group);
            }
        }
        let uid = if self.has_in_chain().await? { None } else { self.own_uid(found).await? };
        self.add_groups_around(&mut groups, ahead, uid).await?;
        Ok(groups)
    }

    /// Adds the groups with these among their members, however deep, or with this user name.
    pub(crate) async fn add_groups_around(
        &self,
        groups: &mut BTreeMap<GroupId, FoundGroup>,
        mut ahead: Vec<String>,
        mut uid: Option<&str>,
    ) -> Result<(), CallError> {
        let schema = &self.session.schema;
        if self.has_in_chain().await? {
            for dn in ahead {
                let holding = Filter::in_chain("member", &dn);
                let holding = Filter::all(&[schema.groups.clone(), holding]);
                let found = self.groups(holding).await?;
                groups.extend(found.into_iter().map(|group| (group.id.clone(), group)));
            }
            return Ok(());
        }
        while let Some(dn) = ahead.pop() {
            let by_dn = schema.members.iter().map(|name| Filter::equals(name, &dn));
            let by_name = schema.member_names.as_ref().zip(uid.take());
            let by_name = by_name.map(|(name, uid)| Filter::equals(name, uid));
            let ways: Vec<Filter> = by_dn.chain(by_name).collect();
            if ways.is_empty() {
                continue;
            }
            let holding = Filter::all(&[schema.groups.clone(), Filter::any(&ways)]);
            for group in self.groups(holding).await? {
                let dn = group.dn.clone();
                if groups.insert(group.id.clone(), group).is_none() {
                    ahead.push(dn);
                }
            }
        }
        Ok(())
    }

    /// The user name by which groups name a person, if it is nobody else's.
    async fn own_uid<'a>(&self, found: &'a Found) -> Result<Option<&'a str>, CallError> {
        let named = found.uid.as_deref().filter(|_| self.session.schema.member_names.is_some());
        let Some(uid) = named else { return Ok(None) };
        let alike = self.people_with(Filter::equals("uid", uid)).await?;
        let is_other =
            |other: &Found| other.uid.as_deref() == Some(uid) && other.person.id != found.person.id;
        if alike.iter().any(is_other) {
            shared_name(uid);
            return Ok(None);
        }
        Ok(Some(uid))
    }

    pub(crate) async fn groups(&self, filter: Filter) -> Result<Vec<FoundGroup>, CallError> {
        let query = Query::below(self.base(), filter, &[])
            .asking(self.session.schema.of_groups())
            .at_most(self.pool.config.limits.groups);
        self.session.all(query).await?.iter().map(|entry| self.group(entry)).collect()
    }

    pub(crate) async fn people_with(&self, filter: Filter) -> Result<Vec<Found>, CallError> {
        let schema = &self.session.schema;
        let filter = Filter::all(&[schema.people.clone(), filter]);
        let query = Query::below(self.base(), filter, &[])
            .asking(schema.of_people())
            .at_most(self.pool.config.limits.people);
        let found = self.session.all(query).await?;
        found.iter().map(|entry| Found::read(schema, entry, self.now)).collect()
    }

    /// Whether these groups are still where they were.
    pub(crate) async fn stand(
        &self,
        groups: &BTreeMap<GroupId, FoundGroup>,
    ) -> Result<bool, CallError> {
        let schema = &self.session.schema;
        let ids: Vec<Filter> = groups.keys().filter_map(|id| schema.group_with_id(id)).collect();
        let mut now: BTreeMap<GroupId, NormalDn> = BTreeMap::new();
        for ids in ids.chunks(IDS_A_REQUEST) {
            let these = Filter::all(&[schema.groups.clone(), Filter::any(ids)]);
            let found = self.groups(these).await?;
            now.extend(found.into_iter().map(|group| (group.id, NormalDn::of(&group.dn))));
        }
        Ok(groups.iter().all(|(id, group)| now.get(id) == Some(&NormalDn::of(&group.dn))))
    }

    /// The group with this id.
    pub(crate) async fn group_with_id(
        &self,
        id: &GroupId,
    ) -> Result<Option<FoundGroup>, CallError> {
        let schema = &self.session.schema;
        let Some(filter) = schema.group_with_id(id) else { return Ok(None) };
        let found = self.groups(Filter::all(&[schema.groups.clone(), filter])).await?;
        // A server may compare ids more loosely than we do.
        Ok(found.into_iter().find(|group| group.id == *id))
    }

    /// Whether the server has the in-chain rule and follows it: a probe must find somebody of whom
    /// it is known that they are found. A server without the rule says nothing at all.
    pub(crate) async fn has_in_chain(&self) -> Result<bool, CallError> {
        if self.pool.config.nesting == Nesting::Walked {
            return Ok(false);
        }
        self.session.in_chain.get_or_try_init(|| self.probe_in_chain()).await.copied()
    }

    async fn probe_in_chain(&self) -> Result<bool, CallError> {
        let schema = &self.session.schema;
        let [member] = schema.members.as_slice() else { return Ok(false) };
        // A group in a group, whose own members then are two steps away; else any group.
        let holding = [schema.groups.clone(), Filter::present(member)];
        let nested = [&holding[..], &[Filter::present("memberOf")]].concat();
        for (parts, is_nested) in [(nested.as_slice(), true), (&holding, false)] {
            for group in self.some_groups(Filter::all(parts)).await? {
                let inside = group.ranged(member).and_then(|range| range.values.into_iter().next());
                let Some(inside) = inside.and_then(|dn| String::from_utf8(dn).ok()) else {
                    continue;
                };
                let outer =
                    if is_nested { group.text("memberOf") } else { Some(group.dn.as_str()) };
                let Some(outer) = outer else { continue };
                if self.is_in_chain(member, &inside, outer).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A few groups: nothing but the probe depends on them.
    async fn some_groups(&self, filter: Filter) -> Result<Vec<Entry>, CallError> {
        const SOME: u32 = 5;
        let mut asked = self.session.schema.first_members();
        asked.push("memberOf".to_owned());
        self.session.some(Query::below(self.base(), filter, &[]).asking(asked), SOME).await
    }

    async fn is_in_chain(
        &self,
        member: &str,
        inside: &str,
        outer: &str,
    ) -> Result<bool, CallError> {
        let any = Filter::present("objectClass");
        let up = Filter::all(&[any.clone(), Filter::in_chain("memberOf", outer)]);
        let down = Filter::all(&[any, Filter::in_chain(member, inside)]);
        let found = |dn, filter| async move {
            let query = Query { scope: Scope::Base, ..Query::below(dn, filter, &["objectClass"]) };
            match self.session.first(query).await {
                Ok(found) => Ok(found.is_some()),
                // A server may also refuse a rule that it does not have.
                Err(error) if error.kind == FailureKind::Rejected => Ok(false),
                Err(error) => Err(error),
            }
        };
        Ok(found(inside, up).await? && found(outer, down).await?)
    }
}
