//! Who gets which team, and why.

use crate::ids::{GroupId, PersonId, TeamKey};
use crate::map::{AccessMap, Gift, Grant, GroupKey, Place};
use crate::people::People;
use crate::reason::ReasonCode;
use crate::snapshot::{Coverage, Group, Person, Snapshot};
use arcstr::ArcStr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A person's right to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement<'a> {
    /// Who, as the directory knows them.
    pub person: &'a Person,
    /// What.
    pub team: &'a TeamKey,
    /// Most people of a group share what gives it to them.
    given: Arc<Given>,
}

/// A grant, as it gives a right.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    because: Because,
    priority: i32,
    /// The grant's number: those of the map, then the temporary ones.
    order: usize,
    until: Option<jiff::Timestamp>,
}

/// What gives the right: a directory group and a line of the map, or a temporary grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Because {
    /// The group's id; absent: a temporary grant gives it to the person themselves.
    #[schema(value_type = Option<String>)]
    pub group: Option<GroupId>,
    /// The group's name when it was read; empty where there is none.
    #[schema(value_type = String)]
    pub group_name: ArcStr,
    /// The grant's place in the map, or which temporary grant it is.
    pub grant: Place,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_some() {
            write!(f, "group `{}`, ", self.group_name)?;
        }
        self.grant.fmt(f)
    }
}

/// A grant that gives nothing, or not what it seems to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantNote {
    /// Why.
    pub code: ReasonCode,
    /// The group's name as the grant or the directory has it.
    pub group: String,
    /// The grant's place in the map.
    pub grant: Place,
}

/// All rights that a map and a snapshot give at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entitlements<'a> {
    /// By person and team.
    sorted: Vec<Entitlement<'a>>,
    /// What to know about the grants.
    pub notes: Vec<GrantNote>,
}

/// Groups, by display name or by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedGroups {
    /// Whichever has one of these display names, compared exactly.
    pub names: BTreeSet<String>,
    /// Those with these ids.
    pub ids: BTreeSet<GroupId>,
}

impl WantedGroups {
    /// Whether the group is one of them.
    pub fn want(&self, id: &GroupId, display_name: &str) -> bool {
        self.names.contains(display_name) || self.ids.contains(id)
    }
}

impl<'a> FromIterator<GroupKey<'a>> for WantedGroups {
    fn from_iter<I: IntoIterator<Item = GroupKey<'a>>>(keys: I) -> Self {
        let mut wanted = Self::default();
        for key in keys {
            match key {
                GroupKey::Name(name, _) => drop(wanted.names.insert(name.to_owned())),
                GroupKey::Id(id) => drop(wanted.ids.insert(id.clone())),
            }
        }
        wanted
    }
}

/// Every group that a grant can match, or that says who may ask for access, decide on it or use the
/// admin screens: the directory need not be asked for others.
pub fn wanted_groups(map: &AccessMap) -> WantedGroups {
    group_keys(map).collect()
}

/// How the map names those groups.
fn group_keys(map: &AccessMap) -> impl Iterator<Item = GroupKey<'_>> {
    let named = map.named_groups().map(|(group, _)| group.key());
    map.gifts.iter().map(|(group, _)| group).chain(named)
}

/// Whether the group is one of them.
pub fn names_group(map: &AccessMap, group: &Group) -> bool {
    group_keys(map).any(|key| key.fits(&map.directories, group))
}

/// Those of them that a reading of everybody has not.
pub fn missing_groups<'m>(map: &'m AccessMap, snapshot: &Snapshot) -> BTreeSet<GroupKey<'m>> {
    let mut missing: BTreeSet<GroupKey<'_>> = group_keys(map).collect();
    for group in snapshot.groups.values() {
        missing.retain(|key| !key.fits(&map.directories, group));
    }
    missing
}

/// Every group by which a grant can give one of these teams.
pub fn groups_giving(map: &AccessMap, teams: &BTreeSet<TeamKey>) -> WantedGroups {
    let gives = |gift: &Gift| gift.teams.iter().any(|team| teams.contains(team));
    let groups = map.gifts.iter().filter(|(_, gifts)| gifts.iter().any(gives));
    groups.map(|(group, _)| group).collect()
}

/// The teams that grants in force at `now` give the group.
pub fn teams_of_group<'m>(
    map: &'m AccessMap,
    group: &Group,
    now: jiff::Timestamp,
) -> impl Iterator<Item = &'m TeamKey> + use<'m> {
    let in_force = map.gifts.to(&map.directories, group).filter(move |gift| {
        map.grants.get(gift.grant).is_some_and(|grant| is_in_force(grant, now))
    });
    in_force.flat_map(|gift| &gift.teams)
}

fn is_in_force(grant: &Grant, now: jiff::Timestamp) -> bool {
    grant.from.is_none_or(|from| now >= from) && grant.until.is_none_or(|end| now < end)
}

/// A grant in force, to whom it gives something, and what.
#[derive(Debug)]
struct Source<'a> {
    to: To<'a>,
    team: &'a TeamKey,
    given: Arc<Given>,
}

/// To whom a grant gives something.
#[derive(Debug)]
enum To<'a> {
    Group(&'a Group),
    Person(&'a PersonId),
}

impl<'a> To<'a> {
    fn people(&self) -> impl Iterator<Item = &'a PersonId> + use<'a> {
        let (group, person) = match *self {
            Self::Group(group) => (Some(&group.members), None),
            Self::Person(person) => (None, Some(person)),
        };
        group.into_iter().flatten().chain(person)
    }

    fn count(&self) -> usize {
        match self {
            Self::Group(group) => group.members.len(),
            Self::Person(_) => 1,
        }
    }
}

impl<'a> Source<'a> {
    fn by_group(order: usize, grant: &Grant, group: &'a Group, team: &'a TeamKey) -> Self {
        let because = Because {
            group: Some(group.id.clone()),
            group_name: group.display_name.as_str().into(),
            grant: grant.place.clone(),
        };
        let (priority, until) = (grant.priority, grant.until);
        let given = Arc::new(Given { because, priority, order, until });
        Self { to: To::Group(group), team, given }
    }

    /// What gives something to people themselves, in the order of their ids and of the grants'.
    fn temporary(
        map: &'a AccessMap,
        snapshot: &'a Snapshot,
        now: jiff::Timestamp,
    ) -> impl Iterator<Item = Self> {
        let grants = snapshot.temporary.values().flatten();
        let in_force = grants.filter(move |grant| {
            grant.is_in_force(now)
                && snapshot.speaks_for(&grant.person)
                && map.teams.contains_key(&grant.team)
        });
        in_force.zip(map.grants.len()..).map(|(grant, order)| Self {
            to: To::Person(&grant.person),
            team: &grant.team,
            given: Arc::new(Given {
                because: grant.because(),
                priority: map.temporary_access.priority,
                order,
                until: Some(grant.end()),
            }),
        })
    }
}

/// Works out every entitlement at `now`, from the grants of the map and from temporary ones. People
/// whom the directory does not know or has disabled get none, nor do those who were offboarded by
/// command.
pub fn entitlements<'a>(
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    now: jiff::Timestamp,
) -> Entitlements<'a> {
    work_out(map, snapshot, now, None)
}

/// The same for some people only: of a million whom it passes over it takes a tenth of the time.
pub(crate) fn entitlements_of<'a>(
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    now: jiff::Timestamp,
    people: &People<'_>,
) -> Entitlements<'a> {
    work_out(map, snapshot, now, Some(people))
}

fn work_out<'a>(
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    now: jiff::Timestamp,
    only: Option<&People<'_>>,
) -> Entitlements<'a> {
    let mut sources = Vec::new();
    let mut matched: BTreeSet<usize> = BTreeSet::new();
    let mut ambiguous: BTreeSet<(usize, &str)> = BTreeSet::new();
    for group in snapshot.groups.values() {
        for gift in map.gifts.to(&map.directories, group) {
            let order = gift.grant;
            let Some(grant) = map.grants.get(order).filter(|grant| is_in_force(grant, now)) else {
                continue;
            };
            matched.insert(order);
            if let [team] = gift.teams.as_slice() {
                sources.push(((order, &group.display_name, &group.id), {
                    Source::by_group(order, grant, group, team)
                }));
            } else {
                ambiguous.insert((order, &group.display_name));
            }
        }
    }
    sources.sort_by_key(|(key, _)| *key);
    let mut sources: Vec<Source<'_>> = sources.into_iter().map(|(_, source)| source).collect();
    sources.extend(Source::temporary(map, snapshot, now));
    let mut notes = Vec::new();
    for (order, grant) in map.grants.iter().enumerate() {
        let mut note = |code, group: &str| {
            notes.push(GrantNote { code, group: group.to_owned(), grant: grant.place.clone() });
        };
        if !is_in_force(grant, now) {
            note(ReasonCode::GrantNotInForce, &grant.group);
        // A reading of some people has only their groups: it cannot miss one.
        } else if snapshot.coverage == Coverage::Complete && !matched.contains(&order) {
            note(ReasonCode::GroupMissing, &grant.group);
        } else {
            let names = ambiguous.range((order, "")..).take_while(|(at, _)| *at == order);
            names.for_each(|(_, name)| note(ReasonCode::GrantAmbiguous, name));
        }
    }
    Entitlements { sorted: rights(snapshot, &sources, only), notes }
}

/// Whose rights are worked out at a time: so many people that what their groups give them stays in
/// the caches of a processor while it is sorted.
const AT_A_TIME: usize = 8192;

/// Who has a right to what by these sources, which stand in the order of the map.
fn rights<'s>(
    snapshot: &'s Snapshot,
    sources: &[Source<'s>],
    only: Option<&People<'_>>,
) -> Vec<Entitlement<'s>> {
    let count = if only.is_some() { 0 } else { sources.iter().map(|s| s.to.count()).sum() };
    let mut rights = Vec::with_capacity(count);
    let mut members: Vec<_> = sources.iter().map(|source| source.to.people().peekable()).collect();
    let mut people = snapshot.people.iter();
    let mut some: Vec<(&PersonId, &Person)> = Vec::with_capacity(AT_A_TIME);
    let mut given: Vec<([u64; 2], &PersonId, &Source<'_>)> = Vec::new();
    loop {
        some.clear();
        some.extend(people.by_ref().take(AT_A_TIME));
        let Some((last, _)) = some.last() else { break };
        given.clear();
        for (source, members) in sources.iter().zip(&mut members) {
            while let Some(person) = members.next_if(|person| person <= last) {
                if only.is_none_or(|people| people.contains(person)) {
                    given.push((person.beginning(), person, source));
                }
            }
        }
        // A stable sort makes use of the order in which each group's members come, and keeps that of
        // the sources.
        given.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| a.2.team.cmp(b.2.team)));
        let mut known = some.iter().peekable();
        for of_one in given.chunk_by(|a, b| (a.0, a.1, a.2.team) == (b.0, b.1, b.2.team)) {
            let [(_, person, source), others @ ..] = of_one else { continue };
            while known.next_if(|(id, _)| id < person).is_some() {}
            let is_enabled = |(id, known): &(&PersonId, &Person)| id == person && known.enabled;
            let Some((_, known)) = known.peek().copied().copied().filter(is_enabled) else {
                continue;
            };
            if snapshot.offboarded_from(person, source.team).is_some() {
                continue;
            }
            let mut right = Entitlement::by(source, known);
            for (.., source) in others {
                right.also(source);
            }
            rights.push(right);
        }
    }
    rights
}

impl<'a> Entitlement<'a> {
    fn by(source: &Source<'a>, person: &'a Person) -> Self {
        Self { person, team: source.team, given: Arc::clone(&source.given) }
    }

    /// Another, later grant gives the same.
    fn also(&mut self, source: &Source<'_>) {
        let [first, second] = [&self.given, &source.given];
        let until = first.until.zip(second.until).map(|(a, b)| a.max(b));
        let best = if second.priority > first.priority { second } else { first };
        self.given = if best.until == until {
            Arc::clone(best)
        } else {
            Arc::new(Given { until, ..Given::clone(best) })
        };
    }

    /// The group and the grant that give it: of several the grant of highest priority, then the first
    /// of the map. The others would each be enough.
    pub fn because(&self) -> &Because {
        &self.given.because
    }

    /// That grant's priority.
    pub fn priority(&self) -> i32 {
        self.given.priority
    }

    /// When it ends: the latest end among the grants that give it; absent: open-ended.
    pub fn until(&self) -> Option<jiff::Timestamp> {
        self.given.until
    }

    /// Who and what.
    pub fn pair(&self) -> (&'a PersonId, &'a TeamKey) {
        (&self.person.id, self.team)
    }

    /// Whether it comes before another one where a person can have only one profile: the higher
    /// priority, then the earlier grant. One grant can give several teams; then the earlier key.
    pub fn outranks(&self, other: &Self) -> bool {
        let rank = |e: &Self| (std::cmp::Reverse(e.given.priority), e.given.order);
        (rank(self), self.team) < (rank(other), other.team)
    }
}

impl<'a> Entitlements<'a> {
    /// Every right, by person and team.
    pub fn all(&self) -> &[Entitlement<'a>] {
        &self.sorted
    }

    /// A person's right to a team.
    pub fn get(&self, person: &PersonId, team: &TeamKey) -> Option<&Entitlement<'a>> {
        let found = self.sorted.binary_search_by(|right| right.pair().cmp(&(person, team)));
        found.ok().and_then(|at| self.sorted.get(at))
    }

    pub(crate) fn into_notes(self) -> Vec<GrantNote> {
        self.notes
    }

    /// The teams of one person.
    pub fn teams_of(&self, person: &PersonId) -> &[Entitlement<'a>] {
        let start = self.sorted.partition_point(|right| right.person.id < *person);
        let rest = self.sorted.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|right| right.person.id == *person).count();
        rest.get(..count).unwrap_or_default()
    }
}
