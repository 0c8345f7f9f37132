//! Taking profiles away from people who have no right to them.

use super::{Planner, shown_name, stake};
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::observed::{ObservedProfile, ProfileStatus};
use crate::plan::{Action, Step};
use crate::reason::ReasonCode;

impl Planner<'_> {
    /// Plans the profile's way out, if it can be known that the person has no right to it here.
    pub(super) fn take_away(
        &mut self,
        key: &DomainKey,
        person: &PersonId,
        team: &TeamKey,
        profile: &ObservedProfile,
    ) {
        if !self.snapshot.speaks_for(person) {
            return self.keep_profile(key, profile, ReasonCode::PartialSnapshot, None);
        }
        if profile.status == ProfileStatus::Deleting {
            return self.keep_profile(key, profile, ReasonCode::Busy, Some("Deleting".into()));
        }
        let since = profile.leaving_since();
        let new = since.is_none();
        let hold_seconds = self.map.offboarding.hold_seconds;
        let held = since.map_or(0, |since| seconds_between(since, self.now));
        let stake = stake(profile);
        let shared: Vec<&str> = profile.shared_spaces().map(|s| s.name.as_str()).collect();
        let stays = !shared.is_empty();
        let step = if !stays && (held >= hold_seconds || nothing_to_hold(profile)) {
            Step::Remove { stake, new }
        } else if new || !stake.apps.is_empty() {
            Step::Hold { since, hold_seconds, stake, new }
        } else if stays {
            let detail = Some(shared.join(", "));
            return self.keep_profile(key, profile, ReasonCode::SharedSpace, detail);
        } else {
            let detail = since.and_then(|since| end_of_hold(since, hold_seconds));
            return self.keep_profile(key, profile, ReasonCode::OnHold, detail);
        };
        self.actions.push(Action {
            domain: key.clone(),
            profile: profile.name.clone(),
            person: person.clone(),
            person_name: self.snapshot.people.get(person).map(shown_name),
            team: team.clone(),
            step,
            reason: self.cause(person, team),
            because: None,
        });
    }

    /// Why the person has no right to the team in this domain.
    fn cause(&self, person: &PersonId, team: &TeamKey) -> ReasonCode {
        match self.snapshot.people.get(person) {
            None => ReasonCode::PersonGone,
            Some(person) if !person.enabled => ReasonCode::PersonDisabled,
            Some(_) if !self.map.teams.contains_key(team) => ReasonCode::TeamGone,
            // The right is to the team in another domain.
            Some(_) if self.entitled.of.contains_key(&(person.clone(), team.clone())) => {
                ReasonCode::TeamMoved
            }
            Some(_) => ReasonCode::EntitlementLost,
        }
    }
}

/// A profile that failed holds nothing but spaces. Any other state, also one that is still coming
/// or a failed update, may hold somebody's work.
fn nothing_to_hold(profile: &ObservedProfile) -> bool {
    matches!(profile.status, ProfileStatus::Failed | ProfileStatus::DeleteFailed)
        && profile.spaces.is_empty()
}

fn end_of_hold(since: jiff::Timestamp, hold_seconds: u64) -> Option<String> {
    let hold = jiff::SignedDuration::from_secs(i64::try_from(hold_seconds).ok()?);
    since.checked_add(hold).ok().map(|end| format!("until {end}"))
}

/// Whole seconds that have passed from `from` to `to`; 0 if `to` is earlier.
fn seconds_between(from: jiff::Timestamp, to: jiff::Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_seconds_that_have_passed_count() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let from = at("2026-11-21T12:00:00.9Z");
        assert_eq!(seconds_between(from, at("2026-11-21T12:00:01.1Z")), 0);
        assert_eq!(seconds_between(from, at("2026-11-21T12:00:01.9Z")), 1);
        assert_eq!(seconds_between(from, at("2026-11-20T12:00:00Z")), 0);
    }

    #[test]
    fn a_hold_beyond_all_calendars_has_no_end_to_show() {
        assert_eq!(end_of_hold(jiff::Timestamp::MAX, 1), None);
        assert_eq!(end_of_hold(jiff::Timestamp::UNIX_EPOCH, u64::MAX), None);
        let day = end_of_hold(jiff::Timestamp::UNIX_EPOCH, 86_400);
        assert_eq!(day.as_deref(), Some("until 1970-01-02T00:00:00Z"));
    }
}
