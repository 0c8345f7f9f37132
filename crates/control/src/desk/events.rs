//! *Events and drift*: what arrived, what a full pass found that no event had told of, and what in AWS
//! is not as the map says.

use super::{Caller, Desk, Listed, Page, Reading, Refused, RefusedKind, Right};
use crate::event::{Family, Outcome, Wake};
use crate::ports::{AuditEntry, AuditEvent, Found, Heard, NOTES_KEPT, Note, Noted, QueueStatus};
use crate::reasons::{Explained, explained, remedy};
use access::drift::{Drift, drift};
use access::ids::{DomainKey, PersonId, TeamKey};
use access::reason::ReasonCode;
use access::snapshot::Snapshot;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// So many people of an event are named; more are counted.
const PEOPLE_NAMED: usize = 3;

/// So many events are drawn.
const MOST_DRAWN: usize = 120;

/// Which part of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Events of this family only.
    pub family: Option<Family>,
    /// Drift of this kind only.
    pub drift: Option<ReasonCode>,
    /// The page of the events.
    pub events: Page,
    /// The page of the drift.
    pub items: Page,
}

/// Events and drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    /// When directory and Studio were read.
    pub at: Timestamp,
    /// When everything was last read in full and planned, whatever could be carried out of it.
    pub last_full_sync: Option<Timestamp>,
    /// How much waits to be read again: people, or everything as one.
    pub waiting: u64,
    /// Since when.
    pub waiting_since: Option<Timestamp>,
    /// When the oldest event happened that is remembered.
    pub since: Option<Timestamp>,
    /// What arrived, by family.
    pub families: Vec<FamilyCount>,
    /// Events, newest first.
    pub events: Listed<EventLine>,
    /// What full passes found that no event had told of, newest first.
    pub found: Vec<FoundLine>,
    /// What is drawn: the newest of both, oldest first.
    pub drawn: Vec<Moment>,
    /// How much drift there is of each kind.
    pub kinds: Vec<DriftCount>,
    /// What is not as the map says.
    pub drift: Listed<DriftLine>,
}

/// What arrived of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FamilyCount {
    /// Who tells.
    #[schema(value_type = String)]
    pub family: Family,
    /// How many are remembered.
    pub events: u64,
    /// How many had which outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// When the last one arrived.
    pub last: Option<Timestamp>,
    /// The longest way of one of them, in seconds.
    pub slowest_seconds: Option<u64>,
}

/// An event that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventLine {
    /// When it arrived.
    pub at: Timestamp,
    /// Who told it.
    #[schema(value_type = String)]
    pub family: Family,
    /// What it is called.
    pub name: Option<String>,
    /// Its id.
    pub event_id: Option<String>,
    /// When it happened.
    pub happened: Option<Timestamp>,
    /// How long it was on its way, in seconds.
    pub way_seconds: Option<u64>,
    /// What came of it.
    pub outcome: &'static str,
    /// How many people were read again; absent: everybody.
    pub people: Option<u64>,
    /// Some of them.
    pub named: Vec<Named>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The directory's id.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// The name, or the id of somebody whom the directory does not know.
    pub name: String,
}

/// A change that no event had told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundLine {
    /// When the full pass found it.
    pub at: Timestamp,
    /// Whose.
    pub person: Named,
    /// Of which team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// Where.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Whether it gives something, or takes it away.
    pub gives: bool,
    /// Why.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// The same for people.
    pub meaning: String,
    /// When an event about the person came after all; absent: it was lost.
    pub told_later: Option<Timestamp>,
}

/// What is drawn of an event, or of what was found without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// When it happened in the directory, if that is known.
    pub happened: Option<Timestamp>,
    /// When the event arrived; absent: none had.
    pub heard: Option<Timestamp>,
    /// When a full pass found it; absent: it was told by an event.
    pub found: Option<Timestamp>,
}

/// How much drift there is of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftCount {
    /// The kind.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// What it means.
    pub meaning: String,
    /// How many.
    pub items: u64,
    /// How many of these the loop corrects.
    pub corrected: u64,
}

/// Something that is not as the map says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftLine {
    /// Where; absent: it is about a grant.
    #[schema(value_type = Option<String>)]
    pub domain: Option<DomainKey>,
    /// What kind.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// What it means.
    pub meaning: String,
    /// The profile, if it is one.
    pub profile: Option<String>,
    /// Whose, as far as is known.
    pub person: Option<Named>,
    /// Of which team.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamKey>,
    /// What there is, and what there should be.
    pub text: Option<String>,
    /// Whether the loop corrects it; reading the person again makes it do so now.
    pub corrected: bool,
    /// What an admin does about it, where the loop does not.
    pub remedy: Option<&'static str>,
}

/// What came of replaying a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowReplayed {
    /// How many events of the window are remembered.
    pub events: u64,
    /// How many people are read again; absent: everybody.
    pub people: Option<u64>,
}

impl Desk {
    /// What arrived, what was found without an event, and what drifts.
    ///
    /// # Errors
    /// Whoever asks may not see it; the store cannot be read, or nothing was read yet.
    pub async fn events(&self, caller: &Caller, filter: &EventFilter) -> Result<Events, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let notes = self.store().notes(NOTES_KEPT).await?;
        let plane = self.plane();
        let status = plane.queue.status(plane.clock.now()).await?;
        events_of(&reading, &notes, &status, filter)
    }

    /// Has everybody read again whom the remembered events of a window reached, as if they had just
    /// arrived. Nothing is decided by events, so this can only heal.
    ///
    /// # Errors
    /// Whoever asks may not do it; `request-invalid` for a window without events; the store cannot
    /// be read or written.
    pub async fn replay_window(
        &self,
        caller: &Caller,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<WindowReplayed, Refused> {
        caller.require(Right::Act)?;
        let notes = self.store().notes(NOTES_KEPT).await?;
        let (events, wake) = reached(&notes, from, until);
        if events == 0 {
            let why = "No event of that window is remembered.";
            let remedy = "Widen the window, or replay CloudTrail's own files: \
                          `stagedoor events replay`.";
            return Err(Refused::new(
                RefusedKind::Invalid,
                ReasonCode::RequestInvalid,
                why,
                remedy,
            ));
        }
        let plane = self.plane();
        let people = match &wake {
            Wake::People(people) => Some(u64::try_from(people.len()).unwrap_or(u64::MAX)),
            Wake::Everything => None,
        };
        let code = ReasonCode::EventsReplayed.as_str();
        let entry = AuditEntry::new(plane.clock.now(), AuditEvent::EventsReplayed, code)
            .by(caller.actor().clone())
            .with("from", from)
            .with("until", until)
            .with("events", events);
        self.store().append(&entry).await?;
        plane.wake(&wake).await?;
        Ok(WindowReplayed { events, people })
    }
}

/// How many events of a window are remembered, and whom they reach.
fn reached(notes: &[Note], from: Timestamp, until: Timestamp) -> (u64, Wake) {
    let mut events = 0;
    let mut wake = Wake::People(BTreeSet::new());
    for (at, heard) in notes.iter().filter_map(heard) {
        let when = heard.happened.unwrap_or(at);
        if when < from || when >= until {
            continue;
        }
        events += 1;
        wake = wake.and(match &heard.people {
            Some(people) => Wake::People(people.clone()),
            None => Wake::Everything,
        });
    }
    (events, wake)
}

fn heard(note: &Note) -> Option<(Timestamp, &Heard)> {
    match &note.noted {
        Noted::Heard(heard) => Some((note.at, heard)),
        Noted::Found(_) => None,
    }
}

fn found(note: &Note) -> Option<(Timestamp, &Found)> {
    match &note.noted {
        Noted::Found(found) => Some((note.at, found)),
        Noted::Heard(_) => None,
    }
}

fn events_of(
    reading: &Reading,
    notes: &[Note],
    status: &QueueStatus,
    filter: &EventFilter,
) -> Result<Events, Refused> {
    let snapshot = &reading.survey.snapshot;
    let wanted = |heard: &Heard| filter.family.is_none_or(|family| heard.family == family);
    let lines = notes.iter().enumerate().filter_map(|(place, note)| {
        let (at, heard) = heard(note).filter(|(_, heard)| wanted(heard))?;
        // Newest first; several can have one time.
        Some((notes.len() - place, event_line(snapshot, at, heard)))
    });
    let key =
        |(place, line): &(usize, EventLine)| format!("{:020}{place:06}", line.at.as_microsecond());
    let drift = drift(&reading.map, &reading.survey.observed, &reading.plan);
    let items = drift.iter().filter(|item| filter.drift.is_none_or(|code| item.code == code));
    let items = items.enumerate().map(|(place, item)| (place, drift_line(snapshot, item)));
    let listed = filter.items.of(items, |(place, _)| format!("{place:08}"))?;
    Ok(Events {
        at: reading.at,
        last_full_sync: status.last_full,
        waiting: status.due,
        waiting_since: status.oldest,
        since: notes.iter().rev().find_map(heard).map(|(at, heard)| heard.happened.unwrap_or(at)),
        families: families(notes),
        events: filter.events.of_descending(lines, key)?.map(|(_, line)| line),
        found: notes.iter().filter_map(|note| found_line(snapshot, notes, note)).collect(),
        drawn: drawn(notes),
        kinds: kinds(&drift),
        drift: listed.map(|(_, line)| line),
    })
}

fn families(notes: &[Note]) -> Vec<FamilyCount> {
    let mut families: Vec<FamilyCount> = Family::ALL
        .into_iter()
        .map(|family| {
            let of = || notes.iter().filter_map(heard).filter(move |(_, h)| h.family == family);
            let mut outcomes: BTreeMap<&'static str, u64> = BTreeMap::new();
            for (_, heard) in of() {
                *outcomes.entry(heard.outcome.as_str()).or_default() += 1;
            }
            FamilyCount {
                family,
                events: outcomes.values().sum(),
                outcomes,
                last: of().map(|(at, _)| at).max(),
                slowest_seconds: of().filter_map(|(at, heard)| way_seconds(at, heard)).max(),
            }
        })
        .collect();
    // What comes from no directory is told only where something did.
    families.retain(|count| count.family != Family::Other || count.events > 0);
    families
}

fn way_seconds(at: Timestamp, heard: &Heard) -> Option<u64> {
    u64::try_from(at.duration_since(heard.happened?).as_secs()).ok()
}

fn named(snapshot: &Snapshot, id: &PersonId) -> Named {
    let person = snapshot.people.get(id);
    let names = person.map(|person| [person.display_name.trim(), person.user_name.as_str()]);
    let name = names.into_iter().flatten().find(|name| !name.is_empty());
    Named { id: id.clone(), name: name.unwrap_or(id.as_str()).to_owned() }
}

fn event_line(snapshot: &Snapshot, at: Timestamp, heard: &Heard) -> EventLine {
    let people = heard.people.iter().flatten();
    EventLine {
        at,
        family: heard.family,
        name: heard.name.clone(),
        event_id: heard.event_id.clone(),
        happened: heard.happened,
        way_seconds: way_seconds(at, heard),
        outcome: heard.outcome.as_str(),
        people: heard.people.as_ref().map(|all| u64::try_from(all.len()).unwrap_or(u64::MAX)),
        named: people.take(PEOPLE_NAMED).map(|id| named(snapshot, id)).collect(),
    }
}

fn found_line(snapshot: &Snapshot, notes: &[Note], note: &Note) -> Option<FoundLine> {
    let (at, found) = found(note)?;
    let later = notes.iter().rev().filter_map(heard).find(|(heard_at, heard)| {
        let is_of_it = heard.happened.is_none_or(|happened| happened <= at);
        *heard_at >= at && is_of_it && heard.people.is_some() && heard.reaches(&found.person)
    });
    let Explained { meaning, .. } = explained(found.reason.as_str());
    Some(FoundLine {
        at,
        person: named(snapshot, &found.person),
        team: found.team.clone(),
        domain: found.domain.clone(),
        gives: found.gives,
        code: found.reason,
        meaning,
        told_later: later.map(|(at, _)| at),
    })
}

/// The newest moments, oldest first.
fn drawn(notes: &[Note]) -> Vec<Moment> {
    let moment = |note: &Note| match &note.noted {
        Noted::Heard(heard) if heard.outcome == Outcome::Ignored => None,
        Noted::Heard(heard) => {
            Some(Moment { happened: heard.happened, heard: Some(note.at), found: None })
        }
        Noted::Found(_) => Some(Moment { happened: None, heard: None, found: Some(note.at) }),
    };
    let mut moments: Vec<Moment> = notes.iter().filter_map(moment).take(MOST_DRAWN).collect();
    moments.reverse();
    moments
}

fn kinds(drift: &[Drift]) -> Vec<DriftCount> {
    let mut kinds: BTreeMap<ReasonCode, (u64, u64)> = BTreeMap::new();
    for item in drift {
        let (items, corrected) = kinds.entry(item.code).or_default();
        *items += 1;
        *corrected += u64::from(item.corrected);
    }
    let count = |(code, (items, corrected)): (ReasonCode, (u64, u64))| DriftCount {
        code,
        meaning: format!("{}.", code.meaning()),
        items,
        corrected,
    };
    kinds.into_iter().map(count).collect()
}

fn drift_line(snapshot: &Snapshot, item: &Drift) -> DriftLine {
    let name = |id: &PersonId| Named {
        name: item.person_name.clone().unwrap_or_else(|| named(snapshot, id).name),
        id: id.clone(),
    };
    DriftLine {
        domain: item.domain.clone(),
        code: item.code,
        meaning: format!("{}.", item.code.meaning()),
        profile: item.profile.as_ref().map(ToString::to_string),
        person: item.person.as_ref().map(name),
        team: item.team.clone(),
        text: item.text.clone(),
        corrected: item.corrected,
        remedy: if item.corrected { None } else { remedy(item.code) },
    }
}

#[cfg(test)]
mod tests;
