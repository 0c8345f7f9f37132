//! What the demo's company did before the demo began, as its audit log tells it: who got which profile
//! when, who opened Studio lately, who is half-way out and who is gone.

use access::ids::{DomainKey, PersonId, TeamKey};
use access::map::AccessMap;
use access::observed::{TAG_LEAVING, TAG_PERSON, TAG_TEAM};
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use control::ports::{Actor, AuditEntry, AuditEvent, ChangeId};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Seed, SeedProfile};

/// Who opened Studio how many hours before the demo began.
const OPENED: [(&str, i64); 6] = [
    ("ana--forecast", 75),
    ("dev--fraud", 31),
    ("wei--search", 18),
    ("dev--risk", 26),
    ("leila--forecast", 9),
    ("elif--fraud", 3),
];

/// Who moved on from which team and has nothing of it any more, since how many minutes.
const GONE: (&str, &str, i64) = ("kim", "search", 22);

/// How long it took to take that away, the hold not counted.
const TOOK: SignedDuration = SignedDuration::from_secs(94);

/// The entries, oldest first.
///
/// # Errors
/// The seed has something that is no id, or nobody of that name.
pub(super) fn past(map: &AccessMap, seed: &Seed, now: Timestamp) -> Result<Vec<AuditEntry>> {
    let teller = Teller { map, seed, now };
    let mut all = teller.of_somebody_gone()?;
    for profile in &seed.profiles {
        all.extend(teller.of_profile(profile)?);
    }
    all.sort_by_key(|entry| entry.at);
    for (number, entry) in (7_usize..).zip(&mut all) {
        let id = std::array::from_fn(|at| u8::try_from(number * (53 + at * 29) % 251).unwrap_or(0));
        entry.change = Some(ChangeId::new(entry.at, id).to_string());
    }
    Ok(all)
}

struct Teller<'a> {
    map: &'a AccessMap,
    seed: &'a Seed,
    now: Timestamp,
}

impl Teller<'_> {
    fn before(&self, ago: SignedDuration) -> Result<Timestamp> {
        Ok(self.now.checked_sub(ago)?)
    }

    /// The life of a profile that is there; nothing of one that is nobody's.
    fn of_profile(&self, profile: &SeedProfile) -> Result<Vec<AuditEntry>> {
        let tags = (profile.tags.get(TAG_PERSON), profile.tags.get(TAG_TEAM), profile.made);
        let (Some(person), Some(team), Some(made)) = tags else { return Ok(Vec::new()) };
        let (person, team) = (PersonId::parse(person)?, TeamKey::parse(team)?);
        let domains = &mut self.map.domains.iter();
        let domain = domains.find(|(_, domain)| domain.domain_id.as_str() == profile.domain);
        let (domain, _) = domain.context("a profile of the seed is in no domain of the map")?;
        let of = Of { person: &person, team: &team, domain, profile: &profile.name };
        let mut all = vec![self.made(&of, made, profile.execution_role.as_deref())];
        for (_, hours) in OPENED.iter().filter(|(name, _)| *name == profile.name) {
            let at = self.before(SignedDuration::from_hours(*hours))?;
            let entry = AuditEntry::new(at, AuditEvent::OpenStudio, ReasonCode::Opened.as_str());
            let by = Actor::Person(person.clone());
            all.push(entry.by(by).about(&person).on(&team).with("profile", &profile.name));
        }
        if let Some(since) = profile.tags.get(TAG_LEAVING) {
            let (since, code) = (since.parse()?, ReasonCode::PersonDisabled);
            all.push(of.leaving(since, code));
            let app = of.entry(since, AuditEvent::StoppingApp, code);
            let app = app.with("what", "stopping app JupyterLab/default of space carl-archive");
            let app = app.with("app_type", "JupyterLab").with("app_name", "default");
            let app = app.with("space", "carl-archive").with("instance_type", "ml.m5.2xlarge");
            all.push(app.changing("app", Some("JupyterLab/default"), None));
        }
        Ok(all)
    }

    fn made(&self, of: &Of<'_>, at: Timestamp, role: Option<&str>) -> AuditEntry {
        let grant = self.map.grants.first().map(|grant| &grant.place);
        of.entry(at, AuditEvent::CreatingProfile, ReasonCode::Entitled)
            .with_opt("role", role)
            .with_opt("grant", grant)
            .changing("role", None, role)
    }

    /// Somebody lost a team, was on hold for as long as the map says, and is gone.
    fn of_somebody_gone(&self) -> Result<Vec<AuditEntry>> {
        let (user_name, team, minutes) = GONE;
        let mut users = self.seed.directory.iter().flat_map(|directory| &directory.users);
        let user = users.find(|user| user.user_name == user_name).context("nobody is gone")?;
        let person = PersonId::parse(user.id.clone().unwrap_or_default())?;
        let (team, hold) = (TeamKey::parse(team)?, self.map.offboarding.hold_seconds);
        let known = self.map.teams.get(&team).and_then(|team| team.placements.first());
        let placement = known.context("the team of somebody gone is nowhere")?;
        let profile = format!("{user_name}--{team}");
        let of = Of { person: &person, team: &team, domain: &placement.domain, profile: &profile };
        let gone = self.before(SignedDuration::from_mins(minutes))?;
        let since = gone.checked_sub(SignedDuration::from_secs(i64::try_from(hold)?) + TOOK)?;
        let made = self.before(SignedDuration::from_hours(2_000))?;
        let code = ReasonCode::EntitlementLost;
        let deleted = of
            .entry(gone, AuditEvent::DeletingProfile, code)
            .with("what", "deleting the profile")
            .with("leaving_since", since)
            .changing("profile", Some(&profile), None);
        let role = placement.execution_role.as_str();
        Ok(vec![self.made(&of, made, Some(role)), of.leaving(since, code), deleted])
    }
}

/// What entries are about.
struct Of<'a> {
    person: &'a PersonId,
    team: &'a TeamKey,
    domain: &'a DomainKey,
    profile: &'a str,
}

impl Of<'_> {
    fn entry(&self, at: Timestamp, event: AuditEvent, code: ReasonCode) -> AuditEntry {
        AuditEntry::new(at, event, code.as_str())
            .about(self.person)
            .on(self.team)
            .with("domain", self.domain)
            .with("profile", self.profile)
    }

    fn leaving(&self, since: Timestamp, code: ReasonCode) -> AuditEntry {
        let entry = self.entry(since, AuditEvent::OffboardingBegun, code);
        entry.changing("leaving since", None, Some(since))
    }
}
