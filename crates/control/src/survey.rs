//! Reading the truth: the directory and Studio, as far as one plan needs them.

mod names;

use crate::departure::{Implied, implied, note_departures};
use crate::plane::Plane;
use crate::ports::{
    CallError, Departure, DirectoryReading, DomainTarget, IndexReading, IndexView, IndexedProfile,
    Leaving, Memberships, ProfileScope, StoreError, Ticket,
};
use access::check::{
    CheckedPlan, GUARD_MEMORY, GuardCount, Removals, Violation, check, guard_count,
};
use access::entitlement::wanted_groups;
use access::ids::{DomainKey, PersonId, RoleArn, TeamKey};
use access::observed::{
    Observed, ObservedDomain, ObservedProfile, ObservedRole, Ownership, Seen, Unread,
};
use access::plan::{Action, Plan};
use access::planner;
use access::snapshot::{Coverage, Snapshot};
use access::temporary::TemporaryGrant;
use futures::stream::{self, StreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// How many domains, or roles, are read at a time. AWS lists at one or two calls a second and
/// account; more in flight only queue up there.
const READS_AT_ONCE: usize = 4;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody and every domain.
    Everything,
    /// These people, with their profiles wherever they have some or should.
    People(BTreeSet<PersonId>),
    /// One person with the profiles in the domains of one team. No domain is read in full: where
    /// that would be needed, the plan says so.
    Entrance {
        /// Who.
        person: PersonId,
        /// What.
        team: TeamKey,
    },
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The directory.
    pub snapshot: Snapshot,
    /// Studio.
    pub observed: Observed,
    /// What failed where a domain could not be read; `observed` has the same in words.
    pub failures: BTreeMap<DomainKey, CallError>,
    /// When reading began. What was changed after that may or may not be seen.
    pub begun: jiff::Timestamp,
    /// When the directory had been read: what has to be is judged as of then. Reading Studio takes
    /// minutes, and the directory is read after it. With an earlier time, a grant that ended meanwhile
    /// would be given to somebody who joined its group later, and one that was given meanwhile would
    /// not be in force yet.
    pub now: jiff::Timestamp,
    /// What tells a stale plan from a fresh one. Without it the plan can be shown, not carried out.
    pub ticket: Result<Ticket, StoreError>,
    /// What the guard counts, as the store knows it: also what is gone, or was not read. Nothing, where
    /// some people were read from whom nothing is taken away.
    pub leaving: Vec<Leaving>,
    /// Departures that hold under another id of somebody, and are not kept under it. `snapshot` has them.
    pub(crate) implied: Vec<Implied>,
}

/// What the store keeps of people besides.
struct Kept {
    departures: Vec<Departure>,
    /// Departures that hold under further ids, and are not kept under them yet.
    implied: Vec<Implied>,
    grants: Vec<TemporaryGrant>,
}

impl Kept {
    /// Notes it in a reading of the directory, as far as that speaks for the people.
    fn note_in(self, snapshot: &mut Snapshot) -> Vec<Implied> {
        let Self { mut departures, implied, mut grants } = self;
        departures.extend(implied.iter().map(|implied| implied.departure.clone()));
        if let Coverage::People(people) = &snapshot.coverage {
            departures.retain(|departure| people.contains(&departure.person));
            grants.retain(|grant| people.contains(&grant.person));
        }
        note_departures(snapshot, departures);
        for grant in grants {
            snapshot.temporary.entry(grant.person.clone()).or_default().push(grant);
        }
        implied
    }
}

/// The domains to read, with how much of each.
type Wanted = BTreeMap<DomainKey, (DomainTarget, ProfileScope)>;

/// What was read of Studio, and what failed.
type Observation = (Observed, BTreeMap<DomainKey, CallError>);

impl Plane {
    /// Reads what a plan for this scope needs.
    ///
    /// A directory that cannot be read fails the whole survey: nothing is planned without it. A
    /// domain that cannot be read is set aside, so that one account never stops the others. A store
    /// that cannot be read makes more to read, and leaves a plan that cannot be carried out.
    pub async fn survey(&self, scope: &Scope) -> Result<Survey, CallError> {
        let ticket = self.claims.ticket(self.clock.now()).await;
        self.survey_since(scope, ticket).await
    }

    /// The same with a ticket that was drawn before.
    pub(crate) async fn survey_since(
        &self,
        scope: &Scope,
        ticket: Result<Ticket, StoreError>,
    ) -> Result<Survey, CallError> {
        let begun = self.clock.now();
        let people = match scope {
            Scope::Everything => return self.survey_everything(begun, ticket).await,
            Scope::People(people) => people.clone(),
            Scope::Entrance { person, .. } => BTreeSet::from([person.clone()]),
        };
        let (domains, groups) = (self.domain_ids(), wanted_groups(&self.map));
        let (view, reading, kept) = futures::join!(
            self.index.look(&people, &domains),
            self.directory.people(&people, &groups),
            self.kept_of(Some(&people)),
        );
        let view = match view {
            Ok(view) => view,
            Err(error) => {
                tracing::warn!(%error, "the profile index cannot be read; domains are");
                IndexView::default()
            }
        };
        // The names to read come from the directory.
        let reading = reading?;
        let kept = self.with_aliases(kept?, &reading).await?;
        let DirectoryReading { mut snapshot, memberships, .. } = reading;
        let implied = kept.note_in(&mut snapshot);
        let now = self.clock.now();
        let (wanted, is_entrance) = match scope {
            Scope::Entrance { team, .. } => {
                (self.entrance(&snapshot, &people, team, &view, now), true)
            }
            _ => (self.wanted(&snapshot, &people, &view, now), false),
        };
        let ((mut observed, failures), ()) =
            futures::join!(self.observe(&wanted), self.remember(&memberships, now));
        for (key, domain) in &mut observed.domains {
            domain.seen = self.seen(key, &wanted, &people, &view, now);
        }
        self.learn_profiles(&observed, &wanted, &view, &ticket).await;
        let leaving = Vec::new();
        let mut survey =
            Survey { snapshot, observed, failures, begun, now, ticket, leaving, implied };
        // What takes nothing away is none of the guard's business.
        if !is_entrance && self.plan(&survey).actions.iter().any(Action::is_removal) {
            self.count_unread(&mut survey).await;
            // The directory comes after Studio wherever something is taken away. With an older
            // snapshot, a profile made meanwhile for somebody new would be taken for one that nobody
            // has a right to.
            (survey.snapshot, survey.implied) = self.people(&people).await?;
            survey.now = self.clock.now();
        }
        Ok(survey)
    }

    async fn survey_everything(
        &self,
        begun: jiff::Timestamp,
        ticket: Result<Ticket, StoreError>,
    ) -> Result<Survey, CallError> {
        let wanted = self.every_domain();
        // Reading hundreds of profiles takes minutes; the directory comes after Studio.
        let (observed, failures) = self.observe(&wanted).await;
        self.learn_profiles(&observed, &wanted, &IndexView::default(), &ticket).await;
        let (snapshot, implied) = self.everybody().await?;
        let now = self.clock.now();
        let leaving = Vec::new();
        let mut survey =
            Survey { snapshot, observed, failures, begun, now, ticket, leaving, implied };
        self.count_unread(&mut survey).await;
        Ok(survey)
    }

    /// Plans from what was surveyed.
    pub fn plan(&self, survey: &Survey) -> Plan {
        planner::plan(&self.map, &survey.snapshot, &survey.observed, survey.now)
    }

    /// Checks a plan against the survey it was made from. The guard counts what was begun in the last
    /// day, also what is gone by now, and what could not be read.
    pub fn check(
        &self,
        plan: Plan,
        survey: &Survey,
        removals: Removals,
    ) -> Result<CheckedPlan, Vec<Violation>> {
        let removals = match removals {
            Removals::Guarded => Removals::GuardedAfter(self.unseen(&plan, survey)),
            other => other,
        };
        check(plan, &self.map, &survey.snapshot, &survey.observed, removals)
    }

    /// Counts what the guard counts of a plan, as [`Self::check`] does.
    pub fn guard_count(&self, plan: &Plan, survey: &Survey) -> GuardCount {
        let gone = self.unseen(plan, survey);
        guard_count(plan, &self.map, &survey.snapshot, &survey.observed, gone)
    }

    async fn everybody(&self) -> Result<(Snapshot, Vec<Implied>), CallError> {
        let reading = self.directory.everybody(&wanted_groups(&self.map)).await?;
        self.noted(reading).await
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
    ) -> Result<(Snapshot, Vec<Implied>), CallError> {
        let reading = self.directory.people(people, &wanted_groups(&self.map)).await?;
        self.noted(reading).await
    }

    /// Adds to a reading of the directory what the store says of its people: whom an admin
    /// offboarded, and who has something for a time. A reading without it must not be used: it would
    /// let leavers in, and take away what is given for a time.
    pub(crate) async fn with_store(
        &self,
        reading: DirectoryReading,
    ) -> Result<Snapshot, CallError> {
        let kept = self.kept_for(&reading).await?;
        let mut snapshot = reading.snapshot;
        kept.note_in(&mut snapshot);
        Ok(snapshot)
    }

    async fn kept_for(&self, reading: &DirectoryReading) -> Result<Kept, StoreError> {
        let people = match &reading.snapshot.coverage {
            Coverage::Complete => None,
            Coverage::People(people) => Some(people),
        };
        self.with_aliases(self.kept_of(people).await?, reading).await
    }

    /// What the store says of these people, or of everybody.
    async fn kept_of(&self, people: Option<&BTreeSet<PersonId>>) -> Result<Kept, StoreError> {
        let (departures, grants) = futures::try_join!(
            self.departures.departures(people),
            self.temporary.temporary_grants(people),
        )?;
        Ok(Kept { departures, implied: Vec::new(), grants })
    }

    /// Adds what the store says of them under their further ids.
    async fn with_aliases(
        &self,
        mut kept: Kept,
        reading: &DirectoryReading,
    ) -> Result<Kept, StoreError> {
        if let Coverage::People(people) = &reading.snapshot.coverage {
            let ids = reading.aliases.values().flatten().filter(|id| !people.contains(id));
            let ids: BTreeSet<PersonId> = ids.cloned().collect();
            if !ids.is_empty() {
                kept.departures.extend(self.departures.departures(Some(&ids)).await?);
            }
        }
        kept.implied = implied(&kept.departures, &reading.aliases);
        Ok(kept)
    }

    /// [`Self::with_store`]; and what is worth remembering of the reading is remembered.
    async fn noted(
        &self,
        reading: DirectoryReading,
    ) -> Result<(Snapshot, Vec<Implied>), CallError> {
        let (kept, ()) = futures::join!(
            self.kept_for(&reading),
            self.remember(&reading.memberships, self.clock.now()),
        );
        let mut snapshot = reading.snapshot;
        let implied = kept?.note_in(&mut snapshot);
        Ok((snapshot, implied))
    }

    /// Remembers the memberships of a reading before anything is planned from it: whoever has a right
    /// through a group can then be found when an event names the group.
    async fn remember(&self, memberships: &Memberships, now: jiff::Timestamp) {
        if let Err(error) = self.memberships.take_over(memberships, now).await {
            tracing::warn!(%error, "memberships are not remembered; events will have more read");
        }
    }

    fn every_domain(&self) -> Wanted {
        let mut counted = BTreeSet::new();
        let all = self.targets().into_iter();
        all.map(|(key, target)| {
            // One reading counts the account's other domains: for each it is the same list.
            let is_first = counted.insert((target.account_id.clone(), target.region.clone()));
            let scope = if is_first { ProfileScope::Account } else { ProfileScope::All };
            (key, (target, scope))
        })
        .collect()
    }

    async fn observe(&self, wanted: &Wanted) -> Observation {
        let mut observed = Observed::default();
        let mut failures = BTreeMap::new();
        // The futures are made before they are streamed: a closure inside the stream would have to
        // be general over lifetimes, and then nobody could send this across threads.
        let reads: Vec<_> = wanted
            .values()
            .map(|(target, scope)| async move {
                (target.key.clone(), self.observe.domain(target, scope).await)
            })
            .collect();
        let everywhere: BTreeSet<&DomainKey> = wanted.keys().collect();
        let (read, mut roles): (Vec<_>, _) = futures::join!(
            stream::iter(reads).buffer_unordered(READS_AT_ONCE).collect(),
            self.read_roles(self.roles_in(&everywhere, wanted)),
        );
        for (key, result) in read {
            match result {
                Ok(domain) => {
                    observed.domains.insert(key, domain);
                }
                Err(error) => {
                    tracing::warn!(domain = %key, %error, "domain cannot be read");
                    observed.unreadable.insert(key.clone(), error.to_string());
                    failures.insert(key, error);
                }
            }
        }
        // A role of a domain that cannot be read is nobody's; one that another domain shares is read
        // as that domain is.
        let readable: BTreeSet<&DomainKey> = observed.domains.keys().collect();
        let mut others = BTreeMap::new();
        for (role, target) in self.roles_in(&readable, wanted) {
            match roles.remove(&role) {
                Some((by, state)) if by == target.key => drop(observed.roles.insert(role, state)),
                _ => drop(others.insert(role, target)),
            }
        }
        let others = self.read_roles(others).await;
        observed.roles.extend(others.into_iter().map(|(role, (_, state))| (role, state)));
        (observed, failures)
    }

    /// The execution roles of the teams in some of the domains, each with one of them.
    fn roles_in<'w>(
        &self,
        domains: &BTreeSet<&DomainKey>,
        wanted: &'w Wanted,
    ) -> BTreeMap<RoleArn, &'w DomainTarget> {
        let mut roles = BTreeMap::new();
        for team in self.map.teams.values() {
            for placement in &team.placements {
                let asked = wanted.get(&placement.domain);
                if let Some((target, _)) = asked.filter(|_| domains.contains(&placement.domain)) {
                    roles.insert(placement.execution_role.clone(), target);
                }
            }
        }
        roles
    }

    /// Reads roles, and says by which domain.
    async fn read_roles(
        &self,
        roles: BTreeMap<RoleArn, &DomainTarget>,
    ) -> BTreeMap<RoleArn, (DomainKey, ObservedRole)> {
        let reads: Vec<_> = roles
            .into_iter()
            .map(|(role, target)| async move {
                let state = match self.observe.role(target, &role).await {
                    Ok(state) => state,
                    Err(error) => {
                        tracing::warn!(%role, %error, "execution role cannot be read");
                        ObservedRole::Unreadable
                    }
                };
                (role, (target.key.clone(), state))
            })
            .collect();
        stream::iter(reads).buffer_unordered(READS_AT_ONCE).collect().await
    }

    /// Takes over into the index what was read.
    async fn learn_profiles(
        &self,
        observed: &Observed,
        wanted: &Wanted,
        view: &IndexView,
        ticket: &Result<Ticket, StoreError>,
    ) {
        let Ok(ticket) = ticket else { return };
        for (key, (target, scope)) in wanted {
            let Some(domain) = observed.domains.get(key) else { continue };
            let reading = IndexReading {
                domain: target.domain_id.clone(),
                auth_mode: domain.auth_mode,
                asked: match scope {
                    ProfileScope::All | ProfileScope::Account => None,
                    ProfileScope::Named(names) => {
                        Some(names.iter().map(|name| name.folded().to_string()).collect())
                    }
                },
                found: owned(domain, &self.map.instance, ticket.at),
            };
            if is_known(&reading, view) {
                continue;
            }
            if let Err(error) = self.index.read(&reading, ticket).await {
                tracing::warn!(domain = %key, %error, "the profile index is not brought up to date");
            }
        }
    }

    /// Fills in what the guard counts without having read it. Where that is not to be had, the guard
    /// would count too little: the plan is not carried out.
    async fn count_unread(&self, survey: &mut Survey) {
        match self.index.count(&self.domain_ids(), survey.now).await {
            Ok(count) => {
                survey.leaving = count.leaving;
                for (key, domain) in &mut survey.observed.domains {
                    let Some(id) = self.map.domains.get(key).map(|domain| &domain.domain_id) else {
                        continue;
                    };
                    if domain.seen == Seen::Everybody {
                        continue;
                    }
                    let read = owned(domain, &self.map.instance, survey.now).len();
                    let known = count.owned.get(id).copied().unwrap_or(0);
                    let here = |leaving: &&Leaving| &leaving.domain == id;
                    let unread = survey.leaving.iter().filter(here);
                    domain.unread = Unread {
                        owned: usize::try_from(known).unwrap_or(usize::MAX).saturating_sub(read),
                        leaving_since: unread
                            .filter(|leaving| is_unread(leaving, domain))
                            .map(|leaving| leaving.since)
                            .collect(),
                    };
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the guard's memory cannot be read");
                survey.ticket = Err(error);
            }
        }
    }

    /// How many of those the guard counts it cannot see in the survey or the plan: their profiles are gone, their
    /// domains were not read, or another pass is about to mark them. Whom this plan takes away too is counted as
    /// that: a pass that was killed, and its retry, take them once.
    fn unseen(&self, plan: &Plan, survey: &Survey) -> u32 {
        let taken = plan.actions.iter().filter(|action| action.is_counted());
        let taken: BTreeSet<_> = taken.map(|a| (&a.domain, a.profile.folded())).collect();
        let domains: BTreeMap<_, _> =
            self.map.domains.iter().map(|(key, domain)| (&domain.domain_id, key)).collect();
        let is_seen = |leaving: &&Leaving| {
            let Some(key) = domains.get(&leaving.domain) else { return false };
            let is_taken = taken.contains(&(*key, leaving.profile.folded()));
            let domain = survey.observed.domains.get(*key);
            is_taken
                || domain.is_some_and(|domain| {
                    let profile = domain.profiles.get(&leaving.profile.folded());
                    // A team that was lost before says nothing of one that is about to be.
                    let lost = profile.and_then(ObservedProfile::team_lost);
                    let is_marked = profile.is_some_and(|p| p.leaving_since().is_some())
                        || lost.is_some_and(|lost| lost.at >= leaving.since);
                    is_marked || is_unread(leaving, domain)
                })
        };
        let unseen = survey.leaving.iter().filter(|leaving| !is_seen(leaving)).count();
        u32::try_from(unseen).unwrap_or(u32::MAX)
    }
}

/// Whether the profile is there, as far as is known, and was not among those read.
fn is_unread(leaving: &Leaving, domain: &ObservedDomain) -> bool {
    domain.seen != Seen::Everybody
        && !leaving.gone
        && !domain.profiles.contains_key(&leaving.profile.folded())
}

/// This installation's profiles of a domain, as the index keeps them.
fn owned(
    domain: &ObservedDomain,
    instance: &str,
    now: jiff::Timestamp,
) -> BTreeMap<String, IndexedProfile> {
    let indexed = |profile: &ObservedProfile| match profile.ownership(instance) {
        Ownership::Ours { person, team } => {
            let taken = profile.taken();
            // A team that was lost long ago must not stand for one that is about to be, nor a time that is
            // nobody's clock for ever.
            let taken = taken.filter(|taken| {
                let age = now.duration_since(taken.at);
                let is_held = profile.leaving_since() == Some(taken.at);
                age.abs() < GUARD_MEMORY || is_held && age.is_positive()
            });
            Some(IndexedProfile {
                name: profile.name.clone(),
                person: person.clone(),
                team: team.clone(),
                leaving_since: taken.as_ref().map(|taken| taken.at),
                agreed: taken.is_some_and(|taken| taken.agreed),
            })
        }
        Ownership::OtherInstance(_) | Ownership::Foreign => None,
    };
    let all = domain.profiles.iter();
    all.filter_map(|(name, profile)| Some((name.to_string(), indexed(profile)?))).collect()
}

/// Whether the index says all of this already, so that nothing need be written.
fn is_known(reading: &IndexReading, view: &IndexView) -> bool {
    let Some(asked) = &reading.asked else { return false };
    let known = view.profiles.get(&reading.domain).into_iter().flatten();
    let known = known.map(|profile| (profile.name.folded().to_string(), profile));
    let known: BTreeMap<String, &IndexedProfile> =
        known.filter(|(name, _)| asked.contains(name)).collect();
    known.len() == reading.found.len()
        && reading.found.iter().all(|(name, profile)| known.get(name) == Some(&profile))
}
