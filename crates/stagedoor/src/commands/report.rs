//! `stagedoor report`.

use super::init::read::{self, Directory, Found};
use crate::cli::{Common, OutputFormat, ReportArgs};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint, counted};
use crate::progress::Progress;
use crate::system::SystemClock;
use crate::{compose, files, mapfile};
use access::first_map::{first_map, verify};
use access::forecast::{Forecast, LOOKED_AT_DAYS, ProfileCounts};
use access::ids::{DomainKey, PersonId, ProfileName, RoleArn};
use access::map::AccessMap;
use access::observed::Observed;
use access::plan::Plan;
use access::report::{DomainReading, KeptHome, Reading, Remark, Report, RoleReading, report};
use access::snapshot::Snapshot;
use anyhow::{Context, Result};
use aws::{Aws, Studio};
use control::ports::{
    AppNetwork, AuditEntry, AuditEvent, AuditFilter, AuditLog, Clock, DomainTarget, Inspect,
    RoleIdentity, SealedEntry,
};
use control::receipt::receipt;
use control::survey::Scope;
use futures::stream::{self, StreamExt};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How many domains, or roles, are read at a time.
const AT_ONCE: usize = 4;

/// How many entries of the audit log are asked for at a time.
const PAGE: u32 = 1_000;

/// What the report is made of, however it came.
struct Facts {
    map: AccessMap,
    derived: bool,
    snapshot: Snapshot,
    observed: Observed,
    plan: Plan,
    now: Timestamp,
    targets: BTreeMap<DomainKey, DomainTarget>,
    studio: Studio,
    counts: ProfileCounts,
    homes: Vec<KeptHome>,
    remarks: BTreeMap<(DomainKey, ProfileName), Remark>,
    unread: Vec<String>,
}

pub(super) async fn run(args: &ReportArgs, common: &Common) -> Result<Outcome> {
    let facts = if args.from.is_empty() { by_map(args).await? } else { without_map(args).await? };
    let (domains, roles, unread) = {
        let _reading = Progress::spinner("reading roles".to_owned());
        besides(&facts).await
    };
    let idle_after = i64::try_from(args.idle_after.as_secs()).unwrap_or(i64::MAX);
    let mut found = report(&Reading {
        map: &facts.map,
        derived: facts.derived,
        snapshot: &facts.snapshot,
        observed: &facts.observed,
        plan: &facts.plan,
        now: facts.now,
        domains: &domains,
        roles: &roles,
        counts: &facts.counts,
        homes: &facts.homes,
        remarks: &facts.remarks,
        idle_after: SignedDuration::from_secs(idle_after),
    });
    found.unread.extend(facts.unread);
    found.unread.extend(unread);
    if let Some(file) = &args.html {
        let page =
            web::report_page(&found, &title(&found)).context("the report cannot be written")?;
        files::replace(file, page.as_bytes())?;
        output::talk(&format!("Written to {}. It names people.", file.display()));
    }
    match common.output {
        OutputFormat::Json => {
            let mut document = serde_json::to_value(&found)?;
            if let Some(fields) = document.as_object_mut() {
                fields.insert("apiVersion".to_owned(), output::API_VERSION.into());
                fields.insert("kind".to_owned(), "Report".into());
            }
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&text(&found, Paint::stdout(common))),
    }
    Ok(if found.unread.is_empty() { Outcome::Done } else { Outcome::Failed })
}

/// By a map: with the store's departures and homes.
async fn by_map(args: &ReportArgs) -> Result<Facts> {
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let parts = compose::parts_with_grants(map, aws, store).await?;
    let survey = {
        let _reading = Progress::spinner(super::plan::reading(&parts.plane.map));
        parts.plane.survey(&Scope::Everything).await?
    };
    let plan = parts.plane.plan(&survey);
    let homes = kept_homes(&*parts.store, survey.now, PAGE).await?;
    let today = survey.now.to_zoned(TimeZone::UTC).date();
    let counts = parts.store.profile_counts(today.saturating_sub(LOOKED_AT_DAYS.days())).await?;
    Ok(Facts {
        map: AccessMap::clone(&parts.plane.map),
        derived: false,
        targets: parts.plane.targets(),
        studio: parts.aws.studio(),
        snapshot: survey.snapshot,
        observed: survey.observed,
        plan,
        now: survey.now,
        counts,
        homes,
        remarks: BTreeMap::new(),
        unread: Vec::new(),
    })
}

/// By the first map that describes what there is.
async fn without_map(args: &ReportArgs) -> Result<Facts> {
    let domains: Vec<&str> = args.from.iter().map(String::as_str).collect();
    let found = read::existing(&domains, &args.existing, Directory::IfPossible).await?;
    let Found { existing, targets, studio, unread } = found;
    let now = SystemClock.now();
    let first = first_map(&existing);
    let verified = verify(&existing, &first, now).map_err(|errors| {
        let message = format!("what exists cannot be said in a map: {errors:?}");
        BadConfiguration {
            errors: serde_json::to_value(&errors).ok(),
            ..BadConfiguration::new(codes::REPORT_INVALID, message)
        }
    })?;
    let observed = existing.observed(&first);
    let keys = first.domains.iter().cloned();
    let targets = keys
        .zip(targets)
        .map(|(key, (target, _))| (key.clone(), DomainTarget { key, ..target }))
        .collect();
    let remarks = first.findings.into_iter().filter_map(|finding| {
        let remark = Remark { code: finding.code, person: finding.person, text: finding.text };
        Some(((finding.domain, finding.profile?), remark))
    });
    Ok(Facts {
        remarks: remarks.collect(),
        map: verified.map,
        derived: true,
        snapshot: existing.snapshot,
        observed,
        plan: verified.first,
        now,
        targets,
        studio,
        counts: ProfileCounts::new(),
        homes: Vec::new(),
        unread,
    })
}

/// What domains and roles are besides profiles; and what of it could not be read.
async fn besides(
    facts: &Facts,
) -> (BTreeMap<DomainKey, DomainReading>, BTreeMap<RoleArn, RoleReading>, Vec<String>) {
    let mut unread = Vec::new();
    let read = stream::iter(&facts.targets)
        .map(|(key, target)| async move {
            let studio = &facts.studio;
            (key, futures::join!(studio.domain_facts(target), studio.made(target)))
        })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    let mut domains = BTreeMap::new();
    for (key, (about, made)) in read.await {
        let mut reading = DomainReading::default();
        match about {
            Ok(about) => {
                reading.space_role = about.space_execution_role;
                reading.vpc_only = Some(about.network == AppNetwork::VpcOnly);
                reading.source_identity =
                    Some(about.role_identity == RoleIdentity::UserProfileName);
            }
            Err(error) => unread.push(format!("settings of domain {key}: {error}")),
        }
        match made {
            Ok(made) => reading.made = made,
            Err(error) => unread.push(format!("ages of profiles of domain {key}: {error}")),
        }
        domains.insert(key.clone(), reading);
    }
    let roles = roles(facts, &domains);
    let roles: Vec<(RoleArn, RoleReading)> = stream::iter(roles)
        .map(|(role, target)| async move {
            let reading = match facts.studio.live_role(target, &role).await {
                Ok(live) => RoleReading::Read(Box::new(live)),
                Err(error) => RoleReading::Unread(error.to_string()),
            };
            (role, reading)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    (domains, roles.into_iter().collect(), unread)
}

/// The execution roles in use, with a domain whose account has them.
fn roles<'f>(
    facts: &'f Facts,
    domains: &BTreeMap<DomainKey, DomainReading>,
) -> BTreeMap<RoleArn, &'f DomainTarget> {
    let mut roles = BTreeMap::new();
    for (key, observed) in &facts.observed.domains {
        let Some(target) = facts.targets.get(key) else { continue };
        let of_profiles = observed.profiles.values().filter_map(|it| observed.role_of(it));
        let of_spaces = domains.get(key).and_then(|domain| domain.space_role.as_deref());
        let used: BTreeSet<&str> = of_profiles.chain(of_spaces).collect();
        for role in used.into_iter().filter_map(|arn| RoleArn::parse(arn).ok()) {
            if role.account() == target.account_id.as_str() {
                roles.entry(role).or_insert(target);
            }
        }
    }
    roles
}

/// Homes of profiles that were taken away, as the audit log remembers them: all of it, since a home is kept
/// for as long as nobody takes it away. Of the log only what tells of homes is held in memory.
async fn kept_homes(log: &dyn AuditLog, now: Timestamp, page: u32) -> Result<Vec<KeptHome>> {
    let mut by_person: BTreeMap<String, Vec<AuditEntry>> = BTreeMap::new();
    let mut cursor = None::<String>;
    loop {
        let page = log.page(&AuditFilter::default(), cursor.as_deref(), page).await?;
        for SealedEntry { entry, .. } in page.items {
            if let Some(person) = entry.person.clone().filter(|_| tells_of_home(&entry.event)) {
                by_person.entry(person).or_default().push(entry);
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut homes = Vec::new();
    for (person, mut entries) in by_person {
        entries.reverse();
        for profile in receipt(&person, &entries, now).profiles {
            let (Some(since), Some(home)) = (profile.deleted, profile.home) else { continue };
            let Ok(domain) = DomainKey::parse(&profile.domain) else { continue };
            homes.push(KeptHome {
                domain,
                uid: home.uid,
                profile: profile.profile,
                person: PersonId::parse(&person).ok(),
                since,
            });
        }
    }
    Ok(homes)
}

/// Whether a profile leaves, goes, comes back or is made anew.
fn tells_of_home(event: &str) -> bool {
    matches!(
        AuditEvent::parse(event),
        Some(
            AuditEvent::OffboardingBegun
                | AuditEvent::DeletingProfile
                | AuditEvent::UpdatingProfile
                | AuditEvent::CreatingProfile
        )
    )
}

/// Of what the report is: the accounts, or how many there are.
fn title(report: &Report) -> String {
    let accounts: BTreeSet<&str> = report.domains.iter().map(|d| d.account.as_str()).collect();
    let named: Vec<&str> = accounts.iter().copied().take(3).collect();
    let more = accounts.len().saturating_sub(named.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let plural = if accounts.len() == 1 { "Account" } else { "Accounts" };
    format!("{plural} {}{more}", named.join(", "))
}

fn text(report: &Report, paint: Paint) -> String {
    let summary = &report.summary;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} of {} with access, {} with {}, {} running.",
        title(report),
        summary.entitled,
        people(summary.people),
        counted(summary.profiles, "profile"),
        counted(summary.roles, "execution role"),
        counted(summary.running_apps, "app"),
    );
    let rows = [
        ("side doors", summary.side_doors),
        ("orphan profiles", summary.orphan_profiles),
        ("orphan homes", summary.orphan_homes),
        ("idle apps", summary.idle_apps),
    ];
    for (what, count) in rows {
        let count = format!("{count:>6}");
        let count = if count.trim() == "0" { paint.green(&count) } else { paint.yellow(&count) };
        let _ = writeln!(out, "{count}  {what}");
    }
    for door in &report.side_doors {
        let _ = writeln!(
            out,
            "  {} {}: {} ({})",
            paint.yellow("!"),
            output::visible(&door.who),
            output::visible(&door.how),
            door.code
        );
    }
    for quota in &report.quotas {
        let limit = quota.limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
        let end = match quota.forecast {
            Forecast::Full => ", full".to_owned(),
            Forecast::RunsOut { day, .. } => format!(", full on {day} at this pace"),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "  account {} in {}: {} of {limit} profiles{end}",
            quota.account, quota.region, quota.profiles
        );
    }
    for unread in &report.unread {
        output::talk(&format!("warning: not read: {}", output::visible(unread)));
    }
    for what in &report.not_judged {
        let roles = counted(what.roles.len(), "execution role");
        output::talk(&format!("not judged: {} on {roles}", output::visible(&what.policy)));
    }
    out.push_str("`--html FILE` writes everything down, `--output json` prints it.");
    out
}

fn people(number: usize) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{number} people") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::SqliteStore;

    #[tokio::test]
    async fn a_home_is_told_however_much_was_written_since_its_profile_went() {
        let store = SqliteStore::in_memory().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let about = |second, event, person: &str| AuditEntry {
            person: Some(person.to_owned()),
            details: [
                ("domain", "research"),
                ("profile", "ana--fraud"),
                ("home_efs_uid", "200005"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
            ..AuditEntry::new(at(second), event, "entitlement-lost")
        };
        store.append(&about(1, AuditEvent::OffboardingBegun, "p-ana")).await.unwrap();
        store.append(&about(2, AuditEvent::DeletingProfile, "p-ana")).await.unwrap();
        for second in 3..10 {
            store.append(&about(second, AuditEvent::SignIn, "p-ben")).await.unwrap();
        }
        let homes = kept_homes(&store, at(10), 2).await.unwrap();
        let home = KeptHome {
            domain: DomainKey::parse("research").unwrap(),
            uid: "200005".to_owned(),
            profile: "ana--fraud".to_owned(),
            person: PersonId::parse("p-ana").ok(),
            since: at(2),
        };
        assert_eq!(homes, [home]);
        store.append(&about(10, AuditEvent::CreatingProfile, "p-ana")).await.unwrap();
        let told = kept_homes(&store, at(11), 2).await.unwrap().len();
        assert_eq!(told, 1, "the profile made anew may have another home");
    }
}
