//! What somebody who looks at an account for the first time wants to see: who has what and by which
//! role, what nobody needs any more, when room runs out, and who can get in past the door.
//!
//! Everything here is worked out from what was read; nothing is asked for. Where no map was written
//! yet, the first map ([`crate::first_map`]) stands in for it.

mod apps;
mod doors;
mod orphans;
mod people;
mod quotas;
mod whose;

pub use apps::IdleApp;
pub use doors::{RoleReading, SideDoor};
pub use orphans::{KeptHome, OrphanHome, OrphanProfile};
pub use people::{PersonRow, RightRow, RoleRow};
pub use quotas::Quota;

use crate::ArcStr;
use crate::forecast::ProfileCounts;
use crate::ids::{DomainKey, ProfileName, RoleArn};
use crate::map::AccessMap;
use crate::observed::{AuthMode, Observed};
use crate::plan::Plan;
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use whose::Owners;

/// What a report is made of.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The map, or what stands in for it.
    pub map: &'a AccessMap,
    /// Whether the map was worked out from what exists: nobody has agreed to it.
    pub derived: bool,
    /// Everybody in the directory, with the groups that grants name.
    pub snapshot: &'a Snapshot,
    /// Every domain with all its profiles.
    pub observed: &'a Observed,
    /// The plan for them.
    pub plan: &'a Plan,
    /// When it was read.
    pub now: Timestamp,
    /// What else is known of the domains.
    pub domains: &'a BTreeMap<DomainKey, DomainReading>,
    /// The execution roles in use.
    pub roles: &'a BTreeMap<RoleArn, RoleReading>,
    /// How many profiles the loop counted, as far as there is a loop.
    pub counts: &'a ProfileCounts,
    /// Homes of profiles that were taken away, as far as something remembers them.
    pub homes: &'a [KeptHome],
    /// What is known about single profiles, by domain and name.
    pub remarks: &'a BTreeMap<(DomainKey, ProfileName), Remark>,
    /// An app that runs for longer is told.
    pub idle_after: SignedDuration,
}

/// What is known about a profile that no tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Why nobody has a right to it.
    pub code: ReasonCode,
    /// Whose it may be, by user name.
    pub person: Option<String>,
    /// The same for people.
    pub text: String,
}

/// What a report tells of a domain besides its profiles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainReading {
    /// The execution role of shared spaces.
    pub space_role: Option<String>,
    /// Whether apps reach the network through the domain's VPC only; absent: not read.
    pub vpc_only: Option<bool>,
    /// Whether CloudTrail tells people of one execution role apart; absent: not read.
    pub source_identity: Option<bool>,
    /// When each profile was made, by case-folded name, as far as AWS says.
    pub made: BTreeMap<ArcStr, Timestamp>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// When its facts were read.
    pub made_at: Timestamp,
    /// Whether the map was worked out from what exists.
    pub derived_map: bool,
    /// The figures at the top.
    pub summary: Summary,
    /// Domains, by key.
    pub domains: Vec<DomainRow>,
    /// Everybody who has something, by name.
    pub people: Vec<PersonRow>,
    /// Execution roles, those of most people first.
    pub roles: Vec<RoleRow>,
    /// Profiles that nobody has a right to.
    pub orphan_profiles: Vec<OrphanProfile>,
    /// Home directories without a profile that somebody has a right to.
    pub orphan_homes: Vec<OrphanHome>,
    /// Apps that have run for long, the longest first.
    pub idle_apps: Vec<IdleApp>,
    /// How full accounts are.
    pub quotas: Vec<Quota>,
    /// Ways in past the door.
    pub side_doors: Vec<SideDoor>,
    /// What could not be read: the report says nothing of it.
    pub unread: Vec<String>,
    /// Policies of AWS on execution roles: what they allow is not asked for, so nothing is missing that could
    /// be read, and nothing is said of it.
    pub not_judged: Vec<NotJudged>,
}

/// A policy of AWS that was not judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotJudged {
    /// Its ARN.
    pub policy: String,
    /// The ARNs of the roles that have it.
    pub roles: Vec<String>,
}

/// The figures of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// People in the directory.
    pub people: usize,
    /// People with a right to something.
    pub entitled: usize,
    /// User profiles, whosever they are.
    pub profiles: usize,
    /// Profiles that nobody has a right to.
    pub orphan_profiles: usize,
    /// Homes that nobody has a right to.
    pub orphan_homes: usize,
    /// Apps that run.
    pub running_apps: usize,
    /// Apps that have run for long.
    pub idle_apps: usize,
    /// Execution roles in use.
    pub roles: usize,
    /// Ways in past the door.
    pub side_doors: usize,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainRow {
    /// Its key in the map.
    pub domain: DomainKey,
    /// SageMaker's id.
    pub domain_id: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// How people get in.
    pub auth_mode: AuthMode,
    /// Whether apps reach the network through the domain's VPC only; absent: not read.
    pub vpc_only: Option<bool>,
    /// Whether CloudTrail tells people of one execution role apart; absent: not read.
    pub source_identity: Option<bool>,
    /// How many profiles it has.
    pub profiles: usize,
}

/// Works a report out.
pub fn report(reading: &Reading<'_>) -> Report {
    let owners = Owners::of(reading);
    let people = people::people(reading, &owners);
    let orphan_profiles = orphans::profiles(reading, &owners);
    let orphan_homes = orphans::homes(reading, &orphan_profiles);
    let (running_apps, idle_apps) = apps::apps(reading, &owners);
    let roles = people::roles(reading, &owners);
    let (side_doors, unknown) = doors::side_doors(reading);
    let profiles = reading.observed.domains.values().map(|domain| domain.profiles.len()).sum();
    Report {
        made_at: reading.now,
        derived_map: reading.derived,
        summary: Summary {
            people: reading.snapshot.people.len(),
            entitled: people.iter().filter(|person| !person.rights.is_empty()).count(),
            profiles,
            orphan_profiles: orphan_profiles.len(),
            orphan_homes: orphan_homes.len(),
            running_apps,
            idle_apps: idle_apps.len(),
            roles: roles.len(),
            side_doors: side_doors.len(),
        },
        domains: domains(reading),
        people,
        roles,
        orphan_profiles,
        orphan_homes,
        idle_apps,
        quotas: quotas::quotas(reading),
        side_doors,
        unread: unread(reading).into_iter().chain(unknown).collect(),
        not_judged: not_judged(reading),
    }
}

fn domains(reading: &Reading<'_>) -> Vec<DomainRow> {
    let there = reading.observed.domains.iter();
    there
        .filter_map(|(key, observed)| {
            let domain = reading.map.domains.get(key)?;
            let known = reading.domains.get(key);
            Some(DomainRow {
                domain: key.clone(),
                domain_id: domain.domain_id.to_string(),
                account: domain.account_id.to_string(),
                region: domain.region.to_string(),
                auth_mode: observed.auth_mode,
                vpc_only: known.and_then(|known| known.vpc_only),
                source_identity: known.and_then(|known| known.source_identity),
                profiles: observed.profiles.len(),
            })
        })
        .collect()
}

fn not_judged(reading: &Reading<'_>) -> Vec<NotJudged> {
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (role, of_role) in reading.roles {
        let RoleReading::Read(live) = of_role else { continue };
        for policy in live.not_judged() {
            found.entry(&policy.arn).or_default().push(role.to_string());
        }
    }
    let policies = found.into_iter();
    policies.map(|(policy, roles)| NotJudged { policy: policy.to_owned(), roles }).collect()
}

fn unread(reading: &Reading<'_>) -> Vec<String> {
    let domains = reading.observed.unreadable.iter();
    let domains = domains.map(|(key, why)| format!("domain {key}: {why}"));
    let roles = reading.roles.iter().flat_map(|(role, found)| {
        let unknown = match found {
            RoleReading::Unread(why) => vec![why.clone()],
            RoleReading::Read(live) => live.unknown(),
        };
        unknown.into_iter().map(move |why| format!("role {role}: {why}"))
    });
    domains.chain(roles).collect()
}
