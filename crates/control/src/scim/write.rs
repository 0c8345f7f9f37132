//! Changes: read, worked out, and written over the version that was read.

use super::Tenant;
use super::answer::{Failed, ScimAnswer};
use super::find::{kept, keys_of};
use super::render::Showing;
use super::touched::Touched;
use crate::event::Wake;
use crate::ports::{
    ALL_MEMBERS, AuditEntry, AuditEvent, RecordChange, RecordKey, RecordKind, RecordMember,
    RecordWritten, ScimRecord,
};
use ::scim::{
    MemberChanges, Patch, Preconditions, Projection, Received, Resource, ResourceKind, ScimError,
    Version, bounds, is_id, location,
};
use access::reason::ReasonCode;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How often a change is worked out anew that met another one.
const TRIES: u32 = 16;

/// Of so many members each is looked up by itself; of more, the group is read.
const LOOKED_UP: usize = 200;

/// So many ids are named in the audit log; of more, their number.
const NAMED: usize = 5;

/// What a resource is to become.
pub(super) enum Wanted<'w> {
    /// This.
    Whole(&'w Received),
    /// What it is, changed so: all but the members, and the members.
    Patched(&'w Patch, &'w MemberChanges),
}

/// What a change does to a record.
#[derive(Debug, Default)]
struct Effect {
    /// What it becomes; `None`: it stays.
    resource: Option<Resource>,
    added: BTreeSet<RecordMember>,
    removed: BTreeSet<RecordMember>,
}

impl Tenant {
    /// Makes a resource.
    pub(super) async fn create(
        &self,
        received: &Received,
        projection: &Projection,
    ) -> Result<ScimAnswer, Failed> {
        let record = self.created(received).await?;
        // Nobody who is new is in a group.
        self.answered(201, &record, projection, &mut Showing::of_new()).await
    }

    /// Puts a resource in the place of one.
    pub(super) async fn replace(
        &self,
        id: &str,
        received: &Received,
        projection: &Projection,
        conditions: &Preconditions,
    ) -> Result<ScimAnswer, Failed> {
        let kind = received.resource.kind();
        let record = self.changed(kind, id, &Wanted::Whole(received), conditions).await?;
        self.answered_as_kept(200, &record, projection).await
    }

    /// Changes a resource; nothing is shown of it unless somebody wants to see it.
    pub(super) async fn patch(
        &self,
        kind: ResourceKind,
        id: &str,
        patch: Patch,
        shown: Option<&Projection>,
        conditions: &Preconditions,
    ) -> Result<ScimAnswer, Failed> {
        let (rest, members) = patch.split_members();
        let wanted = Wanted::Patched(&rest, &members);
        let record = self.changed(kind, id, &wanted, conditions).await?;
        match shown {
            Some(projection) => self.answered_as_kept(200, &record, projection).await,
            None => Ok(ScimAnswer {
                location: Some(location(&self.base, kind, id)),
                version: Some(Version(record.version)),
                ..ScimAnswer::empty(204)
            }),
        }
    }

    /// Takes a resource away.
    pub(super) async fn delete(
        &self,
        kind: ResourceKind,
        id: &str,
        conditions: &Preconditions,
    ) -> Result<ScimAnswer, Failed> {
        if !is_id(id) {
            return Err(ScimError::not_found(kind, id).into());
        }
        let turn = self.traffic.turn(self.directory.as_str(), id).await;
        for _ in 0..TRIES {
            let found = self.records(kept(kind), [id.to_owned()].into()).await?.remove(id);
            match &found {
                Some(record) => conditions.check_write(Version(record.version))?,
                None if self.is_another(kind, id).await? => {
                    return Err(ScimError::not_found(kind, id).into());
                }
                None => {}
            }
            let touched = match kind {
                ResourceKind::User => Touched::one(id),
                ResourceKind::Group => self.people_in([group(id)].into()).await?,
            };
            let at = self.now();
            let over = found.as_ref().map_or(0, |record| record.version);
            let change = RecordChange::Delete { kind: kept(kind), id: id.to_owned(), over, at };
            let entry = self.entry((kept(kind), id), "deleted", at);
            let (written, before) = self.written(&change, &entry, &touched).await?;
            // Whoever deleted it first may have died before its memberships went, and before anybody
            // was told: so what is gone is deleted again, though the answer is that it is gone.
            if written == RecordWritten::Done || found.is_none() {
                drop(turn);
                self.wake(&touched, before).await;
                return match found {
                    Some(_) => Ok(ScimAnswer::empty(204)),
                    None => Err(ScimError::not_found(kind, id).into()),
                };
            }
        }
        Err(Failed::Contended)
    }

    /// Whether this is the id of something of the other kind: whose memberships are its own.
    async fn is_another(&self, kind: ResourceKind, id: &str) -> Result<bool, Failed> {
        let others = self.records(kept(kind).other(), [id.to_owned()].into()).await?;
        Ok(!others.is_empty())
    }

    /// Makes a record.
    pub(super) async fn created(&self, received: &Received) -> Result<ScimRecord, Failed> {
        let resource = &received.resource;
        let wanted = received.members.iter().map(|member| member.id.clone()).collect();
        let members = self.known_members(wanted).await?;
        let now = self.now();
        let record = ScimRecord {
            kind: kept(resource.kind()),
            id: new_id(self.plane.entropy.bytes(), now),
            version: 1,
            created: now,
            changed: now,
            keys: keys_of(resource),
            body: body_of(resource)?,
        };
        let touched = match record.kind {
            // Whoever is new is in no group. With several directories it may be somebody who is known.
            RecordKind::User if self.is_alone => Touched::Nobody,
            RecordKind::User => Touched::one(&record.id),
            RecordKind::Group => self.people_in(members.clone()).await?,
        };
        let entry = self.entry((record.kind, &record.id), "created", now);
        let entry = told(entry, None, Some(resource), &members, &BTreeSet::new());
        let change = RecordChange::Create { record: record.clone(), members };
        let (written, before) = self.written(&change, &entry, &touched).await?;
        match written {
            RecordWritten::Done => {
                self.wake(&touched, before).await;
                Ok(record)
            }
            RecordWritten::Taken(key) => Err(taken(resource.kind(), key).into()),
            RecordWritten::Stale => Err(Failed::Contended),
        }
    }

    /// Changes a record, and says what it is then. What changes nothing is not written.
    pub(super) async fn changed(
        &self,
        kind: ResourceKind,
        id: &str,
        wanted: &Wanted<'_>,
        conditions: &Preconditions,
    ) -> Result<ScimRecord, Failed> {
        let turn = self.traffic.turn(self.directory.as_str(), id).await;
        for _ in 0..TRIES {
            let known = self.record(kind, id).await?;
            conditions.check_write(Version(known.version))?;
            let before = Resource::from_stored(kind, &known.body)?;
            let effect = self.effect(&known, &before, wanted).await?;
            let Effect { resource, added, removed } = effect;
            if resource.is_none() && added.is_empty() && removed.is_empty() {
                return Ok(known);
            }
            let now = self.now();
            let mut record =
                ScimRecord { version: known.version + 1, changed: now, ..known.clone() };
            if let Some(after) = &resource {
                record.keys = keys_of(after);
                record.body = body_of(after)?;
            }
            let after = resource.as_ref().unwrap_or(&before);
            let touched = self.touched(&known, [&before, after], [&added, &removed]).await?;
            let entry = self.entry((record.kind, &record.id), "changed", now);
            let entry = told(entry, Some(&before), Some(after), &added, &removed);
            let removed = removed.into_iter().map(|member| member.id).collect();
            let change = RecordChange::Update {
                record: record.clone(),
                over: known.version,
                added,
                removed,
            };
            let (written, woken) = self.written(&change, &entry, &touched).await?;
            match written {
                RecordWritten::Done => {
                    // Whoever is next need not wait for the queue.
                    drop(turn);
                    self.wake(&touched, woken).await;
                    return Ok(record);
                }
                RecordWritten::Taken(key) => return Err(taken(kind, key).into()),
                RecordWritten::Stale => {}
            }
        }
        Err(Failed::Contended)
    }

    /// What is to be done to a record as it is.
    async fn effect(
        &self,
        known: &ScimRecord,
        before: &Resource,
        wanted: &Wanted<'_>,
    ) -> Result<Effect, Failed> {
        let mut effect = Effect::default();
        match wanted {
            Wanted::Whole(received) => {
                if !received.resource.same_as(before) {
                    effect.resource = Some(received.resource.clone());
                }
                if known.kind == RecordKind::Group {
                    let ids = received.members.iter().map(|member| member.id.clone()).collect();
                    self.exactly(&known.id, ids, &mut effect).await?;
                }
            }
            Wanted::Patched(patch, members) => {
                if !patch.is_empty() {
                    let patched = (*patch).clone().apply(before.clone())?;
                    effect.resource = patched.changed.then_some(patched.resource);
                }
                if members.replace {
                    let ids = members.add.keys().cloned().collect();
                    self.exactly(&known.id, ids, &mut effect).await?;
                } else if !members.is_empty() {
                    self.apart(&known.id, members, &mut effect).await?;
                }
            }
        }
        Ok(effect)
    }

    /// Who comes and goes so that just these are in a group.
    async fn exactly(
        &self,
        group: &str,
        wanted: BTreeSet<String>,
        effect: &mut Effect,
    ) -> Result<(), Failed> {
        let known = self.store.scim_members(self.directory.as_str(), group, ALL_MEMBERS).await?;
        let ids: BTreeSet<&str> = known.iter().map(|member| member.id.as_str()).collect();
        let new = wanted.iter().filter(|id| !ids.contains(id.as_str())).cloned().collect();
        effect.added = self.known_members(new).await?;
        effect.removed = known.into_iter().filter(|member| !wanted.contains(&member.id)).collect();
        Ok(())
    }

    /// Who really comes and goes, of those who are to. Costs as much as there are of them, not as
    /// many as are in the group.
    async fn apart(
        &self,
        group: &str,
        changes: &MemberChanges,
        effect: &mut Effect,
    ) -> Result<(), Failed> {
        let asked: BTreeSet<&String> = changes.add.keys().chain(&changes.remove).collect();
        let mut inside: BTreeSet<String> = BTreeSet::new();
        if asked.len() > LOOKED_UP {
            let directory = self.directory.as_str();
            let members = self.store.scim_members(directory, group, ALL_MEMBERS).await?;
            inside.extend(members.into_iter().map(|member| member.id));
        } else {
            for id in asked {
                if self.groups_of(id).await?.contains(group) {
                    inside.insert(id.clone());
                }
            }
        }
        let new = changes.add.keys().filter(|id| !inside.contains(*id)).cloned().collect();
        effect.added = self.known_members(new).await?;
        let gone: BTreeSet<String> =
            changes.remove.iter().filter(|id| inside.contains(*id)).cloned().collect();
        let groups = self.records(RecordKind::Group, gone.clone()).await?;
        let kind = |id: &String| {
            if groups.contains_key(id) { RecordKind::Group } else { RecordKind::User }
        };
        effect.removed = gone.into_iter().map(|id| RecordMember { kind: kind(&id), id }).collect();
        Ok(())
    }

    /// These as members; each must be there.
    async fn known_members(&self, ids: BTreeSet<String>) -> Result<BTreeSet<RecordMember>, Failed> {
        let users = self.records(RecordKind::User, ids.clone()).await?;
        let others: BTreeSet<String> =
            ids.into_iter().filter(|id| !users.contains_key(id)).collect();
        let groups = self.records(RecordKind::Group, others.clone()).await?;
        if let Some(unknown) = others.iter().find(|id| !groups.contains_key(*id)) {
            let unknown: String = unknown.chars().take(bounds::MAX_ID_CHARS).collect();
            let why = format!("there is no user or group with the id \"{unknown}\" to be a member");
            return Err(ScimError::invalid_value(why).into());
        }
        let member = |kind| move |id| RecordMember { id, kind };
        let users = users.into_keys().map(member(RecordKind::User));
        Ok(users.chain(groups.into_keys().map(member(RecordKind::Group))).collect())
    }

    /// Whom a change of a record concerns.
    async fn touched(
        &self,
        known: &ScimRecord,
        [before, after]: [&Resource; 2],
        [added, removed]: [&BTreeSet<RecordMember>; 2],
    ) -> Result<Touched, Failed> {
        if known.kind == RecordKind::User {
            return Ok(Touched::one(&known.id));
        }
        let mut members = added | removed;
        // Grants name groups.
        if before.display_name() != after.display_name() {
            members.insert(group(&known.id));
        }
        Ok(self.people_in(members).await?)
    }

    /// Writes a change, and says who those were whom it concerns. Of a store that fails nobody knows
    /// whether it made the change, and whoever asks again may find it made: so they are looked at again
    /// before the failure is told.
    async fn written(
        &self,
        change: &RecordChange,
        entry: &AuditEntry,
        touched: &Touched,
    ) -> Result<(RecordWritten, Wake), Failed> {
        let before = self.known_as(touched).await;
        match self.store.scim_write(self.directory.as_str(), change, entry).await {
            Ok(written) => Ok((written, before)),
            Err(error) => {
                self.wake(touched, before).await;
                Err(error.into())
            }
        }
    }

    fn entry(&self, (kind, id): (RecordKind, &str), did: &str, at: Timestamp) -> AuditEntry {
        let entry = AuditEntry::new(at, AuditEvent::DirectoryPush, ReasonCode::Pushed.as_str())
            .by(self.caller.actor().clone())
            .with("directory", &self.directory)
            .with("did", did)
            .with(kind.as_str(), id);
        let is_person = kind == RecordKind::User;
        AuditEntry { person: is_person.then(|| self.person(id)), ..entry }
    }

    /// The id by which the plane knows the person of a record, if nobody else is taken for them.
    fn person(&self, id: &str) -> String {
        if self.is_first { id.to_owned() } else { format!("{}:{id}", self.directory) }
    }

    /// The time, as it is kept.
    fn now(&self) -> Timestamp {
        let now = self.plane.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// With what decides about rights: whether somebody is active, what a group is called, who came and
/// went.
fn told(
    entry: AuditEntry,
    before: Option<&Resource>,
    after: Option<&Resource>,
    added: &BTreeSet<RecordMember>,
    removed: &BTreeSet<RecordMember>,
) -> AuditEntry {
    let is_user = after.or(before).is_some_and(|one| one.kind() == ResourceKind::User);
    let seen = |resource: &Resource| {
        if is_user {
            resource.active().to_string()
        } else {
            resource.display_name().unwrap_or_default().to_owned()
        }
    };
    let (was, is) = (before.map(seen), after.map(seen));
    let name = if is_user { "active" } else { "display_name" };
    let entry = if was == is { entry } else { entry.changing(name, was, is) };
    // Names alone: values are people's own.
    let names = before.zip(after).map(|(before, after)| before.changed_attributes(after));
    let names = names.filter(|names| !names.is_empty());
    let names = names.map(|names| names.into_iter().collect::<Vec<_>>().join(" "));
    let entry = entry.with_opt("attributes", names);
    let entry = entry.with_opt("added", named(added));
    entry.with_opt("removed", named(removed))
}

fn named(members: &BTreeSet<RecordMember>) -> Option<String> {
    match members.len() {
        0 => None,
        few if few <= NAMED => {
            let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
            Some(ids.join(" "))
        }
        many => Some(many.to_string()),
    }
}

fn body_of(resource: &Resource) -> Result<String, ScimError> {
    let body = resource.to_stored();
    if body.len() > bounds::MAX_RESOURCE_BYTES {
        let most = bounds::MAX_RESOURCE_BYTES;
        return Err(ScimError::too_large(format!("a resource has at most {most} bytes")));
    }
    Ok(body)
}

fn taken(kind: ResourceKind, key: RecordKey) -> ScimError {
    let (of, name) = match (kind, key) {
        (ResourceKind::User, _) => ("user", "userName"),
        (ResourceKind::Group, _) => ("group", "displayName"),
    };
    ScimError::uniqueness(format!("another {of} has this {name}"))
}

/// A group, as something that may be in another.
fn group(id: &str) -> RecordMember {
    RecordMember { id: id.to_owned(), kind: RecordKind::Group }
}

/// A UUID of the time and random bytes (RFC 9562, version 7): ids are in the order in which they were
/// given, so that who is new is on the last page, and side by side in the store.
fn new_id(bytes: [u8; 32], now: Timestamp) -> String {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let [_, _, time @ ..] = milliseconds.to_be_bytes();
    let mut uuid = [0; 16];
    let (place, random) = uuid.split_at_mut(time.len());
    place.copy_from_slice(&time);
    let (drawn, _) = bytes.split_at(random.len());
    random.copy_from_slice(drawn);
    if let [version, _, variant, ..] = random {
        *version = (*version & 0x0f) | 0x70;
        *variant = (*variant & 0x3f) | 0x80;
    }
    let text = hex::encode(uuid);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts: Vec<&str> = parts.into_iter().filter_map(|part| text.get(part)).collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_that_begins_with_the_time() {
        let at = Timestamp::from_millisecond(0x0193_5040_7000).unwrap();
        assert_eq!(new_id([0xff; 32], at), "01935040-7000-7fff-bfff-ffffffffffff");
        assert_eq!(new_id([0; 32], at), "01935040-7000-7000-8000-000000000000");
        assert_eq!(new_id([0; 32], Timestamp::MIN), "00000000-0000-7000-8000-000000000000");
    }
}
