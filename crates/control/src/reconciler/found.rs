//! What a full pass finds that no event had told of.
//!
//! Only what is new since the full pass before can have been missed by events, and only if the map
//! is still the same: what the first pass of a process finds, or the first by another map, says
//! nothing about events.

use crate::plane::Plane;
use crate::ports::{Found, NOTES_KEPT, Note, Noted};
use crate::survey::Survey;
use access::ids::{DomainKey, PersonId, TeamKey};
use access::plan::{Action, Plan, Step};
use access::reason::ReasonCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What a change is about: whose, of which team, where, and whether it gives or takes.
type Wanted = (PersonId, TeamKey, DomainKey, bool);

/// What the last full pass wanted.
#[derive(Debug, Default)]
pub(super) struct LastFull(Option<(String, Timestamp, BTreeSet<Wanted>)>);

/// What is new in a full pass.
#[derive(Debug)]
pub(super) struct New {
    /// When the full pass before it began to read.
    since: Timestamp,
    changes: Vec<(Wanted, ReasonCode)>,
}

impl LastFull {
    /// Remembers what a full pass wants, and says what of it the one before did not.
    pub(super) fn replace(&mut self, plan: &Plan, began: Timestamp) -> Option<New> {
        let changes: Vec<(Wanted, ReasonCode)> = plan.actions.iter().filter_map(change).collect();
        let wanted = changes.iter().map(|(wanted, _)| wanted.clone()).collect();
        let before = self.0.replace((plan.map_digest.clone(), began, wanted));
        let (_, since, before) = before.filter(|(digest, ..)| *digest == plan.map_digest)?;
        let is_new = |(wanted, _): &(Wanted, ReasonCode)| !before.contains(wanted);
        Some(New { since, changes: changes.into_iter().filter(is_new).collect() })
    }
}

/// What an action changes because somebody changed the directory.
fn change(action: &Action) -> Option<(Wanted, ReasonCode)> {
    let gives = match (&action.step, action.reason) {
        (Step::Create { .. }, ReasonCode::Entitled)
        | (Step::Update { .. }, ReasonCode::Returned | ReasonCode::TeamChanged)
        | (Step::StopApps { loses: Some(_), .. }, ReasonCode::TeamChanged) => true,
        (
            Step::Hold { new: true, .. } | Step::Remove { new: true, .. },
            ReasonCode::EntitlementLost | ReasonCode::PersonGone | ReasonCode::PersonDisabled,
        ) => false,
        _ => return None,
    };
    // Whoever goes on for another team had to be told of by the one that is lost.
    let (gives, team) = (gives && action.step.loses().is_none(), action.team_taken());
    let Action { person, domain, reason, .. } = action;
    Some(((person.clone(), team.clone(), domain.clone(), gives), *reason))
}

impl Plane {
    /// Remembers what a full pass saw: how many profiles there are, and what no event had told of.
    /// Nothing is decided by it, so a store that fails is logged.
    pub(super) async fn chronicle(&self, survey: &Survey, new: Option<New>) {
        let day = survey.now.to_zoned(TimeZone::UTC).date();
        let counted = survey.observed.domains.iter().filter_map(|(key, domain)| {
            let id = self.map.domains.get(key)?.domain_id.clone();
            Some((id, u64::try_from(domain.profiles.len()).unwrap_or(u64::MAX)))
        });
        let noted = async {
            self.chronicle.count_profiles(day, &counted.collect()).await?;
            match new {
                Some(new) if !new.changes.is_empty() => self.note_missed(new).await,
                _ => Ok(()),
            }
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "what the full pass saw is not noted");
        }
    }

    async fn note_missed(&self, new: New) -> Result<(), crate::ports::StoreError> {
        let told = self.chronicle.notes(NOTES_KEPT).await?;
        let told = told.iter().filter(|note| note.at >= new.since);
        let told: Vec<_> = told
            .filter_map(|note| match &note.noted {
                Noted::Heard(heard) => Some(heard),
                Noted::Found(_) => None,
            })
            .collect();
        let at = self.clock.now();
        let missed: Vec<Note> = new
            .changes
            .into_iter()
            .filter(|((person, ..), _)| !told.iter().any(|heard| heard.reaches(person)))
            // Whoever moves thousands at once is not described any better by more of them.
            .take(MOST_NOTED)
            .map(|((person, team, domain, gives), reason)| {
                let found = Found { person, team, domain, gives, reason };
                Note { at, noted: Noted::Found(found) }
            })
            .collect();
        if missed.is_empty() { Ok(()) } else { self.chronicle.remember(&missed).await }
    }
}

/// So many changes of one pass are noted: a part of [`NOTES_KEPT`], that events keep their place.
const MOST_NOTED: usize = 100;
