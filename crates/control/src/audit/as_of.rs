//! Who had what at some time, read off the audit log.

use crate::ports::{AuditEntry, AuditEvent};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Who had what, as far as the log tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsOf {
    /// At this time.
    pub at: Timestamp,
    /// When the log begins, as it was given; absent: it has no entry before `at`. What somebody had
    /// before that and kept is not known.
    pub known_since: Option<Timestamp>,
    /// Every profile that was there, by domain and name.
    pub held: Vec<Held>,
    /// From what people were offboarded by command: person, and the one team if it was not all.
    pub barred: Vec<Barred>,
    /// What this answer does not know.
    pub unknown: Vec<Unknown>,
}

/// Something that the log cannot tell of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Unknown {
    /// Stable name.
    pub code: &'static str,
    /// For people, as a sentence.
    pub text: String,
}

impl Unknown {
    pub(super) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// What no log can tell, however long it is.
    pub(super) fn always() -> [Self; 3] {
        [
            Self::new(
                "past-stagedoor",
                "What others did past Stagedoor, and calls that AWS took and failed later, are not in \
                 it: CloudTrail has them.",
            ),
            Self::new(
                "map-and-groups",
                "The map and the groups of that time are not kept: a right without a profile does not \
                 show, nor whether the network rule would have let the person in. The map's history is \
                 in git.",
            ),
            Self::new(
                "unheard",
                "Whoever had lost a group or was disabled counts until a pass of Stagedoor found out and \
                 wrote it down.",
            ),
        ]
    }
}

/// A team that somebody had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The directory id of the person.
    pub person: String,
    /// The person's name, where somebody knows it now.
    pub person_name: Option<String>,
    /// The team.
    pub team: String,
    /// Whether the person could open it then: it was not leaving, and no admin had offboarded them.
    pub could_open: bool,
    /// The domain's key in the map.
    pub domain: String,
    /// The profile.
    pub profile: String,
    /// Its execution role, where the log tells.
    pub role: Option<String>,
    /// Since when it has that role; absent: since before the log tells.
    pub role_since: Option<Timestamp>,
    /// The grant that gave it, where the log tells: file and line of the map of that time, or a
    /// temporary grant.
    pub grant: Option<String>,
    /// Since when that grant gave it; absent: since before the log tells.
    pub grant_since: Option<Timestamp>,
    /// Since when; absent: since before the log tells.
    pub since: Option<Timestamp>,
    /// The pass that gave it.
    pub change: Option<String>,
    /// Since when it was on its way out, if it was: nobody could open it any more.
    pub leaving: Option<Timestamp>,
    /// Why it was leaving: a reason code.
    pub leaving_because: Option<String>,
    /// When it was opened last, up to then.
    pub last_opened: Option<Timestamp>,
}

/// Somebody whom an admin had offboarded by command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Barred {
    /// The directory id of the person.
    pub person: String,
    /// The one team; absent: all, and signing in.
    pub team: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

impl AsOf {
    /// Whether a person could open a team.
    pub fn could_open(&self, person: &str, team: &str) -> bool {
        self.held.iter().any(|held| held.person == person && held.team == team && held.could_open)
    }

    /// Keeps only this team, if one is named.
    pub fn keep_team(&mut self, team: Option<&str>) {
        if let Some(team) = team {
            self.held.retain(|held| held.team == team);
            self.barred.retain(|barred| barred.team.as_deref().is_none_or(|only| only == team));
        }
    }
}

/// Tells who had what at a time from entries of the audit log, oldest first: of everybody, or of one
/// person. Entries that are later than `at` are passed over.
///
/// It tells what Stagedoor asked of AWS and when. A call that failed, and what others did past
/// Stagedoor, are not in it.
pub fn as_of<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>, at: Timestamp) -> AsOf {
    let mut history = History::until(at);
    entries.into_iter().for_each(|entry| history.take(entry));
    history.told()
}

/// What is known of a time while a log is read, oldest entry first.
#[derive(Debug)]
pub struct History {
    at: Timestamp,
    known_since: Option<Timestamp>,
    held: BTreeMap<(String, String), Held>,
    barred: BTreeMap<(String, Option<String>), Timestamp>,
}

impl History {
    /// Nothing, of this time.
    pub fn until(at: Timestamp) -> Self {
        Self { at, known_since: None, held: BTreeMap::new(), barred: BTreeMap::new() }
    }

    /// Whether an entry of this event says something about who had what.
    pub fn counts(event: &str) -> bool {
        AuditEvent::parse(event).is_some_and(|event| {
            matches!(
                event,
                AuditEvent::PersonOffboarded
                    | AuditEvent::PersonRestored
                    | AuditEvent::OpenStudio
                    | AuditEvent::CreatingProfile
                    | AuditEvent::AdoptingProfile
                    | AuditEvent::UpdatingProfile
                    | AuditEvent::OffboardingBegun
                    | AuditEvent::DeletingProfile
            )
        })
    }

    /// Takes the next entry; one that is later than the time in question is passed over.
    pub fn take(&mut self, entry: &AuditEntry) {
        if entry.at > self.at {
            return;
        }
        self.known_since = Some(self.known_since.map_or(entry.at, |since| since.min(entry.at)));
        let Some(person) = &entry.person else { return };
        let Some(event) = AuditEvent::parse(&entry.event) else { return };
        match event {
            AuditEvent::PersonOffboarded => {
                let key = (person.clone(), entry.team.clone());
                self.barred.entry(key).or_insert(entry.at);
            }
            AuditEvent::PersonRestored => {
                self.barred.remove(&(person.clone(), entry.team.clone()));
            }
            AuditEvent::OpenStudio => self.opened(person, entry),
            event => self.take_step(event, person, entry),
        }
    }

    /// Who had what.
    pub fn told(self) -> AsOf {
        let Self { at, known_since, held, barred } = self;
        let is_barred = |person: &String, team: &String| {
            let keys = [(person.clone(), None), (person.clone(), Some(team.clone()))];
            keys.iter().any(|key| barred.contains_key(key))
        };
        let held = held.into_values().map(|held| Held {
            could_open: held.leaving.is_none() && !is_barred(&held.person, &held.team),
            ..held
        });
        let held = held.collect();
        let barred = barred.into_iter();
        AsOf {
            at,
            known_since,
            held,
            barred: barred.map(|((person, team), since)| Barred { person, team, since }).collect(),
            unknown: Unknown::always().into(),
        }
    }

    fn opened(&mut self, person: &str, entry: &AuditEntry) {
        let profile = entry.details.get("profile");
        let is_it = |held: &&mut Held| {
            held.person == person
                && entry.team.as_ref() == Some(&held.team)
                && profile.is_none_or(|profile| *profile == held.profile)
        };
        for held in self.held.values_mut().filter(is_it) {
            held.last_opened = Some(entry.at);
        }
    }

    fn take_step(&mut self, event: AuditEvent, person: &str, entry: &AuditEntry) {
        let detail = |name: &str| entry.details.get(name).cloned();
        let (Some(domain), Some(profile), Some(team)) =
            (detail("domain"), detail("profile"), entry.team.clone())
        else {
            return;
        };
        let key = (domain.clone(), profile.clone());
        if event == AuditEvent::DeletingProfile {
            self.held.remove(&key);
            return;
        }
        let begins = event == AuditEvent::CreatingProfile || event == AuditEvent::AdoptingProfile;
        let changes = event == AuditEvent::UpdatingProfile;
        if !begins && !changes && event != AuditEvent::OffboardingBegun {
            return;
        }
        let anew = || Held {
            person: person.to_owned(),
            person_name: None,
            team: team.clone(),
            could_open: false,
            domain: domain.clone(),
            profile: profile.clone(),
            role: None,
            role_since: None,
            grant: None,
            grant_since: None,
            since: None,
            change: None,
            leaving: None,
            leaving_because: None,
            last_opened: None,
        };
        let moved = |held: &Held| held.person != person || held.team != team;
        let held = self.held.entry(key).or_insert_with(anew);
        if begins || (changes && moved(held)) {
            *held = Held { since: Some(entry.at), change: entry.change.clone(), ..anew() };
        }
        note(&mut held.role, &mut held.role_since, detail("role"), entry.at);
        note(&mut held.grant, &mut held.grant_since, detail("grant"), entry.at);
        if event == AuditEvent::OffboardingBegun {
            held.leaving = held.leaving.or(Some(entry.at));
            held.leaving_because = Some(entry.code.clone());
        } else if changes && entry.code == ReasonCode::Returned.as_str() {
            (held.leaving, held.leaving_because) = (None, None);
        }
    }
}

/// Takes what an entry says, with its time where that is news.
fn note(
    known: &mut Option<String>,
    since: &mut Option<Timestamp>,
    said: Option<String>,
    at: Timestamp,
) {
    if said.is_some() && said != *known {
        (*known, *since) = (said, Some(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::{PersonId, TeamKey};

    fn at(time: &str) -> Timestamp {
        format!("2026-11-{time}Z").parse().unwrap()
    }

    fn step(time: &str, event: &str, code: &str, more: &[(&str, &str)]) -> AuditEntry {
        let entry = AuditEntry::new(at(time), AuditEvent::parse(event).unwrap(), code)
            .about(&PersonId::parse("p-ana").unwrap())
            .on(&TeamKey::parse("fraud").unwrap())
            .with("domain", "research")
            .with("profile", "ana--fraud");
        more.iter().fold(entry, |entry, (name, value)| entry.with(name, value))
    }

    fn life() -> Vec<AuditEntry> {
        let made = step(
            "01T08:00:00",
            "creating-profile",
            "entitled",
            &[("role", "arn:aws:iam::111122223333:role/fraud"), ("grant", "access.yaml:30")],
        );
        let made = AuditEntry { change: Some("c1".to_owned()), ..made };
        let offboarded =
            AuditEntry::new(at("05T08:00:00"), AuditEvent::PersonOffboarded, "offboarded")
                .about(&PersonId::parse("p-ana").unwrap());
        let restored = AuditEntry::new(at("06T08:00:00"), AuditEvent::PersonRestored, "returned")
            .about(&PersonId::parse("p-ana").unwrap());
        vec![
            made,
            step("02T08:00:00", "open-studio", "opened", &[]),
            step("03T08:00:00", "updating-profile", "drifted", &[("role", "arn:new")]),
            step("04T08:00:00", "stopping-app", "entitlement-lost", &[]),
            offboarded,
            step("05T08:00:01", "offboarding-begun", "offboarded", &[]),
            restored,
            step("06T08:00:01", "updating-profile", "returned", &[]),
            step("07T08:00:00", "offboarding-begun", "entitlement-lost", &[]),
            step("08T08:00:00", "deleting-profile", "entitlement-lost", &[]),
        ]
    }

    #[test]
    fn who_had_what_follows_the_life_of_a_profile() {
        let log = life();
        let could = |time: &str| as_of(&log, at(time)).could_open("p-ana", "fraud");
        let times = [
            ("01T07:59:59", false),
            ("01T08:00:00", true),
            ("04T09:00:00", true),
            ("05T08:00:00", false),
            ("06T08:00:00", false),
            ("06T08:00:01", true),
            ("07T08:00:00", false),
            ("09T08:00:00", false),
        ];
        for (time, expected) in times {
            assert_eq!(could(time), expected, "{time}");
        }
        let then = as_of(&log, at("03T12:00:00"));
        assert_eq!(then.known_since, Some(at("01T08:00:00")));
        let [held] = then.held.as_slice() else { panic!("{then:?}") };
        assert_eq!(held.role.as_deref(), Some("arn:new"));
        assert_eq!(held.grant.as_deref(), Some("access.yaml:30"));
        assert_eq!(
            (held.since, held.change.as_deref(), held.last_opened),
            (Some(at("01T08:00:00")), Some("c1"), Some(at("02T08:00:00")))
        );
        let leaving = as_of(&log, at("07T12:00:00"));
        assert_eq!(leaving.held[0].leaving, Some(at("07T08:00:00")));
        assert_eq!(leaving.held[0].leaving_because.as_deref(), Some("entitlement-lost"));
        assert!(as_of(&log, at("30T00:00:00")).held.is_empty());
        assert_eq!(as_of(&[], at("30T00:00:00")).known_since, None);
    }

    #[test]
    fn what_was_there_before_the_log_begins_is_told_without_a_beginning() {
        let log = [step("02T08:00:00", "offboarding-begun", "entitlement-lost", &[])];
        let then = as_of(&log, at("03T00:00:00"));
        assert_eq!((then.held[0].since, then.held[0].leaving), (None, Some(at("02T08:00:00"))));
    }

    #[test]
    fn a_profile_that_moves_to_another_team_is_had_there_since_then() {
        let made = step("01T08:00:00", "creating-profile", "entitled", &[]);
        let moved = AuditEntry {
            team: Some("risk".to_owned()),
            ..step("02T08:00:00", "updating-profile", "role-differs", &[("role", "arn:risk")])
        };
        let then = as_of(&[made, moved], at("03T00:00:00"));
        assert!(then.could_open("p-ana", "risk") && !then.could_open("p-ana", "fraud"));
        assert_eq!(then.held[0].since, Some(at("02T08:00:00")));
    }
}
