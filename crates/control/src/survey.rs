//! Reading the truth: the directory and Studio, as far as one plan needs them.

use crate::plane::Plane;
use crate::ports::{CallError, DirectoryReading, DomainTarget, ProfileScope};
use access::entitlement::group_names;
use access::ids::{DomainKey, PersonId, RoleArn, TeamKey};
use access::naming::profile_name;
use access::observed::{Observed, ObservedRole};
use access::plan::Plan;
use access::planner;
use access::snapshot::Snapshot;
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
    /// These people, and every domain.
    People(BTreeSet<PersonId>),
    /// One person and the domain of one team; there only the profile that is theirs by name, or
    /// all profiles.
    Entrance {
        /// Who.
        person: PersonId,
        /// What.
        team: TeamKey,
        /// Whether to read every profile of the domain.
        whole_domain: bool,
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
    /// When.
    pub now: jiff::Timestamp,
}

impl Plane {
    /// Reads what a plan for this scope needs.
    ///
    /// A directory that cannot be read fails the whole survey: nothing is planned without it. A
    /// domain that cannot be read is set aside, so that one account never stops the others.
    pub async fn survey(&self, scope: &Scope) -> Result<Survey, CallError> {
        let now = self.clock.now();
        let groups = group_names(&self.map);
        // The directory comes after Studio wherever removals are planned. Reading hundreds of
        // profiles takes minutes; with an older snapshot, a profile made meanwhile for somebody new
        // would be taken for one that nobody has a right to.
        let (mut snapshot, (observed, failures)) = match scope {
            Scope::Everything => {
                let observed = self.observe(self.every_domain()).await;
                (self.remembered(self.directory.everybody(&groups).await?, now).await, observed)
            }
            Scope::People(people) => {
                let observed = self.observe(self.every_domain()).await;
                (
                    self.remembered(self.directory.people(people, &groups).await?, now).await,
                    observed,
                )
            }
            // The person's name tells which profile to read. The door removes nothing.
            Scope::Entrance { person, team, whole_domain } => {
                let one = BTreeSet::from([person.clone()]);
                let reading = self.directory.people(&one, &groups).await?;
                let snapshot = self.remembered(reading, now).await;
                let wanted = self.domain_of_team(person, team, *whole_domain, &snapshot);
                (snapshot, self.observe(wanted).await)
            }
        };
        self.note_departures(&mut snapshot).await?;
        Ok(Survey { snapshot, observed, failures, now })
    }

    /// Plans from what was surveyed.
    pub fn plan(&self, survey: &Survey) -> Plan {
        planner::plan(&self.map, &survey.snapshot, &survey.observed, survey.now)
    }

    /// Remembers the memberships of a reading before anything is planned from it: whoever has a
    /// right through a group can then be found when an event names the group.
    async fn remembered(&self, reading: DirectoryReading, now: jiff::Timestamp) -> Snapshot {
        if let Err(error) = self.memberships.take_over(&reading.memberships, now).await {
            tracing::warn!(%error, "memberships are not remembered; events will have more read");
        }
        reading.snapshot
    }

    fn every_domain(&self) -> BTreeMap<DomainKey, (DomainTarget, ProfileScope)> {
        let all = self.targets().into_iter();
        all.map(|(key, target)| (key, (target, ProfileScope::All))).collect()
    }

    fn domain_of_team(
        &self,
        person: &PersonId,
        team: &TeamKey,
        whole_domain: bool,
        snapshot: &Snapshot,
    ) -> BTreeMap<DomainKey, (DomainTarget, ProfileScope)> {
        let placements = self.map.teams.get(team).map(|team| team.placements.as_slice());
        let scope = match snapshot.people.get(person) {
            Some(known) if !whole_domain => {
                ProfileScope::Named(BTreeSet::from([profile_name(known, team)]))
            }
            _ => ProfileScope::All,
        };
        let targets = placements.unwrap_or_default().iter().filter_map(|p| self.target(&p.domain));
        targets.map(|target| (target.key.clone(), (target, scope.clone()))).collect()
    }

    async fn observe(
        &self,
        wanted: BTreeMap<DomainKey, (DomainTarget, ProfileScope)>,
    ) -> (Observed, BTreeMap<DomainKey, CallError>) {
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
        let read: Vec<_> = stream::iter(reads).buffer_unordered(READS_AT_ONCE).collect().await;
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
        observed.roles = self.observe_roles(&observed, &wanted).await;
        (observed, failures)
    }

    /// Reads the execution roles of the teams in the domains that were read.
    async fn observe_roles(
        &self,
        observed: &Observed,
        wanted: &BTreeMap<DomainKey, (DomainTarget, ProfileScope)>,
    ) -> BTreeMap<RoleArn, ObservedRole> {
        let mut roles: BTreeMap<RoleArn, &DomainTarget> = BTreeMap::new();
        for team in self.map.teams.values() {
            for placement in &team.placements {
                let read = observed.domains.contains_key(&placement.domain);
                if let Some((target, _)) = wanted.get(&placement.domain).filter(|_| read) {
                    roles.insert(placement.execution_role.clone(), target);
                }
            }
        }
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
                (role, state)
            })
            .collect();
        stream::iter(reads).buffer_unordered(READS_AT_ONCE).collect().await
    }
}
