//! Taking profiles away from people who have no right to them.

use super::{Owners, Planner, shown_name, stake};
use crate::ids::{DomainKey, PersonId, SpaceName, TeamKey};
use crate::map::SharedSpaces;
use crate::naming::handed_over_space;
use crate::observed::{ObservedProfile, ObservedSpace, ProfileStatus, Seen};
use crate::owned::{Owned, OwnedProfile};
use crate::plan::{Action, SpaceHandover, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Coverage, Hold};
use crate::user_name::folded;

/// Why spaces in which others work stay, and the profile with them.
struct Stays {
    reason: ReasonCode,
    detail: String,
}

impl<'a> Planner<'a> {
    /// Plans the profile's way out, if it can be known that the person has no right to it here.
    pub(super) fn take_away(
        &mut self,
        key: &DomainKey,
        owned: &Owned<'_>,
        found: &OwnedProfile<'_>,
    ) {
        let OwnedProfile { person, team, profile, .. } = *found;
        if !self.snapshot.speaks_for(person) {
            return self.keep_profile(key, profile, ReasonCode::PartialSnapshot, None);
        }
        if profile.status == ProfileStatus::Deleting {
            return self.keep_profile(key, profile, ReasonCode::Busy, Some("Deleting".into()));
        }
        let since = profile.leaving_since();
        let new = since.is_none();
        let hold_seconds = match self.snapshot.offboarded_from(person, team) {
            Some(Hold::Skipped) => 0,
            Some(Hold::AsMapped) | None => self.map.offboarding.hold_seconds,
        };
        let held = since.map_or(0, |since| seconds_between(since, self.now));
        let stake = stake(profile);
        let hand_over = self.hand_over(key, owned, found);
        let over = held >= hold_seconds || nothing_to_hold(profile);
        let step = if over && let Ok(hand_over) = &hand_over {
            Step::Remove { stake, new, hand_over: hand_over.clone() }
        } else if new || !stake.apps.is_empty() {
            Step::Hold { since, hold_seconds, stake, new }
        } else if let Err(stays) = hand_over
            && (over || stays.reason == ReasonCode::SharedSpace)
        {
            return self.keep_profile(key, profile, stays.reason, Some(stays.detail));
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
            reason: self.cause(person, team, since.unwrap_or(self.now)),
            because: None,
        });
    }

    /// What becomes of the spaces in which others work. `Err`: they stay, and why.
    fn hand_over(
        &self,
        key: &DomainKey,
        owned: &Owned<'_>,
        leaving: &OwnedProfile<'_>,
    ) -> Result<Vec<SpaceHandover>, Stays> {
        let shared: Vec<&ObservedSpace> = leaving.profile.shared_spaces().collect();
        if shared.is_empty() {
            return Ok(Vec::new());
        }
        let names = || shared.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        let stays = |reason, detail| Stays { reason, detail };
        if self.map.offboarding.shared_spaces == SharedSpaces::Report {
            return Err(stays(ReasonCode::SharedSpace, names()));
        }
        // Links lead into it by its name, which a space that is made anew has not.
        if let Some((space, team)) =
            shared.iter().find_map(|space| Some((space, self.map.team_of_space(key, &space.name)?)))
        {
            let detail = format!("{}: links of the team {team} lead into {}", names(), space.name);
            return Err(stays(ReasonCode::SharedSpace, detail));
        }
        let heir = self.heir(key, owned, leaving).map_err(|why| {
            if self.may_be_unread(key, leaving.team) {
                let detail = format!("{}: the team's owner was not read", names());
                return stays(ReasonCode::PartialSnapshot, detail);
            }
            stays(ReasonCode::SharedSpace, format!("{}: {why}", names()))
        })?;
        let handover = |space: &&ObservedSpace| {
            let old = SpaceName::parse(space.name.clone()).ok()?;
            let new_name = handed_over_space(&old, &leaving.profile.name);
            // One that failed, or is not there yet, is no reason to delete the old one.
            let done = heir.spaces.iter().any(|space| {
                space.name.eq_ignore_ascii_case(new_name.as_str())
                    && space.shared
                    && matches!(
                        space.status,
                        ProfileStatus::InService
                            | ProfileStatus::Updating
                            | ProfileStatus::UpdateFailed
                    )
            });
            Some(SpaceHandover { space: old, new_name, owner: heir.name.clone(), done })
        };
        shared
            .iter()
            .map(handover)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| stays(ReasonCode::SharedSpace, names()))
    }

    /// The profile of the team's owner: in this domain, usable, and not on its way out itself. `Err`: there is none,
    /// and what was looked for.
    fn heir<'d>(
        &self,
        key: &DomainKey,
        owned: &Owned<'d>,
        leaving: &OwnedProfile<'_>,
    ) -> Result<&'d ObservedProfile, String> {
        let team = self.map.teams.get(leaving.team);
        let Some(heir) = team.and_then(|team| team.about.owner.as_deref()) else {
            return Err("the team has no `about.owner`".to_owned());
        };
        let person = match self.called(heir) {
            [] => return Err(format!("the team's `about.owner`, {heir:?}, is nobody's user name")),
            // Where not everybody was read, the one who is called so to the letter may be somebody else.
            [(name, person)] if self.is_whole() || *name == heir => *person,
            several => {
                // Whoever is called so to the letter was meant before others' case was looked past.
                let mut exact = several.iter().filter(|(name, _)| *name == heir);
                let (Some((_, person)), None) = (exact.next(), exact.next()) else {
                    let several = "is the user name of several people";
                    return Err(format!("the team's `about.owner`, {heir:?}, {several}"));
                };
                *person
            }
        };
        let theirs = owned.of_person(person).iter().filter(|found| {
            found.profile.status == ProfileStatus::InService
                && found.person != leaving.person
                && self.entitled.get(found.person, found.team).is_some()
        });
        // Of several profiles of the owner's, the team's own: its role is the one for this work.
        theirs
            .min_by_key(|found| (found.team != leaving.team, found.profile.name.folded()))
            .map(|found| found.profile)
            .ok_or_else(|| format!("the team's owner, {heir:?}, has no profile to use in {key}"))
    }

    /// Whether the team has an owner of whom a reading of some people does not tell.
    fn may_be_unread(&self, key: &DomainKey, team: &TeamKey) -> bool {
        let seen = self.observed.domains.get(key).map(|domain| &domain.seen);
        let owner = self.map.teams.get(team).and_then(|team| team.about.owner.as_deref());
        owner.is_some_and(|owner| match self.called(owner) {
            [(name, id)] if self.is_whole() || *name == owner => {
                seen.is_some_and(|seen| !seen.covers(id))
            }
            // Nobody of that name, or one namesake of several, may be all that was read of the directory.
            _ if !self.is_whole() => true,
            [] => seen.is_some_and(|seen| seen != &Seen::Everybody),
            called => seen.is_some_and(|seen| called.iter().any(|(_, id)| !seen.covers(id))),
        })
    }

    /// Whether all of the directory was read.
    fn is_whole(&self) -> bool {
        self.snapshot.coverage == Coverage::Complete
    }

    /// Those with this user name, in any case, if it is the owner of some team; each with the name as it is written.
    fn called(&self, owner: &str) -> &[(&'a str, &'a PersonId)] {
        let owners = self.owners.get_or_init(|| {
            let names = self.map.teams.values().filter_map(|team| team.about.owner.as_deref());
            let mut owners: Owners<'a> =
                names.map(|name| (folded(name).into_owned(), Vec::new())).collect();
            for person in self.snapshot.people.values() {
                if let Some(found) = owners.get_mut(&*folded(&person.user_name)) {
                    found.push((&person.user_name, &person.id));
                }
            }
            owners
        });
        owners.get(&*folded(owner)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Why the person has no right to the team in this domain. `at` is when that was found.
    pub(super) fn cause(
        &self,
        person: &PersonId,
        team: &TeamKey,
        at: jiff::Timestamp,
    ) -> ReasonCode {
        match self.snapshot.people.get(person) {
            _ if self.snapshot.offboarded_from(person, team).is_some() => ReasonCode::Offboarded,
            None => ReasonCode::PersonGone,
            Some(person) if !person.enabled => ReasonCode::PersonDisabled,
            Some(_) if !self.map.teams.contains_key(team) => ReasonCode::TeamGone,
            // The right is to the team in another domain.
            Some(_) if self.entitled.get(person, team).is_some() => ReasonCode::TeamMoved,
            Some(_) if self.snapshot.ended_lately(person, team, at) => ReasonCode::TemporaryEnded,
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
