//! *Audit*: what happened, who did it, what it changed, and whether anybody touched the log.

use super::person::is_meant;
use super::{Caller, Desk, Listed, Page, Refused, Right};
use crate::audit::{ExportCursor, ExportForm, ExportPart, export, tells_of};
use crate::ports::{AuditEvent, AuditFilter, NO_CURSOR, SealedEntry};
use crate::reasons::explained;
use access::ids::PersonId;
use access::snapshot::{Person, Snapshot};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The most entries of one part of an export: some 4 MB, less than a function may answer with.
pub const MOST_EXPORTED: u32 = 5_000;

/// So many people are named where several can be meant.
const NAMED: usize = 5;

/// The audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// Whether it is whole.
    pub chain: Chain,
    /// Entries that the filter admits, newest first.
    pub entries: Listed<AuditLine>,
}

/// Whether the log is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// What verifying found.
    pub state: ChainState,
    /// Up to which entry it was verified, of all chains together.
    pub entries: u64,
    /// When.
    pub verified: Option<Timestamp>,
    /// When a checkpoint was last taken.
    pub anchored: Option<Timestamp>,
    /// The first thing that is wrong.
    pub fault: Option<String>,
}

/// What verifying found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainState {
    /// Nobody touched it.
    Whole,
    /// Somebody did, or it was damaged.
    Broken,
    /// It is being verified, or this process never does that: on Lambda the timer's does.
    NotYet,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLine {
    /// Its name: chain and number.
    pub number: String,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: String,
    /// Why, as a code.
    pub code: String,
    /// What the code means; empty for one that no table has.
    pub meaning: String,
    /// Who did it: `system`, `person:ID`, `token:NAME`, `cli:USER`, ….
    pub actor: String,
    /// The actor's name, where it is a person whom the directory knows.
    pub actor_name: Option<String>,
    /// The directory id of the person concerned.
    pub person: Option<String>,
    /// Their name, where the directory knows them.
    pub person_name: Option<String>,
    /// The team concerned.
    pub team: Option<String>,
    /// The pass that it belongs to.
    pub change: Option<String>,
    /// What changed.
    pub diff: Vec<Difference>,
    /// More, by name.
    pub details: BTreeMap<String, String>,
    /// SHA-256 of the entry and the one before.
    pub hash: String,
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What.
    pub name: String,
    /// What it was; absent: it was not there.
    pub before: Option<String>,
    /// What it is; absent: it is not there any more.
    pub after: Option<String>,
}

impl Desk {
    /// Entries that the filter admits.
    ///
    /// # Errors
    /// Whoever asks may not see them; `request-invalid` for a cursor of another filter; the store
    /// cannot be read.
    pub async fn audit(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Audit, Refused> {
        caller.require(Right::Audit)?;
        let filter = &self.meant(caller, filter).await?;
        let found = self.store().page(filter, page.cursor.as_deref(), page.limit).await;
        let found = found.map_err(|error| match error.message.as_str() {
            NO_CURSOR => no_cursor(),
            _ => error.into(),
        })?;
        let reading = self.reading().await.ok();
        let snapshot = reading.as_ref().map(|reading| &reading.survey.snapshot);
        let items = found.items.into_iter().map(|entry| line(snapshot, entry)).collect();
        let chain = self.chain().await?;
        Ok(Audit { chain, entries: Listed { items, next: found.next } })
    }

    /// The filter with the directory id of the person who is named by an id, a user name or a part of a
    /// name: people stand in the log by ids alone. Whoever is gone is known by what the log has of them.
    ///
    /// # Errors
    /// Whoever asks may not see it; `request-invalid` where several people can be meant, and where
    /// neither directory nor log knows the person, or neither map nor log the team: that nothing is
    /// found would look like nothing happened. The store cannot be read.
    pub async fn meant(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
    ) -> Result<AuditFilter, Refused> {
        caller.require(Right::Audit)?;
        let mut meant = filter.clone();
        if let Some(word) = &filter.person {
            let reading = self.reading().await.ok();
            let snapshot = reading.as_ref().map(|reading| &reading.survey.snapshot);
            let is_id = |snapshot: &Snapshot| snapshot.people.keys().any(|id| id.as_str() == word);
            if !snapshot.is_some_and(is_id) {
                // Somebody of the log is meant by their id before somebody else by a part of a name.
                let about = AuditFilter { person: Some(word.clone()), ..AuditFilter::default() };
                if let Err(nobody) = self.is_in_the_log(&about, || no_such_person(word)).await {
                    let known =
                        snapshot.map(|snapshot| person_meant(snapshot, word)).transpose()?;
                    meant.person = Some(known.flatten().ok_or(nobody)?.to_string());
                }
            }
        }
        if let Some(team) = &filter.team
            && !self.plane().map.teams.keys().any(|known| known.as_str() == team)
        {
            let about = AuditFilter { team: Some(team.clone()), ..AuditFilter::default() };
            self.is_in_the_log(&about, || no_such_team(team)).await?;
        }
        Ok(meant)
    }

    /// Refuses where the log has no such entry, as [`tells_of`] knows it.
    async fn is_in_the_log(
        &self,
        filter: &AuditFilter,
        refused: impl FnOnce() -> Refused,
    ) -> Result<(), Refused> {
        if tells_of(&**self.store(), filter).await? { Ok(()) } else { Err(refused()) }
    }

    /// The next part of an export of the entries that the filter admits, oldest first within each
    /// chain, at most `most` and [`MOST_EXPORTED`] of them. `after` is the `next` of the part before.
    ///
    /// What the store has in the log's places that is no entry is logged and left out: verifying the
    /// export finds that it is missing.
    ///
    /// # Errors
    /// Whoever asks may not see them; `request-invalid` for a cursor that is none; the store cannot
    /// be read.
    pub async fn export_audit(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        form: ExportForm,
        after: Option<&str>,
        most: u32,
    ) -> Result<ExportPart, Refused> {
        caller.require(Right::Audit)?;
        let after = after.map(str::parse::<ExportCursor>).transpose().map_err(|_| no_cursor())?;
        let most = most.clamp(1, MOST_EXPORTED);
        let filter = &self.meant(caller, filter).await?;
        let part = export(&**self.store(), filter, form, after.as_ref(), most).await?;
        for what in &part.unreadable {
            tracing::error!(entry = %what, "the audit log holds something that is no entry");
        }
        Ok(part)
    }

    /// Whether the log is whole, as far as is known now.
    async fn chain(&self) -> Result<Chain, Refused> {
        let event = Some(AuditEvent::AuditCheckpoint.to_string());
        let anchor = AuditFilter { event, ..AuditFilter::default() };
        let anchors = self.store().page(&anchor, None, 1).await?.items;
        let anchored = anchors.first().map(|sealed| &sealed.entry);
        let seen = self.plane().meter.read().audit;
        Ok(Chain {
            state: match &seen {
                Some(seen) if seen.fault.is_some() => ChainState::Broken,
                Some(_) => ChainState::Whole,
                None => ChainState::NotYet,
            },
            entries: seen.as_ref().map_or(0, |seen| seen.reached),
            verified: seen.as_ref().map(|seen| seen.at),
            anchored: anchored.map(|entry| entry.at),
            fault: seen.and_then(|seen| seen.fault),
        })
    }
}

/// Who is meant by an id, a name or, where one person alone has it, a part of a name.
fn person_meant<'s>(snapshot: &'s Snapshot, word: &str) -> Result<Option<&'s PersonId>, Refused> {
    let word = word.trim().to_lowercase();
    let people = || snapshot.people.values();
    let exactly = |person: &&Person| {
        let called = [person.id.as_str(), &person.user_name, person.name()];
        called.iter().any(|name| name.to_lowercase() == word)
    };
    let found: Vec<&Person> = people().filter(exactly).collect();
    let found = if found.is_empty() {
        people().filter(|person| is_meant(person, &word)).collect()
    } else {
        found
    };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(&one.id)),
        several => {
            let named = several.iter().take(NAMED).map(|person| person.user_name.as_str());
            let why = format!(
                "{} people are called so: {}.",
                several.len(),
                named.collect::<Vec<&str>>().join(", ")
                    + if several.len() > NAMED { ", …" } else { "" }
            );
            Err(Refused::invalid(why, "Write more of the name, or the directory's id."))
        }
    }
}

fn no_such_person(word: &str) -> Refused {
    let why = format!("Neither the directory nor the log knows a person `{word}`.");
    Refused::invalid(why, "Write a user name, a part of a name, or the directory's id.")
}

fn no_such_team(word: &str) -> Refused {
    let why = format!("Neither the map nor the log knows a team `{word}`.");
    Refused::invalid(why, "Teams stand in the log by their key in the map.")
}

fn no_cursor() -> Refused {
    let remedy = "Take it from `next` of the last page, or leave it out.";
    Refused::invalid("The cursor is none that this log gave.", remedy)
}

/// The name of the person with this id, if the directory knows them.
fn name_in(snapshot: &Snapshot, id: &str) -> Option<String> {
    let person = snapshot.people.get(&PersonId::parse(id).ok()?)?;
    Some(person.name()).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The name of whoever did what an entry tells, if they are a person whom the directory knows.
pub(super) fn actor_name(snapshot: Option<&Snapshot>, actor: &str) -> Option<String> {
    name_in(snapshot?, actor.strip_prefix("person:")?)
}

fn line(snapshot: Option<&Snapshot>, sealed: SealedEntry) -> AuditLine {
    let name = |id: &str| name_in(snapshot?, id);
    let number = sealed.number();
    let SealedEntry { entry, seal } = sealed;
    let actor = entry.actor.to_string();
    AuditLine {
        number,
        at: entry.at,
        meaning: explained(&entry.code).meaning,
        event: entry.event,
        code: entry.code,
        actor_name: actor_name(snapshot, &actor),
        actor,
        person_name: entry.person.as_deref().and_then(name),
        person: entry.person,
        team: entry.team,
        change: entry.change,
        diff: diff(&entry.before, &entry.after),
        details: entry.details,
        hash: seal.hash,
    }
}

/// What is not the same before and after.
fn diff(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let difference = |name: &String| Difference {
        name: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
    };
    let all = names.into_iter().map(difference);
    all.filter(|difference| difference.before != difference.after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Actor, AuditEntry, ChainId, Seal};
    use access::snapshot::Coverage;

    fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = map([("role", "a"), ("settings", "x"), ("tags", "t")]);
        let after = map([("role", "b"), ("settings", "x"), ("uid", "7")]);
        let told: Vec<(String, Option<String>, Option<String>)> = diff(&before, &after)
            .into_iter()
            .map(|difference| (difference.name, difference.before, difference.after))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        let expected = [
            ("role".to_owned(), text("a"), text("b")),
            ("tags".to_owned(), text("t"), None),
            ("uid".to_owned(), None, text("7")),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_entry_names_people_whom_the_directory_knows() {
        let id = PersonId::parse("p-ana").unwrap();
        let person = Person {
            id: id.clone(),
            user_name: "ana@example.com".into(),
            display_name: "Ana Lovelace".into(),
            enabled: true,
        };
        let snapshot = Snapshot {
            people: BTreeMap::from([(id.clone(), person)]),
            groups: BTreeMap::new(),
            coverage: Coverage::Complete,
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        };
        let entry = AuditEntry {
            person: Some("p-gone".into()),
            ..AuditEntry::new(Timestamp::UNIX_EPOCH, AuditEvent::EventsReplayed, "replayed")
                .by(Actor::Person(id))
        };
        let seal = Seal {
            chain: ChainId("0".into()),
            seq: 7,
            prev: String::new(),
            place: None,
            hash: "ab".into(),
            key: "1".into(),
            mac: String::new(),
        };
        let told = line(Some(&snapshot), SealedEntry { entry, seal });
        assert_eq!(told.number, "0/7");
        assert_eq!(told.actor, "person:p-ana");
        assert_eq!(told.actor_name.as_deref(), Some("Ana Lovelace"));
        assert_eq!((told.person.as_deref(), told.person_name), (Some("p-gone"), None));
        assert_eq!(told.meaning, "The assertion was used before.");
    }
}
