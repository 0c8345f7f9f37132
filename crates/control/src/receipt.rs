//! What an offboarding did, told from the audit log alone.
//!
//! Pure: the entries of one person in, the receipt out. What the log does not say is not claimed.

mod hours;
pub(crate) mod words;

pub use hours::Hours;
pub(crate) use words::app_details;
pub use words::{Revocation, RevocationMethod};

use crate::ports::{AuditEntry, AuditEvent};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a person's access, as far as the audit log tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The directory id of the person.
    pub person: String,
    /// Until when hours are counted.
    pub at: Timestamp,
    /// Commands by which an admin offboarded the person, in order.
    pub departures: Vec<DepartureReceipt>,
    /// When the door's sessions were ended, and how many there were.
    pub sessions: Vec<SessionsEnded>,
    /// A receipt for each profile that was on its way out, by domain and name, then in the order
    /// they began.
    pub profiles: Vec<ProfileReceipt>,
    /// What was revoked, by which method, and what was not.
    pub revocation: Vec<Revocation>,
    /// Hours that instances would have run since they were stopped, by instance type. Those of
    /// the type `system` cost nothing and are left out.
    pub saved: BTreeMap<String, Hours>,
}

/// An admin offboarded the person by command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DepartureReceipt {
    /// Since when.
    pub since: Timestamp,
    /// The one team it was about; absent: all, and signing in.
    pub team: Option<String>,
    /// Who said so.
    pub by: Option<String>,
    /// Why.
    pub why: Option<String>,
    /// When it was taken back.
    pub until: Option<Timestamp>,
}

/// Sessions of the door that were ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionsEnded {
    /// When.
    pub at: Timestamp,
    /// How many there were.
    pub count: u64,
}

/// What became of one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileReceipt {
    /// The domain's key in the map.
    pub domain: String,
    /// Its name.
    pub profile: String,
    /// The team it was for.
    pub team: Option<String>,
    /// Why it went: a reason code.
    pub reason: String,
    /// Whether its domain signs people in by Identity Center, past the door.
    pub sso: bool,
    /// When it was put on its way out.
    pub begun: Timestamp,
    /// Apps that were stopped.
    pub apps: Vec<StoppedApp>,
    /// Spaces that were deleted, each with its volume.
    pub spaces: Vec<DeletedSpace>,
    /// Shared spaces that somebody else got anew.
    pub handed_over: Vec<HandedOver>,
    /// Spaces that are still there, each with its volume: those it had when it began to leave, less
    /// what was deleted since.
    pub kept: Vec<KeptSpace>,
    /// When its deletion was asked for.
    pub deleted: Option<Timestamp>,
    /// When the person got it back.
    pub returned: Option<Timestamp>,
    /// The home directory, which is kept.
    pub home: Option<Home>,
}

/// An app that was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedApp {
    /// The space it ran in; absent: in the profile itself.
    pub space: Option<String>,
    /// API `AppType`.
    pub app_type: String,
    /// Its name.
    pub app_name: String,
    /// What it ran on, where AWS told.
    pub instance_type: Option<String>,
    /// Since when it had run, where AWS told.
    pub since: Option<Timestamp>,
    /// When it was asked to stop.
    pub stopped: Timestamp,
    /// How long it has not run since.
    pub saved: Hours,
}

/// A space that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedSpace {
    /// Its name.
    pub space: String,
    /// The size of its volume in GiB, which went with it; where AWS told.
    pub volume_gib: Option<u32>,
    /// When its deletion was asked for.
    pub deleted: Timestamp,
}

/// A space that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptSpace {
    /// Its name.
    pub space: String,
    /// The size of its volume in GiB, where AWS told.
    pub volume_gib: Option<u32>,
}

/// A shared space that somebody else got anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    /// The leaver's space.
    pub space: String,
    /// The new one.
    pub new_space: Option<String>,
    /// The profile that owns the new one.
    pub owner: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A home directory that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Home {
    /// POSIX uid of the directory.
    pub uid: String,
    /// The EFS file system it is on, where AWS told.
    pub file_system: Option<String>,
}

/// Tells the receipt of a person from the entries of the audit log that concern them, oldest
/// first. `at` is until when hours are counted.
pub fn receipt(person: &str, entries: &[AuditEntry], at: Timestamp) -> Receipt {
    let mut receipt = Receipt {
        person: person.to_owned(),
        at,
        departures: Vec::new(),
        sessions: Vec::new(),
        profiles: Vec::new(),
        revocation: Vec::new(),
        saved: BTreeMap::new(),
    };
    for entry in entries.iter().filter(|entry| entry.person.as_deref() == Some(person)) {
        receipt.take(entry);
    }
    for profile in &mut receipt.profiles {
        profile.count_hours(at);
    }
    // Profiles are worked on beside each other: the order of the log is chance.
    receipt.profiles.sort_by(|a, b| (&a.domain, &a.profile).cmp(&(&b.domain, &b.profile)));
    receipt.saved = hours::saved_by_type(&receipt.profiles);
    receipt.revocation = words::revocation(&receipt);
    receipt
}

/// Whether the log's last word on this profile is that it is on its way out: writing it down once
/// more would only say it twice.
pub fn is_begun(entries: &[AuditEntry], domain: &str, profile: &str) -> bool {
    let last = entries.iter().rev().find(|entry| {
        is_about(entry, domain, profile)
            && (entry.event == AuditEvent::OffboardingBegun || is_end_of_leaving(entry))
    });
    last.is_some_and(|entry| entry.event == AuditEvent::OffboardingBegun)
}

/// Whether the log has this very entry since the profile was put on its way out, its time apart.
pub fn is_written(entries: &[AuditEntry], new: &AuditEntry) -> bool {
    let begins = |entry: &AuditEntry| {
        entry.event == AuditEvent::OffboardingBegun
            && entry.details.get("profile") == new.details.get("profile")
    };
    let wanted = what(new);
    entries
        .iter()
        .rev()
        .take_while(|entry| !begins(entry))
        .any(|entry| entry.event == new.event && what(entry) == wanted)
}

/// Whether the log's last word on the profile that an entry is about is that very entry, its time and
/// its pass apart.
pub fn is_last_word(entries: &[AuditEntry], new: &AuditEntry) -> bool {
    let detail = |key| new.details.get(key).map(String::as_str).unwrap_or_default();
    let (domain, profile) = (detail("domain"), detail("profile"));
    let last = entries.iter().rev().find(|entry| is_about(entry, domain, profile));
    last.is_some_and(|last| last.event == new.event && what(last) == what(new))
}

/// What an entry says. Which pass it was does not matter.
fn what(entry: &AuditEntry) -> BTreeMap<String, String> {
    let mut details = entry.details.clone();
    // Entries of older versions.
    details.remove("change");
    details
}

fn is_about(entry: &AuditEntry, domain: &str, profile: &str) -> bool {
    let says = |key: &str, value: &str| entry.details.get(key).is_some_and(|v| v == value);
    says("domain", domain) && says("profile", profile)
}

/// Whether the profile stayed, or a new one of its name was made.
fn is_end_of_leaving(entry: &AuditEntry) -> bool {
    entry.event == AuditEvent::CreatingProfile
        || (entry.event == AuditEvent::UpdatingProfile
            && entry.code == ReasonCode::Returned.as_str())
}

impl Receipt {
    /// Hours that instances of one profile would have run since they were stopped, by instance type.
    pub fn saved_by(&self, domain: &str, profile: &str) -> BTreeMap<String, Hours> {
        let it = |known: &&ProfileReceipt| known.domain == domain && known.profile == profile;
        hours::saved_by_type(self.profiles.iter().filter(it))
    }

    fn take(&mut self, entry: &AuditEntry) {
        match AuditEvent::parse(&entry.event) {
            Some(AuditEvent::PersonOffboarded) => self.take_departure(entry),
            Some(AuditEvent::PersonRestored) => {
                for departure in self.departures.iter_mut().filter(|d| d.until.is_none()) {
                    if departure.team == entry.team {
                        departure.until = Some(entry.at);
                    }
                }
            }
            Some(AuditEvent::OffboardingBegun) => self.begin(entry),
            _ => self.take_step(entry),
        }
        let count = entry.details.get("sessions_ended").and_then(|n| n.parse().ok());
        if let Some(count) = count.filter(|count| *count > 0) {
            self.sessions.push(SessionsEnded { at: entry.at, count });
        }
    }

    fn take_departure(&mut self, entry: &AuditEntry) {
        let detail = |key: &str| entry.details.get(key).cloned();
        let since = detail("since").and_then(|t| t.parse().ok()).unwrap_or(entry.at);
        let departure = DepartureReceipt {
            since,
            team: entry.team.clone(),
            by: detail("by"),
            why: detail("why"),
            until: None,
        };
        let known = self
            .departures
            .iter_mut()
            .find(|known| known.until.is_none() && known.team == departure.team);
        match known {
            // The same one, said once more.
            Some(known) => *known = DepartureReceipt { since: known.since, ..departure },
            None => self.departures.push(departure),
        }
    }

    fn begin(&mut self, entry: &AuditEntry) {
        let detail = |key: &str| entry.details.get(key).cloned().unwrap_or_default();
        let (domain, profile) = (detail("domain"), detail("profile"));
        if self.open(&domain, &profile).is_some() {
            return;
        }
        self.profiles.push(ProfileReceipt {
            domain,
            profile,
            team: entry.team.clone(),
            reason: entry.code.clone(),
            sso: detail("auth_mode") == words::SSO,
            begun: entry.at,
            apps: Vec::new(),
            spaces: Vec::new(),
            handed_over: Vec::new(),
            kept: words::kept_spaces(entry),
            deleted: None,
            returned: None,
            home: words::home(entry),
        });
    }

    /// The receipt of a profile that is on its way out, or gone and not made anew.
    fn open(&mut self, domain: &str, profile: &str) -> Option<&mut ProfileReceipt> {
        let mut latest = self.profiles.iter_mut().rev();
        latest.find(|p| p.domain == domain && p.profile == profile).filter(|p| p.returned.is_none())
    }

    fn take_step(&mut self, entry: &AuditEntry) {
        let detail = |key: &str| entry.details.get(key).map_or("", String::as_str);
        let Some(profile) = self.open(detail("domain"), detail("profile")) else { return };
        if is_end_of_leaving(entry) {
            profile.returned = Some(entry.at);
        } else if entry.event == AuditEvent::StoppingApp {
            profile.apps.extend(words::stopped_app(entry));
        } else if entry.event == AuditEvent::DeletingSpace {
            let deleted = words::deleted_space(entry);
            profile
                .kept
                .retain(|kept| deleted.as_ref().is_none_or(|gone| gone.space != kept.space));
            profile.spaces.extend(deleted);
        } else if entry.event == AuditEvent::HandingSpaceOver {
            profile.handed_over.extend(words::handed_over(entry));
        } else if entry.event == AuditEvent::DeletingProfile {
            profile.deleted.get_or_insert(entry.at);
            profile.home = words::home(entry).or(profile.home.take());
        }
    }
}

#[cfg(test)]
mod tests;
