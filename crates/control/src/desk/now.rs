//! *Now*: who gets what by which way, and how the loop is.

use super::{Caller, Desk, Reading, Refused, Right};
use crate::ports::{AuditEntry, AuditEvent, Freeze};
use access::drift::drift;
use access::entitlement::{Entitlement, entitlements};
use access::ids::{DomainKey, PersonId, PersonaKey, TeamKey};
use access::map::AccessMap;
use access::observed::Ownership;
use access::standing::leavers;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The most deletions of a day that are looked at for the slowest.
const MOST_DELETIONS: u32 = 500;

/// How things are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Now {
    /// When the directory and Studio were read.
    pub at: Timestamp,
    /// What the time was when this was told.
    pub told_at: Timestamp,
    /// The four numbers.
    pub numbers: Numbers,
    /// The ways by which people get to domains, the widest first.
    pub ways: Vec<Way>,
    /// Why nothing may be changed, if so.
    pub frozen: Option<Frozen>,
    /// Whether this process changes nothing on principle.
    pub observe_only: bool,
    /// Domains that could not be read.
    #[schema(value_type = Vec<String>)]
    pub unreadable: Vec<DomainKey>,
}

/// What an admin looks at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    /// People who have a right to a team.
    pub people: u64,
    /// Profiles on their way out, or about to be.
    pub pending_removals: u64,
    /// When everything was last read in full and planned, whatever could be carried out of it.
    pub last_full_sync: Option<Timestamp>,
    /// How long that is ago, in whole minutes.
    pub minutes_since_full_sync: Option<u64>,
    /// How long the slowest removal took that ended today (UTC), from its mark as leaving to the
    /// deletion of the profile, less the hold. In seconds; absent: none ended.
    pub slowest_revocation_seconds: Option<u64>,
}

/// One way from a group to a domain, with the people who go it. Whoever has two teams goes two ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Way {
    /// The directory group.
    pub group: String,
    /// The grant in the map, `file:line`.
    pub grant: String,
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// What the map calls the team, for people.
    pub title: String,
    /// The team's persona, if it has one.
    #[schema(value_type = Option<String>)]
    pub persona: Option<PersonaKey>,
    /// The domain.
    #[schema(value_type = Option<String>)]
    pub domain: Option<DomainKey>,
    /// How many people.
    pub people: u64,
    /// For how many of them AWS has something else than the map.
    pub drifting: u64,
}

/// Nothing is changed until somebody thaws it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Frozen {
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

impl From<Freeze> for Frozen {
    fn from(freeze: Freeze) -> Self {
        Self { by: freeze.by, reason: freeze.reason, since: freeze.at }
    }
}

impl Desk {
    /// How things are now.
    ///
    /// # Errors
    /// Whoever asks may not see it; the store cannot be read, or nothing was read yet.
    pub async fn now(&self, caller: &Caller) -> Result<Now, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let plane = self.plane();
        let told_at = plane.clock.now();
        let status = plane.loop_status().await?;
        let deleted = self.deleted_since(midnight(told_at), MOST_DELETIONS).await?;
        let rights = entitlements(&reading.map, &reading.survey.snapshot, reading.survey.now);
        let last_full_sync = status.queue.last_full;
        let since = last_full_sync.map(|at| told_at.duration_since(at).as_mins().max(0));
        let numbers = Numbers {
            people: people(rights.all()),
            pending_removals: pending_removals(&reading),
            last_full_sync,
            minutes_since_full_sync: since.and_then(|minutes| u64::try_from(minutes).ok()),
            slowest_revocation_seconds: slowest(&deleted, reading.map.offboarding.hold_seconds),
        };
        Ok(Now {
            at: reading.at,
            told_at,
            numbers,
            ways: ways(&reading, rights.all()),
            frozen: status.frozen.map(Frozen::from),
            observe_only: status.observe_only,
            unreadable: reading.survey.observed.unreadable.keys().cloned().collect(),
        })
    }
}

/// How many different people; the rights are sorted by person.
fn people(rights: &[Entitlement<'_>]) -> u64 {
    let each = rights.chunk_by(|a, b| a.person.id == b.person.id);
    u64::try_from(each.count()).unwrap_or(u64::MAX)
}

fn pending_removals(reading: &Reading) -> u64 {
    let survey = &reading.survey;
    let all = leavers(&reading.map, &survey.snapshot, &survey.observed, &reading.plan);
    u64::try_from(all.values().map(Vec::len).sum::<usize>()).unwrap_or(u64::MAX)
}

/// Who has what, and which person's profile of which team is not as the map says.
struct Places<'a> {
    /// Where profiles are.
    standing: BTreeMap<(&'a PersonId, &'a TeamKey), &'a DomainKey>,
    /// Where they will be.
    planned: BTreeMap<(&'a PersonId, &'a TeamKey), &'a DomainKey>,
    drifting: BTreeSet<(PersonId, TeamKey)>,
}

impl<'a> Places<'a> {
    fn of(reading: &'a Reading) -> Self {
        let (map, survey, plan) = (&reading.map, &reading.survey, &reading.plan);
        let mut standing = BTreeMap::new();
        for (key, domain) in &survey.observed.domains {
            for profile in domain.profiles.values() {
                if let Ownership::Ours { person, team } = profile.ownership(&map.instance) {
                    standing.entry((person, team)).or_insert(key);
                }
            }
        }
        let actions = plan.actions.iter();
        let planned = actions.map(|a| ((&a.person, &a.team), &a.domain)).collect();
        let found = drift(map, &survey.observed, plan).into_iter();
        let drifting = found.filter_map(|found| found.person.zip(found.team)).collect();
        Self { standing, planned, drifting }
    }

    fn of_right(&self, map: &AccessMap, right: &Entitlement<'a>) -> Option<DomainKey> {
        let pair = right.pair();
        let first = || map.teams.get(right.team)?.placements.first().map(|at| &at.domain);
        let known = self.standing.get(&pair).or_else(|| self.planned.get(&pair)).copied();
        known.or_else(first).cloned()
    }
}

/// Group, grant, team and domain.
type WayKey = (String, String, TeamKey, Option<DomainKey>);

/// The ways that people go, the widest first.
fn ways(reading: &Reading, rights: &[Entitlement<'_>]) -> Vec<Way> {
    let map = &reading.map;
    let places = Places::of(reading);
    let mut ways: BTreeMap<WayKey, (u64, u64)> = BTreeMap::new();
    for right in rights {
        let because = right.because();
        // Temporary grants are a line each; together they are one way.
        let is_of_group = !because.group_name.is_empty();
        let key = (
            because.group_name.to_string(),
            if is_of_group { because.grant.to_string() } else { String::new() },
            right.team.clone(),
            places.of_right(map, right),
        );
        let (people, drifting) = ways.entry(key).or_default();
        *people += 1;
        let pair = (right.person.id.clone(), right.team.clone());
        *drifting += u64::from(places.drifting.contains(&pair));
    }
    let mut ways: Vec<Way> = ways
        .into_iter()
        .map(|((group, grant, team, domain), (people, drifting))| {
            let known = map.teams.get(&team);
            Way {
                group,
                grant,
                title: known
                    .and_then(|known| known.about.title.clone())
                    .unwrap_or_else(|| team.to_string()),
                persona: known.and_then(|known| known.persona.clone()),
                team,
                domain,
                people,
                drifting,
            }
        })
        .collect();
    ways.sort_by_key(|way| std::cmp::Reverse(way.people));
    ways
}

/// The first moment of the day, in UTC.
pub(super) fn midnight(now: Timestamp) -> Timestamp {
    let day = now.as_second().rem_euclid(86_400);
    now.checked_sub(SignedDuration::new(day, now.subsec_nanosecond().max(0))).unwrap_or(now)
}

/// The longest of these removals, in seconds. Each entry tells since when the profile was leaving.
fn slowest(deleted: &[AuditEntry], hold_seconds: u64) -> Option<u64> {
    let took = deleted
        .iter()
        .filter(|entry| entry.event == AuditEvent::DeletingProfile)
        .filter_map(|entry| {
            let since: Timestamp = entry.details.get("leaving_since")?.parse().ok()?;
            let whole = u64::try_from(entry.at.duration_since(since).as_secs()).ok()?;
            // Whoever was offboarded with nothing kept was not held.
            Some(whole.checked_sub(hold_seconds).unwrap_or(whole))
        });
    took.max()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::reading;
    use super::*;

    #[test]
    fn ways_lead_from_groups_to_domains_and_say_who_drifts() {
        let reading = reading();
        let rights = entitlements(&reading.map, &reading.survey.snapshot, reading.survey.now);
        let ways = ways(&reading, rights.all());
        let told: Vec<_> = ways
            .iter()
            .map(|way| {
                let persona = way.persona.as_ref().map(PersonaKey::as_str);
                let domain = way.domain.as_ref().map(DomainKey::as_str);
                (way.group.as_str(), way.title.as_str(), persona, domain, way.people, way.drifting)
            })
            .collect();
        assert_eq!(
            told,
            [
                // Ben's profile has another role.
                ("ml-fraud", "Fraud models", Some("scientist"), Some("research"), 2, 1),
                // Eve's is yet to be made.
                ("ml-risk", "risk", None, Some("research"), 1, 0),
            ]
        );
        assert_eq!(ways[0].grant, "access.yaml:23");
        assert_eq!(people(rights.all()), 3);
        // Cem's, on hold, and Dan's, not yet marked.
        assert_eq!(pending_removals(&reading), 2);
    }

    fn deleted(at: &str, since: Option<&str>) -> AuditEntry {
        let details = since.map(|since| ("leaving_since".to_owned(), since.to_owned()));
        let entry =
            AuditEntry::new(at.parse().unwrap(), AuditEvent::DeletingProfile, "entitlement-lost");
        AuditEntry { details: details.into_iter().collect(), ..entry }
    }

    #[test]
    fn the_slowest_removal_is_told_without_its_hold() {
        let entries = [
            deleted("2026-11-21T09:00:00Z", Some("2026-11-14T08:59:00Z")),
            // Offboarded with nothing kept.
            deleted("2026-11-21T09:00:00Z", Some("2026-11-21T08:55:00Z")),
            deleted("2026-11-21T09:00:00Z", None),
        ];
        assert_eq!(slowest(&entries, 7 * 86_400), Some(300));
        assert_eq!(slowest(&entries[..1], 7 * 86_400), Some(60));
        assert_eq!(slowest(&entries[2..], 0), None);
        assert_eq!(slowest(&[], 0), None);
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for now in ["2026-11-21T00:00:00Z", "2026-11-21T17:52:01.5Z", "2026-11-21T23:59:59.999Z"] {
            assert_eq!(midnight(at(now)), at("2026-11-21T00:00:00Z"), "{now}");
        }
    }
}
