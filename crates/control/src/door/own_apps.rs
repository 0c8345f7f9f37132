//! What runs in a person's own profiles: read for the portal now and then, and stopped on demand.
//!
//! A page never waits long for AWS: what was not read in time is shown as unread, and is there the
//! next time. Only the person's own profiles are read, by the names that the index knows.

use super::doorway::Doorway;
use super::mine::{OwnApp, Running};
use super::{No, Refusal, RefusalKind, SessionToken};
use crate::pass::Halt;
use crate::plane::Plane;
use crate::ports::{
    Actor, AppOwner, AuditEntry, AuditEvent, CallError, ChangeId, DomainTarget, Ensured, IndexView,
    ProfileScope, StoreError,
};
use crate::receipt::app_details;
use access::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use access::observed::{AppStatus, ObservedApp, ObservedProfile, Ownership};
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tracing::Instrument;

/// For so long a reading is shown before there is another one.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// For so long an older one is shown while another is under way.
const STALE: SignedDuration = SignedDuration::from_mins(10);

/// For so long a page waits.
const PATIENCE: Duration = Duration::from_millis(700);

/// So many people's readings are kept: more than look at the portal within [`FRESH`].
const MOST_PEOPLE: usize = 4096;

/// So many people are read at a time. AWS lists at one or two calls a second and account.
const READINGS_AT_ONCE: usize = 8;

/// More profiles than anybody has; the rest is not read.
const MOST_PROFILES: usize = 64;

/// For so long a person is claimed while apps are asked to stop.
const CLAIM: SignedDuration = SignedDuration::from_mins(1);

/// What is kept of readings. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct OwnApps {
    kept: Arc<Mutex<BTreeMap<PersonId, Kept>>>,
    turns: Arc<Semaphore>,
}

impl Default for OwnApps {
    fn default() -> Self {
        Self { kept: Arc::default(), turns: Arc::new(Semaphore::new(READINGS_AT_ONCE)) }
    }
}

/// A reading; `None` as long as there is none.
type Latest = Option<Arc<Seen>>;

/// A reading that was begun, and the one before it.
#[derive(Debug, Clone)]
struct Kept {
    begun: Timestamp,
    reading: watch::Receiver<Latest>,
    before: Latest,
}

impl Kept {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.begun).abs();
        // Without a reading and without a reader there is nothing to wait for.
        age < FRESH && (self.reading.borrow().is_some() || self.reading.has_changed().is_ok())
    }

    fn latest(&self) -> Option<Arc<Seen>> {
        self.reading.borrow().clone().or_else(|| self.before.clone())
    }
}

/// What a reading found.
#[derive(Debug)]
pub(super) struct Seen {
    at: Timestamp,
    apps: BTreeMap<TeamKey, Vec<OwnApp>>,
    /// Domains of which nothing is known.
    unread: BTreeSet<DomainKey>,
}

impl Seen {
    /// What runs for a team that can be in these domains.
    pub(super) fn of<'d>(
        &self,
        team: &TeamKey,
        mut domains: impl Iterator<Item = &'d DomainKey>,
    ) -> Running {
        match self.apps.get(team) {
            Some(apps) => Running::Apps(apps.clone(), self.at),
            None if domains.any(|domain| self.unread.contains(domain)) => Running::Unread,
            None => Running::Apps(Vec::new(), self.at),
        }
    }
}

impl OwnApps {
    /// What is kept of the person, and where to send what is read if it is time to read. `None`
    /// where too many people look at once.
    fn look(
        &self,
        person: &PersonId,
        now: Timestamp,
    ) -> Option<(Kept, Option<watch::Sender<Latest>>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(person).filter(|known| known.is_fresh(now)) {
            return Some((known.clone(), None));
        }
        if kept.len() >= MOST_PEOPLE {
            kept.retain(|_, known| known.is_fresh(now));
        }
        if kept.len() >= MOST_PEOPLE {
            return None;
        }
        let before = kept.get(person).and_then(Kept::latest);
        let before = before.filter(|seen| now.duration_since(seen.at).abs() < STALE);
        let (sender, reading) = watch::channel(None);
        let known = Kept { begun: now, reading, before };
        kept.insert(person.clone(), known.clone());
        Some((known, Some(sender)))
    }

    fn forget(&self, person: &PersonId) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(person);
    }
}

impl Doorway {
    /// What runs in the person's profiles, if it is known soon.
    pub(super) async fn seen_apps(&self, person: &PersonId) -> Option<Arc<Seen>> {
        let now = self.plane.clock.now();
        let (mut known, begin) = self.own_apps.look(person, now)?;
        if let Some(sender) = begin {
            let (plane, person) = (self.plane.clone(), person.clone());
            let turns = Arc::clone(&self.own_apps.turns);
            let read = async move {
                // Nobody closes it.
                let Ok(_turn) = turns.acquire().await else { return };
                sender.send_replace(Some(Arc::new(plane.read_own_apps(&person).await)));
            };
            self.plane.errands.look(read.in_current_span());
        }
        let arrived = tokio::time::timeout(PATIENCE, known.reading.wait_for(Option::is_some)).await;
        let arrived = arrived.ok().and_then(Result::ok).and_then(|seen| seen.clone());
        arrived.or(known.before)
    }

    /// What runs of the person's own for the team, read now.
    pub(super) async fn my_apps(
        &self,
        token: &SessionToken,
        team: &TeamKey,
    ) -> Result<Vec<OwnApp>, Refusal> {
        let person = self.entitled(token, team).await?;
        match self.plane.own_profiles(&person, team).await {
            Ok(profiles) => Ok(profiles.iter().flat_map(|own| shown(&own.profile)).collect()),
            Err(error) => {
                let no = No::unavailable(&error).of(&person).on(team);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }

    /// Asks for all of them to be stopped, and says how many there were.
    pub(super) async fn stop_my_apps(
        &self,
        token: &SessionToken,
        team: &TeamKey,
    ) -> Result<usize, Refusal> {
        let person = self.entitled(token, team).await?;
        if let Some(code) = self.halted_for(team).await {
            let no = halted(code).of(&person).on(team);
            return Err(self.refuse(RefusalKind::Unavailable, no).await);
        }
        // On its own, for a browser that goes away would otherwise end this between an entry in the
        // audit log and what it says.
        let (plane, own_apps) = (self.plane.clone(), self.own_apps.clone());
        let (who, what) = (person.clone(), team.clone());
        let work = async move {
            let stopped = plane.stop_own_apps(&who, &what).await;
            own_apps.forget(&who);
            stopped
        };
        let no = match self.plane.errands.run(work.in_current_span()).await {
            Ok(Ok(stopped)) => return Ok(stopped),
            Ok(Err(Unstopped::Halted(halt))) => halted(halt.code()),
            Ok(Err(Unstopped::Failed(error))) => No::unavailable(&error),
            Err(_) => No::unavailable(&"the work on it broke off"),
        };
        Err(self.refuse(RefusalKind::Unavailable, no.of(&person).on(team)).await)
    }

    async fn halted_for(&self, team: &TeamKey) -> Option<ReasonCode> {
        let halt = self.plane.halted().await.map(|halt| halt.code());
        halt.or_else(|| (!self.plane.map.rollout.enforces(team)).then_some(ReasonCode::ObserveOnly))
    }
}

fn halted(code: ReasonCode) -> No<'static> {
    let why = "Your apps cannot be stopped from here: nothing may be changed at present.";
    No::new(code, why, "Stop them in Studio, or try again later.")
}

/// Why not all apps were asked to stop.
enum Unstopped {
    /// Nothing may be changed; no further one was asked.
    Halted(Halt),
    /// The first call that failed.
    Failed(CallError),
}

impl From<CallError> for Unstopped {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Unstopped {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A profile of the person's own, and where it is.
struct OwnProfile {
    target: DomainTarget,
    profile: ObservedProfile,
}

impl Plane {
    /// What runs in the person's profiles, as far as it can be read.
    async fn read_own_apps(&self, person: &PersonId) -> Seen {
        let at = self.clock.now();
        let nothing = |unread| Seen { at, apps: BTreeMap::new(), unread };
        let all = || self.map.domains.keys().cloned().collect();
        let view =
            match self.index.look(&BTreeSet::from([person.clone()]), &self.domain_ids()).await {
                Ok(view) => view,
                Err(error) => {
                    tracing::warn!(%error, "nobody's running apps can be shown");
                    return nothing(all());
                }
            };
        let mut seen = nothing(self.never_read(&view));
        for (key, names) in self.names_of(person, None, &view) {
            let Some(target) = self.target(&key) else { continue };
            match self.read_own(&target, names, person).await {
                Ok(profiles) => {
                    for (team, profile) in profiles {
                        seen.apps.entry(team).or_default().extend(shown(&profile));
                    }
                }
                Err(error) => {
                    tracing::info!(domain = %key, %error, "running apps are not shown");
                    seen.unread.insert(key);
                }
            }
        }
        seen
    }

    /// Domains that no full reading has told of: in one of them the person may have a profile that
    /// the index does not know.
    fn never_read(&self, view: &IndexView) -> BTreeSet<DomainKey> {
        let domains = self.map.domains.iter();
        let unknown = domains.filter(|(_, domain)| !view.marks.contains_key(&domain.domain_id));
        unknown.map(|(key, _)| key.clone()).collect()
    }

    /// The names of the person's profiles by domain, all of them or those for one team.
    fn names_of(
        &self,
        person: &PersonId,
        team: Option<&TeamKey>,
        view: &IndexView,
    ) -> BTreeMap<DomainKey, BTreeSet<ProfileName>> {
        let mut names = BTreeMap::<DomainKey, BTreeSet<ProfileName>>::new();
        for (key, domain) in &self.map.domains {
            let indexed = view.profiles.get(&domain.domain_id).into_iter().flatten();
            let own = indexed.filter(|profile| {
                &profile.person == person && team.is_none_or(|team| team == &profile.team)
            });
            let own: BTreeSet<_> = own.take(MOST_PROFILES).map(|p| p.name.clone()).collect();
            if !own.is_empty() {
                names.insert(key.clone(), own);
            }
        }
        names
    }

    /// Of the profiles with these names, those that are the person's by their tags.
    async fn read_own(
        &self,
        target: &DomainTarget,
        names: BTreeSet<ProfileName>,
        person: &PersonId,
    ) -> Result<Vec<(TeamKey, ObservedProfile)>, CallError> {
        let domain = self.observe.domain(target, &ProfileScope::Named(names)).await?;
        let profiles = domain.profiles.into_values().filter_map(|profile| {
            match profile.ownership(&self.map.instance) {
                Ownership::Ours { person: whose, team } if whose == person => {
                    Some((team.clone(), profile))
                }
                _ => None,
            }
        });
        Ok(profiles.collect())
    }

    /// The person's profiles for a team, read now.
    async fn own_profiles(
        &self,
        person: &PersonId,
        team: &TeamKey,
    ) -> Result<Vec<OwnProfile>, CallError> {
        let person_alone = BTreeSet::from([person.clone()]);
        let view = self.index.look(&person_alone, &self.domain_ids()).await?;
        let mut found = Vec::new();
        for (key, names) in self.names_of(person, Some(team), &view) {
            let Some(target) = self.target(&key) else { continue };
            let own = self.read_own(&target, names, person).await?;
            let own = own.into_iter().filter(|(whose, _)| whose == team);
            found.extend(own.map(|(_, profile)| OwnProfile { target: target.clone(), profile }));
        }
        Ok(found)
    }

    /// Stops the person's apps for a team, as many as can be, and says how many were. Nobody else works
    /// on the person meanwhile.
    async fn stop_own_apps(&self, person: &PersonId, team: &TeamKey) -> Result<usize, Unstopped> {
        let (change, now) = (self.new_change(), self.clock.now());
        let ticket = self.claims.ticket(now).await?;
        let profiles = self.own_profiles(person, team).await?;
        let one = BTreeSet::from([person.clone()]);
        let claimed = self.claims.claim(&change, &one, &ticket, self.clock.now(), CLAIM).await?;
        if !claimed.people.contains(person) {
            return Err(not_claimed().into());
        }
        let stopped = self.stop_apps_of(&profiles, person, team, &change).await;
        if let Err(error) = self.claims.release(&change, self.clock.now()).await {
            tracing::warn!(%error, "the person stays claimed until the claim ends");
        }
        stopped
    }

    /// Asks app by app. One that cannot be stopped keeps no other running.
    async fn stop_apps_of(
        &self,
        profiles: &[OwnProfile],
        person: &PersonId,
        team: &TeamKey,
        change: &ChangeId,
    ) -> Result<usize, Unstopped> {
        let (mut stopped, mut failed) = (0, None);
        for own in profiles {
            for (space, app) in live(&own.profile) {
                if app.status == AppStatus::Deleting {
                    continue;
                }
                // A call that is refused as one too many is repeated for minutes.
                if let Some(halt) = self.halted().await {
                    return Err(Unstopped::Halted(halt));
                }
                let until = self.clock.now().checked_add(CLAIM).unwrap_or(Timestamp::MAX);
                if self.claims.renew(change, until).await? == 0 {
                    return Err(not_claimed().into());
                }
                match self.stop_own_app((own, space, app), person, team, change).await {
                    Ok(Ensured::Changed) => stopped += 1,
                    Ok(Ensured::NotNeeded) => {}
                    Err(error) => drop(failed.get_or_insert(error)),
                }
            }
        }
        failed.map_or(Ok(stopped), |error| Err(error.into()))
    }

    async fn stop_own_app(
        &self,
        (own, space, app): (&OwnProfile, Option<&str>, &ObservedApp),
        person: &PersonId,
        team: &TeamKey,
        change: &ChangeId,
    ) -> Result<Ensured, CallError> {
        let target = DomainTarget { change: Some(change.clone()), ..own.target.clone() };
        let new = AuditEntry::new(
            self.clock.now(),
            AuditEvent::StoppingOwnApp,
            ReasonCode::OwnApps.as_str(),
        );
        let entry = AuditEntry { details: app_details(space, app), ..new }
            .by(Actor::Person(person.clone()))
            .about(person)
            .on(team)
            .within(change)
            .with("domain", &target.key)
            .with("profile", &own.profile.name);
        // What cannot be written down is not done.
        self.audit.append(&entry).await?;
        let owner = match space {
            Some(space) => AppOwner::Space(space.to_owned()),
            None => AppOwner::Profile(own.profile.name.clone()),
        };
        self.provision.stop_app(&target, &owner, app).await
    }
}

fn not_claimed() -> StoreError {
    StoreError { operation: "claim the person", message: "another pass is at it".to_owned() }
}

/// The apps that run, start or stop in the profile and in the spaces that it owns alone, each with
/// its space. A shared space is others' work too.
fn live(profile: &ObservedProfile) -> impl Iterator<Item = (Option<&str>, &ObservedApp)> {
    let of_profile = profile.apps.iter().map(|app| (None, app));
    let of_spaces = profile
        .private_spaces()
        .flat_map(|space| space.apps.iter().map(|app| (Some(space.name.as_str()), app)));
    of_profile.chain(of_spaces).filter(|(_, app)| app.status.blocks_deletion())
}

fn shown(profile: &ObservedProfile) -> Vec<OwnApp> {
    let apps = live(profile).map(|(space, app)| OwnApp {
        app_type: app.app_type.clone(),
        name: app.name.clone(),
        space: space.map(str::to_owned),
        instance_type: app.instance_type.clone(),
        since: app.since,
        stopping: app.status == AppStatus::Deleting,
    });
    apps.collect()
}
