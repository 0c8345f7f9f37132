//! The part of a pass that takes away.
//!
//! What is asked of AWS is written down before: a process that is killed between a call and its
//! entry would else leave no trace of what it stopped. An entry that stands there already is not
//! written again. What is deleted must be written down first, or it is not deleted; what runs is
//! stopped all the same.

use super::Outcome;
use super::hand::Hand;
use crate::departure::HISTORY;
use crate::ports::{
    AppOwner, AuditEntry, AuditEvent, CallError, Departure, DomainTarget, Ensured, ProfileUpdate,
    StoreError,
};
use crate::receipt::{is_begun, is_written, words};
use access::observed::{AuthMode, ObservedDomain, ObservedProfile, TAG_AGREED, TAG_LEAVING};
use access::offboarding::{self, Advance, Call};
use access::plan::{Action, SpaceHandover};
use access::reason::ReasonCode;
use access::snapshot::Hold;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What becomes of the tag that says since when a profile is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marking {
    /// It is there, or there shall be none.
    Present,
    /// It is set.
    Set {
        /// Whether somebody agreed to the number of removals.
        agreed: bool,
    },
}

impl Marking {
    pub(super) fn of(new: bool, agreed: bool) -> Self {
        if new { Self::Set { agreed } } else { Self::Present }
    }
}

/// Since when a profile that goes at `now` could have gone: since the end of its hold, or since an admin
/// said that nothing is held.
fn could_go(
    leaving_since: Timestamp,
    hold_seconds: u64,
    departures: &[Departure],
    now: Timestamp,
) -> Timestamp {
    let hold = i64::try_from(hold_seconds).map_or(SignedDuration::MAX, SignedDuration::from_secs);
    let end = leaving_since.checked_add(hold).unwrap_or(Timestamp::MAX);
    let skipped = departures.iter().filter(|departure| departure.hold == Hold::Skipped);
    let skipped = skipped.map(|departure| departure.since.max(leaving_since)).min();
    let over = skipped.map_or(end, |skipped| skipped.min(end));
    // One that failed to be made holds nothing, and goes at once.
    if over <= now { over } else { leaving_since }
}

/// A profile, and what the log says of its person so far.
struct Case<'a> {
    target: &'a DomainTarget,
    action: &'a Action,
    domain: &'a ObservedDomain,
    profile: &'a ObservedProfile,
    past: Result<Vec<AuditEntry>, StoreError>,
}

impl Hand<'_> {
    /// Holds a profile, or takes it a step further on its way out.
    pub(super) async fn take_away(
        &self,
        target: &DomainTarget,
        action: &Action,
        marking: Marking,
        delete: Option<&[SpaceHandover]>,
    ) -> Result<Outcome, CallError> {
        let Some(case) = self.case(target, action).await else {
            return Ok(Outcome::Waiting);
        };
        let marked = match marking {
            Marking::Present => Ok(()),
            Marking::Set { agreed } => self.mark_leaving(&case, agreed).await,
        };
        // Nothing is deleted without its mark. What runs is stopped all the same: a tag that is
        // refused must not leave somebody at work who has no right to it.
        let advance = match delete {
            Some(hand_over) if marked.is_ok() => {
                Some(offboarding::advance(case.profile, hand_over))
            }
            _ => offboarding::stop_apps(case.profile),
        };
        let is_new = marking != Marking::Present;
        let outcome = match advance {
            Some(advance) => self.advance(&case, advance, is_new).await,
            None => Ok(Outcome::Changed("put on hold".into())),
        };
        marked.and(outcome)
    }

    /// Stops what runs in a profile that stays.
    pub(super) async fn stop_apps(
        &self,
        target: &DomainTarget,
        action: &Action,
        named: &[String],
    ) -> Result<Outcome, CallError> {
        let Some(case) = self.case(target, action).await else {
            return Ok(Outcome::Waiting);
        };
        match offboarding::stop_apps(&case.profile.with_apps(named)) {
            Some(advance) => self.advance(&case, advance, false).await,
            None => Ok(Outcome::Waiting),
        }
    }

    async fn case<'a>(&'a self, target: &'a DomainTarget, action: &'a Action) -> Option<Case<'a>> {
        let domain = self.observed.domains.get(&action.domain)?;
        let profile = domain.profiles.get(&action.profile.folded())?;
        let past = self.plane.audit.of_person(&action.person, HISTORY).await;
        Some(Case { target, action, domain, profile, past })
    }

    /// Marks the profile as on its way out, ends the person's sessions where the person may not
    /// sign in any more, and writes down where the home directory is before anything is deleted.
    async fn mark_leaving(&self, case: &Case<'_>, agreed: bool) -> Result<(), CallError> {
        let Case { target, action, domain, profile, .. } = *case;
        let mut details = words::home_details(profile, domain.home_file_system.as_deref());
        words::put_spaces(&mut details, profile);
        details.insert("apps".to_owned(), profile.live_apps().to_string());
        if domain.auth_mode == AuthMode::Sso {
            details.insert("auth_mode".to_owned(), words::SSO.to_owned());
        }
        if self.may_not_sign_in(action).await {
            match self.plane.sessions.close_all(&action.person).await {
                Ok(ended) => drop(details.insert("sessions_ended".to_owned(), ended.to_string())),
                Err(error) => tracing::error!(%error, "sessions of a leaver cannot be ended"),
            }
        }
        let begun = matches!(&case.past, Ok(past)
            if is_begun(past, action.domain.as_str(), action.profile.as_str()));
        let since = self.plane.clock.now().to_string();
        if !begun {
            let entry = self.entry(action, AuditEvent::OffboardingBegun, details);
            // Whoever has the tag is not marked again: without the entry there is no tag.
            let entry = entry.changing("leaving since", None, Some(&since));
            self.plane.audit.append(&entry).await?;
        }
        let mut set_tags = BTreeMap::from([(TAG_LEAVING.to_owned(), since)]);
        if agreed {
            set_tags.insert(TAG_AGREED.to_owned(), "yes".to_owned());
        }
        let update = ProfileUpdate { set_tags, ..ProfileUpdate::default() };
        self.plane.provision.update_profile(target, &action.profile, &update).await?;
        Ok(())
    }

    /// Whether the person has lost not only this profile. Whoever only loses a team goes on in the
    /// others.
    async fn may_not_sign_in(&self, action: &Action) -> bool {
        match action.reason {
            ReasonCode::PersonGone | ReasonCode::PersonDisabled => true,
            ReasonCode::Offboarded => {
                let person = BTreeSet::from([action.person.clone()]);
                let departures = self.plane.departures.departures(Some(&person)).await;
                departures.is_ok_and(|all| all.iter().any(|departure| departure.team.is_none()))
            }
            _ => false,
        }
    }

    /// Asks for what the stage needs. One call that fails does not hold up the others: each is for
    /// another app or space.
    async fn advance(
        &self,
        case: &Case<'_>,
        advance: Advance<'_>,
        marked: bool,
    ) -> Result<Outcome, CallError> {
        let mut said = Vec::new();
        let mut failed = None;
        for call in &advance.calls {
            match self.ask(case, call).await {
                Ok(Some(what)) => said.push(what),
                Ok(None) => {}
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if !said.is_empty() {
            return Ok(Outcome::Changed(said.join(", ")));
        }
        Ok(if marked { Outcome::Changed("marked as leaving".into()) } else { Outcome::Waiting })
    }

    /// Writes a call down and makes it. Answers with what changed, for people.
    async fn ask(&self, case: &Case<'_>, call: &Call<'_>) -> Result<Option<String>, CallError> {
        let Case { target, profile, .. } = *case;
        let (event, details) = words::of_call(call, profile, case.domain);
        let what = details.get("what").cloned().unwrap_or_default();
        let entry = words::taking(self.entry(case.action, event, details), call, profile);
        let written = self.write_down(case, &entry).await;
        let ensured = match call {
            Call::StopSpaceApp(space, app) => {
                if let Err(error) = written {
                    tracing::error!(%error, "an app is stopped without its audit entry");
                }
                let owner = AppOwner::Space((*space).to_owned());
                self.plane.provision.stop_app(target, &owner, app).await?
            }
            Call::StopProfileApp(app) => {
                if let Err(error) = written {
                    tracing::error!(%error, "an app is stopped without its audit entry");
                }
                let owner = AppOwner::Profile(profile.name.clone());
                self.plane.provision.stop_app(target, &owner, app).await?
            }
            Call::HandOver(handover) => {
                written?;
                self.plane.provision.hand_over_space(target, handover).await?
            }
            Call::DeleteSpace(space) => {
                written?;
                self.plane.provision.delete_space(target, space).await?
            }
            Call::DeleteProfile => {
                written?;
                let ensured = self.plane.provision.delete_profile(target, &profile.name).await?;
                if ensured == Ensured::Changed {
                    self.revoked(case).await;
                }
                ensured
            }
        };
        Ok((ensured == Ensured::Changed).then_some(what))
    }

    /// Counts how long it took to take the profile away once its hold was over. Whose departures cannot be
    /// read is not counted.
    async fn revoked(&self, case: &Case<'_>) {
        let Case { action, profile, .. } = *case;
        let now = self.plane.clock.now();
        let person = BTreeSet::from([action.person.clone()]);
        let departures = self.plane.departures.departures(Some(&person)).await;
        let Ok(mut departures) = departures else { return };
        departures.retain(|departure| departure.team.as_ref().is_none_or(|of| *of == action.team));
        // Nothing is deleted without its mark: one that was read without was marked by this pass.
        let since = profile.leaving_since().unwrap_or(now);
        let hold = self.plane.map.offboarding.hold_seconds;
        let took = now.duration_since(could_go(since, hold, &departures, now));
        if let Ok(took) = Duration::try_from(took) {
            self.plane.meter.count(|counts| counts.revocations.observe(took));
        }
    }

    /// Writes an entry unless it stands there since the profile began to leave.
    async fn write_down(&self, case: &Case<'_>, entry: &AuditEntry) -> Result<(), StoreError> {
        match &case.past {
            Ok(past) if is_written(past, entry) => Ok(()),
            // A log that cannot be read may yet be written; twice is better than never.
            _ => self.plane.audit.append(entry).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::PersonId;

    const DAY: u64 = 86_400;

    fn at(day: u64, hour: u64) -> Timestamp {
        format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
    }

    fn departure(since: Timestamp, hold: Hold) -> Departure {
        Departure {
            person: PersonId::parse("id-ana").unwrap(),
            user_name: None,
            team: None,
            since,
            by: "cli:root".to_owned(),
            why: None,
            hold,
        }
    }

    #[test]
    fn a_removal_counts_from_the_end_of_the_hold() {
        let marked = at(1, 9);
        assert_eq!(could_go(marked, 7 * DAY, &[], at(8, 10)), at(8, 9));
        assert_eq!(could_go(marked, 0, &[], at(1, 10)), marked);
        let mapped = [departure(marked, Hold::AsMapped)];
        assert_eq!(could_go(marked, 7 * DAY, &mapped, at(8, 10)), at(8, 9));
        // It failed to be made, and goes before its hold is over.
        assert_eq!(could_go(marked, 7 * DAY, &[], at(1, 10)), marked);
        assert_eq!(could_go(marked, u64::MAX, &[], at(1, 10)), marked);
    }

    #[test]
    fn a_hold_that_an_admin_skips_is_over_then() {
        let marked = at(3, 9);
        for (skipped, over) in [
            (at(2, 9), marked),
            (marked, marked),
            (at(5, 9), at(5, 9)),
            // It was over already.
            (at(20, 9), at(10, 9)),
        ] {
            let departures = [departure(skipped, Hold::Skipped), departure(marked, Hold::AsMapped)];
            assert_eq!(could_go(marked, 7 * DAY, &departures, at(21, 9)), over, "{skipped}");
        }
    }
}
