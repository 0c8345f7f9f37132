//! *Offboarding*: the profiles on their way out, by stage, with what keeps each and what it saves.

use super::{Caller, Desk, Listed, Page, Reading, Refused, Right};
use crate::departure::HISTORY;
use crate::ports::{Actor, AuditEntry, AuditEvent, AuditFilter, AuditLog, Departure};
use crate::progress::{Progress, progress};
use crate::receipt::{Hours, Receipt, receipt};
use access::ids::{DomainKey, PersonId, TeamKey};
use access::offboarding::Stage;
use access::reason::ReasonCode;
use access::standing::{Deleting, ProfileStanding, Standing, leavers};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How long back profiles are listed that are gone.
const GONE_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The most of them.
const MOST_GONE: u32 = 50;

/// The most pages of the audit log that are read for one answer: a store looks through only so much
/// at a time.
const MOST_PAGES: usize = 20;

/// Everybody who is leaving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offboardings {
    /// When the facts were read.
    pub at: Timestamp,
    /// What the time was when this was told.
    pub told_at: Timestamp,
    /// How long the map keeps what is on hold, in hours.
    pub hold_hours: u64,
    /// What the guard objects to: nothing of it is begun until somebody agrees to the plan. Absent:
    /// nothing.
    pub guard: Option<String>,
    /// The stages in their order.
    pub stops: Vec<StopView>,
    /// Profiles that went in the last seven days, the latest first.
    pub gone: Vec<Gone>,
    /// Instance hours saved since by those who are listed, by instance type.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub saved: BTreeMap<String, Hours>,
}

/// A stage, and who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StopView {
    /// Which.
    pub stop: Stop,
    /// How many profiles are there.
    pub count: u64,
    /// They, by name.
    pub leavers: Listed<Leaver>,
}

/// The stages of an offboarding, as people see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// Nothing was begun yet.
    ToBegin,
    /// Apps are being stopped.
    Apps,
    /// Nothing runs any more; kept until the hold is over.
    Held,
    /// Shared spaces are made anew for somebody else.
    HandOver,
    /// Spaces and the profile are being deleted.
    Deleting,
    /// An admin has to look.
    Waits,
}

impl Stop {
    /// Each with its name in addresses, in their order.
    pub const ALL: [(&'static str, Self); 6] = [
        ("to-begin", Self::ToBegin),
        ("apps", Self::Apps),
        ("held", Self::Held),
        ("hand-over", Self::HandOver),
        ("deleting", Self::Deleting),
        ("waits", Self::Waits),
    ];

    /// The stage with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, stop)| *stop)
    }

    /// Its name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToBegin => "to-begin",
            Self::Apps => "apps",
            Self::Held => "held",
            Self::HandOver => "hand-over",
            Self::Deleting => "deleting",
            Self::Waits => "waits",
        }
    }

    /// Where a profile is; `None` if it stays.
    pub const fn of(standing: &Standing) -> Option<Self> {
        Some(match standing {
            Standing::InUse => return None,
            Standing::ToBegin { .. } => Self::ToBegin,
            Standing::OnHold { .. } => Self::Held,
            Standing::Waits { .. } => Self::Waits,
            Standing::Leaving { stage: Stage::SpaceApps | Stage::ProfileApps } => Self::Apps,
            Standing::Leaving { stage: Stage::HandOver } => Self::HandOver,
            Standing::Leaving { stage: Stage::Spaces | Stage::Profile } => Self::Deleting,
        })
    }
}

/// A profile on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Leaver {
    /// Whose it is.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The name to show.
    pub name: String,
    /// The user name, or the id where it is not known: what the command line takes.
    pub key: String,
    /// The team it is for.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// The domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// The profile.
    pub profile: String,
    /// Since when it is leaving.
    pub since: Option<Timestamp>,
    /// When its hold is over.
    pub until: Option<Timestamp>,
    /// How many hours of hold are left, rounded up.
    pub hours_left: Option<u64>,
    /// Why it goes, or what it waits for: a reason code.
    #[schema(value_type = Option<String>)]
    pub reason: Option<ReasonCode>,
    /// More about what it waits for.
    pub detail: Option<String>,
    /// What AWS is deleting, for people.
    pub deleting: Vec<String>,
    /// Whether AWS has been deleting something for longer than it usually takes.
    pub stuck: bool,
    /// The admin's command, if there was one.
    pub command: Option<Command>,
    /// How it can be taken back.
    pub restore: Restore,
    /// Instance hours saved since by this profile, by instance type.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub saved: BTreeMap<String, Hours>,
}

/// An admin offboarded somebody by command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Who said so.
    pub by: String,
    /// Their name, if they are a person whom the directory knows.
    pub by_name: Option<String>,
    /// Why.
    pub why: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// The one team it is about; absent: all, and signing in.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamKey>,
}

impl Command {
    pub(super) fn of(reading: &Reading, departure: &Departure) -> Self {
        let by = match Actor::named(&departure.by) {
            Actor::Person(id) => reading.survey.snapshot.people.get(&id),
            _ => None,
        };
        Self {
            by: departure.by.clone(),
            by_name: by.map(|person| person.user_name.clone()),
            why: departure.why.clone(),
            since: departure.since,
            team: departure.team.clone(),
        }
    }
}

/// How an offboarding can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restore {
    /// By ending the admin's command.
    ByCommand,
    /// By putting the person back into the group: the directory took it away.
    InDirectory,
    /// Not any more: AWS is deleting the profile.
    TooLate,
}

/// A profile that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gone {
    /// When its deletion was asked for.
    pub at: Timestamp,
    /// Whose it was, by directory id.
    pub person: Option<String>,
    /// The name to show.
    pub name: String,
    /// The team it was for.
    pub team: Option<String>,
    /// The profile.
    pub profile: Option<String>,
    /// Why: a reason code.
    pub reason: String,
}

/// What is known of the people who leave.
struct Known {
    departures: BTreeMap<PersonId, Vec<Departure>>,
    receipts: BTreeMap<PersonId, Receipt>,
    now: Timestamp,
}

type Listing = BTreeMap<Stop, (u64, Listed<(PersonId, ProfileStanding)>)>;

impl Desk {
    /// Everybody who is leaving, by stage. `page` holds for each stage; its cursor for `stop` alone,
    /// and the others are at their beginning.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the store cannot be read; the cursor is
    /// none of ours.
    pub async fn offboardings(
        &self,
        caller: &Caller,
        stop: Option<Stop>,
        page: &Page,
    ) -> Result<Offboardings, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let now = self.plane().clock.now();
        let listing = listing(&reading, stop, page)?;
        let people = listing.values().flat_map(|(_, listed)| &listed.items);
        let people: BTreeSet<PersonId> = people.map(|(person, _)| person.clone()).collect();
        let known = self.known(&reading, people, now).await?;
        let mut saved: BTreeMap<String, Hours> = BTreeMap::new();
        for (kind, hours) in known.receipts.values().flat_map(|receipt| &receipt.saved) {
            let sum = saved.entry(kind.clone()).or_default();
            *sum = sum.plus(*hours);
        }
        let stops = listing.into_iter().map(|(stop, (count, leavers))| StopView {
            stop,
            count,
            leavers: leavers
                .map(|(person, standing)| Leaver::of(&reading, &known, &person, standing)),
        });
        Ok(Offboardings {
            at: reading.at,
            told_at: now,
            hold_hours: reading.map.offboarding.hold_seconds / 3_600,
            guard: match self.approved(caller, &reading).await? {
                Some(_) => None,
                None => reading.objections(true).next(),
            },
            stops: stops.collect(),
            gone: self.gone(&reading, now).await?,
            saved,
        })
    }

    /// Deletions of profiles that were asked for since then, the latest first; so many at most.
    pub(super) async fn deleted_since(
        &self,
        from: Timestamp,
        most: u32,
    ) -> Result<Vec<AuditEntry>, Refused> {
        let event = Some(AuditEvent::DeletingProfile.to_string());
        let filter = AuditFilter { from: Some(from), event, ..AuditFilter::default() };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let left = u32::try_from(most.saturating_sub(found.len())).unwrap_or(u32::MAX);
            let page = AuditLog::page(&*self.store, &filter, cursor.as_deref(), left).await?;
            found.extend(page.items.into_iter().map(|sealed| sealed.entry));
            cursor = page.next;
            if cursor.is_none() || found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    async fn known(
        &self,
        reading: &Reading,
        people: BTreeSet<PersonId>,
        now: Timestamp,
    ) -> Result<Known, Refused> {
        let plane = self.plane();
        let mut known = Known { departures: BTreeMap::new(), receipts: BTreeMap::new(), now };
        for departure in plane.departures_now(&people, &reading.survey.implied).await? {
            known.departures.entry(departure.person.clone()).or_default().push(departure);
        }
        for person in people {
            let entries = plane.audit.of_person(&person, HISTORY).await?;
            known.receipts.insert(person.clone(), receipt(person.as_str(), &entries, now));
        }
        Ok(known)
    }

    async fn gone(&self, reading: &Reading, now: Timestamp) -> Result<Vec<Gone>, Refused> {
        let from = now.checked_sub(GONE_FOR).unwrap_or(now);
        let observed = &reading.survey.observed;
        let is_there = |entry: &AuditEntry| {
            let detail = |key: &str| entry.details.get(key).map_or("", String::as_str);
            let domain = observed.domains.iter().find(|(key, _)| key.as_str() == detail("domain"));
            let folded = detail("profile").to_ascii_lowercase();
            domain.is_some_and(|(_, domain)| domain.profiles.contains_key(folded.as_str()))
        };
        let deleted = self.deleted_since(from, MOST_GONE).await?;
        let gone = deleted.into_iter().filter(|entry| !is_there(entry)).map(|entry| {
            let id = entry.person.as_deref().and_then(|id| PersonId::parse(id).ok());
            let name = id.map(|id| name_of(reading, &id));
            Gone {
                at: entry.at,
                name: name.or_else(|| entry.person.clone()).unwrap_or_default(),
                profile: entry.details.get("profile").cloned(),
                person: entry.person,
                team: entry.team,
                reason: entry.code,
            }
        });
        Ok(gone.collect())
    }
}

/// The name to show of a person: the directory's, or else the id.
pub(super) fn name_of(reading: &Reading, person: &PersonId) -> String {
    let known = reading.survey.snapshot.people.get(person);
    let names = known.map(|known| [&known.display_name, &known.user_name]);
    let mut names = names.into_iter().flatten().filter(|name| !name.trim().is_empty());
    names.next().cloned().unwrap_or_else(|| person.to_string())
}

/// Who is in each stage, and how many.
fn listing(reading: &Reading, stop: Option<Stop>, page: &Page) -> Result<Listing, Refused> {
    let survey = &reading.survey;
    let all = leavers(&reading.map, &survey.snapshot, &survey.observed, &reading.plan);
    let mut by_stop: BTreeMap<Stop, Vec<(String, PersonId, ProfileStanding)>> =
        Stop::ALL.iter().map(|(_, stop)| (*stop, Vec::new())).collect();
    for (person, standings) in all {
        let name = name_of(reading, &person).to_lowercase();
        for standing in standings {
            let Some(stop) = Stop::of(&standing.standing) else { continue };
            let key = format!("{name}\n{person}\n{}\n{}", standing.domain, standing.profile);
            by_stop.entry(stop).or_default().push((key, person.clone(), standing));
        }
    }
    let each = by_stop.into_iter().map(|(at, mut there)| {
        there.sort_by(|a, b| a.0.cmp(&b.0));
        let count = u64::try_from(there.len()).unwrap_or(u64::MAX);
        let cursor = page.cursor.clone().filter(|_| stop == Some(at));
        let page = Page { cursor, ..page.clone() };
        let listed = page.of(there, |(key, ..)| key.clone())?;
        Ok((at, (count, listed.map(|(_, person, standing)| (person, standing)))))
    });
    each.collect()
}

impl Leaver {
    fn of(reading: &Reading, known: &Known, person: &PersonId, standing: ProfileStanding) -> Self {
        let departures = known.departures.get(person).map(Vec::as_slice).unwrap_or_default();
        let of_it = |departure: &&Departure| {
            departure.team.as_ref().is_none_or(|team| *team == standing.team)
        };
        let command =
            departures.iter().find(of_it).map(|departure| Command::of(reading, departure));
        let directory = reading.survey.snapshot.people.get(person);
        let user = directory.map(|person| person.user_name.clone());
        let user = user.or_else(|| departures.iter().find_map(|d| d.user_name.clone()));
        let (until, reason, detail) = match &standing.standing {
            Standing::OnHold { until } => (*until, None, None),
            Standing::ToBegin { reason } => (None, Some(*reason), None),
            Standing::Waits { reason, detail } => (None, Some(*reason), detail.clone()),
            Standing::InUse | Standing::Leaving { .. } => (None, None, None),
        };
        let too_late = standing.deleting.contains(&Deleting::Profile);
        let restore = match (too_late, &command) {
            (true, _) => Restore::TooLate,
            (false, Some(_)) => Restore::ByCommand,
            (false, None) => Restore::InDirectory,
        };
        let empty = receipt(person.as_str(), &[], known.now);
        let receipt = known.receipts.get(person).unwrap_or(&empty);
        let told = progress(vec![standing.clone()], receipt, known.now);
        Self {
            name: name_of(reading, person),
            key: user.unwrap_or_else(|| person.to_string()),
            since: standing.leaving_since,
            hours_left: until.and_then(|until| hours_left(until, known.now)),
            until,
            reason,
            detail,
            deleting: standing.deleting.iter().map(shown).collect(),
            stuck: told.iter().any(|Progress { stuck, .. }| !stuck.is_empty()),
            command,
            restore,
            saved: receipt.saved_by(standing.domain.as_str(), standing.profile.as_str()),
            person: person.clone(),
            team: standing.team,
            domain: standing.domain,
            profile: standing.profile.to_string(),
        }
    }
}

/// Whole hours, rounded up.
fn hours_left(until: Timestamp, now: Timestamp) -> Option<u64> {
    let seconds = u64::try_from(until.duration_since(now).as_secs()).ok()?;
    Some(seconds.div_ceil(3_600))
}

fn shown(what: &Deleting) -> String {
    match what {
        Deleting::App { app_type, app_name, .. } => format!("{app_type}/{app_name}"),
        Deleting::Space { space } => format!("space {space}"),
        Deleting::Profile => "profile".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{id, now, reading};
    use super::*;

    fn there(stop: Stop, page: &Page) -> (u64, Vec<String>, bool) {
        let listing = listing(&reading(), Some(stop), page).unwrap();
        let (count, listed) = &listing[&stop];
        let names = listed.items.iter().map(|(person, _)| person.to_string()).collect();
        (*count, names, listed.next.is_some())
    }

    #[test]
    fn everybody_who_leaves_is_in_one_stage() {
        let whole = Page::default();
        assert_eq!(there(Stop::ToBegin, &whole), (1, vec!["p-dan".to_owned()], false));
        // On hold, and an app of his still runs.
        assert_eq!(there(Stop::Apps, &whole), (1, vec!["p-cem".to_owned()], false));
        for empty in [Stop::Held, Stop::HandOver, Stop::Deleting, Stop::Waits] {
            assert_eq!(there(empty, &whole), (0, Vec::new(), false), "{empty:?}");
        }
    }

    #[test]
    fn a_leaver_tells_the_way_back_and_what_was_saved() {
        let reading = reading();
        let listing = listing(&reading, None, &Page::default()).unwrap();
        let (person, standing) = listing[&Stop::Apps].1.items[0].clone();
        let known = |departures: Vec<Departure>| Known {
            departures: BTreeMap::from([(person.clone(), departures)]),
            receipts: BTreeMap::new(),
            now: now(),
        };
        let told = Leaver::of(&reading, &known(Vec::new()), &person, standing.clone());
        assert_eq!((told.name.as_str(), told.key.as_str()), ("Cem Yilmaz", "cem"));
        assert_eq!(told.restore, Restore::InDirectory);
        assert_eq!(told.since, "2026-11-20T09:00:00Z".parse().ok());
        let departure = Departure {
            person: id("cem"),
            user_name: None,
            team: TeamKey::parse("risk").ok(),
            since: now(),
            by: "ana".to_owned(),
            why: Some("moved on".to_owned()),
            hold: access::snapshot::Hold::AsMapped,
        };
        // A command about another team does not take this one.
        let other =
            Leaver::of(&reading, &known(vec![departure.clone()]), &person, standing.clone());
        assert_eq!((other.restore, other.command), (Restore::InDirectory, None));
        let all = Departure { team: None, ..departure };
        let told = Leaver::of(&reading, &known(vec![all]), &person, standing.clone());
        assert_eq!(told.restore, Restore::ByCommand);
        assert_eq!(told.command.unwrap().why.as_deref(), Some("moved on"));
        let gone = ProfileStanding { deleting: BTreeSet::from([Deleting::Profile]), ..standing };
        let told = Leaver::of(&reading, &known(Vec::new()), &person, gone);
        assert_eq!(told.restore, Restore::TooLate);
    }

    #[test]
    fn hours_of_a_hold_are_rounded_up() {
        let left = |until: &str| hours_left(until.parse().unwrap(), now());
        assert_eq!(left("2026-11-21T09:00:01Z"), Some(1));
        assert_eq!(left("2026-11-21T11:00:00Z"), Some(2));
        assert_eq!(left("2026-11-21T08:59:59Z"), None);
    }
}
