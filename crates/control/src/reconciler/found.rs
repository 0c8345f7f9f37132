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
        // A profile that goes on for another team was told of when the one that is lost was taken.
        let goes_on = |(person, _, domain, gives): &Wanted| {
            let is_taken = |(of, _, at, gave): &Wanted| of == person && at == domain && !gave;
            *gives && before.iter().any(is_taken)
        };
        let is_new = |(wanted, reason): &(Wanted, ReasonCode)| {
            !(before.contains(wanted) || *reason == ReasonCode::TeamChanged && goes_on(wanted))
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::ProfileName;
    use access::plan::LostTeam;
    use std::collections::BTreeMap;

    fn action(team: &str, step: Step) -> Action {
        Action {
            domain: DomainKey::parse("research").unwrap(),
            profile: ProfileName::parse("ana").unwrap(),
            person: PersonId::parse("id-ana").unwrap(),
            person_name: None,
            team: TeamKey::parse(team).unwrap(),
            step,
            reason: ReasonCode::TeamChanged,
            because: None,
        }
    }

    fn update(loses: Option<LostTeam>) -> Step {
        Step::Update {
            old_role: None,
            new_role: None,
            user_settings: None,
            set_tags: BTreeMap::new(),
            remove_tags: BTreeSet::new(),
            restart: Vec::new(),
            loses,
        }
    }

    fn plan(actions: Vec<Action>) -> Plan {
        Plan {
            map_digest: "0".into(),
            now: Timestamp::UNIX_EPOCH,
            assignments: Vec::new(),
            actions,
            kept: Vec::new(),
            grants: Vec::new(),
            owned: 1,
        }
    }

    #[test]
    fn whoever_goes_on_for_another_team_is_told_of_once_by_the_one_that_is_lost() {
        let loses = || Some(LostTeam { team: TeamKey::parse("fraud").unwrap(), announced: false });
        let stop = Step::StopApps { apps: vec!["JupyterLab/a".into()], loses: loses() };
        let now = Timestamp::UNIX_EPOCH;
        let mut last = LastFull::default();
        let mut told = |actions| {
            let new = last.replace(&plan(actions), now)?;
            let told =
                new.changes.into_iter().map(|((_, team, _, gives), _)| (team.to_string(), gives));
            Some(told.collect::<Vec<_>>())
        };
        assert_eq!(told(Vec::new()), None, "there is none before");
        assert_eq!(told(vec![action("demand", stop)]), Some(vec![("fraud".into(), false)]));
        assert_eq!(told(vec![action("demand", update(None))]), Some(Vec::new()));
        assert_eq!(told(Vec::new()), Some(Vec::new()));
        // Without apps it is one step.
        assert_eq!(
            told(vec![action("demand", update(loses()))]),
            Some(vec![("fraud".into(), false)])
        );
        assert_eq!(told(Vec::new()), Some(Vec::new()));
        // Nothing is lost by a team that comes first now.
        assert_eq!(told(vec![action("demand", update(None))]), Some(vec![("demand".into(), true)]));
    }
}
