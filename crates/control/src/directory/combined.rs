//! Several directories as one.

use super::join::{Joined, both, join, key_of};
use super::names::{Names, refused};
use crate::ports::{CallError, Directory, DirectoryReading, Memberships, PersonLookup, Standing};
use access::entitlement::WantedGroups;
use access::ids::{DirectoryName, GroupId, MembershipId, PersonId};
use access::map::MatchKey;
use access::snapshot::{Coverage, Snapshot};
use async_trait::async_trait;
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// From this many people on everybody is read: looking each up in every directory would take longer.
const MOST_LOOKED_UP: usize = 50;

/// Several directories as one, in the order of precedence.
///
/// Ids of the first stay as they are; those of each further one have its name before them. Whoever
/// an earlier directory has under the same key is that person, and is enabled if the earliest says
/// so; their groups are those of all. Whom two people of one directory could be is matched with
/// nobody. If one directory cannot be read, nothing was read.
#[derive(Debug)]
pub struct Combined {
    parts: Vec<(DirectoryName, Arc<dyn Directory>)>,
    names: Names,
    matched_by: MatchKey,
    /// Who people of further directories were when they were last read, for those who are gone.
    were: Mutex<BTreeMap<PersonId, PersonId>>,
    /// What the last reading of everybody found wrong.
    last: Mutex<Option<Standing>>,
}

impl Combined {
    /// Several directories, in the order of precedence.
    pub fn new(parts: Vec<(DirectoryName, Arc<dyn Directory>)>, matched_by: MatchKey) -> Self {
        let names = Names::new(parts.iter().map(|(name, _)| name.clone()).collect());
        Self { parts, names, matched_by, were: Mutex::default(), last: Mutex::default() }
    }

    async fn read_everybody(&self, groups: &WantedGroups) -> Result<Joined, CallError> {
        let readings = self.parts.iter().enumerate().map(|(part, (name, directory))| async move {
            let read = directory.everybody(&self.wanted(part, groups)).await;
            read.map_err(|error| of_part(name, error))
        });
        let readings = try_join_all(readings).await?;
        // What a directory does not vouch for in full, all together do not either.
        if let Some((name, _)) = self.parts.iter().zip(&readings).find_map(|(part, reading)| {
            (reading.snapshot.coverage != Coverage::Complete).then_some(part)
        }) {
            return Err(refused(format!("the directory `{name}` gave some of its people only")));
        }
        let joined = self.join(readings, Coverage::Complete)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.told(&joined));
        Ok(joined)
    }

    /// Reads these people and whoever shares a key with them, in all directories. Whom one of them
    /// refuses to show, all together do not vouch for, nor for whoever could be the same person: they
    /// are left as they are, and nobody else waits for that.
    async fn read_people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<Vouched, CallError> {
        if people.len() > MOST_LOOKED_UP {
            let joined = self.read_everybody(groups).await?;
            return Ok(Vouched { joined, refused: BTreeSet::new(), first: None });
        }
        let mut asked: Vec<BTreeSet<PersonId>> = vec![BTreeSet::new(); self.parts.len()];
        for (part, id) in people.iter().filter_map(|id| self.names.person(id)) {
            if let Some(asked) = asked.get_mut(part) {
                asked.insert(id);
            }
        }
        let shown = self.read_some(&asked, groups).await?;
        let mut keys: BTreeMap<String, BTreeSet<(usize, PersonId)>> = BTreeMap::new();
        for (part, Shown { reading, .. }) in shown.iter().enumerate() {
            for (id, person) in &reading.snapshot.people {
                if let Some(key) = key_of(self.matched_by, person, reading.particulars.get(id)) {
                    keys.entry(key).or_default().insert((part, id.clone()));
                }
            }
        }
        self.add_holders(&mut keys).await?;
        let mut more: Vec<BTreeSet<PersonId>> = vec![BTreeSet::new(); self.parts.len()];
        for (part, id) in keys.values().flatten() {
            if let (Some(more), Some(asked)) = (more.get_mut(*part), asked.get(*part))
                && !asked.contains(id)
            {
                more.insert(id.clone());
            }
        }
        let more = self.read_some(&more, groups).await?;
        let shown: Vec<Shown> = shown.into_iter().zip(more).map(|(a, b)| a.and(b)).collect();
        let refused = self.refused(&shown, &keys)?;
        let first = shown.iter().find_map(|part| part.first.clone());
        let readings = shown.into_iter().map(|part| part.reading).collect();
        let joined = self.join(readings, Coverage::People(people.clone()))?;
        // Under whatever id they are asked for.
        let is_refused = |id: &PersonId| {
            let known = self.names.person(id).and_then(|who| joined.is.get(&who));
            refused.contains(id) || known.is_some_and(|known| refused.contains(known))
        };
        let refused = people.iter().filter(|id| is_refused(id)).cloned().collect();
        Ok(Vouched { joined, refused, first })
    }

    /// Adds to each key everybody whom a directory has under it.
    async fn add_holders(
        &self,
        keys: &mut BTreeMap<String, BTreeSet<(usize, PersonId)>>,
    ) -> Result<(), CallError> {
        for (key, holders) in keys {
            let asked = self.parts.iter().enumerate().map(|(part, (name, directory))| async move {
                let found = directory.who_has(self.matched_by, key).await;
                let found = found.map_err(|error| of_part(name, error))?;
                Ok::<_, CallError>(found.into_iter().map(move |id| (part, id)))
            });
            holders.extend(try_join_all(asked).await?.into_iter().flatten());
        }
        Ok(())
    }

    /// Who was not shown, and who shares a key with somebody who was not, by the ids that all of
    /// Stagedoor uses.
    fn refused(
        &self,
        shown: &[Shown],
        keys: &BTreeMap<String, BTreeSet<(usize, PersonId)>>,
    ) -> Result<BTreeSet<PersonId>, CallError> {
        let is_refused = |(part, id): &(usize, PersonId)| {
            shown.get(*part).is_some_and(|shown| shown.refused.contains(id))
        };
        let alone = shown
            .iter()
            .enumerate()
            .flat_map(|(part, shown)| shown.refused.iter().map(move |id| (part, id.clone())));
        let shared = keys.values().filter(|holders| holders.iter().any(is_refused));
        let all = alone.chain(shared.flatten().cloned());
        all.map(|(part, id)| self.names.of_person(part, &id)).collect()
    }

    /// Reads so many people of each directory. One of which nobody is wanted is not asked.
    async fn read_some(
        &self,
        wanted: &[BTreeSet<PersonId>],
        groups: &WantedGroups,
    ) -> Result<Vec<Shown>, CallError> {
        let parts = self.parts.iter().enumerate().zip(wanted);
        try_join_all(parts.map(|((part, (name, directory)), people)| async move {
            if people.is_empty() {
                return Ok(Shown::default());
            }
            let read = directory.people(people, &self.wanted(part, groups)).await;
            match read.map_err(|error| of_part(name, error)) {
                Ok(reading) => {
                    let not_shown = people.iter().filter(|id| !reading.snapshot.speaks_for(id));
                    let refused: BTreeSet<PersonId> = not_shown.cloned().collect();
                    let message = "some people are not shown";
                    let first =
                        (!refused.is_empty()).then(|| of_part(name, self::refused(message.into())));
                    Ok(Shown { reading, refused, first })
                }
                // Nobody of them is shown; that says nothing of people of other directories.
                Err(error) if error.kind.may_concern_one() => {
                    tracing::warn!(%error, "people cannot be read and are left as they are");
                    let (refused, first) = (people.clone(), Some(error));
                    Ok(Shown { refused, first, ..Shown::default() })
                }
                Err(error) => Err(error),
            }
        }))
        .await
    }

    fn join(
        &self,
        readings: Vec<DirectoryReading>,
        coverage: Coverage,
    ) -> Result<Joined, CallError> {
        let joined = join(readings, &self.names, self.matched_by, coverage)?;
        let mut were = self.were.lock().unwrap_or_else(PoisonError::into_inner);
        for ((part, id), person) in joined.is.iter().filter(|((part, _), _)| *part > 0) {
            were.insert(self.names.of_person(*part, id)?, person.clone());
        }
        drop(were);
        Ok(joined)
    }

    /// Groups as one of the directories knows them.
    fn wanted(&self, part: usize, groups: &WantedGroups) -> WantedGroups {
        let own = groups.ids.iter().filter_map(|id| self.names.group(id));
        let ids = own.filter(|(of, _)| *of == part).map(|(_, id)| id).collect();
        WantedGroups { names: groups.names.clone(), ids }
    }

    /// Who people of one directory are. Whom it has not is absent.
    async fn who_are(
        &self,
        part: usize,
        people: &BTreeSet<PersonId>,
    ) -> Result<BTreeMap<PersonId, PersonId>, CallError> {
        if part == 0 {
            // Of the first everybody is themselves.
            let own = people.iter().map(|id| Ok((id.clone(), self.names.of_person(0, id)?)));
            return own.collect();
        }
        let outside: BTreeSet<PersonId> =
            people.iter().map(|id| self.names.of_person(part, id)).collect::<Result<_, _>>()?;
        // Who somebody is who is not shown, cannot be told: not even that it is nobody.
        let joined = self.read_people(&outside, &WantedGroups::default()).await?.all()?;
        let who = |id: &PersonId| Some((id.clone(), joined.is.get(&(part, id.clone()))?.clone()));
        Ok(people.iter().filter_map(who).collect())
    }

    /// What is wrong with all of them together.
    fn told(&self, joined: &Joined) -> Standing {
        let place = self.parts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        let details = [
            ("matched by".to_owned(), self.matched_by.to_string()),
            ("people".to_owned(), joined.reading.snapshot.people.len().to_string()),
            ("known by several".to_owned(), known_by_several(joined).to_string()),
        ];
        Standing {
            place: place.join(", "),
            concerns: joined.concerns.clone(),
            details: details.into(),
            ..Standing::default()
        }
    }

    fn directory(&self, part: usize) -> Option<(&DirectoryName, &dyn Directory)> {
        self.parts.get(part).map(|(name, directory)| (name, &**directory))
    }
}

#[async_trait]
impl Directory for Combined {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let joined = self.read_everybody(groups).await?;
        for concern in &joined.concerns {
            tracing::warn!(code = %concern.code.as_str(), "{}", concern.text);
        }
        Ok(joined.reading)
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let Vouched { joined, refused, first } = self.read_people(people, groups).await?;
        let vouched: BTreeSet<PersonId> = people.difference(&refused).cloned().collect();
        match first {
            Some(error) if vouched.is_empty() => Err(error),
            _ => Ok(joined.of(&vouched)),
        }
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        self.find_among(&(0..self.parts.len()).collect(), person).await
    }

    async fn find_among(
        &self,
        among: &BTreeSet<usize>,
        person: &PersonLookup,
    ) -> Result<Option<PersonId>, CallError> {
        let found: Vec<(usize, PersonId)> = match person {
            PersonLookup::Id(id) => {
                let named = self.names.person(id).filter(|(part, _)| among.contains(part));
                let Some((part, id)) = named else { return Ok(None) };
                let Some((name, directory)) = self.directory(part) else { return Ok(None) };
                let found = directory.find(&PersonLookup::Id(id)).await;
                let found = found.map_err(|error| of_part(name, error))?;
                found.map(|id| (part, id)).into_iter().collect()
            }
            PersonLookup::UserName(said) => {
                let parts = self.parts.iter().enumerate().filter(|(part, _)| among.contains(part));
                let all = parts.map(|(part, (name, directory))| async move {
                    let found = called(&**directory, said).await.map_err(|e| of_part(name, e))?;
                    Ok::<_, CallError>(found.map(|id| (part, id)))
                });
                try_join_all(all).await?.into_iter().flatten().collect()
            }
        };
        let mut who = BTreeSet::new();
        for (part, id) in found {
            let are = self.who_are(part, &BTreeSet::from([id])).await?;
            // Whoever keeps a later directory says who somebody there is: that makes nobody of it out of them.
            let is_of = |id: &PersonId| among.contains(&self.names.split(id.as_str()).0);
            who.extend(are.into_values().filter(is_of));
        }
        if who.len() > 1 {
            tracing::warn!("a user name is that of {} people, so it is nobody's", who.len());
            return Ok(None);
        }
        Ok(who.pop_first())
    }

    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        let holders = self.parts.iter().enumerate().map(|(part, (name, directory))| async move {
            let holders = directory.who_has(key, value).await.map_err(|e| of_part(name, e))?;
            self.who_are(part, &holders).await
        });
        let holders = try_join_all(holders).await?;
        Ok(holders.into_iter().flat_map(BTreeMap::into_values).collect())
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        for (part, (name, directory)) in self.parts.iter().enumerate() {
            let found = directory.find_group(display_name).await;
            if let Some(id) = found.map_err(|error| of_part(name, error))? {
                return self.names.of_group(part, &id).map(Some);
            }
        }
        Ok(None)
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        let Some((part, id)) = self.names.group(group) else { return Ok(None) };
        let Some((name, directory)) = self.directory(part) else { return Ok(None) };
        directory.group_name(&id).await.map_err(|error| of_part(name, error))
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        let Some((part, id)) = self.names.group(group) else { return Ok(None) };
        let Some((name, directory)) = self.directory(part) else { return Ok(None) };
        let members = directory.members(&id).await.map_err(|error| of_part(name, error))?;
        let Some(members) = members else { return Ok(None) };
        let are = self.who_are(part, &members.values().cloned().collect()).await?;
        let outside = members.iter().map(|(id, person)| {
            let who = are.get(person).cloned();
            let who = who.map_or_else(|| self.names.of_person(part, person), Ok)?;
            Ok((self.names.of_membership(part, id)?, who))
        });
        outside.collect::<Result<_, CallError>>().map(Some)
    }

    /// What is wrong with all of them together, by the last reading of everybody; each says of itself
    /// what else there is to say.
    async fn standing(&self) -> Result<Standing, CallError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last {
            return Ok(last);
        }
        let joined = self.read_everybody(&WantedGroups::default()).await?;
        Ok(self.told(&joined))
    }

    async fn known_as(
        &self,
        source: &DirectoryName,
        people: &BTreeSet<PersonId>,
    ) -> Result<Option<BTreeSet<PersonId>>, CallError> {
        let Some(part) = self.names.part(source) else { return Ok(None) };
        // Whoever asks has somebody waiting. To read all directories for so many would take minutes, and
        // is what the pass does that looks at everybody.
        if part > 0 && people.len() > MOST_LOOKED_UP {
            return Ok(None);
        }
        let own = people.iter().map(|id| self.names.of_person(part, id));
        let mut all: BTreeSet<PersonId> = own.collect::<Result<_, _>>()?;
        let are = self.who_are(part, people).await?;
        for id in people {
            let outside = self.names.of_person(part, id)?;
            let were = self.were.lock().unwrap_or_else(PoisonError::into_inner);
            match (are.get(id), were.get(&outside)) {
                // Who is gone, and was never read here, may have been anybody.
                (None, None) => return Ok(None),
                (now, before) => all.extend(now.into_iter().chain(before).cloned()),
            }
        }
        Ok(Some(all))
    }

    fn parts(&self) -> Vec<(&DirectoryName, &dyn Directory)> {
        self.parts.iter().map(|(name, directory)| (name, &**directory)).collect()
    }
}

/// Whoever has this user name in one directory. It may compare more loosely; all together call people as the
/// earliest does, by which that cannot be told any more.
async fn called(directory: &dyn Directory, said: &str) -> Result<Option<PersonId>, CallError> {
    let found = directory.find(&PersonLookup::UserName(said.to_owned())).await?;
    let Some(id) = found else { return Ok(None) };
    let one = BTreeSet::from([id.clone()]);
    let reading = directory.people(&one, &WantedGroups::default()).await?;
    if !reading.snapshot.speaks_for(&id) {
        return Err(refused("whoever has the user name is not shown".to_owned()));
    }
    let person = reading.snapshot.people.get(&id);
    Ok(person.is_some_and(|person| person.is_called(said)).then_some(id))
}

/// People of one directory, as far as it shows them.
#[derive(Debug)]
struct Shown {
    reading: DirectoryReading,
    /// Whom it refuses to show.
    refused: BTreeSet<PersonId>,
    /// Why, of the first.
    first: Option<CallError>,
}

impl Default for Shown {
    fn default() -> Self {
        Self { reading: nothing(), refused: BTreeSet::new(), first: None }
    }
}

impl Shown {
    fn and(mut self, more: Self) -> Self {
        self.refused.extend(more.refused);
        let first = self.first.or(more.first);
        Self { reading: both(self.reading, more.reading), refused: self.refused, first }
    }
}

/// People of all directories, less those who are not shown.
#[derive(Debug)]
struct Vouched {
    joined: Joined,
    /// Of those who were asked for: who is not shown, or could be somebody who is not.
    refused: BTreeSet<PersonId>,
    /// Why, of the first.
    first: Option<CallError>,
}

impl Vouched {
    /// Everybody who was asked for.
    fn all(self) -> Result<Joined, CallError> {
        match self.first {
            Some(error) if !self.refused.is_empty() => Err(error),
            _ => Ok(self.joined),
        }
    }
}

/// How many people more than one directory has.
fn known_by_several(joined: &Joined) -> usize {
    let mut counts: BTreeMap<&PersonId, usize> = BTreeMap::new();
    for person in joined.is.values() {
        *counts.entry(person).or_default() += 1;
    }
    counts.values().filter(|count| **count > 1).count()
}

/// The reading of nobody.
fn nothing() -> DirectoryReading {
    let snapshot = Snapshot {
        people: BTreeMap::new(),
        groups: BTreeMap::new(),
        coverage: Coverage::People(BTreeSet::new()),
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    };
    let memberships = Memberships::Some(Vec::new());
    let (particulars, aliases) = (BTreeMap::new(), BTreeMap::new());
    DirectoryReading { snapshot, memberships, particulars, aliases }
}

/// The failure of one directory, by its name.
fn of_part(name: &DirectoryName, error: CallError) -> CallError {
    CallError { message: format!("directory `{name}`: {}", error.message), ..error }
}

#[cfg(test)]
mod tests;
