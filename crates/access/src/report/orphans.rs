//! Profiles and home directories that nobody has a right to.

use super::Reading;
use super::people::role_of;
use super::whose::{Owners, shown};
use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::observed::{ObservedProfile, Ownership};
use crate::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

/// A profile that nobody has a right to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrphanProfile {
    /// Where.
    pub domain: DomainKey,
    /// Its name.
    pub profile: ProfileName,
    /// Whose it was, as far as is known.
    pub person: Option<PersonId>,
    /// The name of the person, where the directory knows them.
    pub person_name: Option<String>,
    /// Of which team.
    pub team: Option<TeamKey>,
    /// Why nobody has a right to it.
    pub code: ReasonCode,
    /// More, for people.
    pub remark: Option<String>,
    /// Its execution role.
    pub role: Option<String>,
    /// Apps that run, start or stop in it and in its spaces.
    pub apps: usize,
    /// The volumes of its spaces together, in GiB.
    pub volumes_gib: u64,
    /// POSIX uid of its home directory.
    pub home_uid: Option<String>,
    /// When it was made, as far as AWS says.
    pub made: Option<Timestamp>,
}

/// A home directory of a profile that was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHome {
    /// The domain.
    pub domain: DomainKey,
    /// POSIX uid, which is its name on the file system.
    pub uid: String,
    /// The profile that had it.
    pub profile: String,
    /// Whose it was.
    pub person: Option<PersonId>,
    /// Since when it is kept.
    pub since: Timestamp,
}

/// A home directory without a profile that somebody has a right to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrphanHome {
    /// The domain.
    pub domain: DomainKey,
    /// The EFS file system; absent: not known.
    pub file_system: Option<String>,
    /// POSIX uid, which is its name on the file system.
    pub uid: String,
    /// The profile that has or had it.
    pub profile: String,
    /// Whose it was.
    pub person_name: Option<String>,
    /// Whether the profile is still there.
    pub profile_there: bool,
    /// Since when there is no profile any more.
    pub since: Option<Timestamp>,
}

/// Profiles that nobody has a right to, by domain and name.
pub(super) fn profiles(reading: &Reading<'_>, owners: &Owners<'_>) -> Vec<OrphanProfile> {
    let mut found = Vec::new();
    for (domain, observed) in &reading.observed.domains {
        let made = reading.domains.get(domain).map(|known| &known.made);
        for (name, profile) in &observed.profiles {
            let whose = owners.whose(domain, profile);
            let has_right =
                whose.is_some_and(|(person, team)| owners.rights.get(person, team).is_some());
            if has_right {
                continue;
            }
            let remark = reading.remarks.get(&(domain.clone(), profile.name.clone()));
            let known = whose.and_then(|(id, _)| reading.snapshot.people.get(id));
            found.push(OrphanProfile {
                domain: domain.clone(),
                profile: profile.name.clone(),
                person: whose.map(|(person, _)| person.clone()),
                person_name: known
                    .map(|known| shown(Some(known), &known.id))
                    .or_else(|| remark.and_then(|remark| remark.person.clone())),
                team: whose.map(|(_, team)| team.clone()),
                code: match remark {
                    Some(remark) if whose.is_none() => remark.code,
                    _ => why(reading, profile, whose.map(|(person, _)| person)),
                },
                remark: remark.map(|remark| remark.text.clone()),
                role: role_of(reading, domain, profile).map(str::to_owned),
                apps: profile.live_apps(),
                volumes_gib: profile
                    .private_spaces()
                    .filter_map(|s| s.volume_gib)
                    .map(u64::from)
                    .sum(),
                home_uid: profile.home_efs_uid.as_ref().map(ToString::to_string),
                made: made.and_then(|made| made.get(name)).copied(),
            });
        }
    }
    found
}

fn why(reading: &Reading<'_>, profile: &ObservedProfile, person: Option<&PersonId>) -> ReasonCode {
    let Some(person) = person else {
        return match profile.ownership(&reading.map.instance) {
            Ownership::OtherInstance(_) => ReasonCode::OtherInstance,
            Ownership::Ours { .. } | Ownership::Foreign => ReasonCode::NotOurs,
        };
    };
    if profile.leaving_since().is_some() {
        return ReasonCode::OnHold;
    }
    match reading.snapshot.people.get(person) {
        None => ReasonCode::PersonGone,
        Some(known) if !known.enabled => ReasonCode::PersonDisabled,
        Some(_) if reading.snapshot.offboarded.contains_key(person) => ReasonCode::Offboarded,
        Some(_) => ReasonCode::EntitlementLost,
    }
}

/// Homes of these profiles, and those that outlived their profile.
pub(super) fn homes(reading: &Reading<'_>, orphans: &[OrphanProfile]) -> Vec<OrphanHome> {
    let file_system = |domain: &DomainKey| {
        reading.observed.domains.get(domain).and_then(|d| d.home_file_system.clone())
    };
    let there = orphans.iter().filter_map(|orphan| {
        Some(OrphanHome {
            domain: orphan.domain.clone(),
            file_system: file_system(&orphan.domain),
            uid: orphan.home_uid.clone()?,
            profile: orphan.profile.to_string(),
            person_name: orphan.person_name.clone(),
            profile_there: true,
            since: None,
        })
    });
    let mut homes: Vec<OrphanHome> = there.collect();
    // A uid that a profile has again is in use.
    let used: BTreeSet<(&DomainKey, &str)> = reading
        .observed
        .domains
        .iter()
        .flat_map(|(key, domain)| {
            let uids = domain.profiles.values().filter_map(|p| p.home_efs_uid.as_deref());
            uids.map(move |uid| (key, uid))
        })
        .collect();
    let mut told = BTreeSet::new();
    for home in reading.homes {
        let place = (&home.domain, home.uid.as_str());
        if used.contains(&place) || !told.insert(place) {
            continue;
        }
        let known = home.person.as_ref().and_then(|id| reading.snapshot.people.get(id));
        homes.push(OrphanHome {
            domain: home.domain.clone(),
            file_system: file_system(&home.domain),
            uid: home.uid.clone(),
            profile: home.profile.clone(),
            person_name: known.map(|known| shown(Some(known), &known.id)),
            profile_there: false,
            since: Some(home.since),
        });
    }
    homes.sort_by(|a, b| (&a.domain, a.uid.len(), &a.uid).cmp(&(&b.domain, b.uid.len(), &b.uid)));
    homes
}
