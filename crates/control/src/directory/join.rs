//! Readings of several directories as one reading. Pure.

use super::names::Names;
use crate::event::Membership;
use crate::ports::{CallError, Concern, DirectoryReading, GroupReading, Memberships, Particulars};
use access::ids::{GroupId, MembershipId, PersonId};
use access::map::MatchKey;
use access::reason::ReasonCode;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use access::user_name;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Several readings as one.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) reading: DirectoryReading,
    /// Everybody who was read, by what their own directory calls them, and who that is.
    pub(super) is: BTreeMap<(usize, PersonId), PersonId>,
    pub(super) concerns: Vec<Concern>,
}

/// The most concerns of one kind that are told one by one.
const TOLD: usize = 100;

/// What a person is matched by, in the form in which it is compared; `None` if they lack it.
pub(super) fn key_of(
    matched_by: MatchKey,
    person: &Person,
    particulars: Option<&Particulars>,
) -> Option<String> {
    let text = match matched_by {
        MatchKey::UserName => Some(person.user_name.as_str()),
        MatchKey::Email => particulars.and_then(|p| p.email.as_deref()),
        MatchKey::ExternalId => particulars.and_then(|p| p.external_id.as_deref()),
    };
    text.and_then(|text| folded(matched_by, text))
}

/// A key in the form in which it is compared; `None` if it says nothing.
fn folded(matched_by: MatchKey, text: &str) -> Option<String> {
    let text = match matched_by {
        MatchKey::UserName | MatchKey::Email => user_name::folded(text).into_owned(),
        MatchKey::ExternalId => text.to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

/// Makes one reading of several, in the order of precedence. What `parts` leave out is not there: it
/// takes everybody who shares a key to tell who is matched with whom.
///
/// # Errors
/// An id of a directory cannot be told from another's.
pub(super) fn join(
    parts: Vec<DirectoryReading>,
    names: &Names,
    matched_by: MatchKey,
    coverage: Coverage,
) -> Result<Joined, CallError> {
    let mut concerns = Concerns::default();
    let is = identities(&parts, names, matched_by, &mut concerns)?;
    let mut people = BTreeMap::new();
    let mut groups = BTreeMap::new();
    let mut particulars: BTreeMap<PersonId, Particulars> = BTreeMap::new();
    let mut memberships = Vec::with_capacity(parts.len());
    let who = |part: usize, person: &PersonId| match is.get(&(part, person.clone())) {
        Some(known) => Ok(known.clone()),
        // A member whom the reading leaves out: it is nobody else's.
        None => names.of_person(part, person),
    };
    for (part, reading) in parts.into_iter().enumerate() {
        let Snapshot { people: own, groups: of_part, .. } = reading.snapshot;
        for (id, person) in own {
            let known = who(part, &id)?;
            // Whoever an earlier directory knows is there already, and as that one has them.
            people.entry(known.clone()).or_insert(Person { id: known, ..person });
        }
        for (id, more) in reading.particulars {
            particulars.entry(who(part, &id)?).or_default().fill_up(more);
        }
        for (id, group) in of_part {
            let id = names.of_group(part, &id)?;
            let members = group.members.iter().map(|person| who(part, person));
            let members = members.collect::<Result<_, _>>()?;
            groups.insert(id.clone(), Group { id, members, display_name: group.display_name });
        }
        memberships.push(outside(part, reading.memberships, names, &who)?);
    }
    shared_names(&people, &mut concerns);
    let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let snapshot = Snapshot { people, groups, coverage, offboarded, barred, temporary };
    let memberships = together(memberships);
    let aliases = aliases(&is, names)?;
    let reading = DirectoryReading { snapshot, memberships, particulars, aliases };
    Ok(Joined { reading, is, concerns: concerns.told() })
}

/// Who everybody is: themselves, or whom the earliest directory has under the same key.
fn identities(
    parts: &[DirectoryReading],
    names: &Names,
    matched_by: MatchKey,
    concerns: &mut Concerns,
) -> Result<BTreeMap<(usize, PersonId), PersonId>, CallError> {
    let mut is = BTreeMap::new();
    let mut holders: BTreeMap<String, BTreeMap<usize, Vec<&Person>>> = BTreeMap::new();
    for (part, reading) in parts.iter().enumerate() {
        for (id, person) in &reading.snapshot.people {
            is.insert((part, id.clone()), names.of_person(part, id)?);
            match key_of(matched_by, person, reading.particulars.get(id)) {
                Some(key) => {
                    holders.entry(key).or_default().entry(part).or_default().push(person);
                }
                None => concerns.add(ReasonCode::DirectoryKeyMissing, || {
                    format!(
                        "{} of the directory `{}` has no {matched_by} and is matched with nobody",
                        person.user_name,
                        names.name(part)
                    )
                }),
            }
        }
    }
    for by_part in holders.values() {
        let mut first: Option<PersonId> = None;
        for (part, people) in by_part {
            let [person] = people.as_slice() else {
                concerns.add(ReasonCode::DirectoryKeyShared, || {
                    let known: Vec<&str> = people.iter().map(|p| p.user_name.as_str()).collect();
                    format!(
                        "{} of the directory `{}` have one {matched_by} and are matched with nobody",
                        known.join(" and "),
                        names.name(*part)
                    )
                });
                continue;
            };
            match &first {
                None => first = Some(names.of_person(*part, &person.id)?),
                Some(known) => {
                    is.insert((*part, person.id.clone()), known.clone());
                }
            }
        }
    }
    Ok(is)
}

/// The other ids of everybody whom several directories have.
fn aliases(
    is: &BTreeMap<(usize, PersonId), PersonId>,
    names: &Names,
) -> Result<BTreeMap<PersonId, BTreeSet<PersonId>>, CallError> {
    let mut aliases: BTreeMap<PersonId, BTreeSet<PersonId>> = BTreeMap::new();
    for ((part, id), person) in is {
        let own = names.of_person(*part, id)?;
        if own != *person {
            aliases.entry(person.clone()).or_default().insert(own);
        }
    }
    Ok(aliases)
}

/// Tells of people who are not one and have one user name.
fn shared_names(people: &BTreeMap<PersonId, Person>, concerns: &mut Concerns) {
    let mut by_name: BTreeMap<Cow<'_, str>, Vec<&PersonId>> = BTreeMap::new();
    for (id, person) in people {
        by_name.entry(user_name::folded(&person.user_name)).or_default().push(id);
    }
    for (name, ids) in by_name.iter().filter(|(_, ids)| ids.len() > 1) {
        concerns.add(ReasonCode::UserNameShared, || {
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            format!("{} are all called {name}: nobody is let in by that name", ids.join(", "))
        });
    }
}

/// The memberships of a directory with the ids that all of Stagedoor uses.
fn outside(
    part: usize,
    memberships: Memberships,
    names: &Names,
    who: &impl Fn(usize, &PersonId) -> Result<PersonId, CallError>,
) -> Result<Memberships, CallError> {
    Ok(match memberships {
        Memberships::Complete(groups) => {
            let mut all = BTreeMap::new();
            for (id, group) in groups {
                let members = group.members.map(|members| {
                    let members = members.iter().map(|(id, person)| {
                        Ok((names.of_membership(part, id)?, who(part, person)?))
                    });
                    members.collect::<Result<BTreeMap<MembershipId, PersonId>, CallError>>()
                });
                let members = members.transpose()?;
                let display_name = group.display_name;
                all.insert(names.of_group(part, &id)?, GroupReading { display_name, members });
            }
            Memberships::Complete(all)
        }
        Memberships::Some(some) => {
            let some = some.into_iter().map(|membership| {
                Ok(Membership {
                    id: names.of_membership(part, &membership.id)?,
                    group: names.of_group(part, &membership.group)?,
                    person: who(part, &membership.person)?,
                })
            });
            Memberships::Some(some.collect::<Result<_, CallError>>()?)
        }
    })
}

/// Memberships of several directories: complete only if all are.
fn together(parts: Vec<Memberships>) -> Memberships {
    if parts.iter().all(|part| matches!(part, Memberships::Complete(_))) {
        let complete = parts.into_iter().filter_map(|part| match part {
            Memberships::Complete(groups) => Some(groups),
            Memberships::Some(_) => None,
        });
        return Memberships::Complete(complete.flatten().collect());
    }
    let of_group = |(group, reading): (GroupId, GroupReading)| {
        let members = reading.members.into_iter().flatten();
        members.map(move |(id, person)| Membership { id, group: group.clone(), person })
    };
    let some = parts.into_iter().flat_map(|part| match part {
        Memberships::Some(some) => some,
        Memberships::Complete(groups) => groups.into_iter().flat_map(of_group).collect(),
    });
    Memberships::Some(some.collect())
}

impl Joined {
    /// What of it concerns these people only.
    pub(super) fn of(self, people: &BTreeSet<PersonId>) -> DirectoryReading {
        let DirectoryReading { snapshot, memberships, mut particulars, mut aliases } = self.reading;
        let Snapshot { people: mut known, groups, .. } = snapshot;
        known.retain(|id, _| people.contains(id));
        particulars.retain(|id, _| people.contains(id));
        aliases.retain(|id, _| people.contains(id));
        let groups = groups.into_iter().filter_map(|(id, mut group)| {
            group.members.retain(|person| people.contains(person));
            (!group.members.is_empty()).then_some((id, group))
        });
        let groups = groups.collect();
        let some = match together(vec![memberships, Memberships::Some(Vec::new())]) {
            Memberships::Some(mut some) => {
                some.retain(|membership| people.contains(&membership.person));
                some
            }
            Memberships::Complete(_) => Vec::new(),
        };
        let coverage = Coverage::People(people.clone());
        let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let snapshot = Snapshot { people: known, groups, coverage, offboarded, barred, temporary };
        let memberships = Memberships::Some(some);
        DirectoryReading { snapshot, memberships, particulars, aliases }
    }
}

/// Two readings of some people of one directory as one.
pub(super) fn both(one: DirectoryReading, other: DirectoryReading) -> DirectoryReading {
    let DirectoryReading { mut snapshot, memberships, mut particulars, aliases } = one;
    snapshot.people.extend(other.snapshot.people);
    for (id, group) in other.snapshot.groups {
        match snapshot.groups.get_mut(&id) {
            Some(known) => known.members.extend(group.members),
            None => drop(snapshot.groups.insert(id, group)),
        }
    }
    particulars.extend(other.particulars);
    let memberships = together(vec![memberships, other.memberships, Memberships::Some(Vec::new())]);
    DirectoryReading { snapshot, memberships, particulars, aliases }
}

impl Particulars {
    /// Takes over what is not known yet.
    fn fill_up(&mut self, more: Self) {
        let Self { email, external_id, given_name, family_name } = more;
        for (known, more) in [
            (&mut self.email, email),
            (&mut self.external_id, external_id),
            (&mut self.given_name, given_name),
            (&mut self.family_name, family_name),
        ] {
            if known.is_none() {
                *known = more;
            }
        }
    }
}

/// Concerns by kind, of which only so many are told one by one.
#[derive(Debug, Default)]
struct Concerns(BTreeMap<ReasonCode, (usize, Vec<Concern>)>);

impl Concerns {
    fn add(&mut self, code: ReasonCode, text: impl FnOnce() -> String) {
        let (count, told) = self.0.entry(code).or_default();
        *count += 1;
        if told.len() < TOLD {
            told.push(Concern { code, text: text() });
        }
    }

    fn told(self) -> Vec<Concern> {
        let kinds = self.0.into_iter().flat_map(|(code, (count, mut told))| {
            let more = count.saturating_sub(told.len());
            if more > 0 {
                told.push(Concern { code, text: format!("and {more} more") });
            }
            told
        });
        kinds.collect()
    }
}
